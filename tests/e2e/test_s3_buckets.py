"""Buckets: made, found, listed, refused and deleted as S3 does."""

import uuid

import pytest

from harness.compute import refused
from harness.people import allow


def fresh():
    """A bucket name nobody has yet."""
    return f"bucket-{uuid.uuid4().hex[:12]}"


def test_a_bucket_is_created_headed_listed_and_deleted(s3):
    name = fresh()
    made = s3.create_bucket(Bucket=name)
    assert made["Location"] == f"/{name}"
    head = s3.head_bucket(Bucket=name)
    assert head["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    listed = s3.list_buckets()
    assert name in [bucket["Name"] for bucket in listed["Buckets"]]
    assert listed["Owner"]["ID"] and all(bucket["CreationDate"] for bucket in listed["Buckets"])
    s3.delete_bucket(Bucket=name)
    assert refused(("404", "NoSuchBucket"), s3.head_bucket, Bucket=name)["Status"] == 404
    assert refused("NoSuchBucket", s3.list_objects_v2, Bucket=name)["Status"] == 404
    refused("NoSuchBucket", s3.delete_bucket, Bucket=name)
    assert name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_buckets_are_listed_in_order_and_by_page_and_prefix(s3):
    prefix = f"paged-{uuid.uuid4().hex[:8]}"
    names = [f"{prefix}-{letter}" for letter in "cab"]
    for name in names:
        s3.create_bucket(Bucket=name)
    found = []
    for page in s3.get_paginator("list_buckets").paginate(Prefix=prefix, PaginationConfig={"PageSize": 2}):
        found.append([bucket["Name"] for bucket in page["Buckets"]])
    assert found == [sorted(names)[:2], sorted(names)[2:]]
    for name in names:
        s3.delete_bucket(Bucket=name)


def test_creating_ones_own_bucket_again_in_us_east_1_resets_its_list_and_nothing_else(s3, bucket):
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    assert s3.create_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    private = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert [grant["Permission"] for grant in private] == ["FULL_CONTROL"]
    s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write")
    assert len(s3.get_bucket_acl(Bucket=bucket)["Grants"]) == 3
    assert s3.create_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == private
    s3.create_bucket(Bucket=bucket, ACL="log-delivery-write", ObjectOwnership="ObjectWriter")
    assert len(s3.get_bucket_acl(Bucket=bucket)["Grants"]) == 3
    # What is there keeps its settings: ACLs that it has off stay so, and those it blocks it does not get.
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    refused("AccessControlListNotSupported", s3.create_bucket, Bucket=bucket, ACL="log-delivery-write", ObjectOwnership="ObjectWriter")
    s3.create_bucket(Bucket=bucket, ObjectOwnership="ObjectWriter")
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"kept"
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_a_bucket_with_something_in_it_is_not_deleted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    assert refused("BucketNotEmpty", s3.delete_bucket, Bucket=bucket)["Status"] == 409
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"kept"


@pytest.mark.parametrize("name", ["ab", "a" * 64, "Upper-Case", "under_score", "a..b", "-start", "end-", "192.168.5.4", "xn--start", "end-s3alias"])
def test_a_bucket_name_outside_the_rules_is_refused(s3, name):
    assert refused("InvalidBucketName", s3.create_bucket, Bucket=name)["Status"] == 400
    assert name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


@pytest.mark.parametrize("path", ["/..", "/%2e%2e", "/%00", "/a%00b-bucket", "/..%2f..%2fetc", "/" + "x" * 1025, "/%ff%fe", "/b%20b"])
def test_a_bucket_path_that_is_no_name_is_refused(cloud, wire, s3, path):
    before = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    reply = wire.s3(cloud.admin_keys, "PUT", path)
    assert reply.status == 400 and reply.code in ("InvalidBucketName", "InvalidURI"), (reply.status, reply.body)
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == before
    assert not [path for path in cloud.directory.rglob("*") if path.name in ("etc", "..etc")]


def test_a_location_elsewhere_is_refused(s3):
    name = fresh()
    refused(
        ("IllegalLocationConstraintException", "InvalidLocationConstraint"),
        s3.create_bucket,
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    refused(("404", "NoSuchBucket"), s3.head_bucket, Bucket=name)


def test_a_malformed_configuration_is_refused(cloud, wire, s3):
    name = fresh()
    reply = wire.s3(cloud.admin_keys, "PUT", f"/{name}", body=b"<CreateBucketConfiguration><Loc")
    assert (reply.status, reply.code) == (400, "MalformedXML"), reply.body
    refused(("404", "NoSuchBucket"), s3.head_bucket, Bucket=name)


def test_head_tells_a_user_without_permission_that_the_bucket_is_there(person, bucket):
    bob = person()
    assert refused("403", bob.client("s3").head_bucket, Bucket=bucket)["Status"] == 403
    assert refused("404", bob.client("s3").head_bucket, Bucket=fresh())["Status"] == 404


def test_listing_buckets_takes_the_permission_of_that_name(person, bucket):
    bob = person()
    refused("AccessDenied", bob.client("s3").list_buckets)
    eve = person().may(allow("s3:ListAllMyBuckets"))
    assert bucket in [one["Name"] for one in eve.client("s3").list_buckets()["Buckets"]]
    refused("AccessDenied", eve.client("s3").list_objects_v2, Bucket=bucket)


def test_an_unsupported_sub_resource_is_told_so(cloud, wire, bucket):
    reply = wire.s3(cloud.admin_keys, "GET", f"/{bucket}", "metadataTable=")
    assert (reply.status, reply.code) == (501, "NotImplemented"), reply.body


def test_a_method_that_does_not_exist_there_is_refused(cloud, wire, bucket):
    for method, path in (("POST", "/"), ("POST", f"/{bucket}/key"), ("PATCH", f"/{bucket}")):
        reply = wire.s3(cloud.admin_keys, method, path)
        assert reply.status in (400, 405, 412) and reply.code, (method, path, reply.status, reply.body)
