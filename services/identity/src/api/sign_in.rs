//! The calls about the use of credentials: who may sign in, and when keys were used.

use std::sync::Arc;

use api_spec::ApiError;
use axum::Router;
use calls::Done;
use calls::identity::{ReportUses, SignIn};

use crate::identity::Identity;
use crate::store::usage;

/// Adds the routes of these calls.
pub fn routes(router: Router, identity: &Arc<Identity>) -> Router {
    let (signs_in, told) = (Arc::clone(identity), Arc::clone(identity));
    let router = kit::internal::answer(router, move |call: SignIn| {
        let identity = Arc::clone(&signs_in);
        async move { identity.sign_in(call).await.map_err(ApiError::from) }
    });
    kit::internal::answer(router, move |report: ReportUses| {
        let identity = Arc::clone(&told);
        async move {
            identity.db.note(move |tx| usage::record(tx, &report.uses)).await.map_err(ApiError::from)?;
            Ok(Done {})
        }
    })
}
