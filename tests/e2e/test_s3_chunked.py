"""aws-chunked bodies: every chunk and the trailer are checked before anything is kept."""

import pytest

from harness.compute import refused
from harness.wire import Request, Signer, crc32_of

PIECES = [b"a" * 65536, b"b" * 8192, b"c"]
WHOLE = b"".join(PIECES)
SIGNED, SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.fixture
def put(cloud, wire, shared_bucket):
    """Sends a chunked PUT: `put(key, kind, body or a function of the signer, ...)`."""

    def send(key, kind, body, decoded=len(WHOLE), trailer=None, headers=None):
        signer = Signer(cloud.admin_keys, "s3")
        request = Request("PUT", f"/{shared_bucket}/{key}")
        request.headers = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(decoded), **(headers or {})}
        if trailer:
            request.headers["x-amz-trailer"] = trailer
        signer.sign(request, wire.host, kind)
        request.body = body(signer) if callable(body) else body
        return wire.send(request)

    return send


def unsigned(pieces, trailer):
    """An unsigned chunked body with a trailer."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return body + b"0\r\n" + b"".join(f"{name}:{value}\r\n".encode() for name, value in trailer) + b"\r\n"


def not_there(s3, bucket, key):
    """Asserts that nothing was kept."""
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key=key)


def test_signed_chunks_are_put_together(put, s3, shared_bucket):
    reply = put("signed", SIGNED, lambda signer: signer.chunks(PIECES))
    assert reply.status == 200, reply.body
    got = s3.get_object(Bucket=shared_bucket, Key="signed")
    assert got["Body"].read() == WHOLE and "aws-chunked" not in got.get("ContentEncoding", "")


@pytest.mark.parametrize("spoilt", [0, 1, 3])
def test_one_bad_chunk_signature_spoils_it_all(put, s3, shared_bucket, spoilt):
    reply = put("spoilt", SIGNED, lambda signer: signer.chunks(PIECES, spoil=spoilt))
    assert (reply.status, reply.code) == (403, "SignatureDoesNotMatch"), reply.body
    not_there(s3, shared_bucket, "spoilt")


def test_a_signed_trailer_is_checked(put, s3, shared_bucket):
    right = ("x-amz-checksum-crc32", crc32_of(WHOLE))
    reply = put("trailer", SIGNED_TRAILER, lambda s: s.chunks(PIECES, right), trailer=right[0])
    assert reply.status == 200, reply.body
    head = s3.head_object(Bucket=shared_bucket, Key="trailer", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == right[1]
    reply = put("spoilt", SIGNED_TRAILER, lambda s: s.chunks(PIECES, right, spoil="trailer"), trailer=right[0])
    assert (reply.status, reply.code) == (403, "SignatureDoesNotMatch"), reply.body
    wrong = (right[0], crc32_of(b"other"))
    reply = put("spoilt", SIGNED_TRAILER, lambda s: s.chunks(PIECES, wrong), trailer=right[0])
    assert (reply.status, reply.code) == (400, "BadDigest"), reply.body
    not_there(s3, shared_bucket, "spoilt")


def test_an_unsigned_payload_with_a_trailer_is_checked(put, s3, shared_bucket):
    name = "x-amz-checksum-crc32"
    reply = put("unsigned", UNSIGNED_TRAILER, unsigned(PIECES, [(name, crc32_of(WHOLE))]), trailer=name)
    assert reply.status == 200, reply.body
    assert s3.get_object(Bucket=shared_bucket, Key="unsigned")["Body"].read() == WHOLE
    reply = put("spoilt", UNSIGNED_TRAILER, unsigned(PIECES, [(name, crc32_of(b"other"))]), trailer=name)
    assert (reply.status, reply.code) == (400, "BadDigest"), reply.body
    reply = put("spoilt", UNSIGNED_TRAILER, unsigned(PIECES, []), trailer=name)
    assert reply.status == 400 and reply.code in ("MalformedTrailerError", "InvalidRequest", "IncompleteBody"), reply.body
    not_there(s3, shared_bucket, "spoilt")


@pytest.mark.parametrize("decoded", [len(WHOLE) - 1, len(WHOLE) + 1, 0])
def test_a_body_of_another_length_than_declared_is_refused(put, s3, shared_bucket, decoded):
    name = "x-amz-checksum-crc32"
    for kind, body in (
        (SIGNED, lambda signer: signer.chunks(PIECES)),
        (UNSIGNED_TRAILER, unsigned(PIECES, [(name, crc32_of(WHOLE))])),
    ):
        reply = put("spoilt", kind, body, decoded=decoded, trailer=name if kind == UNSIGNED_TRAILER else None)
        assert reply.status == 400 and reply.code in ("IncompleteBody", "InvalidRequest"), reply.body
    not_there(s3, shared_bucket, "spoilt")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nabc",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"3" + b"0" * 70000,
        b"-3\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_broken_framing_is_refused(put, s3, shared_bucket, body):
    reply = put("spoilt", UNSIGNED_TRAILER, body, decoded=3, trailer="x-amz-checksum-crc32")
    assert reply.status == 400, (reply.status, reply.body)
    assert reply.code in ("IncompleteBody", "InvalidChunkSizeError", "InvalidRequest", "MalformedTrailerError"), reply.body
    not_there(s3, shared_bucket, "spoilt")


def test_the_decoded_length_must_be_declared(put, cloud, wire, s3, shared_bucket):
    signer = Signer(cloud.admin_keys, "s3")
    request = Request("PUT", f"/{shared_bucket}/spoilt", headers={"Content-Encoding": "aws-chunked"})
    signer.sign(request, wire.host, SIGNED)
    request.body = signer.chunks(PIECES)
    reply = wire.send(request)
    assert (reply.status, reply.code) == (411, "MissingContentLength"), reply.body


def test_the_real_content_encoding_is_kept(put, s3, shared_bucket):
    reply = put("gzip", SIGNED, lambda s: s.chunks(PIECES), headers={"Content-Encoding": "aws-chunked,gzip"})
    assert reply.status == 200, reply.body
    assert s3.head_object(Bucket=shared_bucket, Key="gzip")["ContentEncoding"] == "gzip"
