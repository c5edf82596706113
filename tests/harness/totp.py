"""What an authenticator on a phone shows (RFC 6238)."""

import base64
import hashlib
import hmac
import struct
import time


def code(seed, steps=0):
    """The code that an authenticator shows, so many steps from now."""
    digest = hmac.new(seed, struct.pack(">q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def seed_of(device):
    """The seed's bytes: boto3 has taken the base64 off the base32 already."""
    return base64.b32decode(device["Base32StringSeed"])


def two_codes(seed):
    """Two codes that follow one another, as EnableMFADevice takes them."""
    return {"AuthenticationCode1": code(seed, -1), "AuthenticationCode2": code(seed)}
