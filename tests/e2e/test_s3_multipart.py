"""Uploads in parts."""

import base64
import hashlib
import os

import pytest

from harness.compute import refused

MIB = 1 << 20
PART = os.urandom(5 * MIB)


@pytest.fixture
def upload(s3, shared_bucket):
    """Starts uploads: `upload(key)` -> parameters that name it."""

    def start(key, **more):
        made = s3.create_multipart_upload(Bucket=shared_bucket, Key=key, **more)
        return {"Bucket": shared_bucket, "Key": key, "UploadId": made["UploadId"]}

    return start


def parts(*etags):
    """The parts of a CompleteMultipartUpload."""
    return {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in etags]}


def test_parts_sent_out_of_order_make_one_object(s3, shared_bucket, upload):
    one = upload("whole", Metadata={"a": "1"}, ContentType="text/x")
    tail = s3.upload_part(**one, PartNumber=7, Body=b"tail")["ETag"]
    head = s3.upload_part(**one, PartNumber=2, Body=PART)["ETag"]
    assert "Contents" not in s3.list_objects_v2(Bucket=shared_bucket, Prefix="whole")
    listed = s3.list_parts(**one)["Parts"]
    assert [(part["PartNumber"], part["Size"], part["ETag"]) for part in listed] == [(2, 5 * MIB, head), (7, 4, tail)]
    done = s3.complete_multipart_upload(**one, MultipartUpload=parts((2, head), (7, tail)))
    digests = hashlib.md5(PART).digest() + hashlib.md5(b"tail").digest()
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    got = s3.get_object(Bucket=shared_bucket, Key="whole")
    assert got["Body"].read() == PART + b"tail"
    assert (got["Metadata"], got["ContentType"], got["ETag"]) == ({"a": "1"}, "text/x", done["ETag"])
    across = s3.get_object(Bucket=shared_bucket, Key="whole", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")
    assert across["Body"].read() == PART[-2:] + b"ta"
    second = s3.get_object(Bucket=shared_bucket, Key="whole", PartNumber=2)
    assert second["Body"].read() == b"tail" and second["PartsCount"] == 2
    refused("NoSuchUpload", s3.list_parts, **one)


def test_a_part_sent_again_replaces_the_first(s3, shared_bucket, upload):
    one = upload("twice")
    s3.upload_part(**one, PartNumber=1, Body=b"first")
    etag = s3.upload_part(**one, PartNumber=1, Body=b"second")["ETag"]
    s3.complete_multipart_upload(**one, MultipartUpload=parts((1, etag)))
    assert s3.get_object(Bucket=shared_bucket, Key="twice")["Body"].read() == b"second"


def test_what_does_not_fit_is_refused_and_the_upload_goes_on(s3, shared_bucket, upload):
    one = upload("picky")
    small = s3.upload_part(**one, PartNumber=1, Body=b"small")["ETag"]
    tail = s3.upload_part(**one, PartNumber=2, Body=b"tail")["ETag"]
    complete = s3.complete_multipart_upload
    refused("EntityTooSmall", complete, **one, MultipartUpload=parts((1, small), (2, tail)))
    refused("InvalidPart", complete, **one, MultipartUpload=parts((1, '"' + "0" * 32 + '"')))
    refused("InvalidPart", complete, **one, MultipartUpload=parts((3, tail)))
    refused("InvalidPartOrder", complete, **one, MultipartUpload=parts((2, tail), (1, small)))
    refused(("MalformedXML", "InvalidRequest"), complete, **one, MultipartUpload={"Parts": []})
    for number in (0, 10001):
        refused("InvalidArgument", s3.upload_part, **one, PartNumber=number, Body=b"x")
    refused("NoSuchUpload", s3.upload_part, **{**one, "UploadId": "nothing"}, PartNumber=1, Body=b"x")
    assert len(s3.list_parts(**one)["Parts"]) == 2
    complete(**one, MultipartUpload=parts((2, tail)))
    assert s3.get_object(Bucket=shared_bucket, Key="picky")["Body"].read() == b"tail"


def test_an_aborted_upload_leaves_nothing(s3, shared_bucket, upload):
    one = upload("aborted")
    s3.upload_part(**one, PartNumber=1, Body=PART)
    assert "aborted" in [u["Key"] for u in s3.list_multipart_uploads(Bucket=shared_bucket)["Uploads"]]
    assert s3.abort_multipart_upload(**one)["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused("NoSuchUpload", s3.abort_multipart_upload, **one)
    refused("NoSuchUpload", s3.upload_part, **one, PartNumber=2, Body=b"x")
    assert "aborted" not in [u["Key"] for u in s3.list_multipart_uploads(Bucket=shared_bucket).get("Uploads", [])]
    refused("NoSuchKey", s3.get_object, Bucket=shared_bucket, Key="aborted")


def test_parts_and_uploads_are_paged(s3, bucket):
    ids = {}
    for key in ("p/1", "p/2", "p/3"):
        ids[key] = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    found = []
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1}):
        found += [(u["Key"], u["UploadId"]) for u in page["Uploads"]]
    assert found == sorted(ids.items())
    one = {"Bucket": bucket, "Key": "p/1", "UploadId": ids["p/1"]}
    for number in (1, 2, 3):
        s3.upload_part(**one, PartNumber=number, Body=b"x")
    found = []
    for page in s3.get_paginator("list_parts").paginate(**one, PaginationConfig={"PageSize": 2}):
        found += [part["PartNumber"] for part in page["Parts"]]
    assert found == [1, 2, 3]


def test_a_part_may_be_copied_from_an_object(s3, shared_bucket, upload):
    s3.put_object(Bucket=shared_bucket, Key="source", Body=PART)
    one = upload("copied")
    source = {"Bucket": shared_bucket, "Key": "source"}
    first = s3.upload_part_copy(**one, PartNumber=1, CopySource=source)["CopyPartResult"]["ETag"]
    last = s3.upload_part_copy(**one, PartNumber=2, CopySource=source, CopySourceRange="bytes=0-3")["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(**one, MultipartUpload=parts((1, first), (2, last)))
    assert s3.get_object(Bucket=shared_bucket, Key="copied")["Body"].read() == PART + PART[:4]


def test_the_transfer_manager_puts_and_gets_a_large_file(s3, shared_bucket, tmp_path):
    content = PART * 6 + b"end"
    (tmp_path / "in").write_bytes(content)
    s3.upload_file(str(tmp_path / "in"), shared_bucket, "managed")
    assert s3.head_object(Bucket=shared_bucket, Key="managed")["ETag"].endswith('-4"')
    s3.download_file(shared_bucket, "managed", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == content


def test_a_composite_checksum_is_made_of_the_parts_own(s3, shared_bucket, upload):
    one = upload("composite", ChecksumAlgorithm="SHA256")
    first = s3.upload_part(**one, PartNumber=1, Body=PART, ChecksumAlgorithm="SHA256")
    last = s3.upload_part(**one, PartNumber=2, Body=b"tail", ChecksumAlgorithm="SHA256")
    listed = [
        {"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}
        for number, part in ((1, first), (2, last))
    ]
    done = s3.complete_multipart_upload(**one, MultipartUpload={"Parts": listed})
    digests = hashlib.sha256(PART).digest() + hashlib.sha256(b"tail").digest()
    assert done["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(digests).digest()).decode() + "-2"
    assert done["ChecksumType"] == "COMPOSITE"
    for number, part in ((1, first), (2, last)):
        told = s3.head_object(Bucket=shared_bucket, Key="composite", PartNumber=number, ChecksumMode="ENABLED")
        assert told["ChecksumSHA256"] == part["ChecksumSHA256"]
    source = {"Bucket": shared_bucket, "Key": "composite"}
    copied = s3.copy_object(Bucket=shared_bucket, Key="copied-sum", CopySource=source, ChecksumAlgorithm="SHA1")["CopyObjectResult"]
    assert copied["ChecksumSHA1"] == base64.b64encode(hashlib.sha1(PART + b"tail").digest()).decode()


def test_a_checksum_of_checksums_needs_those_of_all_parts(s3, upload):
    one = upload("bare", ChecksumAlgorithm="SHA256")
    part = s3.upload_part(**one, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256")
    refused("InvalidRequest", s3.complete_multipart_upload, **one, MultipartUpload=parts((1, part["ETag"])))
    listed = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}]
    s3.complete_multipart_upload(**one, MultipartUpload={"Parts": listed})


def test_a_copy_of_an_object_in_parts_is_one_object(s3, shared_bucket, upload):
    one = upload("in-parts", ChecksumAlgorithm="SHA256")
    sent = [s3.upload_part(**one, PartNumber=n, Body=body, ChecksumAlgorithm="SHA256") for n, body in ((1, PART), (2, b"tail"))]
    listed = [
        {"PartNumber": n, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]} for n, part in enumerate(sent, 1)
    ]
    s3.complete_multipart_upload(**one, MultipartUpload={"Parts": listed})
    source = {"Bucket": shared_bucket, "Key": "in-parts"}
    digest = base64.b64encode(hashlib.sha256(PART + b"tail").digest()).decode()
    for key, more in (("copied-parts", {}), ("in-parts", {"MetadataDirective": "REPLACE", "Metadata": {"new": "yes"}})):
        copied = s3.copy_object(Bucket=shared_bucket, Key=key, CopySource=source, **more)["CopyObjectResult"]
        assert copied["ETag"] == f'"{hashlib.md5(PART + b"tail").hexdigest()}"'
        assert (copied["ChecksumSHA256"], copied["ChecksumType"]) == (digest, "FULL_OBJECT")
        # boto3 compares the checksum with what it reads
        got = s3.get_object(Bucket=shared_bucket, Key=key, ChecksumMode="ENABLED")
        assert got["Body"].read() == PART + b"tail" and got["ChecksumSHA256"] == digest
        assert "PartsCount" not in s3.head_object(Bucket=shared_bucket, Key=key, PartNumber=1)
        told = s3.get_object_attributes(Bucket=shared_bucket, Key=key, ObjectAttributes=["ObjectParts", "Checksum"])
        assert "ObjectParts" not in told and told["Checksum"] == {"ChecksumSHA256": digest, "ChecksumType": "FULL_OBJECT"}


def test_a_part_without_the_checksum_of_its_upload_is_refused(cloud, shared_bucket, upload):
    plain_s3 = cloud.client("s3", request_checksum_calculation="when_required")
    one = upload("unsummed", ChecksumAlgorithm="SHA256")
    error = refused("InvalidRequest", plain_s3.upload_part, **one, PartNumber=1, Body=b"x")
    assert "expected checksum Type: sha256, actual checksum Type: null" in error["Message"]
    whole = upload("summed-whole", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    part = plain_s3.upload_part(**whole, PartNumber=1, Body=b"x")
    done = plain_s3.complete_multipart_upload(**whole, MultipartUpload=parts((1, part["ETag"])))
    assert done["ChecksumType"] == "FULL_OBJECT" and done["ChecksumCRC32"] == part["ChecksumCRC32"]
