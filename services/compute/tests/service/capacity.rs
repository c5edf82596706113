//! Room on nodes: never more memory than there is, processors by the ratio, and told at once.

use calls::node::Capacity;

use crate::fakes::ADMIN;
use crate::world::World;

async fn room(world: &World, cpus: u32, memory_mib: u64) {
    world.node.change(|node| node.capacity = Capacity { cpus, memory_mib });
    world.until_the_node_is_heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_never_overcommitted_and_stopped_instances_give_it_back() {
    let world = World::with(|config| config.memory_overhead_mib = 88).await;
    room(&world, 64, 1300).await; // 2 x (512 + 88), and 100 more
    let (first, _second) = (world.running().await, world.running().await);
    let image = world.image("tiny").await;
    let third =
        [("ImageId", image.as_str()), ("InstanceType", "t2.nano"), ("MinCount", "1"), ("MaxCount", "1")];
    world.fails("RunInstances", &third, "InsufficientInstanceCapacity").await;
    world.ok("StopInstances", &[("InstanceId.1", &first)]).await;
    world.until_state(&first, "stopped").await;
    world.ok("RunInstances", &third).await;
    world.fails("StartInstances", &[("InstanceId.1", &first)], "InsufficientInstanceCapacity").await;
    assert_eq!(world.state(&first).await, "stopped");
    assert!(!world.describe(&first).await.has("ipAddress"), "a start that was refused takes no address");
}

#[tokio::test(flavor = "multi_thread")]
async fn processors_are_overcommitted_by_the_ratio_and_no_further() {
    let world = World::with(|config| config.cpu_ratio = 2).await;
    room(&world, 1, 65536).await;
    let image = world.image("tiny").await;
    let parameters =
        [("ImageId", image.as_str()), ("InstanceType", "t2.nano"), ("MinCount", "1"), ("MaxCount", "9")];
    let some = world.ok("RunInstances", &parameters).await;
    assert_eq!(some.all("instanceId").len(), 2, "as many as there is room for");
    let indexes = some.all("amiLaunchIndex");
    assert_eq!(indexes, ["0", "1"]);
    world.fails("RunInstances", &parameters, "InsufficientInstanceCapacity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_min_count_allows_is_all_or_nothing() {
    let world = World::new().await;
    room(&world, 1, 65536).await;
    let image = world.image("tiny").await;
    let parameters =
        [("ImageId", image.as_str()), ("InstanceType", "t2.nano"), ("MinCount", "5"), ("MaxCount", "5")];
    world.fails("RunInstances", &parameters, "InsufficientInstanceCapacity").await;
    assert!(!world.ok("DescribeInstances", &[]).await.has("instanceId"));
    assert!(world.volume.lock().launched.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_never_seen_has_no_room() {
    let mut world = World::with(|config| {
        config.nodes[0].name = "elsewhere".into();
        config.nodes[0].socket = Some("/nonexistent/node.sock".into());
        config.nodes.push(compute::config::NodeConfig { name: "local".into(), zone: None, socket: None });
    })
    .await;
    world.stop().await;
    world.config.nodes.truncate(1);
    world.start().await;
    let image = world.image("tiny").await;
    let parameters = [("ImageId", image.as_str()), ("MinCount", "1"), ("MaxCount", "1")];
    world.fails("RunInstances", &parameters, "InsufficientInstanceCapacity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn public_addresses_running_out_leave_instances_without_and_allocations_refused() {
    let world = World::with(|config| config.address_limit = 1000).await;
    let mut last = String::new();
    for _ in 0..253 {
        last = world.ok("AllocateAddress", &[]).await.one("allocationId");
    }
    world.fails("AllocateAddress", &[], "InsufficientAddressCapacity").await;
    let id = world.running().await;
    assert!(!world.describe(&id).await.has("ipAddress"));
    let reply = world.call(ADMIN, "ReleaseAddress", &[("AllocationId", &last)]).await;
    assert_eq!(reply.status, 200);
}
