//! The service: what the answers to requests are made with.

use kit::peer::Peer;
use kit::{Clock, Context, Random, ServiceName};

use crate::config::Config;
use crate::domain::seal::Sealer;
use crate::store::Db;

/// Identity, running.
pub struct Identity {
    pub(crate) db: Db,
    pub(crate) sealer: Sealer,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    /// The services that hold things of accounts.
    pub(crate) holders: [Peer; 3],
}

impl Identity {
    pub(crate) fn new(db: Db, sealer: Sealer, config: Config, context: &Context) -> Self {
        // only these doors: all of them would hold identity's own, and the store would never close
        let holders = [ServiceName::Object, ServiceName::Compute, ServiceName::Volume]
            .map(|service| context.peers.internal(service));
        Identity { db, sealer, config, clock: context.clock.clone(), random: context.random.clone(), holders }
    }
}
