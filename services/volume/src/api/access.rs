//! What the actions touch, in the words of AWS's service authorization reference: ARNs and condition keys.

use api_spec::ids::{InstanceId, SnapshotId};
use calls::Tag;
use calls::volume::{ConditionKeys, KeysAndTags, TaggedId};
use kit::{Access, Caller, Quotas};

use crate::domain::snapshot::Snapshot;
use crate::domain::volume::Volume;
use crate::service::Service;

impl Service {
    /// `arn:aws:ec2:<region>:<account>:<what>/<id>`
    pub fn arn(&self, caller: &Caller, what: &str, id: &str) -> String {
        self.arn_of(caller.account_id(), what, id)
    }

    fn arn_of(&self, account_id: &str, what: &str, id: &str) -> String {
        format!("arn:aws:ec2:{}:{account_id}:{what}/{id}", self.context.common.region)
    }

    /// `arn:aws:ec2:<region>::snapshot/<id>`: snapshots carry no account in their ARN.
    pub fn snapshot_arn(&self, id: &str) -> String {
        format!("arn:aws:ec2:{}::snapshot/{id}", self.context.common.region)
    }

    fn ec2(&self, action: &str, resource: String) -> Access {
        Access::new(format!("ec2:{action}"), resource).key("ec2:Region", self.context.common.region.clone())
    }

    /// The quotas that bear on an action of the caller.
    ///
    /// # Errors
    /// When identity cannot be asked.
    pub async fn quotas(
        &self,
        caller: &Caller,
        action: &str,
        resource: String,
    ) -> Result<Quotas, api_spec::ApiError> {
        Quotas::of(&self.context, caller, &self.ec2(action, resource)).await
    }

    /// An action that knows no resource.
    pub fn on_anything(&self, action: &str) -> Vec<Access> {
        vec![self.ec2(action, "*".into())]
    }

    /// An action on a volume as it is; one that does not exist has only its ARN.
    pub fn on_volume(&self, caller: &Caller, action: &str, id: &str, volume: Option<&Volume>) -> Access {
        let access = self.ec2(action, self.arn(caller, "volume", id)).key("ec2:VolumeID", id);
        match volume {
            Some(volume) => self.volume_keys(access, volume).resource_tags(&volume.tags),
            None => access,
        }
    }

    /// An action that makes this volume.
    pub fn on_new_volume(&self, caller: &Caller, action: &str, volume: &Volume) -> Access {
        let access = self.ec2(action, self.arn(caller, "volume", "*"));
        self.volume_keys(access, volume).request_tags(&volume.tags)
    }

    fn volume_keys(&self, access: Access, volume: &Volume) -> Access {
        let mut access = access
            .key("ec2:AvailabilityZone", volume.zone.clone())
            .key("ec2:Encrypted", "false")
            .key("ec2:VolumeSize", volume.size_gib.to_string())
            .key("ec2:VolumeType", volume.volume_type.as_str());
        if let Some(iops) = volume.performance.iops {
            access = access.key("ec2:VolumeIops", iops.to_string());
        }
        if let Some(throughput) = volume.performance.throughput {
            access = access.key("ec2:VolumeThroughput", throughput.to_string());
        }
        match &volume.snapshot {
            Some(snapshot) => access.key("ec2:ParentSnapshot", self.snapshot_arn(snapshot.as_str())),
            None => access,
        }
    }

    /// An action on a snapshot as it is; one that does not exist has only its ARN.
    pub fn on_snapshot(
        &self,
        caller: &Caller,
        action: &str,
        id: &str,
        snapshot: Option<&Snapshot>,
    ) -> Access {
        let access = self.ec2(action, self.snapshot_arn(id)).key("ec2:SnapshotID", id);
        match snapshot {
            Some(snapshot) => {
                self.snapshot_keys(access, caller.account_id(), snapshot).resource_tags(&snapshot.tags)
            }
            None => access,
        }
    }

    fn snapshot_keys(&self, access: Access, account_id: &str, snapshot: &Snapshot) -> Access {
        let parent = snapshot.volume.as_ref().map_or("vol-ffffffff", |volume| volume.as_str());
        access
            .key("ec2:Owner", snapshot.account_id.clone())
            .key("ec2:Encrypted", "false")
            .key("ec2:ParentVolume", self.arn_of(account_id, "volume", parent))
            .key("ec2:SnapshotTime", snapshot.started_at.to_string())
            .key("ec2:VolumeSize", snapshot.size_gib.to_string())
    }

    /// What policies of other services' operations may ask about a volume or snapshot.
    pub async fn condition_keys(&self, call: ConditionKeys) -> Result<Option<KeysAndTags>, crate::Error> {
        let (view, account) = (self.view()?, call.account_id.as_str());
        let nothing = Access::new("", "");
        let (access, tags) = match &call.resource {
            TaggedId::Volume(id) => match crate::store::volume_of(&view, account, id)? {
                Some(volume) => {
                    (self.volume_keys(nothing, &volume).key("ec2:VolumeID", id.as_str()), volume.tags)
                }
                None => return Ok(None),
            },
            TaggedId::Snapshot(id) => match crate::store::snapshot_of(&view, account, id)? {
                Some(snapshot) => {
                    let access = self.snapshot_keys(nothing, account, &snapshot);
                    (access.key("ec2:SnapshotID", id.as_str()), snapshot.tags)
                }
                None => return Ok(None),
            },
        };
        let one =
            |(key, values): (&str, &[String])| values.first().map(|value| (key.to_owned(), value.clone()));
        Ok(Some(KeysAndTags { keys: access.keys.iter().filter_map(one).collect(), tags }))
    }

    /// An action that makes a snapshot.
    pub fn on_new_snapshot(&self, action: &str, parent: Option<String>, tags: &[Tag]) -> Access {
        let access =
            self.ec2(action, self.snapshot_arn("*")).key("ec2:Encrypted", "false").request_tags(tags);
        match parent {
            Some(parent) => access.key("ec2:ParentVolume", parent),
            None => access,
        }
    }

    /// An action on an instance, of which compute told the zone and the tags.
    pub fn on_instance(
        &self,
        caller: &Caller,
        action: &str,
        id: &str,
        target: Option<&calls::compute::Target>,
    ) -> Access {
        let access = self.ec2(action, self.arn(caller, "instance", id)).key("ec2:InstanceID", id);
        match target {
            Some(target) => {
                access.key("ec2:AvailabilityZone", target.zone.clone()).resource_tags(&target.tags)
            }
            None => access,
        }
    }

    /// The tagging that goes with making `resource`; none without tags.
    pub fn on_tagging(&self, action: &str, resource: String, tags: &[Tag]) -> Option<Access> {
        let access = self.ec2("CreateTags", resource).key("ec2:CreateAction", action).request_tags(tags);
        (!tags.is_empty()).then_some(access)
    }

    /// The task that ImportSnapshot makes.
    pub fn on_new_import_task(&self, caller: &Caller, action: &str, tags: &[Tag]) -> Access {
        self.ec2(action, self.arn(caller, "import-snapshot-task", "*")).request_tags(tags)
    }

    /// What compute knows of an instance as something to attach to.
    pub async fn attach_target(
        &self,
        caller: &Caller,
        instance: &InstanceId,
    ) -> Result<Option<calls::compute::Target>, api_spec::ApiError> {
        let account_id = caller.account_id().to_owned();
        self.compute().call(&calls::compute::AttachTarget { account_id, instance: instance.clone() }).await
    }

    /// The snapshot of this text, if it is the id of one that the caller can see.
    pub fn visible_snapshot(&self, caller: &Caller, id: &str) -> Result<Option<Snapshot>, crate::Error> {
        match id.parse::<SnapshotId>() {
            Ok(id) => Ok(crate::store::snapshot_of(&self.view()?, caller.account_id(), &id)?),
            Err(_) => Ok(None),
        }
    }

    /// The volume of this text, if it is the id of one that the caller has.
    pub fn own_volume(&self, caller: &Caller, id: &str) -> Result<Option<Volume>, crate::Error> {
        match id.parse() {
            Ok(id) => Ok(crate::store::volume_of(&self.view()?, caller.account_id(), &id)?),
            Err(_) => Ok(None),
        }
    }
}
