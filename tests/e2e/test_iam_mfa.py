"""Virtual MFA devices, with an authenticator as a phone has it."""

import struct
import uuid
import zlib

import pytest
from botocore.exceptions import ClientError

from harness.totp import code, seed_of


@pytest.fixture
def device(iam):
    """A fresh device as CreateVirtualMFADevice shows it."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone-{uuid.uuid4().hex[:8]}", Tags=[{"Key": "a", "Value": "b"}])
    yield made["VirtualMFADevice"]
    serial = made["VirtualMFADevice"]["SerialNumber"]
    for listed in iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]:
        if listed["SerialNumber"] == serial:
            iam.deactivate_mfa_device(UserName=listed["User"]["UserName"], SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def pixels(png):
    """The size of a PNG and its decompressed rows; every checksum is verified."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, size, data = 8, None, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        size = struct.unpack(">II", body[:8]) if kind == b"IHDR" else size
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    return size, zlib.decompress(data)


def test_a_new_device_shows_its_seed_once_and_a_picture_of_it(iam, device, account):
    assert device["SerialNumber"].startswith(f"arn:aws:iam::{account}:mfa/phone-")
    assert len(seed_of(device)) == 40
    (width, height), rows = pixels(device["QRCodePNG"])
    assert width == height and len(rows) == height * (1 + (width + 7) // 8)
    assert rows[1 : 1 + width // 8] == b"\xff" * (width // 8), "a quiet zone around it"
    listed = [one for one in iam.list_virtual_mfa_devices()["VirtualMFADevices"] if one["SerialNumber"] == device["SerialNumber"]]
    assert listed and "Base32StringSeed" not in listed[0] and "QRCodePNG" not in listed[0]
    assert iam.list_mfa_device_tags(SerialNumber=device["SerialNumber"])["Tags"] == [{"Key": "a", "Value": "b"}]


def test_a_device_is_enabled_shown_put_in_step_and_taken_back(iam, device, person):
    user, serial, seed = person().name, device["SerialNumber"], seed_of(device)
    with pytest.raises(ClientError) as refused:
        iam.enable_mfa_device(UserName=user, SerialNumber=serial, AuthenticationCode1="000000", AuthenticationCode2="000000")
    assert refused.value.response["Error"]["Code"] == "InvalidAuthenticationCode"
    iam.enable_mfa_device(
        UserName=user, SerialNumber=serial, AuthenticationCode1=code(seed, -1), AuthenticationCode2=code(seed)
    )
    assert [one["SerialNumber"] for one in iam.list_mfa_devices(UserName=user)["MFADevices"]] == [serial]
    assert iam.get_mfa_device(SerialNumber=serial, UserName=user)["EnableDate"]
    iam.resync_mfa_device(UserName=user, SerialNumber=serial, AuthenticationCode1=code(seed, 7), AuthenticationCode2=code(seed, 8))
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.enable_mfa_device(UserName=user, SerialNumber=serial, AuthenticationCode1="000000", AuthenticationCode2="000000")
    iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
