//! Wire to domain and back: one file for each resource, and what they share.

mod access;
mod attachments;
mod imports;
pub mod internal;
mod launch;
mod request;
mod snapshots;
mod volume_status;
mod volumes;

use api_spec::Service as Api;
use api_spec::ec2::{import_snapshots, snapshots as snapshot_shapes, volumes as volume_shapes};
use kit::dispatch::Actions;

use crate::service::Service;

/// Every action that this service offers.
pub fn actions() -> Actions<Service> {
    Actions::of(Api::Ec2)
        .offer::<volume_shapes::CreateVolume>()
        .offer::<volume_shapes::DeleteVolume>()
        .offer::<volume_shapes::DescribeVolumes>()
        .offer::<volume_shapes::DescribeVolumeStatus>()
        .offer::<volume_shapes::DescribeVolumeAttribute>()
        .offer::<volume_shapes::AttachVolume>()
        .offer::<volume_shapes::DetachVolume>()
        .offer::<snapshot_shapes::CreateSnapshot>()
        .offer::<snapshot_shapes::DeleteSnapshot>()
        .offer::<snapshot_shapes::DescribeSnapshots>()
        .offer::<import_snapshots::ImportSnapshot>()
        .offer::<import_snapshots::DescribeImportSnapshotTasks>()
}
