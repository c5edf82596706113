"""Awkward and hostile names, and bodies that are not what they claim."""

import base64
import hashlib
import socket
import urllib.parse

import pytest

from harness.compute import refused
from harness.wire import Request, Signer

AWKWARD = [
    " ", " leading", "trailing ", "a b", "a+b", "a%20b", "a%2fb", "a//b", "/leading", "trailing/", "//", "a/./b", ".", "...", "a/..b", "~",
    "!-_.*'()", "&$@=;:+ ,?", "{}^%`[]\"<>~#|\\", "ä/ö", "日本語", "😀", "e\u0301", "\u00e9", "\t", "line\nbreak", "\x7f", "CON", "-rf",
    "k" * 1024, "ü" * 512, "index.html?acl", "..a", "a..", "x" * 300 + "/" + "y" * 300, "*", "%", "%%", "%zz", "\u200b", "'; drop table --",
]  # fmt: skip


def path_of(bucket, key):
    """The path with every byte but unreserved ones and slashes encoded."""
    return f"/{bucket}/" + urllib.parse.quote(key, safe="/-_.~")


@pytest.mark.parametrize("key", AWKWARD, ids=[ascii(key)[:20] for key in AWKWARD])
def test_an_awkward_key_is_kept_exactly(cloud, wire, s3, bucket, key):
    content = key.encode() + b" content"
    reply = wire.s3(cloud.admin_keys, "PUT", path_of(bucket, key), body=content)
    assert reply.status == 200, reply.body
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    reply = wire.s3(cloud.admin_keys, "GET", path_of(bucket, key))
    assert (reply.status, reply.body) == (200, content)
    assert wire.s3(cloud.admin_keys, "DELETE", path_of(bucket, key)).status == 204


def test_all_awkward_keys_live_side_by_side(s3, bucket):
    keys = [key for key in AWKWARD if key not in (".", "a/./b")]
    for index, key in enumerate(keys):
        s3.put_object(Bucket=bucket, Key=key, Body=str(index).encode())
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == sorted(keys, key=str.encode)
    for index, key in enumerate(keys):
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == str(index).encode()


@pytest.mark.parametrize("path", ["../../etc/owned", "..", "../x", "a/../../x", "%2e%2e/%2e%2e/etc/owned", "%2e%2e", "a/%2e%2e/%2e%2e/b"])
def test_a_path_that_climbs_out_is_refused(cloud, wire, s3, bucket, path):
    reply = wire.s3(cloud.admin_keys, "PUT", f"/{bucket}/{path}", body=b"owned")
    assert reply.status == 400 and reply.code, (reply.status, reply.body)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert not list(cloud.directory.rglob("owned"))


@pytest.mark.parametrize("path", ["videos/2014/../../video1.wmv", "a/../b"])
def test_a_path_that_stays_inside_is_a_name_like_any_other(cloud, wire, s3, bucket, path):
    assert wire.s3(cloud.admin_keys, "PUT", f"/{bucket}/{path}", body=b"v").status == 200
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [path]
    assert wire.s3(cloud.admin_keys, "GET", f"/{bucket}/{path}").body == b"v"


@pytest.mark.parametrize("path", ["a%00b", "%00", "a%00"])
def test_nul_in_a_key_is_refused_or_kept_exactly_never_cut_off(cloud, wire, s3, bucket, path):
    reply = wire.s3(cloud.admin_keys, "PUT", f"/{bucket}/{path}", body=b"nul")
    assert reply.status in (200, 400), (reply.status, reply.body)
    if reply.status == 400:
        assert reply.code and "Contents" not in s3.list_objects_v2(Bucket=bucket)
    else:
        assert wire.s3(cloud.admin_keys, "GET", f"/{bucket}/{path}").body == b"nul"
        refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="a")
        assert wire.s3(cloud.admin_keys, "DELETE", f"/{bucket}/{path}").status == 204


@pytest.mark.parametrize("key", ["k" * 1025, "ü" * 513, "d/" * 512 + "kk"])
def test_a_key_of_more_than_1024_bytes_is_refused(cloud, wire, s3, bucket, key):
    for method in ("PUT", "GET"):
        reply = wire.s3(cloud.admin_keys, method, path_of(bucket, key))
        assert (reply.status, reply.code) == (400, "KeyTooLongError"), (reply.status, reply.body)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("path", ["%ff", "%c3", "a%e0%80%80b", "%zz"])
def test_a_key_that_is_no_utf_8_is_refused(cloud, wire, s3, bucket, path):
    reply = wire.s3(cloud.admin_keys, "PUT", f"/{bucket}/{path}", body=b"x")
    if path == "%zz":
        assert reply.status in (200, 400, 403), reply.body
        return
    assert reply.status == 400 and reply.code, (reply.status, reply.body)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_wrong_md5_is_refused_and_nothing_kept(cloud, wire, s3, bucket):
    for value, code in (
        (base64.b64encode(hashlib.md5(b"other").digest()).decode(), "BadDigest"),
        ("not base64!", "InvalidDigest"),
        (base64.b64encode(b"short").decode(), "InvalidDigest"),
    ):
        reply = wire.s3(cloud.admin_keys, "PUT", f"/{bucket}/k", body=b"content", headers={"Content-MD5": value})
        assert (reply.status, reply.code) == (400, code), reply.body
    right = base64.b64encode(hashlib.md5(b"content").digest()).decode()
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert wire.s3(cloud.admin_keys, "PUT", f"/{bucket}/k", body=b"content", headers={"Content-MD5": right}).status == 200


def test_a_wrong_checksum_does_not_replace_what_was_there(cloud, wire, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    for body in (b"x", b"y" * 300000):
        reply = wire.s3(cloud.admin_keys, "PUT", f"/{bucket}/k", body=body, headers={"x-amz-checksum-crc32": "AAAAAA=="})
        assert (reply.status, reply.code) == (400, "BadDigest"), reply.body
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"


@pytest.mark.parametrize("sent", [0, 10, 200000])
def test_a_body_that_ends_early_is_not_kept(cloud, wire, s3, bucket, sent):
    body = b"b" * 300000
    request = Signer(cloud.admin_keys, "s3").sign(Request("PUT", f"/{bucket}/short", body=body), wire.host)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", cloud.port), 20) as connection:
        connection.sendall(f"PUT {request.path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:sent])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400"), answer
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="short")


def test_a_body_longer_than_declared_is_not_taken_for_the_whole(cloud, wire, s3, bucket):
    request = Signer(cloud.admin_keys, "s3").sign(Request("PUT", f"/{bucket}/long", body=b"0123456789"), wire.host)
    request.headers["Content-Length"] = "5"
    reply = wire.send(request)
    assert (reply.status, reply.code) == (400, "XAmzContentSHA256Mismatch"), reply.body
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="long")


def test_a_put_without_a_length_is_refused(cloud, wire, bucket):
    request = Signer(cloud.admin_keys, "s3").sign(Request("PUT", f"/{bucket}/k"), wire.host, "UNSIGNED-PAYLOAD")
    request.headers["Transfer-Encoding"] = "chunked"
    request.body = b"3\r\nabc\r\n0\r\n\r\n"
    reply = wire.send(request)
    assert (reply.status, reply.code) == (411, "MissingContentLength"), reply.body


def test_more_than_five_gib_in_one_put_is_refused_before_it_is_sent(cloud, wire, bucket):
    request = Signer(cloud.admin_keys, "s3").sign(Request("PUT", f"/{bucket}/huge"), wire.host, "UNSIGNED-PAYLOAD")
    request.headers["Content-Length"] = str(5 * (1 << 30) + 1)
    request.headers["Expect"] = "100-continue"
    reply = wire.send(request)
    assert (reply.status, reply.code) == (400, "EntityTooLarge"), reply.body


def test_metadata_beyond_two_kib_is_refused(s3, bucket):
    refused("MetadataTooLarge", s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2040})


@pytest.mark.parametrize("body", [b"", b"<Delete>", b"<Delete><Object></Object></Delete>", b"<Wrong/>", b"\x00\x01", b"<!DOCTYPE x [<!ENTITY y 'z'>]><Delete>&y;</Delete>"])
def test_a_malformed_document_is_refused(cloud, wire, bucket, body):
    headers = {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()}
    reply = wire.s3(cloud.admin_keys, "POST", f"/{bucket}", "delete=", body=body, headers=headers)
    assert reply.status == 400 and reply.code in ("MalformedXML", "MissingRequestBodyError"), (reply.status, reply.body)
