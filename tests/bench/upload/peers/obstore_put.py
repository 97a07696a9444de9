"""obstore (object_store of Rust): put and its defaults (parts of 5 MiB, 12 at a time); of many files 12 at a time. put
wants to seek, so standard input goes through its buffered writer."""

import concurrent.futures
import pathlib
import shutil
import sys

import obstore
from obstore.store import S3Store

from job import read_job


def main():
    job = read_job()
    options = {"allow_http": not job.tls}
    if job.tls:
        options["root_certificate"] = pathlib.Path(job.ca_file).read_text()
    store = S3Store(job.bucket, endpoint=job.endpoint, region="us-east-1", virtual_hosted_style_request=False,
                    client_options=options)
    if job.stdin:
        with obstore.open_writer(store, job.key) as out:
            shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
    elif job.file:
        obstore.put(store, job.key, job.file)
    else:
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for done in [pool.submit(obstore.put, store, key, pathlib.Path(path)) for path, key in job.files()]:
                done.result()


main()
