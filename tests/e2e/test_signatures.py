"""Requests whose signature does not hold are refused with each service's own code, and change nothing."""

import hashlib
import uuid

import pytest

from harness.wire import Request, Signer, query_request

MINUTES = 60
CALLS = {"ec2": {"Action": "DescribeInstances"}, "iam": {"Action": "ListUsers"}, "sts": {"Action": "GetCallerIdentity"}}


def expect(reply, status, *codes):
    """Asserts status and code of a refusal."""
    assert reply.code in codes, (reply.status, reply.body)
    assert reply.status == status, (reply.status, reply.body)


@pytest.mark.parametrize(
    "service, status, codes",
    [("ec2", 401, ("AuthFailure",)), ("iam", 403, ("SignatureDoesNotMatch",)), ("sts", 403, ("SignatureDoesNotMatch",))],
)
def test_a_wrong_secret_is_refused(cloud, wire, service, status, codes):
    wrong = cloud.admin_keys[0], "w" * 40
    reply = wire.query(wrong, service, CALLS[service])
    if service == "ec2":
        assert reply.code in ("AuthFailure", "SignatureDoesNotMatch") and reply.status in (401, 403), reply.body
    else:
        expect(reply, status, *codes)


def test_a_wrong_secret_is_refused_by_s3(cloud, wire):
    expect(wire.s3((cloud.admin_keys[0], "w" * 40), "GET", "/"), 403, "SignatureDoesNotMatch")


def test_an_unknown_key_is_refused(wire):
    unknown = "AKIA" + "Q" * 16, "w" * 40
    expect(wire.query(unknown, "ec2", CALLS["ec2"]), 401, "AuthFailure")
    expect(wire.query(unknown, "iam", CALLS["iam"]), 403, "InvalidClientTokenId")
    expect(wire.query(unknown, "sts", CALLS["sts"]), 403, "InvalidClientTokenId")
    expect(wire.s3(unknown, "GET", "/"), 403, "InvalidAccessKeyId")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_skewed_clock_is_refused(cloud, wire, minutes):
    skew = minutes * MINUTES
    reply = wire.query(cloud.admin_keys, "ec2", CALLS["ec2"], skew_seconds=skew)
    assert reply.code in ("RequestExpired", "AuthFailure") and 400 <= reply.status < 500, reply.body
    for service in ("iam", "sts"):
        reply = wire.query(cloud.admin_keys, service, CALLS[service], skew_seconds=skew)
        expect(reply, 403, "SignatureDoesNotMatch")
        assert ("Signature expired" if minutes < 0 else "Signature not yet current") in reply.message
    expect(wire.s3(cloud.admin_keys, "GET", "/", skew_seconds=skew), 403, "RequestTimeTooSkewed")


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_within_fifteen_minutes_is_accepted(cloud, wire, minutes):
    for service, call in CALLS.items():
        assert wire.query(cloud.admin_keys, service, call, skew_seconds=minutes * MINUTES).status == 200
    assert wire.s3(cloud.admin_keys, "GET", "/", skew_seconds=minutes * MINUTES).status == 200


def test_an_altered_body_is_refused_and_does_nothing(cloud, wire, iam):
    name = f"never-{uuid.uuid4().hex[:8]}"
    request = query_request("iam", {"Action": "CreateUser", "UserName": "a" * len(name)})
    Signer(cloud.admin_keys, "iam").sign(request, wire.host)
    request.body = request.body.replace(b"a" * len(name), name.encode())
    expect(wire.send(request), 403, "SignatureDoesNotMatch")
    assert name not in [user["UserName"] for user in iam.list_users()["Users"]]


def test_an_altered_object_body_is_refused_and_not_stored(cloud, wire, s3, shared_bucket):
    request = Request("PUT", f"/{shared_bucket}/altered", body=b"what was signed")
    Signer(cloud.admin_keys, "s3").sign(request, wire.host)
    request.body = b"what is sent..."
    expect(wire.send(request), 400, "XAmzContentSHA256Mismatch")
    assert "Contents" not in s3.list_objects_v2(Bucket=shared_bucket, Prefix="altered")


@pytest.mark.parametrize("service", ["ec2", "iam", "sts"])
def test_an_altered_or_added_signed_header_is_refused(cloud, wire, service):
    request = query_request(service, CALLS[service])
    request.headers["X-Amz-Meaning"] = "one"
    Signer(cloud.admin_keys, service).sign(request, wire.host)
    assert wire.send(request).status == 200
    request.headers["X-Amz-Meaning"] = "two"
    reply = wire.send(request)
    assert reply.code in ("SignatureDoesNotMatch", "AuthFailure") and reply.status in (401, 403), reply.body


def test_an_altered_path_query_or_header_is_refused_by_s3(cloud, wire, shared_bucket):
    def signed():
        request = Request("PUT", f"/{shared_bucket}/signed", headers={"x-amz-meta-a": "one"}, body=b"1")
        return Signer(cloud.admin_keys, "s3").sign(request, wire.host)

    for alter in (
        lambda r: setattr(r, "path", f"/{shared_bucket}/other"),
        lambda r: setattr(r, "query", "acl="),
        lambda r: setattr(r, "method", "POST"),
        lambda r: r.headers.update({"x-amz-meta-a": "two"}),
        lambda r: r.headers.update({"x-amz-date": "20200101T000000Z"}),
    ):
        request = signed()
        alter(request)
        assert wire.send(request).status == 403
    added = signed()
    added.headers["x-amz-meta-b"] = "not signed"
    expect(wire.send(added), 403, "AccessDenied")


def test_an_unsigned_request_is_refused(wire, shared_bucket):
    reply = wire.send(query_request("ec2", CALLS["ec2"]))
    assert reply.code in ("MissingAuthenticationToken", "AuthFailure", "MissingParameter"), reply.body
    assert 400 <= reply.status < 500
    for service in ("iam", "sts"):
        expect(wire.send(query_request(service, CALLS[service])), 403, "MissingAuthenticationToken")
    for method, path in (("GET", "/"), ("GET", f"/{shared_bucket}"), ("PUT", f"/{shared_bucket}/k"), ("DELETE", f"/{shared_bucket}")):
        reply = wire.send(Request(method, path))
        assert reply.status in (403, 307), (method, path, reply.body)


def test_a_query_request_may_be_signed_in_its_query_string(cloud, wire):
    for service, call in CALLS.items():
        request = Request("GET", "/", "&".join(f"{k}={v}" for k, v in call.items()) + "&Version=" + {"ec2": "2016-11-15", "iam": "2010-05-08", "sts": "2011-06-15"}[service])
        assert wire.send(Signer(cloud.admin_keys, service).presign(request, wire.host)).status == 200, service


def test_a_presigned_url_expires(cloud, wire, s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="presigned", Body=b"for a minute")
    path = f"/{shared_bucket}/presigned"
    now = Signer(cloud.admin_keys, "s3").presign(Request("GET", path), wire.host, expires=60)
    reply = wire.send(now)
    assert (reply.status, reply.body) == (200, b"for a minute")
    old = Signer(cloud.admin_keys, "s3", skew_seconds=-120).presign(Request("GET", path), wire.host, expires=60)
    reply = wire.send(old)
    expect(reply, 403, "AccessDenied")
    assert reply.message == "Request has expired"
    # An hour-long one made 20 minutes ago still holds: skew does not limit it.
    long = Signer(cloud.admin_keys, "s3", skew_seconds=-20 * MINUTES).presign(Request("GET", path), wire.host, expires=3600)
    assert wire.send(long).status == 200
    for seconds in (604801, -1, "soon"):
        odd = Signer(cloud.admin_keys, "s3").presign(Request("GET", path), wire.host, expires=seconds)
        expect(wire.send(odd), 400, "AuthorizationQueryParametersError")


def test_a_presigned_url_holds_for_its_method_and_path_only(cloud, wire, s3, shared_bucket):
    s3.put_object(Bucket=shared_bucket, Key="one", Body=b"1")
    s3.put_object(Bucket=shared_bucket, Key="two", Body=b"2")
    request = Signer(cloud.admin_keys, "s3").presign(Request("GET", f"/{shared_bucket}/one"), wire.host)
    for change in ({"method": "PUT"}, {"method": "DELETE"}, {"path": f"/{shared_bucket}/two"}):
        altered = Request(**{**vars(request), **change})
        expect(wire.send(altered), 403, "SignatureDoesNotMatch")
    assert s3.get_object(Bucket=shared_bucket, Key="one")["Body"].read() == b"1"


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request",
        "AWS4-HMAC-SHA256 Credential=nonsense, SignedHeaders=host, Signature=00",
        "Bearer abc",
        "AWS4-HMAC-SHA256 " + "x" * 7000,
    ],
)
def test_a_malformed_authorization_header_is_refused_not_crashed_on(wire, authorization):
    stamp = Signer(("a", "b"), "s3").stamp
    request = Request("GET", "/", headers={"Authorization": authorization, "x-amz-date": stamp,
                                           "x-amz-content-sha256": hashlib.sha256(b"").hexdigest()})  # fmt: skip
    reply = wire.send(request)
    assert 400 <= reply.status < 500, (reply.status, reply.body)
    assert reply.code in ("AuthorizationHeaderMalformed", "InvalidArgument", "AccessDenied", "InvalidAccessKeyId", "InvalidRequest"), reply.body
