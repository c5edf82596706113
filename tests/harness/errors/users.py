"""Users, groups, access keys, passwords, SSH keys and the account."""

from harness.errors import provokes
from harness.errors.world import RESERVED, SOME, fresh

PASSWORD = "Correct-Horse-7-Battery"
NO_KIND = "ssh-dss AAAAB3NzaC1kc3M="

# Names that are taken


@provokes("iam", "EntityAlreadyExists", "CreateUser", says="User with name {UserName} already exists")
def _(w):
    return {"UserName": w.user()}


@provokes("iam", "EntityAlreadyExists", "UpdateUser", says="User with name {NewUserName} already exists")
def _(w):
    return {"UserName": w.user(), "NewUserName": w.user().upper()}


@provokes("iam", "EntityAlreadyExists", "CreateGroup", says="Group with name {GroupName} already exists")
def _(w):
    return {"GroupName": w.group().upper()}


@provokes("iam", "EntityAlreadyExists", "UpdateGroup", says="Group with name {NewGroupName} already exists")
def _(w):
    return {"GroupName": w.group(), "NewGroupName": w.group()}


@provokes("iam", "EntityAlreadyExists", "CreateLoginProfile", says="Login Profile for user {UserName} already exists")
def _(w):
    user = w.user()
    w.iam.create_login_profile(UserName=user, Password=PASSWORD)
    return {"UserName": user, "Password": PASSWORD}


@provokes("iam", "EntityAlreadyExists", "CreateAccountAlias", says="{AccountAlias} already exists")
def _(w):
    alias = fresh("house")
    w.tenant().client("iam").create_account_alias(AccountAlias=alias)
    return {"AccountAlias": alias}


# What still hangs on a user or a group


def deletes_user(says):
    return provokes("iam", "DeleteConflict", "DeleteUser", says=f"Cannot delete entity, must {says} first")


@deletes_user("delete access keys")
def _(w):
    user = w.user()
    w.iam.create_access_key(UserName=user)
    return {"UserName": user}


@deletes_user("delete SSH public keys")
def _(w):
    user = w.user()
    w.iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=w.ssh_key())
    return {"UserName": user}


@deletes_user("delete login profile")
def _(w):
    user = w.user()
    w.iam.create_login_profile(UserName=user, Password=PASSWORD)
    return {"UserName": user}


@deletes_user("delete MFA device")
def _(w):
    user = w.user()
    w.device(user)
    return {"UserName": user}


@deletes_user("detach all policies")
def _(w):
    user = w.user()
    w.iam.attach_user_policy(UserName=user, PolicyArn=w.eleven_policies[0])
    return {"UserName": user}


@deletes_user("delete policies")
def _(w):
    user = w.user()
    w.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=SOME)
    return {"UserName": user}


@deletes_user("remove users from group")
def _(w):
    user = w.user()
    w.iam.add_user_to_group(UserName=user, GroupName=w.group())
    return {"UserName": user}


def deletes_group(says):
    return provokes("iam", "DeleteConflict", "DeleteGroup", says=f"Cannot delete entity, must {says} first")


@deletes_group("remove users from group")
def _(w):
    group = w.group()
    w.iam.add_user_to_group(UserName=w.user(), GroupName=group)
    return {"GroupName": group}


@deletes_group("detach all policies")
def _(w):
    group = w.group()
    w.iam.attach_group_policy(GroupName=group, PolicyArn=w.eleven_policies[0])
    return {"GroupName": group}


@deletes_group("delete policies")
def _(w):
    group = w.group()
    w.iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=SOME)
    return {"GroupName": group}


# Passwords


@provokes("iam", "PasswordPolicyViolation", "CreateLoginProfile", says="Password should have a minimum length of")
def _(w):
    return {"UserName": w.user(), "Password": "a"}


@provokes("iam", "PasswordPolicyViolation", "UpdateLoginProfile", says="Password should have a minimum length of")
def _(w):
    user = w.user()
    w.iam.create_login_profile(UserName=user, Password=PASSWORD)
    return {"UserName": user, "Password": "a"}


@provokes("iam", "PasswordPolicyViolation", "ChangePassword", says="Password should have a minimum length of")
def _(w):
    user = w.user()
    w.iam.create_login_profile(UserName=user, Password=PASSWORD)
    w.iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    key = w.iam.create_access_key(UserName=user)["AccessKey"]
    client = w.cloud.client("iam", keys=(key["AccessKeyId"], key["SecretAccessKey"]))
    return client, {"OldPassword": PASSWORD, "NewPassword": "a"}


@provokes("iam", "NoSuchEntity", "ChangePassword", says="Login Profile for User .* cannot be found")
def _(w):
    return {"OldPassword": PASSWORD, "NewPassword": PASSWORD + "2"}


@provokes("iam", "InvalidUserType", "ChangePassword", says="type of user")
def _(w):
    return w.tenant().client("iam"), {"OldPassword": PASSWORD, "NewPassword": PASSWORD + "2"}


@provokes("iam", "NoSuchEntity", "GetAccountPasswordPolicy", "DeleteAccountPasswordPolicy", says="Password Policy with domain name")
def _(w):
    return w.tenant().client("iam"), {}


@provokes("iam", "ReportNotPresent", "GetCredentialReport", says="No report exists")
def _(w):
    return w.tenant().client("iam"), {}


# Keys


@provokes("iam", "InvalidInput", "UpdateAccessKey", says="Active or Inactive")
def _(w):
    user = w.user()
    key = w.iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    return {"UserName": user, "AccessKeyId": key, "Status": "Expired"}


@provokes("iam", "InvalidInput", "UpdateSSHPublicKey", says="Active or Inactive")
def _(w):
    return {"UserName": w.user(), "SSHPublicKeyId": "APKA" + "A" * 16, "Status": "Expired"}


@provokes("iam", "DuplicateSSHPublicKey", "UploadSSHPublicKey", says="already associated")
def _(w):
    given = {"UserName": w.user(), "SSHPublicKeyBody": w.ssh_key()}
    w.iam.upload_ssh_public_key(**given)
    return given


@provokes("iam", "InvalidPublicKey", "UploadSSHPublicKey", says="malformed")
def _(w):
    return {"UserName": w.user(), "SSHPublicKeyBody": "ssh-rsa AAAA"}


@provokes("iam", "UnrecognizedPublicKeyEncoding", "UploadSSHPublicKey", says="unsupported or unrecognized")
def _(w):
    return {"UserName": w.user(), "SSHPublicKeyBody": NO_KIND}


@provokes("iam", "UnrecognizedPublicKeyEncoding", "GetSSHPublicKey", says="unsupported or unrecognized")
def _(w):
    return {"UserName": w.user(), "SSHPublicKeyId": "APKA" + "A" * 16, "Encoding": "DER"}


# Tags


@provokes("iam", "InvalidInput", "CreateUser", says="beginning with aws: are reserved")
def _(w):
    return {"UserName": fresh(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "TagUser", says="Duplicate tag keys")
def _(w):
    return {"UserName": w.user(), "Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}
