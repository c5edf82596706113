"""Objects: content, metadata, ranges, conditions and copies."""

import datetime
import hashlib

import pytest

from harness.compute import refused

CONTENT = bytes(range(256)) * 40


def md5(data):
    """An ETag in its quotes."""
    return f'"{hashlib.md5(data).hexdigest()}"'


@pytest.mark.parametrize("size", [0, 1, 4096, 128 * 1024, 128 * 1024 + 1, 1 << 20, (5 << 20) + 3])
def test_what_is_put_is_got_back(s3, shared_bucket, size):
    content = (CONTENT * (size // len(CONTENT) + 1))[:size]
    put = s3.put_object(Bucket=shared_bucket, Key=f"size-{size}", Body=content)
    assert put["ETag"] == md5(content)
    got = s3.get_object(Bucket=shared_bucket, Key=f"size-{size}")
    assert got["ContentLength"] == size and got["ETag"] == md5(content)
    assert got["Body"].read() == content
    head = s3.head_object(Bucket=shared_bucket, Key=f"size-{size}")
    assert head["ContentLength"] == size and head["ETag"] == md5(content)
    age = datetime.datetime.now(datetime.timezone.utc) - head["LastModified"]
    assert abs(age.total_seconds()) < 300 and head["AcceptRanges"] == "bytes"


def test_putting_again_replaces_content_and_metadata(s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="again", Body=b"x" * 300000, Metadata={"a": "1"}, ContentType="text/plain")
    s3.put_object(Bucket=shared_bucket, Key="again", Body=b"short")
    got = s3.get_object(Bucket=shared_bucket, Key="again")
    assert got["Body"].read() == b"short" and got["Metadata"] == {} and got["ContentType"] == "binary/octet-stream"


def test_metadata_and_system_headers_come_back(s3, shared_bucket):
    headers = {
        "ContentType": "text/html; charset=utf-8",
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a b.html"',
        "ContentEncoding": "identity",
        "ContentLanguage": "de",
        "Expires": datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc),
        "Metadata": {"colour": "deep blue", "mixed-case": "Value"},
    }
    s3.put_object(Bucket=shared_bucket, Key="meta", Body=b"m", **headers)
    for got in (s3.get_object(Bucket=shared_bucket, Key="meta"), s3.head_object(Bucket=shared_bucket, Key="meta")):
        assert {name: got[name] for name in headers} == headers


def test_a_get_may_override_response_headers(s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="override", Body=b"m", ContentType="text/plain")
    got = s3.get_object(Bucket=shared_bucket, Key="override", ResponseContentType="image/png", ResponseContentDisposition="inline")
    assert (got["ContentType"], got["ContentDisposition"]) == ("image/png", "inline")


@pytest.mark.parametrize(
    "asked, first, last",
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=10000-", 10000, 10239), ("bytes=-5", 10235, 10239),
     ("bytes=10200-99999", 10200, 10239), ("bytes=-99999", 0, 10239)],
)  # fmt: skip
def test_a_range_gives_exactly_those_bytes(s3, shared_bucket, asked, first, last):
    s3.put_object(Bucket=shared_bucket, Key="range", Body=CONTENT)
    got = s3.get_object(Bucket=shared_bucket, Key="range", Range=asked)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert got["Body"].read() == CONTENT[first : last + 1]
    head = s3.head_object(Bucket=shared_bucket, Key="range", Range=asked)
    assert head["ContentLength"] == last - first + 1


def test_a_range_past_the_end_is_refused_and_a_nonsense_one_ignored(s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="range", Body=CONTENT)
    assert refused("InvalidRange", s3.get_object, Bucket=shared_bucket, Key="range", Range="bytes=99999-")["Status"] == 416
    for asked in ("bytes=5-2", "pages=1-2", "bytes=a-b"):
        got = s3.get_object(Bucket=shared_bucket, Key="range", Range=asked)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 200 and got["Body"].read() == CONTENT


def test_ranges_of_a_large_object_are_right_at_every_seam(s3, shared_bucket):
    content = b"".join(index.to_bytes(4, "big") for index in range(1 << 19))
    s3.put_object(Bucket=shared_bucket, Key="seams", Body=content)
    for seam in (256 * 1024, 512 * 1024, 1 << 20):
        got = s3.get_object(Bucket=shared_bucket, Key="seams", Range=f"bytes={seam - 3}-{seam + 2}")["Body"].read()
        assert got == content[seam - 3 : seam + 3]


def test_conditional_reads(s3, shared_bucket):
    etag = s3.put_object(Bucket=shared_bucket, Key="if", Body=b"i")["ETag"]
    modified = s3.head_object(Bucket=shared_bucket, Key="if")["LastModified"]
    before, after = modified - datetime.timedelta(hours=1), modified + datetime.timedelta(seconds=1)
    where = {"Bucket": shared_bucket, "Key": "if"}
    for passing in (
        {"IfMatch": etag}, {"IfNoneMatch": '"other"'}, {"IfModifiedSince": before},
        {"IfUnmodifiedSince": after}, {"IfMatch": etag, "IfUnmodifiedSince": before},
    ):  # fmt: skip
        assert s3.get_object(**where, **passing)["Body"].read() == b"i", passing
    for failing in ({"IfMatch": '"other"'}, {"IfUnmodifiedSince": before}):
        assert refused("PreconditionFailed", s3.get_object, **where, **failing)["Status"] == 412
        assert refused("412", s3.head_object, **where, **failing)["Status"] == 412
    for unchanged in ({"IfNoneMatch": etag}, {"IfModifiedSince": after}, {"IfNoneMatch": etag, "IfModifiedSince": before}):
        assert refused("304", s3.get_object, **where, **unchanged)["Status"] == 304
        assert refused("304", s3.head_object, **where, **unchanged)["Status"] == 304


def test_a_conditional_write_does_not_overwrite(s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="first", Body=b"first", IfNoneMatch="*")
    assert refused("PreconditionFailed", s3.put_object, Bucket=shared_bucket, Key="first", Body=b"second", IfNoneMatch="*")["Status"] == 412
    assert s3.get_object(Bucket=shared_bucket, Key="first")["Body"].read() == b"first"


def test_a_missing_object_is_told_from_a_missing_bucket(s3, shared_bucket):
    error = refused("NoSuchKey", s3.get_object, Bucket=shared_bucket, Key="nothing")
    assert error["Status"] == 404 and error["Key"] == "nothing"
    assert refused("404", s3.head_object, Bucket=shared_bucket, Key="nothing")["Status"] == 404
    assert refused("NoSuchBucket", s3.get_object, Bucket="no-such-bucket-at-all", Key="nothing")["Status"] == 404
    refused("NoSuchBucket", s3.put_object, Bucket="no-such-bucket-at-all", Key="k", Body=b"")


def test_who_may_not_list_is_not_told_what_is_missing(person, shared_bucket):
    from harness.people import allow

    bob = person().may(allow("s3:GetObject"))
    refused("AccessDenied", bob.client("s3").get_object, Bucket=shared_bucket, Key="nothing")
    eve = person().may(allow("s3:GetObject", "s3:ListBucket"))
    refused("NoSuchKey", eve.client("s3").get_object, Bucket=shared_bucket, Key="nothing")


def test_delete_is_idempotent_and_final(s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="gone", Body=b"g")
    for _ in range(2):
        assert s3.delete_object(Bucket=shared_bucket, Key="gone")["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused("NoSuchKey", s3.get_object, Bucket=shared_bucket, Key="gone")


def test_many_objects_are_deleted_in_one_call(s3, shared_bucket):
    keys = [f"many/{index} <&>" for index in range(5)]
    for key in keys[:4]:
        s3.put_object(Bucket=shared_bucket, Key=key, Body=b"m")
    reply = s3.delete_objects(Bucket=shared_bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert sorted(item["Key"] for item in reply["Deleted"]) == sorted(keys) and not reply.get("Errors")
    assert "Contents" not in s3.list_objects_v2(Bucket=shared_bucket, Prefix="many/")


def test_a_copy_keeps_or_replaces_metadata(s3, shared_bucket, bucket):
    s3.put_object(Bucket=shared_bucket, Key="from here+ä", Body=CONTENT, Metadata={"a": "1"}, ContentType="text/x")
    source = {"Bucket": shared_bucket, "Key": "from here+ä"}
    done = s3.copy_object(Bucket=bucket, Key="to", CopySource=source)
    assert done["CopyObjectResult"]["ETag"] == md5(CONTENT)
    got = s3.get_object(Bucket=bucket, Key="to")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (CONTENT, {"a": "1"}, "text/x")
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"b": "2"}
    refused("NoSuchKey", s3.copy_object, Bucket=bucket, Key="x", CopySource={"Bucket": shared_bucket, "Key": "nothing"})
    refused("InvalidRequest", s3.copy_object, Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "to"})
    refused("PreconditionFailed", s3.copy_object, Bucket=bucket, Key="x", CopySource=source, CopySourceIfMatch='"other"')
    s3.delete_object(Bucket=shared_bucket, Key="from here+ä")
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == CONTENT


def test_copying_takes_reading_there_and_writing_here(person, s3, shared_bucket, bucket):
    from harness.people import allow

    s3.put_object(Bucket=shared_bucket, Key="secret", Body=b"s")
    bob = person().may(allow("s3:PutObject", "s3:GetObject", on=f"arn:aws:s3:::{bucket}/*"))
    copy = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": shared_bucket, "Key": "secret"}}
    refused("AccessDenied", bob.client("s3").copy_object, **copy)
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="k")


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_checksum_is_verified_kept_and_returned(cloud, wire, s3, shared_bucket, algorithm):
    name = f"x-amz-checksum-{algorithm.lower()}"
    path, body = f"/{shared_bucket}/sum-{algorithm}", b"hello world"
    reply = wire.s3(cloud.admin_keys, "PUT", path, body=body, headers={name: computed(algorithm, body)})
    assert reply.status == 200, reply.body
    head = s3.head_object(Bucket=shared_bucket, Key=f"sum-{algorithm}", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == computed(algorithm, body) and head["ChecksumType"] == "FULL_OBJECT"
    wrong = wire.s3(cloud.admin_keys, "PUT", path, body=b"hello earth", headers={name: computed(algorithm, body)})
    assert (wrong.status, wrong.code) == (400, "BadDigest"), wrong.body
    assert s3.get_object(Bucket=shared_bucket, Key=f"sum-{algorithm}")["Body"].read() == body
    malformed = wire.s3(cloud.admin_keys, "PUT", path, body=body, headers={name: "AAAA"})
    assert (malformed.status, malformed.code) == (400, "InvalidRequest"), malformed.body


def computed(algorithm, data):
    """The checksum by plain bitwise arithmetic or hashlib, in base64."""
    import base64

    if algorithm in ("SHA1", "SHA256"):
        return base64.b64encode(hashlib.new(algorithm.lower(), data).digest()).decode()
    polynomial, bits = {"CRC32": (0xEDB88320, 32), "CRC32C": (0x82F63B78, 32), "CRC64NVME": (0x9A6C9329AC4BC9B5, 64)}[algorithm]
    ones = (1 << bits) - 1
    crc = ones
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (polynomial if crc & 1 else 0)
    return base64.b64encode((crc ^ ones).to_bytes(bits // 8, "big")).decode()
