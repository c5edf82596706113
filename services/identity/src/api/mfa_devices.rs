//! Virtual MFA devices: the seed is shown in the reply that makes one and then kept sealed only.

use ::store::Read;
use api_spec::iam::{
    self, CreateVirtualMFADevice, CreateVirtualMFADeviceResult, DeactivateMFADevice, DeleteVirtualMFADevice,
    EnableMFADevice, GetMFADevice, GetMFADeviceResult, ListMFADeviceTags, ListMFADeviceTagsResult,
    ListMFADevices, ListMFADevicesResult, ListVirtualMFADevices, ListVirtualMFADevicesResult,
    ResyncMFADevice, Secret, TagMFADevice, UntagMFADevice, VirtualMfaDevice,
};
use api_spec::{ApiError, Empty};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::access::{creating, untagging, who};
use super::paging::page;
use super::{tags, views};
use crate::domain::mfa_device::MfaDevice;
use crate::domain::{arn, names, qr};
use crate::error::Error;
use crate::identity::Identity;
use crate::mfa::step_in;
use crate::store::{accounts, mfa, users};

/// What `AssignmentStatus` may say.
const ASSIGNMENTS: &[&str] = &["Assigned", "Unassigned", "Any"];

impl Identity {
    /// An action on a device. One of another account is nobody's here.
    fn on_device(&self, action: &str, caller: &Caller, serial: &str) -> Result<Vec<Access>, ApiError> {
        let access = Access::new(action, serial);
        Ok(vec![match mfa::get(&self.db.read()?, caller.account_id(), serial) {
            Ok(device) => super::access::tagged(access, &device.tags),
            Err(Error::NoSuchMfaDevice(_)) => access,
            Err(other) => return Err(other.into()),
        }])
    }

    /// Lets two codes of a device be tried; until the attempt is said to have succeeded it counts as a wrong guess.
    fn guess(&self, caller: &Caller, serial: &str, [first, second]: [&String; 2]) -> Result<String, Error> {
        names::serial_number(serial)?;
        names::authentication_code("authenticationCode1", first)?;
        names::authentication_code("authenticationCode2", second)?;
        let guessed_at = format!("mfa {} {serial}", caller.account_id());
        self.attempt(&guessed_at)?;
        Ok(guessed_at)
    }
}

impl Serve<CreateVirtualMFADevice> for Identity {
    async fn access(&self, op: &CreateVirtualMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let path = op.path.as_deref().unwrap_or("/");
        let arn = arn::mfa(caller.account_id(), path, &op.virtual_mfa_device_name);
        Ok(creating("iam:CreateVirtualMFADevice", "iam:TagMFADevice", arn, &tags(&op.tags)))
    }

    async fn handle(
        &self,
        op: CreateVirtualMFADevice,
        caller: &Caller,
    ) -> Result<CreateVirtualMFADeviceResult, ApiError> {
        let path = op.path.unwrap_or_else(|| "/".into());
        names::path("path", &path)?;
        names::name_226("virtualMFADeviceName", &op.virtual_mfa_device_name)?;
        let tags = tags(&op.tags);
        crate::domain::tags::check(&tags)?;
        let (account, now) = (caller.account_id().to_owned(), self.clock.now());
        let serial = arn::mfa(&account, &path, &op.virtual_mfa_device_name);
        let (seed, sealed_seed) = self.fresh_seed(&MfaDevice::seal_owner(&serial, now))?;
        let alias = accounts::get(&self.db.read()?, &account)?.alias;
        let url = zeroize::Zeroizing::new(format!(
            "otpauth://totp/{}@{}?secret={}&issuer=Murus",
            op.virtual_mfa_device_name,
            alias.as_ref().unwrap_or(&account),
            *seed
        ));
        let picture = qr::png(&url)?;
        let device = MfaDevice { account, serial, sealed_seed, created: now, tags, enabled: None };
        // an account may have as many as users
        let (made, limit) = (device.clone(), self.config.max_users);
        self.db.note(move |tx| mfa::create(tx, &made, limit)).await?;
        Ok(CreateVirtualMFADeviceResult {
            virtual_mfa_device: VirtualMfaDevice {
                serial_number: device.serial,
                base32_string_seed: Some(Secret(STANDARD.encode(seed.as_bytes()))),
                qr_code_png: Some(Secret(STANDARD.encode(picture))),
                user: None,
                enable_date: None,
                tags: (!device.tags.is_empty()).then(|| views::tags(&device.tags)),
            },
        })
    }
}

impl Serve<EnableMFADevice> for Identity {
    async fn access(&self, op: &EnableMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:EnableMFADevice", caller, &op.user_name)
    }

    async fn handle(&self, op: EnableMFADevice, caller: &Caller) -> Result<Empty, ApiError> {
        let codes = [&op.authentication_code1, &op.authentication_code2];
        let guessed_at = self.guess(caller, &op.serial_number, codes)?;
        let (account, now, sealer) = (caller.account_id().to_owned(), self.clock.now(), self.sealer.clone());
        self.db
            .change(move |tx| {
                let user = users::named(tx, &account, &op.user_name)?;
                let device = mfa::get(tx, &account, &op.serial_number)?;
                if device.enabled.is_some() {
                    return Err(Error::MfaDeviceInUse);
                }
                mfa::room_for_another(tx, &user)?;
                let codes = (op.authentication_code1.as_str(), op.authentication_code2.as_str());
                step_in(tx, &sealer, device, codes, &user.id, now)
            })
            .await?;
        self.attempts.succeeded(&guessed_at);
        Ok(Empty {})
    }
}

impl Serve<ResyncMFADevice> for Identity {
    async fn access(&self, op: &ResyncMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_user("iam:ResyncMFADevice", caller, &op.user_name)
    }

    async fn handle(&self, op: ResyncMFADevice, caller: &Caller) -> Result<Empty, ApiError> {
        let codes = [&op.authentication_code1, &op.authentication_code2];
        let guessed_at = self.guess(caller, &op.serial_number, codes)?;
        let (account, now, sealer) = (caller.account_id().to_owned(), self.clock.now(), self.sealer.clone());
        self.db
            .note(move |tx| {
                let user = users::named(tx, &account, &op.user_name)?;
                let device = mfa::of(tx, &user, &op.serial_number)?;
                let codes = (op.authentication_code1.as_str(), op.authentication_code2.as_str());
                step_in(tx, &sealer, device, codes, &user.id, now)
            })
            .await?;
        self.attempts.succeeded(&guessed_at);
        Ok(Empty {})
    }
}

impl Serve<DeactivateMFADevice> for Identity {
    async fn access(&self, op: &DeactivateMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:DeactivateMFADevice", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: DeactivateMFADevice, caller: &Caller) -> Result<Empty, ApiError> {
        names::serial_number(&op.serial_number)?;
        let (account, who) = (caller.account_id().to_owned(), who(caller, op.user_name.as_deref())?);
        self.db
            .change(move |tx| {
                let user = users::find(tx, &account, &who)?;
                let device = mfa::of(tx, &user, &op.serial_number)?;
                mfa::put(tx, &MfaDevice { enabled: None, ..device })
            })
            .await?;
        Ok(Empty {})
    }
}

impl Serve<DeleteVirtualMFADevice> for Identity {
    async fn access(&self, op: &DeleteVirtualMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_device("iam:DeleteVirtualMFADevice", caller, &op.serial_number)
    }

    async fn handle(&self, op: DeleteVirtualMFADevice, caller: &Caller) -> Result<Empty, ApiError> {
        let account = caller.account_id().to_owned();
        self.db.note(move |tx| mfa::delete(tx, &account, &op.serial_number)).await?;
        Ok(Empty {})
    }
}

impl Serve<ListMFADevices> for Identity {
    async fn access(&self, op: &ListMFADevices, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:ListMFADevices", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: ListMFADevices, caller: &Caller) -> Result<ListMFADevicesResult, ApiError> {
        let read = self.db.read()?;
        let user = users::find(&read, caller.account_id(), &who(caller, op.user_name.as_deref())?)?;
        let all = mfa::of_user(&read, &user)?;
        let page = page(all, |device| device.serial.clone(), op.marker.as_deref(), op.max_items)?;
        let shown = page.items.into_iter().filter_map(|device| {
            Some(iam::MfaDevice {
                user_name: user.name.clone(),
                serial_number: device.serial,
                enable_date: device.enabled?.at.into(),
            })
        });
        Ok(ListMFADevicesResult {
            mfa_devices: shown.collect(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

impl Serve<ListVirtualMFADevices> for Identity {
    async fn access(&self, _: &ListVirtualMFADevices, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("iam:ListVirtualMFADevices", "*")])
    }

    async fn handle(
        &self,
        op: ListVirtualMFADevices,
        caller: &Caller,
    ) -> Result<ListVirtualMFADevicesResult, ApiError> {
        let wanted = op.assignment_status.as_deref().unwrap_or("Any");
        names::one_of("assignmentStatus", wanted, ASSIGNMENTS)?;
        let read = self.db.read()?;
        let mut all = mfa::list(&read, caller.account_id())?;
        all.retain(|device| match wanted {
            "Assigned" => device.enabled.is_some(),
            "Unassigned" => device.enabled.is_none(),
            _ => true,
        });
        let page = page(all, |device| device.serial.clone(), op.marker.as_deref(), op.max_items)?;
        let shown: Result<Vec<_>, Error> =
            page.items.into_iter().map(|device| shown(&read, device)).collect();
        Ok(ListVirtualMFADevicesResult {
            virtual_mfa_devices: shown?,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

/// A device as lists show it: without its seed.
fn shown(read: &impl Read, device: MfaDevice) -> Result<VirtualMfaDevice, Error> {
    let user = match &device.enabled {
        Some(enabled) => users::by_id(read, &device.account, &enabled.user_id)?,
        None => None,
    };
    Ok(VirtualMfaDevice {
        serial_number: device.serial,
        base32_string_seed: None,
        qr_code_png: None,
        user: user.as_ref().map(views::listed_user),
        enable_date: device.enabled.map(|enabled| enabled.at.into()),
        tags: None,
    })
}

impl Serve<GetMFADevice> for Identity {
    async fn access(&self, op: &GetMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_who("iam:GetMFADevice", caller, &who(caller, op.user_name.as_deref())?)
    }

    async fn handle(&self, op: GetMFADevice, caller: &Caller) -> Result<GetMFADeviceResult, ApiError> {
        names::serial_number(&op.serial_number)?;
        let read = self.db.read()?;
        let user = users::find(&read, caller.account_id(), &who(caller, op.user_name.as_deref())?)?;
        let device = mfa::of(&read, &user, &op.serial_number)?;
        Ok(GetMFADeviceResult {
            user_name: Some(user.name),
            serial_number: device.serial,
            enable_date: device.enabled.map(|enabled| enabled.at.into()),
        })
    }
}

impl Serve<TagMFADevice> for Identity {
    async fn access(&self, op: &TagMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses = self.on_device("iam:TagMFADevice", caller, &op.serial_number)?;
        Ok(accesses.into_iter().map(|access| access.request_tags(&tags(&op.tags))).collect())
    }

    async fn handle(&self, op: TagMFADevice, caller: &Caller) -> Result<Empty, ApiError> {
        self.tag::<MfaDevice>(caller, op.serial_number, &op.tags).await
    }
}

impl Serve<UntagMFADevice> for Identity {
    async fn access(&self, op: &UntagMFADevice, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let accesses = self.on_device("iam:UntagMFADevice", caller, &op.serial_number)?;
        Ok(untagging(accesses, &op.tag_keys))
    }

    async fn handle(&self, op: UntagMFADevice, caller: &Caller) -> Result<Empty, ApiError> {
        self.untag::<MfaDevice>(caller, op.serial_number, op.tag_keys).await
    }
}

impl Serve<ListMFADeviceTags> for Identity {
    async fn access(&self, op: &ListMFADeviceTags, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_device("iam:ListMFADeviceTags", caller, &op.serial_number)
    }

    async fn handle(
        &self,
        op: ListMFADeviceTags,
        caller: &Caller,
    ) -> Result<ListMFADeviceTagsResult, ApiError> {
        let (marker, max) = (op.marker.as_deref(), op.max_items);
        let page = self.tags_of::<MfaDevice>(caller, &op.serial_number, marker, max)?;
        Ok(ListMFADeviceTagsResult { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
    }
}
