"""When several things are wrong at once, which is told: every pair of faults, in the order of docs/decisions/0085.

A request is built by its faults. Each fault alone answers its code; two at once answer the one that stands first in `ORDER`.
"""

import base64
import dataclasses
import hashlib
import itertools

import pytest

from harness.s3_world import ACCOUNT_OF_NOBODY, World
from harness.wire import Request, Signer

WRONG_MD5 = base64.b64encode(hashlib.md5(b"another").digest()).decode()


@dataclasses.dataclass
class Draft:
    """A PutObject to be, or a GetObject, with nothing wrong yet."""

    w: World
    method: str = "PUT"
    bucket: str = ""
    key: str = "k"
    query: str = ""
    body: bytes = b"content"
    who: str = "admin"
    skew: int = 0
    signed: dict = dataclasses.field(default_factory=dict)
    behind: list = dataclasses.field(default_factory=list)

    def send(self):
        """Signs and sends it; what is `behind` the signature is changed after it."""
        keys = self.w.keys(self.who) if self.who in ("admin", "nobody", "writer", "stranger") else self.who
        body = b"" if self.method == "GET" else self.body
        request = Request(self.method, f"/{self.bucket or self.w.plain}/{self.key}", self.query, dict(self.signed), body)
        Signer(keys, "s3", skew_seconds=self.skew).sign(request, self.w.wire.host)
        for change in self.behind:
            change(request)
        return self.w.wire.send(request)


def header(name, value):
    """A fault that is a header."""
    return lambda draft: draft.signed.update({name: value})


def unreadable(draft):
    draft.behind.append(lambda request: request.headers.update({"Authorization": "AWS4-HMAC-SHA256 Credential=x"}))


def unknown_key(draft):
    draft.who = ("AKIA" + "Q" * 16, "w" * 40)


def skewed(draft):
    draft.skew = -3600


def wrong_secret(draft):
    keys = draft.w.guessed.keys if isinstance(draft.who, str) else draft.who
    draft.who = (keys[0], "w" * 40)


def no_bucket(draft):
    draft.bucket = draft.w.never


def bad_bucket_name(draft):
    draft.bucket = "No_Bucket"


def not_allowed(draft):
    if draft.who == "admin":
        draft.who = "nobody"


def retained(draft):
    draft.signed |= {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2099-01-01T00:00:00Z"}


def set_to(**fields):
    """A fault that is a field of the draft."""
    return lambda draft: [setattr(draft, name, value) for name, value in fields.items()]


# (name, the fault, status, code): a request with two of them is told the upper one.
BEFORE = [
    ("head", header("x-amz-meta-long", "x" * 9000), 400, "RequestHeaderSectionTooLarge"),
    ("uri", set_to(key="%ff"), 400, "InvalidURI"),
    ("long key", set_to(key="k" * 1025), 400, "KeyTooLongError"),
    ("authorization", unreadable, 400, "AuthorizationHeaderMalformed"),
    ("access key", unknown_key, 403, "InvalidAccessKeyId"),
    ("clock", skewed, 403, "RequestTimeTooSkewed"),
    ("secret", wrong_secret, 403, "SignatureDoesNotMatch"),
    ("resource", set_to(query="acl&tagging"), 400, "InvalidArgument"),
    ("bucket name", bad_bucket_name, 400, "InvalidBucketName"),
    ("bucket", no_bucket, 404, "NoSuchBucket"),
    ("owner", header("x-amz-expected-bucket-owner", ACCOUNT_OF_NOBODY), 403, "AccessDenied"),
    ("permission", not_allowed, 403, "AccessDenied"),
]
WRITING = [
    *BEFORE,
    ("plain text", header("x-amz-request-payer", "é".encode()), 400, "InvalidArgument"),
    ("tags", header("x-amz-tagging", "aws:a=b"), 400, "InvalidTag"),
    ("offered", header("x-amz-write-offset-bytes", "1"), 501, "NotImplemented"),
    ("metadata", header("x-amz-meta-a", "x" * 2048), 400, "MetadataTooLarge"),
    ("class", header("x-amz-storage-class", "PAPER"), 400, "InvalidStorageClass"),
    ("list", header("x-amz-acl", "public-read"), 400, "AccessControlListNotSupported"),
    ("hold", header("x-amz-object-lock-legal-hold", "MAYBE"), 400, "InvalidArgument"),
    ("no lock", retained, 400, "InvalidRequest"),
    ("encryption", header("x-amz-server-side-encryption", "ROT13"), 400, "InvalidEncryptionAlgorithmError"),
    ("digest", header("Content-MD5", "no"), 400, "InvalidDigest"),
    ("condition", header("If-None-Match", "*"), 412, "PreconditionFailed"),
    ("checksum", header("x-amz-checksum-crc32", "AAAAAA=="), 400, "BadDigest"),
]
READING = [
    *BEFORE,
    ("plain text", header("x-amz-request-payer", "é".encode()), 400, "InvalidArgument"),
    ("key", set_to(key="none"), 404, "NoSuchKey"),
    ("encryption", header("x-amz-server-side-encryption", "AES256"), 400, "InvalidArgument"),
    ("if-match", header("If-Match", '"0"'), 412, "PreconditionFailed"),
    ("part", set_to(query="partNumber=7"), 416, "InvalidPartNumber"),
    ("range", header("Range", "bytes=100-"), 416, "InvalidRange"),
]
# Faults of one and the same field, of which a request has but one.
TOGETHER = [
    {"uri", "long key", "key"}, {"authorization", "access key", "secret"}, {"bucket", "bucket name"}, {"resource", "part"},
    {"permission", "access key", "secret"}, {"digest"}, {"part", "range"}, {"head"},
]  # fmt: skip


@pytest.fixture(scope="module")
def w(cloud, s3):
    world = World(cloud, s3)
    yield world
    world.remove()


def told(draft, faults):
    """(status, code) of a request with these faults."""
    for _, fault, _, _ in faults:
        fault(draft)
    reply = draft.send()
    return reply.status, reply.code


def pairs(order, together=()):
    """Each fault, and each two of them that a request can have, the one that is told first."""
    excluded = lambda pair: any({pair[0][0], pair[1][0]} <= group for group in [*TOGETHER, *together])
    return [(fault,) for fault in order] + [pair for pair in itertools.combinations(order, 2) if not excluded(pair)]


def of(faults):
    """A name for a test."""
    return " and ".join(fault[0] for fault in faults)


@pytest.mark.parametrize("faults", pairs(WRITING), ids=of)
def test_of_two_faults_of_a_write_the_earlier_one_is_told(w, faults):
    assert told(Draft(w, "PUT"), faults) == faults[0][2:]


@pytest.mark.parametrize("faults", pairs(READING), ids=of)
def test_of_two_faults_of_a_read_the_earlier_one_is_told(w, faults):
    assert told(Draft(w, "GET"), faults) == faults[0][2:]


# The same of other requests: documents, copies and parts. Each fault is what it changes in a request that is well.


@dataclasses.dataclass
class Shape:
    """A request that is well: its line, body and headers."""

    line: str
    body: str = ""
    headers: dict = dataclasses.field(default_factory=dict)

    def with_faults(self, w, faults):
        """(status, code) of the request with these faults, each a dictionary of what it changes."""
        changed = {"line": self.line, "body": self.body, "who": "admin"}
        headers = dict(self.headers)
        for _, fault, _, _ in faults:
            fault = dict(fault)
            headers |= fault.pop("headers", {})
            for old, new in fault.pop("line", {}).items():
                changed["line"] = changed["line"].replace(old, new)
            changed |= fault
        reply = w(changed.pop("line"), **changed, **headers)
        return reply.status, reply.code


DENIED = ("permission", {"who": "nobody"}, 403, "AccessDenied")
NO_BUCKET = ("bucket", {"line": {"{plain}": "{never}"}}, 404, "NoSuchBucket")
BAD_MD5 = ("digest", {"headers": {"Content-MD5": "no"}}, 400, "InvalidDigest")
OTHER_MD5 = ("content", {"headers": {"Content-MD5": WRONG_MD5}}, 400, "BadDigest")
MALFORMED = ("document", {"body": "<x"}, 400, "MalformedXML")
SHAPES = {
    "a document": (
        Shape("PUT /{plain}?versioning", "<VersioningConfiguration><Status>Off</Status></VersioningConfiguration>"),
        [NO_BUCKET, DENIED, BAD_MD5, OTHER_MD5, MALFORMED],
    ),
    "tags": (
        Shape("PUT /{plain}/k?tagging", "<Tagging><TagSet/></Tagging>"),
        [
            NO_BUCKET, DENIED, BAD_MD5, OTHER_MD5, MALFORMED,
            ("tag", {"body": "<Tagging><TagSet><Tag><Key>aws:a</Key><Value>b</Value></Tag></TagSet></Tagging>"}, 400, "InvalidTag"),
        ],
    ),
    "a copy": (
        Shape("PUT /{plain}/copy", headers={"x-amz-copy-source": "{plain}/k"}),
        [
            NO_BUCKET, DENIED,
            ("source", {"headers": {"x-amz-copy-source": "nothing"}}, 400, "InvalidArgument"),
            ("directive", {"headers": {"x-amz-metadata-directive": "KEEP"}}, 400, "InvalidArgument"),
            ("class", {"headers": {"x-amz-storage-class": "PAPER"}}, 400, "InvalidStorageClass"),
            ("encryption", {"headers": {"x-amz-server-side-encryption": "ROT13"}}, 400, "InvalidEncryptionAlgorithmError"),
            ("source bucket", {"headers": {"x-amz-copy-source": "{never}/k"}}, 404, "NoSuchBucket"),
            ("source key", {"headers": {"x-amz-copy-source": "{plain}/none"}}, 404, "NoSuchKey"),
            ("condition", {"headers": {"x-amz-copy-source-if-match": '"0"'}}, 412, "PreconditionFailed"),
        ],
    ),
    "a part": (
        Shape("PUT /{plain}/up?partNumber=1&uploadId={upload}", "part"),
        [
            NO_BUCKET, DENIED,
            ("number", {"line": {"partNumber=1": "partNumber=0"}}, 400, "InvalidArgument"),
            ("upload", {"line": {"{upload}": "none"}}, 404, "NoSuchUpload"),
            BAD_MD5, OTHER_MD5,
        ],
    ),
    "a completion": (
        Shape("POST /{plain}/up?uploadId={upload}", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>0</ETag></Part></CompleteMultipartUpload>"),
        [
            NO_BUCKET, DENIED, BAD_MD5, OTHER_MD5, MALFORMED,
            ("upload", {"line": {"{upload}": "none"}}, 404, "NoSuchUpload"),
            ("part", {}, 400, "InvalidPart"),
        ],
    ),
    "a list": (
        Shape("GET /{plain}?list-type=2&max-keys=1"),
        [
            NO_BUCKET, DENIED,
            ("number", {"line": {"max-keys=1": "max-keys=x"}}, 400, "InvalidArgument"),
        ],
    ),
}  # fmt: skip


def changes_the_same(one, other):
    """Whether two faults are of one and the same part of a request."""
    named = lambda fault: {f"header {name}" for name in fault.get("headers", {})} | ({"body"} & set(fault)) | {f"line {old}" for old in fault.get("line", {})}
    return bool(named(one[1]) & named(other[1]))


def two_of(order):
    """Each fault, and each two of them that one request can have."""
    return [(fault,) for fault in order] + [pair for pair in itertools.combinations(order, 2) if not changes_the_same(*pair)]


@pytest.mark.parametrize(
    ("shape", "faults"),
    [(shape, faults) for shape, order in SHAPES.values() for faults in two_of(order)],
    ids=[f"{name}: {of(faults)}" for name, (_, order) in SHAPES.items() for faults in two_of(order)],
)
def test_of_two_faults_of_another_request_the_earlier_one_is_told(w, shape, faults):
    assert shape.with_faults(w, faults) == faults[0][2:]


# Conditions of a read, as RFC 9110 and AWS's reference have them: those that hold, those that do not, and the answer.
PAST, FUTURE = "Thu, 01 Jan 2015 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT"
CONDITIONS = [
    ({"If-Match": "{etag}", "If-Unmodified-Since": PAST}, 200, 200),
    ({"If-Match": '"0"', "If-Unmodified-Since": FUTURE}, 412, 412),
    ({"If-Unmodified-Since": PAST}, 412, 412),
    ({"If-None-Match": "{etag}", "If-Modified-Since": PAST}, 304, 412),
    ({"If-None-Match": '"0"', "If-Modified-Since": FUTURE}, 200, 200),
    ({"If-Modified-Since": FUTURE}, 304, 412),
    ({"If-Match": '"0"', "If-None-Match": "{etag}"}, 412, 412),
    ({"If-Unmodified-Since": PAST, "If-None-Match": "{etag}"}, 412, 412),
    ({"If-Match": "{etag}", "If-None-Match": "{etag}"}, 304, 412),
    ({"If-Match": "*", "If-None-Match": '"0"'}, 200, 200),
]


@pytest.mark.parametrize(("conditions", "read", "copied"), CONDITIONS, ids=lambda value: " ".join(value) if isinstance(value, dict) else "")
def test_conditions_are_decided_as_http_has_them(w, conditions, read, copied):
    given = {name: value.replace("{etag}", w.etag) for name, value in conditions.items()}
    for line in ("GET /{plain}/k", "HEAD /{plain}/k"):
        assert w(line, **given).status == read, line
    # A range that cannot be is told only when the conditions hold.
    assert w("GET /{plain}/k", Range="bytes=100-", **given).status == (416 if read == 200 else read)
    source = {"x-amz-copy-source": f"{w.plain}/k", "x-amz-metadata-directive": "REPLACE"}
    of_source = {f"x-amz-copy-source-{name}": value for name, value in given.items()}
    assert w("PUT /{plain}/dir/k", **source, **of_source).status == copied
