"""What is not there: well-formed parameters about it, for every action of IAM that documents NoSuchEntity."""

from harness.errors import CASES, Case, documented
from harness.host import ROOT
from harness.operations import model, sample
from harness.people import allow, document
from harness.sessions import trusting

PUBLIC_KEY = (ROOT / "services/identity/tests/api/ssh_key.pub").read_text().strip()
# They are about nothing that could be absent.
ABOUT_NOTHING = ("CreateGroup", "UpdateAccountPasswordPolicy")
# Cases of their own, in users.py.
THERE = ("ChangePassword", "GetAccountPasswordPolicy", "DeleteAccountPasswordPolicy")
ABSENT = "cannot be found|does not exist|was not found|not found for arn|invalid for user"


def parameters_of(operation, account):
    """Well-formed parameters about things that are not there, in the administrator's account."""
    arn = lambda kind: f"arn:aws:iam::{account}:{kind}/never"  # noqa: E731
    known = {
        "PolicyArn": arn("policy"), "PolicySourceArn": arn("user"), "SerialNumber": arn("mfa"), "Arn": arn("user"),
        "OpenIDConnectProviderArn": f"arn:aws:iam::{account}:oidc-provider/never.example.com",
        "AssumeRolePolicyDocument": trusting({"AWS": account}), "PermissionsBoundary": arn("policy"), "Password": "Correct-horse-1",
        "SSHPublicKeyBody": PUBLIC_KEY, "PolicyDocument": document(allow("s3:*")),
    }  # fmt: skip
    given = sample("iam", operation, **known)
    more = {
        "UpdateAssumeRolePolicy": {"PolicyDocument": known["AssumeRolePolicyDocument"]},
        "CreateUser": {"PermissionsBoundary": known["PermissionsBoundary"]},
        "CreateRole": {"PermissionsBoundary": known["PermissionsBoundary"]},
        "CreateLoginProfile": {"Password": known["Password"]},
    }
    given |= more.get(operation.name, {})
    if operation.input_shape and "UserName" in operation.input_shape.members:
        given["UserName"] = "never"
    return given


def register():
    """A case for each."""
    iam = model("iam")
    for service, name, code in documented():
        if (service, code) == ("iam", "NoSuchEntity") and name not in (*ABOUT_NOTHING, *THERE):
            operation = iam.operation_model(name)
            CASES.append(Case(service, name, code, ABSENT, lambda w, operation=operation: parameters_of(operation, w.account)))


register()
