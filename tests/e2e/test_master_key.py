"""The master key in the environment instead of a file: how it gets there, how another takes its place, and who sees it."""

import base64
import os

import pytest

from harness.cloud import Cloud
from harness.people import Person, allow
from harness.sessions import session_client
from harness.waiting import wait_until


def fresh_key():
    """A master key."""
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(scope="module")
def own_cloud():
    """A cloud that may be stopped and started."""
    cloud = Cloud()
    try:
        yield cloud
    finally:
        cloud.remove()


def started_with(cloud, **variables):
    """Starts the cloud again with these variables."""
    cloud.stop()
    cloud.variables = variables
    return cloud.start()


def does_not_start(cloud, why, **variables):
    """With these variables identity says why it cannot start, and nothing is done."""
    cloud.stop()
    cloud.variables = variables
    seen = len(cloud.log.read_text(errors="replace"))
    cloud.launch()
    wait_until(lambda: why in cloud.log.read_text(errors="replace")[seen:], 60, what=lambda: f"{why}\n{cloud.log_tail()}")
    if cloud.single_process:  # it has ended by itself
        cloud.supervisor.wait(30)
        cloud.supervisor = None
    else:
        cloud.stop()


def test_the_master_key_moves_into_the_environment_and_is_rotated_there(own_cloud):
    cloud = own_cloud.start()
    file = cloud.data / "identity" / "master-key"
    of_file, first, second = file.read_text().strip(), fresh_key(), fresh_key()
    bob = Person(cloud).may(allow("s3:ListAllMyBuckets"))
    session = bob.client("sts").get_session_token()["Credentials"]
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    sealed = cloud.client("kms").encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]

    def everything_opens():
        assert bob.client("sts").get_caller_identity()["Arn"] == bob.arn
        assert session_client(cloud, "s3", session).list_buckets()
        assert cloud.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"

    # from the file into the environment
    started_with(cloud, MURUS_MASTER_KEY=first, MURUS_OLD_MASTER_KEY=of_file)
    assert "the master key was rotated" in cloud.log.read_text(errors="replace")
    everything_opens()
    file.unlink()
    started_with(cloud, MURUS_MASTER_KEY=first)
    everything_opens()
    assert not file.exists()
    # the command cannot change the environment, and says what to do
    refused_by = cloud.murus("admin", "rotate-master-key", check=False)
    assert refused_by.returncode != 0 and "MURUS_OLD_MASTER_KEY" in refused_by.stderr
    # another takes its place, and then is enough alone
    started_with(cloud, MURUS_MASTER_KEY=second, MURUS_OLD_MASTER_KEY=first)
    everything_opens()
    fresh = Person(cloud)
    started_with(cloud, MURUS_MASTER_KEY=second)
    everything_opens()
    assert fresh.client("sts").get_caller_identity()["Arn"] == fresh.arn
    # nothing opens with one that was let go, with another, or with nonsense
    for wrong in (first, fresh_key()):
        does_not_start(cloud, "MURUS_MASTER_KEY", MURUS_MASTER_KEY=wrong)
    does_not_start(cloud, "base64 of 32 bytes", MURUS_MASTER_KEY="short")
    started_with(cloud, MURUS_MASTER_KEY=second)
    everything_opens()
    told = cloud.log.read_text(errors="replace")
    assert not [one for one in (of_file, first, second) if one in told]


def test_no_other_process_is_given_the_master_key(own_cloud):
    if own_cloud.single_process:
        pytest.skip("there is one process")
    master = own_cloud.variables["MURUS_MASTER_KEY"].encode()
    holders = {}
    for service, pid in own_cloud.services().items():
        with open(f"/proc/{pid}/environ", "rb") as environment:
            holders[service] = master in environment.read()
    assert holders.pop("identity") and not any(holders.values()), holders
