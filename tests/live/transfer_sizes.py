#!/usr/bin/python3
"""Objects of all sizes through the docupilot command on a real server, from files and from pipes, and ten thousand files
at once; read back by boto3 and by the command, and compared.

    transfer_sizes.py --command build/bin/docupilot --live-tests build/tests/live_tests --endpoint http://127.0.0.1:9000

DOCUPILOT_TEST_LARGE=1 adds a sparse file of 20 GiB, for which the server needs as much room.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from s3_bucket import Bucket

OPTIONS = None
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
EDGES = (1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1)
MANY = 10_000


def environment(**more):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DOCUPILOT_"))}
    clean.update(AWS_ACCESS_KEY_ID="docupilot", AWS_SECRET_ACCESS_KEY="docupilot-test-secret",
                 AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
                 AWS_REQUEST_CHECKSUM_CALCULATION="when_required", AWS_RESPONSE_CHECKSUM_VALIDATION="when_required")
    if OPTIONS.ca:
        clean["AWS_CA_BUNDLE"] = OPTIONS.ca
    clean.update(more)
    return clean


def digest_of(chunks):
    sha256, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha256.update(chunk)
        size += len(chunk)
    return size, sha256.hexdigest()


def chunks_of(file):
    while chunk := file.read(MIB):
        yield chunk


def content(size, seed):
    """Bytes of which no two MiB are alike."""
    block = random.Random(seed).randbytes(MIB)
    for at in range(0, size, MIB):
        yield (at.to_bytes(8, "big") + block[8:])[:size - at]


class Transfers(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="docupilot-sizes-", dir=OPTIONS.scratch)
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.name = f"sizes-{os.getpid()}-{random.randrange(1 << 32):x}"
        self.bucket = Bucket(self.url())
        self.bucket.create()
        self.addCleanup(self.bucket.client.close)
        self.addCleanup(self.bucket.client.delete_bucket, Bucket=self.name)
        self.addCleanup(self.bucket.remove_all)

    def url(self, key=""):
        return f"s3://{self.name}/{key}?endpoint={OPTIONS.endpoint}&region=us-east-1"

    def run_command(self, *arguments, feed=()):
        """What it printed. Says how long it took, of what is large."""
        began = time.monotonic()
        with (self.folder / "errors").open("wb") as errors:
            process = subprocess.Popen([OPTIONS.command, *map(str, arguments), "--json"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=errors, env=environment())
        with process:
            for chunk in feed:
                process.stdin.write(chunk)
            process.stdin.close()
            out = process.stdout.read()
        self.assertEqual(process.returncode, 0, (self.folder / "errors").read_text()[-2000:])
        line = json.loads(out)
        if line["size"] >= GIB // 4:
            print(f"{arguments[0]} {line['size'] / MIB:.0f} MiB: {time.monotonic() - began:.1f} s", flush=True)
        return line

    def put(self, key, path, expected, feed=()):
        line = self.run_command("put", path, self.url(key), "--journal", self.folder / "journal", feed=feed)
        self.assertEqual(line["size"], expected[0])
        reply = self.bucket.client.get_object(Bucket=self.name, Key=key)
        self.assertEqual(reply["ContentLength"], expected[0])
        self.assertEqual(digest_of(reply["Body"].iter_chunks(MIB)), expected)
        return line

    def get(self, key, expected):
        copy = self.folder / "copy"
        self.run_command("get", self.url(key), "--output", copy)
        with copy.open("rb") as file:
            self.assertEqual(digest_of(chunks_of(file)), expected)
        copy.unlink()

    def file(self, size, seed):
        path = self.folder / f"file{size}"
        with path.open("wb") as out:
            out.writelines(content(size, seed))
        return path, digest_of(content(size, seed))

    def assert_no_rest(self):
        self.assertEqual(self.bucket.client.list_multipart_uploads(Bucket=self.name).get("Uploads", []), [])

    def test_files_around_the_size_of_a_part(self):
        for size in EDGES:
            with self.subTest(size=size):
                path, expected = self.file(size, 1)
                line = self.put("file", path, expected)
                self.assertEqual(line["parts"], 2 if size > 8 * MIB else 0)
                self.get("file", expected)
        self.assert_no_rest()

    def test_streams_of_unknown_length(self):
        for size in (0, *EDGES, 16 * MIB, 100 * MIB + 7):
            with self.subTest(size=size):
                expected = digest_of(content(size, 2))
                self.put("stream", "-", expected, feed=content(size, 2))
                self.get("stream", expected)
        self.assert_no_rest()

    def test_a_gibibyte(self):
        path, expected = self.file(GIB, 3)
        self.put("gibibyte", path, expected)
        path.unlink()
        self.get("gibibyte", expected)
        self.assert_no_rest()

    def test_ten_thousand_small_files(self):
        chooser = random.Random(4)
        folder = self.folder / "many"
        folder.mkdir()
        bodies = {f"n{i:05}": chooser.randbytes(i * 37 % (20 * KIB)) for i in range(MANY)}
        for name, body in bodies.items():
            (folder / name).write_bytes(body)
        began = time.monotonic()
        run = subprocess.run([OPTIONS.live_tests, "--no-colors", "--test-case=many files*"], capture_output=True, check=False,
                             env=environment(DOCUPILOT_TEST_SHARED=OPTIONS.endpoint, DOCUPILOT_TEST_SHARED_BUCKET=self.name,
                                             DOCUPILOT_TEST_SHARED_FOLDER=str(folder)))
        self.assertEqual(run.returncode, 0, run.stdout.decode()[-3000:])
        self.assertIn(b"1 passed", run.stdout)
        print(f"{MANY} files: {time.monotonic() - began:.1f} s", flush=True)
        pages = self.bucket.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        told = {row["Key"]: (row["Size"], row["ETag"].strip('"')) for page in pages for row in page.get("Contents", [])}
        self.assertEqual(told, {name: (len(body), hashlib.md5(body).hexdigest()) for name, body in bodies.items()})
        for name in chooser.sample(sorted(bodies), 500):
            self.assertEqual(self.bucket.client.get_object(Bucket=self.name, Key=name)["Body"].read(), bodies[name])

    @unittest.skipUnless(os.environ.get("DOCUPILOT_TEST_LARGE"), "takes 20 GiB")
    def test_a_sparse_file_of_20_gibibytes(self):
        path = self.folder / "sparse"
        chooser = random.Random(5)
        with path.open("wb") as out:
            out.truncate(20 * GIB)
            for _ in range(200):
                out.seek(chooser.randrange(20 * GIB - MIB))
                out.write(chooser.randbytes(MIB))
        with path.open("rb") as file:
            expected = digest_of(chunks_of(file))
        self.put("sparse", path, expected)
        self.assert_no_rest()


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", required=True)
    parser.add_argument("--live-tests", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--ca", default="", help="trusted for https")
    parser.add_argument("--scratch", default=None, help="a folder for temporary files")
    OPTIONS, rest = parser.parse_known_args()
    large = os.environ.get("DOCUPILOT_TEST_LARGE", "")
    os.environ.update(environment(DOCUPILOT_TEST_LARGE=large))
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
