//! What identity asks before it deletes an account: what the account owns here, and the removal of its default VPC.

use std::sync::Arc;

use api_spec::ApiError;
use axum::Router;
use calls::Done;
use calls::accounts::{AccountHoldings, ForgetAccount, Holdings};
use kit::internal::answer;
use store::{Read, Tx};

use crate::domain::life::State;
use crate::error::Error;
use crate::service::Service;
use crate::store::{addresses, images, instances, key_pairs, networks, nodes, security_groups};

/// The routes of these calls.
pub fn routes(service: &Arc<Service>) -> Router {
    let (asked, forgetful) = (Arc::clone(service), Arc::clone(service));
    let router = answer(Router::new(), move |call: AccountHoldings| {
        let service = Arc::clone(&asked);
        async move {
            Ok(holdings(&service.read().map_err(ApiError::from)?, &call.account_id).map_err(Error::from)?)
        }
    });
    answer(router, move |call: ForgetAccount| {
        let service = Arc::clone(&forgetful);
        async move {
            let forget = move |tx: &mut Tx<'_>| Ok::<_, Error>(forget(tx, &call.account_id)?);
            Ok(service.store.transact(forget).await?)
        }
    })
}

fn holdings(read: &impl Read, account: &str) -> Result<Holdings, store::Error> {
    let alive = |state: &State| *state != State::Terminated;
    let instances = instances::of_account(read, account)?;
    let images = images::all(read)?;
    let groups = security_groups::of_account(read, account)?;
    Ok(Holdings::default()
        .and("instance", instances.iter().filter(|one| alive(&one.life.state)).count())
        .and("image", images.iter().filter(|one| one.account_id == account).count())
        .and("key pair", key_pairs::of_account(read, account)?.len())
        .and("elastic IP address", addresses::of_account(read, account)?.len())
        .and("security group", groups.iter().filter(|one| one.name != "default").count()))
}

/// Removes the default VPC with its subnets and its group. Whoever still has something in it keeps it.
fn forget(tx: &mut Tx<'_>, account: &str) -> Result<Done, store::Error> {
    if !holdings(tx, account)?.counts.is_empty() {
        return Ok(Done {});
    }
    for group in security_groups::of_account(tx, account)? {
        tx.delete(&security_groups::GROUPS, &group.id)?;
    }
    for subnet in networks::subnets_of_account(tx, account)? {
        tx.delete(&networks::SUBNETS, &subnet.id)?;
    }
    for vpc in networks::vpcs_of_account(tx, account)? {
        tx.delete(&networks::VPCS, &vpc.id)?;
    }
    nodes::touch_all(tx)?;
    Ok(Done {})
}
