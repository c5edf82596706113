"""`kill -9` at any moment, and a host that comes up empty: nothing acknowledged is lost, nothing stays half-done."""

import re
import shutil
import subprocess
import threading

import botocore.exceptions
import pytest

from harness import host
from harness.cloud import SINGLE_PROCESS, Cloud
from harness.compute import Bench, instance, wait_for_instance, wait_for_volume, wait_until_volume_gone
from harness.guest import OPTIONS
from harness.waiting import wait_until

SERVICES = ["identity", "volume", "compute", "node", "gateway"]


@pytest.fixture(scope="module")
def cloud():
    """A cloud of this file's own: it is killed again and again."""
    cloud = Cloud()
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.remove()


@pytest.fixture(scope="module")
def image(cloud):
    """The tiny image in this file's cloud."""
    printed = cloud.murus("admin", "image", "import", host.TINY, "--name", "tiny").stdout
    return re.search(r"ami-[0-9a-f]{17}", printed).group(0)


@pytest.fixture(scope="module")
def bench(cloud, image, tmp_path_factory):
    """Key pair, group and guests in this file's cloud."""
    bench = Bench(cloud, image, tmp_path_factory.mktemp("bench"))
    yield bench
    bench.clear()


@pytest.fixture(scope="module")
def guest(bench):
    """One guest that must not notice anything."""
    return bench.launch()


class Ping:
    """A continuous ping; `lost` tells after the end how many were not answered, and the longest silence."""

    def __init__(self, guest):
        self.guest = guest

    def __enter__(self):
        self.guest.ssh("true")
        self.process = subprocess.Popen(["ping", "-i", "0.2", "-W", "2", self.guest.address], stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.send_signal(2)
        words = self.process.communicate(timeout=10)[0]
        sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", words).groups())
        self.sent, self.lost = sent, sent - received


@pytest.fixture(scope="module")
def pingable(bench):
    """The bench's group lets echo requests in."""
    echo = [{"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    bench.ec2.authorize_security_group_ingress(GroupId=bench.group, IpPermissions=echo)


@pytest.mark.parametrize("service", ["all"] if SINGLE_PROCESS else SERVICES)
def test_running_machines_do_not_notice_a_killed_service(cloud, bench, guest, pingable, service):
    boot = guest.run("cat /proc/sys/kernel/random/boot_id")
    held = subprocess.Popen(
        ["ssh", *OPTIONS, "-i", str(guest.key), f"ec2-user@{guest.address}", "cat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with Ping(guest) as ping:
        if service == "all":
            cloud.kill_all()
            cloud.start()
        else:
            cloud.kill(service)
            cloud.wait_until_it_answers(60)
        assert guest.run("cat /proc/sys/kernel/random/boot_id") == boot
        assert guest.run("imds latest/meta-data/instance-id") == guest.id
    said, _ = held.communicate("still here\n", timeout=30)
    assert said == "still here\n", "an ssh session lives through it"
    assert ping.lost <= 1, f"{ping.lost} of {ping.sent} pings were lost"
    assert instance(bench.ec2, guest.id)["State"]["Name"] == "running"


def test_everything_acknowledged_is_there_after_all_was_killed_under_load(cloud, bench, guest, pingable):
    iam, ec2, s3 = cloud.client("iam"), bench.ec2, cloud.client("s3")
    s3.create_bucket(Bucket="under-load")
    done = {"users": [], "volumes": [], "objects": [], "keys": []}
    ended = threading.Event()

    def work(kind, act):
        index = 0
        while not ended.is_set():
            try:
                done[kind].append(act(index))
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                pass
            index += 1

    acts = {
        "users": lambda n: iam.create_user(UserName=f"load-{n}")["User"]["UserName"],
        "volumes": lambda n: ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"],
        "objects": lambda n: s3.put_object(Bucket="under-load", Key=f"o-{n}", Body=f"{n}".encode() * 5000) and f"o-{n}",
        "keys": lambda n: ec2.create_key_pair(KeyName=f"load-{n}", KeyType="ed25519")["KeyName"],
    }
    threads = [threading.Thread(target=work, args=item) for item in acts.items()]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(len(made) >= 5 for made in done.values()), 60, what=lambda: f"work goes on: {done}")
    cloud.kill_all()
    ended.set()
    for thread in threads:
        thread.join()
    cloud.start()

    users = {user["UserName"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]}
    assert set(done["users"]) <= users
    volumes = {volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"]}
    assert set(done["volumes"]) <= volumes
    assert set(done["keys"]) <= {pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]}
    for key in done["objects"]:
        assert s3.get_object(Bucket="under-load", Key=key)["Body"].read() == key[2:].encode() * 5000

    # Nothing stays half-done: what was being made is made, and everything can be removed again.
    for name in (one for one in users if one.startswith("load-")):
        iam.delete_user(UserName=name)
    ours = [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"] if not v["Attachments"] and v["VolumeId"] not in bench.volumes]
    for volume in ours:
        wait_for_volume(ec2, volume)
        ec2.delete_volume(VolumeId=volume)
    for volume in ours:
        wait_until_volume_gone(ec2, volume)
    for pair in ec2.describe_key_pairs()["KeyPairs"]:
        if pair["KeyName"].startswith("load-"):
            ec2.delete_key_pair(KeyName=pair["KeyName"])
    for item in s3.list_objects_v2(Bucket="under-load").get("Contents", []):
        s3.delete_object(Bucket="under-load", Key=item["Key"])
    s3.delete_bucket(Bucket="under-load")


@pytest.mark.parametrize("service", ["all"] if SINGLE_PROCESS else ["compute", "node", "volume"])
def test_what_was_begun_is_finished_after_a_kill(cloud, bench, service):
    """Killed in the middle of a launch, an attachment and a termination; each ends where it was meant to."""
    ec2 = bench.ec2

    def kill():
        if service == "all":
            cloud.kill_all()
            cloud.start()
        else:
            cloud.kill(service)
            cloud.wait_until_it_answers(60)

    volume = bench.volume()
    instance_id = bench.run()[0]
    kill()
    guest = bench.guest(instance_id)
    ec2.attach_volume(VolumeId=volume, InstanceId=instance_id, Device="/dev/sdf")
    kill()
    wait_for_volume(ec2, volume, "in-use")
    wait_until(lambda: guest.sees_disk(volume), 60, what="the attachment is finished")
    ec2.terminate_instances(InstanceIds=[instance_id])
    kill()
    wait_for_instance(ec2, instance_id, "terminated")
    wait_for_volume(ec2, volume)
    wait_until(lambda: not [path for path in cloud.resource_files() if instance_id in path], 30, what="nothing of it is left")


def test_a_stopped_cloud_leaves_machines_running_and_finds_them_again(cloud, bench, guest, pingable):
    boot = guest.run("cat /proc/sys/kernel/random/boot_id")
    cloud.stop()
    assert guest.run("cat /proc/sys/kernel/random/boot_id") == boot
    cloud.start()
    assert guest.run("cat /proc/sys/kernel/random/boot_id") == boot
    assert instance(bench.ec2, guest.id)["State"]["Name"] == "running"


def test_a_guest_that_ends_while_nobody_watches_is_seen_stopped(cloud, bench):
    guest = bench.launch()
    cloud.kill_all()
    guest.ssh("sudo poweroff </dev/null >/dev/null 2>&1 &", timeout=60)
    wait_until(lambda: not guest.answers_ssh(1), 60)
    cloud.start()
    wait_for_instance(bench.ec2, guest.id, "stopped")
    bench.terminate(guest.id)


def test_after_the_host_boots_instances_that_should_run_come_back_by_themselves(cloud, bench, guest, pingable):
    ec2 = bench.ec2
    stopped = bench.run()[0]
    wait_for_instance(ec2, stopped, "running")
    ec2.stop_instances(InstanceIds=[stopped])
    wait_for_instance(ec2, stopped, "stopped")
    volume = bench.volume()
    bench.attach(volume, guest)
    elastic = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=guest.id)
    guest.address = elastic["PublicIp"]
    guest.wait_for_ssh(60)
    guest.run("echo kept >/home/ec2-user/word; sync")
    boot = guest.run("cat /proc/sys/kernel/random/boot_id")
    private = instance(ec2, guest.id)["PrivateIpAddress"]

    cloud.kill_all()
    for name in host.domains(cloud.prefix):
        host.virsh("destroy", name, check=False)
        host.virsh("undefine", name, check=False)
    for namespace in host.namespaces(cloud.prefix):
        host.output("ip", "netns", "delete", namespace)
    for link in host.links(cloud.prefix):
        host.output("ip", "link", "delete", link, check=False)
    for route in host.routes(cloud.pool):
        words = route.split()
        host.output("ip", "route", "delete", *words[: 2 if words[0] == "unreachable" else 1], check=False)
    shutil.rmtree(cloud.run, ignore_errors=True)
    cloud.start()

    wait_until(lambda: instance(ec2, guest.id)["State"]["Name"] == "running", 90)
    guest.wait_for_ssh(120)
    assert guest.run("cat /proc/sys/kernel/random/boot_id") != boot
    assert guest.run("cat /home/ec2-user/word") == "kept"
    assert instance(ec2, guest.id)["PrivateIpAddress"] == private
    assert guest.sees_disk(volume)
    assert instance(ec2, stopped)["State"]["Name"] == "stopped", "what was stopped stays stopped"
    ec2.disassociate_address(AssociationId=ec2.describe_addresses(AllocationIds=[elastic["AllocationId"]])["Addresses"][0]["AssociationId"])
    ec2.release_address(AllocationId=elastic["AllocationId"])
    bench.terminate(stopped)
