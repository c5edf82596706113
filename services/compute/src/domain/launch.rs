//! What a launch asks for, read and checked: everything of RunInstances that needs no look at the store.

use std::net::Ipv4Addr;

use api_spec::ErrorCode;
use api_spec::ec2::images::RequestBlockDeviceMapping;
use api_spec::ec2::run_instances::{RequestMetadataOptions, RequestNetworkInterface, RunInstances};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::Tag;

use super::instance::MetadataOptions;
use super::life::ShutdownBehavior;
use super::tags;
use crate::error::Error;

/// Decoded user data may be this long.
const MAX_USER_DATA: usize = 16 * 1024;
/// Instances of one launch.
const MAX_COUNT: i32 = 1000;

/// A launch, read.
#[derive(Clone, Debug)]
pub struct Launch {
    /// At least this many, or none.
    pub min: usize,
    /// At most this many.
    pub max: usize,
    /// Image id as it came.
    pub image: String,
    /// Type as it came; AWS's default is m1.small, ours t2.micro.
    pub instance_type: String,
    /// Key pair.
    pub key_name: Option<String>,
    /// Where to.
    pub network: Network,
    /// User data, base64.
    pub user_data: Option<String>,
    /// Disks that differ from the image's.
    pub devices: Vec<RequestBlockDeviceMapping>,
    /// Tags of instances, volumes, interfaces.
    pub tags: [Vec<Tag>; 3],
    /// What a power-off from inside means.
    pub shutdown_behavior: ShutdownBehavior,
    /// Whether TerminateInstances is refused.
    pub disable_api_termination: bool,
    /// Whether StopInstances is refused.
    pub disable_api_stop: bool,
    /// As asked for.
    pub ebs_optimized: bool,
    /// As far as the request says; the image may ask for IMDSv2.
    pub metadata: Option<MetadataOptions>,
}

/// Where instances of a launch go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Zone asked for.
    pub zone: Option<String>,
    /// Subnet asked for.
    pub subnet: Option<String>,
    /// Groups by id.
    pub group_ids: Vec<String>,
    /// Groups by name.
    pub group_names: Vec<String>,
    /// Private address asked for.
    pub address: Option<Ipv4Addr>,
    /// Public address or not; none is the subnet's default.
    pub public: Option<bool>,
    /// Of the interface.
    pub description: String,
}

impl Launch {
    /// Reads a request.
    ///
    /// # Errors
    /// AWS's code for the first parameter that makes no sense or asks for what is not offered.
    pub fn read(op: &RunInstances) -> Result<Launch, Error> {
        refuse_unsupported(op)?;
        let (min, max) = counts(op.min_count, op.max_count)?;
        let tags = tags::specified(&op.tag_specifications, ["instance", "volume", "network-interface"])?;
        let asked = op.metadata_options.as_ref();
        let metadata = asked.map(|asked| metadata(&MetadataOptions::default(), asked)).transpose()?;
        if metadata.as_ref().is_some_and(|options| options.tags) {
            tags::check_for_metadata(&tags[0])?;
        }
        Ok(Launch {
            min,
            max,
            image: op.image_id.clone().ok_or_else(|| Error::missing("ImageId"))?,
            instance_type: op.instance_type.clone().unwrap_or_else(|| "t2.micro".into()),
            key_name: op.key_name.clone(),
            network: network(op, max)?,
            user_data: op.user_data.as_deref().map(user_data).transpose()?.flatten(),
            devices: op.block_device_mappings.clone(),
            tags,
            shutdown_behavior: shutdown_behavior(op.instance_initiated_shutdown_behavior.as_deref())?,
            disable_api_termination: op.disable_api_termination.unwrap_or(false),
            disable_api_stop: op.disable_api_stop.unwrap_or(false),
            ebs_optimized: op.ebs_optimized.unwrap_or(false),
            metadata,
        })
    }
}

fn counts(min: i32, max: i32) -> Result<(usize, usize), Error> {
    for (name, count) in [("minCount", min), ("maxCount", max)] {
        if count < 1 {
            return Err(Error::value(format!(
                "Value ({count}) for parameter {name} is invalid. Expecting a positive number."
            )));
        }
    }
    if max > MAX_COUNT {
        return Err(Error::value(format!(
            "Value ({max}) for parameter maxCount is invalid. At most {MAX_COUNT}."
        )));
    }
    if min > max {
        return Err(Error::combination(
            "The parameter MinCount may not be greater than the parameter MaxCount",
        ));
    }
    Ok((usize::try_from(min).unwrap_or(1), usize::try_from(max).unwrap_or(1)))
}

/// What a launch may ask for in AWS and not here: never ignored.
fn refuse_unsupported(op: &RunInstances) -> Result<(), Error> {
    let yes = |flag: Option<bool>| flag == Some(true);
    let placement = op.placement.as_ref();
    let refused = [
        (op.launch_template.is_some(), "launch templates"),
        (op.kernel_id.is_some() || op.ramdisk_id.is_some(), "kernels and RAM disks of their own"),
        (op.instance_market_options.as_ref().is_some_and(|o| o.market_type.is_some()), "spot instances"),
        (yes(op.hibernation_options.as_ref().and_then(|o| o.configured)), "hibernation"),
        (yes(op.enclave_options.as_ref().and_then(|o| o.enabled)), "enclaves"),
        (
            op.cpu_options.as_ref().is_some_and(|o| o.core_count.is_some() || o.threads_per_core.is_some()),
            "CPU options",
        ),
        (op.ipv6_address_count.unwrap_or(0) != 0, "IPv6 addresses"),
        (yes(op.monitoring.as_ref().and_then(|m| m.enabled)), "detailed monitoring"),
        (op.additional_info.as_deref().is_some_and(|info| !info.is_empty()), "AdditionalInfo"),
        (
            placement.is_some_and(|p| {
                p.group_name.as_deref().is_some_and(|name| !name.is_empty())
                    || p.host_id.is_some()
                    || p.affinity.is_some()
                    || p.partition_number.is_some()
                    || p.tenancy.as_deref().is_some_and(|tenancy| tenancy != "default")
            }),
            "placement groups, hosts and tenancies",
        ),
        (
            op.private_dns_name_options.as_ref().is_some_and(|o| {
                o.hostname_type.as_deref().is_some_and(|kind| kind != "ip-name")
                    || yes(o.enable_resource_name_dns_a_record)
                    || yes(o.enable_resource_name_dns_aaaa_record)
            }),
            "resource names as host names",
        ),
    ];
    match refused.iter().find(|(asked, _)| *asked) {
        Some((_, what)) => Err(Error::refused(
            ErrorCode::Unsupported,
            format!("The requested configuration is not supported: {what}"),
        )),
        None => Ok(()),
    }
}

fn network(op: &RunInstances, max: usize) -> Result<Network, Error> {
    let zone = op.placement.as_ref().and_then(|placement| placement.availability_zone.clone());
    let mut network = match op.network_interfaces.as_slice() {
        [] => Network {
            subnet: op.subnet_id.clone(),
            group_ids: op.security_group_ids.clone(),
            group_names: op.security_groups.clone(),
            address: op
                .private_ip_address
                .as_deref()
                .map(|text| private(text, "privateIpAddress"))
                .transpose()?,
            ..Network::default()
        },
        [one] => {
            let outside = !op.security_group_ids.is_empty() || !op.security_groups.is_empty();
            if outside || op.subnet_id.is_some() || op.private_ip_address.is_some() {
                return Err(Error::combination(
                    "Network interfaces and an instance-level subnet ID, security groups or private IP address may \
                     not be specified on the same request",
                ));
            }
            interface(one)?
        }
        _ => return Err(Error::unsupported("More than one network interface is not supported")),
    };
    if network.address.is_some() && max > 1 {
        return Err(Error::combination("A private IP address may be given only to a single instance"));
    }
    if !network.group_names.is_empty() && network.subnet.is_some() {
        return Err(Error::combination("The parameter groupName cannot be used with the parameter subnet"));
    }
    network.zone = zone;
    Ok(network)
}

fn interface(one: &RequestNetworkInterface) -> Result<Network, Error> {
    if one.network_interface_id.is_some() {
        return Err(Error::unsupported("Launching with an existing network interface is not supported"));
    }
    if one.device_index.unwrap_or(0) != 0 || one.network_card_index.unwrap_or(0) != 0 {
        return Err(Error::value("The first network interface must have device index 0 on network card 0"));
    }
    if one.delete_on_termination == Some(false) {
        return Err(Error::unsupported("Network interfaces that outlive their instance are not supported"));
    }
    if one.secondary_private_ip_address_count.unwrap_or(0) != 0
        || one.ipv6_address_count.unwrap_or(0) != 0
        || one.private_ip_addresses.len() > 1
    {
        return Err(Error::unsupported("Secondary private and IPv6 addresses are not supported"));
    }
    if one.interface_type.as_deref().is_some_and(|kind| kind != "interface") {
        return Err(Error::unsupported("Only interfaces of the type 'interface' are supported"));
    }
    let listed = one.private_ip_addresses.first().and_then(|address| address.private_ip_address.as_deref());
    let address = one.private_ip_address.as_deref().or(listed);
    Ok(Network {
        zone: None,
        subnet: one.subnet_id.clone(),
        group_ids: one.groups.clone(),
        group_names: Vec::new(),
        address: address.map(|text| private(text, "privateIpAddress")).transpose()?,
        public: one.associate_public_ip_address,
        description: one.description.clone().unwrap_or_default(),
    })
}

fn private(text: &str, name: &str) -> Result<Ipv4Addr, Error> {
    text.parse().map_err(|_| {
        Error::value(format!("Value ({text}) for parameter {name} is invalid. Invalid IPv4 address."))
    })
}

/// Checks user data; empty user data is none.
///
/// # Errors
/// `InvalidUserData.Malformed`, and `InvalidParameterValue` beyond 16 KB.
pub fn user_data(text: &str) -> Result<Option<String>, Error> {
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(&compact).map_err(|_| {
        Error::refused(ErrorCode::InvalidUserDataMalformed, "Invalid BASE64 encoding of user data.")
    })?;
    if decoded.len() > MAX_USER_DATA {
        return Err(Error::value("User data is limited to 16384 bytes"));
    }
    Ok(Some(compact).filter(|text| !text.is_empty()))
}

/// Reads InstanceInitiatedShutdownBehavior.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn shutdown_behavior(text: Option<&str>) -> Result<ShutdownBehavior, Error> {
    match text {
        None | Some("stop") => Ok(ShutdownBehavior::Stop),
        Some("terminate") => Ok(ShutdownBehavior::Terminate),
        Some(other) => Err(Error::value(format!(
            "Value ({other}) for parameter instanceInitiatedShutdownBehavior is invalid. Expected stop or terminate."
        ))),
    }
}

/// Metadata options after a request to change them.
///
/// # Errors
/// `InvalidParameterValue` for unknown values.
pub fn metadata(before: &MetadataOptions, asked: &RequestMetadataOptions) -> Result<MetadataOptions, Error> {
    let mut options = before.clone();
    let choice = |name: &str, value: &Option<String>, no: &str, yes: &str| match value.as_deref() {
        None => Ok(None),
        Some(text) if text == no => Ok(Some(false)),
        Some(text) if text == yes => Ok(Some(true)),
        Some(other) => Err(Error::value(format!("Value ({other}) for parameter {name} is invalid"))),
    };
    if let Some(required) = choice("HttpTokens", &asked.http_tokens, "optional", "required")? {
        options.tokens_required = required;
    }
    if let Some(enabled) = choice("HttpEndpoint", &asked.http_endpoint, "disabled", "enabled")? {
        options.enabled = enabled;
    }
    if let Some(tags) = choice("InstanceMetadataTags", &asked.instance_metadata_tags, "disabled", "enabled")?
    {
        options.tags = tags;
    }
    if choice("HttpProtocolIpv6", &asked.http_protocol_ipv6, "disabled", "enabled")? == Some(true) {
        return Err(Error::unsupported("The metadata service has no IPv6 endpoint here"));
    }
    if let Some(limit) = asked.http_put_response_hop_limit {
        if !(1..=64).contains(&limit) {
            return Err(Error::value(format!(
                "Value ({limit}) for parameter HttpPutResponseHopLimit is invalid"
            )));
        }
        options.hop_limit = limit;
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_is_base64_of_at_most_16_kib() {
        assert_eq!(user_data("").unwrap(), None);
        assert_eq!(user_data("aGk=\n").unwrap().as_deref(), Some("aGk="));
        assert!(user_data("!!").is_err());
        assert!(user_data(&STANDARD.encode(vec![0; 16384])).is_ok());
        assert!(user_data(&STANDARD.encode(vec![0; 16385])).is_err());
    }
}
