//! STS: who am I.

use api_spec::ApiError;
use api_spec::sts::{GetCallerIdentity, GetCallerIdentityResult};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use crate::identity::Identity;

impl Serve<GetCallerIdentity> for Identity {
    async fn access(&self, _: &GetCallerIdentity, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::unconditional("sts:GetCallerIdentity")])
    }

    async fn handle(
        &self,
        _: GetCallerIdentity,
        caller: &Caller,
    ) -> Result<GetCallerIdentityResult, ApiError> {
        let principal = caller.principal();
        Ok(GetCallerIdentityResult {
            user_id: principal.user_id().unwrap_or_default().into_owned(),
            account: caller.account_id().to_owned(),
            arn: principal.arn(),
        })
    }
}
