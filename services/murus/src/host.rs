//! A process that hosts services: makes their contexts, starts them in order, opens their doors, waits for the end.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use kit::credentials::Credentials;
use kit::metrics::Metrics;
use kit::peer::{Door, Peers, socket_path};
use kit::{Clock, Context, Random, Routes, ServiceName, Shutdown};
use tokio::signal::unix::{SignalKind, signal};

use crate::Failure;
use crate::config::Config;

/// Requests under way get this long to finish at shutdown.
const DRAIN: Duration = Duration::from_secs(10);
/// Set by the supervisor: its children end when it does.
pub const SUPERVISED: &str = "MURUS_SUPERVISED";

/// Runs `services` in this process until SIGTERM or SIGINT.
pub async fn run(config: Config, services: &[ServiceName]) -> Result<(), Failure> {
    config.check()?;
    kit::telemetry::init(&config.log)?;
    // A huge page is in memory whole for any byte that is used, and the kernel fills up again what the allocator gives back
    // of one: a third more memory, and nothing faster for it. A kernel that cannot do without goes on with them.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // files are for their service and its group, never for others
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o007));
    if std::env::var_os(SUPERVISED).is_some() {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
    }
    let context = context(&config, services)?;
    start_audit(&config, &context, services)?;
    for service in services {
        start(&config, &context.for_service(*service))
            .await
            .map_err(|error| format!("{service} does not start: {error}"))?;
        tracing::info!(%service, "started");
    }
    context.credentials.watch(&context.shutdown);
    wait_for_signal().await?;
    tracing::info!("stopping");
    context.shutdown.begin();
    if !context.shutdown.finished(DRAIN).await {
        tracing::warn!("some requests did not finish in time");
    }
    tokio::task::spawn_blocking(kit::audit::finish).await?;
    kit::telemetry::finish();
    Ok(())
}

/// The trail of this process lies with the first of its services that answers clients.
fn start_audit(config: &Config, context: &Context, services: &[ServiceName]) -> Result<(), Failure> {
    let answers = |service: &&ServiceName| !matches!(service, ServiceName::Node | ServiceName::Gateway);
    let Some(first) = services.iter().find(answers) else { return Ok(()) };
    let context = context.for_service(*first);
    let directory = context.data_dir();
    std::fs::create_dir_all(&directory).map_err(|error| named(&directory, &error))?;
    kit::audit::start(&config.audit, &context).map_err(|error| named(&directory.join("audit"), &error))
}

fn context(config: &Config, services: &[ServiceName]) -> Result<Context, Failure> {
    let first = services.first().ok_or("no service was named")?;
    std::fs::create_dir_all(&config.run_dir).map_err(|error| named(&config.run_dir, &error))?;
    let peers = Peers::new(&config.run_dir);
    for service in services {
        peers.expect(*service);
    }
    Ok(Context {
        service: *first,
        common: Arc::new(config.common()),
        clock: Clock::system(),
        random: Random::system(),
        credentials: Credentials::new(peers.internal(ServiceName::Identity)),
        peers,
        metrics: Metrics::default(),
        shutdown: Shutdown::default(),
    })
}

async fn start(config: &Config, context: &Context) -> Result<(), Failure> {
    let data_dir = context.data_dir();
    if context.service != ServiceName::Gateway {
        std::fs::create_dir_all(&data_dir).map_err(|error| named(&data_dir, &error))?;
    }
    let ours = context.clone();
    let routes = match context.service {
        ServiceName::Identity => identity::start(config.identity.clone(), ours).await?,
        ServiceName::Object => object::start(config.object.clone(), ours).await?,
        ServiceName::Volume => volume::start(config.volume.clone(), ours).await?,
        ServiceName::Compute => compute::start(config.compute.clone(), ours).await?,
        ServiceName::Node => node::start(config.node.clone(), ours).await?,
        ServiceName::Gateway => gateway::start(config.gateway.clone(), ours).await?,
    };
    open_doors(context, routes)
}

/// Makes a service reachable: to the others in this process directly, to those in other processes by its sockets.
fn open_doors(context: &Context, routes: Routes) -> Result<(), Failure> {
    let metrics = context.metrics.clone();
    let internal = routes
        .internal
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(move || async move { metrics.render() }));
    let routes = Routes { public: routes.public, internal };
    context.peers.bind(context.service, &routes);
    for (door, handler) in [(Door::Public, routes.public), (Door::Internal, routes.internal.into())] {
        let path = socket_path(&context.common.run_dir, context.service, door);
        kit::server::serve_unix(&path, handler, &context.shutdown).map_err(|error| named(&path, &error))?;
    }
    Ok(())
}

/// Returns at the first SIGTERM or SIGINT.
pub async fn wait_for_signal() -> Result<(), Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn named(path: &Path, error: &std::io::Error) -> Failure {
    format!("{}: {error}", path.display()).into()
}
