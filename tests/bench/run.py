#!/usr/bin/python3
"""Runs the benchmarks and keeps their results as JSON, for plot.py.

    run.py --programs build/bench --out build/bench-results [--only hash,ingest] [--smoke] [--curl FOLDER]

--smoke makes every one of them short: it shows that they run, and its figures mean nothing.
--curl names a folder with another libcurl.so.4, such as a newer one: what a request costs is measured with it too, as
http-curl beside http.
Relevance needs the pages of Debian's postgresql-doc-15 (--corpus) and python3-xapian.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = pathlib.Path("/usr/share/doc/postgresql-doc-15/html")


def benches(out, corpus):
    """Name: program, arguments of a full run, arguments of a short one. The result is OUT/NAME.json."""
    questions = HERE / "search" / "questions.json"
    result = {name: str(out / f"{name}.json") for name in ("hash", "ingest", "memory", "relevance", "speed", "http", "http-curl",
                                                          "upload")}
    google = [f"--benchmark_out={result['hash']}", "--benchmark_out_format=json"]
    relevance = ["--corpus", str(corpus), "--questions", str(questions), "--json", result["relevance"]]
    return {
        "hash": ("hash_bench", google,
                 [*google, "--benchmark_min_time=0.001", "--benchmark_repetitions=1", "--benchmark_filter=64KiB/hot"]),
        "ingest": ("ingest_bench", ["--json", result["ingest"]],
                   ["--json", result["ingest"], "--documents", "200", "--rounds", "1"]),
        "memory": ("memory_bench", ["--json", result["memory"]], ["--json", result["memory"], "--mebibytes", "16"]),
        "relevance": ("relevance_bench", [*relevance, "--peers", str(out / "peers.json")], relevance),
        "speed": ("speed_bench", ["--json", result["speed"]], ["--json", result["speed"], "--documents", "500"]),
        **{name: ("http_bench", ["--json", result[name]],
                  ["--json", result[name], "--requests", "100", "--rounds", "2"]) for name in ("http", "http-curl")},
        "upload": ("upload_client", ["--json", result["upload"]], ["--json", result["upload"], "--quick"]),
    }


def run_peers(out, corpus):
    """The other engines on the same questions. False, with the reason printed, where they cannot be run."""
    command = [sys.executable, str(HERE / "search" / "peers.py"), "--corpus", str(corpus), "--questions",
               str(HERE / "search" / "questions.json"), "--out", str(out / "peers.json")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        print(f"FAIL peers\n{result.stderr[-2000:]}")
    return result.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--corpus", type=pathlib.Path, default=CORPUS)
    parser.add_argument("--curl", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in arguments.only.split(",") if name]
    passed = failed = skipped = 0
    for name, (program, full, short) in benches(out, arguments.corpus).items():
        path = arguments.programs.resolve() / program
        if (wanted and name not in wanted) or (name == "http-curl" and not arguments.curl):
            continue
        why = ""
        if not path.exists():
            why = "it is not built"
        elif name == "relevance" and not arguments.corpus.is_dir():
            why = "the pages of postgresql-doc-15 are not there"
        if why:
            skipped += 1
            print(f"SKIPPED: bench-{name} ({why})", flush=True)
            continue
        (out / f"{name}.json").unlink(missing_ok=True)
        good = True
        if name == "relevance" and not arguments.smoke:
            good = run_peers(out, arguments.corpus)
        print(f"---- {name}", flush=True)
        environment = {**os.environ, "LD_LIBRARY_PATH": str(arguments.curl.resolve())} if name == "http-curl" else None
        # What uploads cost is measured by a script over several programs.
        script = [sys.executable, str(HERE / "upload" / "run.py"), "--programs", str(path.parent)]
        command = [*(script if name == "upload" else [str(path)]), *(short if arguments.smoke else full)]
        status = subprocess.run(command, env=environment, check=False).returncode
        try:
            json.loads((out / f"{name}.json").read_text())
        except (OSError, ValueError) as error:
            good = False
            print(f"{name} left no result: {error}")
        good = good and status == 0
        passed += good
        failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {name}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
