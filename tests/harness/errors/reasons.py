"""Why the rest cannot happen here."""

from harness.errors import never
from harness.errors.nothing import ABOUT_NOTHING

# IAM
never("iam", "ServiceFailure", "only when a disk or a process fails; a unit test of api-spec has the code and its status")
never("iam", "ConcurrentModification", "changes are serializable transactions: of two at once one waits for the other")
never("iam", "NoSuchEntity", "it is about nothing that could be absent", *ABOUT_NOTHING)
never("iam", "EntityAlreadyExists", "a profile has one role; that it has one is told as LimitExceeded, as AWS does", "AddRoleToInstanceProfile")
never("iam", "EntityTemporarilyUnmodifiable", "only in the instant in which another request replaces the same password", "ChangePassword", "UpdateLoginProfile")
never("iam", "EntityTemporarilyUnmodifiable", "what was just made may be changed at once: there is one store", "DeactivateMFADevice", "DeleteLoginProfile", "EnableMFADevice", "UpdateUser")
never("iam", "UnmodifiableEntity", "people may describe a service-linked role, as IAM's user guide says", "UpdateRoleDescription")
never("iam", "MalformedPolicyDocument", "it takes no document", "UpdateAccountPasswordPolicy")
never("iam", "DeleteConflict", "no service takes a certificate into use yet", "DeleteServerCertificate")
never("iam", "InvalidInput", "its other members have a form, and what breaks it is a ValidationError", "ListAttachedGroupPolicies", "ListAttachedRolePolicies", "ListAttachedUserPolicies")
never("iam", "InvalidInput", "every text of its form could be a device's serial number", "ListMFADeviceTags")
never("iam", "PolicyEvaluation", "every document that is read can be decided on: what cannot is refused as it is read")
never("iam", "OpenIdIdpCommunicationError", "an issuer is asked when a token comes, not when it is registered (docs/decisions/0016)", "CreateOpenIDConnectProvider")
never("iam", "ReportExpired", "four hours later only; the credential report's unit tests have a clock of their own", "GetCredentialReport")
never("iam", "ReportInProgress", "a report is made within the moment; until then there is none", "GetCredentialReport")
never("iam", "LimitExceeded", "an account has one alias: another takes its place, as on AWS", "CreateAccountAlias")
never("iam", "LimitExceeded", "asked for too often, the report there is stays", "GenerateCredentialReport")
never("iam", "LimitExceeded", "it makes nothing more, so no quota is in its way")

# STS
never("sts", "RegionDisabledException", "a cloud has one region, and STS is on in it")
never("sts", "ExpiredTokenException", "context assertions (ProvidedContexts) are not offered: an UnknownParameter", "AssumeRole")

# KMS
never("kms", "KMSInternalException", "only when a disk or a process fails")
never("kms", "DependencyTimeoutException", "KMS depends on nothing that could be slow: keys lie in identity's own store")
never("kms", "KeyUnavailableException", "a key is there or it is not: its material lies beside it")
never("kms", "InvalidKeyUsageException", "every key here is for ENCRYPT_DECRYPT, and no action offered wants another")
never("kms", "InvalidArnException", "it takes no ARN that is offered", "CreateKey")
never("kms", "KMSInvalidStateException", "AWS's table of key states allows it for every state that a key here can have", "DeleteAlias", "GetKeyPolicy", "GetKeyRotationStatus", "ListKeyPolicies", "PutKeyPolicy")
never("kms", "UnsupportedOperationException", "only for asymmetric, HMAC and multi-Region keys, which are not made here", "DisableKeyRotation", "EnableKeyRotation", "GetKeyRotationStatus", "PutKeyPolicy")
never("kms", "LimitExceededException", "a key that is switched on again is no further key", "EnableKey")
for code in ("CustomKeyStoreNotFoundException", "CustomKeyStoreInvalidStateException", "CloudHsmClusterInvalidConfigurationException",
             "XksKeyInvalidConfigurationException", "XksKeyAlreadyInUseException", "XksKeyNotFoundException"):  # fmt: skip
    never("kms", code, "custom key stores are not offered: UnsupportedOperationException")
