//! The agent on each hypervisor host: keeps what should run running, alone if need be.
//!
//! compute PUTs the whole desired state; it is stored before the answer and worked towards for as long as the agent
//! lives. The agent is the only part of Murus that talks to libvirt and to the kernel's network, and the only one that
//! is root. Killed at any moment it leaves guests running, and whatever it was at is taken up again at its next start.
//!
//! - `api` calls from compute; `directory` the desired state; `observed` what is told
//! - `reconcile` looks (`world`), plans (`planner`), acts (`executor`, `records`)
//! - `hypervisor` domains; `network` namespaces, taps, filters
//! - `guests` serves `dhcp`, `imds`, `resolver` inside each namespace; `backup` copies running disks

pub mod api;
pub mod backup;
pub mod command;
pub mod config;
pub mod dhcp;
pub mod directory;
pub mod error;
pub mod executor;
pub mod files;
pub mod guests;
pub mod hypervisor;
pub mod imds;
pub mod names;
pub mod network;
pub mod observed;
pub mod planner;
pub mod purge;
pub mod reconcile;
pub mod records;
pub mod resolver;
#[cfg(test)]
mod testing;
pub mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use calls::node::{Capacity, Desired};
use kit::{Context, Routes, ServiceName};
use tokio::sync::{Mutex, Notify};

pub use config::Config;
pub use error::{Error, Result};
pub use purge::{purge, stop};

use crate::api::Api;
use crate::backup::Backups;
use crate::directory::Directory;
use crate::executor::Executor;
use crate::guests::Guests;
use crate::hypervisor::Hypervisor;
use crate::hypervisor::domain_xml::Recipe;
use crate::hypervisor::libvirt::Libvirt;
use crate::imds::role::Roles;
use crate::imds::token::Tokens;
use crate::names::Names;
use crate::network::{Network, Wiring};
use crate::observed::Board;
use crate::reconcile::Reconciler;
use crate::records::Records;
use crate::resolver::Resolver;

/// Where a node keeps what.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The whole.
    pub state_dir: PathBuf,
}

impl Paths {
    /// Below the configured folder, or else below `default`.
    pub fn new(config: &Config, default: &Path) -> Self {
        Paths { state_dir: config.state_dir.clone().unwrap_or_else(|| default.to_owned()) }
    }

    fn desired(&self) -> PathBuf {
        self.state_dir.join("desired.json")
    }

    fn consoles(&self) -> PathBuf {
        self.state_dir.join("console")
    }

    fn host_before(&self) -> PathBuf {
        self.state_dir.join("ip-forward-before.json")
    }
}

/// Starts the agent: it takes up what was stored and answers calls.
pub async fn start(config: Config, context: Context) -> Result<Routes> {
    config.check()?;
    let paths = Paths::new(&config, &context.data_dir());
    files::directory(&paths.consoles())?;
    let names = Names::new(&config.prefix);
    let desired: Desired = files::read(&paths.desired())?.unwrap_or_default();
    // until it has looked it speaks for no generation: an empty list then says nothing of any instance
    let board = Arc::new(Board::open(&paths.state_dir.join("life.json"), 0, capacity(&config)?)?);
    let directory = Directory::new(names.clone(), desired);
    let recipe = Recipe::new(&config, &paths.consoles());
    let hypervisor: Arc<dyn Hypervisor> = Arc::new(Libvirt::new(&config.libvirt_uri, names.clone(), recipe));
    let network = Arc::new(Network::new(&config, names, paths.host_before()));
    let nudge = Arc::new(Notify::new());

    let reconciler = Reconciler {
        executor: Executor {
            hypervisor: hypervisor.clone(),
            wiring: network.clone() as Arc<dyn Wiring>,
            records: Arc::new(Records::open(paths.state_dir.join("instances"))?),
            console_dir: paths.consoles(),
        },
        directory: directory.clone(),
        board: board.clone(),
        clock: context.clock.clone(),
        grace_ms: config.shutdown_grace_s * 1000,
        metrics: context.metrics.clone(),
        nudge: nudge.clone(),
        efforts: Arc::default(),
    };
    let guests = Guests {
        directory: directory.clone(),
        tokens: Arc::new(Tokens::open(&paths.state_dir.join("token-key.json"))?),
        roles: Arc::new(Roles::new(context.peers.internal(ServiceName::Identity))),
        resolver: Resolver::new(config.upstream_resolver),
    };
    let shutdown = &context.shutdown;
    shutdown.spawn(reconciler.run(Duration::from_millis(config.tick_ms), shutdown.clone()));
    shutdown.spawn(guests.run(network.namespaces(), shutdown.clone()));

    let api = Api {
        directory,
        desired_path: paths.desired(),
        board,
        backups: Arc::new(Backups::open(paths.state_dir.join("backups"), hypervisor)?),
        console_dir: paths.consoles(),
        nudge,
        turn: Mutex::new(()),
    };
    Ok(Routes { internal: api.router(), ..Routes::default() })
}

/// What the host can give to instances.
fn capacity(config: &Config) -> Result<Capacity> {
    let path = Path::new("/proc/meminfo");
    let text = std::fs::read_to_string(path).map_err(|e| Error::file(path, e))?;
    let total_kib = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok())
        .ok_or_else(|| Error::Corrupt { path: path.to_owned(), reason: "no MemTotal".into() })?;
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Capacity {
        cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
        memory_mib: (total_kib / 1024).saturating_sub(config.reserved_memory_mib),
    })
}
