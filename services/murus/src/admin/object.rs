//! `murus admin object`: where the object service keeps its files.

use calls::object::UseDisks;
use clap::Subcommand;
use kit::ServiceName;
use kit::peer::Peers;

use crate::Failure;
use crate::config::Config;

/// A task about objects.
#[derive(Subcommand)]
pub enum Command {
    /// Have the running service use `data_dirs` and `drain_dirs` as the configuration has them now, and print the
    /// disks. A disk that is drained may be taken out of the configuration when it has no files left.
    Disks,
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    match command {
        Command::Disks => disks(config).await,
    }
}

async fn disks(config: &Config) -> Result<(), Failure> {
    let texts = |paths: &[std::path::PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
    let wanted =
        UseDisks { data_dirs: texts(&config.object.data_dirs), drain_dirs: texts(&config.object.drain_dirs) };
    let peers = Peers::new(&config.run_dir);
    let found = peers.internal(ServiceName::Object).call(&wanted).await?;
    println!("{:>12} {:>10} {:<9} PATH", "FREE MiB", "FILES", "STATE");
    for disk in found.disks {
        let state = if disk.draining { "draining" } else { "in use" };
        println!("{:>12} {:>10} {state:<9} {}", disk.free_bytes >> 20, disk.files, disk.path);
    }
    Ok(())
}
