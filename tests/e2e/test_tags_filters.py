"""Tags on everything, and finding things by id, tag and state."""

import uuid

import pytest

from harness.compute import refused, wait_for_volume


@pytest.fixture(scope="module")
def volumes(ec2):
    """Three volumes with tags of this file's own mark."""
    mark, made = uuid.uuid4().hex[:8], {}
    for name, tier in (("alpha", "web"), ("beta", "web"), ("gamma", "db")):
        tags = [{"Key": "Name", "Value": f"{mark}-{name}"}, {"Key": "tier", "Value": tier}, {"Key": mark, "Value": ""}]
        made[name] = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}])["VolumeId"]
    for volume in made.values():
        wait_for_volume(ec2, volume)
    yield mark, made
    for volume in made.values():
        ec2.delete_volume(VolumeId=volume)


def found(ec2, made, *filters):
    """Names of the volumes that filters select."""
    asked = [{"Name": name, "Values": list(values)} for name, *values in filters]
    ids = {volume["VolumeId"] for volume in ec2.describe_volumes(Filters=asked)["Volumes"]}
    return sorted(name for name, volume in made.items() if volume in ids)


def test_filters_are_joined_by_and_their_values_by_or(ec2, volumes):
    mark, made = volumes
    mine = ("tag-key", mark)
    assert found(ec2, made, mine) == ["alpha", "beta", "gamma"]
    assert found(ec2, made, mine, ("tag:tier", "web")) == ["alpha", "beta"]
    assert found(ec2, made, mine, ("tag:tier", "web", "db")) == ["alpha", "beta", "gamma"]
    assert found(ec2, made, mine, ("tag:tier", "web"), ("tag:Name", f"{mark}-beta")) == ["beta"]
    assert found(ec2, made, mine, ("tag:Name", f"{mark}-*a")) == ["alpha", "beta", "gamma"]
    assert found(ec2, made, mine, ("tag:Name", f"{mark}-b???")) == ["beta"]
    assert found(ec2, made, mine, ("tag:name", f"{mark}-beta")) == [], "tag keys are case sensitive"
    assert found(ec2, made, mine, ("tag:tier", "WEB")) == [], "tag values are case sensitive"
    assert found(ec2, made, mine, ("status", "available"), ("size", "1")) == ["alpha", "beta", "gamma"]
    assert found(ec2, made, mine, ("status", "in-use")) == []
    assert found(ec2, made, mine, ("volume-id", made["gamma"])) == ["gamma"]
    error = refused("InvalidParameterValue", ec2.describe_volumes, Filters=[{"Name": "colour", "Values": ["red"]}])
    assert "colour" in error["Message"]


def test_tags_are_added_replaced_and_removed(ec2, volumes):
    _, made = volumes
    volume = made["alpha"]

    def tags():
        return {tag["Key"]: tag["Value"] for tag in ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Tags"]}

    before = tags()
    ec2.create_tags(Resources=[volume, made["beta"]], Tags=[{"Key": "tier", "Value": "cache"}, {"Key": "new <&>", "Value": "ä"}])
    assert tags() == before | {"tier": "cache", "new <&>": "ä"}
    ec2.delete_tags(Resources=[volume], Tags=[{"Key": "tier", "Value": "not this"}])
    assert tags()["tier"] == "cache", "a tag with another value stays"
    ec2.delete_tags(Resources=[volume, made["beta"]], Tags=[{"Key": "new <&>"}])
    ec2.create_tags(Resources=[volume, made["beta"]], Tags=[{"Key": "tier", "Value": "web"}])
    assert tags() == before
    listed = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [volume]}])["Tags"]
    assert {(tag["Key"], tag["Value"], tag["ResourceType"]) for tag in listed} == {(k, v, "volume") for k, v in before.items()}


def test_wrong_tags_are_refused(ec2, volumes):
    _, made = volumes
    one = [made["alpha"]]
    refused("InvalidParameterValue", ec2.create_tags, Resources=one, Tags=[{"Key": "aws:mine", "Value": "x"}])
    refused("InvalidParameterValue", ec2.create_tags, Resources=one, Tags=[{"Key": "k" * 128, "Value": "v" * 257}])
    refused("InvalidParameterValue", ec2.create_tags, Resources=one, Tags=[{"Key": "k" * 129, "Value": ""}])
    refused("TagLimitExceeded", ec2.create_tags, Resources=one, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)])
    refused("InvalidVolume.NotFound", ec2.create_tags, Resources=[one[0], "vol-0123456789abcdef0"], Tags=[{"Key": "half", "Value": "done"}])
    refused("InvalidID", ec2.create_tags, Resources=["nonsense"], Tags=[{"Key": "a", "Value": "b"}])
    assert "half" not in [tag["Key"] for tag in ec2.describe_volumes(VolumeIds=one)["Volumes"][0]["Tags"]]


def test_pages_are_whole_stable_and_without_repeats(ec2, volumes):
    mark, made = volumes
    asked = {"Filters": [{"Name": "tag-key", "Values": [mark]}]}
    several = [ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": mark, "Value": ""}]}])["VolumeId"] for _ in range(9)]
    pages = [[v["VolumeId"] for v in page["Volumes"]] for page in ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 5}, **asked)]
    assert [len(page) for page in pages] == [5, 5, 2]
    together = [volume for page in pages for volume in page]
    assert sorted(together) == sorted([*made.values(), *several])
    refused("InvalidParameterValue", ec2.describe_volumes, MaxResults=4)
    refused(("InvalidParameterValue", "InvalidNextToken", "InvalidPaginationToken"), ec2.describe_volumes, MaxResults=5, NextToken="nonsense")
    refused("InvalidParameterCombination", ec2.describe_volumes, MaxResults=5, VolumeIds=[several[0]])
    for volume in several:
        wait_for_volume(ec2, volume)
        ec2.delete_volume(VolumeId=volume)


def test_permission_may_depend_on_a_tag(ec2, volumes, person):
    _, made = volumes
    from harness.people import allow

    bob = person().may(allow("ec2:CreateTags", Condition={"StringEquals": {"aws:ResourceTag/tier": "db"}}))
    mine = bob.client("ec2")
    mine.create_tags(Resources=[made["gamma"]], Tags=[{"Key": "by", "Value": "bob"}])
    refused("UnauthorizedOperation", mine.create_tags, Resources=[made["alpha"]], Tags=[{"Key": "by", "Value": "bob"}])
    ec2.delete_tags(Resources=[made["gamma"]], Tags=[{"Key": "by"}])


def test_the_default_network_regions_and_zones_are_described(ec2, account):
    vpc = [one for one in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]]
    assert len(vpc) == 1 and vpc[0]["State"] == "available" and vpc[0]["OwnerId"] == account
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc[0]["VpcId"]]}])["Subnets"]
    assert subnets and subnets[0]["MapPublicIpOnLaunch"] and subnets[0]["AvailabilityZone"] == "us-east-1a"
    assert [one["RegionName"] for one in ec2.describe_regions()["Regions"]] == ["us-east-1"]
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [(one["ZoneName"], one["State"]) for one in zones] == [("us-east-1a", "available")]
    refused("DryRunOperation", ec2.describe_availability_zones, DryRun=True)
