"""Tags of buckets and objects, also by ARN through s3control as Terraform does."""

import re
import socket

import pytest

from harness.compute import refused
from harness.people import allow


def tags(**pairs):
    """A tag set as boto3 takes it."""
    return [{"Key": key, "Value": value} for key, value in sorted(pairs.items())]


def test_a_bucket_keeps_the_tags_put_last(s3, bucket):
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags(team="blue", cost="none of it")})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(team="blue", cost="none of it")
    refused("InvalidTag", s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": [{"Key": "aws:x", "Value": ""}]})
    s3.delete_bucket_tagging(Bucket=bucket)
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)


def test_an_object_is_tagged_at_every_door(s3, bucket):
    s3.put_object(Bucket=bucket, Key="put", Body=b"x", Tagging="a=1&b=2%203")
    assert s3.get_object_tagging(Bucket=bucket, Key="put")["TagSet"] == tags(a="1", b="2 3")
    assert s3.get_object(Bucket=bucket, Key="put")["TagCount"] == 2
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/put")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == tags(a="1", b="2 3")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/put", Tagging="c=3", TaggingDirective="REPLACE")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == tags(c="3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", Tagging="p=q")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    assert s3.get_object_tagging(Bucket=bucket, Key="parts")["TagSet"] == tags(p="q")
    s3.put_object_tagging(Bucket=bucket, Key="put", Tagging={"TagSet": tags(z="9")})
    assert s3.get_object_tagging(Bucket=bucket, Key="put")["TagSet"] == tags(z="9")
    s3.delete_object_tagging(Bucket=bucket, Key="put")
    assert s3.get_object_tagging(Bucket=bucket, Key="put")["TagSet"] == []


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([(str(n), "") for n in range(11)], "BadRequest"),
        ([("a", "1"), ("a", "2")], "InvalidTag"),
        ([("k" * 129, "")], "InvalidTag"),
        ([("k", "v" * 257)], "InvalidTag"),
        ([("a", "<script>")], "InvalidTag"),
    ],
)
def test_tags_outside_the_rules_are_refused_and_change_nothing(s3, shared_bucket, pairs, code):
    s3.put_object(Bucket=shared_bucket, Key="key", Body=b"x", Tagging="kept=yes")
    tag_set = [{"Key": key, "Value": value} for key, value in pairs]
    refused(code, s3.put_object_tagging, Bucket=shared_bucket, Key="key", Tagging={"TagSet": tag_set})
    assert s3.get_object_tagging(Bucket=shared_bucket, Key="key")["TagSet"] == tags(kept="yes")


def test_a_permission_can_hang_on_an_objects_tags(s3, person, shared_bucket):
    bob = person().may(
        allow("s3:GetObject", on=f"arn:aws:s3:::{shared_bucket}/*", Condition={"StringEquals": {"s3:ExistingObjectTag/open": "yes"}})
    )
    for key, tagging in (("open", "open=yes"), ("closed", "open=no"), ("plain", "")):
        s3.put_object(Bucket=shared_bucket, Key=key, Body=b"x", Tagging=tagging)
    assert bob.client("s3").get_object(Bucket=shared_bucket, Key="open")["Body"].read() == b"x"
    for key in ("closed", "plain"):
        refused("AccessDenied", bob.client("s3").get_object, Bucket=shared_bucket, Key=key)


def test_s3control_tags_a_bucket_by_arn(cloud, s3, bucket, account, monkeypatch):
    # botocore puts the account before the endpoint's host: a name that a name server of the site would know
    look_up = socket.getaddrinfo
    without = re.compile(r"^[0-9]{12}\.")
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: look_up(without.sub("", host), *rest, **more))
    control = cloud.client("s3control")
    arn = f"arn:aws:s3:::{bucket}"
    control.tag_resource(AccountId=account, ResourceArn=arn, Tags=tags(a="1", b="2"))
    control.untag_resource(AccountId=account, ResourceArn=arn, TagKeys=["a"])
    assert control.list_tags_for_resource(AccountId=account, ResourceArn=arn)["Tags"] == tags(b="2")
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(b="2")
    refused("NoSuchBucket", control.list_tags_for_resource, AccountId=account, ResourceArn=arn + "-none")
    refused("AccessDenied", control.list_tags_for_resource, AccountId="999999999999", ResourceArn=arn)
