"""A small object store in memory that speaks S3, for what the command does with URLs. It is strict about what a request
must carry (a signature, the digest of its body) but does not check the signature: that is for the live tests."""

import hashlib
import http.server
import re
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate
from xml.sax.saxutils import escape, unescape

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def is_chunked(said):
    return said.startswith("STREAMING-")


def unchunked(framed):
    """The bytes in an aws-chunked body; its signatures and trailers are not looked at."""
    body, place = [], 0
    while True:
        end = framed.index(b"\r\n", place)
        size = int(framed[place:end].split(b";")[0], 16)
        if size == 0:
            return b"".join(body)
        body.append(framed[end + 2:end + 2 + size])
        place = end + 2 + size + 2


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=None, length=None):
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("x-amz-request-id", "stub")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fail(self, status, code):
        self.reply(status, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'.encode(),
                   {"Content-Type": "application/xml"})

    def allowed(self, body):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))
        if "X-Amz-Signature" in query:
            return True
        said = self.headers.get("x-amz-content-sha256", "")
        signed = re.match(r"AWS4-HMAC-SHA256 Credential=[^ ]+, ?SignedHeaders=[^ ]+, ?Signature=[0-9a-f]{64}$",
                          self.headers.get("Authorization", ""))
        return bool(signed) and (said in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()) or is_chunked(said))

    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if is_chunked(self.headers.get("x-amz-content-sha256", "")):
            body = unchunked(body)
        split = urllib.parse.urlsplit(self.path)
        bucket, _, key = split.path.lstrip("/").partition("/")
        query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        return body, bucket, urllib.parse.unquote(key), query

    def object_headers(self, key):
        data, content_type, when = self.server.objects[key]
        return {"ETag": f'"{hashlib.md5(data).hexdigest()}"', "Content-Type": content_type, "Last-Modified": when}

    def any_method(self):
        body, bucket, key, query = self.take()
        self.server.requests.append((self.command, self.path))
        objects = self.server.objects
        if not self.allowed(body):
            return self.fail(403, "AccessDenied")
        if self.command == "PUT" and not key:
            self.server.bucket = bucket
            return self.reply(200)
        if bucket != self.server.bucket:
            return self.fail(404, "NoSuchBucket")
        if "uploads" in query or "uploadId" in query:
            return self.multipart(body, bucket, key, query)
        if self.command == "POST" and "delete" in query:
            for name in re.findall(r"<Key>(.*?)</Key>", body.decode()):
                objects.pop(unescape(name), None)
            return self.reply(200, f"<DeleteResult {NAMESPACE}/>".encode())
        if not self.server.may_pass(self):
            return None
        if self.command == "PUT" and key:
            if self.headers.get("If-None-Match") == "*" and key in objects:
                return self.fail(412, "PreconditionFailed")
            content_type = self.headers.get("Content-Type", "binary/octet-stream")
            objects[key] = (body, content_type, formatdate(usegmt=True))
            return self.reply(200, headers={"ETag": self.object_headers(key)["ETag"]})
        if self.command == "DELETE" and key:
            objects.pop(key, None)
            return self.reply(204)
        if self.command in ("GET", "HEAD") and key:
            if key not in objects:
                return self.fail(404, "NoSuchKey")
            data = objects[key][0]
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if wanted:
                first, last = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
                if first >= len(data):
                    return self.fail(416, "InvalidRange")
                headers = {**self.object_headers(key), "Content-Range": f"bytes {first}-{last}/{len(data)}"}
                return self.reply(206, data[first:last + 1], headers)
            return self.reply(200, data, self.object_headers(key), len(data))
        if self.command == "GET" and query.get("list-type") == "2":
            return self.reply(200, self.listing(bucket, query), {"Content-Type": "application/xml"})
        if self.command == "HEAD":
            return self.reply(200, headers={"x-amz-bucket-region": "us-east-1"})
        return self.fail(501, "NotImplemented")

    def xml(self, name, content):
        self.reply(200, f'<?xml version="1.0"?><{name} {NAMESPACE}>{content}</{name}>'.encode(),
                   {"Content-Type": "application/xml"})

    def multipart(self, body, bucket, key, query):
        uploads = self.server.uploads
        if "uploads" in query and self.command == "POST":
            upload = f"upload-{self.server.begun}"
            self.server.begun += 1
            uploads[upload] = (key, {}, self.headers.get("Content-Type", "binary/octet-stream"))
            return self.xml("InitiateMultipartUploadResult",
                            f"<Bucket>{bucket}</Bucket><Key>{escape(key)}</Key><UploadId>{upload}</UploadId>")
        if "uploads" in query:
            rows = "".join(f"<Upload><Key>{escape(name)}</Key><UploadId>{upload}</UploadId>"
                           f"<Initiated>{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime())}</Initiated></Upload>"
                           for upload, (name, _, _) in uploads.items())
            return self.xml("ListMultipartUploadsResult", f"<Bucket>{bucket}</Bucket><IsTruncated>false</IsTruncated>{rows}")
        if query["uploadId"] not in uploads:
            return self.fail(404, "NoSuchUpload")
        _, parts, content_type = uploads[query["uploadId"]]
        if self.command == "PUT":
            number = int(query["partNumber"])
            if not self.server.may_pass(self):
                return None
            parts[number] = body
            self.server.parts_stored.append(number)
            return self.reply(200, headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})
        if self.command == "GET":
            rows = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{hashlib.md5(data).hexdigest()}&quot;</ETag>"
                           f"<Size>{len(data)}</Size></Part>" for number, data in sorted(parts.copy().items()))
            return self.xml("ListPartsResult", f"<UploadId>{query['uploadId']}</UploadId><IsTruncated>false</IsTruncated>{rows}")
        del uploads[query["uploadId"]]
        if self.command == "DELETE":
            return self.reply(204)
        named = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", body.decode())]
        data = b"".join(parts[number] for number in named)
        self.server.objects[key] = (data, content_type, formatdate(usegmt=True))
        return self.xml("CompleteMultipartUploadResult",
                        f"<Key>{escape(key)}</Key><ETag>&quot;{hashlib.md5(data).hexdigest()}&quot;</ETag>")

    def listing(self, bucket, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        encode = urllib.parse.quote if query.get("encoding-type") == "url" else escape
        rows, folded = [], []
        for key in sorted(self.server.objects, key=lambda text: text.encode()):
            if not key.startswith(prefix):
                continue
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            if end >= 0:
                if key[:end + len(delimiter)] not in folded:
                    folded.append(key[:end + len(delimiter)])
                continue
            data = self.server.objects[key][0]
            rows.append(f"<Contents><Key>{encode(key)}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
                        f"<ETag>&quot;{hashlib.md5(data).hexdigest()}&quot;</ETag><Size>{len(data)}</Size></Contents>")
        rows += [f"<CommonPrefixes><Prefix>{encode(each)}</Prefix></CommonPrefixes>" for each in folded]
        encoding = "<EncodingType>url</EncodingType>" if query.get("encoding-type") == "url" else ""
        return (f'<?xml version="1.0"?><ListBucketResult {NAMESPACE}><Name>{bucket}</Name><IsTruncated>false</IsTruncated>'
                f'{encoding}{"".join(rows)}</ListBucketResult>').encode()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = any_method


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def may_pass(self, handler):
        """Only so many requests that carry many bytes pass; the others wait, and are dropped in the end."""
        large = handler.command in ("PUT", "GET") and (handler.headers.get("Range") or "partNumber" in handler.path)
        if not large or self.room is None:
            return True
        with self.turn:
            if self.room > 0:
                self.room -= 1
                return True
        self.opened.wait(60)
        handler.close_connection = True
        return False

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a command that was killed hangs up
            super().handle_error(request, client_address)


class Stub:
    """Runs while the `with` lasts; `environment` leads the command there."""

    def __init__(self, bucket="bucket"):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.uploads = {}  # id: (key, {number: bytes}, content type)
        self.server.begun = 0
        self.server.parts_stored = []
        self.server.room = None
        self.server.turn = threading.Lock()
        self.server.opened = threading.Event()
        self.server.bucket = bucket
        self.server.objects = {}
        self.server.requests = []

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.opened.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, key, content, content_type="text/plain"):
        data = content if isinstance(content, bytes) else content.encode()
        self.server.objects[key] = (data, content_type, "Fri, 02 Jan 2026 03:04:05 GMT")

    def stop_after(self, count):
        """From now on so many parts or ranges pass; the others wait until `go_on`, and never come through."""
        self.server.opened.clear()
        self.server.room = count

    def go_on(self):
        self.server.room = None
        self.server.opened.set()

    @property
    def uploads(self):
        return self.server.uploads

    @property
    def parts_stored(self):
        return self.server.parts_stored

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def objects(self):
        return self.server.objects

    @property
    def environment(self):
        return {"AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_ACCESS_KEY_ID": "AKSTUB", "AWS_SECRET_ACCESS_KEY": "secret-of-the-stub",
                "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
