"""Server access logging: requests become lines in AWS's format, in objects of the target bucket, under both key formats."""

import json
import re
import subprocess
import urllib.error
import urllib.request
import uuid

import pytest

from harness.cloud import Cloud
from harness.compute import refused
from harness.waiting import wait_until

# AWS's documentation gives this pattern for Athena: one group a field.
FIELDS = (
    "owner bucket time remote_ip requester request_id operation key request_uri status error sent size total_ms turn_around_ms "
    "referer user_agent version host_id signature cipher auth host tls access_point acl_required"
).split()
LINE = re.compile(
    r"^([^ ]*) ([^ ]*) \[(.*?)\] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (\"[^\"]*\"|-) (-|[0-9]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) "
    r"([^ ]*) ([^ ]*|\"[^\"]*\") (\"[^\"]*\"|-) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*)$"
)


def parse(line):
    """A line as a dictionary."""
    match = LINE.match(line)
    assert match, f"not a line of an access log: {line!r}"
    return dict(zip(FIELDS, match.groups(), strict=True))


def delivery_policy(target, source, account):
    """What AWS's documentation asks a target bucket to allow."""
    statement = {
        "Sid": "S3ServerAccessLogsPolicy", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"], "Resource": f"arn:aws:s3:::{target}/*",
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"}, "StringEquals": {"aws:SourceAccount": account}},
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Logs:
    """A target bucket, and what was delivered there."""

    def __init__(self, s3, bucket):
        self.s3, self.bucket = s3, bucket

    def keys(self, prefix=""):
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])]

    def entries(self, prefix=""):
        text = "".join(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode() for key in self.keys(prefix))
        return [parse(line) for line in text.splitlines()]

    def find(self, prefix="", **fields):
        """The one entry with these fields, once it was delivered."""
        matching = lambda: [one for one in self.entries(prefix) if all(one[name] == value for name, value in fields.items())]
        found = wait_until(matching, 60, what=lambda: f"a line with {fields} in {self.entries(prefix)}")
        assert len(found) == 1, f"each request has one line: {found}"
        return found[0]


@pytest.fixture
def target(s3):
    """A bucket for logs."""
    name = f"logs-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name

    def deleted():
        for key in Logs(s3, name).keys():
            s3.delete_object(Bucket=name, Key=key)
        try:
            return s3.delete_bucket(Bucket=name)
        except s3.exceptions.ClientError as error:  # A last log may be on its way still.
            assert error.response["Error"]["Code"] == "BucketNotEmpty", error
            return None

    wait_until(deleted, 60)


@pytest.fixture
def logs(s3, bucket, target, account):
    """The logs of `bucket`, switched on, under `log/`."""
    s3.put_bucket_policy(Bucket=target, Policy=delivery_policy(target, bucket, account))
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "log/"}})
    yield Logs(s3, target)
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    s3.delete_bucket_policy(Bucket=target)  # so that nothing comes after the target was emptied


def test_a_bucket_is_not_logged_until_that_is_asked_for(s3, bucket, target):
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    for more in (
        {},
        {"TargetObjectKeyFormat": {"SimplePrefix": {}}},
        {"TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}},
        {"TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}}},
    ):
        asked = {"TargetBucket": target, "TargetPrefix": "p/", **more}
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": asked})
        assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == asked
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_the_line_says_who_what_and_how_it_ended(s3, person, account, bucket, logs):
    put = s3.put_object(Bucket=bucket, Key="a folder/ä.txt", Body=b"hello world")["ResponseMetadata"]["RequestId"]
    line = logs.find(request_id=put)
    owner = s3.list_buckets()["Owner"]["ID"]
    assert (line["owner"], line["bucket"], line["remote_ip"], line["operation"]) == (owner, bucket, "127.0.0.1", "REST.PUT.OBJECT")
    assert line["key"] == "a%20folder/%C3%A4.txt"
    assert line["request_uri"] == f'"PUT /{bucket}/a%20folder/%C3%A4.txt HTTP/1.1"'
    assert (line["status"], line["error"], line["sent"], line["size"]) == ("200", "-", "-", "11")
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", line["time"])
    assert line["requester"].startswith(f"arn:aws:iam::{account}:") or line["requester"] == owner
    assert int(line["total_ms"]) >= int(line["turn_around_ms"]) >= 0
    assert line["referer"] == '"-"' and line["user_agent"].startswith('"Boto3/')
    assert (line["signature"], line["auth"], line["cipher"], line["tls"]) == ("SigV4", "AuthHeader", "-", "-")
    assert (line["access_point"], line["acl_required"], line["version"]) == ("-", "-", "-")
    assert line["host"].startswith("127.0.0.1:")
    got = s3.get_object(Bucket=bucket, Key="a folder/ä.txt", Range="bytes=0-4")
    got["Body"].read()
    line = logs.find(request_id=got["ResponseMetadata"]["RequestId"])
    assert (line["operation"], line["status"], line["sent"], line["size"]) == ("REST.GET.OBJECT", "206", "5", "11")
    assert line["host_id"] == got["ResponseMetadata"]["HostId"]
    who = person()
    error = refused("AccessDenied", who.client("s3").get_object, Bucket=bucket, Key="a folder/ä.txt")
    line = logs.find(requester=who.arn)
    assert (line["status"], line["error"], line["operation"]) == ("403", "AccessDenied", "REST.GET.OBJECT"), error


@pytest.mark.parametrize(
    ("call", "parameters", "operation", "status"),
    [
        ("head_bucket", {}, "REST.HEAD.BUCKET", "200"),
        ("list_objects_v2", {}, "REST.GET.BUCKET", "200"),
        ("list_object_versions", {}, "REST.GET.BUCKETVERSIONS", "200"),
        ("get_bucket_versioning", {}, "REST.GET.VERSIONING", "200"),
        ("get_bucket_location", {}, "REST.GET.LOCATION", "200"),
        ("get_bucket_acl", {}, "REST.GET.ACL", "200"),
        ("get_bucket_logging", {}, "REST.GET.LOGGING_STATUS", "200"),
        ("get_bucket_policy", {}, "REST.GET.BUCKETPOLICY", "404"),
        ("get_bucket_website", {}, "REST.GET.WEBSITE", "404"),
        ("head_object", {"Key": "nothing"}, "REST.HEAD.OBJECT", "404"),
        ("delete_object", {"Key": "nothing"}, "REST.DELETE.OBJECT", "204"),
        ("list_multipart_uploads", {}, "REST.GET.UPLOADS", "200"),
    ],
)
def test_operations_have_awss_names(s3, bucket, logs, call, parameters, operation, status):
    try:
        request = getattr(s3, call)(Bucket=bucket, **parameters)["ResponseMetadata"]["RequestId"]
    except s3.exceptions.ClientError as error:
        request = error.response["ResponseMetadata"]["RequestId"]
    line = logs.find(request_id=request)
    assert (line["operation"], line["status"]) == (operation, status)


def test_multipart_copies_and_multi_deletes(s3, bucket, logs):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"part")
    s3.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    for operation in ("REST.POST.UPLOADS", "REST.PUT.PART", "REST.POST.UPLOAD"):
        assert logs.find(operation=operation)["key"] == "big"
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/big")["ResponseMetadata"]["RequestId"]
    to, source = logs.find(request_id=copied, operation="REST.COPY.OBJECT"), logs.find(operation="REST.COPY.OBJECT_GET")
    assert (to["key"], source["key"], source["request_id"], source["size"]) == ("copy", "big", copied, "4")
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "copy"}, {"Key": "big"}]})["ResponseMetadata"]["RequestId"]
    assert logs.find(request_id=gone, operation="REST.POST.MULTI_OBJECT_DELETE")["key"] == "-"
    line = logs.find(request_id=gone, operation="BATCH.DELETE.OBJECT", key="big")
    assert (line["status"], line["request_uri"], line["user_agent"]) == ("204", "-", "-")
    logs.find(request_id=gone, operation="BATCH.DELETE.OBJECT", key="copy")


def test_a_lifecycle_s_deletions_are_logged(s3, bucket, logs):
    s3.put_object(Bucket=bucket, Key="old", Body=b"123")
    rule = {"ID": "r", "Filter": {"Prefix": "old"}, "Status": "Enabled", "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    line = logs.find(operation="S3.EXPIRE.OBJECT", key="old")
    assert (line["requester"], line["remote_ip"], line["size"], line["request_uri"]) == ("AmazonS3", "-", "3", "-")


def test_the_anonymous_presigned_requests_and_acls(cloud, s3, bucket, logs):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    with urllib.request.urlopen(url, timeout=20) as reply:
        request = reply.headers["x-amz-request-id"]
    line = logs.find(request_id=request)
    assert line["auth"] == "QueryString" and line["signature"] in ("SigV2", "SigV4")
    assert "ignature=REDACTED" in line["request_uri"]
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{cloud.endpoint}/{bucket}/k", timeout=20)
    line = logs.find(request_id=error.value.headers["x-amz-request-id"])
    assert (line["requester"], line["auth"], line["signature"], line["status"]) == ("-", "-", "-", "403")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    with urllib.request.urlopen(f"{cloud.endpoint}/{bucket}/k", timeout=20) as reply:
        request = reply.headers["x-amz-request-id"]
    assert logs.find(request_id=request)["acl_required"] == "Yes"


@pytest.mark.parametrize("source", ["EventTime", "DeliveryTime"])
def test_partitioned_keys(s3, bucket, target, account, source):
    s3.put_bucket_policy(Bucket=target, Policy=delivery_policy(target, bucket, account))
    form = {"PartitionedPrefix": {"PartitionDateSource": source}}
    enabled = {"TargetBucket": target, "TargetPrefix": "p-", "TargetObjectKeyFormat": form}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    logs = Logs(s3, target)
    logs.find(operation="REST.PUT.OBJECT", key="k")
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    s3.delete_bucket_policy(Bucket=target)
    clock = "00-00-00" if source == "EventTime" else r"\d\d-\d\d-\d\d"
    pattern = rf"p-{account}/us-east-1/{bucket}/(\d{{4}})/(\d\d)/(\d\d)/\1-\2-\3-{clock}-[0-9A-F]{{16}}"
    assert all(re.fullmatch(pattern, key) for key in logs.keys()), logs.keys()


def test_simple_keys(logs, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    logs.find(operation="REST.PUT.OBJECT", key="k")
    assert all(re.fullmatch(r"log/\d{4}(-\d\d){5}-[0-9A-F]{16}", key) for key in logs.keys()), logs.keys()
    head = s3.head_object(Bucket=logs.bucket, Key=logs.keys()[0])
    assert head["ContentType"] == "text/plain"


def test_who_may_not_and_what_is_no_target(s3, person, bucket, target):
    enabled = lambda name, **more: {"LoggingEnabled": {"TargetBucket": name, "TargetPrefix": "", **more}}
    put = lambda status: {"Bucket": bucket, "BucketLoggingStatus": status}
    refused("InvalidTargetBucketForLogging", s3.put_bucket_logging, **put(enabled(f"never-{uuid.uuid4().hex[:12]}")))
    group = {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
    refused("AccessControlListNotSupported", s3.put_bucket_logging, **put(enabled(target, TargetGrants=[group])))
    refused("NoSuchBucket", s3.put_bucket_logging, Bucket=f"never-{uuid.uuid4().hex[:12]}", BucketLoggingStatus={})
    both = {"SimplePrefix": {}, "PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    refused("MalformedXML", s3.put_bucket_logging, **put(enabled(target, TargetObjectKeyFormat=both)))
    refused("AccessDenied", person().client("s3").put_bucket_logging, **put(enabled(target)))
    s3.put_bucket_ownership_controls(Bucket=target, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    refused("InvalidTargetBucketForLogging", s3.put_bucket_logging, **put(enabled(target)))
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_the_log_delivery_group_may_be_granted_instead(s3, bucket, target):
    s3.put_bucket_ownership_controls(Bucket=target, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    s3.put_bucket_acl(Bucket=target, ACL="log-delivery-write")
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": ""}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    logs = Logs(s3, target)
    logs.find(operation="REST.PUT.OBJECT", key="k")
    acl = s3.get_object_acl(Bucket=target, Key=logs.keys()[0])
    assert acl["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"], "preferred: the bucket's owner owns them"
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    s3.put_bucket_acl(Bucket=target, ACL="private")


def test_over_tls_the_line_says_how_and_a_stop_loses_no_line(tmp_path):
    """A cloud of its own: stopped at once after the last request, it delivers that request's line when it is back."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=murus",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    cloud = Cloud(certificate=certificate, key=key)
    try:
        cloud.start()
        s3, account = cloud.client("s3"), cloud.client("sts").get_caller_identity()["Account"]
        for name in ("logged", "logs-of-it"):
            s3.create_bucket(Bucket=name)
        s3.put_bucket_policy(Bucket="logs-of-it", Policy=delivery_policy("logs-of-it", "logged", account))
        enabled = {"TargetBucket": "logs-of-it", "TargetPrefix": ""}
        s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus={"LoggingEnabled": enabled})
        last = s3.put_object(Bucket="logged", Key="k", Body=b"x")["ResponseMetadata"]["RequestId"]
        cloud.stop()
        cloud.start()
        line = Logs(s3, "logs-of-it").find(request_id=last)
        assert line["operation"] == "REST.PUT.OBJECT" and line["size"] == "1"
        assert re.fullmatch(r"TLSv1\.[23]", line["tls"]) and re.fullmatch(r"(TLS_AES|TLS_CHACHA20|ECDHE-).*", line["cipher"])
    finally:
        cloud.remove()
