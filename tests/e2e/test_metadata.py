"""The metadata service at 169.254.169.254, seen from inside."""

import json

import boto3

from harness.compute import instance, refused
from harness.waiting import wait_until

USER_DATA = "#!/bin/sh\n# no secrets here\ntrue\n"
V1 = "timeout 10 wget -q -O - http://169.254.169.254"


def imds(guest, path):
    """A document by version 2."""
    return guest.run(f"imds {path}")


def test_version_two_tells_the_instance_about_itself(bench, guest):
    one = instance(bench.ec2, guest.id)
    expected = {
        "instance-id": guest.id,
        "instance-type": "t2.nano",
        "ami-id": bench.image,
        "ami-launch-index": "0",
        "local-ipv4": one["PrivateIpAddress"],
        "public-ipv4": one["PublicIpAddress"],
        "placement/availability-zone": "us-east-1a",
        "placement/region": "us-east-1",
        "security-groups": f"open-{bench.mark}",
        "public-keys/": f"0={bench.key_name}",
        "hostname": one["PrivateDnsName"],
        "local-hostname": one["PrivateDnsName"],
        "mac": one["NetworkInterfaces"][0]["MacAddress"],
    }
    script = "; ".join(f"echo '{path}' \"$(imds latest/meta-data/{path})\"" for path in expected)
    assert dict(line.split(" ", 1) for line in guest.run(script).splitlines()) == expected
    pair = bench.ec2.describe_key_pairs(KeyNames=[bench.key_name], IncludePublicKey=True)["KeyPairs"][0]
    assert imds(guest, "latest/meta-data/public-keys/0/openssh-key").split()[:2] == pair["PublicKey"].split()[:2]


def test_version_one_answers_too(guest):
    assert guest.run(f"{V1}/latest/meta-data/instance-id") == guest.id
    listing = guest.run(f"{V1}/latest/meta-data/").split()
    assert {"instance-id", "local-ipv4", "placement/", "public-keys/", "network/"} <= set(listing)


def test_everything_that_is_listed_is_served(guest):
    script = r'''
IMDS_TOKEN=$(imds --token); export IMDS_TOKEN
walk() {
    for name in $(imds "latest/meta-data/$1" | sed "s/=.*/\//"); do
        case $name in
        */) walk "$1$name" ;;
        *) imds "latest/meta-data/$1$name" >/dev/null || echo "missing $1$name" ;;
        esac
    done
}
walk ""
echo walked
'''
    assert guest.run(script, timeout=180).splitlines() == ["walked"]


def test_the_identity_document_and_versions(bench, guest, account):
    document = json.loads(imds(guest, "latest/dynamic/instance-identity/document"))
    expected = {"accountId": account, "architecture": "x86_64", "availabilityZone": "us-east-1a", "imageId": bench.image,
                "instanceId": guest.id, "instanceType": "t2.nano", "region": "us-east-1"}  # fmt: skip
    assert {name: document[name] for name in expected} == expected
    assert document["privateIp"] == instance(bench.ec2, guest.id)["PrivateIpAddress"]
    for version in ("2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23"):
        assert imds(guest, f"{version}/meta-data/instance-id") == guest.id, version


def test_user_data_comes_as_it_was_given(bench):
    guest = bench.launch(UserData=USER_DATA)
    assert guest.run("imds latest/user-data") + "\n" == USER_DATA
    bench.terminate(guest.id)


def test_a_guest_without_user_data_gets_404(guest):
    assert guest.ssh("imds latest/user-data").returncode == 22
    assert guest.ssh("imds latest/meta-data/no-such-thing").returncode == 22
    assert guest.ssh("imds latest/meta-data/../../../etc/passwd").returncode == 22
    assert guest.ssh("IMDS_TOKEN=wrong imds latest/meta-data/instance-id").returncode == 22


def test_a_token_needs_a_time_to_live_and_does_not_come_through_a_proxy(guest):
    def status(headers):
        head = r"PUT /latest/api/token HTTP/1.0\r\nHost: 169.254.169.254\r\nContent-Length: 0\r\n" + headers + r"\r\n"
        # Not through a pipe: its end would close the connection before the answer.
        exchange = f"nc -w 3 169.254.169.254 80 -e sh -c \"printf '{head}'; head -n 1 >&3\" 3>&1"
        return guest.run(exchange).split()[1]

    ttl = r"X-aws-ec2-metadata-token-ttl-seconds: %s\r\n"
    assert status(ttl % 60) == "200"
    assert status("") == "400"
    for seconds in ("0", "21601", "x"):
        assert status(ttl % seconds) == "400", seconds
    assert status(ttl % 60 + r"X-Forwarded-For: 192.0.2.1\r\n") == "403"


def test_a_guest_sees_only_its_own_metadata(bench, guest):
    other = bench.launch()
    assert other.run("imds latest/meta-data/instance-id") == other.id
    assert guest.run("imds latest/meta-data/instance-id") == guest.id
    private = instance(bench.ec2, guest.id)["PrivateIpAddress"]
    # Taking the other's address does not take its metadata: what comes from a forged address is dropped.
    forge = f"sudo ip address add {private}/32 dev eth0; sudo ip route replace 169.254.169.254/32 dev eth0 src {private}; (imds latest/meta-data/instance-id || echo nothing); sudo ip route del 169.254.169.254/32 dev eth0; sudo ip address del {private}/32 dev eth0"
    said = wait_until(lambda: other.ssh(forge, timeout=60).stdout.strip(), 60)
    assert guest.id not in said, said
    bench.terminate(other.id)


def test_the_services_of_the_host_are_not_reachable_from_a_guest(cloud, guest):
    gateway = guest.run("ip route show default | awk '{print $3; exit}'") or "169.254.169.254"
    for address in (gateway, "169.254.169.254"):
        assert guest.ssh(f"nc -w 2 {address} {cloud.port} </dev/null").returncode != 0
        assert guest.ssh(f"nc -w 2 {address} 22 </dev/null").returncode != 0


def test_an_instance_has_the_role_of_its_profile(cloud, bench, guest):
    """What boto3 in a guest does: find the role, take its credentials, use them; and lose them with the association."""
    iam, name = cloud.client("iam"), f"role-{bench.mark}"
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    made = bench.ec2.associate_iam_instance_profile(InstanceId=guest.id, IamInstanceProfile={"Name": name})
    association = made["IamInstanceProfileAssociation"]
    try:
        below = "latest/meta-data/iam/security-credentials/"
        wait_until(lambda: guest.run(f"imds {below} || true") == name, 30, what="the metadata names the role")
        assert instance(bench.ec2, guest.id)["IamInstanceProfile"]["Arn"] == association["IamInstanceProfile"]["Arn"]
        info = json.loads(imds(guest, "latest/meta-data/iam/info"))
        assert (info["Code"], info["InstanceProfileArn"]) == ("Success", association["IamInstanceProfile"]["Arn"])
        given = json.loads(imds(guest, below + name))
        session = boto3.session.Session(given["AccessKeyId"], given["SecretAccessKey"], given["Token"], region_name="us-east-1")
        verify = str(cloud.certificate) if cloud.certificate else None
        sts, inside = (session.client(service, endpoint_url=cloud.endpoint, verify=verify) for service in ("sts", "iam"))
        assert sts.get_caller_identity()["Arn"].endswith(f":assumed-role/{name}/{guest.id}")
        inside.list_users()
        refused("AccessDenied", inside.create_user, UserName="never")
    finally:
        bench.ec2.disassociate_iam_instance_profile(AssociationId=association["AssociationId"])
        iam.detach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
        iam.delete_instance_profile(InstanceProfileName=name)
        iam.delete_role(RoleName=name)
    wait_until(lambda: guest.run(f"imds {below} || true") == "", 30, what="the metadata has no role")
    refused("InvalidClientTokenId", sts.get_caller_identity)
