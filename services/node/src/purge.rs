//! Taking this node off the host: for a while (`stop`), or with everything it ever made (`purge`). The agent must not
//! run. Blocking.

use std::time::{Duration, Instant};

use api_spec::ids::InstanceId;
use kit::Common;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::hypervisor::Hypervisor;
use crate::hypervisor::domain_xml::Recipe;
use crate::hypervisor::libvirt::Libvirt;
use crate::names::Names;
use crate::network::Network;
use crate::world::DomainPower;
use crate::{Paths, files};

/// Between two looks at guests that are shutting down.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Guests are asked again after this long.
const ASK_EVERY: Duration = Duration::from_secs(5);

struct Node {
    paths: Paths,
    hypervisor: Libvirt,
    network: Network,
}

fn open(config: &Config, common: &Common) -> Result<Node> {
    config.check()?;
    let paths = Paths::new(config, &common.data_dir.join("node"));
    let names = Names::new(&config.prefix);
    let recipe = Recipe::new(config, &paths.consoles());
    let hypervisor = Libvirt::new(&config.libvirt_uri, names.clone(), recipe);
    let network = Network::new(config, names, paths.host_before());
    Ok(Node { paths, hypervisor, network })
}

/// Shuts the guests down (those that do not listen lose their power), and takes their networks apart. The agent's next
/// start brings all of it back.
pub fn stop(config: &Config, common: &Common) -> Result<()> {
    let node = open(config, common)?;
    shut_down(&node.hypervisor, Duration::from_secs(config.shutdown_grace_s))?;
    end_domains(&node.hypervisor)?;
    node.network.purge()
}

/// Removes domains, namespaces, interfaces, routes, tables and the state directory of this node.
pub fn purge(config: &Config, common: &Common) -> Result<()> {
    let node = open(config, common)?;
    // first of all: an agent started by mistake must not bring it all back
    files::remove(&node.paths.desired())?;
    // what can be removed is, whatever fails
    let ended = end_domains(&node.hypervisor);
    ended.and(node.network.purge())?;
    match std::fs::remove_dir_all(&node.paths.state_dir) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::file(&node.paths.state_dir, e)),
    }
}

fn shut_down(hypervisor: &Libvirt, grace: Duration) -> Result<()> {
    let (begun, mut asked) = (Instant::now(), None::<Instant>);
    while begun.elapsed() < grace {
        let running = running(hypervisor)?;
        if running.is_empty() {
            break;
        }
        if asked.is_none_or(|at| at.elapsed() >= ASK_EVERY) {
            for id in &running {
                // one that cannot be asked loses its power later
                if let Err(error) = hypervisor.press_power_button(id) {
                    tracing::debug!(instance = %id, %error, "not asked to shut down");
                }
            }
            asked = Some(Instant::now());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

fn running(hypervisor: &Libvirt) -> Result<Vec<InstanceId>> {
    let domains = hypervisor.domains()?.into_iter();
    Ok(domains.filter(|(_, it)| it.power == DomainPower::Running).map(|(id, _)| id).collect())
}

fn end_domains(hypervisor: &Libvirt) -> Result<()> {
    for id in hypervisor.domains()?.keys() {
        hypervisor.destroy(id)?;
        hypervisor.undefine(id)?;
    }
    Ok(())
}
