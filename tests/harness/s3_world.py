"""A small world of buckets, keys and people in which every error of S3 can be provoked by one raw request."""

import base64
import hashlib
import json
import random
import uuid

from harness.accounts import Account
from harness.people import Person, allow
from harness.wire import Request, Signer, Wire, hmac_sha256, signing_key

BOUNDARY = "----a-boundary"
ACCOUNT_OF_NOBODY = "000000000009"


def form(fields, file=b"content", files=1, end=True):
    """The body of a browser's form."""
    parts = [(f'name="{name}"', str(value).encode()) for name, value in fields.items()]
    parts += [('name="file"; filename="f"', file)] * files
    body = b"".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n" for head, value in parts)
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def policy(conditions, expiration="2099-01-01T00:00:00Z"):
    """The policy of a form, as it is sent."""
    return base64.b64encode(json.dumps({"expiration": expiration, "conditions": conditions}).encode()).decode()


class World:
    """Buckets `plain`, `acls` (lists count), `locked` (versions and object lock), `full`, `theirs`; people `admin`, `nobody`, `stranger`."""

    def __init__(self, cloud, s3):
        # Wrong signatures are counted by address and by key: no other test of this cloud must pay for those that are meant.
        self.wire = Wire(cloud, source=f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}")
        self.cloud, self.s3 = cloud, s3
        self.admin = cloud.admin_keys
        self.stranger = Account(cloud)
        self.person, self.writer = Person(cloud), Person(cloud)
        self.guessed = Person(cloud)
        self.writer.may(allow("s3:PutObject", "s3:GetObject"))
        tail = uuid.uuid4().hex[:12]
        self.never = f"never-{tail}"
        self.plain, self.acls, self.locked, self.theirs = (f"{kind}-{tail}" for kind in ("plain", "acls", "locked", "theirs"))
        for name in (self.plain, self.acls):
            s3.create_bucket(Bucket=name)
        s3.create_bucket(Bucket=self.locked, ObjectLockEnabledForBucket=True)
        self.stranger.client("s3").create_bucket(Bucket=self.theirs)
        s3.put_bucket_ownership_controls(Bucket=self.acls, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
        for key in ("k", "dir/k"):
            s3.put_object(Bucket=self.plain, Key=key, Body=b"0123456789", Tagging="a=b")
            s3.put_object(Bucket=self.acls, Key=key, Body=b"0123456789")
        s3.put_object(Bucket=self.plain, Key="archived", Body=b"cold", StorageClass="GLACIER")
        self.version = s3.put_object(Bucket=self.locked, Key="k", Body=b"kept", ObjectLockLegalHoldStatus="ON")["VersionId"]
        s3.put_object(Bucket=self.locked, Key="gone", Body=b"x")
        self.marker = s3.delete_object(Bucket=self.locked, Key="gone")["VersionId"]
        head = s3.head_object(Bucket=self.plain, Key="k")
        self.etag, self.modified = head["ETag"], head["LastModified"]
        self.upload = s3.create_multipart_upload(Bucket=self.plain, Key="up")["UploadId"]
        self.parts = [
            s3.upload_part(Bucket=self.plain, Key="up", UploadId=self.upload, PartNumber=number, Body=b"small")["ETag"] for number in (1, 2)
        ]
        account = cloud.client("sts").get_caller_identity()["Account"]
        self.account, self.owner = account, s3.get_bucket_acl(Bucket=self.plain)["Owner"]["ID"]

    def names(self, text):
        """A text with `{plain}` and the like put in."""
        for name in ("plain", "acls", "locked", "theirs", "never", "version", "marker", "upload", "owner", "account"):
            text = text.replace("{" + name + "}", str(getattr(self, name)))
        return text

    def keys(self, who):
        """The keys of a person by its role."""
        return {"admin": self.admin, "nobody": self.person.keys, "writer": self.writer.keys, "stranger": self.stranger.keys}[who]

    def __call__(self, line, body=b"", who="admin", payload=None, skew=0, **headers):
        """A request signed by `who` (None: by nobody): `line` is `METHOD /path?query`, `x_amz_acl` the header `x-amz-acl`."""
        return self.wire.send(self.request(line, body, who, payload, skew, **headers))

    def request(self, line, body=b"", who="admin", payload=None, skew=0, **headers):
        """The same, not yet sent."""
        method, target = self.names(line).split(" ", 1)
        path, _, query = target.partition("?")
        body = self.names(body).encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): self.names(value) if isinstance(value, str) else value for name, value in headers.items()}
        request = Request(method, path, query, named, body)
        if who is None:
            return request
        keys = self.keys(who) if isinstance(who, str) else who
        return Signer(keys, "s3", skew_seconds=skew).sign(request, self.wire.host, payload)

    def digest(self, line, body, **headers):
        """A signed request with the Content-MD5 of its body."""
        body = self.names(body).encode() if isinstance(body, str) else body
        return self(line, body, **{"Content_MD5": base64.b64encode(hashlib.md5(body).digest()).decode(), **headers})

    def form(self, fields, bucket="{plain}", kind=f"multipart/form-data; boundary={BOUNDARY}", **more):
        """A browser's form."""
        return self(f"POST /{bucket}", form({n: self.names(v) for n, v in fields.items()}, **more), who=None, Content_Type=kind)

    def signed_form(self, fields, conditions, expiration="2099-01-01T00:00:00Z", **more):
        """The same signed by the administrator."""
        signer = Signer(self.admin, "s3")
        own = {"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": f"{self.admin[0]}/{signer.scope}", "x-amz-date": signer.stamp}
        sent = policy([*({n: v} for n, v in own.items()), *conditions], expiration)
        key = signing_key(signer.secret, signer.stamp[:8], signer.region, "s3")
        return self.form({**fields, **own, "policy": sent, "x-amz-signature": hmac_sha256(key, sent).hex()}, **more)

    def state(self):
        """What the buckets hold, and how they are set: nothing of it is changed by a request that is refused."""
        found = {}
        for name in (self.plain, self.acls, self.locked):
            rows = self.s3.list_object_versions(Bucket=name)
            objects = sorted((row["Key"], row["VersionId"], row.get("ETag")) for row in rows.get("Versions", []) + rows.get("DeleteMarkers", []))
            found[name] = objects, self.s3.get_bucket_acl(Bucket=name)["Grants"], self.s3.get_bucket_versioning(Bucket=name).get("Status")
        found["buckets"] = sorted(row["Name"] for row in self.s3.list_buckets()["Buckets"])
        return found

    def bucket_that(self, *then, **created):
        """The answer to the last of some requests to a bucket `{once}` that is gone afterwards."""
        name = f"once-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=name, **created)
        for line in then:
            reply = self(line.replace("{once}", name), b"x" if line.startswith("PUT") and line.endswith("/k") else b"")
        for row in (found := self.s3.list_object_versions(Bucket=name)).get("Versions", []) + found.get("DeleteMarkers", []):
            self.s3.delete_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
        self.s3.delete_bucket(Bucket=name)
        return reply

    def remove(self):
        """Takes everything away."""
        s3 = self.s3
        s3.abort_multipart_upload(Bucket=self.plain, Key="up", UploadId=self.upload)
        for name in (self.plain, self.acls, self.locked):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
                for row in page.get("Versions", []) + page.get("DeleteMarkers", []):
                    named = {"Bucket": name, "Key": row["Key"], "VersionId": row["VersionId"]}
                    if name == self.locked and "ETag" in row:
                        s3.put_object_legal_hold(**named, LegalHold={"Status": "OFF"})
                    s3.delete_object(**named)
            s3.delete_bucket(Bucket=name)
        self.stranger.client("s3").delete_bucket(Bucket=self.theirs)
        for person in (self.person, self.writer, self.guessed):
            person.remove()
        self.stranger.remove()
