//! Quotas: denied by what there would be, with EC2's own limit errors, and not to be slipped past by a race.

use crate::fakes::{ADMIN, LIMITED, LITTLE};
use crate::world::{Reply, World};

async fn launch(world: &World, image: &str, kind: &str, (min, max): (&str, &str)) -> Reply {
    let parameters = [("ImageId", image), ("InstanceType", kind), ("MinCount", min), ("MaxCount", max)];
    world.call(LIMITED, "RunInstances", &parameters).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_over_quota_gives_the_limit_error_of_the_service() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let three = launch(&world, &image, "t2.nano", ("3", "3")).await;
    assert_eq!(three.all("Code"), ["InstanceLimitExceeded"], "{}", three.body);
    let some = launch(&world, &image, "t2.nano", ("1", "9")).await;
    assert_eq!(some.all("instanceId").len(), 2, "as many as the quota lets there be");
    world.ok("TerminateInstances", &[("InstanceId.1", &some.all("instanceId")[0])]).await;
    world.until_state(&some.all("instanceId")[0], "terminated").await;
    let large = launch(&world, &image, "t2.xlarge", ("1", "1")).await;
    assert_eq!(large.all("Code"), ["VcpuLimitExceeded"], "{}", large.body);
    let others =
        [("ImageId", image.as_str()), ("InstanceType", "t2.nano"), ("MinCount", "2"), ("MaxCount", "2")];
    assert_eq!(world.call(ADMIN, "RunInstances", &others).await.status, 200, "the quota is one user's");
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_launches_cannot_both_slip_over() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let replies =
        futures_util::future::join_all((0..6).map(|_| launch(&world, &image, "t2.nano", ("1", "1")))).await;
    let launched = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(launched, 2);
    let refused = replies.iter().filter(|reply| reply.status != 200);
    assert!(refused.map(|reply| reply.one("Code")).all(|code| code == "InstanceLimitExceeded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_larger_type_and_one_more_address_are_counted_too() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let id = launch(&world, &image, "t2.nano", ("1", "1")).await.one("instanceId");
    world.until_state(&id, "running").await;
    world.ok("StopInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "stopped").await;
    let change = |kind| [("InstanceId", id.as_str()), ("InstanceType.Value", kind)];
    let refused = world.call(LIMITED, "ModifyInstanceAttribute", &change("t2.xlarge")).await;
    assert_eq!(refused.all("Code"), ["VcpuLimitExceeded"], "{}", refused.body);
    assert_eq!(world.call(LIMITED, "ModifyInstanceAttribute", &change("t2.large")).await.status, 200);
    assert_eq!(world.call(LIMITED, "AllocateAddress", &[]).await.status, 200);
    assert_eq!(world.call(LIMITED, "AllocateAddress", &[]).await.all("Code"), ["AddressLimitExceeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_gives_as_many_as_there_may_be_disks_for_and_leaves_nothing_of_one_that_cannot_be() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    world.volume.lock().room = Some(2);
    let launch = async |min: &str, max: &str| {
        let counts =
            [("ImageId", image.as_str()), ("InstanceType", "t2.nano"), ("MinCount", min), ("MaxCount", max)];
        world.call(ADMIN, "RunInstances", &counts).await
    };
    let refused = launch("3", "4").await;
    assert_eq!(refused.all("Code"), ["VolumeLimitExceeded"], "{}", refused.body);
    assert!(!world.ok("DescribeInstances", &[]).await.has("instanceId"));
    let some = launch("1", "4").await;
    assert_eq!(some.all("instanceId").len(), 2, "{}", some.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_counted_over_all_instances_stopped_ones_too() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let id = world.run(&[]).await;
    world.until_state(&id, "running").await;
    world.ok("StopInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "stopped").await;
    let parameters =
        |kind| [("ImageId", image.as_str()), ("InstanceType", kind), ("MinCount", "1"), ("MaxCount", "1")];
    let refused = world.call(LITTLE, "RunInstances", &parameters("t2.micro")).await;
    assert_eq!(refused.all("Code"), ["InstanceLimitExceeded"], "{}", refused.body);
    assert!(refused.one("Message").contains("1536 MiB"), "{}", refused.body);
    assert_eq!(world.call(LITTLE, "RunInstances", &parameters("t2.nano")).await.status, 200);
}
