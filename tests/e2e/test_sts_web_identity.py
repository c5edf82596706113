"""Roles assumed with identity tokens of OpenID Connect issuers that run here, with keys and certificates of their own."""

import json
import time

import botocore
import pytest

from harness.compute import refused
from harness.issuer import Authority, Issuer, Key, b64, openssl
from harness.people import allow
from harness.sessions import Role, session_client, trusting
from harness.waiting import wait_until


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """The issuer, for all tests of this file."""
    issuer = Issuer(tmp_path_factory.mktemp("issuer"))
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def provider(iam, issuer):
    """The issuer, registered."""
    arn = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"])["OpenIDConnectProviderArn"]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.fixture(scope="module")
def role(iam, issuer, provider):
    """A role for the issuer's alice."""
    condition = {f"{issuer.name}:aud": "app", f"{issuer.name}:sub": "alice@home"}
    trust = trusting({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", StringEquals=condition)
    role = Role(iam, trust, allow("s3:*", "ec2:Describe*"))
    yield role
    role.remove()


@pytest.fixture(scope="module")
def stranger(cloud):
    """STS for somebody without any credentials."""
    return cloud.client("sts", signature_version=botocore.UNSIGNED)


def assume(stranger, role, token, **parameters):
    """AssumeRoleWithWebIdentity."""
    return stranger.assume_role_with_web_identity(
        RoleArn=role.arn, RoleSessionName="web", WebIdentityToken=token, **parameters
    )


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_token_becomes_a_session_of_the_role(cloud, stranger, issuer, role, account, bucket, algorithm):
    reply = assume(stranger, role, issuer.token(algorithm), DurationSeconds=900)
    assert reply["SubjectFromWebIdentityToken"] == "alice@home"
    assert (reply["Provider"], reply["Audience"]) == (issuer.url, "app")
    credentials = reply["Credentials"]
    arn = f"arn:aws:sts::{account}:assumed-role/{role.name}/web"
    assert session_client(cloud, "sts", credentials).get_caller_identity()["Arn"] == arn
    session_client(cloud, "s3", credentials).put_object(Bucket=bucket, Key="k", Body=b"x")
    session_client(cloud, "ec2", credentials).describe_instances()
    refused("AccessDenied", session_client(cloud, "iam", credentials).list_users)


def test_tokens_that_prove_nothing_are_refused(stranger, issuer, role):
    now = int(time.time())
    for code, token in [
        ("InvalidIdentityToken", issuer.token(aud="other")),
        ("InvalidIdentityToken", issuer.token(iss="https://never.test")),
        ("InvalidIdentityToken", issuer.token().rsplit(".", 1)[0] + "." + b64(bytes(256))),
        ("InvalidIdentityToken", "nonsense"),
        ("ExpiredTokenException", issuer.token(exp=now - 1)),
        ("IDPRejectedClaim", issuer.token(nbf=now + 3600)),
        ("AccessDenied", issuer.token(sub="mallory@home")),
    ]:
        refused(code, assume, stranger, role, token)
    forged = issuer.token().split(".")
    for header in ({"alg": "none"}, {"alg": "none", "kid": "rsa"}, {"alg": "RS256"}, {"alg": "ES256", "kid": "rsa"}):
        forged[0] = b64(json.dumps(header).encode())
        refused("InvalidIdentityToken", assume, stranger, role, ".".join(forged))
        refused("InvalidIdentityToken", assume, stranger, role, ".".join(forged[:2] + [""]))


def test_a_public_key_is_no_secret_to_sign_with(stranger, issuer, role):
    pem = openssl("rsa", "-in", issuer.rsa.file, "-pubout")
    for secret in (pem, pem.strip(), openssl("rsa", "-in", issuer.rsa.file, "-pubout", "-outform", "DER"), issuer.rsa.public["n"].encode()):
        for header in ({"alg": "HS256", "kid": "rsa"}, {"alg": "HS256"}, {"alg": "RS256", "kid": "rsa"}):
            refused("InvalidIdentityToken", assume, stranger, role, issuer.confused(secret, header))


def test_an_issuer_that_is_gone_is_a_communication_error(iam, stranger, issuer, role):
    arn = iam.create_open_id_connect_provider(Url="http://127.0.0.1:9", ClientIDList=["app"])["OpenIDConnectProviderArn"]
    try:
        wait_until(lambda: arn in str(iam.list_open_id_connect_providers()), 5)
        refused("IDPCommunicationError", assume, stranger, role, issuer.token(iss="http://127.0.0.1:9"))
    finally:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_nothing_but_the_issuers_two_documents_is_asked_for(issuer, role):
    assert role and set(issuer.asked) == {"/.well-known/openid-configuration", "/keys"}
    assert issuer.asked.count("/keys") <= 2


def test_a_provider_is_shown_and_changed(iam, provider, issuer):
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)["Url"] == issuer.name
    refused("EntityAlreadyExists", iam.create_open_id_connect_provider, Url=issuer.url)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="second")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="second")
    thumbprint = "ab" * 20
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=[thumbprint])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert (shown["ClientIDList"], shown["ThumbprintList"]) == (["app"], [thumbprint])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider, Tags=[{"Key": "team", "Value": "red"}])
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider)["Tags"] == [{"Key": "team", "Value": "red"}]
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider, TagKeys=["team"])
    assert provider in [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]


# Over HTTPS


@pytest.fixture
def registered(iam):
    """Registers issuers with a role for their alice: `registered(issuer, *thumbprints)`."""
    made = []

    def register(issuer, *thumbprints):
        provider = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"], ThumbprintList=list(thumbprints))
        arn = provider["OpenIDConnectProviderArn"]
        condition = {f"{issuer.name}:aud": "app", f"{issuer.name}:sub": "alice@home"}
        role = Role(iam, trusting({"Federated": arn}, "sts:AssumeRoleWithWebIdentity", StringEquals=condition))
        made.append((issuer, arn, role))
        return role

    yield register
    for issuer, arn, role in made:
        role.remove()
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        issuer.stop()


@pytest.fixture
def private(tmp_path):
    """An authority that this cloud was not told of, with one below it."""
    root = Authority(tmp_path, "private-root")
    return root, Authority(tmp_path, "private-middle", under=root)


def test_an_issuer_under_an_authority_of_the_configuration_is_believed(cloud, stranger, registered, tmp_path):
    issuer = Issuer(tmp_path, cloud.authority.serving("issuer"))
    reply = assume(stranger, registered(issuer), issuer.token())
    assert (reply["Provider"], reply["SubjectFromWebIdentityToken"]) == (issuer.url, "alice@home")


def test_an_issuer_under_another_authority_is_believed_by_its_thumbprint_only(iam, stranger, registered, private, tmp_path):
    root, middle = private
    issuer = Issuer(tmp_path, middle.serving("issuer"))
    role = registered(issuer)
    refused("IDPCommunicationError", assume, stranger, role, issuer.token())
    arn = next(one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] if issuer.name in one["Arn"])
    # the topmost certificate that the server shows is the one below the root, as AWS has it
    for thumbprint, believed in (("ab" * 20, False), (root.thumbprint, False), (middle.thumbprint, True), ("ab" * 20, False)):
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=[thumbprint])
        if believed:
            assert assume(stranger, role, issuer.token())["Provider"] == issuer.url
        else:
            refused("IDPCommunicationError", assume, stranger, role, issuer.token())


@pytest.mark.parametrize("wrong", [{"alternative": "DNS:elsewhere.example"}, {"days": -1}], ids=["another name", "expired"])
def test_a_certificate_must_be_for_the_issuer_and_of_today(cloud, stranger, registered, private, tmp_path, wrong):
    middle = private[1]
    issuer = Issuer(tmp_path, middle.serving("issuer", **wrong))
    refused("IDPCommunicationError", assume, stranger, registered(issuer, middle.thumbprint), issuer.token())


def test_keys_change_and_an_issuer_that_fails_takes_none_away(cloud, stranger, registered, tmp_path):
    issuer = Issuer(tmp_path, cloud.authority.serving("issuer"))
    role = registered(issuer)
    assume(stranger, role, issuer.token())
    issuer.failing = True
    new = Key(tmp_path, "new", "ES256")
    rotated = lambda: issuer.token("ES256", key=new)

    def failure():
        try:
            assume(stranger, role, rotated())
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return "believed"

    # asked again for the unknown key, it fails; the ones that are known are as good as before
    wait_until(lambda: failure() == "IDPCommunicationError", 60, every=1, what="the failing issuer is asked")
    assume(stranger, role, issuer.token())
    issuer.keys, issuer.failing = [new], False
    wait_until(lambda: failure() == "believed", 60, every=1, what="the new key is found")
    refused("InvalidIdentityToken", assume, stranger, role, issuer.token())
