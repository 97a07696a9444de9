"""Objects that a URL names: put, get, ls, rm and presign, against a store in memory that speaks S3."""

import hashlib
import subprocess
import urllib.parse

from harness import case
from s3_stub import Stub

TEXT = "The quarterly revenue rose by ten percent.\n" * 40
ODD_KEYS = ["a b", "a+b", "a%20b", "a//b", "ü/文", "q?&=#", "x/../y"]


def url(key, query=""):
    return "s3://bucket/" + urllib.parse.quote(key) + query


@case
def put_and_get(bench):
    """What is put comes back byte for byte, whatever its key, from a file and from a pipe"""
    bench.write("a.txt", TEXT)
    with Stub() as store:
        bench.env.update(store.environment)
        for key in ODD_KEYS:
            bench.ok("put", "a.txt", url(key), "--content-type", "text/x-odd")
            assert store.objects[key][:2] == (TEXT.encode(), "text/x-odd"), key
            bench.ok("get", url(key), "-o", "copy.txt")
            assert (bench.folder / "copy.txt").read_text() == TEXT
        assert set(store.objects) == set(ODD_KEYS)  # and nothing by which the server was tried out
        bench.ok("put", "-", url("piped"), input=TEXT)
        assert store.objects["piped"][0] == TEXT.encode()
        assert bench.ok("get", url("piped")).out == TEXT
        line = bench.ok("put", "a.txt", url("folder/"), "--json").json[0]  # under its own name
        assert line["key"] == "folder/a.txt" and line["size"] == len(TEXT), line
        assert line["etag"] == hashlib.md5(TEXT.encode()).hexdigest(), line


@case
def object_that_is_not_there(bench):
    """A failed get leaves no file and what was there before; --if-absent replaces nothing"""
    bench.write("a.txt", TEXT)
    with Stub() as store:
        bench.env.update(store.environment)
        run = bench.run("get", url("none"), "-o", "copy.txt", expect=3)
        assert "docupilot: " in run.err and not (bench.folder / "copy.txt").exists(), run
        bench.write("copy.txt", "kept")
        bench.run("get", url("none"), "-o", "copy.txt", expect=3)
        assert (bench.folder / "copy.txt").read_text() == "kept"
        assert sorted(each.name for each in bench.folder.iterdir() if each.is_file()) == ["a.txt", "copy.txt"]
        store.add("there", "old")
        bench.run("put", "a.txt", url("there"), "--if-absent", expect=6)
        assert store.objects["there"][0] == b"old"
        bench.run("put", "missing.txt", url("new"), expect=3)
        bench.run("put", "a.txt", "s3://other-bucket/key", expect=3)
        assert set(store.objects) == {"there"}


@case
def wrong_urls(bench):
    """A URL that names no object is refused before anything is sent"""
    bench.write("a.txt", TEXT)
    with Stub() as store:
        bench.env.update(store.environment)
        for words in (["put", "a.txt", "somewhere"], ["put", "-", "s3://bucket"], ["get", "s3://bucket"], ["rm", "s3://bucket"],
                      ["ls", "tape://robot"], ["presign", "s3://bucket/%zz"], ["presign", url("a"), "--expires", "soon"],
                      ["ls", "s3://bucket?nonsense=1"], ["ls", "s3://Ba_d..bucket/"]):
            run = bench.run(*words, input="")
            assert run.code in (1, 2) and "hint: " in run.err and "Traceback" not in run.err, (words, run)
        assert store.server.requests == []


@case
def list_and_remove(bench):
    """ls lists keys in order and folds them at a delimiter; rm removes one, or all below a prefix when told so"""
    with Stub() as store:
        bench.env.update(store.environment)
        for key in ("a/1", "a/2 odd+key", "b", "c/ü"):
            store.add(key, TEXT)
        assert [row["key"] for row in bench.ok("ls", "s3://bucket", "--json").json] == ["a/1", "a/2 odd+key", "b", "c/ü"]
        assert [line.split("  ")[-1] for line in bench.ok("ls", "s3://bucket/a/").lines] == ["a/1", "a/2 odd+key"]
        folded = bench.ok("ls", "s3://bucket", "--delimiter", "/", "--json").json
        assert [row.get("prefix", row.get("key")) for row in folded] == ["a/", "c/", "b"], folded
        bench.ok("rm", url("b"))
        bench.ok("rm", url("b"))  # removing what is not there is no error
        bench.ok("rm", "s3://bucket/a/", "--recursive", "--dry-run")
        assert set(store.objects) == {"a/1", "a/2 odd+key", "c/ü"}
        bench.ok("rm", "s3://bucket/a/", "--recursive")
        assert set(store.objects) == {"c/ü"}
        assert [method for method, _ in store.server.requests[-2:]] == ["GET", "POST"]  # not one by one


@case
def buckets(bench):
    """mb makes a bucket; one that is not there is told with what to do"""
    bench.write("a.txt", TEXT)
    with Stub(bucket="none yet") as store:
        bench.env.update(store.environment)
        run = bench.run("put", "a.txt", "s3://bucket/a", expect=3)
        assert "make the bucket" in run.err, run
        bench.run("mb", "s3://bucket/key", expect=2)
        bench.run("mb", "memory:", expect=2)
        bench.ok("mb", "s3://bucket")
        bench.ok("put", "a.txt", "s3://bucket/a")
        assert store.objects["a"][0] == TEXT.encode()


@case
def presigned(bench):
    """presign prints a URL and nothing else, which plain curl can use both ways"""
    bench.write("a.txt", TEXT)
    with Stub() as store:
        bench.env.update(store.environment)
        there = bench.ok("presign", "--method", "PUT", "--expires", "1h", url("new key")).lines
        assert len(there) == 1 and "X-Amz-Expires=3600" in there[0] and "secret-of-the-stub" not in there[0], there
        subprocess.run(["curl", "-sSf", "-T", str(bench.folder / "a.txt"), there[0]], check=True, timeout=20)
        assert store.objects["new key"][0] == TEXT.encode()
        back = bench.ok("presign", url("new key")).lines
        got = subprocess.run(["curl", "-sSf", back[0]], check=True, capture_output=True, text=True, timeout=20)
        assert got.stdout == TEXT and "X-Amz-Expires=600" in back[0]


@case
def refused_credentials(bench):
    """Credentials that are missing or refused are said so, and no secret is shown"""
    bench.write("a.txt", TEXT)
    with Stub() as store:
        run = bench.run("put", "a.txt", url("a") + "?endpoint=" + store.endpoint, env={"AWS_EC2_METADATA_DISABLED": "true"})
        assert run.code in (3, 4) and "hint: " in run.err, run
        assert store.objects == {}
