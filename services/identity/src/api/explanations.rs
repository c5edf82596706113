//! STS: what an encoded authorization message says.

use std::sync::Arc;

use api_spec::ApiError;
use api_spec::sts::{DecodeAuthorizationMessage, DecodeAuthorizationMessageResult};
use axum::Router;
use calls::identity::{SealExplanation, SealedExplanation};
use kit::dispatch::Serve;
use kit::{Access, Caller};

use crate::domain::names;
use crate::identity::Identity;

/// Adds the call of services that refuse.
pub fn routes(router: Router, identity: &Arc<Identity>) -> Router {
    let identity = Arc::clone(identity);
    kit::internal::answer(router, move |call: SealExplanation| {
        let identity = Arc::clone(&identity);
        async move {
            let nonce = identity.random.bytes();
            let message = identity.explanations.seal(nonce, &call.account_id, &call.explanation)?;
            Ok::<_, ApiError>(SealedExplanation { message })
        }
    })
}

impl Serve<DecodeAuthorizationMessage> for Identity {
    async fn access(&self, _: &DecodeAuthorizationMessage, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(vec![Access::new("sts:DecodeAuthorizationMessage", "*")])
    }

    async fn handle(
        &self,
        op: DecodeAuthorizationMessage,
        caller: &Caller,
    ) -> Result<DecodeAuthorizationMessageResult, ApiError> {
        names::length("encodedMessage", &op.encoded_message, 1, 10_240)?;
        let decoded_message = self.explanations.open(caller.account_id(), &op.encoded_message)?;
        Ok(DecodeAuthorizationMessageResult { decoded_message })
    }
}
