#!/usr/bin/python3
"""Fails when the shared library exports anything but docupilot::, or when two copies of it cannot live in one process.

    check_symbols.py build/shared/lib/libdocupilot.so
"""

import ctypes
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

OURS = re.compile(r"(typeinfo for |typeinfo name for |vtable for |non-virtual thunk to )?docupilot::")


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", "-C", library], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for line in lines:
        _, kind, name = line.split(" ", 2)
        yield kind, name


def dynamic_section(library):
    return subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout


def check_copies(library):
    """Loads two copies, asks each for something, and unloads them."""
    with tempfile.TemporaryDirectory() as folder:
        handles = []
        for name in ("one.so", "two.so"):
            copy = pathlib.Path(folder, name)
            shutil.copy(library, copy)
            handles.append(ctypes.CDLL(str(copy), mode=ctypes.RTLD_LOCAL if hasattr(ctypes, "RTLD_LOCAL") else 0))
        # std::string_view docupilot::v1::version(): comes back in two registers, of which the first is the size.
        for handle in handles:
            version = getattr(handle, "_ZN9docupilot2v17versionEv")
            version.restype = ctypes.c_size_t
            if not 5 <= version() <= 20:
                print("version() of a copy says nonsense")
                return False
        close = ctypes.CDLL(None).dlclose
        close.argtypes = [ctypes.c_void_p]
        return all(close(handle._handle) == 0 for handle in handles)


def main(arguments):
    if len(arguments) != 1:
        print(__doc__)
        return 2
    library = arguments[0]
    symbols = list(exported(library))
    foreign = sorted({f"{kind} {name}" for kind, name in symbols if not OURS.match(name)})
    # A unique symbol is merged across all libraries of the process and keeps the library from being unloaded.
    unique = sorted(name for kind, name in symbols if kind == "u")
    good = bool(symbols) and not foreign and not unique
    for name in foreign:
        print(f"exported, and not ours: {name}")
    for name in unique:
        print(f"exported as unique: {name}")
    section = dynamic_section(library)
    if "libdocupilot.so.1]" not in section:
        good = False
        print("the library has no SONAME libdocupilot.so.1")
    if re.search(r"R(UN)?PATH", section):
        good = False
        print("the library has a run path")
    if not check_copies(library):
        good = False
        print("two copies in one process do not work")
    print(f"{len(symbols)} exported symbols, {len(foreign)} of them foreign")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
