//! Cross-origin rules, preflights and the headers on actual requests.

use crate::support::World;
use crate::support::identity::{ADMIN, BOB, EVE};

const RULES: &str = "<CORSConfiguration><CORSRule><ID>pages</ID><AllowedOrigin>https://*.example.com</AllowedOrigin>\
    <AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>\
    <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>\
    <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>";

async fn world() -> World {
    let world = World::new().await;
    world.put("/bucket", b"").await.fine();
    world.put("/bucket/key", b"x").await.fine();
    world
}

#[tokio::test]
async fn rules_are_kept_as_they_were_put() {
    let world = world().await;
    world.get("/bucket?cors").await.refused(404, "NoSuchCORSConfiguration");
    world.put("/bucket?cors", RULES.as_bytes()).await.fine();
    let shown = world.get("/bucket?cors").await.fine();
    assert_eq!(shown.elements("AllowedMethod"), ["GET", "PUT", "HEAD"]);
    assert_eq!((shown.element("ID"), shown.element("MaxAgeSeconds")), ("pages".into(), "600".into()));
    let patch = RULES.replace(">PUT<", ">PATCH<");
    world.put("/bucket?cors", patch.as_bytes()).await.refused(400, "InvalidRequest");
    world.put("/bucket?cors", b"<CORSConfiguration/>").await.refused(400, "MalformedXML");
    world.call(Some(&BOB), "PUT", "/bucket?cors", &[], RULES.as_bytes()).await.refused(403, "AccessDenied");
    assert_eq!(world.get("/bucket?cors").await.fine().elements("AllowedMethod").len(), 3);
    assert_eq!(world.delete("/bucket?cors").await.status, 204);
    world.get("/bucket?cors").await.refused(404, "NoSuchCORSConfiguration");
    // a bucket of the same name does not inherit them
    world.put("/bucket?cors", RULES.as_bytes()).await.fine();
    world.delete("/bucket/key").await;
    assert_eq!(world.delete("/bucket").await.status, 204);
    world.put("/bucket", b"").await.fine();
    world.get("/bucket?cors").await.refused(404, "NoSuchCORSConfiguration");
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_first_rule_that_fits() {
    let world = world().await;
    let ask = |path: &'static str, headers: Vec<(&'static str, &'static str)>| {
        let world = &world;
        async move { world.call(None, "OPTIONS", path, &headers, b"").await }
    };
    let origin = ("origin", "https://a.example.com");
    let method = |name| ("access-control-request-method", name);
    ask("/bucket/key", vec![origin, method("GET")]).await.refused(403, "AccessForbidden");
    world.put("/bucket?cors", RULES.as_bytes()).await.fine();
    let headers = ("access-control-request-headers", "X-Amz-Date, x-amz-content-sha256");
    let fine = ask("/bucket/key", vec![origin, method("PUT"), headers]).await.fine();
    assert_eq!(fine.header("access-control-allow-origin"), "https://a.example.com");
    assert_eq!(fine.header("access-control-allow-credentials"), "true");
    assert_eq!(fine.header("access-control-allow-methods"), "GET, PUT");
    assert_eq!(fine.header("access-control-allow-headers"), "x-amz-date, x-amz-content-sha256");
    assert_eq!(fine.header("access-control-max-age"), "600");
    assert_eq!(fine.header("access-control-expose-headers"), "ETag");
    assert!(fine.header("vary").starts_with("Origin"));
    let any = ask("/bucket/key", vec![("origin", "http://elsewhere"), method("HEAD")]).await.fine();
    assert_eq!(any.header("access-control-allow-origin"), "*");
    assert_eq!(any.header("access-control-allow-credentials"), "");
    let other = ("access-control-request-headers", "authorization");
    ask("/bucket/key", vec![origin, method("PUT"), other]).await.refused(403, "AccessForbidden");
    ask("/bucket/key", vec![("origin", "http://elsewhere"), method("GET")])
        .await
        .refused(403, "AccessForbidden");
    ask("/bucket/key", vec![method("GET")]).await.refused(400, "BadRequest");
    ask("/bucket/key", vec![origin]).await.refused(400, "BadRequest");
    ask("/bucket/key", vec![origin, method("PATCH")]).await.refused(400, "BadRequest");
    ask("/none", vec![origin, method("GET")]).await.refused(404, "NoSuchBucket");
}

#[tokio::test]
async fn replies_and_refusals_may_be_read_where_a_rule_says_so() {
    let world = world().await;
    world.put("/bucket?cors", RULES.as_bytes()).await.fine();
    let from = |origin: &'static str| [("origin", origin)];
    let got =
        world.call(Some(&ADMIN), "GET", "/bucket/key", &from("https://b.example.com"), b"").await.fine();
    assert_eq!(got.header("access-control-allow-origin"), "https://b.example.com");
    assert_eq!(got.header("access-control-expose-headers"), "ETag");
    let refused = world.call(None, "GET", "/bucket/key", &from("https://b.example.com"), b"").await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("access-control-allow-origin")),
        (403, "https://b.example.com")
    );
    let other = world.call(Some(&ADMIN), "GET", "/bucket/key", &from("http://elsewhere"), b"").await.fine();
    assert_eq!((other.header("access-control-allow-origin"), other.header("vary").is_empty()), ("", false));
    assert_eq!(world.get("/bucket/key").await.fine().header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_bucket_whose_requesters_pay_answers_those_who_agree() {
    let world = world().await;
    assert_eq!(world.get("/bucket?requestPayment").await.fine().element("Payer"), "BucketOwner");
    let payer = |who: &str| {
        format!("<RequestPaymentConfiguration><Payer>{who}</Payer></RequestPaymentConfiguration>")
    };
    world.put("/bucket?requestPayment", payer("Nobody").as_bytes()).await.refused(400, "MalformedXML");
    world.put("/bucket?requestPayment", payer("Requester").as_bytes()).await.fine();
    assert_eq!(world.get("/bucket?requestPayment").await.fine().element("Payer"), "Requester");
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000002"},
        "Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}"#;
    assert_eq!(world.put("/bucket?policy", policy.as_bytes()).await.status, 204);
    world.call(Some(&EVE), "GET", "/bucket/key", &[], b"").await.refused(403, "AccessDenied");
    let agreed = [("x-amz-request-payer", "requester")];
    let got = world.call(Some(&EVE), "GET", "/bucket/key", &agreed, b"").await.fine();
    assert_eq!(got.header("x-amz-request-charged"), "requester");
    assert_eq!(world.get("/bucket/key").await.fine().header("x-amz-request-charged"), "");
}

#[tokio::test]
async fn acceleration_can_be_off_and_not_on() {
    let world = world().await;
    let status =
        |word: &str| format!("<AccelerateConfiguration><Status>{word}</Status></AccelerateConfiguration>");
    assert_eq!(world.get("/bucket?accelerate").await.fine().element("Status"), "");
    world.put("/bucket?accelerate", status("Enabled").as_bytes()).await.refused(501, "NotImplemented");
    world.put("/bucket?accelerate", status("Suspended").as_bytes()).await.fine();
    assert_eq!(world.get("/bucket?accelerate").await.fine().element("Status"), "Suspended");
    world.put("/with.dots", b"").await.fine();
    world.put("/with.dots?accelerate", status("Suspended").as_bytes()).await.refused(400, "InvalidRequest");
}
