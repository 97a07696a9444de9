#!/usr/bin/python3
"""Draws what the benchmarks measured, as plain SVG.

    plot.py --results build/bench-results --out docs/bench

Reads what tests/bench/run.py wrote; results that are not there are passed over. Each picture is readable on a light and
on a dark page. Bars that are ours are blue, those of others grey.
"""

import argparse
import json
import math
import pathlib
import sys
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH = 760
LABELS = 250  # room for the names of the bars
VALUES = 90   # room for the figures behind them
ROW = 24
BAR = 14

STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #57606a }
  .title { font-size: 16px; font-weight: 600; fill: #24292f }
  .head { font-weight: 600 }
  .value { font-variant-numeric: tabular-nums }
  .axis { stroke: #8c959f; stroke-opacity: .45 }
  .goal { stroke: #bc4c00; stroke-dasharray: 4 3 }
  .goaltext { fill: #bc4c00; font-size: 11px }
  .ours { fill: #2f81f7 }
  .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #9da7b1 }
    .title { fill: #e6edf3 }
    .goal { stroke: #f0883e }
    .goaltext { fill: #f0883e }
  }
"""


@dataclass
class Bar:
    label: str
    value: float
    ours: bool = False


@dataclass
class Panel:
    head: str                # what is measured, its unit, and which way is better
    bars: list = field(default_factory=list)
    goal: float | None = None
    digits: int = 2


def nice_top(value):
    """The smallest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not below value."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value)


def figure(value, digits):
    return f"{value:,.{digits}f}".replace(",", "\u2009")


def draw(title, note, panels):
    parts = []
    y = 28
    parts.append(f'<text class="title" x="0" y="{y}">{escape(title)}</text>')
    y += 20
    parts.append(f'<text x="0" y="{y}">{escape(note)}</text>')
    room = WIDTH - LABELS - VALUES
    for panel in panels:
        y += 34
        parts.append(f'<text class="head" x="0" y="{y}">{escape(panel.head)}</text>')
        y += 10
        top = nice_top(max([bar.value for bar in panel.bars] + ([panel.goal] if panel.goal else [])))
        first = y
        for bar in panel.bars:
            length = max(1.0, bar.value / top * room)
            kind = "ours" if bar.ours else "other"
            middle = y + ROW / 2
            parts.append(f'<text x="{LABELS - 10}" y="{middle + 4.5:.1f}" text-anchor="end">{escape(bar.label)}</text>')
            parts.append(f'<rect class="{kind}" x="{LABELS}" y="{middle - BAR / 2:.1f}" width="{length:.1f}" '
                         f'height="{BAR}" rx="2"/>')
            parts.append(f'<text class="value" x="{LABELS + length + 7:.1f}" y="{middle + 4.5:.1f}">'
                         f'{figure(bar.value, panel.digits)}</text>')
            y += ROW
        parts.append(f'<line class="axis" x1="{LABELS}" y1="{first}" x2="{LABELS}" y2="{y}"/>')
        if panel.goal:
            x = LABELS + panel.goal / top * room
            parts.append(f'<line class="goal" x1="{x:.1f}" y1="{first - 2}" x2="{x:.1f}" y2="{y + 2}"/>')
            parts.append(f'<text class="goaltext" x="{x:.1f}" y="{y + 14}" text-anchor="middle">goal '
                         f'{panel.goal:g}</text>')
            y += 14
    height = y + 16
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
            f'height="{height:.0f}" role="img" aria-label="{escape(title)}">\n<style>{STYLE}</style>\n'
            + "\n".join(parts) + "\n</svg>\n")


# ---- one function for each result: title, note, panels -------------------------------------------------------------

def hash_plot(results):
    """From Google Benchmark's JSON: the median speed of each row, hashing 8 MiB that stay in the cache's reach."""
    speeds = {}
    for row in results["benchmarks"]:
        if row.get("aggregate_name") == "median" and "/8MiB/hot" in row["run_name"]:
            speeds[row["run_name"].split("/8MiB")[0]] = row["bytes_per_second"] / 1e9
    panels = []
    for head, starts in (("SHA-256, GB/s, more is better", ("sha256",)),
                         ("CRC-32C, GB/s, more is better", ("crc32c", "isa-l crc32c")),
                         ("64-bit CRC, GB/s, more is better", ("crc64", "isa-l crc64"))):
        bars = [Bar(name, speed, not ("isa-l" in name or "evp" in name)) for name, speed in speeds.items()
                if name.startswith(starts)]
        if bars:
            panels.append(Panel(head, sorted(bars, key=lambda bar: -bar.value)))
    cpu = f"{results['context']['num_cpus']} processors, one thread"
    return "Hashing", f"8 MiB blocks, {cpu}; medians of interleaved runs", panels


def ingest_plot(results):
    names = [Bar(c["name"], c["ratio"], "floor" not in c["name"]) for c in results["contenders"]]
    seconds = [Bar(c["name"], c["seconds"], "floor" not in c["name"]) for c in results["contenders"]]
    return ("Ingesting small documents", f"{results['documents']:,} text documents, durable; medians of paired runs",
            [Panel("times the floor, which only writes files and rows durably; less is better", names, goal=2.0),
             Panel("seconds, less is better", seconds)])


def memory_plot(results):
    size = results["mebibytes"]
    return ("Memory for a large file", f"peak above the idle process while one file of {size:,} MiB is ingested",
            [Panel("MiB, less is better", [Bar("text", results["text_over_idle"], True),
                                           Bar("binary", results["binary_over_idle"], True)], goal=64.0, digits=1)])


ENGINES = {"fts5": "SQLite FTS5, bm25", "xapian": "Xapian, spelling corrected"}


def relevance_plot(results, peers):
    panels = []
    for kind in ("plain", "misspelt"):
        bars = [Bar("DocuPilot", results["all"][kind]["mrr10"], True)]
        bars += [Bar(label, peers["engines"][name][kind]["mrr10"]) for name, label in ENGINES.items()
                 if name in peers["engines"]]
        count = results["all"][kind]["questions"]
        panels.append(Panel(f"MRR@10 of {count} {kind} questions, more is better", bars, digits=3))
    return "Search that finds", f"{results['pages']:,} pages of PostgreSQL's documentation, one query path", panels


def speed_plot(results):
    def bars(figure_name):
        return [Bar(f"{row['documents']:,} documents", row[figure_name], True) for row in results]

    return ("Search speed", "one query after another; documents of 1 to 2 KiB, queries of many kinds",
            [Panel("median, ms, less is better", bars("query_p50_ms_wall")),
             Panel("99th percentile, ms, less is better", bars("query_p99_ms_wall"), goal=10.0)])


def http_plot(results, newer):
    runs = [results] + ([newer] if newer else [])
    panels = []
    for run in runs:
        bars = [Bar(row["name"], row["microseconds"], "floor" not in row["name"]) for row in run["contenders"]]
        panels.append(Panel(f"libcurl {run['libcurl']}: microseconds of processor time, less is better", bars, digits=0))
    for run in runs:
        bars = [Bar(row["name"], row["mallocs"], "floor" not in row["name"]) for row in run["contenders"]]
        panels.append(Panel(f"libcurl {run['libcurl']}: allocations, less is better", bars, digits=0))
    return "What a request costs", "one signed PUT of 64 KiB to a server on the same machine; medians of paired runs", panels


def upload_panels(results, cases, figure, digits):
    """A panel for each of `cases` (name, head, scale of the figure) that was measured; the best first."""
    panels = []
    for name, head, scale in cases:
        case = results["cases"].get(name, {})
        bars = [Bar(row["name"], row[figure] * scale(case), row["ours"]) for row in case.get("rows", []) if "samples" in row]
        if bars:
            panels.append(Panel(head, sorted(bars, key=lambda bar: bar.value), digits=digits))
    return panels


def upload_note(results):
    return f"{results['client']['name']} beside others, to a server on the same machine; medians of interleaved rounds"


def upload_plot(results):
    def per_gib(case):
        return (1 << 30) / case["bytes"]

    return ("What an upload costs", upload_note(results), upload_panels(results, [
        ("file-http", "one file over HTTP: processor seconds for a GiB, less is better", per_gib),
        ("file-https", "one file over HTTPS: processor seconds for a GiB, less is better", per_gib),
        ("stdin-http", "standard input over HTTP: processor seconds for a GiB, less is better", per_gib)], "cpu", 2))


def upload_small_plot(results):
    def per_object(case):
        return 1e6 / case["objects"]

    return ("What small files cost", upload_note(results), upload_panels(results, [
        ("small-http", "64 KiB each over HTTP: processor microseconds for one, less is better", per_object),
        ("small-https", "64 KiB each over HTTPS: processor microseconds for one, less is better", per_object)], "cpu", 0))


def upload_memory_plot(results):
    return ("What an upload needs of memory", upload_note(results), upload_panels(results, [
        ("file-http", "one file over HTTP: peak MiB, less is better", lambda case: 1 / 1024),
        ("stdin-http", "standard input over HTTP: peak MiB, less is better", lambda case: 1 / 1024)], "maxrss_kib", 0))


def upload_shaped_plot(results):
    def speed(name, what):
        case = results["cases"].get(name, {})
        bars = [Bar(row["name"], case.get("bytes", 0) / row["wall"] / 1e9 or case["objects"] / row["wall"], row["ours"])
                for row in case.get("rows", []) if "samples" in row]
        return Panel(what, sorted(bars, key=lambda bar: -bar.value), digits=2 if "bytes" in case else 0)

    panels = [speed("shaped-file", "one file: GB/s, more is better"),
              speed("shaped-small", "files of 64 KiB: objects a second, more is better")]
    return ("To a server like a distant one", "30 ms a request, 90 MB/s a connection; HTTP",
            [panel for panel in panels if panel.bars])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    def load(name):
        path = arguments.results / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None

    uploads = {"upload": upload_plot, "upload-small": upload_small_plot, "upload-memory": upload_memory_plot,
               "upload-shaped": upload_shaped_plot}
    plots = {"hash": (hash_plot, ["hash"]), "ingest": (ingest_plot, ["ingest"]), "memory": (memory_plot, ["memory"]),
             "relevance": (relevance_plot, ["relevance", "peers"]), "speed": (speed_plot, ["speed"]), "http": (http_plot, ["http", "http-curl"]),
             **{name: (plot, ["upload"]) for name, plot in uploads.items()}}
    optional = {"http-curl"}
    arguments.out.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for name, (plot, needed) in plots.items():
        results = [load(part) for part in needed]
        if any(result is None and part not in optional for part, result in zip(needed, results)):
            print(f"{name}: no results")
            continue
        path = arguments.out / f"{name}.svg"
        path.write_text(draw(*plot(*results)), encoding="utf-8")
        print(f"{name}: {path}")
        drawn += 1
    return 0 if drawn else 1


if __name__ == "__main__":
    sys.exit(main())
