"""KMS with boto3 and aws-cli: keys, aliases, policies, encryption, and what is refused."""

import base64
import json
import uuid

import pytest
from botocore.exceptions import ClientError

from test_story_cli import Shell


@pytest.fixture(scope="module")
def kms(cloud):
    return cloud.client("kms")


@pytest.fixture(scope="module")
def key(kms):
    """A key for tests that leave it as it is."""
    return kms.create_key(Description="for tests", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]


def code(call, **parameters):
    """The error that a call ends in."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return refused.value.response["Error"]["Code"]


def test_a_new_key_is_described_listed_and_tagged(kms, key):
    assert key["KeyState"] == "Enabled" and key["KeySpec"] == "SYMMETRIC_DEFAULT" and key["KeyManager"] == "CUSTOMER"
    assert kms.describe_key(KeyId=key["Arn"])["KeyMetadata"] == key
    listed = [one["KeyId"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1}) for one in page["Keys"]]
    assert key["KeyId"] in listed and len(listed) == len(set(listed))
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "c", "TagValue": "d"}])
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["a"])
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == [{"TagKey": "c", "TagValue": "d"}]
    kms.update_key_description(KeyId=key["KeyId"], Description="other words")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] == "other words"


def test_what_is_encrypted_comes_back_under_its_context_alone(kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"hush", EncryptionContext={"a": "b"})
    assert sealed["KeyId"] == key["Arn"] and b"hush" not in sealed["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == b"hush" and opened["KeyId"] == key["Arn"]
    assert code(kms.decrypt, CiphertextBlob=sealed["CiphertextBlob"]) == "InvalidCiphertextException"
    assert code(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", DryRun=True) == "DryRunOperationException"
    data = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    assert len(data["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"] == data["Plaintext"]
    bare = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], NumberOfBytes=7)
    assert len(kms.decrypt(CiphertextBlob=bare["CiphertextBlob"])["Plaintext"]) == 7
    other = kms.create_key()["KeyMetadata"]
    moved = kms.re_encrypt(CiphertextBlob=data["CiphertextBlob"], DestinationKeyId=other["KeyId"])
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == data["Plaintext"]
    assert len(kms.generate_random(NumberOfBytes=32)["Plaintext"]) == 32


def test_a_key_that_is_off_or_going_is_not_used(kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    assert code(kms.decrypt, CiphertextBlob=blob) == "DisabledException"
    kms.enable_key(KeyId=key)
    going = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert going["KeyState"] == "PendingDeletion"
    assert code(kms.decrypt, CiphertextBlob=blob) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_rotation_is_switched_and_told(kms, key):
    assert not kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert status["KeyRotationEnabled"] and status["RotationPeriodInDays"] == 90 and status["NextRotationDate"]
    kms.disable_key_rotation(KeyId=key["KeyId"])
    assert not kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]


def test_aliases_are_made_moved_and_deleted(kms, key):
    name, other = f"alias/{uuid.uuid4()}", kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key["Arn"]
    assert code(kms.create_alias, AliasName=name, TargetKeyId=key["KeyId"]) == "AlreadyExistsException"
    kms.update_alias(AliasName=name, TargetKeyId=other["Arn"])
    assert [one["AliasName"] for one in kms.list_aliases(KeyId=other["KeyId"])["Aliases"]] == [name]
    assert name in [one["AliasName"] for page in kms.get_paginator("list_aliases").paginate() for one in page["Aliases"]]
    kms.delete_alias(AliasName=name)
    assert code(kms.describe_key, KeyId=name) == "NotFoundException"
    assert code(kms.create_alias, AliasName="alias/aws/mine", TargetKeyId=key["KeyId"]) == "InvalidAliasNameException"


def test_the_key_policy_can_be_read_and_replaced_but_not_so_that_nobody_can(kms):
    key = kms.create_key()["KeyMetadata"]
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
    assert policy["Statement"][0]["Principal"]["AWS"] == f"arn:aws:iam::{key['AWSAccountId']}:root"
    policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"})
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy))
    assert code(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x") == "AccessDeniedException"
    policy["Statement"] = policy["Statement"][1:]
    assert code(kms.put_key_policy, KeyId=key["KeyId"], Policy=json.dumps(policy)) == "MalformedPolicyDocumentException"


def test_what_is_not_offered_is_refused(kms, key):
    assert code(kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY") == "UnsupportedOperationException"
    assert code(kms.create_key, MultiRegion=True) == "UnsupportedOperationException"
    assert code(kms.list_grants, KeyId=key["KeyId"]) == "UnknownOperationException"
    assert code(kms.describe_key, KeyId=str(uuid.uuid4())) == "NotFoundException"
    assert code(kms.decrypt, CiphertextBlob=b"nonsense") == "InvalidCiphertextException"


def test_aws_cli_encrypts_and_decrypts(cloud, key, tmp_path):
    shell, plain = Shell(cloud, tmp_path), tmp_path / "plain"
    plain.write_bytes(b"hush")
    sealed = shell.aws("kms", "encrypt", "--key-id", key["KeyId"], "--plaintext", f"fileb://{plain}")
    blob = tmp_path / "sealed"
    blob.write_bytes(base64.b64decode(sealed["CiphertextBlob"]))
    opened = shell.aws("kms", "decrypt", "--ciphertext-blob", f"fileb://{blob}")
    assert base64.b64decode(opened["Plaintext"]) == b"hush"
