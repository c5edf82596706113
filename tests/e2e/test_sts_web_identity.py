"""Roles assumed with identity tokens of an OpenID Connect issuer: one that runs here, with keys that it makes itself."""

import base64
import http.server
import json
import subprocess
import threading
import time

import botocore
import pytest

from harness.compute import refused
from harness.people import allow
from harness.sessions import Role, session_client, trusting
from harness.waiting import wait_until


def b64(data):
    """Base64 as JSON Web Tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, given=b""):
    """What openssl prints."""
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


class Issuer:
    """An issuer on a port of loopback with an RSA and an EC key."""

    def __init__(self, folder):
        self.rsa, self.ec = str(folder / "rsa.pem"), str(folder / "ec.pem")
        openssl("genrsa", "-out", self.rsa, "2048")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.ec)
        modulus = bytes.fromhex(openssl("rsa", "-in", self.rsa, "-noout", "-modulus").decode().strip().split("=")[1])
        point = openssl("ec", "-in", self.ec, "-pubout", "-outform", "DER")[-64:]
        self.keys = [
            {"kty": "RSA", "kid": "rsa", "alg": "RS256", "use": "sig", "n": b64(modulus), "e": "AQAB"},
            {"kty": "EC", "kid": "ec", "crv": "P-256", "use": "sig", "x": b64(point[:32]), "y": b64(point[32:])},
        ]
        self.asked = []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                documents = {
                    "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"},
                    "/keys": {"keys": issuer.keys},
                }
                found = documents.get(self.path)
                body = json.dumps(found).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.name}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, algorithm="RS256", **claims):
        """A signed token."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": "app", "sub": "alice@home", "iat": now, "exp": now + 600} | claims
        kid, key = ("rsa", self.rsa) if algorithm == "RS256" else ("ec", self.ec)
        header = {"alg": algorithm, "kid": kid, "typ": "JWT"}
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        signature = openssl("dgst", "-sha256", "-sign", key, given=signed.encode())
        return f"{signed}.{b64(signature if algorithm == 'RS256' else flat(signature))}"


def flat(der):
    """The two numbers of an ECDSA signature, 32 bytes each."""
    numbers, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        numbers += der[at + 2 : at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return numbers


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """The issuer, for all tests of this file."""
    issuer = Issuer(tmp_path_factory.mktemp("issuer"))
    yield issuer
    issuer.server.shutdown()


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
    forged[0] = b64(json.dumps({"alg": "none"}).encode())
    refused("InvalidIdentityToken", assume, stranger, role, ".".join(forged))


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
