"""The same story told with aws-cli, as a person types it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from harness import host
from harness.compute import sweep
from harness.guest import Guest
from harness.waiting import wait_until

GROUP, USER, KEY, BUCKET = "Wheel", "bookuser", "bookuser-key", "bookuser-cli-page"
AWS = [sys.executable, "-m", "awscli"]


class Shell:
    """A shell with `murus env` evaluated in it."""

    def __init__(self, cloud, directory, keys=None):
        self.environment, self.directory = cloud.cli_environment(keys), directory

    def aws(self, *words, fails_with=None):
        """Runs `aws ...`; returns its JSON, its text, or nothing."""
        done = subprocess.run(
            [*AWS, *map(str, words)], cwd=self.directory, env=self.environment, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        if fails_with:
            assert done.returncode != 0 and fails_with in done.stderr, (words, done.stdout, done.stderr)
            return None
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            return done.stdout.strip()

    def instance(self, instance_id):
        """The description of one instance."""
        return self.aws("ec2", "describe-instances", "--instance-ids", instance_id)["Reservations"][0]["Instances"][0]

    def wait(self, instance_id, state):
        """Waits for an instance's state and returns its description."""
        wait_until(
            lambda: self.instance(instance_id)["State"]["Name"] == state, 90, 0.5, f"{instance_id} is {state}"
        )
        return self.instance(instance_id)

    def wait_volume(self, volume_id, state):
        """Waits for a volume's state."""
        query = ["ec2", "describe-volumes", "--volume-ids", volume_id, "--query", "Volumes[0].State", "--output", "text"]
        wait_until(lambda: self.aws(*query) == state, 60, 0.5, f"{volume_id} is {state}")


def anonymous(url):
    """Status of an anonymous GET."""
    try:
        with urllib.request.urlopen(url, timeout=20) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture
def shell(cloud, tmp_path):
    """A shell of bookuser, who is in Wheel; the user is removed afterwards by the administrator."""
    admin = Shell(cloud, tmp_path)
    admin.aws("iam", "create-group", "--group-name", GROUP)
    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    admin.aws("iam", "attach-group-policy", "--group-name", GROUP, "--policy-arn", policy)
    admin.aws("iam", "create-user", "--user-name", USER)
    admin.aws("iam", "add-user-to-group", "--group-name", GROUP, "--user-name", USER)
    key = admin.aws("iam", "create-access-key", "--user-name", USER)["AccessKey"]
    yield Shell(cloud, tmp_path, (key["AccessKeyId"], key["SecretAccessKey"]))
    sweep(cloud.client("ec2"), KEY, "book-cli")
    admin.aws("iam", "delete-access-key", "--user-name", USER, "--access-key-id", key["AccessKeyId"])
    admin.aws("iam", "remove-user-from-group", "--group-name", GROUP, "--user-name", USER)
    admin.aws("iam", "delete-user", "--user-name", USER)
    admin.aws("iam", "detach-group-policy", "--group-name", GROUP, "--policy-arn", policy)
    admin.aws("iam", "delete-group", "--group-name", GROUP)
    admin.aws("iam", "get-user", "--user-name", USER, fails_with="NoSuchEntity")


def test_the_book_chapter_works_typed_into_aws_cli_and_leaves_nothing(cloud, image, shell, tmp_path):
    before = cloud.footprint()
    aws = shell.aws
    assert aws("sts", "get-caller-identity")["Arn"].endswith(f":user/{USER}")

    key = tmp_path / f"{KEY}.pem"
    key.touch(0o600)
    made = aws("ec2", "create-key-pair", "--key-name", KEY, "--query", "KeyMaterial", "--output", "text")
    key.write_text(made + "\n")
    group = aws("ec2", "create-security-group", "--group-name", "book-cli", "--description", "ssh from one address")["GroupId"]
    (tmp_path / "greet").write_text("#!/bin/sh\necho from the book >/var/tmp/greeting\n")

    def run():
        return aws(
            "ec2", "run-instances", "--image-id", image, "--instance-type", "t2.nano", "--count", "1",
            "--key-name", KEY, "--security-group-ids", group, "--user-data", "file://greet",
            "--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value=bookmachine}]",
        )["Instances"][0]["InstanceId"]  # fmt: skip

    first = run()
    address = shell.wait(first, "running")["PublicIpAddress"]
    guest = Guest(first, address, key)
    assert not guest.answers_ssh(), "ssh is closed until the group lets it in"
    me = host.source_towards(address)
    aws("ec2", "authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", f"{me}/32")
    guest.wait_for_ssh()
    wait_until(lambda: guest.ssh("sudo cat /var/tmp/greeting").stdout.strip() == "from the book", 60)
    named = aws("ec2", "describe-instances", "--filters", "Name=tag:Name,Values=bookmachine",
                "Name=instance-state-name,Values=running", "--query", "Reservations[].Instances[].InstanceId")  # fmt: skip
    assert named == [first]

    volume = aws("ec2", "create-volume", "--availability-zone", "us-east-1a", "--size", "1")["VolumeId"]
    shell.wait_volume(volume, "available")
    aws("ec2", "attach-volume", "--volume-id", volume, "--instance-id", first, "--device", "/dev/sdf")
    shell.wait_volume(volume, "in-use")
    wait_until(lambda: guest.sees_disk(volume), what="the guest sees its new disk")
    disk = guest.disk(volume)
    guest.run(f"sudo mkfs.ext4 -q {disk} && sudo mkdir -p /data && sudo mount {disk} /data")
    guest.run("echo chapter one | sudo tee /data/book >/dev/null && sudo umount /data")

    aws("ec2", "stop-instances", "--instance-ids", first)
    shell.wait(first, "stopped")
    aws("ec2", "start-instances", "--instance-ids", first)
    guest = Guest(first, shell.wait(first, "running")["PublicIpAddress"], key).wait_for_ssh()
    wait_until(lambda: guest.sees_disk(volume), what="the disk is there after stop and start")
    read = f"sudo mkdir -p /data && sudo mount {disk} /data && cat /data/book && sudo umount /data"
    assert guest.run(read) == "chapter one"

    aws("ec2", "detach-volume", "--volume-id", volume)
    shell.wait_volume(volume, "available")
    second = run()
    other = Guest(second, shell.wait(second, "running")["PublicIpAddress"], key).wait_for_ssh()
    aws("ec2", "attach-volume", "--volume-id", volume, "--instance-id", second, "--device", "/dev/sdf")
    shell.wait_volume(volume, "in-use")
    wait_until(lambda: other.sees_disk(volume), what="the second guest sees the disk")
    assert other.run(read) == "chapter one"

    elastic = aws("ec2", "allocate-address", "--domain", "vpc")
    association = aws("ec2", "associate-address", "--allocation-id", elastic["AllocationId"], "--instance-id", second)
    Guest(second, elastic["PublicIp"], key).wait_for_ssh(60)

    page = f"{cloud.endpoint}/{BUCKET}/index.html"
    (tmp_path / "index.html").write_text("<h1>Hello from my own cloud</h1>\n")
    aws("s3", "mb", f"s3://{BUCKET}")
    aws("s3", "cp", "index.html", f"s3://{BUCKET}/")
    assert anonymous(page)[0] == 403
    aws("s3api", "delete-public-access-block", "--bucket", BUCKET)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}],
    }
    aws("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", json.dumps(policy))
    assert anonymous(page) == (200, b"<h1>Hello from my own cloud</h1>\n")

    aws("s3", "rb", "--force", f"s3://{BUCKET}")
    aws("ec2", "disassociate-address", "--association-id", association["AssociationId"])
    aws("ec2", "release-address", "--allocation-id", elastic["AllocationId"])
    aws("ec2", "terminate-instances", "--instance-ids", first, second)
    shell.wait(first, "terminated")
    shell.wait(second, "terminated")
    shell.wait_volume(volume, "available")
    aws("ec2", "delete-volume", "--volume-id", volume)
    aws("ec2", "delete-security-group", "--group-id", group)
    aws("ec2", "delete-key-pair", "--key-name", KEY)
    assert anonymous(page)[0] == 404
    wait_until(lambda: cloud.footprint() == before, 30, what=lambda: f"nothing left behind: {before} -> {cloud.footprint()}")
