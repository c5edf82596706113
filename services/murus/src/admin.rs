//! `murus admin`: the operator's tasks, done through the public API as the administrator where it has them, else through
//! the services' internal doors, which root may open.

mod account;
mod image;
mod object;
mod quota;

use clap::Subcommand;

use crate::Failure;
use crate::client::{Client, text_of};
use crate::config::Config;

/// A task.
#[derive(Subcommand)]
pub enum Command {
    /// Accounts of this installation.
    #[command(subcommand)]
    Account(account::Command),
    /// Seal every stored secret under a new master key, and let the old one go.
    RotateMasterKey,
    /// Machine images.
    #[command(subcommand)]
    Image(image::Command),
    /// Quotas that hold for everybody in an account.
    #[command(subcommand)]
    Quota(quota::Command),
    /// What the object service keeps its files on.
    #[command(subcommand)]
    Object(object::Command),
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    match command {
        Command::RotateMasterKey => {
            let answer = Client::new(config)?.iam("RotateMurusMasterKey", &[]).await?;
            let resealed = text_of(&answer, "Resealed").unwrap_or_default();
            println!(
                "sealed {resealed} secrets under a new master key. Back it up; backups from before need the old one."
            );
            Ok(())
        }
        Command::Account(command) => account::run(config, command).await,
        Command::Image(command) => image::run(config, command).await,
        Command::Quota(command) => quota::run(config, command).await,
        Command::Object(command) => object::run(config, command).await,
    }
}
