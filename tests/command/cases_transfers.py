"""Large objects: sent in parts and fetched in ranges, cut short and gone on with, swept, and what is said meanwhile."""

import os
import random
import re
import signal
import stat
import subprocess
import time

from harness import LIMIT, Screen, Skip, case, interrupt_when, is_root
from s3_stub import Stub

MIB = 1 << 20


def bytes_of(count, seed=7):
    return random.Random(seed).randbytes(count)


def url(key):
    return "s3://bucket/" + key


def wait_until(condition, what):
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < LIMIT, f"{what} did not happen in {LIMIT} s"
        time.sleep(0.01)


def cut_short(bench, store, count, *arguments, number=signal.SIGKILL):
    """Runs the command until so many parts are at the store, and sends the signal. Gives the exit code and standard
    error."""
    store.stop_after(count)
    before = len(store.parts_stored)
    process = bench.start(*arguments)
    wait_until(lambda: len(store.parts_stored) - before == count, "the parts' coming")
    process.send_signal(number)
    _, err = process.communicate(timeout=LIMIT)
    store.go_on()
    return process.returncode, err.decode()


@case
def put_with_each_flag(bench):
    """put takes each of its flags, and remembers nothing that is over and no secret"""
    data = bytes_of(12 * MIB)
    bench.write("big.bin", data)
    with Stub() as store:
        bench.env.update(store.environment)
        for flags in (["--connections", "1"], ["--connections", "256"], ["--memory", "16MiB", "--connections", "16"],
                      ["--memory", "64GiB"],
                      ["--part-size", "5MiB"], ["--part-size", "5GiB"], ["--part-size", "0"], ["--limit-rate", "64MiB"],
                      ["--limit-rate", "0"], ["--journal", "mine.db"], ["--no-resume"], ["--restart"],
                      ["--content-type", "x/y", "--connections=3", "--memory=32MiB", "--part-size=6MiB"]):
            line = bench.ok("put", "big.bin", url("big"), "--json", *flags).json[0]
            assert store.objects.pop("big")[0] == data and line["size"] == len(data), flags
            assert line["parts_resumed"] == 0 and line["attempts_failed"] == 0 and len(line["crc64nvme"]) == 16, line
        assert line["parts"] == 2 and store.uploads == {}, line
        for journal in (bench.folder / "mine.db", bench.folder / ".local/state/docupilot/uploads.db"):
            assert stat.S_IMODE(journal.stat().st_mode) == 0o600, journal
            everything = b"".join(each.read_bytes() for each in journal.parent.glob(journal.name + "*") if each.is_file())
            assert b"secret-of-the-stub" not in everything and b"big.bin" not in everything.split(b"CREATE TABLE")[0]


@case
def bad_values(bench):
    """A value past a limit is refused before anything is sent, with what to do"""
    bench.write("a.txt", "text")
    with Stub() as store:
        bench.env.update(store.environment)
        for words in (["--connections", "17", "--memory", "16MiB"], ["--connections", "0"], ["--connections", "257"], ["--connections", "many"], ["--memory", "15MiB"],
                      ["--memory", "65GiB"], ["--memory", "12q"], ["--memory", "-1"], ["--part-size", "4MiB"],
                      ["--part-size", "6GiB"], ["--limit-rate", "fast"], ["--limit-rate", "-1"]):
            run = bench.run("put", "a.txt", url("a"), *words, expect=2)
            assert words[0].strip("-").replace("-", "_") in run.err.replace("-", "_") and "hint: " in run.err, (words, run)
        for words in (["--connections", "0"], ["--connections", "65"], ["--limit-rate", "fast"]):
            run = bench.run("get", url("a"), "-o", "b.txt", *words, expect=2)
            assert words[0] in run.err and "hint: " in run.err, (words, run)
        for words in ([url("a"), "--no-resume"], [url("a"), "-o", "-", "--connections", "2"], ["id", "-o", "b", "--limit-rate", "5"]):
            run = bench.run("get", *words, expect=2)
            assert "-o FILE" in run.err, (words, run)
        for words in (["s3://bucket/key"], ["s3://bucket", "--no-documents"], ["--journal", "x.db"],
                      ["s3://bucket", "--older-than", "soon"], ["s3://bucket", "--older-than", "-1h"], ["--older-than", "1y"]):
            run = bench.run("sweep", *words, expect=2)
            assert "hint: " in run.err, (words, run)
        assert store.server.requests == []


@case
def from_a_pipe(bench):
    """What comes by a pipe goes in parts without its length being known, and leaves nothing to sweep"""
    data = bytes_of(23 * MIB)
    with Stub() as store:
        bench.env.update(store.environment)
        line = bench.ok("put", "-", url("piped"), "--json", "--memory", "16MiB", input=data).json[0]
        assert store.objects["piped"][0] == data and line["parts"] > 1, line
        bench.ok("put", "-", url("empty"), input=b"")
        assert store.objects["empty"][0] == b"" and store.uploads == {}
        assert "in order" in bench.ok("sweep", "s3://bucket", "--older-than", "0").err


@case
def resumed_put(bench):
    """A put that was killed goes on with the parts that the store lacks, and sends no other"""
    data = bytes_of(40 * MIB)
    bench.write("big.bin", data)
    put = ["put", "big.bin", url("big"), "--part-size", "5MiB", "--connections", "2"]
    with Stub() as store:
        bench.env.update(store.environment)
        assert cut_short(bench, store, 3, *put)[0] == -signal.SIGKILL
        line = bench.ok(*put, "--json").json[0]
        assert store.objects["big"][0] == data and store.uploads == {}
        assert line["parts"] == 8 and line["parts_resumed"] == 3, line
        assert sorted(store.parts_stored) == list(range(1, 9)), store.parts_stored
        assert sum("uploads" in path for _, path in store.server.requests) == 1  # begun once


@case
def interrupted_put(bench):
    """Ctrl-C stops a put, which says how to go on and how not to; without a journal nothing is left"""
    bench.write("big.bin", bytes_of(30 * MIB))
    put = ["put", "big.bin", url("big"), "--part-size", "5MiB", "--connections", "2"]
    with Stub() as store:
        bench.env.update(store.environment)
        code, err = cut_short(bench, store, 3, *put, number=signal.SIGINT)
        assert code == 130 and "interrupted" in err and re.search("[123] of 6 parts are at the store", err), err
        assert "docupilot sweep s3://bucket --older-than 0" in err and len(store.uploads) == 1, err
        bench.ok("sweep", "s3://bucket", "--older-than", "0")
        code, err = cut_short(bench, store, 2, *put, "--no-resume", number=signal.SIGINT)
        assert code == 130 and store.uploads == {} and "goes on" not in err, err


@case
def changed_source(bench):
    """A file that changed since its put was begun is refused with a way on; --restart begins anew"""
    file = bench.write("big.bin", bytes_of(20 * MIB))
    put = ["put", "big.bin", url("big"), "--part-size", "5MiB", "--connections", "1"]
    with Stub() as store:
        bench.env.update(store.environment)
        cut_short(bench, store, 2, *put)
        data = bytes_of(20 * MIB, seed=8)
        file.write_bytes(data)
        run = bench.run(*put, expect=6)
        assert "changed" in run.err and "--restart" in run.err and len(store.uploads) == 1, run
        line = bench.ok(*put, "--restart", "--json").json[0]
        assert store.objects["big"][0] == data and line["parts_resumed"] == 0 and store.uploads == {}, line


@case
def swept_uploads(bench):
    """sweep URL drops what puts of this journal have left, when it is old enough, and nothing of others"""
    bench.write("big.bin", bytes_of(20 * MIB))
    with Stub() as store:
        bench.env.update(store.environment)
        assert "in order" in bench.ok("sweep", "s3://bucket").err
        cut_short(bench, store, 2, "put", "big.bin", url("big"), "--part-size", "5MiB", "--connections", "1")
        store.uploads["another's"] = ("theirs", {}, "")
        run = bench.ok("sweep", "s3://bucket")
        assert run.out == "" and "1 upload" in run.err and "--older-than 0" in run.err, run
        shown = bench.ok("sweep", "s3://bucket", "--older-than", "0", "--dry-run", "--json").json
        assert [(each["key"], each["outcome"]) for each in shown] == [("big", "would_abort")], shown
        assert len(store.uploads) == 2
        run = bench.ok("sweep", "s3://bucket", "--older-than", "0s")
        assert run.out.startswith("big: ") and "aborted" in run.out and set(store.uploads) == {"another's"}, run
        assert "in order" in bench.ok("sweep", "s3://bucket", "--older-than", "0").err


@case
def resumed_get(bench):
    """A get that was killed goes on with the ranges that lack, and only a whole file takes its name"""
    data = bytes_of(40 * MIB)
    with Stub() as store:
        bench.env.update(store.environment)
        store.add("big", data, "application/octet-stream")
        store.stop_after(3)
        process = bench.start("get", url("big"), "-o", "copy.bin", "--connections", "2")
        hidden = lambda: list(bench.folder.glob(".copy.bin.*.record"))  # noqa: E731
        wait_until(lambda: hidden() and hidden()[0].stat().st_size >= 32 + 16 * 3, "three ranges' coming")
        process.kill()
        process.communicate(timeout=LIMIT)
        store.go_on()
        assert not (bench.folder / "copy.bin").exists()
        asked = len(store.server.requests)
        line = bench.ok("get", url("big"), "-o", "copy.bin", "--json").json[0]
        assert (bench.folder / "copy.bin").read_bytes() == data and line["output"] == "copy.bin", line
        assert line["bytes_resumed"] >= 2 * 8 * MIB, line  # the record of the third may not be whole
        ranges = [method for method, _ in store.server.requests[asked:]].count("GET")
        assert ranges == 5 - line["bytes_resumed"] // (8 * MIB), store.server.requests[asked:]
        assert not list(bench.folder.glob(".copy.bin*"))


@case
def get_where_it_cannot_be_written(bench):
    """A get into a folder that is not there, into a file as if it were a folder, or over a folder fails clearly"""
    with Stub() as store:
        bench.env.update(store.environment)
        store.add("big", bytes_of(9 * MIB))
        bench.write("a.txt", "text")
        (bench.folder / "folder").mkdir()
        for name, code in (("nowhere/copy.bin", 3), ("a.txt/copy.bin", None), ("folder", 2), ("/dev/null", 2)):
            run = bench.run("get", url("big"), "-o", name)
            assert run.code not in (0, 139) and (code is None or run.code == code), (name, run)
            assert run.err.startswith("docupilot: ") and name.rstrip("/").split("/")[0] in run.err, (name, run)
        if not is_root():
            (bench.folder / "folder").chmod(0o555)
            bench.run("get", url("big"), "-o", "folder/copy.bin", expect=4)
        assert [each for each in bench.folder.rglob("*") if each.name.startswith(".copy")] == []


@case
def get_onto_a_full_disk(bench):
    """A get that finds the disk full says so before any byte comes, and leaves nothing"""
    disk = bench.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode != 0:
        raise Skip("no file system can be mounted here")
    try:
        with Stub() as store:
            bench.env.update(store.environment)
            store.add("big", bytes_of(9 * MIB))
            run = bench.run("get", url("big"), "-o", "disk/copy.bin", expect=1)
            assert "No space left" in run.err or "full" in run.err, run
            assert os.listdir(disk) == [] and "GET" not in [method for method, _ in store.server.requests], run
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@case
def what_a_log_gets(bench):
    """Without a terminal a quick transfer says how it ended and nothing else; JSON progress tells of bytes and parts"""
    bench.write("big.bin", bytes_of(12 * MIB))
    with Stub() as store:
        bench.env.update(store.environment)
        run = bench.ok("put", "big.bin", url("big"), "--part-size", "5MiB")
        end = r"(, [\d.]+ .?i?B/s)?\)\n"
        assert run.out == "" and re.fullmatch(r"put 'big' \(12.0 MiB in 3 parts" + end, run.err), run
        run = bench.ok("get", url("big"), "-o", "copy.bin")
        assert re.fullmatch(r"wrote 'copy.bin' \(12.0 MiB" + end, run.err), run
        assert bench.ok("put", "big.bin", url("big"), "--quiet").err == ""
        run = bench.ok("put", "big.bin", url("big"), "--part-size", "5MiB", "--progress", "json")
        last = [line for line in run.err.splitlines() if line.startswith('{"progress"')][-1]
        for part in ('"bytes_done":12582912', '"bytes_total":12582912', '"parts_done":3', '"parts_total":3', '"fraction":1'):
            assert part in last and "document" not in last, last


@case
def what_a_terminal_gets(bench):
    """On a terminal one line shows percent, bytes and parts, within its width, and is gone at the end"""
    bench.write("big.bin", bytes_of(20 * MIB))
    for columns in (40, 80, 160):
        with Stub() as store:
            bench.env.update(store.environment)
            store.stop_after(2)
            run = bench.on_terminal("put", "big.bin", url("big"), "--part-size", "5MiB", "--connections", "1",
                                    "--progress", "bar", "--no-resume", columns=columns,
                                    stop=interrupt_when(lambda seen: b"10.0 MiB/20.0 MiB" in seen or b"15.0 MiB/20.0 MiB" in seen))
            assert run.code == 130, run
            screen = Screen(columns).feed(run.err)
            assert screen.wrapped == [] and screen.widest < columns, (columns, screen.wrapped)
            assert screen.cursor_visible and "MiB/20.0 MiB" not in screen.text and "interrupted" in screen.text, screen.text
            assert "document" not in run.err and (columns < 80 or "/4 parts" in run.err), run.err


@case
def out_of_reach(bench):
    """A store out of reach is told once, with the reason; the put waits for it, and --timeout ends that"""
    bench.write("a.txt", "text")
    with Stub() as store:
        bench.env.update(store.environment)
    process = bench.start("put", "a.txt", url("a"), stderr=subprocess.PIPE)  # the stub is gone
    told = process.stderr.readline().decode()
    assert "out of reach" in told and "connect" in told.lower(), told
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=LIMIT)
    assert process.returncode == 130 and rest.decode().count("out of reach") == 0, rest
    run = bench.run("put", "a.txt", url("a"), "--timeout", "0.5", expect=5)
    assert "docupilot: " in run.err, run


@case
def large_document(bench):
    """A large document goes to a store in parts; one that was cut short goes on, and comes back in ranges"""
    data = bytes_of(64 * MIB)
    bench.write("big.bin", data)
    with Stub() as store:
        bench.env.update(store.environment)
        bench.write("c.toml", "library = 'library'\nstore = 's3://bucket'\n")
        ingest = ["--config", "c.toml", "ingest", "big.bin", "--id", "big"]
        assert cut_short(bench, store, 4, *ingest)[0] == -signal.SIGKILL
        assert bench.status("--config", "c.toml")["pending"] == 1
        assert bench.ok("--config", "c.toml", "sweep", "--dry-run", "--json").json[0]["clean"]  # it is young
        bench.ok(*ingest, "--quiet")
        assert sorted(store.parts_stored) == list(range(1, 9)), store.parts_stored  # none twice
        assert [each[0] for each in store.objects.values()] == [data] and store.uploads == {}
        bench.ok("--config", "c.toml", "get", "big", "-o", "copy.bin")
        assert (bench.folder / "copy.bin").read_bytes() == data
        assert bench.status("--config", "c.toml")["pending"] == 0
        key = next(iter(store.objects))
        store.objects[key] = (data[:-1] + b"?", *store.objects[key][1:])  # other bytes than were ingested
        run = bench.run("--config", "c.toml", "get", "big", "-o", "copy.bin", expect=1)
        assert "not those that were ingested" in run.err and (bench.folder / "copy.bin").read_bytes() == data, run
        # Given up rather than gone on with: sweep drops what was sent.
        bench.write("big.bin", bytes_of(64 * MIB, seed=9))
        cut_short(bench, store, 4, *ingest)
        assert len(store.uploads) == 1
        swept = bench.ok("--config", "c.toml", "sweep", "--older-than", "0", "--json").json[0]
        assert len(swept["temporary"]) == 1 and store.uploads == {}, swept
        bench.ok("--config", "c.toml", "resume", "--quiet")
        bench.ok("--config", "c.toml", "get", "big", "-o", "copy.bin")
        assert (bench.folder / "copy.bin").read_bytes() == bytes_of(64 * MIB, seed=9)


@case
def help_lines(bench):
    """No line of any help is wider than 100 columns"""
    names = [line.split()[0] for line in bench.ok("--help").out.split("Subcommands:")[1].splitlines()
             if line.startswith("  ") and line.strip() and not line.startswith("   ")]
    assert "put" in names and "sweep" in names, names
    for words in ([], *[[name] for name in names if name.isalpha()]):
        for line in bench.ok(*words, "--help").lines:
            assert len(line) <= 100, (words, line)
