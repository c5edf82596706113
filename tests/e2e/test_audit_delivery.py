"""The audit trail in a bucket: what was asked for in every way there is arrives once, whole, sorted by account, saying who,
from where and why, and without a single secret."""

import base64
import gzip
import json
import pathlib
import re
import urllib.error
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError

from harness.accounts import Account
from harness.cloud import Cloud
from harness.compute import refused
from harness.people import Person, allow, deny, document
from harness.sessions import Role, session_client, trusting
from harness.waiting import wait_until

BUCKET = "our-trail"
CONFIGURATION = f'\n[audit]\nrotate_s = 10\nbucket = "{BUCKET}"\n'
NAME = re.compile(
    r"AWSLogs/(?P<account>\d{12})/CloudTrail/us-east-1/(?P<day>\d{4}/\d\d/\d\d)/"
    r"(?P=account)_CloudTrail_us-east-1_\d{8}T\d{4}Z_[A-Za-z0-9]+\.json\.gz"
)
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@pytest.fixture(scope="module")
def own_cloud():
    """A cloud that delivers its trail."""
    cloud = Cloud(more=CONFIGURATION)
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.remove()


def request_id(reply):
    """The id of a request that was answered or refused."""
    meta = reply["ResponseMetadata"]
    return meta.get("RequestId") or meta["HTTPHeaders"]["x-amz-request-id"]


def refused_id(call, **parameters):
    """The id of a request that must be refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return request_id(caught.value.response)


def local(cloud):
    """Every record of every process, delivered or not, by the id of its request."""
    found = {}
    for folder in ("*/audit/*.jsonl", "*/audit/delivered/*.jsonl"):
        for file in pathlib.Path(cloud.data).glob(folder):
            try:
                lines = file.read_text().splitlines()
            except FileNotFoundError:
                continue  # delivered between the two
            for line in lines:
                record = json.loads(line)
                found[record["eventID"]] = record
    return list(found.values())


def delivered(cloud):
    """Name of each object -> its records."""
    s3, objects = cloud.client("s3"), {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for listed in page.get("Contents", []):
            body = s3.get_object(Bucket=BUCKET, Key=listed["Key"])["Body"].read()
            objects[listed["Key"]] = json.loads(gzip.decompress(body))["Records"]
    return objects


class Story:
    """What happened: requests of every sort of caller, and the secrets that they carried."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.ids, self.secrets = {}, {}
        self.account = cloud.client("sts").get_caller_identity()["Account"]
        cloud.client("s3").create_bucket(Bucket=BUCKET)
        self.tenant = Account(cloud)
        self.secrets["root's key"] = self.tenant.keys[1]
        self.ids["root"] = request_id(self.tenant.client("s3").list_buckets())
        self.bob = Person(cloud, "bob").may(
            allow("ec2:Describe*"), deny("s3:GetObject", Sid="NoReading"), allow("sts:GetFederationToken", "kms:*", "iam:*")
        )
        self.secrets["a user's key"] = self.bob.keys[1]
        self.user()
        self.sessions()
        self.secret_parameters()

    def user(self):
        """A user who may, may not, and is denied; and somebody who did not say who it is."""
        bob, own = self.bob, self.cloud.client("s3")
        self.ids["allowed"] = request_id(bob.client("ec2").describe_instances())
        self.ids["not allowed"] = refused_id(bob.client("ec2").create_volume, Size=1, AvailabilityZone="us-east-1a")
        self.ids["denied"] = refused_id(bob.client("s3").get_object, Bucket=BUCKET, Key="k")
        liar = self.cloud.client("ec2", keys=(bob.keys[0], "wrong"))
        self.ids["liar"] = refused_id(liar.describe_instances)
        url = own.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "absent"}, ExpiresIn=60)
        self.secrets["a presigned signature"] = re.search(r"[?&](?:X-Amz-)?Signature=([^&]+)", url).group(1)
        for address, name in ((url, "presigned"), (f"{self.cloud.endpoint}/{BUCKET}/secret-plans", "nobody")):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(address, timeout=30)
            self.ids[name] = caught.value.headers["x-amz-request-id"]

    def sessions(self):
        """A session of a role and a federated user."""
        sts = self.bob.client("sts")
        self.role = Role(self.cloud.client("iam"), trusting({"AWS": self.bob.arn}), allow("ec2:*"))
        for name, credentials in (
            ("role", self.role.assume(sts)),
            ("federated", sts.get_federation_token(Name="visitor", Policy=document(allow("ec2:*")))["Credentials"]),
        ):
            self.ids[name] = request_id(session_client(self.cloud, "ec2", credentials).describe_instances())
            self.secrets[f"the {name}'s key"] = credentials["SecretAccessKey"]
            self.secrets[f"the {name}'s token"] = credentials["SessionToken"]

    def secret_parameters(self):
        """Every request that carries a secret, or is answered with one."""
        iam, kms, s3 = self.bob.client("iam"), self.bob.client("kms"), self.cloud.client("s3")
        password, newer, data = (f"Pw-{uuid.uuid4().hex}-1" for _ in range(3))
        self.secrets |= {"a password": password, "a new password": newer, "user data": data}
        self.secrets["user data, encoded"] = base64.b64encode(data.encode()).decode()
        self.ids["login profile"] = request_id(iam.create_login_profile(UserName="bob", Password=password))
        self.ids["change password"] = request_id(iam.change_password(OldPassword=password, NewPassword=newer))
        iam.delete_login_profile(UserName="bob")
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
        self.secrets["a seed"] = made["Base32StringSeed"].decode()
        codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
        self.ids["codes"] = refused_id(iam.enable_mfa_device, UserName="bob", SerialNumber=made["SerialNumber"], **codes)
        iam.delete_virtual_mfa_device(SerialNumber=made["SerialNumber"])
        launch = {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1, "UserData": data}
        self.ids["user data"] = refused_id(self.bob.client("ec2").run_instances, **launch)
        plain = uuid.uuid4().hex.encode()
        self.secrets["a plaintext"] = base64.b64encode(plain).decode()
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        self.ids["plaintext"] = request_id(kms.encrypt(KeyId=key, Plaintext=plain))
        self.secrets["a data key"] = base64.b64encode(kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]).decode()
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        customer = uuid.uuid4().bytes + uuid.uuid4().bytes
        self.secrets["a customer's key"] = base64.b64encode(customer).decode()
        refused(
            ("AccessDenied", "InvalidRequest", "InvalidArgument"), self.bob.client("s3").put_object,
            Bucket=BUCKET, Key="k", Body=b"", SSECustomerAlgorithm="AES256", SSECustomerKey=customer,
        )  # fmt: skip
        assert s3.list_buckets()

    def closed(self):
        """Files that wait for delivery, of each service."""
        return sorted(pathlib.Path(self.cloud.data).glob("*/audit/audit-*.jsonl"))


@pytest.fixture(scope="module")
def story(own_cloud):
    """The story told, its files closed, then let into the bucket, one process killed on the way, and all of it delivered."""
    told = Story(own_cloud)
    wanted = set(told.ids.values())

    def in_closed_files():
        text = "".join(file.read_text() for file in told.closed())
        return all(one in text for one in wanted)

    wait_until(in_closed_files, 60, what="the files of every process are closed")
    told.before = delivered(own_cloud)
    if not own_cloud.single_process:
        own_cloud.kill("identity")
        own_cloud.wait_until_it_answers(60)
    statement = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
                 "Resource": f"arn:aws:s3:::{BUCKET}/AWSLogs/*"}  # fmt: skip
    own_cloud.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=document(statement))
    objects = {}

    def all_there():
        objects.update(delivered(own_cloud))
        there = {record["requestID"] for records in objects.values() for record in records}
        return not wanted - {told.ids["liar"]} - there

    wait_until(all_there, 120, every=1, what="everything is delivered")
    told.objects = objects
    told.records = [record for records in objects.values() for record in records]
    told.of = lambda name: next(record for record in told.records if record["requestID"] == told.ids[name])
    yield told


def test_files_wait_until_the_buckets_policy_lets_them_in(story):
    assert story.before == {}


def test_objects_are_named_as_cloudtrail_names_them_and_sorted_by_account(story):
    accounts = set()
    for name, records in story.objects.items():
        matched = NAME.fullmatch(name)
        assert matched, name
        accounts.add(matched["account"])
        assert {record["recipientAccountId"] for record in records} == {matched["account"]}, name
    assert accounts == {story.account, story.tenant.id}
    kinds = story.cloud.client("s3").head_object(Bucket=BUCKET, Key=next(iter(story.objects)))
    assert (kinds["ContentType"], kinds["ContentEncoding"]) == ("application/json", "gzip")


def test_every_record_is_delivered_once_and_as_it_was_written(story):
    ids = [record["eventID"] for record in story.records]
    assert len(ids) == len(set(ids))
    written = {record["eventID"]: record for record in local(story.cloud)}
    assert all(written[record["eventID"]] == record for record in story.records)


def test_a_record_says_who_asked(story):
    account, bob = story.account, story.bob
    expected = {
        "root": {"type": "Root", "accountId": story.tenant.id, "arn": f"arn:aws:iam::{story.tenant.id}:root"},
        "allowed": {"type": "IAMUser", "accountId": account, "userName": "bob", "arn": bob.arn, "accessKeyId": bob.keys[0]},
        "role": {"type": "AssumedRole", "arn": f"arn:aws:sts::{account}:assumed-role/{story.role.name}/work"},
        "federated": {"type": "FederatedUser", "arn": f"arn:aws:sts::{account}:federated-user/visitor"},
        "nobody": {"type": "AWSAccount", "accountId": "anonymous"},
    }
    for name, identity in expected.items():
        shown = story.of(name)["userIdentity"]
        assert shown | identity == shown, (name, shown)
    session = story.of("role")["userIdentity"]["sessionContext"]
    assert session["sessionIssuer"]["arn"] == story.role.arn and session["attributes"]["mfaAuthenticated"] == "false"


def test_a_record_says_what_from_where_and_with_what(story):
    for name in story.ids.keys() - {"liar"}:
        record = story.of(name)
        assert record["sourceIPAddress"] == "127.0.0.1" and record["awsRegion"] == "us-east-1", name
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
        assert record["eventType"] == "AwsApiCall" and record["eventVersion"].startswith("1.")
    shown = story.of("denied")
    assert (shown["eventSource"], shown["eventName"], shown["eventCategory"]) == ("s3.amazonaws.com", "GetObject", "Data")
    assert shown["requestParameters"] == {"bucketName": BUCKET, "key": "k"}
    assert {"ARN": f"arn:aws:s3:::{BUCKET}/k", "accountId": story.account, "type": "AWS::S3::Object"} in shown["resources"]
    assert story.of("allowed")["userAgent"].startswith("Boto3/")
    assert story.of("presigned")["additionalEventData"]["AuthenticationMethod"] == "QueryString"


def test_a_record_says_whether_it_was_allowed_and_why(story):
    why = lambda name: story.of(name)["additionalEventData"]["authorization"]
    allowed = why("allowed")
    assert (allowed["effect"], allowed["policyKind"], allowed["policy"]) == ("Allow", "Identity", "inline:user/bob/inline")
    assert "errorCode" not in story.of("allowed")
    assert why("not allowed") == {"effect": "ImplicitDeny", "missing": "Identity"}
    assert story.of("not allowed")["errorCode"] == "Client.UnauthorizedOperation"
    denied = why("denied")
    assert (denied["effect"], denied["sid"], denied["statement"]) == ("ExplicitDeny", "NoReading", 1)
    assert story.of("denied")["errorCode"] == "AccessDenied"
    assert why("root")["policyKind"] == "Root"
    assert why("nobody") == {"effect": "ImplicitDeny", "missing": "Resource"}


def test_nobodys_records_stay_in_the_file(story):
    assert not [one for one in story.records if one["requestID"] == story.ids["liar"]]
    kept = [one for one in local(story.cloud) if one["requestID"] == story.ids["liar"]]
    assert [(one["userIdentity"], one["errorCode"]) for one in kept] == [({"type": "Unknown"}, "Client.AuthFailure")]


def test_no_secret_is_in_any_record(story):
    text = json.dumps([story.records, local(story.cloud)])
    found = [name for name, secret in story.secrets.items() if secret in text or json.dumps(secret) in text]
    assert not found
    assert story.of("login profile")["requestParameters"] == {"userName": "bob", "password": HIDDEN}
    assert story.of("change password")["requestParameters"] == {"oldPassword": HIDDEN, "newPassword": HIDDEN}
    codes = story.of("codes")["requestParameters"]
    assert (codes["authenticationCode1"], codes["authenticationCode2"]) == (HIDDEN, HIDDEN)
    assert story.of("plaintext")["requestParameters"]["plaintext"] == HIDDEN
    assert story.of("user data")["requestParameters"]["userData"] == HIDDEN


def test_the_log_of_the_processes_holds_no_secret_either(story):
    text = story.cloud.log.read_text(errors="replace")
    assert not [name for name, secret in story.secrets.items() if secret in text]
