//! What KMS does for the object service: data keys for a caller of S3, decided by the key's policy and the caller's
//! own as if the caller had asked KMS, and the keys that S3 itself encrypts with.

use std::collections::BTreeMap;
use std::sync::Arc;

use api_spec::{ApiError, ErrorCode};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::identity::ResolveCredential;
use calls::kms::{DataKey, GetServiceKey, MakeDataKey, OpenDataKey, OpenedDataKey, Requester, ServiceKey};
use kit::authorize::{Refused, authorize};
use kit::credentials::NoHolder;
use kit::request::Origin;
use kit::{Access, Caller, Context};

use super::kms_access::Use;
use crate::domain::kms_error::KmsError;
use crate::error::Error;
use crate::identity::Identity;

/// Bytes of a data key: AES-256.
const KEY_BYTES: usize = 32;

/// Adds the routes of these calls. `context` must not lead back to the router they become part of.
pub fn routes(router: Router, identity: Arc<Identity>, context: Context) -> Router {
    let door = Arc::new(KmsDoor { identity, context });
    let (making, opening, serving) = (Arc::clone(&door), Arc::clone(&door), door);
    let router = kit::internal::answer(router, move |call: MakeDataKey| {
        let door = Arc::clone(&making);
        async move { door.make(call).await }
    });
    let router = kit::internal::answer(router, move |call: OpenDataKey| {
        let door = Arc::clone(&opening);
        async move { door.open(call).await }
    });
    kit::internal::answer(router, move |call: GetServiceKey| {
        let door = Arc::clone(&serving);
        async move {
            let (id, key) = door.identity.service_key(&call.service, call.id.as_deref()).await?;
            Ok(ServiceKey { id, key: STANDARD.encode(*key) })
        }
    })
}

struct KmsDoor {
    identity: Arc<Identity>,
    context: Context,
}

impl KmsDoor {
    async fn make(&self, call: MakeDataKey) -> Result<DataKey, ApiError> {
        let caller = self.caller(&call.requester).await?;
        let key = match &call.key {
            Some(text) => self.identity.kms_key(&self.identity.db.read()?, &caller, text)?,
            None => self.identity.kms_s3_key(caller.account_id()).await?,
        };
        let via = self.via();
        let how = Use { context: Some(&call.context), via: Some(&via) };
        let read = self.identity.db.read()?;
        let access = self.identity.key_access(&read, "kms:GenerateDataKey", &caller, &key, how)?;
        self.allow(&caller, access).await?;
        let (plain, blob) = self.identity.kms_data_key(&key, &call.context, KEY_BYTES)?;
        Ok(DataKey {
            key_arn: key.arn(&self.identity.common.region),
            plaintext: STANDARD.encode(&*plain),
            ciphertext: STANDARD.encode(blob),
        })
    }

    async fn open(&self, call: OpenDataKey) -> Result<OpenedDataKey, ApiError> {
        let blob = STANDARD.decode(&call.ciphertext).map_err(|_| Error::from(KmsError::InvalidCiphertext))?;
        let caller = self.caller(&call.requester).await?;
        let via = self.via();
        let how = Use { context: Some(&call.context), via: Some(&via) };
        for access in self.identity.on_ciphertext("kms:Decrypt", &caller, &blob, how)? {
            self.allow(&caller, access).await?;
        }
        let plain = self.decrypt(&call.context, &blob)?;
        Ok(OpenedDataKey { plaintext: STANDARD.encode(&*plain) })
    }

    fn decrypt(
        &self,
        context: &BTreeMap<String, String>,
        blob: &[u8],
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
        let key = self.identity.maker(blob)?;
        self.identity.kms_decrypt(&key, context, blob)
    }

    fn via(&self) -> String {
        format!("s3.{}.amazonaws.com", self.identity.common.region)
    }

    async fn allow(&self, caller: &Caller, access: Access) -> Result<(), ApiError> {
        match authorize(&self.context, caller, &[access]).await {
            Ok(_) => Ok(()),
            Err(Refused::Denied(denied)) => Err(ApiError::new(ErrorCode::AccessDenied, denied.message)),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// The caller by its key. Its signature was verified by the service that calls.
    async fn caller(&self, requester: &Requester) -> Result<Caller, ApiError> {
        let now = self.context.clock.now();
        let question = ResolveCredential {
            access_key_id: requester.access_key_id.clone(),
            session_token: requester.session_token.clone(),
            date: now.strftime("%Y%m%d").to_string(),
            region: self.identity.common.region.clone(),
            service: "kms".into(),
        };
        let holder = self.context.credentials.ask(question).await.map_err(|why| match why {
            NoHolder::Failed(error) => error,
            NoHolder::Expired => ApiError::new(ErrorCode::ExpiredToken, "The provided token has expired."),
            NoHolder::InvalidToken => ApiError::new(
                ErrorCode::InvalidToken,
                "The provided token is malformed or otherwise invalid.",
            ),
            NoHolder::Unknown | NoHolder::Inactive => ApiError::new(
                ErrorCode::InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
        })?;
        let origin = Origin {
            request_id: requester.request_id.clone(),
            source_ip: requester.source_ip,
            secure: requester.secure,
            tls_version: requester.tls_version.clone(),
            user_agent: requester.user_agent.clone(),
            ..Origin::default()
        };
        Ok(Caller::on_behalf(holder, origin, now))
    }
}
