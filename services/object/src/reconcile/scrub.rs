//! For every piece of stored content, once in every interval: read it, and when it is not what was written, say what
//! consists of it, in the log, in the metrics and in the table of findings.
//!
//! A pass reads a second's worth at the configured rate; where it stopped is in the index, so that a restart goes on
//! there. A finding goes away with its content, or when the content reads as it should again.

use std::io;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kit::reconcile::Reconciler;
use store::{Read, Snapshot};
use tokio::task::spawn_blocking;

use crate::data::stored::Wait;
use crate::domain::id::DataId;
use crate::domain::scrub::{Finding, Round, Stage};
use crate::error::Error;
use crate::service::Service;
use crate::store::places::places_of;
use crate::store::{FILES, FINDINGS, ROUNDS, SMALL};

/// The one row of [`ROUNDS`].
const ROUND: &str = "round";

/// The reconciler.
pub struct Scrub(pub Arc<Service>);

/// What one pass saw.
struct Pass {
    round: Round,
    left: u64,
    seen: usize,
    wrong: Vec<(DataId, String)>,
    fine: Vec<DataId>,
}

impl Reconciler for Scrub {
    const NAME: &'static str = "object-scrub";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = Arc::clone(&self.0);
        let rate = u64::from(service.config.scrub_mib_per_s) << 20;
        let now = service.context.clock.now();
        let known = service.store.snapshot()?.get(&ROUNDS, &ROUND.to_owned())?;
        let interval = SignedDuration::from_secs(i64::from(service.config.scrub_interval_s));
        let round = match known {
            Some(round) if round.ended.is_none() => round,
            Some(round) if now.duration_since(round.began) < interval => return Ok(0),
            _ => Round::begin(now),
        };
        if rate == 0 {
            return Ok(0);
        }
        let worker = Arc::clone(&service);
        let pass = Pass { round, left: rate, seen: 0, wrong: Vec::new(), fine: Vec::new() };
        let pass = spawn_blocking(move || run(&worker, pass, now)).await;
        let pass = pass.map_err(|error| Error::Internal(error.to_string()))??;
        record(&service, pass, now).await
    }
}

fn run(service: &Service, mut pass: Pass, now: Timestamp) -> Result<Pass, Error> {
    while pass.left > 0 && pass.round.ended.is_none() && !service.context.shutdown.begun() {
        match pass.round.stage {
            Stage::Files => next_file(service, &mut pass)?,
            Stage::Small => small_content(service, &mut pass, now)?,
        }
    }
    Ok(pass)
}

/// Goes on with the file that comes next, as far as the budget reaches.
fn next_file(service: &Service, pass: &mut Pass) -> Result<(), Error> {
    let snapshot = service.store.snapshot()?;
    let mut rows = snapshot.iter(&FILES, ..)?;
    if let Some(after) = &pass.round.after {
        rows.seek_after(after)?;
    }
    let Some((id, row)) = rows.next().transpose()? else {
        (pass.round.stage, pass.round.after, pass.round.offset) = (Stage::Small, None, 0);
        return Ok(());
    };
    drop((rows, snapshot));
    match read_on(service, pass, id, row.size) {
        Ok(false) => return Ok(()),
        Ok(true) => pass.fine.push(id),
        Err(error) => {
            // only content that is still referred to can be wrong
            if service.store.snapshot()?.contains(&FILES, &id)? {
                pass.wrong.push((id, error.to_string()));
            }
        }
    }
    pass.seen += 1;
    pass.round.passed(id);
    // a file without content costs something, too
    pass.left = pass.left.saturating_sub(1);
    Ok(())
}

/// Reads on in a file; true at its end.
fn read_on(service: &Service, pass: &mut Pass, id: DataId, size: u64) -> io::Result<bool> {
    let file = service.files.read(id)?;
    let length = file.length(Wait::Disk)?;
    if length < size {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{length} bytes of {size} are left")));
    }
    while pass.round.offset < length {
        if pass.left == 0 {
            return Ok(false);
        }
        let wanted = length - pass.round.offset;
        let read = file.read(pass.round.offset, wanted, service.pool.take(), Wait::Disk)?.len() as u64;
        pass.round.offset += read;
        pass.round.bytes += read;
        pass.left = pass.left.saturating_sub(read);
    }
    Ok(true)
}

/// Content in the index, as much as the budget allows.
fn small_content(service: &Service, pass: &mut Pass, now: Timestamp) -> Result<(), Error> {
    let snapshot = service.store.snapshot()?;
    let mut rows = snapshot.iter(&SMALL, ..)?;
    if let Some(after) = &pass.round.after {
        rows.seek_after(after)?;
    }
    while pass.left > 0 {
        let Some(row) = rows.next() else {
            pass.round.ended = Some(now);
            return Ok(());
        };
        let (id, content) = row?;
        match content.checked(id) {
            Ok(bytes) => {
                pass.round.bytes += bytes.len() as u64;
                pass.left = pass.left.saturating_sub(bytes.len() as u64 + 1);
            }
            Err(error) => pass.wrong.push((id, error.to_string())),
        }
        pass.seen += 1;
        pass.round.passed(id);
    }
    Ok(())
}

/// Writes down where the round stands and what was found.
async fn record(service: &Service, pass: Pass, now: Timestamp) -> Result<usize, Error> {
    let snapshot = service.store.snapshot()?;
    let mut findings = Vec::new();
    for (id, reason) in pass.wrong {
        let places = places_of(&snapshot, id)?;
        for place in &places {
            tracing::error!(data = %id, %place, %reason, "stored content is not what was written");
        }
        findings.push((id, Finding { at: now, reason, places }));
    }
    let settled = settled(&snapshot, &pass.fine)?;
    let (round, ended) = (pass.round.clone(), pass.round.ended.is_some());
    let write = service.store.transact(move |tx| {
        tx.put(&ROUNDS, &ROUND.to_owned(), &round)?;
        for (id, finding) in &findings {
            if !tx.contains(&FINDINGS, id)? {
                tx.put(&FINDINGS, id, finding)?;
            }
        }
        for id in &settled {
            tx.delete(&FINDINGS, id)?;
        }
        Ok::<_, Error>(())
    });
    write.await?;
    let metrics = &service.context.metrics;
    metrics.gauge("murus_object_scrub_findings", "", service.store.snapshot()?.count(&FINDINGS)? as f64);
    metrics.gauge("murus_object_scrub_bytes", "", pass.round.bytes as f64);
    metrics.gauge("murus_object_scrub_under_way", "", if ended { 0.0 } else { 1.0 });
    Ok(pass.seen)
}

/// Findings whose content is gone or fine again.
fn settled(snapshot: &Snapshot, fine: &[DataId]) -> Result<Vec<DataId>, Error> {
    let mut settled = Vec::new();
    for (id, _) in snapshot.scan(&FINDINGS, ..)? {
        let there = snapshot.contains(&FILES, &id)? || snapshot.contains(&SMALL, &id)?;
        if !there || fine.contains(&id) {
            settled.push(id);
        }
    }
    Ok(settled)
}
