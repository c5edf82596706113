//! The transaction of a launch: instances with their interfaces and addresses, the room they take, the client token; all
//! of it or nothing.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use api_spec::ErrorCode;
use api_spec::ids::{
    InstanceId, InstanceProfileAssociationId, NetworkAttachmentId, NetworkInterfaceId, ReservationId,
    SecurityGroupId, SubnetId,
};
use calls::volume::LaunchVolume;
use ipnet::Ipv4Net;
use jiff::Timestamp;
use kit::Quotas;
use kit::client_token::ClientToken;
use store::{Read, Tx};

use super::images::IMAGES;
use super::instances::Held;
use super::{addresses, instances, interfaces, key_pairs, networks, nodes, security_groups};
use crate::Config;
use crate::domain::image::Image;
use crate::domain::instance::{
    Instance, Interface, InterfaceAttachment, LaunchKey, MetadataOptions, ObservedDomain, ProfileAssociation,
};
use crate::domain::instance_type::InstanceType;
use crate::domain::launch::Launch;
use crate::domain::life::Life;
use crate::domain::network::{self, Subnet, Vpc};
use crate::domain::placement::{self, Need};
use crate::error::{Error, Kind, id};

/// Groups of an interface.
const MAX_GROUPS: usize = 5;

/// Random parts of one instance, drawn before the transaction.
#[derive(Clone, Debug)]
pub struct Ids {
    /// Its id.
    pub instance: InstanceId,
    /// Its interface's.
    pub interface: NetworkInterfaceId,
    /// The attachment's.
    pub attachment: NetworkAttachmentId,
    /// The interface's hardware address.
    pub mac: String,
    /// The association's with an instance profile, if there is one.
    pub profile: InstanceProfileAssociationId,
}

/// A launch, ready to be committed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Owner.
    pub account: String,
    /// Who launches.
    pub creator: Option<String>,
    /// What was asked for.
    pub launch: Launch,
    /// The type.
    pub kind: InstanceType,
    /// The image.
    pub image: Image,
    /// Disks of each instance.
    pub volumes: Vec<LaunchVolume>,
    /// The instance profile: ARN and id.
    pub profile: Option<(String, String)>,
    /// The default VPC.
    pub vpc: Vpc,
    /// The launch's id.
    pub reservation: ReservationId,
    /// For each of at most so many instances.
    pub ids: Vec<Ids>,
    /// The client token, with what it stands for.
    pub token: Option<ClientToken>,
    /// The client token as it came.
    pub client_token: Option<String>,
    /// When it was asked for.
    pub now: Timestamp,
    /// Limits and nodes.
    pub config: Config,
    /// Zone of this host.
    pub own_zone: String,
    /// Public addresses.
    pub pool: Ipv4Net,
    /// Quotas of who launches.
    pub quotas: Quotas,
}

/// Makes the instances; gives their reservation.
///
/// # Errors
/// AWS's code for what is missing or does not fit; then nothing is made.
pub fn commit(tx: &mut Tx<'_>, plan: &Plan) -> Result<ReservationId, Error> {
    if let Some(token) = &plan.token
        && let Some(made) = token.replay(tx, plan.now)?
    {
        return made.parse().map_err(|_| Error::Internal(format!("a client token made {made}")));
    }
    if !tx.contains(&IMAGES, &plan.image.id)? {
        return Err(Error::not_found(Kind::Image, &plan.image.id));
    }
    let key = match &plan.launch.key_name {
        Some(name) => {
            let found = key_pairs::by_name(tx, &plan.account, name)?;
            Some(LaunchKey { name: found.name, public_key: found.public_key })
        }
        None => None,
    };
    let groups = groups(tx, plan)?;
    let chosen = place(tx, plan)?;
    let subnet = subnet(tx, plan, &chosen)?;
    let addresses = private_addresses(tx, plan, &subnet, chosen.len())?;
    for (index, ((node, ids), address)) in chosen.iter().zip(&plan.ids).zip(addresses).enumerate() {
        let interface = interface(plan, ids, &subnet, &groups, address);
        interfaces::put(tx, &interface)?;
        addresses::give_dynamic(tx, plan.pool, interface)?;
        let instance = instance(plan, ids, index, node, &subnet.zone, key.clone());
        instances::put_desired(tx, instance)?;
    }
    if let Some(token) = &plan.token {
        token.remember(tx, plan.reservation.to_string(), plan.now)?;
    }
    Ok(plan.reservation.clone())
}

fn groups(tx: &Tx<'_>, plan: &Plan) -> Result<Vec<SecurityGroupId>, Error> {
    let asked = &plan.launch.network;
    let mut groups = Vec::new();
    for text in &asked.group_ids {
        groups.push(security_groups::owned(tx, &plan.account, &id(Kind::SecurityGroup, text)?)?.id);
    }
    for name in &asked.group_names {
        let found = security_groups::by_name(tx, &plan.vpc.id, name)?;
        let group = found.ok_or_else(|| {
            let vpc = &plan.vpc.id;
            let message = format!("The security group '{name}' does not exist in default VPC '{vpc}'");
            Error::refused(ErrorCode::InvalidGroupNotFound, message)
        })?;
        groups.push(group.id);
    }
    if groups.is_empty() {
        let default = security_groups::by_name(tx, &plan.vpc.id, "default")?;
        groups.push(default.ok_or_else(|| Error::Internal("a VPC without its default group".into()))?.id);
    }
    let mut seen = BTreeSet::new();
    groups.retain(|group| seen.insert(group.clone()));
    if groups.len() > MAX_GROUPS {
        return Err(Error::value(format!(
            "At most {MAX_GROUPS} security groups can be assigned to an interface"
        )));
    }
    Ok(groups)
}

/// The zone that a launch asks for, by subnet or by name.
fn wanted_zone(tx: &Tx<'_>, plan: &Plan) -> Result<Option<String>, Error> {
    let asked = &plan.launch.network;
    let mut zones: Vec<&str> = plan.config.nodes.iter().filter_map(|node| node.zone.as_deref()).collect();
    zones.push(&plan.own_zone);
    if let Some(zone) = asked.zone.as_ref().filter(|zone| !zones.contains(&zone.as_str())) {
        return Err(Error::value(format!("Invalid availability zone: [{zone}]")));
    }
    let Some(text) = &asked.subnet else { return Ok(asked.zone.clone()) };
    let subnet: SubnetId = id(Kind::Subnet, text)?;
    let subnet = networks::subnet(tx, &plan.account, &subnet)?;
    match &asked.zone {
        Some(zone) if *zone != subnet.zone => Err(Error::value(format!(
            "The availability zone {zone} is not that of the subnet {text}, {}",
            subnet.zone
        ))),
        _ => Ok(Some(subnet.zone)),
    }
}

/// A node for each instance, as many as there is room for.
fn place(tx: &Tx<'_>, plan: &Plan) -> Result<Vec<String>, Error> {
    let zone = wanted_zone(tx, plan)?;
    let held = instances::held(tx, &plan.account)?;
    let alive = usize::try_from(held.instances).unwrap_or(usize::MAX);
    let limit = usize::try_from(plan.config.instance_limit).unwrap_or(usize::MAX);
    if alive + plan.launch.min > limit {
        let message = format!(
            "You have requested more instances ({}) than your current instance limit of {limit} allows.",
            alive + plan.launch.min
        );
        return Err(Error::refused(ErrorCode::InstanceLimitExceeded, message));
    }
    let loads = nodes::loads(tx, &plan.config, &plan.own_zone)?;
    let need = Need {
        vcpus: u64::from(plan.kind.vcpus),
        memory_mib: plan.kind.memory_mib + plan.config.memory_overhead_mib,
    };
    let max = within_quotas(tx, plan, &held, plan.launch.max.min(limit - alive))?;
    let counts = (plan.launch.min, max);
    placement::choose(&loads, need, counts, zone.as_deref(), plan.config.cpu_ratio)
        .ok_or_else(|| Error::no_room(&plan.kind.name, zone.as_deref().unwrap_or(&plan.own_zone)))
}

/// As many instances as the quotas let there be, but not fewer than were asked for at least.
fn within_quotas(tx: &Tx<'_>, plan: &Plan, held: &Held, max: usize) -> Result<usize, Error> {
    let creator = plan.creator.as_ref().filter(|_| plan.quotas.any());
    let own = creator.map(|creator| instances::held_by(tx, creator)).transpose()?;
    let mut refused = None;
    for count in (plan.launch.min..=max).rev() {
        let count_u64 = u64::try_from(count).unwrap_or(u64::MAX);
        let after =
            |held: Held| held.with(count_u64, u64::from(plan.kind.vcpus), plan.kind.memory_mib).counts();
        match plan.quotas.check_with_own(after(*held), own.map(after)) {
            Ok(()) => return Ok(count),
            Err(over) => refused = Some(over),
        }
    }
    refused.map_or(Ok(max), |over| Err(over.into()))
}

/// The subnet asked for, or the default one of the zone that was chosen.
fn subnet(tx: &Tx<'_>, plan: &Plan, chosen: &[String]) -> Result<Subnet, Error> {
    if let Some(text) = &plan.launch.network.subnet {
        let found = networks::subnet(tx, &plan.account, &id(Kind::Subnet, text)?)?;
        return Ok(found);
    }
    let node = plan.config.nodes.iter().find(|node| chosen.first() == Some(&node.name));
    let zone = node.and_then(|node| node.zone.as_ref()).unwrap_or(&plan.own_zone);
    networks::subnets_of_account(tx, &plan.account)?
        .into_iter()
        .find(|subnet| subnet.is_default && subnet.zone == *zone)
        .ok_or_else(|| Error::Internal(format!("the zone {zone} has no default subnet")))
}

fn private_addresses(
    tx: &Tx<'_>,
    plan: &Plan,
    subnet: &Subnet,
    count: usize,
) -> Result<Vec<Ipv4Addr>, Error> {
    let taken = interfaces::taken(tx, &subnet.id)?;
    if let Some(asked) = plan.launch.network.address {
        if !network::is_usable(subnet.cidr, asked) {
            return Err(Error::value(format!(
                "Address {asked} does not fall within the subnet's address range"
            )));
        }
        if taken.contains(&asked) {
            return Err(Error::refused(
                ErrorCode::InvalidAddressInUse,
                format!("Address {asked} is in use."),
            ));
        }
        return Ok(vec![asked]);
    }
    let free: Vec<Ipv4Addr> =
        network::usable(subnet.cidr).filter(|address| !taken.contains(address)).take(count).collect();
    if free.len() < count {
        let message = format!("The subnet {} has not enough free addresses", subnet.id);
        return Err(Error::refused(ErrorCode::InsufficientFreeAddressesInSubnet, message));
    }
    Ok(free)
}

fn interface(
    plan: &Plan,
    ids: &Ids,
    subnet: &Subnet,
    groups: &[SecurityGroupId],
    address: Ipv4Addr,
) -> Interface {
    let [_, _, tags] = &plan.launch.tags;
    Interface {
        id: ids.interface.clone(),
        account_id: plan.account.clone(),
        vpc: subnet.vpc.clone(),
        subnet: subnet.id.clone(),
        zone: subnet.zone.clone(),
        mac: ids.mac.clone(),
        address,
        public: None,
        auto_public: plan.launch.network.public.unwrap_or(subnet.map_public),
        groups: groups.to_vec(),
        description: plan.launch.network.description.clone(),
        attachment: InterfaceAttachment {
            id: ids.attachment.clone(),
            instance: ids.instance.clone(),
            attached_at: plan.now,
            delete_on_termination: true,
        },
        tags: tags.clone(),
    }
}

fn instance(
    plan: &Plan,
    ids: &Ids,
    index: usize,
    node: &str,
    zone: &str,
    key: Option<LaunchKey>,
) -> Instance {
    let launch = &plan.launch;
    let mut metadata = launch.metadata.clone().unwrap_or_default();
    if plan.image.imds_v2 && launch.metadata.is_none() {
        metadata = MetadataOptions { tokens_required: true, hop_limit: 2, ..metadata };
    }
    Instance {
        id: ids.instance.clone(),
        account_id: plan.account.clone(),
        reservation_id: plan.reservation.clone(),
        launch_index: u32::try_from(index).unwrap_or(u32::MAX),
        client_token: plan.client_token.clone(),
        image_id: plan.image.id.clone(),
        root_device: plan.image.root_device.clone(),
        instance_type: plan.kind.name.clone(),
        vcpus: plan.kind.vcpus,
        memory_mib: plan.kind.memory_mib,
        zone: zone.to_owned(),
        node: node.to_owned(),
        key,
        user_data: launch.user_data.clone(),
        life: Life::begin(plan.now),
        launched_at: plan.now,
        shutdown_behavior: launch.shutdown_behavior,
        disable_api_termination: launch.disable_api_termination,
        disable_api_stop: launch.disable_api_stop,
        ebs_optimized: launch.ebs_optimized,
        metadata,
        plan: plan.volumes.clone(),
        disks: None,
        observed: ObservedDomain::default(),
        interface: Some(ids.interface.clone()),
        tags: launch.tags[0].clone(),
        profile: plan.profile.as_ref().map(|(arn, id)| ProfileAssociation {
            id: ids.profile.clone(),
            arn: arn.clone(),
            profile_id: id.clone(),
            since: plan.now,
        }),
        creator: plan.creator.clone(),
    }
}
