"""The register of operations (`api-spec/operations/*.toml`) and plausible parameters for each of them."""

import tomllib

import botocore.loaders
import botocore.model

from harness.host import ROOT

SERVICES = ("ec2", "iam", "sts", "s3", "kms")


def register(service):
    """Action -> entry, as the register has it."""
    return tomllib.loads((ROOT / "api-spec/operations" / f"{service}.toml").read_text())


def offered(service):
    """Names of the actions that work."""
    return sorted(name for name, entry in register(service).items() if entry["status"] == "offered")


def model(service):
    """botocore's model of a service."""
    loaded = botocore.loaders.Loader().load_service_model(service, "service-2")
    return botocore.model.ServiceModel(loaded, service)


NEVER = "0123456789abcdef0"
NEVER_KEY = "01234567-89ab-4def-8123-456789abcdef"
# Well-formed names of KMS for things that do not exist; a ciphertext begins with its version.
KMS_NEVER = {
    "KeyId": NEVER_KEY, "TargetKeyId": NEVER_KEY, "DestinationKeyId": NEVER_KEY, "AliasName": "alias/never",
    "Tags": [{"TagKey": "a", "TagValue": "b"}], "Plaintext": b"never", "CiphertextBlob": b"\x01" + bytes(80),
}  # fmt: skip
SAMPLES = {
    "InstanceId": f"i-{NEVER}", "VolumeId": f"vol-{NEVER}", "SnapshotId": f"snap-{NEVER}", "ImageId": f"ami-{NEVER}",
    "GroupId": f"sg-{NEVER}", "SubnetId": f"subnet-{NEVER}", "VpcId": f"vpc-{NEVER}", "AllocationId": f"eipalloc-{NEVER}",
    "AssociationId": f"eipassoc-{NEVER}", "NetworkInterfaceId": f"eni-{NEVER}", "KeyName": "never", "KeyPairId": f"key-{NEVER}",
    "Resources": [f"i-{NEVER}"], "InstanceIds": [f"i-{NEVER}"], "Device": "/dev/sdf", "AvailabilityZone": "us-east-1a",
    "Size": 1, "MinCount": 1, "MaxCount": 1, "GroupName": "never", "Description": "never", "Name": "never",
    "Tags": [{"Key": "a", "Value": "b"}], "PublicKeyMaterial": b"ssh-ed25519 AAAA never",
    "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}],
    "CidrBlock": "10.99.0.0/16", "Attribute": "instanceType", "InstanceType": "t2.nano",
    "UserName": "never", "PolicyName": "never", "RoleName": "never", "InstanceProfileName": "never",
    "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "AccessKeyId": f"AKIA{'A' * 16}", "Status": "Active",
    "PolicyDocument": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
    "RoleArn": "arn:aws:iam::123456789012:role/never", "RoleSessionName": "never", "Path": "/", "NewUserName": "later", "VersionId": "v1", "AccountAlias": "never",
    "DiskContainer": {"Format": "raw", "UserBucket": {"S3Bucket": "never", "S3Key": "never"}},
    "SerialNumber": "arn:aws:iam::123456789012:mfa/never", "AuthenticationCode1": "123456", "AuthenticationCode2": "654321",
    "AWSServiceName": "never.amazonaws.com", "ServerCertificateName": "never", "DeletionTaskId": "task/aws-service-role/spot.amazonaws.com/never/1",
    "Arn": "arn:aws:iam::123456789012:user/never", "JobId": NEVER_KEY, "ServiceNamespace": "s3",
    "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicySourceArn": "arn:aws:iam::123456789012:user/never",
    "ThumbprintList": ["a" * 40], "SSHPublicKeyId": f"APKA{'A' * 16}", "ActionNames": ["s3:GetObject"],
    "UploadId": "never", "PartNumber": 1, "Body": b"", "Delete": {"Objects": [{"Key": "never"}]},
    "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": '"0"'}]},
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}, "ACL": "private",
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "OpenIDConnectProviderArn": "arn:aws:iam::123456789012:oidc-provider/never.test", "Url": "https://never.test",
    "Policy": '{"Version":"2012-10-17","Statement":[]}',
    "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}, "ObjectAttributes": ["ETag"],
    "VersioningConfiguration": {"Status": "Suspended"},
}  # fmt: skip
# What the service needs though the model does not call it required.
NEEDED = {
    "ec2": {
        "DeleteKeyPair": ["KeyName"], "DeleteSecurityGroup": ["GroupId"], "AuthorizeSecurityGroupIngress": ["GroupId", "IpPermissions"],
        "RevokeSecurityGroupIngress": ["GroupId", "IpPermissions"], "AuthorizeSecurityGroupEgress": ["GroupId", "IpPermissions"],
        "RevokeSecurityGroupEgress": ["GroupId", "IpPermissions"], "RunInstances": ["ImageId", "InstanceType"],
        "AssociateAddress": ["AllocationId", "InstanceId"], "DisassociateAddress": ["AssociationId"], "ReleaseAddress": ["AllocationId"],
        "CreateVolume": ["AvailabilityZone", "Size"], "ImportSnapshot": ["DiskContainer"], "RegisterImage": ["Name", "SnapshotId"],
        "DeleteTags": ["Tags"], "ModifyInstanceAttribute": ["InstanceType"],
    },
    "iam": {},
    "sts": {},
    "kms": {"Decrypt": ["CiphertextBlob"], "ReEncrypt": ["CiphertextBlob"]},
    "s3": {"PutBucketAcl": ["ACL"], "PutObjectAcl": ["ACL"], "PutObject": ["Body"], "UploadPart": ["Body"]},
}  # fmt: skip


def sample(service, operation_model, **known):
    """Well-formed parameters for an operation, about things that do not exist unless `known` gives them."""
    shape = operation_model.input_shape
    if shape is None:
        return {}
    wanted = [*shape.required_members, *NEEDED[service].get(operation_model.name, [])]
    if operation_model.name == "RegisterImage":
        return {
            "Name": "never",
            "RootDeviceName": "/dev/sda1",
            "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": f"snap-{NEVER}"}}],
        }
    if operation_model.name == "ModifyInstanceAttribute":
        return {"InstanceId": f"i-{NEVER}", "InstanceType": {"Value": "t2.nano"}}
    return {name: known.get(name) or value_for(name, shape.members[name]) for name in wanted}


def value_for(name, shape):
    """A value for one parameter."""
    if name in SAMPLES:
        value = SAMPLES[name]
        return [value] if shape.type_name == "list" and not isinstance(value, list) else value
    if shape.type_name == "list":
        singular = name.removesuffix("s")
        return [value_for(singular, shape.member)]
    if shape.type_name == "structure":
        return {member: value_for(member, shape.members[member]) for member in shape.required_members}
    kinds = {"integer": 1, "long": 1, "boolean": False, "blob": b"", "timestamp": "2030-01-01T00:00:00Z"}
    if getattr(shape, "enum", None):
        return shape.enum[0]
    return kinds.get(shape.type_name, "never")
