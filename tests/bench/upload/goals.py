"""The goals, side by side with what was measured."""


def row_of(rows, start):
    return next((row for row in rows or [] if row["name"].startswith(start) and "failed" not in row), None)


def less_by(result, scheme, ours, rival, figure, start):
    """How many times less of `figure` we take than a rival, whose start is taken off."""
    us, them = row_of(result.get(scheme), ours), row_of(result.get(scheme), rival)
    if not us or not them:
        return None
    return (them[figure] - them.get(start, 0)) / max(us[figure], 1e-9)


def measured(results):
    """Goal: (what, ship, moonshot, value or None). A bound is ("<=", x) or (">=", x)."""
    def most(ship, moon):
        return ("<=", ship), ("<=", moon)

    def least(ship, moon):
        return (">=", ship), (">=", moon)

    def ratio(work, scheme, name="DocuPilot"):
        row = row_of((results.get(work) or {}).get(scheme), name)
        return row and row.get("ratio")

    w1, w4, w5, w6, w7 = (results.get(name) or {} for name in ("w1", "w4", "w5", "w6", "w7"))
    mallocs = results.get("mallocs") or {}
    unsigned = "DocuPilot unsigned" if w1.get("payload_choice") else "DocuPilot"
    yield "G1", "W1 HTTP, CPU by the raw sender", *most(1.15, 1.05), ratio("w1", "http", unsigned)
    yield "G2", "W1 HTTPS, CPU by the naive OpenSSL sender", *most(1.15, 0.75), ratio("w1", "https")
    yield "G3", "W1 HTTP signed, CPU by the two-pass sender", *most(1.10, 0.75), ratio("w1", "http_signed")
    for scheme, moon in (("http", 3), ("https", 5)):
        us = unsigned if scheme == "http" else "DocuPilot"
        yield "G4", f"W1 {scheme.upper()}, CPU less than aws-c-s3 by", *least(2.5, moon), less_by(
            w1, scheme, us, "awscrt", "cpu", "start_cpu")
    yield "G4", "W1 HTTP, RssAnon less than aws-c-s3 by", *least(15, 25), less_by(
        w1, "http", unsigned, "awscrt", "rss_anon_kib", "start_anon_kib")
    for rival, ship, moon in (("boto3", 5, 7), ("minio-cpp", 6, 8), ("s5cmd", 5, 10)):
        yield "G5", f"W1 HTTP, CPU less than {rival} by", *least(ship, moon), less_by(
            w1, "http", unsigned, rival, "cpu", "start_cpu")
    yield "G6", "W2 HTTP, CPU by the raw sender", *most(1.15, 0.95), ratio("w2", "http")
    yield "G6", "W2 HTTP, CPU less than aws-c-s3 by", *least(2, 2.4), less_by(
        results.get("w2") or {}, "http", "DocuPilot", "awscrt", "cpu", "start_cpu")
    yield "G7", "W3 HTTP, CPU by the raw sender", *most(1.25, 1.10), ratio("w3", "http")
    stdin = row_of((results.get("w3") or {}).get("http"), "DocuPilot")
    yield "G7", "W3 HTTP, peak RSS in MiB", *most(64, 64), stdin and stdin["maxrss_kib"] / 1024
    shaped = row_of(w4.get("http"), "DocuPilot")
    yield "G8", "W4 HTTP, wall by the ideal", *most(1.10, 1.03), shaped and shaped["over_ideal"]
    faulty = row_of(w5.get("faulty"), "DocuPilot")
    yield "G9", "W5 faulty, bytes sent by the ideal", *most(1.03, 1.02), faulty and faulty.get("sent_over_ideal")
    killed = w5.get("killed") or {}
    yield "G9", "W5 killed, acknowledged bytes sent again", *most(0, 0), killed.get("acknowledged_again_bytes")
    one, sparse = w6.get("one") or {}, w6.get("sparse") or {}
    known = "maxrss_kib" in one and "maxrss_kib" in sparse
    yield "G10", "W6, peak RSS of the sparse file less that of one, MiB", *most(2, 1), (
        (sparse["maxrss_kib"] - one["maxrss_kib"]) / 1024 if known else None)
    yield "G10", "W6, peak RSS in MiB", *most(24, 16), one["maxrss_kib"] / 1024 if known else None
    yield "G11", "allocations for a part of 8 MiB", *most(60, 10), mallocs.get("a_part")
    yield "G11", "allocations for a small file", *most(80, 10), mallocs.get("a_small_file")
    yield "G12", "CRC64NVME by aws-checksums", *least(0.95, 1.0), w7.get("crc64nvme_over_aws")
    yield "G12", "four lanes of SHA-256 by EVP", *least(1.6, 1.75), w7.get("sha256_x4_over_evp")


def meets(value, bound):
    return value <= bound[1] if bound[0] == "<=" else value >= bound[1]


def table(results):
    rows = []
    for goal, what, ship, moon, value in measured(results):
        met = "not measured" if value is None else (
            "moonshot" if meets(value, moon) else "ship" if meets(value, ship) else "no")
        rows.append({"goal": goal, "what": what, "ship": "{} {:g}".format(*ship), "moonshot": "{} {:g}".format(*moon),
                     "measured": value, "met": met})
    return rows


def print_table(rows):
    print(f"\n{'':4} {'':52} {'ship':>8} {'moonshot':>9} {'measured':>9}  met")
    for row in rows:
        value = "-" if row["measured"] is None else f"{row['measured']:.3g}"
        print(f"{row['goal']:4} {row['what']:52} {row['ship']:>8} {row['moonshot']:>9} {value:>9}  {row['met']}")


def print_race(title, rows):
    print(f"\n{title}\n  {'':24} {'CPU s':>8} {'x floor':>8} {'p10 - p90':>14} {'wall s':>8} {'RSS MiB':>8} {'anon':>7} "
          f"{'start s':>8} {'conns':>6}")
    for row in rows:
        if "failed" in row:
            print(f"  {row['name']:24} failed: {row['failed'][:90]}")
            continue
        ratio = f"{row['ratio']:8.2f} {row['ratio_p10']:6.2f} - {row['ratio_p90']:5.2f}" if "ratio" in row else " " * 23
        print(f"  {row['name']:24} {row['cpu']:8.3f} {ratio} {row['wall']:8.3f} {row['maxrss_kib'] / 1024:8.1f} "
              f"{row['rss_anon_kib'] / 1024:7.1f} {row.get('start_cpu', 0):8.3f} {row['counters']['connections']:6}")
