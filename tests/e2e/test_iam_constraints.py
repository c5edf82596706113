"""Every constraint in AWS's models of IAM, STS and KMS, broken once: too long, too short, too large, too small, too many, of
another form, another word, or not there. Each is refused by name, and nothing has changed.

The constraints come from botocore's models and the actions from the register, so none can be forgotten."""

import json
import subprocess

import botocore
import pytest
from botocore.exceptions import ClientError

from harness import host
from harness.operations import KMS_NEVER, model, offered, sample, value_for

MODELS = {service: model(service) for service in ("iam", "sts", "kms")}
OPERATIONS = [(service, name) for service in MODELS for name in offered(service)]
CODES = {"iam": "ValidationError", "sts": "ValidationError", "kms": "ValidationException"}
# These have a code of their own.
OTHER_CODES = {("GetSSHPublicKey", "Encoding"): "UnrecognizedPublicKeyEncoding"}
# A whole request may be so long.
MAX_REQUEST = 2 << 20


def shapes():
    """Names that each action reads at the top of its request."""
    printed = subprocess.run([host.BINARY, "shapes"], capture_output=True, text=True, check=True).stdout
    return {one["operation"]: {name for name, _ in one["input"].get("members", [])} for one in json.loads(printed)}


def constrained(shape, path=(), above=()):
    """(path, shape) of every constrained member below a shape; `*` is an element of a list."""
    if shape is None or shape.name in above:
        return
    if {"min", "max", "pattern"} & set(shape.metadata) or getattr(shape, "enum", None):
        yield path, shape
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from constrained(member, (*path, name), (*above, shape.name))
    elif shape.type_name == "list":
        yield from constrained(shape.member, (*path, "*"), (*above, shape.name))


def breaking(shape):
    """Values that break one constraint of a shape each."""
    limits, kind = shape.metadata, shape.type_name
    smallest, largest = limits.get("min", 0), limits.get("max")
    if kind in ("integer", "long"):
        return [value for value in (smallest - 1 if "min" in limits else None, largest and largest + 1) if value is not None]
    if kind == "list":
        element = plain(shape.member)
        return ([[element] * (largest + 1)] if largest else []) + ([[]] if smallest else [])
    if getattr(shape, "enum", None):
        return ["Never"]
    letter = b"a" if kind == "blob" else "a"
    found = [letter * (largest + 1)] if largest and largest < MAX_REQUEST else []
    found += [letter * (smallest - 1)] if smallest else []
    # no form has this character
    return found + ([letter * max(smallest - 1, 1) + "\x01"] if "pattern" in limits else [])


def plain(shape):
    """A value with all that a shape requires."""
    if shape.type_name == "structure":
        first = next(iter(shape.members))
        return required(shape) or {first: plain(shape.members[first])}
    return [plain(shape.member)] if shape.type_name == "list" else value_for(shape.name, shape)


def required(shape):
    """What a structure must have."""
    return {name: value_for(name, shape.members[name]) for name in shape.required_members}


def put(shape, path, value):
    """The value of a shape in which the member at this path has this value."""
    if not path:
        return value
    first, *rest = path
    if first == "*":
        inside = required(shape.member) if rest and shape.member.type_name == "structure" else {}
        below = put(shape.member, rest, value)
        return [inside | below if inside else below]
    member = shape.members[first]
    inside = required(member) if rest and member.type_name == "structure" else {}
    below = put(member, rest, value)
    return {first: inside | below if inside else below}


def place(path):
    """How an error names a path."""
    words = ["1.member" if part == "*" else part[0].lower() + part[1:] for part in path]
    return ".".join(words)


def state(cloud):
    """What an account holds, as far as the actions under test could change it."""
    iam, kms = cloud.client("iam"), cloud.client("kms")
    details = iam.get_account_authorization_details(MaxItems=1000)
    for role in details["RoleDetailList"]:
        role.pop("RoleLastUsed", None)
    keys = kms.list_keys(Limit=1000)["Keys"]
    kept = [details[name] for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")]
    return iam.get_account_summary()["SummaryMap"], kept, keys, kms.list_aliases()["Aliases"]


@pytest.fixture(scope="module")
def known():
    """What the program reads."""
    return shapes()


@pytest.mark.parametrize("service, name", OPERATIONS, ids=[f"{service}:{name}" for service, name in OPERATIONS])
def test_a_member_that_breaks_its_constraint_is_refused_by_name(cloud, known, service, name):
    operation = MODELS[service].operation_model(name)
    client = cloud.client(service, parameter_validation=False)
    call = getattr(client, botocore.xform_name(name))
    usual = sample(service, operation, **(KMS_NEVER if service == "kms" else {}))
    before, problems = state(cloud), []

    def must_be_refused(path, given, told):
        try:
            call(**given)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if path[0] not in known[name]:  # not offered, which is refused as well
                told, message = path[0].lower(), message.lower()
                fitting = code in (CODES[service], "UnknownParameter")
            else:
                other = OTHER_CODES.get((name, path[0])) if path[0] in given else None
                told, fitting = "" if other else told, code == (other or CODES[service])
            if not fitting or told not in message or error.response["ResponseMetadata"]["HTTPStatusCode"] != 400:
                problems.append(f"{path}: {code}: {message[:300]}")
        else:
            problems.append(f"{path} was taken: {str(given)[:300]}")

    for path, shape in constrained(operation.input_shape):
        for value in breaking(shape):
            given = usual | put(operation.input_shape, path, value)
            must_be_refused(path, given, place(path))
    for required in getattr(operation.input_shape, "required_members", []):
        given = {member: value for member, value in usual.items() if member != required}
        must_be_refused((required,), given, f"Value null at '{place((required,))}' failed")
    assert not problems, "\n".join(problems)
    assert state(cloud) == before


def test_a_request_is_told_all_that_is_wrong_with_it(cloud):
    iam = cloud.client("iam", parameter_validation=False)
    with pytest.raises(ClientError) as caught:
        iam.create_user(UserName="", Path="x" * 513, Tags=[{"Key": "", "Value": "v" * 257}])
    message = caught.value.response["Error"]["Message"]
    assert message.startswith("4 validation errors detected: ")
    assert all(f"'{place}'" in message for place in ("userName", "path", "tags.1.member.key", "tags.1.member.value"))
    assert "'" + "v" * 257 + "' at 'tags.1.member.value' failed to satisfy constraint: Member must have length less" in message
