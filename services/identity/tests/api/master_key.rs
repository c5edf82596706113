//! Rotation of the master key: every stored secret opens under the new one, and a rotation that is killed is finished by
//! the next start.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::kill::Victim;
use crate::mfa::{device, enable};
use crate::support::World;

fn key_file(world: &World) -> std::path::PathBuf {
    world.common.data_dir.join("identity/master-key")
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_opens_after_a_rotation_and_the_old_key_is_gone() {
    let world = World::new().await;
    let (admin, alice) = (world.admin(), world.user("alice").await);
    let (serial, phone) = device(&admin, "phone").await;
    assert_eq!(enable(&admin, "alice", &serial, &phone, -4).await.0, 200);
    let session = alice.session("GetSessionToken", &[]).await;
    let path = key_file(&world);
    let old = std::fs::read(&path).unwrap();

    let done = admin.ok("RotateMurusMasterKey", &[]).await;
    // two access keys, a device, the check and the secret of sessions
    assert_eq!(done.field("Resealed"), "5");
    let new = std::fs::read(&path).unwrap();
    assert_ne!(old, new);
    assert!(!path.with_file_name("master-key.next").exists());
    assert_eq!(admin.ok("RotateMurusMasterKey", &[]).await.field("Resealed"), "5");
    let code = phone.code(-2);
    let proof = [("SerialNumber", serial.as_str()), ("TokenCode", code.as_str())];
    let proven = alice.send(alice.request("sts", "GetSessionToken", &proof)).await;
    assert_eq!(proven.status, 200, "{}", proven.body);

    let (id, secret) = (alice.access_key_id.clone(), alice.secret.clone());
    let of_session = (session.access_key_id.clone(), session.secret.clone(), session.session_token.clone());
    drop((admin, alice, session));
    let world = world.reopen().await.unwrap();
    assert_eq!(world.client(&id, &secret).who_am_i().await.status, 200);
    // sessions live on
    let mut session = world.client(&of_session.0, &of_session.1);
    session.session_token = of_session.2;
    assert_eq!(session.who_am_i().await.status, 200);
    drop(session);
    let directory = world.close().await;
    std::fs::write(&path, old).unwrap();
    assert!(matches!(World::open(directory).await, Err(identity::Error::MasterKey { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operator_rotates_the_master_key() {
    let world = World::new().await;
    let before = std::fs::read(key_file(&world)).unwrap();
    let alice = world.user("alice").await;
    alice.refused("RotateMurusMasterKey", &[], "AccessDenied").await;
    assert_eq!(std::fs::read(key_file(&world)).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_killed_anywhere_is_finished_by_the_next_start() {
    let directory = Arc::new(TempDir::new().unwrap());
    let mut acknowledged: Vec<Vec<String>> = Vec::new();
    let path = directory.path().join("data/identity/master-key");
    let mut keys = std::collections::BTreeSet::new();
    for round in 0..6 {
        let mut victim = Victim::start_rotating(directory.path(), round);
        acknowledged.push(victim.next().expect("the victim goes on"));
        // a rotation takes about 500 ms; users are made all the while
        tokio::time::sleep(Duration::from_millis(90 * round as u64 + 40)).await;
        acknowledged.extend(victim.kill());
        let world = World::open(directory.clone()).await.unwrap();
        for user in &acknowledged {
            let who = world.client(&user[1], &user[2]).who_am_i().await;
            assert_eq!(who.status, 200, "{user:?}: {}", who.body);
        }
        assert!(!Path::new(&path).with_file_name("master-key.next").exists());
        keys.insert(std::fs::read(&path).unwrap());
        world.close().await;
    }
    assert!(keys.len() > 1, "no rotation came through");
}
