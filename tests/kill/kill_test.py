#!/usr/bin/env python3
"""Kills `docupilot ingest` at random instants, goes on, and counts what is there.

Each round ingests the same documents into a new library and sends SIGKILL after a random part of the time an
undisturbed run takes. Every other round kills the resumption as well, again and again, before it lets one finish. Then
there must be exactly one object, one row and one index entry for each document, every object byte-identical to its
source, nothing pending, and a sweep must find nothing after the first one has run.

With --store the objects rest in a bucket that is made, and are looked at there.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def make_documents(folder, count, chooser):
    """Small pages of several sizes and kinds, each unlike the others."""
    words = "river stone harbour winter ledger copper meadow signal archive lantern window market".split()
    for number in range(count):
        sentence = lambda: " ".join(chooser.choice(words) for _ in range(chooser.randint(6, 14))).capitalize() + "."
        text = f"Document {number}. " + " ".join(sentence() for _ in range(chooser.choice([3, 20, 120])))
        path = folder / f"part{number % 7}" / f"page{number}.{'html' if number % 3 == 0 else 'txt'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<title>Page {number}</title><p>{text}</p>" if number % 3 == 0 else text)
    # One that takes long enough to be killed in the middle of.
    (folder / "large.bin").write_bytes(chooser.randbytes(3 << 20))


class Folder:
    """Where a library keeps its objects of its own accord."""

    def __init__(self, library):
        self.library = library
        self.where = ["--library", library]

    def digests(self):
        objects = [p for p in pathlib.Path(self.library, "objects", "objects").rglob("*") if p.is_file()]
        return [hashlib.sha256(p.read_bytes()).hexdigest() for p in objects]

    def remove(self):
        shutil.rmtree(self.library)


class Remote:
    """A part of a bucket of its own for one library."""

    def __init__(self, library, store):
        from s3_bucket import Bucket  # needs boto3, which the test on files does not
        url, _, query = store.partition("?")
        store = f"{url.rstrip('/')}/{os.path.basename(library)}?{query}"
        configuration = library + ".toml"
        pathlib.Path(configuration).write_text(f"library = '{library}'\nstore = '{store}'\n")
        self.library = library
        self.where = ["--config", configuration]
        self.bucket = Bucket(store)

    def digests(self):
        return list(self.bucket.objects().values())

    def remove(self):
        shutil.rmtree(self.library)
        self.bucket.remove_all()


class Round:
    def __init__(self, command, documents, place):
        self.command, self.documents, self.place = command, documents, place
        self.library = place.library

    def start(self, *arguments):
        return subprocess.Popen([self.command, *self.place.where, *arguments],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, ok=(0,)):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        if process.returncode not in ok:
            raise AssertionError(f"{arguments}: exit {process.returncode}: {err.decode()[-2000:]}")
        return [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]

    def kill_after(self, seconds, *arguments):
        """Whether the process was still running when it was killed."""
        process = self.start(*arguments)
        try:
            process.communicate(timeout=seconds)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True

    def verify(self, sources):
        rows = self.run("list", "--json")
        assert len(rows) == len(sources), f"{len(rows)} rows, {len(sources)} documents"
        by_name = {row["name"]: row for row in rows}
        assert set(by_name) == set(sources), "other names than those ingested"
        stored = sorted(self.place.digests())
        assert len(stored) == len(sources), f"{len(stored)} objects, {len(sources)} documents"
        assert stored == sorted(sources.values()), "an object differs from its source"
        for name, digest in sources.items():
            assert by_name[name]["sha256"] == digest, f"{name}: wrong digest"
        status = self.run("status", "--json")[0]
        assert status["indexed"] == len(sources), f"{status['indexed']} index entries"
        assert status["pending"] == 0, f"{status['pending']} jobs left"


def one_round(command, documents, sources, duration, chooser, number, place):
    library = place.library
    it = Round(command, documents, place)
    killed = it.kill_after(chooser.random() * duration, "ingest", documents, "--quiet")
    kills = int(killed)
    if number % 2:
        for _ in range(3):
            if os.path.exists(library):
                kills += it.kill_after(chooser.random() * duration / 2, "resume", "--quiet")
    # What was planned when the process died is finished by `resume`; what was not is found by ingesting again.
    if os.path.exists(library):
        it.run("resume", "--quiet", ok=(0, 3))
    it.run("ingest", documents, "--quiet")
    it.run("sweep", "--json")
    again = it.run("sweep", "--json", "--dry-run")[0]
    for what in ("orphan_objects", "missing_entries", "orphan_entries", "dangling_documents"):
        assert not again[what], f"a second sweep finds {what}: {again[what][:3]}"
    it.verify(sources)
    place.remove()
    return kills


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", default=str(here / "build/bin/docupilot"))
    parser.add_argument("--instants", type=int, default=40)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run that failed")
    parser.add_argument("--store", default="", help="s3://BUCKET?endpoint=...&region=..., credentials in the environment")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    chooser = random.Random(seed)
    scratch = tempfile.mkdtemp(prefix="docupilot-kill-")
    documents = pathlib.Path(scratch, "documents")
    make_documents(documents, options.documents - 1, chooser)
    sources = {str(p.relative_to(documents)): hashlib.sha256(p.read_bytes()).hexdigest()
               for p in documents.rglob("*") if p.is_file()}
    if options.store:
        sys.path.insert(0, str(here / "tests/support"))
        from s3_bucket import Bucket
        Bucket(options.store).create()

    def place(name):
        library = os.path.join(scratch, name)
        return Remote(library, options.store) if options.store else Folder(library)
    failed = kills = 0
    try:
        whole = Round(options.command, str(documents), place("whole"))
        began = time.monotonic()
        whole.run("ingest", str(documents), "--quiet")
        duration = time.monotonic() - began
        whole.verify(sources)
        print(f"seed {seed}; {len(sources)} documents, {duration:.2f} s undisturbed", flush=True)
        for number in range(options.instants):
            try:
                kills += one_round(options.command, str(documents), sources, duration, chooser, number,
                                   place(f"library{number}"))
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"instant {number}: {error}", flush=True)
    finally:
        if not failed:
            shutil.rmtree(scratch, ignore_errors=True)
    print(f"{kills} processes were killed while they worked")
    if options.instants >= 10 and kills < options.instants // 3:
        failed += 1
        print("too few of them were still running: nothing was proven")
    print(f"{options.instants - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
