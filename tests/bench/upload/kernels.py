"""The hash kernels beside OpenSSL's and those of aws-checksums, by the bench of hashes (tests/bench/hash)."""

import json
import pathlib
import re
import subprocess

from measure import median

HASH = pathlib.Path(__file__).resolve().parents[1] / "hash"


def sha256_ratio(bench, quick):
    """The lanes that this processor is best at over EVP; nothing where it has no instructions for any."""
    out = bench.work / "sha256.json"
    command = [str(bench.programs / "hash_bench"), "--benchmark_filter=^sha256/(evp|sha-ni x4|avx512 x16)/8MiB/hot",
               f"--benchmark_out={out}", "--benchmark_out_format=json"]
    if quick:
        command += ["--benchmark_min_time=0.01", "--benchmark_repetitions=3"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    best = re.search(r"sha256: (.+)$", told, re.MULTILINE)[1]
    speeds = {}
    for row in json.loads(out.read_text())["benchmarks"]:
        if row["run_type"] == "iteration":
            speeds.setdefault(row["run_name"].split("/")[1], []).append(row["bytes_per_second"])
    return None if best == "openssl" else median(speeds[best]) / median(speeds["evp"])


def crc_ratio(bench, cache):
    """Over aws-checksums; nothing without the package, or without an instruction for it."""
    python = cache / "venv" / "bin" / "python"
    if not python.exists():
        return None
    told = subprocess.run([python, HASH / "awscrt_checksums.py", bench.programs / "hash_bench"], capture_output=True,
                          text=True, check=True).stdout
    found = re.search(r"^crc64nvme +8MiB .*ratio ([\d.]+)$", told, re.MULTILINE)
    return float(found[1]) if found else None


def measure(bench, cache, quick):
    if not (bench.programs / "hash_bench").exists():
        return {"label": "hash kernels", "rows": [], "skipped": "hash_bench is not built"}
    return {"label": "hash kernels", "rows": [], "sha256_to_evp": sha256_ratio(bench, quick),
            "crc64nvme_to_aws": None if quick else crc_ratio(bench, cache)}
