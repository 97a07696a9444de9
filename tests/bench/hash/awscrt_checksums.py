#!/usr/bin/env python3
"""CRC-64/NVME and CRC-32C of aws-checksums beside this library's, in GB/s.

    awscrt_checksums.py path/to/hash_bench

aws-checksums comes compiled in the Python package awscrt (pip install awscrt); without it the comparison is skipped.
Both contenders take turns, round by round. What a call from Python costs is measured on empty input and taken off.
"""
import re
import statistics
import subprocess
import sys
import time

ROUNDS = 7
SIZES = {"64KiB": 64 << 10, "8MiB": 8 << 20}


def seconds_per_call(function, data, seconds=0.1):
    calls = 0
    start = time.process_time()
    while time.process_time() - start < seconds:
        for _ in range(16):
            function(data)
        calls += 16
    return (time.process_time() - start) / calls


def ours(bench):
    """Best GB/s of each algorithm and size, of the kernel that is fastest."""
    text = subprocess.run(
        [bench, "--benchmark_filter=^crc(32c|64nvme)/.*pclmul/.*/hot", "--benchmark_repetitions=3",
         "--benchmark_min_time=0.05"], check=True, capture_output=True, text=True).stdout
    speeds = {}
    for name, size, best in re.findall(r"^(crc\w+)/\w+/(\w+)/hot +\S+ +(\S+)$", text, re.MULTILINE):
        speeds[name, size] = max(speeds.get((name, size), 0.0), float(best))
    return speeds


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        from awscrt import checksums
    except ImportError as error:
        print(f"SKIPPED: aws-checksums ({error})")
        return
    assert checksums.crc64nvme(b"123456789") == 0xAE8B14860A799888
    theirs = {"crc32c": checksums.crc32c, "crc64nvme": checksums.crc64nvme}
    rounds = {}
    for _ in range(ROUNDS):
        speeds = ours(sys.argv[1])
        for (name, size), speed in speeds.items():
            data = bytes(range(256)) * (SIZES[size] // 256)
            call = min(seconds_per_call(theirs[name], b"", 0.02) for _ in range(3))
            spent = min(seconds_per_call(theirs[name], data, 0.05) for _ in range(3)) - call
            rounds.setdefault((name, size), []).append((speed, len(data) / spent / 1e9))
    if not rounds:
        print("SKIPPED: this processor runs no carry-less multiplication kernel")
    for (name, size), pairs in sorted(rounds.items()):
        our_speed, their_speed = (statistics.median(column) for column in zip(*pairs))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{name:10} {size:6} {our_speed:6.1f} GB/s, aws-checksums {their_speed:6.1f} GB/s, ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
