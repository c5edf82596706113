//! Virtual MFA devices: authenticators that show a code from a shared seed and the time.

use serde::{Deserialize, Serialize};

use super::{Secret, Tag, User};
use crate::{Empty, Timestamp};

/// A virtual MFA device.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VirtualMfaDevice {
    /// Its ARN.
    pub serial_number: String,
    /// The seed in base32, as base64; only in the answer that makes it.
    #[serde(rename = "Base32StringSeed")]
    pub base32_string_seed: Option<Secret>,
    /// A picture to scan, as base64; only in the answer that makes it.
    #[serde(rename = "QRCodePNG")]
    pub qr_code_png: Option<Secret>,
    /// Whose it is, once it is enabled.
    pub user: Option<User>,
    /// When it was enabled.
    pub enable_date: Option<Timestamp>,
    /// Its tags.
    pub tags: Option<Vec<Tag>>,
}

/// Makes a virtual MFA device, which then belongs to nobody.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVirtualMFADevice {
    /// `/` when absent.
    pub path: Option<String>,
    /// Unique in the account, with its path.
    #[serde(rename = "VirtualMFADeviceName")]
    pub virtual_mfa_device_name: String,
    /// Tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, CreateVirtualMFADevice => CreateVirtualMFADeviceResult);

/// What [`CreateVirtualMFADevice`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVirtualMFADeviceResult {
    /// The device with its seed.
    #[serde(rename = "VirtualMFADevice")]
    pub virtual_mfa_device: VirtualMfaDevice,
}

/// Gives a device to a user, who proves with two codes in a row to have it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnableMFADevice {
    /// The user.
    pub user_name: String,
    /// The device.
    pub serial_number: String,
    /// Six digits.
    pub authentication_code1: String,
    /// The six digits that follow.
    pub authentication_code2: String,
}
crate::operation!(Iam, EnableMFADevice => Empty);

/// Brings a device whose clock has drifted back in step.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResyncMFADevice {
    /// The user.
    pub user_name: String,
    /// The device.
    pub serial_number: String,
    /// Six digits.
    pub authentication_code1: String,
    /// The six digits that follow.
    pub authentication_code2: String,
}
crate::operation!(Iam, ResyncMFADevice => Empty);

/// Takes a device from a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeactivateMFADevice {
    /// The caller when absent.
    pub user_name: Option<String>,
    /// The device.
    pub serial_number: String,
}
crate::operation!(Iam, DeactivateMFADevice => Empty);

/// Deletes a device that belongs to nobody.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVirtualMFADevice {
    /// The device.
    pub serial_number: String,
}
crate::operation!(Iam, DeleteVirtualMFADevice => Empty);

/// A device of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MfaDevice {
    /// Whose it is.
    pub user_name: String,
    /// Its ARN.
    pub serial_number: String,
    /// When it was enabled.
    pub enable_date: Timestamp,
}

/// Lists a user's devices.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMFADevices {
    /// The caller when absent.
    pub user_name: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListMFADevices => ListMFADevicesResult);

/// What [`ListMFADevices`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMFADevicesResult {
    /// The page.
    #[serde(rename = "MFADevices")]
    pub mfa_devices: Vec<MfaDevice>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Lists the account's virtual devices.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVirtualMFADevices {
    /// `Assigned`, `Unassigned` or `Any`; `Any` when absent.
    pub assignment_status: Option<String>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListVirtualMFADevices => ListVirtualMFADevicesResult);

/// What [`ListVirtualMFADevices`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVirtualMFADevicesResult {
    /// The page.
    #[serde(rename = "VirtualMFADevices")]
    pub virtual_mfa_devices: Vec<VirtualMfaDevice>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}

/// Shows a device of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMFADevice {
    /// The device.
    pub serial_number: String,
    /// The caller when absent.
    pub user_name: Option<String>,
}
crate::operation!(Iam, GetMFADevice => GetMFADeviceResult);

/// What [`GetMFADevice`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMFADeviceResult {
    /// Whose it is.
    pub user_name: Option<String>,
    /// Its ARN.
    pub serial_number: String,
    /// When it was enabled.
    pub enable_date: Option<Timestamp>,
}

/// Puts tags on a device.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagMFADevice {
    /// The device.
    pub serial_number: String,
    /// The tags.
    pub tags: Vec<Tag>,
}
crate::operation!(Iam, TagMFADevice => Empty);

/// Takes tags off a device.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagMFADevice {
    /// The device.
    pub serial_number: String,
    /// Their keys.
    pub tag_keys: Vec<String>,
}
crate::operation!(Iam, UntagMFADevice => Empty);

/// Lists a device's tags.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMFADeviceTags {
    /// The device.
    pub serial_number: String,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// 1 to 1000, 100 when absent.
    pub max_items: Option<i32>,
}
crate::operation!(Iam, ListMFADeviceTags => ListMFADeviceTagsResult);

/// What [`ListMFADeviceTags`] answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMFADeviceTagsResult {
    /// The page.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    pub is_truncated: bool,
    /// Asks for the next page.
    pub marker: Option<String>,
}
