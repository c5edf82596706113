"""A user without a policy is refused everywhere; the register of operations says where everywhere is."""

import botocore
import botocore.exceptions
import pytest

from harness.operations import KMS_NEVER, SERVICES, model, offered, sample

ALLOWED_TO_ALL = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
# Not signed: the token in it proves who asks (test_sts_web_identity.py).
ALLOWED_TO_ALL |= {("sts", "AssumeRoleWithWebIdentity")}
EVERY = [(service, name) for service in SERVICES for name in offered(service) if (service, name) not in ALLOWED_TO_ALL]


@pytest.fixture(scope="module")
def stranger(cloud):
    """A user without any policy, for all tests of this file."""
    from harness.people import Person

    stranger = Person(cloud)
    yield stranger
    stranger.remove()


@pytest.fixture(scope="module")
def models():
    """botocore's models, loaded once."""
    return {service: model(service) for service in SERVICES}


@pytest.fixture(scope="module")
def target(s3, shared_bucket):
    """A bucket with an object that is the administrator's."""
    s3.put_object(Bucket=shared_bucket, Key="kept", Body=b"kept")
    return shared_bucket


def test_the_register_offers_what_this_file_walks_through():
    assert len(EVERY) > 60, "the register says that next to nothing is offered"


@pytest.mark.parametrize("service, name", EVERY, ids=[f"{service}:{name}" for service, name in EVERY])
def test_without_a_policy_every_offered_action_is_refused(stranger, models, target, s3, service, name):
    operation = models[service].operation_model(name)
    known = {"Bucket": target, "Key": "kept", "CopySource": f"{target}/kept"} if service == "s3" else {}
    if service == "kms":
        known = KMS_NEVER
    if name == "CreateBucket":
        known["Bucket"] = "never-made-by-a-stranger"
    parameters = sample(service, operation, **known)
    call = getattr(stranger.client(service, parameter_validation=False), botocore.xform_name(name))
    if name == "DeleteObjects":  # Tells of each object on its own.
        assert [error["Code"] for error in call(**parameters)["Errors"]] == ["AccessDenied"]
        return
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    expected = {"ec2": ("UnauthorizedOperation",), "s3": ("AccessDenied", "403")}.get(service, ("AccessDenied",))
    if service == "kms":
        expected = ("AccessDeniedException",)
    assert error["Code"] in expected and status == (400 if service == "kms" else 403), (error, parameters)
    if service in ("ec2", "iam", "sts"):
        assert stranger.arn in error["Message"] and f"{service}:{name}" in error["Message"], error
    if service == "s3":
        assert s3.get_object(Bucket=target, Key="kept")["Body"].read() == b"kept"
