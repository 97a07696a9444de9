#!/usr/bin/python3
"""Runs each fuzz target for some seconds, two side by side.

    run.py --targets build/asan/fuzz --work build/fuzz --seconds 30 [NAME...]

seeds/NAME/ are inputs to begin with, NAME.dict a dictionary. What a run learns is kept under --work, so that the next
goes on from there. An input that breaks a target is left in --work/NAME-found; to see it again, give the target the file.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def fuzz(target, work, seconds):
    name = target.name.removesuffix("_fuzz")
    corpus, found = work / name, work / f"{name}-found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    command = [str(target), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               "-verbosity=1", f"-artifact_prefix={found}/"]
    if (dictionary := HERE / f"{name}.dict").exists():
        command.append(f"-dict={dictionary}")
    command.append(str(corpus))
    if (seeds := HERE / "seeds" / name).is_dir():
        command.append(str(seeds))
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1"}
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment,
                            timeout=seconds + 300, cwd=work)
    runs = re.search(r"stat::number_of_executed_units: *(\d+)", result.stderr)
    return name, result.returncode, int(runs[1]) if runs else 0, result.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    sources = sorted(p.stem for p in HERE.glob("*_fuzz.cpp"))
    wanted = [name for name in sources if not arguments.names or name.removesuffix("_fuzz") in arguments.names]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        jobs = [pool.submit(fuzz, arguments.targets.resolve() / name, work, arguments.seconds) for name in wanted]
        for job in concurrent.futures.as_completed(jobs):
            name, status, runs, output = job.result()
            # A target that was never really run has proven nothing.
            good = status == 0 and runs > 0
            passed += good
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {name}: {runs} inputs", flush=True)
            if not good:
                lines = output.splitlines()
                first = next((i for i, line in enumerate(lines) if "ERROR" in line or "runtime error" in line), -25)
                print("\n".join(lines[first:][:40]))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
