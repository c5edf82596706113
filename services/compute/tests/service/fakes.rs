//! The other services, faked behind their real calls: identity, a node and volume.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use api_spec::ids::{InstanceId, SnapshotId, VolumeId};
use api_spec::{ApiError, ErrorCode};
use auth::sigv4::{Scope, SigningKey};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calls::compute::AttachedDisk;
use calls::identity::{
    Credential, CredentialVersion, FoundInstanceProfile, InstanceProfile, LookUpInstanceProfile, NamedPolicy,
    Principal, ProfileRole, ResolveCredential, Resolved, WatchCredentials,
};
use calls::node::{
    Accepted, BackupDisk, BackupState, Capacity, ConsoleOutput, ConsoleText, Desired, Disk, DiskSource,
    DomainState, Observed, ObservedInstance, Power, WatchObserved,
};
use calls::volume::{
    ChangeTags, ConditionKeys, HoldSnapshots, KeysAndTags, LaunchVolumes, ListTags, LookUpSnapshots,
    ReleaseInstance, RoomForLaunches, SetDeleteOnTermination, SnapshotInfo, TaggedId,
};
use calls::{Done, Tag};
use kit::internal::answer;
use tokio::sync::watch;

/// Somebody with a key.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub key: &'static str,
    pub name: &'static str,
    pub account: &'static str,
    pub policy: &'static str,
}

pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub const ADMIN: Person = Person {
    key: "AKIAADMINADMINADMINA",
    name: "admin",
    account: "000000000001",
    policy: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
};
pub const NOBODY: Person = Person {
    key: "AKIANOBODYNOBODYNOBO",
    name: "nobody",
    policy: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#,
    ..ADMIN
};
/// May run and tag instances only if they are tagged `team=red`, and end only those.
pub const RED: Person = Person {
    key: "AKIAREDREDREDREDREDR",
    name: "red",
    policy: r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"},
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*"},
        {"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*",
         "Condition":{"StringEquals":{"ec2:CreateAction":"RunInstances","aws:RequestTag/team":"red"}}},
        {"Effect":"Allow","Action":["ec2:StopInstances","ec2:TerminateInstances"],"Resource":"*",
         "Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}}]}"#,
    ..ADMIN
};
/// May do everything within quotas: two instances, three virtual CPUs, one address.
pub const LIMITED: Person = Person {
    key: "AKIALIMITEDLIMITEDLI",
    name: "limited",
    policy: r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-instances":"2"}}},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-vcpus":"3"}}},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-addresses":"1"}}}]}"#,
    ..ADMIN
};
/// May do everything while the account's instances have at most 1 GiB of memory.
pub const LITTLE: Person = Person {
    key: "AKIALITTLELITTLELITT",
    name: "little",
    policy: r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-memory-mib":"1024"}}}]}"#,
    ..ADMIN
};
/// May have two instances, three virtual CPUs and one address of its own, whatever the others have.
pub const ALICE: Person = Person {
    key: "AKIAALICEALICEALICEA",
    name: "alice",
    policy: r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-own-instances":"2"}}},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-own-vcpus":"3"}}},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericGreaterThan":{"murus:quota-own-addresses":"1"}}}]}"#,
    ..ADMIN
};
/// As alice.
pub const BOB: Person = Person { key: "AKIABOBBOBBOBBOBBOBB", name: "bob", ..ALICE };
/// May launch only what these conditions describe.
pub const PICKY: Person = Person {
    key: "AKIAPICKYPICKYPICKYP",
    name: "picky",
    policy: r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-east-1:000000000001:instance/*",
         "Condition":{"StringEquals":{"ec2:InstanceType":"t2.nano","ec2:MetadataHttpTokens":"required",
            "ec2:AvailabilityZone":"us-east-1a","ec2:Tenancy":"default","ec2:RootDeviceType":"ebs"}}},
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-east-1:000000000001:volume/*",
         "Condition":{"NumericLessThanEquals":{"ec2:VolumeSize":"4"},"Bool":{"ec2:Encrypted":"false"},
            "ArnLike":{"ec2:ParentSnapshot":"arn:aws:ec2:us-east-1::snapshot/*"}}},
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-east-1::image/*",
         "Condition":{"StringEquals":{"ec2:Owner":"000000000001","ec2:ImageType":"machine"},"Bool":{"ec2:Public":"false"}}},
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-east-1:000000000001:subnet/subnet-*",
         "Condition":{"ArnLike":{"ec2:Vpc":"arn:aws:ec2:us-east-1:000000000001:vpc/vpc-*"}}},
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-east-1:000000000001:network-interface/*",
         "Condition":{"ArnLike":{"ec2:Subnet":"arn:aws:ec2:us-east-1:000000000001:subnet/subnet-*"}}},
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-east-1:000000000001:security-group/sg-*",
         "Condition":{"StringLike":{"ec2:SecurityGroupID":"sg-*"}}},
        {"Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-east-1:000000000001:key-pair/*",
         "Condition":{"StringEquals":{"ec2:KeyPairName":"mine","ec2:KeyPairType":"ed25519"}}}]}"#,
    ..ADMIN
};
/// May do all of EC2, and pass the role `web` to EC2 only.
pub const WEB: Person = Person {
    key: "AKIAWEBWEBWEBWEBWEBW",
    name: "web",
    policy: r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"ec2:*","Resource":"*"},
        {"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/web",
         "Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}}]}"#,
    ..ADMIN
};
pub const STRANGER: Person =
    Person { key: "AKIASTRANGERSTRANGER", name: "eve", account: "000000000002", ..ADMIN };

impl Person {
    /// The user's own.
    pub fn id(&self) -> String {
        self.key.replacen("AKIA", "AIDA", 1)
    }
}

fn resolve(question: &ResolveCredential) -> Resolved {
    let Some(who) = [ADMIN, NOBODY, RED, LIMITED, LITTLE, ALICE, BOB, PICKY, WEB, STRANGER]
        .into_iter()
        .find(|who| who.key == question.access_key_id)
    else {
        return Resolved::Unknown;
    };
    let scope = Scope {
        date: question.date.clone(),
        region: question.region.clone(),
        service: question.service.clone(),
    };
    Resolved::Active(Box::new(Credential {
        signing_key: STANDARD.encode(SigningKey::derive(SECRET, &scope).as_bytes()),
        account_id: who.account.into(),
        canonical_user_id: "1".repeat(64),
        principal: Principal::User { user_id: who.id(), path: "/".into(), name: who.name.into() },
        policies: vec![NamedPolicy { source: "inline:policy".into(), document: who.policy.into() }],
        boundary: None,
        session_policies: vec![],
        tags: vec![],
        session: None,
        version: 1,
    }))
}

/// The ADMIN's account has the instance profiles `web` and `db`, each with a role of its name, and `empty`.
fn profile(question: &LookUpInstanceProfile) -> FoundInstanceProfile {
    let account = &question.account_id;
    let arn = |kind: &str, name: &str| format!("arn:aws:iam::{account}:{kind}/{name}");
    let named = ["web", "db", "empty"].into_iter().find(|name| {
        let by_arn = question.arn.as_ref().is_some_and(|asked| *asked == arn("instance-profile", name));
        by_arn || question.name.as_deref() == Some(name)
    });
    let profile = named.filter(|_| account == ADMIN.account).map(|name| InstanceProfile {
        arn: arn("instance-profile", name),
        id: format!("AIPA{name}"),
        role: (name != "empty").then(|| ProfileRole { arn: arn("role", name), tags: vec![] }),
    });
    FoundInstanceProfile { profile }
}

/// Identity's internal door.
pub fn identity() -> Router {
    let router = answer(Router::new(), |question: ResolveCredential| async move { Ok(resolve(&question)) });
    let router = answer(router, |question: LookUpInstanceProfile| async move { Ok(profile(&question)) });
    answer(router, |_: WatchCredentials| async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(CredentialVersion { version: 1 })
    })
}

/// A node: takes what is desired, and sees what the test has it see.
#[derive(Clone)]
pub struct FakeNode {
    state: Arc<Mutex<NodeState>>,
    version: watch::Sender<u64>,
}

pub struct NodeState {
    pub desired: Desired,
    /// Whether domains do at once what is desired.
    pub eager: bool,
    /// Whether calls are answered at all.
    pub up: bool,
    pub capacity: Capacity,
    /// What every instance fails with.
    pub problem: Option<String>,
    /// The version that the last question was about.
    pub asked: u64,
    pub domains: BTreeMap<InstanceId, (DomainState, u64, Vec<VolumeId>)>,
}

impl FakeNode {
    pub fn new() -> Self {
        let state = NodeState {
            desired: Desired::default(),
            eager: true,
            up: true,
            capacity: Capacity { cpus: 4, memory_mib: 8192 },
            problem: None,
            asked: 0,
            domains: BTreeMap::new(),
        };
        FakeNode { state: Arc::new(Mutex::new(state)), version: watch::Sender::new(1) }
    }

    pub fn lock(&self) -> MutexGuard<'_, NodeState> {
        self.state.lock().unwrap()
    }

    /// Whether everything that was seen has been taken in.
    pub fn is_heard(&self) -> bool {
        self.lock().asked == *self.version.borrow()
    }

    pub fn desired(&self) -> Desired {
        self.lock().desired.clone()
    }

    /// Changes something and tells it.
    pub fn change(&self, change: impl FnOnce(&mut NodeState)) {
        change(&mut self.lock());
        self.version.send_modify(|version| *version += 1);
    }

    /// The instance's domain is now seen in this state.
    pub fn sees(&self, instance: &str, domain: DomainState) {
        let id: InstanceId = instance.parse().unwrap();
        self.change(|state| {
            let wanted = state.desired.instances.iter().find(|one| one.id == id);
            let start = wanted.map_or(0, |one| one.start_sequence);
            let disks = wanted.map(|one| one.disks.iter().map(|disk| disk.volume.clone()).collect());
            state.domains.insert(id, (domain, start, disks.unwrap_or_default()));
        });
    }

    fn take(&self, desired: Desired) -> Result<Accepted, ApiError> {
        if !self.lock().up {
            return Err(ApiError::unavailable("the node is down"));
        }
        if desired.generation < self.lock().desired.generation {
            return Ok(Accepted { generation: self.lock().desired.generation });
        }
        let generation = desired.generation;
        self.change(|state| {
            state.desired = desired;
            if state.eager {
                obey(state);
            }
        });
        Ok(Accepted { generation })
    }

    async fn observed(&self, call: WatchObserved) -> Result<Observed, ApiError> {
        self.lock().asked = call.since;
        let mut version = self.version.subscribe();
        let wait = Duration::from_millis(call.timeout_ms);
        let _ = tokio::time::timeout(wait, version.wait_for(|version| *version != call.since)).await;
        let state = self.lock();
        if !state.up {
            return Err(ApiError::unavailable("the node is down"));
        }
        let shown = |(id, (domain, start, attached)): (&InstanceId, &(DomainState, u64, Vec<VolumeId>))| {
            ObservedInstance {
                id: id.clone(),
                domain: *domain,
                start_sequence: *start,
                reboot_sequence: 0,
                attached: attached.clone(),
                problem: state.problem.clone(),
            }
        };
        Ok(Observed {
            version: *self.version.borrow(),
            generation: state.desired.generation,
            capacity: state.capacity,
            instances: state.domains.iter().map(shown).collect(),
        })
    }

    pub fn router(&self) -> Router {
        let (a, b) = (self.clone(), self.clone());
        let router = answer(Router::new(), move |call: Desired| {
            let node = a.clone();
            async move { node.take(call) }
        });
        let router = answer(router, move |call: WatchObserved| {
            let node = b.clone();
            async move { node.observed(call).await }
        });
        let router = answer(router, |_: ConsoleOutput| async {
            Ok(ConsoleText { output: STANDARD.encode("hello from the console"), at: None })
        });
        answer(router, |_: BackupDisk| async { Ok(BackupState::Copying(40)) })
    }
}

/// Domains as they would be once everything desired has been done.
fn obey(state: &mut NodeState) {
    let wanted = state.desired.instances.clone();
    state.domains.retain(|id, _| wanted.iter().any(|one| one.id == *id));
    for one in wanted {
        let disks: Vec<VolumeId> = one.disks.iter().map(|disk| disk.volume.clone()).collect();
        let seen = match one.power {
            Power::Running => {
                let before = state.domains.get(&one.id);
                match before {
                    Some((DomainState::OffByGuest, start, _)) if *start == one.start_sequence => {
                        DomainState::OffByGuest
                    }
                    _ => DomainState::Running,
                }
            }
            Power::Stopped | Power::ForcedOff => DomainState::Off,
        };
        let attached = if seen == DomainState::Running { disks } else { Vec::new() };
        state.domains.insert(one.id, (seen, one.start_sequence, attached));
    }
}

/// Volume: makes disks and remembers what it was told.
#[derive(Clone, Default)]
pub struct FakeVolume(Arc<Mutex<VolumeState>>);

#[derive(Default)]
pub struct VolumeState {
    /// How many instances there are volumes for; none is as many as are asked for.
    pub room: Option<u32>,
    /// What LaunchVolumes fails with.
    pub refuse: Option<ErrorCode>,
    pub snapshots: BTreeMap<SnapshotId, u32>,
    pub launched: BTreeMap<InstanceId, Vec<AttachedDisk>>,
    /// Whose the disks of which instance are.
    pub creators: BTreeMap<InstanceId, Option<String>>,
    pub released: Vec<InstanceId>,
    pub held: Vec<(SnapshotId, String)>,
    pub tags: BTreeMap<String, Vec<Tag>>,
    pub delete_on_termination: Vec<(String, bool)>,
}

impl FakeVolume {
    pub fn lock(&self) -> MutexGuard<'_, VolumeState> {
        self.0.lock().unwrap()
    }

    fn launch(&self, call: &LaunchVolumes) -> Result<Vec<AttachedDisk>, ApiError> {
        let mut state = self.lock();
        if let Some(code) = state.refuse {
            return Err(ApiError::new(code, "no disks for you"));
        }
        state.creators.insert(call.instance.clone(), call.creator.clone());
        let count = state.launched.len() as u128;
        let fresh = || {
            (1u128..).zip(&call.volumes).map(|(at, volume)| AttachedDisk {
                disk: Disk {
                    volume: VolumeId::from_random((count + 1) * 100 + at),
                    source: DiskSource::Qcow2(format!("/disks/{count}-{at}").into()),
                    device: volume.device.clone(),
                    boot: volume.boot,
                },
                state: "attached".into(),
                attached_at: jiff::Timestamp::UNIX_EPOCH,
                delete_on_termination: volume.delete_on_termination,
            })
        };
        let made = fresh().collect();
        Ok(state.launched.entry(call.instance.clone()).or_insert(made).clone())
    }

    fn change_tags(&self, call: &ChangeTags) -> Result<Done, ApiError> {
        let name = |id: &TaggedId| match id {
            TaggedId::Volume(id) => id.to_string(),
            TaggedId::Snapshot(id) => id.to_string(),
        };
        let mut state = self.lock();
        for id in &call.resources {
            if !state.tags.contains_key(&name(id)) {
                return Err(ApiError::new(ErrorCode::InvalidVolumeNotFound, format!("no {}", name(id))));
            }
        }
        if !call.check_only {
            for id in &call.resources {
                state.tags.entry(name(id)).or_default().extend(call.put.clone());
            }
        }
        Ok(Done {})
    }

    pub fn router(&self) -> Router {
        macro_rules! answers {
            ($router:expr, |$state:ident, $call:ident: $type:ty| $body:expr) => {{
                let this = self.clone();
                answer($router, move |$call: $type| {
                    let $state = this.clone();
                    async move { $body }
                })
            }};
        }
        let router = answers!(Router::new(), |this, call: LaunchVolumes| this.launch(&call));
        let router = answers!(router, |this, call: RoomForLaunches| match this.lock().room {
            None => Ok(call.most),
            Some(room) if room < call.least => {
                Err(ApiError::new(ErrorCode::VolumeLimitExceeded, "no room for volumes"))
            }
            Some(room) => Ok(room.min(call.most)),
        });
        let router = answers!(router, |this, call: ReleaseInstance| {
            this.lock().released.push(call.instance);
            Ok(Done {})
        });
        let router = answers!(router, |this, call: LookUpSnapshots| {
            let state = this.lock();
            let found =
                call.snapshots.iter().filter_map(|id| state.snapshots.get(id).map(|size| (id, *size)));
            let info = |(id, size): (&SnapshotId, u32)| SnapshotInfo {
                id: id.clone(),
                state: "completed".into(),
                size_gib: size,
            };
            Ok(found.map(info).collect())
        });
        let router = answers!(router, |this, call: HoldSnapshots| {
            this.lock().held = call.held;
            Ok(Done {})
        });
        let router = answers!(router, |this, call: SetDeleteOnTermination| {
            this.lock().delete_on_termination.push((call.device, call.value));
            Ok(Done {})
        });
        let router = answers!(router, |this, call: ChangeTags| this.change_tags(&call));
        let router = answers!(router, |this, _call: ListTags| {
            let read =
                |(id, tags): (&String, &Vec<Tag>)| (TaggedId::Volume(id.parse().unwrap()), tags.clone());
            Ok(this.lock().tags.iter().map(read).collect())
        });
        answers!(router, |this, call: ConditionKeys| {
            let id = match call.resource {
                TaggedId::Volume(id) => id.to_string(),
                TaggedId::Snapshot(id) => id.to_string(),
            };
            let tags = this.lock().tags.get(&id).cloned().unwrap_or_default();
            Ok(Some(KeysAndTags { keys: vec![("ec2:VolumeSize".into(), "8".into())], tags }))
        })
    }
}
