"""Managed and inline policies, boundaries, simulations and reports."""

from harness.errors import provokes
from harness.errors.world import LINKED_POLICY, NO_POLICY, READ_ONLY, RESERVED, SOME, fresh
from harness.operations import NEVER_KEY

NOT_VALID = "ARN .* is not valid"
BAD = '{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}'


@provokes("iam", "EntityAlreadyExists", "CreatePolicy", says="A policy called {PolicyName} already exists")
def _(w):
    return {"PolicyName": w.policy().rpartition("/")[2], "PolicyDocument": SOME}


# ARNs of something else


@provokes("iam", "InvalidInput", "AttachUserPolicy", "DetachUserPolicy", says=NOT_VALID)
def _(w):
    return {"UserName": w.user(), "PolicyArn": NO_POLICY}


@provokes("iam", "InvalidInput", "AttachGroupPolicy", "DetachGroupPolicy", says=NOT_VALID)
def _(w):
    return {"GroupName": w.group(), "PolicyArn": NO_POLICY}


@provokes("iam", "InvalidInput", "AttachRolePolicy", "DetachRolePolicy", says=NOT_VALID)
def _(w):
    return {"RoleName": w.role(), "PolicyArn": NO_POLICY}


@provokes("iam", "InvalidInput", "PutUserPermissionsBoundary", says=NOT_VALID)
def _(w):
    return {"UserName": w.user(), "PermissionsBoundary": NO_POLICY}


@provokes("iam", "InvalidInput", "PutRolePermissionsBoundary", says=NOT_VALID)
def _(w):
    return {"RoleName": w.role(), "PermissionsBoundary": NO_POLICY}


@provokes(
    "iam", "InvalidInput", "DeletePolicy", "GetPolicy", "ListEntitiesForPolicy", "ListPolicyTags", "ListPolicyVersions",
    says=NOT_VALID,
)  # fmt: skip
def _(w):
    return {"PolicyArn": NO_POLICY}


@provokes("iam", "InvalidInput", "CreatePolicyVersion", says=NOT_VALID)
def _(w):
    return {"PolicyArn": NO_POLICY, "PolicyDocument": SOME}


@provokes("iam", "InvalidInput", "DeletePolicyVersion", "GetPolicyVersion", "SetDefaultPolicyVersion", says=NOT_VALID)
def _(w):
    return {"PolicyArn": NO_POLICY, "VersionId": "v1"}


@provokes("iam", "InvalidInput", "CreatePolicy", says="reserved")
def _(w):
    return {"PolicyName": fresh(), "PolicyDocument": SOME, "Tags": RESERVED}


@provokes("iam", "InvalidInput", "TagPolicy", says="reserved")
def _(w):
    return {"PolicyArn": w.policy(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "UntagPolicy", says="reserved")
def _(w):
    return {"PolicyArn": w.policy(), "TagKeys": ["aws:x"]}


# Deleting


@provokes("iam", "DeleteConflict", "DeletePolicy", says="Cannot delete a policy attached to entities")
def _(w):
    arn = w.policy()
    w.iam.attach_user_policy(UserName=w.user(), PolicyArn=arn)
    return {"PolicyArn": arn}


@provokes("iam", "DeleteConflict", "DeletePolicy", says="Cannot delete a policy attached to entities")
def _(w):
    arn = w.policy()
    w.user(PermissionsBoundary=arn)
    return {"PolicyArn": arn}


@provokes("iam", "DeleteConflict", "DeletePolicy", says="more than one version")
def _(w):
    arn = w.policy()
    w.iam.create_policy_version(PolicyArn=arn, PolicyDocument=SOME)
    return {"PolicyArn": arn}


@provokes("iam", "DeleteConflict", "DeletePolicyVersion", says="Cannot delete the default version")
def _(w):
    return {"PolicyArn": w.policy(), "VersionId": "v1"}


@provokes("iam", "PolicyNotAttachable", "AttachUserPolicy", says="Cannot attach a Service Role Policy")
def _(w):
    return {"UserName": w.user(), "PolicyArn": LINKED_POLICY}


@provokes("iam", "PolicyNotAttachable", "AttachGroupPolicy", says="Cannot attach a Service Role Policy")
def _(w):
    return {"GroupName": w.group(), "PolicyArn": LINKED_POLICY}


@provokes("iam", "PolicyNotAttachable", "PutUserPermissionsBoundary", says="Cannot attach a Service Role Policy")
def _(w):
    return {"UserName": w.user(), "PermissionsBoundary": LINKED_POLICY}


# Documents


@provokes("iam", "MalformedPolicyDocument", "CreatePolicy", says=".")
def _(w):
    return {"PolicyName": fresh(), "PolicyDocument": BAD}


@provokes("iam", "MalformedPolicyDocument", "CreatePolicyVersion", says=".")
def _(w):
    return {"PolicyArn": w.policy(), "PolicyDocument": BAD}


@provokes("iam", "MalformedPolicyDocument", "PutUserPolicy", says=".")
def _(w):
    return {"UserName": w.user(), "PolicyName": "p", "PolicyDocument": BAD}


@provokes("iam", "MalformedPolicyDocument", "PutGroupPolicy", says=".")
def _(w):
    return {"GroupName": w.group(), "PolicyName": "p", "PolicyDocument": "{"}


@provokes("iam", "MalformedPolicyDocument", "PutRolePolicy", says=".")
def _(w):
    return {"RoleName": w.role(), "PolicyName": "p", "PolicyDocument": "[]"}


# Simulations and reports


@provokes("iam", "InvalidInput", "SimulateCustomPolicy", says="Invalid action name")
def _(w):
    return {"PolicyInputList": [SOME], "ActionNames": ["s3:Get*"]}


@provokes("iam", "InvalidInput", "SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy", says="Invalid Entity Arn")
def _(w, action):
    given = {"PolicySourceArn": READ_ONLY}
    return given | ({"ActionNames": ["s3:GetObject"]} if action.startswith("Simulate") else {})


@provokes("iam", "InvalidInput", "GetContextKeysForCustomPolicy", says=".")
def _(w):
    return {"PolicyInputList": [BAD]}


@provokes("iam", "InvalidInput", "GenerateServiceLastAccessedDetails", says="Arn|ARN")
def _(w):
    return {"Arn": NO_POLICY}


@provokes("iam", "InvalidInput", "ListPoliciesGrantingServiceAccess", says="Arn|ARN")
def _(w):
    return {"Arn": READ_ONLY, "ServiceNamespaces": ["s3"]}


@provokes("iam", "InvalidInput", "GetServiceLastAccessedDetails", says="Invalid job id")
def _(w):
    return {"JobId": "x" * 36}


@provokes("iam", "InvalidInput", "GetServiceLastAccessedDetailsWithEntities", says="Invalid job id")
def _(w):
    return {"JobId": NEVER_KEY.replace("-", "_"), "ServiceNamespace": "s3"}


@provokes("iam", "InvalidInput", "GetServiceLastAccessedDetailsWithEntities", says="has no service never")
def _(w):
    job = w.iam.generate_service_last_accessed_details(Arn=READ_ONLY)["JobId"]
    return {"JobId": job, "ServiceNamespace": "never"}
