"""Uploads by browsers' forms: `generate_presigned_post` of stock boto3, sent as a browser would."""

import http.client
import threading
import urllib.parse
import uuid

import boto3
import pytest
from botocore.client import UNSIGNED
from botocore.config import Config

from harness.cloud import REGION
from harness.people import allow, document
from harness.waiting import wait_until

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"


def encoded(fields, file, filename="pic.jpg", behind=()):
    """The body of a form, the file last but for what is `behind` it."""
    parts = [(f'name="{name}"', value.encode() if isinstance(value, str) else value) for name, value in fields.items()]
    parts.append((f'name="file"; filename="{filename}"\r\nContent-Type: image/jpeg', file))
    parts += [(f'name="{name}"', value.encode()) for name, value in behind]
    body = b"".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n" for head, value in parts)
    return body + f"--{BOUNDARY}--\r\n".encode()


def send(post, file=b"content", headers=None, host=None, path=None, **more):
    """(status, headers, body) of a form sent without any credentials of its own."""
    url = urllib.parse.urlsplit(post["url"])
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    given = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})}
    if host:
        given["Host"] = host
    connection.request("POST", path or url.path, encoded(post["fields"], file, **more), given)
    reply = connection.getresponse()
    return reply.status, reply.headers, reply.read()


@pytest.fixture(scope="module", params=["s3v4", "s3"])
def signing(cloud, request):
    """A client that signs forms by one of the two signature versions."""
    keys = cloud.admin_keys
    return boto3.client(
        "s3", endpoint_url=cloud.endpoint, region_name=REGION, aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
        config=Config(signature_version=request.param),
    )  # fmt: skip


@pytest.mark.parametrize("size", [0, 5, 16384, 100_000, 9 << 20])
def test_whoever_has_the_form_puts_the_object(signing, s3, shared_bucket, size):
    post = signing.generate_presigned_post(shared_bucket, "forms/${filename}")
    file = b"0123456789abcdef" * (size // 16 + 1)
    status, headers, body = send(post, file[:size])
    assert (status, body) == (204, b""), body
    got = s3.get_object(Bucket=shared_bucket, Key="forms/pic.jpg")
    assert got["Body"].read() == file[:size] and got["ETag"] == headers["ETag"]
    assert headers["Location"].endswith(f"/{shared_bucket}/forms%2Fpic.jpg")


def test_a_form_goes_to_the_buckets_own_host_too(cloud, signing, s3, shared_bucket):
    post = signing.generate_presigned_post(shared_bucket, "by-host")
    port = urllib.parse.urlsplit(cloud.endpoint).port
    status, headers, body = send(post, host=f"{shared_bucket}.localhost:{port}", path="/")
    assert status == 204, body
    assert headers["Location"] == f"http://{shared_bucket}.localhost:{port}/by-host"
    assert s3.get_object(Bucket=shared_bucket, Key="by-host")["Body"].read() == b"content"


def test_fields_are_kept_to_their_conditions_and_become_the_objects(signing, s3, shared_bucket):
    fields = {
        "Content-Type": "image/jpeg", "x-amz-meta-colour": "blau", "success_action_status": "201", "x-amz-storage-class": "STANDARD_IA",
        "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
    }  # fmt: skip
    conditions = [["starts-with", "$Content-Type", "image/"], ["starts-with", "$tagging", ""], ["content-length-range", 1, 1000]]
    conditions += [{name: fields[name]} for name in ["x-amz-meta-colour", "success_action_status", "x-amz-storage-class"]]
    post = signing.generate_presigned_post(shared_bucket, "fields", Fields=fields, Conditions=conditions)
    status, _, body = send(post)
    assert status == 201 and f"<Bucket>{shared_bucket}</Bucket><Key>fields</Key>".encode() in body, body
    head = s3.head_object(Bucket=shared_bucket, Key="fields")
    assert (head["ContentType"], head["Metadata"], head["StorageClass"]) == ("image/jpeg", {"colour": "blau"}, "STANDARD_IA")
    assert s3.get_object_tagging(Bucket=shared_bucket, Key="fields")["TagSet"] == [{"Key": "a", "Value": "b"}]
    refused = [
        ({**fields, "Content-Type": "text/html"}, b"x", 403, b"Policy Condition failed: [&quot;starts-with&quot;"),
        ({**fields, "x-amz-meta-colour": "Blau"}, b"x", 403, b"Policy Condition failed"),
        ({**fields, "acl": "private"}, b"x", 403, b"Extra input fields: acl"),
        (fields, b"x" * 1001, 400, b"<Code>EntityTooLarge</Code>"),
        (fields, b"", 400, b"<Code>EntityTooSmall</Code>"),
    ]
    for changed, file, expected, message in refused:
        status, _, body = send({**post, "fields": {**post["fields"], **changed}}, file)
        assert status == expected and message.replace(b"&quot;", b'"') in body.replace(b"&quot;", b'"'), body
    assert s3.head_object(Bucket=shared_bucket, Key="fields")["ETag"] == head["ETag"]


def test_a_form_sends_the_browser_on(signing, shared_bucket):
    fields = {"success_action_redirect": "https://page.example/done?x=1"}
    post = signing.generate_presigned_post(shared_bucket, "a/b", Fields=fields, Conditions=[fields])
    status, headers, body = send(post, behind=[("submit", "Upload")])
    assert (status, body) == (303, b"")
    assert headers["Location"] == f"https://page.example/done?x=1&bucket={shared_bucket}&key=a%2Fb&etag=%229a0364b9e99bb480dd25e1f0284c8555%22"


def test_an_expired_form_is_refused(signing, shared_bucket):
    post = signing.generate_presigned_post(shared_bucket, "short", ExpiresIn=1)

    def expired():
        status, _, body = send(post)
        return status == 403 and b"Invalid according to Policy: Policy expired." in body

    wait_until(expired, 30, what="the form expires")


def test_a_form_is_worth_what_its_signer_may(person, signing, s3, shared_bucket):
    bob = person()
    post = bob.client("s3", signature_version="s3v4").generate_presigned_post(shared_bucket, "bobs")
    assert send(post)[0] == 403
    bob.may(allow("s3:PutObject", on=f"arn:aws:s3:::{shared_bucket}/bobs", Condition={"StringEquals": {"s3:authType": "POST"}}))
    wait_until(lambda: send(post)[0] == 204, 30, what="bob may send his form")
    with pytest.raises(bob.client("s3").exceptions.ClientError, match="AccessDenied"):
        bob.client("s3").put_object(Bucket=shared_bucket, Key="bobs", Body=b"x")


def test_a_session_signs_forms(cloud, shared_bucket):
    sts = cloud.client("sts").get_federation_token(
        Name="browser", Policy=document(allow("s3:PutObject"))
    )["Credentials"]
    client = boto3.client(
        "s3", endpoint_url=cloud.endpoint, region_name=REGION, aws_access_key_id=sts["AccessKeyId"],
        aws_secret_access_key=sts["SecretAccessKey"], aws_session_token=sts["SessionToken"], config=Config(signature_version="s3v4"),
    )  # fmt: skip
    post = client.generate_presigned_post(shared_bucket, "by-session")
    status, _, body = send(post)
    assert status == 204, body
    del post["fields"]["x-amz-security-token"]
    assert send(post)[0] in (400, 403)


def test_anybody_sends_a_form_where_anybody_may_write(cloud, s3):
    bucket = f"forms-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    anonymous = boto3.client("s3", endpoint_url=cloud.endpoint, region_name=REGION, config=Config(signature_version=UNSIGNED))
    post = anonymous.generate_presigned_post(bucket, "in/${filename}")
    assert "policy" not in post["fields"] and send(post)[0] == 403
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=document(allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/in/*", Principal="*")))
    assert send(post, filename="C:\\folder\\a.txt")[0] == 204
    assert s3.get_object(Bucket=bucket, Key="in/a.txt")["Body"].read() == b"content"
    assert send({**post, "fields": {"key": "out"}})[0] == 403


def test_a_bucket_that_encrypts_encrypts_what_forms_put(signing, s3):
    bucket = f"forms-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    for size in [3, 20_000, 6 << 20]:
        post = signing.generate_presigned_post(bucket, "sealed")
        status, headers, body = send(post, b"z" * size, behind=[("submit", "Upload")])
        assert status == 204 and headers["x-amz-server-side-encryption"] == "AES256", body
        got = s3.get_object(Bucket=bucket, Key="sealed")
        assert got["ServerSideEncryption"] == "AES256" and got["Body"].read() == b"z" * size


def test_sixteen_browsers_at_once_each_put_their_own(signing, s3, shared_bucket):
    results = {}

    def browse(number):
        post = signing.generate_presigned_post(shared_bucket, f"at-once/{number}")
        results[number] = send(post, bytes([number]) * 200_000)[0]

    threads = [threading.Thread(target=browse, args=(number,)) for number in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert set(results.values()) == {204} and len(results) == 16
    for number in range(16):
        assert s3.get_object(Bucket=shared_bucket, Key=f"at-once/{number}")["Body"].read() == bytes([number]) * 200_000
