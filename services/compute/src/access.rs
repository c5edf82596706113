//! What operations declare before they run: action, ARN and condition keys as AWS's service authorization reference
//! lists them.
//!
//! Nothing here refuses: an id that is malformed or unknown still has an ARN, so that who may not ask learns nothing.

use api_spec::ApiError;
use api_spec::ids::{
    AllocationId, ImageId, InstanceId, KeyPairId, NetworkInterfaceId, SecurityGroupId, SecurityGroupRuleId,
    SubnetId, VpcId,
};
use calls::Tag;
use calls::volume::{ListTags, TaggedId};
use kit::{Access, Caller};
use store::Read;

use crate::error::Error;
use crate::service::Service;
use crate::store::{addresses, images, instances, interfaces, key_pairs, networks, security_groups};

impl Service {
    /// The ARN of something that belongs to an account.
    pub fn arn(&self, account_id: &str, kind: &str, id: &str) -> String {
        format!("arn:aws:ec2:{}:{account_id}:{kind}/{id}", self.region())
    }

    /// An access to no resource in particular.
    pub fn anywhere(&self, action: &str) -> Access {
        self.access(action, "*".into())
    }

    fn access(&self, action: &str, resource: String) -> Access {
        Access::new(format!("ec2:{action}"), resource).key("ec2:Region", self.region())
    }

    /// An access to a resource of the caller's account, with its tags.
    pub fn on(&self, caller: &Caller, action: &str, kind: &str, id: &str, tags: &[Tag]) -> Access {
        let owner = if matches!(kind, "image" | "snapshot") { "" } else { caller.account_id() };
        self.access(action, self.arn(owner, kind, id)).resource_tags(tags)
    }

    /// An access to what the request makes, with the tags it brings; with tags, also the right to set them.
    pub fn creating(&self, caller: &Caller, action: &str, kind: &str, tags: &[Tag]) -> Vec<Access> {
        let mut accesses = vec![self.on(caller, action, kind, "*", &[]).request_tags(tags)];
        if !tags.is_empty() {
            let tagging = self.on(caller, "CreateTags", kind, "*", &[]).request_tags(tags);
            accesses.push(tagging.key("ec2:CreateAction", action));
        }
        accesses
    }

    /// An access to an instance.
    ///
    /// # Errors
    /// When the store fails.
    pub fn on_instance(&self, caller: &Caller, action: &str, id: &str) -> Result<Access, ApiError> {
        let found = match id.parse::<InstanceId>() {
            Ok(parsed) => self.read()?.get(&instances::INSTANCES, &parsed).map_err(Error::from)?,
            Err(_) => None,
        };
        let Some(one) = found.filter(|one| one.account_id == caller.account_id()) else {
            return Ok(self.on(caller, action, "instance", id, &[]));
        };
        Ok(self
            .on(caller, action, "instance", id, &one.tags)
            .key("ec2:InstanceType", one.instance_type)
            .key("ec2:AvailabilityZone", one.zone)
            .key("ec2:InstanceID", one.id.to_string()))
    }

    /// Accesses to instances.
    ///
    /// # Errors
    /// When the store fails.
    pub fn on_instances(
        &self,
        caller: &Caller,
        action: &str,
        ids: &[String],
    ) -> Result<Vec<Access>, ApiError> {
        if ids.is_empty() {
            return Ok(vec![self.on(caller, action, "instance", "*", &[])]);
        }
        ids.iter().map(|id| self.on_instance(caller, action, id)).collect()
    }

    /// An access to a thing whose kind its id tells, with its tags.
    ///
    /// # Errors
    /// When the store fails, or the volume service does where it has to be asked.
    pub async fn on_tagged(&self, caller: &Caller, action: &str, id: &str) -> Result<Access, ApiError> {
        let kind = kind_of(id);
        let tags = match kind {
            "volume" | "snapshot" => self.volume_tags(caller, id).await?,
            _ => self.own_tags(caller, id)?,
        };
        Ok(self.on(caller, action, kind, id, &tags))
    }

    async fn volume_tags(&self, caller: &Caller, id: &str) -> Result<Vec<Tag>, ApiError> {
        let listed = self.volume().call(&ListTags { account_id: caller.account_id().to_owned() }).await?;
        let found = listed.into_iter().find(|(one, _)| match one {
            TaggedId::Volume(volume) => volume.as_str() == id,
            TaggedId::Snapshot(snapshot) => snapshot.as_str() == id,
        });
        Ok(found.map(|(_, tags)| tags).unwrap_or_default())
    }

    fn own_tags(&self, caller: &Caller, id: &str) -> Result<Vec<Tag>, Error> {
        let (read, account) = (self.read()?, caller.account_id());
        macro_rules! tags_of {
            ($id:ty, $found:expr) => {
                match id.parse::<$id>() {
                    Ok(id) => $found(&id).map(|one| one.tags).unwrap_or_default(),
                    Err(_) => Vec::new(),
                }
            };
        }
        Ok(match kind_of(id) {
            "instance" => tags_of!(InstanceId, |id| instances::owned(&read, account, id)),
            "image" => tags_of!(ImageId, |id| images::usable(&read, account, id)),
            "security-group" => tags_of!(SecurityGroupId, |id| security_groups::owned(&read, account, id)),
            "network-interface" => tags_of!(NetworkInterfaceId, |id| interfaces::owned(&read, account, id)),
            "elastic-ip" => tags_of!(AllocationId, |id| addresses::owned(&read, account, id)),
            "vpc" => tags_of!(VpcId, |id| networks::vpc(&read, account, id)),
            "subnet" => tags_of!(SubnetId, |id| networks::subnet(&read, account, id)),
            "key-pair" => {
                tags_of!(KeyPairId, |id| key_pairs::by_id(&read, account, id).ok().flatten().ok_or(()))
            }
            "security-group-rule" => match id.parse::<SecurityGroupRuleId>() {
                Ok(rule) => security_groups::by_rule(&read, account, &rule)?
                    .and_then(|group| group.rules.into_iter().find(|one| one.id == rule))
                    .map(|rule| rule.tags)
                    .unwrap_or_default(),
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        })
    }
}

/// The kind of resource, in ARNs and in DescribeTags, that an id is of.
pub fn kind_of(id: &str) -> &'static str {
    match id.rsplit_once('-').map_or("", |(prefix, _)| prefix) {
        "i" => "instance",
        "ami" => "image",
        "vol" => "volume",
        "snap" => "snapshot",
        "sg" => "security-group",
        "sgr" => "security-group-rule",
        "eni" => "network-interface",
        "eipalloc" => "elastic-ip",
        "vpc" => "vpc",
        "subnet" => "subnet",
        "key" => "key-pair",
        _ => "*",
    }
}
