"""How much there may be: AWS's default quotas, and those of an account that the test cloud sets low."""

import botocore

from harness.errors import provokes
from harness.errors.world import BY_EC2, LIMITS, SOME, fresh, sized
from harness.sessions import trusting
from harness.totp import two_codes

# Of an account


def full(w, limit, make):
    """The root of a fresh account that has all that it may have."""
    client = w.tenant().client("iam")
    for number in range(limit):
        make(client, f"n{number}")
    return client


@provokes("iam", "LimitExceeded", "CreateUser", "CreateVirtualMFADevice", says=f"PerAccount: {LIMITS['max_users']}")
def _(w, action):
    if action == "CreateUser":
        return full(w, LIMITS["max_users"], lambda iam, name: iam.create_user(UserName=name)), {"UserName": "one-more"}
    made = lambda iam, name: iam.create_virtual_mfa_device(VirtualMFADeviceName=name)  # noqa: E731
    return full(w, LIMITS["max_users"], made), {"VirtualMFADeviceName": "one-more"}


@provokes("iam", "LimitExceeded", "CreateGroup", says=f"GroupsPerAccount: {LIMITS['max_groups']}")
def _(w):
    return full(w, LIMITS["max_groups"], lambda iam, name: iam.create_group(GroupName=name)), {"GroupName": "one-more"}


@provokes("iam", "LimitExceeded", "CreateRole", "CreateServiceLinkedRole", says=f"RolesPerAccount: {LIMITS['max_roles']}")
def _(w, action):
    made = lambda iam, name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=BY_EC2)  # noqa: E731
    client = full(w, LIMITS["max_roles"], made)
    if action == "CreateRole":
        return client, {"RoleName": "one-more", "AssumeRolePolicyDocument": BY_EC2}
    return client, {"AWSServiceName": "spot.amazonaws.com"}


@provokes("iam", "LimitExceeded", "CreateInstanceProfile", says=f"InstanceProfilesPerAccount: {LIMITS['max_instance_profiles']}")
def _(w):
    made = lambda iam, name: iam.create_instance_profile(InstanceProfileName=name)  # noqa: E731
    return full(w, LIMITS["max_instance_profiles"], made), {"InstanceProfileName": "one-more"}


@provokes("iam", "LimitExceeded", "CreatePolicy", says=f"PoliciesPerAccount: {LIMITS['max_policies']}")
def _(w):
    made = lambda iam, name: iam.create_policy(PolicyName=name, PolicyDocument=SOME)  # noqa: E731
    return full(w, LIMITS["max_policies"], made), {"PolicyName": "one-more", "PolicyDocument": SOME}


@provokes("iam", "LimitExceeded", "CreateOpenIDConnectProvider", says=f": {LIMITS['max_oidc_providers']}")
def _(w):
    made = lambda iam, name: iam.create_open_id_connect_provider(Url=f"https://{name}.example.com")  # noqa: E731
    return full(w, LIMITS["max_oidc_providers"], made), {"Url": "https://one-more.example.com"}


@provokes("iam", "LimitExceeded", "UploadServerCertificate", says=f"ServerCertificatesPerAccount: {LIMITS['max_server_certificates']}")
def _(w):
    made = lambda iam, name: iam.upload_server_certificate(ServerCertificateName=name, **w.pair)  # noqa: E731
    return full(w, LIMITS["max_server_certificates"], made), {"ServerCertificateName": "one-more", **w.pair}


# Of a user, a group, a role, a profile, an issuer


@provokes("iam", "LimitExceeded", "CreateAccessKey", says="AccessKeysPerUser: 2")
def _(w):
    user = w.user()
    for _ in range(2):
        w.iam.create_access_key(UserName=user)
    return {"UserName": user}


@provokes("iam", "LimitExceeded", "AddUserToGroup", says="GroupsPerUser: 10")
def _(w):
    user = w.user()
    for _ in range(10):
        w.iam.add_user_to_group(UserName=user, GroupName=w.group())
    return {"UserName": user, "GroupName": w.group()}


@provokes("iam", "LimitExceeded", "EnableMFADevice", says="MFADevicesPerUser: 8")
def _(w):
    user = w.user()
    for _ in range(8):
        w.device(user)
    serial, seed = w.device()
    return {"UserName": user, "SerialNumber": serial, **two_codes(seed)}


@provokes("iam", "LimitExceeded", "UploadSSHPublicKey", says="SSHPublicKeysPerUser: 5")
def _(w):
    user = w.user()
    for _ in range(5):
        w.iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=w.ssh_key())
    return {"UserName": user, "SSHPublicKeyBody": w.ssh_key()}


@provokes("iam", "LimitExceeded", "AddRoleToInstanceProfile", says="InstanceSessionsPerInstanceProfile: 1")
def _(w):
    role = w.role()
    return {"InstanceProfileName": w.profile(role), "RoleName": role}


@provokes("iam", "LimitExceeded", "AddClientIDToOpenIDConnectProvider", says="ClientIdsPerOpenIdConnectProvider: 100")
def _(w):
    return {"OpenIDConnectProviderArn": w.provider(ClientIDList=[f"app-{n}" for n in range(100)]), "ClientID": "one-more"}


@provokes("iam", "LimitExceeded", "AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy", says="PoliciesPer(User|Group|Role): 10")
def _(w, action):
    kind = action.removeprefix("Attach").removesuffix("Policy").lower()
    named = {f"{kind.title()}Name": getattr(w, kind)()}
    *ten, last = w.eleven_policies
    for arn in ten:
        getattr(w.iam, f"attach_{kind}_policy")(**named, PolicyArn=arn)
    return named | {"PolicyArn": last}


@provokes("iam", "LimitExceeded", "CreatePolicyVersion", says="up to 5 versions")
def _(w):
    arn = w.policy()
    for _ in range(4):
        w.iam.create_policy_version(PolicyArn=arn, PolicyDocument=SOME)
    return {"PolicyArn": arn, "PolicyDocument": SOME}


# Sizes of policies, white space aside


@provokes("iam", "LimitExceeded", "PutUserPolicy", "PutGroupPolicy", "PutRolePolicy", says="Maximum policy size of (2048 bytes exceeded for user|5120 bytes exceeded for group|10240 bytes exceeded for role) ")
def _(w, action):
    kind = action.removeprefix("Put").removesuffix("Policy").lower()
    limit = {"user": 2048, "group": 5120, "role": 10_240}[kind]
    named = {f"{kind.title()}Name": getattr(w, kind)()}
    put = getattr(w.iam, f"put_{kind}_policy")
    # together they may just be so long, and white space does not count
    put(**named, PolicyName="first", PolicyDocument=sized(limit - 200) + " " * 100)
    put(**named, PolicyName="second", PolicyDocument=sized(200))
    return named | {"PolicyName": "second", "PolicyDocument": sized(201)}


@provokes("iam", "LimitExceeded", "CreatePolicy", says="PolicySize: 6144")
def _(w):
    w.iam.create_policy(PolicyName=fresh(), PolicyDocument=sized(6144) + "\n")
    return {"PolicyName": fresh(), "PolicyDocument": sized(6145)}


@provokes("iam", "LimitExceeded", "CreatePolicyVersion", says="PolicySize: 6144")
def _(w):
    return {"PolicyArn": w.policy(), "PolicyDocument": sized(6145)}


LONG_TRUST = trusting({"AWS": "*"}, StringEquals={"sts:ExternalId": "x" * 2048})


@provokes("iam", "LimitExceeded", "UpdateAssumeRolePolicy", says="ACLSizePerRole: 2048")
def _(w):
    return {"RoleName": w.role(), "PolicyDocument": LONG_TRUST}


@provokes("iam", "LimitExceeded", "CreateRole", says="ACLSizePerRole: 2048")
def _(w):
    return {"RoleName": fresh(), "AssumeRolePolicyDocument": LONG_TRUST}


# Tags

FIFTY = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
TAGGED = {
    "TagUser": ("UserName", lambda w: w.user()),
    "TagRole": ("RoleName", lambda w: w.role()),
    "TagPolicy": ("PolicyArn", lambda w: w.policy()),
    "TagInstanceProfile": ("InstanceProfileName", lambda w: w.profile()),
    "TagMFADevice": ("SerialNumber", lambda w: w.device()[0]),
    "TagOpenIDConnectProvider": ("OpenIDConnectProviderArn", lambda w: w.provider()),
    "TagServerCertificate": ("ServerCertificateName", lambda w: w.certificate()),
}


@provokes("iam", "LimitExceeded", *TAGGED, says="TagsPerResource: 50")
def _(w, action):
    member, made = TAGGED[action]
    named = {member: made(w)}
    getattr(w.iam, botocore.xform_name(action))(**named, Tags=FIFTY)
    return named | {"Tags": [{"Key": "one-more", "Value": ""}]}
