#!/usr/bin/python3
"""How much memory an upload takes, against a server of the benchmarks that throws the bytes away.

    memory.py --command build/bin/docupilot --programs build/bench

What is measured is the peak of the process's resident memory (as the kernel counts it), less that of a process which
uploads one MiB the same way: the program, its libraries and its tables are in both. So all that an upload adds is
counted, buffers of streams and connections and whatever nobody has thought of.

- A file takes as much however large it is: within 1 MiB between --small and --large, with as many connections. Each of
  those takes memory of its own, and an upload that lasts long enough may get more of them than it began with: here it
  begins with as many as it can get.
- A stream never takes more than --memory says.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench/upload"))
from measure import ACCESS_KEY, SECRET_KEY
from server import Server

OPTIONS = None
MIB = 1 << 20
BUDGETS = (16, 32, 64)
ALL_CONNECTIONS = ("--connections", "64")
TURNS = 3  # the least of so many counts: what others do to the page cache and the scheduler only adds


class Memory(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="docupilot-memory-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.server = self.enterContext(Server(OPTIONS.programs, ACCESS_KEY, SECRET_KEY, None))

    def sparse(self, mebibytes):
        path = self.folder / f"sparse{mebibytes}"
        with path.open("wb") as out:
            out.truncate(mebibytes * MIB)
        return path

    def peak(self, scheme, path, *arguments, pipe=False, turns=TURNS):
        """In MiB."""
        return min(self.peak_once(scheme, path, *arguments, pipe=pipe) for _ in range(turns))

    def peak_once(self, scheme, path, *arguments, pipe):
        self.server.begin("fast")
        report = self.folder / "report"
        url = f"s3://memory/key?endpoint={self.server.endpoint(scheme)}&region=us-east-1&checksums=when_supported"
        if scheme == "https":
            url += f"&ca_file={self.server.ca_file}"
        # A process that is started by this one would count this one's memory as its own: the launcher is small.
        command = [OPTIONS.programs / "upload_launcher", "--report", report, *(["--pipe", path] if pipe else []), "--",
                   OPTIONS.command, "put", "-" if pipe else path, url, "--journal", self.folder / "journal", "--quiet",
                   *arguments]
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                             env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                                  "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_EC2_METADATA_DISABLED": "true",
                                  "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
        self.assertEqual(run.returncode, 0, run.stderr[-2000:])
        return json.loads(report.read_text())["maxrss_kib"] / 1024

    def test_a_file_takes_as_much_however_large_it_is(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                turns = 1 if OPTIONS.large >= 65536 else TURNS
                small = self.peak(scheme, self.sparse(OPTIONS.small), *ALL_CONNECTIONS, turns=turns)
                large = self.peak(scheme, self.sparse(OPTIONS.large), *ALL_CONNECTIONS, turns=turns)
                print(f"{scheme}: {small:.1f} MiB for a file of {OPTIONS.small} MiB, {large:.1f} for one of {OPTIONS.large}",
                      flush=True)
                self.assertLessEqual(large, small + 1)

    def test_a_stream_stays_within_its_budget(self):
        for scheme in ("http", "https"):
            for budget in BUDGETS:
                with self.subTest(scheme=scheme, budget=budget):
                    memory = ("--memory", f"{budget}MiB")
                    alone = self.peak(scheme, self.sparse(1), *memory, pipe=True)
                    stream = self.peak(scheme, self.sparse(OPTIONS.stream), *memory, pipe=True)
                    print(f"{scheme}: with --memory {budget}MiB a stream of {OPTIONS.stream} MiB takes "
                          f"{stream - alone:.1f} MiB more than one of 1 MiB, which takes {alone:.1f}", flush=True)
                    self.assertLessEqual(stream - alone, budget)
                    self.assertGreater(stream - alone, 4)  # it was a stream of many parts, and it was measured


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", required=True)
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    parser.add_argument("--small", type=int, default=1024, help="MiB of the one file")
    parser.add_argument("--large", type=int, default=8192, help="MiB of the other")
    parser.add_argument("--stream", type=int, default=512, help="MiB of the streams")
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
