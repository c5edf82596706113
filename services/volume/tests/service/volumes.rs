//! Volumes from request to file and back.

use std::os::unix::fs::PermissionsExt;

use volume::Config;

use crate::world::{ADMIN, STRANGER, World, first, has_pattern, tool, write_pattern};

#[tokio::test]
async fn a_volume_is_creating_then_available_then_gone_with_its_file() {
    let world = World::new().await;
    let made = world
        .ok("CreateVolume", &[("AvailabilityZone", "us-east-1a"), ("Size", "3"), ("VolumeType", "gp3")])
        .await;
    assert_eq!(first(&made, "status"), "creating");
    assert_eq!((first(&made, "iops"), first(&made, "throughput")), ("3000".into(), "125".into()));
    assert!(made.contains("<attachmentSet/>") || made.contains("<attachmentSet></attachmentSet>"), "{made}");
    let id = first(&made, "volumeId");
    world.until("available", async || world.volume_status(&id).await == "available").await;
    let mode = std::fs::metadata(world.file(&id)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    assert!(tool("qemu-img", &["info", "-f", "qcow2", world.file(&id).to_str().unwrap()]).contains("3 GiB"));
    world.ok("DeleteVolume", &[("VolumeId", &id)]).await;
    world.until("gone", async || world.volume_status(&id).await == "gone").await;
    assert!(world.files("volumes").is_empty());
    let (code, words) = world.refused("DeleteVolume", &[("VolumeId", &id)]).await;
    assert_eq!(
        (code.as_str(), words),
        ("InvalidVolume.NotFound", format!("The volume '{id}' does not exist."))
    );
}

#[tokio::test]
async fn bad_requests_get_awss_codes_and_change_nothing() {
    let world = World::new().await;
    let zone = ("AvailabilityZone", "us-east-1a");
    for (parameters, code, words) in [
        (vec![zone], "MissingParameter", "size/snapshot"),
        (vec![("Size", "1")], "MissingParameter", "AvailabilityZone"),
        (vec![("AvailabilityZone", "mars-1a"), ("Size", "1")], "InvalidZone.NotFound", "mars-1a"),
        (vec![zone, ("Size", "0")], "InvalidParameterValue", "Size"),
        (vec![zone, ("Size", "-1")], "InvalidParameterValue", "size"),
        (vec![zone, ("Size", "99999")], "InvalidParameterValue", "too large"),
        (vec![zone, ("Size", "x")], "InvalidParameterValue", "Size"),
        (vec![zone, ("Size", "1"), ("VolumeType", "gp9")], "UnknownVolumeType", "gp9"),
        (vec![zone, ("Size", "1"), ("Iops", "100")], "InvalidParameterCombination", "iops"),
        (vec![zone, ("Size", "1"), ("Encrypted", "true")], "UnsupportedOperation", "Encrypted"),
        (vec![zone, ("Size", "1"), ("MultiAttachEnabled", "true")], "UnsupportedOperation", "Multi-Attach"),
        (
            vec![zone, ("SnapshotId", "snap-0123456789abcdef0")],
            "InvalidSnapshot.NotFound",
            "snap-0123456789abcdef0",
        ),
        (vec![zone, ("SnapshotId", "nonsense")], "InvalidParameterValue", "nonsense"),
        (vec![zone, ("SnapshotId", "snap-xyz")], "InvalidSnapshotID.Malformed", "snap-xyz"),
        (vec![zone, ("Size", "1"), ("Nonsense", "1")], "UnknownParameter", "Nonsense"),
        (
            vec![
                zone,
                ("Size", "1"),
                ("TagSpecification.1.ResourceType", "instance"),
                ("TagSpecification.1.Tag.1.Key", "a"),
            ],
            "InvalidParameterValue",
            "instance",
        ),
    ] {
        let refusal = world.refused("CreateVolume", &parameters).await;
        assert_eq!(refusal.0, code, "{parameters:?} {}", refusal.1);
        assert!(refusal.1.contains(words), "{parameters:?} {}", refusal.1);
    }
    assert!(!world.ok("DescribeVolumes", &[]).await.contains("<item>"));
    assert_eq!(
        world.refused("DescribeVolumes", &[("VolumeId.1", "nonsense")]).await.0,
        "InvalidParameterValue"
    );
    assert_eq!(
        world.refused("DescribeVolumes", &[("VolumeId.1", "vol-x")]).await.0,
        "InvalidVolumeID.Malformed"
    );
    let filter = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")];
    assert!(world.refused("DescribeVolumes", &filter).await.1.contains("'colour'"));
}

#[tokio::test]
async fn a_client_token_makes_one_volume() {
    let world = World::new().await;
    let request = [("AvailabilityZone", "us-east-1a"), ("Size", "1"), ("ClientToken", "once")];
    let one = first(&world.ok("CreateVolume", &request).await, "volumeId");
    assert_eq!(first(&world.ok("CreateVolume", &request).await, "volumeId"), one);
    let other = [("AvailabilityZone", "us-east-1a"), ("Size", "2"), ("ClientToken", "once")];
    assert_eq!(world.refused("CreateVolume", &other).await.0, "IdempotentParameterMismatch");
}

#[tokio::test]
async fn volumes_are_found_by_filters_and_pages_and_only_by_their_account() {
    let world = World::new().await;
    let tags = |name: &'static str| {
        [
            ("Size", "1"),
            ("TagSpecification.1.ResourceType", "volume"),
            ("TagSpecification.1.Tag.1.Key", "Name"),
            ("TagSpecification.1.Tag.1.Value", name),
        ]
    };
    let mut ids = Vec::new();
    for name in ["a1", "a2", "b1", "b2", "b3", "b4"] {
        ids.push(world.volume(&tags(name)).await);
    }
    ids.sort();
    let by = async |name: &str, value: &str| {
        let text = world.ok("DescribeVolumes", &[("Filter.1.Name", name), ("Filter.1.Value.1", value)]).await;
        text.matches("<volumeId>").count()
    };
    assert_eq!(by("tag:Name", "b*").await, 4);
    assert_eq!(by("tag-key", "Name").await, 6);
    assert_eq!(by("status", "available").await, 6);
    assert_eq!(by("size", "2").await, 0);
    assert_eq!(by("volume-id", &ids[0]).await, 1);
    assert_eq!(by("attachment.status", "attached").await, 0);
    let page = world.ok("DescribeVolumes", &[("MaxResults", "5")]).await;
    assert_eq!(page.matches("<volumeId>").count(), 5);
    let token = first(&page, "nextToken");
    let rest = world.ok("DescribeVolumes", &[("MaxResults", "5"), ("NextToken", &token)]).await;
    assert_eq!((first(&rest, "volumeId"), first(&rest, "nextToken")), (ids[5].clone(), String::new()));
    assert_eq!(world.refused("DescribeVolumes", &[("MaxResults", "3")]).await.0, "InvalidParameterValue");
    let strangers = world.ask(STRANGER, "DescribeVolumes", &[]).await.unwrap();
    assert!(!strangers.contains("<item>"));
    for action in ["DescribeVolumes", "DescribeVolumeStatus"] {
        let refusal = world.ask(STRANGER, action, &[("VolumeId.1", &ids[0])]).await.unwrap_err();
        assert_eq!(refusal.code, "InvalidVolume.NotFound");
    }
    let refusal = world.ask(STRANGER, "DeleteVolume", &[("VolumeId", &ids[0])]).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidVolume.NotFound");
}

#[tokio::test]
async fn a_volume_of_a_snapshot_has_its_data_and_at_least_its_size() {
    let world = World::new().await;
    let origin = world.volume(&[("Size", "2")]).await;
    write_pattern(&world.file(&origin), 0x5a);
    let snapshot = world.snapshot(&origin).await;
    let small = [("AvailabilityZone", "us-east-1a"), ("SnapshotId", snapshot.as_str()), ("Size", "1")];
    let (code, words) = world.refused("CreateVolume", &small).await;
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(
        words,
        format!("Volume of size 1GB is smaller than snapshot '{snapshot}', expect size >= 2GB")
    );
    let copy = world.volume(&[("SnapshotId", &snapshot)]).await;
    let larger = world.volume(&[("SnapshotId", &snapshot), ("Size", "5")]).await;
    for id in [&copy, &larger] {
        assert!(has_pattern(&world.file(id), 0x5a));
    }
    let shown = world.ok("DescribeVolumes", &[("VolumeId.1", &larger)]).await;
    assert_eq!((first(&shown, "size"), first(&shown, "snapshotId")), ("5".into(), snapshot));
}

#[tokio::test]
async fn an_account_has_its_limits_and_what_goes_makes_room() {
    let config = Config { max_volumes: 2, max_total_gib: 10, ..Config::default() };
    let world = World::with(config, None).await;
    let one = world.volume(&[("Size", "1")]).await;
    let zone = ("AvailabilityZone", "us-east-1a");
    assert_eq!(world.refused("CreateVolume", &[zone, ("Size", "10")]).await.0, "VolumeLimitExceeded");
    world.volume(&[("Size", "9")]).await;
    assert_eq!(world.refused("CreateVolume", &[zone, ("Size", "1")]).await.0, "VolumeLimitExceeded");
    world.ok("DeleteVolume", &[("VolumeId", &one)]).await;
    world.until("gone", async || world.volume_status(&one).await == "gone").await;
    world.volume(&[("Size", "1")]).await;
}

#[tokio::test]
async fn status_and_attributes_tell_what_there_is_to_tell() {
    let world = World::new().await;
    let id = world.volume(&[("Size", "1")]).await;
    let status = world.ok("DescribeVolumeStatus", &[("VolumeId.1", &id)]).await;
    assert!(status.contains("<status>ok</status>"), "{status}");
    let attribute = |name: &'static str| [("VolumeId", id.clone()), ("Attribute", name.to_owned())];
    for (name, expected) in
        [("autoEnableIO", "<autoEnableIO><value>true</value>"), ("productCodes", "<productCodes")]
    {
        let given = attribute(name);
        let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = world.ask(ADMIN, "DescribeVolumeAttribute", &given).await.unwrap();
        assert!(text.contains(expected), "{text}");
    }
    let bad = [("VolumeId", id.as_str()), ("Attribute", "colour")];
    assert_eq!(world.refused("DescribeVolumeAttribute", &bad).await.0, "InvalidParameterValue");
}
