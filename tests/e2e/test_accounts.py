"""Several accounts in one installation: each whole for itself, and closed to the others."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from harness.accounts import Account


@pytest.fixture(scope="module")
def two(cloud):
    """Two accounts."""
    accounts = Account(cloud), Account(cloud)
    yield accounts
    for account in accounts:
        account.remove()


def code_of(call, **parameters):
    """The error code of a call that must fail."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def test_the_operator_makes_and_lists_accounts(cloud, two, account):
    listed = json.loads(cloud.murus("admin", "account", "list", "--output", "json").stdout)
    by_id = {one["AccountId"]: one for one in listed}
    assert account in by_id
    for one in two:
        assert len(one.id) == 12 and len(one.canonical_id) == 64
        assert by_id[one.id]["AccountName"] == one.name and by_id[one.id]["State"] == "ACTIVE"
        assert by_id[one.id]["CanonicalUserId"] == one.canonical_id
        assert one.name in cloud.murus("admin", "account", "list").stdout
    assert two[0].keys[1] not in cloud.log.read_text(errors="replace")


def test_a_root_is_who_it_says(two):
    me = two[0].client("sts").get_caller_identity()
    assert (me["Account"], me["Arn"]) == (two[0].id, f"arn:aws:iam::{two[0].id}:root")
    assert two[0].client("s3").list_buckets()["Owner"]["ID"] == two[0].canonical_id


def test_a_new_account_has_a_default_vpc_of_its_own(two):
    vpcs = [one.client("ec2").describe_vpcs()["Vpcs"] for one in two]
    assert all(len(found) == 1 and found[0]["IsDefault"] for found in vpcs)
    assert vpcs[0][0]["VpcId"] != vpcs[1][0]["VpcId"]
    groups = two[0].client("ec2").describe_security_groups()["SecurityGroups"]
    assert [group["GroupName"] for group in groups] == ["default"]


def test_what_one_account_has_does_not_exist_for_the_other(two):
    first, second = two
    ec2, other = first.client("ec2"), second.client("ec2")
    key = ec2.create_key_pair(KeyName="key")
    volume = ec2.create_volume(Size=1, AvailabilityZone=ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"])
    group = ec2.create_security_group(GroupName="g", Description="d")
    address = ec2.allocate_address()
    try:
        assert code_of(other.describe_key_pairs, KeyNames=["key"]) == "InvalidKeyPair.NotFound"
        assert code_of(other.describe_volumes, VolumeIds=[volume["VolumeId"]]) == "InvalidVolume.NotFound"
        assert code_of(other.delete_volume, VolumeId=volume["VolumeId"]) == "InvalidVolume.NotFound"
        assert code_of(other.create_snapshot, VolumeId=volume["VolumeId"]) == "InvalidVolume.NotFound"
        assert code_of(other.describe_security_groups, GroupIds=[group["GroupId"]]) == "InvalidGroup.NotFound"
        assert code_of(other.release_address, AllocationId=address["AllocationId"]) == "InvalidAllocationID.NotFound"
        tags = [{"Key": "a", "Value": "b"}]
        assert code_of(other.create_tags, Resources=[volume["VolumeId"]], Tags=tags) == "InvalidVolume.NotFound"
        assert other.describe_volumes()["Volumes"] == [] and other.describe_addresses()["Addresses"] == []
        assert other.describe_key_pairs()["KeyPairs"] == [] and other.describe_tags()["Tags"] == []
        # the name is free in the other account
        other.delete_key_pair(KeyPairId=other.create_key_pair(KeyName="key")["KeyPairId"])
    finally:
        ec2.get_waiter("volume_available").wait(VolumeIds=[volume["VolumeId"]])
        ec2.delete_volume(VolumeId=volume["VolumeId"])
        ec2.delete_key_pair(KeyPairId=key["KeyPairId"])
        ec2.delete_security_group(GroupId=group["GroupId"])
        ec2.release_address(AllocationId=address["AllocationId"])


def test_users_of_two_accounts_may_have_one_name(two):
    users = [one.client("iam").create_user(UserName="alice")["User"] for one in two]
    try:
        assert users[0]["UserId"] != users[1]["UserId"]
        assert [user["Arn"].split(":")[4] for user in users] == [one.id for one in two]
    finally:
        for one in two:
            one.client("iam").delete_user(UserName="alice")


def test_a_bucket_is_closed_to_the_other_account_until_its_policy_opens_it(two):
    first, second = two
    bucket, s3, other = f"bucket-{uuid.uuid4().hex[:12]}", first.client("s3"), second.client("s3")
    s3.create_bucket(Bucket=bucket)
    try:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        assert code_of(other.get_object, Bucket=bucket, Key="k") == "AccessDenied"
        assert code_of(other.get_object, Bucket=bucket, Key="not-there") == "AccessDenied"
        assert code_of(other.list_objects_v2, Bucket=bucket) == "AccessDenied"
        assert code_of(other.delete_bucket, Bucket=bucket) == "AccessDenied"
        assert code_of(other.create_bucket, Bucket=bucket) == "BucketAlreadyExists"
        assert bucket not in [one["Name"] for one in other.list_buckets()["Buckets"]]
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": second.id},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
        assert code_of(other.put_object, Bucket=bucket, Key="k", Body=b"y") == "AccessDenied"
    finally:
        s3.delete_object(Bucket=bucket, Key="k")
        s3.delete_bucket(Bucket=bucket)


def test_roots_keys_rotate(cloud, two):
    iam = two[1].client("iam")
    fresh = iam.create_access_key()["AccessKey"]
    assert code_of(iam.create_access_key) == "LimitExceeded"
    keys = fresh["AccessKeyId"], fresh["SecretAccessKey"]
    cloud.client("iam", keys=keys).delete_access_key(AccessKeyId=two[1].keys[0])
    assert code_of(two[1].client("sts").get_caller_identity) == "InvalidClientTokenId"
    two[1].keys = keys
    assert two[1].client("sts").get_caller_identity()["Account"] == two[1].id


def test_an_account_is_deleted_only_when_it_owns_nothing(cloud):
    account = Account(cloud)
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    s3, iam = account.client("s3"), account.client("iam")
    s3.create_bucket(Bucket=bucket)
    iam.create_user(UserName="alice")
    refused = account.remove()
    assert refused.returncode != 0 and "bucket (1)" in refused.stderr
    assert iam.get_user(UserName="alice")["User"]["UserName"] == "alice"
    s3.delete_bucket(Bucket=bucket)
    account.client("ec2").describe_vpcs()
    assert account.remove().returncode == 0
    assert code_of(iam.list_users) == "InvalidClientTokenId"
    assert account.id not in cloud.murus("admin", "account", "list").stdout
    assert "NoSuchEntity" in account.remove().stderr

