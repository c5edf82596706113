"""Service-linked roles, with boto3: made for a service, changed by nobody, deleted by a task."""

import uuid

import pytest

from harness.compute import refused
from harness.people import allow
from harness.waiting import wait_until

SERVICE = "autoscaling.amazonaws.com"


@pytest.fixture
def linked(iam):
    """A service-linked role with a suffix of its own; gone afterwards."""
    made = iam.create_service_linked_role(AWSServiceName=SERVICE, CustomSuffix=uuid.uuid4().hex[:10])["Role"]
    yield made
    if made["RoleName"] in [one["RoleName"] for one in iam.list_roles(PathPrefix=made["Path"])["Roles"]]:
        delete(iam, made["RoleName"])


def delete(iam, name):
    """Deletes a role and waits for the task."""
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    done = lambda: iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"  # noqa: E731
    wait_until(done, 30, what="the deletion is done")
    return task


def test_a_services_role_is_made_shown_and_deleted(iam, account, linked):
    name = linked["RoleName"]
    assert name.startswith("AWSServiceRoleForAutoScaling_")
    assert linked["Arn"] == f"arn:aws:iam::{account}:role/aws-service-role/{SERVICE}/{name}"
    shown = iam.get_role(RoleName=name)["Role"]
    statement = shown["AssumeRolePolicyDocument"]["Statement"][0]
    assert (statement["Principal"], statement["Action"]) == ({"Service": SERVICE}, "sts:AssumeRole")
    (policy,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["IsAttachable"] is False
    task = delete(iam, name)
    assert task.startswith(f"task/aws-service-role/{SERVICE}/{name}/")
    refused("NoSuchEntity", iam.get_role, RoleName=name)
    assert refused("NoSuchEntity", iam.delete_service_linked_role, RoleName=name)["Status"] == 404


def test_nobody_changes_a_services_role(iam, linked):
    name = linked["RoleName"]
    (policy,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    refused("UnmodifiableEntity", iam.detach_role_policy, RoleName=name, PolicyArn=policy["PolicyArn"])
    refused("UnmodifiableEntity", iam.attach_role_policy, RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    refused("UnmodifiableEntity", iam.delete_role, RoleName=name)
    iam.update_role(RoleName=name, Description="ours")
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "ours"


def test_what_cannot_be_made_is_refused(iam, linked, person):
    suffix = linked["RoleName"].partition("_")[2]
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName=SERVICE, CustomSuffix=suffix)
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName="spot.amazonaws.com", CustomSuffix=suffix)
    refused("NoSuchEntity", iam.create_service_linked_role, AWSServiceName="toaster.amazonaws.com")
    condition = {"Condition": {"StringEquals": {"iam:AWSServiceName": "spot.amazonaws.com"}}}
    bob = person().may(allow("iam:CreateServiceLinkedRole", **condition))
    refused("AccessDenied", bob.client("iam").create_service_linked_role, AWSServiceName=SERVICE, CustomSuffix=uuid.uuid4().hex[:10])
