"""Whoever writes, delivers or takes the audit trail is killed in the middle of it: what stood in a file arrives, whole and once."""

import gzip
import json
import pathlib

import pytest

from harness.cloud import SINGLE_PROCESS, Cloud
from harness.waiting import wait_until

BUCKET = "our-trail"
CONFIGURATION = f'\n[audit]\nrotate_s = 10\nsync_ms = 0\nbucket = "{BUCKET}"\n'
ROUNDS = 3


@pytest.fixture
def own_cloud():
    """A cloud that closes the files of its trail often and delivers them."""
    cloud = Cloud(more=CONFIGURATION)
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.remove()


def on_disk(cloud):
    """Ids of the whole records in files of the trail, with those of their requests; a line that is being written is none yet."""
    found = {}
    for folder in ("*/audit/*.jsonl", "*/audit/delivered/*.jsonl"):
        for file in pathlib.Path(cloud.data).glob(folder):
            try:
                lines = file.read_text().splitlines()
            except FileNotFoundError:
                continue  # delivered between the two
            for line in lines:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if record.get("recipientAccountId"):
                    found[record["eventID"]] = record["requestID"]
    return found


def delivered(cloud):
    """Ids of the records in the bucket, as often as they are there."""
    s3, ids = cloud.client("s3"), []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for listed in page.get("Contents", []):
            body = s3.get_object(Bucket=BUCKET, Key=listed["Key"])["Body"].read()
            # one that was torn would be no gzip, or no JSON
            ids += [record["eventID"] for record in json.loads(gzip.decompress(body))["Records"]]
    return ids


@pytest.mark.skipif(SINGLE_PROCESS, reason="one process is killed and started again as a whole by test_restart.py")
def test_no_record_is_lost_torn_or_doubled_when_processes_are_killed_while_files_are_delivered(own_cloud):
    cloud, s3 = own_cloud, own_cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    into = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}
    policy = {"Version": "2012-10-17", "Statement": [into | {"Resource": f"arn:aws:s3:::{BUCKET}/AWSLogs/*"}]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    written = {}
    for number in range(ROUNDS):
        for _ in range(20):
            reply = cloud.client("iam").list_users()
            s3.list_buckets()
        asked = reply["ResponseMetadata"]["RequestId"]
        wait_until(lambda: asked in on_disk(cloud).values(), 60, every=0.05, what="the last request's record is in a file")
        written |= on_disk(cloud)
        closed = lambda: [*pathlib.Path(cloud.data).glob("*/audit/audit-*.jsonl")]  # noqa: E731
        wait_until(closed, 60, every=0.02, what="a file is closed and waits for its delivery")
        # who takes the files, and who brings them
        cloud.kill("object" if number % 2 else "identity")
        cloud.wait_until_it_answers()
    assert len(written) >= ROUNDS * 20
    wait_until(
        lambda: written.keys() <= set(delivered(cloud)), 90, every=1, what="all that stood in files is delivered"
    )
    arrived = delivered(cloud)
    assert len(arrived) == len(set(arrived)), "a record is in two objects"
