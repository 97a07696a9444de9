#!/usr/bin/python3
"""Fails when a source is not as clang-format-19 would write it. `--fix` writes it so."""

import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def main(arguments):
    files = [path for folder in ("include", "src", "examples", "tests") for path in sorted((PROJECT / folder).rglob("*"))
             if path.suffix in {".h", ".cpp"} and "fixtures" not in path.parts]
    mode = ["-i"] if arguments == ["--fix"] else ["--dry-run", "-Werror"]
    failed = 0
    for path in files:
        result = subprocess.run(["clang-format-19", *mode, str(path)], capture_output=True, text=True, check=False)
        if result.returncode:
            failed += 1
            lines = [line.split(":")[1] for line in result.stderr.splitlines() if ": error:" in line]
            print(f"{path.relative_to(PROJECT)}: lines {', '.join(lines[:10])}")
    print(f"{len(files)} files, {failed} to be formatted (tests/hygiene/check_format.py --fix)")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
