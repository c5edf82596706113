//! The credentials of the role in an instance's profile: `meta-data/iam/`.
//!
//! Identity makes them; they are kept in memory only, for the instance that asked, and given again until they near
//! their end. Every few seconds identity is asked whether the role is still the one. While identity does not answer,
//! what is there goes on being given until its end, so guests live without the control plane.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use api_spec::ids::InstanceId;
use calls::identity::{AssumeInstanceRole, InstanceRole, RoleCredentials};
use calls::node::{Instance, MetadataProfile};
use jiff::{SignedDuration, Timestamp};
use kit::peer::Peer;
use serde_json::json;

/// Credentials that end sooner are replaced. SDKs look for new ones a quarter of an hour before the end.
const RENEW: SignedDuration = SignedDuration::from_hours(1);
/// For so long it is not asked again whether the role is still the one.
const TRUSTED: SignedDuration = SignedDuration::from_secs(5);
/// Where the leaves are, below a version.
const FOLDER: &str = "meta-data/iam";

/// The roles of this node's instances.
pub struct Roles {
    identity: Peer,
    known: Mutex<HashMap<InstanceId, Known>>,
}

#[derive(Clone)]
struct Known {
    profile: String,
    role: Given,
    asked: Timestamp,
}

#[derive(Clone)]
enum Given {
    None,
    Untrusting(String),
    Assumed(Box<RoleCredentials>),
}

impl Roles {
    /// Roles as this identity hands them out.
    pub fn new(identity: Peer) -> Self {
        Roles { identity, known: Mutex::default() }
    }

    /// The instance with the leaves of its role, as far as the path needs them.
    pub async fn add(&self, mut instance: Instance, path: &str, now: Timestamp) -> Instance {
        let Some(profile) = instance.metadata.profile.clone().filter(|_| instance.metadata.enabled) else {
            return instance;
        };
        let below = path.trim_matches('/').split_once('/').map_or("", |(_, below)| below);
        let leaves = match below.starts_with(FOLDER) {
            true => leaves(&profile, &self.role(&instance.id, &profile, now).await, now),
            // only the folder's name is listed
            false => BTreeMap::from([(format!("{FOLDER}/info"), String::new())]),
        };
        instance.metadata.leaves.extend(leaves);
        instance
    }

    async fn role(&self, instance: &InstanceId, profile: &MetadataProfile, now: Timestamp) -> Given {
        let known = self.lock().get(instance).filter(|known| known.profile == profile.id).cloned();
        let known = known.filter(|known| known.role.is_alive(now));
        if let Some(known) = &known
            && now.duration_since(known.asked).abs() < TRUSTED
            && known.role.is_fresh(now)
        {
            return known.role.clone();
        }
        let has = known.as_ref().filter(|known| known.role.is_fresh(now)).and_then(|known| known.role.id());
        let question = AssumeInstanceRole {
            account_id: profile.account_id.clone(),
            profile_id: profile.id.clone(),
            instance: instance.clone(),
            has: has.map(str::to_owned),
        };
        let role = match (self.identity.call(&question).await, known) {
            (Ok(InstanceRole::Same), Some(known)) => known.role,
            (Ok(InstanceRole::Assumed(credentials)), _) => Given::Assumed(credentials),
            (Ok(InstanceRole::Untrusting { role }), _) => Given::Untrusting(role),
            (Ok(InstanceRole::None | InstanceRole::Same), _) => Given::None,
            (Err(error), known) => {
                tracing::warn!(%instance, %error, "identity does not tell the instance's role");
                return known.map_or(Given::None, |known| known.role);
            }
        };
        let known = Known { profile: profile.id.clone(), role: role.clone(), asked: now };
        let mut all = self.lock();
        all.retain(|_, known| known.role.is_alive(now));
        all.insert(instance.clone(), known);
        role
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InstanceId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    fn id(&self) -> Option<&str> {
        match self {
            Given::Assumed(credentials) => Some(&credentials.role_id),
            Given::None | Given::Untrusting(_) => None,
        }
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        match self {
            Given::Assumed(credentials) => now < credentials.expires,
            Given::None | Given::Untrusting(_) => true,
        }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        match self {
            Given::Assumed(credentials) => credentials.expires.duration_since(now) > RENEW,
            Given::None | Given::Untrusting(_) => true,
        }
    }
}

fn leaves(profile: &MetadataProfile, role: &Given, now: Timestamp) -> BTreeMap<String, String> {
    let second = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let info = |code: &str, at: Timestamp| {
        let info = json!({
            "Code": code,
            "LastUpdated": second(at),
            "InstanceProfileArn": profile.arn,
            "InstanceProfileId": profile.id,
        });
        (format!("{FOLDER}/info"), format!("{info:#}"))
    };
    let credentials = |role: &str, text: serde_json::Value| {
        (format!("{FOLDER}/security-credentials/{role}"), format!("{text:#}"))
    };
    match role {
        Given::None => BTreeMap::from([info("InstanceProfileNotFound", now)]),
        Given::Untrusting(role) => {
            let code = "AssumeRoleUnauthorizedAccess";
            let message = format!("EC2 cannot assume the role {role}. Its trust policy does not allow it.");
            let text = json!({"Code": code, "Message": message, "LastUpdated": second(now)});
            BTreeMap::from([info(code, now), credentials(role, text)])
        }
        Given::Assumed(made) => {
            let text = json!({
                "Code": "Success",
                "LastUpdated": second(made.issued),
                "Type": "AWS-HMAC",
                "AccessKeyId": made.access_key_id,
                "SecretAccessKey": made.secret_access_key,
                "Token": made.token,
                "Expiration": second(made.expires),
            });
            BTreeMap::from([info("Success", made.issued), credentials(&made.role, text)])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use axum::Router;

    use super::*;
    use crate::imds::tree;
    use crate::testing;

    /// Identity, which makes credentials numbered from 1 that live six hours.
    #[derive(Clone, Default)]
    struct FakeIdentity {
        made: Arc<AtomicUsize>,
        down: Arc<AtomicBool>,
        role: Arc<Mutex<Option<String>>>,
        now: Arc<Mutex<Timestamp>>,
    }

    impl FakeIdentity {
        fn answer(&self, asked: &AssumeInstanceRole) -> Result<InstanceRole, api_spec::ApiError> {
            if self.down.load(Ordering::SeqCst) {
                return Err(api_spec::ApiError::unavailable("down"));
            }
            let Some(role) = self.role.lock().unwrap().clone() else { return Ok(InstanceRole::None) };
            if role == "untrusting" {
                return Ok(InstanceRole::Untrusting { role });
            }
            if asked.has.as_ref() == Some(&role) {
                return Ok(InstanceRole::Same);
            }
            let (n, issued) = (self.made.fetch_add(1, Ordering::SeqCst) + 1, *self.now.lock().unwrap());
            Ok(InstanceRole::Assumed(Box::new(RoleCredentials {
                role_id: role.clone(),
                role,
                access_key_id: format!("ASIA{n}"),
                secret_access_key: "hush".into(),
                token: "token".into(),
                issued,
                expires: issued + SignedDuration::from_hours(6),
            })))
        }
    }

    struct World {
        identity: FakeIdentity,
        roles: Roles,
    }

    fn world() -> World {
        let identity = FakeIdentity::default();
        *identity.role.lock().unwrap() = Some("web".into());
        let answering = identity.clone();
        let router = kit::internal::answer(Router::new(), move |asked: AssumeInstanceRole| {
            let answer = answering.answer(&asked);
            async move { answer }
        });
        World { identity, roles: Roles::new(Peer::of_router(router)) }
    }

    impl World {
        async fn get(&self, path: &str, hours: i64) -> Option<String> {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
            *self.identity.now.lock().unwrap() = now;
            let mut instance = testing::instance(4);
            instance.metadata.leaves.insert("meta-data/instance-id".into(), "i-1".into());
            instance.metadata.profile = Some(MetadataProfile {
                account_id: "123456789012".into(),
                arn: "arn:aws:iam::123456789012:instance-profile/web".into(),
                id: "AIPA1".into(),
            });
            let instance = self.roles.add(instance, path, now).await;
            tree::look_up(&instance.metadata, path).map(|bytes| String::from_utf8(bytes).unwrap())
        }

        async fn key(&self, hours: i64) -> Option<String> {
            let text = self.get("/latest/meta-data/iam/security-credentials/web", hours).await?;
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            Some(json["AccessKeyId"].as_str().unwrap().to_owned())
        }
    }

    #[tokio::test]
    async fn the_role_is_listed_and_its_credentials_are_served() {
        let world = world();
        assert_eq!(world.get("/latest/meta-data/", 0).await.unwrap(), "iam/\ninstance-id");
        assert_eq!(world.get("/latest/meta-data/iam/", 0).await.unwrap(), "info\nsecurity-credentials/");
        assert_eq!(world.get("/latest/meta-data/iam/security-credentials/", 0).await.unwrap(), "web");
        let info = world.get("/latest/meta-data/iam/info", 0).await.unwrap();
        assert!(info.contains("\"Code\": \"Success\"") && info.contains("instance-profile/web"), "{info}");
        assert_eq!(world.key(0).await.unwrap(), "ASIA1");
        assert_eq!(world.get("/latest/meta-data/instance-id", 0).await.unwrap(), "i-1");
    }

    #[tokio::test]
    async fn credentials_are_given_again_until_they_near_their_end() {
        let world = world();
        let keys = [world.key(0).await, world.key(4).await, world.key(5).await, world.key(6).await];
        assert_eq!(keys.map(Option::unwrap), ["ASIA1", "ASIA1", "ASIA2", "ASIA2"]);
    }

    #[tokio::test]
    async fn without_identity_credentials_serve_until_their_end_and_no_longer() {
        let world = world();
        world.key(0).await.unwrap();
        world.identity.down.store(true, Ordering::SeqCst);
        assert_eq!(world.key(5).await.unwrap(), "ASIA1");
        assert_eq!(world.key(6).await, None);
    }

    #[tokio::test]
    async fn another_role_in_the_profile_brings_other_credentials() {
        let world = world();
        world.key(0).await.unwrap();
        *world.identity.role.lock().unwrap() = Some("db".into());
        assert_eq!(world.key(1).await, None);
        assert_eq!(world.get("/latest/meta-data/iam/security-credentials/", 1).await.unwrap(), "db");
        *world.identity.role.lock().unwrap() = Some("untrusting".into());
        let info = world.get("/latest/meta-data/iam/info", 2).await.unwrap();
        assert!(info.contains("AssumeRoleUnauthorizedAccess"), "{info}");
        *world.identity.role.lock().unwrap() = None;
        assert_eq!(world.get("/latest/meta-data/iam/security-credentials/", 3).await, None);
    }
}
