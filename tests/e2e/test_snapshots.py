"""Snapshots of attached and detached volumes, and volumes made of them."""

import re
import uuid

import pytest

from harness.compute import refused, wait_for_snapshot, wait_for_volume, wait_until_volume_gone
from harness.waiting import wait_until


def write(guest, volume, word):
    """Writes a word at the start of a disk, past every cache."""
    guest.run(f"printf %-512s {word} | sudo dd of={guest.disk(volume)} bs=512 count=1 conv=fsync 2>/dev/null; sync")


def read(guest, volume):
    """The word at the start of a disk."""
    return guest.run(f"sudo dd if={guest.disk(volume)} bs=512 count=1 2>/dev/null").strip()


@pytest.fixture(scope="module")
def written(bench, guest):
    """A volume attached to the guest with `first` written on it."""
    volume = bench.volume()
    bench.attach(volume, guest)
    write(guest, volume, "first")
    return volume


def test_a_snapshot_of_an_attached_volume_holds_what_was_written_before_it(bench, guest, written, account):
    ec2 = bench.ec2
    made = ec2.create_snapshot(VolumeId=written, Description="of an attached one",
                               TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "k", "Value": "v"}]}])  # fmt: skip
    snapshot = made["SnapshotId"]
    bench.snapshots.append(snapshot)
    assert re.fullmatch(r"snap-[0-9a-f]{17}", snapshot) and made["State"] in ("pending", "completed")
    write(guest, written, "second")
    described = wait_for_snapshot(ec2, snapshot)
    assert (described["VolumeId"], described["VolumeSize"], described["OwnerId"]) == (written, 1, account)
    assert (described["Progress"], described["Description"], described["Tags"]) == ("100%", "of an attached one", [{"Key": "k", "Value": "v"}])
    copy = bench.volume(size=None, SnapshotId=snapshot)
    assert ec2.describe_volumes(VolumeIds=[copy])["Volumes"][0]["SnapshotId"] == snapshot
    bench.attach(copy, guest, "/dev/sdg")
    assert (read(guest, copy), read(guest, written)) == ("first", "second")
    write(guest, copy, "third")
    assert read(guest, written) == "second"
    bench.detach(copy, guest)


def test_a_snapshot_of_a_detached_volume_survives_its_volume(bench, guest):
    ec2, volume = bench.ec2, bench.volume()
    bench.attach(volume, guest, "/dev/sdh")
    write(guest, volume, "lonely")
    bench.detach(volume, guest)
    snapshot = bench.snapshot(volume)
    ec2.delete_volume(VolumeId=volume)
    wait_until_volume_gone(ec2, volume)
    larger = bench.volume(size=2, SnapshotId=snapshot)
    bench.attach(larger, guest, "/dev/sdh")
    assert read(guest, larger) == "lonely"
    size = guest.run(f"cat /sys/class/block/$(basename $(readlink -f {guest.disk(larger)}))/size")
    assert int(size) == 2 << 21
    bench.detach(larger, guest)
    ec2.delete_snapshot(SnapshotId=snapshot)
    refused("InvalidSnapshot.NotFound", ec2.describe_snapshots, SnapshotIds=[snapshot])
    bench.attach(larger, guest, "/dev/sdh")
    assert read(guest, larger) == "lonely", "a volume does not need the snapshot it was made of"
    bench.detach(larger, guest)


def test_several_snapshots_in_a_row_keep_their_moments(bench, guest, written):
    snapshots = []
    for word in ("one", "two", "three"):
        write(guest, written, word)
        snapshots.append(bench.snapshot(written))
    write(guest, written, "now")
    bench.ec2.delete_snapshot(SnapshotId=snapshots[1])
    for word, snapshot in (("one", snapshots[0]), ("three", snapshots[2])):
        copy = bench.volume(size=None, SnapshotId=snapshot)
        bench.attach(copy, guest, "/dev/sdi")
        assert read(guest, copy) == word
        bench.detach(copy, guest)
    assert read(guest, written) == "now"


def test_a_snapshot_is_found_by_filter_and_owner(bench, written):
    mark = uuid.uuid4().hex
    snapshot = bench.snapshot(written, Description=mark)
    for asked in ({"Filters": [{"Name": "description", "Values": [mark[:10] + "*"]}]}, {"Filters": [{"Name": "volume-id", "Values": [written]}]}, {"OwnerIds": ["self"]}):
        assert snapshot in [one["SnapshotId"] for one in bench.ec2.describe_snapshots(**asked)["Snapshots"]], asked
    assert snapshot not in [one["SnapshotId"] for one in bench.ec2.describe_snapshots(Filters=[{"Name": "status", "Values": ["error"]}])["Snapshots"]]


def test_wrong_snapshots_are_refused(bench, written):
    ec2 = bench.ec2
    refused("InvalidVolume.NotFound", ec2.create_snapshot, VolumeId="vol-0123456789abcdef0")
    refused("InvalidSnapshot.NotFound", ec2.delete_snapshot, SnapshotId="snap-0123456789abcdef0")
    snapshot = bench.snapshot(written)
    error = refused("InvalidParameterValue", ec2.create_volume, AvailabilityZone="us-east-1a", SnapshotId=snapshot, Size=-5)
    assert "-5" in error["Message"] or "ize" in error["Message"]


def test_deleted_snapshots_and_volumes_leave_no_files(cloud, bench):
    before = cloud.resource_files()
    volume = bench.volume()
    snapshot = bench.snapshot(volume)
    copy = bench.volume(size=None, SnapshotId=snapshot)
    bench.ec2.delete_volume(VolumeId=volume)
    bench.ec2.delete_snapshot(SnapshotId=snapshot)
    wait_for_volume(bench.ec2, copy)
    bench.ec2.delete_volume(VolumeId=copy)
    wait_until(lambda: cloud.resource_files() == before, 60, what=lambda: f"{set(cloud.resource_files()) ^ set(before)}")
