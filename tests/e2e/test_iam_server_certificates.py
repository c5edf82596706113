"""Server certificates, with boto3 and keys that openssl makes."""

import subprocess
import uuid

import pytest

from harness.compute import refused


def openssl(*arguments):
    """Runs openssl."""
    subprocess.run(["openssl", *arguments], capture_output=True, check=True)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Makes a certificate that signed itself, with its key: PEM of both."""
    folder = tmp_path_factory.mktemp("certificates")

    def make(*kind):
        key, certificate = folder / f"{uuid.uuid4().hex}.key", folder / f"{uuid.uuid4().hex}.crt"
        openssl("req", "-x509", *kind, "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "30", "-subj", "/CN=www.example.com")
        return certificate.read_text(), key.read_text()

    rsa, ec = make("-newkey", "rsa:2048"), make("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1")
    return {"rsa": rsa, "ec": ec}


@pytest.fixture
def uploaded(iam, pair):
    """Uploads certificates; they are gone afterwards."""
    made = []

    def upload(kind="ec", **more):
        body, key = pair[kind]
        name = f"web-{uuid.uuid4().hex[:10]}"
        answer = iam.upload_server_certificate(ServerCertificateName=name, CertificateBody=body, PrivateKey=key, **more)
        made.append(answer["ServerCertificateMetadata"]["ServerCertificateId"])
        return answer

    yield upload
    for one in iam.list_server_certificates()["ServerCertificateMetadataList"]:
        if one["ServerCertificateId"] in made:
            iam.delete_server_certificate(ServerCertificateName=one["ServerCertificateName"])


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_certificate_is_uploaded_shown_and_deleted(cloud, iam, account, pair, uploaded, kind):
    made = uploaded(kind, Path="/site/", Tags=[{"Key": "team", "Value": "red"}])
    about = made["ServerCertificateMetadata"]
    name = about["ServerCertificateName"]
    assert made["Tags"] == [{"Key": "team", "Value": "red"}]
    assert about["Arn"] == f"arn:aws:iam::{account}:server-certificate/site/{name}"
    assert about["ServerCertificateId"].startswith("ASCA") and about["Expiration"] > about["UploadDate"]
    shown = iam.get_server_certificate(ServerCertificateName=name)["ServerCertificate"]
    assert shown["CertificateBody"].strip() == pair[kind][0].strip()
    assert shown["ServerCertificateMetadata"] == about and "PRIVATE KEY" not in str(shown)
    listed = iam.list_server_certificates(PathPrefix="/site/")["ServerCertificateMetadataList"]
    assert about in listed
    secret = pair[kind][1].splitlines()[1].encode()
    assert secret not in cloud.log.read_bytes()
    iam.delete_server_certificate(ServerCertificateName=name)
    assert refused("NoSuchEntity", iam.get_server_certificate, ServerCertificateName=name)["Status"] == 404


def test_a_certificate_is_renamed_moved_and_tagged(iam, uploaded):
    name = uploaded()["ServerCertificateMetadata"]["ServerCertificateName"]
    new = f"{name}-new"
    iam.update_server_certificate(ServerCertificateName=name, NewServerCertificateName=new, NewPath="/moved/")
    refused("NoSuchEntity", iam.update_server_certificate, ServerCertificateName=name, NewPath="/")
    about = iam.get_server_certificate(ServerCertificateName=new)["ServerCertificate"]["ServerCertificateMetadata"]
    assert (about["Path"], about["ServerCertificateName"]) == ("/moved/", new)
    iam.tag_server_certificate(ServerCertificateName=new, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}])
    assert [tag["Key"] for tag in iam.list_server_certificate_tags(ServerCertificateName=new)["Tags"]] == ["a", "b"]
    iam.untag_server_certificate(ServerCertificateName=new, TagKeys=["a"])
    assert iam.list_server_certificate_tags(ServerCertificateName=new)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_what_does_not_fit_is_refused(iam, pair, uploaded):
    (rsa, rsa_key), (ec, ec_key) = pair["rsa"], pair["ec"]
    upload, name = iam.upload_server_certificate, f"web-{uuid.uuid4().hex[:10]}"
    refused("KeyPairMismatch", upload, ServerCertificateName=name, CertificateBody=rsa, PrivateKey=ec_key)
    refused("MalformedCertificate", upload, ServerCertificateName=name, CertificateBody="x", PrivateKey=ec_key)
    refused("MalformedCertificate", upload, ServerCertificateName=name, CertificateBody=ec, PrivateKey=ec)
    refused("MalformedCertificate", upload, ServerCertificateName=name, CertificateBody=ec, PrivateKey=ec_key, CertificateChain=rsa)
    refused("NoSuchEntity", iam.get_server_certificate, ServerCertificateName=name)
    taken = uploaded()["ServerCertificateMetadata"]["ServerCertificateName"]
    refused("EntityAlreadyExists", upload, ServerCertificateName=taken, CertificateBody=rsa, PrivateKey=rsa_key)


def test_the_summary_counts_certificates(iam, uploaded):
    before = iam.get_account_summary()["SummaryMap"]
    uploaded()
    after = iam.get_account_summary()["SummaryMap"]
    assert after["ServerCertificates"] == before["ServerCertificates"] + 1 <= after["ServerCertificatesQuota"]
