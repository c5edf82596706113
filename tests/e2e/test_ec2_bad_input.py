"""What no well-behaved client sends to the query services: refused with AWS's code, and nothing is changed."""

import pytest

from harness.compute import volume_ids
from harness.wire import Request, Signer, query_request

ID = "0123456789abcdef0"


@pytest.fixture(scope="module")
def call(cloud, wire):
    """Sends parameters as they stand to a service."""

    def send(parameters, service="ec2"):
        return wire.query(cloud.admin_keys, service, parameters)

    return send


def expect(reply, code, *named):
    """Asserts code and that the message names something."""
    codes = (code,) if isinstance(code, str) else code
    assert 400 <= reply.status < 500 and reply.code in codes, (reply.status, reply.body)
    for word in named:
        assert word in reply.message, reply.message
    assert reply.text_of("RequestID") or reply.text_of("RequestId"), reply.body


@pytest.mark.parametrize("service", ["ec2", "iam", "sts"])
def test_an_unknown_action_is_told_so(call, service):
    reply = call({"Action": "MakeCoffee"}, service)
    expect(reply, "InvalidAction", "MakeCoffee")
    expect(call({"Action": "MakeCoffee", "Version": "2012-10-01"}, "ec2"), "InvalidAction")
    if service == "ec2":
        assert reply.message == "The action MakeCoffee is not valid for this web service."


@pytest.mark.parametrize("service", ["ec2", "iam", "sts"])
def test_no_action_at_all_is_told_so(call, service):
    expect(call({}, service), ("MissingAction", "MissingParameter", "InvalidAction"))


def test_an_action_of_aws_that_is_not_offered_yet_is_told_so(call):
    for name in ("CreateTransitGateway", "CreateFleet"):
        expect(call({"Action": name}), "InvalidAction", name)


@pytest.mark.parametrize(
    "parameters",
    [
        {"Action": "DescribeInstances", "Colour": "red"},
        {"Action": "CreateVolume", "AvailabilityZone": "us-east-1a", "Size": "1", "Colour": "red"},
        {"Action": "DescribeVolumes", "Filter.1.Name": "size", "Filter.1.Value.1": "1", "Filter.1.Colour": "red"},
    ],
)
def test_an_unknown_parameter_is_refused_by_name(call, ec2, parameters):
    before = volume_ids(ec2)
    expect(call(parameters), "UnknownParameter", "Colour")
    assert volume_ids(ec2) <= before


@pytest.mark.parametrize(
    "action, parameter, code",
    [
        ("DescribeInstances", "InstanceId.1", "InvalidInstanceID.Malformed"),
        ("TerminateInstances", "InstanceId.1", "InvalidInstanceID.Malformed"),
        ("DescribeVolumes", "VolumeId.1", ("InvalidParameterValue", "InvalidVolumeID.Malformed", "InvalidVolume.Malformed")),
        ("DescribeSnapshots", "SnapshotId.1", ("InvalidParameterValue", "InvalidSnapshotID.Malformed", "InvalidSnapshot.Malformed")),
        ("DescribeImages", "ImageId.1", "InvalidAMIID.Malformed"),
        ("DescribeSecurityGroups", "GroupId.1", ("InvalidGroupId.Malformed", "InvalidSecurityGroupID.Malformed", "InvalidGroupID.Malformed")),
        ("DescribeSubnets", "SubnetId.1", ("InvalidSubnetID.Malformed", "InvalidSubnetId.Malformed", "InvalidSubnetID.NotFound")),
        ("DescribeVpcs", "VpcId.1", ("InvalidVpcID.Malformed", "InvalidVpcId.Malformed", "InvalidVpcID.NotFound")),
    ],
)
@pytest.mark.parametrize("value", ["nonsense", "i-", "../../etc/passwd", "vol-" + "f" * 1025, "i-0123456789ABCDEFG", "i-01234\x005678", "<x/>", "ä"])
def test_a_malformed_id_is_told_so(call, action, parameter, code, value):
    reply = call({"Action": action, parameter: value})
    expect(reply, "MalformedQueryString" if "\0" in value else code)


@pytest.mark.parametrize(
    "action, parameter, code",
    [
        ("DescribeInstances", {"InstanceId.1": f"i-{ID}"}, "InvalidInstanceID.NotFound"),
        ("DescribeVolumes", {"VolumeId.1": f"vol-{ID}"}, "InvalidVolume.NotFound"),
        ("DescribeSnapshots", {"SnapshotId.1": f"snap-{ID}"}, "InvalidSnapshot.NotFound"),
        ("DescribeSecurityGroups", {"GroupId.1": f"sg-{ID}"}, "InvalidGroup.NotFound"),
        ("DescribeSubnets", {"SubnetId.1": f"subnet-{ID}"}, "InvalidSubnetID.NotFound"),
        ("DescribeVpcs", {"VpcId.1": f"vpc-{ID}"}, "InvalidVpcID.NotFound"),
        ("DescribeKeyPairs", {"KeyName.1": "nobody"}, "InvalidKeyPair.NotFound"),
        ("GetConsoleOutput", {"InstanceId": f"i-{ID}"}, "InvalidInstanceID.NotFound"),
        ("RebootInstances", {"InstanceId.1": f"i-{ID}"}, "InvalidInstanceID.NotFound"),
    ],
)
def test_what_does_not_exist_is_named(call, action, parameter, code):
    expect(call({"Action": action, **parameter}), code, next(iter(parameter.values())))


@pytest.mark.parametrize(
    "parameters, named",
    [
        ({"Action": "CreateVolume", "AvailabilityZone": "us-east-1a", "Size": "one"}, "one"),
        ({"Action": "CreateVolume", "AvailabilityZone": "us-east-1a", "Size": "99999999999999999999"}, "99999999999999999999"),
        ({"Action": "CreateVolume", "AvailabilityZone": "us-east-1a", "Size": "1.5"}, "1.5"),
        ({"Action": "CreateVolume", "AvailabilityZone": "us-east-1a", "Size": "1", "DryRun": "perhaps"}, "perhaps"),
        ({"Action": "CreateVolume", "AvailabilityZone": "us-east-1a", "Size": ""}, "ize"),
        ({"Action": "DescribeInstances", "MaxResults": "many"}, "many"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(call, ec2, parameters, named):
    before = volume_ids(ec2)
    expect(call(parameters), ("InvalidParameterValue", "MissingParameter", "MalformedQueryString"), named)
    assert volume_ids(ec2) <= before


def test_lists_are_counted_from_one_or_as_htcondor_does_from_zero(call):
    for first in (0, 1):
        parameters = {"Action": "DescribeInstances", "Filter.1.Name": "instance-state-name"}
        parameters |= {f"Filter.1.Value.{first + index}": value for index, value in enumerate(("running", "stopped"))}
        assert call(parameters).status == 200, first


@pytest.mark.parametrize("key", ["InstanceId.x", "InstanceId.-1", "InstanceId.1.2", "InstanceId.3", "InstanceId.99999999999999999999", "InstanceId"])
def test_a_list_with_holes_or_without_numbers_is_refused(call, key):
    reply = call({"Action": "DescribeInstances", key: f"i-{ID}"})
    expect(reply, ("UnknownParameter", "InvalidParameterValue", "MalformedQueryString", "InvalidParameter"), "InstanceId")


def test_a_huge_list_is_refused_not_swallowed(call):
    parameters = {"Action": "DescribeInstances", **{f"InstanceId.{n}": f"i-{n:017x}" for n in range(1, 5000)}}
    reply = call(parameters)
    assert 400 <= reply.status < 500, reply.status


@pytest.mark.parametrize("body", [b"Action=%zz", b"Action=DescribeInstances&%", b"\xff\xfe", b"Action=DescribeInstances&x=%ff", b"=", b"&&&", b"Action"])
def test_a_body_that_is_no_form_is_refused(cloud, wire, body):
    request = query_request("ec2", {})
    request.body = body
    reply = wire.send(Signer(cloud.admin_keys, "ec2").sign(request, wire.host))
    assert 400 <= reply.status < 500 and reply.code, (reply.status, reply.body)


def test_an_enormous_body_is_refused_before_it_is_read(cloud, wire):
    request = query_request("ec2", {"Action": "DescribeInstances"})
    Signer(cloud.admin_keys, "ec2").sign(request, wire.host)
    request.headers["Content-Length"] = str(1 << 33)
    request.headers["Expect"] = "100-continue"
    request.body = b""
    reply = wire.send(request)
    assert 400 <= reply.status < 500, (reply.status, reply.body)


def test_a_parameter_given_twice_does_not_mean_both(cloud, wire, ec2):
    before = {one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]}
    request = query_request("ec2", {})
    request.body = b"Action=DescribeInstances&Action=CreateKeyPair&KeyName=never&Version=2016-11-15"
    reply = wire.send(Signer(cloud.admin_keys, "ec2").sign(request, wire.host))
    assert 400 <= reply.status < 500, (reply.status, reply.body)
    assert {one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]} == before


def test_what_comes_in_xml_metacharacters_goes_out_escaped(call, ec2):
    reply = call({"Action": "DescribeKeyPairs", "KeyName.1": "<&\"'>"})
    expect(reply, ("InvalidKeyPair.NotFound", "InvalidParameterValue"), "<&\"'>")


def test_a_dry_run_is_answered_for_reads_and_writes(call):
    for parameters in ({"Action": "DescribeInstances"}, {"Action": "CreateKeyPair", "KeyName": "never"}):
        reply = call({**parameters, "DryRun": "true"})
        assert (reply.status, reply.code) == (412, "DryRunOperation"), reply.body
    assert "Request would have succeeded, but DryRun flag is set." == reply.message


def test_any_version_of_the_api_is_accepted(call):
    for version in ("2012-10-01", "2014-02-01", "2016-11-15"):
        assert call({"Action": "DescribeInstances", "Version": version}).status == 200, version


def test_answers_look_as_old_clients_expect(call):
    reply = call({"Action": "DescribeInstances"})
    assert reply.headers["Server"] == "AmazonEC2"
    assert reply.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert b'<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">' in reply.body


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 200000 + b"\r\n\r\n"])
def test_what_is_no_http_is_hung_up_on_and_the_next_caller_is_served(cloud, ec2, raw):
    import socket

    with socket.create_connection(("127.0.0.1", cloud.port), 10) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(1000)
        except OSError:
            answer = b""
    assert answer == b"" or answer.split()[1][:1] == b"4", answer
    assert ec2.describe_instances()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_request_to_no_service_is_refused(wire):
    reply = wire.send(Request("POST", "/", headers={"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "Nothing.At_All"}, body=b"{}"))
    assert 400 <= reply.status < 500, (reply.status, reply.body)
