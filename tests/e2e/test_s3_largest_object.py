"""The largest object, 5 TiB: made, read at its ends and across its parts, told of, refused when a byte larger, and deleted.

It takes 1 GiB of the disk, for a part that is all of another object shares its file.
"""

import concurrent.futures
import hashlib

import pytest

from harness.compute import refused
from harness.disk import taken_by
from harness.waiting import wait_until

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
LIMIT = 5 * TIB
PARTS = LIMIT // GIB
FIRST, LAST = b"first!", b"last!!"


@pytest.fixture
def piece(cloud, s3, bucket):
    """1 GiB whose first and last bytes are told apart, put as one; its ETag."""
    content = bytearray(GIB)
    content[: len(FIRST)], content[-len(LAST) :] = FIRST, LAST
    return s3.put_object(Bucket=bucket, Key="piece", Body=content)["ETag"]


def test_five_tib_are_one_object(cloud, s3, bucket, piece):
    before = taken_by(cloud.data / "object")
    begun = s3.create_multipart_upload(Bucket=bucket, Key="large", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload = {"Bucket": bucket, "Key": "large", "UploadId": begun["UploadId"]}

    def part(number, key="piece"):
        made = s3.upload_part_copy(**upload, PartNumber=number, CopySource={"Bucket": bucket, "Key": key})
        return {"PartNumber": number, "ETag": made["CopyPartResult"]["ETag"]}

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        parts = list(threads.map(part, range(1, PARTS + 1)))
    assert {made["ETag"] for made in parts} == {piece}
    s3.put_object(Bucket=bucket, Key="byte", Body=b"!")
    over = [*parts, part(PARTS + 1, "byte")]
    error = refused("EntityTooLarge", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": over})
    assert error["Status"] == 400
    refused("404", s3.head_object, Bucket=bucket, Key="large")

    # One byte less is the largest there is.
    made = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    digest = hashlib.md5(bytes.fromhex(piece.strip('"')) * PARTS).hexdigest()
    assert made["ETag"] == f'"{digest}-{PARTS}"'
    assert taken_by(cloud.data / "object") - before < 64 * MIB
    large = {"Bucket": bucket, "Key": "large"}
    assert s3.head_object(**large)["ContentLength"] == LIMIT
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="large")["Contents"]
    assert [found["Size"] for found in listed] == [LIMIT]
    told = s3.get_object_attributes(**large, ObjectAttributes=["ObjectSize", "ObjectParts"], PartNumberMarker=PARTS - 1)
    assert (told["ObjectSize"], told["ObjectParts"]["TotalPartsCount"]) == (LIMIT, PARTS)

    # Its ends, the edge between two parts far inside, and a part by its number.
    def read(wanted):
        answer = s3.get_object(**large, Range=wanted)
        return answer["ContentRange"], answer["Body"].read()

    assert read("bytes=0-5") == (f"bytes 0-5/{LIMIT}", FIRST)
    assert read("bytes=-6") == (f"bytes {LIMIT - 6}-{LIMIT - 1}/{LIMIT}", LAST)
    edge = 4000 * GIB
    assert read(f"bytes={edge - 6}-{edge + 5}") == (f"bytes {edge - 6}-{edge + 5}/{LIMIT}", LAST + FIRST)
    refused("InvalidRange", s3.get_object, **large, Range=f"bytes={LIMIT}-")
    head = s3.head_object(**large, PartNumber=PARTS)
    assert (head["ContentLength"], head["PartsCount"]) == (GIB, PARTS)

    s3.delete_object(Bucket=bucket, Key="piece")
    assert read("bytes=-6")[1] == LAST
    s3.delete_object(**large)
    wait_until(lambda: before - taken_by(cloud.data / "object") > GIB // 2, 60, what="the file of all parts is gone")
