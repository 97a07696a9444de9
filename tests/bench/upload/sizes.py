"""How much is measured, and the files that are uploaded."""

import os
import shutil
from dataclasses import dataclass

MIB = 1 << 20
PART = 8 * MIB
SMALL = 64 << 10


@dataclass
class Sizes:
    rounds: int = 10
    rival_rounds: int = 5
    file: int = 1024 * MIB
    stream: int = 1024 * MIB
    small_files: int = 10_000
    shaped_small_files: int = 2_000
    sparse_times: int = 64  # as large as the file is the sparse one whose memory is compared
    faulty_mode: str = "faulty"


QUICK = Sizes(rounds=1, rival_rounds=1, file=32 * MIB, stream=16 * MIB, small_files=200, shaped_small_files=50,
              sparse_times=4, faulty_mode="faulty&fault_part=0.2&stall_ms=50")


class Files:
    """The files of a run, below `folder`, each made when it is first asked for. They stay in the page cache."""

    def __init__(self, folder, sizes):
        self.folder, self.sizes = folder, sizes
        self.block = os.urandom(MIB)
        folder.mkdir(parents=True, exist_ok=True)

    def of_size(self, size):
        path = self.folder / f"file-{size}"
        if not path.exists():
            with path.open("wb") as out:
                for at in range(0, size, MIB):
                    out.write(self.block[:size - at])
        return path

    def small(self, count):
        path = self.folder / f"small-{count}"
        if not path.exists():
            path.mkdir()
            for i in range(count):
                at = i * 37 % (MIB - SMALL)
                (path / f"n{i:05}").write_bytes(self.block[at:at + SMALL])
        return path

    def sparse(self, size):
        path = self.folder / f"sparse-{size}"
        if not path.exists():
            with path.open("wb") as out:
                out.truncate(size)
        return path

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
