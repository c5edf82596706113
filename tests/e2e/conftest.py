"""Fixtures of the end-to-end tests: one real cloud a session, and fresh things of it for each test."""

import os
import pathlib
import re
import uuid

import pytest

from harness import host
from harness.cloud import Cloud
from harness.compute import Bench
from harness.people import Person
from harness.waiting import wait_until
from harness.wire import Wire


# Files are given to workers in this order: the ones that take long must not come last.
LONG = ["restart", "instances", "story_boto3", "story_cli", "images", "s3_cli", "volumes", "security_groups", "snapshots", "metadata", "addresses", "keypairs"]


def pytest_collection_modifyitems(items):
    """Long files first, tests within a file as they stand."""
    rank = {f"test_{name}": place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session")
def cloud():
    """A cloud of this session's own, in one process a service unless MURUS_E2E_SINGLE=1."""
    assert host.BINARY.exists(), f"{host.BINARY} is missing: cargo build --release"
    cloud = Cloud()
    log = os.environ.get("MURUS_E2E_LOGS")
    keep = pathlib.Path(log, f"{cloud.prefix}.log") if log else None
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.remove(keep_log_at=keep)


@pytest.fixture(scope="session")
def image(cloud):
    """The id of the tiny image, imported once."""
    assert host.TINY.exists(), f"{host.TINY} is missing: images/tiny/build"
    printed = cloud.murus("admin", "image", "import", host.TINY, "--name", "tiny").stdout
    image_id = re.search(r"ami-[0-9a-f]{17}", printed).group(0)
    ec2 = cloud.client("ec2")
    wait_until(
        lambda: ec2.describe_images(ImageIds=[image_id])["Images"][0]["State"] == "available",
        60,
        what="the imported image is available",
    )
    return image_id


@pytest.fixture(scope="session")
def ec2(cloud):
    """EC2 as the administrator."""
    return cloud.client("ec2")


@pytest.fixture(scope="session")
def s3(cloud):
    """S3 as the administrator."""
    return cloud.client("s3")


@pytest.fixture(scope="session")
def iam(cloud):
    """IAM as the administrator."""
    return cloud.client("iam")


@pytest.fixture(scope="session")
def account(cloud):
    """The account's twelve digits."""
    return cloud.client("sts").get_caller_identity()["Account"]


@pytest.fixture(scope="session")
def wire(cloud):
    """Raw requests."""
    return Wire(cloud)


@pytest.fixture
def person(cloud):
    """Makes fresh users without any permission: `person()`."""
    made = []

    def make(name=None):
        made.append(Person(cloud, name))
        return made[-1]

    yield make
    for one in made:
        one.remove()


def lock_of(s3, bucket):
    """The object lock of a bucket; empty where it has none."""
    try:
        return s3.get_object_lock_configuration(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError", error.response
        return {}


def empty_and_delete(s3, bucket):
    """Deletes a bucket with everything in it: all versions, also those under governance or a legal hold."""
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    locked = "ObjectLockConfiguration" in lock_of(s3, bucket)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for row in page.get("Versions", []) + page.get("DeleteMarkers", []):
            named = {"Bucket": bucket, "Key": row["Key"], "VersionId": row["VersionId"]}
            if locked and "ETag" in row:
                s3.put_object_legal_hold(**named, LegalHold={"Status": "OFF"})
            s3.delete_object(**named, **({"BypassGovernanceRetention": True} if locked else {}))
    s3.delete_bucket(Bucket=bucket)


@pytest.fixture
def bucket(s3):
    """A fresh bucket; deleted with all that is in it."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    empty_and_delete(s3, name)


@pytest.fixture(scope="module")
def shared_bucket(s3):
    """A bucket for all tests of a file that use keys of their own."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    empty_and_delete(s3, name)


@pytest.fixture(scope="module")
def bench(cloud, image, tmp_path_factory):
    """Key pair, open group and guests of one test file."""
    bench = Bench(cloud, image, tmp_path_factory.mktemp("bench"))
    yield bench
    bench.clear()


@pytest.fixture(scope="module")
def guest(bench):
    """One running guest shared by the tests of a file, which leave it running."""
    return bench.launch()
