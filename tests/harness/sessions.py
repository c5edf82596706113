"""Temporary credentials: clients that use them, and roles to assume."""

import uuid

import boto3
from botocore.config import Config

from harness.cloud import REGION
from harness.people import document


def session_client(cloud, service, credentials, **options):
    """A client with the credentials that STS answered, that tries once only."""
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        verify=str(cloud.certificate) if cloud.certificate else None,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}, **options),
    )


def trusting(principal, *actions, **condition):
    """A trust policy with one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions or ["sts:AssumeRole"])}
    return document(statement | ({"Condition": condition} if condition else {}))


class Role:
    """A role of the administrator's account, with one inline policy."""

    def __init__(self, iam, trust, *statements, **parameters):
        self.iam, self.name = iam, f"role-{uuid.uuid4().hex[:10]}"
        made = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust, **parameters)["Role"]
        self.arn, self.id = made["Arn"], made["RoleId"]
        if statements:
            iam.put_role_policy(RoleName=self.name, PolicyName="inline", PolicyDocument=document(*statements))

    def assume(self, sts, name="work", **parameters):
        """The credentials of a session."""
        return sts.assume_role(RoleArn=self.arn, RoleSessionName=name, **parameters)["Credentials"]

    def remove(self):
        """Deletes the role and its policies, if it is still there."""
        try:
            for policy in self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
                self.iam.delete_role_policy(RoleName=self.name, PolicyName=policy)
            self.iam.delete_role(RoleName=self.name)
        except self.iam.exceptions.NoSuchEntityException:
            pass
