"""Elastic addresses: allocated, moved between instances, and reached from the host."""

import re
import socket

import pytest

from harness import host
from harness.compute import instance, refused, wait_for_instance
from harness.guest import Guest
from harness.waiting import wait_until


@pytest.fixture
def elastic(bench):
    """An allocated address."""
    made = bench.ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": [{"Key": "k", "Value": "v"}]}])
    yield made
    try:
        for one in bench.ec2.describe_addresses(AllocationIds=[made["AllocationId"]])["Addresses"]:
            if "AssociationId" in one:
                bench.ec2.disassociate_address(AssociationId=one["AssociationId"])
            bench.ec2.release_address(AllocationId=made["AllocationId"])
    except bench.ec2.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidAllocationID.NotFound", error


def test_an_address_is_allocated_from_the_pool_described_and_released(cloud, bench, elastic):
    ec2 = bench.ec2
    assert elastic["PublicIp"].startswith(cloud.pool + ".") and re.fullmatch(r"eipalloc-[0-9a-f]{17}", elastic["AllocationId"])
    one = ec2.describe_addresses(PublicIps=[elastic["PublicIp"]])["Addresses"][0]
    assert (one["AllocationId"], one["Domain"], one["Tags"]) == (elastic["AllocationId"], "vpc", [{"Key": "k", "Value": "v"}])
    assert "InstanceId" not in one and "AssociationId" not in one
    ec2.release_address(AllocationId=elastic["AllocationId"])
    refused("InvalidAllocationID.NotFound", ec2.describe_addresses, AllocationIds=[elastic["AllocationId"]])
    refused("InvalidAddress.NotFound", ec2.describe_addresses, PublicIps=[elastic["PublicIp"]])
    refused(("InvalidAllocationID.NotFound", "AuthFailure"), ec2.release_address, AllocationId=elastic["AllocationId"])


def test_nothing_sent_to_a_free_address_of_the_pool_leaves_the_host(cloud, bench, guest):
    routes = host.routes(cloud.pool)
    assert [route for route in routes if route.startswith(f"unreachable {cloud.pool}.0/24")], routes
    with pytest.raises(OSError):
        socket.create_connection((f"{cloud.pool}.250", 22), 5)


def test_ssh_goes_through_an_elastic_address_that_stays_over_stop_and_start(bench, elastic):
    ec2, guest = bench.ec2, bench.launch()
    dynamic = guest.address
    association = ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=guest.id)["AssociationId"]
    assert re.fullmatch(r"eipassoc-[0-9a-f]{17}", association)
    wait_until(lambda: instance(ec2, guest.id).get("PublicIpAddress") == elastic["PublicIp"], 20)
    there = Guest(guest.id, elastic["PublicIp"], bench.key).wait_for_ssh(60)
    assert there.run("imds latest/meta-data/public-ipv4") == elastic["PublicIp"]
    wait_until(lambda: not guest.answers_ssh(1), 20, what=f"the dynamic address {dynamic} is given back")
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=elastic["AllocationId"])

    ec2.stop_instances(InstanceIds=[guest.id])
    assert wait_for_instance(ec2, guest.id, "stopped")["PublicIpAddress"] == elastic["PublicIp"]
    ec2.start_instances(InstanceIds=[guest.id])
    wait_for_instance(ec2, guest.id, "running")
    there.wait_for_ssh()

    ec2.disassociate_address(AssociationId=association)
    wait_until(lambda: not there.answers_ssh(1), 20, what="the address leads nowhere")
    refused("InvalidAssociationID.NotFound", ec2.disassociate_address, AssociationId=association)
    bench.terminate(guest.id)


def test_an_address_moves_to_another_instance(bench, guest, elastic):
    ec2, other = bench.ec2, bench.launch()
    ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=other.id)
    moving = Guest(other.id, elastic["PublicIp"], bench.key).wait_for_ssh(60)
    assert moving.run("imds latest/meta-data/instance-id") == other.id
    refused("Resource.AlreadyAssociated", ec2.associate_address, AllocationId=elastic["AllocationId"], InstanceId=guest.id, AllowReassociation=False)
    ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=guest.id, AllowReassociation=True)
    wait_until(lambda: moving.ssh("imds latest/meta-data/instance-id", connect_timeout=3, timeout=15).stdout.strip() == guest.id, 60, what="the address leads to the other guest")
    bench.terminate(other.id)


def test_terminating_an_instance_frees_its_elastic_address(bench, elastic):
    instance_id = bench.run()[0]
    wait_for_instance(bench.ec2, instance_id, "running")
    bench.ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=instance_id)
    bench.terminate(instance_id)
    one = bench.ec2.describe_addresses(AllocationIds=[elastic["AllocationId"]])["Addresses"][0]
    assert "InstanceId" not in one and "AssociationId" not in one


def test_what_cannot_be_associated_is_refused(bench, elastic):
    ec2 = bench.ec2
    refused("InvalidInstanceID.NotFound", ec2.associate_address, AllocationId=elastic["AllocationId"], InstanceId="i-0123456789abcdef0")
    refused("InvalidAllocationID.NotFound", ec2.associate_address, AllocationId="eipalloc-0123456789abcdef0", InstanceId="i-0123456789abcdef0")
    refused(("MissingParameter", "InvalidParameterCombination"), ec2.associate_address, AllocationId=elastic["AllocationId"])
    refused("MissingParameter", ec2.release_address)
