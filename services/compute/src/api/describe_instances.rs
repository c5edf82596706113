//! Instances as answers show them.

use api_spec::ec2::images::StateReason;
use api_spec::ec2::instance_profiles::IamInstanceProfile;
use api_spec::ec2::instances::{
    self as wire, DescribeInstances, DescribeInstancesResult, GroupIdentifier, InstanceState, Reservation,
};
use api_spec::ids::InstanceId;
use api_spec::{ApiError, Timestamp};
use calls::Tag;
use calls::compute::AttachedDisk;
use kit::dispatch::Serve;
use kit::{Access, Caller};
use store::Read;

use super::filter::{Filtered, by_id, flag, maybe, one, page, select};
use super::shown;
use crate::domain::address::{private_name, public_name};
use crate::domain::instance::{Instance, Interface, MetadataOptions, ProfileAssociation};
use crate::domain::life::State;
use crate::error::{Error, Kind};
use crate::service::Service;
use crate::store::instances;

/// An instance with all that is shown with it.
pub struct View {
    /// The instance.
    pub instance: Instance,
    /// Its interface; none once terminated.
    pub interface: Option<Interface>,
    /// The interface's groups.
    pub groups: Vec<GroupIdentifier>,
    region: String,
}

impl Service {
    /// Instances with all that is shown with them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn views(&self, read: &impl Read, instances: Vec<Instance>) -> Result<Vec<View>, Error> {
        instances
            .into_iter()
            .map(|instance| {
                let (instance, interface) = instances::with_interface(read, instance)?;
                let groups = match &interface {
                    Some(interface) => self.group_identifiers(read, interface)?,
                    None => Vec::new(),
                };
                Ok(View { instance, interface, groups, region: self.region().to_owned() })
            })
            .collect()
    }
}

/// A state as answers show it.
pub fn state(state: State) -> InstanceState {
    InstanceState { code: state.code(), name: state.name().into() }
}

/// Metadata options as answers show them.
pub fn metadata_options(options: &MetadataOptions) -> wire::InstanceMetadataOptions {
    let onoff = |on: bool| if on { "enabled" } else { "disabled" }.to_owned();
    wire::InstanceMetadataOptions {
        state: "applied".into(),
        http_tokens: if options.tokens_required { "required" } else { "optional" }.into(),
        http_put_response_hop_limit: options.hop_limit,
        http_endpoint: onoff(options.enabled),
        http_protocol_ipv6: "disabled".into(),
        instance_metadata_tags: onoff(options.tags),
    }
}

/// An instance profile as answers show it.
pub fn profile(profile: &ProfileAssociation) -> IamInstanceProfile {
    IamInstanceProfile { arn: profile.arn.clone(), id: profile.profile_id.clone() }
}

/// Disks as answers show them.
pub fn devices(instance: &Instance) -> Vec<wire::InstanceBlockDeviceMapping> {
    let shown = |one: &AttachedDisk| wire::InstanceBlockDeviceMapping {
        device_name: one.disk.device.clone(),
        ebs: wire::EbsInstanceBlockDevice {
            attach_time: one.attached_at.into(),
            delete_on_termination: one.delete_on_termination,
            status: one.state.clone(),
            volume_id: one.disk.volume.to_string(),
        },
    };
    instance.disks.iter().flatten().map(shown).collect()
}

impl View {
    /// As AWS shows it.
    pub fn describe(&self) -> wire::Instance {
        let (instance, region) = (&self.instance, &self.region);
        let interface = self.interface.as_ref();
        let public = interface.and_then(|interface| interface.public.as_ref());
        wire::Instance {
            architecture: Some("x86_64".into()),
            block_device_mappings: devices(instance),
            client_token: instance.client_token.clone(),
            ebs_optimized: Some(instance.ebs_optimized),
            ena_support: Some(false),
            hypervisor: Some("xen".into()),
            iam_instance_profile: instance.profile.as_ref().map(profile),
            network_interfaces: interface.map(|one| self.interface(one)).into_iter().collect(),
            root_device_name: Some(instance.root_device.clone()),
            root_device_type: Some("ebs".into()),
            security_groups: self.groups.clone(),
            source_dest_check: interface.map(|_| true),
            state_reason: (instance.life.reason.as_ref())
                .map(|reason| StateReason { code: reason.code.clone(), message: reason.message.clone() }),
            tags: shown(&instance.tags),
            virtualization_type: Some("hvm".into()),
            instance_id: instance.id.to_string(),
            image_id: instance.image_id.to_string(),
            state: state(instance.life.state),
            private_dns_name: interface.map(|one| private_name(one.address, region)).unwrap_or_default(),
            public_dns_name: public.map(|one| public_name(one.address, region)).unwrap_or_default(),
            state_transition_reason: instance.life.transition.clone(),
            key_name: instance.key.as_ref().map(|key| key.name.clone()),
            ami_launch_index: i32::try_from(instance.launch_index).ok(),
            instance_type: instance.instance_type.clone(),
            launch_time: instance.launched_at.into(),
            placement: wire::Placement {
                tenancy: "default".into(),
                group_name: String::new(),
                availability_zone: instance.zone.clone(),
            },
            monitoring: wire::Monitoring { state: "disabled".into() },
            subnet_id: interface.map(|one| one.subnet.to_string()),
            vpc_id: interface.map(|one| one.vpc.to_string()),
            private_ip_address: interface.map(|one| one.address.to_string()),
            public_ip_address: public.map(|one| one.address.to_string()),
            ..self.options()
        }
    }

    /// What is the same for all instances, or as their type has it.
    fn options(&self) -> wire::Instance {
        let instance = &self.instance;
        wire::Instance {
            cpu_options: Some(wire::CpuOptions {
                core_count: i32::try_from(instance.vcpus).unwrap_or(i32::MAX),
                threads_per_core: 1,
            }),
            capacity_reservation_specification: Some(wire::CapacityReservationSpecification {
                capacity_reservation_preference: "open".into(),
            }),
            hibernation_options: Some(wire::HibernationOptions { configured: false }),
            metadata_options: Some(metadata_options(&instance.metadata)),
            enclave_options: Some(wire::EnclaveOptions { enabled: false }),
            platform_details: Some("Linux/UNIX".into()),
            usage_operation: Some("RunInstances".into()),
            usage_operation_update_time: Some(instance.launched_at.into()),
            private_dns_name_options: Some(wire::PrivateDnsNameOptions {
                hostname_type: "ip-name".into(),
                enable_resource_name_dns_a_record: false,
                enable_resource_name_dns_aaaa_record: false,
            }),
            maintenance_options: Some(wire::MaintenanceOptions { auto_recovery: "default".into() }),
            current_instance_boot_mode: Some("legacy-bios".into()),
            ..wire::Instance::default()
        }
    }

    fn interface(&self, one: &Interface) -> wire::InstanceNetworkInterface {
        let association = one.public.as_ref().map(|public| wire::InstanceNetworkInterfaceAssociation {
            ip_owner_id: if public.elastic.is_some() { one.account_id.clone() } else { "amazon".into() },
            public_dns_name: public_name(public.address, &self.region),
            public_ip: public.address.to_string(),
        });
        let private_dns_name = private_name(one.address, &self.region);
        wire::InstanceNetworkInterface {
            association: association.clone(),
            attachment: wire::InstanceNetworkInterfaceAttachment {
                attach_time: one.attachment.attached_at.into(),
                attachment_id: one.attachment.id.to_string(),
                delete_on_termination: one.attachment.delete_on_termination,
                device_index: 0,
                status: if self.instance.life.state == State::Pending { "attaching" } else { "attached" }
                    .into(),
                network_card_index: 0,
            },
            description: one.description.clone(),
            groups: self.groups.clone(),
            mac_address: one.mac.clone(),
            network_interface_id: one.id.to_string(),
            owner_id: one.account_id.clone(),
            private_dns_name: private_dns_name.clone(),
            private_ip_address: one.address.to_string(),
            private_ip_addresses: vec![wire::InstancePrivateIpAddress {
                association,
                primary: true,
                private_dns_name,
                private_ip_address: one.address.to_string(),
            }],
            source_dest_check: true,
            status: "in-use".into(),
            subnet_id: one.subnet.to_string(),
            vpc_id: one.vpc.to_string(),
            interface_type: "interface".into(),
            ..wire::InstanceNetworkInterface::default()
        }
    }

    fn device_values(&self, field: &str) -> Vec<String> {
        let value = |one: &AttachedDisk| match field {
            "attach-time" => Timestamp(one.attached_at).to_string(),
            "delete-on-termination" => one.delete_on_termination.to_string(),
            "device-name" => one.disk.device.clone(),
            "status" => one.state.clone(),
            _ => one.disk.volume.to_string(),
        };
        self.instance.disks.iter().flatten().map(value).collect()
    }

    fn interface_values(&self, field: &str) -> Vec<String> {
        let Some(interface) = &self.interface else { return Vec::new() };
        let public = interface.public.as_ref();
        match field {
            "addresses.private-ip-address" | "private-ip-address" => one(interface.address),
            "addresses.association.public-ip" | "association.public-ip" => maybe(public.map(|p| p.address)),
            "attachment.attachment-id" => one(&interface.attachment.id),
            "availability-zone" => one(&interface.zone),
            "description" => one(&interface.description),
            "group-id" => self.groups.iter().map(|group| group.group_id.clone()).collect(),
            "group-name" => self.groups.iter().map(|group| group.group_name.clone()).collect(),
            "mac-address" => one(&interface.mac),
            "network-interface-id" => one(&interface.id),
            "owner-id" => one(&interface.account_id),
            "private-dns-name" => one(private_name(interface.address, &self.region)),
            "subnet-id" => one(&interface.subnet),
            "vpc-id" => one(&interface.vpc),
            _ => Vec::new(),
        }
    }
}

impl Filtered for View {
    const FILTERS: &'static [&'static str] = &[
        "affinity",
        "architecture",
        "availability-zone",
        "block-device-mapping.attach-time",
        "block-device-mapping.delete-on-termination",
        "block-device-mapping.device-name",
        "block-device-mapping.status",
        "block-device-mapping.volume-id",
        "client-token",
        "dns-name",
        "group-id",
        "group-name",
        "hypervisor",
        "iam-instance-profile.arn",
        "image-id",
        "instance-id",
        "instance-lifecycle",
        "instance-state-code",
        "instance-state-name",
        "instance-type",
        "instance.group-id",
        "instance.group-name",
        "ip-address",
        "kernel-id",
        "key-name",
        "launch-index",
        "launch-time",
        "metadata-options.http-endpoint",
        "metadata-options.http-tokens",
        "monitoring-state",
        "network-interface.addresses.association.public-ip",
        "network-interface.addresses.private-ip-address",
        "network-interface.association.public-ip",
        "network-interface.attachment.attachment-id",
        "network-interface.availability-zone",
        "network-interface.description",
        "network-interface.group-id",
        "network-interface.group-name",
        "network-interface.mac-address",
        "network-interface.network-interface-id",
        "network-interface.owner-id",
        "network-interface.private-dns-name",
        "network-interface.private-ip-address",
        "network-interface.subnet-id",
        "network-interface.vpc-id",
        "owner-id",
        "placement-group-name",
        "platform",
        "private-dns-name",
        "private-ip-address",
        "product-code",
        "ramdisk-id",
        "reason",
        "requester-id",
        "reservation-id",
        "root-device-name",
        "root-device-type",
        "source-dest-check",
        "spot-instance-request-id",
        "state-reason-code",
        "state-reason-message",
        "subnet-id",
        "tenancy",
        "virtualization-type",
        "vpc-id",
    ];
    fn tags(&self) -> &[Tag] {
        &self.instance.tags
    }
    fn values(&self, filter: &str) -> Vec<String> {
        if let Some(field) = filter.strip_prefix("network-interface.") {
            return self.interface_values(field);
        }
        if let Some(field) = filter.strip_prefix("block-device-mapping.") {
            return self.device_values(field);
        }
        let instance = &self.instance;
        let reason = instance.life.reason.as_ref();
        match filter {
            "architecture" => one("x86_64"),
            "availability-zone" => one(&instance.zone),
            "client-token" => maybe(instance.client_token.as_ref()),
            "dns-name" => one(self.describe().public_dns_name),
            "group-id" | "instance.group-id" => self.interface_values("group-id"),
            "group-name" | "instance.group-name" => self.interface_values("group-name"),
            "hypervisor" => one("xen"),
            "iam-instance-profile.arn" => maybe(instance.profile.as_ref().map(|profile| &profile.arn)),
            "image-id" => one(&instance.image_id),
            "instance-id" => one(&instance.id),
            "instance-state-code" => one(instance.life.state.code()),
            "instance-state-name" => one(instance.life.state.name()),
            "instance-type" => one(&instance.instance_type),
            "ip-address" => self.interface_values("association.public-ip"),
            "key-name" => maybe(instance.key.as_ref().map(|key| &key.name)),
            "launch-index" => one(instance.launch_index),
            "launch-time" => one(Timestamp(instance.launched_at)),
            "metadata-options.http-endpoint" => one(metadata_options(&instance.metadata).http_endpoint),
            "metadata-options.http-tokens" => one(metadata_options(&instance.metadata).http_tokens),
            "monitoring-state" => one("disabled"),
            "owner-id" => one(&instance.account_id),
            "private-dns-name" | "private-ip-address" | "subnet-id" | "vpc-id" => {
                self.interface_values(filter)
            }
            "reason" => one(&instance.life.transition),
            "reservation-id" => one(&instance.reservation_id),
            "root-device-name" => one(&instance.root_device),
            "root-device-type" => one("ebs"),
            "source-dest-check" => flag(true),
            "state-reason-code" => maybe(reason.map(|reason| &reason.code)),
            "state-reason-message" => maybe(reason.map(|reason| &reason.message)),
            "tenancy" => one("default"),
            "virtualization-type" => one("hvm"),
            _ => Vec::new(),
        }
    }
}

/// Views grouped by the launch they came from, in their order.
pub fn reservations(views: &[View]) -> Vec<Reservation> {
    let mut grouped: Vec<Reservation> = Vec::new();
    for view in views {
        let id = view.instance.reservation_id.as_str();
        match grouped.last_mut().filter(|last| last.reservation_id == id) {
            Some(last) => last.instances.push(view.describe()),
            None => grouped.push(Reservation {
                reservation_id: id.to_owned(),
                owner_id: view.instance.account_id.clone(),
                groups: Vec::new(),
                instances: vec![view.describe()],
            }),
        }
    }
    grouped
}

impl Serve<DescribeInstances> for Service {
    async fn access(&self, _: &DescribeInstances, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.anywhere("DescribeInstances")])
    }

    async fn handle(
        &self,
        op: DescribeInstances,
        caller: &Caller,
    ) -> Result<DescribeInstancesResult, ApiError> {
        let read = self.read()?;
        let all = instances::of_account(&read, caller.account_id()).map_err(Error::from)?;
        let named = by_id::<_, InstanceId>(all, &op.instance_ids, Kind::Instance, |one| one.id.to_string())?;
        let chosen = select(self.views(&read, named)?, &op.filters)?;
        let key = |view: &View| format!("{} {:05}", view.instance.reservation_id, view.instance.launch_index);
        let (views, next_token) =
            page(chosen, key, op.max_results, op.next_token.as_deref(), &op.instance_ids)?;
        Ok(DescribeInstancesResult { next_token, reservations: reservations(&views) })
    }
}
