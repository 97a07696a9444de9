"""On a terminal: the progress bar, tables, colours, and what is not shown to one."""

import json
import os
import re
import subprocess
import time

from harness import Screen, case, interrupt_when

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def many(bench, count=600, folder="d", prefix="a-rather-long-name-of-a-letter-日本語-"):
    for i in range(count):
        bench.write(f"{folder}/{prefix}{i:04}.txt", f"Letter {i} tells of ship {i * 7}, of its captain and its cargo. " * 60)


@case
def bar_at_every_width(bench):
    """The bar never wraps at 40, 80 and 200 columns, hides the cursor, and leaves nothing behind but the summary"""
    many(bench)
    for columns in (40, 80, 200):
        run = bench.on_terminal("--library", f"lib-{columns}", "ingest", "d", "--progress", "bar", columns=columns,
                                everything=False)
        assert run.code == 0, run
        screen = Screen(columns).feed(run.err)
        assert screen.wrapped == [] and screen.widest < columns, (columns, screen.widest, screen.wrapped[:2])
        assert screen.unknown == [] and screen.cursor_visible, screen.unknown
        assert "\x1b[?25l" in run.err, "no bar was drawn"
        assert re.fullmatch(r"600 documents: 600 new in [0-9.]+ s( \([0-9.]+ [KM]iB/s\))?\n", screen.text), screen.text
        drawn = [COLOUR.sub("", part) for part in run.err.split("\r") if "%" in part]
        assert drawn and any("600" in part for part in drawn), drawn[:3]
        if columns >= 80:
            assert any(c in run.err for c in "█▏▎▍▌▋▊▉"), "no blocks"


@case
def bar_and_results(bench):
    """With results and bar on one terminal each keeps to its own lines"""
    many(bench, prefix="n")
    run = bench.on_terminal("ingest", "d", "--progress", "bar", columns=100)
    assert run.code == 0
    rows = Screen(100).feed(run.err).text.splitlines()
    results = [row for row in rows if row.startswith("new ")]
    assert len(results) == 600 and all(re.fullmatch(r"new +\w+  n\d{4}\.txt", row) for row in results), rows[:3]
    assert [row for row in rows if row and not row.startswith("new ")][0].startswith("600 documents")


@case
def bar_without_unicode(bench):
    """A terminal that knows ASCII only gets a bar of it; a dumb one gets none"""
    many(bench, 300, prefix="n")
    plain = bench.on_terminal("ingest", "d", "--progress", "bar", everything=False, env={"LANG": "C", "LC_ALL": "C"})
    assert plain.code == 0 and "[#" in plain.err + "[#" and all(ord(c) < 128 for c in plain.err), plain.err[:200]
    dumb = bench.on_terminal("--library", "two", "ingest", "d", everything=False, env={"TERM": "dumb"})
    assert dumb.code == 0 and "\x1b" not in dumb.err, dumb.err[:200]


@case
def short_runs_show_no_bar(bench):
    """What is over at once shows no bar"""
    bench.write("a.txt", "A short letter.\n")
    bench.ok("ingest", "a.txt")  # makes the library, so that little is left to do
    run = bench.on_terminal("ingest", "a.txt", everything=False)
    assert "%" not in run.err and "\x1b[?25l" not in run.err, run.err


@case
def pipes_get_no_codes(bench):
    """In a pipe there is no bar, no colour and no code; --progress plain and none are obeyed"""
    many(bench, 200)
    run = bench.ok("ingest", "d")
    assert "\x1b" not in run.out + run.err and "\r" not in run.err and "%" not in run.err, run.err[:300]
    for mode in ("auto", "plain", "none"):
        assert "\x1b" not in bench.ok("ingest", "d", "--force", "--progress", mode).err


@case
def json_progress(bench):
    """--progress json writes objects to standard error that end at the whole"""
    many(bench, 200)
    run = bench.ok("ingest", "d", "--progress", "json", "--json", "--quiet")
    states = [json.loads(line)["progress"] for line in run.err.splitlines()]
    assert states and states[-1]["documents_done"] == 200 and states[-1]["fraction"] == 1, states[-1:]
    assert {"documents_total", "documents_failed", "bytes_done", "bytes_total", "documents_per_second"} <= states[-1].keys()
    assert len(run.json) == 200


@case
def colours(bench):
    """Colours appear on a terminal, and follow NO_COLOR, CLICOLOR_FORCE and --color, the flag first"""
    bench.write("a.txt", "The harbour opens in May.\n")
    bench.ok("ingest", "a.txt")
    coloured = "\x1b[1;33mharbour"
    assert coloured in bench.on_terminal("search", "harbour").err
    assert "\x1b" not in bench.on_terminal("search", "harbour", env={"NO_COLOR": "1"}).err
    assert coloured in bench.on_terminal("search", "harbour", env={"NO_COLOR": ""}).err
    assert "\x1b" not in bench.on_terminal("search", "harbour", env={"TERM": "dumb"}).err
    assert "\x1b" not in bench.ok("search", "harbour").out
    assert coloured in bench.ok("search", "harbour", env={"CLICOLOR_FORCE": "1"}).out
    assert "\x1b" not in bench.ok("search", "harbour", env={"CLICOLOR_FORCE": "0"}).out
    assert "\x1b" not in bench.ok("search", "harbour", env={"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}).out
    assert coloured in bench.ok("search", "harbour", "--color", "always", env={"NO_COLOR": "1"}).out
    assert "\x1b" not in bench.on_terminal("search", "harbour", "--color", "never").err
    assert "\x1b[1;31m" in bench.on_terminal("show", "nobody").err
    assert "\x1b" not in bench.on_terminal("show", "nobody", env={"NO_COLOR": "1"}).err


@case
def tables(bench):
    """A table fits the terminal; ids can be copied from it at any width"""
    bench.write("d/a-very-long-name-of-a-letter-that-does-not-fit-anywhere-日本語日本語日本語.txt", "A letter.\n" * 300)
    bench.write("d/line\nbreak.txt", "Another letter.\n")
    bench.ok("ingest", "d", "--tag", "letter", "--tag", "a-second-tag-that-is-long")
    ids = {d["id"] for d in bench.ok("list", "--json").json}
    for columns in (40, 60, 80, 120, 200):
        run = bench.on_terminal("list", columns=columns)
        screen = Screen(columns).feed(run.err)
        rows = COLOUR.sub("", screen.text).splitlines()
        assert screen.wrapped == [] and len(rows) == 3, (columns, screen.wrapped, rows)
        assert rows[0].startswith("ID") and "NAME" in rows[0] and "SIZE" in rows[0]
        for row in rows[1:]:
            shown = row.split()[0]
            assert bench.ok("show", shown, "--json").json[0]["id"] in ids
        if columns >= 80:
            assert {row.split()[0] for row in rows[1:]} == ids, rows


@case
def binary_on_a_terminal(bench):
    """Binary is not written to a terminal, and text is shown without its codes"""
    bench.write("blob.bin", bytes(range(256)))
    bench.write("sly.txt", "before \x1b[2J\x1b]0;owned\x07 after\nsecond line\n")
    bench.ok("ingest", "blob.bin", "--id", "blob")
    bench.run("ingest", "sly.txt", "--id", "sly-one", "--content-type", "text/plain")
    refused = bench.on_terminal("get", "blob")
    assert refused.code == 1 and "-o FILE" in refused.err and "\\x00" not in refused.err, refused
    shown = bench.on_terminal("get", "sly-one", env={"NO_COLOR": "1"})
    assert shown.code == 0 and "\x1b" not in shown.err and "second line" in shown.err, shown
    assert "\x1b[2J" in bench.ok("get", "sly-one").out


@case
def interrupt_restores_terminal(bench):
    """Ctrl-C in the middle of a bar gives the cursor back, clears the line and says how to go on"""
    many(bench, 1500, prefix="n")
    run = bench.on_terminal("ingest", "d", "--progress", "bar", columns=80, everything=False,
                            stop=interrupt_when(lambda seen: b"%" in seen))
    assert run.code == 130, run
    screen = Screen(80).feed(run.err)
    assert screen.cursor_visible, run.err[-200:]
    assert "%" not in screen.text and "docupilot resume --library ./library" in screen.text, screen.text


@case
def second_interrupt(bench):
    """A second Ctrl-C ends the command at once, with the cursor back"""
    many(bench, 1500, prefix="n")
    sent = []

    def twice(seen):
        if b"%" in seen and not sent:
            sent.append(time.monotonic())
            return interrupt_when(lambda _: True)(seen)
        return 0

    master_run = bench.on_terminal("ingest", "d", "--progress", "bar", everything=False, stop=twice)
    assert master_run.code == 130
    # Both signals in one moment: the first asks, the second ends.
    process = bench.start("ingest", "-", stdin=subprocess.PIPE)
    time.sleep(0.3)
    os.kill(process.pid, 2)
    os.kill(process.pid, 2)
    begin = time.monotonic()
    assert process.wait(timeout=10) == 130 and time.monotonic() - begin < 2
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
