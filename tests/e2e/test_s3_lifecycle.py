"""Lifecycles of buckets. The tests' clouds have a lifecycle's day of one second."""

import datetime
import re

import pytest

from harness.compute import refused
from harness.waiting import stays, wait_until

PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
FUTURE = datetime.datetime(2090, 1, 1, tzinfo=datetime.timezone.utc)


def set_rules(s3, bucket, *rules):
    configuration = {"Rules": [{"Status": "Enabled", "Filter": {}, **rule} for rule in rules]}
    return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=configuration)


def keys(s3, bucket):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def become(s3, bucket, expected):
    wait_until(lambda: keys(s3, bucket) == expected, 20, what=lambda: f"{keys(s3, bucket)} become {expected}")


def test_rules_are_given_back_as_they_were_put(s3, bucket):
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    rules = [
        {"ID": "days", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 30}},
        {"ID": "date", "Status": "Disabled", "Prefix": "b/", "Expiration": {"Date": FUTURE}},
        {
            "ID": "and",
            "Status": "Enabled",
            "Filter": {
                "And": {
                    "Prefix": "c/",
                    "Tags": [{"Key": "k", "Value": "v"}],
                    "ObjectSizeGreaterThan": 10,
                    "ObjectSizeLessThan": 100,
                }
            },
            "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 5},
        },
        {
            "ID": "down",
            "Status": "Enabled",
            "Filter": {"Prefix": "old/"},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
            "NoncurrentVersionTransitions": [
                {"NoncurrentDays": 0, "StorageClass": "DEEP_ARCHIVE", "NewerNoncurrentVersions": 2}
            ],
        },
        {
            "ID": "clean",
            "Status": "Enabled",
            "Filter": {},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert got["Rules"] == rules
    assert got["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    s3.delete_bucket_lifecycle(Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    s3.delete_bucket_lifecycle(Bucket=bucket)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({}, "InvalidRequest"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument"),
        ({"Expiration": {"Days": 1, "Date": FUTURE}}, "MalformedXML"),
        ({"Expiration": {"Date": FUTURE + datetime.timedelta(hours=1)}}, "InvalidArgument"),
        ({"Expiration": {"Days": 1}, "Status": "On"}, "MalformedXML"),
        ({"Expiration": {"Days": 1}, "ID": "x" * 256}, "InvalidArgument"),
        ({"Expiration": {"Days": 1}, "Prefix": "a"}, "MalformedXML"),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}, "InvalidArgument"),
        ({"Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}, "InvalidArgument"),
        ({"Transitions": [{"Days": 1, "StorageClass": "STANDARD"}]}, "MalformedXML"),
        ({"Expiration": {"Days": 1}, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}, "InvalidArgument"),
        (
            {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
            "InvalidRequest",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_changes_nothing(s3, shared_bucket, rule, code):
    refused(code, set_rules, s3, shared_bucket, rule)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=shared_bucket)


def test_replies_tell_when_an_object_expires_and_an_upload_is_given_up(s3, bucket):
    set_rules(
        s3,
        bucket,
        {"ID": "later ä", "Filter": {"Prefix": "dated/"}, "Expiration": {"Date": FUTURE}},
        {"ID": "uploads", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1000}},
    )
    put = s3.put_object(Bucket=bucket, Key="dated/key", Body=b"x")
    assert put["Expiration"] == 'expiry-date="Sun, 01 Jan 2090 00:00:00 GMT", rule-id="later%20%C3%A4"'
    assert s3.head_object(Bucket=bucket, Key="dated/key")["Expiration"] == put["Expiration"]
    copied = s3.copy_object(Bucket=bucket, Key="dated/copy", CopySource=f"{bucket}/dated/key")
    assert copied["Expiration"] == put["Expiration"]
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="other", Body=b"x")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="dated/big")
    assert upload["AbortRuleId"] == "uploads" and upload["AbortDate"] > datetime.datetime.now(datetime.timezone.utc)
    named = {"Bucket": bucket, "Key": "dated/big", "UploadId": upload["UploadId"]}
    assert s3.list_parts(**named)["AbortDate"] == upload["AbortDate"]
    part = s3.upload_part(**named, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    assert s3.complete_multipart_upload(**named, MultipartUpload=parts)["Expiration"] == put["Expiration"]


def test_objects_expire_by_prefix_tag_and_size(s3, bucket):
    for key, more in (
        ("a/plain", {}),
        ("b/tagged", {"Tagging": "colour=red"}),
        ("b/untagged", {"Tagging": "colour=blue"}),
        ("c/large", {"Body": b"x" * 1000}),
        ("c/small", {"Body": b"x"}),
        ("d/stays", {}),
    ):
        s3.put_object(Bucket=bucket, Key=key, **more)
    tag = {"Key": "colour", "Value": "red"}
    set_rules(
        s3,
        bucket,
        {"ID": "a", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 1}},
        {"ID": "b", "Filter": {"Tag": tag}, "Expiration": {"Days": 1}},
        {"ID": "c", "Filter": {"And": {"Prefix": "c/", "ObjectSizeGreaterThan": 10}}, "Expiration": {"Date": PAST}},
        {"ID": "d", "Filter": {"Prefix": "d/"}, "Status": "Disabled", "Expiration": {"Days": 1}},
    )
    become(s3, bucket, ["b/untagged", "c/small", "d/stays"])
    s3.put_object_tagging(Bucket=bucket, Key="b/untagged", Tagging={"TagSet": [tag]})
    become(s3, bucket, ["c/small", "d/stays"])
    stays(lambda: keys(s3, bucket) == ["c/small", "d/stays"], 2.5)


def test_versions_and_markers_go_as_the_rules_say(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for n in range(4):
        s3.put_object(Bucket=bucket, Key="key", Body=str(n).encode())

    def rows():
        listed = s3.list_object_versions(Bucket=bucket)
        return len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))

    keep = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}
    set_rules(s3, bucket, {"NoncurrentVersionExpiration": keep})
    wait_until(lambda: rows() == (2, 0), 20, what=rows)
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"3"
    set_rules(s3, bucket, {"Expiration": {"Days": 1}})
    wait_until(lambda: rows() == (2, 1), 20, what=rows)
    assert keys(s3, bucket) == []
    set_rules(
        s3,
        bucket,
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
    )
    wait_until(lambda: rows() == (0, 0), 20, what=rows)
    s3.delete_bucket_lifecycle(Bucket=bucket)


def test_a_held_version_outlives_every_rule(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    held = s3.put_object(Bucket=bucket, Key="key", Body=b"held", ObjectLockLegalHoldStatus="ON")["VersionId"]
    for n in range(3):
        s3.put_object(Bucket=bucket, Key="key", Body=str(n).encode())
    set_rules(s3, bucket, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    versions = lambda: [row["VersionId"] for row in s3.list_object_versions(Bucket=bucket)["Versions"]]  # noqa: E731
    wait_until(lambda: len(versions()) == 2, 20, what=versions)
    assert versions()[1] == held
    stays(lambda: held in versions(), 2)


def test_uploads_that_nobody_completes_are_given_up(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a/big")
    named = {"Bucket": bucket, "Key": "a/big", "UploadId": upload["UploadId"]}
    s3.upload_part(**named, PartNumber=1, Body=b"x" * 100_000)
    other = s3.create_multipart_upload(Bucket=bucket, Key="b/big")["UploadId"]
    abort = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    set_rules(s3, bucket, {"Filter": {"Prefix": "a/"}, **abort})
    uploads = lambda: [row["UploadId"] for row in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]  # noqa: E731
    wait_until(lambda: uploads() == [other], 20, what=uploads)
    refused("NoSuchUpload", s3.list_parts, **named)


def test_a_rule_without_an_id_gets_one(s3, bucket):
    set_rules(s3, bucket, {"Expiration": {"Date": FUTURE}})
    rule = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]
    assert re.fullmatch(r"[0-9a-f]{32}", rule["ID"])


def test_objects_go_down_the_storage_classes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a/large", Body=b"x" * (128 << 10))
    s3.put_object(Bucket=bucket, Key="a/small", Body=b"x")
    s3.put_object(Bucket=bucket, Key="b/large", Body=b"x" * (128 << 10))
    set_rules(
        s3,
        bucket,
        {"Filter": {"Prefix": "a/"}, "Transitions": [{"Days": 0, "StorageClass": "DEEP_ARCHIVE"}]},
    )
    classes = lambda: [row["StorageClass"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]]  # noqa: E731
    wait_until(lambda: classes() == ["DEEP_ARCHIVE", "STANDARD", "STANDARD"], 30, what=classes)
    assert s3.head_object(Bucket=bucket, Key="a/large")["StorageClass"] == "DEEP_ARCHIVE"
    refused("InvalidObjectState", s3.get_object, Bucket=bucket, Key="a/large")
    s3.restore_object(Bucket=bucket, Key="a/large", RestoreRequest={"Days": 1})
    assert s3.get_object(Bucket=bucket, Key="a/large")["Body"].read() == b"x" * (128 << 10)
