#!/usr/bin/python3
"""Fails when opening and closing a Client does anything that the system can see: starts a thread or process, opens a
socket, touches a file. Compared with an empty program linked with the same library, so that what the loader and the C
library do does not count.

    check_idle.py --library build/lib/libdocupilot.a --flags "$(pkg-config ...)" --work build/hygiene
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
from collections import Counter

PROJECT = pathlib.Path(__file__).resolve().parents[2]
# Memory and the end of the process are nobody's business; everything else is.
QUIET = {"brk", "mmap", "munmap", "mprotect", "madvise", "exit_group", "futex", "rt_sigprocmask", "getrandom"}


def build(arguments, name, source):
    program = pathlib.Path(arguments.work, name)
    command = ["g++", "-std=c++20", "-O1", f"-I{PROJECT / 'include'}", "-DDOCUPILOT_STATIC", str(source), "-o",
               str(program), "-Wl,--whole-archive", arguments.library, "-Wl,--no-whole-archive",
               *shlex.split(arguments.flags)]
    subprocess.run(command, check=True)
    return program


def system_calls(program, *arguments):
    trace = program.with_suffix(".strace")
    subprocess.run(["strace", "-f", "-qq", "-o", str(trace), str(program), *arguments], check=True)
    calls = Counter()
    for line in trace.read_text().splitlines():
        match = re.match(r"\d+ +(\w+)\((.*)", line)
        if match and match[1] not in QUIET:
            # Addresses and numbers differ from run to run; names of files and kinds of sockets do not.
            detail = re.sub(r"0x[0-9a-f]+|\b\d+\b", "N", match[2].replace(str(program), "PROGRAM"))
            calls[f"{match[1]}({detail}"] += 1
    return calls


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--flags", default="")
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    empty_source = work / "empty.cpp"
    empty_source.write_text("int main(int, char**) { return 0; }\n")

    library = work / "never-made"
    empty = system_calls(build(arguments, "empty", empty_source), str(library))
    idle = system_calls(build(arguments, "idle", pathlib.Path(__file__).with_name("idle.cpp")), str(library))
    extra = idle - empty
    # The program's own name and arguments are all that may differ.
    extra = Counter({call: n for call, n in extra.items() if not call.startswith(("execve(", "readlink("))})
    for call, count in sorted(extra.items()):
        print(f"opening a client makes {count} more of: {call[:160]}")
    if library.exists():
        print("opening a client made the library's folder")
        return 1
    print(f"{sum(idle.values())} system calls with a client, {sum(empty.values())} without, {sum(extra.values())} more")
    return 1 if extra else 0


if __name__ == "__main__":
    sys.exit(main())
