"""Cross-origin rules, the preflight of a browser, and the headers on actual requests; who pays; acceleration."""

import urllib.error
import urllib.request

import pytest

from harness.compute import refused

RULE = {
    "ID": "pages",
    "AllowedOrigins": ["https://*.example.com"],
    "AllowedMethods": ["GET", "PUT"],
    "AllowedHeaders": ["x-amz-*"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 600,
}


def fetch(cloud, method, path, **headers):
    """Status and headers of an unsigned request, as a browser would send it."""
    request = urllib.request.Request(
        f"{cloud.endpoint}{path}", method=method, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


def test_rules_are_kept_and_deleted(s3, bucket):
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket)
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [RULE]
    wrong = {**RULE, "AllowedMethods": ["PATCH"]}
    refused("InvalidRequest", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [wrong]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [RULE]
    s3.delete_bucket_cors(Bucket=bucket)
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket)


def test_a_browser_is_told_what_a_page_may_do(cloud, s3, bucket):
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    ask = {"Origin": "https://a.example.com", "Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "X-Amz-Date"}
    assert fetch(cloud, "OPTIONS", f"/{bucket}/key", **ask)[0] == 403
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    status, headers = fetch(cloud, "OPTIONS", f"/{bucket}/key", **ask)
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == "https://a.example.com"
    assert headers["Access-Control-Allow-Methods"] == "GET, PUT"
    assert headers["Access-Control-Allow-Headers"] == "x-amz-date"
    assert headers["Access-Control-Max-Age"] == "600"
    assert fetch(cloud, "OPTIONS", f"/{bucket}/key", **{**ask, "Origin": "https://example.org"})[0] == 403
    status, headers = fetch(cloud, "GET", f"/{bucket}/key", Origin="https://a.example.com")
    assert (status, headers["Access-Control-Allow-Origin"]) == (403, "https://a.example.com")
    assert "Origin" in headers["Vary"]


def test_who_pays_is_kept(s3, bucket):
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")


def test_acceleration_is_refused_and_its_absence_kept(s3, bucket):
    refused("NotImplemented", s3.put_bucket_accelerate_configuration, Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"})
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Suspended"


@pytest.mark.parametrize(
    ("call", "arguments", "code"),
    [
        ("get_bucket_website", {}, "NoSuchWebsiteConfiguration"),
        ("get_bucket_replication", {}, "ReplicationConfigurationNotFoundError"),
        ("get_bucket_analytics_configuration", {"Id": "x"}, "NoSuchConfiguration"),
        ("get_bucket_metrics_configuration", {"Id": "x"}, "NoSuchConfiguration"),
        ("get_bucket_inventory_configuration", {"Id": "x"}, "NoSuchConfiguration"),
        ("get_bucket_intelligent_tiering_configuration", {"Id": "x"}, "NoSuchConfiguration"),
    ],
)
def test_what_no_bucket_has_is_absent(s3, shared_bucket, call, arguments, code):
    refused(code, getattr(s3, call), Bucket=shared_bucket, **arguments)


@pytest.mark.parametrize("kind", ["analytics", "metrics", "inventory", "intelligent_tiering"])
def test_lists_of_what_no_bucket_has_are_empty(s3, shared_bucket, kind):
    listed = getattr(s3, f"list_bucket_{kind}_configurations")(Bucket=shared_bucket)
    assert listed["IsTruncated"] is False


def test_notifications_are_none_and_cannot_be_set(s3, shared_bucket):
    answer = s3.get_bucket_notification_configuration(Bucket=shared_bucket)
    assert not [key for key in answer if key.endswith("Configurations")]
    refused("NotImplemented", s3.put_bucket_notification_configuration, Bucket=shared_bucket, NotificationConfiguration={})
    refused("NotImplemented", s3.delete_bucket_website, Bucket=shared_bucket)
