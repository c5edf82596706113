//! Wire to domain and back, one thin file a resource.

mod addresses;
mod console;
mod describe_instances;
mod filter;
mod image_attributes;
mod images;
mod instance_attributes;
mod instance_profiles;
mod instance_status;
mod instance_types;
mod key_pairs;
mod networks;
mod power;
mod regions;
mod run_access;
mod run_instances;
mod security_group_rules;
mod security_groups;
mod tags;

use api_spec::Service::Ec2;
use api_spec::ec2::addresses as address_ops;
use api_spec::ec2::common::Tag;
use api_spec::ec2::images as image_ops;
use api_spec::ec2::instance_attributes as attribute_ops;
use api_spec::ec2::instance_profiles as profile_ops;
use api_spec::ec2::instance_types as type_ops;
use api_spec::ec2::instances as instance_ops;
use api_spec::ec2::key_pairs as key_ops;
use api_spec::ec2::networks as network_ops;
use api_spec::ec2::regions as region_ops;
use api_spec::ec2::run_instances::RunInstances;
use api_spec::ec2::security_group_rules as rule_ops;
use api_spec::ec2::security_groups as group_ops;
use api_spec::ec2::tags as tag_ops;
use kit::dispatch::Actions;

use crate::service::Service;

/// Every action that this service offers.
pub fn actions() -> Actions<Service> {
    let actions = Actions::of(Ec2)
        .offer::<region_ops::DescribeRegions>()
        .offer::<region_ops::DescribeAvailabilityZones>()
        .offer::<region_ops::DescribeAccountAttributes>()
        .offer::<key_ops::CreateKeyPair>()
        .offer::<key_ops::ImportKeyPair>()
        .offer::<key_ops::DescribeKeyPairs>()
        .offer::<key_ops::DeleteKeyPair>()
        .offer::<image_ops::RegisterImage>()
        .offer::<image_ops::DescribeImages>()
        .offer::<image_ops::DeregisterImage>()
        .offer::<image_ops::DescribeImageAttribute>()
        .offer::<image_ops::ModifyImageAttribute>()
        .offer::<type_ops::DescribeInstanceTypes>()
        .offer::<type_ops::DescribeInstanceTypeOfferings>()
        .offer::<network_ops::DescribeVpcs>()
        .offer::<network_ops::DescribeSubnets>()
        .offer::<network_ops::DescribeNetworkInterfaces>()
        .offer::<tag_ops::CreateTags>()
        .offer::<tag_ops::DeleteTags>()
        .offer::<tag_ops::DescribeTags>();
    instances(addresses_and_groups(actions))
}

fn instances(actions: Actions<Service>) -> Actions<Service> {
    actions
        .offer::<RunInstances>()
        .offer::<instance_ops::DescribeInstances>()
        .offer::<instance_ops::DescribeInstanceStatus>()
        .offer::<instance_ops::StartInstances>()
        .offer::<instance_ops::StopInstances>()
        .offer::<instance_ops::RebootInstances>()
        .offer::<instance_ops::TerminateInstances>()
        .offer::<instance_ops::GetConsoleOutput>()
        .offer::<attribute_ops::DescribeInstanceAttribute>()
        .offer::<attribute_ops::ModifyInstanceAttribute>()
        .offer::<attribute_ops::ModifyInstanceMetadataOptions>()
        .offer::<profile_ops::AssociateIamInstanceProfile>()
        .offer::<profile_ops::ReplaceIamInstanceProfileAssociation>()
        .offer::<profile_ops::DisassociateIamInstanceProfile>()
        .offer::<profile_ops::DescribeIamInstanceProfileAssociations>()
}

fn addresses_and_groups(actions: Actions<Service>) -> Actions<Service> {
    actions
        .offer::<address_ops::AllocateAddress>()
        .offer::<address_ops::ReleaseAddress>()
        .offer::<address_ops::AssociateAddress>()
        .offer::<address_ops::DisassociateAddress>()
        .offer::<address_ops::DescribeAddresses>()
        .offer::<group_ops::CreateSecurityGroup>()
        .offer::<group_ops::DeleteSecurityGroup>()
        .offer::<group_ops::DescribeSecurityGroups>()
        .offer::<rule_ops::DescribeSecurityGroupRules>()
        .offer::<rule_ops::AuthorizeSecurityGroupIngress>()
        .offer::<rule_ops::AuthorizeSecurityGroupEgress>()
        .offer::<rule_ops::RevokeSecurityGroupIngress>()
        .offer::<rule_ops::RevokeSecurityGroupEgress>()
}

/// Tags as answers show them.
fn shown(tags: &[calls::Tag]) -> Vec<Tag> {
    tags.iter().map(|tag| Tag { key: tag.key.clone(), value: tag.value.clone() }).collect()
}
