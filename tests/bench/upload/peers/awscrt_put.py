"""aws-c-s3, by the Python package that brings it compiled: its defaults (10 Gb/s, which makes 25 connections; parts of
8 MiB), with a CRC64NVME in the trailer of each part. Small files are all handed over at once, as it wants them."""

import os

from awscrt.auth import AwsCredentialsProvider
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import ClientBootstrap, ClientTlsContext, TlsContextOptions
from awscrt.s3 import (S3ChecksumAlgorithm, S3ChecksumConfig, S3ChecksumLocation, S3Client, S3RequestTlsMode, S3RequestType,
                       create_default_s3_signing_config)

from job import read_job


def tls_of(job):
    options = TlsContextOptions()
    options.override_default_trust_store_from_path(ca_filepath=job.ca_file)
    connection = ClientTlsContext(options).new_connection_options()
    connection.set_server_name(job.host.split(":")[0])
    return connection


def main():
    job = read_job()
    provider = AwsCredentialsProvider.new_environment()
    client = S3Client(
        bootstrap=ClientBootstrap.get_or_create_static_default(), region="us-east-1",
        signing_config=create_default_s3_signing_config(region="us-east-1", credential_provider=provider),
        tls_mode=S3RequestTlsMode.ENABLED if job.tls else S3RequestTlsMode.DISABLED,
        tls_connection_options=tls_of(job) if job.tls else None)
    checksum = S3ChecksumConfig(algorithm=S3ChecksumAlgorithm.CRC64NVME, location=S3ChecksumLocation.TRAILER)
    requests = []
    for path, key in job.files():
        size = os.stat(path).st_size
        headers = HttpHeaders([("host", job.host), ("content-length", str(size)),
                               ("content-type", "application/octet-stream")])
        requests.append(client.make_request(
            type=S3RequestType.PUT_OBJECT, request=HttpRequest("PUT", f"/{job.bucket}/{key}", headers),
            send_filepath=path, checksum_config=checksum))
    for request in requests:
        request.finished_future.result()


main()
