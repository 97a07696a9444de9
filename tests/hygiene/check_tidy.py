#!/usr/bin/python3
"""Runs clang-tidy-19 over the sources of the library and the command, by the rules in .clang-tidy.

    check_tidy.py --build build/asan --cache build/hygiene/tidy [FILE...]

A file that was clean is not looked at again until it, a header of ours, or the rules change.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def digest_of(paths):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest


def headers_of(source):
    """What a source depends on, seen roughly: the public headers, and the private ones of the folders it names."""
    folders = {source.parent}
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith('#include "') and "/" in line:
            folders.add(PROJECT / "src" / line.split('"')[1].split("/")[0])
    yield PROJECT / ".clang-tidy"
    yield from sorted((PROJECT / "include").rglob("*.h"))
    for folder in sorted(folders):
        yield from sorted(folder.glob("*.h"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    cache = pathlib.Path(arguments.cache)
    cache.mkdir(parents=True, exist_ok=True)

    known = {entry["file"] for entry in json.loads((pathlib.Path(arguments.build) / "compile_commands.json").read_text())}
    wanted = [pathlib.Path(name).resolve() for name in arguments.files] or [
        path for folder in ("src", "examples") for path in sorted((PROJECT / folder).rglob("*.cpp"))]
    sources = [path for path in wanted if str(path) in known]

    def look_at(source):
        stamp = cache / digest_of([source, *headers_of(source)]).hexdigest()
        if stamp.exists():
            return source, 0, "", True
        result = subprocess.run(["clang-tidy-19", "--quiet", "-p", arguments.build,
                                 # Of templates in the standard library, where the compiler itself passes over them.
                                 "--extra-arg=-Wno-deprecated-declarations", str(source)],
                                capture_output=True, text=True, check=False)
        if result.returncode == 0:
            stamp.touch()
        return source, result.returncode, result.stdout + result.stderr, False

    failed = remembered = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for source, status, output, known_clean in pool.map(look_at, sources):
            remembered += known_clean
            if status:
                failed += 1
                findings = [line for line in output.splitlines() if " error: " in line or " warning: " in line]
                print("\n".join(findings[:20]) or output[-2000:])
    print(f"{len(sources)} files, {remembered} known to be clean, {failed} with findings")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
