"""Who a caller is, by STS."""

import re

from harness.people import deny


def test_the_administrator_is_a_user_of_the_account(cloud):
    identity = cloud.client("sts").get_caller_identity()
    assert re.fullmatch(r"\d{12}", identity["Account"])
    assert identity["Arn"].startswith(f"arn:aws:iam::{identity['Account']}:")


def test_a_user_without_any_policy_may_still_ask_who_it_is(person, account):
    bob = person()
    identity = bob.client("sts").get_caller_identity()
    assert identity["Arn"] == bob.arn == f"arn:aws:iam::{account}:user/{bob.name}"
    assert identity["Account"] == account
    assert identity["UserId"] == bob.iam.get_user(UserName=bob.name)["User"]["UserId"]
    assert re.fullmatch(r"AIDA[A-Z0-9]{16,17}", identity["UserId"])


def test_an_explicit_deny_does_not_hide_a_caller_from_itself(person):
    bob = person().may(deny("*"))
    assert bob.client("sts").get_caller_identity()["Arn"] == bob.arn


def test_the_region_of_the_clients_own_scope_is_accepted(cloud, wire):
    for region in ("us-east-1", "eu-central-1", "aws-global"):
        reply = wire.query(cloud.admin_keys, "sts", {"Action": "GetCallerIdentity"}, region=region)
        assert reply.status == 200, (region, reply.body)
        assert reply.headers["x-amzn-RequestId"] or reply.text_of("RequestId")
