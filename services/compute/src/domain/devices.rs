//! Disks of images and launches: block device mappings laid over one another, and what volume is to make of them.

use api_spec::ErrorCode;
use api_spec::ec2::images::RequestBlockDeviceMapping;
use api_spec::ids::SnapshotId;
use calls::Tag;
use calls::volume::LaunchVolume;

use super::image::{Image, ImageDevice, is_device_name};
use crate::error::{Error, Kind, id};

/// The disks of an instance: the image's, changed and added to as the launch says; the root disk first.
///
/// # Errors
/// `InvalidBlockDeviceMapping` and the codes of malformed ids.
pub fn volumes(
    image: &Image,
    asked: &[RequestBlockDeviceMapping],
    tags: &[Tag],
) -> Result<Vec<LaunchVolume>, Error> {
    let devices = merge(image.devices.clone(), asked)?;
    let mut volumes: Vec<LaunchVolume> = devices
        .into_iter()
        .map(|device| LaunchVolume {
            boot: device.device == image.root_device,
            device: device.device,
            snapshot: device.snapshot,
            size_gib: Some(device.size_gib).filter(|size| *size > 0),
            volume_type: Some(device.volume_type).filter(|kind| !kind.is_empty()),
            iops: device.iops,
            throughput: device.throughput,
            encrypted: device.encrypted,
            delete_on_termination: device.delete_on_termination,
            tags: tags.to_vec(),
        })
        .collect();
    if !volumes.iter().any(|volume| volume.boot) {
        return Err(mapping(format!("the root device {} cannot be left out", image.root_device)));
    }
    volumes.sort_by_key(|volume| !volume.boot);
    Ok(volumes)
}

fn mapping(why: impl std::fmt::Display) -> Error {
    Error::refused(ErrorCode::InvalidBlockDeviceMapping, format!("Invalid block device mapping: {why}"))
}

/// Devices after a request's mappings have been laid over them. A size of 0 means that of the snapshot.
///
/// # Errors
/// `InvalidBlockDeviceMapping`.
pub fn merge(
    mut devices: Vec<ImageDevice>,
    asked: &[RequestBlockDeviceMapping],
) -> Result<Vec<ImageDevice>, Error> {
    let mut seen: Vec<&str> = Vec::new();
    for one in asked {
        let name =
            one.device_name.as_deref().ok_or_else(|| Error::missing("BlockDeviceMapping.DeviceName"))?;
        if !is_device_name(name) {
            return Err(mapping(format!("Value ({name}) for parameter deviceName is invalid")));
        }
        if seen.contains(&name) {
            return Err(mapping(format!("{name} is given twice")));
        }
        seen.push(name);
        let at = devices.iter().position(|device| device.device == name);
        if one.no_device.is_some() {
            if one.ebs.is_some() {
                return Err(mapping(format!("{name} has both Ebs and NoDevice")));
            }
            if let Some(at) = at {
                devices.remove(at);
            }
            continue;
        }
        if one.virtual_name.is_some() {
            return Err(mapping("instance store volumes (VirtualName) are not supported"));
        }
        let before = at.map(|at| devices.remove(at));
        devices.push(overlay(name, before, one)?);
    }
    Ok(devices)
}

fn overlay(
    name: &str,
    before: Option<ImageDevice>,
    asked: &RequestBlockDeviceMapping,
) -> Result<ImageDevice, Error> {
    let ebs = asked.ebs.as_ref().ok_or_else(|| mapping(format!("{name} has no Ebs")))?;
    let number = |name: &str, value: Option<i32>| {
        value
            .map(|n| {
                u32::try_from(n).map_err(|_| mapping(format!("Value ({n}) for parameter {name} is invalid")))
            })
            .transpose()
    };
    let mut device = before.unwrap_or_else(|| ImageDevice {
        device: name.to_owned(),
        snapshot: None,
        size_gib: 0,
        volume_type: String::new(),
        iops: None,
        throughput: None,
        encrypted: None,
        delete_on_termination: true,
    });
    if let Some(text) = &ebs.snapshot_id {
        let snapshot: SnapshotId = id(Kind::Snapshot, text)?;
        if device.snapshot.as_ref().is_some_and(|before| *before != snapshot) {
            return Err(mapping(format!("snapshotId cannot be modified on device {name}")));
        }
        device.snapshot = Some(snapshot);
    }
    match number("volumeSize", ebs.volume_size)? {
        Some(size) if !(1..=16384).contains(&size) => {
            return Err(mapping(format!("Volume of size {size}GB is invalid; 1 to 16384")));
        }
        Some(size) => device.size_gib = size,
        None if device.snapshot.is_none() => {
            return Err(mapping(format!("{name} has neither snapshot nor size")));
        }
        None => {}
    }
    if let Some(kind) = &ebs.volume_type {
        if !["standard", "gp2", "gp3", "io1", "io2", "st1", "sc1"].contains(&kind.as_str()) {
            return Err(Error::value(format!("Invalid value '{kind}' for volumeType")));
        }
        device.volume_type.clone_from(kind);
    }
    if ebs.kms_key_id.is_some() || ebs.encrypted == Some(true) {
        return Err(Error::unsupported("Encrypted volumes are not supported"));
    }
    device.iops = number("iops", ebs.iops)?.or(device.iops);
    device.throughput = number("throughput", ebs.throughput)?.or(device.throughput);
    device.encrypted = ebs.encrypted.or(device.encrypted);
    device.delete_on_termination = ebs.delete_on_termination.unwrap_or(device.delete_on_termination);
    Ok(device)
}

#[cfg(test)]
mod tests {
    use api_spec::ec2::images::RequestEbsBlockDevice;

    use super::*;

    fn asked(name: &str, size: Option<i32>) -> RequestBlockDeviceMapping {
        RequestBlockDeviceMapping {
            device_name: Some(name.into()),
            virtual_name: None,
            no_device: None,
            ebs: Some(RequestEbsBlockDevice {
                delete_on_termination: Some(false),
                iops: None,
                snapshot_id: None,
                volume_size: size,
                volume_type: None,
                kms_key_id: None,
                throughput: None,
                encrypted: None,
            }),
        }
    }

    fn root() -> ImageDevice {
        ImageDevice {
            device: "/dev/sda1".into(),
            snapshot: Some("snap-0123456789abcdef0".parse().unwrap()),
            size_gib: 1,
            volume_type: "gp2".into(),
            iops: None,
            throughput: None,
            encrypted: None,
            delete_on_termination: true,
        }
    }

    #[test]
    fn a_launch_changes_adds_and_leaves_out_disks() {
        let merged = merge(vec![root()], &[asked("/dev/sda1", Some(8)), asked("/dev/sdb", Some(2))]).unwrap();
        assert_eq!((merged[0].size_gib, merged[0].delete_on_termination), (8, false));
        assert_eq!((merged[0].snapshot.is_some(), merged[1].snapshot.is_some()), (true, false));
        let none = RequestBlockDeviceMapping {
            ebs: None,
            no_device: Some(String::new()),
            ..asked("/dev/sda1", None)
        };
        assert!(merge(vec![root()], &[none]).unwrap().is_empty());
        for wrong in [
            asked("/dev/sdb", None),
            asked("/dev/sdb", Some(0)),
            asked("/dev/sdb", Some(-1)),
            asked("/dev/sdb", Some(16385)),
            asked("/dev/../x", Some(1)),
        ] {
            assert!(merge(vec![root()], &[wrong]).is_err());
        }
        assert!(merge(vec![], &[asked("/dev/sdb", Some(1)), asked("/dev/sdb", Some(1))]).is_err());
    }
}
