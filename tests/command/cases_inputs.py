"""What people feed to a program by mistake or with intent: each gives a clear answer and loses nothing."""

import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import zipfile

from harness import Bench, Skip, case, is_root

GOOD = "The harbour opens in May. Two hundred ships are expected.\n"


def good_one_survives(bench):
    """An ordinary document goes in beside whatever else was tried, and comes back."""
    bench.write("good.txt", GOOD)
    bench.ok("ingest", "good.txt", "--id", "good-one")
    assert bench.ok("get", "good-one").out == GOOD
    assert bench.ok("sweep", "--json").json[0]["clean"] is True


def docx(paragraphs, extra=()):
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                               '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" '
                               'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
                               'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
                               'officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                       f'<Relationship Id="r1" Type="{office}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{main}"><w:body>{body}</w:body></w:document>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [*parts.items(), *extra]:
            archive.writestr(name, text)
    return made.getvalue()


def kept_without_text(bench, name, content):
    """Ingested and readable, but exit 7 and a warning that says why."""
    bench.write(name, content)
    run = bench.run("ingest", name, "--id", "odd", "--json", expect=7)
    (document,) = run.json
    assert document["outcome"] == "created" and document["warnings"][0]["code"], run
    assert document["stages"]["extract"]["state"] == "failed", document["stages"]
    assert "warning" in run.err and "'" + name + "' is kept" in run.err, run
    assert bench.ok("get", "odd").raw == (content if isinstance(content, bytes) else content.encode())
    assert bench.status()["incomplete"] == 1
    good_one_survives(bench)
    return document["warnings"][0]


@case
def missing_file(bench):
    """A missing file is told with exit 3, and among others with exit 7 while the rest is ingested"""
    error = bench.error("ingest", "nowhere.txt", expect=3)
    assert error["code"] == "not_found"
    bench.write("a.txt", GOOD)
    run = bench.run("ingest", "nowhere.txt", "a.txt", "--json", expect=7)
    by_name = {line["name"]: line for line in run.json}
    assert by_name["nowhere.txt"]["error"]["code"] == "not_found" and by_name["a.txt"]["outcome"] == "created"
    assert "'nowhere.txt'" in run.err and "2 documents: 1 new, 1 failed" in run.err, run


@case
def empty_file(bench):
    """An empty file is refused and stored nowhere"""
    bench.write("empty.txt", "")
    assert bench.error("ingest", "empty.txt", expect=2)["code"] == "invalid_argument"
    good_one_survives(bench)
    assert bench.status()["documents"] == 1


@case
def empty_folder(bench):
    """A folder with nothing in it is no error, and is said to hold nothing"""
    (bench.folder / "void/deeper").mkdir(parents=True)
    run = bench.ok("ingest", "void")
    assert "nothing to ingest in 'void'" in run.err, run


@case
def devices_and_pipes(bench):
    """Devices, pipes and sockets are refused at once when named, and left out when found"""
    os.mkfifo(bench.folder / "pipe")
    for name in ("/dev/null", "/dev/zero", "pipe"):
        run = bench.run("ingest", name, "--json", expect=2)
        assert run.json[0]["error"]["code"] == "invalid_argument" and run.seconds < 5, run
    bench.write("d/a.txt", GOOD)
    os.mkfifo(bench.folder / "d/pipe")
    run = bench.ok("ingest", "d", "--json")
    assert [line["name"] for line in run.json] == ["a.txt"] and "d/pipe" in run.err, run


@case
def broken_pdf(bench):
    """A broken PDF is kept without its text"""
    kept_without_text(bench, "broken.pdf", b"%PDF-1.4\n1 0 obj << /Type /Catalog >>\nthis is no PDF\n%%EOF\n")


@case
def broken_docx(bench):
    """A DOCX that was cut short is kept without its text"""
    whole = docx(["The harbour opens in May."])
    kept_without_text(bench, "cut.docx", whole[:len(whole) // 2])


@case
def good_docx(bench):
    """A DOCX is found by what it says"""
    bench.write("letter.docx", docx(["The lighthouse will be repaired.", "It is old."]))
    document = bench.ok("ingest", "letter.docx", "--json").json[0]
    assert document["stages"]["extract"]["state"] == "done" and "warnings" not in document
    assert len(bench.ok("search", "lighthouse", "--json").json) == 1


@case
def zip_bomb(bench):
    """A DOCX that unpacks to a thousand times its size is kept without its text, quickly"""
    bomb = docx(["a" * 50_000_000])
    assert len(bomb) < 100_000
    warning = kept_without_text(bench, "bomb.docx", bomb)
    assert warning["code"] == "too_large", warning


@case
def nested_html(bench):
    """HTML nested a hundred deep is read; nested a hundred thousand deep it is kept without its text"""
    bench.write("deep.html", "<div>" * 100 + "The seagull sleeps." + "</div>" * 100)
    bench.ok("ingest", "deep.html")
    assert [h["name"] for h in bench.ok("search", "seagull", "--json").json] == ["deep.html"]
    bench.ok("remove", bench.ok("list").out.split("\t")[0])
    warning = kept_without_text(bench, "deeper.html", "<div>" * 100_000 + "x")
    assert warning["code"] == "too_large", warning


@case
def broken_html(bench):
    """Broken HTML is read as browsers do, and scripts are no text"""
    bench.write("broken.html", "<html><title>Tides</title><p>The <b>moon <i>draws</b> the sea <script>var albatross=1</script")
    bench.ok("ingest", "broken.html")
    assert len(bench.ok("search", "tides", "--json").json) == 1
    assert bench.ok("search", "albatross", "--no-typo", "--json").json == []


@case
def odd_bytes(bench):
    """NUL bytes and invalid UTF-8 go in and come back as they are"""
    for name, content in {"nul.txt": b"before\0after\n" * 10, "latin.txt": "Die Möwe über dem Hafen.\n".encode("latin-1"),
                          "noise.bin": bytes(range(255, -1, -1)) * 8, "bad.txt": b"good \xff\xfe\xfa text \xc3\n"}.items():
        bench.write(name, content)
        run = bench.run("ingest", name, "--json")
        assert run.code in (0, 7), run
        assert bench.ok("get", run.json[0]["id"]).raw == content
    good_one_survives(bench)


@case
def hostile_names(bench):
    """Names with line ends, escape codes, brackets and bytes that are no UTF-8 are shown escaped and lead nowhere"""
    folder = os.fsencode(bench.folder / "d")
    os.mkdir(folder)
    names = [b"line\nbreak.txt", b"esc\x1b[2J.txt", b"[a,b]", b"bad\xff.txt", b"-dash.txt", b"back\\..\\slash.txt",
             "\u202etxt.exe".encode(), b"quote'\".txt", b"%s%n.txt", b"{}.txt"]
    for name in names:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"Text of " + name.replace(b"\xff", b"?") + b"\n")
    run = bench.ok("ingest", "d")
    assert len(run.lines) == len(names) and "\x1b" not in run.out and "\u202e" not in run.out, run
    assert "line\\nbreak.txt" in run.out and "esc\\x1b[2J.txt" in run.out
    listed = bench.ok("list", "--json").json
    assert {"line\nbreak.txt", "esc\x1b[2J.txt", "[a,b]", "bad\ufffd.txt"} <= {d["name"] for d in listed}
    plain = bench.ok("list").out
    assert len(plain.splitlines()) == len(names) and "\x1b" not in plain
    for words in (["show", next(d["id"] for d in listed if "esc" in d["name"])], ["search", "text"], ["status"]):
        assert "\x1b" not in bench.ok(*words).out
    missing = bench.run("ingest", b"no\nsuch\x1b]0;title\x07.txt", expect=3)
    assert "\x1b" not in missing.err and "no\\nsuch\\x1b" in missing.err, missing
    bench.ok("ingest", "[a,b]", cwd=bench.folder / "d")
    assert [json.loads(line)["name"] for line in bench.ok("ingest", "d/../d/{}.txt", "--json").lines] == ["{}.txt"]


@case
def same_names(bench):
    """Two folders that each hold an index.html give two documents"""
    bench.write("one/index.html", "<title>One</title><p>First page.</p>")
    bench.write("two/index.html", "<title>Two</title><p>Second page.</p>")
    run = bench.ok("ingest", "one", "two", "--json")
    assert [line["name"] for line in run.json] == ["index.html"] * 2
    assert len({line["id"] for line in run.json}) == 2
    assert {d["title"] for d in bench.ok("list", "--json").json} == {"One", "Two"}


@case
def same_file_twice(bench):
    """One file named twice on a line is one document"""
    bench.write("a.txt", GOOD)
    run = bench.run("ingest", "a.txt", "./a.txt", "--json")
    assert run.code in (0, 7) and bench.status()["documents"] == 1, run


@case
def ingested_again(bench):
    """Unchanged files are passed over quickly; a changed one gets a new revision under its id"""
    for i in range(400):
        bench.write(f"d/{i:03}.txt", f"Ship number {i} called at the harbour and left again on day {i % 28}.\n" * 20)
    first = bench.ok("ingest", "d", "--json")
    again = bench.ok("ingest", "d", "--json")
    assert all(line["outcome"] == "unchanged" for line in again.json) and len(again.json) == 400
    assert again.seconds < max(0.5, first.seconds), (first.seconds, again.seconds)
    assert "400 documents: 400 unchanged in" in again.err, again.err
    bench.write("d/007.txt", "Another text, of another ship.\n")
    changed = [line for line in bench.ok("ingest", "d", "--json").json if line["outcome"] != "unchanged"]
    before = {line["name"]: line for line in first.json}["007.txt"]
    assert len(changed) == 1 and changed[0]["outcome"] == "updated" and changed[0]["id"] == before["id"]
    assert changed[0]["revision"] != before["revision"] and changed[0]["created"] == before["created"]
    assert bench.ok("get", before["id"]).out == "Another text, of another ship.\n"
    assert bench.status()["documents"] == 400


@case
def unreadable_file(bench):
    """A file and a folder that may not be read are told with the exit code for permissions, the rest goes in"""
    user = {}
    if is_root():  # root reads everything, so the command runs as nobody
        user = {"user": 65534, "group": 65534, "extra_groups": []}
        probe = subprocess.run([bench.command, "--version"], capture_output=True, **user) if os.access(
            bench.command, os.X_OK) else None
        if probe is None or probe.returncode != 0:
            raise Skip("nobody may not run the command where it was built")
        os.chown(bench.folder, 65534, 65534)
    secret = bench.write("d/secret.txt", GOOD)
    bench.write("d/closed/inner.txt", GOOD)
    bench.write("d/open.txt", GOOD)
    secret.chmod(0)
    (bench.folder / "d/closed").chmod(0)
    try:
        alone = bench.run("ingest", "d/secret.txt", "--json", expect=4, **user)
        assert alone.json[0]["error"]["code"] == "permission_denied", alone
        run = bench.run("ingest", "d", "--json", expect=7, **user)
        assert [line["name"] for line in run.json if "error" not in line] == ["open.txt"], run
        assert len([line for line in run.json if "error" in line]) == 2, run
    finally:
        (bench.folder / "d/closed").chmod(0o700)


@case
def read_only_library(bench):
    """A library opened read-only is read, and every write is refused with the exit code for permissions"""
    bench.write("a.txt", GOOD)
    bench.ok("ingest", "a.txt", "--id", "a")
    before = sorted(str(p) for p in (bench.folder / "library").rglob("*"))
    env = {"DOCUPILOT_READ_ONLY": "1"}
    bench.write("b.txt", GOOD)
    for words in (["ingest", "b.txt"], ["remove", "a"], ["sweep"], ["resume"]):
        assert bench.error(*words, expect=4, env=env)["code"] == "permission_denied", words
    for words in (["list"], ["show", "a"], ["search", "harbour"], ["get", "a"], ["summarize", "a"], ["status"]):
        bench.ok(*words, env=env)
    after = [p for p in sorted(str(p) for p in (bench.folder / "library").rglob("*"))
             if not p.endswith(("-wal", "-shm"))]
    assert after == [p for p in before if not p.endswith(("-wal", "-shm"))], set(after) ^ set(before)


def mounted(bench, name, size):
    """A small file system of its own; the caller unmounts it."""
    place = bench.folder / name
    place.mkdir()
    if not is_root():
        raise Skip("only root mounts file systems")
    run = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True,
                         text=True)
    if run.returncode != 0:
        raise Skip(f"mounting is not permitted: {run.stderr.strip()}")
    return place


@case
def full_disk(bench):
    """A full disk is told as such, loses nothing, and once there is room the same command goes through"""
    place = mounted(bench, "small", "4m")
    try:
        bench.write("a.txt", GOOD)
        bench.ok("--library", place / "lib", "ingest", "a.txt", "--id", "a")
        bench.write("big.bin", os.urandom(6_000_000))
        error = bench.error("--library", place / "lib", "ingest", "big.bin", expect=1)
        assert error["code"] == "exhausted", error
        assert bench.ok("--library", place / "lib", "get", "a").out == GOOD
        assert bench.status("--library", place / "lib")["documents"] == 1
        subprocess.run(["mount", "-o", "remount,size=40m", str(place)], check=True)
        bench.ok("--library", place / "lib", "ingest", "big.bin", "--id", "big")
        bench.ok("--library", place / "lib", "get", "big", "-o", "back.bin")
        assert (bench.folder / "back.bin").read_bytes() == (bench.folder / "big.bin").read_bytes()
        assert bench.ok("--library", place / "lib", "sweep", "--json").json[0]["dangling_documents"] == []
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


@case
def read_only_disk(bench):
    """A library on a disk that cannot be written is told with the exit code for permissions"""
    place = mounted(bench, "fixed", "8m")
    try:
        bench.write("a.txt", GOOD)
        bench.ok("--library", place / "lib", "ingest", "a.txt", "--id", "a")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        bench.write("b.txt", GOOD)
        assert bench.error("--library", place / "lib", "ingest", "b.txt", expect=4)["code"] == "permission_denied"
        assert bench.ok("--library", place / "lib", "get", "a").out == GOOD
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


@case
def output_that_cannot_be_written(bench):
    """A full output is an error; a reader that goes away ends the command as it ends any other"""
    for i in range(300):
        bench.write(f"d/{i}.txt", f"Ship number {i}. " * 20)
    bench.ok("ingest", "d", "--quiet", "--no-summary")
    with open("/dev/full", "wb") as full:
        run = bench.run("list", stdout=full, expect=1)
    assert "cannot write the result: No space left" in run.err, run
    with subprocess.Popen([bench.command, "list", "--json"], cwd=bench.folder, env=bench.env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as listing:
        listing.stdout.read(10)
        listing.stdout.close()
        assert listing.wait(timeout=20) == -13 and listing.stderr.read() == b""


@case
def standard_streams_that_are_closed(bench):
    """A standard stream that is closed is no other file: input is refused, output is an error"""
    bench.write("a.txt", GOOD)
    bench.ok("ingest", "a.txt", "--id", "aaaa")
    closed = subprocess.run([bench.command, "ingest", "-"], cwd=bench.folder, env=bench.env, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, preexec_fn=lambda: os.close(0), timeout=20)
    assert closed.returncode == 2 and b"not open for reading" in closed.stderr, closed
    for words in (["list"], ["get", "aaaa"]):
        closed = subprocess.run([bench.command, *words], cwd=bench.folder, env=bench.env, stderr=subprocess.PIPE,
                                preexec_fn=lambda: (os.close(0), os.close(1)), timeout=20)
        assert closed.returncode == 1 and b"cannot write" in closed.stderr, (words, closed)
    assert bench.status()["documents"] == 1


@case
def output_files_of_all_kinds(bench):
    """-o follows a link and keeps the mode of what it replaces; devices, pipes and folders are refused and left alone"""
    bench.write("a.txt", GOOD)
    bench.ok("ingest", "a.txt", "--id", "aaaa")
    real = bench.write("real.txt", "old")
    real.chmod(0o640)
    (bench.folder / "link").symlink_to("real.txt")
    bench.ok("get", "aaaa", "-o", "link")
    assert (bench.folder / "link").is_symlink() and real.read_text() == GOOD and real.stat().st_mode & 0o777 == 0o640
    os.mkfifo(bench.folder / "pipe")
    (bench.folder / "folder").mkdir()
    for name in ("pipe", "folder"):
        before = os.lstat(bench.folder / name).st_ino
        run = bench.run("get", "aaaa", "-o", name, expect=2)
        assert "hint: " in run.err and os.lstat(bench.folder / name).st_ino == before, run
    assert not [each for each in bench.folder.iterdir() if ".part-" in each.name]


@case
def folder_in_the_way(bench):
    """A library where a file already is, or a file name where a folder is, is refused and left alone"""
    bench.write("file", GOOD)
    bench.write("a.txt", GOOD)
    run = bench.run("--library", "file", "ingest", "a.txt")
    assert run.code in (1, 2) and run.err.startswith("docupilot: "), run
    assert (bench.folder / "file").read_text() == GOOD
    bench.ok("ingest", "a.txt", "--id", "a")
    (bench.folder / "there").mkdir()
    run = bench.run("get", "a", "-o", "there")
    assert run.code in (1, 2) and (bench.folder / "there").is_dir(), run


@case
def long_values(bench):
    """Values at their limits are taken, beyond them refused"""
    bench.write("a.txt", GOOD)
    bench.ok("ingest", "a.txt", "--id", "x" * 128)
    bench.error("ingest", "a.txt", "--id", "x" * 129, expect=2)
    bench.ok("ingest", "-", "--idempotency-key", "k" * 256, input=GOOD)
    bench.error("ingest", "-", "--idempotency-key", "k" * 257, expect=2, input=GOOD)
    bench.ok("ingest", "a.txt", "--id", "attr-1", "--attribute", "n" * 128 + "=v")
    bench.error("ingest", "a.txt", "--id", "attr-2", "--attribute", "n" * 129 + "=v", expect=2)


def separate(bench):
    folder = pathlib.Path(tempfile.mkdtemp(dir=bench.folder))
    return Bench(bench.command, folder)


@case
def folder_moved(bench):
    """A library that is moved or copied as a folder works at its new place"""
    bench.write("a.txt", GOOD)
    bench.ok("ingest", "a.txt", "--id", "a")
    other = separate(bench)
    shutil.move(bench.folder / "library", other.folder / "moved")
    assert other.ok("--library", "moved", "get", "a").out == GOOD
    assert len(other.ok("--library", "moved", "search", "harbour", "--json").json) == 1
