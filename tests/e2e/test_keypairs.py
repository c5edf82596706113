"""Key pairs: made, imported, used and deleted."""

import base64
import hashlib
import re
import subprocess
import uuid

import pytest

from harness.compute import refused
from harness.people import allow


def fresh():
    """A key pair name nobody has yet."""
    return f"pair-{uuid.uuid4().hex[:10]}"


def public_of(path):
    """The public key that ssh-keygen reads out of a private one, as `type base64`."""
    done = subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", str(path)], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split()[:2])


@pytest.mark.parametrize(
    "kind, first_line, fingerprint",
    [
        ("rsa", "-----BEGIN RSA PRIVATE KEY-----", r"([0-9a-f]{2}:){19}[0-9a-f]{2}"),
        ("ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----", r"[A-Za-z0-9+/]{43}=?"),
    ],
)
def test_a_private_key_is_returned_once_and_ssh_accepts_it(ec2, tmp_path, kind, first_line, fingerprint):
    name = fresh()
    made = ec2.create_key_pair(KeyName=name, KeyType=kind)
    assert re.fullmatch(r"key-[0-9a-f]{17}", made["KeyPairId"])
    assert made["KeyMaterial"].startswith(first_line), made["KeyMaterial"][:40]
    assert re.fullmatch(fingerprint, made["KeyFingerprint"]), made["KeyFingerprint"]
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(made["KeyMaterial"])
    public = public_of(path)
    assert public.startswith({"rsa": "ssh-rsa ", "ed25519": "ssh-ed25519 "}[kind])
    described = ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)["KeyPairs"][0]
    assert described["KeyType"] == kind and described["KeyFingerprint"] == made["KeyFingerprint"]
    assert " ".join(described["PublicKey"].split()[:2]) == public
    assert "KeyMaterial" not in described and described["CreateTime"]
    assert "PublicKey" not in ec2.describe_key_pairs(KeyNames=[name])["KeyPairs"][0]
    if kind == "ed25519":
        digest = base64.b64encode(hashlib.sha256(base64.b64decode(public.split()[1])).digest()).decode()
        assert made["KeyFingerprint"].rstrip("=") == digest.rstrip("=")
    else:
        der = subprocess.run(["openssl", "pkcs8", "-in", str(path), "-topk8", "-nocrypt", "-outform", "DER"], capture_output=True, check=True).stdout
        assert made["KeyFingerprint"].replace(":", "") == hashlib.sha1(der).hexdigest()
    ec2.delete_key_pair(KeyName=name)


def test_a_pair_is_rsa_when_nothing_else_is_asked(ec2):
    name = fresh()
    made = ec2.create_key_pair(KeyName=name)
    assert ec2.describe_key_pairs(KeyPairIds=[made["KeyPairId"]])["KeyPairs"][0]["KeyType"] == "rsa"
    ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    refused("InvalidKeyPair.NotFound", ec2.describe_key_pairs, KeyNames=[name])


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_public_key_is_imported(ec2, tmp_path, kind):
    name = fresh()
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *(["-b", "2048"] if kind == "rsa" else []), "-N", "", "-C", "me@home", "-f", tmp_path / "key"], check=True)
    material = (tmp_path / "key.pub").read_bytes()
    made = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=material)
    described = ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)["KeyPairs"][0]
    assert described["KeyType"] == kind and described["KeyFingerprint"] == made["KeyFingerprint"]
    assert described["PublicKey"].split()[:2] == material.decode().split()[:2]
    if kind == "rsa":
        der = subprocess.run(["ssh-keygen", "-e", "-m", "PKCS8", "-f", tmp_path / "key.pub"], capture_output=True, check=True).stdout
        der = base64.b64decode(b"".join(der.splitlines()[1:-1]))
        assert made["KeyFingerprint"].replace(":", "") == hashlib.md5(der).hexdigest()
    ec2.delete_key_pair(KeyName=name)


def test_a_name_is_taken_once(ec2):
    name = fresh()
    ec2.create_key_pair(KeyName=name, KeyType="ed25519")
    refused("InvalidKeyPair.Duplicate", ec2.create_key_pair, KeyName=name)
    ec2.delete_key_pair(KeyName=name)
    assert ec2.delete_key_pair(KeyName=name)["ResponseMetadata"]["HTTPStatusCode"] == 200, "deleting is idempotent"


def test_bad_keys_and_names_are_refused(ec2):
    for material in (b"", b"nonsense", b"ssh-rsa AAAA", b"ssh-dss " + base64.b64encode(b"\0\0\0\7ssh-dss"), b"ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x02ab")):
        refused(("InvalidKey.Format", "MissingParameter"), ec2.import_key_pair, KeyName=fresh(), PublicKeyMaterial=material)
    refused("InvalidParameterValue", ec2.create_key_pair, KeyName="k" * 256)
    refused(("InvalidParameterValue", "MissingParameter"), ec2.create_key_pair, KeyName="")
    refused("InvalidParameterValue", ec2.create_key_pair, KeyName=fresh(), KeyType="dsa")


def test_tags_given_at_creation_are_found_again(ec2):
    name = fresh()
    ec2.create_key_pair(KeyName=name, KeyType="ed25519", TagSpecifications=[{"ResourceType": "key-pair", "Tags": [{"Key": "for", "Value": name}]}])
    found = ec2.describe_key_pairs(Filters=[{"Name": "tag:for", "Values": [name]}])["KeyPairs"]
    assert [pair["KeyName"] for pair in found] == [name]
    ec2.delete_key_pair(KeyName=name)


def test_permission_is_by_key_pair(person, ec2):
    mine = fresh()
    bob = person().may(allow("ec2:CreateKeyPair", "ec2:DeleteKeyPair", on=f"arn:aws:ec2:us-east-1:*:key-pair/{mine}"))
    bob.client("ec2").create_key_pair(KeyName=mine, KeyType="ed25519")
    refused("UnauthorizedOperation", bob.client("ec2").create_key_pair, KeyName=fresh())
    bob.client("ec2").delete_key_pair(KeyName=mine)


def test_a_guest_lets_in_whoever_holds_an_rsa_key(bench):
    name = fresh()
    key = bench.save_key(bench.ec2.create_key_pair(KeyName=name, KeyType="rsa"))
    guest = bench.guest(bench.run(KeyName=name)[0], key=key)
    assert guest.run("whoami") == "ec2-user"
    bench.ec2.delete_key_pair(KeyName=name)
    assert guest.run("whoami") == "ec2-user", "deleting the pair does not lock a running guest"
    stranger = bench.key
    assert type(guest)(guest.id, guest.address, stranger).ssh("true").returncode == 255
