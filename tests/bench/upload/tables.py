"""What a case measured, as text."""

MIB = 1 << 20


def columns(case):
    """(head, width, function of a row) of the figures that this case has."""
    found = [("wall s", 9, lambda row: f"{row['wall']:.3f}")]
    if "objects" in case:
        found += [("CPU us/object", 14, lambda row: f"{row['cpu'] / case['objects'] * 1e6:.1f}"),
                  ("objects/s", 10, lambda row: f"{case['objects'] / row['wall']:,.0f}")]
    elif case.get("bytes", 0) >= MIB:
        found += [("CPU s/GiB", 10, lambda row: f"{row['cpu'] / case['bytes'] * (1 << 30):.3f}"),
                  ("GB/s", 6, lambda row: f"{case['bytes'] / row['wall'] / 1e9:.2f}")]
    else:
        found.append(("CPU ms", 8, lambda row: f"{row['cpu'] * 1e3:.1f}"))
    if any("ratio" in row for row in case["rows"]):
        found.append(("CPU to floor (p10-p90)", 24,
                      lambda row: f"{row['ratio']:.2f} ({row['ratio_p10']:.2f}-{row['ratio_p90']:.2f})"))
    if "ideal_wall" in case:
        found.append(("to ideal", 9, lambda row: f"{row['wall'] / case['ideal_wall']:.2f}"))
    if any("sent" in row for row in case["rows"]):
        found += [("sent/data", 10, lambda row: f"{row['sent']:.3f}" if "sent" in row else "-"),
                  ("faults met", 11, lambda row: str(row["faults"]))]
    return found + [("peak MiB", 9, lambda row: f"{row['maxrss_kib'] / 1024:.0f}"),
                    ("anon", 6, lambda row: f"{row['rss_anon_kib'] / 1024:.0f}"),
                    ("conns", 6, lambda row: str(row["samples"][-1]["counters"]["connections"])),
                    ("requests", 9, lambda row: str(row["samples"][-1]["counters"]["requests"])),
                    ("expect", 7, lambda row: str(row["samples"][-1]["counters"]["expect"])),
                    ("rounds", 7, lambda row: str(len(row["samples"])))]


def print_case(name, case):
    print(f"\n{name}: {case['label']}" + (f": not measured: {case['skipped']}" if "skipped" in case else ""))
    for figure in ("per_part", "per_object", "sha256_to_evp", "crc64nvme_to_aws"):
        if case.get(figure) is not None:
            print(f"  {figure.replace('_', ' ')}: {case[figure]:.2f}")
    for sample in case.get("samples", []):
        print("  " + ", ".join(f"{figure.replace('_', ' ')} {value:,.1f}" for figure, value in sample.items()))
    if not case["rows"]:
        return
    found = columns(case)
    width = max(len(row["name"]) for row in case["rows"])
    print("  " + " " * width + "".join(f"{head:>{size + 1}}" for head, size, _ in found))
    for row in case["rows"]:
        if "samples" not in row:
            print(f"  {row['name']:{width}} failed: {row['failed'].splitlines()[0]}")
            continue
        print(f"  {row['name']:{width}}" + "".join(f"{tell(row):>{size + 1}}" for _, size, tell in found), flush=True)
