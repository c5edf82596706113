//! The one binary of Murus: it is every service, the supervisor that runs them, and the operator's tool.

mod admin;
mod client;
mod config;
mod env;
mod host;
mod purge;
mod shapes;
mod status;
mod supervisor;
mod users;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kit::ServiceName;

use crate::config::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What everything here ends in when it fails: words for the operator that say what to do next.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A private cloud behind your own wall: EC2, EBS, S3 and IAM on your own hardware.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// The configuration file; without one every value has its default.
    #[arg(long, short, global = true, env = "MURUS_CONFIG", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every service of a one-host cloud.
    Up {
        /// All services in one process and under one user, for tests and small machines.
        #[arg(long)]
        single_process: bool,
    },
    /// Run services: `identity`, `object`, `volume`, `compute`, `gateway`. Several share the process.
    Serve {
        /// Which.
        #[arg(required = true, value_parser = service_name)]
        services: Vec<ServiceName>,
    },
    /// Run the node agent of a hypervisor host.
    Node,
    /// Print `export` lines that point aws-cli and boto3 at this cloud as its administrator.
    Env,
    /// Say how the services of the running cloud are.
    Status {
        /// Wait so many seconds for all of them to answer.
        #[arg(long, default_value_t = 0)]
        wait: u64,
    },
    /// Check the configuration and say what is wrong, with the line.
    CheckConfig,
    /// Tasks of the operator.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Print the wire shapes of every offered operation as JSON, for the contract test.
    #[command(hide = true)]
    Shapes,
    /// Print the compatibility table of the README.
    #[command(hide = true)]
    CompatibilityTable,
    /// Make the directories of the services, each its own user's; the systemd units do so before anything starts.
    #[command(hide = true)]
    PrepareDirectories,
    /// Shut down the instances of this host while the services are stopped; those that should run come back with them.
    StopInstances,
    /// Remove everything this cloud made on this host: domains, namespaces, filters, routes and all data.
    Purge {
        /// Yes, all data of this cloud, for good.
        #[arg(long)]
        yes: bool,
    },
}

fn service_name(text: &str) -> Result<ServiceName, String> {
    ServiceName::ALL
        .into_iter()
        .filter(|service| *service != ServiceName::Node)
        .find(|service| service.as_str() == text)
        .ok_or_else(|| "expected identity, object, volume, compute or gateway".to_owned())
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("murus: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config)?;
    match arguments.command {
        Command::Up { single_process: true } => runtime()?.block_on(supervisor::run_single_process(config)),
        Command::Up { single_process: false } => {
            runtime()?.block_on(supervisor::run(config, &arguments.config))
        }
        Command::Serve { services } => runtime()?.block_on(host::run(config, &services)),
        Command::Node => runtime()?.block_on(host::run(config, &[ServiceName::Node])),
        Command::Env => env::print(&config),
        Command::Status { wait } => runtime()?.block_on(status::run(&config, wait)),
        Command::CheckConfig => {
            config.check()?;
            println!("{}: ok", arguments.config.display());
            Ok(())
        }
        Command::Admin(command) => runtime()?.block_on(admin::run(&config, command)),
        Command::Shapes => shapes::print(),
        Command::CompatibilityTable => {
            print!("{}", shapes::compatibility_table());
            Ok(())
        }
        Command::PrepareDirectories => users::prepare_directories(&config.data_dir, &config.run_dir),
        Command::StopInstances => purge::stop_instances(&config),
        Command::Purge { yes } => purge::run(config, yes),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().on_thread_park(kit::cohort::rest).enable_all().build()?)
}
