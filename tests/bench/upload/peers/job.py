"""What each of these programs is told: the same arguments for all.

    X_put.py --endpoint URL --ca-file PEM --bucket B --key K (--file PATH | --folder PATH | --stdin)

The files of a folder go under K and their names. Credentials and region are in the environment, as AWS's tools want them.
"""

import argparse
import pathlib
from dataclasses import dataclass


@dataclass
class Job:
    endpoint: str
    ca_file: str
    bucket: str
    key: str
    file: pathlib.Path | None
    folder: pathlib.Path | None
    stdin: bool

    @property
    def tls(self):
        return self.endpoint.startswith("https:")

    @property
    def host(self):
        return self.endpoint.split("//")[1]

    def files(self):
        """(path, key) of each file."""
        if self.file:
            return [(str(self.file), self.key)]
        return [(str(path), self.key + path.name) for path in sorted(self.folder.iterdir())]


def read_job():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--ca-file", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--key", required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--file", type=pathlib.Path)
    what.add_argument("--folder", type=pathlib.Path)
    what.add_argument("--stdin", action="store_true")
    return Job(**vars(parser.parse_args()))
