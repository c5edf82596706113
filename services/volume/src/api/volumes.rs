//! CreateVolume, DeleteVolume, DescribeVolumes.

use ::store::{Read, Tx};
use api_spec::ec2::volumes::{
    CreateVolume, DeleteVolume, DescribeVolumes, DescribeVolumesResult, Volume as WireVolume,
    VolumeAttachment,
};
use api_spec::ids::{SnapshotId, VolumeId};
use api_spec::{ApiError, ErrorCode, Return};
use calls::Tag;
use jiff::Timestamp;
use kit::client_token::ClientToken;
use kit::dispatch::Serve;
use kit::{Access, Caller, filters, paging};

use super::request;
use crate::domain::snapshot::{self, Snapshot};
use crate::domain::volume::{Attachment, State, Volume};
use crate::domain::volume_type::VolumeType;
use crate::error::Error;
use crate::service::Service;
use crate::store::{BY_ACCOUNT, VOLUMES, add_volume, snapshot_of, volume_of};

/// What a new volume should be, before it is known whether it can.
#[derive(Clone)]
pub struct Wanted {
    pub account_id: String,
    pub zone: String,
    pub volume_type: VolumeType,
    pub size_gib: Option<u32>,
    pub iops: Option<u32>,
    pub throughput: Option<u32>,
    pub snapshot: Option<SnapshotId>,
    pub tags: Vec<Tag>,
    pub creator: Option<String>,
}

impl Wanted {
    /// The volume, if all of it is allowed. `source` is the snapshot it names.
    pub fn volume(&self, source: Option<&Snapshot>, now: Timestamp) -> Result<Volume, Error> {
        let source = self.snapshot.as_ref().zip(source);
        let size_gib = snapshot::volume_size(self.size_gib, source)?;
        let performance = self.volume_type.performance(size_gib, self.iops, self.throughput)?;
        Ok(Volume {
            account_id: self.account_id.clone(),
            zone: self.zone.clone(),
            size_gib,
            volume_type: self.volume_type,
            performance,
            snapshot: self.snapshot.clone(),
            created_at: now,
            state: State::Creating,
            attachment: None,
            tags: self.tags.clone(),
            creator: self.creator.clone(),
        })
    }
}

impl Service {
    fn wanted(&self, op: &CreateVolume, caller: &Caller) -> Result<Wanted, Error> {
        request::refuse(
            op.encrypted == Some(true) || op.kms_key_id.as_ref().is_some_and(|key| !key.is_empty()),
            "Encrypted volumes are not offered.",
        )?;
        request::refuse(op.multi_attach_enabled == Some(true), "Multi-Attach is not offered.")?;
        request::refuse(op.outpost_arn.is_some(), "Outposts are not offered.")?;
        let zone = op.availability_zone.clone().ok_or(Error::Missing("AvailabilityZone"))?;
        if zone != self.context.common.zone {
            return Err(Error::NoZone(zone.chars().take(128).collect()));
        }
        let kind = op.volume_type.as_deref().unwrap_or(&self.config.default_volume_type);
        let snapshot = op.snapshot_id.as_deref().filter(|id| !id.is_empty());
        Ok(Wanted {
            account_id: caller.account_id().to_owned(),
            zone,
            volume_type: VolumeType::parse(kind)?,
            size_gib: request::unsigned("size", op.size)?,
            iops: request::unsigned("iops", op.iops)?,
            throughput: request::unsigned("throughput", op.throughput)?,
            snapshot: snapshot.map(request::snapshot_id).transpose()?,
            tags: request::tags_for(&op.tag_specifications, "volume")?,
            creator: caller.creator().map(str::to_owned),
        })
    }

    /// The volume as it would be, for the policies; what is wrong with the request is told only to those who may make it.
    fn draft(&self, op: &CreateVolume, caller: &Caller) -> Result<Option<Volume>, Error> {
        let Ok(wanted) = self.wanted(op, caller) else { return Ok(None) };
        let source = match &wanted.snapshot {
            Some(id) => snapshot_of(&self.view()?, caller.account_id(), id)?,
            None => None,
        };
        Ok(wanted.volume(source.as_ref(), caller.now).ok())
    }
}

impl Serve<CreateVolume> for Service {
    async fn access(&self, op: &CreateVolume, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let action = "CreateVolume";
        let tags = request::tags_for(&op.tag_specifications, "volume").unwrap_or_default();
        let mut access = match self.draft(op, caller)? {
            Some(volume) => vec![self.on_new_volume(caller, action, &volume)],
            None => vec![self.on_volume(caller, action, "*", None).request_tags(&tags)],
        };
        if let Some(id) = op.snapshot_id.as_deref().filter(|id| !id.is_empty()) {
            let snapshot = self.visible_snapshot(caller, id)?;
            access.push(self.on_snapshot(caller, action, id, snapshot.as_ref()));
        }
        access.extend(self.on_tagging(action, self.arn(caller, "volume", "*"), &tags));
        Ok(access)
    }

    async fn handle(&self, op: CreateVolume, caller: &Caller) -> Result<WireVolume, ApiError> {
        let wanted = self.wanted(&op, caller)?;
        let token = {
            let same = CreateVolume { client_token: None, ..op.clone() };
            ClientToken::of(caller.account_id(), "CreateVolume", op.client_token.as_deref(), &same)?
        };
        let id = VolumeId::from_random(self.context.random.u128());
        let (config, now) = (self.config.clone(), caller.now);
        let quotas = self.quotas(caller, "CreateVolume", self.arn(caller, "volume", "*")).await?;
        let (id, volume) = self
            .store
            .transact(move |tx| {
                if let Some(made) = replayed(tx, token.as_ref(), &wanted.account_id, now)? {
                    return Ok(made);
                }
                let source =
                    wanted.snapshot.as_ref().map(|id| usable(tx, &wanted.account_id, id)).transpose()?;
                let volume = wanted.volume(source.as_ref(), now)?;
                add_volume(tx, &config, &quotas, &id, &volume)?;
                if let Some(token) = &token {
                    token.remember(tx, id.to_string(), now)?;
                }
                Ok::<_, Error>((id.clone(), volume))
            })
            .await?;
        Ok(wire(&id, &volume))
    }
}

/// What the token made before.
fn replayed(
    tx: &Tx<'_>,
    token: Option<&ClientToken>,
    account_id: &str,
    now: Timestamp,
) -> Result<Option<(VolumeId, Volume)>, Error> {
    let Some(token) = token else { return Ok(None) };
    let Some(made) = token.replay(tx, now)? else { return Ok(None) };
    let id = request::volume_id(&made)?;
    match volume_of(tx, account_id, &id)? {
        Some(volume) => Ok(Some((id, volume))),
        None => Err(Error::NoVolume(vec![id])),
    }
}

/// The snapshot, if a volume can be made of it.
fn usable(tx: &Tx<'_>, account_id: &str, id: &SnapshotId) -> Result<Snapshot, Error> {
    let snapshot = snapshot_of(tx, account_id, id)?.ok_or_else(|| Error::NoSnapshot(vec![id.clone()]))?;
    snapshot.check_usable()?;
    Ok(snapshot)
}

impl Serve<DeleteVolume> for Service {
    async fn access(&self, op: &DeleteVolume, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let volume = self.own_volume(caller, &op.volume_id)?;
        Ok(vec![self.on_volume(caller, "DeleteVolume", &op.volume_id, volume.as_ref())])
    }

    async fn handle(&self, op: DeleteVolume, caller: &Caller) -> Result<Return, ApiError> {
        let id = request::volume_id(&op.volume_id)?;
        let account_id = caller.account_id().to_owned();
        self.store
            .transact(move |tx| {
                let mut volume =
                    volume_of(tx, &account_id, &id)?.ok_or_else(|| Error::NoVolume(vec![id.clone()]))?;
                volume.delete(&id)?;
                Ok::<_, Error>(tx.put(&VOLUMES, &id, &volume)?)
            })
            .await?;
        Ok(Return::TRUE)
    }
}

const FILTERS: [&str; 16] = [
    "attachment.attach-time",
    "attachment.delete-on-termination",
    "attachment.device",
    "attachment.instance-id",
    "attachment.status",
    "availability-zone",
    "create-time",
    "encrypted",
    "fast-restored",
    "multi-attach-enabled",
    "operator.managed",
    "size",
    "snapshot-id",
    "status",
    "volume-id",
    "volume-type",
];

impl Serve<DescribeVolumes> for Service {
    async fn access(&self, _: &DescribeVolumes, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(self.on_anything("DescribeVolumes"))
    }

    async fn handle(&self, op: DescribeVolumes, caller: &Caller) -> Result<DescribeVolumesResult, ApiError> {
        request::not_both(&op.volume_ids, "volumeIds", op.max_results)?;
        let filters = request::filters(&op.filters, &FILTERS)?;
        let limit = paging::max_results(op.max_results)?;
        let mut found = Vec::new();
        for (id, volume) in self.listed(&op.volume_ids, caller)? {
            if filters::passes(&filters, &volume.tags, |name| values(name, &id, &volume))? {
                found.push(wire(&id, &volume));
            }
        }
        let page = paging::page(
            found,
            |volume| volume.volume_id.clone(),
            op.next_token.as_deref(),
            limit,
            ErrorCode::InvalidNextToken,
        )?;
        Ok(DescribeVolumesResult { volumes: page.items, next_token: page.next })
    }
}

impl Service {
    /// The caller's volumes of these ids, or all of them.
    pub fn listed(&self, ids: &[String], caller: &Caller) -> Result<Vec<(VolumeId, Volume)>, Error> {
        let view = self.view()?;
        if ids.is_empty() {
            return Ok(BY_ACCOUNT.rows(&view, &VOLUMES, &caller.account_id().to_owned())?);
        }
        let mut ids = ids.iter().map(|id| request::volume_id(id)).collect::<Result<Vec<_>, _>>()?;
        ids.sort();
        ids.dedup();
        let (mut found, mut absent) = (Vec::new(), Vec::new());
        for id in ids {
            match view.get(&VOLUMES, &id)?.filter(|volume| volume.account_id == caller.account_id()) {
                Some(volume) => found.push((id, volume)),
                None => absent.push(id),
            }
        }
        if absent.is_empty() { Ok(found) } else { Err(Error::NoVolume(absent)) }
    }
}

fn values(name: &str, id: &VolumeId, volume: &Volume) -> Option<Vec<std::borrow::Cow<'static, str>>> {
    let attached = |value: fn(&Attachment) -> String| {
        volume.attachment.iter().map(|attachment| value(attachment).into()).collect::<Vec<_>>()
    };
    Some(match name {
        "attachment.attach-time" => attached(|a| api_spec::Timestamp(a.at).to_string()),
        "attachment.delete-on-termination" => attached(|a| a.delete_on_termination.to_string()),
        "attachment.device" => attached(|a| a.device.clone()),
        "attachment.instance-id" => attached(|a| a.instance.to_string()),
        "attachment.status" => attached(|a| a.state.as_str().to_owned()),
        "availability-zone" => vec![volume.zone.clone().into()],
        "create-time" => vec![api_spec::Timestamp(volume.created_at).to_string().into()],
        "encrypted" | "fast-restored" | "multi-attach-enabled" | "operator.managed" => vec!["false".into()],
        "size" => vec![volume.size_gib.to_string().into()],
        "snapshot-id" => volume.snapshot.iter().map(|id| id.to_string().into()).collect(),
        "status" => vec![volume.status().into()],
        "volume-id" => vec![id.to_string().into()],
        "volume-type" => vec![volume.volume_type.as_str().into()],
        _ => return None,
    })
}

/// A volume as answers show it.
pub fn wire(id: &VolumeId, volume: &Volume) -> WireVolume {
    WireVolume {
        volume_id: id.to_string(),
        size: volume.size_gib,
        snapshot_id: volume.snapshot.as_ref().map(ToString::to_string).unwrap_or_default(),
        availability_zone: volume.zone.clone(),
        state: volume.status().to_owned(),
        create_time: volume.created_at.into(),
        attachments: volume.attachment.iter().map(|attachment| wire_attachment(id, attachment)).collect(),
        encrypted: false,
        volume_type: volume.volume_type.as_str().to_owned(),
        iops: volume.performance.iops,
        throughput: volume.performance.throughput,
        multi_attach_enabled: false,
        tags: request::wire_tags(&volume.tags),
    }
}

/// An attachment as answers show it.
pub fn wire_attachment(id: &VolumeId, attachment: &Attachment) -> VolumeAttachment {
    VolumeAttachment {
        volume_id: id.to_string(),
        instance_id: attachment.instance.to_string(),
        device: attachment.device.clone(),
        state: attachment.state.as_str().to_owned(),
        attach_time: attachment.at.into(),
        delete_on_termination: attachment.delete_on_termination,
    }
}
