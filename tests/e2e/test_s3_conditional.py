"""Conditions on writing and deleting, also when many write at once."""

import concurrent.futures

import pytest

from harness.compute import refused
from harness.people import allow


@pytest.fixture
def key(request):
    """A key of the test's own."""
    return request.node.name


def test_a_put_may_ask_that_there_be_nothing_or_exactly_this(s3, shared_bucket, key):
    at = {"Bucket": shared_bucket, "Key": key}
    refused("NoSuchKey", s3.put_object, **at, Body=b"x", IfMatch='"abc"')
    etag = s3.put_object(**at, Body=b"one", IfNoneMatch="*")["ETag"]
    assert refused("PreconditionFailed", s3.put_object, **at, Body=b"two", IfNoneMatch="*")["Status"] == 412
    assert refused("PreconditionFailed", s3.put_object, **at, Body=b"two", IfMatch='"abc"')["Status"] == 412
    s3.put_object(**at, Body=b"two", IfMatch=etag)
    refused("PreconditionFailed", s3.put_object, **at, Body=b"three", IfMatch=etag)
    refused("NotImplemented", s3.put_object, **at, Body=b"three", IfNoneMatch=etag)
    assert s3.get_object(**at)["Body"].read() == b"two"


def test_copies_and_uploads_in_parts_take_the_same_conditions(s3, shared_bucket, key):
    s3.put_object(Bucket=shared_bucket, Key=f"{key}/source", Body=b"source")
    at = {"Bucket": shared_bucket, "Key": key}
    source = {"Bucket": shared_bucket, "Key": f"{key}/source"}
    s3.copy_object(**at, CopySource=source, IfNoneMatch="*")
    refused("PreconditionFailed", s3.copy_object, **at, CopySource=source, IfNoneMatch="*")
    upload = {**at, "UploadId": s3.create_multipart_upload(**at)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    refused("PreconditionFailed", s3.complete_multipart_upload, **upload, MultipartUpload=parts, IfNoneMatch="*")
    refused("PreconditionFailed", s3.complete_multipart_upload, **upload, MultipartUpload=parts, IfMatch='"abc"')
    etag = s3.head_object(**at)["ETag"]
    # a refused completion leaves the upload as it was
    s3.complete_multipart_upload(**upload, MultipartUpload=parts, IfMatch=etag)
    assert s3.get_object(**at)["Body"].read() == b"part"


def test_a_deletion_may_ask_what_it_deletes(s3, shared_bucket, key):
    at = {"Bucket": shared_bucket, "Key": key}
    refused("NoSuchKey", s3.delete_object, **at, IfMatch="*")
    etag = s3.put_object(**at, Body=b"x")["ETag"]
    refused("PreconditionFailed", s3.delete_object, **at, IfMatch='"abc"')
    # size and time are conditions of directory buckets alone
    made = s3.head_object(**at)["LastModified"]
    for term, code in (({"ETag": "abc"}, "PreconditionFailed"), ({"Size": 1}, "NotImplemented"), ({"LastModifiedTime": made}, "NotImplemented")):
        reply = s3.delete_objects(Bucket=shared_bucket, Delete={"Objects": [{"Key": key, **term}]})
        assert [error["Code"] for error in reply["Errors"]] == [code], term
    refused("NotImplemented", s3.delete_object, **at, IfMatchSize=1)
    refused("NotImplemented", s3.delete_object, **at, IfMatchLastModifiedTime=made)
    reply = s3.delete_objects(Bucket=shared_bucket, Delete={"Objects": [{"Key": key, "ETag": etag}]})
    assert [entry["Key"] for entry in reply["Deleted"]] == [key]
    s3.put_object(**at, Body=b"x")
    s3.delete_object(**at, IfMatch=etag)
    refused("404", s3.head_object, **at)


def test_a_marker_is_nothing_to_a_put_and_no_object_to_a_deletion(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    at = {"Bucket": bucket, "Key": "key"}
    s3.put_object(**at, Body=b"x", IfNoneMatch="*")
    s3.delete_object(**at, IfMatch="*")
    refused("PreconditionFailed", s3.delete_object, **at, IfMatch="*")
    refused("NoSuchKey", s3.put_object, **at, Body=b"x", IfMatch="*")
    s3.put_object(**at, Body=b"x", IfNoneMatch="*")


def test_who_may_not_read_may_not_compare(s3, shared_bucket, key, person):
    at = {"Bucket": shared_bucket, "Key": key}
    etag = s3.put_object(**at, Body=b"x")["ETag"]
    actions = ("s3:PutObject", "s3:DeleteObject")
    somebody = person().may(allow(*actions, on=f"arn:aws:s3:::{shared_bucket}/*")).client("s3")
    refused("AccessDenied", somebody.put_object, **at, Body=b"y", IfMatch=etag)
    refused("AccessDenied", somebody.delete_object, **at, IfMatch=etag)
    refused("PreconditionFailed", somebody.put_object, **at, Body=b"y", IfNoneMatch="*")
    somebody.delete_object(**at, IfMatch="*")


@pytest.mark.parametrize("versioned", [False, True])
def test_of_64_clients_exactly_one_wins_each_round(cloud, s3, bucket, versioned):
    if versioned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    clients, rounds, at = 64, 4, {"Bucket": bucket, "Key": "contended"}
    writer = cloud.client("s3", max_pool_connections=clients)
    writer.list_buckets()

    def attempt(number, condition):
        try:
            return number, writer.put_object(**at, Body=f"{number}".encode(), **condition)["ETag"]
        except writer.exceptions.ClientError as error:
            reply = error.response
            codes = {"PreconditionFailed": 412, "ConditionalRequestConflict": 409}
            assert codes.get(reply["Error"]["Code"]) == reply["ResponseMetadata"]["HTTPStatusCode"], reply
            return None

    condition = {"IfNoneMatch": "*"}
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        for _ in range(rounds):
            results = list(pool.map(attempt, range(clients), [condition] * clients))
            winners = [result for result in results if result]
            assert len(winners) == 1
            number, etag = winners[0]
            assert s3.get_object(**at)["Body"].read() == f"{number}".encode()
            condition = {"IfMatch": etag}
            # the same content again would have the same ETag, and then two could win
            s3.put_object(**at, Body=f"between {etag}".encode(), IfMatch=etag)
            condition = {"IfMatch": s3.head_object(**at)["ETag"]}
    if versioned:
        assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 2 * rounds
