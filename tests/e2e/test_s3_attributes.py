"""Storage classes, content asked back from the archive, attributes, and the owner a caller expects."""

import pytest

from harness.compute import refused

MIB = 1 << 20


@pytest.mark.parametrize("name", ["REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"])
def test_a_storage_class_is_kept_and_told(s3, shared_bucket, name):
    key = f"class-{name}"
    s3.put_object(Bucket=shared_bucket, Key=key, Body=b"x", StorageClass=name)
    assert s3.head_object(Bucket=shared_bucket, Key=key)["StorageClass"] == name
    assert s3.get_object(Bucket=shared_bucket, Key=key)["Body"].read() == b"x"
    listed = s3.list_objects_v2(Bucket=shared_bucket, Prefix=key)["Contents"]
    assert [one["StorageClass"] for one in listed] == [name]


def test_a_class_of_other_buckets_is_refused(s3, shared_bucket):
    refused("InvalidStorageClass", s3.put_object, Bucket=shared_bucket, Key="x", Body=b"", StorageClass="EXPRESS_ONEZONE")


def test_archived_content_is_asked_back(s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="archived", Body=b"content", StorageClass="GLACIER")
    refused("InvalidObjectState", s3.get_object, Bucket=shared_bucket, Key="archived")
    refused("InvalidObjectState", s3.copy_object, Bucket=shared_bucket, Key="copy", CopySource=f"{shared_bucket}/archived")
    assert "Restore" not in s3.head_object(Bucket=shared_bucket, Key="archived")
    answer = s3.restore_object(
        Bucket=shared_bucket, Key="archived", RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Standard"}}
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert 'ongoing-request="false"' in s3.head_object(Bucket=shared_bucket, Key="archived")["Restore"]
    assert s3.get_object(Bucket=shared_bucket, Key="archived")["Body"].read() == b"content"
    s3.put_object(Bucket=shared_bucket, Key="plain", Body=b"x")
    refused("InvalidObjectState", s3.restore_object, Bucket=shared_bucket, Key="plain", RestoreRequest={"Days": 1})


def test_attributes_of_an_object_in_parts(s3, shared_bucket):
    where = {"Bucket": shared_bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")["UploadId"]
    parts = []
    for number, body in ((1, b"a" * (5 * MIB)), (2, b"b")):
        part = s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]})
    done = s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    everything = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    told = s3.get_object_attributes(**where, ObjectAttributes=everything)
    assert (told["ETag"], told["ObjectSize"]) == (done["ETag"].strip('"'), 5 * MIB + 1)
    assert told["Checksum"] == {
        "ChecksumSHA256": done["ChecksumSHA256"].removesuffix("-2"),
        "ChecksumType": "COMPOSITE",
    }
    assert told["ObjectParts"]["TotalPartsCount"] == 2
    assert [part["ChecksumSHA256"] for part in told["ObjectParts"]["Parts"]] == [part["ChecksumSHA256"] for part in parts]
    page = s3.get_object_attributes(**where, ObjectAttributes=["ObjectParts"], MaxParts=1)["ObjectParts"]
    assert (page["IsTruncated"], page["NextPartNumberMarker"], len(page["Parts"])) == (True, 1, 1)


def test_attributes_of_a_small_object(s3, shared_bucket):
    put = s3.put_object(Bucket=shared_bucket, Key="small", Body=b"hello", ChecksumAlgorithm="SHA256")
    told = s3.get_object_attributes(Bucket=shared_bucket, Key="small", ObjectAttributes=["Checksum", "ObjectSize", "ObjectParts"])
    assert told["Checksum"] == {"ChecksumSHA256": put["ChecksumSHA256"], "ChecksumType": "FULL_OBJECT"}
    assert told["ObjectSize"] == 5 and "ObjectParts" not in told
    refused("NoSuchKey", s3.get_object_attributes, Bucket=shared_bucket, Key="none", ObjectAttributes=["ETag"])


def test_an_expected_owner_must_be_the_owner(s3, shared_bucket, account):
    s3.put_object(Bucket=shared_bucket, Key="owned", Body=b"x", ExpectedBucketOwner=account)
    other = {"Bucket": shared_bucket, "ExpectedBucketOwner": "999999999999"}
    refused("AccessDenied", s3.get_object, Key="owned", **other)
    refused("AccessDenied", s3.put_object, Key="owned", Body=b"y", **other)
    refused("AccessDenied", s3.list_objects_v2, **other)
    refused("AccessDenied", s3.get_bucket_tagging, **other)
    refused("AccessDenied", s3.delete_objects, Delete={"Objects": [{"Key": "owned"}]}, **other)
    refused(
        "AccessDenied",
        s3.copy_object,
        Bucket=shared_bucket,
        Key="copy",
        CopySource=f"{shared_bucket}/owned",
        ExpectedSourceBucketOwner="999999999999",
    )
    assert s3.get_object(Bucket=shared_bucket, Key="owned")["Body"].read() == b"x"
