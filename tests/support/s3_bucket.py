"""The bucket behind an s3:// URL of a library's store, seen by boto3. Credentials come by the environment."""

import concurrent.futures
import hashlib
import urllib.parse

import boto3
import botocore.client


class Bucket:
    """`url` is "s3://BUCKET/PREFIX?endpoint=...&region=..."."""

    def __init__(self, url):
        split = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(split.query))
        self.name, self.prefix = split.netloc, split.path.strip("/")
        self.prefix += "/" if self.prefix else ""
        self.client = boto3.client("s3", endpoint_url=query["endpoint"], region_name=query.get("region", "us-east-1"),
                                   config=botocore.client.Config(s3={"addressing_style": "path"}))

    def create(self):
        self.client.create_bucket(Bucket=self.name)

    def keys(self):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix)
        return [row["Key"] for page in pages for row in page.get("Contents", [])]

    def objects(self):
        """The SHA-256 of each object, by its key."""
        def digest(key):
            return hashlib.sha256(self.client.get_object(Bucket=self.name, Key=key)["Body"].read()).hexdigest()
        keys = self.keys()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return dict(zip(keys, pool.map(digest, keys)))

    def remove_all(self):
        keys = self.keys()
        for first in range(0, len(keys), 1000):
            self.client.delete_objects(Bucket=self.name, Delete={"Objects": [{"Key": key} for key in keys[first:first + 1000]]})
