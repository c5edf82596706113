//! The keys that content keys are sealed under: asked of identity, kept in memory for a short while, never on disk.
//!
//! An answer for a caller is kept only for the version of identity's state at which the caller was last known (which
//! every change of a user, a policy or a KMS key raises, and which the watch of credentials moves within
//! milliseconds), and never longer than [`KEPT`]. Refusals are not kept.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use api_spec::{ApiError, ErrorCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::kms::{GetServiceKey, MakeDataKey, OpenDataKey, Requester};
use kit::peer::Peer;
use kit::{Caller, Context, ServiceName};
use zeroize::Zeroizing;

use crate::error::Error;

/// How long an answer for a caller serves, at most.
const KEPT: Duration = Duration::from_secs(60);
/// How long S3's own key serves for new objects before identity is asked which one is current.
const CURRENT: Duration = Duration::from_secs(3600);
/// Answers kept; beyond it a cache starts over.
const MAX_KEPT: usize = 10_000;

/// 32 bytes that seal content keys; wiped when nobody uses them any more.
pub type Kek = Arc<Zeroizing<[u8; 32]>>;

/// A data key of KMS.
#[derive(Clone)]
pub struct DataKey {
    /// ARN of the KMS key.
    pub key_arn: String,
    /// Encrypted, base64.
    pub ciphertext: String,
    /// Plain.
    pub kek: Kek,
}

/// For whom, as of which version of identity's state.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Who {
    version: u64,
    access_key_id: String,
    session_token: Option<String>,
    source_ip: Option<std::net::IpAddr>,
    secure: bool,
    tls_version: Option<String>,
    user_agent: String,
}

type Given = BTreeMap<String, String>;

/// What was answered to a question, and when.
type Answers<Q, A> = Mutex<HashMap<Q, (A, Instant)>>;

/// The keys at hand.
pub struct Keyring {
    identity: Peer,
    own: Mutex<HashMap<String, Kek>>,
    current: Mutex<Option<(String, Instant)>>,
    opened: Answers<(Who, String, Given), Kek>,
    of_buckets: Answers<(Who, Option<String>, Given), DataKey>,
}

impl Keyring {
    /// An empty one.
    pub fn new(context: &Context) -> Self {
        Keyring {
            identity: context.peers.internal(ServiceName::Identity),
            own: Mutex::default(),
            current: Mutex::default(),
            opened: Mutex::default(),
            of_buckets: Mutex::default(),
        }
    }

    /// S3's own key of this id.
    pub async fn own(&self, id: &str) -> Result<Kek, Error> {
        if let Some(kek) = lock(&self.own).get(id) {
            return Ok(Arc::clone(kek));
        }
        self.ask_own(Some(id.to_owned())).await.map(|(_, kek)| kek)
    }

    /// S3's own key for new objects.
    pub async fn current(&self) -> Result<(String, Kek), Error> {
        let known = lock(&self.current).clone().filter(|(_, asked)| asked.elapsed() < CURRENT);
        if let Some((id, _)) = known
            && let Some(kek) = lock(&self.own).get(&id)
        {
            return Ok((id, Arc::clone(kek)));
        }
        let (id, kek) = self.ask_own(None).await?;
        *lock(&self.current) = Some((id.clone(), Instant::now()));
        Ok((id, kek))
    }

    async fn ask_own(&self, id: Option<String>) -> Result<(String, Kek), Error> {
        let answer = self.identity.call(&GetServiceKey { service: "s3".into(), id }).await?;
        let kek = key(&answer.key)?;
        lock(&self.own).insert(answer.id.clone(), Arc::clone(&kek));
        Ok((answer.id, kek))
    }

    /// A fresh data key of KMS for the caller.
    pub async fn make(
        &self,
        caller: &Caller,
        kms_key: Option<String>,
        context: Given,
    ) -> Result<DataKey, Error> {
        let (_, requester) = who(caller)?;
        let answer =
            self.identity.call(&MakeDataKey { requester, key: kms_key, context }).await.map_err(refusal)?;
        Ok(DataKey { key_arn: answer.key_arn, ciphertext: answer.ciphertext, kek: key(&answer.plaintext)? })
    }

    /// A data key of KMS that serves the caller for a bucket for a while.
    pub async fn of_bucket(
        &self,
        caller: &Caller,
        kms_key: Option<String>,
        context: Given,
    ) -> Result<DataKey, Error> {
        let (who, _) = who(caller)?;
        let question = (who, kms_key.clone(), context.clone());
        if let Some(found) = fresh(&self.of_buckets, &question) {
            return Ok(found);
        }
        let made = self.make(caller, kms_key, context).await?;
        keep(&self.of_buckets, question, made.clone());
        Ok(made)
    }

    /// Opens a data key of KMS for the caller.
    pub async fn open(&self, caller: &Caller, ciphertext: &str, context: &Given) -> Result<Kek, Error> {
        let (who, requester) = who(caller)?;
        let question = (who, ciphertext.to_owned(), context.clone());
        if let Some(found) = fresh(&self.opened, &question) {
            return Ok(found);
        }
        let call = OpenDataKey { requester, ciphertext: ciphertext.to_owned(), context: context.clone() };
        let answer = self.identity.call(&call).await.map_err(refusal)?;
        let kek = key(&answer.plaintext)?;
        keep(&self.opened, question, Arc::clone(&kek));
        Ok(kek)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fresh<K: Eq + Hash, V: Clone>(cache: &Answers<K, V>, question: &K) -> Option<V> {
    let cache = lock(cache);
    cache.get(question).filter(|(_, at)| at.elapsed() < KEPT).map(|(value, _)| value.clone())
}

fn keep<K: Eq + Hash, V>(cache: &Answers<K, V>, question: K, value: V) {
    let mut cache = lock(cache);
    if cache.len() >= MAX_KEPT {
        cache.clear();
    }
    cache.insert(question, (value, Instant::now()));
}

fn who(caller: &Caller) -> Result<(Who, Requester), Error> {
    let Some(holder) = caller.holder() else {
        return Err(Error::AccessDenied("nobody has no key of KMS".into()));
    };
    let origin = &caller.origin;
    let who = Who {
        version: holder.version,
        access_key_id: holder.question.access_key_id.clone(),
        session_token: holder.question.session_token.clone(),
        source_ip: origin.source_ip,
        secure: origin.secure,
        tls_version: origin.tls_version.clone(),
        user_agent: origin.user_agent.clone(),
    };
    let requester = Requester {
        access_key_id: who.access_key_id.clone(),
        session_token: who.session_token.clone(),
        request_id: origin.request_id.clone(),
        source_ip: origin.source_ip,
        secure: origin.secure,
        tls_version: origin.tls_version.clone(),
        user_agent: origin.user_agent.clone(),
    };
    Ok((who, requester))
}

fn key(text: &str) -> Result<Kek, Error> {
    let bytes = STANDARD.decode(text).map(Zeroizing::new).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
    bytes
        .map(|bytes| Arc::new(Zeroizing::new(bytes)))
        .ok_or_else(|| Error::Internal("identity sent no key".into()))
}

/// KMS's refusals in S3's words.
fn refusal(error: ApiError) -> Error {
    let code = match error.code {
        ErrorCode::NotFoundException => ErrorCode::KmsNotFound,
        ErrorCode::DisabledException => ErrorCode::KmsDisabled,
        ErrorCode::KmsInvalidStateException => ErrorCode::KmsInvalidState,
        ErrorCode::InvalidArnException => ErrorCode::KmsInvalidArn,
        // its context and its ciphertext are ours: this is no fault of the caller
        ErrorCode::InvalidCiphertextException => return Error::Internal(error.to_string()),
        _ => return error.into(),
    };
    ApiError { code, ..error }.into()
}
