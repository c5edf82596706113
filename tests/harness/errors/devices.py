"""MFA devices, OpenID Connect providers and server certificates."""

from harness.errors import provokes
from harness.errors.world import RESERVED, fresh
from harness.issuer import openssl
from harness.totp import code, two_codes

WRONG = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}
NO_PROVIDER = "arn:aws:iam::123456789012:nothing/never.example.com"
PRINT = "a" * 40


@provokes("iam", "EntityAlreadyExists", "CreateVirtualMFADevice", says="same path and name already exists")
def _(w):
    serial, _ = w.device()
    return {"VirtualMFADeviceName": serial.rpartition("/")[2]}


@provokes("iam", "EntityAlreadyExists", "EnableMFADevice", says="already in use")
def _(w):
    serial, seed = w.device(w.user())
    return {"UserName": w.user(), "SerialNumber": serial, **two_codes(seed)}


@provokes("iam", "InvalidAuthenticationCode", "EnableMFADevice", says="is not valid")
def _(w):
    serial, seed = w.device()
    # the same code twice is never two in a row
    return {"UserName": w.user(), "SerialNumber": serial, "AuthenticationCode1": code(seed), "AuthenticationCode2": code(seed)}


@provokes("iam", "InvalidAuthenticationCode", "ResyncMFADevice", says="is not valid")
def _(w):
    user = w.user()
    serial, _ = w.device(user)
    return {"UserName": user, "SerialNumber": serial, **WRONG}


@provokes("iam", "DeleteConflict", "DeleteVirtualMFADevice", says="Must deactivate first")
def _(w):
    return {"SerialNumber": w.device(w.user())[0]}


@provokes("iam", "InvalidInput", "CreateVirtualMFADevice", says="reserved")
def _(w):
    return {"VirtualMFADeviceName": fresh(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "TagMFADevice", says="reserved")
def _(w):
    return {"SerialNumber": w.device()[0], "Tags": RESERVED}


@provokes("iam", "InvalidInput", "UntagMFADevice", says="reserved")
def _(w):
    return {"SerialNumber": w.device()[0], "TagKeys": ["AWS:x"]}


# Issuers


@provokes("iam", "EntityAlreadyExists", "CreateOpenIDConnectProvider", says="already exists")
def _(w):
    return {"Url": "https://" + w.provider().partition("/")[2]}


@provokes("iam", "InvalidInput", "CreateOpenIDConnectProvider", says="reserved")
def _(w):
    return {"Url": "https://tagged.example.com", "Tags": RESERVED}


@provokes("iam", "InvalidInput", "CreateOpenIDConnectProvider", says="Thumbprint list must contain")
def _(w):
    return {"Url": "https://printed.example.com", "ThumbprintList": [PRINT] * 6}


INVALID = "Invalid Open ID Connect Provider ARN"


@provokes(
    "iam", "InvalidInput", "GetOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "ListOpenIDConnectProviderTags",
    says=INVALID,
)  # fmt: skip
def _(w):
    return {"OpenIDConnectProviderArn": NO_PROVIDER}


@provokes("iam", "InvalidInput", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider", says=INVALID)
def _(w):
    return {"OpenIDConnectProviderArn": NO_PROVIDER, "ClientID": "app"}


@provokes("iam", "InvalidInput", "TagOpenIDConnectProvider", says="reserved")
def _(w):
    return {"OpenIDConnectProviderArn": w.provider(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "UntagOpenIDConnectProvider", says="reserved")
def _(w):
    return {"OpenIDConnectProviderArn": w.provider(), "TagKeys": ["aws:x"]}


@provokes("iam", "InvalidInput", "UpdateOpenIDConnectProviderThumbprint", says="40 hexadecimal digits")
def _(w):
    return {"OpenIDConnectProviderArn": w.provider(), "ThumbprintList": ["x" * 40]}


# Certificates


@provokes("iam", "EntityAlreadyExists", "UploadServerCertificate", says="{ServerCertificateName} already exists")
def _(w):
    return {"ServerCertificateName": w.certificate(), **w.pair}


@provokes("iam", "EntityAlreadyExists", "UpdateServerCertificate", says="{NewServerCertificateName} already exists")
def _(w):
    return {"ServerCertificateName": w.certificate(), "NewServerCertificateName": w.certificate()}


@provokes("iam", "InvalidInput", "UploadServerCertificate", says="reserved")
def _(w):
    return {"ServerCertificateName": fresh(), **w.pair, "Tags": RESERVED}


@provokes("iam", "InvalidInput", "TagServerCertificate", says="reserved")
def _(w):
    return {"ServerCertificateName": w.certificate(), "Tags": RESERVED}


@provokes("iam", "InvalidInput", "UntagServerCertificate", says="reserved")
def _(w):
    return {"ServerCertificateName": w.certificate(), "TagKeys": ["aws:x"]}


@provokes("iam", "MalformedCertificate", "UploadServerCertificate", says="Unable to parse certificate")
def _(w):
    return {"ServerCertificateName": fresh(), **w.pair, "CertificateBody": "x"}


@provokes("iam", "MalformedCertificate", "UploadServerCertificate", says="Unable to parse private key")
def _(w):
    return {"ServerCertificateName": fresh(), **w.pair, "PrivateKey": "x"}


@provokes("iam", "KeyPairMismatch", "UploadServerCertificate", says="does not match")
def _(w):
    other = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1").decode()
    return {"ServerCertificateName": fresh(), **w.pair, "PrivateKey": other}
