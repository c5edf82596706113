//! KMS: the life of keys.

use api_spec::kms::{
    CancelKeyDeletion, CancelKeyDeletionResponse, CreateKey, CreateKeyResponse, DescribeKey,
    DescribeKeyResponse, DisableKey, EnableKey, KeyListEntry, KeyMetadata, ListKeys, ListKeysResponse,
    ScheduleKeyDeletion, ScheduleKeyDeletionResponse, UpdateKeyDescription,
};
use api_spec::{ApiError, Empty};
use auth::policy::{self, Policies};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::kms_paging::page;
use super::kms_tags::kept;
use crate::domain::kms_error::KmsError;
use crate::domain::kms_key::{KeyState, KmsKey, days_after};
use crate::domain::{kms_names, kms_policy};
use crate::error::Error;
use crate::identity::Identity;
use crate::store::kms;

const SPECS: [&str; 14] = [
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
];
const USAGES: [&str; 3] = ["SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"];

impl Serve<CreateKey> for Identity {
    async fn access(&self, op: &CreateKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let tags = kept(&op.tags);
        let mut create = Access::new("kms:CreateKey", "*")
            .key("kms:CallerAccount", caller.account_id())
            .key("kms:KeySpec", op.key_spec.as_deref().unwrap_or("SYMMETRIC_DEFAULT"))
            .key("kms:KeyUsage", op.key_usage.as_deref().unwrap_or("ENCRYPT_DECRYPT"))
            .key("kms:KeyOrigin", op.origin.as_deref().unwrap_or("AWS_KMS"))
            .request_tags(&tags);
        bypass(&mut create, op.bypass_policy_lockout_safety_check);
        if tags.is_empty() {
            return Ok(vec![create]);
        }
        Ok(vec![create, Access::new("kms:TagResource", "*").request_tags(&tags)])
    }

    async fn handle(&self, op: CreateKey, caller: &Caller) -> Result<CreateKeyResponse, ApiError> {
        check_kind(&op).map_err(Error::from)?;
        let account = caller.account_id();
        let description = op.description.unwrap_or_default();
        kms_names::length("description", &description, 0, 8192).map_err(Error::from)?;
        let tags = kms_names::tags(&[], &kept(&op.tags)).map_err(Error::from)?;
        let policy = op.policy.unwrap_or_else(|| kms_policy::of_account(account));
        let key = KmsKey { description, tags, ..self.kms_new_key(account, policy)? };
        self.check_lockout(caller, &key, &key.policy, op.bypass_policy_lockout_safety_check)?;
        let (row, limit) = (key.clone(), self.config.max_kms_keys);
        self.db.change(move |tx| kms::create(tx, &row, limit)).await?;
        Ok(CreateKeyResponse { key_metadata: metadata(&key, &self.common.region) })
    }
}

/// The condition key of requests that go around the safety check.
pub fn bypass(access: &mut Access, asked: Option<bool>) {
    access.keys.insert_bool("kms:BypassPolicyLockoutSafetyCheck", asked.unwrap_or(false));
}

/// Keys here are symmetric, of our own material, in one region.
fn check_kind(op: &CreateKey) -> Result<(), KmsError> {
    if op.key_spec.is_some() && op.customer_master_key_spec.is_some() {
        return Err(KmsError::Validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request.".into(),
        ));
    }
    let unsupported = |what: &str| Err(KmsError::Unsupported(format!("{what} is not offered")));
    match op.key_spec.as_deref().or(op.customer_master_key_spec.as_deref()) {
        None | Some("SYMMETRIC_DEFAULT") => {}
        Some(spec) if SPECS.contains(&spec) || spec.starts_with("ML_DSA_") => return unsupported(spec),
        Some(spec) => return Err(kms_names::not_one_of("keySpec", spec, &["SYMMETRIC_DEFAULT"])),
    }
    match op.key_usage.as_deref() {
        None | Some("ENCRYPT_DECRYPT") => {}
        Some(usage) if USAGES.contains(&usage) => return unsupported(usage),
        Some(usage) => return Err(kms_names::not_one_of("keyUsage", usage, &["ENCRYPT_DECRYPT"])),
    }
    match op.origin.as_deref() {
        None | Some("AWS_KMS") => {}
        Some(origin @ ("EXTERNAL" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE")) => return unsupported(origin),
        Some(origin) => return Err(kms_names::not_one_of("origin", origin, &["AWS_KMS"])),
    }
    if op.multi_region == Some(true) {
        return unsupported("A multi-Region key");
    }
    match op.custom_key_store_id.is_some() || op.xks_key_id.is_some() {
        true => unsupported("A custom key store"),
        false => Ok(()),
    }
}

impl Identity {
    /// Refuses a policy by which the caller could never change it again.
    pub(super) fn check_lockout(
        &self,
        caller: &Caller,
        key: &KmsKey,
        document: &str,
        bypass: Option<bool>,
    ) -> Result<(), Error> {
        let policy = kms_policy::compile(document)?;
        if bypass == Some(true) {
            return Ok(());
        }
        let (mut context, nothing) = (policy::Context::new(), Policies::default());
        context.insert("kms:CallerAccount", caller.account_id()).set_time(caller.now);
        let arn = key.arn(&self.common.region);
        let request = policy::Request {
            principal: caller.principal(),
            action: "kms:PutKeyPolicy",
            resource: &arn,
            context: &context,
        };
        let policies = caller.holder().map_or(&nothing, |holder| &holder.policies);
        match policy::evaluate_key(&request, policies, Some(&policy), &key.account).is_allowed() {
            true => Ok(()),
            false => Err(KmsError::MalformedPolicy(
                "The new key policy will not allow you to update the key policy in the future.".into(),
            )
            .into()),
        }
    }
}

/// A key as DescribeKey tells it.
pub fn metadata(key: &KmsKey, region: &str) -> KeyMetadata {
    let symmetric = || "SYMMETRIC_DEFAULT".to_owned();
    KeyMetadata {
        aws_account_id: key.account.clone(),
        key_id: key.id.clone(),
        arn: key.arn(region),
        creation_date: key.created.into(),
        enabled: key.state == KeyState::Enabled,
        description: key.description.clone(),
        key_usage: "ENCRYPT_DECRYPT".into(),
        key_state: key.state_word().into(),
        deletion_date: match key.state {
            KeyState::PendingDeletion { at, .. } => Some(at.into()),
            KeyState::Enabled | KeyState::Disabled => None,
        },
        origin: "AWS_KMS".into(),
        key_manager: if key.managed_by_aws { "AWS" } else { "CUSTOMER" }.into(),
        customer_master_key_spec: symmetric(),
        key_spec: symmetric(),
        encryption_algorithms: vec![symmetric()],
        multi_region: false,
    }
}

impl Serve<DescribeKey> for Identity {
    async fn access(&self, op: &DescribeKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key("kms:DescribeKey", caller, &op.key_id)
    }

    async fn handle(&self, op: DescribeKey, caller: &Caller) -> Result<DescribeKeyResponse, ApiError> {
        super::kms_crypto::no_grants(&op.grant_tokens)?;
        let key = self.kms_key(&self.db.read()?, caller, &op.key_id)?;
        Ok(DescribeKeyResponse { key_metadata: metadata(&key, &self.common.region) })
    }
}

impl Serve<ListKeys> for Identity {
    async fn access(&self, _: &ListKeys, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("kms:ListKeys", "*").key("kms:CallerAccount", caller.account_id())])
    }

    async fn handle(&self, op: ListKeys, caller: &Caller) -> Result<ListKeysResponse, ApiError> {
        let all = kms::keys_of(&self.db.read()?, caller.account_id())?;
        let page = page(all, |key| key.id.clone(), op.marker.as_deref(), op.limit, 100)?;
        let entry =
            |key: &KmsKey| KeyListEntry { key_id: key.id.clone(), key_arn: key.arn(&self.common.region) };
        Ok(ListKeysResponse {
            keys: page.items.iter().map(entry).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}

impl Identity {
    /// Changes the key of this id or ARN and says its ARN.
    pub(super) async fn change_key<T: Send + 'static>(
        &self,
        caller: &Caller,
        text: &str,
        mut change: impl FnMut(&mut KmsKey) -> Result<T, KmsError> + Send + 'static,
    ) -> Result<(String, T), ApiError> {
        let key = self.kms_key_by_id(&self.db.read()?, caller, text)?;
        let (id, arn) = (key.id.clone(), key.arn(&self.common.region));
        let done = self.db.change(move |tx| kms::change(tx, &id, &mut change)).await?;
        Ok((arn, done))
    }
}

impl Serve<EnableKey> for Identity {
    async fn access(&self, op: &EnableKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:EnableKey", caller, &op.key_id)
    }

    async fn handle(&self, op: EnableKey, caller: &Caller) -> Result<Empty, ApiError> {
        let region = self.common.region.clone();
        let change = move |key: &mut KmsKey| {
            key.check_staying(&region)?;
            key.state = KeyState::Enabled;
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}

impl Serve<DisableKey> for Identity {
    async fn access(&self, op: &DisableKey, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:DisableKey", caller, &op.key_id)
    }

    async fn handle(&self, op: DisableKey, caller: &Caller) -> Result<Empty, ApiError> {
        let region = self.common.region.clone();
        let change = move |key: &mut KmsKey| {
            key.check_staying(&region)?;
            key.state = KeyState::Disabled;
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}

impl Serve<UpdateKeyDescription> for Identity {
    async fn access(&self, op: &UpdateKeyDescription, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:UpdateKeyDescription", caller, &op.key_id)
    }

    async fn handle(&self, op: UpdateKeyDescription, caller: &Caller) -> Result<Empty, ApiError> {
        kms_names::length("description", &op.description, 0, 8192).map_err(Error::from)?;
        let region = self.common.region.clone();
        let change = move |key: &mut KmsKey| {
            key.check_staying(&region)?;
            key.description = op.description.clone();
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}

impl Serve<ScheduleKeyDeletion> for Identity {
    async fn access(&self, op: &ScheduleKeyDeletion, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let days = i64::from(op.pending_window_in_days.unwrap_or(30));
        let mut accesses = self.on_key_by_id("kms:ScheduleKeyDeletion", caller, &op.key_id)?;
        for access in &mut accesses {
            access.keys.insert_number("kms:ScheduleKeyDeletionPendingWindowInDays", days);
        }
        Ok(accesses)
    }

    async fn handle(
        &self,
        op: ScheduleKeyDeletion,
        caller: &Caller,
    ) -> Result<ScheduleKeyDeletionResponse, ApiError> {
        let days = op.pending_window_in_days.unwrap_or(30);
        kms_names::between("pendingWindowInDays", days, 7, 30).map_err(Error::from)?;
        let (region, at) = (self.common.region.clone(), days_after(self.clock.now(), days));
        let change = move |key: &mut KmsKey| {
            key.check_staying(&region)?;
            key.state = KeyState::PendingDeletion { at, window_days: days };
            Ok(())
        };
        let (arn, ()) = self.change_key(caller, &op.key_id, change).await?;
        Ok(ScheduleKeyDeletionResponse {
            key_id: arn,
            deletion_date: at.into(),
            key_state: "PendingDeletion".into(),
            pending_window_in_days: days,
        })
    }
}

impl Serve<CancelKeyDeletion> for Identity {
    async fn access(&self, op: &CancelKeyDeletion, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:CancelKeyDeletion", caller, &op.key_id)
    }

    async fn handle(
        &self,
        op: CancelKeyDeletion,
        caller: &Caller,
    ) -> Result<CancelKeyDeletionResponse, ApiError> {
        let region = self.common.region.clone();
        let change = move |key: &mut KmsKey| key.cancel_deletion(&region);
        let (arn, ()) = self.change_key(caller, &op.key_id, change).await?;
        Ok(CancelKeyDeletionResponse { key_id: arn })
    }
}
