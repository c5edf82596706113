//! The service: what the answers to requests are made with.

use std::sync::Arc;

use kit::peer::Peer;
use kit::{Clock, Common, Context, Random, ServiceName};

use crate::config::Config;
use crate::domain::attempts::Attempts;
use crate::domain::explanation::Explanations;
use crate::domain::seal::Sealer;
use crate::domain::token::Tokens;
use crate::error::Error;
use crate::oidc::Issuers;
use crate::store::Db;

/// Identity, running.
pub struct Identity {
    pub(crate) db: Db,
    pub(crate) sealer: Sealer,
    pub(crate) tokens: Tokens,
    pub(crate) issuers: Issuers,
    pub(crate) explanations: Explanations,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    /// One account is deleted at a time.
    pub(crate) closing_account: Arc<tokio::sync::Mutex<()>>,
    /// One rotation of the master key at a time.
    pub(crate) rotating: tokio::sync::Mutex<()>,
    /// Guesses at passwords and codes.
    pub(crate) attempts: Attempts,
    /// The services that hold things of accounts.
    pub(crate) holders: [Peer; 3],
    pub(crate) common: Arc<Common>,
}

impl Identity {
    pub(crate) fn new(db: Db, sealer: Sealer, config: Config, context: &Context) -> Result<Self, Error> {
        // only these doors: all of them would hold identity's own, and the store would never close
        let holders = [ServiceName::Object, ServiceName::Compute, ServiceName::Volume]
            .map(|service| context.peers.internal(service));
        let (clock, random) = (context.clock.clone(), context.random.clone());
        let issuers = Issuers::new(&config.oidc_ca_bundle, config.oidc_loopback, clock.clone());
        let (tokens, attempts) = (Tokens::new([&sealer])?, Attempts::default());
        let explanations = Explanations::new([&sealer])?;
        let common = Arc::clone(&context.common);
        let (rotating, closing_account) = (tokio::sync::Mutex::default(), Arc::default());
        Ok(Identity {
            rotating,
            closing_account,
            db,
            tokens,
            issuers,
            explanations,
            sealer,
            config,
            clock,
            random,
            attempts,
            holders,
            common,
        })
    }
}
