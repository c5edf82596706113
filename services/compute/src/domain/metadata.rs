//! The metadata document of an instance: every leaf that 169.254.169.254 serves to it.
//!
//! cloud-init fetches every leaf that a listing names, so what is listed here is served, and what a guest expects is
//! listed: see `docs` of the node for how paths become listings.

use std::collections::BTreeMap;

use calls::node::{Metadata, MetadataProfile};
use serde_json::json;

use super::address;
use super::instance::{Instance, Interface};
use super::network::{self, Subnet, Vpc};

/// All that a document is made of.
pub struct Source<'a> {
    /// The instance.
    pub instance: &'a Instance,
    /// Its interface.
    pub interface: &'a Interface,
    /// The interface's subnet.
    pub subnet: &'a Subnet,
    /// The interface's VPC.
    pub vpc: &'a Vpc,
    /// Names of the interface's security groups.
    pub group_names: &'a [String],
    /// The region.
    pub region: &'a str,
}

/// The document.
pub fn document(source: &Source<'_>) -> Metadata {
    let instance = source.instance;
    let mut leaves = BTreeMap::new();
    let mut put = |path: String, text: String| {
        leaves.insert(path, text);
    };
    for (name, text) in top(source) {
        put(format!("meta-data/{name}"), text);
    }
    for (name, text) in interface(source) {
        put(format!("meta-data/network/interfaces/macs/{}/{name}", source.interface.mac), text);
    }
    for (name, device) in block_devices(instance) {
        put(format!("meta-data/block-device-mapping/{name}"), device);
    }
    if instance.metadata.tags {
        for tag in &instance.tags {
            put(format!("meta-data/tags/instance/{}", tag.key), tag.value.clone());
        }
    }
    put("dynamic/instance-identity/document".into(), identity(source));
    Metadata {
        leaves,
        public_key_name: instance.key.as_ref().map(|key| key.name.clone()),
        user_data: instance.user_data.clone(),
        token_required: instance.metadata.tokens_required,
        enabled: instance.metadata.enabled,
        profile: instance.profile.as_ref().map(|profile| MetadataProfile {
            account_id: instance.account_id.clone(),
            arn: profile.arn.clone(),
            id: profile.profile_id.clone(),
        }),
    }
}

fn top(source: &Source<'_>) -> Vec<(&'static str, String)> {
    let (instance, interface, region) = (source.instance, source.interface, source.region);
    let private_name = address::private_name(interface.address, region);
    let mut leaves = vec![
        ("ami-id", instance.image_id.to_string()),
        ("ami-launch-index", instance.launch_index.to_string()),
        ("ami-manifest-path", "(unknown)".into()),
        ("hostname", private_name.clone()),
        ("instance-action", "none".into()),
        ("instance-id", instance.id.to_string()),
        ("instance-life-cycle", "on-demand".into()),
        ("instance-type", instance.instance_type.clone()),
        ("local-hostname", private_name),
        ("local-ipv4", interface.address.to_string()),
        ("mac", interface.mac.clone()),
        ("placement/availability-zone", instance.zone.clone()),
        ("placement/availability-zone-id", network::zone_id(&instance.zone)),
        ("placement/region", region.to_owned()),
        ("profile", "default-hvm".into()),
        ("reservation-id", instance.reservation_id.to_string()),
        ("security-groups", source.group_names.join("\n")),
        ("services/domain", "amazonaws.com".into()),
        ("services/partition", "aws".into()),
    ];
    if let Some(public) = &interface.public {
        leaves.push(("public-hostname", address::public_name(public.address, region)));
        leaves.push(("public-ipv4", public.address.to_string()));
    }
    if let Some(key) = &instance.key {
        leaves.push(("public-keys/0/openssh-key", format!("{} {}", key.public_key, key.name)));
    }
    leaves
}

fn interface(source: &Source<'_>) -> Vec<(String, String)> {
    let (interface, region) = (source.interface, source.region);
    let groups: Vec<String> = interface.groups.iter().map(ToString::to_string).collect();
    let mut leaves: Vec<(String, String)> = [
        ("device-number", "0".to_owned()),
        ("network-card", "0".into()),
        ("interface-id", interface.id.to_string()),
        ("local-hostname", address::private_name(interface.address, region)),
        ("local-ipv4s", interface.address.to_string()),
        ("mac", interface.mac.clone()),
        ("owner-id", interface.account_id.clone()),
        ("security-group-ids", groups.join("\n")),
        ("security-groups", source.group_names.join("\n")),
        ("subnet-id", source.subnet.id.to_string()),
        ("subnet-ipv4-cidr-block", source.subnet.cidr.to_string()),
        ("vpc-id", source.vpc.id.to_string()),
        ("vpc-ipv4-cidr-block", source.vpc.cidr.to_string()),
        ("vpc-ipv4-cidr-blocks", source.vpc.cidr.to_string()),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text))
    .collect();
    if let Some(public) = &interface.public {
        leaves.push((format!("ipv4-associations/{}", public.address), interface.address.to_string()));
        leaves.push(("public-hostname".into(), address::public_name(public.address, region)));
        leaves.push(("public-ipv4s".into(), public.address.to_string()));
    }
    leaves
}

/// `ami` and `root` are the root disk, `ebs1`, `ebs2`, ... the others.
fn block_devices(instance: &Instance) -> Vec<(String, String)> {
    let short = instance.root_device.trim_start_matches("/dev/").to_owned();
    let mut devices = vec![("ami".to_owned(), short), ("root".to_owned(), instance.root_device.clone())];
    let others = instance.disks.iter().flatten().filter(|disk| disk.disk.device != instance.root_device);
    for (number, disk) in (1..).zip(others) {
        devices.push((format!("ebs{number}"), disk.disk.device.trim_start_matches("/dev/").to_owned()));
    }
    devices
}

fn identity(source: &Source<'_>) -> String {
    let instance = source.instance;
    let document = json!({
        "accountId": instance.account_id,
        "architecture": "x86_64",
        "availabilityZone": instance.zone,
        "billingProducts": null,
        "devpayProductCodes": null,
        "marketplaceProductCodes": null,
        "imageId": instance.image_id,
        "instanceId": instance.id,
        "instanceType": instance.instance_type,
        "kernelId": null,
        "pendingTime": instance.launched_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "privateIp": source.interface.address,
        "ramdiskId": null,
        "region": source.region,
        "version": "2017-09-30",
    });
    format!("{document:#}")
}
