//! Images.

use crate::fakes::STRANGER;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_image_holds_its_snapshot_until_it_is_deregistered() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let held: Vec<String> = world.volume.lock().held.iter().map(|(_, image)| image.clone()).collect();
    assert_eq!(held, std::slice::from_ref(&image));
    let described = world.ok("DescribeImages", &[("Owner.1", "self"), ("ImageId.1", &image)]).await;
    assert_eq!((described.one("imageState"), described.one("volumeSize")), ("available".into(), "1".into()));
    world.ok("DeregisterImage", &[("ImageId", &image)]).await;
    assert_eq!(world.volume.lock().held, []);
    world.fails("DescribeImages", &[("ImageId.1", &image)], "InvalidAMIID.NotFound").await;
    world.fails("DeregisterImage", &[("ImageId", &image)], "InvalidAMIID.NotFound").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_private_until_it_is_shared() {
    let world = World::new().await;
    let image = world.image("tiny").await;
    let seen = |_: ()| async { world.call(STRANGER, "DescribeImages", &[]).await.has("imageId") };
    assert!(!seen(()).await);
    let share = [("ImageId", image.as_str()), ("LaunchPermission.Add.1.UserId", STRANGER.account)];
    world.ok("ModifyImageAttribute", &share).await;
    assert!(seen(()).await);
    let refused = world.call(STRANGER, "DeregisterImage", &[("ImageId", &image)]).await;
    assert_eq!(refused.all("Code"), ["AuthFailure"]);
    let listed =
        world.ok("DescribeImageAttribute", &[("ImageId", &image), ("Attribute", "launchPermission")]).await;
    assert_eq!(listed.one("userId"), STRANGER.account);
    world.ok("ModifyImageAttribute", &[("ImageId", &image), ("Description.Value", "new words")]).await;
    assert_eq!(world.ok("DescribeImages", &[("ImageId.1", &image)]).await.one("description"), "new words");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_unique_and_snapshots_must_exist_and_fit() {
    let world = World::new().await;
    world.image("tiny").await;
    let big = world.snapshot(7, 8);
    let base = |snapshot: &str, name: &str, size: &str| {
        [
            ("Name".to_owned(), name.to_owned()),
            ("BlockDeviceMapping.1.DeviceName".into(), "/dev/sda1".into()),
            ("BlockDeviceMapping.1.Ebs.SnapshotId".into(), snapshot.to_owned()),
            ("BlockDeviceMapping.1.Ebs.VolumeSize".into(), size.to_owned()),
        ]
    };
    for (snapshot, name, size, code) in [
        (big.as_str(), "tiny", "8", "InvalidAMIName.Duplicate"),
        (&big, "small", "7", "InvalidBlockDeviceMapping"),
        ("snap-00000000000000fff", "gone", "8", "InvalidSnapshot.NotFound"),
        ("snap-x", "odd", "8", "InvalidSnapshotID.Malformed"),
        (&big, "x", "8", "InvalidAMIName.Malformed"),
    ] {
        let parameters = base(snapshot, name, size);
        let borrowed: Vec<_> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        world.fails("RegisterImage", &borrowed, code).await;
    }
    assert_eq!(world.ok("DescribeImages", &[]).await.all("imageId").len(), 1);
}
