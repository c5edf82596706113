//! IAM, STS and KMS: accounts, users, groups, policies and access keys; and for the other services, who holds a key and
//! what its policies say.
//!
//! [`start`] opens the store, makes the installation's account and administrator at the first start, and gives two
//! routers: clients' requests go by API to one of three dispatchers (`routing`), calls of services to `api::internal`.

mod account_closing;
mod api;
mod bootstrap;
mod config;
mod domain;
mod error;
mod files;
mod identity;
mod master_key;
mod mfa;
mod oidc;
mod passwords;
mod reconcile;
mod routing;
mod sign_in;
mod store;

pub use bootstrap::{AdminCredentials, admin_credentials};
pub use config::Config;
pub use error::Error;
pub use master_key::SECRET_VARIABLES;

use std::sync::Arc;
use std::time::Duration;

use kit::credentials::Credentials;
use kit::dispatch::{Dispatcher, OperationShape};
use kit::peer::{Peer, Peers};
use kit::{Context, Routes};

use crate::identity::Identity;
use crate::reconcile::kms_deletions::Deletions;
use crate::reconcile::kms_rotations::Rotations;
use crate::routing::Dispatchers;

/// Deletions and rotations are a matter of days.
const KMS_EVERY: Duration = Duration::from_secs(60);

/// Starts identity.
///
/// # Errors
/// When the configuration, the store, the master key or the administrator's file cannot be used.
pub async fn start(config: Config, context: Context) -> Result<Routes, Error> {
    let directory = context.data_dir();
    let db = store::Db::open(&directory.join("store"), context.credentials.known()).await?;
    let sealer = bootstrap::run(&db, &config, &directory, &context).await?;
    let identity = Arc::new(Identity::new(db, sealer, config, &context)?);
    let public = routing::by_api(Dispatchers {
        iam: Dispatcher::new(
            context.clone(),
            Arc::clone(&identity),
            api::operator_actions(api::iam_actions()),
        ),
        sts: Dispatcher::new(context.clone(), Arc::clone(&identity), api::sts_actions()),
        kms: Dispatcher::new(context.clone(), Arc::clone(&identity), api::kms_actions()),
    });
    kit::reconcile::run(&context, Deletions(Arc::clone(&identity)), KMS_EVERY, vec![]);
    kit::reconcile::run(&context, Rotations(Arc::clone(&identity)), KMS_EVERY, vec![]);
    let internal = api::internal::routes(Arc::clone(&identity));
    // asks identity directly: through the peers it would hold the router that it becomes part of
    let credentials = Credentials::new(Peer::of_router(internal.clone()));
    let own = Context { credentials, peers: Peers::new(&context.common.run_dir), ..context };
    Ok(Routes { public: public.into(), internal: api::kms_internal::routes(internal, identity, own) })
}

/// The wire shapes of all actions offered.
///
/// # Errors
/// When a type has no wire shape.
pub fn shapes() -> Result<Vec<OperationShape>, String> {
    let mut shapes = api::iam_actions().shapes()?;
    shapes.extend(api::sts_actions().shapes()?);
    shapes.extend(api::kms_actions().shapes()?);
    Ok(shapes)
}
