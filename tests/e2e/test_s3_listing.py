"""Listing: both versions, by prefix and delimiter, page by page, in UTF-8 order."""

import pytest

from harness.compute import refused

KEYS = sorted(
    ["a", "a/b", "a/b/c", "a/d", "b", "photos/2026/jan/1", "photos/2026/jan/2", "photos/2026/feb/1", "photos/cover",
     "z & <z>", "ä", "ö/1", "日本/1", "😀"],
    key=lambda key: key.encode(),
)  # fmt: skip


@pytest.fixture(scope="module")
def listed(s3, shared_bucket):
    """A bucket that holds exactly KEYS."""
    for key in reversed(KEYS):
        s3.put_object(Bucket=shared_bucket, Key=key, Body=key.encode())
    return shared_bucket


def keys(reply):
    """Keys of a listing."""
    return [item["Key"] for item in reply.get("Contents", [])]


def prefixes(reply):
    """Common prefixes of a listing."""
    return [item["Prefix"] for item in reply.get("CommonPrefixes", [])]


def test_both_versions_list_all_in_byte_order(s3, listed):
    two = s3.list_objects_v2(Bucket=listed)
    assert keys(two) == KEYS and two["KeyCount"] == len(KEYS) and not two["IsTruncated"]
    assert [item["Size"] for item in two["Contents"]] == [len(key.encode()) for key in KEYS]
    assert all(item["ETag"].startswith('"') and item["StorageClass"] == "STANDARD" for item in two["Contents"])
    assert "Owner" not in two["Contents"][0]
    assert s3.list_objects_v2(Bucket=listed, FetchOwner=True)["Contents"][0]["Owner"]["ID"]
    one = s3.list_objects(Bucket=listed)
    assert keys(one) == KEYS and one["Contents"][0]["Owner"]["ID"]


@pytest.mark.parametrize(
    "prefix, delimiter, expected, common",
    [
        ("", "/", ["a", "b", "z & <z>", "ä", "😀"], ["a/", "photos/", "ö/", "日本/"]),
        ("a/", "/", ["a/d"] , ["a/b/"]),
        ("a", "/", ["a"], ["a/"]),
        ("photos/2026/", "/", [], ["photos/2026/feb/", "photos/2026/jan/"]),
        ("photos/", None, [key for key in KEYS if key.startswith("photos/")], []),
        ("", "o", None, None),
        ("nothing", "/", [], []),
    ],
)
def test_prefix_and_delimiter_fold_keys(s3, listed, prefix, delimiter, expected, common):
    if expected is None:
        expected = [key for key in KEYS if delimiter not in key]
        common = sorted({key[: key.index(delimiter) + 1] for key in KEYS if delimiter in key})
    if prefix == "a/":
        expected = ["a/b", "a/d"]
    asked = {"Prefix": prefix, **({"Delimiter": delimiter} if delimiter else {})}
    for call in (s3.list_objects_v2, s3.list_objects):
        reply = call(Bucket=listed, **asked)
        assert (keys(reply), prefixes(reply)) == (sorted(expected, key=str.encode), sorted(common, key=str.encode))
        assert reply["Prefix"] == prefix


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("delimiter", [None, "/"])
@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
def test_pages_together_are_the_whole_list_without_repeats(s3, listed, version, delimiter, size):
    asked = {"Delimiter": delimiter} if delimiter else {}
    whole = getattr(s3, version)(Bucket=listed, **asked)
    found_keys, found_prefixes = [], []
    for page in s3.get_paginator(version).paginate(Bucket=listed, PaginationConfig={"PageSize": size}, **asked):
        assert len(keys(page)) + len(prefixes(page)) <= size
        found_keys += keys(page)
        found_prefixes += prefixes(page)
    assert (found_keys, found_prefixes) == (keys(whole), prefixes(whole))


def test_a_listing_starts_after_a_key_that_need_not_exist(s3, listed):
    assert keys(s3.list_objects_v2(Bucket=listed, StartAfter="a/c")) == [key for key in KEYS if key.encode() > b"a/c"]
    assert keys(s3.list_objects(Bucket=listed, Marker="a/d")) == [key for key in KEYS if key.encode() > b"a/d"]


def test_version_one_tells_the_next_marker_with_a_delimiter_only(s3, listed):
    folded = s3.list_objects(Bucket=listed, Delimiter="/", MaxKeys=2)
    assert folded["IsTruncated"] and folded["NextMarker"] == "a/"
    assert "NextMarker" not in s3.list_objects(Bucket=listed, MaxKeys=2)


def test_no_keys_asked_none_given(s3, listed):
    reply = s3.list_objects_v2(Bucket=listed, MaxKeys=0)
    assert keys(reply) == [] and not reply["IsTruncated"]


def test_no_page_has_more_than_a_thousand(s3, listed):
    assert s3.list_objects_v2(Bucket=listed, MaxKeys=5000)["MaxKeys"] == 1000


def test_keys_are_url_encoded_when_asked_and_escaped_when_not(cloud, wire, listed):
    plain = wire.s3(cloud.admin_keys, "GET", f"/{listed}", "list-type=2&prefix=z")
    assert plain.text_of("Key") == "z & <z>" and b"z &amp; &lt;z&gt;" in plain.body
    encoded = wire.s3(cloud.admin_keys, "GET", f"/{listed}", "encoding-type=url&list-type=2&prefix=z")
    assert encoded.text_of("Key") in ("z+%26+%3Cz%3E", "z%20%26%20%3Cz%3E")
    assert encoded.text_of("EncodingType") == "url"


@pytest.mark.parametrize(
    "query", ["list-type=3", "list-type=2&max-keys=many", "list-type=2&max-keys=-1", "encoding-type=base64&list-type=2",
              "continuation-token=&list-type=2", "continuation-token=not%20a%20token&list-type=2"]
)  # fmt: skip
def test_a_bad_parameter_is_refused(cloud, wire, listed, query):
    reply = wire.s3(cloud.admin_keys, "GET", f"/{listed}", query)
    assert (reply.status, reply.code) == (400, "InvalidArgument"), (reply.status, reply.body)


def test_listing_is_allowed_for_a_prefix(person, listed):
    from harness.people import allow

    condition = {"Condition": {"StringLike": {"s3:prefix": "photos/*"}}}
    bob = person().may(allow("s3:ListBucket", on=f"arn:aws:s3:::{listed}", **condition))
    assert len(keys(bob.client("s3").list_objects_v2(Bucket=listed, Prefix="photos/"))) == 4
    refused("AccessDenied", bob.client("s3").list_objects_v2, Bucket=listed)
    refused("AccessDenied", bob.client("s3").list_objects_v2, Bucket=listed, Prefix="a/")
