"""KMS."""

from harness.errors import provokes
from harness.errors.world import LIMITS, fresh
from harness.operations import KMS_NEVER

NEVER_KEY = KMS_NEVER["KeyId"]
TAG = [{"TagKey": "a", "TagValue": "b"}]
# By id or ARN of a key: what each takes besides.
BY_KEY = {
    "CancelKeyDeletion": {}, "DescribeKey": {}, "DisableKey": {}, "DisableKeyRotation": {}, "EnableKey": {}, "EnableKeyRotation": {},
    "GetKeyPolicy": {}, "GetKeyRotationStatus": {}, "ListAliases": {}, "ListKeyPolicies": {}, "ListResourceTags": {},
    "PutKeyPolicy": {"Policy": "{}"}, "ScheduleKeyDeletion": {"PendingWindowInDays": 7}, "TagResource": {"Tags": TAG},
    "UntagResource": {"TagKeys": ["a"]}, "UpdateKeyDescription": {"Description": "d"},
}  # fmt: skip
CREATING = {"GenerateDataKey": {"KeySpec": "AES_256"}, "GenerateDataKeyWithoutPlaintext": {"KeySpec": "AES_256"}, "Encrypt": {"Plaintext": b"x"}}
OPENING = ("Decrypt", "ReEncrypt")


def using(w, action, key, **more):
    """A use of a key, whichever of the five."""
    if action in CREATING:
        return {"KeyId": key, **CREATING[action], **more}
    given = {"CiphertextBlob": w.sealed(key), **more}
    return given | ({"DestinationKeyId": key} if action == "ReEncrypt" else {})


@provokes("kms", "NotFoundException", *BY_KEY, *CREATING, says="Key '.*{KeyId}' does not exist")
def _(w, action):
    return {"KeyId": NEVER_KEY, **(BY_KEY | CREATING)[action]}


@provokes("kms", "NotFoundException", *OPENING, says=f"Key '.*{NEVER_KEY}' does not exist")
def _(w, action):
    named = {"Decrypt": {"KeyId": NEVER_KEY}, "ReEncrypt": {"DestinationKeyId": NEVER_KEY}}[action]
    return {"CiphertextBlob": w.sealed(w.some_key), **named}


@provokes("kms", "NotFoundException", "CreateAlias", says=f"Key '.*{NEVER_KEY}' does not exist")
def _(w):
    return {"AliasName": f"alias/{fresh()}", "TargetKeyId": NEVER_KEY}


@provokes("kms", "NotFoundException", "UpdateAlias", "DeleteAlias", says="Alias .*{AliasName} is not found")
def _(w, action):
    return {"AliasName": f"alias/{fresh()}"} | ({"TargetKeyId": w.some_key} if action == "UpdateAlias" else {})


@provokes("kms", "InvalidArnException", *BY_KEY, says="is not a valid ARN")
def _(w, action):
    return {"KeyId": "arn:aws:kms:us-east-1:1:key/x", **BY_KEY[action]}


# States


def going(w):
    """A key that is to be deleted."""
    key = w.kms_key()
    w.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return key


STAYING = ("DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateKeyDescription")
PENDING = "is pending deletion"


@provokes("kms", "KMSInvalidStateException", *STAYING, says=PENDING)
def _(w, action):
    return {"KeyId": going(w), **BY_KEY[action]}


@provokes("kms", "KMSInvalidStateException", "CancelKeyDeletion", says="is not pending deletion")
def _(w):
    return {"KeyId": w.some_key}


@provokes("kms", "KMSInvalidStateException", "CreateAlias", "UpdateAlias", says=PENDING)
def _(w, action):
    name = f"alias/{fresh()}"
    if action == "UpdateAlias":
        w.kms.create_alias(AliasName=name, TargetKeyId=w.some_key)
    return {"AliasName": name, "TargetKeyId": going(w)}


@provokes("kms", "KMSInvalidStateException", *CREATING, *OPENING, says=PENDING)
def _(w, action):
    key = w.kms_key()
    given = using(w, action, key)
    w.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return given


@provokes("kms", "DisabledException", *CREATING, *OPENING, says="is disabled")
def _(w, action):
    key = w.kms_key()
    given = using(w, action, key)
    w.kms.disable_key(KeyId=key)
    return given


@provokes("kms", "DisabledException", "EnableKeyRotation", "DisableKeyRotation", says="is disabled")
def _(w):
    key = w.kms_key()
    w.kms.disable_key(KeyId=key)
    return {"KeyId": key}


# Ways to use a key


@provokes("kms", "DryRunOperationException", *CREATING, *OPENING, says="DryRun")
def _(w, action):
    return using(w, action, w.some_key, DryRun=True)


@provokes("kms", "InvalidGrantTokenException", *CREATING, *OPENING, says="grant")
def _(w, action):
    return using(w, action, w.some_key, GrantTokens=["never"])


@provokes("kms", "InvalidCiphertextException", *OPENING, says="cannot be decrypted")
def _(w, action):
    given = using(w, action, w.some_key)
    blob = given["CiphertextBlob"]
    return given | {"CiphertextBlob": blob[:-1] + bytes([blob[-1] ^ 1])}


@provokes("kms", "IncorrectKeyException", *OPENING, says="does not identify")
def _(w, action):
    named = {"Decrypt": "KeyId", "ReEncrypt": "SourceKeyId"}[action]
    return using(w, action, w.some_key, **{named: w.kms_key()})


# Aliases, tags, policies, pages


@provokes("kms", "AlreadyExistsException", "CreateAlias", says="An alias with the name .* already exists")
def _(w):
    given = {"AliasName": f"alias/{fresh()}", "TargetKeyId": w.some_key}
    w.kms.create_alias(**given)
    return given


@provokes("kms", "InvalidAliasNameException", "CreateAlias", says="reserved")
def _(w):
    return {"AliasName": "alias/aws/mine", "TargetKeyId": w.some_key}


@provokes("kms", "LimitExceededException", "CreateAlias", "UpdateAlias", says="at most 50 aliases")
def _(w, action):
    key = w.kms_key()
    for number in range(50):
        w.kms.create_alias(AliasName=f"alias/{fresh()}", TargetKeyId=key)
    name = f"alias/{fresh()}"
    if action == "UpdateAlias":
        w.kms.create_alias(AliasName=name, TargetKeyId=w.some_key)
    return {"AliasName": name, "TargetKeyId": key}


@provokes("kms", "LimitExceededException", "CreateKey", says=f"at most {LIMITS['max_kms_keys']} keys")
def _(w):
    client = w.tenant().client("kms")
    for _ in range(LIMITS["max_kms_keys"]):
        client.create_key()
    return client, {}


@provokes("kms", "LimitExceededException", "PutKeyPolicy", says="longer than 32768 bytes")
def _(w):
    return {"KeyId": w.kms_key(), "Policy": "{" + " " * 32_768 + "}"}


@provokes("kms", "LimitExceededException", "TagResource", says="at most 50 tags")
def _(w):
    key = w.kms_key()
    w.kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"k{number}", "TagValue": ""} for number in range(50)])
    return {"KeyId": key, "Tags": TAG}


@provokes("kms", "TagException", "CreateKey", says="Duplicate tag keys")
def _(w):
    return {"Tags": TAG + TAG}


@provokes("kms", "TagException", "TagResource", says="reserved")
def _(w):
    return {"KeyId": w.some_key, "Tags": [{"TagKey": "aws:x", "TagValue": ""}]}


@provokes("kms", "TagException", "UntagResource", says="reserved")
def _(w):
    return {"KeyId": w.some_key, "TagKeys": ["aws:x"]}


@provokes("kms", "MalformedPolicyDocumentException", "CreateKey", says=".")
def _(w):
    return {"Policy": "{}"}


@provokes("kms", "MalformedPolicyDocumentException", "PutKeyPolicy", says=".")
def _(w):
    return {"KeyId": w.some_key, "Policy": "{}"}


@provokes("kms", "InvalidMarkerException", "ListAliases", "ListKeys", "ListResourceTags", says="not valid")
def _(w, action):
    return {"Marker": "%%%"} | ({"KeyId": w.some_key} if action == "ListResourceTags" else {})


@provokes("kms", "UnsupportedOperationException", "CreateKey", says="RSA_2048 is not offered")
def _(w):
    return {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}


@provokes("kms", "UnsupportedOperationException", "GenerateRandom", says="Custom key stores are not offered")
def _(w):
    return {"NumberOfBytes": 8, "CustomKeyStoreId": "cks-1234567890abcdef0"}
