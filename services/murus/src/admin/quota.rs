//! `murus admin quota`: what everybody in an account together may have at most. See docs/quotas.md.

use std::path::PathBuf;

use calls::identity::{GetAccountQuotas, SetAccountQuotas};
use clap::Subcommand;
use kit::ServiceName;
use kit::peer::{Peer, Peers};

use crate::Failure;
use crate::config::Config;

/// A task.
#[derive(Subcommand)]
pub enum Command {
    /// Set an account's quotas: a policy document of Deny statements with murus:quota-... conditions.
    Set {
        /// The account, 12 digits.
        account: String,
        /// The file with the document; `-` reads standard input.
        document: PathBuf,
    },
    /// Print an account's quotas.
    Show {
        /// The account, 12 digits.
        account: String,
    },
    /// Take an account's quotas away.
    Clear {
        /// The account, 12 digits.
        account: String,
    },
}

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let identity: Peer = Peers::new(&config.run_dir).internal(ServiceName::Identity);
    match command {
        Command::Set { account, document } => {
            let text = if document.as_os_str() == "-" {
                std::io::read_to_string(std::io::stdin())?
            } else {
                std::fs::read_to_string(&document)
                    .map_err(|error| format!("{}: {error}", document.display()))?
            };
            identity.call(&SetAccountQuotas { account_id: account, document: Some(text) }).await?;
        }
        Command::Show { account } => {
            let quotas = identity.call(&GetAccountQuotas { account_id: account.clone() }).await?;
            println!("{}", quotas.document.unwrap_or_else(|| format!("the account {account} has no quotas")));
        }
        Command::Clear { account } => {
            identity.call(&SetAccountQuotas { account_id: account, document: None }).await?;
        }
    }
    Ok(())
}
