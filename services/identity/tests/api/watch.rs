//! What the other services hear: who holds a key, and that something has changed.

use std::time::{Duration, Instant};

use calls::identity::{Principal, ResolveCredential, Resolved, WatchCredentials};
use kit::ServiceName;

use crate::support::{ADMINISTRATOR, World, statement};

fn question(access_key_id: &str) -> ResolveCredential {
    ResolveCredential {
        access_key_id: access_key_id.to_owned(),
        session_token: None,
        date: "20260102".into(),
        region: "us-east-1".into(),
        service: "s3".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_at_a_change_or_after_a_while_and_the_version_never_goes_back() {
    let world = World::new().await;
    let peer = world.context.peers.internal(ServiceName::Identity);
    let since = world.version().await;
    assert!(since > 0);
    let started = Instant::now();
    assert_eq!(peer.call(&WatchCredentials { since }).await.unwrap().version, since);
    assert!(started.elapsed() >= Duration::from_millis(1900));

    let watching = tokio::spawn({
        let peer = peer.clone();
        async move { peer.call(&WatchCredentials { since }).await.unwrap().version }
    });
    world.admin().ok("CreateUser", &[("UserName", "alice")]).await;
    assert_eq!(watching.await.unwrap(), since + 1);
    // a refused change is none
    world.admin().refused("CreateUser", &[("UserName", "alice")], "EntityAlreadyExists").await;
    assert_eq!(world.version().await, since + 1);
    drop(peer);
    let world = world.reopen().await.unwrap();
    assert_eq!(world.version().await, since + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_resolves_to_its_user_with_the_policies_of_all_its_groups() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let document = statement("Allow", "s3:*", "*");
    admin.ok("CreateGroup", &[("GroupName", "g")]).await;
    admin.ok("AddUserToGroup", &[("GroupName", "g"), ("UserName", "alice")]).await;
    admin.ok("AttachUserPolicy", &[("UserName", "alice"), ("PolicyArn", ADMINISTRATOR)]).await;
    admin
        .ok("PutGroupPolicy", &[("GroupName", "g"), ("PolicyName", "p"), ("PolicyDocument", &document)])
        .await;

    let peer = world.context.peers.internal(ServiceName::Identity);
    let asked = question(&alice.access_key_id);
    let Resolved::Active(found) = peer.call(&asked).await.unwrap() else { panic!() };
    assert!(matches!(&found.principal, Principal::User { name, path, .. } if name == "alice" && path == "/"));
    let sources: Vec<_> = found.policies.iter().map(|policy| policy.source.as_str()).collect();
    assert_eq!(sources, [ADMINISTRATOR, "inline:group/g/p"]);
    assert_eq!(found.policies[1].document, document);
    let scope = auth::sigv4::Scope { date: asked.date, region: asked.region, service: asked.service };
    let derived = auth::sigv4::SigningKey::derive(&alice.secret, &scope);
    use base64::Engine as _;
    assert_eq!(found.signing_key, base64::engine::general_purpose::STANDARD.encode(derived.as_bytes()));

    let with_token = ResolveCredential { session_token: Some("x".into()), ..question(&alice.access_key_id) };
    assert!(matches!(peer.call(&with_token).await.unwrap(), Resolved::InvalidToken));
    assert!(matches!(peer.call(&question("AKIANOBODY")).await.unwrap(), Resolved::Unknown));
}
