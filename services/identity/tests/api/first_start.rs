//! The first start, and starts after it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::World;

fn files_below(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_an_administrator_that_works() {
    let world = World::new().await;
    let admin = identity::admin_credentials(&world.common).unwrap();
    assert_eq!((admin.account_id.len(), admin.canonical_user_id.len()), (12, 64));
    assert_eq!((admin.access_key_id.len(), admin.secret_access_key.len()), (20, 40));
    let me = world.admin().who_am_i().await;
    assert_eq!(me.field("Account"), admin.account_id);
    assert_eq!(me.field("Arn"), format!("arn:aws:iam::{}:user/admin", admin.account_id));
    assert!(me.field("UserId").starts_with("AIDA") && me.field("UserId").len() == 21);
    for name in ["admin-credentials", "master-key"] {
        let mode = std::fs::metadata(world.common.data_dir.join("identity").join(name)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert!(!format!("{admin:?}").contains(&admin.secret_access_key));
}

#[tokio::test(flavor = "multi_thread")]
async fn later_starts_keep_everything_and_write_nothing_new() {
    let world = World::new().await;
    let before = identity::admin_credentials(&world.common).unwrap();
    let alice = world.user("alice").await;
    let (id, secret) = (alice.access_key_id.clone(), alice.secret.clone());
    // a client holds the router, and with it the store
    drop(alice);
    let version = world.version().await;
    let world = world.reopen().await.unwrap();
    assert_eq!(identity::admin_credentials(&world.common).unwrap(), before);
    assert_eq!(world.version().await, version);
    let alice = world.client(&id, &secret);
    assert!(alice.who_am_i().await.field("Arn").ends_with(":user/alice"));
    drop(alice);
    // the file may be put away
    std::fs::remove_file(world.common.data_dir.join("identity/admin-credentials")).unwrap();
    let world = world.reopen().await.unwrap();
    assert!(identity::admin_credentials(&world.common).is_err());
    let admin = world.client(&before.access_key_id, &before.secret_access_key);
    assert_eq!(admin.ok("ListUsers", &[]).await.fields("UserName"), ["admin", "alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_killed_between_file_and_store_is_finished_by_the_next() {
    let world = World::new().await;
    let written = identity::admin_credentials(&world.common).unwrap();
    let directory = world.close().await;
    std::fs::remove_dir_all(directory.path().join("data/identity/store")).unwrap();
    let world = World::open(directory).await.unwrap();
    assert_eq!(identity::admin_credentials(&world.common).unwrap(), written);
    assert_eq!(world.admin().who_am_i().await.field("Account"), written.account_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_master_key_the_store_does_not_start() {
    let directory = World::new().await.close().await;
    let path = directory.path().join("data/identity/master-key");
    let key = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(World::open(directory.clone()).await, Err(identity::Error::MasterKey { .. })));
    assert!(!path.exists());
    for wrong in ["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=", "garbage"] {
        std::fs::write(&path, wrong).unwrap();
        assert!(matches!(World::open(directory.clone()).await, Err(identity::Error::MasterKey { .. })));
    }
    std::fs::write(&path, key).unwrap();
    let world = World::open(directory).await.unwrap();
    assert_eq!(world.admin().who_am_i().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_lies_in_the_store() {
    let world = World::new().await;
    let alice = world.user("alice").await.secret;
    let admin = identity::admin_credentials(&world.common).unwrap();
    let directory = world.close().await;
    let mut read = 0;
    for path in files_below(&directory.path().join("data/identity/store")) {
        let content = std::fs::read(&path).unwrap();
        read += content.len();
        for secret in [&alice, &admin.secret_access_key] {
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
        // while the key ids are there, so the search would find them
        let id = admin.access_key_id.as_bytes();
        assert!(content.windows(id.len()).any(|window| window == id));
    }
    assert!(read > 0);
}
