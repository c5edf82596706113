"""Access control lists across accounts: what each permission lets each grantee do, and whose an object is."""

import json
import urllib.error
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"


class Account:
    """An account of its own, as its root."""

    def __init__(self, cloud):
        self.cloud = cloud
        name = f"account-{uuid.uuid4().hex[:10]}"
        made = json.loads(cloud.murus("admin", "account", "create", "--name", name, "--output", "json").stdout)
        self.id, self.canonical = made["AccountId"], made["CanonicalUserId"]
        self.s3 = cloud.client("s3", keys=(made["AccessKeyId"], made["SecretAccessKey"]))

    def remove(self):
        self.cloud.murus("admin", "account", "delete", self.id, check=False)


@pytest.fixture(scope="module")
def accounts(cloud):
    """The owner of buckets, and a stranger."""
    both = Account(cloud), Account(cloud)
    yield both
    for one in both:
        one.remove()


@pytest.fixture(scope="module")
def owner(accounts):
    return accounts[0]


@pytest.fixture(scope="module")
def other(accounts):
    return accounts[1]


def code_of(call, *arguments, **parameters):
    """The error code of a call; `ok` when it succeeds. A HEAD has only its status."""
    try:
        call(*arguments, **parameters)
    except ClientError as error:
        return {"403": "AccessDenied", "404": "NoSuchKey"}.get(error.response["Error"]["Code"], error.response["Error"]["Code"])
    return "ok"


def make(owner, ownership="ObjectWriter", block=None, **more):
    """A bucket with ACLs and nothing blocked."""
    name = f"acl-{uuid.uuid4().hex[:12]}"
    owner.s3.create_bucket(Bucket=name, ObjectOwnership=ownership)
    if block is None:
        owner.s3.delete_public_access_block(Bucket=name)
    else:
        owner.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    if more:
        owner.s3.put_bucket_acl(Bucket=name, **more)
    return name


def remove(owner, name):
    """Deletes a bucket of the owner's with all that is in it, whoever's that is."""
    for upload in owner.s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        owner.s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    listed = owner.s3.list_object_versions(Bucket=name)
    for row in listed.get("Versions", []) + listed.get("DeleteMarkers", []):
        owner.s3.delete_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
    owner.s3.delete_bucket(Bucket=name)


@pytest.fixture
def bucket(owner):
    """A bucket of the owner's where ACLs count and nothing is blocked."""
    name = make(owner)
    owner.s3.put_object(Bucket=name, Key="theirs", Body=b"of the owner")
    yield name
    remove(owner, name)


def anonymous(cloud, path, method="GET", headers=None):
    """Status of an anonymous request."""
    request = urllib.request.Request(cloud.endpoint + path, method=method, data=b"x" if method == "PUT" else None, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def grants_of(shown):
    """Grants as pairs of grantee and permission."""
    return {(grant["Grantee"].get("URI", grant["Grantee"].get("ID")), grant["Permission"]) for grant in shown["Grants"]}


BUCKET_OPERATIONS = {
    "list_objects_v2": {"READ", "FULL_CONTROL"},
    "list_objects": {"READ", "FULL_CONTROL"},
    "list_object_versions": {"READ", "FULL_CONTROL"},
    "list_multipart_uploads": {"READ", "FULL_CONTROL"},
    "head_bucket": {"READ", "FULL_CONTROL"},
    "get_bucket_acl": {"READ_ACP", "FULL_CONTROL"},
    "get_bucket_location": set(),
    "get_bucket_policy": set(),
    "get_bucket_versioning": set(),
    "get_bucket_ownership_controls": set(),
    "delete_bucket": set(),
}


@pytest.mark.parametrize("permission", ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"])
def test_a_grant_on_a_bucket_lets_another_account_do_exactly_that(owner, other, bucket, permission):
    parameter = {"FULL_CONTROL": "GrantFullControl", "READ": "GrantRead", "WRITE": "GrantWrite", "READ_ACP": "GrantReadACP", "WRITE_ACP": "GrantWriteACP"}
    for operation in BUCKET_OPERATIONS:
        assert code_of(getattr(other.s3, operation), Bucket=bucket) == "AccessDenied", operation
    mine = f'id="{owner.canonical}"'
    theirs = {parameter[permission]: f'id="{other.canonical}"'}
    if permission == "FULL_CONTROL":
        theirs = {"GrantFullControl": f'{mine}, id="{other.canonical}"'}
    owner.s3.put_bucket_acl(Bucket=bucket, **{"GrantFullControl": mine, **theirs})
    for operation, enough in BUCKET_OPERATIONS.items():
        expected = "ok" if permission in enough else "AccessDenied"
        assert code_of(getattr(other.s3, operation), Bucket=bucket) == expected, operation
    writes = "ok" if permission in ("WRITE", "FULL_CONTROL") else "AccessDenied"
    assert code_of(other.s3.put_object, Bucket=bucket, Key="new", Body=b"x") == writes
    assert code_of(other.s3.put_object, Bucket=bucket, Key="theirs", Body=b"x") == "AccessDenied", "overwriting is its owner's"
    assert code_of(other.s3.delete_object, Bucket=bucket, Key="theirs") == "AccessDenied"
    assert code_of(other.s3.get_object, Bucket=bucket, Key="theirs") == "AccessDenied", "objects have grants of their own"
    if writes == "ok":
        assert code_of(other.s3.put_object, Bucket=bucket, Key="new", Body=b"again") == "ok"
        assert other.s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"again"
        assert code_of(other.s3.delete_object, Bucket=bucket, Key="new") == "ok"
        gone = other.s3.put_object(Bucket=bucket, Key="new", Body=b"x") and other.s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": "new"}, {"Key": "theirs"}]}
        )
        assert [one["Key"] for one in gone["Deleted"]] == ["new"]
        assert [(one["Key"], one["Code"]) for one in gone["Errors"]] == [("theirs", "AccessDenied")]
    changes = "ok" if permission in ("WRITE_ACP", "FULL_CONTROL") else "AccessDenied"
    assert code_of(other.s3.put_bucket_acl, Bucket=bucket, GrantFullControl=mine) == changes
    owner.s3.put_bucket_acl(Bucket=bucket, ACL="private")


OBJECT_OPERATIONS = {
    "get_object": {"READ", "FULL_CONTROL"},
    "head_object": {"READ", "FULL_CONTROL"},
    "get_object_acl": {"READ_ACP", "FULL_CONTROL"},
    "get_object_tagging": set(),
    "delete_object": set(),
}


@pytest.mark.parametrize("permission", ["READ", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"])
@pytest.mark.parametrize("as_xml", [True, False])
def test_a_grant_on_an_object_lets_another_account_do_exactly_that(owner, other, bucket, permission, as_xml):
    named = {"Bucket": bucket, "Key": "theirs"}
    if as_xml:
        grant = lambda who, what: {"Grantee": {"Type": "CanonicalUser", "ID": who}, "Permission": what}
        grants = [grant(owner.canonical, "FULL_CONTROL"), grant(other.canonical, permission)]
        owner.s3.put_object_acl(**named, AccessControlPolicy={"Owner": {"ID": owner.canonical}, "Grants": grants})
    else:
        parameter = {"FULL_CONTROL": "GrantFullControl", "READ": "GrantRead", "READ_ACP": "GrantReadACP", "WRITE_ACP": "GrantWriteACP"}
        owner.s3.put_object_acl(**named, **{parameter[permission]: f"id={other.canonical}"})
        assert grants_of(owner.s3.get_object_acl(**named)) == {(other.canonical, permission)}
    for operation, enough in OBJECT_OPERATIONS.items():
        assert code_of(getattr(other.s3, operation), **named) == ("ok" if permission in enough else "AccessDenied"), operation
    copied = code_of(other.s3.copy_object, Bucket=bucket, Key="copy", CopySource=named)
    assert copied == "AccessDenied", "there is no grant to write"
    changes = "ok" if permission in ("WRITE_ACP", "FULL_CONTROL") else "AccessDenied"
    assert code_of(other.s3.put_object_acl, **named, ACL="private") == changes
    owner.s3.put_object_acl(**named, ACL="private")
    assert code_of(other.s3.get_object, **named) == "AccessDenied"
    assert owner.s3.get_object(**named)["Body"].read() == b"of the owner"


@pytest.mark.parametrize(
    ("canned", "expected", "everyone", "signed"),
    [
        ("private", set(), 403, "AccessDenied"),
        ("public-read", {(ALL_USERS, "READ")}, 200, "ok"),
        ("public-read-write", {(ALL_USERS, "READ"), (ALL_USERS, "WRITE")}, 200, "ok"),
        ("authenticated-read", {(AUTHENTICATED, "READ")}, 403, "ok"),
    ],
)
def test_canned_lists_of_buckets_and_objects(cloud, owner, other, bucket, canned, expected, everyone, signed):
    owner.s3.put_bucket_acl(Bucket=bucket, ACL=canned)
    owners = {(owner.canonical, "FULL_CONTROL")}
    assert grants_of(owner.s3.get_bucket_acl(Bucket=bucket)) == owners | expected
    assert anonymous(cloud, f"/{bucket}") == everyone
    assert code_of(other.s3.list_objects_v2, Bucket=bucket) == signed
    may_write = canned == "public-read-write"
    assert anonymous(cloud, f"/{bucket}/anon", "PUT") == (200 if may_write else 403)
    assert code_of(other.s3.put_object, Bucket=bucket, Key="mine", Body=b"x") == ("ok" if may_write else "AccessDenied")
    assert anonymous(cloud, f"/{bucket}/theirs") == 403, "its objects are not opened with it"
    for put in (owner.s3.put_object_acl, lambda **p: owner.s3.put_object(**p, Body=b"of the owner")):
        put(Bucket=bucket, Key="theirs", ACL=canned)
        assert grants_of(owner.s3.get_object_acl(Bucket=bucket, Key="theirs")) == owners | expected
        assert anonymous(cloud, f"/{bucket}/theirs") == everyone
        assert code_of(other.s3.get_object, Bucket=bucket, Key="theirs") == signed
        assert code_of(other.s3.get_object_acl, Bucket=bucket, Key="theirs") == "AccessDenied"
        owner.s3.put_object_acl(Bucket=bucket, Key="theirs", ACL="private")


def test_lists_that_are_for_one_kind_only(owner, bucket):
    owner.s3.put_bucket_acl(Bucket=bucket, ACL="log-delivery-write")
    assert {(LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")} < grants_of(owner.s3.get_bucket_acl(Bucket=bucket))
    assert code_of(owner.s3.put_object_acl, Bucket=bucket, Key="theirs", ACL="log-delivery-write") == "InvalidArgument"
    assert code_of(owner.s3.put_object_acl, Bucket=bucket, Key="theirs", ACL="made-up") == "InvalidArgument"


def test_what_another_account_puts_is_its_own_until_it_grants_it(owner, other, bucket):
    owner.s3.put_bucket_acl(Bucket=bucket, GrantFullControl=f"id={owner.canonical}", GrantWrite=f"id={other.canonical}")
    named = {"Bucket": bucket, "Key": "foreign"}
    other.s3.put_object(**named, Body=b"1")
    assert code_of(owner.s3.get_object, **named) == "AccessDenied"
    assert code_of(owner.s3.get_object_acl, **named) == "AccessDenied"
    assert code_of(owner.s3.put_object_acl, **named, ACL="public-read") == "AccessDenied"
    listed = owner.s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"]
    assert {one["Key"]: one["Owner"]["ID"] for one in listed} == {"foreign": other.canonical, "theirs": owner.canonical}
    # A policy of the bucket allows nothing over objects that are not its owner's, but denies.
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    owner.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    assert code_of(owner.s3.get_object, **named) == "AccessDenied"
    assert owner.s3.get_object(Bucket=bucket, Key="theirs")["ResponseMetadata"]["HTTPStatusCode"] == 200
    deny = {**allow, "Effect": "Deny", "Principal": {"AWS": other.id}}
    owner.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    assert code_of(other.s3.get_object, **named) == "AccessDenied", "not even its owner reads what the bucket denies"
    owner.s3.delete_bucket_policy(Bucket=bucket)
    assert other.s3.get_object(**named)["Body"].read() == b"1"
    other.s3.put_object_acl(**named, ACL="bucket-owner-read")
    assert grants_of(other.s3.get_object_acl(**named)) == {(other.canonical, "FULL_CONTROL"), (owner.canonical, "READ")}
    assert owner.s3.get_object(**named)["Body"].read() == b"1"
    assert code_of(owner.s3.get_object_acl, **named) == "AccessDenied"
    other.s3.put_object(**named, Body=b"2", ACL="bucket-owner-full-control")
    shown = owner.s3.get_object_acl(**named)
    assert shown["Owner"]["ID"] == other.canonical, "with ObjectWriter it stays the writer's"
    assert grants_of(shown) == {(other.canonical, "FULL_CONTROL"), (owner.canonical, "FULL_CONTROL")}
    assert code_of(owner.s3.delete_object, **named) == "ok", "the bucket's owner may always delete"


def test_who_began_an_upload_may_list_and_give_it_up(owner, other, bucket):
    owner.s3.put_bucket_acl(Bucket=bucket, GrantFullControl=f"id={owner.canonical}", GrantWrite=f"id={other.canonical}")
    named = {"Bucket": bucket, "Key": "parts"}
    upload = other.s3.create_multipart_upload(**named)["UploadId"]
    part = other.s3.upload_part(**named, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    assert [one["PartNumber"] for one in other.s3.list_parts(**named, UploadId=upload)["Parts"]] == [1]
    other.s3.complete_multipart_upload(**named, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
    assert other.s3.get_object(**named)["Body"].read() == b"x"
    other.s3.abort_multipart_upload(**named, UploadId=other.s3.create_multipart_upload(**named)["UploadId"])
    theirs = owner.s3.create_multipart_upload(Bucket=bucket, Key="theirs")["UploadId"]
    for call in (other.s3.list_parts, other.s3.abort_multipart_upload):
        assert code_of(call, Bucket=bucket, Key="theirs", UploadId=theirs) == "AccessDenied"


def test_preferred_ownership_takes_what_is_given_in_full(owner, other):
    bucket = make(owner, "BucketOwnerPreferred", ACL="public-read-write")
    try:
        other.s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
        other.s3.put_object(Bucket=bucket, Key="given", Body=b"x", ACL="bucket-owner-full-control")
        by_key = {one["Key"]: one["Owner"]["ID"] for one in owner.s3.list_objects(Bucket=bucket)["Contents"]}
        assert by_key == {"kept": other.canonical, "given": owner.canonical}
        assert grants_of(owner.s3.get_object_acl(Bucket=bucket, Key="given")) == {(owner.canonical, "FULL_CONTROL")}
        assert code_of(other.s3.get_object, Bucket=bucket, Key="given") == "AccessDenied"
    finally:
        remove(owner, bucket)


def test_enforced_ownership_switches_lists_off(owner, other, bucket):
    policy = {"Effect": "Allow", "Principal": {"AWS": other.id}, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    owner.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]}))
    other.s3.put_object(Bucket=bucket, Key="foreign", Body=b"x", ACL="public-read")
    owner.s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    put = {"Bucket": bucket, "OwnershipControls": enforced}
    assert code_of(owner.s3.put_bucket_ownership_controls, **put) == "InvalidBucketAclWithObjectOwnership"
    owner.s3.put_bucket_acl(Bucket=bucket, ACL="private")
    owner.s3.put_bucket_ownership_controls(**put)
    # All objects are the bucket owner's now, and are shown so.
    shown = owner.s3.get_object_acl(Bucket=bucket, Key="foreign")
    assert (shown["Owner"]["ID"], grants_of(shown)) == (owner.canonical, {(owner.canonical, "FULL_CONTROL")})
    assert {one["Owner"]["ID"] for one in owner.s3.list_objects(Bucket=bucket)["Contents"]} == {owner.canonical}
    assert code_of(owner.s3.get_object, Bucket=bucket, Key="foreign") == "ok"
    assert code_of(other.s3.get_object, Bucket=bucket, Key="foreign") == "AccessDenied"
    off = "AccessControlListNotSupported"
    for more in ({"ACL": "public-read"}, {"ACL": "private"}, {"GrantRead": f"id={other.canonical}"}):
        assert code_of(owner.s3.put_bucket_acl, Bucket=bucket, **more) == off
        assert code_of(owner.s3.put_object_acl, Bucket=bucket, Key="foreign", **more) == off
        assert code_of(owner.s3.put_object, Bucket=bucket, Key="no", Body=b"x", **more) == off
        assert code_of(owner.s3.copy_object, Bucket=bucket, Key="no", CopySource=f"{bucket}/theirs", **more) == off
        assert code_of(owner.s3.create_multipart_upload, Bucket=bucket, Key="no", **more) == off
    assert code_of(owner.s3.put_object, Bucket=bucket, Key="yes", Body=b"x", ACL="bucket-owner-full-control") == "ok"
    # The bucket's policy allows s3:PutObject alone; the writer's own account answers for s3:PutObjectAcl.
    assert code_of(other.s3.put_object, Bucket=bucket, Key="given", Body=b"x", ACL="bucket-owner-full-control") == "ok"
    # Back to lists: those that were put before count again.
    owner.s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    assert code_of(owner.s3.get_object, Bucket=bucket, Key="foreign") == "ok", "public-read counts again"
    assert owner.s3.list_objects(Bucket=bucket, Prefix="foreign")["Contents"][0]["Owner"]["ID"] == other.canonical


def test_an_acl_with_an_object_is_for_the_writer_s_account_to_allow(cloud, owner, bucket, person):
    """A user of the main account without s3:PutObjectAcl, allowed to put by the bucket of another account."""
    who = person().may({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})
    allow = {"Effect": "Allow", "Principal": {"AWS": who.arn}, "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    owner.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    s3 = who.client("s3")
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x") == "ok"
    given = {"Bucket": bucket, "Key": "k2", "Body": b"x", "ACL": "bucket-owner-full-control"}
    assert code_of(s3.put_object, **given) == "AccessDenied"
    who.may({"Effect": "Allow", "Action": "s3:PutObjectAcl", "Resource": "*"}, name="more")
    assert code_of(s3.put_object, **given) == "ok"
    deny = {**allow, "Effect": "Deny", "Action": "s3:PutObjectAcl"}
    owner.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]}))
    assert code_of(s3.put_object, **given) == "AccessDenied", "the bucket's owner may forbid it"


def test_the_four_settings_of_the_public_access_block(cloud, owner, bucket):
    s3, block = owner.s3, owner.s3.put_public_access_block
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/open/*"}
    policy = {"Bucket": bucket, "Policy": json.dumps({"Version": "2012-10-17", "Statement": [public]})}
    s3.put_object(Bucket=bucket, Key="open/k", Body=b"x")
    s3.put_object_acl(Bucket=bucket, Key="theirs", ACL="public-read")
    s3.put_bucket_policy(**policy)
    assert anonymous(cloud, f"/{bucket}/theirs") == 200 and anonymous(cloud, f"/{bucket}/open/k") == 200
    # BlockPublicAcls: new ones are refused, those that are there go on.
    block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    for canned in ("public-read", "public-read-write", "authenticated-read"):
        assert code_of(s3.put_object_acl, Bucket=bucket, Key="theirs", ACL=canned) == "AccessDenied"
        assert code_of(s3.put_bucket_acl, Bucket=bucket, ACL=canned) == "AccessDenied"
        assert code_of(s3.put_object, Bucket=bucket, Key="no", Body=b"x", ACL=canned) == "AccessDenied"
    assert code_of(s3.put_object, Bucket=bucket, Key="no", Body=b"x", GrantRead=f'uri="{ALL_USERS}"') == "AccessDenied"
    assert code_of(s3.put_bucket_policy, **policy) == "ok"
    assert anonymous(cloud, f"/{bucket}/theirs") == 200
    # IgnorePublicAcls: those that are there mean nothing, and stay.
    block(Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert anonymous(cloud, f"/{bucket}/theirs") == 403 and anonymous(cloud, f"/{bucket}/open/k") == 200
    assert code_of(s3.put_object_acl, Bucket=bucket, Key="theirs", ACL="public-read") == "ok"
    # BlockPublicPolicy: new ones are refused.
    block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    assert code_of(s3.put_bucket_policy, **policy) == "AccessDenied"
    assert anonymous(cloud, f"/{bucket}/theirs") == 200 and anonymous(cloud, f"/{bucket}/open/k") == 200
    # RestrictPublicBuckets: a public policy serves nobody outside.
    block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert anonymous(cloud, f"/{bucket}/theirs") == 200 and anonymous(cloud, f"/{bucket}/open/k") == 403
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ACL": "public-read"}, "InvalidBucketAclWithObjectOwnership"),
        ({"ACL": "public-read", "ObjectOwnership": "BucketOwnerEnforced"}, "InvalidBucketAclWithObjectOwnership"),
        ({"ACL": "public-read", "ObjectOwnership": "ObjectWriter"}, "InvalidBucketAclWithBlockPublicAccessError"),
        ({"ACL": "private"}, "ok"),
        ({"ACL": "private", "ObjectOwnership": "BucketOwnerPreferred"}, "ok"),
        ({"ObjectOwnership": "Nobody"}, "InvalidArgument"),
    ],
)
def test_new_buckets_with_lists(owner, more, code):
    name = f"acl-{uuid.uuid4().hex[:12]}"
    assert code_of(owner.s3.create_bucket, Bucket=name, **more) == code
    assert code_of(owner.s3.head_bucket, Bucket=name) == ("ok" if code == "ok" else "NoSuchKey")
    if code == "ok":
        owner.s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ACL": "private", "GrantRead": f'uri="{ALL_USERS}"'}, "InvalidRequest"),
        ({"GrantRead": "nobody"}, "InvalidArgument"),
        ({"GrantRead": "id=nobody"}, "InvalidArgument"),
        ({"GrantRead": 'uri="http://acs.amazonaws.com/groups/global/Nobody"'}, "InvalidArgument"),
        ({"GrantRead": 'emailAddress="a@example.com"'}, "MethodNotAllowed"),
        ({}, "MissingSecurityHeader"),
        ({"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "nobody"}, "Permission": "READ"}]}}, "InvalidArgument"),
        ({"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "EVERYTHING"}]}}, "MalformedACLError"),
        ({"AccessControlPolicy": {"Owner": {"ID": "0" * 64}, "Grants": []}}, "AccessDenied"),
        (
            {"AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ"}] * 101}},
            "MalformedACLError",
        ),
    ],
)
def test_what_is_no_list_is_refused_and_changes_nothing(owner, bucket, more, code):
    before = owner.s3.get_object_acl(Bucket=bucket, Key="theirs")["Grants"]
    assert code_of(owner.s3.put_object_acl, Bucket=bucket, Key="theirs", **more) == code
    assert code_of(owner.s3.put_bucket_acl, Bucket=bucket, **more) == code
    assert owner.s3.get_object_acl(Bucket=bucket, Key="theirs")["Grants"] == before


def test_the_anonymous_own_what_they_put(cloud, owner):
    bucket = make(owner, ACL="public-read-write")
    try:
        assert anonymous(cloud, f"/{bucket}/anon", "PUT") == 200
        assert anonymous(cloud, f"/{bucket}/anon", "PUT") == 200, "and overwrite it"
        listed = owner.s3.list_objects(Bucket=bucket)["Contents"][0]
        assert listed["Owner"]["ID"] == "65a011a29cdf8ec533ec3d1ccaae921c"
        assert code_of(owner.s3.get_object, Bucket=bucket, Key="anon") == "AccessDenied"
        given = {"x-amz-acl": "bucket-owner-full-control"}
        assert anonymous(cloud, f"/{bucket}/given", "PUT", given) == 403, "no account allows the anonymous an ACL"
        owner.s3.put_object(Bucket=bucket, Key="mine", Body=b"x")
        assert anonymous(cloud, f"/{bucket}/mine", "PUT") == 403
        assert anonymous(cloud, f"/{bucket}/mine", "DELETE") == 403
    finally:
        remove(owner, bucket)
