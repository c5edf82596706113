//! `murus admin`: the operator's tasks, done through the public API as the administrator.

mod image;

use clap::Subcommand;

use crate::Failure;
use crate::config::Config;

/// A task.
#[derive(Subcommand)]
pub enum Command {
    /// Machine images.
    #[command(subcommand)]
    Image(image::Command),
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    match command {
        Command::Image(command) => image::run(config, command).await,
    }
}
