"""The order of errors, see docs/decisions/0085, of browsers' forms: first what makes it a form, then who signed it and what that
signature allows, then all that a PutObject of the same meaning would be told."""

import dataclasses

import pytest

from harness.s3_world import ACCOUNT_OF_NOBODY, BOUNDARY, World, form, policy
from harness.wire import Request, Signer, hmac_sha256, signing_key
from test_s3_error_order import WRONG_MD5, Draft, bad_bucket_name, header, no_bucket, not_allowed, of, pairs, retained, set_to, told, unknown_key, wrong_secret


@dataclasses.dataclass
class FormDraft(Draft):
    """A form to be, with nothing wrong yet. `signed` are fields, signed by its policy as all others are."""

    body: bytes = b"content" * 20
    kind: str = f"multipart/form-data; boundary={BOUNDARY}"
    files: int = 1
    end: bool = True
    expiration: str = "2099-01-01T00:00:00Z"
    conditions: list = dataclasses.field(default_factory=list)
    left_out: str = ""
    headers: dict = dataclasses.field(default_factory=dict)

    def send(self):
        """Signs and sends it."""
        keys = self.w.keys(self.who) if self.who in ("admin", "nobody") else self.who
        signer = Signer(keys, "s3", skew_seconds=self.skew)
        own = {"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": f"{signer.key_id}/{signer.scope}", "x-amz-date": signer.stamp}
        fields = {"key": self.key, **self.signed, **own}
        any_value = [["starts-with", f"${name}", ""] for name in ("bucket", *fields)]
        sent = policy([*any_value, *self.conditions], self.expiration)
        signature = hmac_sha256(signing_key(signer.secret, signer.stamp[:8], signer.region, "s3"), sent).hex()
        fields |= {"policy": sent, "x-amz-signature": signature}
        fields.pop(self.left_out, None)
        body = form(fields, self.body, self.files, self.end)
        request = Request("POST", f"/{self.bucket or self.w.plain}", "", {"Content-Type": self.kind, **self.headers}, body)
        for change in self.behind:
            change(request)
        return self.w.wire.send(request)


def sent_with(name, value):
    """A fault that is a header of the form, not a field."""
    return lambda draft: draft.headers.update({name: value})


def without_length(draft):
    draft.headers["Transfer-Encoding"] = "chunked"
    draft.behind.append(lambda request: setattr(request, "body", b"0\r\n\r\n"))


def condition(*words):
    """A fault that is a condition of the policy."""
    return lambda draft: draft.conditions.append(words[0] if len(words) == 1 else list(words))


FORM = [
    ("head", sent_with("x-amz-meta-long", "x" * 9000), 400, "RequestHeaderSectionTooLarge"),
    ("type", set_to(kind="text/plain"), 412, "PreconditionFailed"),
    ("length", without_length, 411, "MissingContentLength"),
    ("mechanism", sent_with("Authorization", "AWS4-HMAC-SHA256 Credential=x"), 400, "InvalidRequest"),
    ("fields", header("x-ignore-a", "x" * (20 << 10)), 400, "MaxPostPreDataLengthExceeded"),
    ("no file", set_to(files=0), 400, "InvalidArgument"),
    ("no key", set_to(left_out="key"), 400, "InvalidArgument"),
    ("uri", set_to(key="a/../.."), 400, "InvalidURI"),
    ("long key", set_to(key="k" * 1025), 400, "KeyTooLongError"),
    ("no date", set_to(left_out="x-amz-date"), 400, "InvalidArgument"),
    ("access key", unknown_key, 403, "InvalidAccessKeyId"),
    ("clock", set_to(skew=-8 * 86400), 403, "AccessDenied"),
    ("secret", wrong_secret, 403, "SignatureDoesNotMatch"),
    ("policy", condition("nothing"), 400, "InvalidPolicyDocument"),
    ("expired", set_to(expiration="2015-01-01T00:00:00Z"), 403, "AccessDenied"),
    ("unmet", condition("eq", "$key", "another"), 403, "AccessDenied"),
    ("bucket name", bad_bucket_name, 400, "InvalidBucketName"),
    ("bucket", no_bucket, 404, "NoSuchBucket"),
    ("owner", sent_with("x-amz-expected-bucket-owner", ACCOUNT_OF_NOBODY), 403, "AccessDenied"),
    ("permission", not_allowed, 403, "AccessDenied"),
    ("plain text", header("x-amz-website-redirect-location-", "é"), 400, "InvalidArgument"),
    ("tags", header("tagging", "<Tagging><TagSet><Tag><Key>aws:a</Key><Value>b</Value></Tag></TagSet></Tagging>"), 400, "InvalidTag"),
    ("offered", header("x-amz-write-offset-bytes", "1"), 501, "NotImplemented"),
    ("metadata", header("x-amz-meta-a", "x" * 2048), 400, "MetadataTooLarge"),
    ("class", header("x-amz-storage-class", "PAPER"), 400, "InvalidStorageClass"),
    ("list", header("acl", "public-read"), 400, "AccessControlListNotSupported"),
    ("hold", header("x-amz-object-lock-legal-hold", "MAYBE"), 400, "InvalidArgument"),
    ("no lock", retained, 400, "InvalidRequest"),
    ("encryption", header("x-amz-server-side-encryption", "ROT13"), 400, "InvalidEncryptionAlgorithmError"),
    ("digest", header("Content-MD5", "no"), 400, "InvalidDigest"),
    ("condition", header("If-None-Match", "*"), 412, "PreconditionFailed"),
    ("end", set_to(end=False), 400, "MalformedPOSTRequest"),
    ("too large", condition("content-length-range", 0, 1), 400, "EntityTooLarge"),
    ("too small", condition("content-length-range", 1000, 2000), 400, "EntityTooSmall"),
    ("content", header("Content-MD5", WRONG_MD5), 400, "BadDigest"),
    ("checksum", header("x-amz-checksum-crc32", "AAAAAA=="), 400, "BadDigest"),
]
TOGETHER = [
    {"no file", "end"}, {"length", "end"}, {"no key", "no date"}, {"no key", "uri", "long key"}, {"too large", "too small"}, {"digest", "content"},
    {"no key", "unmet"},
]  # fmt: skip


@pytest.fixture(scope="module")
def w(cloud, s3):
    world = World(cloud, s3)
    yield world
    world.remove()


@pytest.mark.parametrize("faults", pairs(FORM, TOGETHER), ids=of)
def test_of_two_faults_of_a_form_the_earlier_one_is_told(w, faults):
    assert told(FormDraft(w), faults) == faults[0][2:]


def test_a_form_that_is_well_is_taken(w):
    assert FormDraft(w, key="new").send().status == 204
    w.s3.delete_object(Bucket=w.plain, Key="new")


def test_what_is_no_form_at_all_is_malformed(w):
    reply = w("POST /{plain}", b"nonsense", who=None, Content_Type=FormDraft(w).kind)
    assert (reply.status, reply.code) == (400, "MalformedPOSTRequest")
