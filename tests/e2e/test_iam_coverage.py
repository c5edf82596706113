"""No offered operation of IAM, STS and KMS is without a test."""

import pathlib
import re
import subprocess
import uuid

import botocore
import pytest

from harness.compute import refused
from harness.operations import offered
from harness.people import allow, document
from harness.sessions import trusting

# They call every operation there is, whatever comes of it: that is no test of what it does.
CALLERS_OF_ALL = ("test_permission_matrix.py", "test_no_permission.py", pathlib.Path(__file__).name)


@pytest.mark.parametrize("service", ["iam", "sts", "kms"])
def test_every_offered_operation_is_called_by_a_test(service):
    here = pathlib.Path(__file__).parent
    files = [path for path in here.glob("test_*.py") if path.name not in CALLERS_OF_ALL]
    text = "\n".join(path.read_text() for path in [*files, *here.parent.joinpath("harness").glob("*.py")])
    # this file's own tests name them in tables
    text += pathlib.Path(__file__).read_text()
    called = lambda name: re.search(rf"\b{botocore.xform_name(name)}\b", text)
    assert not [name for name in offered(service) if not called(name)]


def fresh(word):
    """A name nobody has yet."""
    return f"{word}-{uuid.uuid4().hex[:10]}"


# Tags: for each kind how one is made and deleted, what names it, and the last word of the three operations.
TAGGED = {
    "user": ("create_user", "delete_user", "UserName", "User", "tag_user", "untag_user", "list_user_tags"),
    "role": ("create_role", "delete_role", "RoleName", "Role", "tag_role", "untag_role", "list_role_tags"),
    "policy": ("create_policy", "delete_policy", "PolicyArn", "Policy", "tag_policy", "untag_policy", "list_policy_tags"),
    "instance profile": (
        "create_instance_profile", "delete_instance_profile", "InstanceProfileName", "InstanceProfile",
        "tag_instance_profile", "untag_instance_profile", "list_instance_profile_tags",
    ),
    "mfa device": (
        "create_virtual_mfa_device", "delete_virtual_mfa_device", "SerialNumber", "VirtualMFADevice",
        "tag_mfa_device", "untag_mfa_device", "list_mfa_device_tags",
    ),
    "issuer": (
        "create_open_id_connect_provider", "delete_open_id_connect_provider", "OpenIDConnectProviderArn", None,
        "tag_open_id_connect_provider", "untag_open_id_connect_provider", "list_open_id_connect_provider_tags",
    ),
}  # fmt: skip


def made(iam, kind):
    """Makes one of a kind with a tag; the parameter that names it."""
    create, _, name, member = TAGGED[kind][:4]
    word = fresh("tagged")
    parameters = {
        "user": {"UserName": word},
        "role": {"RoleName": word, "AssumeRolePolicyDocument": trusting({"Service": "ec2.amazonaws.com"})},
        "policy": {"PolicyName": word, "PolicyDocument": document(allow("s3:*"))},
        "instance profile": {"InstanceProfileName": word},
        "mfa device": {"VirtualMFADeviceName": word},
        "issuer": {"Url": f"https://{word}.example.com"},
    }[kind]
    reply = getattr(iam, create)(**parameters, Tags=[{"Key": "Team", "Value": "red"}])
    shown = reply[member] if member else reply
    return {name: shown["Arn"] if kind == "policy" else shown[name]}


@pytest.mark.parametrize("kind", TAGGED)
def test_tags_are_given_changed_listed_and_taken_away(iam, kind):
    named = made(iam, kind)
    _, delete, _, _, tag, untag, tags_of = TAGGED[kind]
    listed = lambda **more: getattr(iam, tags_of)(**named, **more)
    try:
        getattr(iam, tag)(**named, Tags=[{"Key": "cost", "Value": ""}, {"Key": "Team", "Value": "blue"}])
        pairs = {one["Key"]: one["Value"] for one in listed()["Tags"]}
        assert pairs == {"Team": "blue", "cost": ""}
        page = listed(MaxItems=1)
        assert page["IsTruncated"] and len(page["Tags"]) == 1
        rest = listed(Marker=page["Marker"])
        assert not rest["IsTruncated"] and len(rest["Tags"]) == 1 and rest["Tags"] != page["Tags"]
        getattr(iam, untag)(**named, TagKeys=["cost", "never"])
        assert [one["Key"] for one in listed()["Tags"]] == ["Team"]
        many = [{"Key": f"k{index}", "Value": ""} for index in range(50)]
        refused("LimitExceeded", getattr(iam, tag), **named, Tags=many)
        refused("InvalidInput", getattr(iam, tag), **named, Tags=[{"Key": "aws:x", "Value": ""}])
        refused("InvalidInput", getattr(iam, tag), **named, Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}])
        assert [one["Key"] for one in listed()["Tags"]] == ["Team"]
    finally:
        getattr(iam, delete)(**named)


def test_a_key_for_code_is_uploaded_shown_switched_off_and_deleted(iam, person, tmp_path):
    user, file = person().name, tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", file], check=True)
    body = file.with_suffix(".pub").read_text().strip()
    key = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=body)["SSHPublicKey"]
    named = {"UserName": user, "SSHPublicKeyId": key["SSHPublicKeyId"]}
    try:
        assert key["SSHPublicKeyId"].startswith("APKA") and key["Status"] == "Active" and key["UserName"] == user
        shown = iam.get_ssh_public_key(**named, Encoding="SSH")["SSHPublicKey"]
        assert shown["SSHPublicKeyBody"].split()[:2] == body.split()[:2] and shown["Fingerprint"] == key["Fingerprint"]
        assert "BEGIN PUBLIC KEY" in iam.get_ssh_public_key(**named, Encoding="PEM")["SSHPublicKey"]["SSHPublicKeyBody"]
        iam.update_ssh_public_key(**named, Status="Inactive")
        assert [one["Status"] for one in iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"]] == ["Inactive"]
        refused("DuplicateSSHPublicKey", iam.upload_ssh_public_key, UserName=user, SSHPublicKeyBody=body)
        refused("InvalidPublicKey", iam.upload_ssh_public_key, UserName=user, SSHPublicKeyBody="ssh-rsa AAAA")
    finally:
        iam.delete_ssh_public_key(**named)
    refused("NoSuchEntity", iam.get_ssh_public_key, **named, Encoding="SSH")
    assert iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"] == []


def test_a_groups_policies_are_listed_by_path(iam):
    group = fresh("group")
    iam.create_group(GroupName=group)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    try:
        iam.attach_group_policy(GroupName=group, PolicyArn=arn)
        listed = iam.list_attached_group_policies(GroupName=group)
        assert listed["AttachedPolicies"] == [{"PolicyName": "ReadOnlyAccess", "PolicyArn": arn}] and not listed["IsTruncated"]
        assert iam.list_attached_group_policies(GroupName=group, PathPrefix="/job-function/")["AttachedPolicies"] == []
    finally:
        iam.detach_group_policy(GroupName=group, PolicyArn=arn)
        iam.delete_group(GroupName=group)
