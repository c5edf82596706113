//! Registering, describing and deregistering images.

use api_spec::ec2::images::{
    BlockDeviceMapping, DeregisterImage, DeregisterImageResult, DescribeImages, DescribeImagesResult,
    EbsBlockDevice, RegisterImage, RegisterImageResult,
};
use api_spec::ids::{ImageId, SnapshotId};
use api_spec::{ApiError, ErrorCode};
use calls::Tag;
use calls::volume::{LookUpSnapshots, SnapshotInfo};
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::{Read, Tx};

use super::filter::{Filtered, by_id, flag, maybe, one, page, select};
use super::shown;
use crate::domain::image::{Image, ImageDevice, is_device_name, is_name};
use crate::domain::{devices, tags};
use crate::error::{Error, Kind, id};
use crate::reconcile::hold_snapshots::hold;
use crate::service::Service;
use crate::store::images::{self, IMAGES};

impl Serve<RegisterImage> for Service {
    async fn access(&self, op: &RegisterImage, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let [tags, _] = tags::specified(&op.tag_specifications, ["image", "snapshot"])?;
        let mut accesses = self.creating(caller, "RegisterImage", "image", &tags);
        for snapshot in
            op.block_device_mappings.iter().filter_map(|one| one.ebs.as_ref()?.snapshot_id.as_ref())
        {
            accesses.push(self.on_tagged(caller, "RegisterImage", snapshot).await?);
        }
        Ok(accesses)
    }

    async fn handle(&self, op: RegisterImage, caller: &Caller) -> Result<RegisterImageResult, ApiError> {
        let mut image = self.read_image(&op, caller)?;
        let found = self.snapshots_of(&image).await?;
        fit(&mut image, &found)?;
        let id = image.id.clone();
        self.store.transact(move |tx| put_new(tx, &image)).await?;
        // from here on the snapshots are held; one that went before that takes the image with it
        if let Err(error) = self.hold_and_check(&id).await {
            let gone = id.clone();
            self.store.transact(move |tx| Ok::<_, Error>(tx.delete(&IMAGES, &gone)?)).await?;
            return Err(error.into());
        }
        Ok(RegisterImageResult { image_id: id.to_string() })
    }
}

impl Service {
    fn read_image(&self, op: &RegisterImage, caller: &Caller) -> Result<Image, Error> {
        refuse_unsupported(op)?;
        if !is_name(&op.name) {
            let message = "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, \
                           '(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'";
            return Err(Error::refused(ErrorCode::InvalidAmiNameMalformed, message));
        }
        if op.description.as_ref().is_some_and(|text| text.chars().count() > 255) {
            return Err(Error::value("The description may be at most 255 characters long"));
        }
        let root_device = op.root_device_name.clone().unwrap_or_else(|| "/dev/sda1".into());
        if !is_device_name(&root_device) {
            return Err(Error::value(format!(
                "Value ({root_device}) for parameter rootDeviceName is invalid."
            )));
        }
        let devices = devices::merge(Vec::new(), &op.block_device_mappings)?;
        if !devices.iter().any(|device| device.device == root_device && device.snapshot.is_some()) {
            let message = format!("A snapshot for the root device {root_device} is required");
            return Err(Error::refused(ErrorCode::InvalidBlockDeviceMapping, message));
        }
        let [tags, _] = tags::specified(&op.tag_specifications, ["image", "snapshot"])?;
        Ok(Image {
            id: ImageId::from_random(self.context.random.u128()),
            account_id: caller.account_id().to_owned(),
            name: op.name.clone(),
            description: op.description.clone(),
            architecture: op.architecture.clone().unwrap_or_else(|| "x86_64".into()),
            root_device,
            devices,
            imds_v2: op.imds_support.is_some(),
            public: false,
            shared_with: Vec::new(),
            created_at: caller.now,
            tags,
        })
    }

    async fn snapshots_of(&self, image: &Image) -> Result<Vec<SnapshotInfo>, Error> {
        let snapshots: Vec<SnapshotId> =
            image.devices.iter().filter_map(|one| one.snapshot.clone()).collect();
        self.look_up_snapshots(&image.account_id, snapshots).await
    }

    /// What volume knows of these snapshots.
    ///
    /// # Errors
    /// `InvalidSnapshot.NotFound` naming the first that the account does not have.
    pub async fn look_up_snapshots(
        &self,
        account_id: &str,
        snapshots: Vec<SnapshotId>,
    ) -> Result<Vec<SnapshotInfo>, Error> {
        if snapshots.is_empty() {
            return Ok(Vec::new());
        }
        let call = LookUpSnapshots { account_id: account_id.to_owned(), snapshots };
        let found = self.volume().call(&call).await.map_err(Error::Peer)?;
        match call.snapshots.iter().find(|id| !found.iter().any(|one| one.id == **id)) {
            Some(missing) => Err(Error::not_found(Kind::Snapshot, missing)),
            None => Ok(found),
        }
    }

    async fn hold_and_check(&self, id: &ImageId) -> Result<(), Error> {
        hold(self).await?;
        if let Some(image) = self.read()?.get(&IMAGES, id)? {
            self.snapshots_of(&image).await?;
        }
        Ok(())
    }
}

fn refuse_unsupported(op: &RegisterImage) -> Result<(), Error> {
    if op.image_location.is_some() {
        return Err(Error::unsupported("Images of bundles in S3 (ImageLocation) are not supported"));
    }
    if op.kernel_id.is_some() || op.ramdisk_id.is_some() {
        return Err(Error::unsupported("Images with a kernel or RAM disk of their own are not supported"));
    }
    let choices = [
        ("architecture", &op.architecture, "x86_64"),
        ("virtualizationType", &op.virtualization_type, "hvm"),
        ("bootMode", &op.boot_mode, "legacy-bios"),
        ("sriovNetSupport", &op.sriov_net_support, "simple"),
        ("imdsSupport", &op.imds_support, "v2.0"),
    ];
    match choices.iter().find(|(_, given, only)| given.as_deref().is_some_and(|given| given != *only)) {
        Some((name, given, only)) => Err(Error::value(format!(
            "Value ({}) for parameter {name} is invalid. Only {only} is supported.",
            given.as_deref().unwrap_or_default()
        ))),
        None => Ok(()),
    }
}

/// Holds the sizes of an image's disks to those of their snapshots.
fn fit(image: &mut Image, found: &[SnapshotInfo]) -> Result<(), Error> {
    for device in &mut image.devices {
        let Some(snapshot) = found.iter().find(|one| Some(&one.id) == device.snapshot.as_ref()) else {
            continue;
        };
        if snapshot.state != "completed" {
            let message = format!("Snapshot {} is {}, not completed", snapshot.id, snapshot.state);
            return Err(Error::refused(ErrorCode::IncorrectState, message));
        }
        fit_size(device, snapshot)?;
    }
    Ok(())
}

/// A disk is at least as big as its snapshot, and as big where nothing else was said.
fn fit_size(device: &mut ImageDevice, snapshot: &SnapshotInfo) -> Result<(), Error> {
    if device.size_gib == 0 {
        device.size_gib = snapshot.size_gib;
    }
    if device.size_gib < snapshot.size_gib {
        let message = format!(
            "Volume of size {}GB is smaller than snapshot '{}', expect size >= {}GB",
            device.size_gib, snapshot.id, snapshot.size_gib
        );
        return Err(Error::refused(ErrorCode::InvalidBlockDeviceMapping, message));
    }
    Ok(())
}

fn put_new(tx: &mut Tx<'_>, image: &Image) -> Result<(), Error> {
    if let Some(other) = images::by_name(tx, &image.account_id, &image.name)? {
        let message = format!("AMI name {} is already in use by AMI {other}", image.name);
        return Err(Error::refused(ErrorCode::InvalidAmiNameDuplicate, message));
    }
    Ok(tx.put(&IMAGES, &image.id, image)?)
}

impl Filtered for Image {
    const FILTERS: &'static [&'static str] = &[
        "architecture",
        "block-device-mapping.delete-on-termination",
        "block-device-mapping.device-name",
        "block-device-mapping.encrypted",
        "block-device-mapping.snapshot-id",
        "block-device-mapping.volume-size",
        "block-device-mapping.volume-type",
        "creation-date",
        "description",
        "ena-support",
        "hypervisor",
        "image-id",
        "image-type",
        "is-public",
        "kernel-id",
        "manifest-location",
        "name",
        "owner-alias",
        "owner-id",
        "platform",
        "product-code",
        "ramdisk-id",
        "root-device-name",
        "root-device-type",
        "state",
        "virtualization-type",
    ];
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        let devices = |of: fn(&ImageDevice) -> Option<String>| self.devices.iter().filter_map(of).collect();
        match filter {
            "architecture" => one(&self.architecture),
            "block-device-mapping.delete-on-termination" => {
                devices(|d| Some(d.delete_on_termination.to_string()))
            }
            "block-device-mapping.device-name" => devices(|d| Some(d.device.clone())),
            "block-device-mapping.encrypted" => devices(|d| Some(d.encrypted.unwrap_or(false).to_string())),
            "block-device-mapping.snapshot-id" => devices(|d| d.snapshot.as_ref().map(ToString::to_string)),
            "block-device-mapping.volume-size" => devices(|d| Some(d.size_gib.to_string())),
            "block-device-mapping.volume-type" => devices(|d| Some(volume_type(d).to_owned())),
            "creation-date" => one(api_spec::Timestamp(self.created_at)),
            "description" => maybe(self.description.as_ref()),
            "ena-support" => flag(false),
            "hypervisor" => one("xen"),
            "image-id" => one(&self.id),
            "image-type" => one("machine"),
            "is-public" => flag(self.public),
            "manifest-location" => one(format!("{}/{}", self.account_id, self.name)),
            "name" => one(&self.name),
            "owner-id" => one(&self.account_id),
            "root-device-name" => one(&self.root_device),
            "root-device-type" => one("ebs"),
            "state" => one("available"),
            "virtualization-type" => one("hvm"),
            _ => Vec::new(),
        }
    }
}

fn volume_type(device: &ImageDevice) -> &str {
    if device.volume_type.is_empty() { "gp2" } else { &device.volume_type }
}

/// Disks of an image, as answers show them.
pub fn mappings(image: &Image) -> Vec<BlockDeviceMapping> {
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let shown = |device: &ImageDevice| BlockDeviceMapping {
        device_name: Some(device.device.clone()),
        ebs: Some(EbsBlockDevice {
            delete_on_termination: Some(device.delete_on_termination),
            iops: device.iops.map(number),
            snapshot_id: device.snapshot.as_ref().map(ToString::to_string),
            volume_size: Some(number(device.size_gib)),
            volume_type: Some(volume_type(device).to_owned()),
            throughput: device.throughput.map(number),
            encrypted: Some(device.encrypted.unwrap_or(false)),
        }),
        ..BlockDeviceMapping::default()
    };
    image.devices.iter().map(shown).collect()
}

fn describe(image: &Image) -> api_spec::ec2::images::Image {
    api_spec::ec2::images::Image {
        platform_details: Some("Linux/UNIX".into()),
        usage_operation: Some("RunInstances".into()),
        block_device_mappings: mappings(image),
        description: image.description.clone(),
        ena_support: Some(false),
        hypervisor: Some("xen".into()),
        name: Some(image.name.clone()),
        root_device_name: Some(image.root_device.clone()),
        root_device_type: Some("ebs".into()),
        tags: shown(&image.tags),
        virtualization_type: Some("hvm".into()),
        boot_mode: Some("legacy-bios".into()),
        imds_support: image.imds_v2.then(|| "v2.0".into()),
        image_id: image.id.to_string(),
        image_location: Some(format!("{}/{}", image.account_id, image.name)),
        state: "available".into(),
        owner_id: image.account_id.clone(),
        creation_date: api_spec::Timestamp(image.created_at).to_string(),
        public: image.public,
        architecture: Some(image.architecture.clone()),
        image_type: Some("machine".into()),
        ..api_spec::ec2::images::Image::default()
    }
}

impl Serve<DescribeImages> for Service {
    async fn access(&self, _: &DescribeImages, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeImages")])
    }

    async fn handle(&self, op: DescribeImages, caller: &Caller) -> Result<DescribeImagesResult, ApiError> {
        let account = caller.account_id();
        let all = images::all(&self.read()?).map_err(Error::from)?;
        let visible = all.into_iter().filter(|image| image.usable_by(account)).collect();
        let named = by_id::<_, ImageId>(visible, &op.image_ids, Kind::Image, |image| image.id.to_string())?;
        let owned = named.into_iter().filter(|image| is_owned(image, &op.owners, account));
        let executable = owned.filter(|image| is_executable(image, &op.executable_users, account)).collect();
        let chosen = select(executable, &op.filters)?;
        let key = |image: &Image| image.id.to_string();
        let (images, next_token) =
            page(chosen, key, op.max_results, op.next_token.as_deref(), &op.image_ids)?;
        Ok(DescribeImagesResult { next_token, images: images.iter().map(describe).collect() })
    }
}

fn is_owned(image: &Image, owners: &[String], account: &str) -> bool {
    owners.is_empty()
        || owners
            .iter()
            .any(|owner| *owner == image.account_id || (owner == "self" && image.account_id == account))
}

fn is_executable(image: &Image, users: &[String], account: &str) -> bool {
    users.is_empty()
        || users.iter().any(|user| match user.as_str() {
            "all" => image.public,
            "self" => image.shared_with.iter().any(|one| one == account),
            other => image.shared_with.iter().any(|one| one == other),
        })
}

impl Serve<DeregisterImage> for Service {
    async fn access(&self, op: &DeregisterImage, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_tagged(caller, "DeregisterImage", &op.image_id).await?])
    }

    async fn handle(&self, op: DeregisterImage, caller: &Caller) -> Result<DeregisterImageResult, ApiError> {
        if op.delete_associated_snapshots == Some(true) {
            return Err(Error::unsupported(
                "DeleteAssociatedSnapshots is not supported; delete them yourself",
            )
            .into());
        }
        let image_id: ImageId = id(Kind::Image, &op.image_id)?;
        let account = caller.account_id().to_owned();
        self.store
            .transact(move |tx| {
                let image = images::owned(tx, &account, &image_id)?;
                Ok::<_, Error>(tx.delete(&IMAGES, &image.id)?)
            })
            .await?;
        // so that the snapshot can be deleted right after; the reconciler does it again
        if let Err(error) = hold(self).await {
            tracing::info!(%error, "volume will hear of the deregistered image later");
        }
        Ok(DeregisterImageResult { value: true })
    }
}
