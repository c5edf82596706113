//! The node's answers to compute: one function a call.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api_spec::{ApiError, ErrorCode};
use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calls::node::{
    Accepted, BackupDisk, BackupState, ConsoleOutput, ConsoleText, Desired, Observed, WatchObserved,
};
use kit::internal::answer;
use tokio::sync::{Mutex, Notify};

use crate::backup::Backups;
use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::executor::console_logs;
use crate::files;
use crate::observed::Board;

/// EC2 keeps this much of a console.
const CONSOLE_BYTES: u64 = 64 << 10;
/// Longest wait for something new to observe.
const MAX_WAIT_MS: u64 = 30_000;

/// What the calls need.
pub struct Api {
    /// What is desired.
    pub directory: Directory,
    /// Where that is stored.
    pub desired_path: PathBuf,
    /// What is observed.
    pub board: Arc<Board>,
    /// Copies for snapshots.
    pub backups: Arc<Backups>,
    /// Where consoles are logged.
    pub console_dir: PathBuf,
    /// Wakes the reconciler.
    pub nudge: Arc<Notify>,
    /// One desired state is taken at a time.
    pub turn: Mutex<()>,
}

impl Api {
    /// The internal router.
    pub fn router(self) -> Router {
        let api = Arc::new(self);
        let (a, b, c, d) = (api.clone(), api.clone(), api.clone(), api);
        let router = answer::<Desired, _, _>(Router::new(), move |call| {
            let api = a.clone();
            async move { api.take(call).await }
        });
        let router = answer::<WatchObserved, _, _>(router, move |call| {
            let api = b.clone();
            async move { Ok(api.observed(call).await) }
        });
        let router = answer::<ConsoleOutput, _, _>(router, move |call| {
            let api = c.clone();
            async move { api.console(call).await }
        });
        answer::<BackupDisk, _, _>(router, move |call| {
            let api = d.clone();
            async move { api.backup(call).await }
        })
    }

    /// Stores a desired state before it is acknowledged; one that is older than the one held changes nothing.
    async fn take(&self, desired: Desired) -> Result<Accepted, ApiError> {
        let _turn = self.turn.lock().await;
        check(&desired)?;
        let held = self.directory.desired();
        if desired.generation < held.generation || desired == *held {
            return Ok(Accepted { generation: held.generation });
        }
        let (path, desired) = (self.desired_path.clone(), Arc::new(desired));
        let stored = desired.clone();
        blocking(move || files::write(&path, &*stored)).await?;
        let generation = desired.generation;
        self.directory.replace(desired);
        self.nudge.notify_one();
        Ok(Accepted { generation })
    }

    async fn observed(&self, call: WatchObserved) -> Observed {
        let mut news = self.board.subscribe();
        let wait = Duration::from_millis(call.timeout_ms.min(MAX_WAIT_MS));
        // a version the node never told counts as old: its state was lost, and all of it is news
        let _ = tokio::time::timeout(wait, news.wait_for(|latest| latest.version != call.since)).await;
        let latest = news.borrow().clone();
        (*latest).clone()
    }

    async fn console(&self, call: ConsoleOutput) -> Result<ConsoleText, ApiError> {
        let dir = self.console_dir.clone();
        blocking(move || {
            let mut logs = console_logs(&dir, &call.instance)?;
            // .log is the newest, then .log.0, .log.1, ...
            logs.sort();
            let at = logs.first().and_then(|path| fs::metadata(path).ok()?.modified().ok());
            let output = STANDARD.encode(tail(&logs)?);
            Ok(ConsoleText { output, at: at.and_then(|at| jiff::Timestamp::try_from(at).ok()) })
        })
        .await
    }

    async fn backup(&self, call: BackupDisk) -> Result<BackupState, ApiError> {
        let backups = self.backups.clone();
        blocking(move || backups.backup(&call)).await
    }
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let outcome = tokio::task::spawn_blocking(act).await;
    Ok(outcome.map_err(|e| Error::Task(e.to_string()))??)
}

/// What goes into commands for the kernel is looked at before it is taken.
fn check(desired: &Desired) -> Result<(), ApiError> {
    let refuse = |what: String| Err(ApiError::new(ErrorCode::InvalidParameterValue, what));
    for nic in desired.instances.iter().flat_map(|instance| &instance.nics) {
        let bytes: Vec<&str> = nic.mac.split(':').collect();
        let hex =
            |byte: &&str| byte.len() == 2 && byte.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if bytes.len() != 6 || !bytes.iter().all(hex) {
            return refuse(format!("{}: \"{}\" is no hardware address", nic.id, nic.mac));
        }
        let Some(vpc) = desired.vpcs.iter().find(|vpc| vpc.id == nic.vpc) else {
            return refuse(format!("{}: {} is not among the VPCs", nic.id, nic.vpc));
        };
        if !vpc.subnets.iter().any(|subnet| subnet.id == nic.subnet) {
            return refuse(format!("{}: {} is not among the subnets", nic.id, nic.subnet));
        }
    }
    Ok(())
}

/// The last bytes of files, the first given being the newest.
fn tail(newest_first: &[PathBuf]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for path in newest_first {
        let room = CONSOLE_BYTES - u64::try_from(text.len()).unwrap_or(CONSOLE_BYTES).min(CONSOLE_BYTES);
        if room == 0 {
            break;
        }
        let mut part = end_of(path, room).map_err(|e| Error::file(path, e))?;
        part.extend_from_slice(&text);
        text = part;
    }
    Ok(text)
}

fn end_of(path: &Path, room: u64) -> std::io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(room)))?;
    let mut bytes = Vec::new();
    file.take(room).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_console_ends_with_its_newest_bytes_across_rolled_logs() {
        let dir = tempfile::tempdir().unwrap();
        let id = testing::instance_id(4);
        let current = dir.path().join(format!("{id}.log"));
        fs::write(&current, "new").unwrap();
        fs::write(dir.path().join(format!("{id}.log.0")), "o".repeat(100_000)).unwrap();
        let mut logs = console_logs(dir.path(), &id).unwrap();
        logs.sort();
        let text = tail(&logs).unwrap();
        assert_eq!(text.len() as u64, CONSOLE_BYTES);
        assert!(text.ends_with(b"onew"));
    }

    #[test]
    fn a_hardware_address_that_could_be_a_command_is_refused() {
        let mut desired = testing::desired(vec![testing::instance(4)]);
        check(&desired).unwrap();
        desired.instances[0].nics[0].mac = "02:00:00:00:00:04 }".into();
        assert!(check(&desired).is_err());
    }
}
