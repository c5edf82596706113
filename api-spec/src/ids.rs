//! Typed identifiers: an `InstanceId` cannot be passed where a `VolumeId` is meant.
//!
//! EC2's ids are a prefix and 17 lower-case hex digits (8 in older accounts; both are read). They sort as text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not an id of the kind asked for. Services turn it into `Invalid...ID.Malformed` or `.NotFound`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedId {
    /// The prefix the id should have had, without its dash.
    pub expected: &'static str,
    /// What was sent.
    pub got: String,
}

impl fmt::Display for MalformedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid id: \"{}\" (expecting \"{}-...\")", self.got, self.expected)
    }
}

impl std::error::Error for MalformedId {}

/// Checks `prefix-hex` with 8 to 17 hex digits.
fn check(expected: &'static str, text: &str) -> Result<(), MalformedId> {
    let digits = text.strip_prefix(expected).and_then(|rest| rest.strip_prefix('-'));
    let fine = digits.is_some_and(|digits| {
        (digits.len() == 17 || digits.len() == 8)
            && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    });
    if fine { Ok(()) } else { Err(MalformedId { expected, got: text.to_owned() }) }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The part before the dash.
            pub const PREFIX: &'static str = $prefix;

            /// An id from 68 bits of randomness (the upper bits of `random` are left out).
            pub fn from_random(random: u128) -> Self {
                $name(format!("{}-{:017x}", $prefix, random & ((1 << 68) - 1)))
            }

            /// The id as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                check($prefix, text).map(|()| $name(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;
            fn try_from(text: String) -> Result<Self, MalformedId> {
                check($prefix, &text).map(|()| $name(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// An instance.
    InstanceId "i";
    /// The launch that an instance came from.
    ReservationId "r";
    /// A machine image.
    ImageId "ami";
    /// An EBS volume.
    VolumeId "vol";
    /// An EBS snapshot.
    SnapshotId "snap";
    /// A task of ImportSnapshot.
    ImportTaskId "import-snap";
    /// A VPC.
    VpcId "vpc";
    /// A subnet.
    SubnetId "subnet";
    /// A security group.
    SecurityGroupId "sg";
    /// One rule of a security group.
    SecurityGroupRuleId "sgr";
    /// A network interface.
    NetworkInterfaceId "eni";
    /// The attachment of a network interface.
    NetworkAttachmentId "eni-attach";
    /// A key pair.
    KeyPairId "key";
    /// An elastic IP's allocation.
    AllocationId "eipalloc";
    /// An elastic IP's association.
    AssociationId "eipassoc";
    /// An association of an instance with an instance profile.
    InstanceProfileAssociationId "iip-assoc";
    /// A route table.
    RouteTableId "rtb";
    /// An internet gateway.
    InternetGatewayId "igw";
    /// A network ACL.
    NetworkAclId "acl";
    /// A DHCP options set.
    DhcpOptionsId "dopt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_keeps_its_kind() {
        let id = VolumeId::from_random(u128::MAX);
        assert_eq!(id.as_str(), "vol-fffffffffffffffff");
        assert_eq!(id.as_str().parse(), Ok(id));
        for bad in [
            "vol-",
            "vol",
            "vol-xyz",
            "i-0123456789abcdef0",
            "vol-0123456789ABCDEF0",
            "vol-0123456789abcdef01",
            "",
        ] {
            assert!(bad.parse::<VolumeId>().is_err(), "{bad}");
        }
    }
}
