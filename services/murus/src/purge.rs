//! `murus purge`: the host as it was before, data included.

use std::io::ErrorKind;
use std::path::Path;

use crate::Failure;
use crate::config::Config;

/// Removes domains, namespaces, filters and routes, then all data. The cloud must be stopped.
pub fn run(config: Config, yes: bool) -> Result<(), Failure> {
    config.check()?;
    if !yes {
        return Err(format!(
            "this removes every instance, volume, snapshot, bucket and user of this cloud ({}), for good.\n\
             Say `murus purge --yes` to do it.",
            config.data_dir.display()
        )
        .into());
    }
    must_be_stopped(&config)?;
    node::purge(&config.node, &config.common())?;
    for directory in [&config.run_dir, &config.data_dir] {
        remove(directory)?;
    }
    Ok(())
}

/// Shuts guests down and takes their networks apart, and keeps what is needed to bring them back.
pub fn stop_instances(config: &Config) -> Result<(), Failure> {
    must_be_stopped(config)?;
    node::stop(&config.node, &config.common())?;
    Ok(())
}

fn must_be_stopped(config: &Config) -> Result<(), Failure> {
    let node = config.run_dir.join("node.internal.sock");
    match std::os::unix::net::UnixStream::connect(&node) {
        Ok(_) => Err("the cloud is running: stop its services first (deploy/down does)".into()),
        Err(_) => Ok(()),
    }
}

fn remove(directory: &Path) -> Result<(), Failure> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("{}: {error}", directory.display()).into())
        }
        _ => Ok(()),
    }
}
