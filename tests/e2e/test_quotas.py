"""Quotas: deny statements on what there would be, on users and on whole accounts."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from harness.accounts import Account
from harness.compute import refused, volume_ids, wait_for_instance
from harness.people import allow, document, quota
from harness.sessions import session_client
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


def test_an_upload_counts_once_it_is_completed(person, bucket):
    who = person().may(allow("s3:*"), quota("s3:PutObject", "bucket-bytes", 100, on=f"arn:aws:s3:::{bucket}/*"))
    s3 = who.client("s3")
    upload = {"Bucket": bucket, "Key": "parts", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]}
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"x" * 60)["ETag"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"x" * 100)
    whole = {**upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}
    refused("QuotaExceeded", s3.complete_multipart_upload, **whole)
    s3.delete_object(Bucket=bucket, Key="a")
    s3.complete_multipart_upload(**whole)
    s3.put_object(Bucket=bucket, Key="a", Body=b"x" * 40)
    refused("QuotaExceeded", s3.put_object, Bucket=bucket, Key="b", Body=b"x")


@pytest.mark.parametrize("where", ["group", "managed policy", "boundary", "session policy"])
def test_a_quota_holds_wherever_a_policy_can_be(cloud, iam, person, where):
    name = f"quota-{uuid.uuid4().hex[:10]}"
    none = [allow("*"), quota("ec2:AllocateAddress", "addresses", 0)]
    who = person().may(allow("*"))
    undo = []
    if where == "group":
        iam.create_group(GroupName=name)
        undo.append(lambda: iam.delete_group(GroupName=name))
        iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=document(*none))
        undo.append(lambda: iam.delete_group_policy(GroupName=name, PolicyName="p"))
        iam.add_user_to_group(GroupName=name, UserName=who.name)
        undo.append(lambda: iam.remove_user_from_group(GroupName=name, UserName=who.name))
    elif where != "session policy":
        arn = iam.create_policy(PolicyName=name, PolicyDocument=document(*none))["Policy"]["Arn"]
        undo.append(lambda: iam.delete_policy(PolicyArn=arn))
        if where == "boundary":
            iam.put_user_permissions_boundary(UserName=who.name, PermissionsBoundary=arn)
            undo.append(lambda: iam.delete_user_permissions_boundary(UserName=who.name))
        else:
            iam.attach_user_policy(UserName=who.name, PolicyArn=arn)
            undo.append(lambda: iam.detach_user_policy(UserName=who.name, PolicyArn=arn))
    try:
        ec2 = who.client("ec2")
        if where == "session policy":
            token = who.client("sts").get_federation_token(Name="visitor", Policy=document(*none))
            ec2 = session_client(cloud, "ec2", token["Credentials"])
        refused("AddressLimitExceeded", ec2.allocate_address)
    finally:
        for step in reversed(undo):
            step()


def test_a_quota_that_changes_holds_at_once_for_whoever_had_one(person):
    def limit(count):
        who.may(allow("ec2:*"), quota("ec2:AllocateAddress", "own-addresses", count))

    who = person()
    limit(1)
    ec2 = who.client("ec2")
    addresses = [ec2.allocate_address()["AllocationId"]]
    for count in (2, 3):
        refused("AddressLimitExceeded", ec2.allocate_address)
        limit(count)
        addresses.append(ec2.allocate_address()["AllocationId"])
    ec2.release_address(AllocationId=addresses.pop())
    limit(2)
    refused("AddressLimitExceeded", ec2.allocate_address)
    for address in addresses:
        ec2.release_address(AllocationId=address)


def test_other_conditions_beside_a_quota_must_hold_too(iam, person):
    who = person()
    team = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    statement = quota("ec2:AllocateAddress", "own-addresses", 0)
    who.may(allow("ec2:*"), {**statement, "Condition": statement["Condition"] | team})
    ec2 = who.client("ec2")
    ec2.release_address(AllocationId=ec2.allocate_address()["AllocationId"])
    iam.tag_user(UserName=who.name, Tags=[{"Key": "team", "Value": "red"}])
    # a quota that nobody over it has been refused by yet is heard of within five seconds

    def holds():
        try:
            ec2.release_address(AllocationId=ec2.allocate_address()["AllocationId"])
        except ClientError as error:
            return error.response["Error"]["Code"] == "AddressLimitExceeded"
        return False

    wait_until(holds, 30, what="the quota holds for the team")


def test_a_launch_gives_as_many_as_quotas_on_volumes_leave_room_for(ec2, image, person):
    who = person().may(allow("ec2:*"), quota("ec2:RunInstances", "own-volume-gib", 2))
    before, mine = volume_ids(ec2), who.client("ec2")
    launch = {"ImageId": image, "InstanceType": "t2.nano"}
    refused("VolumeLimitExceeded", mine.run_instances, **launch, MinCount=3, MaxCount=4)
    made = [one["InstanceId"] for one in mine.run_instances(**launch, MinCount=1, MaxCount=4)["Instances"]]
    sizes = [volume["Size"] for volume in ec2.describe_volumes()["Volumes"] if volume["VolumeId"] not in before]
    ec2.terminate_instances(InstanceIds=made)
    for one in made:
        wait_for_instance(ec2, one, "terminated")
    assert len(made) == 2 and sum(sizes) == 2, sizes
    wait_until(lambda: volume_ids(ec2) <= before, 60, what="the disks went with their instances")


def test_nobody_in_an_account_sees_its_quotas(account_of_its_own, tmp_path):
    account, iam = account_of_its_own, account_of_its_own.client("iam")
    file = tmp_path / "quotas.json"
    file.write_text(document(quota("iam:CreateGroup", "groups", 7)))
    account.cloud.murus("admin", "quota", "set", account.id, file)
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert "murus:quota-groups" not in json.dumps(iam.get_account_authorization_details(), default=str)
    account.cloud.murus("admin", "quota", "clear", account.id)


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
