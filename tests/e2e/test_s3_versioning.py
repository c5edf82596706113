"""Versions of objects, delete markers, and lists of both."""

import urllib.parse

import botocore.exceptions
import pytest

from harness.compute import refused
from harness.people import allow


def enable(s3, bucket, status="Enabled"):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


@pytest.fixture
def versioned(s3, bucket):
    """A fresh bucket that keeps versions."""
    enable(s3, bucket)
    return bucket


def put(s3, bucket, key, body):
    return s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]


def body(s3, bucket, key, version=None):
    named = {"VersionId": version} if version else {}
    return s3.get_object(Bucket=bucket, Key=key, **named)["Body"].read()


def test_versioning_is_switched_on_and_suspended_but_never_off(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="before", Body=b"x")
    enable(s3, bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.head_object(Bucket=bucket, Key="before")["VersionId"] == "null"
    enable(s3, bucket, "Suspended")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    refused("MalformedXML", enable, s3, bucket, "Off")
    mfa = {"Status": "Enabled", "MFADelete": "Enabled"}
    refused("NotImplemented", s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=mfa)
    refused("NoSuchBucket", enable, s3, f"no-{bucket}")


def test_each_version_is_read_tagged_copied_and_deleted_by_its_id(s3, versioned):
    first, second = (put(s3, versioned, "key", text) for text in (b"one", b"two"))
    assert body(s3, versioned, "key") == b"two"
    assert body(s3, versioned, "key", first) == b"one"
    got = s3.get_object(Bucket=versioned, Key="key", VersionId=first, Range="bytes=1-1")
    assert (got["Body"].read(), got["VersionId"]) == (b"n", first)
    tags = {"TagSet": [{"Key": "a", "Value": "1"}]}
    s3.put_object_tagging(Bucket=versioned, Key="key", VersionId=first, Tagging=tags)
    assert s3.get_object_tagging(Bucket=versioned, Key="key", VersionId=first)["TagSet"] == tags["TagSet"]
    assert s3.get_object_tagging(Bucket=versioned, Key="key")["TagSet"] == []
    source = {"Bucket": versioned, "Key": "key", "VersionId": first}
    copied = s3.copy_object(Bucket=versioned, Key="copy", CopySource=source)
    assert (copied["CopySourceVersionId"], len(copied["VersionId"])) == (first, 32)
    assert body(s3, versioned, "copy") == b"one"
    # an older version put on top again: how a change is undone
    s3.copy_object(Bucket=versioned, Key="key", CopySource=source)
    assert body(s3, versioned, "key") == b"one"
    assert len(s3.list_object_versions(Bucket=versioned, Prefix="key")["Versions"]) == 3
    gone = s3.delete_object(Bucket=versioned, Key="key", VersionId=first)
    assert gone["VersionId"] == first and "DeleteMarker" not in gone
    assert body(s3, versioned, "key", second) == b"two"
    refused("NoSuchVersion", s3.get_object, Bucket=versioned, Key="key", VersionId=first)
    s3.delete_object(Bucket=versioned, Key="key", VersionId=first)
    refused("InvalidArgument", s3.get_object, Bucket=versioned, Key="key", VersionId="nonsense")
    refused("InvalidArgument", s3.delete_object, Bucket=versioned, Key="key", VersionId="nonsense")


def test_a_deleted_key_is_hidden_behind_its_marker(s3, versioned):
    put(s3, versioned, "key", b"kept")
    marker = s3.delete_object(Bucket=versioned, Key="key")
    assert marker["DeleteMarker"] is True
    for call, status in ((s3.get_object, 404), (s3.head_object, 404)):
        with pytest.raises(botocore.exceptions.ClientError) as hidden:
            call(Bucket=versioned, Key="key")
        reply = hidden.value.response["ResponseMetadata"]
        assert reply["HTTPStatusCode"] == status
        assert reply["HTTPHeaders"]["x-amz-delete-marker"] == "true"
        assert reply["HTTPHeaders"]["x-amz-version-id"] == marker["VersionId"]
    named = {"Bucket": versioned, "Key": "key", "VersionId": marker["VersionId"]}
    assert refused("MethodNotAllowed", s3.get_object, **named)["Status"] == 405
    assert refused("405", s3.head_object, **named)["Status"] == 405
    refused("MethodNotAllowed", s3.get_object_tagging, **named)
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=versioned)
    again = s3.delete_object(**named)
    assert (again["DeleteMarker"], again["VersionId"]) == (True, marker["VersionId"])
    assert body(s3, versioned, "key") == b"kept"


def test_while_suspended_the_null_version_is_replaced_and_the_others_stay(s3, bucket):
    s3.put_object(Bucket=bucket, Key="key", Body=b"old")
    enable(s3, bucket)
    kept = put(s3, bucket, "key", b"kept")
    enable(s3, bucket, "Suspended")
    assert put(s3, bucket, "key", b"new") == "null"
    assert (body(s3, bucket, "key", "null"), body(s3, bucket, "key", kept)) == (b"new", b"kept")
    deleted = s3.delete_object(Bucket=bucket, Key="key")
    assert (deleted["DeleteMarker"], deleted["VersionId"]) == (True, "null")
    listed = s3.list_object_versions(Bucket=bucket)
    assert [version["VersionId"] for version in listed["Versions"]] == [kept]
    assert [marker["VersionId"] for marker in listed["DeleteMarkers"]] == ["null"]
    enable(s3, bucket)
    put(s3, bucket, "key", b"newest")
    s3.delete_object(Bucket=bucket, Key="key", VersionId="null")
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 2


def test_many_versions_and_keys_are_deleted_at_once(s3, versioned):
    one = put(s3, versioned, "a", b"1")
    put(s3, versioned, "b", b"2")
    reply = s3.delete_objects(
        Bucket=versioned,
        Delete={"Objects": [{"Key": "a", "VersionId": one}, {"Key": "b"}, {"Key": "c", "VersionId": "wrong"}]},
    )
    by_key = {entry["Key"]: entry for entry in reply["Deleted"]}
    assert by_key["a"] == {"Key": "a", "VersionId": one}
    marker = by_key["b"]["DeleteMarkerVersionId"]
    assert by_key["b"] == {"Key": "b", "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    assert [error["Code"] for error in reply["Errors"]] == ["NoSuchVersion"]
    quiet = {"Objects": [{"Key": "b", "VersionId": marker}], "Quiet": True}
    assert "Deleted" not in s3.delete_objects(Bucket=versioned, Delete=quiet)
    assert body(s3, versioned, "b") == b"2"


def test_versions_are_listed_newest_first_in_pages_of_any_size(s3, versioned):
    expected = []
    for key in ("a/1", "a/2", "b ä+&", "c"):
        ids = [put(s3, versioned, key, str(n).encode()) for n in range(3)]
        ids.append(s3.delete_object(Bucket=versioned, Key=key)["VersionId"])
        expected += [(key, version) for version in reversed(ids)]
    for size in (1, 3, 1000):
        found = []
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=versioned, PaginationConfig={"PageSize": size}
        )
        for page in pages:
            rows = page.get("Versions", []) + page.get("DeleteMarkers", [])
            assert len(rows) <= size
            found += [(row["Key"], row["VersionId"]) for row in rows]
        assert sorted(found) == sorted(expected)
    whole = s3.list_object_versions(Bucket=versioned)
    assert all(not version["IsLatest"] for version in whole["Versions"])
    assert all(marker["IsLatest"] and len(marker["Owner"]["ID"]) == 64 for marker in whole["DeleteMarkers"])
    folded = s3.list_object_versions(Bucket=versioned, Delimiter="/", Prefix="")
    assert [prefix["Prefix"] for prefix in folded["CommonPrefixes"]] == ["a/"]
    assert {version["Key"] for version in folded["Versions"]} == {"b ä+&", "c"}
    raw = s3.list_object_versions(Bucket=versioned, Prefix="b ", EncodingType="url")
    assert urllib.parse.unquote(raw["Versions"][0]["Key"]) == "b ä+&"
    refused("InvalidArgument", s3.list_object_versions, Bucket=versioned, VersionIdMarker="null")


def test_an_upload_in_parts_makes_a_version_and_copies_from_one(s3, versioned):
    first = put(s3, versioned, "key", b"source")
    put(s3, versioned, "key", b"other")
    upload = s3.create_multipart_upload(Bucket=versioned, Key="big")
    named = {"Bucket": versioned, "Key": "big", "UploadId": upload["UploadId"]}
    source = {"Bucket": versioned, "Key": "key", "VersionId": first}
    part = s3.upload_part_copy(**named, PartNumber=1, CopySource=source)
    assert part["CopySourceVersionId"] == first
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]}
    done = s3.complete_multipart_upload(**named, MultipartUpload=parts)
    assert body(s3, versioned, "big", done["VersionId"]) == b"source"
    assert s3.complete_multipart_upload(**named, MultipartUpload=parts)["VersionId"] == done["VersionId"]


def test_versions_ask_for_permissions_of_their_own(s3, versioned, person):
    version = put(s3, versioned, "key", b"x")
    everything = f"arn:aws:s3:::{versioned}/*"
    somebody = person().may(allow("s3:GetObject", "s3:DeleteObject", on=everything)).client("s3")
    assert body(somebody, versioned, "key") == b"x"
    refused("AccessDenied", somebody.get_object, Bucket=versioned, Key="key", VersionId=version)
    refused("AccessDenied", somebody.delete_object, Bucket=versioned, Key="key", VersionId=version)
    refused("AccessDenied", somebody.list_object_versions, Bucket=versioned)
    refused("AccessDenied", somebody.put_bucket_versioning, Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    assert somebody.delete_object(Bucket=versioned, Key="key")["DeleteMarker"]
