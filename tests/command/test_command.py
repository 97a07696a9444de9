#!/usr/bin/env python3
"""Runs the docupilot command as its users do, and checks what it says, leaves behind and returns.

usage: test_command.py [--command PATH] [-k PART_OF_A_NAME]
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness  # noqa: E402
import cases_subcommands  # noqa: E402,F401
import cases_inputs  # noqa: E402,F401
import cases_objects  # noqa: E402,F401
import cases_transfers  # noqa: E402,F401
import cases_terminal  # noqa: E402,F401
import cases_recovery  # noqa: E402,F401


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser()
    parser.add_argument("--command", type=pathlib.Path, default=root / "build/bin/docupilot")
    parser.add_argument("-k", dest="wanted", default="", help="run only tests whose name contains this")
    arguments = parser.parse_args()
    command = arguments.command.resolve()
    if not command.is_file():
        print(f"there is no command at {command}; build it or give --command")
        return 2
    return harness.run_cases(command, arguments.wanted)


if __name__ == "__main__":
    sys.exit(main())
