//! ImportSnapshot, DescribeImportSnapshotTasks.
//!
//! Whether the caller may read the object is object's decision: it is asked when the request comes, so that a refusal
//! is the request's answer, and again when the object is fetched.

use ::store::Read;
use api_spec::ec2::import_snapshots::{
    DescribeImportSnapshotTasks, DescribeImportSnapshotTasksResult, ImportSnapshot, ImportSnapshotResult,
    ImportSnapshotTask, SnapshotDiskContainer, SnapshotTaskDetail, UserBucketDetails,
};
use api_spec::ids::{ImportTaskId, SnapshotId};
use api_spec::{ApiError, ErrorCode};
use axum::http::header;
use kit::client_token::ClientToken;
use kit::dispatch::Serve;
use kit::{Access, Caller, filters, paging};

use super::request;
use super::snapshots::check_description;
use crate::domain::disk_image::Format;
use crate::domain::import::{ImportTask, Reader, State};
use crate::error::Error;
use crate::reconcile::open_object;
use crate::service::Service;
use crate::store::{IMPORTS, IMPORTS_BY_ACCOUNT, check_snapshot_quotas};

impl Serve<ImportSnapshot> for Service {
    async fn access(&self, op: &ImportSnapshot, caller: &Caller) -> Result<Vec<Access>, ApiError> {
        let action = "ImportSnapshot";
        let tags = request::tags_for(&op.tag_specifications, "import-snapshot-task").unwrap_or_default();
        let mut access =
            vec![self.on_new_import_task(caller, action, &tags), self.on_new_snapshot(action, None, &[])];
        access.extend(self.on_tagging(action, self.arn(caller, "import-snapshot-task", "*"), &tags));
        Ok(access)
    }

    async fn handle(&self, op: ImportSnapshot, caller: &Caller) -> Result<ImportSnapshotResult, ApiError> {
        let mut task = self.task(&op, caller)?;
        let token = ClientToken::of(
            caller.account_id(),
            "ImportSnapshot",
            op.client_token.as_deref(),
            &ImportSnapshot { client_token: None, ..op.clone() },
        )?;
        task.object_bytes = self.probe(&task).await?;
        let id = ImportTaskId::from_random(self.context.random.u128());
        let now = caller.now;
        let quotas = self.quotas(caller, "ImportSnapshot", self.snapshot_arn("*")).await?;
        let (id, task) = self
            .store
            .transact(move |tx| {
                if let Some(token) = &token
                    && let Some(made) = token.replay(tx, now)?
                {
                    let id = request::task_id(&made)?;
                    let task = tx.get(&IMPORTS, &id)?.ok_or_else(|| Error::NoTask(id.clone()))?;
                    return Ok((id, task));
                }
                check_snapshot_quotas(tx, &quotas, &task.account_id, task.creator.as_deref())?;
                tx.put(&IMPORTS, &id, &task)?;
                if let Some(token) = &token {
                    token.remember(tx, id.to_string(), now)?;
                }
                Ok::<_, Error>((id.clone(), task.clone()))
            })
            .await?;
        let shown = wire(&id, &task);
        Ok(ImportSnapshotResult {
            description: shown.description,
            import_task_id: shown.import_task_id,
            snapshot_task_detail: shown.snapshot_task_detail,
            tags: shown.tags,
        })
    }
}

impl Service {
    fn task(&self, op: &ImportSnapshot, caller: &Caller) -> Result<ImportTask, Error> {
        request::refuse(
            op.encrypted == Some(true) || op.kms_key_id.as_ref().is_some_and(|key| !key.is_empty()),
            "Encrypted snapshots are not offered.",
        )?;
        let container = op.disk_container.as_ref().ok_or(Error::Missing("DiskContainer"))?;
        let name = container.format.as_deref().ok_or(Error::Missing("DiskContainer.Format"))?;
        let format = Format::parse(name).ok_or_else(|| {
            let shown: String = name.chars().take(64).collect();
            Error::Parameter(format!(
                "The given disk image format '{shown}' is not supported. Expected RAW, QCOW2, VMDK, VHD or VHDX."
            ))
        })?;
        let (bucket, key) = place(container)?;
        let reader = caller.access_key_id().map(|key_id| Reader {
            access_key_id: key_id.to_owned(),
            session_token: caller.session_token().map(str::to_owned),
        });
        Ok(ImportTask {
            account_id: caller.account_id().to_owned(),
            description: check_description(op.description.as_deref())?,
            disk_description: check_description(container.description.as_deref())?,
            format,
            bucket,
            key,
            url: container.url.clone(),
            reader,
            snapshot: SnapshotId::from_random(self.context.random.u128()),
            started_at: caller.now,
            state: State::Active("pending".into()),
            progress: 0,
            object_bytes: None,
            failures: 0,
            tags: request::tags_for(&op.tag_specifications, "import-snapshot-task")?,
            creator: caller.creator().map(str::to_owned),
        })
    }

    /// Asks object whether the caller may read the object; tells its size.
    async fn probe(&self, task: &ImportTask) -> Result<Option<u64>, Error> {
        match open_object(self, task, 0).await {
            // the body is left unread, which ends it
            Ok(reply) => Ok(reply
                .headers()
                .get(header::CONTENT_LENGTH)
                .and_then(|length| length.to_str().ok()?.parse().ok())),
            Err(error) if error.code == ErrorCode::AccessDenied => Err(Error::ObjectDenied(error.message)),
            Err(error) if error.code.status() >= 500 => Err(Error::Api(error)),
            Err(error) => Err(Error::Parameter(format!(
                "The given S3 object s3://{}/{} cannot be read: {}",
                task.bucket, task.key, error.message
            ))),
        }
    }
}

/// Bucket and key, given as such or as `s3://bucket/key`.
fn place(container: &SnapshotDiskContainer) -> Result<(String, String), Error> {
    let given = match (&container.user_bucket, &container.url) {
        (Some(_), Some(_)) => {
            return Err(Error::Combination(
                "DiskContainer.Url and DiskContainer.UserBucket exclude each other.".into(),
            ));
        }
        (Some(place), None) => place.s3_bucket.clone().zip(place.s3_key.clone()),
        (None, Some(url)) => Some(
            url.strip_prefix("s3://")
                .and_then(|rest| rest.split_once('/'))
                .map(|(bucket, key)| (bucket.to_owned(), key.to_owned()))
                .ok_or_else(|| {
                    Error::Parameter("DiskContainer.Url must be of the form s3://bucket/key.".into())
                })?,
        ),
        (None, None) => None,
    };
    given
        .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
        .ok_or(Error::Missing("DiskContainer.UserBucket"))
}

impl Serve<DescribeImportSnapshotTasks> for Service {
    async fn access(&self, _: &DescribeImportSnapshotTasks, _: &Caller) -> Result<Vec<Access>, ApiError> {
        Ok(self.on_anything("DescribeImportSnapshotTasks"))
    }

    async fn handle(
        &self,
        op: DescribeImportSnapshotTasks,
        caller: &Caller,
    ) -> Result<DescribeImportSnapshotTasksResult, ApiError> {
        let filters = request::filters(&op.filters, &["task-state"])?;
        let limit = paging::max_results(op.max_results)?;
        let mut found = Vec::new();
        for (id, task) in self.tasks_listed(&op.import_task_ids, caller)? {
            let values = |name: &str| (name == "task-state").then(|| vec![task.status().into()]);
            if filters::passes(&filters, &task.tags, values)? {
                found.push(wire(&id, &task));
            }
        }
        let page = paging::page(
            found,
            |task| task.import_task_id.clone(),
            op.next_token.as_deref(),
            limit,
            ErrorCode::InvalidNextToken,
        )?;
        Ok(DescribeImportSnapshotTasksResult { import_snapshot_tasks: page.items, next_token: page.next })
    }
}

impl Service {
    fn tasks_listed(
        &self,
        ids: &[String],
        caller: &Caller,
    ) -> Result<Vec<(ImportTaskId, ImportTask)>, Error> {
        let view = self.view()?;
        if ids.is_empty() {
            return Ok(IMPORTS_BY_ACCOUNT.rows(&view, &IMPORTS, &caller.account_id().to_owned())?);
        }
        let mut ids = ids.iter().map(|id| request::task_id(id)).collect::<Result<Vec<_>, _>>()?;
        ids.sort();
        ids.dedup();
        ids.into_iter()
            .map(|id| match view.get(&IMPORTS, &id)? {
                Some(task) if task.account_id == caller.account_id() => Ok((id, task)),
                _ => Err(Error::NoTask(id)),
            })
            .collect()
    }
}

/// A task as answers show it.
fn wire(id: &ImportTaskId, task: &ImportTask) -> ImportSnapshotTask {
    let done = task.state == State::Completed;
    ImportSnapshotTask {
        description: task.description.clone(),
        import_task_id: id.to_string(),
        snapshot_task_detail: SnapshotTaskDetail {
            description: task.disk_description.clone(),
            disk_image_size: task.object_bytes.map(|bytes| bytes as f64),
            encrypted: false,
            format: task.format.as_str().into(),
            progress: (!done).then(|| task.progress.to_string()),
            snapshot_id: done.then(|| task.snapshot.to_string()),
            status: task.status().into(),
            status_message: task.message().map(str::to_owned),
            url: task.url.clone(),
            user_bucket: task
                .url
                .is_none()
                .then(|| UserBucketDetails { s3_bucket: task.bucket.clone(), s3_key: task.key.clone() }),
        },
        tags: request::wire_tags(&task.tags),
    }
}
