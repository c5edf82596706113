//! `new_bucket_defaults = "classic"`: buckets as they were before April 2023.

use object::Config;
use object::config::NewBucketDefaults;

use crate::support::identity::{ADMIN, EVE};
use crate::support::{World, config};

#[tokio::test]
async fn classic_buckets_begin_with_acls_and_nothing_blocked() {
    let classic = Config { new_bucket_defaults: NewBucketDefaults::Classic, ..config() };
    let world = World::with(classic).await;
    world.put("/bucket", b"").await.fine();
    world.get("/bucket?publicAccessBlock").await.refused(404, "NoSuchPublicAccessBlockConfiguration");
    world.get("/bucket?ownershipControls").await.refused(404, "OwnershipControlsNotFoundError");
    // what old tools do: a public object in one request, and a public bucket in another
    let public = [("x-amz-acl", "public-read")];
    world.call(Some(&ADMIN), "PUT", "/bucket/page", &public, b"hello").await.fine();
    assert_eq!(world.call(None, "GET", "/bucket/page", &[], b"").await.fine().body, "hello");
    world.call(None, "GET", "/bucket", &[], b"").await.refused(403, "AccessDenied");
    let open = [("x-amz-acl", "public-read-write")];
    world.call(Some(&ADMIN), "PUT", "/open", &open, b"").await.fine();
    world.call(None, "GET", "/open", &[], b"").await.fine();
    // whoever puts an object owns it
    world.call(Some(&EVE), "PUT", "/open/hers", &[], b"x").await.fine();
    world.get("/open/hers").await.refused(403, "AccessDenied");
    assert_eq!(world.get("/open").await.fine().element("Owner"), format!("<ID>{}</ID>", EVE.canonical));
    // a bucket may ask for what is usual now
    let enforced = [("x-amz-object-ownership", "BucketOwnerEnforced")];
    world.call(Some(&ADMIN), "PUT", "/now", &enforced, b"").await.fine();
    world
        .call(Some(&ADMIN), "PUT", "/now/k", &public, b"")
        .await
        .refused(400, "AccessControlListNotSupported");
}
