#!/usr/bin/python3
"""Fails on what must not be in a committed file: notes to oneself, left-over conflicts, places on one machine, tabs and
trailing blanks in our own sources, and code switched off by the preprocessor."""

import pathlib
import re
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CODE = {".h", ".cpp", ".py", ".sh", ".cmake", ".txt", ".json", ".toml", ".md", ".yml", ""}
# Written in pieces, so that this file passes its own check.
NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} )")
# Folders that only the author's machine has. /usr, /etc, /tmp, /dev, /proc, /sys and /var/lib are everyone's.
MACHINE = re.compile(r"(?<![\w./-])/(work|home|root|Users|mnt|opt|workspace|data1)/[\w.-]+")
DEAD_CODE = re.compile(r"^\s*#\s*if\s+0\b")
# Given to us as they are: recorded replies, vectors, and fixtures that are wrong on purpose.
FOREIGN = ("tests/data/", "tests/hygiene/fixtures/", "LICENSE", "NOTICE")


def files():
    # Of a tree that is no checkout (a tarball), every file counts.
    listed = subprocess.run(["git", "-C", str(PROJECT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = [str(p.relative_to(PROJECT)) for p in PROJECT.rglob("*") if p.is_file() and "build" not in p.parts]
    for name in sorted(names):
        path = PROJECT / name
        if path.is_file() and path.suffix in CODE and not name.startswith(FOREIGN):
            yield name, path


def main():
    found = 0
    count = 0
    for name, path in files():
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except UnicodeDecodeError:
            continue
        count += 1
        source = path.suffix in {".h", ".cpp", ".py", ".sh"}
        for number, line in enumerate(lines, 1):
            problems = []
            if NOTES.search(line):
                problems.append("a note to oneself")
            if CONFLICT.match(line):
                problems.append("a left-over of a merge")
            if MACHINE.search(line) and "hygiene: example" not in line:
                problems.append("a place on one machine")
            if source and path.suffix != ".py" and DEAD_CODE.match(line):
                problems.append("code that is switched off")
            if source and (line.endswith((" ", "\t")) or "\t" in line):
                problems.append("a tab or a trailing blank")
            for problem in problems:
                found += 1
                print(f"{name}:{number}: {problem}: {line.strip()[:100]}")
    print(f"{count} files, {found} findings")
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
