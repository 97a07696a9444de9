"""Runs contenders in turn and keeps what each run cost."""

import json
import os
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass, field

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"  # of AWS's documentation: no one's
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class Failed(Exception):
    """A contender did not do its job."""


@dataclass
class Bench:
    """What all measurements need."""
    programs: pathlib.Path
    server: object
    work: pathlib.Path
    client_processor: int | None
    server_processor: int | None
    timeout: int = 600
    libraries: pathlib.Path | None = None  # a folder that the loader looks into first
    startup: dict = field(default_factory=dict)  # name: what an interpreted contender costs before it does anything

    def environment(self):
        libraries = {"LD_LIBRARY_PATH": str(self.libraries)} if self.libraries else {}
        return {**libraries, "PATH": os.environ["PATH"], "HOME": str(self.work), "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "SSL_CERT_FILE": self.server.ca_file,
                "AWS_CA_BUNDLE": self.server.ca_file, "PYTHONDONTWRITEBYTECODE": "1"}

    def launch(self, command, pipe=None, pid_file=None):
        """Starts the launcher: (its process, where its report will be)."""
        report = pathlib.Path(tempfile.mkstemp(dir=self.work, suffix=".json")[1])
        words = [str(self.programs / "upload_launcher"), "--report", str(report)]
        if self.client_processor is not None:
            words += ["--processor", str(self.client_processor), "--pipe-processor", str(self.server_processor)]
        if pipe:
            words += ["--pipe", str(pipe)]
        if pid_file:
            words += ["--pid-file", str(pid_file)]
        process = subprocess.Popen([*words, "--", *command], env=self.environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.work)
        return process, report

    def run(self, contender, job):
        """Does the job once; the launcher's report with "cpu" and "output". Raises Failed."""
        process, report = self.launch(contender.command(job), job.path if job.kind == "stdin" else None)
        try:
            output, errors = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired as late:
            process.kill()
            process.communicate()
            raise Failed(f"{contender.name}: not done after {self.timeout} s") from late
        return self.result(contender, process.returncode, report, output, errors)

    def result(self, contender, status, report, output, errors):
        if status:
            raise Failed(f"{contender.name}: ended with {status}: {errors.strip()[-400:]}")
        sample = json.loads(report.read_text())
        report.unlink()
        sample["cpu"] = sample["user"] + sample["system"]
        sample["output"] = output
        for figure, cost in self.startup.get(contender.name, {}).items():
            sample[figure] = max(sample[figure] - cost, 0.001)
        return sample

    def measure_startup(self, contender, job, rounds):
        """What this contender needs to upload `job`, a single byte, is from now on taken off its processor time and
        memory: an interpreter and its imports are no part of the library that is raced."""
        self.startup.pop(contender.name, None)
        samples = []
        for _ in range(rounds):
            self.server.begin("fast")
            samples.append(self.run(contender, job))
        self.startup[contender.name] = {figure: median([sample[figure] for sample in samples])
                                        for figure in ("cpu", "maxrss_kib", "rss_anon_kib", "rss_file_kib")}


FIGURES = ("cpu", "wall", "maxrss_kib", "rss_anon_kib", "rss_file_kib", "read_bytes")


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def part_of(values, part):
    return sorted(values)[int(part * (len(values) - 1))]


def paired(row, other, figure):
    """The ratios of `figure` in two rows of one race, one for each round that both took part in."""
    theirs = {sample["round"]: sample[figure] for sample in other.get("samples", [])}
    return [sample[figure] / max(theirs[sample["round"]], 1e-6) for sample in row.get("samples", [])
            if sample["round"] in theirs]


def race(bench, mode, jobs, rounds, label):
    """`jobs`: (contender, job, rounds it takes part in). Each round runs all of them, beginning with another. `mode` is
    one of the server's, or makes one of the number of a round. Returns a row for each: its samples, their medians, and
    the paired ratios to the floor where one takes part. A contender that fails once is out."""
    samples = {contender.name: [] for contender, _, _ in jobs}
    lost = {}
    for turn in range(rounds):
        for i in range(len(jobs)):
            contender, job, most = jobs[(i + turn) % len(jobs)]
            if contender.name in lost or turn >= most:
                continue
            bench.server.begin(mode(turn) if callable(mode) else mode)
            try:
                sample = bench.run(contender, job)
            except Failed as failure:
                lost[contender.name] = str(failure)
                print(f"  {label}: {failure}", flush=True)
                continue
            kept = {figure: sample[figure] for figure in FIGURES}
            samples[contender.name].append({"round": turn, **kept, "counters": bench.server.counters()})
    rows = []
    for contender, _, _ in jobs:
        own = samples[contender.name]
        row = {"name": contender.name, "ours": contender.ours, "floor": contender.floor}
        rows.append(row)
        if contender.name in lost or not own:
            row["failed"] = lost.get(contender.name, "no round")
            continue
        row["samples"] = own
        row.update({figure: median([sample[figure] for sample in own]) for figure in FIGURES})
    for row in rows:
        floor = next((other for other in rows if other["floor"]), None)
        ratios = paired(row, floor, "cpu") if floor else []
        if ratios:
            row.update(ratio=median(ratios), ratio_p10=part_of(ratios, 0.1), ratio_p90=part_of(ratios, 0.9))
    return rows
