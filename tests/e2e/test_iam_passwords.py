"""Login profiles, the account's rules for passwords, and the reports on credentials."""

import csv
import io
import json

import pytest
from botocore.exceptions import ClientError

from harness.waiting import wait_until

PASSWORD, OTHER = "Correct-horse-1", "Battery-staple-2"


def code_of(call, **parameters):
    """The error code of a call that must fail."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def rules(iam):
    """Sets the account's rules for the time of a test."""
    yield lambda **rules: iam.update_account_password_policy(**rules)
    try:
        iam.delete_account_password_policy()
    except iam.exceptions.NoSuchEntityException:
        pass


@pytest.fixture
def alice(iam, person):
    """A user with a password."""
    one = person()
    iam.create_login_profile(UserName=one.name, Password=PASSWORD)
    yield one
    try:
        iam.delete_login_profile(UserName=one.name)
    except iam.exceptions.NoSuchEntityException:
        pass


def test_a_login_profile_is_made_shown_changed_and_deleted(cloud, iam, alice):
    shown = iam.get_login_profile(UserName=alice.name)["LoginProfile"]
    assert shown["UserName"] == alice.name and shown["PasswordResetRequired"] is False
    assert code_of(iam.create_login_profile, UserName=alice.name, Password=PASSWORD) == "EntityAlreadyExists"
    iam.update_login_profile(UserName=alice.name, Password=OTHER, PasswordResetRequired=True)
    assert iam.get_login_profile(UserName=alice.name)["LoginProfile"]["PasswordResetRequired"] is True
    iam.delete_login_profile(UserName=alice.name)
    assert code_of(iam.get_login_profile, UserName=alice.name) == "NoSuchEntity"
    assert PASSWORD not in cloud.log.read_text(errors="replace")


def test_the_accounts_rules_are_held(iam, alice, rules):
    assert code_of(iam.get_account_password_policy) == "NoSuchEntity"
    rules(MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True, PasswordReusePrevention=3, MaxPasswordAge=90)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"], policy["MaxPasswordAge"]) == (14, True, 90)
    for bad in ("short-1", "no-number-in-it", "nosymbol1234567", PASSWORD):
        assert code_of(iam.update_login_profile, UserName=alice.name, Password=bad) == "PasswordPolicyViolation", bad
    iam.update_login_profile(UserName=alice.name, Password=OTHER)
    assert code_of(iam.update_login_profile, UserName=alice.name, Password=PASSWORD) == "PasswordPolicyViolation"
    iam.delete_account_password_policy()
    assert code_of(iam.delete_account_password_policy) == "NoSuchEntity"


def test_a_user_changes_its_own_password_where_it_may(alice, rules):
    own = alice.client("iam")
    assert code_of(own.change_password, OldPassword=PASSWORD, NewPassword=OTHER) == "AccessDenied"
    rules(AllowUsersToChangePassword=True)
    own.change_password(OldPassword=PASSWORD, NewPassword=OTHER)
    assert code_of(own.change_password, OldPassword=PASSWORD, NewPassword=OTHER) == "AccessDenied"


def test_a_key_tells_when_it_was_last_used_and_the_report_does_too(cloud, iam, alice):
    key = alice.keys[0]
    assert iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]["ServiceName"] == "N/A"
    alice.may({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}).client("s3").list_buckets()
    used = wait_until(
        lambda: (last := iam.get_access_key_last_used(AccessKeyId=key))["AccessKeyLastUsed"].get("LastUsedDate") and last,
        20,
        what="the use of the key is known",
    )
    assert used["UserName"] == alice.name and used["AccessKeyLastUsed"]["ServiceName"] == "s3"
    assert iam.generate_credential_report()["State"] in ("STARTED", "COMPLETE")

    def report():
        try:
            return iam.get_credential_report()
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("ReportNotPresent", "ReportInProgress")
            return None

    made = wait_until(report, 20, what="the report is made")
    assert made["ReportFormat"] == "text/csv"
    lines = list(csv.DictReader(io.StringIO(made["Content"].decode())))
    assert lines[0]["user"] == "<root_account>" and lines[0]["arn"].endswith(":root")
    assert len(lines[0]) == 22 and "admin" in [line["user"] for line in lines]


def test_the_master_key_is_rotated_under_way(cloud, iam, alice):
    path = cloud.data / "identity" / "master-key"
    before = path.read_text()
    assert "sealed" in cloud.murus("admin", "rotate-master-key").stdout
    assert path.read_text() != before and path.stat().st_mode & 0o777 == 0o600
    assert not path.with_name("master-key.next").exists()
    assert alice.client("sts").get_caller_identity()["Arn"] == alice.arn
    fresh = iam.create_access_key(UserName=alice.name)["AccessKey"]
    keys = fresh["AccessKeyId"], fresh["SecretAccessKey"]
    assert cloud.client("sts", keys=keys).get_caller_identity()["Arn"] == alice.arn
    if not cloud.single_process:
        cloud.kill("identity")
        wait_until(lambda: cloud.client("sts", keys=keys).get_caller_identity()["Arn"] == alice.arn, 20, what="identity is back")
    assert json.loads(cloud.murus("admin", "account", "list", "--output", "json").stdout)
