"""Every error that AWS's models document for the offered actions of IAM, STS and KMS is provoked, or listed with the reason
why it cannot happen here. The list is compared with the models and with the register, so none can be forgotten."""

import collections
import re

import botocore
import pytest
from botocore.exceptions import ClientError

from harness.cloud import Cloud
from harness.errors import documented, load, status_of
from harness.errors.world import LIMITS, World

CASES, NEVER = load()
DOCUMENTED = documented()


def names():
    """Names of the cases; those of one pair are numbered."""
    seen = collections.Counter()
    for case in CASES:
        seen[case.pair] += 1
        number = f"-{seen[case.pair]}" if seen[case.pair] > 1 else ""
        yield f"{case.service}:{case.action}:{case.code}{number}"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A cloud whose accounts are soon full."""
    cloud = Cloud()
    limits = "".join(f"{name} = {limit}\n" for name, limit in LIMITS.items())
    cloud.config.write_text(cloud.config.read_text().replace("[identity]\n", f"[identity]\n{limits}"))
    world = None
    try:
        cloud.start()
        world = World(cloud, tmp_path_factory.mktemp("errors"))
        yield world
    finally:
        if world:
            world.stop()
        cloud.remove()


@pytest.mark.parametrize("case", CASES, ids=list(names()))
def test_a_documented_error_is_answered(world, case):
    arranged = case.arrange(world)
    client, given = arranged if isinstance(arranged, tuple) else (world.clients[case.service], arranged)
    with pytest.raises(ClientError) as caught:
        getattr(client, botocore.xform_name(case.action))(**given)
    error, answer = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    assert error["Code"] == case.code, caught.value
    assert answer["HTTPStatusCode"] == status_of(case.service, DOCUMENTED[case.pair])
    says = case.says
    for name, value in given.items():
        says = says.replace("{" + name + "}", re.escape(str(value)))
    assert re.search(says, error["Message"]), f"{error['Message']!r} does not say {says!r}"


def test_every_documented_error_is_provoked_or_has_its_reason():
    provoked = {case.pair for case in CASES}
    assert not set(DOCUMENTED) - provoked - set(NEVER), "documented by AWS, and nothing is said of them"
    assert not (provoked | set(NEVER)) - set(DOCUMENTED), "AWS documents no such thing of an action that is offered"
    assert not provoked & set(NEVER), "provoked, though it is said never to happen"
