"""The story this project grew from, told with boto3: from an empty account to a public web page and back to nothing."""

import urllib.error
import urllib.request

import pytest

from harness import host
from harness.compute import (
    open_tcp,
    sweep,
    wait_for_attachment,
    wait_for_instance,
    wait_for_volume,
    wait_until_volume_gone,
)
from harness.guest import Guest
from harness.waiting import wait_until

GROUP, USER, KEY = "Wheel", "bookuser", "bookuser-key"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PAGE = b"<!doctype html><title>Hello</title><h1>Hello from my own cloud</h1>\n"


def get(url):
    """(status, body) of an anonymous GET."""
    try:
        with urllib.request.urlopen(url, timeout=20) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture
def bookuser(cloud, iam):
    """The user of the story, an administrator by group."""
    iam.create_group(GroupName=GROUP)
    iam.attach_group_policy(GroupName=GROUP, PolicyArn=ADMINISTRATOR)
    iam.create_user(UserName=USER)
    iam.add_user_to_group(GroupName=GROUP, UserName=USER)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    keys = key["AccessKeyId"], key["SecretAccessKey"]
    yield lambda service: cloud.client(service, keys=keys)
    sweep(cloud.client("ec2"), KEY, "book-ssh")
    iam.delete_access_key(UserName=USER, AccessKeyId=keys[0])
    iam.remove_user_from_group(GroupName=GROUP, UserName=USER)
    iam.delete_user(UserName=USER)
    iam.detach_group_policy(GroupName=GROUP, PolicyArn=ADMINISTRATOR)
    iam.delete_group(GroupName=GROUP)
    assert USER not in [user["UserName"] for user in iam.list_users()["Users"]]
    assert GROUP not in [group["GroupName"] for group in iam.list_groups()["Groups"]]


def test_a_person_gets_from_sign_up_to_a_machine_a_disk_and_a_page_and_leaves_nothing(
    cloud, image, bookuser, tmp_path
):
    before = cloud.footprint()
    identity = bookuser("sts").get_caller_identity()
    assert identity["Arn"].endswith(f":user/{USER}")

    ec2 = bookuser("ec2")
    key = tmp_path / f"{KEY}.pem"
    key.touch(0o600)
    key.write_text(ec2.create_key_pair(KeyName=KEY)["KeyMaterial"])
    group = ec2.create_security_group(GroupName="book-ssh", Description="ssh from one address")["GroupId"]

    def run():
        reply = ec2.run_instances(
            ImageId=image,
            InstanceType="t2.nano",
            KeyName=KEY,
            SecurityGroupIds=[group],
            MinCount=1,
            MaxCount=1,
            UserData="#!/bin/sh\necho from the book >/var/tmp/greeting\n",
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "bookmachine"}]}],
        )
        one = reply["Instances"][0]
        assert one["State"]["Name"] == "pending"
        assert {"Key": "Name", "Value": "bookmachine"} in one["Tags"]
        return one["InstanceId"]

    first = run()
    described = wait_for_instance(ec2, first, "running")
    assert described["ImageId"] == image and described["KeyName"] == KEY
    guest = Guest(first, described["PublicIpAddress"], key)
    me = host.source_towards(guest.address)
    assert not guest.answers_ssh(), "ssh is closed until the group lets it in"
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=open_tcp(22, f"{me}/32"))
    guest.wait_for_ssh()
    assert guest.run("whoami; sudo whoami").split() == ["ec2-user", "root"]
    wait_until(lambda: guest.ssh("sudo cat /var/tmp/greeting").stdout.strip() == "from the book", 60)

    volume = ec2.create_volume(AvailabilityZone=described["Placement"]["AvailabilityZone"], Size=1)["VolumeId"]
    wait_for_volume(ec2, volume)
    ec2.attach_volume(VolumeId=volume, InstanceId=first, Device="/dev/sdf")
    wait_for_attachment(ec2, volume, "attached")
    wait_until(lambda: guest.sees_disk(volume), what="the guest sees its new disk")
    disk = guest.disk(volume)
    guest.run(f"sudo mkfs.ext4 -q {disk} && sudo mkdir -p /data && sudo mount {disk} /data")
    guest.run("echo chapter one | sudo tee /data/book >/dev/null && sudo umount /data")

    private_address = described["PrivateIpAddress"]
    ec2.stop_instances(InstanceIds=[first])
    stopped = wait_for_instance(ec2, first, "stopped")
    assert stopped["PrivateIpAddress"] == private_address and "PublicIpAddress" not in stopped
    ec2.start_instances(InstanceIds=[first])
    described = wait_for_instance(ec2, first, "running")
    assert described["PrivateIpAddress"] == private_address
    guest = Guest(first, described["PublicIpAddress"], key).wait_for_ssh()
    wait_until(lambda: guest.sees_disk(volume), what="the disk is there after stop and start")
    read = f"sudo mkdir -p /data && sudo mount {disk} /data && cat /data/book && sudo umount /data"
    assert guest.run(read) == "chapter one"

    ec2.detach_volume(VolumeId=volume, InstanceId=first, Device="/dev/sdf")
    wait_for_volume(ec2, volume)
    second = run()
    described = wait_for_instance(ec2, second, "running")
    other = Guest(second, described["PublicIpAddress"], key).wait_for_ssh()
    ec2.attach_volume(VolumeId=volume, InstanceId=second, Device="/dev/sdf")
    wait_for_attachment(ec2, volume, "attached")
    wait_until(lambda: other.sees_disk(volume), what="the second guest sees the disk")
    assert other.run(read) == "chapter one"

    elastic = ec2.allocate_address(Domain="vpc")
    association = ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=second)["AssociationId"]
    wait_until(lambda: host.routes(elastic["PublicIp"].rsplit(".", 1)[0]), 10)
    Guest(second, elastic["PublicIp"], key).wait_for_ssh(60)

    s3, page = bookuser("s3"), f"{cloud.endpoint}/bookuser-page/index.html"
    s3.create_bucket(Bucket="bookuser-page")
    s3.put_object(Bucket="bookuser-page", Key="index.html", Body=PAGE, ContentType="text/html")
    assert get(page)[0] == 403
    s3.delete_public_access_block(Bucket="bookuser-page")
    s3.put_bucket_ownership_controls(
        Bucket="bookuser-page", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_object_acl(Bucket="bookuser-page", Key="index.html", ACL="public-read")
    assert get(page) == (200, PAGE)

    s3.delete_object(Bucket="bookuser-page", Key="index.html")
    s3.delete_bucket(Bucket="bookuser-page")
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=elastic["AllocationId"])
    ec2.terminate_instances(InstanceIds=[first, second])
    wait_for_instance(ec2, first, "terminated")
    wait_for_instance(ec2, second, "terminated")
    wait_for_volume(ec2, volume)
    ec2.delete_volume(VolumeId=volume)
    wait_until_volume_gone(ec2, volume)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_key_pair(KeyName=KEY)
    assert get(page)[0] == 404
    wait_until(lambda: cloud.footprint() == before, 30, what=lambda: f"nothing left behind: {before} -> {cloud.footprint()}")
