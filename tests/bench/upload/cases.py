"""What is measured. A case is a function that takes the Run and returns {"label", "rows", ...}; CASES has them by name."""

import json
import os
import signal
import time
from dataclasses import dataclass

import contenders
from contenders import Job
from measure import Failed, race
from sizes import MIB, PART, SMALL

CONNECTIONS = 16  # that the library begins with
STREAM_CONNECTIONS = 4  # over which the goals of standard input were set
SMALL_CONNECTIONS = 32
CASES = {}


@dataclass
class Run:
    """What a case has at hand."""
    bench: object
    files: object
    sizes: object
    rivals: list
    passed: set    # (scheme, kind, name) that verify mode let through
    can: dict      # what our client knows, see Engine::description

    def job(self, kind, path, scheme, **options):
        server = self.bench.server
        return Job(kind, path, server.endpoint(scheme), server.ca_file, "folder/" if kind == "folder" else "object",
                   options=options)

    def ours(self, **options):
        return contenders.ours(self.bench.programs, **options)

    def unsigned(self):
        """The options of a client that is to be measured by a floor that signs nothing."""
        return {"payload": "unsigned"} if self.can["unsigned"] else {}

    def race(self, label, mode, kind, path, scheme, floor=None, rivals=lambda rival: True, variants=({},), rounds=None):
        """`variants`: options of our client, each a contender of its own. `rivals`: which of them take
        part, or None. Who failed verify mode is left out."""
        sizes = self.sizes
        rounds = rounds or sizes.rounds
        jobs = []
        if floor:
            jobs.append((contenders.floor(self.bench.programs, floor), self.job(kind, path, scheme), rounds))
        for options in variants:
            jobs.append((self.ours(**options), self.job(kind, path, scheme), rounds))
        if rivals:
            jobs += [(rival, self.job(kind, path, scheme), min(rounds, sizes.rival_rounds)) for rival in self.rivals
                     if kind in rival.kinds and rivals(rival)]
        jobs = [job for job in jobs if (scheme, kind, job[0].verified_as) in self.passed]
        return {"label": label, "scheme": scheme, "rows": race(self.bench, mode, jobs, rounds, label)}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def whole_file(run, scheme, variants):
    path = run.files.of_size(run.sizes.file)
    found = run.race(f"a file of {run.sizes.file // MIB:,} MiB over {scheme.upper()}", "fast", "file", path, scheme, "file",
                     variants=variants)
    return {**found, "bytes": run.sizes.file}


@case
def file_http(run):
    more = [{**run.unsigned(), "connections": 4}] if run.can["connections"] else []
    return whole_file(run, "http", [run.unsigned(), *more, {**run.unsigned(), "checksums": "when_required"}])


@case
def file_https(run):
    return whole_file(run, "https", [{}])


@case
def file_http_signed(run):
    path = run.files.of_size(run.sizes.file)
    found = run.race(f"a file of {run.sizes.file // MIB:,} MiB over HTTP, its payload signed", "fast", "file", path, "http",
                     "signed", rivals=None)
    return {**found, "bytes": run.sizes.file}


def many_small(run, scheme):
    count = run.sizes.small_files
    found = run.race(f"{count:,} files of 64 KiB over {scheme.upper()}", "fast", "folder", run.files.small(count), scheme,
                     "small", variants=[run.unsigned() if scheme == "http" else {}])
    return {**found, "objects": count}


@case
def small_http(run):
    return many_small(run, "http")


@case
def small_https(run):
    return many_small(run, "https")


def stream(run, scheme, size, rivals=lambda rival: True):
    options = {"connections": STREAM_CONNECTIONS, **(run.unsigned() if scheme == "http" else {})}
    told = f"{size // MIB:,} MiB" if size >= MIB else f"{size} bytes"
    found = run.race(f"{told} of standard input over {scheme.upper()}", "fast", "stdin", run.files.of_size(size), scheme,
                     "stdin", rivals, [options])
    return {**found, "bytes": size}


@case
def stdin_http(run):
    return stream(run, "http", run.sizes.stream)


@case
def stdin_https(run):
    return stream(run, "https", run.sizes.stream)


@case
def stdin_three_bytes(run):
    """Without interpreted rivals: with their start taken off, nothing of them is left."""
    return stream(run, "http", 3, lambda rival: not rival.interpreted)


def ideal_wall(size, part, connections):
    """Of the shaped server: each wave of parts takes as long as one part and its delay, and an upload in parts is begun
    and completed by a request more each."""
    parts = -(-size // part)
    return -(-parts // connections) * (part / 90e6 + 0.03) + 0.06


@case
def shaped_file(run):
    size = run.sizes.file
    found = run.race(f"a file of {size // MIB:,} MiB, 30 ms a request, 90 MB/s a connection", "shaped", "file",
                     run.files.of_size(size), "http", variants=[{**run.unsigned(), "connections": CONNECTIONS,
                                                                 "part_size": PART}],
                     rounds=min(run.sizes.rounds, run.sizes.rival_rounds))
    return {**found, "bytes": size, "ideal_wall": ideal_wall(size, PART, CONNECTIONS)}


@case
def shaped_small(run):
    count = run.sizes.shaped_small_files
    found = run.race(f"{count:,} files of 64 KiB, 30 ms a request, 90 MB/s a connection", "shaped", "folder",
                     run.files.small(count), "http", variants=[{**run.unsigned(), "connections": SMALL_CONNECTIONS}],
                     rounds=min(run.sizes.rounds, run.sizes.rival_rounds))
    return {**found, "objects": count, "ideal_wall": -(-count // SMALL_CONNECTIONS) * (SMALL / 90e6 + 0.03)}


@case
def faulty(run):
    """Each round meets other faults. Seeds begin where even few and large parts meet one."""
    size = run.sizes.file
    found = run.race(f"a file of {size // MIB:,} MiB while parts fail", lambda turn: f"{run.sizes.faulty_mode}&seed={turn + 3}",
                     "file", run.files.of_size(size), "http", variants=[run.unsigned()])
    for row in found["rows"]:
        samples = row.get("samples", [])
        row["faults"] = sum(sample["counters"][fault] for sample in samples
                            for fault in ("error_500", "slow_down_503", "reset", "stall"))
        if row["faults"]:  # who met none has shown nothing
            row["sent"] = sum(sample["counters"]["body_bytes"] for sample in samples) / size / len(samples)
    return {**found, "bytes": size}


def quiet(server):
    """The counters, once nothing comes in any more."""
    seen = None
    while True:
        counters = server.counters()
        now = (counters["data_bytes"], counters["body_bytes"])
        if now == seen:
            return counters
        seen = now
        time.sleep(0.3)


def kill_and_resume(run, turn):
    """One upload that is killed at half of its bytes and begun again. What the server has told it of by then it must not
    send again; of what came last, the server makes it wait for the reply."""
    bench, size = run.bench, run.sizes.file
    journal = bench.work / f"journal-{turn}"
    journal.mkdir()
    ours = run.ours(**run.unsigned(), journal=journal, connections=4)
    job = run.job("file", run.files.of_size(size), "http")
    bench.server.begin("shaped")
    pid_file = bench.work / "pid"
    pid_file.unlink(missing_ok=True)
    process, report = bench.launch(ours.command(job), pid_file=pid_file)
    while process.poll() is None and bench.server.counters()["data_bytes"] < size / 2:
        time.sleep(0.005)
    if process.poll() is not None:
        raise Failed(f"the upload ended before it was killed: {process.communicate()[1]}")
    acknowledged = bench.server.counters()["acknowledged_bytes"]
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    process.communicate()
    report.unlink()
    before = quiet(bench.server)["data_bytes"]
    sample = bench.run(ours, job)
    sent = bench.server.counters()["data_bytes"] - before  # by all uploads of the object: beginning anew counts too
    return {"acknowledged_before": acknowledged, "sent_again": sent - (size - acknowledged), "read": sample["read_bytes"],
            "cpu": sample["cpu"], "wall": sample["wall"]}


@case
def resume(run):
    """What a run reads that uploads a single byte is taken off, and what is less than a MiB is the journal: of the source
    at least a part would be read again."""
    if not run.can["resume"]:
        return {"label": "an upload that is killed at half and begun again", "rows": [],
                "skipped": "the client remembers no uploads"}
    size = run.sizes.file
    run.bench.server.begin("fast")
    base = run.bench.run(run.ours(), run.job("file", run.files.of_size(1), "http"))["read_bytes"]
    samples = [kill_and_resume(run, turn) for turn in range(min(3, run.sizes.rounds))]
    for sample in samples:
        again = sample["read"] - (base - 1) - (size - sample["acknowledged_before"])
        sample["read_again"] = max(0, again // MIB * MIB)
    return {"label": "an upload that is killed at half and begun again", "rows": [], "bytes": size, "samples": samples}


@case
def sparse(run):
    """Peak memory by the size of the source. A long upload would open more connections, whose memory is not meant."""
    rows = []
    for size in (run.sizes.file, run.sizes.file * run.sizes.sparse_times):
        found = run.race(f"a sparse file of {size // MIB:,} MiB", "fast", "file", run.files.sparse(size), "http",
                         rivals=None, variants=[{**run.unsigned(), "connections": CONNECTIONS, "most_connections": CONNECTIONS}],
                         rounds=min(3, run.sizes.rounds) if size == run.sizes.file else 1)
        rows += [{**row, "bytes": size} for row in found["rows"]]
    return {"label": "sparse files", "rows": rows}


def mallocs_of(run, kind, path):
    client = run.ours(**run.unsigned(), count_mallocs=True, part_size=PART)
    run.bench.server.begin("fast")
    return json.loads(run.bench.run(client, run.job(kind, path, "http"))["output"])["mallocs"]


@case
def mallocs(run):
    """Of more parts and of more files: what an upload allocates once is in both runs, and falls out."""
    few, many = 4, 4 + max(4, run.sizes.file // PART // 2)
    of_parts = [mallocs_of(run, "file", run.files.of_size(count * PART)) for count in (few, many)]
    some, all_files = run.sizes.shaped_small_files, run.sizes.small_files
    of_files = [mallocs_of(run, "folder", run.files.small(count)) for count in (some, all_files)]
    return {"label": "allocations", "rows": [], "per_part": (of_parts[1] - of_parts[0]) / (many - few),
            "per_object": (of_files[1] - of_files[0]) / (all_files - some)}
