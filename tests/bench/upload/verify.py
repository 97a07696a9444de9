"""Verify mode for everybody who is to be raced: what they send must be right before it is fast."""

import hashlib

from contenders import Job
from measure import Failed

MIB = 1 << 20


def make_files(bench):
    """Files around the edges of parts: name, kind, path."""
    folder = bench.work / "verify"
    small = folder / "small"
    small.mkdir(parents=True, exist_ok=True)
    blocks = [hashlib.sha256(str(i).encode()).digest() * 2048 for i in range(64)]  # 64 KiB each

    def write(path, size):
        whole = b"".join(blocks)[:4 * MIB]
        path.write_bytes((whole * (size // len(whole) + 1))[:size])
        return path

    for i, block in enumerate(blocks[:20]):
        (small / f"n{i:02}").write_bytes(block)
    sizes = {"1 byte": 1, "8 MiB": 8 * MIB, "8 MiB and 1": 8 * MIB + 1, "33 MiB and a bit": 33 * MIB + 4711}
    cases = [(name, "file", write(folder / f"f{size}", size)) for name, size in sizes.items()]
    cases.append(("20 small files", "folder", small))
    for name, size in (("3 bytes of stdin", 3), ("20 MiB of stdin", 20 * MIB + 7)):
        cases.append((name, "stdin", write(folder / f"s{size}", size)))
    return cases


def expected(job):
    """Path of each object, and what it must be."""
    wanted = {}
    for file in job.files:
        data = open(file, "rb").read()
        path = f"/{job.bucket}/{job.key}" + (file.rsplit("/", 1)[1] if job.kind == "folder" else "")
        wanted[path] = (len(data), hashlib.sha256(data).hexdigest())
    return wanted


def verify_one(bench, contender, job):
    """What is wrong with it; "" when nothing is."""
    bench.server.begin("verify" + ("&anonymous=1" if contender.floor else ""))
    try:
        bench.run(contender, job)
    except Failed as failure:
        breaches = bench.server.report()["breaches"]
        return f"{failure}; {breaches[0] if breaches else 'nothing was refused'}"
    report = bench.server.report()
    if report["breaches"]:
        return report["breaches"][0]
    stored = {path: (o["size"], o["sha256"]) for path, o in report["stored"]["objects"].items()}
    wanted = expected(job)
    for path, what in wanted.items():
        if stored.get(path) != what:
            return f"{path} is {stored.get(path, 'not there')}"
    return f"{len(stored) - len(wanted)} objects too many" if len(stored) != len(wanted) else ""


def verify_all(bench, contenders, schemes, cases):
    """Returns what passed, as (scheme, kind, name), and every fault found. A contender is not raced over a scheme, at a
    kind of job, in which it sent anything wrong."""
    passed = set()
    faults = []
    for scheme in schemes:
        for contender in contenders:
            wrong = {}
            done = 0
            for name, kind, path in cases:
                if kind not in contender.kinds or kind in wrong:
                    continue
                key = "folder/" if kind == "folder" else "object"
                job = Job(kind, path, bench.server.endpoint(scheme), bench.server.ca_file, key)
                fault = verify_one(bench, contender, job)
                done += 1
                if fault:
                    wrong[kind] = f"{name}: {fault}"
                    faults.append({"contender": contender.name, "scheme": scheme, "case": name, "fault": fault})
            passed |= {(scheme, kind, contender.name) for kind in contender.kinds if kind not in wrong}
            print(f"  {'FAIL' if wrong else 'ok  '} {scheme:5} {contender.name}: {done} jobs"
                  + "".join(f"\n       {what}" for what in wrong.values()), flush=True)
    return passed, faults
