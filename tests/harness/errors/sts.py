"""STS."""

import time

from harness.errors import provokes
from harness.errors.world import READ_ONLY, fresh
from harness.sessions import trusting

BAD = '{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}'
# Policies that are too long together, each within its own limit.
BULKY = {
    "Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}' + " " * 1950,
    "PolicyArns": [{"arn": READ_ONLY}],
}


def assumed(w, **more):
    """AssumeRole of a fresh role."""
    role = w.role(trusting({"AWS": w.account}, "sts:AssumeRole", "sts:TagSession"))
    return {"RoleArn": f"arn:aws:iam::{w.account}:role/{role}", "RoleSessionName": "work", **more}


def federated(w, issued=None, token=None, **more):
    """AssumeRoleWithWebIdentity with a token of a running issuer."""
    issuer, role = issued or w.running_issuer
    given = {"RoleArn": role, "RoleSessionName": "web", "WebIdentityToken": token or issuer.token()}
    return w.stranger, given | more


@provokes("sts", "MalformedPolicyDocument", "AssumeRole", says=".")
def _(w):
    return assumed(w, Policy=BAD)


@provokes("sts", "MalformedPolicyDocument", "AssumeRoleWithWebIdentity", says=".")
def _(w):
    return federated(w, Policy=BAD)


@provokes("sts", "MalformedPolicyDocument", "GetFederationToken", says=".")
def _(w):
    return {"Name": "visitor", "Policy": BAD}


PACKED = "Packed size of .* consumes 1[0-9][0-9]% of allotted space"


@provokes("sts", "PackedPolicyTooLarge", "AssumeRole", says=PACKED)
def _(w):
    return assumed(w, Policy=BULKY["Policy"] + " " * 1000)


@provokes("sts", "PackedPolicyTooLarge", "AssumeRole", says=PACKED)
def _(w):
    return assumed(w, Tags=[{"Key": f"{number}{'k' * 100}", "Value": "v" * 200} for number in range(20)])


@provokes("sts", "PackedPolicyTooLarge", "AssumeRoleWithWebIdentity", says=PACKED)
def _(w):
    return federated(w, **BULKY)


@provokes("sts", "PackedPolicyTooLarge", "GetFederationToken", says=PACKED)
def _(w):
    return {"Name": "visitor", **BULKY}


# What tokens prove


@provokes("sts", "ExpiredTokenException", "AssumeRoleWithWebIdentity", says="expired")
def _(w):
    return federated(w, token=w.running_issuer[0].token(exp=int(time.time()) - 60))


@provokes("sts", "IDPRejectedClaim", "AssumeRoleWithWebIdentity", says="not valid yet")
def _(w):
    return federated(w, token=w.running_issuer[0].token(nbf=int(time.time()) + 3600))


@provokes("sts", "InvalidIdentityToken", "AssumeRoleWithWebIdentity", says=".")
def _(w):
    return federated(w, token="nonsense")


@provokes("sts", "InvalidIdentityToken", "AssumeRoleWithWebIdentity", says=".")
def _(w):
    return federated(w, token=w.running_issuer[0].token(aud="somebody-else"))


@provokes("sts", "IDPCommunicationError", "AssumeRoleWithWebIdentity", says="Couldn't retrieve verification key from your identity provider")
def _(w):
    issued = w.issuer()
    issued[0].failing = True
    return federated(w, issued)


@provokes("sts", "InvalidAuthorizationMessageException", "DecodeAuthorizationMessage", says="not valid")
def _(w):
    return {"EncodedMessage": fresh("nonsense")}
