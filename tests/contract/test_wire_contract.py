"""Every name on the wire exists in AWS's own model of the operation, with a kind that fits.

The program tells what it decodes and encodes (`murus shapes`); botocore's service models, from PyPI and pinned, tell
what AWS's clients encode and decode. A misspelt field cannot land.
"""

import json
import subprocess

import pytest

from harness import host
from harness.operations import SERVICES, model, offered, register

KINDS = {
    "string": "string", "character": "string", "integer": "integer", "long": "integer", "float": "double", "double": "double",
    "boolean": "boolean", "timestamp": "timestamp", "blob": "blob", "list": "list", "structure": "structure", "map": "map",
}  # fmt: skip
# Ours may be freer than AWS's where the text on the wire is the same.
READS_AS = {("string", "timestamp"), ("string", "integer"), ("string", "boolean"), ("integer", "double"), ("string", "blob")}


def printed():
    """What the program says about itself."""
    return json.loads(subprocess.run([host.BINARY, "shapes"], capture_output=True, text=True, check=True).stdout)


SHAPES = printed() if host.BINARY.exists() else []
MODELS = {service: model(service) for service in SERVICES}


def request_name(service, name, shape):
    """Wire name of a request member."""
    serialization = shape.serialization
    if service == "ec2":
        if "queryName" in serialization:
            return serialization["queryName"]
        located = serialization.get("name", name)
        return located[0].upper() + located[1:]
    return serialization.get("name", name)


def response_name(service, name, shape):
    """Wire name of a response member; a flattened list goes by its elements' name."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return shape.member.serialization.get("name", shape.serialization.get("name", name))
    return shape.serialization.get("name", name)


def differences(service, ours, theirs, name_of, path, depth=0):
    """Lines that tell where our shape is not AWS's."""
    kind, expected = ours["type"], KINDS[theirs.type_name]
    if service == "s3" and (kind, expected) == ("structure", "list"):
        # S3's wrapped lists are written as what they are: an element that holds the repeated one.
        element = theirs.member.serialization.get("name", "member")
        if [name for name, _ in ours["members"]] != [element]:
            return [f"{path}: AWS's is a list of <{element}>, ours {ours}"]
        ours = ours["members"][0][1]
        kind = ours["type"]
    if kind != expected and (kind, expected) not in READS_AS:
        return [f"{path}: ours is a {kind}, AWS's a {expected}"]
    if kind == "list" and expected == "list":
        found = []
        element = theirs.member.serialization.get("name", "member")
        flat = theirs.serialization.get("flattened")
        if name_of is response_name and not flat:
            written = {"ec2": "item", "iam": "member", "sts": "member"}.get(service, element)
            if element != written:
                found.append(f"{path}: elements are written as <{written}>, AWS's are <{element}>")
        return found + differences(service, ours["member"], theirs.member, name_of, f"{path}[]", depth)
    if kind != "structure" or expected != "structure":
        return []
    names = {name_of(service, name, shape): shape for name, shape in theirs.members.items() if shape.serialization.get("location") is None}
    found = []
    for name, shape in ours["members"]:
        bare = name.removeprefix("@")
        if bare == "$text" or bare.startswith("xmlns:"):
            continue
        if bare not in names:
            close = [other for other in names if other.lower() == bare.lower()]
            found.append(f"{path}.{name}: AWS has no such name here{', but ' + close[0] if close else ''}")
        else:
            found += differences(service, shape, names[bare], name_of, f"{path}.{name}", depth + 1)
    return found


def body_of(shape):
    """The structure that travels in an S3 body: the payload member, or what has no other place."""
    payload = shape.serialization.get("payload")
    return shape.members[payload] if payload else shape


@pytest.mark.parametrize("one", SHAPES, ids=[f"{one['service']}:{one['operation']}" for one in SHAPES])
def test_every_name_of_an_operation_is_aws_own(one):
    service, operation = one["service"], MODELS[one["service"]].operation_model(one["operation"])
    found = []
    for side, theirs, name_of in (
        ("input", operation.input_shape, request_name),
        ("output", operation.output_shape, response_name),
    ):
        ours = one.get(side)
        if ours is None or (ours["type"] == "structure" and not ours["members"]):
            continue
        if service == "ec2" and side == "output" and [name for name, _ in ours.get("members", [])] == ["return"]:
            continue  # What an action without output answers: <return>true</return>.
        if service == "ec2" and side == "input":
            # DryRun is the dispatcher's for every action; some models leave it out.
            ours = {**ours, "members": [pair for pair in ours["members"] if pair[0] != "DryRun"]}
        if theirs is None:
            found.append(f"{side}: AWS's has none, ours {ours}")
            continue
        if service == "s3":
            theirs = body_of(theirs)
        found += differences(service, ours, theirs, name_of, side)
    assert not found, "\n".join(found)


def test_the_program_tells_a_shape_for_every_offered_query_action():
    assert SHAPES, f"{host.BINARY} is missing: cargo build --release"
    for service in ("ec2", "iam", "sts", "kms"):
        told = sorted(one["operation"] for one in SHAPES if one["service"] == service)
        assert told == offered(service), service


@pytest.mark.parametrize("service", SERVICES)
def test_the_register_holds_every_action_of_aws(service):
    listed, known = set(register(service)), set(MODELS[service].operation_names)
    assert not known - listed, f"not in operations/{service}.toml: {sorted(known - listed)}"
    unknown = set(offered(service)) - known
    assert not unknown, f"offered, but AWS has no such action: {sorted(unknown)}"


@pytest.mark.parametrize("service", SERVICES)
def test_the_register_says_who_and_why(service):
    for name, entry in register(service).items():
        assert entry["status"] in ("offered", "not-yet", "never"), name
        if entry["status"] == "offered":
            assert entry.get("by"), f"{name} is offered by nobody"
        if entry["status"] == "never":
            assert entry.get("why"), f"{name} is never offered, but why?"
