//! What policies may ask about things that exist: condition keys by the kind of resource, as AWS's service authorization
//! reference lists them, and tags.
//!
//! Whoever may not see a thing gets no facts about it, so that a refusal tells nothing.

use api_spec::ApiError;
use api_spec::ids::{
    AllocationId, ImageId, InstanceId, KeyPairId, NetworkInterfaceId, SecurityGroupId, SecurityGroupRuleId,
    SnapshotId, SubnetId, VolumeId, VpcId,
};
use calls::Tag;
use calls::volume::{ConditionKeys, TaggedId};
use kit::Caller;

use crate::access::kind_of;
use crate::domain::address::Address;
use crate::domain::image::Image;
use crate::domain::instance::{Instance, Interface, MetadataOptions};
use crate::domain::key_pair::KeyPair;
use crate::domain::network::Subnet;
use crate::domain::security_group::SecurityGroup;
use crate::error::Error;
use crate::service::Service;
use crate::store::{addresses, images, instances, interfaces, key_pairs, networks, security_groups};

/// Condition keys and tags of one thing.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `ec2:InstanceType` and the like, with their values.
    pub keys: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Facts {
    /// Facts of a thing with these tags.
    pub fn of(tags: &[Tag]) -> Self {
        Facts { keys: Vec::new(), tags: tags.to_vec() }
    }

    /// Adds a key.
    #[must_use]
    pub fn key(mut self, name: &str, value: impl ToString) -> Self {
        self.keys.push((name.to_owned(), value.to_string()));
        self
    }

    fn keys(mut self, keys: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.keys.extend(keys.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self
    }
}

/// The keys of metadata options.
pub fn metadata_keys(options: &MetadataOptions) -> [(&'static str, String); 4] {
    let word = |yes: bool, on: &str, off: &str| if yes { on.to_owned() } else { off.to_owned() };
    [
        ("ec2:MetadataHttpTokens", word(options.tokens_required, "required", "optional")),
        ("ec2:MetadataHttpEndpoint", word(options.enabled, "enabled", "disabled")),
        ("ec2:MetadataHttpPutResponseHopLimit", options.hop_limit.to_string()),
        ("ec2:InstanceMetadataTags", word(options.tags, "enabled", "disabled")),
    ]
}

/// What every instance here is: of the market, tenancy and root device that there are.
pub const FIXED: [(&str, &str); 3] =
    [("ec2:RootDeviceType", "ebs"), ("ec2:Tenancy", "default"), ("ec2:InstanceMarketType", "on-demand")];

fn instance(one: &Instance) -> Facts {
    Facts::of(&one.tags)
        .key("ec2:InstanceID", &one.id)
        .key("ec2:InstanceType", &one.instance_type)
        .key("ec2:AvailabilityZone", &one.zone)
        .key("ec2:EbsOptimized", one.ebs_optimized)
        .keys(metadata_keys(&one.metadata))
        .keys(one.profile.iter().map(|profile| ("ec2:InstanceProfile", profile.arn.clone())))
        .keys(FIXED.map(|(name, value)| (name, value.to_owned())))
}

/// Facts of an image.
pub fn image(one: &Image) -> Facts {
    Facts::of(&one.tags)
        .key("ec2:ImageID", &one.id)
        .key("ec2:ImageType", "machine")
        .key("ec2:Owner", &one.account_id)
        .key("ec2:Public", one.public)
        .key("ec2:RootDeviceType", "ebs")
}

/// Facts of an elastic IP.
pub fn address(one: &Address) -> Facts {
    Facts::of(&one.tags)
        .key("ec2:AllocationId", &one.allocation_id)
        .key("ec2:Domain", "vpc")
        .key("ec2:PublicIpAddress", one.address)
}

/// Facts of a key pair.
pub fn key_pair(one: &KeyPair) -> Facts {
    Facts::of(&one.tags).key("ec2:KeyPairName", &one.name).key("ec2:KeyPairType", one.kind.name())
}

impl Service {
    fn vpc_arn(&self, account_id: &str, id: &VpcId) -> String {
        self.arn(account_id, "vpc", id.as_str())
    }

    /// Facts of a security group.
    pub fn group_facts(&self, one: &SecurityGroup) -> Facts {
        Facts::of(&one.tags)
            .key("ec2:SecurityGroupID", &one.id)
            .key("ec2:Vpc", self.vpc_arn(&one.account_id, &one.vpc))
    }

    /// Facts of a subnet.
    pub fn subnet_facts(&self, one: &Subnet) -> Facts {
        Facts::of(&one.tags)
            .key("ec2:SubnetID", &one.id)
            .key("ec2:AvailabilityZone", &one.zone)
            .key("ec2:Vpc", self.vpc_arn(&one.account_id, &one.vpc))
    }

    fn interface_facts(&self, one: &Interface) -> Facts {
        Facts::of(&one.tags)
            .key("ec2:NetworkInterfaceID", &one.id)
            .key("ec2:AvailabilityZone", &one.zone)
            .key("ec2:Subnet", self.arn(&one.account_id, "subnet", one.subnet.as_str()))
            .key("ec2:Vpc", self.vpc_arn(&one.account_id, &one.vpc))
    }

    /// What is known of a volume or snapshot by its id.
    ///
    /// # Errors
    /// When volume cannot be asked.
    pub async fn volume_facts(&self, caller: &Caller, id: &str) -> Result<Facts, ApiError> {
        let volume = id.parse::<VolumeId>().map(TaggedId::Volume);
        let Ok(resource) = volume.or_else(|_| id.parse::<SnapshotId>().map(TaggedId::Snapshot)) else {
            return Ok(Facts::default());
        };
        let call = ConditionKeys { account_id: caller.account_id().to_owned(), resource };
        let found = self.volume().call(&call).await?;
        Ok(found.map(|found| Facts { keys: found.keys, tags: found.tags }).unwrap_or_default())
    }

    /// What is known of a thing of this service that the caller can see, by its id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn own_facts(&self, caller: &Caller, id: &str) -> Result<Facts, Error> {
        let (read, account) = (self.read()?, caller.account_id());
        macro_rules! facts_of {
            ($id:ty, $found:expr, $facts:expr) => {
                match id.parse::<$id>() {
                    Ok(id) => $found(&id).map(|one| $facts(&one)).unwrap_or_default(),
                    Err(_) => Facts::default(),
                }
            };
        }
        Ok(match kind_of(id) {
            "instance" => facts_of!(InstanceId, |id| instances::owned(&read, account, id), instance),
            "image" => facts_of!(ImageId, |id| images::usable(&read, account, id), image),
            "security-group" => {
                facts_of!(SecurityGroupId, |id| security_groups::owned(&read, account, id), |one| self
                    .group_facts(one))
            }
            "network-interface" => {
                facts_of!(NetworkInterfaceId, |id| interfaces::owned(&read, account, id), |one| self
                    .interface_facts(one))
            }
            "elastic-ip" => facts_of!(AllocationId, |id| addresses::owned(&read, account, id), address),
            "vpc" => facts_of!(
                VpcId,
                |id| networks::vpc(&read, account, id),
                |one: &crate::domain::network::Vpc| Facts::of(&one.tags).key("ec2:VpcID", &one.id)
            ),
            "subnet" => {
                facts_of!(SubnetId, |id| networks::subnet(&read, account, id), |one| self.subnet_facts(one))
            }
            "key-pair" => facts_of!(
                KeyPairId,
                |id| key_pairs::by_id(&read, account, id).ok().flatten().ok_or(()),
                key_pair
            ),
            "security-group-rule" => match id.parse::<SecurityGroupRuleId>() {
                Ok(rule) => security_groups::by_rule(&read, account, &rule)?
                    .and_then(|group| group.rules.into_iter().find(|one| one.id == rule))
                    .map(|rule| Facts::of(&rule.tags))
                    .unwrap_or_default(),
                Err(_) => Facts::default(),
            },
            _ => Facts::default(),
        })
    }
}
