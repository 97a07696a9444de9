"""The goals that were set, and what of them was met. Each is a ratio within one run, or a count."""

from dataclasses import dataclass

from measure import median, paired

OURS = "DocuPilot"
FEW = "DocuPilot, unsigned payload, 4 connections"
CLOSE = 0.03  # one pair of runs is only good to some percent: nearer to a goal it needs more rounds
MIB_OF_KIB = 1024


@dataclass
class Goal:
    name: str
    what: str
    ship: float
    moonshot: float
    more: bool = False   # is better
    value: float | None = None
    unit: str = "x"
    digits: int = 2

    def met(self, bound):
        if self.value is None:
            return None
        return self.value >= bound if self.more else self.value <= bound

    @property
    def close(self):
        """Whether another run may well tell the other way."""
        return self.unit == "x" and self.value is not None and any(
            abs(self.value - bound) < CLOSE * max(1.0, bound) for bound in (self.ship, self.moonshot))


class Results:
    """The rows of a run, by case and contender."""

    def __init__(self, cases):
        self.cases = cases

    def row(self, case, name):
        """Our client goes by its name and whatever options stand behind it: the first such row is meant."""
        for row in self.cases.get(case, {}).get("rows", []):
            if row["name"] == name or (name == OURS and row["ours"]):
                return row if "samples" in row else None
        return None

    def ratio(self, case, ours, theirs, figure="cpu"):
        first, second = self.row(case, ours), self.row(case, theirs)
        ratios = paired(first, second, figure) if first and second else []
        return median(ratios) if ratios else None

    def times_less(self, case, rival, figure="cpu"):
        return self.ratio(case, rival, OURS, figure)

    def figure(self, case, name):
        return self.cases.get(case, {}).get(name)

    def memory(self, case):
        row = self.row(case, OURS)
        return row["maxrss_kib"] / MIB_OF_KIB if row else None

    def over_ideal(self, case):
        row = self.row(case, OURS)
        return row["wall"] / self.figure(case, "ideal_wall") if row else None

    def growth(self):
        rows = [row for row in self.cases.get("sparse", {}).get("rows", []) if "samples" in row]
        return (rows[-1]["maxrss_kib"] - rows[0]["maxrss_kib"]) / MIB_OF_KIB if len(rows) == 2 else None

    def sent(self):
        row = self.row("faulty", OURS)
        return row.get("sent") if row else None

    def resumed(self, name):
        samples = self.figure("resume", "samples")
        return max(sample[name] for sample in samples) / (1 << 20) if samples else None


def judge(cases):
    """Every goal with its value, where the run measured it."""
    r = Results(cases)
    return [
        Goal("G1", "file, HTTP: CPU to the raw floor", 1.15, 1.05, value=r.ratio("file-http", OURS, "floor file")),
        Goal("G1", "the same over 4 connections", 1.15, 1.05, value=r.ratio("file-http", FEW, "floor file")),
        Goal("G2", "file, HTTPS: CPU to the naive OpenSSL floor", 1.15, 0.75,
             value=r.ratio("file-https", OURS, "floor file")),
        Goal("G3", "file, HTTP, signed payload: CPU to the two-pass floor", 1.10, 0.75,
             value=r.ratio("file-http-signed", OURS, "floor signed")),
        Goal("G4", "file, HTTP: times less CPU than aws-c-s3", 2.5, 3, True, r.times_less("file-http", "awscrt")),
        Goal("G4", "file, HTTPS: times less CPU than aws-c-s3", 2.5, 5, True, r.times_less("file-https", "awscrt")),
        Goal("G4", "file, HTTP: times less memory than aws-c-s3", 15, 25, True,
             r.times_less("file-http", "awscrt", "maxrss_kib")),
        Goal("G5", "file, HTTP: times less CPU than boto3", 5, 7, True, r.times_less("file-http", "boto3")),
        Goal("G5", "file, HTTP: times less CPU than s5cmd", 5, 10, True, r.times_less("file-http", "s5cmd")),
        Goal("G6", "small files, HTTP: CPU to the raw floor", 1.15, 0.95, value=r.ratio("small-http", OURS, "floor small")),
        Goal("G6", "small files, HTTP: times less CPU than aws-c-s3", 2, 2.4, True, r.times_less("small-http", "awscrt")),
        Goal("G7", "standard input: CPU to the raw floor", 1.25, 1.10, value=r.ratio("stdin-http", OURS, "floor stdin")),
        Goal("G7", "standard input, 4 connections: peak memory", 64, 52, value=r.memory("stdin-http"), unit="MiB", digits=1),
        Goal("G8", "shaped server: time to the ideal of 16 connections", 1.10, 1.03, value=r.over_ideal("shaped-file")),
        Goal("G9", "1% of parts fail: bytes sent to bytes of data", 1.03, 1.02, value=r.sent(), digits=3),
        Goal("G9", "killed at half: bytes read again", 0, 0, value=r.resumed("read_again"), unit="MiB", digits=1),
        Goal("G9", "killed at half: acknowledged bytes sent again", 0, 0, value=r.resumed("sent_again"), unit="MiB", digits=1),
        Goal("G10", "sparse file: more memory for 64 times the size", 2, 1, value=r.growth(), unit="MiB", digits=1),
        Goal("G10", "file, 16 connections: peak memory", 24, 16, value=r.memory("file-http"), unit="MiB", digits=1),
        Goal("G11", "allocations for a part of 8 MiB", 60, 10, value=r.figure("mallocs", "per_part"), unit="", digits=0),
        Goal("G11", "allocations for a small file", 80, 10, value=r.figure("mallocs", "per_object"), unit="", digits=0),
        Goal("G12", "CRC64NVME: speed to aws-checksums", 0.95, 1.0, True, r.figure("kernels", "crc64nvme_to_aws")),
        Goal("G12", "SHA-256 in lanes: speed to EVP", 1.6, 1.75, True, r.figure("kernels", "sha256_to_evp")),
    ]


def as_json(goal):
    return {"name": goal.name, "what": goal.what, "value": goal.value, "unit": goal.unit, "ship": goal.ship,
            "moonshot": goal.moonshot, "more_is_better": goal.more, "ship_met": goal.met(goal.ship),
            "moonshot_met": goal.met(goal.moonshot), "close": goal.close}


def print_goals(goals):
    print(f"\n{'goal':5} {'what':57} {'ship':>9} {'moonshot':>9} {'measured':>11}")
    for goal in goals:
        sign = ">=" if goal.more else "<="
        value = "-" if goal.value is None else f"{goal.value:.{goal.digits}f} {goal.unit}".strip()
        told = ""
        if goal.value is not None:
            told = "moonshot" if goal.met(goal.moonshot) else "ship" if goal.met(goal.ship) else "MISSED"
            told += " (close: more rounds)" if goal.close else ""
        print(f"{goal.name:5} {goal.what:57} {sign + f'{goal.ship:g}':>9} {sign + f'{goal.moonshot:g}':>9} {value:>11}  {told}")
