//! RunInstances: one transaction makes the instances with their addresses and takes their room; then volume makes the
//! disks, here for a quick answer, and by the reconciler if this is cut off.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use api_spec::ec2::instances::Reservation;
use api_spec::ec2::run_instances::RunInstances;
use api_spec::ids::{
    ImageId, InstanceId, NetworkAttachmentId, NetworkInterfaceId, ReservationId, SecurityGroupId, SubnetId,
};
use api_spec::{ApiError, ErrorCode};
use calls::volume::LaunchVolume;
use ipnet::Ipv4Net;
use jiff::Timestamp;
use kit::client_token::ClientToken;
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::{Read, Tx};

use super::describe_instances::reservations;
use super::power::no_room;
use crate::Config;
use crate::domain::image::Image;
use crate::domain::instance::{
    Instance, Interface, InterfaceAttachment, LaunchKey, MetadataOptions, ObservedDomain,
};
use crate::domain::instance_type::InstanceType;
use crate::domain::launch::{self, Launch};
use crate::domain::life::{Life, State};
use crate::domain::network::{self, Subnet, Vpc};
use crate::domain::placement::{self, Need};
use crate::domain::tags;
use crate::error::{Error, Kind, id};
use crate::reconcile::launch_volumes::{is_refusal, make_disks};
use crate::service::{Launching, Service};
use crate::store::images::IMAGES;
use crate::store::{addresses, images, instances, interfaces, key_pairs, networks, nodes, security_groups};

/// How long an answer waits for the disks to be made.
const PATIENCE: Duration = Duration::from_secs(15);
/// Groups of an interface.
const MAX_GROUPS: usize = 5;

/// Random parts of one instance, drawn before the transaction.
#[derive(Clone, Debug)]
struct Ids {
    instance: InstanceId,
    interface: NetworkInterfaceId,
    attachment: NetworkAttachmentId,
    mac: String,
}

/// A launch, ready to be committed.
#[derive(Clone, Debug)]
struct Plan {
    account: String,
    launch: Launch,
    kind: InstanceType,
    image: Image,
    volumes: Vec<LaunchVolume>,
    vpc: Vpc,
    reservation: ReservationId,
    ids: Vec<Ids>,
    token: Option<ClientToken>,
    client_token: Option<String>,
    now: Timestamp,
    config: Config,
    own_zone: String,
    pool: Ipv4Net,
}

impl Serve<RunInstances> for Service {
    async fn access(&self, op: &RunInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let specified = tags::specified(&op.tag_specifications, ["instance", "volume", "network-interface"]);
        let [instance, volume, interface] = specified?;
        let run = "RunInstances";
        let mut accesses = Vec::new();
        for (kind, tags) in [("instance", &instance), ("volume", &volume), ("network-interface", &interface)]
        {
            accesses.extend(self.creating(caller, run, kind, tags));
        }
        if let (Some(first), Some(kind)) = (accesses.first_mut(), &op.instance_type) {
            *first = first.clone().key("ec2:InstanceType", kind.as_str());
        }
        if let Some(image) = &op.image_id {
            accesses.push(self.on_tagged(caller, run, image).await?);
        }
        for snapshot in
            op.block_device_mappings.iter().filter_map(|one| one.ebs.as_ref()?.snapshot_id.as_ref())
        {
            accesses.push(self.on_tagged(caller, run, snapshot).await?);
        }
        accesses.extend(self.access_network(op, caller).await?);
        if let Some(name) = &op.key_name {
            let tags = key_pairs::by_name(&self.read()?, caller.account_id(), name).map(|key| key.tags);
            accesses.push(self.on(caller, run, "key-pair", name, &tags.unwrap_or_default()));
        }
        Ok(accesses)
    }

    async fn handle(&self, op: RunInstances, caller: &Caller) -> Result<Reservation, ApiError> {
        let client_token = op.client_token.clone();
        let parameters = RunInstances { client_token: None, ..op.clone() };
        let token =
            ClientToken::of(caller.account_id(), "RunInstances", client_token.as_deref(), &parameters)?;
        if let Some(reservation) = self.replay(token.clone(), caller.now).await? {
            return Ok(self.shown_reservation(&reservation)?);
        }
        let plan = self.plan(&op, caller, token, client_token).await?;
        // marked before they exist, so that the reconciler leaves them to us
        let launching: Vec<Launching<'_>> =
            plan.ids.iter().filter_map(|ids| self.begin_launch(&ids.instance)).collect();
        let reservation = self.store.transact(move |tx| commit(tx, &plan)).await?;
        self.make_all_disks(&reservation, &launching).await?;
        drop(launching);
        Ok(self.shown_reservation(&reservation)?)
    }
}

impl Service {
    async fn access_network(&self, op: &RunInstances, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = Vec::new();
        let run = "RunInstances";
        let inner = op.network_interfaces.first();
        if let Some(subnet) = op.subnet_id.as_ref().or_else(|| inner.and_then(|one| one.subnet_id.as_ref())) {
            accesses.push(self.on_tagged(caller, run, subnet).await?);
        } else {
            accesses.push(self.on(caller, run, "subnet", "*", &[]));
        }
        let groups: Vec<&String> =
            op.security_group_ids.iter().chain(inner.iter().flat_map(|one| &one.groups)).collect();
        for group in &groups {
            accesses.push(self.access_group(caller, run, Some(group), None)?);
        }
        for name in &op.security_groups {
            accesses.push(self.access_group(caller, run, None, Some(name))?);
        }
        if groups.is_empty() && op.security_groups.is_empty() {
            accesses.push(self.access_group(caller, run, None, Some("default"))?);
        }
        Ok(accesses)
    }

    async fn replay(
        &self,
        token: Option<ClientToken>,
        now: Timestamp,
    ) -> Result<Option<ReservationId>, Error> {
        let Some(token) = token else { return Ok(None) };
        let made = self.store.transact(move |tx| Ok::<_, Error>(token.replay(tx, now)?)).await?;
        Ok(made.and_then(|id| id.parse().ok()))
    }

    fn shown_reservation(&self, reservation: &ReservationId) -> Result<Reservation, Error> {
        let read = self.read()?;
        let views = self.views(&read, instances::of_reservation(&read, reservation)?)?;
        reservations(&views).into_iter().next().ok_or_else(|| {
            // all of its instances have been forgotten since
            Error::refused(ErrorCode::InvalidInstanceIdNotFound, format!("The launch {reservation} is over"))
        })
    }

    async fn plan(
        &self,
        op: &RunInstances,
        caller: &Caller,
        token: Option<ClientToken>,
        client_token: Option<String>,
    ) -> Result<Plan, Error> {
        let launch = Launch::read(op)?;
        let kind = self.config.instance_type(&launch.instance_type).cloned().ok_or_else(|| {
            Error::value(format!("Invalid value '{}' for InstanceType.", launch.instance_type))
        })?;
        let account = caller.account_id().to_owned();
        let image_id: ImageId = id(Kind::Image, &launch.image)?;
        let image = images::usable(&self.read()?, &account, &image_id)?;
        let volumes = launch::volumes(&image, &launch.devices, &launch.tags[1])?;
        self.check_snapshots(&image, &volumes).await?;
        let random = || self.context.random.u128();
        let ids = (0..launch.max)
            .map(|_| Ids {
                instance: InstanceId::from_random(random()),
                interface: NetworkInterfaceId::from_random(random()),
                attachment: NetworkAttachmentId::from_random(random()),
                mac: mac(self.context.random.bytes()),
            })
            .collect();
        Ok(Plan {
            vpc: self.default_vpc(&account).await?,
            account,
            kind,
            image,
            volumes,
            reservation: ReservationId::from_random(random()),
            ids,
            token,
            client_token,
            now: caller.now,
            config: self.config.clone(),
            own_zone: self.context.common.zone.clone(),
            pool: self.pool(),
            launch,
        })
    }

    /// Snapshots must exist and fit, so that volume has no reason to refuse later. The image's are its owner's.
    async fn check_snapshots(&self, image: &Image, volumes: &[LaunchVolume]) -> Result<(), Error> {
        let snapshots: BTreeSet<_> = volumes.iter().filter_map(|volume| volume.snapshot.clone()).collect();
        let found = self.look_up_snapshots(&image.account_id, snapshots.into_iter().collect()).await?;
        for volume in volumes {
            let Some(snapshot) = found.iter().find(|one| Some(&one.id) == volume.snapshot.as_ref()) else {
                continue;
            };
            if snapshot.state != "completed" {
                let message = format!("Snapshot {} is {}", snapshot.id, snapshot.state);
                return Err(Error::refused(ErrorCode::IncorrectState, message));
            }
            if volume.size_gib.is_some_and(|size| size < snapshot.size_gib) {
                let message = format!(
                    "Volume of size {}GB is smaller than snapshot '{}', expect size >= {}GB",
                    volume.size_gib.unwrap_or_default(),
                    snapshot.id,
                    snapshot.size_gib
                );
                return Err(Error::refused(ErrorCode::InvalidBlockDeviceMapping, message));
            }
        }
        Ok(())
    }

    /// Has the disks made. A refusal fails the launch and ends all of its instances; what cannot be done now is left
    /// to the reconciler.
    async fn make_all_disks(
        &self,
        reservation: &ReservationId,
        launching: &[Launching<'_>],
    ) -> Result<(), ApiError> {
        let launched = instances::of_reservation(&self.read()?, reservation).map_err(Error::from)?;
        let all = async {
            for instance in &launched {
                let Some(mark) = launching.iter().find(|mark| mark.is_for(&instance.id)) else { continue };
                make_disks(self, instance, mark).await?;
            }
            Ok::<_, ApiError>(())
        };
        match tokio::time::timeout(PATIENCE, all).await {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(error)) if is_refusal(&error) => {
                self.end_all(reservation.clone()).await?;
                Err(error)
            }
            Ok(Err(error)) => {
                tracing::warn!(%reservation, %error, "the disks of a launch will be made later");
                Ok(())
            }
        }
    }

    async fn end_all(&self, reservation: ReservationId) -> Result<(), Error> {
        let now = self.context.clock.now();
        self.store
            .transact(move |tx| {
                for instance in instances::of_reservation(tx, &reservation)? {
                    if matches!(instance.life.state, State::Pending | State::Running) {
                        let reason = crate::domain::life::Reason::new(
                            "Server.InternalError",
                            "Internal error on launch",
                        );
                        let life = instance.life.fail(reason, now);
                        instances::settle(tx, instance, life)?;
                    }
                }
                Ok(())
            })
            .await
    }
}

/// A locally administered address.
fn mac(random: [u8; 5]) -> String {
    let [a, b, c, d, e] = random;
    format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}")
}

/// Makes the instances; gives their reservation.
fn commit(tx: &mut Tx<'_>, plan: &Plan) -> Result<ReservationId, Error> {
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
    let alive = instances::of_account(tx, &plan.account)?
        .iter()
        .filter(|one| one.life.state != State::Terminated)
        .count();
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
    let counts = (plan.launch.min, plan.launch.max.min(limit - alive));
    placement::choose(&loads, need, counts, zone.as_deref(), plan.config.cpu_ratio)
        .ok_or_else(|| no_room(&plan.kind.name, zone.as_deref().unwrap_or(&plan.own_zone)))
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
    }
}
