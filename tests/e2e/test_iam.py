"""Users, groups, policies and keys; what each lets its holder do."""

import json
import re
import uuid

import pytest

from harness.compute import refused
from harness.people import allow, deny, document
from harness.waiting import wait_until
from harness.wire import Request, Signer, query_request

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def fresh(word):
    """A name nobody has yet."""
    return f"{word}-{uuid.uuid4().hex[:10]}"


def test_a_user_is_created_found_listed_and_deleted(iam, account):
    name = fresh("user")
    made = iam.create_user(UserName=name, Path="/staff/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{account}:user/staff/{name}"
    assert re.fullmatch(r"AIDA[A-Z0-9]{16,17}", made["UserId"])
    got = iam.get_user(UserName=name)["User"]
    assert {k: got[k] for k in ("Arn", "UserId", "Path", "CreateDate")} == {k: made[k] for k in ("Arn", "UserId", "Path", "CreateDate")}
    assert name in [user["UserName"] for user in iam.list_users(PathPrefix="/staff/")["Users"]]
    assert name not in [user["UserName"] for user in iam.list_users(PathPrefix="/other/")["Users"]]
    refused("EntityAlreadyExists", iam.create_user, UserName=name)
    refused("EntityAlreadyExists", iam.create_user, UserName=name.upper())
    iam.delete_user(UserName=name)
    assert refused("NoSuchEntity", iam.get_user, UserName=name)["Status"] == 404
    refused("NoSuchEntity", iam.delete_user, UserName=name)


def test_lists_are_paged(iam):
    names = sorted(fresh(f"page{index}") for index in range(5))
    for name in names:
        iam.create_user(UserName=name, Path="/paged/")
    first = iam.list_users(PathPrefix="/paged/", MaxItems=2)
    assert first["IsTruncated"] and first["Marker"] and len(first["Users"]) == 2
    found = []
    for page in iam.get_paginator("list_users").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 2}):
        found += [user["UserName"] for user in page["Users"]]
    assert found == names
    for name in names:
        iam.delete_user(UserName=name)


def test_a_user_with_keys_groups_or_policies_is_not_deleted(person, iam):
    bob = person().may(allow("s3:*"))
    assert refused("DeleteConflict", iam.delete_user, UserName=bob.name)["Status"] == 409
    assert iam.get_user(UserName=bob.name)["User"]["Arn"] == bob.arn


def test_the_secret_of_a_key_is_shown_once(person, iam):
    bob = person()
    listed = iam.list_access_keys(UserName=bob.name)["AccessKeyMetadata"]
    assert [(key["AccessKeyId"], key["Status"]) for key in listed] == [(bob.keys[0], "Active")]
    assert re.fullmatch(r"AKIA[A-Z0-9]{16}", bob.keys[0]) and len(bob.keys[1]) == 40
    assert bob.keys[1] not in json.dumps(listed, default=str)


def test_secrets_are_neither_on_disk_nor_in_the_log(cloud, person):
    bob = person()
    bob.client("sts").get_caller_identity()
    secrets = [bob.keys[1].encode(), cloud.admin_keys[1].encode()]
    assert not [s for s in secrets if s in cloud.log.read_bytes()], "a secret is in the log"
    for path in cloud.data.glob("identity/**/*"):
        if path.is_file() and path.stat().st_size < 1 << 28:
            content = path.read_bytes()
            assert bob.keys[1].encode() not in content, f"a secret lies open in {path}"


def test_an_inactive_key_opens_nothing_until_it_is_active_again(person, iam):
    bob = person()
    sts = bob.client("sts")
    sts.get_caller_identity()
    iam.update_access_key(UserName=bob.name, AccessKeyId=bob.keys[0], Status="Inactive")
    assert iam.list_access_keys(UserName=bob.name)["AccessKeyMetadata"][0]["Status"] == "Inactive"
    # Services may keep what identity told them for five seconds.
    refusal = wait_until(lambda: failure(sts.get_caller_identity), 10, what="the inactive key is refused")
    assert refusal == "InvalidClientTokenId"
    wait_until(lambda: failure(bob.client("s3").list_buckets) == "InvalidAccessKeyId", 10)
    wait_until(lambda: failure(bob.client("ec2").describe_instances) == "AuthFailure", 10)
    iam.update_access_key(UserName=bob.name, AccessKeyId=bob.keys[0], Status="Active")
    wait_until(lambda: not failure(sts.get_caller_identity), 10, what="the key works again")


def test_a_deleted_key_opens_nothing(person, iam):
    bob = person()
    iam.delete_access_key(UserName=bob.name, AccessKeyId=bob.keys[0])
    wait_until(lambda: failure(bob.client("sts").get_caller_identity) == "InvalidClientTokenId", 10)
    refused("NoSuchEntity", iam.delete_access_key, UserName=bob.name, AccessKeyId=bob.keys[0])


def test_a_user_has_two_keys_at_most(person, iam):
    bob = person()
    iam.create_access_key(UserName=bob.name)
    assert refused("LimitExceeded", iam.create_access_key, UserName=bob.name)["Status"] == 409


def test_a_user_makes_its_own_keys_without_naming_itself(person, iam):
    bob = person().may(allow("iam:CreateAccessKey", "iam:ListAccessKeys", on="arn:aws:iam::*:user/${aws:username}"))
    wait_until(lambda: not failure(bob.client("iam").list_access_keys), 10)
    made = bob.client("iam").create_access_key()["AccessKey"]
    assert made["UserName"] == bob.name
    assert len(iam.list_access_keys(UserName=bob.name)["AccessKeyMetadata"]) == 2


def failure(call, **parameters):
    """The code a call fails with, or nothing."""
    import botocore.exceptions

    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_group_members_may_what_the_group_may(person, iam, s3, bucket):
    bob, group = person(), fresh("readers")
    arn = iam.create_group(GroupName=group)["Group"]["Arn"]
    assert arn.endswith(f":group/{group}")
    iam.attach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    refused("AccessDenied", bob.client("s3").list_objects_v2, Bucket=bucket)
    iam.add_user_to_group(GroupName=group, UserName=bob.name)
    assert [user["UserName"] for user in iam.get_group(GroupName=group)["Users"]] == [bob.name]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=bob.name)["Groups"]] == [group]
    wait_until(lambda: not failure(bob.client("s3").list_objects_v2, Bucket=bucket), 10, what="the group's policy holds")
    refused("AccessDenied", bob.client("s3").put_object, Bucket=bucket, Key="k", Body=b"")
    refused("DeleteConflict", iam.delete_group, GroupName=group)
    iam.remove_user_from_group(GroupName=group, UserName=bob.name)
    wait_until(lambda: failure(bob.client("s3").list_objects_v2, Bucket=bucket) == "AccessDenied", 10)
    iam.detach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.delete_group(GroupName=group)
    refused("NoSuchEntity", iam.get_group, GroupName=group)


@pytest.mark.parametrize(
    "policy, permitted, refused_calls",
    [
        ("AdministratorAccess", ["s3", "ec2", "iam"], []),
        ("PowerUserAccess", ["s3", "ec2"], ["iam_write"]),
        ("ReadOnlyAccess", ["s3", "ec2", "iam"], ["s3_write", "ec2_write", "iam_write"]),
        ("AmazonEC2FullAccess", ["ec2"], ["s3", "iam"]),
        ("AmazonEC2ReadOnlyAccess", ["ec2"], ["ec2_write", "s3"]),
        ("AmazonS3FullAccess", ["s3"], ["ec2", "iam"]),
        ("IAMFullAccess", ["iam"], ["s3", "ec2"]),
        ("IAMReadOnlyAccess", ["iam"], ["iam_write", "s3"]),
    ],
)
def test_a_managed_policy_allows_exactly_what_aws_says(person, iam, policy, permitted, refused_calls):
    bob = person().attach(policy)
    attached = iam.list_attached_user_policies(UserName=bob.name)["AttachedPolicies"]
    assert attached == [{"PolicyName": policy, "PolicyArn": f"arn:aws:iam::aws:policy/{policy}"}]
    calls = {
        "s3": lambda: failure(bob.client("s3").list_buckets),
        "ec2": lambda: failure(bob.client("ec2").describe_instances),
        "iam": lambda: failure(bob.client("iam").list_users),
        "s3_write": lambda: failure(bob.client("s3").create_bucket, Bucket=fresh("never")),
        "ec2_write": lambda: failure(bob.client("ec2").create_key_pair, KeyName=fresh("never")),
        "iam_write": lambda: failure(bob.client("iam").create_user, UserName=fresh("never")),
    }
    for name in permitted:
        wait_until(lambda name=name: not calls[name](), 10, what=f"{policy} allows {name}")
    for name in refused_calls:
        expected = "UnauthorizedOperation" if name.startswith("ec2") else "AccessDenied"
        assert calls[name]() == expected, f"{policy} does not allow {name}"


def test_a_policy_that_aws_does_not_have_is_not_attached(person, iam):
    bob = person()
    missing = "arn:aws:iam::aws:policy/NoSuchPolicyAnywhere"
    refused("NoSuchEntity", iam.attach_user_policy, UserName=bob.name, PolicyArn=missing)
    refused("NoSuchEntity", iam.detach_user_policy, UserName=bob.name, PolicyArn=READ_ONLY)


def test_an_inline_policy_is_kept_word_for_word_and_replaced_by_name(person, iam):
    bob = person().may(allow("s3:GetObject"), name="mine")
    got = iam.get_user_policy(UserName=bob.name, PolicyName="mine")
    assert got["PolicyDocument"] == json.loads(document(allow("s3:GetObject")))
    bob.may(allow("s3:PutObject"), name="mine")
    assert iam.list_user_policies(UserName=bob.name)["PolicyNames"] == ["mine"]
    assert iam.get_user_policy(UserName=bob.name, PolicyName="mine")["PolicyDocument"]["Statement"][0]["Action"] == ["s3:PutObject"]
    iam.delete_user_policy(UserName=bob.name, PolicyName="mine")
    refused("NoSuchEntity", iam.get_user_policy, UserName=bob.name, PolicyName="mine")


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "{}",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}',
        '{"Version":"1999-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NoSuchTest":{"a":"b"}}}]}',
    ],
)
def test_a_malformed_policy_is_refused_and_changes_nothing(person, iam, text):
    bob = person()
    refused("MalformedPolicyDocument", iam.put_user_policy, UserName=bob.name, PolicyName="bad", PolicyDocument=text)
    assert iam.list_user_policies(UserName=bob.name)["PolicyNames"] == []


def test_exactly_what_a_policy_allows_works(person, s3, bucket):
    arn = f"arn:aws:s3:::{bucket}/open/*"
    bob = person().may(allow("s3:PutObject", "s3:GetObject", on=arn))
    mine = bob.client("s3")
    wait_until(lambda: not failure(mine.put_object, Bucket=bucket, Key="open/a", Body=b"a"), 10)
    assert mine.get_object(Bucket=bucket, Key="open/a")["Body"].read() == b"a"
    for call, parameters in [
        (mine.put_object, {"Key": "shut/a", "Body": b"a"}),
        (mine.get_object, {"Key": "shut/a"}),
        (mine.delete_object, {"Key": "open/a"}),
        (mine.list_objects_v2, {}),
        (mine.delete_bucket, {}),
    ]:
        refused("AccessDenied", call, Bucket=bucket, **parameters)
    assert s3.get_object(Bucket=bucket, Key="open/a")["Body"].read() == b"a"


def test_deny_wins_over_every_allow(person, bucket):
    bob = person().attach("AdministratorAccess").may(deny("s3:*"), name="no-s3")
    wait_until(lambda: not failure(bob.client("iam").list_users), 10)
    wait_until(lambda: failure(bob.client("s3").list_objects_v2, Bucket=bucket) == "AccessDenied", 10)
    message = refused("AccessDenied", bob.client("s3").list_objects_v2, Bucket=bucket)["Message"]
    assert "explicit deny" in message


def test_a_condition_on_the_callers_name_and_address_is_honoured(person, bucket):
    there = {"Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}
    elsewhere = {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
    near, far = person().may(allow("s3:*", **there)), person().may(allow("s3:*", **elsewhere))
    wait_until(lambda: not failure(near.client("s3").list_objects_v2, Bucket=bucket), 10)
    refused("AccessDenied", far.client("s3").list_objects_v2, Bucket=bucket)


def test_a_client_cannot_say_what_only_the_gateway_says(person, bucket, wire):
    said = {
        "x-murus-source-ip": "192.0.2.1",
        "x-murus-secure": "true",
        "x-murus-tls-version": "1.3",
        "x-murus-request-id": "chosen-by-the-client",
    }
    elsewhere = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    far = person().may(allow("s3:*", "iam:*", "ec2:*", Condition=elsewhere))
    secure = person().may(allow("s3:*", "iam:*", "ec2:*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    for keys in (far.keys, secure.keys):
        of_s3 = Signer(keys, "s3").sign(Request("GET", f"/{bucket}", "list-type=2"), wire.host)
        of_iam = Signer(keys, "iam").sign(query_request("iam", {"Action": "ListUsers"}), wire.host)
        of_ec2 = Signer(keys, "ec2").sign(query_request("ec2", {"Action": "DescribeInstances"}), wire.host)
        for request in (of_s3, of_iam, of_ec2):
            request.headers |= said
            reply = wire.send(request)
            assert reply.status == 403 and reply.code in ("AccessDenied", "UnauthorizedOperation"), reply.body
            ids = [reply.headers.get("x-amz-request-id"), reply.headers.get("x-amzn-requestid")]
            assert any(ids) and said["x-murus-request-id"] not in ids, ids


def test_a_refusal_names_the_caller_the_action_and_the_resource(person, iam):
    bob = person()
    message = refused("AccessDenied", bob.client("iam").create_user, UserName="x-never")["Message"]
    assert f"User: {bob.arn} is not authorized to perform: iam:CreateUser on resource:" in message
    assert "because no identity-based policy allows the iam:CreateUser action" in message
    message = refused("UnauthorizedOperation", bob.client("ec2").describe_instances)["Message"]
    assert message.startswith("You are not authorized to perform this operation.")
    assert f"User: {bob.arn} is not authorized to perform: ec2:DescribeInstances" in message


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ü", "x" * 65, "a\nb"])
def test_a_bad_user_name_is_refused(cloud, wire, iam, name):
    before = len(iam.list_users()["Users"])
    reply = wire.query(cloud.admin_keys, "iam", {"Action": "CreateUser", "UserName": name})
    assert reply.status == 400 and reply.code in ("ValidationError", "InvalidInput"), reply.body
    assert "userName" in reply.message or "UserName" in reply.message
    assert len(iam.list_users()["Users"]) == before
