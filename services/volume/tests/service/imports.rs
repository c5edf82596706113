//! ImportSnapshot from request to snapshot.

use crate::world::{ADMIN, STRANGER, World, first, has_pattern, tool};

const CONTAINER: [(&str, &str); 3] = [
    ("DiskContainer.Format", "RAW"),
    ("DiskContainer.UserBucket.S3Bucket", "images"),
    ("DiskContainer.UserBucket.S3Key", "disk"),
];

/// Puts an object there.
pub fn put(world: &World, key: &str, content: Vec<u8>) {
    world.around.facts().objects.insert(format!("images/{key}"), content);
}

/// Imports and gives the task when it has ended.
pub async fn import(world: &World, format: &str, content: Vec<u8>) -> String {
    put(world, "disk", content);
    let mut request = CONTAINER;
    request[0].1 = format;
    let task = first(&world.ok("ImportSnapshot", &request).await, "importTaskId");
    ended(world, &task).await
}

async fn ended(world: &World, task: &str) -> String {
    let describe = async || world.ok("DescribeImportSnapshotTasks", &[("ImportTaskId.1", task)]).await;
    world.until("the task ends", async || !describe().await.contains("<status>active</status>")).await;
    describe().await
}

#[tokio::test]
async fn a_raw_disk_becomes_a_snapshot_of_whole_gibibytes() {
    let world = World::new().await;
    put(&world, "disk", vec![0x77; 3 << 20]);
    let mut request = CONTAINER.to_vec();
    request.extend([
        ("Description", "a disk"),
        ("TagSpecification.1.ResourceType", "import-snapshot-task"),
        ("TagSpecification.1.Tag.1.Key", "a"),
        ("TagSpecification.1.Tag.1.Value", "b"),
    ]);
    let begun = world.ok("ImportSnapshot", &request).await;
    assert_eq!((first(&begun, "status"), first(&begun, "s3Key")), ("active".into(), "disk".into()));
    assert_eq!(first(&begun, "diskImageSize"), "3145728");
    let task = first(&begun, "importTaskId");
    let done = ended(&world, &task).await;
    assert!(done.contains("<status>completed</status>"), "{done}");
    assert!(done.contains("<key>a</key><value>b</value>"), "{done}");
    let id = first(&done, "snapshotId");
    let shown = world.ok("DescribeSnapshots", &[("SnapshotId.1", &id)]).await;
    assert_eq!((first(&shown, "volumeSize"), first(&shown, "volumeId")), ("1".into(), "vol-ffffffff".into()));
    assert_eq!(first(&shown, "description"), "a disk");
    assert!(has_pattern(&world.file(&id), 0x77));
    world.until("the object is gone", async || world.files("imports").is_empty()).await;
    let refusal =
        world.ask(STRANGER, "DescribeImportSnapshotTasks", &[("ImportTaskId.1", &task)]).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidConversionTaskId");
    assert!(!world.ask(STRANGER, "DescribeImportSnapshotTasks", &[]).await.unwrap().contains("<item>"));
    let volume = world.volume(&[("SnapshotId", &id)]).await;
    assert!(has_pattern(&world.file(&volume), 0x77));
}

#[tokio::test]
async fn images_of_every_format_keep_their_content() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    std::fs::write(&raw, vec![0x66; 4 << 20]).unwrap();
    for (format, qemu, options) in [
        ("qcow2", "qcow2", "compat=0.10"),
        ("VMDK", "vmdk", "subformat=streamOptimized"),
        ("vmdk", "vmdk", "subformat=monolithicSparse"),
        ("VHD", "vpc", "subformat=dynamic"),
        ("VHD", "vpc", "subformat=fixed"),
        ("VHDX", "vhdx", "subformat=dynamic"),
    ] {
        let image = dir.path().join("image");
        let (from, to) = (raw.to_str().unwrap(), image.to_str().unwrap());
        tool("qemu-img", &["convert", "-f", "raw", "-O", qemu, "-o", options, from, to]);
        let done = import(&world, format, std::fs::read(&image).unwrap()).await;
        assert!(done.contains("<status>completed</status>"), "{format} {options}: {done}");
        assert!(has_pattern(&world.file(&first(&done, "snapshotId")), 0x66), "{format} {options}");
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_had_is_the_requests_answer() {
    let world = World::new().await;
    assert_eq!(world.refused("ImportSnapshot", &CONTAINER).await.0, "InvalidParameter");
    put(&world, "disk", vec![1]);
    world.around.facts().unreadable_for.push(ADMIN.into());
    let (code, words) = world.refused("ImportSnapshot", &CONTAINER).await;
    assert_eq!(code, "UnauthorizedOperation");
    assert!(words.contains("s3:GetObject"), "{words}");
    world.around.facts().unreadable_for.clear();
    for (parameters, code) in [
        (vec![], "MissingParameter"),
        (vec![("DiskContainer.Format", "RAW")], "MissingParameter"),
        (vec![("DiskContainer.Format", "ISO"), CONTAINER[1], CONTAINER[2]], "InvalidParameter"),
        (vec![("DiskContainer.Format", "RAW"), ("DiskContainer.Url", "http://x/y")], "InvalidParameter"),
        (vec![CONTAINER[0], CONTAINER[1], CONTAINER[2], ("Encrypted", "true")], "UnsupportedOperation"),
    ] {
        assert_eq!(world.refused("ImportSnapshot", &parameters).await.0, code, "{parameters:?}");
    }
    assert!(!world.ok("DescribeImportSnapshotTasks", &[]).await.contains("<item>"));
    let by_url = [("DiskContainer.Format", "RAW"), ("DiskContainer.Url", "s3://images/disk")];
    let task = first(&world.ok("ImportSnapshot", &by_url).await, "importTaskId");
    assert!(ended(&world, &task).await.contains("<status>completed</status>"));
}

#[tokio::test]
async fn a_client_token_makes_one_task() {
    let world = World::new().await;
    put(&world, "disk", vec![1; 512]);
    let mut request = CONTAINER.to_vec();
    request.push(("ClientToken", "once"));
    let one = first(&world.ok("ImportSnapshot", &request).await, "importTaskId");
    assert_eq!(first(&world.ok("ImportSnapshot", &request).await, "importTaskId"), one);
}
