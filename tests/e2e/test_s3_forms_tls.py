"""Browsers' forms over TLS, where they may bring a key of the customer's. A cloud of its own, for it has a certificate."""

import base64
import hashlib
import http.client
import ssl

import pytest
from botocore.exceptions import ClientError

from harness import host
from harness.cloud import Cloud
from harness.s3_world import BOUNDARY, form

CUSTOMER = b"k" * 32
FIELDS = {
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-server-side-encryption-customer-key": base64.b64encode(CUSTOMER).decode(),
    "x-amz-server-side-encryption-customer-key-MD5": base64.b64encode(hashlib.md5(CUSTOMER).digest()).decode(),
}
OPENED = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": CUSTOMER}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A cloud with a certificate."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    host.output("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", key, "-out", certificate)  # fmt: skip
    cloud = Cloud(certificate=certificate, key=key)
    try:
        cloud.start().client("s3").create_bucket(Bucket="forms-over-tls")
        yield cloud
    finally:
        cloud.remove()


def post(cloud, key, file, fields, conditions=None):
    """(status, headers, body) of a form that the administrator signed for these fields."""
    conditions = [{name: value} for name, value in fields.items()] if conditions is None else conditions
    made = cloud.client("s3").generate_presigned_post("forms-over-tls", key, Fields=dict(fields), Conditions=conditions)
    context = ssl.create_default_context(cafile=str(cloud.certificate))
    connection = http.client.HTTPSConnection("127.0.0.1", cloud.port, timeout=60, context=context)
    connection.request("POST", "/forms-over-tls", form(made["fields"], file), {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    reply = connection.getresponse()
    return reply.status, reply.headers, reply.read()


@pytest.mark.parametrize("size", [0, 5, 100_000, 9 << 20])
def test_a_form_brings_the_customers_key(cloud, size):
    s3, file = cloud.client("s3"), (b"0123456789abcdef" * (size // 16 + 1))[:size]
    status, headers, body = post(cloud, f"of-{size}", file, FIELDS)
    assert (status, body) == (204, b""), body
    assert headers["Location"] == f"https://127.0.0.1:{cloud.port}/forms-over-tls/of-{size}"
    assert headers["x-amz-server-side-encryption-customer-algorithm"] == "AES256"
    assert headers["ETag"] != f'"{hashlib.md5(file).hexdigest()}"', "who has no key learns nothing of the content"
    got = s3.get_object(Bucket="forms-over-tls", Key=f"of-{size}", **OPENED)
    assert got["Body"].read() == file and got["SSECustomerAlgorithm"] == "AES256"
    for wrong in ({}, {**OPENED, "SSECustomerKey": b"w" * 32}):
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket="forms-over-tls", Key=f"of-{size}", **wrong)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("x-amz-server-side-encryption-customer-algorithm", "ROT13", b"InvalidEncryptionAlgorithmError"),
        ("x-amz-server-side-encryption-customer-key", "short", b"InvalidArgument"),
        ("x-amz-server-side-encryption-customer-key-MD5", base64.b64encode(b"0" * 16).decode(), b"InvalidArgument"),
        ("x-amz-server-side-encryption-customer-key-MD5", None, b"InvalidArgument"),
        ("x-amz-server-side-encryption", "AES256", b"InvalidArgument"),
    ],
)
def test_a_key_that_is_none_is_refused_and_nothing_is_put(cloud, field, value, code):
    fields = {name: text for name, text in {**FIELDS, field: value}.items() if text is not None}
    status, _, body = post(cloud, "refused", b"x", fields)
    assert status == 400 and b"<Code>" + code + b"</Code>" in body, body
    assert FIELDS["x-amz-server-side-encryption-customer-key"].encode() not in body, "a key is never told back"
    assert not cloud.client("s3").list_objects_v2(Bucket="forms-over-tls", Prefix="refused").get("Contents")


def test_a_key_that_no_condition_is_about_is_refused(cloud):
    status, _, body = post(cloud, "refused", b"x", FIELDS, conditions=[])
    assert status == 403 and b"Extra input fields" in body, body
