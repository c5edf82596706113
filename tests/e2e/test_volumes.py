"""Volumes: their life, and disks that come to and go from running guests."""

import re

import pytest

from harness.compute import (
    instance,
    refused,
    volume_ids,
    wait_for_instance,
    wait_for_volume,
    wait_until_volume_gone,
)
from harness.waiting import wait_until

ZONE = "us-east-1a"


def test_a_volume_is_created_described_and_deleted(ec2):
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "mine"}]}]
    made = ec2.create_volume(AvailabilityZone=ZONE, Size=2, VolumeType="gp3", TagSpecifications=tags)
    volume = made["VolumeId"]
    assert re.fullmatch(r"vol-[0-9a-f]{17}", volume) and made["State"] == "creating" and made["Tags"] == tags[0]["Tags"]
    described = wait_for_volume(ec2, volume)
    assert (described["Size"], described["AvailabilityZone"], described["VolumeType"]) == (2, ZONE, "gp3")
    assert (described["SnapshotId"], described["Attachments"], described["Encrypted"]) == ("", [], False)
    ec2.delete_volume(VolumeId=volume)
    wait_until_volume_gone(ec2, volume)
    refused("InvalidVolume.NotFound", ec2.delete_volume, VolumeId=volume)


def test_an_empty_volume_takes_no_space_and_a_deleted_one_no_file(cloud, ec2):
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=500)["VolumeId"]
    wait_for_volume(ec2, volume)
    files = [path for path in cloud.data.rglob("*") if volume.replace("-", "") in path.name.replace("-", "")]
    assert files and sum(path.stat().st_blocks * 512 for path in files if path.is_file()) < 16 << 20
    ec2.delete_volume(VolumeId=volume)
    wait_until_volume_gone(ec2, volume)
    wait_until(lambda: not [path for path in files if path.exists()], 30, what="the deleted volume's file is gone")


@pytest.mark.parametrize(
    "parameters, codes, named",
    [
        ({"Size": 0}, ("InvalidParameterValue",), "0"),
        ({"Size": -1}, ("InvalidParameterValue",), "-1"),
        ({"Size": 16385, "VolumeType": "gp2"}, ("InvalidParameterValue",), "16385"),
        ({"Size": 1, "AvailabilityZone": "eu-west-1a"}, ("InvalidZone.NotFound",), "eu-west-1a"),
        ({"Size": 1, "VolumeType": "gp9"}, ("InvalidParameterValue", "UnknownVolumeType"), "gp9"),
        ({}, ("MissingParameter",), "ize"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, ("InvalidSnapshot.NotFound",), "snap-0123456789abcdef0"),
        ({"SnapshotId": "snap-zz"}, ("InvalidSnapshotID.Malformed", "InvalidParameterValue"), "snap-zz"),
        ({"Size": 1, "VolumeType": "io1"}, ("MissingParameter", "InvalidParameterCombination"), "ops"),
        ({"Size": 1, "VolumeType": "gp2", "Iops": 100}, ("InvalidParameterCombination", "InvalidParameterValue"), "ops"),
    ],
)
def test_a_wrong_parameter_is_named_and_makes_nothing(ec2, parameters, codes, named):
    before = volume_ids(ec2)
    error = refused(codes, ec2.create_volume, **{"AvailabilityZone": ZONE, **parameters})
    assert named in error["Message"], error
    assert volume_ids(ec2) <= before


def test_the_same_token_makes_one_volume(ec2):
    first = ec2.create_volume(AvailabilityZone=ZONE, Size=1, ClientToken="token-one")["VolumeId"]
    assert ec2.create_volume(AvailabilityZone=ZONE, Size=1, ClientToken="token-one")["VolumeId"] == first
    refused("IdempotentParameterMismatch", ec2.create_volume, AvailabilityZone=ZONE, Size=2, ClientToken="token-one")
    wait_for_volume(ec2, first)
    ec2.delete_volume(VolumeId=first)


def test_a_dry_run_tells_only_whether_one_may(ec2, person):
    before = volume_ids(ec2)
    assert refused("DryRunOperation", ec2.create_volume, AvailabilityZone=ZONE, Size=1, DryRun=True)["Status"] == 412
    bob = person()
    refused("UnauthorizedOperation", bob.client("ec2").create_volume, AvailabilityZone=ZONE, Size=1, DryRun=True)
    assert volume_ids(ec2) <= before


def test_a_disk_comes_and_goes_and_its_data_moves_to_another_guest(bench, guest):
    ec2, volume = bench.ec2, bench.volume()
    reply = ec2.attach_volume(VolumeId=volume, InstanceId=guest.id, Device="/dev/sdf")
    assert (reply["Device"], reply["InstanceId"], reply["State"]) == ("/dev/sdf", guest.id, "attaching")
    wait_until(lambda: guest.sees_disk(volume), 60, what="the guest sees the disk come")
    described = wait_for_volume(ec2, volume, "in-use")
    attachment = described["Attachments"][0]
    assert (attachment["Device"], attachment["InstanceId"], attachment["DeleteOnTermination"]) == ("/dev/sdf", guest.id, False)
    mapped = {m["DeviceName"]: m["Ebs"]["VolumeId"] for m in instance(ec2, guest.id)["BlockDeviceMappings"]}
    assert mapped["/dev/sdf"] == volume

    disk = guest.disk(volume)
    assert guest.run(f"sudo blockdev --getsize64 {disk} || cat /sys/class/block/$(basename $(readlink -f {disk}))/size") in (str(1 << 30), str(1 << 21))
    guest.run(f"sudo mkfs.ext4 -q {disk} && sudo mkdir -p /mnt && sudo mount {disk} /mnt && echo moved | sudo tee /mnt/word && sudo umount /mnt")
    refused("VolumeInUse", ec2.attach_volume, VolumeId=volume, InstanceId=guest.id, Device="/dev/sdg")
    refused("VolumeInUse", ec2.delete_volume, VolumeId=volume)

    assert ec2.detach_volume(VolumeId=volume)["State"] == "detaching"
    wait_for_volume(ec2, volume)
    wait_until(lambda: not guest.sees_disk(volume), 30, what="the guest sees the disk go")
    refused("IncorrectState", ec2.detach_volume, VolumeId=volume)

    other = bench.launch()
    bench.attach(volume, other, "/dev/sdh")
    assert other.run(f"sudo mkdir -p /mnt && sudo mount {other.disk(volume)} /mnt && cat /mnt/word && sudo umount /mnt") == "moved"
    bench.terminate(other.id)
    wait_for_volume(ec2, volume)
    ec2.delete_volume(VolumeId=volume)
    wait_until_volume_gone(ec2, volume)


def test_several_disks_are_attached_at_once(bench, guest):
    volumes = [bench.volume(wait=False) for _ in range(3)]
    for volume, letter in zip(volumes, "ijk"):
        wait_for_volume(bench.ec2, volume)
        bench.ec2.attach_volume(VolumeId=volume, InstanceId=guest.id, Device=f"/dev/sd{letter}")
    for volume in volumes:
        wait_until(lambda volume=volume: guest.sees_disk(volume), 60)
    error = refused(("InvalidParameterValue", "InvalidDevice.InUse"), bench.ec2.attach_volume, VolumeId=bench.volume(), InstanceId=guest.id, Device="/dev/sdi")
    assert "/dev/sdi" in error["Message"]
    for volume in volumes:
        bench.detach(volume, guest)


def test_what_cannot_be_attached_is_refused(bench, guest):
    ec2, volume = bench.ec2, bench.volume()
    refused("InvalidVolume.NotFound", ec2.attach_volume, VolumeId="vol-0123456789abcdef0", InstanceId=guest.id, Device="/dev/sdf")
    refused("InvalidInstanceID.NotFound", ec2.attach_volume, VolumeId=volume, InstanceId="i-0123456789abcdef0", Device="/dev/sdf")
    refused(("InvalidParameterValue", "InvalidVolume.Malformed", "InvalidVolumeID.Malformed"), ec2.attach_volume, VolumeId="vol-zz", InstanceId=guest.id, Device="/dev/sdf")
    for device in ("../../etc/passwd", "sdf'", "/dev/sdf<x/>", ""):
        refused(("InvalidParameterValue", "MissingParameter"), ec2.attach_volume, VolumeId=volume, InstanceId=guest.id, Device=device)
    refused(("IncorrectState", "InvalidAttachment.NotFound"), ec2.detach_volume, VolumeId=volume, InstanceId=guest.id)
    root = instance(ec2, guest.id)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    refused(("OperationNotPermitted", "IncorrectState"), ec2.detach_volume, VolumeId=root)
    assert wait_for_volume(ec2, volume)["Attachments"] == []


def test_a_volume_is_attached_to_a_stopped_instance_and_is_there_when_it_starts(bench):
    ec2, guest = bench.ec2, bench.launch()
    ec2.stop_instances(InstanceIds=[guest.id])
    wait_for_instance(ec2, guest.id, "stopped")
    volume = bench.volume()
    ec2.attach_volume(VolumeId=volume, InstanceId=guest.id, Device="/dev/sdf")
    wait_for_volume(ec2, volume, "in-use")
    ec2.start_instances(InstanceIds=[guest.id])
    guest = bench.guest(guest.id)
    assert guest.sees_disk(volume)
    bench.terminate(guest.id)


def test_delete_on_termination_is_honoured_both_ways(bench):
    ec2 = bench.ec2
    mappings = [
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": True}},
        {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": False}},
    ]
    instance_id = bench.run(BlockDeviceMappings=mappings)[0]
    described = wait_for_instance(ec2, instance_id, "running")
    by_device = {m["DeviceName"]: m["Ebs"]["VolumeId"] for m in described["BlockDeviceMappings"]}
    root = by_device[described["RootDeviceName"]]
    bench.volumes.append(by_device["/dev/sdg"])
    bench.terminate(instance_id)
    wait_until_volume_gone(ec2, root)
    wait_until_volume_gone(ec2, by_device["/dev/sdf"])
    wait_for_volume(ec2, by_device["/dev/sdg"])


def test_a_volume_of_a_guest_that_holds_it_open_stays_detaching_or_goes_but_never_lies(bench, guest):
    volume = bench.volume()
    bench.attach(volume, guest)
    disk = guest.disk(volume)
    guest.run(f"sudo mkfs.ext4 -q {disk} && sudo mkdir -p /held && sudo mount {disk} /held")
    bench.ec2.detach_volume(VolumeId=volume)
    wait_for_volume(bench.ec2, volume)
    assert not guest.sees_disk(volume), "available means that the guest is rid of it"
    guest.ssh("sudo umount -l /held")
