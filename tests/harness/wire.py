"""Requests made by hand, byte by byte: what no well-behaved client sends.

The signer is this file's own, written from AWS's description of Signature Version 4, so that the server is not
checked against itself or against botocore only.
"""

import dataclasses
import datetime
import hashlib
import hmac
import html
import http.client
import re
import socket
import struct
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib

from harness.cloud import REGION

UNSIGNED = "UNSIGNED-PAYLOAD"
SAFE = "-_.~"


@dataclasses.dataclass
class Reply:
    """An HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def text_of(self, name):
        """Text of the first XML element with this local name, or None."""
        try:
            for element in ElementTree.fromstring(self.body).iter():
                if element.tag.rsplit("}", 1)[-1] == name:
                    return element.text or ""
        except ElementTree.ParseError:
            # A control character of the request comes back as a reference, as S3 writes it, which XML 1.0 does not allow.
            found = re.search(rf"<{name}>(.*?)</{name}>".encode(), self.body, re.DOTALL)
            return html.unescape(found.group(1).decode()) if found else None
        return None

    @property
    def code(self):
        """The AWS error code of the error document; None in a success."""
        return self.text_of("Code") if self.status >= 300 else None

    @property
    def message(self):
        """The message of the error document."""
        return self.text_of("Message")


@dataclasses.dataclass
class Request:
    """A request whose path and query are sent exactly as written."""

    method: str
    path: str = "/"
    query: str = ""
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self):
        """The request target of the first line."""
        return self.path + ("?" + self.query if self.query else "")


def query_of(parameters):
    """A query string in canonical order and encoding."""
    return "&".join(
        sorted(f"{urllib.parse.quote(k, safe=SAFE)}={urllib.parse.quote(str(v), safe=SAFE)}" for k, v in parameters.items())
    )


def hmac_sha256(key, text):
    """HMAC-SHA-256 of a text."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(secret, date, region, service):
    """The key of a day, region and service."""
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac_sha256(key, part)
    return key


class Signer:
    """Signs requests of one principal for one service."""

    def __init__(self, keys, service, region=REGION, skew_seconds=0):
        self.key_id, self.secret = keys
        self.service, self.region = service, region
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew_seconds)
        self.stamp = now.strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.stamp[:8]}/{region}/{service}/aws4_request"

    def canonical(self, request, headers, payload_hash, query):
        """The canonical request and the list of signed headers."""
        path = request.path if self.service == "s3" else urllib.parse.quote(request.path, safe="/" + SAFE)
        text = {name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in headers.items()}
        lower = {name: re.sub(r"\s+", " ", value).strip() for name, value in text.items()}
        names = ";".join(sorted(lower))
        lines = "".join(f"{name}:{lower[name]}\n" for name in sorted(lower))
        return f"{request.method}\n{path}\n{query}\n{lines}\n{names}\n{payload_hash}", names

    def signature(self, canonical):
        """The signature over a canonical request."""
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.stamp}\n{self.scope}\n{digest}"
        key = signing_key(self.secret, self.stamp[:8], self.region, self.service)
        return hmac_sha256(key, text).hex()

    def sign(self, request, host, payload_hash=None):
        """Adds the Authorization header and what goes with it; returns the request."""
        if payload_hash is None:
            payload_hash = hashlib.sha256(request.body).hexdigest()
        request.headers["Host"] = host
        request.headers["X-Amz-Date"] = self.stamp
        if self.service == "s3":
            request.headers["x-amz-content-sha256"] = payload_hash
        pairs = [pair if "=" in pair else pair + "=" for pair in request.query.split("&") if pair]
        canonical, names = self.canonical(request, request.headers, payload_hash, "&".join(sorted(pairs)))
        self.seed = self.signature(canonical)
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key_id}/{self.scope}, SignedHeaders={names}, Signature={self.seed}"
        )
        return request

    def presign(self, request, host, expires=60):
        """Puts the signature into the query; returns the request."""
        parameters = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
        parameters |= {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.key_id}/{self.scope}",
            "X-Amz-Date": self.stamp,
            "X-Amz-Expires": str(expires),
            "X-Amz-SignedHeaders": "host",
        }
        request.headers["Host"] = host
        payload_hash = UNSIGNED if self.service == "s3" else hashlib.sha256(request.body).hexdigest()
        canonical, _ = self.canonical(request, {"Host": host}, payload_hash, query_of(parameters))
        parameters["X-Amz-Signature"] = self.signature(canonical)
        request.query = query_of(parameters)
        return request

    def chunks(self, pieces, trailer=None, spoil=None):
        """The aws-chunked body of a signed stream; `sign` must have been called before. `spoil` names a chunk
        whose signature is made wrong, or `trailer`."""
        key = signing_key(self.secret, self.stamp[:8], self.region, self.service)
        empty, previous, body = hashlib.sha256(b"").hexdigest(), self.seed, b""
        for index, piece in enumerate([*pieces, b""]):
            digest = hashlib.sha256(piece).hexdigest()
            text = f"AWS4-HMAC-SHA256-PAYLOAD\n{self.stamp}\n{self.scope}\n{previous}\n{empty}\n{digest}"
            previous = hmac_sha256(key, text).hex()
            shown = "0" * 64 if spoil == index else previous
            body += f"{len(piece):x};chunk-signature={shown}\r\n".encode()
            body += piece + (b"\r\n" if piece or trailer is None else b"")
        if trailer is not None:
            line = f"{trailer[0]}:{trailer[1]}"
            digest = hashlib.sha256((line + "\n").encode()).hexdigest()
            text = f"AWS4-HMAC-SHA256-TRAILER\n{self.stamp}\n{self.scope}\n{previous}\n{digest}"
            shown = "0" * 64 if spoil == "trailer" else hmac_sha256(key, text).hex()
            body += f"{line}\r\nx-amz-trailer-signature:{shown}\r\n\r\n".encode()
        return body


def crc32_of(data):
    """CRC32 as S3 writes it."""
    import base64

    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class Wire:
    """Raw connections to one cloud, from one address of the loopback network."""

    def __init__(self, cloud, source="127.0.0.1"):
        self.cloud, self.source = cloud, source
        self.host = f"127.0.0.1:{cloud.port}"

    def send(self, request, read=True):
        """Sends a request as it stands and reads the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=60, source_address=(self.source, 0))
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            headers = {"Host": self.host, **request.headers}
            if "Content-Length" not in headers and "Transfer-Encoding" not in headers and (
                request.body or request.method in ("PUT", "POST")
            ):
                headers["Content-Length"] = str(len(request.body))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            if request.body:
                try:
                    connection.send(request.body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # The server may refuse before it has read everything; its answer is still to be read.
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def send_late(self, request, meanwhile):
        """Sends the head, waits until the server asks for the body, does something, and sends that only then."""
        with socket.create_connection(("127.0.0.1", self.cloud.port), timeout=60, source_address=(self.source, 0)) as connection:
            headers = {"Host": self.host, **request.headers, "Content-Length": str(len(request.body)), "Expect": "100-continue"}
            lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
            meanwhile()
            connection.sendall(request.body)
            answer = http.client.HTTPResponse(connection, method=request.method)
            answer.begin()
            return Reply(answer.status, answer.headers, answer.read())

    def leave(self, request, abruptly=False):
        """Sends a request and goes without its answer; abruptly is by a reset, else as a client does that ends."""
        with socket.create_connection(("127.0.0.1", self.cloud.port), timeout=60, source_address=(self.source, 0)) as connection:
            headers = {"Host": self.host, **request.headers, "Content-Length": str(len(request.body))}
            lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + request.body)
            if abruptly:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def s3(self, keys, method, path, query="", body=b"", headers=None, skew_seconds=0, payload_hash=None):
        """A signed S3 request with path and query exactly as given."""
        signer = Signer(keys, "s3", skew_seconds=skew_seconds)
        request = Request(method, path, query, dict(headers or {}), body)
        return self.send(signer.sign(request, self.host, payload_hash))

    def query(self, keys, service, parameters, skew_seconds=0, region=REGION):
        """A signed call of a query-protocol service; parameters exactly as given."""
        request = query_request(service, parameters)
        if keys is None:
            return self.send(request)
        return self.send(Signer(keys, service, region, skew_seconds).sign(request, self.host))


VERSIONS = {"ec2": "2016-11-15", "iam": "2010-05-08", "sts": "2011-06-15"}


def query_request(service, parameters):
    """An unsigned query-protocol call."""
    parameters = {"Version": VERSIONS[service], **parameters}
    return Request(
        "POST",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        body=urllib.parse.urlencode(parameters).encode(),
    )
