//! KMS: who may use a key.

use api_spec::kms::{
    GetKeyPolicy, GetKeyPolicyResponse, ListKeyPolicies, ListKeyPoliciesResponse, PutKeyPolicy,
};
use api_spec::{ApiError, Empty};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use super::kms_keys::bypass;
use super::kms_paging::page;
use crate::domain::kms_key::KmsKey;
use crate::domain::kms_policy;
use crate::error::Error;
use crate::identity::Identity;

impl Serve<GetKeyPolicy> for Identity {
    async fn access(&self, op: &GetKeyPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:GetKeyPolicy", caller, &op.key_id)
    }

    async fn handle(&self, op: GetKeyPolicy, caller: &Caller) -> Result<GetKeyPolicyResponse, ApiError> {
        let key = self.kms_key_by_id(&self.db.read()?, caller, &op.key_id)?;
        kms_policy::name(op.policy_name.as_deref()).map_err(Error::from)?;
        Ok(GetKeyPolicyResponse { policy: key.policy, policy_name: "default".into() })
    }
}

impl Serve<PutKeyPolicy> for Identity {
    async fn access(&self, op: &PutKeyPolicy, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let mut accesses = self.on_key_by_id("kms:PutKeyPolicy", caller, &op.key_id)?;
        for access in &mut accesses {
            bypass(access, op.bypass_policy_lockout_safety_check);
        }
        Ok(accesses)
    }

    async fn handle(&self, op: PutKeyPolicy, caller: &Caller) -> Result<Empty, ApiError> {
        let key = self.kms_key_by_id(&self.db.read()?, caller, &op.key_id)?;
        kms_policy::name(op.policy_name.as_deref()).map_err(Error::from)?;
        self.check_lockout(caller, &key, &op.policy, op.bypass_policy_lockout_safety_check)?;
        let change = move |key: &mut KmsKey| {
            key.policy = op.policy.clone();
            Ok(())
        };
        self.change_key(caller, &op.key_id, change).await.map(|_| Empty {})
    }
}

impl Serve<ListKeyPolicies> for Identity {
    async fn access(&self, op: &ListKeyPolicies, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        self.on_key_by_id("kms:ListKeyPolicies", caller, &op.key_id)
    }

    async fn handle(
        &self,
        op: ListKeyPolicies,
        caller: &Caller,
    ) -> Result<ListKeyPoliciesResponse, ApiError> {
        self.kms_key_by_id(&self.db.read()?, caller, &op.key_id)?;
        let page = page(vec!["default".to_owned()], Clone::clone, op.marker.as_deref(), op.limit, 100)?;
        Ok(ListKeyPoliciesResponse {
            policy_names: page.items,
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
