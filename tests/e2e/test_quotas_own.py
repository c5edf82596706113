"""Quotas on what somebody made: each user, role and root has its own, whatever the others in the account have."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from harness.accounts import Account
from harness.compute import refused, volume_ids, wait_for_instance, wait_for_volume, wait_until_volume_gone
from harness.people import Person, allow, document, quota
from harness.sessions import Role, session_client, trusting
from harness.waiting import wait_until

ZONE = "us-east-1a"


def made_or_code(call, member, **parameters):
    """What a call made, by the member of the reply that names it, or the code of the refusal."""
    try:
        return call(**parameters)[member]
    except ClientError as error:
        return error.response["Error"]["Code"]


def delete_volumes(ec2, volumes):
    """Deletes volumes, and waits until they are gone."""
    for volume in volumes:
        wait_for_volume(ec2, volume)
        ec2.delete_volume(VolumeId=volume)
    for volume in volumes:
        wait_until_volume_gone(ec2, volume)


@pytest.fixture
def buckets(s3):
    """Names for buckets, which are deleted at the end."""
    names = []

    def name():
        names.append(f"bucket-{uuid.uuid4().hex[:12]}")
        return names[-1]

    yield name
    there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for one in there.intersection(names):
        s3.delete_bucket(Bucket=one)


@pytest.fixture
def elsewhere(cloud):
    """An account of the test's own."""
    account = Account(cloud)
    yield account
    account.remove()


def test_each_user_has_volumes_of_its_own_in_a_race_and_after_all_was_killed(cloud, ec2, person):
    own = [allow("ec2:*"), quota("ec2:CreateVolume", "own-volumes", 2), quota("ec2:CreateVolume", "own-volume-gib", 3)]
    people = [person().may(*own).client("ec2") for _ in range(2)]
    of_admin = ec2.create_volume(AvailabilityZone=ZONE, Size=4)["VolumeId"]
    with ThreadPoolExecutor(8) as pool:

        def race(who):
            return [pool.submit(made_or_code, who.create_volume, "VolumeId", AvailabilityZone=ZONE, Size=1) for _ in range(4)]

        outcomes = [[one.result() for one in asked] for asked in [race(who) for who in people]]
    volumes = [[one for one in outcome if one.startswith("vol-")] for outcome in outcomes]
    assert [len(own) for own in volumes] == [2, 2], outcomes
    assert all(outcome.count("VolumeLimitExceeded") == 2 for outcome in outcomes), outcomes
    cloud.kill_all()
    cloud.start()
    alice, bob = people
    for who in people:
        refused("VolumeLimitExceeded", who.create_volume, AvailabilityZone=ZONE, Size=1)
    delete_volumes(ec2, volumes[0])
    refused("VolumeLimitExceeded", bob.create_volume, AvailabilityZone=ZONE, Size=1)
    refused("VolumeLimitExceeded", alice.create_volume, AvailabilityZone=ZONE, Size=4)
    again = alice.create_volume(AvailabilityZone=ZONE, Size=3)["VolumeId"]
    refused("VolumeLimitExceeded", alice.create_volume, AvailabilityZone=ZONE, Size=1)
    delete_volumes(ec2, [again, of_admin, *volumes[1]])


def test_a_launch_gives_as_many_as_are_ones_own_and_its_disks_are_the_launchers(ec2, image, person):
    own = [allow("ec2:*"), quota("ec2:RunInstances", "own-instances", 2), quota("ec2:CreateVolume", "own-volumes", 3)]
    alice, bob = (person().may(*own).client("ec2") for _ in range(2))
    before = volume_ids(ec2)

    def launch(who, least, most):
        launched = who.run_instances(ImageId=image, InstanceType="t2.nano", MinCount=least, MaxCount=most)
        return [one["InstanceId"] for one in launched["Instances"]]

    refused("InstanceLimitExceeded", launch, alice, 3, 3)
    instances = launch(alice, 1, 5)
    try:
        assert len(instances) == 2
        refused("InstanceLimitExceeded", launch, alice, 1, 1)
        instances += launch(bob, 1, 1)
        extra = [alice.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]]
        refused("VolumeLimitExceeded", alice.create_volume, AvailabilityZone=ZONE, Size=1)
        extra += [bob.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"] for _ in range(2)]
        refused("VolumeLimitExceeded", bob.create_volume, AvailabilityZone=ZONE, Size=1)
        ec2.terminate_instances(InstanceIds=instances[:1])
        wait_for_instance(ec2, instances[0], "terminated")
        instances += launch(alice, 1, 1)
        refused("InstanceLimitExceeded", launch, alice, 1, 1)
    finally:
        ec2.terminate_instances(InstanceIds=instances)
        for one in instances:
            wait_for_instance(ec2, one, "terminated")
    delete_volumes(ec2, extra)
    wait_until(lambda: volume_ids(ec2) <= before, 60, what="the disks went with their instances")


def test_each_user_has_snapshots_and_addresses_of_its_own(ec2, person):
    own = [allow("ec2:*"), quota("ec2:CreateSnapshot", "own-snapshots", 1), quota("ec2:AllocateAddress", "own-addresses", 1)]
    alice, bob = (person().may(*own).client("ec2") for _ in range(2))
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    wait_for_volume(ec2, volume)
    snapshots = [who.create_snapshot(VolumeId=volume)["SnapshotId"] for who in (ec2, alice, bob)]
    addresses = [who.allocate_address()["AllocationId"] for who in (ec2, alice, bob)]
    for who in (alice, bob):
        refused("SnapshotLimitExceeded", who.create_snapshot, VolumeId=volume)
        refused("AddressLimitExceeded", who.allocate_address)
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=snapshots, WaiterConfig={"Delay": 1})
    ec2.delete_snapshot(SnapshotId=snapshots[1])
    ec2.release_address(AllocationId=addresses[1])
    snapshots[1], addresses[1] = alice.create_snapshot(VolumeId=volume)["SnapshotId"], alice.allocate_address()["AllocationId"]
    refused("SnapshotLimitExceeded", alice.create_snapshot, VolumeId=volume)
    refused("AddressLimitExceeded", alice.allocate_address)
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=snapshots, WaiterConfig={"Delay": 1})
    for snapshot, address in zip(snapshots, addresses):
        ec2.delete_snapshot(SnapshotId=snapshot)
        ec2.release_address(AllocationId=address)
    delete_volumes(ec2, [volume])


def test_sessions_of_a_role_have_their_own_together_and_so_have_those_a_user_vouches_for(cloud, iam, s3, person, buckets):
    own = [allow("s3:*", "sts:*"), quota("s3:CreateBucket", "own-buckets", 2)]
    alice, bob = person().may(*own), person().may(*own)
    sts = alice.client("sts")
    role = Role(iam, trusting({"AWS": alice.arn}), *own)
    try:
        one, two = (session_client(cloud, "s3", role.assume(sts, name)) for name in ("one", "two"))
        deleted = buckets()
        one.create_bucket(Bucket=deleted)
        two.create_bucket(Bucket=buckets())
        for session in (one, two):
            refused("TooManyBuckets", session.create_bucket, Bucket=buckets())
        s3.delete_bucket(Bucket=deleted)
        two.create_bucket(Bucket=buckets())
        refused("TooManyBuckets", one.create_bucket, Bucket=buckets())
    finally:
        role.remove()

    def vouched(name):
        token = sts.get_federation_token(Name=name, Policy=document(allow("s3:*")))
        return session_client(cloud, "s3", token["Credentials"])

    s3_of_alice = alice.client("s3")
    s3_of_alice.create_bucket(Bucket=buckets())
    vouched("somebody").create_bucket(Bucket=buckets())
    session = session_client(cloud, "s3", sts.get_session_token()["Credentials"])
    for who in (s3_of_alice, session, vouched("somebody"), vouched("somebody-else")):
        refused("TooManyBuckets", who.create_bucket, Bucket=buckets())
    bob.client("s3").create_bucket(Bucket=buckets())


def test_a_document_of_the_account_is_for_each_in_it_its_root_too(cloud, elsewhere, tmp_path):
    file = tmp_path / "quotas.json"
    file.write_text(document(quota("ec2:AllocateAddress", "own-addresses", 1), quota("iam:CreateGroup", "own-groups", 1)))
    cloud.murus("admin", "quota", "set", elsewhere.id, file)
    alice = elsewhere.person().may(allow("*"))
    root, addresses = elsewhere.client("ec2"), []

    def limited():
        outcome = made_or_code(root.allocate_address, "AllocationId")
        addresses.extend([outcome] if outcome.startswith("eipalloc-") else [])
        return outcome == "AddressLimitExceeded"

    # whoever had no quota hears of it within five seconds
    wait_until(limited, 30, what="the account's quota holds for its root")
    addresses.append(alice.client("ec2").allocate_address()["AllocationId"])
    refused("AddressLimitExceeded", alice.client("ec2").allocate_address)
    refused("AddressLimitExceeded", root.allocate_address)
    for name, who in (("of-root", elsewhere), ("of-alice", alice)):
        who.client("iam").create_group(GroupName=name)
        refused("LimitExceeded", who.client("iam").create_group, GroupName="one-more")
    for address in addresses:
        root.release_address(AllocationId=address)
    for name in ("of-root", "of-alice"):
        alice.client("iam").delete_group(GroupName=name)
    alice.remove()


def test_a_user_made_anew_has_none_of_what_its_namesake_made(cloud, person, buckets):
    own = [allow("s3:*"), quota("s3:CreateBucket", "own-buckets", 1)]
    first = Person(cloud).may(*own)
    first.client("s3").create_bucket(Bucket=buckets())
    refused("TooManyBuckets", first.client("s3").create_bucket, Bucket=buckets())
    first.remove()
    second = person(first.name).may(*own)
    second.client("s3").create_bucket(Bucket=buckets())
    refused("TooManyBuckets", second.client("s3").create_bucket, Bucket=buckets())


def test_what_a_bucket_holds_is_nobodys_own(person):
    refusal = refused("MalformedPolicyDocument", person().may, quota("s3:PutObject", "own-bucket-bytes", 1))
    assert "murus:quota-own-bucket-bytes" in refusal["Message"], refusal
