"""Errors of S3 that a request alone does not bring about: of a session that ended, a client that stalls, a full disk, a
damaged index, a region other than us-east-1. A cloud of their own has all of these."""

import mmap
import re
import uuid

import pytest

from harness.clock import MovableClock
from harness.cloud import Cloud
from harness.people import allow
from harness.sessions import Role, trusting
from harness.waiting import wait_until
from harness.wire import Request, Signer, Wire, query_of

QUARTER = 900
# No disk has as much room as this one is to keep free, in MiB.
ROOM = "reserve_mib = 0\ninline_max_bytes = 1048576"
# What is in the index alone was there when the log of commits began again, after so many MiB.
LOG_MIB = 128
FULL = "body_timeout_s = 1\nreserve_mib = 1099511627776"


def spoil(path, content):
    """Changes one bit of it wherever it is kept."""
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as kept:
        at = [found.start() for found in re.finditer(re.escape(content), kept)]
        assert at
        for place in at:
            kept[place] ^= 1


@pytest.fixture(scope="module")
def own():
    """A cloud in eu-west-1 whose disk is as good as full, and in whose index something was damaged before that."""
    cloud = Cloud(region="eu-west-1", objects=ROOM)
    cloud.clock = MovableClock(cloud)
    try:
        s3 = cloud.start().client("s3")
        s3.create_bucket(Bucket="damaged")
        for key in ("spoilt", "whole"):
            s3.put_object(Bucket="damaged", Key=key, Body=f"small and {key}".encode())
        for _ in range(LOG_MIB + 8):
            s3.put_object(Bucket="damaged", Key="filler", Body=bytes(1 << 20))
        cloud.stop()
        (index,) = (cloud.data / "object").rglob("*.redb")
        spoil(index, b"small and spoilt")
        cloud.config.write_text(cloud.config.read_text().replace(ROOM, FULL))
        cloud.start()
        yield cloud
    finally:
        cloud.remove()


@pytest.fixture
def bucket(own):
    name = f"odd-{uuid.uuid4().hex[:12]}"
    own.client("s3").create_bucket(Bucket=name)
    yield name
    own.client("s3").delete_bucket(Bucket=name)


@pytest.fixture
def ask(own):
    """A signed request of the administrator."""
    return lambda method, path, query="", body=b"", **headers: Wire(own).s3(
        own.admin_keys, method, path, query, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_ones_own_bucket_is_not_made_again_outside_of_us_east_1(own, bucket, ask):
    reply = ask("PUT", f"/{bucket}")
    assert (reply.status, reply.code, reply.text_of("BucketName")) == (409, "BucketAlreadyOwnedByYou", bucket)
    assert reply.message == "Your previous request to create the named bucket succeeded and you already own it."
    assert own.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-west-1"


def test_a_client_that_sends_no_body_is_told_so(bucket, ask):
    reply = ask("PUT", f"/{bucket}", "versioning", Content_Length="100")
    assert (reply.status, reply.code) == (400, "RequestTimeout")
    assert reply.message == "Your socket connection to the server was not read from or written to within the timeout period."


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_disk_that_is_full_takes_nothing_new(own, bucket, ask, size):
    reply = ask("PUT", f"/{bucket}/k", body=b"x" * size)
    assert (reply.status, reply.code) == (503, "ServiceUnavailable")
    assert "Contents" not in own.client("s3").list_objects_v2(Bucket=bucket)


def test_what_is_damaged_in_the_index_is_not_given_out(own, ask):
    reply = ask("GET", "/damaged/spoilt")
    assert (reply.status, reply.code, reply.message) == (500, "InternalError", "We encountered an internal error. Please try again.")
    assert b"spoilt" not in reply.body.replace(b"<Resource>/damaged/spoilt</Resource>", b"")
    assert ask("GET", "/damaged/whole").body == b"small and whole"


def test_a_session_that_ended_is_told_so_and_not_that_its_key_is_unknown(own, bucket):
    iam, sts = own.client("iam"), own.client("sts")
    role = Role(iam, trusting({"AWS": sts.get_caller_identity()["Arn"]}), allow("s3:*"))
    sessions = {
        "user": sts.get_session_token(DurationSeconds=QUARTER)["Credentials"],
        "federated": sts.get_federation_token(Name="guest", DurationSeconds=QUARTER)["Credentials"],
        "role": role.assume(sts, DurationSeconds=QUARTER),
    }

    def told(credentials, ahead, presigned=False):
        request = Request("GET", f"/{bucket}", "list-type=2")
        signer = Signer((credentials["AccessKeyId"], credentials["SecretAccessKey"]), "s3", skew_seconds=ahead)
        if presigned:
            request.query += "&" + query_of({"X-Amz-Security-Token": credentials["SessionToken"]})
            return Wire(own).send(signer.presign(request, Wire(own).host))
        request.headers["x-amz-security-token"] = credentials["SessionToken"]
        return Wire(own).send(signer.sign(request, Wire(own).host))

    assert told(sessions["role"], 0).status == told(sessions["user"], 0).status == 200
    try:
        own.clock.set_ahead(QUARTER - 60)
        assert told(sessions["role"], QUARTER - 60).status == 200
        own.clock.set_ahead(QUARTER + 60)
        for kind, credentials in sessions.items():
            for presigned in (False, True):
                reply = told(credentials, QUARTER + 60, presigned)
                assert (reply.status, reply.code, reply.message) == (400, "ExpiredToken", "The provided token has expired."), (kind, reply.body)
        # A presigned URL that would be good for longer ends with its session, too, and before it is looked at for anything else.
        assert told(sessions["role"], -7200).code == "ExpiredToken"
    finally:
        own.clock.set_ahead(0)
    wait_until(lambda: told(sessions["role"], 0).status == 200, 10, what="the session goes on as the clock is set back")
    role.remove()
