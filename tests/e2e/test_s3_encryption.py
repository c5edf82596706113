"""Server-side encryption with boto3 and aws-cli: SSE-S3, SSE-KMS with keys of our own, SSE-C's refusal in clear text."""

import json
import os
import uuid

import pytest
from botocore.exceptions import ClientError

from test_story_cli import Shell


@pytest.fixture(scope="module")
def s3(cloud):
    return cloud.client("s3")


@pytest.fixture(scope="module")
def kms(cloud):
    return cloud.client("kms")


@pytest.fixture
def bucket(s3):
    name = f"encrypted-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for one in page.get("Contents", []):
            s3.delete_object(Bucket=name, Key=one["Key"])
    s3.delete_bucket(Bucket=name)


def refusal(call, **parameters):
    """Status and code that a call ends in."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def lies_on_disk(cloud, needle):
    """Whether a file of the object service holds these bytes."""
    for top, _, names in os.walk(cloud.directory):
        for name in names:
            path = os.path.join(top, name)
            if "/object" in path and os.path.isfile(path):
                with open(path, "rb") as file:
                    if needle in file.read():
                        return True
    return False


@pytest.mark.parametrize("size", [1000, 300_000])
@pytest.mark.parametrize("method", ["AES256", "aws:kms"])
def test_what_is_put_comes_back_and_its_plain_text_is_not_on_disk(cloud, s3, bucket, method, size):
    needle = os.urandom(500)
    body = needle + os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="a", Body=body, ServerSideEncryption=method)
    assert put["ServerSideEncryption"] == method
    got = s3.get_object(Bucket=bucket, Key="a")
    assert got["Body"].read() == body and got["ServerSideEncryption"] == method
    assert s3.get_object(Bucket=bucket, Key="a", Range="bytes=100-199")["Body"].read() == body[100:200]
    assert s3.head_object(Bucket=bucket, Key="a")["ServerSideEncryption"] == method
    assert not lies_on_disk(cloud, needle)
    s3.put_object(Bucket=bucket, Key="plain", Body=body)
    assert lies_on_disk(cloud, needle), "the search finds what is not encrypted"


def test_a_key_of_kms_decides_who_reads(s3, kms, bucket):
    key = kms.create_key()["KeyMetadata"]
    put = s3.put_object(
        Bucket=bucket, Key="a", Body=b"hush", ServerSideEncryption="aws:kms", SSEKMSKeyId=key["KeyId"], BucketKeyEnabled=True
    )
    assert put["SSEKMSKeyId"] == key["Arn"] and put["BucketKeyEnabled"]
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"hush"
    kms.disable_key(KeyId=key["KeyId"])
    assert refusal(s3.get_object, Bucket=bucket, Key="a") == (400, "KMS.DisabledException")
    assert s3.head_object(Bucket=bucket, Key="a")["ContentLength"] == 4
    kms.enable_key(KeyId=key["KeyId"])
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
    policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"})
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy))
    assert refusal(s3.get_object, Bucket=bucket, Key="a") == (403, "AccessDenied")
    missing = dict(Bucket=bucket, Key="b", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=str(uuid.uuid4()))
    assert refusal(s3.put_object, **missing) == (400, "KMS.NotFoundException")


def test_parts_and_copies_are_encrypted_too(cloud, s3, kms, bucket):
    needle = os.urandom(500)
    parts = [needle + os.urandom(5 << 20), os.urandom(100_000)]
    begun = s3.create_multipart_upload(Bucket=bucket, Key="a", ServerSideEncryption="aws:kms")
    done = [
        {"PartNumber": number, "ETag": s3.upload_part(Bucket=bucket, Key="a", UploadId=begun["UploadId"], PartNumber=number, Body=part)["ETag"]}
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(Bucket=bucket, Key="a", UploadId=begun["UploadId"], MultipartUpload={"Parts": done})
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"".join(parts)
    key = kms.create_key()["KeyMetadata"]
    copied = s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a", ServerSideEncryption="aws:kms", SSEKMSKeyId=key["Arn"])
    assert copied["SSEKMSKeyId"] == key["Arn"]
    s3.delete_object(Bucket=bucket, Key="a")
    assert s3.get_object(Bucket=bucket, Key="b")["Body"].read() == b"".join(parts)
    assert not lies_on_disk(cloud, needle)
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/b")
    plain = s3.get_object(Bucket=bucket, Key="c")
    assert plain["Body"].read() == b"".join(parts) and "ServerSideEncryption" not in plain


def test_the_buckets_default_is_kept_and_applied(s3, bucket):
    assert refusal(s3.get_bucket_encryption, Bucket=bucket) == (404, "ServerSideEncryptionConfigurationNotFoundError")
    assert "ServerSideEncryption" not in s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert put["ServerSideEncryption"] == "aws:kms" and put["BucketKeyEnabled"]
    s3.delete_bucket_encryption(Bucket=bucket)
    assert "ServerSideEncryption" not in s3.put_object(Bucket=bucket, Key="a", Body=b"x")


def test_a_bucket_policy_can_ask_for_encryption(s3, bucket):
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    assert refusal(s3.put_object, Bucket=bucket, Key="a", Body=b"x") == (403, "AccessDenied")
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", ServerSideEncryption="AES256")


def test_keys_of_customers_are_refused_in_clear_text(cloud, s3, bucket):
    if cloud.endpoint.startswith("https"):
        pytest.skip("this cloud speaks TLS")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="a", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=os.urandom(32))
    assert refused.value.response["Error"]["Code"] == "InvalidRequest"
    assert "secure connection" in refused.value.response["Error"]["Message"]


def test_aws_cli_copies_with_encryption(cloud, bucket, tmp_path):
    (tmp_path / "file").write_bytes(os.urandom(10_000))
    shell = Shell(cloud, tmp_path)
    shell.aws("s3", "cp", "file", f"s3://{bucket}/file", "--sse", "aws:kms")
    assert shell.aws("s3api", "head-object", "--bucket", bucket, "--key", "file")["ServerSideEncryption"] == "aws:kms"
    shell.aws("s3", "cp", f"s3://{bucket}/file", "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "file").read_bytes()
