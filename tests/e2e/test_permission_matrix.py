"""For every offered operation: refused without the permission, not refused with exactly it, refused with it on another resource.

The operations come from the program (`murus shapes`), what each needs from `permissions.toml` beside this file: an operation
without a row fails. A row lists every action with the ARN it is asked on, as AWS's service authorization reference has them.
A request that is not refused may well end in another error: most are about things that do not exist.

All of it happens in an account of its own, which is deleted afterwards with whatever was made.
"""

import json
import pathlib
import re
import time
import tomllib
import uuid

import botocore
import pytest
from botocore.exceptions import ClientError

from harness.operations import SERVICES, model, offered, sample

TABLE = tomllib.loads(pathlib.Path(__file__).with_name("permissions.toml").read_text())
EVERY = [(service, name) for service in SERVICES for name in offered(service)]
REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
# What a permission that was taken away may take to be gone everywhere.
PROPAGATION_S = 5


class Somebody:
    """A user of the account with one inline policy."""

    def __init__(self, account, name):
        self.account, self.name = account, name
        self.iam = account.client("iam")
        self.iam.create_user(UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.keys = key["AccessKeyId"], key["SecretAccessKey"]
        self.clients = {}

    def may(self, permissions):
        """Exactly these: pairs of an action and a resource."""
        statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in permissions]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_user_policy(UserName=self.name, PolicyName="matrix", PolicyDocument=document)

    def refused(self, service, name, parameters):
        """The error that refuses the call; none when it is not refused."""
        if service not in self.clients:
            self.clients[service] = self.account.cloud.client(service, keys=self.keys, parameter_validation=False)
        call = getattr(self.clients[service], botocore.xform_name(name))
        try:
            answer = call(**parameters)
        except ClientError as error:
            found = error.response["Error"]
            return found if found["Code"] in REFUSALS else None
        denied = [error for error in answer.get("Errors", []) if error.get("Code") in REFUSALS]
        return denied[0] if name == "DeleteObjects" and denied else None


class World:
    """The account, its people, and a bucket with objects."""

    def __init__(self, account):
        self.account = account
        account.client("ec2").describe_vpcs()  # Makes the default VPC.
        s3 = account.client("s3")
        self.bucket = f"matrix-{uuid.uuid4().hex[:12]}"
        s3.create_bucket(Bucket=self.bucket)
        for key in ("kept", "doomed"):
            s3.put_object(Bucket=self.bucket, Key=key, Body=b"x")
        self.upload = s3.create_multipart_upload(Bucket=self.bucket, Key="kept")["UploadId"]
        self.nobody, self.exact, self.elsewhere = (Somebody(account, name) for name in ("nobody", "exact", "elsewhere"))
        subnet = account.client("ec2").describe_subnets()["Subnets"][0]
        group = account.client("ec2").describe_security_groups()["SecurityGroups"][0]
        self.names = {
            "account": account.id, "bucket": self.bucket, "subnet": subnet["SubnetId"], "vpc": subnet["VpcId"],
            "group": group["GroupId"],
        }  # fmt: skip
        self.kms_and_issuers()
        self.models = {service: model(service) for service in SERVICES}

    def kms_and_issuers(self):
        """Things that must exist before anybody is asked about them: a key with a ciphertext, issuers, a role."""
        kms, iam = self.account.client("kms"), self.account.client("iam")
        self.names["key"] = kms.create_key()["KeyMetadata"]["KeyId"]
        self.ciphertext = kms.encrypt(KeyId=self.names["key"], Plaintext=b"x")["CiphertextBlob"]
        for issuer in ("kept", "doomed"):
            iam.create_open_id_connect_provider(Url=f"https://{issuer}.example.com", ClientIDList=["x"], ThumbprintList=["a" * 40])
        trust = {"Effect": "Allow", "Principal": {"AWS": self.account.id}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName="assumable", AssumeRolePolicyDocument=document)

    def known(self, service, name):
        """Parameters that are about what exists, or must not be the sample's."""
        arn = f"arn:aws:iam::{self.account.id}"
        if service == "s3":
            doomed = name.startswith("Delete")
            known = {"Bucket": self.bucket, "Key": "doomed" if doomed else "kept", "CopySource": f"{self.bucket}/kept"}
            if name == "CreateBucket":
                known["Bucket"] = f"{self.bucket}-made"
            if name == "DeleteObjects":
                known["Delete"] = {"Objects": [{"Key": "doomed"}]}
            if name in ("UploadPart", "UploadPartCopy", "ListParts"):
                known["UploadId"] = self.upload
            return known
        if service == "iam":
            issuer = "doomed" if name.startswith("Delete") else "kept"
            return {
                "PolicyArn": f"{arn}:policy/never", "PolicySourceArn": f"{arn}:user/never", "Arn": f"{arn}:user/never", "OpenIDConnectProviderArn": f"{arn}:oidc-provider/{issuer}.example.com",
                "SerialNumber": f"{arn}:mfa/never", "Url": "https://never.example.com",
            }  # fmt: skip
        if service == "kms":
            key = self.names["key"]
            return {
                "KeyId": key, "TargetKeyId": key, "DestinationKeyId": key, "CiphertextBlob": self.ciphertext,
                "AliasName": "alias/never", "Tags": [{"TagKey": "a", "TagValue": "b"}], "Plaintext": b"x",
            }  # fmt: skip
        return {"RoleArn": f"{arn}:role/assumable"} if service == "sts" else {}

    def parameters(self, service, name):
        """Well-formed parameters that change as little as can be."""
        operation = self.models[service].operation_model(name)
        parameters = sample(service, operation, **self.known(service, name))
        members = operation.input_shape.members if operation.input_shape else {}
        if "DryRun" in members:
            parameters["DryRun"] = True
        if service == "kms" and name in ("Decrypt", "ReEncrypt"):  # Not called required by the model.
            parameters["CiphertextBlob"] = self.ciphertext
        if service == "iam" and "UserName" in members:
            parameters["UserName"] = "never"
        return parameters

    def needed(self, service, name, somebody):
        """The row of an operation, filled in for who asks."""
        return [(action, on.format(**self.names, self=somebody.name)) for action, on in TABLE[service][name]]

    def remove(self):
        """Empties and deletes what was made."""
        s3 = self.account.client("s3")
        for bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
            for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
                s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            listed = s3.list_object_versions(Bucket=bucket)
            for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
            s3.delete_bucket(Bucket=bucket)
        self.account.remove()


@pytest.fixture(scope="module")
def world(cloud):
    """An account for this file."""
    from harness.accounts import Account

    world = World(Account(cloud))
    yield world
    world.remove()


def elsewhere(arn):
    """Another resource of the kind; for actions that know none, one that is not `*`."""
    return "arn:aws:s3:::never-this-one" if arn == "*" else arn.rstrip("*") + "never-this-one"


def eventually_refused(somebody, *request):
    """Whether it is refused once what was allowed before has been forgotten."""
    give_up = time.monotonic() + PROPAGATION_S
    while not (refusal := somebody.refused(*request)) and time.monotonic() < give_up:
        time.sleep(0.05)
    return refusal


def test_every_operation_of_the_program_has_a_row(cloud):
    shapes = json.loads(cloud.murus("shapes").stdout)
    of_program = {(shape["service"], shape["operation"]) for shape in shapes}
    assert of_program == set(EVERY), "the register does not say what the program offers"
    without = [f"{service}:{name}" for service, name in EVERY if name not in TABLE.get(service, {})]
    assert not without, f"permissions.toml says nothing of {without}"
    idle = [f"{service}:{name}" for service in TABLE for name in TABLE[service] if (service, name) not in EVERY]
    assert not idle, f"permissions.toml has rows for what is not offered: {idle}"


@pytest.mark.parametrize("service, name", EVERY, ids=[f"{service}:{name}" for service, name in EVERY])
def test_exactly_the_permission_is_needed(world, service, name):
    parameters = world.parameters(service, name)
    needed = world.needed(service, name, world.nobody)
    if not needed:
        assert world.nobody.refused(service, name, parameters) is None, "needs no permission"
        return
    refusal = world.nobody.refused(service, name, parameters)
    assert refusal, f"{name} is allowed without any permission"
    if (said := re.search(r"not authorized to perform: (\S+) on resource: \"?(.+?)\"? because", refusal["Message"])) is not None:
        missing = [action for action, on in needed if on in ("*", said.group(2))]
        assert said.group(1) in missing, f"{said.groups()} is said to be missing and not in the row"
    needed = world.needed(service, name, world.elsewhere)
    for place in range(len(needed)):
        others = [(action, elsewhere(on) if at == place else on) for at, (action, on) in enumerate(needed)]
        world.elsewhere.may(others)
        refusal = eventually_refused(world.elsewhere, service, name, parameters)
        assert refusal, f"{name} is allowed without {needed[place]}"
    world.exact.may(world.needed(service, name, world.exact))
    assert world.exact.refused(service, name, parameters) is None
