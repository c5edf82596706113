"""Security groups: shut in, open out, and rules that take effect on running instances."""

import re
import uuid

import pytest

from harness import host
from harness.compute import instance, open_tcp, refused, wait_for_instance
from harness.guest import Guest, port_speaks
from harness.waiting import stays, wait_until


@pytest.fixture
def group(ec2):
    """Makes groups: `group()`; deleted afterwards."""
    made = []

    def make(**parameters):
        name = f"group-{uuid.uuid4().hex[:10]}"
        made.append(ec2.create_security_group(GroupName=name, Description="of a test", **parameters)["GroupId"])
        return made[-1]

    yield make
    for one in made:
        try:
            ec2.delete_security_group(GroupId=one)
        except ec2.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidGroup.NotFound", error


@pytest.fixture
def regrouped(bench, guest):
    """Puts the shared guest into groups of a test: `regrouped(group, ...)`; back in the bench's own afterwards."""

    def into(*groups):
        bench.ec2.modify_instance_attribute(InstanceId=guest.id, Groups=list(groups))

    yield into
    into(bench.group)


def described(ec2, group_id):
    """The description of a group."""
    return ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]


def test_a_new_group_lets_nothing_in_and_everything_out(ec2, group):
    one = described(ec2, group())
    assert re.fullmatch(r"sg-[0-9a-f]{17}", one["GroupId"]) and one["IpPermissions"] == []
    assert [(rule["IpProtocol"], rule["IpRanges"][0]["CidrIp"]) for rule in one["IpPermissionsEgress"]] == [("-1", "0.0.0.0/0")]


def test_the_default_group_lets_its_own_members_in(ec2, account):
    vpc = [one for one in ec2.describe_vpcs()["Vpcs"] if one["IsDefault"]][0]["VpcId"]
    filters = [{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [vpc]}]
    one = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
    assert [pair["GroupId"] for pair in one["IpPermissions"][0]["UserIdGroupPairs"]] == [one["GroupId"]]
    refused("CannotDelete", ec2.delete_security_group, GroupId=one["GroupId"])


def test_rules_are_authorized_listed_and_revoked(ec2, group):
    one = group()
    reply = ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=open_tcp(22, "203.0.113.0/24") + open_tcp(80, "0.0.0.0/0"))
    assert all(re.fullmatch(r"sgr-[0-9a-f]{17}", rule["SecurityGroupRuleId"]) for rule in reply["SecurityGroupRules"])
    refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=one, IpPermissions=open_tcp(22, "203.0.113.0/24"))
    found = {(p["FromPort"], r["CidrIp"]) for p in described(ec2, one)["IpPermissions"] for r in p["IpRanges"]}
    assert found == {(22, "203.0.113.0/24"), (80, "0.0.0.0/0")}
    ec2.revoke_security_group_ingress(GroupId=one, IpPermissions=open_tcp(80, "0.0.0.0/0"))
    assert [p["FromPort"] for p in described(ec2, one)["IpPermissions"]] == [22]
    refused("InvalidPermission.NotFound", ec2.revoke_security_group_ingress, GroupId=one, IpPermissions=open_tcp(443))


@pytest.mark.parametrize(
    "permission, code",
    [
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "not a cidr"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/33"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "tcp", "FromPort": 23, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65536, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "carrier-pigeon", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]}, "InvalidGroup.NotFound"),
        ({"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, ("InvalidParameterValue", "MissingParameter")),
    ],
)
def test_a_wrong_rule_is_refused_and_changes_nothing(ec2, group, permission, code):
    one = group()
    refused(code, ec2.authorize_security_group_ingress, GroupId=one, IpPermissions=open_tcp() + [permission])
    assert described(ec2, one)["IpPermissions"] == []


def test_names_are_unique_and_checked(ec2, group):
    one = described(ec2, group())
    refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName=one["GroupName"], Description="again")
    refused("InvalidParameterValue", ec2.create_security_group, GroupName="sg-mine", Description="a")
    refused(("InvalidParameterValue", "MissingParameter"), ec2.create_security_group, GroupName="", Description="a")
    refused("InvalidParameterValue", ec2.create_security_group, GroupName="g" * 256, Description="a")
    refused("InvalidParameterValue", ec2.create_security_group, GroupName="x", Description="a\nb")
    refused("InvalidGroup.NotFound", ec2.delete_security_group, GroupId="sg-0123456789abcdef0")


def test_a_rule_takes_effect_on_a_running_instance_and_its_removal_too(bench, guest, group, regrouped):
    ec2, web = bench.ec2, group()
    regrouped(bench.group, web)
    guest.run("(while true; do echo hello | nc -l -p 8080; done) </dev/null >/dev/null 2>&1 &")
    me = host.source_towards(guest.address)
    assert not port_speaks(guest.address, 8080)
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=open_tcp(8080, f"{me}/32"))
    wait_until(lambda: port_speaks(guest.address, 8080), 20, what="the rule lets port 8080 in")
    ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=open_tcp(8080, f"{me}/32"))
    wait_until(lambda: not port_speaks(guest.address, 8080, 1), 20, what="the revoked rule shuts it")
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=open_tcp(8080, "203.0.113.0/24"))
    stays(lambda: not port_speaks(guest.address, 8080, 0.5), 2, what="a rule for others lets nobody else in")


def test_a_range_that_holds_the_caller_lets_it_in_and_one_that_does_not_shuts_it_out(bench, guest, group, regrouped):
    """The same guest under one group after the other, without a restart."""
    ec2, narrow = bench.ec2, group()
    regrouped(narrow)
    wait_until(lambda: not guest.answers_ssh(1), 20, what="the empty group shuts ssh")
    ec2.authorize_security_group_ingress(GroupId=narrow, IpPermissions=open_tcp(22, "203.0.113.0/24"))
    stays(lambda: not guest.answers_ssh(0.5), 2)
    me = host.source_towards(guest.address)
    ec2.authorize_security_group_ingress(GroupId=narrow, IpPermissions=open_tcp(22, f"{me}/32"))
    wait_until(guest.answers_ssh, 20, what="one address is let in")
    refused("DependencyViolation", ec2.delete_security_group, GroupId=narrow)


def test_a_group_as_source_lets_its_members_in_by_private_address(bench, guest, group):
    ec2, inner = bench.ec2, group()
    private_id = bench.run(SecurityGroupIds=[inner])[0]
    private = wait_for_instance(ec2, private_id, "running")["PrivateIpAddress"]
    banner = f"nc -w 2 {private} 22 </dev/null | head -c 3"
    ec2.authorize_security_group_ingress(
        GroupId=inner,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": bench.group}]}],
    )
    wait_until(lambda: guest.ssh(banner).stdout == "SSH", 90, what="a member of the source group is let in")
    public = instance(ec2, private_id)["PublicIpAddress"]
    assert not Guest(private_id, public, bench.key).answers_ssh(), "the host is no member"
    bench.terminate(private_id)


def test_egress_is_filtered_too(bench, guest, group, regrouped):
    ec2, shut = bench.ec2, group()
    ec2.authorize_security_group_ingress(GroupId=shut, IpPermissions=open_tcp())
    ec2.revoke_security_group_egress(GroupId=shut, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    other_id = bench.run()[0]
    other = wait_for_instance(ec2, other_id, "running")["PrivateIpAddress"]
    banner = f"nc -w 2 {other} 22 </dev/null | head -c 3"
    wait_until(lambda: guest.ssh(banner).stdout == "SSH", 90)
    regrouped(shut)
    wait_until(lambda: guest.ssh(banner).stdout == "", 20, what="nothing goes out, but answers to who came in")
    assert guest.run("imds latest/meta-data/instance-id") == guest.id, "metadata is not filtered"
    bench.terminate(other_id)
