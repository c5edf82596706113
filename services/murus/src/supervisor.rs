//! `murus up`: one process per service, each under its own user, started in order, restarted with back-off, stopped
//! cleanly in the reverse order. Where systemd runs, its units do this instead.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use kit::peer::{Door, socket_path};
use kit::{ServiceName, Shutdown};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::config::Config;
use crate::{Failure, host, users};

/// The processes of a one-host cloud, in the order in which they start. Gateway and object share one, so that object
/// bodies are not copied between processes.
const PROCESSES: [&[ServiceName]; 5] = [
    &[ServiceName::Identity],
    &[ServiceName::Node],
    &[ServiceName::Volume],
    &[ServiceName::Compute],
    &[ServiceName::Object, ServiceName::Gateway],
];

/// A service has this long to open its door before the next one is started anyway.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// A process has this long to end after SIGTERM.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// Back-off between restarts: doubles from the first to the second figure.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// A process that lived this long starts its back-off anew.
const HEALTHY_AFTER: Duration = Duration::from_secs(30);

/// Runs everything in this process until SIGTERM or SIGINT. Disk images still belong to the group that QEMU has.
pub async fn run_single_process(config: Config) -> Result<(), Failure> {
    config.check()?;
    std::fs::create_dir_all(&config.run_dir)?;
    if rustix::process::geteuid().is_root() && users::exist() {
        users::prepare_directories(&config.data_dir, &config.run_dir)?;
    }
    let _lock = users::lock_run_directory(&config.run_dir)?;
    users::clear_run_directory(&config.run_dir)?;
    host::run(config, &ServiceName::ALL).await
}

/// Runs everything until SIGTERM or SIGINT.
pub async fn run(config: Config, config_path: &Path) -> Result<(), Failure> {
    config.check()?;
    kit::telemetry::init(&config.log)?;
    if !rustix::process::geteuid().is_root() {
        return Err("`murus up` starts the node agent, which needs root: use sudo".into());
    }
    users::prepare_directories(&config.data_dir, &config.run_dir)?;
    let _lock = users::lock_run_directory(&config.run_dir)?;
    users::clear_run_directory(&config.run_dir)?;
    let program = std::env::current_exe()?;
    let mut stops = Vec::new();
    // also while a service does not come up
    let mut signal = std::pin::pin!(host::wait_for_signal());
    let mut told_to_stop = false;
    for services in PROCESSES {
        let job = Job { services, program: program.clone(), config: config_path.to_owned() };
        let stop = Shutdown::default();
        let (watch, name) = (stop.clone(), job.name());
        let account = users::of(services[0])?;
        stop.spawn(async move { job.keep_running(account, &watch).await });
        stops.push(stop);
        tokio::select! {
            () = wait_until_open(&config.run_dir, services, &name) => {}
            told = &mut signal => {
                told?;
                told_to_stop = true;
                break;
            }
        }
    }
    if !told_to_stop {
        tracing::info!("all services are started");
        signal.await?;
    }
    tracing::info!("stopping");
    for stop in stops.into_iter().rev() {
        stop.begin();
        stop.finished(STOP_PATIENCE + Duration::from_secs(5)).await;
    }
    Ok(())
}

async fn wait_until_open(run_dir: &Path, services: &[ServiceName], name: &str) {
    let give_up = Instant::now() + START_PATIENCE;
    for service in services {
        let socket = socket_path(run_dir, *service, Door::Internal);
        while UnixStream::connect(&socket).await.is_err() {
            if Instant::now() > give_up {
                tracing::warn!(process = name, "has not opened its door yet; going on without it");
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// One process that should run.
struct Job {
    services: &'static [ServiceName],
    program: PathBuf,
    config: PathBuf,
}

impl Job {
    fn name(&self) -> String {
        self.services.iter().map(|service| service.as_str()).collect::<Vec<_>>().join("+")
    }

    fn command(&self, account: Option<users::Account>) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config).env(host::SUPERVISED, "1").stdin(Stdio::null());
        if !self.services.contains(&ServiceName::Identity) {
            // who takes over another service must not find the master key there
            identity::SECRET_VARIABLES.iter().for_each(|name| {
                command.env_remove(name);
            });
        }
        if self.services == [ServiceName::Node] {
            command.arg("node");
        } else {
            command.arg("serve").args(self.services.iter().map(|service| service.as_str()));
        }
        if let Some(users::Account { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
        command
    }

    async fn keep_running(&self, account: Option<users::Account>, stop: &Shutdown) {
        let (name, mut pause) = (self.name(), BACK_OFF.0);
        while !stop.begun() {
            let started = Instant::now();
            match self.command(account).spawn() {
                Ok(child) => {
                    tracing::info!(process = name, pid = child.id(), "started");
                    let ended = run_until(child, stop).await;
                    if stop.begun() {
                        return;
                    }
                    tracing::error!(process = name, ended, "ended by itself and will be restarted");
                }
                Err(error) => tracing::error!(process = name, %error, "cannot be started"),
            }
            if started.elapsed() > HEALTHY_AFTER {
                pause = BACK_OFF.0;
            }
            tokio::select! {
                () = stop.wait() => {}
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(BACK_OFF.1);
        }
    }
}

/// Waits for the child to end; at shutdown asks it to, and does not wait for ever.
async fn run_until(mut child: Child, stop: &Shutdown) -> String {
    let ended = tokio::select! {
        ended = child.wait() => Some(ended),
        () = stop.wait() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => end(&mut child).await,
    };
    ended.map_or_else(|error| error.to_string(), |status| status.to_string())
}

async fn end(child: &mut Child) -> std::io::Result<ExitStatus> {
    if let Some(pid) = child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
        // an error means that it has just ended
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    match tokio::time::timeout(STOP_PATIENCE, child.wait()).await {
        Ok(ended) => ended,
        Err(_) => {
            tracing::warn!(pid = child.id(), "does not stop, is killed");
            child.kill().await?;
            child.wait().await
        }
    }
}
