//! Elastic IPs.

use crate::fakes::STRANGER;
use crate::world::{World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn an_elastic_ip_takes_the_place_of_the_dynamic_address_and_gives_it_back() {
    let world = World::new().await;
    let id = world.running().await;
    let dynamic = world.describe(&id).await.one("ipAddress");
    let elastic = world.ok("AllocateAddress", &[("Domain", "vpc")]).await;
    let (allocation, address) = (elastic.one("allocationId"), elastic.one("publicIp"));
    assert_ne!(address, dynamic);
    let parameters = [("AllocationId", allocation.as_str()), ("InstanceId", id.as_str())];
    let association = world.ok("AssociateAddress", &parameters).await.one("associationId");
    assert_eq!(world.describe(&id).await.one("ipAddress"), address);
    eventually("the node maps it", || async {
        world.node.desired().instances[0].nics[0].public.map(|ip| ip.to_string()) == Some(address.clone())
    })
    .await;
    world.fails("ReleaseAddress", &[("AllocationId", &allocation)], "InvalidIPAddress.InUse").await;
    let listed =
        world.ok("DescribeAddresses", &[("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", &id)]).await;
    assert_eq!(listed.one("associationId"), association);

    world.ok("StopInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "stopped").await;
    assert_eq!(world.describe(&id).await.one("ipAddress"), address, "an elastic IP stays while stopped");
    world.ok("StartInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "running").await;

    let other = world.running().await;
    let moving = [("AllocationId", allocation.as_str()), ("InstanceId", other.as_str())];
    world.fails("AssociateAddress", &moving, "Resource.AlreadyAssociated").await;
    let allowed = [moving.as_slice(), &[("AllowReassociation", "true")]].concat();
    let association = world.ok("AssociateAddress", &allowed).await.one("associationId");
    assert_eq!(world.describe(&other).await.one("ipAddress"), address);
    assert_ne!(
        world.describe(&id).await.one("ipAddress"),
        address,
        "a running instance gets one of the pool again"
    );

    world.ok("DisassociateAddress", &[("AssociationId", &association)]).await;
    world
        .fails("DisassociateAddress", &[("AssociationId", &association)], "InvalidAssociationID.NotFound")
        .await;
    world.ok("ReleaseAddress", &[("AllocationId", &allocation)]).await;
    world
        .fails("DescribeAddresses", &[("AllocationId.1", &allocation)], "InvalidAllocationID.NotFound")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn termination_frees_an_elastic_ip_but_does_not_release_it() {
    let world = World::new().await;
    let id = world.running().await;
    let allocation = world.ok("AllocateAddress", &[]).await.one("allocationId");
    world.ok("AssociateAddress", &[("AllocationId", &allocation), ("InstanceId", &id)]).await;
    world.ok("TerminateInstances", &[("InstanceId.1", &id)]).await;
    world.until_state(&id, "terminated").await;
    let listed = world.ok("DescribeAddresses", &[("AllocationId.1", &allocation)]).await;
    assert!(!listed.has("associationId"));
    world.ok("ReleaseAddress", &[("AllocationId", &allocation)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elastic_ips_are_counted_and_belong_to_their_account() {
    let world = World::with(|config| config.address_limit = 1).await;
    let allocation = world.ok("AllocateAddress", &[]).await.one("allocationId");
    world.fails("AllocateAddress", &[], "AddressLimitExceeded").await;
    let refused = world.call(STRANGER, "ReleaseAddress", &[("AllocationId", &allocation)]).await;
    assert_eq!(refused.all("Code"), ["InvalidAllocationID.NotFound"]);
}
