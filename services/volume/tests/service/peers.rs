//! The services around the one under test, as far as it can tell: identity with keys and policies, compute with
//! instances that do what they are told (or do not), object with objects.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use api_spec::ids::{InstanceId, VolumeId};
use api_spec::{ApiError, ErrorCode};
use auth::sigv4::{Scope, SigningKey};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::Response;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::compute::{AttachTarget, AttachedDisk, BackupInstanceDisk, ObservedDisks, SyncDisks, Target};
use calls::identity::{Credential, NamedPolicy, Principal, ResolveCredential, Resolved};
use calls::node::BackupState;
use calls::object::ReadObject;
use kit::Routes;
use kit::internal::{answer, fail, path_of};

/// What a fake instance is.
#[derive(Clone)]
pub struct Instance {
    pub account: String,
    pub state: &'static str,
    /// Disks it was told to have.
    pub told: Vec<AttachedDisk>,
    /// Disks it has.
    pub held: Vec<VolumeId>,
    /// Whether it takes and lets go of disks as told.
    pub obeys: bool,
}

#[derive(Default)]
pub struct Facts {
    /// Access key to account and policy document.
    pub keys: HashMap<String, (String, String)>,
    pub instances: HashMap<InstanceId, Instance>,
    /// `bucket/key` to content.
    pub objects: HashMap<String, Vec<u8>>,
    /// Keys that may not read objects.
    pub unreadable_for: Vec<String>,
    /// What compute says to a backup.
    pub backup: Option<BackupState>,
    pub backups_asked: usize,
    pub compute_is_down: bool,
}

/// All of the fakes' state.
#[derive(Clone, Default)]
pub struct Around(Arc<Mutex<Facts>>);

impl Around {
    pub fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap()
    }

    pub fn identity(&self) -> Routes {
        let this = self.clone();
        let internal = answer(Router::new(), move |call: ResolveCredential| {
            let reply = this.resolve(&call);
            async move { Ok(reply) }
        });
        Routes { internal, ..Routes::default() }
    }

    fn resolve(&self, call: &ResolveCredential) -> Resolved {
        let Some((account, policy)) = self.facts().keys.get(&call.access_key_id).cloned() else {
            return Resolved::Unknown;
        };
        let scope =
            Scope { date: call.date.clone(), region: call.region.clone(), service: call.service.clone() };
        let key = SigningKey::derive(&secret_of(&call.access_key_id), &scope);
        Resolved::Active(Box::new(Credential {
            signing_key: STANDARD.encode(key.as_bytes()),
            account_id: account,
            canonical_user_id: "0".repeat(64),
            principal: Principal::User {
                user_id: user_of(&call.access_key_id),
                path: "/".into(),
                name: "somebody".into(),
            },
            policies: vec![NamedPolicy { source: "inline:user/somebody/test".into(), document: policy }],
            boundary: None,
            session_policies: vec![],
            tags: vec![],
            session: None,
            version: 1,
        }))
    }

    pub fn compute(&self) -> Routes {
        let this = self.clone();
        let router = answer(Router::new(), move |call: AttachTarget| {
            let reply = this.up().map(|()| this.target(&call));
            async move { reply }
        });
        let this = self.clone();
        let router = answer(router, move |call: SyncDisks| {
            let reply = this.up().map(|()| this.sync(call));
            async move { reply }
        });
        let this = self.clone();
        let internal = answer(router, move |_: BackupInstanceDisk| {
            this.facts().backups_asked += 1;
            let reply = this.facts().backup.clone().unwrap_or(BackupState::NotRunning);
            async move { Ok(reply) }
        });
        Routes { internal, ..Routes::default() }
    }

    fn up(&self) -> Result<(), ApiError> {
        if self.facts().compute_is_down { Err(ApiError::unavailable("down")) } else { Ok(()) }
    }

    fn target(&self, call: &AttachTarget) -> Option<Target> {
        let facts = self.facts();
        let found = facts.instances.get(&call.instance).filter(|i| i.account == call.account_id)?;
        Some(Target {
            zone: "us-east-1a".into(),
            state: found.state.into(),
            root_device: "/dev/xvda".into(),
            tags: vec![calls::Tag { key: "team".into(), value: "blue".into() }],
        })
    }

    fn sync(&self, call: SyncDisks) -> ObservedDisks {
        let mut facts = self.facts();
        let Some(instance) = facts.instances.get_mut(&call.instance) else {
            return ObservedDisks { attached: vec![], running: false, exists: false };
        };
        instance.told = call.disks;
        let running = instance.state == "running";
        if instance.obeys || !running {
            instance.held = instance.told.iter().map(|disk| disk.disk.volume.clone()).collect();
        }
        ObservedDisks { attached: instance.held.clone(), running, exists: true }
    }

    pub fn object(&self) -> Routes {
        let this = self.clone();
        let handler = move |body: Bytes| {
            let reply = this.read(&body);
            async move { reply }
        };
        let internal = Router::new().route(&path_of(ReadObject::PATH), post(handler));
        Routes { internal, ..Routes::default() }
    }

    fn read(&self, body: &[u8]) -> Response {
        let call: ReadObject = serde_json::from_slice(body).unwrap();
        let facts = self.facts();
        if facts.unreadable_for.contains(&call.access_key_id) {
            return fail(ApiError::new(ErrorCode::AccessDenied, "no s3:GetObject"));
        }
        let Some(content) = facts.objects.get(&format!("{}/{}", call.bucket, call.key)) else {
            return fail(ApiError::new(ErrorCode::NoSuchKey, "The specified key does not exist."));
        };
        let content = content[usize::try_from(call.offset).unwrap()..].to_vec();
        Response::builder().header(header::CONTENT_LENGTH, content.len()).body(Body::from(content)).unwrap()
    }
}

/// The user whose key it is.
pub fn user_of(key: &str) -> String {
    key.replacen("AKIA", "AIDA", 1)
}

/// The secret of a test's access key.
pub fn secret_of(access_key_id: &str) -> String {
    format!("secret of {access_key_id}")
}
