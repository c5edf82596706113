"""What requests of S3 may carry: the length of their heads, metadata beyond ASCII, headers that cannot be read, grants to
accounts, and what boto3 presigns by version 2."""

import base64
import urllib.parse
import urllib.request
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from harness.accounts import Account
from harness.cloud import REGION
from harness.people import allow, document
from harness.sessions import Role, session_client, trusting
from harness.wire import Request, Signer

NOBODY = "0" * 64


@pytest.fixture
def admin(cloud, wire):
    """Signed requests of the administrator, by method, path and query."""
    return lambda method, path, query="", body=b"", **headers: wire.s3(
        cloud.admin_keys, method, path, query, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.fixture
def key():
    return f"key-{uuid.uuid4().hex[:10]}"


def refused(code, call, **parameters):
    """Asserts that a call fails with this code, and gives its error."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code, error.value.response
    return error.value.response["Error"]


# The head


def size_of(request):
    """The bytes of a request's head, the line included and without the empty line at its end."""
    sent = {**request.headers} | ({"Content-Length": str(len(request.body))} if request.method == "PUT" else {})
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return sum(len(line) + 2 for line in lines)


def test_a_head_has_eight_kib_and_no_byte_more(cloud, wire, shared_bucket):
    def of(filling):
        headers = {"User-Agent": "x" * filling}
        request = Request("GET", f"/{shared_bucket}", "list-type=2", headers)
        return Signer(cloud.admin_keys, "s3").sign(request, wire.host)

    room = 8192 - size_of(of(0))
    assert size_of(of(room)) == 8192
    assert wire.send(of(room)).status == 200
    reply = wire.send(of(room + 1))
    assert (reply.status, reply.code, reply.text_of("MaxSizeAllowed")) == (400, "RequestHeaderSectionTooLarge", "8192")


def test_two_kib_of_metadata_are_kept_of_the_eight(s3, shared_bucket, key):
    s3.put_object(Bucket=shared_bucket, Key=key, Body=b"x", Metadata={"a": "x" * 2047}, Tagging="a=" + "b" * 250)
    assert s3.head_object(Bucket=shared_bucket, Key=key)["Metadata"] == {"a": "x" * 2047}
    refused("MetadataTooLarge", s3.put_object, Bucket=shared_bucket, Key=key, Body=b"y", Metadata={"a": "x" * 2048})
    assert s3.get_object(Bucket=shared_bucket, Key=key)["Body"].read() == b"x"


def test_a_long_head_changes_nothing(admin, s3, shared_bucket, key):
    assert admin("PUT", f"/{shared_bucket}/{key}", body=b"x", x_ignored="x" * 9000).code == "RequestHeaderSectionTooLarge"
    refused("404", s3.head_object, Bucket=shared_bucket, Key=key)


def test_a_session_with_long_policies_is_not_locked_out(cloud, iam, s3, shared_bucket, key):
    key = f"{key}-{'k' * 900}"
    everything = allow("s3:GetObject", "s3:PutObject", on=[f"arn:aws:s3:::{shared_bucket}/{'x' * 90}-{n}" for n in range(14)] + [f"arn:aws:s3:::{shared_bucket}/*"])
    role = Role(iam, trusting({"AWS": "*"}, "sts:AssumeRole", "sts:TagSession"), allow("s3:*"))
    try:
        tags = [{"Key": f"tag-{n}", "Value": "v" * 90} for n in range(20)]
        made = role.assume(cloud.client("sts"), Policy=document(everything), Tags=tags)
        assert len(made["SessionToken"]) + len(key) + 2047 > 8192, "it would not fit otherwise"
        session = session_client(cloud, "s3", made)
        session.put_object(Bucket=shared_bucket, Key=key, Body=b"x", Metadata={"a": "x" * 2047})
        assert session.get_object(Bucket=shared_bucket, Key=key, IfMatch="*")["Body"].read() == b"x"
        for version in ("s3v4", "s3"):
            url = session_client(cloud, "s3", made, signature_version=version).generate_presigned_url("get_object", {"Bucket": shared_bucket, "Key": key})
            with urllib.request.urlopen(url, timeout=20) as reply:
                assert reply.read() == b"x", version
    finally:
        role.remove()


# Metadata beyond ASCII


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("plain", "plain"),
        ("ä".encode(), "=?UTF-8?B?w6Q=?="),
        ("=?UTF-8?B?w6Q=?=", "=?UTF-8?B?w6Q=?="),
        ("=?utf-8?q?=C3=A4?=", "=?UTF-8?B?w6Q=?="),
        ("=?ISO-8859-1?Q?=E4?= and more", "=?UTF-8?B?" + base64.b64encode("ä and more".encode()).decode() + "?="),
        ("=?UTF-8?Q?hello?=", "hello"),
        ("=?UTF-8?B?not base64?=", "=?UTF-8?B?not base64?="),
    ],
)
def test_metadata_is_decoded_and_encoded_as_rfc_2047_has_it(admin, shared_bucket, key, sent, told):
    path = f"/{shared_bucket}/{key}"
    assert admin("PUT", path, body=b"x", x_amz_meta_text=sent).status == 200
    for method in ("HEAD", "GET"):
        reply = admin(method, path)
        assert reply.headers["x-amz-meta-text"] == told and reply.headers["x-amz-missing-meta"] is None


def test_metadata_that_cannot_be_printed_is_counted(admin, shared_bucket, key):
    path = f"/{shared_bucket}/{key}"
    reply = admin("PUT", path, body=b"x", x_amz_meta_bell="=?UTF-8?Q?=07?=", x_amz_meta_line="=?UTF-8?Q?a=0D=0AX-Smuggled:_b?=", x_amz_meta_fine="y")
    assert reply.status == 200
    head = admin("HEAD", path)
    assert (head.headers["x-amz-missing-meta"], head.headers["x-amz-meta-fine"]) == ("2", "y")
    assert head.headers["x-amz-meta-bell"] is None and head.headers["X-Smuggled"] is None


# Headers that decide and cannot be read


@pytest.mark.parametrize(
    "name",
    [
        "x-amz-acl", "x-amz-grant-read", "x-amz-server-side-encryption", "x-amz-object-lock-mode", "x-amz-tagging", "x-amz-storage-class",
        "If-Match", "x-amz-server-side-encryption-customer-algorithm", "x-amz-expected-bucket-owner",
    ],
)  # fmt: skip
def test_a_header_that_decides_is_never_taken_for_unsaid(admin, s3, shared_bucket, key, name):
    reply = admin("PUT", f"/{shared_bucket}/{key}", body=b"x", **{name: "privaté".encode()})
    assert (reply.status, reply.code) in [(400, "InvalidArgument"), (400, "InvalidTag"), (400, "InvalidBucketOwnerAWSAccountID")], reply.body
    refused("404", s3.head_object, Bucket=shared_bucket, Key=key)


def test_a_range_that_cannot_be_read_is_refused(admin, s3, shared_bucket, key):
    s3.put_object(Bucket=shared_bucket, Key=key, Body=b"0123456789")
    assert admin("GET", f"/{shared_bucket}/{key}", Range="bytes=0-é".encode()).code == "InvalidArgument"
    assert admin("GET", f"/{shared_bucket}/{key}", Range="lines=1-2").status == 200


# Grants


@pytest.fixture(scope="module")
def other(cloud):
    account = Account(cloud)
    yield account
    account.remove()


@pytest.fixture
def listed(s3, bucket):
    """A bucket whose lists count."""
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    return bucket


def granting(owner, *users):
    """An access control policy."""
    grants = [{"Grantee": {"Type": "CanonicalUser", "ID": user}, "Permission": "READ"} for user in users]
    return {"Owner": {"ID": owner}, "Grants": grants}


def test_a_grant_to_nobody_is_refused_wherever_it_is_given(s3, listed, other, key):
    owner = s3.get_bucket_acl(Bucket=listed)["Owner"]["ID"]
    s3.put_object(Bucket=listed, Key=key, Body=b"x")
    before = s3.get_bucket_acl(Bucket=listed)["Grants"], s3.get_object_acl(Bucket=listed, Key=key)["Grants"]
    both = granting(owner, other.canonical_id, NOBODY)
    error = refused("InvalidArgument", s3.put_bucket_acl, Bucket=listed, AccessControlPolicy=both)
    assert (error["Message"], error["ArgumentName"], error["ArgumentValue"]) == ("Invalid id", "CanonicalUser/ID", NOBODY)
    refused("InvalidArgument", s3.put_object_acl, Bucket=listed, Key=key, AccessControlPolicy=both)
    named = f'id="{NOBODY}"'
    error = refused("InvalidArgument", s3.put_object, Bucket=listed, Key=key, Body=b"y", GrantRead=named)
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("x-amz-grant-read", named)
    refused("InvalidArgument", s3.create_multipart_upload, Bucket=listed, Key=key, GrantFullControl=named)
    refused("InvalidArgument", s3.copy_object, Bucket=listed, Key=f"{key}2", CopySource=f"{listed}/{key}", GrantReadACP=named)
    fresh = f"never-{uuid.uuid4().hex[:12]}"
    refused("InvalidArgument", s3.create_bucket, Bucket=fresh, GrantRead=named, ObjectOwnership="ObjectWriter")
    refused("404", s3.head_bucket, Bucket=fresh)
    target = {"Grantee": {"Type": "CanonicalUser", "ID": NOBODY}, "Permission": "READ"}
    s3.put_bucket_acl(Bucket=listed, ACL="log-delivery-write")
    logging = {"LoggingEnabled": {"TargetBucket": listed, "TargetPrefix": "", "TargetGrants": [target]}}
    refused("InvalidArgument", s3.put_bucket_logging, Bucket=listed, BucketLoggingStatus=logging)
    s3.put_bucket_acl(Bucket=listed, ACL="private")
    assert (s3.get_bucket_acl(Bucket=listed)["Grants"], s3.get_object_acl(Bucket=listed, Key=key)["Grants"]) == before
    assert s3.get_object(Bucket=listed, Key=key)["Body"].read() == b"x"


def test_grants_to_accounts_that_are_there_hold(s3, listed, other, key):
    owner = s3.get_bucket_acl(Bucket=listed)["Owner"]["ID"]
    s3.put_object(Bucket=listed, Key=key, Body=b"x", GrantRead=f'id="{other.canonical_id}"')
    assert other.client("s3").get_object(Bucket=listed, Key=key)["Body"].read() == b"x"
    s3.put_bucket_acl(Bucket=listed, AccessControlPolicy=granting(owner, owner, other.canonical_id))
    assert len(s3.get_bucket_acl(Bucket=listed)["Grants"]) == 2
    # What S3 grants by itself may be put back as it was read.
    s3.put_bucket_acl(Bucket=listed, ACL="aws-exec-read")
    read = s3.get_bucket_acl(Bucket=listed)
    s3.put_bucket_acl(Bucket=listed, AccessControlPolicy={"Owner": read["Owner"], "Grants": read["Grants"]})
    assert s3.get_bucket_acl(Bucket=listed)["Grants"] == read["Grants"]


def test_where_lists_do_not_count_that_is_told_first(s3, shared_bucket, key):
    refused("AccessControlListNotSupported", s3.put_object, Bucket=shared_bucket, Key=key, Body=b"x", GrantRead=f'id="{NOBODY}"')


def test_an_account_that_is_gone_is_nobody(cloud, s3, listed):
    gone = Account(cloud)
    gone.remove()
    owner = s3.get_bucket_acl(Bucket=listed)["Owner"]["ID"]
    refused("InvalidArgument", s3.put_bucket_acl, Bucket=listed, AccessControlPolicy=granting(owner, gone.canonical_id))


# Signature Version 2


@pytest.fixture(scope="module")
def version_2(cloud):
    """boto3 that presigns by version 2, path style and by the bucket's own host."""
    keys = cloud.admin_keys

    def client(style):
        endpoint = f"http://localhost:{cloud.port}" if style == "virtual" else cloud.endpoint
        return boto3.client(
            "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
            config=Config(signature_version="s3", s3={"addressing_style": style}),
        )  # fmt: skip

    return {style: client(style) for style in ("path", "virtual")}


def fetched(wire, url):
    """The answer to a URL, whatever host it names."""
    parsed = urllib.parse.urlsplit(url)
    return wire.send(Request("GET", parsed.path or "/", parsed.query, {"Host": parsed.netloc}))


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize(
    ("operation", "parameters", "root"),
    [
        ("list_object_versions", {}, b"<ListVersionsResult"),
        ("list_object_versions", {"Prefix": "p", "MaxKeys": 3}, b"<ListVersionsResult"),
        ("list_objects_v2", {}, b"<ListBucketResult"),
        ("list_multipart_uploads", {}, b"<ListMultipartUploadsResult"),
        ("get_bucket_acl", {}, b"<AccessControlPolicy"),
        ("get_bucket_versioning", {}, b"<VersioningConfiguration"),
        ("get_object_lock_configuration", {}, b"ObjectLockConfigurationNotFoundError"),
        ("get_bucket_metrics_configuration", {"Id": "x"}, b"NoSuchConfiguration"),
        ("get_object", {"Key": "a b/ä"}, b"content"),
        ("get_object_tagging", {"Key": "a b/ä"}, b"<Tagging"),
    ],
)
def test_what_boto3_presigns_by_version_2_is_answered(wire, version_2, s3, shared_bucket, style, operation, parameters, root):
    s3.put_object(Bucket=shared_bucket, Key="a b/ä", Body=b"content")
    url = version_2[style].generate_presigned_url(operation, {"Bucket": shared_bucket, **parameters}, ExpiresIn=60)
    assert ("://" + shared_bucket in url) == (style == "virtual")
    reply = fetched(wire, url)
    assert root in reply.body, (url, reply.body)
    assert fetched(wire, url.replace("Signature=", "Signature=A")).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_version_2_url_holds_for_its_resource_alone(wire, version_2, s3, shared_bucket, style):
    s3.put_object(Bucket=shared_bucket, Key="one", Body=b"1")
    other = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=other)
    try:
        of_bucket = version_2[style].generate_presigned_url("list_objects_v2", {"Bucket": shared_bucket})
        of_key = version_2[style].generate_presigned_url("get_object", {"Bucket": shared_bucket, "Key": "one"})
        assert fetched(wire, of_bucket).status == fetched(wire, of_key).status == 200
        for url in (of_bucket, of_key):
            assert fetched(wire, url.replace(shared_bucket, other)).code == "SignatureDoesNotMatch"
            assert fetched(wire, url + "&acl").code == "SignatureDoesNotMatch"
            assert fetched(wire, url + "&versions").code == "SignatureDoesNotMatch"
        assert fetched(wire, of_key.replace("/one", "/two")).code == "SignatureDoesNotMatch"
        assert fetched(wire, of_bucket.replace("?", "/one?")).code == "SignatureDoesNotMatch"
    finally:
        s3.delete_bucket(Bucket=other)
