"""Instances: their states and reasons, what they hold on to and what they give back."""

import base64
import math
import re
import time

import pytest

from harness import host
from harness.compute import instance, refused, wait_for_instance
from harness.guest import Guest
from harness.waiting import wait_until

GREETING = "#!/bin/sh\necho hello from user data\necho once >>/var/tmp/times\n"


@pytest.fixture(scope="module")
def greeted(bench):
    """A guest with a tag and user data, shared by the tests that leave it running."""
    tags = [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "greeted"}]} for kind in ("instance", "volume")]
    return bench.launch(UserData=GREETING, TagSpecifications=tags)


def test_a_running_instance_is_described_as_aws_does(bench, greeted, account):
    reservation = bench.ec2.describe_instances(InstanceIds=[greeted.id])["Reservations"][0]
    assert re.fullmatch(r"r-[0-9a-f]{17}", reservation["ReservationId"]) and reservation["OwnerId"] == account
    one = reservation["Instances"][0]
    assert re.fullmatch(r"i-[0-9a-f]{17}", one["InstanceId"])
    assert one["State"] == {"Code": 16, "Name": "running"} and one["StateTransitionReason"] == ""
    assert (one["ImageId"], one["InstanceType"], one["KeyName"]) == (bench.image, "t2.nano", bench.key_name)
    assert one["Placement"]["AvailabilityZone"] == "us-east-1a" and one["Architecture"] == "x86_64"
    assert one["SecurityGroups"] == [{"GroupId": bench.group, "GroupName": f"open-{bench.mark}"}]
    assert one["Tags"] == [{"Key": "Name", "Value": "greeted"}] and one["AmiLaunchIndex"] == 0
    assert one["PrivateDnsName"] == f"ip-{one['PrivateIpAddress'].replace('.', '-')}.ec2.internal"
    nic = one["NetworkInterfaces"][0]
    assert nic["PrivateIpAddress"] == one["PrivateIpAddress"] and nic["Association"]["PublicIp"] == one["PublicIpAddress"]
    assert (nic["SubnetId"], nic["VpcId"]) == (one["SubnetId"], one["VpcId"]) and nic["Attachment"]["DeviceIndex"] == 0
    assert one["RootDeviceType"] == "ebs" and one["BlockDeviceMappings"][0]["DeviceName"] == one["RootDeviceName"]
    root = bench.ec2.describe_volumes(VolumeIds=[one["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"][0]
    assert root["State"] == "in-use" and root["Tags"] == [{"Key": "Name", "Value": "greeted"}]
    subnet = bench.ec2.describe_subnets(SubnetIds=[one["SubnetId"]])["Subnets"][0]
    assert subnet["DefaultForAz"] and subnet["VpcId"] == one["VpcId"]
    assert bench.ec2.describe_vpcs(VpcIds=[one["VpcId"]])["Vpcs"][0]["IsDefault"]


def test_the_guest_has_the_size_of_its_type(bench, greeted):
    described = bench.ec2.describe_instance_types(InstanceTypes=["t2.nano"])["InstanceTypes"][0]
    cpus, memory = described["VCpuInfo"]["DefaultVCpus"], described["MemoryInfo"]["SizeInMiB"]
    assert (cpus, memory) == (1, 512)
    assert greeted.run("grep -c ^processor /proc/cpuinfo") == str(cpus)
    assert memory * 0.8 < int(greeted.run("awk '/MemTotal/ {print $2}' /proc/meminfo")) / 1024 <= memory


def test_types_are_offered_from_t2_nano_to_m5_xlarge(ec2):
    found = {}
    for page in ec2.get_paginator("describe_instance_types").paginate():
        found |= {one["InstanceType"]: (one["VCpuInfo"]["DefaultVCpus"], one["MemoryInfo"]["SizeInMiB"]) for one in page["InstanceTypes"]}
    expected = {"t2.nano": (1, 512), "t2.micro": (1, 1024), "t2.small": (1, 2048), "t2.medium": (2, 4096), "m5.large": (2, 8192), "m5.xlarge": (4, 16384)}
    assert {name: found.get(name) for name in expected} == expected


def test_the_root_disk_grows_to_what_was_asked(bench):
    guest = bench.launch(BlockDeviceMappings=[{"DeviceName": instance_root(bench), "Ebs": {"VolumeSize": 3}}])
    wait_until(lambda: int(guest.run("df -k / | awk 'NR==2 {print $2}'")) > 2 << 20, 60, what="the root file system grows to 3 GiB")
    bench.terminate(guest.id)


def instance_root(bench):
    """Root device name of the image."""
    return bench.ec2.describe_images(ImageIds=[bench.image])["Images"][0]["RootDeviceName"]


def test_user_data_runs_once_and_can_be_read_back(bench, greeted):
    wait_until(lambda: greeted.ssh("sudo cat /var/tmp/times").stdout == "once\n", 60, what="the user data has run")
    value = bench.ec2.describe_instance_attribute(InstanceId=greeted.id, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(value).decode() == GREETING


def test_the_console_shows_what_the_guest_printed(bench, greeted):
    def shown():
        reply = bench.ec2.get_console_output(InstanceId=greeted.id, Latest=True)
        assert reply["InstanceId"] == greeted.id
        return "hello from user data" in reply.get("Output", "") and "BEGIN SSH HOST KEY FINGERPRINTS" in reply["Output"]

    wait_until(shown, 60, what="the console shows the user data's words and the host key")


def test_reboot_keeps_addresses_and_state_and_starts_the_guest_anew(bench, greeted):
    before = instance(bench.ec2, greeted.id)
    boot = greeted.run("cat /proc/sys/kernel/random/boot_id")
    bench.ec2.reboot_instances(InstanceIds=[greeted.id])
    assert instance(bench.ec2, greeted.id)["State"]["Name"] == "running"
    wait_until(lambda: greeted.ssh("cat /proc/sys/kernel/random/boot_id", connect_timeout=3, timeout=15).stdout.strip() not in ("", boot), 120, what="the guest boots anew")
    after = instance(bench.ec2, greeted.id)
    for name in ("PrivateIpAddress", "PublicIpAddress", "LaunchTime"):
        assert after[name] == before[name], name
    assert greeted.run("sudo cat /var/tmp/times") == "once"


def test_stop_gives_the_public_address_back_and_start_gives_another(bench):
    ec2, guest = bench.ec2, bench.launch()
    before = instance(ec2, guest.id)
    guest.run("echo kept >/home/ec2-user/word; sync")
    reply = ec2.stop_instances(InstanceIds=[guest.id])["StoppingInstances"][0]
    assert (reply["PreviousState"]["Name"], reply["CurrentState"]) == ("running", {"Code": 64, "Name": "stopping"})
    stopped = wait_for_instance(ec2, guest.id, "stopped")
    assert stopped["State"]["Code"] == 80
    assert stopped["StateReason"] == {"Code": "Client.UserInitiatedShutdown", "Message": "Client.UserInitiatedShutdown: User initiated shutdown"}
    assert re.fullmatch(r"User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)", stopped["StateTransitionReason"])
    assert not stopped.get("PublicIpAddress") and stopped["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert not guest.answers_ssh()
    # Someone else takes the address that was given back, so that a new one is seen to be new.
    other = bench.run()[0]
    wait_for_instance(ec2, other, "running")
    reply = ec2.start_instances(InstanceIds=[guest.id])["StartingInstances"][0]
    assert (reply["PreviousState"]["Name"], reply["CurrentState"]["Name"]) == ("stopped", "pending")
    again = bench.guest(guest.id)
    after = instance(ec2, guest.id)
    assert after["PrivateIpAddress"] == before["PrivateIpAddress"] and after["PublicIpAddress"] != before["PublicIpAddress"]
    assert again.run("cat /home/ec2-user/word") == "kept"
    assert "StateReason" not in after and after["LaunchTime"] > before["LaunchTime"]
    bench.terminate(guest.id, other)


def test_a_guest_that_switches_itself_off_is_stopped_or_terminated_as_asked(bench):
    ec2 = bench.ec2
    stops = bench.launch()
    ends = bench.launch(InstanceInitiatedShutdownBehavior="terminate")
    for guest in (stops, ends):
        guest.ssh("sudo poweroff </dev/null >/dev/null 2>&1 &", timeout=60)
    stopped = wait_for_instance(ec2, stops.id, "stopped")
    assert stopped["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    ended = wait_for_instance(ec2, ends.id, "terminated")
    assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    ec2.start_instances(InstanceIds=[stops.id])
    bench.guest(stops.id)
    bench.terminate(stops.id)


def test_a_terminated_instance_stays_visible_and_holds_nothing(cloud, bench):
    ec2 = bench.ec2
    instance_id = bench.run()[0]
    described = wait_for_instance(ec2, instance_id, "running")
    root = described["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    domains = len(host.domains(cloud.prefix))
    reply = ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"][0]
    assert reply["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    ended = wait_for_instance(ec2, instance_id, "terminated")
    assert ended["State"]["Code"] == 48 and ended["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert not ended.get("PublicIpAddress") and not ended.get("PrivateIpAddress") and ended["BlockDeviceMappings"] == []
    assert not [path for path in cloud.resource_files() if instance_id in path or root in path]
    assert len(host.domains(cloud.prefix)) == domains - 1
    assert ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"][0]["CurrentState"]["Name"] == "terminated"
    for call in (ec2.start_instances, ec2.stop_instances):
        refused("IncorrectInstanceState", call, InstanceIds=[instance_id])


def test_an_instance_is_terminated_while_it_is_pending(cloud, bench):
    instance_id = bench.run()[0]
    bench.ec2.terminate_instances(InstanceIds=[instance_id])
    wait_for_instance(bench.ec2, instance_id, "terminated")
    wait_until(lambda: not [path for path in cloud.resource_files() if instance_id in path], 30)


def test_more_memory_than_the_host_has_is_refused_at_once_and_makes_nothing(bench):
    ec2, before = bench.ec2, count(bench.ec2)
    too_many = math.ceil(host.memory_mib() / 16384) + 1
    begun = time.monotonic()
    error = refused("InsufficientInstanceCapacity", ec2.run_instances, ImageId=bench.image, InstanceType="m5.xlarge", MinCount=too_many, MaxCount=too_many)
    assert time.monotonic() - begun < 5, "at once"
    assert error["Status"] == 500 and "m5.xlarge" in error["Message"]
    assert count(ec2) == before


def count(ec2):
    """How many instances are known."""
    return sum(len(r["Instances"]) for page in ec2.get_paginator("describe_instances").paginate() for r in page["Reservations"])


def test_as_many_as_fit_are_run_between_minimum_and_maximum(bench):
    types = bench.ec2.describe_instance_types(InstanceTypes=["t2.nano"])
    assert types["InstanceTypes"]
    ids = bench.run(MinCount=2, MaxCount=2, KeyName=None)
    described = bench.ec2.describe_instances(InstanceIds=ids)["Reservations"]
    assert len(described) == 1 and sorted(one["AmiLaunchIndex"] for one in described[0]["Instances"]) == [0, 1]
    assert len({one["PrivateIpAddress"] for one in described[0]["Instances"]}) == 2
    assert all("KeyName" not in one for one in described[0]["Instances"])
    bench.terminate(*ids)


def test_the_same_token_runs_one_instance(bench):
    first = bench.run(ClientToken=f"once-{bench.mark}")[0]
    assert bench.run(ClientToken=f"once-{bench.mark}")[0] == first
    refused("IdempotentParameterMismatch", bench.run, ClientToken=f"once-{bench.mark}", InstanceType="t2.micro")
    bench.terminate(first)


def test_what_cannot_be_run_is_refused_and_makes_nothing(bench):
    ec2, before = bench.ec2, count(bench.ec2)
    for change, code in (
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "ami-zz"}, "InvalidAMIID.Malformed"),
        ({"InstanceType": "t9.giant"}, "InvalidParameterValue"),
        ({"KeyName": "no-such-key"}, "InvalidKeyPair.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"MinCount": 0}, "InvalidParameterValue"),
        ({"MinCount": 3, "MaxCount": 2}, ("InvalidParameterValue", "InvalidParameterCombination")),
        ({"UserData": "x" * 16385}, "InvalidParameterValue"),
        ({"Placement": {"AvailabilityZone": "eu-west-1a"}}, ("InvalidParameterValue", "InvalidZone.NotFound", "InvalidAvailabilityZone")),
        ({"DryRun": True}, "DryRunOperation"),
    ):
        refused(code, bench.run, **change)
    assert count(ec2) == before


def test_stopping_protection_from_termination(bench):
    ec2 = bench.ec2
    instance_id = bench.run(DisableApiTermination=True)[0]
    wait_for_instance(ec2, instance_id, "running")
    refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[instance_id])
    ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
    bench.terminate(instance_id)


def test_one_wrong_id_among_several_stops_nothing(bench, greeted):
    refused("InvalidInstanceID.NotFound", bench.ec2.stop_instances, InstanceIds=[greeted.id, "i-0123456789abcdef0"])
    refused("InvalidInstanceID.Malformed", bench.ec2.stop_instances, InstanceIds=[greeted.id, "i-zz"])
    assert instance(bench.ec2, greeted.id)["State"]["Name"] == "running"
    assert greeted.run("true") == ""


def test_status_checks_pass_on_a_healthy_instance(bench, greeted):
    def passed():
        statuses = bench.ec2.describe_instance_status(InstanceIds=[greeted.id])["InstanceStatuses"]
        return statuses and statuses[0]["InstanceState"]["Name"] == "running" and statuses[0]["SystemStatus"]["Status"] == "ok"

    wait_until(passed, 60, what="the status checks pass")


def test_a_guest_reaches_another_by_its_private_address_as_its_group_allows(bench, greeted):
    other = Guest(bench.run()[0], "", bench.key)
    private = wait_for_instance(bench.ec2, other.id, "running")["PrivateIpAddress"]
    wait_until(lambda: greeted.ssh(f"nc -w 2 {private} 22 </dev/null | head -c 3").stdout == "SSH", 90, what="the other guest's ssh answers inside the VPC")
    bench.terminate(other.id)
