"""Making an object public takes the steps that AWS asks for, and undoing any of them closes it again."""

import json
import urllib.error
import urllib.request

import pytest

from harness.compute import refused
from harness.waiting import wait_until


def anonymous(cloud, path, method="GET"):
    """Status of an anonymous request."""
    try:
        request = urllib.request.Request(cloud.endpoint + path, method=method, data=b"x" if method == "PUT" else None)
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def page(s3, bucket):
    """Path of an object in a fresh bucket."""
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"<h1>hello</h1>")
    return f"/{bucket}/index.html"


def public_read(bucket):
    """A bucket policy that lets everyone read."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_new_bucket_blocks_public_access_and_has_no_acls(s3, bucket):
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_a_bucket_policy_makes_an_object_public_once_nothing_blocks_it(cloud, s3, bucket, page):
    assert anonymous(cloud, page) == 403
    refused("AccessDenied", s3.put_bucket_policy, Bucket=bucket, Policy=public_read(bucket))
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket=bucket)
    assert anonymous(cloud, page) == 403
    s3.put_bucket_policy(Bucket=bucket, Policy=public_read(bucket))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(public_read(bucket))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    assert anonymous(cloud, page) == 200
    assert anonymous(cloud, page, "HEAD") == 200
    assert anonymous(cloud, page, "PUT") == 403
    assert anonymous(cloud, page, "DELETE") == 403
    assert anonymous(cloud, f"/{bucket}") == 403
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    wait_until(lambda: anonymous(cloud, page) == 403, 10, what="restricting closes it")
    s3.delete_public_access_block(Bucket=bucket)
    wait_until(lambda: anonymous(cloud, page) == 200, 10)
    s3.delete_bucket_policy(Bucket=bucket)
    wait_until(lambda: anonymous(cloud, page) == 403, 10, what="without the policy it is closed")


def test_an_object_acl_makes_it_public_once_ownership_and_block_allow(cloud, s3, bucket, page):
    acl = {"Bucket": bucket, "Key": "index.html", "ACL": "public-read"}
    assert refused("AccessControlListNotSupported", s3.put_object_acl, **acl)["Status"] == 400
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    refused("AccessDenied", s3.put_object_acl, **acl)
    refused("AccessDenied", s3.put_object, **acl, Body=b"replaced")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": False})
    s3.put_object_acl(**acl)
    assert anonymous(cloud, page) == 200
    grants = s3.get_object_acl(Bucket=bucket, Key="index.html")["Grants"]
    assert {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"} in grants
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    wait_until(lambda: anonymous(cloud, page) == 403, 10, what="ignoring public ACLs closes it")
    s3.delete_public_access_block(Bucket=bucket)
    wait_until(lambda: anonymous(cloud, page) == 200, 10)
    s3.put_object_acl(Bucket=bucket, Key="index.html", ACL="private")
    assert anonymous(cloud, page) == 403
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"2", ACL="public-read")
    assert anonymous(cloud, page) == 200
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"3")
    assert anonymous(cloud, page) == 403, "a new object is private again"


def test_going_back_to_owner_enforced_switches_acls_off(cloud, s3, bucket, page):
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_object_acl(Bucket=bucket, Key="index.html", ACL="public-read")
    assert anonymous(cloud, page) == 200
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    wait_until(lambda: anonymous(cloud, page) == 403, 10, what="ACLs are off")


def test_a_bucket_policy_gives_another_user_what_its_own_policies_do_not(person, s3, bucket, page):
    bob = person()
    refused("AccessDenied", bob.client("s3").get_object, Bucket=bucket, Key="index.html")
    statement = {"Effect": "Allow", "Principal": {"AWS": bob.arn}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert bob.client("s3").get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"<h1>hello</h1>"
    refused("AccessDenied", bob.client("s3").delete_object, Bucket=bucket, Key="index.html")


def test_a_deny_in_the_bucket_policy_wins_over_an_administrator(person, s3, bucket, page):
    bob = person().attach("AdministratorAccess")
    statement = {"Effect": "Deny", "Principal": {"AWS": bob.arn}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    refused("AccessDenied", bob.client("s3").get_object, Bucket=bucket, Key="index.html")
    assert bob.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::somewhere-else/*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"ec2:RunInstances","Resource":"arn:aws:s3:::BUCKET/*"}]}',
    ],
)
def test_a_malformed_bucket_policy_is_refused(s3, bucket, text):
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=text.replace("BUCKET", bucket))
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket)
