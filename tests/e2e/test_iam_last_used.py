"""When roles were last used, reports of last accesses, and which policies open a service, with boto3."""

import uuid

import pytest

from harness.compute import refused
from harness.people import allow
from harness.sessions import session_client, trusting
from harness.waiting import wait_until

S3_READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def fresh(word):
    """A name nobody has yet."""
    return f"{word}-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def role(iam, account):
    """A role that the account's users may assume; it reads buckets."""
    name = fresh("used")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting({"AWS": account}))["Role"]
    iam.attach_role_policy(RoleName=name, PolicyArn=S3_READ_ONLY)
    yield made
    iam.detach_role_policy(RoleName=name, PolicyArn=S3_READ_ONLY)
    iam.delete_role(RoleName=name)


def report(iam, arn, granularity="SERVICE_LEVEL"):
    """A fresh report, once its job is done."""
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity=granularity)["JobId"]

    def done():
        got = iam.get_service_last_accessed_details(JobId=job)
        return got if got["JobStatus"] == "COMPLETED" else None

    return job, wait_until(done, 30, what="the report is made")


def test_a_role_tells_its_last_use_and_its_report_does_too(cloud, iam, role, person):
    assert iam.get_role(RoleName=role["RoleName"])["Role"]["RoleLastUsed"] == {}
    bob = person().may(allow("sts:AssumeRole", on=role["Arn"]))
    made = bob.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="reading")["Credentials"]
    session_client(cloud, "s3", made).list_buckets()
    shown = lambda: iam.get_role(RoleName=role["RoleName"])["Role"]["RoleLastUsed"]  # noqa: E731
    used = wait_until(lambda: shown() or None, 30, what="the use of the role is known")
    assert used["Region"] and used["LastUsedDate"] >= role["CreateDate"]
    job, whole = report(iam, role["Arn"], "ACTION_LEVEL")
    assert whole["JobType"] == "ACTION_LEVEL" and whole["JobCompletionDate"] >= whole["JobCreationDate"]
    (s3,) = whole["ServicesLastAccessed"]
    assert (s3["ServiceNamespace"], s3["ServiceName"], s3["TotalAuthenticatedEntities"]) == ("s3", "Amazon S3", 1)
    assert s3["LastAuthenticatedEntity"] == role["Arn"] and s3["LastAuthenticated"] == used["LastUsedDate"]
    actions = {one["ActionName"]: one for one in s3["TrackedActionsLastAccessed"]}
    assert actions["ListAllMyBuckets"]["LastAccessedTime"] == used["LastUsedDate"]
    assert actions["GetObject"] == {"ActionName": "GetObject"} and "PutObject" not in actions
    entities = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3")["EntityDetailsList"]
    assert [(one["EntityInfo"]["Type"], one["EntityInfo"]["Id"]) for one in entities] == [("ROLE", role["RoleId"])]


def test_what_a_request_was_allowed_beside_its_action_counts_as_used(iam, person):
    bob = person().may(allow("ec2:CreateSecurityGroup", "ec2:CreateTags", "ec2:DeleteTags", "ec2:DeleteSecurityGroup"))
    ec2 = bob.client("ec2")
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "team", "Value": "red"}]}]
    group = ec2.create_security_group(GroupName=fresh("used"), Description="d", TagSpecifications=tags)["GroupId"]
    ec2.delete_security_group(GroupId=group)

    def used():
        _, whole = report(iam, bob.arn, "ACTION_LEVEL")
        actions = next(one["TrackedActionsLastAccessed"] for one in whole["ServicesLastAccessed"] if one["ServiceNamespace"] == "ec2")
        return {one["ActionName"] for one in actions if "LastAccessedTime" in one}

    asked = {"CreateSecurityGroup", "CreateTags", "DeleteSecurityGroup"}
    assert wait_until(lambda: used() if used() >= asked else None, 60, what="all uses are known") == asked


def test_a_policys_report_is_about_those_who_have_it(iam, role):
    _, whole = report(iam, S3_READ_ONLY)
    assert "s3" in [one["ServiceNamespace"] for one in whole["ServicesLastAccessed"]]
    job, _ = report(iam, S3_READ_ONLY)
    found = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3")["EntityDetailsList"]
    assert role["Arn"] in [one["EntityInfo"]["Arn"] for one in found]


def test_a_report_belongs_to_whoever_asked_for_it(iam, role, person):
    job, _ = report(iam, role["Arn"])
    bob = person().may(allow("iam:*"))
    assert refused("NoSuchEntity", bob.client("iam").get_service_last_accessed_details, JobId=job)["Status"] == 404
    refused("NoSuchEntity", iam.get_service_last_accessed_details, JobId=str(uuid.uuid4()))
    refused("NoSuchEntity", iam.generate_service_last_accessed_details, Arn=f"{role['Arn']}-not")


def test_policies_that_open_a_service_are_listed(iam, role):
    asked = {"Arn": role["Arn"], "ServiceNamespaces": ["s3", "ec2"]}
    found = iam.list_policies_granting_service_access(**asked)["PoliciesGrantingServiceAccess"]
    assert [one["ServiceNamespace"] for one in found] == ["s3", "ec2"]
    assert found[0]["Policies"] == [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyType": "MANAGED", "PolicyArn": S3_READ_ONLY}]
    assert found[1]["Policies"] == []
    refused("InvalidInput", iam.list_policies_granting_service_access, Arn=S3_READ_ONLY, ServiceNamespaces=["s3"])


def test_the_summary_knows_devices_and_providers(iam):
    summary = iam.get_account_summary()["SummaryMap"]
    assert {"MFADevices", "MFADevicesInUse", "Providers", "InstanceProfiles", "AccountMFAEnabled"} <= set(summary)
