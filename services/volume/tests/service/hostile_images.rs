//! Images made to read files of this host: none becomes a snapshot, and none of the host's bytes gets anywhere.

use std::path::Path;

use crate::imports::import;
use crate::world::{World, tool};

async fn refused(world: &World, format: &str, content: Vec<u8>) -> String {
    let task = import(world, format, content).await;
    assert!(task.contains("<status>deleted</status>"), "{task}");
    assert!(task.contains("ClientError: Disk validation failed"), "{task}");
    assert!(!world.ok("DescribeSnapshots", &[]).await.contains("<item>"));
    assert!(world.files("snapshots").is_empty());
    world.until("the object is gone", async || world.files("imports").is_empty()).await;
    task
}

fn secret(dir: &Path) -> String {
    let path = dir.join("shadow");
    std::fs::write(&path, vec![0x99; 1 << 20]).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_qcow2_with_a_backing_file_is_refused() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    let (secret, image) = (secret(dir.path()), dir.path().join("image"));
    let path = image.to_str().unwrap();
    tool("qemu-img", &["create", "-f", "qcow2", "-F", "raw", "-b", &secret, path]);
    let task = refused(&world, "QCOW2", std::fs::read(&image).unwrap()).await;
    assert!(task.contains("backing file"), "{task}");
}

#[tokio::test]
async fn a_qcow2_with_an_external_data_file_is_refused() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    let image = dir.path().join("image");
    let option = format!("data_file={},data_file_raw=on", dir.path().join("data").display());
    tool("qemu-img", &["create", "-f", "qcow2", "-o", &option, image.to_str().unwrap(), "1M"]);
    refused(&world, "QCOW2", std::fs::read(&image).unwrap()).await;
}

#[tokio::test]
async fn a_vmdk_that_names_another_file_is_refused() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    let secret = secret(dir.path());
    let descriptor = format!(
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n\
         RW 2048 FLAT \"{secret}\" 0\n"
    );
    refused(&world, "VMDK", descriptor.clone().into_bytes()).await;
    // the same behind the binary form's mark, with a capacity of 0 that makes the descriptor count
    let mut image = vec![0; 1 << 16];
    image[..4].copy_from_slice(b"KDMV");
    image[4..8].copy_from_slice(&1u32.to_le_bytes());
    image[28..36].copy_from_slice(&1u64.to_le_bytes());
    image[36..44].copy_from_slice(&20u64.to_le_bytes());
    image[512..512 + descriptor.len()].copy_from_slice(descriptor.as_bytes());
    refused(&world, "VMDK", image).await;
}

#[tokio::test]
async fn a_raw_image_is_bytes_even_if_they_look_like_a_qcow2() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    let (secret, image) = (secret(dir.path()), dir.path().join("image"));
    tool("qemu-img", &["create", "-f", "qcow2", "-F", "raw", "-b", &secret, image.to_str().unwrap()]);
    let content = std::fs::read(&image).unwrap();
    let task = import(&world, "RAW", content.clone()).await;
    assert!(task.contains("<status>completed</status>"), "{task}");
    let snapshot = world.file(&crate::world::first(&task, "snapshotId"));
    // the disk has the image's own bytes, the path in it among them
    let command = format!("read -v 0 {}", content.len().next_multiple_of(512));
    let dump = tool("qemu-io", &["-r", "-f", "qcow2", "-c", &command, snapshot.to_str().unwrap()]);
    let shown: Vec<u8> =
        dump.lines().filter_map(|line| line.split_once(":  ")).flat_map(|(_, rest)| bytes(rest)).collect();
    assert_eq!(shown[..content.len()], content[..]);
}

/// The bytes of a line of a hexadecimal dump.
fn bytes(line: &str) -> Vec<u8> {
    line.split_whitespace().take(16).filter_map(|two| u8::from_str_radix(two, 16).ok()).collect()
}

#[tokio::test]
async fn what_is_no_image_at_all_is_refused() {
    let world = World::new().await;
    for (format, content) in [
        ("QCOW2", b"hello".to_vec()),
        ("QCOW2", b"QFI\xfb\0\0\0\x03".iter().copied().chain(std::iter::repeat_n(0, 4096)).collect()),
        ("VHD", vec![7; 4096]),
        ("VHDX", b"vhdxfile and nothing else".to_vec()),
        ("VMDK", vec![0; 70_000]),
        ("RAW", vec![]),
    ] {
        refused(&world, format, content).await;
    }
}

#[tokio::test]
async fn a_disk_larger_than_allowed_is_refused() {
    let (world, dir) = (World::new().await, tempfile::tempdir().unwrap());
    let image = dir.path().join("image");
    tool("qemu-img", &["create", "-f", "qcow2", image.to_str().unwrap(), "20T"]);
    let task = refused(&world, "QCOW2", std::fs::read(&image).unwrap()).await;
    assert!(task.contains("larger than 16384 GiB"), "{task}");
}
