"""URLs that carry their own permission."""

import http.client
import urllib.parse

import boto3
import pytest
from botocore.config import Config

from harness.cloud import REGION
from harness.wire import Request, Signer


def fetch(url, method="GET", body=None, headers=None):
    """(status, headers, body) of a URL sent without any credentials of its own."""
    parsed = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parsed.netloc, timeout=30)
    connection.request(method, f"{parsed.path}?{parsed.query}", body=body, headers=headers or {})
    reply = connection.getresponse()
    return reply.status, reply.headers, reply.read()


@pytest.fixture(scope="module", params=["s3v4", "s3"])
def signing(cloud, request):
    """A client that presigns by one of the two signature versions: `s3` is what boto3 does in us-east-1."""
    keys = cloud.admin_keys
    return boto3.client(
        "s3", endpoint_url=cloud.endpoint, region_name=REGION, aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
        config=Config(signature_version=request.param),
    )  # fmt: skip


@pytest.mark.parametrize("key", ["plain", "with space+plus", "ä/日本 &=?#%", "a//b"])
def test_whoever_has_the_url_gets_the_object(signing, s3, shared_bucket, key):
    s3.put_object(Bucket=shared_bucket, Key=key, Body=key.encode())
    url = signing.generate_presigned_url("get_object", {"Bucket": shared_bucket, "Key": key}, ExpiresIn=60)
    assert fetch(url)[::2] == (200, key.encode())
    assert fetch(url, "PUT", b"no")[0] == 403
    assert fetch(url.replace("Signature=", "Signature=0"))[0] == 403


def test_whoever_has_the_url_puts_the_object(signing, s3, shared_bucket):
    url = signing.generate_presigned_url("put_object", {"Bucket": shared_bucket, "Key": "put-by-url"}, ExpiresIn=60)
    assert fetch(url, "PUT", b"content" * 1000)[0] == 200
    assert s3.get_object(Bucket=shared_bucket, Key="put-by-url")["Body"].read() == b"content" * 1000
    assert fetch(url)[0] == 403


def test_response_headers_can_be_signed_in(signing, s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="plain", Body=b"plain")
    url = signing.generate_presigned_url(
        "get_object",
        {"Bucket": shared_bucket, "Key": "plain", "ResponseContentDisposition": "attachment; filename=x.txt"},
        ExpiresIn=60,
    )
    status, headers, _ = fetch(url)
    assert status == 200 and headers["Content-Disposition"] == "attachment; filename=x.txt"


def test_an_expired_url_is_refused(signing, s3, shared_bucket):
    from harness.waiting import wait_until

    s3.put_object(Bucket=shared_bucket, Key="short", Body=b"short")
    url = signing.generate_presigned_url("get_object", {"Bucket": shared_bucket, "Key": "short"}, ExpiresIn=1)

    def expired():
        status, _, body = fetch(url)
        return status == 403 and b"<Code>AccessDenied</Code>" in body and b"Request has expired" in body

    wait_until(expired, 10, what="the URL expires")


def test_a_url_is_worth_what_its_signer_may(person, s3, shared_bucket, cloud):
    s3.put_object(Bucket=shared_bucket, Key="private", Body=b"private")
    bob = person()
    url = bob.client("s3", signature_version="s3v4").generate_presigned_url("get_object", {"Bucket": shared_bucket, "Key": "private"})
    status, _, body = fetch(url)
    assert status == 403 and b"AccessDenied" in body


def test_a_signed_header_must_be_sent_as_signed(cloud, wire, shared_bucket):
    signer = Signer(cloud.admin_keys, "s3")
    request = signer.presign(Request("PUT", f"/{shared_bucket}/meta"), wire.host)
    request.headers["x-amz-meta-smuggled"] = "not signed"
    request.body = b"x"
    reply = wire.send(request)
    assert (reply.status, reply.code) == (403, "AccessDenied"), reply.body
