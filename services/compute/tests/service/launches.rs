//! RunInstances, from the request to a running instance and to its end.

use std::time::Duration;

use api_spec::ErrorCode;
use calls::node::{DomainState, Power};
use jiff::SignedDuration;

use crate::fakes::{ADMIN, STRANGER};
use crate::world::{World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_pending_then_running_then_terminated_then_forgotten() {
    let world = World::new().await;
    world.node.change(|node| node.eager = false);
    let key = world.ok("CreateKeyPair", &[("KeyName", "k"), ("KeyType", "ed25519")]).await;
    assert!(key.one("keyMaterial").contains("BEGIN OPENSSH PRIVATE KEY"));
    let image = world.image("tiny").await;
    let reply = world
        .ok(
            "RunInstances",
            &[
                ("ImageId", &image),
                ("InstanceType", "t2.nano"),
                ("KeyName", "k"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("UserData", "aGVsbG8="),
                ("TagSpecification.1.ResourceType", "instance"),
                ("TagSpecification.1.Tag.1.Key", "Name"),
                ("TagSpecification.1.Tag.1.Value", "book"),
            ],
        )
        .await;
    let id = reply.one("instanceId");
    assert!(reply.body.contains("<instanceState><code>0</code><name>pending</name></instanceState>"));
    assert!(reply.body.contains("<item><key>Name</key><value>book</value></item>"));
    assert_eq!(
        (reply.one("privateIpAddress"), reply.one("ipAddress")),
        ("172.31.0.4".into(), "198.18.0.2".into())
    );
    assert_eq!(reply.one("privateDnsName"), "ip-172-31-0-4.ec2.internal");

    eventually("the node is told", || async { !world.node.desired().instances.is_empty() }).await;
    let desired = world.node.desired();
    let one = &desired.instances[0];
    assert_eq!((one.power, one.start_sequence, one.vcpus, one.memory_mib), (Power::Running, 1, 1, 512));
    assert!(one.disks[0].boot && one.nics[0].public == Some([198, 18, 0, 2].into()));
    assert_eq!(one.metadata.user_data.as_deref(), Some("aGVsbG8="));
    let leaf = |name: &str| one.metadata.leaves[name].clone();
    assert_eq!(leaf("meta-data/instance-id"), id);
    assert!(leaf("meta-data/public-keys/0/openssh-key").starts_with("ssh-ed25519 "));
    assert!(leaf("dynamic/instance-identity/document").contains(&id));
    assert_eq!(
        leaf(&format!("meta-data/network/interfaces/macs/{}/public-ipv4s", one.nics[0].mac)),
        "198.18.0.2"
    );
    let group = desired.vpcs[0].groups.iter().find(|group| group.id == one.nics[0].groups[0]).unwrap();
    assert_eq!(group.members, [one.nics[0].address]);

    assert_eq!(world.state(&id).await, "pending");
    world.node.sees(&id, DomainState::Running);
    world.until_state(&id, "running").await;
    let described = world.describe(&id).await;
    assert_eq!(described.one("deviceName"), "/dev/sda1");
    assert!(!described.has("stateReason"));

    let ending = world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    assert!(ending.body.contains("<currentState><code>32</code><name>shutting-down</name></currentState>"));
    assert!(ending.body.contains("<previousState><code>16</code><name>running</name></previousState>"));
    eventually("the node is told of the end", || async { world.node.desired().instances.is_empty() }).await;
    world.until_the_node_is_heard().await;
    assert_eq!(world.state(&id).await, "shutting-down");
    world.node.change(|node| node.domains.clear());
    world.until_state(&id, "terminated").await;
    let over = world.describe(&id).await;
    assert!(!over.has("privateIpAddress") && !over.has("networkInterfaceId") && !over.has("ipAddress"));
    assert!(over.body.contains("<code>Client.UserInitiatedShutdown</code>"));
    assert_eq!(world.volume.lock().released.len(), 1);
    let again = world.run(&[]).await;
    assert_eq!(
        world.describe(&again).await.one("privateIpAddress"),
        "172.31.0.4",
        "the address is free again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn terminated_instances_are_forgotten_after_an_hour() {
    let mut world = World::new().await;
    world.stop().await;
    world.clock = kit::Clock::manual(jiff::Timestamp::now());
    world.start().await;
    let id = world.running().await;
    world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "terminated").await;
    world.clock.advance(SignedDuration::from_mins(59));
    world.restart().await;
    assert_eq!(world.state(&id).await, "terminated");
    world.clock.advance(SignedDuration::from_mins(2));
    world.restart().await;
    eventually("it is forgotten", || async {
        let reply = world.call(ADMIN, "DescribeInstances", &[("InstanceId.1", &id)]).await;
        reply.all("Code") == ["InvalidInstanceID.NotFound"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_token_launches_once() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let base =
        [("ImageId", image.as_str()), ("InstanceType", "t2.nano"), ("MinCount", "1"), ("MaxCount", "1")];
    let with = |token: &'static str| [base.as_slice(), &[("ClientToken", token)]].concat();
    let first = world.ok("RunInstances", &with("once")).await;
    let second = world.ok("RunInstances", &with("once")).await;
    assert_eq!(first.one("instanceId"), second.one("instanceId"));
    assert_eq!(first.one("reservationId"), second.one("reservationId"));
    let mut other = with("once");
    other[1].1 = "t2.micro";
    world.fails("RunInstances", &other, "IdempotentParameterMismatch").await;
    let third = world.ok("RunInstances", &with("twice")).await;
    assert_ne!(first.one("instanceId"), third.one("instanceId"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_that_volume_refuses_fails_with_volumes_error_and_leaves_nothing() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    world.volume.lock().refuse = Some(ErrorCode::VolumeLimitExceeded);
    let parameters =
        [("ImageId", image.as_str()), ("MinCount", "2"), ("MaxCount", "2"), ("InstanceType", "t2.nano")];
    world.fails("RunInstances", &parameters, "VolumeLimitExceeded").await;
    eventually("both have ended", || async {
        let all = world.ok("DescribeInstances", &[]).await.body;
        all.matches("<name>terminated</name>").count() == 2
    })
    .await;
    let all = world.ok("DescribeInstances", &[]).await;
    assert!(all.body.contains("<code>Client.VolumeLimitExceeded</code>"), "{}", all.body);
    let interfaces = world.ok("DescribeNetworkInterfaces", &[]).await;
    assert!(!interfaces.has("networkInterfaceId"));
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_that_cannot_be_made_now_are_made_later() {
    let world = World::new().await;
    world.volume.lock().refuse = Some(ErrorCode::ServiceUnavailable);
    let id = world.run(&[]).await;
    assert_eq!(world.state(&id).await, "pending");
    assert!(world.node.desired().instances.is_empty());
    world.volume.lock().refuse = None;
    world.until_state(&id, "running").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_subnets_addresses_and_interfaces_are_as_asked_for() {
    let world = World::new().await;
    let subnet = world.ok("DescribeSubnets", &[]).await.one("subnetId");
    let id = world
        .run(&[
            ("BlockDeviceMapping.1.DeviceName", "/dev/sdf"),
            ("BlockDeviceMapping.1.Ebs.VolumeSize", "2"),
            ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "false"),
            ("NetworkInterface.1.DeviceIndex", "0"),
            ("NetworkInterface.1.SubnetId", &subnet),
            ("NetworkInterface.1.PrivateIpAddress", "172.31.7.7"),
            ("NetworkInterface.1.AssociatePublicIpAddress", "false"),
            ("InstanceInitiatedShutdownBehavior", "terminate"),
        ])
        .await;
    let described = world.describe(&id).await;
    assert_eq!(described.one("privateIpAddress"), "172.31.7.7");
    assert!(!described.has("ipAddress"));
    assert_eq!(described.all("deviceName"), ["/dev/sda1", "/dev/sdf"]);
    world.until_state(&id, "running").await;
    world.node.sees(&id, DomainState::OffByGuest);
    world.until_state(&id, "terminated").await;
    assert!(world.describe(&id).await.body.contains("<code>Client.InstanceInitiatedShutdown</code>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_sees_nothing_of_it() {
    let world = World::new().await;
    let id = world.running().await;
    let seen = world.call(STRANGER, "DescribeInstances", &[]).await;
    assert!(!seen.has("instanceId"));
    for (action, name) in [
        ("DescribeInstances", "InstanceId.1"),
        ("TerminateInstances", "InstanceId.1"),
        ("GetConsoleOutput", "InstanceId"),
    ] {
        let refused = world.call(STRANGER, action, &[(name, &id)]).await;
        assert_eq!(refused.all("Code"), ["InvalidInstanceID.NotFound"], "{action}");
    }
    tokio::time::timeout(Duration::from_secs(5), world.until_state(&id, "running")).await.unwrap();
}
