//! What a launch accesses: every resource that AWS's service authorization reference lists for RunInstances, each with
//! its condition keys, as far as the request and what exists tell.

use api_spec::ApiError;
use api_spec::ec2::run_instances::RunInstances;
use api_spec::ids::{ImageId, SubnetId};
use calls::Tag;
use calls::volume::LaunchVolume;
use kit::{Access, Caller};

use crate::domain::image::Image;
use crate::domain::instance::MetadataOptions;
use crate::domain::network::Subnet;
use crate::domain::{devices, launch, tags};
use crate::facts::{self, FIXED, metadata_keys};
use crate::service::Service;
use crate::store::{images, key_pairs, networks};

const RUN: &str = "RunInstances";
/// What a launch that names no type gets.
const DEFAULT_TYPE: &str = "t2.micro";

/// Where a launch goes, as far as that is settled before it is placed.
struct Place {
    subnet: Option<Subnet>,
    zone: Option<String>,
}

impl Service {
    /// Everything that a launch accesses.
    ///
    /// # Errors
    /// For malformed tags, and when store or volume fail.
    pub async fn run_access(&self, op: &RunInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let [instance, volume, interface] =
            tags::specified(&op.tag_specifications, ["instance", "volume", "network-interface"])?;
        let image = self.launch_image(op, caller);
        let place = self.launch_place(op, caller)?;
        let mut accesses = self.creating(caller, RUN, "instance", &instance);
        add_keys(&mut accesses, instance_keys(op, image.as_ref(), &place));
        let passing = self.profile_access(op, caller, &mut accesses).await?;
        accesses.extend(passing);
        accesses.extend(self.volumes_access(op, caller, image.as_ref(), &place, &volume).await?);
        let mut interfaces = self.creating(caller, RUN, "network-interface", &interface);
        add_keys(&mut interfaces, self.interface_keys(op, &place));
        accesses.extend(interfaces);
        if let Some(id) = &op.image_id {
            accesses.push(self.on_tagged(caller, RUN, id).await?);
        }
        for id in op.block_device_mappings.iter().filter_map(|one| one.ebs.as_ref()?.snapshot_id.as_ref()) {
            accesses.push(self.on_tagged(caller, RUN, id).await?);
        }
        accesses.push(self.subnet_access(op, caller, &place));
        accesses.extend(self.groups_access(op, caller)?);
        if let Some(name) = &op.key_name {
            let found = key_pairs::by_name(&self.read()?, caller.account_id(), name);
            let facts = found.map(|key| facts::key_pair(&key)).unwrap_or_default();
            accesses.push(self.on_known(caller, RUN, "key-pair", name, facts));
        }
        Ok(accesses)
    }

    /// What the instance profile needs, and what it tells of the instances.
    async fn profile_access(
        &self,
        op: &RunInstances,
        caller: &Caller,
        instances: &mut [Access],
    ) -> Result<Option<Access>, ApiError> {
        let Some(asked) = &op.iam_instance_profile else { return Ok(None) };
        let arn = self.arn(caller.account_id(), "instance", "*");
        let (profile, passing) = self.passing(caller, asked, &arn).await?;
        let keys = profile.into_iter().map(|profile| ("ec2:InstanceProfile", profile.arn));
        add_keys(instances, keys.collect());
        Ok(passing)
    }

    fn launch_image(&self, op: &RunInstances, caller: &Caller) -> Option<Image> {
        let id = op.image_id.as_ref()?.parse::<ImageId>().ok()?;
        images::usable(&self.read().ok()?, caller.account_id(), &id).ok()
    }

    /// The subnet asked for; else the default one of the zone, when there can be only one zone.
    fn launch_place(&self, op: &RunInstances, caller: &Caller) -> Result<Place, ApiError> {
        let (read, account) = (self.read()?, caller.account_id());
        let asked = op.placement.as_ref().and_then(|placement| placement.availability_zone.clone());
        let found = match asked_subnet(op) {
            Some(text) => {
                text.parse::<SubnetId>().ok().and_then(|id| networks::subnet(&read, account, &id).ok())
            }
            None => {
                let zones = self.zones();
                let only = zones.first().filter(|_| zones.len() == 1);
                let zone = asked.as_ref().or(only);
                let all = networks::subnets_of_account(&read, account).map_err(crate::Error::from)?;
                all.into_iter().find(|one| one.is_default && Some(&one.zone) == zone)
            }
        };
        let zone = found.as_ref().map(|subnet| subnet.zone.clone()).or(asked);
        Ok(Place { subnet: found, zone })
    }

    fn subnet_access(&self, op: &RunInstances, caller: &Caller, place: &Place) -> Access {
        match &place.subnet {
            Some(subnet) => {
                self.on_known(caller, RUN, "subnet", subnet.id.as_str(), self.subnet_facts(subnet))
            }
            None => self.on(caller, RUN, "subnet", asked_subnet(op).map_or("*", |id| id.as_str()), &[]),
        }
    }

    fn groups_access(&self, op: &RunInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let of_interface = op.network_interfaces.first().into_iter().flat_map(|one| &one.groups);
        let mut accesses = Vec::new();
        for id in op.security_group_ids.iter().chain(of_interface) {
            accesses.push(self.access_group(caller, RUN, Some(id), None)?);
        }
        for name in &op.security_groups {
            accesses.push(self.access_group(caller, RUN, None, Some(name))?);
        }
        if accesses.is_empty() {
            accesses.push(self.access_group(caller, RUN, None, Some("default"))?);
        }
        Ok(accesses)
    }

    /// One access for each disk that would be made; what cannot be known yet is left out.
    async fn volumes_access(
        &self,
        op: &RunInstances,
        caller: &Caller,
        image: Option<&Image>,
        place: &Place,
        tags: &[Tag],
    ) -> Result<Vec<Access>, ApiError> {
        let mut accesses = self.creating(caller, RUN, "volume", tags);
        let disks = image.and_then(|image| devices::volumes(image, &op.block_device_mappings, tags).ok());
        let Some(bare) = accesses.first().cloned() else { return Ok(accesses) };
        let mut of_disks = Vec::new();
        for disk in disks.unwrap_or_default() {
            let size = match (&disk.snapshot, disk.size_gib) {
                (_, Some(size)) => Some(size),
                (Some(snapshot), None) => {
                    let owner = image.map_or("", |image| image.account_id.as_str());
                    let found = self.look_up_snapshots(owner, vec![snapshot.clone()]).await;
                    found.ok().and_then(|found| found.first().map(|one| one.size_gib))
                }
                (None, None) => None,
            };
            of_disks.push(bare.clone().keys(self.volume_keys(&disk, size, place)));
        }
        if !of_disks.is_empty() {
            accesses.splice(0..1, of_disks);
        }
        Ok(accesses)
    }

    fn volume_keys(
        &self,
        disk: &LaunchVolume,
        size: Option<u32>,
        place: &Place,
    ) -> Vec<(&'static str, String)> {
        let snapshot = disk.snapshot.as_ref().map(|id| self.arn("", "snapshot", id.as_str()));
        let keys = [
            ("ec2:AvailabilityZone", place.zone.clone()),
            ("ec2:Encrypted", Some(disk.encrypted.unwrap_or(false).to_string())),
            ("ec2:VolumeSize", size.map(|size| size.to_string())),
            ("ec2:VolumeType", disk.volume_type.clone()),
            ("ec2:VolumeIops", disk.iops.map(|iops| iops.to_string())),
            ("ec2:VolumeThroughput", disk.throughput.map(|throughput| throughput.to_string())),
            ("ec2:ParentSnapshot", snapshot),
        ];
        keys.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn interface_keys(&self, op: &RunInstances, place: &Place) -> Vec<(&'static str, String)> {
        let public = op.network_interfaces.first().and_then(|one| one.associate_public_ip_address);
        let mut keys = Vec::new();
        if let Some(zone) = &place.zone {
            keys.push(("ec2:AvailabilityZone", zone.clone()));
        }
        if let Some(subnet) = &place.subnet {
            let public = public.unwrap_or(subnet.map_public);
            keys.push(("ec2:Subnet", self.arn(&subnet.account_id, "subnet", subnet.id.as_str())));
            keys.push(("ec2:Vpc", self.arn(&subnet.account_id, "vpc", subnet.vpc.as_str())));
            keys.push(("ec2:AssociatePublicIpAddress", public.to_string()));
        }
        keys
    }
}

fn asked_subnet(op: &RunInstances) -> Option<&String> {
    op.subnet_id.as_ref().or_else(|| op.network_interfaces.first()?.subnet_id.as_ref())
}

/// Adds keys to the access of the thing itself, not to that of its tags.
fn add_keys(accesses: &mut [Access], keys: Vec<(&'static str, String)>) {
    if let Some(first) = accesses.first_mut() {
        *first = first.clone().keys(keys);
    }
}

fn instance_keys(op: &RunInstances, image: Option<&Image>, place: &Place) -> Vec<(&'static str, String)> {
    let default = MetadataOptions {
        tokens_required: op.metadata_options.is_none() && image.is_some_and(|image| image.imds_v2),
        ..MetadataOptions::default()
    };
    let asked = op.metadata_options.as_ref();
    // options that make no sense are refused later, to those who may launch
    let metadata = asked.and_then(|asked| launch::metadata(&default, asked).ok()).unwrap_or(default);
    let mut keys = vec![
        ("ec2:InstanceType", op.instance_type.clone().unwrap_or_else(|| DEFAULT_TYPE.into())),
        ("ec2:EbsOptimized", op.ebs_optimized.unwrap_or(false).to_string()),
    ];
    keys.extend(place.zone.clone().map(|zone| ("ec2:AvailabilityZone", zone)));
    keys.extend(metadata_keys(&metadata));
    keys.extend(FIXED.map(|(name, value)| (name, value.to_owned())));
    keys
}
