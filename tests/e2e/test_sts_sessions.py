"""Temporary credentials with boto3: whose they are, what they may at every service, and when they end."""

import json
import re
import time
import urllib.error
import urllib.request

import botocore.exceptions
import pytest

from harness.compute import refused
from harness.people import allow, deny, document
from harness.sessions import Role, session_client, trusting
from harness.waiting import wait_until


@pytest.fixture
def role(iam):
    """Makes roles: `role(trust, *statements)`."""
    made = []

    def make(trust, *statements, **parameters):
        made.append(Role(iam, trust, *statements, **parameters))
        return made[-1]

    yield make
    for one in made:
        one.remove()


def failure(call, **parameters):
    """The code a call fails with, or nothing."""
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_a_session_of_a_user_works_at_every_service(cloud, person, bucket):
    bob = person().may(allow("s3:*", "ec2:Describe*"))
    sts = bob.client("sts")
    credentials = sts.get_session_token(DurationSeconds=900)["Credentials"]
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", credentials["AccessKeyId"])
    assert 890 < credentials["Expiration"].timestamp() - time.time() < 910
    assert session_client(cloud, "sts", credentials).get_caller_identity()["Arn"] == bob.arn
    s3 = session_client(cloud, "s3", credentials)
    s3.put_object(Bucket=bucket, Key="k", Body=b"by a session")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"by a session"
    session_client(cloud, "ec2", credentials).describe_instances()
    refused("InvalidClientTokenId", session_client(cloud, "iam", credentials).list_users)
    refused("AccessDenied", session_client(cloud, "sts", credentials).get_session_token)


def test_a_wrong_missing_or_foreign_token_is_refused_in_each_services_way(cloud, person):
    bob = person().may(allow("*"))
    good, other = (bob.client("sts").get_session_token()["Credentials"] for _ in range(2))
    for token, at_s3 in [(other["SessionToken"], "InvalidToken"), ("AQoDYXdzEJr", "InvalidToken"), (None, "InvalidAccessKeyId")]:
        wrong = good | {"SessionToken": token}
        refused("InvalidClientTokenId", session_client(cloud, "sts", wrong).get_caller_identity)
        refused("AuthFailure", session_client(cloud, "ec2", wrong).describe_instances)
        refused(at_s3, session_client(cloud, "s3", wrong).list_buckets)
    long_term = {"AccessKeyId": bob.keys[0], "SecretAccessKey": bob.keys[1], "SessionToken": good["SessionToken"]}
    refused("InvalidClientTokenId", session_client(cloud, "sts", long_term).get_caller_identity)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_session_presigns(cloud, person, s3, bucket, version):
    bob = person().may(allow("s3:GetObject"))
    s3.put_object(Bucket=bucket, Key="k", Body=b"signed")
    credentials = bob.client("sts").get_session_token()["Credentials"]
    signing = session_client(cloud, "s3", credentials, signature_version=version)
    url = signing.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    assert "ecurity-" in url
    with urllib.request.urlopen(url, timeout=30) as reply:
        assert reply.read() == b"signed"
    stolen = re.sub(r"(?i)x-amz-security-token=[^&]*", "x-amz-security-token=AQ%3D%3D", url)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(stolen, timeout=30)
    assert caught.value.code in (400, 403)


def test_a_role_is_assumed_and_its_sessions_may_what_it_may(cloud, person, role, account, bucket):
    bob = person()
    builder = role(trusting({"AWS": bob.arn}), allow("s3:*", "ec2:Describe*"))
    reply = bob.client("sts").assume_role(RoleArn=builder.arn, RoleSessionName="work", DurationSeconds=900)
    arn = f"arn:aws:sts::{account}:assumed-role/{builder.name}/work"
    assert reply["AssumedRoleUser"] == {"Arn": arn, "AssumedRoleId": f"{builder.id}:work"}
    assert reply["PackedPolicySize"] == 0
    credentials = reply["Credentials"]
    who = session_client(cloud, "sts", credentials).get_caller_identity()
    assert (who["Arn"], who["UserId"], who["Account"]) == (arn, f"{builder.id}:work", account)
    session_client(cloud, "s3", credentials).put_object(Bucket=bucket, Key="k", Body=b"x")
    ec2 = session_client(cloud, "ec2", credentials)
    ec2.describe_instances()
    message = refused("UnauthorizedOperation", ec2.create_key_pair, KeyName="never")["Message"]
    assert arn in message
    message = refused("AccessDenied", person().client("sts").assume_role, RoleArn=builder.arn, RoleSessionName="work")["Message"]
    assert message.endswith(f"is not authorized to perform: sts:AssumeRole on resource: {builder.arn}")


def test_a_session_ends_with_its_role_within_five_seconds_everywhere(cloud, person, role, bucket):
    bob = person()
    doomed = role(trusting({"AWS": bob.arn}), allow("s3:*", "ec2:Describe*"))
    credentials = doomed.assume(bob.client("sts"))
    s3, ec2, sts = (session_client(cloud, name, credentials) for name in ("s3", "ec2", "sts"))
    s3.list_objects_v2(Bucket=bucket), ec2.describe_instances(), sts.get_caller_identity()
    doomed.remove()
    removed = time.monotonic()
    expected = [(s3.list_buckets, "InvalidAccessKeyId"), (ec2.describe_instances, "AuthFailure"), (sts.get_caller_identity, "InvalidClientTokenId")]
    for call, code in expected:
        wait_until(lambda: failure(call) == code, 5, every=0.1, what=f"{call.__name__} is refused")
    assert time.monotonic() - removed < 5


def test_sessions_older_than_a_moment_are_revoked(cloud, person, role, bucket):
    bob = person()
    some = role(trusting({"AWS": bob.arn}), allow("s3:*"))
    old = session_client(cloud, "s3", some.assume(bob.client("sts")))
    old.list_objects_v2(Bucket=bucket)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    revoked = deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": moment}})
    some.iam.put_role_policy(RoleName=some.name, PolicyName="AWSRevokeOlderSessions", PolicyDocument=document(revoked))
    wait_until(lambda: failure(old.list_objects_v2, Bucket=bucket) == "AccessDenied", 5, what="the old session is revoked")
    wait_until(lambda: time.time() > time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone, 5)
    session_client(cloud, "s3", some.assume(bob.client("sts"))).list_objects_v2(Bucket=bucket)


def test_policies_and_tags_of_a_session_bear_on_it(cloud, person, role, bucket):
    bob = person()
    tagged = trusting({"AWS": bob.arn}, "sts:AssumeRole", "sts:TagSession", StringEquals={"sts:ExternalId": "agreed"})
    own = allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    some = role(tagged, own)
    sts = bob.client("sts")
    refused("AccessDenied", sts.assume_role, RoleArn=some.arn, RoleSessionName="work")
    red = {"ExternalId": "agreed", "Tags": [{"Key": "team", "Value": "red"}]}
    session_client(cloud, "s3", some.assume(sts, **red)).put_object(Bucket=bucket, Key="k", Body=b"x")
    plain = session_client(cloud, "s3", some.assume(sts, ExternalId="agreed"))
    refused("AccessDenied", plain.put_object, Bucket=bucket, Key="k", Body=b"x")
    reading = session_client(cloud, "s3", some.assume(sts, Policy=document(allow("s3:GetObject")), **red))
    reading.get_object(Bucket=bucket, Key="k")
    refused("AccessDenied", reading.put_object, Bucket=bucket, Key="k", Body=b"x")
    refused("PackedPolicyTooLarge", some.assume, sts, ExternalId="agreed",
            Tags=[{"Key": f"k{index}", "Value": "v" * 256} for index in range(40)])  # fmt: skip


def test_a_federated_user_is_named_by_its_own_arn(cloud, person, account, bucket):
    bob = person().may(allow("sts:GetFederationToken", "s3:*"))
    reply = bob.client("sts").get_federation_token(Name="visitor", Policy=document(allow("s3:ListBucket")))
    arn = f"arn:aws:sts::{account}:federated-user/visitor"
    assert reply["FederatedUser"] == {"FederatedUserId": f"{account}:visitor", "Arn": arn}
    s3 = session_client(cloud, "s3", reply["Credentials"])
    s3.list_objects_v2(Bucket=bucket)
    refused("AccessDenied", s3.put_object, Bucket=bucket, Key="k", Body=b"")
    assert session_client(cloud, "sts", reply["Credentials"]).get_caller_identity()["Arn"] == arn
    refused("InvalidClientTokenId", session_client(cloud, "iam", reply["Credentials"]).list_users)
    nothing = bob.client("sts").get_federation_token(Name="visitor")["Credentials"]
    refused("AccessDenied", session_client(cloud, "s3", nothing).list_objects_v2, Bucket=bucket)


def test_a_session_ends_with_the_key_that_asked_for_it(cloud, person, iam):
    bob = person().may(allow("s3:*"))
    s3 = session_client(cloud, "s3", bob.client("sts").get_session_token()["Credentials"])
    s3.list_buckets()
    iam.delete_access_key(UserName=bob.name, AccessKeyId=bob.keys[0])
    wait_until(lambda: failure(s3.list_buckets) == "InvalidAccessKeyId", 5, every=0.1)


def test_durations_are_held_to_their_range(person, role):
    bob = person()
    some, sts = role(trusting({"AWS": bob.arn})), bob.client("sts", parameter_validation=False)
    for seconds in (899, 129601):
        refused("ValidationError", sts.get_session_token, DurationSeconds=seconds)
    for seconds in (899, 3601, 43201):
        refused("ValidationError", some.assume, sts, DurationSeconds=seconds)


def test_the_account_of_an_access_key_is_told(cloud, account):
    sts = cloud.client("sts")
    assert sts.get_access_key_info(AccessKeyId=cloud.admin_keys[0])["Account"] == account
    temporary = sts.get_session_token()["Credentials"]["AccessKeyId"]
    assert sts.get_access_key_info(AccessKeyId=temporary)["Account"] == account


def test_the_message_of_a_refusal_is_decoded(cloud, person):
    bob = person().may(allow("ec2:Describe*"), deny("ec2:CreateKeyPair", Sid="NoKeys"))
    message = refused("UnauthorizedOperation", bob.client("ec2").create_key_pair, KeyName="never")["Message"]
    encoded = re.search(r"Encoded authorization failure message: (\S+)$", message).group(1)
    told = json.loads(cloud.client("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    statement = told["matchedStatements"]["items"][0]
    assert statement["statementId"] == "NoKeys"
    assert statement["actions"]["items"] == [{"value": "ec2:CreateKeyPair"}]
    assert told["context"]["principal"]["arn"] == bob.arn and told["context"]["action"] == "ec2:CreateKeyPair"
    assert told["context"]["conditions"]["items"]
    refused("AccessDenied", bob.client("sts").decode_authorization_message, EncodedMessage=encoded)
    refused("InvalidAuthorizationMessageException", cloud.client("sts").decode_authorization_message, EncodedMessage="x" + encoded)


def test_saml_is_refused_plainly(cloud):
    sts = cloud.client("sts")
    refused("InvalidAction", sts.assume_role_with_saml, RoleArn="arn:aws:iam::123456789012:role/never",
            PrincipalArn="arn:aws:iam::123456789012:saml-provider/never", SAMLAssertion="AAAA")  # fmt: skip
