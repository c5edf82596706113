"""The audit trail: every request leaves one record in CloudTrail's format, without secrets, saying why."""

import concurrent.futures
import json
import pathlib
import socket
import uuid

import pytest
from botocore.exceptions import ClientError

from harness.people import allow, deny
from harness.waiting import wait_until
from harness.wire import Request, Signer, Wire, query_request


def records(cloud):
    """All records of all processes, oldest first within a file."""
    found = []
    for file in sorted(pathlib.Path(cloud.data).glob("*/audit/*.jsonl")):
        found += [json.loads(line) for line in file.read_text().splitlines()]
    return found


def record_of(cloud, **fields):
    """The one record with these fields, once it is written."""
    matching = lambda: [one for one in records(cloud) if all(one.get(name) == value for name, value in fields.items())]
    wait_until(lambda: matching(), 10, what=f"a record of {fields}")
    assert len(matching()) == 1, "each request is recorded once"
    return matching()[0]


def test_a_request_is_recorded_with_who_what_and_why(cloud, person, account):
    who = person().may(allow("ec2:AllocateAddress"))
    made = who.client("ec2").allocate_address()
    try:
        record = record_of(cloud, requestID=made["ResponseMetadata"]["RequestId"])
    finally:
        cloud.client("ec2").release_address(AllocationId=made["AllocationId"])
    assert record["eventSource"] == "ec2.amazonaws.com" and record["eventName"] == "AllocateAddress"
    assert record["userIdentity"] == {
        "type": "IAMUser", "accountId": account, "userName": who.name, "arn": who.arn,
        "principalId": record["userIdentity"]["principalId"], "accessKeyId": who.keys[0],
    }  # fmt: skip
    assert record["sourceIPAddress"] == "127.0.0.1" and record["userAgent"].startswith("Boto3/")
    assert record["awsRegion"] == "us-east-1" and record["recipientAccountId"] == account
    assert record["readOnly"] is False and record["responseElements"] is None
    why = record["additionalEventData"]["authorization"]
    assert why["effect"] == "Allow" and why["policy"] == f"inline:user/{who.name}/inline" and why["statement"] == 0
    assert {"ARN": f"arn:aws:ec2:us-east-1:{account}:elastic-ip/*", "accountId": account} in record["resources"]


def test_a_refusal_is_recorded_with_the_statement_that_denied(cloud, person, bucket):
    who = person().may(allow("s3:*"), deny("s3:GetObject"))
    with pytest.raises(ClientError) as refused:
        who.client("s3").get_object(Bucket=bucket, Key="secret-plans")
    record = record_of(cloud, requestID=refused.value.response["ResponseMetadata"]["RequestId"])
    assert record["errorCode"] == "AccessDenied" and record["eventCategory"] == "Data" and record["readOnly"] is True
    assert record["requestParameters"] == {"bucketName": bucket, "key": "secret-plans"}
    why = record["additionalEventData"]["authorization"]
    assert (why["effect"], why["statement"]) == ("ExplicitDeny", 1)


def test_a_wrong_signature_is_recorded_as_nobodys(cloud, person):
    who = person()
    liar = cloud.client("sts", keys=(who.keys[0], "not the secret"))
    with pytest.raises(ClientError) as refused:
        liar.get_caller_identity()
    record = record_of(cloud, requestID=refused.value.response["ResponseMetadata"]["RequestId"])
    assert record["userIdentity"] == {"type": "Unknown"} and record["errorCode"] == "SignatureDoesNotMatch"


def test_no_secret_is_ever_written(cloud, person):
    who = person().may(allow("*"))
    secret = f"s3cr3t-{uuid.uuid4().hex}"
    # Refused or not, what it was given is recorded.
    ec2 = who.client("ec2")
    with pytest.raises(ClientError) as refused:
        ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, UserData=secret)
    record = record_of(cloud, requestID=refused.value.response["ResponseMetadata"]["RequestId"])
    assert record["requestParameters"]["userData"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert record["requestParameters"]["imageId"] == "ami-0123456789abcdef0"
    everything = "".join(json.dumps(one) for one in records(cloud))
    assert secret not in everything and who.keys[1] not in everything


def test_many_wrong_signatures_are_refused_and_lock_nobody_else_out(cloud, person):
    guessed, other = person(), person()
    liar = cloud.client("iam", keys=(guessed.keys[0], "not the secret"), retries={"max_attempts": 0})
    codes = set()
    for _ in range(80):
        with pytest.raises(ClientError) as refused:
            liar.get_user()
        codes.add(refused.value.response["Error"]["Code"])
    assert codes == {"SignatureDoesNotMatch", "Throttling"}
    assert other.client("sts").get_caller_identity()["Arn"] == other.arn


def test_who_sends_no_more_is_still_answered(cloud, bucket):
    wire, signer = Wire(cloud), Signer(cloud.admin_keys, "s3")
    cloud.client("s3").put_object(Bucket=bucket, Key="key", Body=b"content")
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=60) as connection:
        request = signer.sign(Request("GET", f"/{bucket}/key"), wire.host)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        connection.sendall(f"GET {request.target} HTTP/1.1\r\n{head}\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\ncontent")


def recorded(cloud, action, name, **parameters):
    """What an action was given by this name, once for each record of it whose parameters are these."""
    of_action = [one["requestParameters"] for one in records(cloud) if one["eventName"] == action and one["requestParameters"]]
    return [given[name] for given in of_action if all(given.get(key) == value for key, value in parameters.items())]


def all_leave(wire, requests, abruptly):
    """Sends requests from sixteen clients that go without their answers."""
    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda request: wire.leave(request, abruptly), requests))


ABRUPTLY = pytest.mark.parametrize("abruptly", [False, True], ids=["ends", "resets"])


@ABRUPTLY
def test_what_was_deleted_is_recorded_also_when_the_client_goes_away(cloud, bucket, abruptly):
    s3, wire, signer = cloud.client("s3"), Wire(cloud), Signer(cloud.admin_keys, "s3")
    keys = [f"key-{number}" for number in range(48)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    all_leave(wire, [signer.sign(Request("DELETE", f"/{bucket}/{key}"), wire.host) for key in keys], abruptly)
    there = lambda: {found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    if not abruptly:
        wait_until(lambda: not there(), 30, what="all objects are deleted")
    # a request that a reset overtakes may never have been read
    gone = wait_until(lambda: set(keys) - there(), 30, what="an object is deleted")
    told = lambda: recorded(cloud, "DeleteObject", "key", bucketName=bucket)
    wait_until(lambda: gone <= set(told()), 10, what=lambda: f"{gone - set(told())} in the trail")
    names = told()
    assert len(names) == len(set(names)), "each request is recorded once"


@ABRUPTLY
def test_who_was_made_is_recorded_also_when_the_client_goes_away(cloud, abruptly):
    iam, wire, signer = cloud.client("iam"), Wire(cloud), Signer(cloud.admin_keys, "iam")
    path = f"/{uuid.uuid4().hex}/"
    asked = [{"Action": "CreateUser", "Version": "2010-05-08", "Path": path, "UserName": f"u{uuid.uuid4().hex}"} for _ in range(32)]
    there = lambda: {user["UserName"] for user in iam.list_users(PathPrefix=path)["Users"]}
    try:
        all_leave(wire, [signer.sign(query_request("iam", one), wire.host) for one in asked], abruptly)
        if not abruptly:
            wait_until(lambda: len(there()) == len(asked), 30, what="all users are made")
        made = wait_until(there, 30, what="a user is made")
        told = lambda: recorded(cloud, "CreateUser", "userName", path=path)
        wait_until(lambda: made <= set(told()), 10, what=lambda: f"{made - set(told())} in the trail")
        names = told()
        assert len(names) == len(set(names)), "each request is recorded once"
    finally:
        for name in there():
            iam.delete_user(UserName=name)
