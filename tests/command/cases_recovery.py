"""Interrupted, killed, damaged, shared: what is left can always be read, mended and gone on with."""

import json
import os
import shutil
import signal
import subprocess
import time

from harness import Run, case

COUNT = 1200


def letters(bench, count=COUNT, folder="d"):
    for i in range(count):
        bench.write(f"{folder}/{i:04}.txt", f"Letter {i} tells of ship {i * 7}, its captain, its cargo and the weather. " * 40)


def stop_in_the_middle(bench, number, folder="d"):
    """Ingests, and sends the signal once some documents are in. Gives the run, whose seconds are those after it."""
    process = bench.start("ingest", folder, "--json", bufsize=0)
    lines = [process.stdout.readline()]
    process.send_signal(number)
    begin = time.monotonic()
    out, err = process.communicate(timeout=30)
    seconds = time.monotonic() - begin
    return Run(process.returncode, (b"".join(lines) + out).decode(), err.decode(), seconds)


def finish(bench, count):
    """Whatever was left goes on: nothing is lost, nothing is twice."""
    bench.ok("resume", "--quiet")
    assert bench.status()["pending"] == 0
    bench.ok("ingest", "d", "--quiet")
    documents = bench.ok("list", "--json").json
    assert len(documents) == count, len(documents)
    assert all(stage["state"] == "done" for d in documents for stage in d["stages"].values())
    report = bench.ok("sweep", "--dry-run", "--json").json[0]
    assert not report["dangling_documents"] and not report["missing_entries"] and not report["orphan_entries"], report
    found = bench.ok("search", "letter", "AND", str(count - 1), "--json").json
    assert f"{count - 1:04}.txt" in {hit["name"] for hit in found}, found


@case
def interrupt_and_resume(bench):
    """Ctrl-C stops an ingest soon, with 130 and a way on; resume and the same command finish it"""
    letters(bench)
    for number in (signal.SIGINT, signal.SIGTERM):
        run = stop_in_the_middle(bench, number)
        assert run.code in (130, 0), run
        assert run.seconds < 1.5, run.seconds  # 250 ms and what a loaded machine takes
        if run.code == 130:
            assert "docupilot resume --library ./library" in run.err and "interrupted: " in run.err, run.err
            *done, last = [json.loads(line) for line in run.out.splitlines()]
            assert last["error"]["code"] == "cancelled", last
            assert len(done) < COUNT and all(line.get("outcome") for line in done), "cancelled ones were reported"
            assert bench.status()["documents"] >= len([d for d in done if d["outcome"] == "created"])
    finish(bench, COUNT)


@case
def interrupt_while_waiting(bench):
    """Ctrl-C ends a wait for standard input within a quarter of a second or so"""
    process = bench.start("ingest", "-", stdin=subprocess.PIPE)
    process.stdin.write(b"Half a letter")
    process.stdin.flush()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - begin < 1.0
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    bench.run("resume")
    assert bench.run("resume", "--json").json[0]["failed"] == []


@case
def ignored_signals_stay_ignored(bench):
    """Under nohup, where signals are ignored from the start, they stay so"""
    letters(bench, 50)
    run = subprocess.run(["bash", "-c", 'trap "" INT; "$0" ingest d --quiet & child=$!; sleep 0.05; '
                                        'kill -INT $child; wait $child', bench.command],
                         cwd=bench.folder, env=bench.env, capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run


@case
def kill_and_resume(bench):
    """After kill -9 at several moments everything can be read, and resume and the same command finish it"""
    letters(bench, 600)
    for delay in (0.0, 0.05, 0.15, 0.3):
        process = bench.start("ingest", "d", "--quiet", "--force")
        time.sleep(delay)
        process.kill()
        process.communicate()
        bench.run("status")
    for document in bench.run("list", "--json", "--limit", "20").json:
        bench.ok("get", document["id"])
    finish(bench, 600)


@case
def killed_standard_input(bench):
    """What came from a pipe and was lost with its process is given up, not tried for ever"""
    process = bench.start("ingest", "-", "--name", "pipe.txt", stdin=subprocess.PIPE)
    process.stdin.write(b"Half a letter")
    process.stdin.flush()
    time.sleep(0.4)
    process.kill()
    process.communicate()
    bench.run("resume", "--json")
    after = bench.run("resume", "--json")
    assert after.code in (0, 3), after
    assert bench.run("ingest", "-", input="A whole letter.").code == 0
    assert bench.status()["pending"] == 0 and bench.status()["documents"] == 1


@case
def two_processes(bench):
    """Two commands ingest into one library at once, other folders and the same one, and a third reads meanwhile"""
    letters(bench, 300, "one")
    letters(bench, 300, "two")
    for round_of in (["one", "two"], ["one", "one"]):
        running = [bench.start("ingest", folder, "--quiet", "--force") for folder in round_of]
        while any(process.poll() is None for process in running):
            reading = bench.run("list", "--limit", "5", "--json")
            assert reading.code in (0, 3), reading  # 3: there is no library yet
        for process in running:
            out, err = process.communicate()
            assert process.returncode == 0, (process.returncode, err.decode()[-1500:])
    status = bench.status()
    assert status["documents"] == 600 and status["pending"] == 0, status
    report = bench.ok("sweep", "--json").json[0]
    assert not report["dangling_documents"] and not report["missing_entries"], report


def survives(bench, *arguments):
    """Whatever it says, it says it and ends: no signal, no hanging, and an error has a code."""
    run = bench.run(*arguments, "--json")
    assert 0 <= run.code <= 7, run
    for line in run.json:
        if "error" in line and isinstance(line["error"], dict):
            assert line["error"]["code"], run
    return run


@case
def corrupt_databases(bench):
    """Each database of a library, overwritten or cut, gives a clear error; the bytes stay readable as files"""
    letters(bench, 40)
    bench.ok("ingest", "d", "--quiet")
    shutil.copytree(bench.folder / "library", bench.folder / "good")
    reads = {"docupilot.db": ["list"], "search.db": ["search", "letter"], "journal.db": ["resume"]}
    for name, words in reads.items():
        for damage in ("garbage", "header", "cut", "empty", "middle"):
            shutil.rmtree(bench.folder / "library")
            shutil.copytree(bench.folder / "good", bench.folder / "library")
            for left in (bench.folder / "library").glob(f"{name}-*"):
                left.unlink()
            path = bench.folder / "library" / name
            content = path.read_bytes()
            path.write_bytes({"garbage": os.urandom(len(content)), "header": b"\0" * 100 + content[100:],
                              "cut": content[:len(content) // 2 + 100], "empty": b"",
                              "middle": content[:4096] + os.urandom(4096) + content[8192:]}[damage])
            for command in (words, ["status"], ["diagnose"], ["sweep", "--dry-run"], ["ingest", "d/0001.txt"]):
                survives(bench, *command)
            if damage in ("garbage", "header"):
                error = bench.error(*words, expect=1)
                assert error["code"] == "corrupted" and error.get("hint"), (name, damage, error)
    objects = [p for p in (bench.folder / "library/objects").rglob("*") if p.is_file()]
    assert len(objects) >= 40


@case
def journal_cut_at_many_places(bench):
    """A journal cut at any place never harms the documents: they are listed, read and ingested again"""
    letters(bench, 300)
    process = bench.start("ingest", "d", "--quiet")
    time.sleep(0.1)
    process.kill()
    process.communicate()
    bench.run("resume", "--quiet")
    bench.ok("ingest", "d", "--quiet")
    shutil.copytree(bench.folder / "library", bench.folder / "good")
    journal = bench.folder / "library/journal.db"
    wal = bench.folder / "library/journal.db-wal"
    sizes = [(path, path.stat().st_size) for path in (journal, wal) if path.exists() and path.stat().st_size > 0]
    assert sizes, "there is no journal to cut"
    for path, size in sizes:
        for size_left in sorted({1, 16, 99, 100, 512, size // 4, size // 2, size - 4096, size - 1} & set(range(1, size))):
            shutil.rmtree(bench.folder / "library")
            shutil.copytree(bench.folder / "good", bench.folder / "library")
            os.truncate(path, size_left)
            for words in (["resume"], ["status"], ["ingest", "d/0007.txt", "--force"]):
                survives(bench, *words)
            listed = survives(bench, "list")
            if listed.code != 0:  # the journal is not one any more: the way out that the hint names must work
                error = listed.json[-1]["error"]
                assert error["code"] == "corrupted" and "move it away" in error["hint"], error
                journal.rename(journal.with_suffix(".damaged"))
                for left in journal.parent.glob("journal.db-*"):
                    left.unlink()
            assert len(bench.ok("list").lines) == 300
            bench.ok("ingest", "d/0007.txt", "--force")
            assert bench.ok("sweep", "--dry-run", "--json").json[0]["dangling_documents"] == []


@case
def damaged_object(bench):
    """Bytes that changed on disk are noticed when they are read, and nothing wrong is left behind"""
    bench.write("a.txt", "The harbour opens in May.\n" * 100)
    bench.ok("ingest", "a.txt", "--id", "a")
    (victim,) = [p for p in (bench.folder / "library/objects").rglob("*")
                 if p.is_file() and b"harbour" in p.read_bytes()]
    content = bytearray(victim.read_bytes())
    content[50] ^= 1
    victim.chmod(0o600)
    victim.write_bytes(content)
    error = bench.error("get", "a", "-o", "out.txt", expect=1)
    assert error["code"] == "corrupted" and not (bench.folder / "out.txt").exists(), error
    assert bench.run("get", "a", expect=1).err.startswith("docupilot: ")
