"""The workloads, each a function of the run that returns what it measured."""

import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import time

import contenders as who
from contenders import Job
from measure import Failed, race

MIB = 1 << 20


class Run:
    """What workloads share: the bench, who may be raced, sizes and rounds."""

    def __init__(self, bench, rivals, passed, quick, rounds, cache):
        self.bench, self.rivals, self.passed, self.quick, self.rounds, self.cache = bench, rivals, passed, quick, rounds, cache
        self.about = who.our_description(bench.programs)
        self.size = (24 if quick else 1024) * MIB
        self.count = 50 if quick else 10_000
        self.big = self.bench.work / "one"
        self.folder = self.bench.work / "many"

    def make_files(self):
        block = os.urandom(8 * MIB)
        with self.big.open("wb") as file:
            for _ in range(self.size // len(block)):
                file.write(block)
        self.folder.mkdir(exist_ok=True)
        for i in range(self.count):
            (self.folder / f"n{i:05}").write_bytes(block[i * 64:i * 64 + 65536])

    def may(self, contender, scheme):
        return contender.name in self.passed[scheme]

    def job(self, kind, scheme, path, **options):
        key = "folder/" if kind == "folder" else "object"
        return Job(kind, path, self.bench.server.endpoint(scheme), self.bench.server.ca_file, key, options=options)

    def ours(self, **options):
        return who.ours(self.bench.programs, **options)

    def field(self, kind, scheme, path, floor, ours=None, mode="fast", rounds=None):
        """A race of everybody who can do this; rows of interpreted ones also say what starting costs them."""
        job = self.job(kind, scheme, path)
        entries = [(floor, job)] if floor else [None]
        entries += [(one, job) for one in [*(ours or [self.ours()]), *self.rivals]
                    if kind in one.kinds and (one.ours or self.may(one, scheme))]
        rows = race(self.bench, mode, entries, rounds or self.rounds, f"{kind} {scheme}")
        tiny = self.bench.work / "tiny"
        tiny.write_bytes(b"x")
        for contender in [entry[0] for entry in entries if entry and entry[0].interpreted]:
            start = race(self.bench, "fast", [None, (contender, self.job("file", scheme, tiny))], 3, "start")[0]
            row = next(row for row in rows if row["name"] == contender.name)
            row["start_cpu"], row["start_anon_kib"] = start.get("cpu", 0), start.get("rss_anon_kib", 0)
        return rows


def w1(run):
    """One large file. Where the client can choose, both with the payload unsigned, as the floor, and signed."""
    plain = who.floor(run.bench.programs, "file")
    choice = run.about.get("payload", False)
    ours = [run.ours(payload="unsigned"), run.ours(payload="signed")] if choice else [run.ours()]
    result = {"bytes": run.size, "payload_choice": choice, "http": run.field("file", "http", run.big, plain, ours)}
    job = run.job("file", "http", run.big)
    result["http_signed"] = race(run.bench, "fast", [(who.floor(run.bench.programs, "signed"), job), (ours[-1], job)],
                                 run.rounds, "signed")
    result["https"] = run.field("file", "https", run.big, plain)
    return result


def w2(run):
    """Many small files."""
    small = who.floor(run.bench.programs, "small")
    return {"files": run.count, "http": run.field("folder", "http", run.folder, small),
            "https": run.field("folder", "https", run.folder, small)}


def w3(run):
    """Standard input of unknown length."""
    floor = who.floor(run.bench.programs, "stdin")
    return {"bytes": run.size, **{scheme: run.field("stdin", scheme, run.big, floor) for scheme in ("http", "https")}}


def w4(run):
    """One large file to a server of 30 ms a request and 90 MB/s a connection.

    The ideal has the two requests, before and behind the parts, that no upload can leave out. 16 connections are asked
    for; clients that choose for themselves choose."""
    rows = run.field("file", "http", run.big, None, [run.ours(connections=16)], "shaped", min(run.rounds, 3))
    for row in rows:
        if "failed" not in row:
            parts = max(row["counters"]["put_part"], 1)
            row["ideal"] = math.ceil(parts / 16) * (run.size / parts / 90e6 + 0.03) + 0.06
            row["over_ideal"] = row["wall"] / row["ideal"]
    return {"bytes": run.size, "http": rows}


def w5(run):
    """One large file where 1 part of 100 fails; and killed half-way, then begun again with the journal it left."""
    # This seed has a 500 and a reset among the first 64 parts of the path that is written.
    mode = "faulty&fault_part=0.01&seed=18"
    rows = run.field("file", "http", run.big, None, mode=mode, rounds=min(run.rounds, 3))
    for row in rows:
        if "failed" in row:
            continue
        row["faults"] = sum(row["counters"][kind] for kind in ("error_500", "slow_down_503", "reset", "stall"))
        if row["faults"]:  # a run that met none shows nothing
            row["sent_over_ideal"] = row["counters"]["body_bytes"] / run.size
    return {"faulty": rows, "killed": kill_and_resume(run) if run.about["resume"] else None}


def kill_and_resume(run):
    """SIGKILL once half of the bytes are there, then the same command again."""
    bench = run.bench
    journal = bench.work / "journal"
    journal.mkdir(exist_ok=True)
    pid_file = bench.work / "pid"
    contender, job = run.ours(), run.job("file", "http", run.big, journal=journal)
    pid_file.unlink(missing_ok=True)
    bench.server.begin("fast&rate=50000000")  # slow enough to be caught half-way
    process, _ = bench.launch(contender.command(job), pid_file=pid_file)
    while process.poll() is None and bench.server.counters()["data_bytes"] < run.size / 2:
        time.sleep(0.002)
    if process.poll() is not None:
        raise Failed("the upload ended before it could be killed half-way")
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    process.communicate()
    before = bench.server.counters()
    sample = bench.run(contender, job)
    after = bench.server.counters()
    return {"acknowledged_bytes": before["data_bytes"], "sent_over_ideal": after["body_bytes"] / run.size,
            "acknowledged_again_bytes": after["acknowledged_again_bytes"],
            "read_over_missing": sample["read_bytes"] - (run.size - before["data_bytes"])}


def w6(run):
    """Peak memory of the file and of a sparse one, 64 times as large, at 16 connections."""
    sparse = run.bench.work / "sparse"
    with sparse.open("wb") as file:
        file.truncate(run.size * (2 if run.quick else 64))
    result = {}
    for name, path in (("one", run.big), ("sparse", sparse)):
        job = run.job("file", "http", path, connections=16)
        result[name] = race(run.bench, "fast", [None, (run.ours(), job)], 1, name)[0]
    sparse.unlink()
    return result


def mallocs(run):
    """Allocations for each part, and for each small file: the slope between two sizes, so that starting is left out."""
    def count(job):
        job.options["count_mallocs"] = True
        run.bench.server.begin("fast")
        output = run.bench.run(run.ours(), job)["output"]
        return json.loads(output)["mallocs"], run.bench.server.counters()

    half = run.bench.work / "half"
    with half.open("wb") as out, run.big.open("rb") as source:
        out.write(source.read(run.size // 2))
    few = run.bench.work / "few"
    few.mkdir(exist_ok=True)
    for i in range(run.count // 2):
        (few / f"n{i:05}").write_bytes(b"x" * 65536)
    (more, at_more), (less, at_less) = (count(run.job("file", "http", path, part_size=8 * MIB)) for path in (run.big, half))
    (many, _), (fewer, _) = (count(run.job("folder", "http", path)) for path in (run.folder, few))
    return {"a_part": (more - less) / max(at_more["put_part"] - at_less["put_part"], 1),
            "a_small_file": (many - fewer) / (run.count - run.count // 2)}


def w7(run):
    """The hash bench's figures: four lanes of SHA-256 by OpenSSL's one, and CRC64NVME by that of aws-checksums."""
    bench = run.bench.programs / "hash_bench"
    if run.quick or not bench.exists():
        return None
    text = subprocess.run([bench, "--benchmark_filter=sha256/(evp|sha-ni x4)/8MiB/hot"], check=True, capture_output=True,
                          text=True).stdout
    lanes = re.search(r"sha256 x4 / EVP\s+/8MiB/hot\s+\S+ /\s+\S+ = (\S+)", text)
    python = run.cache / "venv" / "bin" / "python"
    script = who.PEERS.parents[1] / "hash" / "awscrt_checksums.py"
    told = subprocess.run([python if python.exists() else sys.executable, script, bench], check=False,
                          capture_output=True, text=True).stdout
    crc = [float(ratio) for ratio in re.findall(r"crc64nvme .* ratio (\S+)", told)]
    return {"sha256_x4_over_evp": float(lanes[1]) if lanes else None, "crc64nvme_over_aws": statistics.mean(crc) if crc else None}


WORKLOADS = {"w1": w1, "w2": w2, "w3": w3, "w4": w4, "w5": w5, "w6": w6, "mallocs": mallocs, "w7": w7}
