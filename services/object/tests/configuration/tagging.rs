//! Tags of buckets and objects.

use crate::support::identity::{ADMIN, BOB, READER};
use crate::support::{Reply, World};

fn tags(list: &[(&str, &str)]) -> Vec<u8> {
    let tags: String =
        list.iter().map(|(k, v)| format!("<Tag><Key>{k}</Key><Value>{v}</Value></Tag>")).collect();
    format!("<Tagging><TagSet>{tags}</TagSet></Tagging>").into_bytes()
}

fn shown(reply: &Reply) -> Vec<(String, String)> {
    reply.elements("Key").into_iter().zip(reply.elements("Value")).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_bucket_has_the_tags_that_were_put_last() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.get("/bucket?tagging").await.refused(404, "NoSuchTagSet");
    assert_eq!(world.put("/bucket?tagging", &tags(&[("b", "2"), ("a", "1")])).await.status, 204);
    assert_eq!(shown(&world.get("/bucket?tagging").await.fine()), [pair("a", "1"), pair("b", "2")]);
    world.put("/bucket?tagging", &tags(&[("c", "x"), ("c", "y")])).await.refused(400, "InvalidTag");
    world.put("/bucket?tagging", &tags(&[("aws:c", "x")])).await.refused(400, "InvalidTag");
    world.put("/bucket?tagging", b"<Tagging/>").await.refused(400, "MalformedXML");
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
    world.put("/bucket?tagging", &tags(&many)).await.refused(400, "BadRequest");
    assert_eq!(shown(&world.get("/bucket?tagging").await.fine()).len(), 2);
    assert_eq!(world.put("/bucket?tagging", &tags(&many[..50])).await.status, 204);
    assert_eq!(world.delete("/bucket?tagging").await.status, 204);
    world.get("/bucket?tagging").await.refused(404, "NoSuchTagSet");
    world.call(Some(&BOB), "GET", "/bucket?tagging", &[], b"").await.refused(403, "AccessDenied");
    world.call(Some(&BOB), "PUT", "/bucket?tagging", &[], b"no xml").await.refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_new_bucket_may_come_with_tags() {
    let world = World::new().await;
    let body =
        |tags: &str| format!("<CreateBucketConfiguration><Tags>{tags}</Tags></CreateBucketConfiguration>");
    let one = body("<Tag><Key>team</Key><Value>blue</Value></Tag>");
    world.put("/bucket", one.as_bytes()).await.fine();
    assert_eq!(shown(&world.get("/bucket?tagging").await.fine()), [pair("team", "blue")]);
    let wrong = body("<Tag><Key>aws:team</Key><Value>blue</Value></Tag>");
    world.put("/other", wrong.as_bytes()).await.refused(400, "InvalidTag");
    world.get("/other").await.refused(404, "NoSuchBucket");
}

#[tokio::test]
async fn an_object_has_the_tags_it_came_with_until_others_are_put() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let with = |value: &'static str| [("x-amz-tagging", value)];
    let put = world.call(Some(&ADMIN), "PUT", "/bucket/key", &with("a=1&b=x%20y+z&c="), b"content").await;
    put.fine();
    let expected = [pair("a", "1"), pair("b", "x y z"), pair("c", "")];
    assert_eq!(shown(&world.get("/bucket/key?tagging").await.fine()), expected);
    assert_eq!(world.get("/bucket/key").await.fine().header("x-amz-tagging-count"), "3");
    // who may not read tags does not learn how many there are
    let read = world.call(Some(&READER), "GET", "/bucket/key", &[], b"").await.fine();
    assert_eq!(read.header("x-amz-tagging-count"), "");
    for wrong in ["a=1&a=2", "a=1&a=1", "%ff=1"] {
        world
            .call(Some(&ADMIN), "PUT", "/bucket/key", &with(wrong), b"")
            .await
            .refused(400, "InvalidArgument");
    }
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &with("a*=1"), b"").await.refused(400, "InvalidTag");
    let eleven = "0=&1=&2=&3=&4=&5=&6=&7=&8=&9=&10=";
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &with(eleven), b"").await.refused(400, "BadRequest");
    assert_eq!(world.get("/bucket/key").await.fine().body, "content");
    let etag = world.get("/bucket/key").await.header("etag").to_owned();
    world.put("/bucket/key?tagging", &tags(&[("d", "4")])).await.fine();
    assert_eq!(shown(&world.get("/bucket/key?tagging").await.fine()), [pair("d", "4")]);
    assert_eq!(world.delete("/bucket/key?tagging").await.status, 204);
    assert_eq!(shown(&world.get("/bucket/key?tagging").await.fine()), []);
    let got = world.get("/bucket/key").await.fine();
    assert_eq!((got.header("etag"), got.header("x-amz-tagging-count")), (etag.as_str(), ""));
    world.put("/bucket/none?tagging", &tags(&[])).await.refused(404, "NoSuchKey");
    world.get("/bucket/none?tagging").await.refused(404, "NoSuchKey");
}

#[tokio::test]
async fn a_copy_keeps_the_tags_or_has_its_own() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.call(Some(&ADMIN), "PUT", "/bucket/key", &[("x-amz-tagging", "a=1")], b"content").await.fine();
    let copy = |to: &'static str, more: Vec<(&'static str, &'static str)>| {
        let world = &world;
        async move {
            let headers = [vec![("x-amz-copy-source", "bucket/key")], more].concat();
            world.call(Some(&ADMIN), "PUT", to, &headers, b"").await
        }
    };
    copy("/bucket/same", vec![("x-amz-tagging", "b=2")]).await.fine();
    assert_eq!(shown(&world.get("/bucket/same?tagging").await.fine()), [pair("a", "1")]);
    copy("/bucket/own", vec![("x-amz-tagging", "b=2"), ("x-amz-tagging-directive", "REPLACE")]).await.fine();
    assert_eq!(shown(&world.get("/bucket/own?tagging").await.fine()), [pair("b", "2")]);
    copy("/bucket/none", vec![("x-amz-tagging-directive", "REPLACE")]).await.fine();
    assert_eq!(shown(&world.get("/bucket/none?tagging").await.fine()), []);
    copy("/bucket/x", vec![("x-amz-tagging-directive", "MERGE")]).await.refused(400, "InvalidArgument");
    let upload = world.call(Some(&ADMIN), "POST", "/bucket/parts?uploads", &[("x-amz-tagging", "p=q")], b"");
    let id = upload.await.fine().element("UploadId");
    let etag = world.put(&format!("/bucket/parts?partNumber=1&uploadId={id}"), b"x").await.fine();
    let part = format!("<Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>", etag.header("etag"));
    let parts = format!("<CompleteMultipartUpload>{part}</CompleteMultipartUpload>");
    world.post(&format!("/bucket/parts?uploadId={id}"), parts.as_bytes()).await.fine();
    assert_eq!(shown(&world.get("/bucket/parts?tagging").await.fine()), [pair("p", "q")]);
}

#[tokio::test]
async fn policies_ask_for_the_tags_an_object_has_and_those_a_request_brings() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000001:user/bob"},"Action":"s3:GetObject",
         "Resource":"arn:aws:s3:::bucket/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/open":"yes"}}},
        {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000001:user/bob"},
         "Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::bucket/*",
         "Condition":{"StringEquals":{"s3:RequestObjectTag/open":"yes"},
                      "ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["open","more"]}}}]}"#;
    assert_eq!(world.put("/bucket?policy", policy.as_bytes()).await.status, 204);
    let bob = |method: &'static str, path: &'static str, tags: Option<&'static str>, body: Vec<u8>| {
        let world = &world;
        async move {
            let headers: Vec<_> = tags.map(|tags| ("x-amz-tagging", tags)).into_iter().collect();
            world.call(Some(&BOB), method, path, &headers, &body).await
        }
    };
    bob("PUT", "/bucket/key", None, b"x".to_vec()).await.refused(403, "AccessDenied");
    bob("PUT", "/bucket/key", Some("open=no"), b"x".to_vec()).await.refused(403, "AccessDenied");
    bob("PUT", "/bucket/key", Some("open=yes&third="), b"x".to_vec()).await.refused(403, "AccessDenied");
    bob("PUT", "/bucket/key", Some("open=yes&more="), b"x".to_vec()).await.fine();
    bob("GET", "/bucket/key", None, vec![]).await.fine();
    bob("PUT", "/bucket/key?tagging", None, tags(&[("open", "no")])).await.refused(403, "AccessDenied");
    bob("PUT", "/bucket/key?tagging", None, tags(&[("open", "yes")])).await.fine();
    world.put("/bucket/key?tagging", &tags(&[("open", "no")])).await.fine();
    bob("GET", "/bucket/key", None, vec![]).await.refused(403, "AccessDenied");
}

#[tokio::test]
async fn s3control_reads_and_writes_the_same_tags_by_arn() {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket?tagging", &tags(&[("a", "1")])).await;
    let path = "/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Abucket";
    let account = [("x-amz-account-id", "000000000001")];
    let call = |method: &'static str, query: &'static str, body: &'static str| {
        let world = &world;
        async move { world.call(Some(&ADMIN), method, &format!("{path}{query}"), &account, body.as_bytes()).await }
    };
    assert_eq!(shown(&call("GET", "", "").await.fine()), [pair("a", "1")]);
    let more = "<TagResourceRequest xmlns=\"x\"><Tags><Tag><Key>b</Key><Value>2</Value></Tag></Tags></TagResourceRequest>";
    assert_eq!(call("POST", "", more).await.status, 204);
    assert_eq!(shown(&world.get("/bucket?tagging").await.fine()), [pair("a", "1"), pair("b", "2")]);
    assert_eq!(call("DELETE", "?tagKeys=a&tagKeys=c", "").await.status, 204);
    assert_eq!(shown(&call("GET", "", "").await.fine()), [pair("b", "2")]);
    let bob = world.call(Some(&BOB), "GET", path, &account, b"").await;
    bob.refused(403, "AccessDenied");
    assert!(bob.text().contains("<ErrorResponse xmlns=\"http://awss3control"), "{}", bob.text());
    let other = [("x-amz-account-id", "000000000002")];
    world.call(Some(&ADMIN), "GET", path, &other, b"").await.refused(403, "AccessDenied");
    let none = "/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Anone";
    world.call(Some(&ADMIN), "GET", none, &account, b"").await.refused(404, "NoSuchBucket");
}
