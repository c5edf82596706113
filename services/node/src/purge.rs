//! Takes everything of this node off the host: what `deploy/down --purge` means here.

use std::path::Path;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::hypervisor::Hypervisor;
use crate::hypervisor::domain_xml::Recipe;
use crate::hypervisor::libvirt::Libvirt;
use crate::names::Names;
use crate::network::Network;
use crate::{Paths, files};

/// Removes domains, namespaces, interfaces, routes, tables and the state directory of this node. The agent must not
/// run. Blocking. `data_dir` is the node's folder when the configuration names none.
pub fn purge(config: &Config, data_dir: &Path) -> Result<()> {
    config.check()?;
    let paths = Paths::new(config, data_dir);
    let names = Names::new(&config.prefix);
    // first of all: an agent started later must not bring it all back
    files::remove(&paths.desired())?;
    let recipe = Recipe::new(config, &paths.consoles());
    let hypervisor = Libvirt::new(&config.libvirt_uri, names.clone(), recipe);
    for id in hypervisor.domains()?.keys() {
        hypervisor.destroy(id)?;
        hypervisor.undefine(id)?;
    }
    Network::new(config, names, paths.host_before()).purge()?;
    match std::fs::remove_dir_all(&paths.state_dir) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::file(&paths.state_dir, e)),
    }
}
