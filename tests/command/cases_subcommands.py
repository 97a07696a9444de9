"""Every subcommand: what it writes, what its JSON holds, and its exit codes both ways."""

import hashlib
import json
import re
import shutil
import subprocess

from harness import Skip, case
from s3_stub import Stub

MEMBERS = {"id", "title", "name", "object", "size", "content_type", "sha256", "created", "updated", "tags",
           "attributes", "summary", "stages", "revision"}
SUBCOMMANDS = ["ingest", "list", "search", "show", "summarize", "get", "put", "mb", "ls", "rm", "presign", "remove", "status", "resume", "sweep",
               "diagnose", "config", "completion"]

REPORT = ("The quarterly revenue rose by ten percent. Costs fell in every branch. The board is pleased with the year. "
          "Net income doubled. Nobody had expected the northern branch to lead.\n")
LETTERS = {
    "letters/anna.txt": "Dear friend, the harbour opens in May. We had much snow. Write soon.\n",
    "letters/ben.md": "# From Ben\n\nThe ferries stayed in the harbour for eleven days.\n",
    "letters/2025/carl.html": "<title>Carl</title><p>The lighthouse will be repaired in spring.</p>",
}


def fill(bench):
    """A report with a known id, and three letters."""
    bench.write("report.txt", REPORT)
    for name, text in LETTERS.items():
        bench.write(name, text)
    bench.ok("ingest", "report.txt", "--id", "report", "--tag", "money")
    bench.ok("ingest", "letters", "--tag", "letter")
    return bench


@case
def ingest_one(bench):
    """A file is ingested with everything that was said of it, and its JSON has every member"""
    bench.write("a.txt", REPORT)
    run = bench.ok("ingest", "a.txt", "--json", "--title", "T", "--tag", "x", "-t", "y", "--attribute", "who=Ann",
                   "-a", "pages:=12", "-a", "deep:={\"a\":[1,2.5,null]}", "-a", "eq=a:=b=c", "--id", "doc-1",
                   "--content-type", "text/x-report")
    (document,) = run.json
    assert MEMBERS | {"outcome"} <= document.keys(), document.keys()
    assert document["outcome"] == "created" and document["id"] == "doc-1" and document["title"] == "T"
    assert document["name"] == "a.txt" and document["tags"] == ["x", "y"]
    assert document["content_type"] == "text/x-report"
    assert document["attributes"] == {"who": "Ann", "pages": 12, "deep": {"a": [1, 2.5, None]}, "eq": "a:=b=c"}
    assert document["size"] == len(REPORT) and document["sha256"] == hashlib.sha256(REPORT.encode()).hexdigest()
    assert re.search(r"^1 document: 1 new in \d+\.\d s \(.*/s\)$", run.err, re.M), run.err
    assert (bench.folder / "library").is_dir()


@case
def ingest_text_output(bench):
    """People see one line a document with an id that can be copied, and a closing summary line; --quiet shows none"""
    bench.write("a.txt", REPORT)
    run = bench.ok("ingest", "a.txt")
    word, identity, name = run.out.split()
    assert (word, name) == ("new", "a.txt")
    assert bench.ok("show", identity, "--json").json[0]["id"] == identity
    again = bench.ok("ingest", "a.txt")
    assert again.out.split() == ["unchanged", identity, "a.txt"], again
    bench.write("a.txt", REPORT + "More.\n")
    assert bench.ok("ingest", "a.txt").out.split()[0] == "updated"
    bench.write("b.txt", REPORT)
    quiet = bench.ok("ingest", "b.txt", "--quiet")
    assert quiet.out == "" and quiet.err == "", quiet


@case
def ingest_folder(bench):
    """Folders are walked in order, without hidden files, linked folders and the library itself"""
    fill_names = ["d/b.txt", "d/a.txt", "d/sub/c.txt", "d/.hidden.txt", "d/.git/config.txt", "d/skip.log"]
    for name in fill_names:
        bench.write(name, f"Text of {name}.\n")
    bench.write("elsewhere/linked.txt", "Linked.\n")
    (bench.folder / "d/link").symlink_to("../elsewhere")
    (bench.folder / "d/loop").symlink_to(".")
    (bench.folder / "d/file-link.txt").symlink_to("a.txt")

    def names(*flags):
        run = bench.ok("ingest", "d", "--dry-run", "--json", *flags)
        assert all(line["dry_run"] and line["size"] > 0 for line in run.json)
        return [line["name"] for line in run.json]

    assert names() == ["a.txt", "b.txt", "file-link.txt", "skip.log", "sub/c.txt"]
    assert names("--include", "*.txt") == ["a.txt", "b.txt", "file-link.txt", "sub/c.txt"]
    assert names("--exclude", "sub", "--exclude", "*.log") == ["a.txt", "b.txt", "file-link.txt"]
    assert names("--include", "sub/*") == ["sub/c.txt"]
    assert names("--hidden") == [".git/config.txt", ".hidden.txt", "a.txt", "b.txt", "file-link.txt", "skip.log",
                                 "sub/c.txt"]
    assert "link/linked.txt" in names("--follow") and len(names("--follow")) == 6
    assert not (bench.folder / "library").exists(), "a dry run made a library"
    before = names()
    bench.ok("--library", "d/lib", "ingest", "d")
    run = bench.ok("--library", "d/lib", "ingest", "d", "--json")
    assert sorted(line["name"] for line in run.json) == before, run
    assert all(line["outcome"] == "unchanged" for line in run.json)


@case
def ingest_stdin(bench):
    """Standard input is ingested under a name; the same idempotency key happens once and refuses other bytes"""
    first = bench.ok("ingest", "-", "--name", "note.txt", "--json", "--idempotency-key", "k1", input=REPORT).json[0]
    assert first["name"] == "note.txt" and first["size"] == len(REPORT)
    again = bench.ok("ingest", "-", "--name", "note.txt", "--json", "--idempotency-key", "k1", input=REPORT).json[0]
    assert again["id"] == first["id"] and again["outcome"] == "unchanged", again
    conflict = bench.run("ingest", "-", "--name", "note.txt", "--json", "--idempotency-key", "k1", input="Other.",
                         expect=6)
    assert conflict.json[0]["error"]["code"] == "conflict", conflict
    unnamed = bench.ok("ingest", "-", "--json", input="Something else.").json[0]
    assert unnamed["id"] != first["id"]
    assert bench.ok("get", first["id"]).out == REPORT


@case
def ingest_stages(bench):
    """--no-index and --no-summary leave out a stage, --force goes the whole way again"""
    bench.write("a.txt", REPORT)
    document = bench.ok("ingest", "a.txt", "--no-index", "--no-summary", "--json").json[0]
    assert document["summary"] == "" and document["stages"]["summary"]["state"] == "skipped"
    assert document["stages"]["index"]["state"] == "skipped"
    assert bench.ok("search", "revenue", "--json").json == []
    forced = bench.ok("ingest", "a.txt", "--force", "--json").json[0]
    assert forced["outcome"] == "updated" and forced["revision"] != document["revision"], forced
    assert len(bench.ok("search", "revenue", "--json").json) == 1


@case
def ingest_usage(bench):
    """Flags for one document are refused for several, and bad attributes before anything is done"""
    for name in ("a.txt", "b.txt"):
        bench.write(name, REPORT)
    for flag in ("--id", "--name", "--title", "--idempotency-key"):
        assert bench.error("ingest", "a.txt", "b.txt", flag, "x", expect=2)["code"] == "invalid_argument"
    for attribute in ("novalue", "=x", ":=1", "n:=not json"):
        bench.error("ingest", "a.txt", "--attribute", attribute, expect=2)
    bench.error("ingest", "-", "-", expect=2)
    bench.error("ingest", "a.txt", "--id", "../up", expect=2)
    assert not (bench.folder / "library/objects/documents").exists()


@case
def listing(bench):
    """Documents are listed, filtered, ordered and limited; JSON has every member, text is tab separated"""
    fill(bench)
    documents = bench.ok("list", "--json").json
    assert len(documents) == 4 and all(MEMBERS <= d.keys() for d in documents)
    assert [d["id"] for d in documents] == sorted(d["id"] for d in documents)
    rows = [line.split("\t") for line in bench.ok("list").lines]
    assert [row[0] for row in rows] == [d["id"] for d in documents] and all(len(row) == 5 for row in rows)
    names = [d["name"] for d in bench.ok("list", "--filter", 'tags has "letter"', "--order", "-name", "--json").json]
    assert names == ["ben.md", "anna.txt", "2025/carl.html"], names
    two_keys = bench.ok("list", "--order", "content_type,-size", "--json").json
    assert [d["content_type"] for d in two_keys] == sorted(d["content_type"] for d in two_keys)
    assert len(bench.ok("list", "--limit", "2", "--json").json) == 2
    assert bench.ok("list", "--filter", "size > 1000000").out == ""
    assert "place" in (error := bench.error("list", "--filter", "size > > 3", expect=2))["message"] or error["hint"]
    bench.error("list", "--order", "nonsense", expect=2)


@case
def listing_pages(bench):
    """A list longer than a page is whole, each document once"""
    for i in range(1100):
        bench.write(f"many/{i:04}.txt", f"Number {i}.\n")
    bench.ok("ingest", "many", "--no-summary", "--quiet")
    assert len({d["id"] for d in bench.ok("list", "--json").json}) == 1100
    assert len(bench.ok("list", "--limit", "1050").lines) == 1050


@case
def showing(bench):
    """A document is shown by its id or the front of it, unless the front is short or that of several"""
    fill(bench)
    shown = bench.ok("show", "report")
    for part in ("report.txt", "text/plain", "money", "sha256", "quarterly revenue"):
        assert part in shown.out, part
    identity = next(d["id"] for d in bench.ok("list", "--json").json if d["name"] == "anna.txt")
    assert bench.ok("show", identity[:6], "--json").json[0]["id"] == identity
    bench.write("x.txt", "First.")
    bench.write("y.txt", "Second.")
    bench.ok("ingest", "x.txt", "--id", "twin-1")
    bench.ok("ingest", "y.txt", "--id", "twin-2")
    several = bench.error("show", "twin", expect=2)
    assert "twin-1" in several["hint"] and "twin-2" in several["hint"], several
    assert bench.error("show", "rep", expect=3)["code"] == "not_found"
    assert bench.error("show", "nobody", expect=3)["code"] == "not_found"
    assert bench.error("show", "a/b", expect=2)["code"] == "invalid_argument"


@case
def searching(bench):
    """Hits come best first with score and snippet; corrections are told; facets are counted"""
    fill(bench)
    hits = bench.ok("search", "harbour", "--json").json
    assert {h["name"] for h in hits} == {"anna.txt", "ben.md"}
    assert all(MEMBERS | {"score", "snippet"} <= h.keys() for h in hits)
    assert [h["score"] for h in hits] == sorted((h["score"] for h in hits), reverse=True)
    assert all("harbour" in h["snippet"] for h in hits)
    text = bench.ok("search", "harbour")
    assert "**harbour**" in text.out and "\x1b" not in text.out, text
    typo = bench.ok("search", "quartely")
    assert "Showing results for quarterly (no document has quartely)" in typo.err and "**quarterly**" in typo.out, typo
    exact = bench.ok("search", "quartely", "--no-typo")
    assert exact.out == "" and "no document matches" in exact.err
    assert len(bench.ok("search", "harbour", "--limit", "1", "--json").json) == 1
    assert bench.ok("search", "harbour", "--filter", 'tags has "money"', "--json").json == []
    facets = bench.ok("search", "the", "--facet", "tags", "--json").json[-1]["facets"]["tags"]
    assert {"value": "letter", "count": 3} in facets, facets
    assert "letter (3)" in bench.ok("search", "the", "--facet", "tags").out
    assert len(bench.ok("search", "--json").json) == 4  # no words: every document
    assert [h["name"] for h in bench.ok("search", "--json", "--", "harbour", "-ferries").json] == ["anna.txt"]
    bench.error("search", "x", "--limit", "1001", expect=2)
    bench.error("search", "x", "--filter", "nonsense ==", expect=2)


@case
def summarizing(bench):
    """A document or a file is summarised, as long as asked for; a file is not stored"""
    fill(bench)
    one = bench.ok("summarize", "report", "--sentences", "1", "--json").json[0]
    assert one["id"] == "report" and len(one["sentences"]) == 1 and one["summary"] in REPORT
    assert {"title", "model", "bytes_read", "degraded", "attempts"} <= one.keys()
    sentence = one["sentences"][0]
    assert REPORT[sentence["offset"]:][:sentence["size"]] == one["summary"]
    bench.write("other/new.txt", "A tale of two towns. " + REPORT)
    of_file = bench.ok("summarize", "other/new.txt", "--words", "12", "--json").json[0]
    assert of_file["path"] == "other/new.txt" and len(of_file["summary"].split()) <= 12
    assert bench.status()["documents"] == 4
    assert bench.ok("summarize", "report").out.strip()
    assert bench.error("summarize", "neither", expect=3)["code"] == "not_found"
    assert bench.error("summarize", "no/such.txt", expect=3)["code"] == "not_found"
    bench.error("summarize", "report", "--sentences", "1", "--words", "5", expect=2)


@case
def summarizing_without_library(bench):
    """A file is summarised where there is no library, and none is made"""
    bench.write("alone.txt", REPORT)
    assert bench.ok("summarize", "alone.txt").out.strip()
    assert not (bench.folder / "library").exists()


@case
def getting(bench):
    """Bytes come back as they went in, to standard output or into a file that is whole or not there"""
    blob = bytes(range(256)) * 300
    bench.write("blob.bin", blob)
    bench.ok("ingest", "blob.bin", "--id", "blob")
    assert bench.ok("get", "blob").raw == blob
    bench.ok("get", "blob", "-o", "copy.bin")
    assert (bench.folder / "copy.bin").read_bytes() == blob
    assert bench.ok("get", "blob", "-o", "copy.bin", "--json").json[0]["output"] == "copy.bin"
    bench.error("get", "blob", "-o", "no/such/folder/x", expect=3)
    assert bench.error("get", "nobody", "-o", "never.bin", expect=3)["code"] == "not_found"
    assert not (bench.folder / "never.bin").exists()
    assert not [p for p in bench.folder.iterdir() if p.name not in ("blob.bin", "copy.bin", "library")]


@case
def removing(bench):
    """Documents are removed with their bytes and entries; a dry run removes none; unknown ones are told"""
    fill(bench)
    assert bench.ok("remove", "report", "--dry-run", "--json").json == [
        {"id": "report", "name": "report.txt", "outcome": "would_remove"}]
    assert bench.status()["documents"] == 4
    assert bench.ok("remove", "report", "--json").json[0]["outcome"] == "removed"
    assert bench.status()["documents"] == 3 and bench.ok("search", "revenue", "--json").json == []
    assert bench.error("remove", "report", expect=3)["code"] == "not_found"
    identity = bench.ok("list", "--json").json[0]["id"]
    mixed = bench.run("remove", "nobody", identity, "--json", expect=7)
    assert [("error" in line) for line in mixed.json] == [True, False], mixed
    assert bench.ok("sweep", "--dry-run", "--json").json[0]["clean"] is True


@case
def status_and_upkeep(bench):
    """status, resume, sweep and diagnose say that all is well, each in its JSON form"""
    fill(bench)
    status = bench.status()
    assert status["documents"] == 4 and status["pending"] == 0 and status["jobs"] == [] and status["incomplete"] == 0
    assert status["bytes"] == len(REPORT) + sum(len(t) for t in LETTERS.values())
    assert status["bytes_on_disk"] > status["bytes"] and status["content_types"]["text/plain"] == 2
    assert "4" in bench.ok("status").out
    assert bench.ok("resume", "--json").json == [{"finished": 0, "in_progress": 0, "failed": []}]
    sweep = bench.ok("sweep", "--json").json[0]
    assert sweep["clean"] is True and sweep["dry_run"] is False
    assert {"orphan_objects", "dangling_documents", "missing_entries", "orphan_entries", "temporary"} <= sweep.keys()
    findings = bench.ok("diagnose", "--json").json
    assert {f["level"] for f in findings} <= {"ok", "warning"}
    assert {"store", "metadata", "search", "journal"} <= {f["component"] for f in findings}


@case
def sweeping(bench):
    """A sweep reports lost bytes and removes what nobody owns, but only when it is no dry run"""
    fill(bench)
    bench.ok("remove", "report")
    victim = next(p for p in (bench.folder / "library/objects").rglob("*") if p.is_file() and p.stat().st_size > 10)
    victim.unlink()
    report = bench.run("sweep", "--dry-run", "--json", expect=7).json[0]
    assert len(report["dangling_documents"]) == 1 and report["dry_run"] is True
    assert bench.status()["documents"] == 3


@case
def configuration(bench):
    """Flags beat the environment, which beats the configuration file, which beats ./library; origins are told"""
    bench.write("c/settings.toml", 'library = "from-file"\n[profiles.work]\nlibrary = "from-profile"\n')
    flag = ("--config", "c/settings.toml")

    def library(*arguments, env=None):
        shown = bench.ok("config", "show", "--origin", "--json", *arguments, env=env).json[0]
        return shown["library"].rstrip("/").rsplit("/", 1)[-1], shown["origin"]["library"]

    assert library() == ("library", "default")
    assert library(*flag)[0] == "from-file"
    assert library(*flag, "--profile", "work")[0] == "from-profile"
    name, origin = library(*flag, env={"DOCUPILOT_LIBRARY": "from-env"})
    assert name == "from-env" and "DOCUPILOT_LIBRARY" in origin, origin
    assert library(*flag, "--library", "from-flag", env={"DOCUPILOT_LIBRARY": "from-env"})[0] == "from-flag"
    assert library(env={"DOCUPILOT_CONFIG": "c/settings.toml", "DOCUPILOT_PROFILE": "work"})[0] == "from-profile"
    assert library("--library", "config:c/settings.toml#work")[0] == "from-profile"
    bench.write("xdg/docupilot/config.toml", 'library = "from-home"\n')
    home = {"XDG_CONFIG_HOME": str(bench.folder / "xdg")}
    assert library(env=home)[0] == "from-home"
    path = bench.ok("config", "path", "--json", env=home).json[0]
    assert path["exists"] is True and path["path"].endswith("xdg/docupilot/config.toml")
    assert "library" in bench.ok("config", *flag).out and "from-file" in bench.ok("config", *flag).out
    assert bench.error("config", "--config", "missing.toml", expect=3)["code"] == "not_found"
    assert bench.error("config", *flag, "--profile", "nobody", expect=3)["code"] == "not_found"
    bench.write("bad.toml", "library = \n")
    bench.error("list", "--config", "bad.toml", expect=2)
    bench.write("unknown.toml", 'libary = "x"\n')
    bench.error("list", "--config", "unknown.toml", expect=2)


@case
def other_libraries(bench):
    """A library is named before or after the subcommand, as a folder or a URL; one in memory starts empty"""
    bench.write("a.txt", REPORT)
    bench.ok("--library", "one", "ingest", "a.txt")
    assert bench.status("--library", "file:one")["documents"] == 1
    assert bench.ok("--library=memory:", "status", "--json").json[0]["documents"] == 0
    assert bench.error("list", "--library", "nonsense://x", expect=2)["code"]
    assert bench.error("ingest", "a.txt", env={"DOCUPILOT_STORE": "tape:x"}, expect=1)["code"] == "unsupported"


@case
def usage_errors(bench):
    """A command line that cannot be read ends with 2, a hint, and in JSON mode with a line on standard output"""
    for words in ([], ["frobnicate"], ["list", "--frobnicate"], ["show"], ["ingest"], ["list", "--limit", "-1"]):
        run = bench.run(*words, expect=2)
        assert run.out == "" and run.err.startswith("docupilot: ") and "  hint: docupilot" in run.err, run
        assert bench.run(*words, "--json", expect=2).json[0]["error"]["code"] == "invalid_argument"
    assert re.fullmatch(r"docupilot \d+\.\d+\.\d+\n", bench.ok("--version").out)
    assert bench.ok("list", "--version").out == bench.ok("--version").out


@case
def timeouts(bench):
    """--timeout ends a call that waits, with the exit code for trying again"""
    waiting = bench.start("ingest", "-", "--timeout", "0.2", "--json", stdin=subprocess.PIPE)
    out = waiting.stdout.read()
    code = waiting.wait(timeout=20)
    waiting.stdin.close()
    waiting.stderr.close()
    assert code == 5 and json.loads(out.splitlines()[0])["error"]["code"] == "timeout", (code, out)


@case
def help_texts(bench):
    """Every subcommand has help that ends with examples; the main help documents the exit codes"""
    main = bench.ok("--help").out
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "130"):
        assert code in main.split("Exit codes:")[1]
    for name in SUBCOMMANDS:
        assert f"\n  {name} " in main, name
        text = bench.ok(name, "--help").out
        assert 2 <= len(examples(text)) <= 3, (name, examples(text))
        assert text.startswith(bench.ok(name, "-h").out[:100])
        for line in text.splitlines() + main.splitlines():
            assert len(line) <= 120 and "\x1b" not in line, line


def examples(help_text):
    block = help_text.split("Examples:\n")[1].split("\n\n")[0]
    return [line.strip() for line in block.splitlines() if line.strip()]


@case
def help_examples(bench):
    """Every example in the help runs as it stands there"""
    fill(bench)
    shutil.copytree(bench.folder / "library", bench.folder / "kept-library")
    bench.write("2026.txt", REPORT)
    for name in ["", *SUBCOMMANDS]:
        for example in examples(bench.ok(*([name] if name else []), "--help").out):
            shutil.rmtree(bench.folder / "library")
            shutil.copytree(bench.folder / "kept-library", bench.folder / "library")
            with Stub() as store:
                for key in ("key", "reports/2026.txt"):
                    store.add(key, REPORT)
                shell = subprocess.run(["bash", "-c", "set -o pipefail; " + example], cwd=bench.folder,
                                       env={**bench.env, **store.environment}, capture_output=True, text=True, timeout=30)
            assert shell.returncode == 0, f"{example}: exit {shell.returncode}\n{shell.stdout}\n{shell.stderr}"


def complete_in_bash(bench, *words):
    script = ("source <(docupilot completion bash) && COMP_WORDS=(\"$@\") && COMP_CWORD=$(($# - 1)) && "
              "complete -p docupilot >/dev/null && { _docupilot; printf '%s\\n' \"${COMPREPLY[@]}\"; }")
    run = subprocess.run(["bash", "-c", script, "bash", "docupilot", *words], cwd=bench.folder, env=bench.env,
                         capture_output=True, text=True, timeout=20)
    assert run.returncode == 0, run
    return [line for line in run.stdout.splitlines() if line]


@case
def completion_in_bash(bench):
    """bash completes subcommands, flags of both kinds, choices and file names"""
    bench.write("some report.txt", REPORT)
    assert complete_in_bash(bench, "su") == ["summarize"]
    assert set(complete_in_bash(bench, "")) == set(SUBCOMMANDS)
    assert complete_in_bash(bench, "ingest", "--idem") == ["--idempotency-key"]
    assert complete_in_bash(bench, "list", "--lib") == ["--library"]
    assert set(complete_in_bash(bench, "list", "--color", "")) == {"auto", "always", "never"}
    assert complete_in_bash(bench, "list", "--progress", "=", "pl") == ["plain"]
    assert complete_in_bash(bench, "--library", "list", "sta") == ["status"]
    assert complete_in_bash(bench, "completion", "z") == ["zsh"]
    assert complete_in_bash(bench, "ingest", "som") == ["some report.txt"]
    assert complete_in_bash(bench, "list", "--frob") == []


def check_script(bench, shell, *check):
    if shutil.which(shell) is None:
        raise Skip(f"{shell} is not installed")
    script = bench.write(f"completion.{shell}", bench.ok("completion", shell).out)
    run = subprocess.run([shell, *check, str(script)], env=bench.env, capture_output=True, text=True, timeout=20)
    assert run.returncode == 0 and not run.stderr, run


@case
def completion_in_zsh(bench):
    """The script for zsh is one that zsh reads"""
    check_script(bench, "zsh", "-n")


@case
def completion_in_fish(bench):
    """The script for fish is one that fish reads"""
    check_script(bench, "fish", "--no-execute")
    run = subprocess.run(["fish", "-c", "source completion.fish; complete -C 'docupilot su'"], cwd=bench.folder,
                         env=bench.env, capture_output=True, text=True, timeout=20)
    assert run.stdout.startswith("summarize"), run
