#!/usr/bin/python3
"""Shows that verify mode catches what it is there for: each request here is right but for one thing, and must be refused
for that thing. The right ones must pass, or a sink that refuses everything would do.

    sink_check.py --programs build/bench
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import hmac
import http.client
import pathlib
import re
import sys
import zlib

from measure import ACCESS_KEY, SECRET_KEY
from server import Server

SCOPE_TAIL = "us-east-1/s3/aws4_request"
PART = b"docupilot!" * 524288  # 5 MiB
EMPTY = hashlib.sha256(b"").hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    """SigV4 as the specification has it, made here anew."""

    def __init__(self):
        self.date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.date[:8]}/{SCOPE_TAIL}"
        self.key = ("AWS4" + SECRET_KEY).encode()
        for step in self.scope.split("/"):
            self.key = mac(self.key, step)

    def head(self, method, path, query, headers, payload):
        """Adds what signs the request, and returns the signature."""
        headers.update({"x-amz-date": self.date, "x-amz-content-sha256": payload})
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = mac(self.key, f"AWS4-HMAC-SHA256\n{self.date}\n{self.scope}\n{digest}").hex()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{self.scope}, SignedHeaders={names}, "
                                    f"Signature={signature}")
        return signature

    def chunk(self, before, data):
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{self.date}\n{self.scope}\n{before}\n{EMPTY}\n{hashlib.sha256(data).hexdigest()}"
        return mac(self.key, text).hex()

    def trailer(self, before, line):
        digest = hashlib.sha256((line + "\n").encode()).hexdigest()
        return mac(self.key, f"AWS4-HMAC-SHA256-TRAILER\n{self.date}\n{self.scope}\n{before}\n{digest}").hex()


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class Client:
    def __init__(self, server):
        self.server, self.signer = server, Signer()

    def send(self, method, path, query="", body=b"", payload=None, headers=None, frame=None, spoil=None):
        """`frame(seed)` makes the body once the head is signed; `spoil(headers)` changes the head behind the signature."""
        headers = {"host": f"127.0.0.1:{self.server.http}", **(headers or {})}
        seed = self.signer.head(method, path, query, headers, payload or hashlib.sha256(body).hexdigest())
        body = frame(seed) if frame else body
        if spoil:
            spoil(headers)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http, timeout=60)
        connection.request(method, path + (f"?{query}" if query else ""), body, headers)
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        code = re.search("<Code>(.*?)</Code>", text)
        return reply.status, code[1] if code else "", dict(reply.getheaders()), text


def chunked(signer, data, signed, trailer_value=None, flip_chunk=False, flip_trailer=False):
    """An aws-chunked body as a function of the seed; the trailer, if any, is a CRC-32."""
    def frame(seed):
        out = b""
        before = seed
        for chunk in (data[:65536], data[65536:], b""):
            extension = ""
            if signed:
                before = signer.chunk(before, chunk)
                extension = f";chunk-signature={before[::-1] if flip_chunk and chunk else before}"
            out += f"{len(chunk):x}{extension}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
        if trailer_value is not None:
            line = f"x-amz-checksum-crc32:{trailer_value}"
            out += line.encode() + b"\r\n"
            if signed:
                told = signer.trailer(before, line)
                out += f"x-amz-trailer-signature:{told[::-1] if flip_trailer else told}\r\n".encode()
        return out + b"\r\n"
    return frame


def put_cases(client):
    """(what, status and code that must come, what came)."""
    data = PART[:100_000]
    flipped = bytes([data[0] ^ 1]) + data[1:]
    path = "/bucket/one"
    send = client.send

    def stream(kind, frame, **more):
        headers = {"x-amz-decoded-content-length": str(len(data)), "content-encoding": "aws-chunked"}
        if kind.endswith("TRAILER"):
            headers["x-amz-trailer"] = "x-amz-checksum-crc32"
        return send("PUT", path, payload=kind, headers=headers, frame=frame, **more)

    signed, signed_trailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    plain_trailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    crc, wrong = crc32(data), crc32(flipped)
    s = client.signer
    crc64_of_digits = base64.b64encode(bytes.fromhex("ae8b14860a799888")).decode()
    crc32c_of_digits = base64.b64encode(bytes.fromhex("e3069283")).decode()

    def checked(name, value, body=b"123456789"):
        return send("PUT", path, body=body, headers={f"x-amz-checksum-{name}": value})

    yield "a signed body", 200, "", send("PUT", path, body=data)
    yield "a flipped byte under a signed SHA-256", 400, "XAmzContentSHA256Mismatch", send(
        "PUT", path, payload=hashlib.sha256(data).hexdigest(), frame=lambda seed: flipped)
    yield "a wrong signature of the head", 403, "SignatureDoesNotMatch", send(
        "PUT", path, body=data, spoil=lambda h: h.update(authorization=h["authorization"][:-1] + "x"))
    yield "a header that changed behind the signature", 403, "SignatureDoesNotMatch", send(
        "PUT", path, body=data, headers={"x-amz-meta-a": "1"}, spoil=lambda h: h.update({"x-amz-meta-a": "2"}))
    yield "a header outside the signature", 403, "SignatureDoesNotMatch", send(
        "PUT", path, body=data, spoil=lambda h: h.update({"x-amz-meta-a": "2"}))
    yield "no signature", 403, "AccessDenied", send("PUT", path, body=data, spoil=lambda h: h.pop("authorization"))
    yield "signed chunks", 200, "", stream(signed, chunked(s, data, True))
    yield "a wrong chunk signature", 400, "SignatureDoesNotMatch", stream(signed, chunked(s, data, True, flip_chunk=True))
    yield "a flipped byte in a signed chunk", 400, "SignatureDoesNotMatch", stream(
        signed, lambda seed: chunked(s, data, True)(seed).replace(data[:65536], flipped[:65536], 1))
    yield "signed chunks with a trailer", 200, "", stream(signed_trailer, chunked(s, data, True, crc))
    yield "a wrong trailer signature", 400, "SignatureDoesNotMatch", stream(
        signed_trailer, chunked(s, data, True, crc, flip_trailer=True))
    yield "a wrong trailer checksum, rightly signed", 400, "BadDigest", stream(
        signed_trailer, chunked(s, data, True, wrong))
    yield "unsigned chunks with a trailer", 200, "", stream(plain_trailer, chunked(s, data, False, crc))
    yield "a wrong trailer checksum", 400, "BadDigest", stream(plain_trailer, chunked(s, data, False, wrong))
    yield "a flipped byte before a trailer", 400, "BadDigest", stream(plain_trailer, chunked(s, flipped, False, crc))
    yield "no trailer where one is announced", 400, "MalformedTrailerError", stream(plain_trailer, chunked(s, data, False))
    yield "another length than was told", 400, "IncompleteBody", stream(
        plain_trailer, chunked(s, data[:-1], False, crc32(data[:-1])))
    yield "a right CRC64NVME", 200, "", checked("crc64nvme", crc64_of_digits)
    yield "a wrong CRC64NVME", 400, "BadDigest", checked("crc64nvme", crc64_of_digits, b"123456780")
    yield "a right CRC32C", 200, "", checked("crc32c", crc32c_of_digits)
    yield "a wrong CRC32C", 400, "BadDigest", checked("crc32c", crc32c_of_digits, b"123456780")
    yield "a wrong CRC32", 400, "BadDigest", checked("crc32", wrong)
    yield "a wrong Content-MD5", 400, "BadDigest", send(
        "PUT", path, body=data, headers={"content-md5": base64.b64encode(hashlib.md5(flipped).digest()).decode()})
    yield "a checksum nobody knows", 400, "InvalidRequest", checked("crc99", "AAAA")


def upload(client, parts, names, headers=None, sum_of=None):
    """A multipart upload whose parts are {number: bytes} and whose completion names `names`."""
    path = "/bucket/many"
    upload_id = re.search("<UploadId>(.*?)<", client.send("POST", path, "uploads=")[3])[1]
    etags = {}
    for number, data in parts.items():
        reply = client.send("PUT", path, f"partNumber={number}&uploadId={upload_id}", data)
        etags[number] = reply[2]["ETag"]
    xml = "<CompleteMultipartUpload>"
    for number in names:
        checksum = f"<ChecksumCRC32>{crc32(sum_of)}</ChecksumCRC32>" if sum_of else ""
        xml += f"<Part><PartNumber>{number}</PartNumber><ETag>{etags.get(number, '0')}</ETag>{checksum}</Part>"
    xml += "</CompleteMultipartUpload>"
    return client.send("POST", path, f"uploadId={upload_id}", xml.encode(), headers=headers or {})


def multipart_cases(client):
    two = {1: PART, 2: b"end"}
    whole = crc32(PART + b"end")
    yield "two parts", 200, "", upload(client, two, [1, 2])
    yield "two parts with the whole object's checksum", 200, "", upload(
        client, two, [1, 2], {"x-amz-checksum-crc32": whole, "x-amz-checksum-type": "FULL_OBJECT"})
    yield "a wrong checksum of the whole object", 400, "BadDigest", upload(
        client, two, [1, 2], {"x-amz-checksum-crc32": crc32(b"end" + PART), "x-amz-checksum-type": "FULL_OBJECT"})
    yield "a wrong size of the whole object", 400, "InvalidRequest", upload(
        client, two, [1, 2], {"x-amz-mp-object-size": "5"})
    yield "a part that was never sent", 400, "InvalidPart", upload(client, {1: PART}, [1, 2])
    yield "a part that is left out", 400, "InvalidPart", upload(client, two, [1])
    yield "a hole among the parts", 400, "InvalidPart", upload(client, {1: PART, 3: b"end"}, [1, 3])
    yield "parts in the wrong order", 400, "InvalidPartOrder", upload(client, {1: PART, 2: PART}, [1, 2, 1])
    yield "parts that begin at the end", 400, "InvalidPart", upload(client, {1: PART, 2: PART}, [2, 1])
    yield "a part that is too small", 400, "EntityTooSmall", upload(client, {1: b"x", 2: b"end"}, [1, 2])
    yield "another checksum of a part", 400, "InvalidPart", upload(client, {1: b"end"}, [1], sum_of=b"another")


def check(server):
    """Returns how many of how many cases were not as they must be."""
    server.begin("verify")
    client = Client(server)
    assert binascii.crc32(b"123456789") == 0xCBF43926
    wrong = count = refused = 0
    for cases in (put_cases, multipart_cases):
        for what, status, code, came in cases(client):
            count += 1
            refused += status != 200
            if came[:2] != (status, code):
                wrong += 1
                print(f"  FAIL {what}: {came[0]} {came[1]}, not {status} {code}")
    report = server.report()
    if len(report["breaches"]) != refused:
        wrong += 1
        print(f"  FAIL {refused} requests were refused, and {len(report['breaches'])} noted")
    kept = report["stored"]["objects"].get("/bucket/many", {})
    if kept.get("sha256") != hashlib.sha256(PART + b"end").hexdigest():
        wrong += 1
        print(f"  FAIL the joined object is {kept}")
    return wrong, count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    with Server(parser.parse_args().programs.resolve(), ACCESS_KEY, SECRET_KEY, None) as server:
        wrong, count = check(server)
    print(f"{count - wrong} of {count} checks of the sink are as they must be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
