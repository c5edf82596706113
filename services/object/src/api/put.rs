//! PutObject, and taking content in for it and for parts.

use std::sync::Arc;

use auth::sigv4::hex;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::Response;
use futures_util::Stream;

use super::acl::{Owned, for_new_object};
use super::conditions::of_write;
use super::encryption;
use super::exchange::Exchange;
use super::headers::{checksum, meta, refuse_unsupported, storage_class};
use super::lifecycle::tell_expiry;
use super::lock;
use super::reply::{ok, quoted, set, set_version};
use super::sealed::{Sealed, seal_for};
use crate::body::expect::Expected;
use crate::body::ingest::{Ingest, Kept, Received, Sink};
use crate::body::receive::{receive, take_in};
use crate::data::cipher::ContentKey;
use crate::data::files::Promise;
use crate::domain::checksum::{Algorithm, Checksum};
use crate::domain::class::StorageClass;
use crate::domain::encryption::{Encryption, opaque_etag};
use crate::domain::lock::Lock;
use crate::domain::object::{Data, Meta, Object};
use crate::domain::upload::MAX_PUT_BYTES;
use crate::error::Error;
use crate::service::Service;
use crate::store::data::NewData;
use crate::store::objects::{WriteIf, put_new};

/// Content that was taken in and verified.
pub struct Taken {
    /// Ready to be referred to.
    pub data: NewData,
    /// Bytes.
    pub size: u64,
    /// MD5 in hex.
    pub etag: String,
    /// Checksums, the wanted one first.
    pub sums: Vec<Checksum>,
    /// Space is set aside until the content is referred to.
    _promise: Option<Promise>,
}

impl Taken {
    /// The ETag is not the MD5 of what only holders of a key may know of.
    pub fn hide_md5(&mut self, x: &Exchange, encryption: Option<&Encryption>) {
        if encryption.is_some_and(|encryption| encryption.method.hides_md5()) {
            self.etag = opaque_etag(x.service.context.random.bytes());
        }
    }
}

/// A new object as it will be, but for its content.
pub struct Plan {
    condition: WriteIf,
    meta: Meta,
    class: StorageClass,
    owned: Owned,
    lock: Lock,
    sealed: Option<Sealed>,
}

/// A plan that is not begun: nobody was asked for a key yet.
pub struct Draft {
    plan: Plan,
    encryption: encryption::Asked,
}

impl Draft {
    /// What the headers of a request ask for.
    ///
    /// # Errors
    /// Of headers that cannot be.
    pub async fn of(x: &Exchange) -> Result<Draft, Error> {
        refuse_unsupported(&x.headers)?;
        let condition = WriteIf { quotas: x.quotas().await?, ..of_write(&x.headers)? };
        let meta = meta(&x.headers)?;
        let class = storage_class(&x.headers)?;
        let owned = for_new_object(x).await?;
        let lock = lock::of_headers(x)?;
        lock::needs_digest(x, &lock)?;
        let encryption = encryption::asked(x)?;
        let plan = Plan { condition, meta, class, owned, lock, sealed: None };
        Ok(Draft { plan, encryption })
    }

    /// Whether it can be done, told before the body is read. Its conditions are decided again when it is committed.
    ///
    /// # Errors
    /// Of conditions that do not hold, of the key to encrypt with.
    pub async fn begin(self, x: &Exchange) -> Result<Plan, Error> {
        let Draft { plan, encryption } = self;
        plan.condition.check(&x.place.key, x.object.as_ref())?;
        let sealed = seal_for(x, encryption, None).await?;
        Ok(Plan { sealed, ..plan })
    }
}

impl Plan {
    /// What the content is encrypted with, if it is.
    pub fn key(&self) -> Option<&ContentKey> {
        self.sealed.as_ref().map(|sealed| &sealed.key)
    }

    /// Makes the object of its content, and tells of it in the reply.
    ///
    /// # Errors
    /// When the conditions do not hold any more, or a quota is used up.
    pub async fn commit(self, x: &Exchange, mut taken: Taken, response: &mut Response) -> Result<(), Error> {
        let Plan { condition, meta, class, owned, lock, sealed } = self;
        taken.hide_md5(x, sealed.as_ref().map(|sealed| &sealed.encryption));
        let object = Object {
            size: taken.size,
            etag: taken.etag.clone(),
            modified: x.service.context.clock.now(),
            data: Data::Nothing,
            owner: owned.owner,
            account: owned.account,
            checksum: taken.sums.first().cloned(),
            meta,
            acl: owned.acl,
            version: Some(x.service.fresh_version()),
            encryption: sealed.map(|sealed| sealed.encryption),
            lock,
            tags: x.tags.clone().unwrap_or_default(),
            class,
            restored_until: None,
            whole: false,
        };
        set(response, header::ETAG, quoted(&object.etag));
        checksum(response, &object);
        tell_expiry(x, response, &object)?;
        encryption::tell_written(response, object.encryption.as_ref());
        let (place, data) = (x.place.clone(), taken.data.clone());
        let written = x.transact(move |tx| put_new(tx, &place, &object, &data, &condition)).await?;
        taken.data.published();
        x.service.free(written.freed);
        set_version(response, written.version.as_deref());
        Ok(())
    }
}

/// Answers PutObject.
pub async fn put(x: &Exchange, body: &mut Option<Body>) -> Result<Response, Error> {
    let draft = Draft::of(x).await?;
    let expected = Expected::of(&x.headers, &x.caller, MAX_PUT_BYTES)?;
    let plan = draft.begin(x).await?;
    let sent = expected.checksum.as_ref().map(|(algorithm, _)| *algorithm).or(expected.trailer);
    let taken = take(x, body, expected, sent.unwrap_or(Algorithm::Crc64Nvme), plan.key()).await?;
    let mut response = ok();
    plan.commit(x, taken, &mut response).await?;
    Ok(response)
}

/// Takes the body of a request in, encrypted if there is a key. `wanted` is computed whatever the request brings.
pub async fn take(
    x: &Exchange,
    body: &mut Option<Body>,
    expected: Expected,
    wanted: Algorithm,
    key: Option<&ContentKey>,
) -> Result<Taken, Error> {
    let (ingest, promise) = ingest(x, expected, wanted, key).await?;
    let Some(body) = body.take() else { return Err(Error::IncompleteBody) };
    let length = ingest.length();
    let received = receive(body, ingest, length, &x.service.pool, x.service.patience()).await?;
    Ok(taken(&x.service, received, promise))
}

/// The same of content that comes otherwise.
pub async fn take_stream(
    x: &Exchange,
    content: impl Stream<Item = Result<Bytes, Error>> + Send,
    expected: Expected,
    wanted: Algorithm,
    key: Option<&ContentKey>,
) -> Result<Taken, Error> {
    let (ingest, promise) = ingest(x, expected, wanted, key).await?;
    let length = ingest.length();
    let received = take_in(content, ingest, length, &x.service.pool, x.service.patience()).await?;
    Ok(taken(&x.service, received, promise))
}

async fn ingest(
    x: &Exchange,
    expected: Expected,
    wanted: Algorithm,
    key: Option<&ContentKey>,
) -> Result<(Ingest, Option<Promise>), Error> {
    x.let_go_of_snapshot();
    let length = expected.length;
    let (sink, promise) = sink(&x.service, length).await?;
    let sealing = key.map(|key| x.service.sealing(key, length)).transpose()?;
    Ok((Ingest::new(expected, Some(wanted), sink).sealed_by(sealing), promise))
}

/// Where content of this length goes.
async fn sink(service: &Arc<Service>, length: u64) -> Result<(Sink, Option<Promise>), Error> {
    // a row goes into the index in any case
    let promise = service.files.promise_in_index(length.min(u64::from(service.config.inline_max_bytes)))?;
    if length <= u64::from(service.config.inline_max_bytes) {
        let room = usize::try_from(length).unwrap_or_default();
        return Ok((Sink::Memory(Vec::with_capacity(room)), Some(promise)));
    }
    let promise = service.files.promise(length)?;
    let (files, id, disk) = (service.files.clone(), service.fresh_id(), promise.disk());
    let file = tokio::task::spawn_blocking(move || files.create(id, disk));
    let file = file.await.map_err(|error| Error::Internal(error.to_string()))??;
    Ok((Sink::File(file), Some(promise)))
}

/// What verified content is to the index.
fn taken(service: &Service, received: Received, promise: Option<Promise>) -> Taken {
    let data = match received.kept {
        Kept::Memory(bytes) if bytes.is_empty() => NewData::Nothing,
        Kept::Memory(bytes) => NewData::Small(service.fresh_id(), Arc::new(bytes)),
        Kept::File(writing) => NewData::File(Arc::new(writing), received.stored),
        Kept::Nowhere => NewData::Nothing,
    };
    Taken {
        data,
        size: received.size,
        etag: hex(&received.md5),
        sums: received.sums.into_iter().map(Checksum::from).collect(),
        _promise: promise,
    }
}
