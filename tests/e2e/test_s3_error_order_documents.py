"""The order of errors, see docs/decisions/0085, of operations that are decided on by what their document says: DeleteObjects,
PutObjectRetention, PutObjectLegalHold.

That a document is looked at before the bucket's lock, and none at all is a malformed one, is how S3 answered others who asked
it; where nothing is known of its order it is that of all other operations.
"""

import base64
import dataclasses
import datetime
import hashlib

import pytest

from harness.people import Person, allow
from harness.s3_world import World
from harness.waiting import wait_until
from test_s3_error_order import BEFORE, WRONG_MD5, Draft, header, of, pairs, set_to, told

GOVERNED = "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>%s</RetainUntilDate></Retention>"
LATER, EVEN_LATER, PAST = "2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2015-01-01T00:00:00Z"
HOLD = "<LegalHold><Status>%s</Status></LegalHold>"


@dataclasses.dataclass
class Documented(Draft):
    """A request with a document, nothing wrong with it yet, and the digest of it unless that is given or left out."""

    digest: bool = True

    def send(self):
        """Signs and sends it."""
        if self.digest:
            self.signed = {"Content-MD5": base64.b64encode(hashlib.md5(self.body).digest()).decode()} | self.signed
        return super().send()


def asking(name):
    """Another sub-resource beside the one that is asked for."""
    return lambda draft: setattr(draft, "query", f"{draft.query}&{name}")


def without_lock(draft):
    draft.bucket = draft.bucket if draft.bucket in (draft.w.never, "No_Bucket") else draft.w.plain
    draft.key = draft.key if draft.key != "kept" else "k"


HEAD = [fault if fault[0] != "resource" else ("resource", asking("acl"), 400, "InvalidArgument") for fault in BEFORE]
OUR_PLAIN_TEXT = ("plain text", header("x-amz-request-payer", "é".encode()), 400, "InvalidArgument")
BODY = [
    ("digest", header("Content-MD5", "no"), 400, "InvalidDigest"),
    ("content", header("Content-MD5", WRONG_MD5), 400, "BadDigest"),
    ("no document", set_to(body=b""), 400, "MalformedXML"),
    ("document", set_to(body=b"<x"), 400, "MalformedXML"),
]
LOCKED = [
    ("no lock", without_lock, 400, "InvalidRequest"),
    ("key", set_to(key="none"), 404, "NoSuchKey"),
]
RETAINING = [
    *HEAD, OUR_PLAIN_TEXT, *BODY,
    ("mode", set_to(body=(GOVERNED % LATER).replace("GOVERNANCE", "WISHFUL").encode()), 400, "MalformedXML"),
    ("half", set_to(body=b"<Retention><Mode>GOVERNANCE</Mode></Retention>"), 400, "MalformedXML"),
    ("date", set_to(body=(GOVERNED % PAST).encode()), 400, "InvalidArgument"),
    *LOCKED,
    ("governed", set_to(body=(GOVERNED % LATER).encode()), 403, "AccessDenied"),
]  # fmt: skip
HOLDING = [*HEAD, OUR_PLAIN_TEXT, *BODY, ("status", set_to(body=(HOLD % "MAYBE").encode()), 400, "MalformedXML"), *LOCKED]
# Whoever may not delete a key is told so of that key.
DELETING = [
    *(fault for fault in HEAD if fault[0] not in ("permission", "uri", "long key")),
    OUR_PLAIN_TEXT,
    ("no lock", header("x-amz-bypass-governance-retention", "true"), 400, "InvalidArgument"),
    ("no digest", set_to(digest=False), 400, "InvalidRequest"),
    *(("no document", fault[1], 400, "MissingRequestBodyError") if fault[0] == "no document" else fault for fault in BODY),
    ("keys", set_to(body=b"<Delete/>"), 400, "MalformedXML"),
    ("too many keys", set_to(body=b"<Delete>" + b"<Object><Key>k</Key></Object>" * 1001 + b"</Delete>"), 400, "MalformedXML"),
]
IN_BODY = {"no document", "document", "mode", "half", "date", "status", "governed", "keys", "too many keys"}
TOGETHER = [
    IN_BODY, {"digest", "content", "no digest"}, {"no lock", "bucket", "bucket name"}, {"no lock", "key", "uri", "long key"}, {"no lock", "governed"},
    {"key", "governed"}, {"uri", "governed"}, {"long key", "governed"}, {"key", "uri", "long key"},
]  # fmt: skip


@pytest.fixture(scope="module")
def w(cloud, s3):
    world = World(cloud, s3)
    s3.put_object(Bucket=world.locked, Key="kept", Body=b"x")
    s3.put_object_retention(Bucket=world.locked, Key="kept", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": "2099-01-01T00:00:00Z"})
    yield world
    s3.put_object_retention(Bucket=world.locked, Key="kept", Retention={}, BypassGovernanceRetention=True)
    world.remove()


@pytest.mark.parametrize("faults", pairs(RETAINING, TOGETHER), ids=of)
def test_of_two_faults_of_a_retention_the_earlier_one_is_told(w, faults):
    draft = Documented(w, bucket=w.locked, key="kept", query="retention", body=(GOVERNED % EVEN_LATER).encode())
    assert told(draft, faults) == faults[0][2:]


@pytest.mark.parametrize("faults", pairs(HOLDING, TOGETHER), ids=of)
def test_of_two_faults_of_a_hold_the_earlier_one_is_told(w, faults):
    draft = Documented(w, bucket=w.locked, key="k", query="legal-hold", body=(HOLD % "ON").encode())
    assert told(draft, faults) == faults[0][2:]


@pytest.mark.parametrize("faults", pairs(DELETING, TOGETHER), ids=of)
def test_of_two_faults_of_a_deletion_of_many_the_earlier_one_is_told(w, faults):
    draft = Documented(w, "POST", key="", query="delete", body=b"<Delete><Object><Key>none</Key></Object></Delete>")
    assert told(draft, faults) == faults[0][2:]


def test_what_is_well_is_well(w):
    """The requests that the faults are put into."""
    retaining = Documented(w, bucket=w.locked, key="kept", query="retention", body=(GOVERNED % EVEN_LATER).encode())
    holding = Documented(w, bucket=w.locked, key="k", query="legal-hold", body=(HOLD % "ON").encode())
    deleting = Documented(w, "POST", key="", query="delete", body=b"<Delete><Object><Key>none</Key></Object></Delete>")
    assert [draft.send().status for draft in (retaining, holding, deleting)] == [200, 200, 200]


# Of one key of a deletion of many: told of the key, with a 200 for the request.
OF_A_KEY = [
    ("long key", {"Key": "k" * 1025}, "KeyTooLongError"),
    ("permission", None, "AccessDenied"),
    ("version", {"VersionId": "none"}, "NoSuchVersion"),
    ("offered", {"Size": "1"}, "NotImplemented"),
    ("condition", {"ETag": "0"}, "PreconditionFailed"),
]


@pytest.mark.parametrize("faults", [pair for pair in pairs([(*fault, None) for fault in OF_A_KEY], [{"long key", "condition"}])], ids=of)
def test_of_two_faults_of_a_key_the_earlier_one_is_told(w, faults):
    key = {"Key": "k"}
    for _, changed, _, _ in faults:
        key |= changed or {}
    document = "<Delete><Object>" + "".join(f"<{name}>{text}</{name}>" for name, text in key.items()) + "</Object></Delete>"
    reply = w.digest("POST /{plain}?delete", document, who="nobody" if any(fault[0] == "permission" for fault in faults) else "admin")
    assert (reply.status, reply.text_of("Code"), reply.text_of("Key")) == (200, faults[0][2], key["Key"])


def test_a_policy_is_asked_about_what_the_document_says(w):
    """Also of whoever may bypass governance, and only so far."""
    mode = {"StringEquals": {"s3:object-lock-mode": "GOVERNANCE"}}
    few = {"NumericLessThan": {"s3:object-lock-remaining-retention-days": "10"}}
    on = f"arn:aws:s3:::{w.locked}/*"
    person = Person(w.cloud).may(allow("s3:PutObjectRetention", on=on, Condition=mode), allow("s3:BypassGovernanceRetention", on=on, Condition=few))
    send = lambda body, **headers: w("PUT /{locked}/kept?retention", body, who=person.keys, x_amz_bypass_governance_retention="true", **headers)
    wait_until(lambda: send(GOVERNED % EVEN_LATER).status == 200, 10, what="the retention may be put")
    assert send((GOVERNED % EVEN_LATER).replace("GOVERNANCE", "COMPLIANCE")).code == "AccessDenied"
    assert send("<Retention/>").code == send("<x").code == "AccessDenied"
    # Headers that an upload would have do not stand for what the document does not say.
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert send("<Retention/>", x_amz_object_lock_mode="GOVERNANCE", x_amz_object_lock_retain_until_date=soon).code == "AccessDenied"
    assert send(GOVERNED % LATER).message == "Access Denied because object protected by object lock."
    person.remove()
