"""CopyObject at its limit of 5 GiB: such an object is copied without a byte of it being copied, a larger one is not.

The large objects cost little, for a part that is all of another object shares its file: 5 GiB are 64 MiB eighty times.
"""

import hashlib

import pytest

from harness.compute import refused
from harness.disk import taken_by
from harness.waiting import wait_until

MIB, GIB = 1 << 20, 1 << 30
PIECE = 64 * MIB
LIMIT = 5 * GIB
# The MD5 of eighty pieces.
WHOLE = "c736d06c848b2cec5578ec7e3498649e"
TOO_LARGE = f"The specified copy source is larger than the maximum allowable size for a copy source: {LIMIT}"


def compose(s3, bucket, key, sources):
    """Makes an object of others, each a part, under the checksum that they have from boto3."""
    begun = s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload = {"Bucket": bucket, "Key": key, "UploadId": begun["UploadId"]}
    parts = []
    for number, source in enumerate(sources, 1):
        made = s3.upload_part_copy(**upload, PartNumber=number, CopySource={"Bucket": bucket, "Key": source})
        parts.append({"PartNumber": number, "ETag": made["CopyPartResult"]["ETag"]})
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


@pytest.fixture(scope="module")
def piece():
    """Content of which no block is like another."""
    return b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() * 2 for number in range(PIECE // 64))


@pytest.fixture
def pieces(s3, bucket, piece):
    """A bucket with 64 MiB and one byte."""
    s3.put_object(Bucket=bucket, Key="piece", Body=piece)
    s3.put_object(Bucket=bucket, Key="byte", Body=b"!")
    return bucket


def test_five_gib_are_copied_without_copying_them(cloud, s3, pieces, piece):
    before = taken_by(cloud.data / "object")
    made = compose(s3, pieces, "large", ["piece"] * (LIMIT // PIECE))
    assert made["ETag"] == f'"{hashlib.md5(hashlib.md5(piece).digest() * 80).hexdigest()}-80"'
    copied = s3.copy_object(Bucket=pieces, Key="copy", CopySource={"Bucket": pieces, "Key": "large"})
    assert taken_by(cloud.data / "object") - before < 64 * MIB
    head = s3.head_object(Bucket=pieces, Key="copy")
    assert (head["ContentLength"], head["ETag"], copied["CopyObjectResult"]["ETag"]) == (LIMIT, f'"{WHOLE}"', head["ETag"])
    # The copy is there without its source, and the source's parts without theirs.
    for key in ("large", "piece"):
        s3.delete_object(Bucket=pieces, Key=key)
    across = s3.get_object(Bucket=pieces, Key="copy", Range=f"bytes={LIMIT - PIECE - 100}-{LIMIT - PIECE + 99}")
    assert across["Body"].read() == piece[-100:] + piece[:100]
    assert s3.get_object(Bucket=pieces, Key="copy", Range="bytes=-10")["Body"].read() == piece[-10:]
    assert taken_by(cloud.data / "object") - before < 64 * MIB


def test_one_byte_more_is_not_copied_at_once(s3, pieces):
    compose(s3, pieces, "larger", ["piece"] * (LIMIT // PIECE) + ["byte"])
    source = {"Bucket": pieces, "Key": "larger"}
    assert s3.head_object(**source)["ContentLength"] == LIMIT + 1
    error = refused("InvalidRequest", s3.copy_object, Bucket=pieces, Key="copy", CopySource=source)
    assert (error["Status"], error["Message"]) == (400, TOO_LARGE)
    refused("404", s3.head_object, Bucket=pieces, Key="copy")
    # Nor is it as one part, but in parts it is.
    upload = {"Bucket": pieces, "Key": "copy", "UploadId": s3.create_multipart_upload(Bucket=pieces, Key="copy")["UploadId"]}
    assert refused("InvalidRequest", s3.upload_part_copy, **upload, PartNumber=1, CopySource=source)["Message"] == TOO_LARGE
    refused("EntityTooLarge", s3.upload_part_copy, **upload, PartNumber=1, CopySource=source, CopySourceRange=f"bytes=0-{LIMIT}")
    assert s3.upload_part_copy(**upload, PartNumber=1, CopySource=source, CopySourceRange=f"bytes={LIMIT}-{LIMIT}")["CopyPartResult"]["ETag"]
    s3.abort_multipart_upload(**upload)


def test_what_parts_share_is_freed_with_the_last_of_them(cloud, s3, pieces):
    upload = {"Bucket": pieces, "Key": "twice", "UploadId": s3.create_multipart_upload(Bucket=pieces, Key="twice")["UploadId"]}
    for number in (1, 2, 2):
        s3.upload_part_copy(**upload, PartNumber=number, CopySource={"Bucket": pieces, "Key": "piece"})
    before = taken_by(cloud.data / "object")
    s3.delete_object(Bucket=pieces, Key="piece")
    listed = s3.list_parts(**upload)["Parts"]
    assert [part["Size"] for part in listed] == [PIECE, PIECE]
    assert before - taken_by(cloud.data / "object") < PIECE // 2
    s3.abort_multipart_upload(**upload)
    wait_until(lambda: before - taken_by(cloud.data / "object") > PIECE // 2, 30, what="the file of the last part is gone")
