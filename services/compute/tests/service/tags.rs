//! Tags, on what is compute's and what is volume's.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_put_found_and_removed_on_every_kind() {
    let world = World::new().await;
    let id = world.running().await;
    let described = world.describe(&id).await;
    let (eni, group, vpc) =
        (described.one("networkInterfaceId"), described.one("groupId"), described.one("vpcId"));
    let allocation = world.ok("AllocateAddress", &[]).await.one("allocationId");
    let image = described.one("imageId");
    let volume = "vol-0123456789abcdef0".to_owned();
    world.volume.lock().tags.insert(volume.clone(), vec![]);
    let all = [&id, &eni, &group, &vpc, &allocation, &image, &volume];
    let names: Vec<String> = (1..=all.len()).map(|n| format!("ResourceId.{n}")).collect();
    let mut parameters: Vec<(&str, &str)> =
        names.iter().zip(all).map(|(name, id)| (name.as_str(), id.as_str())).collect();
    parameters.extend([("Tag.1.Key", "team"), ("Tag.1.Value", "red")]);
    world.ok("CreateTags", &parameters).await;
    let listed = world.ok("DescribeTags", &[("Filter.1.Name", "key"), ("Filter.1.Value.1", "team")]).await;
    assert_eq!(listed.all("resourceId").len(), all.len(), "{}", listed.body);
    let found =
        world.ok("DescribeInstances", &[("Filter.1.Name", "tag:team"), ("Filter.1.Value.1", "r?d")]).await;
    assert_eq!(found.one("instanceId"), id);
    world.ok("DeleteTags", &[("ResourceId.1", &id), ("Tag.1.Key", "team"), ("Tag.1.Value", "blue")]).await;
    assert!(world.describe(&id).await.body.contains("<key>team</key>"));
    world.ok("DeleteTags", &[("ResourceId.1", &id), ("Tag.1.Key", "team")]).await;
    assert!(!world.describe(&id).await.body.contains("<key>team</key>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unknown_resource_keeps_all_from_being_tagged() {
    let world = World::new().await;
    let id = world.running().await;
    for (other, code) in [
        ("vol-0123456789abcdef0", "InvalidVolume.NotFound"),
        ("i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
        ("nonsense", "InvalidID"),
    ] {
        let parameters = [
            ("ResourceId.1", id.as_str()),
            ("ResourceId.2", other),
            ("Tag.1.Key", "a"),
            ("Tag.1.Value", "b"),
        ];
        world.fails("CreateTags", &parameters, code).await;
        assert!(!world.describe(&id).await.body.contains("<key>a</key>"));
    }
}
