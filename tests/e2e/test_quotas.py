"""Quotas: deny statements on what there would be, on users and on whole accounts."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from harness.accounts import Account
from harness.people import allow, quota
from harness.waiting import wait_until


def code(call, **parameters):
    """The error code of a call; none when it succeeds."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@pytest.fixture(scope="module")
def account_of_its_own(cloud):
    """An account for this file."""
    account = Account(cloud)
    yield account
    account.remove()


def test_volumes_are_limited_even_in_a_race(account_of_its_own):
    account = account_of_its_own
    iam = account.client("iam")
    iam.create_user(UserName="racer")
    key = iam.create_access_key(UserName="racer")["AccessKey"]
    policy = {"Version": "2012-10-17", "Statement": [allow("ec2:*"), quota("ec2:CreateVolume", "volumes", 3)]}
    iam.put_user_policy(UserName="racer", PolicyName="p", PolicyDocument=json.dumps(policy))
    ec2 = account.cloud.client("ec2", keys=(key["AccessKeyId"], key["SecretAccessKey"]))
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: code(ec2.create_volume, AvailabilityZone="us-east-1a", Size=1), range(8)))
    assert codes.count(None) == 3 and set(codes) == {None, "VolumeLimitExceeded"}
    made = [volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"]]
    ec2.get_waiter("volume_available").wait(VolumeIds=made, WaiterConfig={"Delay": 1})
    for volume in ec2.describe_volumes()["Volumes"]:
        ec2.delete_volume(VolumeId=volume["VolumeId"])


def test_a_bucket_is_limited(person, bucket):
    who = person().may(allow("s3:*"), quota("s3:PutObject", "bucket-bytes", 100, on=f"arn:aws:s3:::{bucket}/*"))
    s3 = who.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"x" * 100)
    assert code(s3.put_object, Bucket=bucket, Key="b", Body=b"x") == "QuotaExceeded"
    s3.delete_object(Bucket=bucket, Key="a")
    s3.put_object(Bucket=bucket, Key="b", Body=b"x")


def test_an_accounts_quotas_hold_for_its_root_and_only_the_operator_sets_them(account_of_its_own, tmp_path):
    account, ec2 = account_of_its_own, account_of_its_own.client("ec2")
    file = tmp_path / "quotas.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [quota("ec2:AllocateAddress", "addresses", 0)]}))
    account.cloud.murus("admin", "quota", "set", account.id, file)
    assert "murus:quota-addresses" in account.cloud.murus("admin", "quota", "show", account.id).stdout

    def refused():
        answer = code(ec2.allocate_address)
        for address in ec2.describe_addresses()["Addresses"]:
            ec2.release_address(AllocationId=address["AllocationId"])
        return answer == "AddressLimitExceeded"

    wait_until(refused, 5, what="the account's quota holds for its root")
    account.cloud.murus("admin", "quota", "clear", account.id)
    wait_until(lambda: not refused(), 5, what="the quota is gone")


def test_quotas_of_an_account_can_allow_nothing(account_of_its_own, tmp_path):
    file = tmp_path / "quotas.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow("*")]}))
    refused = account_of_its_own.cloud.murus("admin", "quota", "set", account_of_its_own.id, file, check=False)
    assert refused.returncode != 0 and "murus:quota-" in refused.stderr


def test_a_quota_that_means_nothing_is_refused_at_the_door(iam, person):
    statement = {**quota("ec2:*", "instances", 1), "Effect": "Allow"}
    with pytest.raises(ClientError) as refused:
        person().may(statement)
    assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocument"
    assert "Statement[0].Condition" in refused.value.response["Error"]["Message"]
