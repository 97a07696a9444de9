#!/usr/bin/python3
"""Warns of files that have grown past easy reading: public headers 250 lines, sources 400, tests 600.

A warning is no failure: some tables are better in one piece. Past twice the size it is one."""

import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
LIMITS = [("include", 250), ("src", 400), ("examples", 400), ("tests", 600)]
SUFFIXES = {".h", ".cpp", ".py", ".sh"}


def main():
    warnings = failures = 0
    for folder, limit in LIMITS:
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            with path.open(encoding="utf-8", errors="replace") as file:
                count = sum(1 for _ in file)
            if count > limit:
                kind = "failure" if count > 2 * limit else "warning"
                warnings += kind == "warning"
                failures += kind == "failure"
                print(f"{kind}: {path.relative_to(PROJECT)} has {count} lines; {limit} are easy to read")
    print(f"{warnings} warnings, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
