//! Virtual MFA devices.

use ::store::{Read, Tx};

use super::tables::{MFA_DEVICES, MFA_DEVICES_BY_USER};
use crate::domain::entity::User;
use crate::domain::mfa_device::MfaDevice;
use crate::error::Error;

/// Devices that a user may have.
const MAX_PER_USER: usize = 8;

/// The account's device of this serial number.
pub fn get(read: &impl Read, account: &str, serial: &str) -> Result<MfaDevice, Error> {
    let found = read.get(&MFA_DEVICES, &(account.to_owned(), serial.to_owned()))?;
    found.ok_or_else(|| Error::NoSuchMfaDevice(serial.to_owned()))
}

/// The device of this serial number, if it is this user's.
pub fn of(read: &impl Read, user: &User, serial: &str) -> Result<MfaDevice, Error> {
    let device = get(read, &user.account, serial)?;
    match &device.enabled {
        Some(enabled) if enabled.user_id == user.id => Ok(device),
        _ => Err(Error::NotTheirMfaDevice),
    }
}

/// A user's devices, in order of serial number.
pub fn of_user(read: &impl Read, user: &User) -> Result<Vec<MfaDevice>, Error> {
    let key = (user.account.clone(), user.id.clone());
    let found = MFA_DEVICES_BY_USER.rows(read, &MFA_DEVICES, &key)?;
    Ok(found.into_iter().map(|(_, device)| device).collect())
}

/// All devices of the account, in order of serial number.
pub fn list(read: &impl Read, account: &str) -> Result<Vec<MfaDevice>, Error> {
    let found = read.scan_prefix(&MFA_DEVICES, &account.to_owned())?;
    Ok(found.into_iter().map(|(_, device)| device).collect())
}

/// Adds a device.
pub fn create(tx: &mut Tx<'_>, device: &MfaDevice, limit: usize) -> Result<(), Error> {
    if tx.contains(&MFA_DEVICES, &(device.account.clone(), device.serial.clone()))? {
        return Err(Error::MfaDeviceNameTaken);
    }
    if list(tx, &device.account)?.len() >= limit {
        return Err(Error::QuotaExceeded { quota: "VirtualMFADevicesPerAccount".into(), limit });
    }
    put(tx, device)
}

/// Writes a device back.
pub fn put(tx: &mut Tx<'_>, device: &MfaDevice) -> Result<(), Error> {
    Ok(tx.put(&MFA_DEVICES, &(device.account.clone(), device.serial.clone()), device)?)
}

/// Whether the user may have one more.
pub fn room_for_another(read: &impl Read, user: &User) -> Result<(), Error> {
    match of_user(read, user)?.len() < MAX_PER_USER {
        true => Ok(()),
        false => Err(Error::QuotaExceeded { quota: "MFADevicesPerUser".into(), limit: MAX_PER_USER }),
    }
}

/// Deletes a device that nobody has.
pub fn delete(tx: &mut Tx<'_>, account: &str, serial: &str) -> Result<(), Error> {
    let device = get(tx, account, serial)?;
    if device.enabled.is_some() {
        return Err(Error::DeleteConflict("MFA VirtualDevice in use. Must deactivate first."));
    }
    tx.delete(&MFA_DEVICES, &(device.account, device.serial))?;
    Ok(())
}
