#!/usr/bin/python3
"""Reads the #include lines and fails when one breaks the rule of docs/architecture.md: who may include whom.

    check_includes.py [ROOT]      checks the tree at ROOT, by default the project's
    check_includes.py --self-test checks that the breaches in fixtures/ are found, all of them and nothing else
"""

import pathlib
import re
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]

# The folders of include/docupilot and src, and the folders that each may use besides itself. "top" is what lies
# beside the folders: client, registry, config and so on.
LEAVES = {"crypto", "json", "process", "sqlite", "text"}
WAY = {"base", "http", "source", "upload", "store", "extract", "metadata", "search", "summary"}
MAY_USE = {
    "base": {"crypto", "json"},
    "http": {"base"} | LEAVES,
    "source": {"base"} | LEAVES,
    "extract": {"base"} | LEAVES,
    "store": {"base", "http"} | LEAVES,
    "upload": {"base", "source"} | LEAVES,  # and the interface of store, below
    "metadata": {"base", "http"} | LEAVES,
    "search": {"base", "http"} | LEAVES,
    "summary": {"base", "http"} | LEAVES,
    "crypto": {"base"},
    "json": {"base"},
    "sqlite": {"base", "json"},  # documents are kept as JSON, which SQL functions look into
    "text": {"base"},
    "process": {"base"},
    "job": WAY | LEAVES | {"top"},
    "client": WAY | LEAVES | {"job", "top"},
    "top": WAY | LEAVES | {"job", "client"},
    "testing": set(),  # a library of its own, for the tests of any program
}
# Single headers that a folder may use from one it may not use as a whole.
EXCEPTIONS = {"upload": {"docupilot/store/object_store.h", "docupilot/store/part_sender.h"}}

# Where each library may be named: folders of src, or "asio.h", the one public header that needs Boost.
THIRD_PARTY = {
    r"openssl/(?!ssl|x509|err|bio)": {"crypto", "testing"},
    r"openssl/(ssl|x509|err|bio)": {"crypto", "http", "testing"},  # TLS
    r"rapidjson/": {"json"},
    r"sqlite3(ext)?\.h$": {"sqlite"},
    r"(utf8proc|libstemmer)\.h$": {"text"},
    r"curl/": {"http"},
    r"pugixml\.hpp": {"extract", "http", "store"},
    r"(zip\.h|gumbo\.h|uchardet\.h)": {"extract"},
    r"toml\+\+/": {"client", "top"},
    r"fmt/": {"base", "client", "job", "top"} | WAY | LEAVES,
    r"boost/": {"asio.h", "http"},
}
# What the compiler and the C library bring. Public headers may use the C++ ones alone.
CXX_STANDARD = re.compile(r"[a-z_0-9]+$")
PLATFORM = re.compile(
    r"(sys/|linux/|arpa/|netinet/)[a-z_0-9/]+\.h$|(unistd|fcntl|poll|netdb|spawn|signal|dirent|pwd|pthread|sched|dlfcn|"
    r"errno|iconv|wchar|cpuid|immintrin|nmmintrin|wmmintrin|x86intrin|arm_neon|arm_acle)\.h$")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {".h", ".hpp", ".cpp", ".cc", ".c"}


def folder_of(parts):
    """The folder of MAY_USE for path parts below include/docupilot or src."""
    return parts[0] if len(parts) > 1 else "top"


def included_folder(root, file, opening, name):
    """Which folder an include of ours leads to, or None when it is not one of ours."""
    if name.startswith("docupilot/"):
        return folder_of(pathlib.PurePosixPath(name).parts[1:])
    if opening == '"':
        if (file.parent / name).resolve().is_relative_to(root / "src"):
            beside = (file.parent / name).resolve()
            if beside.exists():
                return folder_of(beside.relative_to(root / "src").parts)
        if (root / "src" / name).exists():
            return folder_of(pathlib.PurePosixPath(name).parts)
    return None


def breaches_in_library(root):
    trees = ((root / "include" / "docupilot", True), (root / "src", False))
    for tree, public in trees:
        for file in sorted(p for p in tree.rglob("*") if p.suffix in SUFFIXES):
            here = folder_of(file.relative_to(tree).parts)
            place = file.relative_to(root)
            if here not in MAY_USE:
                yield f"{place}: the folder {here} has no line in MAY_USE of {pathlib.Path(__file__).name}"
                continue
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                opening, name = match.groups()
                where = f"{place}:{number}"
                if public and opening == '"':
                    yield f'{where}: "{name}": public headers are included as <docupilot/...>'
                    continue
                target = included_folder(root, file, opening, name)
                if target is not None:
                    if target != here and target not in MAY_USE[here] and name not in EXCEPTIONS.get(here, ()):
                        yield f"{where}: {here} may not include {name} of {target}"
                    continue
                rules = [places for pattern, places in THIRD_PARTY.items() if re.match(pattern, name)]
                if rules:
                    if public and file.name in rules[0]:
                        continue
                    if public or here not in rules[0]:
                        yield f"{where}: <{name}> may stand only in {', '.join(sorted(rules[0]))}"
                elif opening == '"':
                    yield f'{where}: "{name}" is neither beside this file nor under src'
                elif not CXX_STANDARD.match(name) and (public or not PLATFORM.match(name)):
                    yield f"{where}: <{name}> is no known header: give it a place in {pathlib.Path(__file__).name}"


def breaches_in_users(root):
    """Examples, bindings and consumers see what is installed, and nothing else."""
    private = {p.name for p in (root / "src").glob("*") if p.is_dir()}
    for folder in ("examples", "bindings", "tests/package"):
        for file in sorted(p for p in (root / folder).rglob("*") if p.suffix in SUFFIXES):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if match is None or match[1] == "<":
                    continue
                name = match[2]
                if (file.parent / name).exists() or (root / folder / name).exists():
                    continue
                if pathlib.PurePosixPath(name).parts[0] in private:
                    yield f'{file.relative_to(root)}:{number}: "{name}" is private to the library'


def breaches(root):
    root = root.resolve()
    return list(breaches_in_library(root)) + list(breaches_in_users(root))


def self_test():
    """Every line of the fixtures that is marked BREACH must be reported, and no other."""
    fixtures = pathlib.Path(__file__).parent / "fixtures" / "includes"
    wanted = set()
    for file in fixtures.rglob("*"):
        if file.suffix in SUFFIXES:
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if "BREACH" in line:
                    wanted.add(f"{file.relative_to(fixtures)}:{number}")
    found = {":".join(breach.split(":")[:2]) for breach in breaches(fixtures)}
    for missed in sorted(wanted - found):
        print(f"not found: {missed}")
    for wrong in sorted(found - wanted):
        print(f"reported without cause: {wrong}")
    print(f"{len(wanted)} breaches in the fixtures, {len(wanted & found)} found")
    return bool(wanted) and wanted == found


def main(arguments):
    if arguments == ["--self-test"]:
        return 0 if self_test() else 1
    found = breaches(pathlib.Path(arguments[0]) if arguments else PROJECT)
    for breach in found:
        print(breach)
    print(f"{len(found)} breaches of the include rule")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
