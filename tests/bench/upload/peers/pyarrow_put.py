"""Arrow's S3 file system: copy_files and its defaults, which is compiled code; standard input through an output stream."""

import shutil
import sys

from pyarrow import fs

from job import read_job


def main():
    job = read_job()
    s3 = fs.S3FileSystem(endpoint_override=job.host, scheme="https" if job.tls else "http", region="us-east-1",
                         tls_ca_file_path=job.ca_file if job.tls else None)
    if job.stdin:
        with s3.open_output_stream(f"{job.bucket}/{job.key}") as out:
            shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
        return
    local = fs.LocalFileSystem()
    if job.file:
        fs.copy_files(str(job.file), f"{job.bucket}/{job.key}", source_filesystem=local, destination_filesystem=s3)
    else:
        fs.copy_files(str(job.folder), f"{job.bucket}/{job.key.rstrip('/')}", source_filesystem=local,
                      destination_filesystem=s3)


main()
