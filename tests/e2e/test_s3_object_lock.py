"""Object lock: retention, legal holds, defaults, and the ways around that there are not."""

import datetime
import uuid

import pytest

from conftest import empty_and_delete
from harness.compute import refused
from harness.people import allow, deny
from harness.waiting import wait_until

DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


@pytest.fixture
def locking(s3):
    """A fresh bucket with object lock, and its removal."""
    name = f"locked-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    empty_and_delete(s3, name)


def retention(mode="GOVERNANCE", days=2):
    return {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": now() + days * DAY}


def test_a_bucket_has_object_lock_from_its_creation(s3, locking):
    configuration = s3.get_object_lock_configuration(Bucket=locking)["ObjectLockConfiguration"]
    assert configuration == {"ObjectLockEnabled": "Enabled"}
    assert s3.get_bucket_versioning(Bucket=locking)["Status"] == "Enabled"
    suspend = {"Status": "Suspended"}
    document = refused("InvalidBucketState", s3.put_bucket_versioning, Bucket=locking, VersioningConfiguration=suspend)
    assert document["Status"] == 409


def test_a_bucket_gets_object_lock_later_if_it_keeps_versions(s3, bucket):
    refused("ObjectLockConfigurationNotFoundError", s3.get_object_lock_configuration, Bucket=bucket)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    put = {"Bucket": bucket, "ObjectLockConfiguration": wanted}
    refused("InvalidBucketState", s3.put_object_lock_configuration, **put)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    before = s3.put_object(Bucket=bucket, Key="before", Body=b"x")["VersionId"]
    s3.put_object_lock_configuration(**put)
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == wanted
    after = s3.put_object(Bucket=bucket, Key="after", Body=b"x")["VersionId"]
    head = s3.head_object(Bucket=bucket, Key="after")
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert abs(head["ObjectLockRetainUntilDate"] - head["LastModified"] - DAY) < datetime.timedelta(seconds=2)
    s3.delete_object(Bucket=bucket, Key="before", VersionId=before)
    refused("AccessDenied", s3.delete_object, Bucket=bucket, Key="after", VersionId=after)
    for wrong, code in (
        ({"Mode": "GOVERNANCE"}, "MalformedXML"),
        ({"Mode": "GOVERNANCE", "Days": 1, "Years": 1}, "MalformedXML"),
        ({"Mode": "FOREVER", "Days": 1}, "MalformedXML"),
        ({"Mode": "GOVERNANCE", "Days": 0}, "InvalidArgument"),
    ):
        bad = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": wrong}}
        refused(code, s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=bad)


def test_governance_is_bypassed_by_who_may(s3, locking, person):
    version = s3.put_object(Bucket=locking, Key="key", Body=b"x", **retention())["VersionId"]
    named = {"Bucket": locking, "Key": "key", "VersionId": version}
    document = refused("AccessDenied", s3.delete_object, **named)
    assert document["Message"] == "Access Denied because object protected by object lock."
    arn = f"arn:aws:s3:::{locking}/*"
    somebody = person().may(allow("s3:*", on=arn), deny("s3:BypassGovernanceRetention", on=arn)).client("s3")
    refused("AccessDenied", somebody.delete_object, **named, BypassGovernanceRetention=True)
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": now() + DAY}
    refused("AccessDenied", s3.put_object_retention, **named, Retention=shorter)
    refused("AccessDenied", somebody.put_object_retention, **named, Retention=shorter, BypassGovernanceRetention=True)
    s3.put_object_retention(**named, Retention=shorter, BypassGovernanceRetention=True)
    assert s3.get_object_retention(**named)["Retention"] == shorter
    reply = s3.delete_objects(Bucket=locking, Delete={"Objects": [{"Key": "key", "VersionId": version}]})
    assert [error["Code"] for error in reply["Errors"]] == ["AccessDenied"]
    s3.delete_objects(
        Bucket=locking,
        Delete={"Objects": [{"Key": "key", "VersionId": version}]},
        BypassGovernanceRetention=True,
    )
    refused("NoSuchVersion", s3.get_object, **named)


def test_compliance_is_bypassed_by_nobody(s3, locking):
    until = now() + datetime.timedelta(seconds=4)
    version = s3.put_object(
        Bucket=locking, Key="key", Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
    )["VersionId"]
    named = {"Bucket": locking, "Key": "key", "VersionId": version}
    refused("AccessDenied", s3.delete_object, **named, BypassGovernanceRetention=True)
    for weaker in (
        {"Mode": "GOVERNANCE", "RetainUntilDate": until + DAY},
        {"Mode": "COMPLIANCE", "RetainUntilDate": until - datetime.timedelta(seconds=1)},
    ):
        refused(
            ("AccessDenied", "InvalidArgument"),
            s3.put_object_retention, **named, Retention=weaker, BypassGovernanceRetention=True,
        )
    # when the date has passed it is a version like any other, which the removal of this bucket shows
    wait_until(lambda: now() > until, 15, what="the retention's end")


def test_a_legal_hold_is_taken_off_before_anything_else(s3, locking):
    version = s3.put_object(Bucket=locking, Key="key", Body=b"x", ObjectLockLegalHoldStatus="ON")["VersionId"]
    named = {"Bucket": locking, "Key": "key", "VersionId": version}
    refused("AccessDenied", s3.delete_object, **named, BypassGovernanceRetention=True)
    assert s3.get_object_legal_hold(**named)["LegalHold"] == {"Status": "ON"}
    assert s3.head_object(**named)["ObjectLockLegalHoldStatus"] == "ON"
    s3.put_object_legal_hold(**named, LegalHold={"Status": "OFF"})
    s3.delete_object(**named)
    other = s3.put_object(Bucket=locking, Key="other", Body=b"x")["VersionId"]
    unheld = {"Bucket": locking, "Key": "other", "VersionId": other}
    refused("NoSuchObjectLockConfiguration", s3.get_object_legal_hold, **unheld)
    refused("NoSuchObjectLockConfiguration", s3.get_object_retention, **unheld)


def test_locks_travel_with_copies_and_uploads_only_when_asked(s3, locking):
    s3.put_object(Bucket=locking, Key="source", Body=b"x", **retention())
    source = {"Bucket": locking, "Key": "source"}
    s3.copy_object(Bucket=locking, Key="copy", CopySource=source)
    assert "ObjectLockMode" not in s3.head_object(Bucket=locking, Key="copy")
    s3.copy_object(Bucket=locking, Key="copy", CopySource=source, **retention())
    assert s3.head_object(Bucket=locking, Key="copy")["ObjectLockMode"] == "GOVERNANCE"
    upload = s3.create_multipart_upload(Bucket=locking, Key="big", **retention(days=3))
    named = {"Bucket": locking, "Key": "big", "UploadId": upload["UploadId"]}
    part = s3.upload_part(**named, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(**named, MultipartUpload=parts)
    assert s3.head_object(Bucket=locking, Key="big")["ObjectLockMode"] == "GOVERNANCE"


def test_what_a_request_may_not_ask_is_refused(s3, locking, bucket, person):
    at = {"Bucket": locking, "Key": "key", "Body": b"x"}
    refused("InvalidArgument", s3.put_object, **at, ObjectLockMode="GOVERNANCE")
    refused("InvalidArgument", s3.put_object, **at, ObjectLockRetainUntilDate=now() + DAY)
    refused("InvalidArgument", s3.put_object, **at, **retention(days=-1))
    refused("InvalidArgument", s3.put_object, **at, **retention(mode="WISHFUL"))
    refused("InvalidRequest", s3.put_object, Bucket=bucket, Key="key", Body=b"x", **retention())
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    wanted = {"Mode": "GOVERNANCE", "RetainUntilDate": now() + DAY}
    refused("InvalidRequest", s3.put_object_retention, Bucket=bucket, Key="key", Retention=wanted)
    refused("InvalidRequest", s3.get_object_legal_hold, Bucket=bucket, Key="key")
    somebody = person().may(allow("s3:PutObject", "s3:GetObject", on=f"arn:aws:s3:::{locking}/*")).client("s3")
    refused("AccessDenied", somebody.put_object, **at, **retention())
    somebody.put_object(**at)
    refused("AccessDenied", somebody.put_object_retention, Bucket=locking, Key="key", Retention=wanted)
    s3.put_object(**at, **retention())
    # who may not see locks gets the object without them
    assert "ObjectLockMode" not in somebody.get_object(Bucket=locking, Key="key")


def test_policies_limit_how_long_may_be_retained(s3, locking, person):
    arn = f"arn:aws:s3:::{locking}/*"
    long = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}
    strict = {"StringEquals": {"s3:object-lock-mode": "COMPLIANCE"}}
    somebody = person().may(
        allow("s3:*", on=arn), deny("s3:*", on=arn, Condition=long), deny("s3:*", on=arn, Condition=strict)
    ).client("s3")
    at = {"Bucket": locking, "Key": "key"}
    refused("AccessDenied", somebody.put_object, **at, Body=b"x", **retention(days=20))
    refused("AccessDenied", somebody.put_object, **at, Body=b"x", **retention(mode="COMPLIANCE"))
    somebody.put_object(**at, Body=b"x", **retention(days=5))
    wanted = {"Mode": "GOVERNANCE", "RetainUntilDate": now() + 20 * DAY}
    refused("AccessDenied", somebody.put_object_retention, **at, Retention=wanted)
    wanted["RetainUntilDate"] = now() + 8 * DAY
    somebody.put_object_retention(**at, Retention=wanted)
