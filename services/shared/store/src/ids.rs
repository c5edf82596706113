//! The contract's typed ids as keys, by their text. They are here because neither they nor [`Key`](crate::Key) belong
//! to the services that use them together; a new id kind needs its line in this list.

use api_spec::ids;

crate::string_key!(
    ids::InstanceId,
    ids::ReservationId,
    ids::ImageId,
    ids::VolumeId,
    ids::SnapshotId,
    ids::ImportTaskId,
    ids::VpcId,
    ids::SubnetId,
    ids::SecurityGroupId,
    ids::SecurityGroupRuleId,
    ids::NetworkInterfaceId,
    ids::NetworkAttachmentId,
    ids::KeyPairId,
    ids::AllocationId,
    ids::AssociationId,
    ids::RouteTableId,
    ids::InternetGatewayId,
    ids::NetworkAclId,
    ids::DhcpOptionsId,
);
