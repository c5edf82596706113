//! For every namespace that is up, such that nothing answers its guests: bind DHCP and metadata inside it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api_spec::ids::VpcId;
use kit::Shutdown;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::directory::Directory;
use crate::error::Result;
use crate::imds::role::Roles;
use crate::imds::token::Tokens;
use crate::network::Namespaces;
use crate::network::namespace::Namespace;
use crate::resolver::Resolver;
use crate::{dhcp, imds, resolver};

/// How long until what could not be bound is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What serves guests.
pub struct Guests {
    /// Who is behind an address.
    pub directory: Directory,
    /// Seals metadata tokens.
    pub tokens: Arc<Tokens>,
    /// Hands out the credentials of instances' roles.
    pub roles: Arc<Roles>,
    /// Where names are looked up.
    pub resolver: Resolver,
}

/// The tasks of one namespace; dropping them ends them.
struct Served {
    namespace: Namespace,
    tasks: JoinSet<()>,
}

impl Guests {
    /// Serves until shutdown.
    pub async fn run(self, mut namespaces: watch::Receiver<Arc<Namespaces>>, shutdown: Shutdown) {
        let mut served = BTreeMap::new();
        while !shutdown.begun() {
            let up = namespaces.borrow_and_update().clone();
            self.follow(&up, &mut served);
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(RETRY) => {}
                changed = namespaces.changed() => if changed.is_err() { return },
            }
        }
    }

    fn follow(&self, up: &Namespaces, served: &mut BTreeMap<VpcId, Served>) {
        served.retain(|vpc, served| {
            // a task that ended by itself panicked: all of the namespace's are bound again
            up.get(vpc) == Some(&served.namespace) && served.tasks.try_join_next().is_none()
        });
        for (vpc, namespace) in up {
            if served.contains_key(vpc) {
                continue;
            }
            match self.serve(vpc, namespace) {
                Ok(tasks) => drop(served.insert(vpc.clone(), Served { namespace: namespace.clone(), tasks })),
                Err(error) => tracing::warn!(%vpc, %error, "guests are not served yet"),
            }
        }
    }

    fn serve(&self, vpc: &VpcId, namespace: &Namespace) -> Result<JoinSet<()>> {
        let dhcp = dhcp::Server::bind(vpc.clone(), namespace.clone())?;
        let metadata = imds::Server::bind(vpc.clone(), namespace)?;
        let names = resolver::Server::bind(vpc.clone(), namespace, &self.directory)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(dhcp.serve(self.directory.clone()));
        tasks.spawn(metadata.serve(self.directory.clone(), self.tokens.clone(), self.roles.clone()));
        if let Some(names) = names {
            tasks.spawn(names.serve(self.directory.clone(), self.resolver));
        }
        Ok(tasks)
    }
}
