"""What is given works at once at every service, and what is taken away is gone everywhere within five seconds, also where
each service is a process of its own."""

import uuid

import pytest
from botocore.exceptions import ClientError

from harness.accounts import Account
from harness.cloud import SINGLE_PROCESS
from harness.people import allow, deny, document
from harness.waiting import wait_until

# In one process there is nothing to wait for: the very next call is refused.
BOUND_S = 0 if SINGLE_PROCESS else 5
# A harmless call to every process that answers clients: compute and volume are two, object is a third, identity the fourth.
CALLS = {
    "object": ("s3", "list_buckets", "s3:ListAllMyBuckets"),
    "compute": ("ec2", "describe_instances", "ec2:DescribeInstances"),
    "volume": ("ec2", "describe_volumes", "ec2:DescribeVolumes"),
    "iam": ("iam", "list_users", "iam:ListUsers"),
    "kms": ("kms", "list_keys", "kms:ListKeys"),
}
ALL = [action for _, _, action in CALLS.values()]
NO_KEY = {"InvalidAccessKeyId", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"}
NOT_ALLOWED = {"AccessDenied", "UnauthorizedOperation", "AccessDeniedException"}


def answers(cloud, keys):
    """Service -> the code of its refusal, or nothing."""
    found = {}
    for name, (service, method, _) in CALLS.items():
        try:
            getattr(cloud.client(service, keys=keys), method)()
        except ClientError as error:
            found[name] = error.response["Error"]["Code"]
        else:
            found[name] = None
    return found


def work_at_once(cloud, keys):
    """The first call to each service succeeds."""
    refused = {name: code for name, code in answers(cloud, keys).items() if code}
    assert not refused, refused


def gone_in_time(cloud, keys, change, codes, **parameters):
    """Every service, which has just answered, refuses within the bound after the change."""
    work_at_once(cloud, keys)
    change(**parameters)
    seen = {}
    gone = lambda: seen.update(answers(cloud, keys)) or all(code in codes for code in seen.values())
    wait_until(gone, BOUND_S, every=0.05, what=lambda: f"refused everywhere; last {seen}")


@pytest.fixture
def bob(person):
    """A user who may make every call, by an inline policy."""
    return person().may(allow(*ALL))


def test_a_key_works_at_once_and_ends_in_time(cloud, iam, bob):
    for end in ("delete", "deactivate"):
        made = iam.create_access_key(UserName=bob.name)["AccessKey"]
        keys, named = (made["AccessKeyId"], made["SecretAccessKey"]), {"UserName": bob.name, "AccessKeyId": made["AccessKeyId"]}
        if end == "delete":
            gone_in_time(cloud, keys, iam.delete_access_key, NO_KEY, **named)
        else:
            gone_in_time(cloud, keys, iam.update_access_key, NO_KEY, Status="Inactive", **named)
            iam.update_access_key(Status="Active", **named)
            work_at_once(cloud, keys)


def test_an_inline_policy_works_at_once_and_ends_in_time(cloud, iam, bob):
    gone_in_time(cloud, bob.keys, iam.delete_user_policy, NOT_ALLOWED, UserName=bob.name, PolicyName="inline")
    bob.may(allow(*ALL))
    denial = {"UserName": bob.name, "PolicyName": "denial", "PolicyDocument": document(deny("*"))}
    gone_in_time(cloud, bob.keys, iam.put_user_policy, NOT_ALLOWED, **denial)


def test_a_managed_policy_works_at_once_and_ends_in_time(cloud, iam, person):
    carol = person()
    arn = iam.create_policy(PolicyName=f"policy-{uuid.uuid4().hex[:10]}", PolicyDocument=document(allow(*ALL)))["Policy"]["Arn"]
    attached = {"UserName": carol.name, "PolicyArn": arn}
    try:
        iam.attach_user_policy(**attached)
        narrower = {"PolicyArn": arn, "PolicyDocument": document(allow("sts:*")), "SetAsDefault": True}
        gone_in_time(cloud, carol.keys, iam.create_policy_version, NOT_ALLOWED, **narrower)
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
        gone_in_time(cloud, carol.keys, iam.detach_user_policy, NOT_ALLOWED, **attached)
    finally:
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
        iam.delete_policy(PolicyArn=arn)


def test_a_membership_works_at_once_and_ends_in_time(cloud, iam, person):
    carol, group = person(), f"group-{uuid.uuid4().hex[:10]}"
    iam.create_group(GroupName=group)
    member = {"GroupName": group, "UserName": carol.name}
    try:
        iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document(allow(*ALL)))
        iam.add_user_to_group(**member)
        gone_in_time(cloud, carol.keys, iam.remove_user_from_group, NOT_ALLOWED, **member)
        iam.add_user_to_group(**member)
        gone_in_time(cloud, carol.keys, iam.delete_group_policy, NOT_ALLOWED, GroupName=group, PolicyName="p")
    finally:
        iam.remove_user_from_group(**member)
        iam.delete_group(GroupName=group)


def test_a_boundary_holds_in_time_and_its_end_at_once(cloud, iam, bob):
    boundary = "arn:aws:iam::aws:policy/IAMUserChangePassword"
    gone_in_time(cloud, bob.keys, iam.put_user_permissions_boundary, NOT_ALLOWED, UserName=bob.name, PermissionsBoundary=boundary)
    iam.delete_user_permissions_boundary(UserName=bob.name)
    work_at_once(cloud, bob.keys)


def test_a_user_that_is_removed_ends_in_time(cloud, person):
    gone = person().may(allow(*ALL))
    keys = gone.keys

    def delete():
        iam = gone.iam
        iam.delete_access_key(UserName=gone.name, AccessKeyId=keys[0])
        iam.delete_user_policy(UserName=gone.name, PolicyName="inline")
        iam.delete_user(UserName=gone.name)
        iam.create_user(UserName=gone.name)  # another one of the name is another one

    gone_in_time(cloud, keys, delete, NO_KEY)


def test_an_account_that_is_closed_ends_in_time(cloud):
    account = Account(cloud)
    work_at_once(cloud, account.keys)
    assert account.remove().returncode == 0
    assert set(answers(cloud, account.keys).values()) <= NO_KEY


def test_it_holds_after_identity_was_killed(cloud, iam, bob):
    """The services' watches break with identity's process: what it takes away afterwards is still gone in time."""
    if cloud.single_process:
        pytest.skip("there is one process")
    work_at_once(cloud, bob.keys)
    cloud.kill("identity")
    wait_until(lambda: not any(answers(cloud, bob.keys).values()), 60, what="identity is back")
    gone_in_time(cloud, bob.keys, iam.delete_user_policy, NOT_ALLOWED, UserName=bob.name, PolicyName="inline")
