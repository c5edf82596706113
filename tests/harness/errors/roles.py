"""Roles, those that are linked to a service, and instance profiles."""

from harness.errors import provokes
from harness.errors.world import BY_EC2, LINKED_POLICY, READ_ONLY, RESERVED, SOME, fresh
from harness.people import document


@provokes("iam", "EntityAlreadyExists", "CreateRole", says="Role with name {RoleName} already exists")
def _(w):
    return {"RoleName": w.role().upper(), "AssumeRolePolicyDocument": BY_EC2}


@provokes("iam", "EntityAlreadyExists", "CreateInstanceProfile", says="Instance Profile {InstanceProfileName} already exists")
def _(w):
    return {"InstanceProfileName": w.profile().upper()}


# What still hangs on them


@provokes("iam", "DeleteConflict", "DeleteRole", says="must detach all policies first")
def _(w):
    role = w.role()
    w.iam.attach_role_policy(RoleName=role, PolicyArn=READ_ONLY)
    return {"RoleName": role}


@provokes("iam", "DeleteConflict", "DeleteRole", says="must delete policies first")
def _(w):
    role = w.role()
    w.iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=SOME)
    return {"RoleName": role}


@provokes("iam", "DeleteConflict", "DeleteRole", says="must remove roles from instance profile first")
def _(w):
    role = w.role()
    w.profile(role)
    return {"RoleName": role}


@provokes("iam", "DeleteConflict", "DeleteInstanceProfile", says="must remove roles from instance profile first")
def _(w):
    return {"InstanceProfileName": w.profile(w.role())}


# Roles that belong to a service

PROTECTED = "only modifiable by AWS"


@provokes("iam", "UnmodifiableEntity", "DeleteRole", "DeleteRolePermissionsBoundary", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role}


@provokes("iam", "UnmodifiableEntity", "UpdateRole", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role, "MaxSessionDuration": 7200}


@provokes("iam", "UnmodifiableEntity", "AttachRolePolicy", "DetachRolePolicy", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role, "PolicyArn": READ_ONLY}


@provokes("iam", "UnmodifiableEntity", "DeleteRolePolicy", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role, "PolicyName": "p"}


@provokes("iam", "UnmodifiableEntity", "PutRolePolicy", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role, "PolicyName": "p", "PolicyDocument": SOME}


@provokes("iam", "UnmodifiableEntity", "PutRolePermissionsBoundary", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role, "PermissionsBoundary": READ_ONLY}


@provokes("iam", "UnmodifiableEntity", "UpdateAssumeRolePolicy", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role, "PolicyDocument": BY_EC2}


@provokes("iam", "UnmodifiableEntity", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile", says=PROTECTED)
def _(w):
    return {"RoleName": w.linked_role, "InstanceProfileName": w.profile()}


@provokes("iam", "InvalidInput", "CreateServiceLinkedRole", says="Custom suffix is not allowed")
def _(w):
    return {"AWSServiceName": "spot.amazonaws.com", "CustomSuffix": "mine"}


@provokes("iam", "InvalidInput", "CreateServiceLinkedRole", says="has been taken in this account")
def _(w):
    assert w.linked_role
    return {"AWSServiceName": "spot.amazonaws.com"}


@provokes("iam", "InvalidInput", "GetServiceLinkedRoleDeletionStatus", says="task id")
def _(w):
    return {"DeletionTaskId": "never"}


# Policies that a role may not have


@provokes("iam", "PolicyNotAttachable", "AttachRolePolicy", says="Cannot attach a Service Role Policy")
def _(w):
    return {"RoleName": w.role(), "PolicyArn": LINKED_POLICY}


@provokes("iam", "PolicyNotAttachable", "PutRolePermissionsBoundary", says="Cannot attach a Service Role Policy")
def _(w):
    return {"RoleName": w.role(), "PermissionsBoundary": LINKED_POLICY}


@provokes("iam", "MalformedPolicyDocument", "CreateRole", says=".")
def _(w):
    return {"RoleName": fresh(), "AssumeRolePolicyDocument": SOME}


@provokes("iam", "MalformedPolicyDocument", "CreateRole", says="Invalid principal in policy")
def _(w):
    nobody = {"AWS": f"arn:aws:iam::{w.account}:user/never"}
    return {"RoleName": fresh(), "AssumeRolePolicyDocument": document({"Effect": "Allow", "Principal": nobody, "Action": "sts:AssumeRole"})}


@provokes("iam", "MalformedPolicyDocument", "UpdateAssumeRolePolicy", says=".")
def _(w):
    return {"RoleName": w.role(), "PolicyDocument": "{"}


# Tags


@provokes("iam", "InvalidInput", "CreateRole", says="reserved")
def _(w):
    return {"RoleName": fresh(), "AssumeRolePolicyDocument": BY_EC2, "Tags": RESERVED}


@provokes("iam", "InvalidInput", "TagRole", says="reserved")
def _(w):
    return {"RoleName": w.role(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "CreateInstanceProfile", says="reserved")
def _(w):
    return {"InstanceProfileName": fresh(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "TagInstanceProfile", says="reserved")
def _(w):
    return {"InstanceProfileName": w.profile(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "UntagInstanceProfile", says="reserved")
def _(w):
    return {"InstanceProfileName": w.profile(), "TagKeys": ["aws:x"]}
