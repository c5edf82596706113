//! Network namespaces by name, as `ip netns` knows them: make, enter, remove.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::spec::VpcSpec;
use super::{METADATA_ADDRESS, kernel, ruleset};
use crate::command;
use crate::error::{Error, Result};

const DIRECTORY: &str = "/run/netns";
/// What statfs calls a namespace's file; a plain file is what a crash or a reboot left.
const NSFS_MAGIC: i64 = 0x6e73_6673;

/// A namespace that exists. Two of the same name are equal only if they are the very same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    name: String,
    inode: u64,
}

fn path_of(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

fn is_namespace(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|stat| stat.f_type == NSFS_MAGIC)
}

impl Namespace {
    /// Makes the namespace unless it is there.
    pub fn ensure(name: &str) -> Result<Self> {
        let path = path_of(name);
        if path.exists() && !is_namespace(&path) {
            fs::remove_file(&path).map_err(|e| Error::file(&path, e))?;
        }
        if !path.exists() {
            command::run("ip", &["netns", "add", name], "")?;
        }
        let inode = fs::metadata(&path).map_err(|e| Error::file(&path, e))?.ino();
        Ok(Namespace { name: name.to_owned(), inode })
    }

    /// Names of all that exist on the host.
    pub fn list() -> Result<Vec<String>> {
        match fs::read_dir(DIRECTORY) {
            Ok(entries) => Ok(entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect()),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(Error::file(Path::new(DIRECTORY), e)),
        }
    }

    /// Removes a namespace with everything in it.
    pub fn remove(name: &str) -> Result<()> {
        let path = path_of(name);
        if is_namespace(&path) {
            return command::run("ip", &["netns", "delete", name], "").map(drop);
        }
        fs::remove_file(&path).map_err(|e| Error::file(&path, e))
    }

    /// Whether there is an interface in it whose name begins with `prefix`.
    pub fn holds(name: &str, prefix: &str) -> bool {
        enter(name, kernel::links).is_ok_and(|links| links.with_prefix(prefix).next().is_some())
    }

    /// Whether there is one of that name now.
    pub fn exists(name: &str) -> bool {
        is_namespace(&path_of(name))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `act` on a thread inside.
    pub fn inside<T: Send>(&self, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        enter(&self.name, act)
    }

    /// Lays forwarding, the namespace's own addresses and the route that keeps proxy ARP silent for unused addresses.
    pub fn lay_base(&self, spec: &VpcSpec) -> Result<()> {
        let base = &spec.base;
        let own = base.gateways.iter().chain([&base.resolver, &METADATA_ADDRESS]);
        let mut lines = vec!["link set lo up".to_owned()];
        lines.extend(own.map(|address| format!("addr replace {address}/32 dev lo")));
        lines.push(format!("route replace unreachable {} metric 4096", base.cidr));
        self.inside(|| {
            kernel::set("ipv4/ip_forward", "1")?;
            kernel::set("ipv4/conf/all/rp_filter", "0")?;
            kernel::set("ipv4/conf/default/rp_filter", "1")?;
            // a host may have been built without IPv6
            let _ = kernel::set("ipv6/conf/all/disable_ipv6", "1");
            let _ = kernel::set("ipv6/conf/default/disable_ipv6", "1");
            command::ip_batch(&lines)
        })
    }

    /// Puts the filters in place, all at once.
    pub fn filter(&self, spec: &VpcSpec) -> Result<()> {
        let script = ruleset::script(&spec.filter);
        self.inside(|| command::nft(&script))
    }
}

/// Runs `act` on a thread of its own inside a namespace; sockets made there stay there.
pub fn enter<T: Send>(name: &str, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let path = path_of(name);
    let file = File::open(&path).map_err(|e| Error::file(&path, e))?;
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(|e| Error::io(format!("enter {name}"), e))?;
            act()
        });
        inside.join().unwrap_or_else(|_| Err(Error::Task(format!("in namespace {name}"))))
    })
}
