//! Access logs: [`Write`] writes lines from memory into the spool. [`Deliver`] makes, for every closed file of the spool
//! and every stream in it, one object in the stream's target bucket, then removes the file.
//!
//! The key of an object is made of the file and the stream, so that a delivery that a crash cut short is repeated under
//! the same keys. What the target refuses is dropped, as AWS does; what fails for another reason stays for the next pass
//! and holds up nothing else.

use std::path::Path;
use std::sync::Arc;

use api_spec::ApiError;
use kit::reconcile::Reconciler;
use ring::digest::{SHA256, digest};

use crate::api::put_log;
use crate::domain::logging::Stream;
use crate::error::Error;
use crate::service::Service;
use crate::spool::{self, Block};

const REFUSED: &str = "murus_object_access_logs_refused_total";

/// Writes the buffer.
pub struct Write(pub Arc<Service>);

impl Reconciler for Write {
    const NAME: &'static str = "object-access-log-spool";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = Arc::clone(&self.0);
        blocking(move || Ok(service.spool.write()?)).await
    }
}

/// Makes objects of files.
pub struct Deliver(pub Arc<Service>);

impl Reconciler for Deliver {
    const NAME: &'static str = "object-access-log-delivery";
    type Error = Error;

    async fn pass(&self) -> Result<usize, Error> {
        let service = Arc::clone(&self.0);
        let (closing, files) = blocking(move || Ok((service.spool.close(), service.spool.closed()?))).await?;
        let (mut done, mut failed) = (0, closing.err().map(Error::from));
        for file in files {
            match self.deliver_file(&file).await {
                Ok(objects) => done += objects,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(done), Err)
    }
}

impl Deliver {
    /// Says how many objects were made; fails when something of the file is left.
    async fn deliver_file(&self, file: &Path) -> Result<usize, Error> {
        let (from, mut done, mut left, mut failed) = (file.to_owned(), 0, Vec::new(), None);
        for block in blocking(move || Ok(spool::read(&from)?)).await? {
            match self.deliver(file, &block).await {
                Ok(()) => done += 1,
                Err(error) if error.code.status() < 500 => self.refused(&block.stream, &error),
                Err(error) => {
                    failed = Some(error);
                    left.push(block);
                }
            }
        }
        if done > 0 || failed.is_none() {
            let of = file.to_owned();
            blocking(move || Ok(spool::keep(&of, &left)?)).await?;
        }
        failed.map_or(Ok(done), |error| Err(error.into()))
    }

    async fn deliver(&self, file: &Path, block: &Block) -> Result<(), ApiError> {
        let context = &self.0.context;
        let at = spool::closed_at(file).unwrap_or_else(|| context.clock.now());
        let unique = unique(file, &block.stream).map_err(ApiError::internal)?;
        let key = block.stream.key(&context.common.region, at, &unique);
        put_log::deliver(Arc::clone(&self.0), &block.stream, key, &block.lines).await
    }

    fn refused(&self, stream: &Stream, error: &ApiError) {
        let (source, target) = (&stream.source, &stream.logging.bucket);
        tracing::warn!(source, target, %error, "the target bucket refuses access logs, which are dropped");
        self.0.context.metrics.count(REFUSED, "", 1);
    }
}

/// Sixteen hex digits, the same for the same file and stream.
fn unique(file: &Path, stream: &Stream) -> serde_json::Result<String> {
    let mut text = file.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
    serde_json::to_writer(&mut text, stream)?;
    let digest = digest(&SHA256, &text);
    Ok(digest.as_ref()[..8].iter().map(|byte| format!("{byte:02X}")).collect())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}
