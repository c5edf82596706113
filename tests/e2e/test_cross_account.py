"""Two accounts that work together through roles and bucket policies: both sides must allow, and beyond that neither
learns anything of the other, not even whether a name exists."""

import json
import re
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from harness.accounts import Account
from harness.compute import refused
from harness.people import allow, deny, document
from harness.sessions import Role, session_client, trusting
from harness.waiting import wait_until

HOUR = 3600


@pytest.fixture(scope="module")
def home(cloud):
    """The account of those who ask."""
    account = Account(cloud)
    yield account
    account.remove()


@pytest.fixture(scope="module")
def away(cloud):
    """The account of what they ask for."""
    account = Account(cloud)
    yield account
    account.remove()


@pytest.fixture
def bob(home):
    """A user at home without any permission."""
    person = home.person()
    yield person
    person.remove()


@pytest.fixture
def role(home, away):
    """Makes roles: `role(trust, *statements)`, in the other account unless `at` says otherwise."""
    made = []

    def make(trust, *statements, at=away, **parameters):
        made.append(Role(at.client("iam"), trust, *statements, **parameters))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def shared(away):
    """A bucket of the other account with one object, `k`."""
    s3, name = away.client("s3"), f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"theirs")
    yield name
    s3.delete_bucket_policy(Bucket=name)
    for listed in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=listed["Key"])
    s3.delete_bucket(Bucket=name)


def soon_refused(code, call, **parameters):
    """What was taken away is refused within the five seconds that it may take to be known everywhere."""

    def is_refused():
        try:
            call(**parameters)
        except ClientError as error:
            return error.response["Error"]["Code"] == code
        return False

    wait_until(is_refused, 5, every=0.1, what=f"refused with {code}")


def opened(away, bucket, *statements):
    """Sets the bucket's policy."""
    away.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(*statements))


# Roles


def test_both_sides_must_allow_a_role_to_be_assumed(cloud, away, bob, role):
    named = role(trusting({"AWS": bob.arn}), allow("s3:ListAllMyBuckets"))
    sts = bob.client("sts")
    # the role names the user, the user's own account does not let it
    refused("AccessDenied", named.assume, sts)
    bob.may(allow("sts:AssumeRole", on=named.arn))
    credentials = named.assume(sts)
    who = session_client(cloud, "sts", credentials).get_caller_identity()
    assert (who["Account"], who["Arn"]) == (away.id, f"arn:aws:sts::{away.id}:assumed-role/{named.name}/work")
    listing = session_client(cloud, "s3", credentials).list_buckets()
    assert listing["Owner"]["ID"] == away.canonical_id
    refused("UnauthorizedOperation", session_client(cloud, "ec2", credentials).describe_instances)
    # the user's account lets it, the role does not trust it
    own = role(trusting({"AWS": away.id}))
    bob.may(allow("sts:AssumeRole", on="*"))
    refused("AccessDenied", own.assume, sts)


def test_a_role_that_trusts_an_account_leaves_it_to_that_account_who_may(home, bob, role):
    trusted = role(trusting({"AWS": f"arn:aws:iam::{home.id}:root"}))
    refused("AccessDenied", trusted.assume, bob.client("sts"))
    bob.may(allow("sts:AssumeRole", on=trusted.arn))
    trusted.assume(bob.client("sts"))
    bob.may(allow("sts:AssumeRole", on=trusted.arn), deny("sts:AssumeRole"))
    soon_refused("AccessDenied", bob.client("sts").assume_role, RoleArn=trusted.arn, RoleSessionName="work")
    # root has no roles, wherever they are
    refused("AccessDenied", trusted.assume, home.client("sts"))


def test_a_denial_in_the_trust_policy_wins(home, bob, role):
    statements = json.loads(trusting({"AWS": home.id}))["Statement"]
    statements.append({"Effect": "Deny", "Principal": {"AWS": bob.arn}, "Action": "sts:AssumeRole"})
    careful = role(document(*statements))
    bob.may(allow("sts:AssumeRole"))
    refused("AccessDenied", careful.assume, bob.client("sts"))
    carol = home.person().may(allow("sts:AssumeRole"))
    try:
        careful.assume(carol.client("sts"))
    finally:
        carol.remove()


def test_the_external_id_keeps_a_deputy_from_being_confused(home, bob, role):
    agreed = role(trusting({"AWS": home.id}, StringEquals={"sts:ExternalId": "customer/17"}))
    bob.may(allow("sts:AssumeRole"))
    sts = bob.client("sts")
    refused("AccessDenied", agreed.assume, sts)
    refused("AccessDenied", agreed.assume, sts, ExternalId="customer/18")
    refused("ValidationError", agreed.assume, bob.client("sts", parameter_validation=False), ExternalId="1")
    agreed.assume(sts, ExternalId="customer/17")


def test_a_chain_across_accounts_is_an_hour_at_most(cloud, home, away, bob, role):
    first = role(trusting({"AWS": bob.arn}), allow("sts:AssumeRole"), at=home, MaxSessionDuration=12 * HOUR)
    second = role(trusting({"AWS": first.arn}), allow("ec2:Describe*"), MaxSessionDuration=12 * HOUR)
    credentials = first.assume(bob.client("sts"), DurationSeconds=12 * HOUR)
    sts = session_client(cloud, "sts", credentials)
    refused("ValidationError", second.assume, sts, DurationSeconds=HOUR + 1)
    chained = second.assume(sts, DurationSeconds=HOUR)
    assert HOUR - 60 < chained["Expiration"].timestamp() - time.time() <= HOUR + 1
    assert session_client(cloud, "sts", chained).get_caller_identity()["Account"] == away.id
    session_client(cloud, "ec2", chained).describe_instances()
    # the user itself is not trusted by the second role
    bob.may(allow("sts:AssumeRole"))
    refused("AccessDenied", second.assume, bob.client("sts"))


def test_a_session_policy_narrows_what_the_role_may(cloud, away, bob, role, shared):
    wide = role(trusting({"AWS": bob.arn}), allow("s3:*"))
    bob.may(allow("sts:AssumeRole"))
    narrow = document(allow("s3:GetObject", "ec2:*", on="*"))
    credentials = wide.assume(bob.client("sts"), Policy=narrow)
    s3 = session_client(cloud, "s3", credentials)
    assert s3.get_object(Bucket=shared, Key="k")["Body"].read() == b"theirs"
    refused("AccessDenied", s3.put_object, Bucket=shared, Key="k", Body=b"")
    # and gives nothing that the role has not
    refused("UnauthorizedOperation", session_client(cloud, "ec2", credentials).describe_instances)


def test_tags_of_a_session_need_both_sides_and_are_conditions_on_the_other(cloud, home, bob, role, shared):
    team = {"StringEquals": {"aws:RequestTag/team": ["red", "blue"]}}
    statement = {"Effect": "Allow", "Principal": {"AWS": home.id}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    tagged = role(
        document(statement | {"Condition": team}),
        allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
    )
    sts = bob.client("sts")
    red = {"Tags": [{"Key": "team", "Value": "red"}]}
    bob.may(allow("sts:AssumeRole"))
    refused("AccessDenied", tagged.assume, sts, **red)
    bob.may(allow("sts:AssumeRole", "sts:TagSession"))
    refused("AccessDenied", tagged.assume, sts)
    refused("AccessDenied", tagged.assume, sts, Tags=[{"Key": "team", "Value": "green"}])
    session_client(cloud, "s3", tagged.assume(sts, **red)).get_object(Bucket=shared, Key="k")
    blue = tagged.assume(sts, Tags=[{"Key": "team", "Value": "blue"}])
    refused("AccessDenied", session_client(cloud, "s3", blue).get_object, Bucket=shared, Key="k")


def test_a_session_ends_when_its_role_in_the_other_account_goes(cloud, bob, role):
    doomed = role(trusting({"AWS": bob.arn}), allow("ec2:Describe*"))
    bob.may(allow("sts:AssumeRole"))
    credentials = doomed.assume(bob.client("sts"))
    ec2, sts = session_client(cloud, "ec2", credentials), session_client(cloud, "sts", credentials)
    ec2.describe_instances(), sts.get_caller_identity()
    doomed.remove()
    soon_refused("AuthFailure", ec2.describe_instances)
    soon_refused("InvalidClientTokenId", sts.get_caller_identity)


# Buckets


def test_a_bucket_policy_and_the_users_own_account_must_both_allow(home, away, bob, shared):
    s3 = bob.client("s3")
    getting = {"Bucket": shared, "Key": "k"}
    bob.may(allow("s3:*"))
    refused("AccessDenied", s3.get_object, **getting)
    theirs = {"Effect": "Allow", "Principal": {"AWS": bob.arn}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{shared}/*"}
    opened(away, shared, theirs)
    assert s3.get_object(**getting)["Body"].read() == b"theirs"
    refused("AccessDenied", s3.put_object, **getting, Body=b"")
    refused("AccessDenied", s3.list_objects_v2, Bucket=shared)
    # named in the policy, and yet not allowed by its own account
    bob.may(allow("ec2:*"))
    soon_refused("AccessDenied", s3.get_object, **getting)
    # the account as a whole: its root may, its users when they are allowed
    opened(away, shared, theirs | {"Principal": {"AWS": f"arn:aws:iam::{home.id}:root"}})
    home.client("s3").get_object(**getting)
    refused("AccessDenied", s3.get_object, **getting)
    bob.may(allow("s3:GetObject", on=f"arn:aws:s3:::{shared}/k"))
    s3.get_object(**getting)
    # and a denial on the bucket wins over both
    everybody = theirs | {"Principal": {"AWS": home.id}}
    opened(away, shared, everybody, theirs | {"Effect": "Deny", "Principal": {"AWS": bob.arn}})
    soon_refused("AccessDenied", s3.get_object, **getting)
    home.client("s3").get_object(**getting)


def test_a_bucket_is_open_to_a_role_of_the_other_account_and_its_sessions_only(cloud, home, away, bob, role, shared):
    reader = role(trusting({"AWS": bob.arn}), allow("s3:*"), at=home)
    theirs = {"Effect": "Allow", "Principal": {"AWS": reader.arn}, "Action": "s3:*",
              "Resource": [f"arn:aws:s3:::{shared}", f"arn:aws:s3:::{shared}/*"]}  # fmt: skip
    opened(away, shared, theirs)
    s3 = session_client(cloud, "s3", reader.assume(bob.client("sts")))
    s3.put_object(Bucket=shared, Key="new", Body=b"mine")
    assert sorted(one["Key"] for one in s3.list_objects_v2(Bucket=shared)["Contents"]) == ["k", "new"]
    bob.may(allow("s3:*"))
    refused("AccessDenied", bob.client("s3").get_object, Bucket=shared, Key="k")
    narrow = reader.assume(bob.client("sts"), Policy=document(allow("s3:GetObject")))
    refused("AccessDenied", session_client(cloud, "s3", narrow).put_object, Bucket=shared, Key="new", Body=b"")
    # what is written there belongs to the bucket's owner
    away.client("s3").delete_object(Bucket=shared, Key="new")


def test_conditions_of_a_bucket_policy_know_where_a_caller_comes_from(home, away, bob, shared):
    bob.may(allow("s3:*"))
    away.client("s3").delete_public_access_block(Bucket=shared)
    opened(away, shared, {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{shared}/*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": home.id}},
    })  # fmt: skip
    bob.client("s3").get_object(Bucket=shared, Key="k")
    admin = away.cloud.client("s3")
    refused("AccessDenied", admin.get_object, Bucket=shared, Key="k")


# Nothing can be guessed


def told(call, parameters, *names):
    """What a call tells, with the names that were asked for and the identifiers of the request blotted out."""
    try:
        reply = call(**parameters)
    except ClientError as error:
        reply = error.response
    reply.get("ResponseMetadata", {}).clear()
    text = json.dumps({name: value for name, value in reply.items() if name not in ("RequestId", "HostId")}, default=str)
    for name in names:
        text = text.replace(name, "<name>")
    # what only an authorization failure's own message says is sealed
    return re.sub(r"failure message: [\w-]+", "failure message: <sealed>", text)


def never(identifier):
    """An identifier of the same form that nobody has."""
    return re.sub(r"[0-9a-f]{17}$", "0123456789abcdef0", identifier)


@pytest.fixture(scope="module")
def theirs(away):
    """Things of the other account, one of each kind that has a name others could ask for."""
    iam, ec2, kms = away.client("iam"), away.client("ec2"), away.client("kms")
    closed = document(allow("kms:*", Principal={"AWS": away.id}), deny("kms:Encrypt", Principal={"AWS": "*"}))
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    trust = trusting({"AWS": away.id})
    things = {
        "user": iam.create_user(UserName="secret")["User"]["Arn"],
        "role": iam.create_role(RoleName="secret", AssumeRolePolicyDocument=trust)["Role"]["Arn"],
        "group": iam.create_group(GroupName="secret")["Group"]["Arn"],
        "policy": iam.create_policy(PolicyName="secret", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"],
        "mfa": iam.create_virtual_mfa_device(VirtualMFADeviceName="secret")["VirtualMFADevice"]["SerialNumber"],
        "issuer": iam.create_open_id_connect_provider(Url="https://secret.example.com")["OpenIDConnectProviderArn"],
        "access key": iam.create_access_key(UserName="secret")["AccessKey"]["AccessKeyId"],
        "volume": ec2.create_volume(Size=1, AvailabilityZone=zone)["VolumeId"],
        "group id": ec2.create_security_group(GroupName="secret", Description="d")["GroupId"],
        "key pair": ec2.create_key_pair(KeyName="secret")["KeyPairId"],
        "address": ec2.allocate_address()["AllocationId"],
        "key": kms.create_key(Policy=closed)["KeyMetadata"]["Arn"],
    }
    iam.create_instance_profile(InstanceProfileName="secret")
    kms.create_alias(AliasName="alias/secret", TargetKeyId=things["key"])
    yield things
    kms.delete_alias(AliasName="alias/secret")
    kms.schedule_key_deletion(KeyId=things["key"], PendingWindowInDays=7)
    ec2.get_waiter("volume_available").wait(VolumeIds=[things["volume"]])
    ec2.delete_volume(VolumeId=things["volume"])
    ec2.delete_security_group(GroupId=things["group id"])
    ec2.delete_key_pair(KeyPairId=things["key pair"])
    ec2.release_address(AllocationId=things["address"])
    iam.delete_instance_profile(InstanceProfileName="secret")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=things["issuer"])
    iam.delete_virtual_mfa_device(SerialNumber=things["mfa"])
    iam.delete_policy(PolicyArn=things["policy"])
    iam.delete_group(GroupName="secret")
    iam.delete_role(RoleName="secret")
    iam.delete_access_key(UserName="secret", AccessKeyId=things["access key"])
    iam.delete_user(UserName="secret")


def questions(things):
    """Calls about the other account's things: (client, method, parameters, the name asked for)."""
    tags = [{"Key": "a", "Value": "b"}]
    for thing in ("user", "group", "role"):
        yield "iam", "simulate_principal_policy", {"PolicySourceArn": things[thing], "ActionNames": ["s3:GetObject"]}, things[thing]
        yield "iam", "get_context_keys_for_principal_policy", {"PolicySourceArn": things[thing]}, things[thing]
    policy = {"PolicyArn": things["policy"]}
    for method in ("get_policy", "list_policy_versions", "list_entities_for_policy", "list_policy_tags", "delete_policy"):
        yield "iam", method, policy, things["policy"]
    yield "iam", "get_policy_version", policy | {"VersionId": "v1"}, things["policy"]
    yield "iam", "attach_user_policy", policy | {"UserName": "mine"}, things["policy"]
    yield "iam", "put_user_permissions_boundary", {"UserName": "mine", "PermissionsBoundary": things["policy"]}, things["policy"]
    yield "iam", "tag_policy", policy | {"Tags": tags}, things["policy"]
    for method in ("delete_virtual_mfa_device", "list_mfa_device_tags", "get_mfa_device"):
        yield "iam", method, {"SerialNumber": things["mfa"]}, things["mfa"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    yield "iam", "enable_mfa_device", {"UserName": "mine", "SerialNumber": things["mfa"], **codes}, things["mfa"]
    for method in ("get_open_id_connect_provider", "delete_open_id_connect_provider", "list_open_id_connect_provider_tags"):
        yield "iam", method, {"OpenIDConnectProviderArn": things["issuer"]}, things["issuer"]
    yield "iam", "get_access_key_last_used", {"AccessKeyId": things["access key"]}, things["access key"]
    yield "iam", "delete_access_key", {"AccessKeyId": things["access key"]}, things["access key"]
    yield "iam", "update_access_key", {"AccessKeyId": things["access key"], "Status": "Inactive"}, things["access key"]
    for thing in ("user", "role"):
        trust = trusting({"AWS": things[thing]})
        yield "iam", "update_assume_role_policy", {"RoleName": "mine", "PolicyDocument": trust}, things[thing]
    yield "ec2", "describe_volumes", {"VolumeIds": [things["volume"]]}, things["volume"]
    yield "ec2", "delete_volume", {"VolumeId": things["volume"]}, things["volume"]
    yield "ec2", "create_tags", {"Resources": [things["volume"]], "Tags": tags}, things["volume"]
    yield "ec2", "describe_security_groups", {"GroupIds": [things["group id"]]}, things["group id"]
    yield "ec2", "delete_security_group", {"GroupId": things["group id"]}, things["group id"]
    yield "ec2", "describe_key_pairs", {"KeyPairIds": [things["key pair"]]}, things["key pair"]
    yield "ec2", "delete_key_pair", {"KeyPairId": things["key pair"]}, things["key pair"]
    yield "ec2", "describe_addresses", {"AllocationIds": [things["address"]]}, things["address"]
    yield "ec2", "release_address", {"AllocationId": things["address"]}, things["address"]
    profile = things["user"].replace(":user/", ":instance-profile/")
    launch = {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1, "DryRun": True}
    yield "ec2", "run_instances", launch | {"IamInstanceProfile": {"Arn": profile}}, profile
    for method in ("describe_key", "get_key_policy", "list_resource_tags", "disable_key"):
        more = {"PolicyName": "default"} if method == "get_key_policy" else {}
        yield "kms", method, {"KeyId": things["key"], **more}, things["key"]
    yield "kms", "encrypt", {"KeyId": things["key"], "Plaintext": b"x"}, things["key"]
    alias = re.sub(r":key/.*", ":alias/secret", things["key"])
    yield "kms", "describe_key", {"KeyId": alias}, alias


def another(name):
    """A name of the same form for something that is not there."""
    if name.startswith("AKIA"):
        return f"AKIA{'A' * 16}"
    if ":key/" in name:
        return name.rpartition("/")[0] + "/01234567-89ab-4def-8123-456789abcdef"
    return never(name) if re.search(r"-[0-9a-f]{17}$", name) else name.replace("secret", "absent")


def replaced(value, old, new):
    """Parameters about something else."""
    if isinstance(value, dict):
        return {key: replaced(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, old, new) for one in value]
    return value.replace(old, new) if isinstance(value, str) else value


def test_no_answer_tells_what_exists_in_another_account(home, theirs):
    iam = home.client("iam")
    iam.create_user(UserName="mine")
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trusting({"AWS": home.id}))
    told_apart = []
    try:
        for service, method, parameters, name in questions(theirs):
            other = another(name)
            call = getattr(home.client(service), method)
            there, absent = told(call, parameters, name, "secret"), told(call, replaced(parameters, name, other), other, "absent")
            if there != absent:
                told_apart.append(f"{service} {method}: {there} but {absent}")
    finally:
        iam.delete_user(UserName="mine")
        iam.delete_role(RoleName="mine")
    assert not told_apart, "\n".join(told_apart)


def test_a_role_that_exists_is_refused_like_one_that_does_not(bob, theirs):
    bob.may(allow("sts:AssumeRole"))
    sts = bob.client("sts")
    asked = {"RoleSessionName": "work"}
    there = told(sts.assume_role, {"RoleArn": theirs["role"], **asked}, theirs["role"])
    absent = told(sts.assume_role, {"RoleArn": another(theirs["role"]), **asked}, another(theirs["role"]))
    assert there == absent and "AccessDenied" in there


def test_lists_name_nothing_of_another_account(home, theirs):
    iam, ec2, kms = home.client("iam"), home.client("ec2"), home.client("kms")
    ec2.describe_vpcs()
    everything = [
        iam.get_account_authorization_details(), iam.list_users(), iam.list_roles(), iam.list_groups(),
        iam.list_policies(Scope="Local"), iam.list_virtual_mfa_devices(), iam.list_open_id_connect_providers(),
        iam.list_instance_profiles(), iam.list_account_aliases(), ec2.describe_volumes(), ec2.describe_security_groups(),
        ec2.describe_key_pairs(), ec2.describe_addresses(), ec2.describe_tags(), ec2.describe_images(Owners=["self"]),
        ec2.describe_snapshots(OwnerIds=["self"]), ec2.describe_network_interfaces(), kms.list_keys(), kms.list_aliases(),
        home.client("s3").list_buckets(),
    ]  # fmt: skip
    text = json.dumps(everything, default=str)
    shown = [name for name in theirs.values() if name in text]
    assert not shown and "secret" not in text
    assert iam.get_account_summary()["SummaryMap"]["Users"] == 0


def test_the_reason_of_a_refusal_is_sealed_for_the_account_it_was_told(away, home, bob):
    bob.may(allow("s3:*"))
    message = refused("UnauthorizedOperation", bob.client("ec2").describe_instances)["Message"]
    sealed = re.search(r"Encoded authorization failure message: (\S+)$", message).group(1)
    assert json.loads(home.client("sts").decode_authorization_message(EncodedMessage=sealed)["DecodedMessage"])["allowed"] is False
    refused("InvalidAuthorizationMessageException", away.client("sts").decode_authorization_message, EncodedMessage=sealed)


def test_objects_that_exist_are_refused_like_those_that_do_not(bob, away, shared):
    bob.may(allow("s3:*"))
    s3 = bob.client("s3")
    for method in ("get_object", "head_object", "get_object_tagging", "delete_object"):
        call = getattr(s3, method)
        there, absent = (told(call, {"Bucket": shared, "Key": key}, f"/{key}") for key in ("k", "x"))
        assert there == absent and ("AccessDenied" in there or "403" in there), method
    copying = {"Bucket": shared, "Key": "copy"}
    sources = [told(s3.copy_object, copying | {"CopySource": f"{shared}/{key}"}, f"/{key}") for key in ("k", "x")]
    assert sources[0] == sources[1]
