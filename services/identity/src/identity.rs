//! The service: what the answers to requests are made with.

use kit::{Clock, Context, Random};

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
}

impl Identity {
    pub(crate) fn new(db: Db, sealer: Sealer, config: Config, context: &Context) -> Self {
        Identity { db, sealer, config, clock: context.clock.clone(), random: context.random.clone() }
    }
}
