#!/usr/bin/python3
"""Builds programs with the library as its users do, and runs them.

    run.py --static build --shared build/shared --work build/package [--quick]

Both builds are installed into prefixes that are then moved, so that a path of the build in a package file shows.
Every consumer ingests a document and finds it. --quick leaves out all but one consumer of each way.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
WANTED = "lighthouse.txt: The keeper lit the **lamp** at dusk. Ships found the **harbour** by it.\n"


class Failure(Exception):
    pass


def run(command, **options):
    try:
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                                stdin=subprocess.DEVNULL, **options)
    except OSError as error:  # not there, or not to be run
        raise Failure(f"{' '.join(map(str, command))}\n{error}") from error
    if result.returncode:
        raise Failure(f"{' '.join(map(str, command))}\nended with {result.returncode}\n"
                      f"{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return result.stdout


class Packages:
    def __init__(self, arguments):
        self.builds = {"static": arguments.static.resolve(), "shared": arguments.shared.resolve()}
        self.work = arguments.work.resolve()
        self.quick = arguments.quick
        self.passed = self.failed = self.skipped = 0
        self.launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []

    def case(self, name, function, *arguments):
        started = time.monotonic()
        try:
            function(*arguments)
        except Failure as failure:
            self.failed += 1
            print(f"FAIL {name}\n{failure}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {name} ({time.monotonic() - started:.1f} s)", flush=True)

    def skip(self, name, why):
        self.skipped += 1
        print(f"SKIPPED: {name} ({why})", flush=True)

    def fresh(self, name):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    # ---- installing

    def install(self, name, kinds):
        built = self.fresh(f"{name}-as-installed")
        for kind in kinds:
            run(["cmake", "--install", self.builds[kind], "--prefix", built])
        prefix = self.work / name
        shutil.rmtree(prefix, ignore_errors=True)
        built.rename(prefix)
        for file in [*prefix.rglob("*.cmake"), *prefix.rglob("*.pc")]:
            text = file.read_text()
            for place in (str(PROJECT), str(built)):
                if place in text:
                    raise Failure(f"{file} names {place}")

    def check_headers(self, prefix):
        wanted = {p.relative_to(PROJECT / "include") for p in (PROJECT / "include").rglob("*.h")}
        have = {p.relative_to(prefix / "include") for p in (prefix / "include").rglob("*") if p.is_file()}
        if wanted != have:
            raise Failure(f"installed headers differ: {sorted(map(str, wanted ^ have))}")

    # ---- consumers

    def library_path(self, prefix):
        # In the Debian way the libraries lie in lib/x86_64-linux-gnu.
        folders = {str(p.parent) for p in prefix.rglob("libdocupilot.so*")}
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(folders))}

    def use(self, program, environment, folder):
        out = run([program], cwd=folder, env=environment)
        if out != WANTED:
            raise Failure(f"{program} says {out!r}")

    def by_find_package(self, prefix, kind, compiler, standard):
        folder = self.fresh(f"consumer-find_package-{prefix.name}-{kind}-{compiler}-{standard}")
        run(["cmake", "-S", HERE / "find_package", "-B", folder, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix};{prefix}/usr",
             f"-DKIND={kind}", f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_STANDARD={standard}",
             "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", "-DCMAKE_FIND_PACKAGE_NO_PACKAGE_REGISTRY=ON"])
        run(["cmake", "--build", folder])
        linked = run(["readelf", "-d", folder / "consumer"])
        if ("libdocupilot.so.1" in linked) != (kind == "shared"):
            raise Failure(f"the consumer was not linked with the {kind} library:\n{linked}")
        self.use(folder / "consumer", self.library_path(prefix), folder)

    def testing_kit(self, prefix, kind, compiler, standard):
        folder = self.fresh(f"consumer-testing-{prefix.name}-{kind}-{compiler}-{standard}")
        run(["cmake", "-S", HERE / "find_package_testing", "-B", folder, "-G", "Ninja",
             f"-DCMAKE_PREFIX_PATH={prefix};{prefix}/usr", f"-DKIND={kind}", f"-DCMAKE_CXX_COMPILER={compiler}",
             f"-DCMAKE_CXX_STANDARD={standard}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror",
             "-DCMAKE_FIND_PACKAGE_NO_PACKAGE_REGISTRY=ON"])
        run(["cmake", "--build", folder])
        out = run([folder / "consumer"])
        if out != "111\n":
            raise Failure(f"the consumer of the testing kit says {out!r}")

    def by_pkg_config(self, prefix, kind, compiler, standard):
        folder = self.fresh(f"consumer-pkg_config-{prefix.name}-{compiler}-{standard}")
        place = {**os.environ, "PKG_CONFIG_PATH": ":".join(str(p.parent) for p in prefix.rglob("docupilot.pc"))}
        static = ["--static"] if kind == "static" else []
        flags = run(["pkg-config", *static, "--cflags", "--libs", "docupilot"], env=place).split()
        run([compiler, f"-std=c++{standard}", "-Wall", "-Wextra", "-Werror", HERE / "consumer.cpp", *flags, "-o",
             folder / "consumer"])
        self.use(folder / "consumer", self.library_path(prefix), folder)

    def by_add_subdirectory(self):
        folder = self.fresh("consumer-add_subdirectory")
        # The library's objects are those of the static build, and come out of the compiler cache where there is one.
        run(["cmake", "-S", HERE / "add_subdirectory", "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DCMAKE_CXX_COMPILER=g++", "-DDOCUPILOT_WERROR=ON", *self.launcher])
        run(["cmake", "--build", folder])
        self.use(folder / "consumer", dict(os.environ), folder)

    # ---- Debian packages

    def make_debs(self):
        folder = self.fresh("deb")
        run(["cpack", "--config", self.builds["shared"] / "CPackConfig.cmake", "-G", "DEB", "-B", folder], cwd=folder)
        debs = {p.name.split("_")[0]: p for p in folder.glob("*.deb")}
        if set(debs) != {"libdocupilot1", "libdocupilot-dev", "docupilot"}:
            raise Failure(f"packages made: {sorted(debs)}")
        root = self.fresh("root")
        owner = {}
        for name, deb in debs.items():
            for line in run(["dpkg-deb", "-c", deb]).splitlines():
                path = line.split(None, 5)[5].split(" -> ")[0]
                if not path.endswith("/") and owner.setdefault(path, name) != name:
                    raise Failure(f"{path} is in {name} and in {owner[path]}")
            run(["dpkg-deb", "-x", deb, root])
        wanted = {"libdocupilot1": ["libsqlite3-0", "libssl3", "libc6"], "libdocupilot-dev": ["libdocupilot1"],
                  "docupilot": ["libdocupilot1"]}
        for name, needs in wanted.items():
            depends = run(["dpkg-deb", "-f", debs[name], "Depends"])
            for need in needs:
                if need not in depends:
                    raise Failure(f"{name} does not depend on {need}: {depends}")

    def try_command(self):
        root = self.work / "root"
        out = run([root / "usr/bin/docupilot", "--version"], env=self.library_path(root))
        if "0." not in out:
            raise Failure(f"docupilot --version says {out!r}")

    def all(self):
        compilers = [("g++", 20), ("g++", 23)]
        if shutil.which("clang++-19"):
            compilers += [("clang++-19", 20), ("clang++-19", 23)]
        else:
            self.skip("clang", "clang++-19 is not installed")
        self.work.mkdir(parents=True, exist_ok=True)
        for name, kinds in (("prefix-static", ["static"]), ("prefix-shared", ["shared"]),
                            ("prefix-both", ["static", "shared"])):
            self.case(f"install {' and '.join(kinds)} library", self.install, name, kinds)
        self.case("installed headers are the public ones", self.check_headers, self.work / "prefix-both")

        for number, (compiler, standard) in enumerate(compilers):
            for kind in ("static", "shared"):
                if self.quick and number != (kind == "shared"):
                    continue
                what = f"{kind} library, {compiler}, C++{standard}"
                self.case(f"find_package, {what}", self.by_find_package, self.work / "prefix-both", kind, compiler,
                          standard)
                self.case(f"pkg-config, {what}", self.by_pkg_config, self.work / f"prefix-{kind}", kind, compiler,
                          standard)
                self.case(f"testing kit, {what}", self.testing_kit, self.work / "prefix-both", kind, compiler, standard)
        self.case("add_subdirectory", self.by_add_subdirectory)
        if shutil.which("dpkg-shlibdeps"):
            self.case("Debian packages", self.make_debs)
            self.case("find_package from the Debian packages", self.by_find_package, self.work / "root", "shared",
                      "g++", 20)
            self.case("testing kit from the Debian packages", self.testing_kit, self.work / "root", "shared", "g++", 20)
            self.case("pkg-config from the Debian packages", self.by_pkg_config, self.work / "root", "shared", "g++", 20)
            self.case("the command from the Debian packages", self.try_command)
        else:
            self.skip("deb", "dpkg-dev is not installed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--static", type=pathlib.Path, required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    packages = Packages(parser.parse_args())
    packages.all()
    print(f"{packages.passed} passed, {packages.failed} failed, {packages.skipped} skipped")
    return 1 if packages.failed else 0


if __name__ == "__main__":
    sys.exit(main())
