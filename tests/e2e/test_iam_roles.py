"""Roles, boundaries, tags, instance profiles, entity lists, simulations and the account's details, with boto3."""

import json
import uuid

import pytest

from harness.compute import refused
from harness.people import allow, document

READ_ONLY = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"


def trust(**principal):
    """A trust policy for a principal."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def fresh(word):
    """A name nobody has yet."""
    return f"{word}-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def role(iam):
    """Makes roles for instances; removed with their policies and profiles afterwards."""
    made = []

    def make(**more):
        name = fresh("role")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"), **more)
        made.append(name)
        return name

    yield make
    for name in made:
        for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
            iam.delete_instance_profile(InstanceProfileName=profile["InstanceProfileName"])
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


def test_a_role_is_made_shown_changed_and_deleted(iam, account):
    name, given = fresh("role"), trust(AWS=account)
    made = iam.create_role(
        RoleName=name, Path="/ci/", AssumeRolePolicyDocument=given, Description="builds", MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "red"}],
    )["Role"]  # fmt: skip
    assert made["Arn"] == f"arn:aws:iam::{account}:role/ci/{name}" and made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(given)
    shown = iam.get_role(RoleName=name)["Role"]
    assert (shown["MaxSessionDuration"], shown["Tags"]) == (7200, [{"Key": "team", "Value": "red"}])
    assert name in [one["RoleName"] for one in iam.list_roles(PathPrefix="/ci/")["Roles"]]
    iam.update_role_description(RoleName=name, Description="tests")
    iam.update_role(RoleName=name, MaxSessionDuration=3600)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(Service="ec2.amazonaws.com"))
    shown = iam.get_role(RoleName=name)["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("tests", 3600)
    assert shown["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName=name, PolicyDocument=document(allow("s3:*")))
    iam.delete_role(RoleName=name)
    refused("NoSuchEntity", iam.get_role, RoleName=name)


def test_a_role_holds_policies_and_goes_only_without_them(iam, role):
    name = role()
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("s3:*")))
    assert iam.get_role_policy(RoleName=name, PolicyName="p")["PolicyDocument"]["Statement"][0]["Action"] == ["s3:*"]
    iam.attach_role_policy(RoleName=name, PolicyArn=READ_ONLY)
    assert [one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]] == [READ_ONLY]
    refused("DeleteConflict", iam.delete_role, RoleName=name)
    found = iam.list_entities_for_policy(PolicyArn=READ_ONLY, EntityFilter="Role")["PolicyRoles"]
    assert name in [one["RoleName"] for one in found]


def test_a_boundary_limits_and_is_listed(iam, role):
    name = role(PermissionsBoundary=READ_ONLY)
    assert iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    listed = iam.list_entities_for_policy(PolicyArn=READ_ONLY, PolicyUsageFilter="PermissionsBoundary")["PolicyRoles"]
    assert name in [one["RoleName"] for one in listed]
    assert iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["PermissionsBoundaryUsageCount"] >= 1
    iam.delete_role_permissions_boundary(RoleName=name)
    assert "PermissionsBoundary" not in iam.get_role(RoleName=name)["Role"]
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=READ_ONLY)
    refused("NoSuchEntity", iam.put_role_permissions_boundary, RoleName=name, PermissionsBoundary=READ_ONLY + "X")


def test_tags_are_set_listed_and_taken_away(iam, role):
    name = role()
    iam.tag_role(RoleName=name, Tags=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}])
    iam.tag_role(RoleName=name, Tags=[{"Key": "B", "Value": "3"}])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "B", "Value": "3"}, {"Key": "a", "Value": "2"}]
    iam.untag_role(RoleName=name, TagKeys=["b"])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "a", "Value": "2"}]
    refused("InvalidInput", iam.tag_role, RoleName=name, Tags=[{"Key": "aws:x", "Value": ""}])


def test_an_instance_profile_holds_one_role(iam, role):
    name, profile = role(), fresh("profile")
    made = iam.create_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
    assert made["InstanceProfileId"].startswith("AIPA") and made["Roles"] == []
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
    refused("LimitExceeded", iam.add_role_to_instance_profile, InstanceProfileName=profile, RoleName=name)
    assert iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0]["RoleName"] == name
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName=profile)


def test_policies_are_simulated(iam, role):
    name = role()
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("s3:GetObject", on="arn:aws:s3:::b/*")))
    arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    results = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject"], ResourceArns=["arn:aws:s3:::b/k"]
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in results] == ["allowed", "implicitDeny"]
    assert results[0]["MatchedStatements"][0]["SourcePolicyType"] == "role"
    text = json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    })  # fmt: skip
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"] == ["aws:SecureTransport"]
    entry = {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}
    asked = {"PolicyInputList": [text], "ActionNames": ["s3:GetObject"]}
    without = iam.simulate_custom_policy(**asked)["EvaluationResults"][0]
    assert (without["EvalDecision"], without["MissingContextValues"]) == ("implicitDeny", ["aws:SecureTransport"])
    assert iam.simulate_custom_policy(**asked, ContextEntries=[entry])["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_the_account_is_counted_and_shown_whole(iam, role):
    name = role(Tags=[{"Key": "k", "Value": "v"}])
    summary = iam.get_account_summary()["SummaryMap"]
    assert summary["Roles"] >= 1 and summary["VersionsPerPolicyQuota"] == 5
    details = iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"], PaginationConfig={"PageSize": 5})
    roles = {one["RoleName"]: one for page in details for one in page["RoleDetailList"]}
    assert roles[name]["Tags"] == [{"Key": "k", "Value": "v"}]
    assert roles[name]["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == "sts:AssumeRole"
