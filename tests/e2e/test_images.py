"""Machine images: by the operator's command and the AWS way from an object in a bucket."""

import hashlib
import re
import uuid

import pytest

from harness import host
from harness.compute import refused
from harness.waiting import wait_until


def test_an_imported_image_is_described_as_aws_does(ec2, image, account):
    one = ec2.describe_images(ImageIds=[image])["Images"][0]
    assert re.fullmatch(r"ami-[0-9a-f]{17}", image)
    assert (one["Name"], one["State"], one["OwnerId"], one["Public"]) == ("tiny", "available", account, False)
    assert (one["Architecture"], one["VirtualizationType"], one["ImageType"]) == ("x86_64", "hvm", "machine")
    assert one["RootDeviceType"] == "ebs" and one["CreationDate"].endswith("Z")
    root = [m for m in one["BlockDeviceMappings"] if m["DeviceName"] == one["RootDeviceName"]][0]["Ebs"]
    assert re.fullmatch(r"snap-[0-9a-f]{17}", root["SnapshotId"]) and root["VolumeSize"] >= 1
    assert ec2.describe_snapshots(SnapshotIds=[root["SnapshotId"]])["Snapshots"][0]["State"] == "completed"


def test_images_are_found_by_owner_and_filter(ec2, image, account):
    for asked in (
        {"Owners": ["self"]},
        {"Owners": [account]},
        {"Filters": [{"Name": "name", "Values": ["tin*"]}]},
        {"Filters": [{"Name": "state", "Values": ["available"]}, {"Name": "architecture", "Values": ["x86_64"]}]},
    ):
        assert image in [one["ImageId"] for one in ec2.describe_images(**asked)["Images"]], asked
    for asked in ({"Owners": ["amazon"]}, {"Filters": [{"Name": "name", "Values": ["huge*"]}]}, {"Filters": [{"Name": "architecture", "Values": ["arm64"]}]}):
        assert image not in [one["ImageId"] for one in ec2.describe_images(**asked)["Images"]], asked


def test_an_object_becomes_an_image_by_import_snapshot_and_boots(bench, s3, bucket):
    ec2 = bench.ec2
    s3.upload_file(str(host.TINY), bucket, "tiny.qcow2")
    task = ec2.import_snapshot(
        Description="from a bucket",
        DiskContainer={"Format": "QCOW2", "Description": "tiny", "UserBucket": {"S3Bucket": bucket, "S3Key": "tiny.qcow2"}},
    )
    assert re.fullmatch(r"import-snap-[0-9a-f]{17}", task["ImportTaskId"])

    def completed():
        one = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task["ImportTaskId"]])["ImportSnapshotTasks"][0]
        detail = one["SnapshotTaskDetail"]
        assert detail["Status"] not in ("deleting", "deleted", "error"), detail
        return detail if detail["Status"] == "completed" else None

    snapshot = wait_until(completed, 120, what="the import is completed")["SnapshotId"]
    bench.snapshots.append(snapshot)
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot, "DeleteOnTermination": True}}
    made = ec2.register_image(
        Name=f"imported-{uuid.uuid4().hex[:8]}", RootDeviceName="/dev/sda1", BlockDeviceMappings=[mapping],
        Architecture="x86_64", VirtualizationType="hvm",
    )["ImageId"]  # fmt: skip
    wait_until(lambda: ec2.describe_images(ImageIds=[made])["Images"][0]["State"] == "available", 60)
    guest = bench.launch(ImageId=made)
    assert guest.run("whoami") == "ec2-user"
    refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=snapshot)
    ec2.deregister_image(ImageId=made)
    refused(("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"), ec2.run_instances, ImageId=made, InstanceType="t2.nano", MinCount=1, MaxCount=1)
    assert guest.run("whoami") == "ec2-user", "a running guest does not need its image"
    bench.terminate(guest.id)
    ec2.delete_snapshot(SnapshotId=snapshot)
    bench.snapshots.remove(snapshot)


def test_a_raw_disk_is_imported_whole(bench, s3, bucket):
    content = b"".join(hashlib.sha256(bytes([index])).digest() * 2048 for index in range(64))
    s3.put_object(Bucket=bucket, Key="disk.raw", Body=content)
    container = {"Format": "RAW", "UserBucket": {"S3Bucket": bucket, "S3Key": "disk.raw"}}
    task = bench.ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]

    def completed():
        detail = bench.ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
        return detail if detail["Status"] == "completed" else None

    snapshot = wait_until(completed, 60)["SnapshotId"]
    bench.snapshots.append(snapshot)
    assert bench.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["VolumeSize"] == 1
    guest = bench.launch()
    volume = bench.volume(size=None, SnapshotId=snapshot)
    bench.attach(volume, guest)
    read = guest.run(f"sudo head -c {len(content)} {guest.disk(volume)} | sha256sum", timeout=120).split()[0]
    assert read == hashlib.sha256(content).hexdigest()
    bench.detach(volume, guest)


@pytest.mark.parametrize("kind, content", [("QCOW2", b"this is no disk image"), ("QCOW2", b"QFI\xfb" + b"\0" * 600), ("RAW", b"")])
def test_what_is_no_disk_fails_and_leaves_no_snapshot(ec2, s3, bucket, kind, content):
    s3.put_object(Bucket=bucket, Key="broken", Body=content)
    before = {one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    container = {"Format": kind, "UserBucket": {"S3Bucket": bucket, "S3Key": "broken"}}
    task = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]

    def ended():
        detail = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
        assert detail["Status"] != "completed", detail
        return detail if detail["Status"] in ("deleted", "deleting", "error") else None

    assert wait_until(ended, 60, what="the import fails")["StatusMessage"]
    assert {one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]} == before


def test_a_qcow2_that_points_at_a_file_of_the_host_is_not_followed(ec2, s3, bucket, tmp_path, cloud):
    secret = tmp_path / "secret.raw"
    secret.write_bytes(b"host secret" + b"\0" * (1 << 20))
    host.output("qemu-img", "create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", tmp_path / "evil.qcow2")
    s3.upload_file(str(tmp_path / "evil.qcow2"), bucket, "evil")
    container = {"Format": "QCOW2", "UserBucket": {"S3Bucket": bucket, "S3Key": "evil"}}
    task = ec2.import_snapshot(DiskContainer=container)["ImportTaskId"]

    def ended():
        detail = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
        assert detail["Status"] != "completed", "an image with a backing file was imported"
        return detail["Status"] in ("deleted", "deleting", "error")

    wait_until(ended, 60, what="the import fails")


def test_importing_what_one_may_not_read_is_refused(person, ec2, s3, bucket):
    from harness.people import allow

    s3.put_object(Bucket=bucket, Key="disk", Body=b"\0" * 1024)
    bob = person().may(allow("ec2:*"))
    container = {"Format": "RAW", "UserBucket": {"S3Bucket": bucket, "S3Key": "disk"}}
    before = {one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    try:
        task = bob.client("ec2").import_snapshot(DiskContainer=container)["ImportTaskId"]
    except bob.client("ec2").exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("UnauthorizedOperation", "AccessDenied", "InvalidParameter", "AuthFailure"), error
    else:
        def failed():
            detail = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])["ImportSnapshotTasks"][0]["SnapshotTaskDetail"]
            assert detail["Status"] != "completed", "a disk was read that its user may not read"
            return detail["Status"] in ("deleted", "deleting", "error")

        wait_until(failed, 60, what="the import fails")
    assert {one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]} == before


def test_unknown_and_malformed_ids_are_told_apart(ec2):
    refused("InvalidAMIID.NotFound", ec2.describe_images, ImageIds=["ami-0123456789abcdef0"])
    refused("InvalidAMIID.Malformed", ec2.describe_images, ImageIds=["ami-xyz"])
    refused("InvalidAMIID.NotFound", ec2.deregister_image, ImageId="ami-0123456789abcdef0")
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-0123456789abcdef0"}}
    refused("InvalidSnapshot.NotFound", ec2.register_image, Name="never", RootDeviceName="/dev/sda1", BlockDeviceMappings=[mapping])


def test_the_operators_command_refuses_what_is_no_image(cloud, ec2, tmp_path):
    before = len(ec2.describe_images(Owners=["self"])["Images"])
    broken = tmp_path / "broken.qcow2"
    broken.write_bytes(b"no image")
    for path in (broken, tmp_path / "missing.qcow2"):
        done = cloud.murus("admin", "image", "import", path, "--name", "broken", check=False)
        assert done.returncode != 0 and path.name in done.stderr, done
    assert len(ec2.describe_images(Owners=["self"])["Images"]) == before
