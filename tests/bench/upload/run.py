#!/usr/bin/python3
"""Uploads, by this library and by others, to one server on this machine: processor time, memory, wall time.

    run.py --programs build/bench --json build/bench-results/upload.json [--rounds 10] [--only w1,w2] [--quick]
    run.py --install              installs the other clients under ~/.cache/docupilot/bench, and ends

--quick uses tiny files and two rounds and no other clients: it shows that everything runs, and its figures mean nothing.
--no-rivals leaves the other clients out. Which are not there is told.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import contenders as who  # noqa: E402
import goals  # noqa: E402
import sink_check  # noqa: E402
from measure import ACCESS_KEY, SECRET_KEY, Bench, Failed  # noqa: E402
from server import Server  # noqa: E402
from verify import make_files, verify_all  # noqa: E402
from workloads import WORKLOADS, Run  # noqa: E402

INSIDE = "DOCUPILOT_BENCH_CONGESTION"  # in_quiet_network sets it


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=pathlib.Path("build/bench"))
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache" / "docupilot" / "bench")
    parser.add_argument("--work", type=pathlib.Path, help="where the files to be uploaded are made; default: beside --programs")
    return parser.parse_args()


def measure(arguments, bench, rivals):
    """Everything but the set-up: (what goes into the JSON, whether all went well)."""
    wrong, count = sink_check.check(bench.server)
    print(f"{count - wrong} of {count} checks of the sink are as they must be\nverifying", flush=True)
    choice = who.our_description(bench.programs).get("payload", False)
    ours = [who.ours(bench.programs, payload=kind) for kind in ("unsigned", "signed")] if choice else []
    floors = [who.floor(bench.programs, kind) for kind in ("file", "signed", "small", "stdin")]
    us = [*floors, who.ours(bench.programs), *ours]
    passed, faults = verify_all(bench, [*us, *rivals], ("http", "https"), make_files(bench))
    own_faults = [fault for fault in faults if fault["contender"] in {one.name for one in us}]
    results = {"bench": "upload", "client": who.our_description(bench.programs), "verify_faults": faults,
               "congestion_control": os.environ.get(INSIDE, ""), "versions": {one.name: one.version for one in rivals}}
    if wrong or own_faults:
        return results, False
    rounds = arguments.rounds or (2 if arguments.quick else 10)
    run = Run(bench, rivals, passed, arguments.quick, rounds, arguments.cache)
    run.make_files()
    results["rounds"] = rounds
    good = True
    wanted = [name for name in arguments.only.split(",") if name] or list(WORKLOADS)
    for name in wanted:
        print(f"\n---- {name}: {WORKLOADS[name].__doc__.splitlines()[0]}", flush=True)
        try:
            results[name] = WORKLOADS[name](run)
        except Failed as failure:
            print(f"  {failure}")
            good = False
            continue
        for part, rows in (results[name] or {}).items():
            if isinstance(rows, list):
                goals.print_race(f"{name} {part}", rows)
                good = good and not any("failed" in row and row["name"].startswith(("DocuPilot", "floor")) for row in rows)
    results["goals"] = goals.table(results)
    goals.print_table(results["goals"])
    return results, good


def main():
    arguments = read_arguments()
    if arguments.install:
        who.install(arguments.cache)
        return 0
    programs = arguments.programs.resolve()
    if INSIDE not in os.environ:
        return subprocess.run([programs / "in_quiet_network", sys.executable, __file__, *sys.argv[1:]], check=False).returncode
    rivals, absent = ([], []) if arguments.quick or arguments.no_rivals else who.rivals(programs, arguments.cache)
    for name in absent:
        print(f"SKIPPED: {name} (it is not installed)")
    processors = sorted(os.sched_getaffinity(0))
    client, server = (processors[0], processors[1]) if len(processors) > 1 else (None, None)
    if server is not None:
        os.sched_setaffinity(0, {server})
    work = pathlib.Path(tempfile.mkdtemp(prefix="upload-", dir=arguments.work or programs.parent))
    try:
        with Server(programs, ACCESS_KEY, SECRET_KEY, server) as sink:
            results, good = measure(arguments, Bench(programs, sink, work, client, server), rivals)
    finally:
        shutil.rmtree(work)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(results, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
