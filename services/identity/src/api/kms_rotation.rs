//! KMS: new key material from time to time. The old material stays, for what it encrypted.

use api_spec::kms::{
    DisableKeyRotation, EnableKeyRotation, GetKeyRotationStatus, GetKeyRotationStatusResponse,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use crate::domain::kms_key::{KmsKey, Rotation, days_after};
use crate::domain::kms_names;
use crate::error::Error;
use crate::identity::Identity;

impl Serve<GetKeyRotationStatus> for Identity {
    async fn access(&self, op: &GetKeyRotationStatus, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:GetKeyRotationStatus", caller, &op.key_id)
    }

    async fn handle(
        &self,
        op: GetKeyRotationStatus,
        caller: &Caller,
    ) -> Result<GetKeyRotationStatusResponse, ApiError> {
        let key = self.kms_key_by_id(&self.db.read()?, caller, &op.key_id)?;
        // a key that is going is not rotated any more; should it stay, it is again
        let rotation = key.rotation.as_ref().filter(|_| key.check_staying(&self.common.region).is_ok());
        Ok(GetKeyRotationStatusResponse {
            key_rotation_enabled: rotation.is_some(),
            key_id: key.arn(&self.common.region),
            rotation_period_in_days: rotation.map(|rotation| rotation.period_days),
            next_rotation_date: rotation.map(|rotation| rotation.next.into()),
        })
    }
}

impl Serve<EnableKeyRotation> for Identity {
    async fn access(&self, op: &EnableKeyRotation, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = self.on_key_by_id("kms:EnableKeyRotation", caller, &op.key_id)?;
        if let Some(days) = op.rotation_period_in_days {
            for access in &mut accesses {
                access.keys.insert_number("kms:RotationPeriodInDays", i64::from(days));
            }
        }
        Ok(accesses)
    }

    async fn handle(&self, op: EnableKeyRotation, caller: &Caller) -> Result<Empty, ApiError> {
        let days = op.rotation_period_in_days.unwrap_or(365);
        kms_names::between("rotationPeriodInDays", days, 90, 2560).map_err(Error::from)?;
        let (region, now) = (self.common.region.clone(), self.clock.now());
        let change = move |key: &mut KmsKey| {
            key.check_usable(&region)?;
            // asked again with the same period, it stays as it is
            if key.rotation.as_ref().is_none_or(|old| old.period_days != days) {
                key.rotation = Some(Rotation { period_days: days, next: days_after(now, days) });
            }
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}

impl Serve<DisableKeyRotation> for Identity {
    async fn access(&self, op: &DisableKeyRotation, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:DisableKeyRotation", caller, &op.key_id)
    }

    async fn handle(&self, op: DisableKeyRotation, caller: &Caller) -> Result<Empty, ApiError> {
        let region = self.common.region.clone();
        let change = move |key: &mut KmsKey| {
            key.check_usable(&region)?;
            key.rotation = None;
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}
