//! The host's own share: forwarding, a route behind the public pool so that nothing leaks, a table that keeps
//! instances from using the host as a way to its neighbours, and answers to ARP for public addresses.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ipnet::Ipv4Net;

use super::kernel;
use super::spec::VpcSpec;
use crate::command;
use crate::config::Config;
use crate::error::Result;
use crate::files;
use crate::names::Names;

/// How often the host's route and table are put in place anew.
const LAY_AGAIN: Duration = Duration::from_secs(30);

/// The host's network.
pub struct Host {
    names: Names,
    pool: Ipv4Net,
    device: Option<String>,
    /// What `ip_forward` was before this node set it, for `purge`.
    remembered: PathBuf,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    /// When the route and the table were last put in place; a firewall's restart takes such tables away.
    laid: Option<Instant>,
    answered: BTreeSet<Ipv4Addr>,
}

impl Host {
    /// Touches nothing.
    pub fn new(config: &Config, names: Names, remembered: PathBuf) -> Self {
        Host {
            names,
            pool: config.public_pool,
            device: config.public_device.clone(),
            remembered,
            done: Mutex::default(),
        }
    }

    /// Brings the host to what it should be.
    pub fn ensure(&self) -> Result<()> {
        self.ensure_forwarding()?;
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.laid.is_none_or(|at| at.elapsed() >= LAY_AGAIN) {
            command::ip_batch(&[format!("route replace unreachable {} metric 4096", self.pool)])?;
            command::nft(&self.table())?;
            done.laid = Some(Instant::now());
        }
        Ok(())
    }

    fn ensure_forwarding(&self) -> Result<()> {
        let before = kernel::get("ipv4/ip_forward")?;
        if before == "1" {
            return Ok(());
        }
        if files::read::<String>(&self.remembered)?.is_none() {
            files::write(&self.remembered, &before)?;
        }
        kernel::set("ipv4/ip_forward", "1")
    }

    /// Instances reach each other's public addresses; beyond the host only by the public device.
    fn table(&self) -> String {
        let (name, ours) = (self.names.host_table(), format!("\"{}*\"", self.names.uplink_prefix()));
        let outside = self.device.as_ref().map_or(String::new(), |device| {
            format!(
                "iifname {ours} oifname \"{device}\" accept\n iifname \"{device}\" oifname {ours} accept\n "
            )
        });
        format!(
            "table inet {name} {{}}\ndelete table inet {name}\ntable inet {name} {{\nchain forward {{\n \
             type filter hook forward priority filter; policy accept;\n \
             iifname {ours} oifname {ours} accept\n {outside}iifname {ours} drop\n oifname {ours} drop\n}}\n}}\n"
        )
    }

    /// Answers ARP for a VPC's public addresses on the public device.
    pub fn answer_for(&self, spec: &VpcSpec) -> Result<()> {
        let Some(device) = &self.device else { return Ok(()) };
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        for (public, _) in spec.filter.public() {
            if done.answered.insert(public) {
                command::ip_batch(&[format!("neigh replace proxy {public} dev {device}")])?;
            }
        }
        Ok(())
    }

    /// Stops answering for addresses that no VPC has any more.
    pub fn forget_others<'a>(&self, specs: impl Iterator<Item = &'a VpcSpec>) -> Result<()> {
        let Some(device) = &self.device else { return Ok(()) };
        let wanted: BTreeSet<Ipv4Addr> = specs
            .flat_map(|spec| spec.filter.public().map(|(public, _)| public).collect::<Vec<_>>())
            .collect();
        for address in self.proxied(device)?.difference(&wanted) {
            command::ip_batch(&[format!("neigh del proxy {address} dev {device}")])?;
        }
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.answered.retain(|address| wanted.contains(address));
        Ok(())
    }

    /// Addresses of the pool that the host answers for.
    fn proxied(&self, device: &str) -> Result<BTreeSet<Ipv4Addr>> {
        let text = command::run("ip", &["-4", "neigh", "show", "proxy", "dev", device], "")?;
        let addresses = text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
        Ok(addresses.filter(|address| self.pool.contains(address)).collect())
    }

    /// Leaves the host as it was.
    pub fn purge(&self) -> Result<()> {
        if let Some(device) = &self.device {
            for address in self.proxied(device)? {
                command::ip_batch(&[format!("neigh del proxy {address} dev {device}")])?;
            }
        }
        let name = self.names.host_table();
        command::nft(&format!("table inet {name} {{}}\ndelete table inet {name}\n"))?;
        let route = ["route", "del", "unreachable", &self.pool.to_string(), "metric", "4096"];
        // none there: it was never made
        let _ = command::run("ip", &route, "");
        if let Some(before) = files::read::<String>(&self.remembered)? {
            kernel::set("ipv4/ip_forward", &before)?;
            files::remove(&self.remembered)?;
        }
        Ok(())
    }
}
