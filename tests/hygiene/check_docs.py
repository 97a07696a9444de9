#!/usr/bin/python3
"""Keeps the documentation true.

    check_docs.py [--command build/bin/docupilot]

- A code block under `<!-- from FILE -->` stands in FILE, line for line (indentation aside).
- Every other C++ block compiles behind snippet_prelude.h, as statements or, failing that, as declarations.
- Links to files lead somewhere, and so do the docs/*.md that headers and sources name.
- The tests that docs/security.md names exist, and every numbered test of tests/security has its line there.
- So it is with the rows of docs/faults.md and the tests of tests/faults/upload and upload_*.
- With --command: every TOML block is a configuration that the command accepts.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w+-]*) *$")
ORIGIN = re.compile(r"^ *<!-- from (?P<file>\S+) -->$")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"\bdocs/[\w./-]+\.md\b")


def documents():
    yield from sorted(p for p in PROJECT.glob("*.md"))
    yield from sorted((PROJECT / "docs").rglob("*.md"))
    yield from sorted(p for p in (PROJECT / "tests").rglob("*.md") if "seeds" not in p.parts)


def blocks(path):
    """(line number, language, file it is taken from or None, text) of each fenced block."""
    origin = None
    start = language = indent = None
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = FENCE.match(line)
        if start is not None:
            if fence and not fence["language"]:
                yield start, language, origin, textwrap.dedent("\n".join(lines))
                start, origin, lines = None, None, []
            else:
                lines.append(line[len(indent):] if line.startswith(indent) else line)
        elif fence:
            start, language, indent = number, fence["language"], fence["indent"]
        elif match := ORIGIN.match(line):
            origin = match["file"]
        elif line.strip():
            origin = None


def stands_in(text, file):
    """Whether the lines of text follow each other in the file at one indentation."""
    wanted = text.splitlines()
    have = file.read_text(encoding="utf-8").splitlines()
    for first in range(len(have) - len(wanted) + 1):
        if textwrap.dedent("\n".join(have[first:first + len(wanted)])).splitlines() == wanted:
            return True
    return False


def compiles(text):
    includes = "\n".join(line for line in text.splitlines() if line.startswith("#include"))
    rest = "\n".join(line for line in text.splitlines() if not line.startswith("#include"))
    prelude = '#include "snippet_prelude.h"\n'
    attempts = [prelude + includes + "\n" + rest + "\n",
                prelude + includes + "\n[[maybe_unused]] static void snippet() {\n" + rest + "\n}\n"]
    if "main(" not in rest:
        attempts.reverse()
    error = ""
    for attempt in attempts:
        result = subprocess.run(
            ["g++", "-x", "c++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wno-unused", "-Werror",
             f"-I{PROJECT / 'include'}", f"-I{pathlib.Path(__file__).parent}", "-"],
            input=attempt, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return ""
        error = error or "\n".join(result.stderr.splitlines()[:6])
    return error


def check_blocks(command):
    problems = []
    snippets = []
    for document in documents():
        place = document.relative_to(PROJECT)
        for number, language, origin, text in blocks(document):
            where = f"{place}:{number}"
            if origin is not None:
                file = PROJECT / origin
                if not file.is_file():
                    problems.append(f"{where}: {origin} is not there")
                elif not stands_in(text, file):
                    problems.append(f"{where}: the block differs from {origin}")
            elif language == "cpp":
                snippets.append((where, text))
            elif language == "toml" and command:
                with tempfile.TemporaryDirectory() as folder:
                    path = pathlib.Path(folder, "docupilot.toml")
                    path.write_text(text)
                    result = subprocess.run([command, "--library", f"config:{path}", "config"], capture_output=True,
                                            text=True, check=False, stdin=subprocess.DEVNULL)
                    if result.returncode:
                        problems.append(f"{where}: the command refuses this configuration: {result.stderr.strip()}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for (where, _), error in zip(snippets, pool.map(compiles, [text for _, text in snippets])):
            if error:
                problems.append(f"{where}: does not compile:\n{error}")
    return problems, len(snippets)


def check_links():
    problems = []
    for document in documents():
        for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
            for target in LINK.findall(line):
                if not (document.parent / target).exists():
                    problems.append(f"{document.relative_to(PROJECT)}:{number}: {target} is not there")
    for folder in ("include", "src", "examples", "tests", "cmake"):
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.suffix not in {".h", ".cpp", ".map", ".py", ".sh", ".cmake"} or "fixtures" in path.parts:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                for name in NAMED.findall(line):
                    if not (PROJECT / name).exists():
                        problems.append(f"{path.relative_to(PROJECT)}:{number}: {name} is not there")
    return problems


RULE = re.compile(r"^\| (?P<number>\d+) \| .* \| (?P<proof>[^|]*) \|$")
PROOF = re.compile(r'`(?P<file>tests/[\w/]+\.cpp)`(?P<names>(?:,? "[^"]+")*)')
NUMBERED = re.compile(r'TEST_CASE\("rule (\d+): ')


def check_security():
    problems = []
    numbers = set()
    for line in (PROJECT / "docs" / "security.md").read_text(encoding="utf-8").splitlines():
        if not (rule := RULE.match(line)):
            continue
        numbers.add(rule["number"])
        proofs = list(PROOF.finditer(rule["proof"]))
        if "; ".join(proof[0] for proof in proofs) != rule["proof"]:
            problems.append(f"docs/security.md: what proves rule {rule['number']} cannot be read")
        for proof in proofs:
            path = PROJECT / proof["file"]
            tests = path.read_text(encoding="utf-8") if path.is_file() else ""
            wanted = [f'TEST_CASE("{name}"' for name in re.findall(r'"([^"]+)"', proof["names"])]
            problems += [f"docs/security.md: {proof['file']} has no {test})" for test in
                         wanted or [f'TEST_CASE("rule {rule["number"]}: '] if test not in tests]
    for path in sorted((PROJECT / "tests" / "security").glob("*.cpp")):
        problems += [f"docs/security.md: there is no rule {number}, which {path.name} tests"
                     for number in set(NUMBERED.findall(path.read_text(encoding="utf-8"))) - numbers]
    return problems


def check_faults():
    problems = []
    rows = {}
    for line in (PROJECT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines():
        if row := re.match(r"\| (F\d\d) \|.*\| (`[^|]*`) \|$", line):
            rows[row[1]] = re.findall(r"`([^`]+)`", row[2])
    for row, files in rows.items():
        for file in files:
            path = PROJECT / file
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            if not re.search(rf'(TEST_CASE|FAULT_ROW)\("[^"]*\b{row}\b', text):
                problems.append(f"docs/faults.md: {file} tests nothing of {row}")
    faults = PROJECT / "tests" / "faults"
    for path in sorted([*faults.glob("upload/*.cpp"), *faults.glob("upload_*.cpp")]):
        name = str(path.relative_to(PROJECT))
        for title in re.findall(r'(?:TEST_CASE|FAULT_ROW)\("([^"]+)"', path.read_text(encoding="utf-8")):
            problems += [f"docs/faults.md: {row} does not name {name}"
                         for row in re.findall(r"\bF\d\d\b", title) if name not in rows.get(row, [])]
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="")
    arguments = parser.parse_args()
    problems, snippets = check_blocks(arguments.command)
    problems += check_links()
    problems += check_security()
    problems += check_faults()
    for problem in problems:
        print(problem)
    print(f"{len(list(documents()))} documents, {snippets} snippets compiled, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
