//! For every import that is `active`, fetch its object, look at it, and make the snapshot of it; whatever of that
//! fails for good ends the task with the reason. A task that was killed begins again.

use std::sync::Arc;
use std::time::Duration;

use ::store::Read;
use api_spec::ids::ImportTaskId;
use api_spec::{ApiError, ErrorCode};
use axum::http::header;
use calls::object::ReadObject;
use http_body_util::BodyExt;
use kit::ServiceName;
use kit::reconcile::Reconciler;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use super::progress::{Notes, Percent};
use crate::backend::BackendError;
use crate::domain::import::{ImportTask, State};
use crate::domain::snapshot::{self, Snapshot};
use crate::error::Error;
use crate::service::Service;
use crate::store::{IMPORTS, IMPORTS_AT_WORK, SNAPSHOTS};

/// Tries that are cut short by something that may pass.
const TRIES: u32 = 10;
/// After such a try.
const RETRY: Duration = Duration::from_secs(1);

/// See the module.
pub struct Imports {
    service: Arc<Service>,
    slots: Arc<Semaphore>,
}

impl Imports {
    /// For this service.
    pub fn of(service: &Arc<Service>) -> Self {
        let slots = usize::try_from(service.config.concurrent_copies).unwrap_or(1);
        Imports { service: Arc::clone(service), slots: Arc::new(Semaphore::new(slots)) }
    }

    /// Starts the work on a task, unless it is being worked on.
    fn begin(&self, id: &ImportTaskId) -> bool {
        let Some(held) = self.service.locks.try_hold(id.as_str()) else { return false };
        let (service, slots, id) = (Arc::clone(&self.service), Arc::clone(&self.slots), id.clone());
        self.service.context.shutdown.spawn(async move {
            let _held = held;
            let import = Import { service: &service, id: &id };
            tokio::select! {
                () = service.context.shutdown.wait() => {}
                result = import.run(&slots) => if let Err(error) = result {
                    tracing::warn!(task = %id, %error, "an import waits for the next pass");
                }
            }
        });
        true
    }
}

impl Reconciler for Imports {
    const NAME: &'static str = "imports";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let active = IMPORTS_AT_WORK.keys(&self.service.view()?, &"active".to_string())?;
        Ok(active.iter().filter(|id| self.begin(id)).count())
    }
}

/// Why an attempt did not succeed.
enum Setback {
    /// It will not either when tried again; the reason is for the task's owner.
    Final(String),
    /// It may pass.
    Passing(String),
}

impl From<BackendError> for Setback {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::BadImage(why) => {
                Setback::Final(format!("ClientError: Disk validation failed [{why}]"))
            }
            BackendError::Full(_) => Setback::Final(error.public()),
            BackendError::Locked(_) | BackendError::Program { .. } | BackendError::Io { .. } => {
                Setback::Passing(error.to_string())
            }
        }
    }
}

impl From<ApiError> for Setback {
    fn from(error: ApiError) -> Self {
        if error.code.status() >= 500 {
            Setback::Passing(error.to_string())
        } else {
            Setback::Final(format!("ClientError: {} [{}]", error.message, error.code))
        }
    }
}

/// The work on one task.
struct Import<'a> {
    service: &'a Service,
    id: &'a ImportTaskId,
}

impl Import<'_> {
    fn active(&self) -> Result<Option<ImportTask>, Error> {
        let task = self.service.view()?.get(&IMPORTS, self.id)?;
        Ok(task.filter(|task| matches!(task.state, State::Active(_))))
    }

    async fn run(&self, slots: &Semaphore) -> Result<(), Error> {
        // the semaphore is never closed
        let _slot = slots.acquire().await;
        while let Some(task) = self.active()? {
            match self.attempt(&task).await {
                Ok(size_gib) => self.complete(size_gib).await?,
                Err(Setback::Final(why)) => self.fail(why).await?,
                Err(Setback::Passing(why)) => {
                    tracing::warn!(task = %self.id, why, "an import was cut short");
                    self.setback().await?;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        Ok(self.service.backend.forget_import(self.id).await?)
    }

    async fn attempt(&self, task: &ImportTask) -> Result<u32, Setback> {
        let percent = Percent::default();
        percent.noted(self.fetch(task, &percent), self).await?;
        self.note(50).await;
        let progress = |done: u8| percent.set(50 + done / 2);
        let work = self.service.backend.import(
            self.id,
            task.format,
            &task.snapshot,
            self.service.config.max_import_gib,
            &progress,
        );
        Ok(percent.noted(work, self).await?)
    }

    /// Writes the object into a file, as the caller who asked for the import may read it.
    async fn fetch(&self, task: &ImportTask, percent: &Percent) -> Result<(), Setback> {
        let path = self.service.backend.import_file(self.id).await?;
        let failed = |error| Setback::from(BackendError::io(&path, error));
        let reply = open_object(self.service, task, 0).await?;
        let total = reply
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
            .ok_or_else(|| Setback::Passing("the object came without its length".into()))?;
        let mut file = tokio::fs::OpenOptions::new().write(true).open(&path).await.map_err(failed)?;
        let (mut body, mut written) = (reply.into_body(), 0u64);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Setback::Passing(error.to_string()))?;
            if let Ok(data) = frame.into_data() {
                file.write_all(&data).await.map_err(failed)?;
                written += data.len() as u64;
                percent.set(u8::try_from(written * 50 / total.max(1)).unwrap_or(50));
            }
        }
        file.flush().await.map_err(failed)?;
        if written == total {
            Ok(())
        } else {
            Err(Setback::Passing(format!("{written} of {total} bytes came")))
        }
    }

    async fn setback(&self) -> Result<(), Error> {
        self.change(|task| {
            task.failures += 1;
            task.progress = 0;
            if task.failures >= TRIES {
                task.state = State::Failed("Server.InternalError: the object could not be read".into());
                task.reader = None;
            }
        })
        .await
    }

    async fn fail(&self, why: String) -> Result<(), Error> {
        self.change(move |task| {
            task.state = State::Failed(why.clone());
            task.reader = None;
        })
        .await
    }

    /// The task ends and its snapshot appears, both or neither.
    async fn complete(&self, size_gib: u32) -> Result<(), Error> {
        let (id, now) = (self.id.clone(), self.service.context.clock.now());
        self.service
            .store
            .transact(move |tx| {
                let Some(mut task) = tx.get(&IMPORTS, &id)? else { return Ok(()) };
                if !matches!(task.state, State::Active(_)) {
                    return Ok(());
                }
                task.state = State::Completed;
                task.progress = 100;
                task.reader = None;
                tx.put(&SNAPSHOTS, &task.snapshot, &imported(&id, &task, size_gib, now))?;
                tx.put(&IMPORTS, &id, &task)?;
                Ok(())
            })
            .await
    }

    /// Changes the task, if it is still under way and that makes a difference.
    async fn change(&self, change: impl Fn(&mut ImportTask) + Send + 'static) -> Result<(), Error> {
        let id = self.id.clone();
        self.service
            .store
            .transact(move |tx| {
                let Some(old) = tx.get(&IMPORTS, &id)? else { return Ok(()) };
                let mut new = old.clone();
                change(&mut new);
                if matches!(old.state, State::Active(_)) && new != old {
                    tx.put(&IMPORTS, &id, &new)?;
                }
                Ok(())
            })
            .await
    }
}

impl Notes for Import<'_> {
    async fn note(&self, percent: u8) {
        let what = if percent < 50 { "downloading" } else { "converting" };
        let noted = self
            .change(move |task| {
                task.state = State::Active(what.to_owned());
                task.progress = percent.min(99);
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(task = %self.id, %error, "progress could not be written down");
        }
    }
}

fn imported(id: &ImportTaskId, task: &ImportTask, size_gib: u32, now: jiff::Timestamp) -> Snapshot {
    let description = match task.description.as_str() {
        "" => format!("Created by AWS-VMImport service for {id}"),
        words => words.to_owned(),
    };
    Snapshot {
        account_id: task.account_id.clone(),
        volume: None,
        size_gib,
        description,
        started_at: task.started_at,
        completed_at: Some(now),
        state: snapshot::State::Completed,
        begun: true,
        progress: 100,
        failures: 0,
        tags: vec![],
        creator: task.creator.clone(),
    }
}

/// Asks object for the object of a task.
pub async fn open_object(
    service: &Service,
    task: &ImportTask,
    offset: u64,
) -> Result<axum::response::Response, ApiError> {
    let Some(reader) = &task.reader else {
        return Err(ApiError::new(ErrorCode::AccessDenied, "nobody's right to read the object is known"));
    };
    let question = ReadObject {
        bucket: task.bucket.clone(),
        key: task.key.clone(),
        offset,
        access_key_id: reader.access_key_id.clone(),
        session_token: reader.session_token.clone(),
    };
    service.context.peers.internal(ServiceName::Object).open(ReadObject::PATH, &question).await
}
