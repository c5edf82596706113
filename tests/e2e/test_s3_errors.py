"""Each documented error of S3 is provoked once, from a list that cannot forget one.

`ROWS` has a request for each; what no request can bring about stands in `NEVER` with the reason, what takes a fault of the
machine in `ELSEWHERE` with the test that shows it. The last tests hold the list against AWS's codes, botocore's model and
the program's own sources, so that a new error without its row fails here.
"""

import base64
import dataclasses
import hashlib
import pathlib
import re
import uuid

import botocore
import pytest
from botocore.exceptions import ClientError

from harness.operations import model, offered, sample
from harness.people import Person, allow, quota
from harness.s3_codes import DOCUMENTED, NEVER
from harness.s3_world import World
from harness.wire import Request, Signer, query_of

TOP = pathlib.Path(__file__).parents[2]
EMPTY = hashlib.sha256(b"").hexdigest()
XML = "The XML you provided was not well-formed or did not validate against our published schema"
MISMATCH = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
KEY = base64.b64encode(b"k" * 32).decode()
SSE_C = {
    "x_amz_server_side_encryption_customer_algorithm": "AES256",
    "x_amz_server_side_encryption_customer_key": KEY,
    "x_amz_server_side_encryption_customer_key_MD5": base64.b64encode(hashlib.md5(b"k" * 32).digest()).decode(),
}
ACL = (
    '<AccessControlPolicy><Owner><ID>{owner}</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:type="CanonicalUser"><ID>%s</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>'
)
CORS_RULE = "<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>"


@dataclasses.dataclass
class Row:
    """One way to provoke a code: its status, the request, the message in AWS's words, further elements of the document
    (`...` for any text), and which variants of the program's enums it goes through."""

    code: str
    status: int
    send: object
    says: str = None
    tells: dict = dataclasses.field(default_factory=dict)
    of: str = ""


def head(line, **headers):
    """A request of the administrator, given by its line."""
    return lambda w: w(line, **headers)


def tagging(*pairs):
    """A Tagging document."""
    return "<Tagging><TagSet>" + "".join(f"<Tag><Key>{k}</Key><Value>{v}</Value></Tag>" for k, v in pairs) + "</TagSet></Tagging>"


def complete(*parts):
    """A CompleteMultipartUpload document."""
    rows = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in parts)
    return f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>"


def authorized(text, **headers):
    """A request with this Authorization header."""
    def send(w):
        stamp = Signer(w.admin, "s3").stamp
        return w("GET /{plain}", who=None, **{"Authorization": text, "x_amz_date": stamp, "x_amz_content_sha256": EMPTY, **headers})

    return send


def resigned(change, line="GET /{plain}/k"):
    """A signed request that `change` alters behind its signature."""
    def send(w):
        request = w.request(line)
        change(request)
        return w.wire.send(request)

    return send


def presigned(drop=(), skew=0, expires=60, **change):
    """A presigned GET with parameters left out or changed."""
    def send(w):
        request = Signer(w.admin, "s3", skew_seconds=skew).presign(Request("GET", f"/{w.plain}/k"), w.wire.host, expires)
        pairs = dict(pair.split("=", 1) for pair in request.query.split("&"))
        for name in drop:
            del pairs[name]
        pairs |= {name.replace("_", "-"): value for name, value in change.items()}
        request.query = "&".join(f"{name}={value}" for name, value in pairs.items())
        return w.wire.send(request)

    return send


def scoped(part, value):
    """A header signature whose credential has another part: 1 the day, 2 the region, 3 the service, 4 the end."""
    def send(w):
        request = w.request("GET /{plain}/k")
        parts = request.headers["Authorization"].split("Credential=")[1].split(",")[0].split("/")
        changed = parts[:part] + [value] + parts[part + 1 :]
        request.headers["Authorization"] = request.headers["Authorization"].replace("/".join(parts), "/".join(changed))
        return w.wire.send(request)

    return send


def chunked(pieces=(b"one",), spoil=None, trailer=None, break_it=lambda body: body, **headers):
    """An upload in signed chunks."""
    def send(w):
        kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
        signer = Signer(w.admin, "s3")
        more = {"x-amz-trailer": trailer[0]} if trailer else {}
        request = Request("PUT", f"/{w.plain}/chunked", headers={
            "Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(sum(map(len, pieces))), **more, **headers,
        })  # fmt: skip
        signer.sign(request, w.wire.host, kind)
        request.body = break_it(signer.chunks(pieces, trailer, spoil))
        return w.wire.send(request)

    return send


def version_2(expires, signature="x"):
    """A GET presigned by version 2."""
    def send(w):
        query = query_of({"AWSAccessKeyId": w.admin[0], "Signature": signature, "Expires": expires})
        return w.wire.send(Request("GET", f"/{w.plain}/k", query))

    return send


def with_key(state):
    """A PutObject under a key of KMS in this state."""
    def send(w):
        kms = w.cloud.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.disable_key(KeyId=key) if state == "off" else kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        return w("PUT /{plain}/sealed", b"x", x_amz_server_side_encryption="aws:kms", x_amz_server_side_encryption_aws_kms_key_id=key)

    return send


def overtaken(w):
    """Tags for an object that is put anew while they are on their way."""
    request = w.request("PUT /{plain}/dir/k?tagging", tagging(("a", "b")))
    return w.wire.send_late(request, lambda: w.s3.put_object(Bucket=w.plain, Key="dir/k", Body=b"0123456789", Tagging="a=b"))


def damaged(damage):
    """A GET of an object whose file something has been done to."""
    def send(w):
        kept = w.cloud.data / "object" / "data"
        before = set(kept.rglob("*"))
        w("PUT /{plain}/damaged", b"x" * 100_000)
        (file,) = (path for path in set(kept.rglob("*")) - before if path.is_file())
        file.unlink()
        damage(file)
        reply = w("GET /{plain}/damaged")
        file.unlink(missing_ok=True)
        assert w("DELETE /{plain}/damaged").status == 204
        return reply

    return send


def one_bucket_too_many(w):
    """CreateBucket by who may have none."""
    person = Person(w.cloud).may(allow("s3:*"), quota("s3:CreateBucket", "buckets", 0))
    reply = w("PUT /{never}", who=person.keys)
    person.remove()
    return reply


def guesses(w):
    """Too many wrong signatures by one key."""
    key = w.stranger.person()
    for _ in range(200):
        reply = w("GET /{plain}/k", who=(key.keys[0], "w" * 40))
        if reply.code != "SignatureDoesNotMatch":
            break
    key.remove()
    return reply


FAULT = "We encountered an internal error. Please try again."
SHORT = "Your proposed upload is smaller than the minimum allowed size"
def unsign_host(request):
    """Takes the host from what a request says it signed."""
    request.headers["Authorization"] = request.headers["Authorization"].replace("SignedHeaders=host;", "SignedHeaders=")


ROWS = [
    # what is not there
    Row("NoSuchBucket", 404, head("GET /{never}/k"), "The specified bucket does not exist", {"BucketName": "{never}"}, "NoSuchBucket"),
    Row("NoSuchKey", 404, head("GET /{plain}/none"), "The specified key does not exist.", {"Key": "none"}, "NoSuchKey"),
    Row("NoSuchKey", 404, head("GET /{locked}/gone"), "The specified key does not exist.", {"Key": "gone"}, "DeletedKey"),
    Row(
        "NoSuchVersion", 404, head("GET /{locked}/other?versionId={version}"), "The specified version does not exist.",
        {"Key": "other", "VersionId": "{version}"}, "NoSuchVersion",
    ),
    Row(
        "NoSuchUpload", 404, head("PUT /{plain}/up?partNumber=1&uploadId=none"),
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        {"UploadId": "none"}, "NoSuchUpload",
    ),
    Row("NoSuchBucketPolicy", 404, head("GET /{plain}?policy"), "The bucket policy does not exist", {"BucketName": "{plain}"}, "NotConfigured"),
    Row("NoSuchCORSConfiguration", 404, head("GET /{plain}?cors"), "The CORS configuration does not exist", {"BucketName": "{plain}"}, "NotConfigured"),
    Row("NoSuchLifecycleConfiguration", 404, head("GET /{plain}?lifecycle"), "The lifecycle configuration does not exist", {"BucketName": "{plain}"}, "NotConfigured"),
    Row("NoSuchTagSet", 404, head("GET /{plain}?tagging"), "The TagSet does not exist", {"BucketName": "{plain}"}, "NotConfigured"),
    Row("NoSuchWebsiteConfiguration", 404, head("GET /{plain}?website"), "The specified bucket does not have a website configuration", {"BucketName": "{plain}"}, "NotConfigured"),
    Row("NoSuchConfiguration", 404, head("GET /{plain}?metrics&id=x"), "The specified configuration does not exist.", {}, "NotConfigured"),
    Row("ReplicationConfigurationNotFoundError", 404, head("GET /{plain}?replication"), "The replication configuration was not found", {"BucketName": "{plain}"}, "NotConfigured"),
    Row(
        "ObjectLockConfigurationNotFoundError", 404, head("GET /{plain}?object-lock"),
        "Object Lock configuration does not exist for this bucket", {"BucketName": "{plain}"}, "NotConfigured",
    ),
    Row("NoSuchObjectLockConfiguration", 404, head("GET /{locked}/k?retention"), "The specified object does not have a ObjectLock configuration", {}, "Refused"),
    Row(
        "NoSuchPublicAccessBlockConfiguration", 404, lambda w: w("DELETE /{acls}?publicAccessBlock") and w("GET /{acls}?publicAccessBlock"),
        "The public access block configuration was not found", {"BucketName": "{acls}"}, "NotConfigured",
    ),
    Row(
        "OwnershipControlsNotFoundError", 404, lambda w: w.bucket_that("DELETE /{once}?ownershipControls", "GET /{once}?ownershipControls"), "The bucket ownership controls were not found", {"BucketName": ...}, "NotConfigured",
    ),
    Row(
        "ServerSideEncryptionConfigurationNotFoundError", 404, head("GET /{plain}?encryption"),
        "The server side encryption configuration was not found", {"BucketName": "{plain}"}, "NotConfigured",
    ),
    # buckets
    Row("BucketNotEmpty", 409, head("DELETE /{plain}"), "The bucket you tried to delete is not empty", {"BucketName": "{plain}"}, "BucketNotEmpty"),
    Row(
        "BucketNotEmpty", 409, lambda w: w.bucket_that("PUT /{once}/k", "DELETE /{once}/k", "DELETE /{once}", ObjectLockEnabledForBucket=True), "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        {"BucketName": ...}, "VersionsLeft",
    ),
    Row(
        "BucketAlreadyExists", 409, head("PUT /{theirs}"),
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
        {"BucketName": "{theirs}"}, "BucketAlreadyExists",
    ),
    Row("TooManyBuckets", 400, one_bucket_too_many, "You have attempted to create more buckets than allowed", {}, "Api"),
    Row("InvalidBucketName", 400, head("GET /No_Bucket"), "The specified bucket is not valid.", {"BucketName": "No_Bucket"}, "InvalidBucketName"),
    Row(
        "InvalidLocationConstraint", 400,
        head("PUT /{never}", body="<CreateBucketConfiguration><LocationConstraint>nowhere</LocationConstraint></CreateBucketConfiguration>"),
        "The specified location-constraint is not valid", {"LocationConstraint": "nowhere"}, "InvalidLocation",
    ),
    Row(
        "IllegalLocationConstraintException", 400,
        head("PUT /{never}", body="<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"),
        "The eu-west-1 location constraint is incompatible for the region specific endpoint this request was sent to.", {}, "LocationElsewhere",
    ),
    Row(
        "InvalidBucketState", 409, head("PUT /{locked}?versioning", body="<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"),
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.", {}, "Refused",
    ),
    Row(
        "IllegalVersioningConfigurationException", 400, head("PUT /{plain}?versioning", body="<VersioningConfiguration/>"),
        "The Versioning element must be specified", {}, "Refused",
    ),
    Row(
        "InvalidTargetBucketForLogging", 400,
        head("PUT /{plain}?logging", body="<BucketLoggingStatus><LoggingEnabled><TargetBucket>{never}</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>"),
        "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group.",
        {"TargetBucket": "{never}"}, "InvalidLogTarget",
    ),
    Row(
        "MalformedPolicy", 400, head("PUT /{plain}?policy", body="[]"), "Policies must be valid JSON and the first byte must be '{'", {}, "MalformedPolicy",
    ),
    Row("BadRequest", 400, lambda w: w.digest("PUT /{plain}?tagging", tagging(*((f"k{n}", "v") for n in range(51)))), "Bucket tag count cannot be greater than 50", {}, "TooManyTags"),
    Row("BadRequest", 400, head("OPTIONS /{plain}/k", who=None), "Insufficient information. Origin request header needed.", {}, ""),
    Row(
        "AccessForbidden", 403, head("OPTIONS /{plain}/k", who=None, Origin="http://a", Access_Control_Request_Method="GET"),
        "CORSResponse: CORS is not enabled for this bucket.", {"Method": "GET", "ResourceType": "OBJECT"}, "",
    ),
    Row("InvalidTag", 400, lambda w: w.digest("PUT /{plain}?tagging", tagging(("aws:a", "b"))), None, {"TagKey": "aws:a"}, "InvalidTag"),
    Row("InvalidRequest", 400, lambda w: w.digest("PUT /{plain}?cors", f"<CORSConfiguration>{CORS_RULE * 101}</CORSConfiguration>"), "The number of CORS rules should not exceed allowed limit of 100 rules.", {}, "InvalidRequest"),
    # access control lists
    Row("AccessControlListNotSupported", 400, head("PUT /{plain}/new", body=b"x", x_amz_acl="public-read"), "The bucket does not allow ACLs", {}, "AclsOff"),
    Row(
        "InvalidBucketAclWithObjectOwnership", 400, head("PUT /{never}", x_amz_acl="public-read"),
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting", {}, "AclWithOwnerEnforced",
    ),
    Row(
        "InvalidBucketAclWithBlockPublicAccessError", 400, head("PUT /{never}", x_amz_acl="public-read", x_amz_object_ownership="ObjectWriter"),
        "Bucket cannot have public ACLs set with BlockPublicAccess enabled", {}, "AclWithPublicBlocked",
    ),
    Row("MalformedACLError", 400, head("PUT /{acls}?acl", body="<AccessControlPolicy><x/>"), XML, {}, "MalformedAcl"),
    Row("MissingSecurityHeader", 400, head("PUT /{acls}?acl"), "Your request was missing a required header", {"MissingHeaderName": "x-amz-acl"}, "MissingHeader"),
    Row("InvalidArgument", 400, head("PUT /{acls}?acl", body=ACL % "1"), "Invalid id", {"ArgumentName": "CanonicalUser/ID", "ArgumentValue": "1"}, "InvalidArgument"),
    Row("InvalidArgument", 400, head("PUT /{acls}?acl", body=ACL % ("0" * 64)), "Invalid id", {"ArgumentName": "CanonicalUser/ID", "ArgumentValue": "0" * 64}, "InvalidArgument"),
    Row(
        "InvalidArgument", 400, head("PUT /{acls}/k?acl", x_amz_grant_read=f'id="{"0" * 64}"'), "Invalid id",
        {"ArgumentName": "x-amz-grant-read", "ArgumentValue": f'id="{"0" * 64}"'}, "InvalidArgument",
    ),
    Row("MethodNotAllowed", 405, head("PUT /{acls}?acl", x_amz_grant_read='emailAddress="a@b.example"'), "The specified method is not allowed against this resource.", {}, "Refused"),
    # objects
    Row("KeyTooLongError", 400, head("GET /{plain}/" + "k" * 1025), "Your key is too long", {"Size": "1025", "MaxSizeAllowed": "1024"}, "KeyTooLong"),
    Row("InvalidURI", 400, head("GET /{plain}/%ff"), "Couldn't parse the specified URI.", {"URI": ...}, "InvalidUri"),
    Row("InvalidURI", 400, head("GET /{plain}/../x"), "Couldn't parse the specified URI.", {"URI": ...}, "InvalidUri"),
    Row(
        "MethodNotAllowed", 405, head("GET /{locked}/gone?versionId={marker}"), "The specified method is not allowed against this resource.",
        {"Method": "GET", "ResourceType": "DeleteMarker"}, "VersionIsMarker",
    ),
    Row("MethodNotAllowed", 405, head("POST /{plain}/k"), "The specified method is not allowed against this resource.", {"Method": "POST", "ResourceType": "OBJECT"}, "MethodNotAllowed"),
    Row("InvalidRange", 416, head("GET /{plain}/k", Range="bytes=10-"), "The requested range is not satisfiable", {"RangeRequested": "bytes=10-", "ActualObjectSize": "10"}, "InvalidRange"),
    Row("InvalidPartNumber", 416, head("GET /{plain}/k?partNumber=2"), "The requested partnumber is not satisfiable", {}, "InvalidPartNumber"),
    Row("PreconditionFailed", 412, head("GET /{plain}/k", If_Match='"0"'), "At least one of the pre-conditions you specified did not hold", {"Condition": "If-Match"}, "PreconditionFailed"),
    Row("PreconditionFailed", 412, head("PUT /{plain}/k", body=b"x", If_None_Match="*"), "At least one of the pre-conditions you specified did not hold", {"Condition": "If-None-Match"}, "PreconditionFailed"),
    Row("NotModified", 304, lambda w: w("GET /{plain}/k", If_None_Match=w.etag), None, {}, "NotModified"),
    Row(
        "InvalidObjectState", 403, head("GET /{plain}/archived"), "The operation is not valid for the object's storage class", {"StorageClass": "GLACIER"}, "ObjectState",
    ),
    Row("InvalidStorageClass", 400, head("PUT /{plain}/new", body=b"x", x_amz_storage_class="PAPER"), "The storage class you specified is not valid", {"StorageClassRequested": "PAPER"}, "InvalidStorageClass"),
    Row(
        "MetadataTooLarge", 400, head("PUT /{plain}/new", body=b"x", x_amz_meta_a="x" * 2048), "Your metadata headers exceed the maximum allowed metadata size",
        {"Size": "2049", "MaxSizeAllowed": "2048"}, "MetadataTooLarge",
    ),
    Row("AccessDenied", 403, head("DELETE /{locked}/k?versionId={version}"), "Access Denied because object protected by object lock.", {}, "Locked"),
    Row("AccessDenied", 403, head("GET /{plain}/k", who="stranger"), "Access Denied", {}, "AccessDenied"),
    Row("InvalidBucketOwnerAWSAccountID", 400, head("GET /{plain}/k", x_amz_expected_bucket_owner="nobody"), "The value of the expected bucket owner parameter must be an AWS account ID", {}, "Refused"),
    Row(
        "InvalidEncryptionAlgorithmError", 400, head("PUT /{plain}/new", body=b"x", x_amz_server_side_encryption="ROT13"),
        "The encryption request you specified is not valid. Supported values: AES256, aws:kms.", {}, "Api",
    ),
    Row("InvalidRequest", 400, head("GET /{plain}/k", **SSE_C), None, {}, "InvalidRequest"),
    Row("KMS.DisabledException", 400, with_key("off"), None, {}, "Api"),
    Row("KMS.KMSInvalidStateException", 400, with_key("going"), None, {}, "Api"),
    Row(
        "KMS.NotFoundException", 400,
        head("PUT /{plain}/sealed", body=b"x", x_amz_server_side_encryption="aws:kms", x_amz_server_side_encryption_aws_kms_key_id=str(uuid.UUID(int=0))), None, {}, "Api",
    ),
    Row(
        "KMS.InvalidArnException", 400,
        head("PUT /{plain}/sealed", body=b"x", x_amz_server_side_encryption="aws:kms", x_amz_server_side_encryption_aws_kms_key_id="arn:aws:kms:nothing"), None, {}, "Api",
    ),
    # parts
    Row(
        "InvalidPart", 400, head("POST /{plain}/up?uploadId={upload}", body=complete((1, '"0"'))),
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        {"UploadId": "{upload}", "PartNumber": "1", "ETag": "0"}, "InvalidPart",
    ),
    Row(
        "InvalidPartOrder", 400, lambda w: w("POST /{plain}/up?uploadId={upload}", complete((2, w.parts[1]), (1, w.parts[0]))),
        "The list of parts was not in ascending order. The parts list must be specified in order by part number.", {}, "InvalidPartOrder",
    ),
    Row(
        "EntityTooSmall", 400, lambda w: w("POST /{plain}/up?uploadId={upload}", complete((1, w.parts[0]), (2, w.parts[1]))), SHORT,
        {"ProposedSize": "5", "MinSizeAllowed": "5242880", "PartNumber": "1", "ETag": ...}, "PartTooSmall",
    ),
    Row("EntityTooSmall", 400, lambda w: w.signed_form({"key": "f"}, [{"bucket": w.plain}, {"key": "f"}, ["content-length-range", 8, 9]]), SHORT, {"ProposedSize": "7", "MinSizeAllowed": "8"}, "EntityTooSmall"),
    Row(
        "EntityTooLarge", 400, head("PUT /{plain}/new", Content_Length=str(5 << 30 | 1)), "Your proposed upload exceeds the maximum allowed size",
        {"ProposedSize": str(5 << 30 | 1), "MaxSizeAllowed": str(5 << 30)}, "EntityTooLarge",
    ),
    # bodies
    Row("IncompleteBody", 400, chunked(break_it=lambda body: body[:-10]), "You did not provide the number of bytes specified by the Content-Length HTTP header", {}, "IncompleteBody"),
    Row("IncompleteBody", 400, chunked(break_it=lambda body: b"zz" + body[2:]), "The request body is not correctly framed as aws-chunked", {}, "MalformedChunk"),
    Row("SignatureDoesNotMatch", 403, chunked(spoil=0), None, {}, "ChunkSignature SigError.ChunkSignatureMismatch"),
    Row(
        "MalformedTrailerError", 400, chunked(trailer=("x-amz-checksum-crc32", "AAAAAA=="), break_it=lambda body: body.replace(b"x-amz-checksum-crc32:", b"x-amz-checksum-crc32 ")),
        "The request contained trailing data that was not well-formed or did not conform to our published schema.", {}, "MalformedTrailer",
    ),
    Row("MissingContentLength", 411, lambda w: w("PUT /{plain}/new", b"0\r\n\r\n", payload="UNSIGNED-PAYLOAD", Transfer_Encoding="chunked"), "You must provide the Content-Length HTTP header.", {}, "MissingContentLength"),
    Row("MissingRequestBodyError", 400, head("PUT /{plain}?versioning"), "Request body is empty.", {}, "MissingRequestBody"),
    Row("MalformedXML", 400, head("PUT /{plain}?versioning", body="<VersioningConfiguration>"), XML, {}, "MalformedXml"),
    Row("MaxMessageLengthExceeded", 400, head("PUT /{plain}?versioning", body=b" " * (2 << 20 | 1)), "Your request was too big.", {"MaxMessageLengthBytes": str(2 << 20)}, "DocumentTooLarge"),
    Row("UnexpectedContent", 400, head("PUT /{acls}?acl", body=ACL % "{owner}", x_amz_acl="private"), "This request does not support content", {}, "UnexpectedContent"),
    Row("InvalidDigest", 400, head("PUT /{plain}/new", body=b"x", Content_MD5="no"), "The Content-MD5 you specified was invalid.", {"Content-MD5": "no"}, "InvalidDigest"),
    Row(
        "BadDigest", 400, head("PUT /{plain}/new", body=b"x", Content_MD5="1B2M2Y8AsgTpgAmY7PhCfg=="), "The Content-MD5 you specified did not match what we received.",
        {"ExpectedDigest": ..., "CalculatedDigest": ...}, "Md5Mismatch",
    ),
    Row("BadDigest", 400, head("PUT /{plain}/new", body=b"x", x_amz_checksum_crc32="AAAAAA=="), "The CRC32 you specified did not match the calculated checksum.", {}, "ChecksumMismatch"),
    Row(
        "XAmzContentSHA256Mismatch", 400, lambda w: w("PUT /{plain}/new", b"x", payload=EMPTY), "The provided 'x-amz-content-sha256' header does not match what was computed.",
        {"ClientComputedContentSHA256": EMPTY, "S3ComputedContentSHA256": hashlib.sha256(b"x").hexdigest()}, "PayloadMismatch",
    ),
    # forms
    Row("MalformedPOSTRequest", 400, lambda w: w.form({"key": "f"}, kind="multipart/form-data"), "The body of your POST request is not well-formed multipart/form-data.", {}, "MalformedForm"),
    Row(
        "PreconditionFailed", 412, lambda w: w.form({"key": "f"}, kind="text/plain"), "At least one of the pre-conditions you specified did not hold",
        {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"}, "PreconditionFailed",
    ),
    Row(
        "MaxPostPreDataLengthExceeded", 400, lambda w: w.form({"key": "f", "x-ignore-a": "x" * (20 << 10)}), "Your POST request fields preceeding the upload file was too large.",
        {"MaxPostPreDataLengthBytes": str(20 << 10)}, "FormTooLarge",
    ),
    Row("InvalidArgument", 400, lambda w: w.form({"key": "f"}, files=0), "POST requires exactly one file upload per request.", {"ArgumentName": "file", "ArgumentValue": "0"}, "InvalidArgument"),
    Row(
        "InvalidArgument", 400, lambda w: w.form({"acl": "private"}), "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
        {"ArgumentName": "key", "ArgumentValue": ""}, "InvalidArgument",
    ),
    Row("InvalidPolicyDocument", 400, lambda w: w.signed_form({"key": "f"}, ["nothing"]), None, {}, "InvalidPolicyDocument"),
    Row("AccessDenied", 403, lambda w: w.signed_form({"key": "f"}, [{"bucket": w.plain}, {"key": "g"}]), 'Invalid according to Policy: Policy Condition failed: ["eq", "$key", "g"]', {}, "AgainstPolicy"),
    # what is wrong on our side
    Row("InternalError", 500, damaged(lambda file: None), FAULT, {}, "Internal"),
    Row("InternalError", 500, damaged(lambda file: file.symlink_to(file)), FAULT, {}, "Io"),
    Row(
        "OperationAborted", 409, overtaken, "A conflicting conditional operation is currently in progress against this resource. Please try again.", {}, "Changed",
    ),
    # what is not offered
    Row("NotImplemented", 501, head("GET /{plain}/k?torrent"), "The specified operation is not implemented: GET ?torrent", {}, "NotImplemented"),
    Row(
        "NotImplemented", 501, head("PUT /{plain}/k", body=b"x", If_None_Match='"0"'), "A header you provided implies functionality that is not implemented",
        {"Header": "If-None-Match"}, "NotImplementedHeader",
    ),
    Row("NotImplemented", 501, head("DELETE /{plain}/k", x_amz_if_match_size="10"), "A header you provided implies functionality that is not implemented", {"Header": "x-amz-if-match-size"}, "NotImplementedHeader"),
    Row(
        "NotImplemented", 501, head("DELETE /{plain}/k", x_amz_if_match_last_modified_time="Fri, 02 Jan 2026 03:04:05 GMT"),
        "A header you provided implies functionality that is not implemented", {"Header": "x-amz-if-match-last-modified-time"}, "NotImplementedHeader",
    ),
    # signatures
    Row(
        "RequestHeaderSectionTooLarge", 400, head("GET /{plain}/k", x_amz_meta_a="x" * 8192), "Your request header section exceeds the maximum allowed request header section size.",
        {"MaxSizeAllowed": "8192"}, "HeadTooLarge",
    ),
    Row("InvalidAccessKeyId", 403, lambda w: w("GET /{plain}/k", who=("AKIA" + "Q" * 16, "w" * 40)), "The AWS Access Key Id you provided does not exist in our records.", {"AWSAccessKeyId": "AKIA" + "Q" * 16}),
    Row(
        "SignatureDoesNotMatch", 403, lambda w: w("GET /{plain}/k", who=(w.guessed.keys[0], "w" * 40)), MISMATCH,
        {"AWSAccessKeyId": ..., "StringToSign": ..., "SignatureProvided": ..., "StringToSignBytes": ..., "CanonicalRequest": ..., "CanonicalRequestBytes": ...}, "SigError.SignatureMismatch",
    ),
    Row("AuthorizationHeaderMalformed", 400, scoped(1, "20200101"), None, {}, "SigError.ScopeDateMismatch"),
    Row(
        "RequestTimeTooSkewed", 403, lambda w: w("GET /{plain}/k", skew=-3600), "The difference between the request time and the current time is too large.",
        {"RequestTime": ..., "ServerTime": ..., "MaxAllowedSkewMilliseconds": "900000"}, "SigError.Skewed",
    ),
    Row("InvalidToken", 400, lambda w: w("GET /{plain}/k", x_amz_security_token="nonsense"), "The provided token is malformed or otherwise invalid.", {}),
    Row("SlowDown", 503, guesses, "Please reduce your request rate."),
    Row("AuthorizationHeaderMalformed", 400, authorized("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0"), None, {}, "SigError.MissingAuthorizationPart"),
    Row("AuthorizationHeaderMalformed", 400, authorized("AWS4-HMAC-SHA256 nothing"), None, {}, "SigError.MalformedAuthorization"),
    Row("AuthorizationHeaderMalformed", 400, authorized("AWS4-HMAC-SHA256 Credential=nonsense, SignedHeaders=host, Signature=0"), None, {}, "SigError.MalformedCredential"),
    Row("AuthorizationHeaderMalformed", 400, authorized("AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, SignedHeaders=Host, Signature=0"), None, {}, "SigError.MalformedSignedHeaders"),
    Row("AuthorizationHeaderMalformed", 400, scoped(4, "request"), None, {}, "SigError.MalformedCredential"),
    Row("InvalidArgument", 400, authorized("Bearer nothing"), "Unsupported Authorization Type", {"ArgumentName": "Authorization"}, "SigError.UnsupportedAlgorithm"),
    Row(
        "InvalidRequest", 400, authorized("AWS key:signature"), "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        {}, "SigError.UnsupportedAlgorithm",
    ),
    Row(
        "InvalidArgument", 400, head("GET /{plain}/k?X-Amz-Algorithm=AWS4-HMAC-SHA256"),
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
        {"ArgumentName": "Authorization"}, "SigError.MultipleMechanisms",
    ),
    Row("InvalidRequest", 400, resigned(lambda r: r.headers.pop("x-amz-content-sha256")), "Missing required header for this request: x-amz-content-sha256"),
    Row("InvalidArgument", 400, lambda w: w("GET /{plain}/k", payload="nonsense"), None, {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": "nonsense"}, "SigError.MalformedContentSha256"),
    Row("InvalidToken", 400, resigned(lambda r: r.headers.update({"X-Amz-Security-Token": b"\xff"})), None, {}, "SigError.MalformedToken"),
    Row("AccessDenied", 403, resigned(lambda r: r.headers.pop("X-Amz-Date")), "AWS authentication requires a valid Date or x-amz-date header", {}, "SigError.MissingDate"),
    Row("AccessDenied", 403, resigned(lambda r: r.headers.update({"X-Amz-Date": "now"})), "AWS authentication requires a valid Date or x-amz-date header", {}, "SigError.MalformedDate"),
    Row("AccessDenied", 403, resigned(unsign_host), "There were headers present in the request which were not signed", {"HeadersNotSigned": "host"}, "SigError.HostNotSigned"),
    Row(
        "AccessDenied", 403, resigned(lambda r: r.headers.update({"x-amz-meta-b": "new"})), "There were headers present in the request which were not signed",
        {"HeadersNotSigned": "x-amz-meta-b"}, "SigError.UnsignedHeader",
    ),
    Row("AccessDenied", 403, presigned(skew=3600), "Request is not yet valid", {"ServerTime": ...}, "SigError.NotYetValid"),
    Row("AccessDenied", 403, presigned(skew=-3600), "Request has expired", {"X-Amz-Expires": "60", "Expires": ..., "ServerTime": ...}, "SigError.Expired"),
    Row("AuthorizationQueryParametersError", 400, presigned(drop=["X-Amz-Date"]), "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.", {}, "SigError.MissingParameter"),
    Row("AuthorizationQueryParametersError", 400, presigned(X_Amz_Date="x&X-Amz-Date=y"), None, {}, "SigError.MalformedParameter"),
    Row("AuthorizationQueryParametersError", 400, presigned(X_Amz_Expires="604801"), None, {}, "SigError.MalformedExpires"),
    Row("AuthorizationQueryParametersError", 400, presigned(X_Amz_Credential="nonsense"), None, {}, "SigError.MalformedCredential"),
    Row("AccessDenied", 403, version_2("soon"), "Invalid date (should be seconds since epoch): soon", {}, "QueryV2Error.MalformedExpires"),
    Row("AccessDenied", 403, lambda w: w("GET /{plain}/k?AWSAccessKeyId=A", who=None), "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters", {}, "QueryV2Error.Missing"),
    Row("SignatureDoesNotMatch", 403, version_2("4102444800"), MISMATCH, {"AWSAccessKeyId": ..., "StringToSign": ..., "SignatureProvided": "x", "StringToSignBytes": ...}),
]

# The errors that AWS's model and pages name for single operations that are offered, each by a request of that operation.
OF_OPERATIONS = {
    ("AbortMultipartUpload", "NoSuchUpload"): head("DELETE /{plain}/up?uploadId=none"),
    ("CompleteMultipartUpload", "NoSuchUpload"): head("POST /{plain}/up?uploadId=none", body=complete((1, '"0"'))),
    ("CompleteMultipartUpload", "InvalidPart"): head("POST /{plain}/up?uploadId={upload}", body=complete((3, '"0"'))),
    ("CompleteMultipartUpload", "InvalidPartOrder"): lambda w: w("POST /{plain}/up?uploadId={upload}", complete((2, w.parts[1]), (1, w.parts[0]))),
    ("CompleteMultipartUpload", "EntityTooSmall"): lambda w: w("POST /{plain}/up?uploadId={upload}", complete((1, w.parts[0]), (2, w.parts[1]))),
    ("CreateBucket", "BucketAlreadyExists"): head("PUT /{theirs}"),
    ("GetObject", "NoSuchKey"): head("GET /{plain}/none"),
    ("GetObject", "InvalidObjectState"): head("GET /{plain}/archived"),
    ("CopyObject", "InvalidObjectState"): head("PUT /{plain}/copy", x_amz_copy_source="{plain}/archived"),
    ("GetObjectAcl", "NoSuchKey"): head("GET /{plain}/none?acl"),
    ("GetObjectAttributes", "NoSuchKey"): head("GET /{plain}/none?attributes", x_amz_object_attributes="ETag"),
    ("ListObjects", "NoSuchBucket"): head("GET /{never}"),
    ("ListObjectsV2", "NoSuchBucket"): head("GET /{never}?list-type=2"),
    ("ListParts", "NoSuchUpload"): head("GET /{plain}/up?uploadId=none"),
    ("PutObject", "InvalidRequest"): head("PUT /{plain}/new", body=b"x", x_amz_sdk_checksum_algorithm="CRC32"),
    ("PutObjectAcl", "NoSuchKey"): head("PUT /{plain}/none?acl", x_amz_acl="private"),
    ("RestoreObject", "InvalidObjectState"): head("POST /{plain}/k?restore", body="<RestoreRequest><Days>1</Days></RestoreRequest>"),
    ("UploadPart", "NoSuchUpload"): head("PUT /{plain}/up?partNumber=1&uploadId=none"),
    ("UploadPartCopy", "NoSuchUpload"): head("PUT /{plain}/up?partNumber=1&uploadId=none", x_amz_copy_source="{plain}/k"),
    ("UploadPartCopy", "InvalidRequest"): head("PUT /{plain}/up?partNumber=1&uploadId={upload}", x_amz_copy_source="{locked}/gone?versionId={marker}"),
}
# HEAD has no document to tell a code in.
OF_HEADS = {("HeadBucket", "NoSuchBucket"): head("HEAD /{never}"), ("HeadObject", "NoSuchKey"): head("HEAD /{plain}/none")}

# What takes more than a request: the test that shows it.
CIRCUMSTANCE = "tests/e2e/test_s3_errors_of_circumstance.py"
ELSEWHERE = {
    "BucketAlreadyOwnedByYou": (CIRCUMSTANCE, "BucketAlreadyOwnedByYou"),
    "RequestTimeout": (CIRCUMSTANCE, "RequestTimeout"),
    "StorageFull": (CIRCUMSTANCE, "ServiceUnavailable"),
    "ServiceUnavailable": (CIRCUMSTANCE, "ServiceUnavailable"),
    "ExpiredToken": (CIRCUMSTANCE, "ExpiredToken"),
    "Store": (CIRCUMSTANCE, "test_what_is_damaged_in_the_index_is_not_given_out"),
}


@pytest.fixture(scope="module")
def w(cloud, s3):
    world = World(cloud, s3)
    yield world
    world.remove()


@pytest.mark.parametrize("row", ROWS, ids=[f"{number}-{row.code}" for number, row in enumerate(ROWS)])
def test_each_error_is_told_in_awss_words(w, row):
    reply = row.send(w)
    if row.status == 304:
        assert (reply.status, reply.body) == (304, b"")
        return
    assert (reply.status, reply.code) == (row.status, row.code), reply.body
    if row.says is not None:
        assert reply.message == w.names(row.says)
    for name, text in row.tells.items():
        found = reply.text_of(name)
        assert found is not None and (text is ... or found == w.names(text)), (name, reply.body)
    assert reply.headers["Content-Type"] == "application/xml"
    assert reply.text_of("RequestId") == reply.headers["x-amz-request-id"] and reply.text_of("HostId") == reply.headers["x-amz-id-2"]
    assert reply.text_of("Resource").startswith("/")


@pytest.mark.parametrize(("operation", "code"), OF_OPERATIONS, ids=lambda text: text)
def test_each_error_of_an_operation_is_told_by_it(w, operation, code):
    assert OF_OPERATIONS[operation, code](w).code == code


@pytest.mark.parametrize(("operation", "code"), OF_HEADS, ids=lambda text: text)
def test_a_head_tells_its_error_by_the_status_alone(w, operation, code):
    reply = OF_HEADS[operation, code](w)
    assert (reply.status, reply.body) == (404, b"") and reply.headers["x-amz-request-id"]


def test_every_error_that_the_model_names_for_an_operation_is_provoked():
    service = model("s3")
    named = {(name, shape.name) for name in offered("s3") for shape in service.operation_model(name).error_shapes}
    left = {(name, code) for name, code in named - set(OF_OPERATIONS) - set(OF_HEADS) if code not in NEVER and code not in ELSEWHERE}
    assert not left


def outcome(call, **parameters):
    """The error code of a call."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


IN_BUCKETS = sorted(
    name for name in offered("s3") if name != "CreateBucket" and "Bucket" in getattr(model("s3").operation_model(name).input_shape, "members", {})
)


@pytest.mark.parametrize("operation", IN_BUCKETS)
def test_every_operation_of_a_bucket_tells_that_there_is_none(w, operation):
    call = getattr(w.s3, botocore.xform_name(operation))
    parameters = sample("s3", model("s3").operation_model(operation), Bucket=w.never, CopySource=f"{w.plain}/k")
    assert outcome(call, **parameters) == ("404" if operation.startswith("Head") else "NoSuchBucket")


@pytest.mark.parametrize("row", [row for row in ROWS if row.status != 304], ids=lambda row: row.code)
def test_nothing_is_changed_by_what_is_refused(w, row):
    before = w.state()
    row.send(w)
    assert w.state() == before


def variants(path, enum):
    """The variants of an enum of the program, read off its source."""
    source = (TOP / path).read_text()
    body = re.search(rf"pub enum {enum} \{{(.*?)^\}}", source, re.DOTALL | re.MULTILINE).group(1)
    found = re.findall(r"^    ([A-Z]\w*)", body, re.MULTILINE)
    assert len(found) > 1, path
    return set(found)


def through():
    """The variants that the rows go through."""
    return {name for row in ROWS for name in row.of.split()}


def test_every_variant_of_s3s_errors_has_its_row():
    missing = variants("services/object/src/error.rs", "Error") - through() - set(ELSEWHERE)
    assert not missing, f"no row provokes {sorted(missing)}"


@pytest.mark.parametrize(("path", "enum"), [("services/shared/auth/src/sigv4/error.rs", "SigError"), ("services/shared/auth/src/sigv2.rs", "QueryV2Error")])
def test_every_fault_of_a_signature_has_its_row(path, enum):
    missing = {f"{enum}.{name}" for name in variants(path, enum)} - through()
    assert not missing, f"no row provokes {sorted(missing)}"


def codes_of_the_program():
    """The codes that S3's code names, as they go over the wire."""
    text = dict(re.findall(r'^    (\w+) "([^"]+)" \d{3};', (TOP / "api-spec/src/error_code.rs").read_text(), re.MULTILINE))
    files = [*(TOP / "services/object/src").rglob("*.rs"), TOP / "services/shared/kit/src/s3_signature.rs"]
    named = {name for path in files for name in re.findall(r"ErrorCode::([A-Z]\w+)", path.read_text()) if name in text}
    return {text[name] for name in named}


# Codes of KMS, which S3 passes on under its own names.
OF_KMS = {"NotFoundException", "DisabledException", "KMSInvalidStateException", "InvalidArnException", "InvalidCiphertextException"}


def test_every_code_that_s3_names_has_its_row():
    told = {row.code for row in ROWS} | set(ELSEWHERE)
    assert not codes_of_the_program() - told - OF_KMS


def test_every_code_that_aws_documents_is_provoked_or_cannot_happen():
    told = {row.code for row in ROWS} | {code for code in ELSEWHERE if code in DOCUMENTED}
    assert not set(DOCUMENTED) - told - set(NEVER), "neither provoked nor explained"
    assert not told & set(NEVER), "explained away and yet provoked"
    assert not set(NEVER) - set(DOCUMENTED) and not codes_of_the_program() & set(NEVER)


def test_every_error_of_botocores_model_is_known():
    shapes = model("s3")
    named = {shape.metadata["error"]["code"] if shape.metadata.get("error", {}).get("code") else shape.name for shape in shapes.error_shapes}
    assert not named - set(DOCUMENTED)


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_what_is_shown_elsewhere_is_shown_there(name):
    path, words = ELSEWHERE[name]
    assert words in (TOP / path).read_text()
