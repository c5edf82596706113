"""What the provocations need: fresh things of a cloud that is thrown away afterwards, so nothing is cleaned up."""

import functools
import subprocess
import uuid

import botocore

from harness.accounts import Account
from harness.issuer import Issuer
from harness.people import allow, document
from harness.sessions import trusting
from harness.totp import seed_of, two_codes

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
LINKED_POLICY = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"
NO_POLICY = "arn:aws:s3:::a-bucket-not-a-policy"
BY_EC2 = trusting({"Service": "ec2.amazonaws.com"})
SOME = document(allow("s3:*"))
RESERVED = [{"Key": "aws:x", "Value": ""}]
# Limits of the cloud's accounts, so low that a test can reach them.
LIMITS = {
    "max_users": 250, "max_groups": 60, "max_roles": 60, "max_instance_profiles": 40, "max_policies": 80,
    "max_oidc_providers": 40, "max_server_certificates": 12, "max_kms_keys": 90,
}  # fmt: skip


def fresh(word="thing"):
    """A name nobody has yet."""
    return f"{word}-{uuid.uuid4().hex[:10]}"


def sized(characters):
    """A policy document of so many characters, none of them white space."""
    start = '{"Version":"2012-10-17","Statement":[{"Sid":"'
    end = '","Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    return start + "a" * (characters - len(start) - len(end)) + end


class World:
    """One cloud, as its administrator."""

    def __init__(self, cloud, folder):
        self.cloud, self.folder = cloud, folder
        self.clients = {service: cloud.client(service, parameter_validation=False) for service in ("iam", "sts", "kms")}
        self.iam, self.sts, self.kms = (self.clients[service] for service in ("iam", "sts", "kms"))
        self.account = self.sts.get_caller_identity()["Account"]
        self.issuers = []

    def stop(self):
        """Stops the issuers."""
        for issuer in self.issuers:
            issuer.stop()

    def user(self, **more):
        """The name of a fresh user."""
        return self.iam.create_user(UserName=fresh("user"), **more)["User"]["UserName"]

    def group(self):
        """The name of a fresh group."""
        return self.iam.create_group(GroupName=fresh("group"))["Group"]["GroupName"]

    def role(self, trust=BY_EC2):
        """The name of a fresh role."""
        return self.iam.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=trust)["Role"]["RoleName"]

    @functools.cached_property
    def linked_role(self):
        """The name of the role that is linked to EC2 Spot."""
        return self.iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")["Role"]["RoleName"]

    def policy(self):
        """The ARN of a fresh managed policy."""
        return self.iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=SOME)["Policy"]["Arn"]

    @functools.cached_property
    def eleven_policies(self):
        """ARNs of eleven managed policies."""
        return [self.policy() for _ in range(11)]

    def profile(self, role=None):
        """The name of a fresh instance profile."""
        name = fresh("profile")
        self.iam.create_instance_profile(InstanceProfileName=name)
        if role:
            self.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        return name

    def device(self, user=None):
        """A fresh virtual MFA device: serial number and seed."""
        device = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=fresh("phone"))["VirtualMFADevice"]
        serial, seed = device["SerialNumber"], seed_of(device)
        if user:
            self.iam.enable_mfa_device(UserName=user, SerialNumber=serial, **two_codes(seed))
        return serial, seed

    def provider(self, **more):
        """The ARN of a fresh OpenID Connect provider."""
        made = self.iam.create_open_id_connect_provider(Url=f"https://{fresh('issuer')}.example.com", **more)
        return made["OpenIDConnectProviderArn"]

    def issuer(self):
        """An issuer that runs, and a role for its alice."""
        folder = self.folder / fresh("issuer")
        folder.mkdir()
        self.issuers.append(Issuer(folder))
        issuer = self.issuers[-1]
        made = self.iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"])
        trust = trusting({"Federated": made["OpenIDConnectProviderArn"]}, "sts:AssumeRoleWithWebIdentity")
        return issuer, f"arn:aws:iam::{self.account}:role/{self.role(trust)}"

    @functools.cached_property
    def running_issuer(self):
        """One of these for all who do not stop it."""
        return self.issuer()

    @functools.cached_property
    def stranger(self):
        """STS for somebody without credentials."""
        return self.cloud.client("sts", signature_version=botocore.UNSIGNED, parameter_validation=False)

    @functools.cached_property
    def pair(self):
        """A certificate that signed itself, and its key."""
        key, certificate = self.folder / "web.key", self.folder / "web.crt"
        words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=www.example.com"
        subprocess.run(["openssl", *words.split(), "-keyout", key, "-out", certificate], capture_output=True, check=True)
        return {"CertificateBody": certificate.read_text(), "PrivateKey": key.read_text()}

    def certificate(self):
        """The name of a fresh server certificate."""
        name = fresh("web")
        self.iam.upload_server_certificate(ServerCertificateName=name, **self.pair)
        return name

    def ssh_key(self):
        """The text of a fresh public key."""
        file = self.folder / fresh("ssh")
        words = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", file]
        subprocess.run(words, check=True)
        return file.with_suffix(".pub").read_text().strip()

    def tenant(self):
        """A fresh account, as its root."""
        return Account(self.cloud)

    def kms_key(self):
        """The id of a fresh KMS key."""
        return self.kms.create_key()["KeyMetadata"]["KeyId"]

    @functools.cached_property
    def some_key(self):
        """A KMS key for all who leave it as it is."""
        return self.kms_key()

    def sealed(self, key):
        """A ciphertext made with a key."""
        return self.kms.encrypt(KeyId=key, Plaintext=b"hush")["CiphertextBlob"]
