"""What AWS documents for every operation alike (expected owner, who pays), and each documented error of bucket configurations."""

import json
import urllib.error
import urllib.request
import uuid

import botocore
import pytest
from botocore.exceptions import ClientError

from harness.operations import model, offered, sample

MODEL = model("s3")


def with_member(member):
    """Offered operations that take a parameter."""
    shapes = {name: MODEL.operation_model(name).input_shape for name in offered("s3")}
    return sorted(name for name, shape in shapes.items() if shape and member in shape.members)


def snake(name):
    """boto3's name of an operation."""
    return botocore.xform_name(name)


def outcome(call, **parameters):
    """Status and error code of a call."""
    try:
        return call(**parameters)["ResponseMetadata"]["HTTPStatusCode"], ""
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]


@pytest.fixture(scope="module")
def full(s3):
    """A bucket with an object and an upload."""
    name = f"print-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="kept", Body=b"x")
    upload = s3.create_multipart_upload(Bucket=name, Key="kept")["UploadId"]
    yield {"Bucket": name, "Key": "kept", "UploadId": upload, "CopySource": f"{name}/kept"}
    s3.abort_multipart_upload(Bucket=name, Key="kept", UploadId=upload)
    for row in s3.list_object_versions(Bucket=name).get("Versions", []):
        s3.delete_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize("operation", with_member("ExpectedBucketOwner"))
def test_another_owner_than_expected_is_refused(s3, full, account, operation):
    parameters = sample("s3", MODEL.operation_model(operation), **full)
    call = getattr(s3, snake(operation))
    stranger = "000000000009" if account != "000000000009" else "000000000008"
    assert outcome(call, **parameters, ExpectedBucketOwner=stranger)[0] == 403
    assert s3.get_object(Bucket=full["Bucket"], Key="kept")["Body"].read() == b"x", "and nothing happened"
    nobody = outcome(call, **parameters, ExpectedBucketOwner="nobody")
    assert nobody in [(400, "InvalidBucketOwnerAWSAccountID"), (400, "400")]


def test_the_owner_that_is_expected_is_answered(s3, full, account):
    named = {"Bucket": full["Bucket"], "Key": "kept", "ExpectedBucketOwner": account}
    assert s3.get_object(**named)["Body"].read() == b"x"
    copy = {"Bucket": full["Bucket"], "Key": "copy", "CopySource": full["CopySource"], "ExpectedBucketOwner": account}
    assert outcome(s3.copy_object, **copy, ExpectedSourceBucketOwner="000000000009") == (403, "AccessDenied")
    assert outcome(s3.copy_object, **copy, ExpectedSourceBucketOwner=account)[0] == 200


@pytest.fixture(scope="module")
def payer(cloud):
    """A stranger with an account of its own."""
    name = f"account-{uuid.uuid4().hex[:10]}"
    made = json.loads(cloud.murus("admin", "account", "create", "--name", name, "--output", "json").stdout)
    yield made["AccountId"], cloud.client("s3", keys=(made["AccessKeyId"], made["SecretAccessKey"]))
    cloud.murus("admin", "account", "delete", made["AccountId"], check=False)


@pytest.fixture(scope="module")
def charged(s3, full, payer):
    """`full`, with its requester paying, open to the stranger."""
    name = full["Bucket"]
    allow = {
        "Effect": "Allow", "Principal": {"AWS": payer[0]}, "Action": "s3:*", "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    s3.put_bucket_request_payment(Bucket=name, RequestPaymentConfiguration={"Payer": "Requester"})
    yield full
    s3.put_bucket_request_payment(Bucket=name, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    s3.delete_bucket_policy(Bucket=name)


# They would need an object lock, or an object in the archive, and take the object away from the tests after them.
UNPAID = {"AbortMultipartUpload", "CompleteMultipartUpload", "DeleteObject", "DeleteObjects"}


@pytest.mark.parametrize("operation", with_member("RequestPayer"))
def test_whoever_does_not_agree_to_pay_is_refused(charged, payer, operation):
    parameters = sample("s3", MODEL.operation_model(operation), **charged)
    call = getattr(payer[1], snake(operation))
    assert outcome(call, **parameters)[0] == 403
    if operation not in UNPAID:
        assert outcome(call, **parameters, RequestPayer="requester")[0] != 403


def test_who_pays_is_told_and_the_owner_need_not_agree(cloud, s3, charged, payer):
    named = {"Bucket": charged["Bucket"], "Key": "kept"}
    assert payer[1].get_object(**named, RequestPayer="requester")["RequestCharged"] == "requester"
    assert "RequestCharged" not in s3.get_object(**named)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{cloud.endpoint}/{charged['Bucket']}/kept", timeout=20)
    assert error.value.code == 403


def test_replies_are_changed_only_for_those_who_sign(cloud, s3, bucket):
    s3.delete_public_access_block(Bucket=bucket)
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/x", ResponseCacheControl="no-store", ResponseContentEncoding="x")
    assert (got["ContentType"], got["CacheControl"], got["ContentEncoding"]) == ("text/x", "no-store", "x")
    with urllib.request.urlopen(f"{cloud.endpoint}/{bucket}/k", timeout=20) as reply:
        assert reply.status == 200
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{cloud.endpoint}/{bucket}/k?response-content-type=text/html", timeout=20)
    assert error.value.code == 400 and "InvalidRequest" in error.value.read().decode()


def test_buckets_are_listed_in_pages_and_by_prefix(cloud, wire, payer):
    s3 = payer[1]
    prefix = f"page-{uuid.uuid4().hex[:8]}"
    names = [f"{prefix}-{letter}" for letter in "abcde"]
    for name in names:
        s3.create_bucket(Bucket=name)
    try:
        pages = list(s3.get_paginator("list_buckets").paginate(Prefix=prefix, PaginationConfig={"PageSize": 2}))
        assert [[one["Name"] for one in page["Buckets"]] for page in pages] == [names[:2], names[2:4], names[4:]]
        assert all(page["Prefix"] == prefix for page in pages) and "ContinuationToken" not in pages[-1]
        assert {one["BucketRegion"] for one in pages[0]["Buckets"]} == {"us-east-1"}
        assert s3.list_buckets(Prefix=f"{prefix}-c")["Buckets"][0]["Name"] == names[2]
        assert s3.list_buckets(BucketRegion="eu-west-1").get("Buckets", []) == []
        for wrong in ("0", "10001", "many"):
            refused = wire.s3(cloud.admin_keys, "GET", "/", f"max-buckets={wrong}")
            assert (refused.status, refused.code) == (400, "InvalidArgument")
    finally:
        for name in names:
            s3.delete_bucket(Bucket=name)


def test_versions_and_delete_markers_come_in_the_order_of_keys(cloud, wire, s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in "abc":
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=bucket, Key="a")
    text = wire.s3(cloud.admin_keys, "GET", f"/{bucket}", "versions=").body.decode()
    rows = [row.split("<Key>")[1][0] for row in text.split("<IsLatest>")[:-1]]
    kinds = ["marker" if row.rsplit("<Key>", 1)[0].endswith("<DeleteMarker>") else "version" for row in text.split("<IsLatest>")[:-1]]
    assert (rows[0], kinds) == ("a", ["marker", "version", "version", "version"]), text


RULE = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
TAG = {"Key": "k", "Value": "v"}
ENFORCED = {"ObjectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize(
    ("call", "parameters", "code"),
    [
        ("put_bucket_versioning", {"VersioningConfiguration": {}}, "IllegalVersioningConfigurationException"),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "On"}}, "MalformedXML"),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Enabled"}}, "NotImplemented"),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [TAG, TAG]}}, "InvalidTag"),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "aws:k", "Value": "v"}]}}, "InvalidTag"),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "k" * 129, "Value": "v"}]}}, "InvalidTag"),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "k", "Value": "v" * 257}]}}, "InvalidTag"),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]}}, "BadRequest"),
        ("put_bucket_cors", {"CORSConfiguration": {"CORSRules": []}}, "MalformedXML"),
        ("put_bucket_cors", {"CORSConfiguration": {"CORSRules": [{**RULE, "AllowedMethods": ["PATCH"]}]}}, "InvalidRequest"),
        ("put_bucket_cors", {"CORSConfiguration": {"CORSRules": [{**RULE, "AllowedOrigins": ["*a*"]}]}}, "InvalidRequest"),
        ("put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": []}}, "MalformedXML"),
        (
            "put_bucket_encryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}}]}},
            "MalformedXML",
        ),
        (
            "put_bucket_encryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "k"}}]}},
            "InvalidArgument",
        ),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Nobody"}}, "MalformedXML"),
        ("put_bucket_accelerate_configuration", {"AccelerateConfiguration": {"Status": "Enabled"}}, "NotImplemented"),
        ("put_bucket_accelerate_configuration", {"AccelerateConfiguration": {"Status": "On"}}, "MalformedXML"),
        ("put_bucket_ownership_controls", {"OwnershipControls": {"Rules": [ENFORCED, ENFORCED]}}, "MalformedXML"),
        ("put_bucket_ownership_controls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": "Nobody"}]}}, "MalformedXML"),
        ("put_bucket_policy", {"Policy": "{}" + " " * 20481}, "MalformedPolicy"),
        ("put_bucket_policy", {"Policy": "[]"}, "MalformedPolicy"),
        ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": []}}, "MalformedXML"),
        ("put_bucket_logging", {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "never-there", "TargetPrefix": ""}}}, "InvalidTargetBucketForLogging"),
        ("put_object_lock_configuration", {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}, "InvalidBucketState"),
        ("get_bucket_cors", {}, "NoSuchCORSConfiguration"),
        ("get_bucket_lifecycle_configuration", {}, "NoSuchLifecycleConfiguration"),
        ("get_bucket_tagging", {}, "NoSuchTagSet"),
        ("get_bucket_policy", {}, "NoSuchBucketPolicy"),
        ("get_bucket_policy_status", {}, "NoSuchBucketPolicy"),
        ("get_bucket_website", {}, "NoSuchWebsiteConfiguration"),
        ("get_bucket_replication", {}, "ReplicationConfigurationNotFoundError"),
        ("get_object_lock_configuration", {}, "ObjectLockConfigurationNotFoundError"),
        ("get_bucket_analytics_configuration", {"Id": "x"}, "NoSuchConfiguration"),
        ("get_bucket_metrics_configuration", {"Id": "x"}, "NoSuchConfiguration"),
        ("get_bucket_inventory_configuration", {"Id": "x"}, "NoSuchConfiguration"),
        ("get_bucket_intelligent_tiering_configuration", {"Id": "x"}, "NoSuchConfiguration"),
        ("put_bucket_website", {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}}, "NotImplemented"),
        ("put_bucket_notification_configuration", {"NotificationConfiguration": {}}, "NotImplemented"),
        ("delete_bucket_website", {}, "NotImplemented"),
        ("delete_bucket_replication", {}, "NotImplemented"),
    ],
)
def test_each_documented_error_of_a_configuration(s3, shared_bucket, call, parameters, code):
    status, found = outcome(getattr(s3, call), Bucket=shared_bucket, **parameters)
    assert found == code and status in (400, 404, 409, 501)
    assert outcome(getattr(s3, call), Bucket=f"never-{uuid.uuid4().hex}", **parameters)[1] in ("NoSuchBucket", "NotImplemented")


def test_deleting_what_is_not_there_is_no_error(s3, shared_bucket):
    for call in (
        "delete_bucket_cors", "delete_bucket_lifecycle", "delete_bucket_tagging", "delete_bucket_policy", "delete_bucket_encryption",
    ):  # fmt: skip
        for _ in range(2):
            assert outcome(getattr(s3, call), Bucket=shared_bucket)[0] == 204


def test_where_a_bucket_is(cloud, s3, payer, shared_bucket):
    assert s3.get_bucket_location(Bucket=shared_bucket)["LocationConstraint"] is None
    head = s3.head_bucket(Bucket=shared_bucket)
    assert (head["BucketRegion"], head["AccessPointAlias"]) == ("us-east-1", False)
    assert outcome(payer[1].head_bucket, Bucket=shared_bucket) == (403, "403")
    assert outcome(s3.head_bucket, Bucket=f"never-{uuid.uuid4().hex}") == (404, "404")
    # Also who may not look is told where to look.
    for path, status in ((f"/{shared_bucket}", 403), (f"/never-{uuid.uuid4().hex}", 404)):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(urllib.request.Request(cloud.endpoint + path, method="HEAD"), timeout=20)
        assert error.value.code == status
        assert error.value.headers.get("x-amz-bucket-region") == ("us-east-1" if status == 403 else None)
    made = f"there-{uuid.uuid4().hex[:12]}"
    assert outcome(s3.create_bucket, Bucket=made, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})[1] in (
        "InvalidLocationConstraint", "IllegalLocationConstraintException",
    )  # fmt: skip
    assert outcome(s3.head_bucket, Bucket=made) == (404, "404")
