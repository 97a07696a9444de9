"""Runs contenders in turn and keeps what each run cost."""

import json
import os
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

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

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.work), "AWS_ACCESS_KEY_ID": ACCESS_KEY,
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
            raise Failed(f"{contender.name}: not done after {self.timeout} s") from late
        return self.result(contender, process.returncode, report, output, errors)

    @staticmethod
    def result(contender, status, report, output, errors):
        if status:
            raise Failed(f"{contender.name}: ended with {status}: {errors.strip()[-400:]}")
        sample = json.loads(report.read_text())
        report.unlink()
        sample["cpu"] = sample["user"] + sample["system"]
        sample["output"] = output
        return sample


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def part_of(values, part):
    return sorted(values)[int(part * (len(values) - 1))]


def race(bench, mode, jobs, rounds, label):
    """`jobs`: (contender, job) pairs, the first of them the floor, or None in its place. Each round runs all of them, and
    each begins in turn. Returns a row for each, with medians and the paired ratios to the floor."""
    entries = [entry for entry in jobs if entry is not None]
    samples = {entry[0].name: [] for entry in entries}
    lost = {}
    for turn in range(rounds):
        for i in range(len(entries)):
            contender, job = entries[(i + turn) % len(entries)]
            if contender.name in lost:
                continue
            bench.server.begin(mode)
            try:
                sample = bench.run(contender, job)
            except Failed as failure:
                lost[contender.name] = str(failure)
                print(f"  {label}: {failure}", flush=True)
                continue
            sample["counters"] = bench.server.counters()
            samples[contender.name].append(sample)
    first = samples[jobs[0][0].name] if jobs[0] else None
    rows = []
    for contender, _ in entries:
        own = samples[contender.name]
        if contender.name in lost or not own:
            rows.append({"name": contender.name, "failed": lost.get(contender.name, "no round")})
            continue
        row = {"name": contender.name, "ours": contender.ours, "floor": contender.floor, "rounds": len(own),
               "counters": own[-1]["counters"]}
        for figure in ("cpu", "wall", "maxrss_kib", "rss_anon_kib", "rss_file_kib", "read_bytes"):
            row[figure] = median([sample[figure] for sample in own])
        if first:
            ratios = [a["cpu"] / max(b["cpu"], 1e-6) for a, b in zip(own, first)]
            row.update(ratio=median(ratios), ratio_p10=part_of(ratios, 0.1), ratio_p90=part_of(ratios, 0.9))
        rows.append(row)
    return rows
