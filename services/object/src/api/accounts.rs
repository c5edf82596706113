//! What identity asks before it deletes an account: which buckets are its.

use std::sync::Arc;

use api_spec::ApiError;
use axum::Router;
use calls::Done;
use calls::accounts::{AccountHoldings, ForgetAccount, Holdings};
use kit::internal::answer;

use crate::error::Error;
use crate::service::Service;
use crate::store::buckets;

/// The routes of these calls.
pub fn routes(service: &Arc<Service>) -> Router {
    let service = Arc::clone(service);
    let router = answer(Router::new(), move |call: AccountHoldings| {
        let service = Arc::clone(&service);
        async move { holdings(&service, &call.account_id).map_err(ApiError::from) }
    });
    // buckets are all that there is, and an account that has any is not deleted
    answer(router, |_: ForgetAccount| async { Ok(Done {}) })
}

fn holdings(service: &Service, account: &str) -> Result<Holdings, Error> {
    let count = buckets::count(&service.store.snapshot()?, account)?;
    Ok(Holdings::default().and("bucket", count))
}
