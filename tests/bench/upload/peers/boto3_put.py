"""boto3 as its guide has it: upload_file and its defaults (parts of 8 MiB, 10 threads); of many files 10 at a time."""

import concurrent.futures
import sys

import boto3
from botocore.config import Config

from job import read_job


def main():
    job = read_job()
    client = boto3.client("s3", endpoint_url=job.endpoint, verify=job.ca_file if job.tls else None,
                          config=Config(s3={"addressing_style": "path"}, max_pool_connections=10))
    if job.stdin:
        client.upload_fileobj(sys.stdin.buffer, job.bucket, job.key)
        return
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        for done in [pool.submit(client.upload_file, path, job.bucket, key) for path, key in job.files()]:
            done.result()


main()
