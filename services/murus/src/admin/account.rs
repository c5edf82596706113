//! `murus admin account`: the accounts of the installation.

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::Failure;
use crate::client::{Client, text_of, texts_of};
use crate::config::Config;

/// A task about accounts.
#[derive(Subcommand)]
pub enum Command {
    /// Make an account and print the access key of its root; the secret is not shown again.
    Create {
        /// Name of the account: 1 to 64 of letters, digits and +=,.@_-
        #[arg(long)]
        name: String,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
    /// Print all accounts.
    List {
        /// How to print them.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
    /// Delete an account with its users and keys, once it owns no instances, volumes, buckets and so on.
    Delete {
        /// The account's 12 digits.
        id: String,
    },
}

/// How results are printed.
#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
}

const OF_NEW: [&str; 4] = ["AccountId", "CanonicalUserId", "AccessKeyId", "SecretAccessKey"];
const OF_LISTED: [&str; 5] = ["AccountId", "AccountName", "State", "CreateDate", "CanonicalUserId"];

/// Does it.
pub async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    let client = Client::new(config)?;
    match command {
        Command::Create { name, output } => create(&client, &name, output).await,
        Command::List { output } => list(&client, output).await,
        Command::Delete { id } => {
            client.iam("DeleteMurusAccount", &[("AccountId", &id)]).await?;
            println!("deleted {id}");
            Ok(())
        }
    }
}

async fn create(client: &Client, name: &str, output: Output) -> Result<(), Failure> {
    let answer = client.iam("CreateMurusAccount", &[("AccountName", name)]).await?;
    print(&fields(&answer, &OF_NEW), output)
}

async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let mut all = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let parameters: Vec<(&str, &str)> = marker.iter().map(|marker| ("Marker", marker.as_str())).collect();
        let answer = client.iam("ListMurusAccounts", &parameters).await?;
        all.extend(texts_of(&answer, "member").iter().map(|one| fields(one, &OF_LISTED)));
        marker = text_of(&answer, "Marker");
        if marker.is_none() {
            break;
        }
    }
    match output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&all)?),
        Output::Text => {
            for account in &all {
                println!(
                    "{}",
                    OF_LISTED.map(|name| account[name].as_str().unwrap_or("-").to_owned()).join("  ")
                );
            }
        }
    }
    Ok(())
}

fn print(account: &serde_json::Value, output: Output) -> Result<(), Failure> {
    match output {
        Output::Json => println!("{}", serde_json::to_string_pretty(account)?),
        Output::Text => {
            for name in OF_NEW {
                println!("{name}: {}", account[name].as_str().unwrap_or("-"));
            }
        }
    }
    Ok(())
}

/// The elements of these names, as an object; those that are not there left out.
fn fields(xml: &str, names: &[&str]) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    for name in names {
        if let Some(text) = text_of(xml, name) {
            object.insert((*name).to_owned(), json!(text));
        }
    }
    serde_json::Value::Object(object)
}
