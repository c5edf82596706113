//! Attributes of instances that can be read and changed one by one; only those that are truly honoured can be changed.

use api_spec::ec2::images::{RequestStringValue, StringValue};
use api_spec::ec2::instance_attributes::{
    BooleanValue, DescribeInstanceAttribute, InstanceAttribute, ModifyInstanceAttribute,
    ModifyInstanceMetadataOptions, ModifyInstanceMetadataOptionsResult, RequestBooleanValue,
    RequestInstanceBlockDevice,
};
use api_spec::ec2::instances::EnclaveOptions;
use api_spec::ec2::run_instances::RequestMetadataOptions;
use api_spec::ids::{InstanceId, SecurityGroupId};
use api_spec::{ApiError, ErrorCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::volume::SetDeleteOnTermination;
use kit::dispatch::Serve;
use kit::{Access, Caller, Quotas};
use store::Tx;

use super::describe_instances::{devices, metadata_options};
use crate::domain::instance::Instance;
use crate::domain::launch;
use crate::domain::life::{ShutdownBehavior, State};
use crate::domain::tags;
use crate::error::{Error, Kind, id};
use crate::service::Service;
use crate::store::instances::Held;
use crate::store::{instances, interfaces, security_groups};

impl Serve<DescribeInstanceAttribute> for Service {
    async fn access(&self, op: &DescribeInstanceAttribute, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let access = self.on_instance(caller, "DescribeInstanceAttribute", &op.instance_id)?;
        Ok(vec![access.key("ec2:Attribute", op.attribute.as_str())])
    }

    async fn handle(
        &self,
        op: DescribeInstanceAttribute,
        caller: &Caller,
    ) -> Result<InstanceAttribute, ApiError> {
        let read = self.read()?;
        let one = instances::owned(&read, caller.account_id(), &id(Kind::Instance, &op.instance_id)?)?;
        let mut answer =
            InstanceAttribute { instance_id: one.id.to_string(), ..InstanceAttribute::default() };
        let text = |value: &str| Some(StringValue { value: Some(value.to_owned()) });
        let empty = || Some(StringValue::default());
        let flag = |value: bool| Some(BooleanValue { value: Some(value) });
        match op.attribute.as_str() {
            "instanceType" => answer.instance_type = text(&one.instance_type),
            "userData" => answer.user_data = Some(StringValue { value: one.user_data.clone() }),
            "disableApiTermination" => answer.disable_api_termination = flag(one.disable_api_termination),
            "disableApiStop" => answer.disable_api_stop = flag(one.disable_api_stop),
            "instanceInitiatedShutdownBehavior" => {
                answer.instance_initiated_shutdown_behavior = text(one.shutdown_behavior.name());
            }
            "rootDeviceName" => answer.root_device_name = text(&one.root_device),
            "blockDeviceMapping" => answer.block_device_mappings = Some(devices(&one)),
            "productCodes" => answer.product_codes = Some(Vec::new()),
            "sourceDestCheck" => answer.source_dest_check = flag(true),
            "groupSet" => {
                let (_, interface) = instances::with_interface(&read, one).map_err(Error::from)?;
                let groups = interface.map(|one| self.group_identifiers(&read, &one)).transpose()?;
                answer.groups = Some(groups.unwrap_or_default());
            }
            "ebsOptimized" => answer.ebs_optimized = flag(one.ebs_optimized),
            "enaSupport" => answer.ena_support = flag(false),
            "enclaveOptions" => answer.enclave_options = Some(EnclaveOptions { enabled: false }),
            "kernel" => answer.kernel_id = empty(),
            "ramdisk" => answer.ramdisk_id = empty(),
            "sriovNetSupport" => answer.sriov_net_support = empty(),
            other => {
                return Err(
                    Error::value(format!("Value ({other}) for parameter attribute is invalid.")).into()
                );
            }
        }
        Ok(answer)
    }
}

/// A change, read from a request.
#[derive(Clone, Debug)]
enum Change {
    Type { name: String, vcpus: u32, memory_mib: u64 },
    UserData(Option<String>),
    DisableTermination(bool),
    DisableStop(bool),
    Shutdown(ShutdownBehavior),
    Groups(Vec<SecurityGroupId>),
    EbsOptimized(bool),
    Devices(Vec<(String, bool)>),
}

impl Service {
    fn read_change(&self, op: &ModifyInstanceAttribute) -> Result<Change, Error> {
        let mut changes = self.named_changes(op)?;
        if let Some(attribute) = &op.attribute {
            // a structured change may name its attribute too
            if changes.is_empty() {
                let value = op.value.clone().ok_or_else(|| Error::missing("Value"))?;
                changes.push(self.flat_change(attribute, &value)?);
            }
        }
        match changes.len() {
            0 => Err(Error::missing("Attribute")),
            1 => Ok(changes.remove(0)),
            _ => Err(Error::combination("Fields for multiple attribute types specified")),
        }
    }

    fn named_changes(&self, op: &ModifyInstanceAttribute) -> Result<Vec<Change>, Error> {
        for (given, what) in [
            (op.kernel.is_some() || op.ramdisk.is_some(), "kernel and RAM disk"),
            (op.sriov_net_support.is_some() || op.ena_support.is_some(), "enhanced networking"),
            (
                op.source_dest_check.as_ref().is_some_and(|c| c.value == Some(false)),
                "switching off sourceDestCheck",
            ),
        ] {
            if given {
                return Err(Error::unsupported(format!("Changing this attribute is not supported: {what}")));
            }
        }
        let mut changes = Vec::new();
        let required = |value: Option<bool>, name: &str| value.ok_or_else(|| Error::missing(name));
        if let Some(value) = &op.instance_type {
            changes.push(self.type_change(value.value.as_deref().unwrap_or_default())?);
        }
        if let Some(value) = &op.user_data {
            let encoded = value.value.as_ref().map(|blob| STANDARD.encode(&blob.0)).unwrap_or_default();
            changes.push(Change::UserData(launch::user_data(&encoded)?));
        }
        if let Some(value) = &op.disable_api_termination {
            changes.push(Change::DisableTermination(required(value.value, "DisableApiTermination.Value")?));
        }
        if let Some(value) = &op.disable_api_stop {
            changes.push(Change::DisableStop(required(value.value, "DisableApiStop.Value")?));
        }
        if let Some(value) = &op.instance_initiated_shutdown_behavior {
            changes.push(Change::Shutdown(launch::shutdown_behavior(value.value.as_deref())?));
        }
        if let Some(value) = &op.ebs_optimized {
            changes.push(Change::EbsOptimized(required(value.value, "EbsOptimized.Value")?));
        }
        if !op.groups.is_empty() {
            let groups =
                op.groups.iter().map(|text| id(Kind::SecurityGroup, text)).collect::<Result<_, _>>()?;
            changes.push(Change::Groups(groups));
        }
        if !op.block_device_mappings.is_empty() {
            let devices = op.block_device_mappings.iter().map(device_change).collect::<Result<_, _>>()?;
            changes.push(Change::Devices(devices));
        }
        Ok(changes)
    }

    fn flat_change(&self, attribute: &str, value: &str) -> Result<Change, Error> {
        let flag = || match value {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(Error::value(format!("Value ({other}) for parameter value is invalid."))),
        };
        match attribute {
            "instanceType" => self.type_change(value),
            "userData" => Ok(Change::UserData(launch::user_data(value)?)),
            "disableApiTermination" => Ok(Change::DisableTermination(flag()?)),
            "disableApiStop" => Ok(Change::DisableStop(flag()?)),
            "instanceInitiatedShutdownBehavior" => {
                Ok(Change::Shutdown(launch::shutdown_behavior(Some(value))?))
            }
            "ebsOptimized" => Ok(Change::EbsOptimized(flag()?)),
            other => Err(Error::value(format!("Value ({other}) for parameter attribute is invalid."))),
        }
    }

    fn type_change(&self, name: &str) -> Result<Change, Error> {
        let found = self.config.instance_type(name).ok_or_else(|| {
            Error::value(format!(
                "Value ({name}) for parameter instanceType is invalid: no such instance type"
            ))
        })?;
        Ok(Change::Type { name: found.name.clone(), vcpus: found.vcpus, memory_mib: found.memory_mib })
    }
}

fn device_change(one: &RequestInstanceBlockDevice) -> Result<(String, bool), Error> {
    let name = one.device_name.clone().ok_or_else(|| Error::missing("BlockDeviceMapping.DeviceName"))?;
    let value = one.ebs.as_ref().and_then(|ebs| ebs.delete_on_termination);
    let other = one.virtual_name.is_some() || one.no_device.is_some();
    match value {
        Some(value) if !other => Ok((name, value)),
        _ => Err(Error::combination("Only Ebs.DeleteOnTermination of a block device can be changed")),
    }
}

/// A larger type takes more of what quotas count: of the account, and of who launched the instance, whoever asks.
fn within_quotas(tx: &Tx<'_>, one: &Instance, change: &Change, quotas: &Quotas) -> Result<(), Error> {
    let Change::Type { vcpus, memory_mib, .. } = change else { return Ok(()) };
    if !quotas.any() || (*vcpus <= one.vcpus && *memory_mib <= one.memory_mib) {
        return Ok(());
    }
    let after = |held: Held| held.resized(one, *vcpus, *memory_mib).counts();
    let own = one.creator.as_ref().map(|creator| instances::held_by(tx, creator)).transpose()?;
    let all = instances::held(tx, &one.account_id)?;
    Ok(quotas.check_with_own(after(all), own.map(after))?)
}

/// Some attributes can be changed only while the instance is off.
fn check_stopped(instance: &Instance, attribute: &str) -> Result<(), Error> {
    if instance.life.state == State::Stopped {
        return Ok(());
    }
    let message = format!(
        "The instance '{}' is not in the 'stopped' state: {attribute} cannot be changed.",
        instance.id
    );
    Err(Error::refused(ErrorCode::IncorrectInstanceState, message))
}

fn apply(tx: &mut Tx<'_>, mut one: Instance, change: &Change) -> Result<(), Error> {
    match change {
        Change::Type { name, vcpus, memory_mib } => {
            check_stopped(&one, "instanceType")?;
            one.instance_type.clone_from(name);
            (one.vcpus, one.memory_mib) = (*vcpus, *memory_mib);
            instances::put_desired(tx, one)?;
        }
        Change::UserData(text) => {
            check_stopped(&one, "userData")?;
            one.user_data.clone_from(text);
            instances::put_desired(tx, one)?;
        }
        Change::DisableTermination(value) => {
            one.disable_api_termination = *value;
            instances::put(tx, &one)?;
        }
        Change::DisableStop(value) => {
            one.disable_api_stop = *value;
            instances::put(tx, &one)?;
        }
        Change::Shutdown(behavior) => {
            one.shutdown_behavior = *behavior;
            instances::put(tx, &one)?;
        }
        Change::EbsOptimized(value) => {
            check_stopped(&one, "ebsOptimized")?;
            one.ebs_optimized = *value;
            instances::put(tx, &one)?;
        }
        Change::Groups(groups) => change_groups(tx, &one, groups)?,
        // the disks are volume's; see the handler
        Change::Devices(_) => {}
    }
    Ok(())
}

fn change_groups(tx: &mut Tx<'_>, instance: &Instance, groups: &[SecurityGroupId]) -> Result<(), Error> {
    let Some(mut interface) = interfaces::of_instance(tx, instance)? else {
        return Err(Error::refused(
            ErrorCode::IncorrectInstanceState,
            format!("The instance '{}' is terminated.", instance.id),
        ));
    };
    let mut unique: Vec<SecurityGroupId> = Vec::with_capacity(groups.len());
    for group in groups {
        let found = security_groups::owned(tx, &instance.account_id, group)?;
        if found.vpc != interface.vpc {
            return Err(Error::value(format!(
                "You have specified two resources that belong to different networks: {group}"
            )));
        }
        if !unique.contains(group) {
            unique.push(group.clone());
        }
    }
    interface.groups = unique;
    Ok(interfaces::put(tx, &interface)?)
}

/// The attribute that a request sets, and its new value where that is a word.
fn attribute_keys(op: &ModifyInstanceAttribute) -> Vec<(String, String)> {
    let flag = |one: &Option<RequestBooleanValue>| Some(one.as_ref()?.value?.to_string());
    let word = |one: &Option<RequestStringValue>| one.as_ref()?.value.clone();
    let set = [
        ("InstanceType", word(&op.instance_type)),
        ("DisableApiTermination", flag(&op.disable_api_termination)),
        ("DisableApiStop", flag(&op.disable_api_stop)),
        ("EbsOptimized", flag(&op.ebs_optimized)),
        ("SourceDestCheck", flag(&op.source_dest_check)),
        ("InstanceInitiatedShutdownBehavior", word(&op.instance_initiated_shutdown_behavior)),
    ];
    let unspoken = [
        ("UserData", op.user_data.is_some()),
        ("GroupSet", !op.groups.is_empty()),
        ("BlockDeviceMapping", !op.block_device_mappings.is_empty()),
    ];
    let mut keys: Vec<(String, String)> =
        op.attribute.iter().map(|name| ("ec2:Attribute".into(), name.clone())).collect();
    for (name, value) in set.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        keys.push(("ec2:Attribute".into(), name.into()));
        keys.push((format!("ec2:Attribute/{name}"), value));
    }
    keys.extend(
        unspoken.iter().filter(|(_, set)| *set).map(|(name, _)| ("ec2:Attribute".into(), (*name).into())),
    );
    keys
}

impl Serve<ModifyInstanceAttribute> for Service {
    async fn access(&self, op: &ModifyInstanceAttribute, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let access = self.on_instance(caller, "ModifyInstanceAttribute", &op.instance_id)?;
        let mut accesses = vec![access.keys(attribute_keys(op))];
        for group in &op.groups {
            accesses.push(self.access_group(caller, "ModifyInstanceAttribute", Some(group), None)?);
        }
        Ok(accesses)
    }

    async fn handle(
        &self,
        op: ModifyInstanceAttribute,
        caller: &Caller,
    ) -> Result<api_spec::Return, ApiError> {
        let instance_id: InstanceId = id(Kind::Instance, &op.instance_id)?;
        if op.source_dest_check.is_some() && self.named_changes(&op)?.is_empty() {
            // it can only be left as it is, on
            instances::owned(&self.read()?, caller.account_id(), &instance_id)?;
            return Ok(api_spec::Return::TRUE);
        }
        let change = self.read_change(&op)?;
        if let Change::Devices(devices) = &change {
            self.change_devices(caller, &instance_id, devices).await?;
            return Ok(api_spec::Return::TRUE);
        }
        let account = caller.account_id().to_owned();
        let quotas = self.quotas(caller, "ModifyInstanceAttribute", "instance").await?;
        self.store
            .transact(move |tx| {
                let one = instances::owned(tx, &account, &instance_id)?;
                if one.life.state == State::Terminated {
                    let message = format!("The instance '{instance_id}' is terminated.");
                    return Err(Error::refused(ErrorCode::IncorrectInstanceState, message));
                }
                within_quotas(tx, &one, &change, &quotas)?;
                apply(tx, one, &change)
            })
            .await?;
        Ok(api_spec::Return::TRUE)
    }
}

impl Service {
    async fn change_devices(
        &self,
        caller: &Caller,
        instance: &InstanceId,
        devices: &[(String, bool)],
    ) -> Result<(), Error> {
        let one = instances::owned(&self.read()?, caller.account_id(), instance)?;
        for (device, _) in devices {
            if !one.disks.iter().flatten().any(|disk| disk.disk.device == *device) {
                let message = format!("The instance has no volume at {device}");
                return Err(Error::refused(ErrorCode::InvalidBlockDeviceMapping, message));
            }
        }
        for (device, value) in devices {
            let call =
                SetDeleteOnTermination { instance: instance.clone(), device: device.clone(), value: *value };
            self.volume().call(&call).await.map_err(Error::Peer)?;
        }
        // volume tells the disks again in its own time; what is shown changes now
        let (instance, devices) = (instance.clone(), devices.to_vec());
        self.store
            .transact(move |tx| {
                use store::Read as _;
                let Some(mut one) = tx.get(&instances::INSTANCES, &instance)? else { return Ok(()) };
                for disk in one.disks.iter_mut().flatten() {
                    if let Some((_, value)) = devices.iter().find(|(device, _)| *device == disk.disk.device) {
                        disk.delete_on_termination = *value;
                    }
                }
                Ok(instances::put(tx, &one)?)
            })
            .await
    }
}

impl Serve<ModifyInstanceMetadataOptions> for Service {
    async fn access(
        &self,
        op: &ModifyInstanceMetadataOptions,
        caller: &Caller,
    ) -> Result<Vec<Access>, ApiError> {
        Ok(vec![self.on_instance(caller, "ModifyInstanceMetadataOptions", &op.instance_id)?])
    }

    async fn handle(
        &self,
        op: ModifyInstanceMetadataOptions,
        caller: &Caller,
    ) -> Result<ModifyInstanceMetadataOptionsResult, ApiError> {
        let instance_id: InstanceId = id(Kind::Instance, &op.instance_id)?;
        let asked = RequestMetadataOptions {
            http_tokens: op.http_tokens,
            http_put_response_hop_limit: op.http_put_response_hop_limit,
            http_endpoint: op.http_endpoint,
            http_protocol_ipv6: op.http_protocol_ipv6,
            instance_metadata_tags: op.instance_metadata_tags,
        };
        let account = caller.account_id().to_owned();
        let changed = self
            .store
            .transact(move |tx| {
                let mut one = instances::owned(tx, &account, &instance_id)?;
                if matches!(one.life.state, State::ShuttingDown | State::Terminated) {
                    let message = format!("The instance '{instance_id}' is not in a state that allows this.");
                    return Err(Error::refused(ErrorCode::IncorrectInstanceState, message));
                }
                one.metadata = launch::metadata(&one.metadata, &asked)?;
                if one.metadata.tags {
                    tags::check_for_metadata(&one.tags)?;
                }
                Ok::<_, Error>(instances::put_desired(tx, one)?)
            })
            .await?;
        Ok(ModifyInstanceMetadataOptionsResult {
            instance_id: changed.id.to_string(),
            instance_metadata_options: metadata_options(&changed.metadata),
        })
    }
}
