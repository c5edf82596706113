//! Loads any S3 endpoint and says what it gave: operations and megabytes a second, p50 and p99.
//!
//! `cargo run --release -p s3_load -- --endpoint 127.0.0.1:8773 --access-key AKIA... --secret-key ... --bucket bench`
//!
//! Every request carries a SigV4 signature in its header. A run has an end by count and by time; the operations of one
//! run work on each other's keys, in the order given: `put,get,head,list,delete`. The bucket is made if it is missing;
//! what `delete` does not remove stays. With `--server-pid` the server's processor time an operation is told, too, with
//! `--floor` what part it reached of what the machine gives at that moment, and `--hold 1000 --sizes 1g` measures what memory it needs for so many transfers at once.

mod client;
mod floor;
mod hold;
mod plan;
mod sign;
mod summary;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use client::Connection;
use floor::Floor;
use plan::{Op, Plan, Size};
use sign::{Signer, Target};
use summary::Summary;

/// The error of a run that cannot go on.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    if std::env::args().nth(1).as_deref() == Some(floor::SERVE) {
        return floor::serve();
    }
    let plan = Arc::new(Plan::parse());
    let signer = Arc::new(Signer::new(&plan)?);
    make_bucket(&plan, &signer)?;
    if let Some(connections) = plan.hold {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(hold::run(&plan, &signer, connections));
    }
    let floor = plan.floor.then(Floor::start).transpose()?;
    println!("{}", Summary::HEAD);
    for size in plan.sizes.clone() {
        let body = Arc::new(body(size));
        for clients in plan.clients.clone() {
            // every round has keys of its own, so that a put never replaces what another round put
            let prefix = format!("{}{size}-{clients}-{}/", plan.prefix, std::process::id());
            let mut stored = plan.count;
            for op in plan.ops.clone() {
                let round = Round { op, prefix: prefix.clone(), body: Arc::clone(&body), stored };
                let mut summary = run(&plan, &signer, &plan.endpoint, &round, clients)?;
                if let Some(floor) = floor.as_ref().filter(|_| op.has_floor()) {
                    summary.floor = Some(run(&plan, &signer, &floor.endpoint, &round, clients)?.rate());
                }
                if op == Op::Put {
                    stored = summary.operations.max(1);
                }
                println!("{}", summary.line(op, size, clients));
            }
        }
    }
    Ok(())
}

/// One operation with one size and number of clients.
#[derive(Clone)]
struct Round {
    op: Op,
    prefix: String,
    body: Arc<Vec<u8>>,
    /// How many keys there are to read.
    stored: u64,
}

/// Bytes that do not compress away.
fn body(size: Size) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(size.bytes() + 8);
    while bytes.len() < size.bytes() {
        bytes.extend(next());
    }
    bytes.truncate(size.bytes());
    bytes
}

fn make_bucket(plan: &Plan, signer: &Signer) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(&plan.endpoint).await?;
        let path = format!("/{}", plan.bucket);
        let target = Target { method: "PUT", path: &path, query: "" };
        let status = connection.call(&signer.head(target, &[]), &[]).await?.status;
        match status {
            200 | 409 => Ok(()),
            other => Err(format!("the bucket cannot be made: {other}").into()),
        }
    })
}

/// Runs a round on so many connections, spread over the threads.
fn run(
    plan: &Arc<Plan>,
    signer: &Arc<Signer>,
    endpoint: &str,
    round: &Round,
    clients: usize,
) -> Result<Summary, Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let cpu = || plan.server_pid.map(watch::cpu).transpose();
    let used = cpu()?;
    let started = Instant::now();
    let until = started + Duration::from_secs_f64(plan.seconds);
    let threads = plan.threads.clamp(1, clients.max(1));
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let share = (clients + threads - 1 - thread) / threads;
            let (plan, signer, round, next) =
                (Arc::clone(plan), Arc::clone(signer), round.clone(), Arc::clone(&next));
            let endpoint = endpoint.to_owned();
            std::thread::spawn(move || work(&plan, &signer, &endpoint, &round, &next, share, until))
        })
        .collect();
    let mut summary = Summary::default();
    for worker in workers {
        summary.absorb(worker.join().map_err(|_| "a thread of the load generator panicked")??);
    }
    summary.took = started.elapsed();
    summary.cpu = cpu()?.zip(used).map(|(now, before)| now - before);
    Ok(summary)
}

fn work(
    plan: &Arc<Plan>,
    signer: &Arc<Signer>,
    endpoint: &str,
    round: &Round,
    next: &Arc<AtomicU64>,
    clients: usize,
    until: Instant,
) -> Result<Summary, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    let handles: Vec<_> = (0..clients)
        .map(|_| {
            let (plan, signer, round, next) =
                (Arc::clone(plan), Arc::clone(signer), round.clone(), Arc::clone(next));
            let endpoint = endpoint.to_owned();
            tasks
                .spawn_local(async move { one_client(&plan, &signer, &endpoint, &round, &next, until).await })
        })
        .collect();
    tasks.block_on(&runtime, async {
        let mut summary = Summary::default();
        for handle in handles {
            summary.absorb(handle.await??);
        }
        Ok(summary)
    })
}

async fn one_client(
    plan: &Plan,
    signer: &Signer,
    endpoint: &str,
    round: &Round,
    next: &AtomicU64,
    until: Instant,
) -> Result<Summary, Failure> {
    let mut connection = Connection::open(endpoint).await?;
    let mut summary = Summary::default();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let limit = if round.op == Op::Delete { round.stored } else { plan.count };
        if n >= limit || Instant::now() >= until {
            return Ok(summary);
        }
        let key = n % round.stored.max(1);
        let path = match round.op {
            Op::List => format!("/{}", plan.bucket),
            Op::Put => format!("/{}/{}{n:08}", plan.bucket, round.prefix),
            Op::Get | Op::Head | Op::Delete => format!("/{}/{}{key:08}", plan.bucket, round.prefix),
        };
        let body: &[u8] = if round.op == Op::Put { &round.body } else { &[] };
        let target = Target { method: round.op.method(), path: &path, query: round.op.query() };
        let started = Instant::now();
        let reply = connection.call(&signer.head(target, body), body).await?;
        let bytes = if round.op == Op::Put { body.len() as u64 } else { reply.bytes };
        summary.add(started.elapsed(), bytes, reply.status < 300);
        if reply.closes {
            connection = Connection::open(endpoint).await?;
        }
    }
}
