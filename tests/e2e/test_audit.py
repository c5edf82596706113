"""The audit trail: every request leaves one record in CloudTrail's format, without secrets, saying why."""

import json
import pathlib
import uuid

import pytest
from botocore.exceptions import ClientError

from harness.people import allow, deny
from harness.waiting import wait_until


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
