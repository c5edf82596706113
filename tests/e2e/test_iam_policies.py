"""Customer managed policies with their versions, AWS's own policies, renaming, and the account's alias."""

import json
import uuid

import pytest

from harness.compute import refused
from harness.people import allow, deny, document
from harness.waiting import wait_until
from test_iam import failure


def fresh(word):
    """A name nobody has yet."""
    return f"{word}-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def policy(iam):
    """Makes customer managed policies; removed with their versions afterwards."""
    made = []

    def make(*statements):
        made.append(iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=document(*statements))["Policy"]["Arn"])
        return made[-1]

    yield make
    for arn in made:
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)


def test_a_policy_is_created_described_listed_and_deleted(iam, account):
    name = fresh("policy")
    made = iam.create_policy(PolicyName=name, Path="/team/", Description="for tests", PolicyDocument=document(allow("s3:*")))["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{account}:policy/team/{name}"
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == ("v1", 0, True)
    got = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert got["PolicyId"] == made["PolicyId"] and got["Description"] == "for tests"
    assert name in [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]]
    refused("EntityAlreadyExists", iam.create_policy, PolicyName=name, Path="/team/", PolicyDocument=document(allow("s3:*")))
    iam.delete_policy(PolicyArn=made["Arn"])
    refused("NoSuchEntity", iam.get_policy, PolicyArn=made["Arn"])


def test_awss_own_policies_are_there_and_cannot_be_changed(iam):
    found = {}
    for page in iam.get_paginator("list_policies").paginate(Scope="AWS"):
        found |= {one["PolicyName"]: one["Arn"] for one in page["Policies"]}
    assert {"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "AmazonEC2FullAccess", "AmazonS3FullAccess"} <= set(found)
    arn = found["AdministratorAccess"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    text = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert text["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    for call in (iam.delete_policy, lambda **arguments: iam.create_policy_version(PolicyDocument=document(deny("*")), **arguments)):
        refused(("AccessDenied", "InvalidInput"), call, PolicyArn=arn)


def test_the_default_version_is_what_counts(iam, person, policy, bucket):
    arn, bob = policy(allow("s3:ListBucket")), person()
    iam.attach_user_policy(UserName=bob.name, PolicyArn=arn)
    listing = lambda: failure(bob.client("s3").list_objects_v2, Bucket=bucket)  # noqa: E731
    wait_until(lambda: not listing(), 10)
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(deny("*")))["PolicyVersion"]["VersionId"] == "v2"
    assert not listing(), "a version that is not the default changes nothing"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    wait_until(lambda: listing() == "AccessDenied", 10)
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v2")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    wait_until(lambda: not listing(), 10)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    iam.detach_user_policy(UserName=bob.name, PolicyArn=arn)
    wait_until(lambda: listing() == "AccessDenied", 10)


def test_a_policy_has_five_versions_at_most(iam, policy):
    arn = policy(allow("s3:*"))
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("ec2:*")), SetAsDefault=True)
    refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=document(allow("ec2:*")))
    assert [one["VersionId"] for one in iam.list_policy_versions(PolicyArn=arn)["Versions"] if one["IsDefaultVersion"]] == ["v5"]


def test_a_malformed_document_makes_no_policy(iam):
    name = fresh("policy")
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName=name, PolicyDocument="{")
    assert name not in [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]]


def test_a_renamed_user_keeps_its_id_keys_and_policies(iam, person, bucket):
    bob = person().may(allow("s3:ListBucket"))
    before = iam.get_user(UserName=bob.name)["User"]["UserId"]
    wait_until(lambda: not failure(bob.client("s3").list_objects_v2, Bucket=bucket), 10)
    old, bob.name = bob.name, fresh("renamed")
    iam.update_user(UserName=old, NewUserName=bob.name, NewPath="/moved/")
    refused("NoSuchEntity", iam.get_user, UserName=old)
    moved = iam.get_user(UserName=bob.name)["User"]
    assert moved["UserId"] == before and moved["Arn"].endswith(f":user/moved/{bob.name}")
    wait_until(lambda: bob.client("sts").get_caller_identity()["Arn"] == moved["Arn"], 10)
    assert not failure(bob.client("s3").list_objects_v2, Bucket=bucket)


def test_a_renamed_group_keeps_its_members_and_policies(iam, person, bucket):
    bob, old, new = person(), fresh("group"), fresh("group")
    iam.create_group(GroupName=old)
    iam.put_group_policy(GroupName=old, PolicyName="p", PolicyDocument=document(allow("s3:ListBucket")))
    iam.add_user_to_group(GroupName=old, UserName=bob.name)
    iam.update_group(GroupName=old, NewGroupName=new)
    assert [user["UserName"] for user in iam.get_group(GroupName=new)["Users"]] == [bob.name]
    assert iam.list_group_policies(GroupName=new)["PolicyNames"] == ["p"]
    assert iam.get_group_policy(GroupName=new, PolicyName="p")["PolicyDocument"] == json.loads(document(allow("s3:ListBucket")))
    wait_until(lambda: not failure(bob.client("s3").list_objects_v2, Bucket=bucket), 10)
    iam.remove_user_from_group(GroupName=new, UserName=bob.name)
    iam.delete_group_policy(GroupName=new, PolicyName="p")
    iam.delete_group(GroupName=new)


def test_the_account_has_one_alias(iam):
    iam.create_account_alias(AccountAlias="my-own-cloud")
    assert iam.list_account_aliases()["AccountAliases"] == ["my-own-cloud"]
    iam.delete_account_alias(AccountAlias="my-own-cloud")
    assert iam.list_account_aliases()["AccountAliases"] == []
    refused("NoSuchEntity", iam.delete_account_alias, AccountAlias="my-own-cloud")
