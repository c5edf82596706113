//! Stopped anywhere and started again, the service goes on where it was; and what volumes need while it does.

use api_spec::ErrorCode;
use calls::compute::{AttachTarget, SyncDisks};
use calls::node::DomainState;

use crate::fakes::ADMIN;
use crate::world::{World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_survives_a_restart_at_every_step() {
    let mut world = World::new().await;
    // before the disks
    world.volume.lock().refuse = Some(ErrorCode::ServiceUnavailable);
    let id = world.run(&[]).await;
    world.restart().await;
    assert_eq!(world.state(&id).await, "pending");
    // before the node was told
    world.node.change(|node| node.up = false);
    world.volume.lock().refuse = None;
    eventually("the disks are made", || async { world.describe(&id).await.has("volumeId") }).await;
    world.restart().await;
    // before it was seen running
    world.node.change(|node| {
        node.up = true;
        node.eager = false;
    });
    eventually("the node is told", || async { !world.node.desired().instances.is_empty() }).await;
    world.restart().await;
    assert_eq!(world.state(&id).await, "pending");
    world.node.sees(&id, DomainState::Running);
    world.until_state(&id, "running").await;
    assert_eq!(world.volume.lock().launched.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_survives_a_restart_at_every_step() {
    let mut world = World::new().await;
    let id = world.running().await;
    world.node.change(|node| {
        node.up = false;
        node.eager = false;
    });
    world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    world.restart().await;
    assert_eq!(world.state(&id).await, "shutting-down");
    world.node.change(|node| node.up = true);
    eventually("the node is told", || async { world.node.desired().instances.is_empty() }).await;
    world.restart().await;
    world.until_the_node_is_heard().await;
    assert_eq!(world.state(&id).await, "shutting-down", "its domain is still seen");
    assert!(world.volume.lock().released.is_empty());
    world.node.change(|node| node.domains.clear());
    world.until_state(&id, "terminated").await;
    world.restart().await;
    assert_eq!(world.state(&id).await, "terminated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_its_state_is_told_again_and_one_that_is_ahead_is_overtaken() {
    let mut world = World::new().await;
    let id = world.running().await;
    world.node.change(|node| {
        node.desired = calls::node::Desired::default();
        node.domains.clear();
    });
    eventually("it is told again", || async { world.node.desired().instances.len() == 1 }).await;
    assert_eq!(world.state(&id).await, "running");
    world.node.change(|node| node.desired.generation += 1000);
    eventually("it is heard", || async { world.node.is_heard() }).await;
    world.restart().await;
    world.ok("StopInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "stopped").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_not_looked_ends_nothing() {
    let world = World::new().await;
    let id = world.running().await;
    world.node.change(|node| node.eager = false);
    world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    eventually("the node is told", || async { world.node.desired().instances.is_empty() }).await;
    // it restarts: for a moment it speaks for no generation and lists nothing
    let mut kept = std::collections::BTreeMap::new();
    world.node.change(|node| {
        std::mem::swap(&mut kept, &mut node.domains);
        node.desired.generation = 0;
        node.up = true;
    });
    eventually("it is told again", || async { world.node.desired().generation > 0 }).await;
    let _ = kept;
    world.until_state(&id, "terminated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_come_and_go_as_volume_tells() {
    let world = World::new().await;
    let id = world.running().await;
    let instance: api_spec::ids::InstanceId = id.parse().unwrap();
    let call = AttachTarget { account_id: ADMIN.account.into(), instance: instance.clone() };
    let target = world.internal(&call).await.unwrap();
    assert_eq!((target.zone.as_str(), target.state.as_str()), ("us-east-1a", "running"));
    let strange = AttachTarget { account_id: "000000000009".into(), instance: instance.clone() };
    assert_eq!(world.internal(&strange).await, None);

    let mut disks = world.volume.lock().launched[&instance].clone();
    let mut second = disks[0].clone();
    second.disk.volume = "vol-0123456789abcdef0".parse().unwrap();
    second.disk.device = "/dev/sdf".into();
    second.disk.boot = false;
    disks.push(second.clone());
    let both = SyncDisks { instance: instance.clone(), disks: disks.clone() };
    eventually("the disk is attached", || async {
        let seen = world.internal(&both).await;
        seen.running && seen.exists && seen.attached.contains(&second.disk.volume)
    })
    .await;
    assert_eq!(world.describe(&id).await.all("deviceName"), ["/dev/sda1", "/dev/sdf"]);

    world.node.change(|node| node.eager = false);
    disks.pop();
    let first = SyncDisks { instance: instance.clone(), disks };
    assert!(world.internal(&first).await.attached.contains(&second.disk.volume));
    eventually("the node is told", || async { world.node.desired().instances[0].disks.len() == 1 }).await;
    world.until_the_node_is_heard().await;
    assert!(world.internal(&first).await.attached.contains(&second.disk.volume), "the guest has not let go");
    world.node.sees(&id, DomainState::Running);
    eventually("it is gone", || async {
        !world.internal(&first).await.attached.contains(&second.disk.volume)
    })
    .await;
}
