//! Uploads by browsers' forms through the dispatcher: what they put, how they are answered, what is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::form::{Form, document};
use support::identity::{ADMIN, BOB, EVE, FRUGAL, READER};
use support::{Reply, World};

async fn world() -> World {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world
}

fn content(size: usize) -> Vec<u8> {
    b"plain needle in the hay\r\n--".iter().copied().cycle().take(size).collect()
}

fn says(reply: &Reply, status: u16, code: &str, message: &str) {
    reply.refused(status, code);
    assert!(reply.text().contains(message), "{message}: {}", reply.text());
}

#[tokio::test]
async fn a_signed_form_puts_its_file_whatever_its_size_and_pieces() {
    let world = world().await;
    for size in [0, 1, 16 << 10, (16 << 10) + 1, 300_000, 3 << 20] {
        for (piece, end) in [(usize::MAX, "\r\n"), (1 + size / 50, "")] {
            let form = Form { end, ..Form::to("bucket", "a/${filename}", &content(size)) };
            let form = Form { behind: vec![("submit", "Upload"), ("key", "other")], ..form };
            let signed = form.signed_for(&ADMIN, r#"{"bucket": "bucket"}, ["starts-with", "$key", "a/"]"#);
            let reply = signed.send_in(&world, piece).await;
            assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0), "{size} {}", reply.text());
            assert_eq!(reply.header("location"), "http://127.0.0.1:8773/bucket/a%2Fpic.jpg");
            let got = world.get("/bucket/a/pic.jpg").await.fine();
            assert_eq!(got.body, content(size));
            assert_eq!(got.header("etag"), reply.header("etag"));
            assert_eq!(got.header("content-type"), "binary/octet-stream");
            assert_eq!(reply.header("x-amz-checksum-type"), "FULL_OBJECT");
        }
    }
    world.files_become(1).await;
    world.get("/bucket/other").await.refused(404, "NoSuchKey");
}

#[tokio::test]
async fn a_form_may_be_sent_to_the_buckets_own_host() {
    let world = world().await;
    let form = Form::to("bucket", "k", b"x").signed(&ADMIN, "");
    let form = Form { host: "bucket.localhost:8773", path: "/".into(), ..form };
    let reply = form.send(&world).await.fine();
    assert_eq!(reply.header("location"), "http://bucket.localhost:8773/k");
}

#[tokio::test]
async fn the_form_says_how_it_is_answered() {
    let world = world().await;
    let answer = async |name: &str, value: &str| {
        Form::to("bucket", "a b/ü", b"abc").with(name, value).signed(&ADMIN, "").send(&world).await
    };
    let etag = "\"900150983cd24fb0d6963f7d28e17f72\"";
    let url = "http://127.0.0.1:8773/bucket/a%20b%2F%C3%BC";
    let reply = answer("success_action_status", "201").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (201, "application/xml"));
    assert_eq!(
        reply.text(),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>{url}</Location><Bucket>bucket</Bucket>\
             <Key>a b/ü</Key><ETag>{}</ETag></PostResponse>",
            etag.replace('"', "&quot;")
        )
    );
    assert_eq!((reply.header("location"), reply.header("etag")), (url, etag));
    for (status, answered) in [("200", 200), ("204", 204), ("404", 204), ("", 204)] {
        let reply = answer("success_action_status", status).await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (answered, 0), "{status}");
    }
    let query = "bucket=bucket&key=a+b%2F%C3%BC&etag=%22900150983cd24fb0d6963f7d28e17f72%22";
    for (name, given, to) in [
        ("success_action_redirect", "https://x.example/done", format!("https://x.example/done?{query}")),
        ("redirect", "HTTP://x.example/?a=b#there", format!("HTTP://x.example/?a=b&{query}#there")),
    ] {
        let reply = answer(name, given).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (303, to.as_str()));
        assert!(reply.body.is_empty() && reply.header("etag") == etag);
    }
    for no_url in
        ["/relative", "javascript:alert(1)", "https://", "ftp://x.example/", "http://x.example/a\nb"]
    {
        let reply = answer("success_action_redirect", no_url).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (204, url), "{no_url}");
    }
}

#[tokio::test]
async fn fields_are_what_headers_are_to_a_put() {
    let world = world().await;
    let tags = "<Tagging><TagSet><Tag><Key>colour</Key><Value>blue</Value></Tag></TagSet></Tagging>";
    let form = Form::to("bucket", "k", b"hello world")
        .with("Content-Type", "text/plain")
        .with("Cache-Control", "no-store")
        .with("x-amz-meta-Colour", "blau ü")
        .with("x-amz-storage-class", "STANDARD_IA")
        .with("tagging", tags)
        .with("Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww==")
        .with("x-amz-checksum-crc32c", "yZRlqg==")
        .with("x-amz-server-side-encryption", "AES256")
        .with("x-amz-meta-two", "one")
        .with("x-amz-meta-two", "two");
    let all = r#"["starts-with", "$x-amz-meta-two", "one,"]"#;
    let named =
        ["Content-Type", "Cache-Control", "x-amz-meta-colour", "x-amz-storage-class", "tagging", "key"];
    let sums = ["content-md5", "x-amz-checksum-crc32c", "x-amz-server-side-encryption"];
    let named = named.iter().chain(&sums).map(|name| format!(r#"["starts-with", "${name}", ""]"#));
    let conditions: Vec<String> = named.chain([all.into(), r#"{"bucket": "bucket"}"#.into()]).collect();
    let reply = form.signed_for(&ADMIN, &conditions.join(",")).send(&world).await.fine();
    assert_eq!(reply.header("x-amz-server-side-encryption"), "AES256");
    assert_eq!(reply.header("x-amz-checksum-crc32c"), "yZRlqg==");
    let got = world.get("/bucket/k").await.fine();
    assert_eq!((got.body.as_ref(), got.header("content-type")), (b"hello world".as_slice(), "text/plain"));
    assert_eq!((got.header("cache-control"), got.header("x-amz-storage-class")), ("no-store", "STANDARD_IA"));
    assert_eq!(got.header("x-amz-meta-two"), "one,two");
    assert!(got.header("x-amz-meta-colour").starts_with("=?UTF-8?"));
    assert!(world.get("/bucket/k?tagging").await.text().contains("<Value>blue</Value>"));
    for (name, value, code) in [
        ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"),
        ("Content-MD5", "short", "InvalidDigest"),
        ("x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "BadDigest"),
        ("x-amz-checksum-algorithm", "SHA1", "InvalidRequest"),
        ("x-amz-storage-class", "FakeClass", "InvalidStorageClass"),
        ("tagging", "not-xml", "MalformedXML"),
        ("x-amz-server-side-encryption", "rot13", "InvalidEncryptionAlgorithmError"),
        ("x-amz-meta-a", &"x".repeat(2048), "MetadataTooLarge"),
        ("x-amz-meta-a b", "x", "InvalidArgument"),
        ("x-amz-meta-a", "a\r\nb", "InvalidArgument"),
        ("acl", "public-read", "AccessControlListNotSupported"),
    ] {
        let reply = Form::to("bucket", "none", b"x").with(name, value).signed(&ADMIN, "").send(&world).await;
        reply.refused(400, code);
    }
    world.get("/bucket/none").await.refused(404, "NoSuchKey");
}

#[tokio::test]
async fn a_form_must_have_its_fields_and_one_file() {
    let world = world().await;
    let whole = || Form::to("bucket", "k", b"x").signed(&ADMIN, "");
    let missing = |name: &str| {
        format!(
            "Bucket POST must contain a field named &apos;{name}&apos;.  If it is specified, please check the order of the fields."
        )
    };
    for (field, named) in [
        ("key", "key"),
        ("X-Amz-Algorithm", "X-Amz-Algorithm"),
        ("X-Amz-Credential", "X-Amz-Credential"),
        ("x-amz-date", "X-Amz-Date"),
        ("Policy", "Policy"),
        ("X-Amz-Signature", "X-Amz-Signature"),
    ] {
        let reply = whole().without(field).send(&world).await;
        reply.refused(400, "InvalidArgument");
        let text = reply.text().replace('\'', "&apos;");
        assert!(text.contains(&missing(named)), "{text}");
        assert_eq!(reply.element("ArgumentName"), named);
    }
    let none = Form { file: None, ..whole() }.send(&world).await;
    says(&none, 400, "InvalidArgument", "POST requires exactly one file upload per request.");
    let two = Form { behind: vec![("file", "second")], ..whole() }.send(&world).await;
    says(&two, 400, "InvalidArgument", "POST requires exactly one file upload per request.");
    for size in [100, 30_000] {
        let much = Form::to("bucket", "k", b"x").with("x-ignore-much", &"y".repeat(20_000 + size));
        let reply = much.signed(&ADMIN, "").send(&world).await;
        reply.refused(400, "MaxPostPreDataLengthExceeded");
        assert_eq!(reply.element("MaxPostPreDataLengthBytes"), "20480");
    }
    let kind = |kind: &str| Form { headers: vec![("content-type", kind.to_owned())], ..whole() };
    let html = kind("text/html").send(&world).await;
    html.refused(412, "PreconditionFailed");
    assert_eq!(html.element("Condition"), "Bucket POST must be of the enclosure-type multipart/form-data");
    kind("multipart/form-data").send(&world).await.refused(400, "MalformedPOSTRequest");
    kind("multipart/form-data; boundary=other").send(&world).await.refused(400, "MalformedPOSTRequest");
    let long = Form::to("bucket", &"k".repeat(1025), b"x").signed(&ADMIN, "");
    long.send(&world).await.refused(400, "KeyTooLongError");
    Form::to("bucket", "../k", b"x").signed(&ADMIN, "").send(&world).await.refused(400, "InvalidURI");
    let both = Form { headers: vec![("authorization", "AWS4-HMAC-SHA256 Credential=x".into())], ..whole() };
    both.send(&world).await.refused(400, "InvalidRequest");
    world.get("/bucket/k").await.refused(404, "NoSuchKey");
    world.files_become(0).await;
}

#[tokio::test]
async fn a_form_that_was_cut_off_puts_nothing() {
    let world = world().await;
    let form = Form::to("bucket", "k", &content(50_000)).signed(&ADMIN, "");
    let body = form.body();
    for (kept, code) in [(body.len() - 20, "MalformedPOSTRequest"), (100, "MalformedPOSTRequest")] {
        let request = axum::http::Request::builder()
            .method("POST")
            .uri("/bucket")
            .header("host", "127.0.0.1:8773")
            .header("content-length", body.len())
            .header("content-type", format!("multipart/form-data; boundary={}", support::form::BOUNDARY))
            .body(axum::body::Body::from(body[..kept].to_vec()));
        world.send(request.unwrap()).await.refused(400, code);
    }
    world.get("/bucket/k").await.refused(404, "NoSuchKey");
    world.files_become(0).await;
}

#[tokio::test]
async fn only_a_policy_that_was_signed_counts() {
    let world = world().await;
    let form = Form::to("bucket", "k", b"x");
    let change = |form: &Form, name: &str, value: &str| form.clone().without(name).with(name, value);
    let signed = form.clone().signed(&ADMIN, "");
    let forged = document(r#"{"bucket": "bucket"}, ["starts-with", "$key", ""]"#);
    let reply = change(&signed, "Policy", &forged).send(&world).await;
    reply.refused(403, "SignatureDoesNotMatch");
    assert_eq!(reply.element("StringToSign"), forged);
    assert_eq!(reply.element("AWSAccessKeyId"), ADMIN.access_key_id);
    change(&signed, "X-Amz-Signature", "00").send(&world).await.refused(403, "SignatureDoesNotMatch");
    let credential = |text: &str| change(&signed, "X-Amz-Credential", text);
    let today = jiff::Timestamp::now().strftime("%Y%m%d").to_string();
    let nobody = credential(&format!("AKIANOBODY/{today}/us-east-1/s3/aws4_request")).send(&world).await;
    nobody.refused(403, "InvalidAccessKeyId");
    credential(&format!("AKIA/{today}/us-east-1/iam/aws4_request"))
        .send(&world)
        .await
        .refused(400, "InvalidArgument");
    credential("nonsense").send(&world).await.refused(400, "InvalidArgument");
    change(&signed, "X-Amz-Algorithm", "AWS4-X").send(&world).await.refused(400, "InvalidArgument");
    change(&signed, "x-amz-date", "yesterday").send(&world).await.refused(400, "InvalidArgument");
    // another day than the key's
    let other_day = change(&signed, "x-amz-date", "20200101T000000Z").send(&world).await;
    other_day.refused(403, "SignatureDoesNotMatch");
    let other = change(&signed, "key", "other").send(&world).await;
    says(&other, 403, "AccessDenied", "Invalid according to Policy: Policy Condition failed: [");
    let extra = signed.clone().with("x-amz-meta-a", "b").send(&world).await;
    says(&extra, 403, "AccessDenied", "Invalid according to Policy: Extra input fields: x-amz-meta-a");
    let elsewhere = Form { path: "/none".into(), ..signed.clone() }.send(&world).await;
    says(&elsewhere, 403, "AccessDenied", "Policy Condition failed");
    let wrong = form.clone().signed_for(&ADMIN, r#"{"bucket": 7}"#).send(&world).await;
    says(
        &wrong,
        400,
        "InvalidPolicyDocument",
        "Invalid Policy: Invalid Simple-Condition: value must be a string.",
    );
    let old = STANDARD.encode(r#"{"expiration": "2020-01-01T00:00:00Z", "conditions": []}"#);
    let old_signature = auth::sigv2::sign(ADMIN.secret, &old);
    let expired = form.clone().with("AWSAccessKeyId", ADMIN.access_key_id).with("policy", &old);
    let expired = expired.with("signature", &old_signature).send(&world).await;
    says(&expired, 403, "AccessDenied", "Invalid according to Policy: Policy expired.");
    world.get("/bucket/k").await.refused(404, "NoSuchKey");
    signed.with("x-ignore-this", "field").send(&world).await.fine();
}

#[tokio::test]
async fn version_2_signs_forms_too() {
    let world = world().await;
    let form = || Form::to("bucket", "k", b"by version 2");
    let conditions = r#"{"bucket": "bucket"}, {"key": "k"}"#;
    form().signed_v2(&ADMIN, conditions).send(&world).await.fine();
    assert_eq!(world.get("/bucket/k").await.body, "by version 2");
    form().signed_v2(&BOB, conditions).send(&world).await.refused(403, "AccessDenied");
    let bad = form().signed_v2(&ADMIN, conditions).without("signature").with("signature", "AAAA");
    bad.send(&world).await.refused(403, "SignatureDoesNotMatch");
    for field in ["AWSAccessKeyId", "policy", "signature"] {
        let reply = form().signed_v2(&ADMIN, conditions).without(field).send(&world).await;
        reply.refused(400, "InvalidArgument");
        assert!(reply.element("ArgumentName").eq_ignore_ascii_case(field));
    }
    let kms = form().with("x-amz-server-side-encryption", "aws:kms");
    let with_kms = format!(r#"{conditions}, {{"x-amz-server-side-encryption": "aws:kms"}}"#);
    kms.signed_v2(&ADMIN, &with_kms).send(&world).await.refused(400, "InvalidArgument");
}

#[tokio::test]
async fn a_form_is_worth_what_its_signer_may() {
    let world = world().await;
    let form = || Form::to("bucket", "k", b"x");
    for who in [&BOB, &READER, &EVE] {
        form().signed(who, "").send(&world).await.refused(403, "AccessDenied");
    }
    form().send(&world).await.refused(403, "AccessDenied");
    let unsigned = form().with("policy", &document(r#"{"bucket": "bucket"}, {"key": "k"}"#));
    unsigned.send(&world).await.refused(403, "AccessDenied");
    // what policies ask about a form
    let only_forms = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000001:user/bob"},
        "Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::bucket/*",
        "Condition":{"StringEquals":{"s3:authType":"POST","s3:signatureversion":"AWS4-HMAC-SHA256"},
        "NumericLessThan":{"s3:signatureAge":"600000"},"StringLikeIfExists":{"s3:x-amz-storage-class":"STANDARD"}}}]}"#;
    world.put("/bucket?policy", only_forms.as_bytes()).await.fine();
    form().signed(&BOB, "").send(&world).await.fine();
    let other = form().with("x-amz-storage-class", "GLACIER").signed(&BOB, "");
    other.send(&world).await.refused(403, "AccessDenied");
    let old = form().signed_v2(&BOB, r#"{"bucket": "bucket"}, {"key": "k"}"#);
    old.send(&world).await.refused(403, "AccessDenied");
    world.call(Some(&BOB), "PUT", "/bucket/k", &[], b"x").await.refused(403, "AccessDenied");
    let owner = |account: &str| Form {
        headers: vec![("x-amz-expected-bucket-owner", account.into())],
        ..form().signed(&BOB, "")
    };
    owner(ADMIN.account).send(&world).await.fine();
    owner(EVE.account).send(&world).await.refused(403, "AccessDenied");
}

#[tokio::test]
async fn anybody_may_send_a_form_where_anybody_may_write() {
    let world = world().await;
    world.delete("/bucket?publicAccessBlock").await.fine();
    let anybody = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",
        "Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/in/*"}]}"#;
    world.put("/bucket?policy", anybody.as_bytes()).await.fine();
    Form::to("bucket", "in/${filename}", b"x").with("whatever", "y").send(&world).await.fine();
    Form::to("bucket", "out/${filename}", b"x").send(&world).await.refused(403, "AccessDenied");
    let bare = Form { file: Some((None, b"x".to_vec())), ..Form::to("bucket", "in/${filename}x", b"") };
    bare.send(&world).await.fine();
    world.get("/bucket/in/pic.jpg").await.fine();
    world.get("/bucket/in/x").await.fine();
    // a signature that is wrong does not make a form anonymous
    let wrong = Form::to("bucket", "in/y", b"x").with("AWSAccessKeyId", "AKIANOBODY").with("signature", "x");
    wrong.with("policy", "x").send(&world).await.refused(403, "InvalidAccessKeyId");
}

#[tokio::test]
async fn the_policy_says_how_large_a_file_may_be() {
    let world = world().await;
    let send = async |size: usize, range: &str| {
        let range = format!(r#"["content-length-range", {range}]"#);
        Form::to("bucket", "k", &content(size)).signed(&ADMIN, &range).send_in(&world, 1000).await
    };
    for size in [5, 10] {
        send(size, "5, 10").await.fine();
    }
    let large = send(12, "5, 10").await;
    says(&large, 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
    assert_eq!((large.element("ProposedSize"), large.element("MaxSizeAllowed")), ("12".into(), "10".into()));
    let small = send(4, "5, 10").await;
    says(&small, 400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    assert_eq!((small.element("ProposedSize"), small.element("MinSizeAllowed")), ("4".into(), "5".into()));
    assert_eq!(send(700_000, "0, 100").await.element("ProposedSize"), "700000");
    send(5 << 20, "0, 100").await.refused(400, "EntityTooLarge");
    send(40_000, "50000, 60000").await.refused(400, "EntityTooSmall");
    assert_eq!(world.get("/bucket/k").await.body.len(), 10);
    world.files_become(0).await;
}

#[tokio::test]
async fn what_a_form_puts_is_encrypted_as_the_bucket_wants_and_never_plain_on_disk() {
    let world = world().await;
    let rule = r#"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>
        </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"#;
    world.put("/bucket?encryption", rule.as_bytes()).await.fine();
    for size in [0, 9, 10_000, 16_384, 70_000, 1 << 20] {
        for behind in [vec![], vec![("submit", "Upload")]] {
            let form = Form { behind, ..Form::to("bucket", "k", &content(size)) };
            let reply = form.signed(&ADMIN, "").send_in(&world, 3000).await.fine();
            assert_eq!(reply.header("x-amz-server-side-encryption"), "AES256");
            let got = world.get("/bucket/k").await.fine();
            assert_eq!(
                (got.body.as_ref(), got.header("etag")),
                (&*content(size), reply.header("etag")),
                "{size}"
            );
            if size > 66_000 {
                let range = [("range", "bytes=65530-65545")];
                let part = world.call(Some(&ADMIN), "GET", "/bucket/k", &range, b"").await.fine();
                assert_eq!(part.body, content(size)[65530..65546]);
            }
        }
    }
    world.files_become(1).await;
    let kms = Form::to("bucket", "kms", &content(100_000)).with("x-amz-server-side-encryption", "aws:kms");
    let reply = kms.signed(&ADMIN, "").send(&world).await.fine();
    assert_eq!(reply.header("x-amz-server-side-encryption"), "aws:kms");
    assert_eq!(world.get("/bucket/kms").await.body, content(100_000));
    for shard in std::fs::read_dir(&world.data).unwrap() {
        for file in std::fs::read_dir(shard.unwrap().path()).unwrap() {
            // a file that was given up may be collected meanwhile
            let Ok(bytes) = std::fs::read(file.unwrap().path()) else { continue };
            assert!(!String::from_utf8_lossy(&bytes).contains("needle in the hay"));
        }
    }
}

#[tokio::test]
async fn versions_conditions_and_quotas_hold_for_forms() {
    let world = world().await;
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    world.put("/bucket?versioning", enabled.as_bytes()).await.fine();
    let form = || Form::to("bucket", "k", b"x");
    let once = Form { headers: vec![("if-none-match", "*".into())], ..form().signed(&ADMIN, "") };
    let first = once.send(&world).await.fine();
    once.send(&world).await.refused(412, "PreconditionFailed");
    let second = form().signed(&ADMIN, "").send(&world).await.fine();
    assert!(!first.header("x-amz-version-id").is_empty());
    assert_ne!(first.header("x-amz-version-id"), second.header("x-amz-version-id"));
    let conflict = Form {
        headers: vec![("if-none-match", "*".into())],
        ..form().with("If-None-Match", "\"other\"").signed(&ADMIN, "")
    };
    conflict.send(&world).await.refused(400, "InvalidRequest");
    world.put("/small", b"").await.fine();
    let much = Form::to("small", "k", &[0; 101]).signed(&FRUGAL, "").send(&world).await;
    assert_eq!(much.status, 403, "{}", much.text());
    Form::to("small", "k", &[0; 100]).signed(&FRUGAL, "").send(&world).await.fine();
}

#[tokio::test]
async fn a_page_of_another_origin_reads_the_answer_if_the_bucket_says_so() {
    let world = world().await;
    let cors = "<CORSConfiguration><CORSRule><AllowedOrigin>https://page.example</AllowedOrigin>\
        <AllowedMethod>POST</AllowedMethod><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>";
    let md5 = {
        use md5::Digest as _;
        STANDARD.encode(md5::Md5::digest(cors))
    };
    world.call(Some(&ADMIN), "PUT", "/bucket?cors", &[("content-md5", &md5)], cors.as_bytes()).await.fine();
    let from = |origin: &str| Form {
        headers: vec![("origin", origin.into())],
        ..Form::to("bucket", "k", b"x").signed(&ADMIN, "")
    };
    let reply = from("https://page.example").send(&world).await.fine();
    assert_eq!(reply.header("access-control-allow-origin"), "https://page.example");
    assert_eq!(reply.header("access-control-expose-headers"), "ETag");
    let other = from("https://other.example").send(&world).await.fine();
    assert_eq!(other.header("access-control-allow-origin"), "");
}
