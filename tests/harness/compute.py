"""Instances and what hangs on them, made for one test file and removed with proof that they are gone."""

import pathlib
import uuid

import botocore.exceptions

from harness.guest import Guest
from harness.waiting import wait_until


def refused(code, call, *arguments, **parameters):
    """Asserts that a call is refused with exactly this code (or one of a tuple), and returns the error document."""
    codes = (code,) if isinstance(code, str) else tuple(code)
    try:
        reply = call(*arguments, **parameters)
    except botocore.exceptions.ClientError as error:
        got = error.response["Error"]
        assert got["Code"] in codes, f"expected {codes}, got {got}"
        return error.response["Error"] | {"Status": error.response["ResponseMetadata"]["HTTPStatusCode"]}
    raise AssertionError(f"expected {codes}, but it succeeded: {reply}")


def instance(ec2, instance_id):
    """The description of one instance."""
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def instance_state(ec2, instance_id):
    """The state's name."""
    return instance(ec2, instance_id)["State"]["Name"]


def wait_for_instance(ec2, instance_id, state, deadline=90):
    """Waits until an instance is in a state; fails at once on a state from which that one is not reached."""

    def there():
        now = instance_state(ec2, instance_id)
        assert now not in ("terminated", "shutting-down") or state == "terminated", f"{instance_id} is {now}"
        return now == state

    wait_until(there, deadline, what=f"{instance_id} is {state}")
    return instance(ec2, instance_id)


def wait_for_volume(ec2, volume_id, state="available", deadline=60):
    """Waits until a volume is in a state, and returns its description."""

    def there():
        volume = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]
        return volume if volume["State"] == state else None

    return wait_until(there, deadline, what=f"{volume_id} is {state}")


def volume_ids(ec2):
    """The ids of all volumes. One that another test deleted may still be among them, and soon not."""
    return {volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"]}


def wait_until_volume_gone(ec2, volume_id, deadline=60):
    """Waits until a volume is not known any more."""

    def gone():
        try:
            return not ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidVolume.NotFound", error
            return True

    wait_until(gone, deadline, what=f"{volume_id} is gone")


def wait_for_attachment(ec2, volume_id, state, deadline=60):
    """Waits until a volume's attachment is in a state; `detached` is met when there is none."""

    def there():
        attachments = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]["Attachments"]
        return (attachments[0]["State"] if attachments else "detached") == state

    wait_until(there, deadline, what=f"the attachment of {volume_id} is {state}")


def wait_for_snapshot(ec2, snapshot_id, deadline=90):
    """Waits until a snapshot is completed."""

    def there():
        snapshot = ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]
        assert snapshot["State"] != "error", snapshot
        return snapshot if snapshot["State"] == "completed" else None

    return wait_until(there, deadline, what=f"{snapshot_id} is completed")


def open_tcp(port=22, cidr="0.0.0.0/0"):
    """One ingress permission."""
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}]


def sweep(ec2, key_name, group_name):
    """Removes what a story that failed half-way has left, so that the next one can be told from its beginning."""
    filters = [{"Name": "key-name", "Values": [key_name]}, {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    left = [one["InstanceId"] for reservation in ec2.describe_instances(Filters=filters)["Reservations"] for one in reservation["Instances"]]
    if left:
        ec2.terminate_instances(InstanceIds=left)
    for instance_id in left:
        wait_for_instance(ec2, instance_id, "terminated")
    for group in ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [group_name]}])["SecurityGroups"]:
        ec2.delete_security_group(GroupId=group["GroupId"])
    ec2.delete_key_pair(KeyName=key_name)


class Bench:
    """A work bench for one test file: a key pair, an open group, and guests; `clear` removes them all."""

    def __init__(self, cloud, image, directory):
        self.cloud, self.image = cloud, image
        self.ec2 = cloud.client("ec2")
        self.directory = pathlib.Path(directory)
        self.instances, self.volumes, self.snapshots, self.addresses = [], [], [], []
        self.mark = uuid.uuid4().hex[:10]
        self.key_name = f"key-{self.mark}"
        self.key = self.save_key(self.ec2.create_key_pair(KeyName=self.key_name, KeyType="ed25519"))
        self.group = self.ec2.create_security_group(GroupName=f"open-{self.mark}", Description="ssh from anywhere")["GroupId"]
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=open_tcp())

    def save_key(self, created):
        """Writes a created key pair's private key where ssh takes it from."""
        path = self.directory / f"{created['KeyName']}.pem"
        path.touch(0o600)
        path.write_text(created["KeyMaterial"])
        return path

    def run(self, **parameters):
        """RunInstances with this bench's key and group unless told otherwise; returns the instances' ids."""
        request = {
            "ImageId": self.image,
            "InstanceType": "t2.nano",
            "KeyName": self.key_name,
            "SecurityGroupIds": [self.group],
            "MinCount": 1,
            "MaxCount": 1,
            **parameters,
        }
        request = {name: value for name, value in request.items() if value is not None}
        ids = [one["InstanceId"] for one in self.ec2.run_instances(**request)["Instances"]]
        self.instances += ids
        return ids

    def guest(self, instance_id, key=None, deadline=120):
        """Waits until an instance runs and lets its user in at its public address."""
        described = wait_for_instance(self.ec2, instance_id, "running", deadline)
        return Guest(instance_id, described["PublicIpAddress"], key or self.key).wait_for_ssh(deadline)

    def launch(self, **parameters):
        """A new guest, up and open to ssh."""
        return self.guest(self.run(**parameters)[0])

    def volume(self, size=1, wait=True, **parameters):
        """A new volume, available."""
        request = {"AvailabilityZone": "us-east-1a", **parameters}
        if size is not None:
            request["Size"] = size
        volume_id = self.ec2.create_volume(**request)["VolumeId"]
        self.volumes.append(volume_id)
        if wait:
            wait_for_volume(self.ec2, volume_id)
        return volume_id

    def attach(self, volume_id, guest, device="/dev/sdf"):
        """Attaches a volume and waits until the guest has the disk."""
        self.ec2.attach_volume(VolumeId=volume_id, InstanceId=guest.id, Device=device)
        wait_for_attachment(self.ec2, volume_id, "attached")
        wait_until(lambda: guest.sees_disk(volume_id), 60, what=f"{guest.id} sees {volume_id}")

    def detach(self, volume_id, guest=None):
        """Detaches a volume and waits until it is free, and the guest rid of the disk."""
        self.ec2.detach_volume(VolumeId=volume_id)
        wait_for_volume(self.ec2, volume_id)
        if guest:
            wait_until(lambda: not guest.sees_disk(volume_id), 30, what=f"{guest.id} is rid of {volume_id}")

    def snapshot(self, volume_id, **parameters):
        """A completed snapshot."""
        snapshot_id = self.ec2.create_snapshot(VolumeId=volume_id, **parameters)["SnapshotId"]
        self.snapshots.append(snapshot_id)
        wait_for_snapshot(self.ec2, snapshot_id)
        return snapshot_id

    def terminate(self, *instance_ids):
        """Terminates instances and waits until they are gone from libvirt too."""
        if not instance_ids:
            return
        self.ec2.terminate_instances(InstanceIds=list(instance_ids))
        for instance_id in instance_ids:
            wait_for_instance(self.ec2, instance_id, "terminated")

    def clear(self):
        """Removes everything that this bench made."""
        known = self.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": self.instances}]) if self.instances else {"Reservations": []}
        alive = [
            one["InstanceId"]
            for reservation in known["Reservations"]
            for one in reservation["Instances"]
            if one["State"]["Name"] != "terminated"
        ]
        self.terminate(*alive)
        for allocation in self.addresses:
            self._quietly(self.ec2.release_address, AllocationId=allocation)
        for snapshot in self.snapshots:
            self._quietly(self.ec2.delete_snapshot, SnapshotId=snapshot)
        for volume in self.volumes:
            self._quietly(self.ec2.delete_volume, VolumeId=volume)
        self.ec2.delete_key_pair(KeyName=self.key_name)
        self.ec2.delete_security_group(GroupId=self.group)

    @staticmethod
    def _quietly(call, **parameters):
        """A removal that may find its thing gone already."""
        try:
            call(**parameters)
        except botocore.exceptions.ClientError as error:
            assert "NotFound" in error.response["Error"]["Code"], error
