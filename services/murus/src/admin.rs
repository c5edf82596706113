//! `murus admin`: the operator's tasks, done through the public API as the administrator.

mod account;
mod image;

use clap::Subcommand;

use crate::Failure;
use crate::config::Config;

/// A task.
#[derive(Subcommand)]
pub enum Command {
    /// Accounts of this installation.
    #[command(subcommand)]
    Account(account::Command),
    /// Machine images.
    #[command(subcommand)]
    Image(image::Command),
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    match command {
        Command::Account(command) => account::run(config, command).await,
        Command::Image(command) => image::run(config, command).await,
    }
}
