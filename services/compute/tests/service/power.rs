//! Stopping, starting, rebooting; and what the guest does by itself.

use calls::node::{DomainState, Power};

use crate::world::{World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn stopping_gives_the_public_address_back_and_starting_gives_another() {
    let world = World::new().await;
    let id = world.running().await;
    let before = world.describe(&id).await;
    world.node.change(|node| node.eager = false);
    let stopping = world.ok("StopInstances", &[("InstanceId.1", &id)]).await;
    assert!(stopping.body.contains("<currentState><code>64</code><name>stopping</name></currentState>"));
    assert!(world.describe(&id).await.one("reason").starts_with("User initiated ("));
    eventually("the node is told", || async { world.node.desired().instances[0].power == Power::Stopped })
        .await;
    world.node.sees(&id, DomainState::Off);
    world.until_state(&id, "stopped").await;
    let stopped = world.describe(&id).await;
    assert!(!stopped.has("ipAddress"));
    assert_eq!(stopped.one("privateIpAddress"), before.one("privateIpAddress"));

    world.ok("StartInstances", &[("InstanceId.1", &id)]).await;
    eventually("the node is told", || async { world.node.desired().instances[0].start_sequence == 2 }).await;
    world.node.sees(&id, DomainState::Running);
    world.until_state(&id, "running").await;
    let started = world.describe(&id).await;
    assert_eq!(started.one("privateIpAddress"), before.one("privateIpAddress"));
    assert_ne!(started.one("ipAddress"), before.one("ipAddress"));
}

#[tokio::test(flavor = "multi_thread")]
async fn force_pulls_the_plug_and_reboots_are_counted() {
    let world = World::new().await;
    let id = world.running().await;
    world.node.change(|node| node.eager = false);
    world.ok("RebootInstances", &[("InstanceId.1", &id)]).await;
    eventually("the node is told", || async { world.node.desired().instances[0].reboot_sequence == 1 }).await;
    assert_eq!(world.state(&id).await, "running");
    world.ok("StopInstances", &[("InstanceId.1", &id)]).await;
    eventually("the node is told", || async { world.node.desired().instances[0].power == Power::Stopped })
        .await;
    world.ok("StopInstances", &[("InstanceId.1", &id), ("Force", "true")]).await;
    eventually("the node is told", || async { world.node.desired().instances[0].power == Power::ForcedOff })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_powers_off_is_stopped_and_stays_so() {
    let mut world = World::new().await;
    let id = world.running().await;
    world.node.sees(&id, DomainState::OffByGuest);
    world.until_state(&id, "stopped").await;
    assert!(world.describe(&id).await.body.contains("<code>Client.InstanceInitiatedShutdown</code>"));
    world.restart().await;
    assert_eq!(world.state(&id).await, "stopped");
    world.ok("StartInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "running").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_the_node_cannot_do_is_given_up_with_its_reason() {
    let world = World::with(|config| config.start_patience_s = 0).await;
    let old = world.running().await;
    world.ok("StopInstances", &[("InstanceId.1", &old)]).await;
    world.until_state(&old, "stopped").await;
    world.node.change(|node| node.eager = false);
    world.ok("StartInstances", &[("InstanceId.1", &old)]).await;
    let new = world.run(&[]).await;
    eventually("the node is told", || async { world.node.desired().instances.len() == 2 }).await;
    world.node.sees(&new, DomainState::Starting);
    world.node.sees(&old, DomainState::Off);
    assert_eq!(world.state(&new).await, "pending", "without a problem nothing is given up");
    world.node.change(|node| {
        node.problem = Some("the disk cannot be opened".into());
        node.eager = true;
    });
    world.until_state(&new, "terminated").await;
    let reason = "Server.InternalError: Internal error on launch: the disk cannot be opened";
    assert!(world.describe(&new).await.body.contains(reason));
    world.until_state(&old, "stopped").await;
    assert!(world.describe(&old).await.body.contains(reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_fit_the_state_are_refused_and_all_or_none_happens() {
    let world = World::new().await;
    let (one, other) = (world.running().await, world.running().await);
    world.ok("StopInstances", &[("InstanceId.1", &other)]).await;
    world.until_state(&other, "stopped").await;
    let both = [("InstanceId.1", one.as_str()), ("InstanceId.2", other.as_str())];
    world.fails("RebootInstances", &both, "IncorrectInstanceState").await;
    world.ok("TerminateInstances", &[("InstanceId.1", &other)]).await;
    world.until_state(&other, "terminated").await;
    world.fails("StopInstances", &both, "IncorrectInstanceState").await;
    assert_eq!(world.state(&one).await, "running");
    world.fails("StartInstances", &[("InstanceId.1", &other)], "IncorrectInstanceState").await;
    world.ok("TerminateInstances", &[("InstanceId.1", &other)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_forbids_and_attributes_change() {
    let world = World::new().await;
    let id = world.running().await;
    let instance = ("InstanceId", id.as_str());
    world.ok("ModifyInstanceAttribute", &[instance, ("DisableApiTermination.Value", "true")]).await;
    let listed =
        world.ok("DescribeInstanceAttribute", &[instance, ("Attribute", "disableApiTermination")]).await;
    assert!(listed.body.contains("<disableApiTermination><value>true</value></disableApiTermination>"));
    world.fails("TerminateInstances", &[("InstanceId.1", &id)], "OperationNotPermitted").await;
    world
        .ok(
            "ModifyInstanceAttribute",
            &[instance, ("Attribute", "disableApiTermination"), ("Value", "false")],
        )
        .await;

    let bigger = [instance, ("InstanceType.Value", "t2.micro")];
    world.fails("ModifyInstanceAttribute", &bigger, "IncorrectInstanceState").await;
    world.ok("StopInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "stopped").await;
    world.ok("ModifyInstanceAttribute", &bigger).await;
    world.ok("ModifyInstanceAttribute", &[instance, ("UserData.Value", "bmV3")]).await;
    eventually("the node is told", || async {
        let desired = world.node.desired();
        desired.instances[0].memory_mib == 1024
            && desired.instances[0].metadata.user_data.as_deref() == Some("bmV3")
    })
    .await;
    let device = [
        instance,
        ("BlockDeviceMapping.1.DeviceName", "/dev/sda1"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "false"),
    ];
    world.ok("ModifyInstanceAttribute", &device).await;
    assert_eq!(world.volume.lock().delete_on_termination, [("/dev/sda1".to_owned(), false)]);
    let options = world
        .ok(
            "ModifyInstanceMetadataOptions",
            &[instance, ("HttpTokens", "required"), ("HttpEndpoint", "enabled")],
        )
        .await;
    assert_eq!(options.one("httpTokens"), "required");
    eventually("the node is told", || async { world.node.desired().instances[0].metadata.token_required })
        .await;
    world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "terminated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn console_output_and_status_come_from_the_node() {
    let world = World::new().await;
    let id = world.running().await;
    let console = world.ok("GetConsoleOutput", &[("InstanceId", &id)]).await;
    assert_eq!(console.one("output"), "aGVsbG8gZnJvbSB0aGUgY29uc29sZQ==");
    let status = world.ok("DescribeInstanceStatus", &[("InstanceId.1", &id)]).await;
    assert!(status.body.contains("<status>ok</status>"), "{}", status.body);
}
