//! A volume and its attachment: the one state machine that decides who may use a disk.
//!
//! ```text
//! creating -> ready -> deleting -> (gone)          attachment:  none -> attaching -> attached -> detaching -> none
//!     \-> error -> deleting                                              \______________________^
//! ```
//!
//! Invariants: a volume has at most one attachment, because there is room for only one; only a volume that is ready
//! is attached by a request; one that is attached is not deleted; only observation makes `attached` of `attaching`
//! and nothing of `detaching`.

use api_spec::ids::{InstanceId, SnapshotId, VolumeId};
use calls::Tag;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::device;
use super::volume_type::{Performance, VolumeType};
use crate::error::Error;

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Owner, 12 digits.
    pub account_id: String,
    /// Availability zone.
    pub zone: String,
    /// Size.
    pub size_gib: u32,
    /// Type.
    pub volume_type: VolumeType,
    /// Operations and throughput.
    pub performance: Performance,
    /// What it was made of.
    pub snapshot: Option<SnapshotId>,
    /// When.
    pub created_at: Timestamp,
    /// Where in its life it is.
    pub state: State,
    /// Who has it.
    pub attachment: Option<Attachment>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Who made it, as `kit::Caller::creator` names it; none for what is older than that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
}
store::json_value!(Volume, version = 1);

/// Where in its life a volume is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Its disk is being made.
    Creating,
    /// It has a disk.
    Ready,
    /// Its disk could not be made.
    Error(String),
    /// Its disk is being removed.
    Deleting,
}

/// A volume's place in an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Of which.
    pub instance: InstanceId,
    /// Device name.
    pub device: String,
    /// Whether the instance boots from it.
    pub boot: bool,
    /// How far it is.
    pub state: AttachmentState,
    /// When it was asked for.
    pub at: Timestamp,
    /// Whether the volume dies with the instance.
    pub delete_on_termination: bool,
}

/// How far an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttachmentState {
    /// Asked for, not yet observed.
    Attaching,
    /// Observed, or part of an instance that is off.
    Attached,
    /// To be let go, still observed.
    Detaching,
}

impl AttachmentState {
    /// As EC2 names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            AttachmentState::Attaching => "attaching",
            AttachmentState::Attached => "attached",
            AttachmentState::Detaching => "detaching",
        }
    }
}

impl Volume {
    /// The state as EC2 names it.
    pub fn status(&self) -> &'static str {
        match (&self.state, &self.attachment) {
            (State::Creating, _) => "creating",
            (State::Ready, None) => "available",
            (State::Ready, Some(_)) => "in-use",
            (State::Error(_), _) => "error",
            (State::Deleting, _) => "deleting",
        }
    }

    /// Takes its place in an instance. `others` are the instance's volumes.
    pub fn attach(
        &mut self,
        id: &VolumeId,
        instance: &InstanceId,
        device: &str,
        others: &[(VolumeId, Volume)],
        now: Timestamp,
    ) -> Result<&Attachment, Error> {
        if self.attachment.is_some() {
            return Err(Error::AlreadyAttached(id.clone()));
        }
        if self.state != State::Ready {
            return Err(Error::State(format!("{id} is not 'available'.")));
        }
        let taken = others
            .iter()
            .filter_map(|(_, other)| other.attachment.as_ref())
            .find(|other| device::same_place(&other.device, device));
        if taken.is_some() {
            return Err(Error::DeviceTaken(device.to_owned()));
        }
        Ok(self.attachment.insert(Attachment {
            instance: instance.clone(),
            device: device.to_owned(),
            boot: false,
            state: AttachmentState::Attaching,
            at: now,
            delete_on_termination: false,
        }))
    }

    /// Begins to leave its instance.
    pub fn detach(
        &mut self,
        id: &VolumeId,
        instance: Option<&InstanceId>,
        device: Option<&str>,
        force: bool,
    ) -> Result<&Attachment, Error> {
        let status = self.status();
        let Some(attachment) = &mut self.attachment else {
            return Err(Error::State(format!("Volume '{id}' is in the '{status}' state.")));
        };
        let elsewhere = instance.is_some_and(|instance| *instance != attachment.instance)
            || device.is_some_and(|device| !device::same_place(device, &attachment.device));
        if elsewhere {
            return Err(Error::NotAttached(format!(
                "The volume '{id}' is not attached to instance '{}' as device '{}'.",
                instance.unwrap_or(&attachment.instance),
                device.unwrap_or(&attachment.device)
            )));
        }
        match attachment.state {
            AttachmentState::Attaching | AttachmentState::Attached => {
                attachment.state = AttachmentState::Detaching;
            }
            AttachmentState::Detaching if force => {}
            AttachmentState::Detaching => {
                return Err(Error::State(format!("Volume '{id}' is already being detached.")));
            }
        }
        Ok(attachment)
    }

    /// Begins to be deleted.
    pub fn delete(&mut self, id: &VolumeId) -> Result<(), Error> {
        if let Some(attachment) = &self.attachment {
            return Err(Error::VolumeInUse(format!(
                "Volume {id} is currently attached to {}",
                attachment.instance
            )));
        }
        match self.state {
            State::Deleting => Err(Error::NoVolume(vec![id.clone()])),
            State::Creating => Err(Error::State(format!("Volume '{id}' is in the 'creating' state."))),
            State::Ready | State::Error(_) => {
                self.state = State::Deleting;
                Ok(())
            }
        }
    }

    /// Takes in what is observed of its instance; true if that changed anything. `sent` says whether the instance was
    /// told to have this disk.
    pub fn observe(&mut self, sent: bool, held: bool, running: bool, exists: bool) -> bool {
        let Some(attachment) = &mut self.attachment else { return false };
        match attachment.state {
            AttachmentState::Attaching if sent && exists && (held || !running) => {
                attachment.state = AttachmentState::Attached;
                true
            }
            AttachmentState::Detaching if !sent && (!held || !running || !exists) => {
                self.attachment = None;
                true
            }
            _ => false,
        }
    }

    /// The instance is no more: the volume is free, or dies with it.
    pub fn release(&mut self) {
        let Some(attachment) = self.attachment.take() else { return };
        if attachment.delete_on_termination || self.state == State::Creating {
            self.state = State::Deleting;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u128) -> VolumeId {
        VolumeId::from_random(n)
    }

    fn fresh() -> Volume {
        Volume {
            account_id: "111122223333".into(),
            zone: "us-east-1a".into(),
            size_gib: 1,
            volume_type: VolumeType::Gp2,
            performance: Performance { iops: Some(100), throughput: None },
            snapshot: None,
            created_at: Timestamp::UNIX_EPOCH,
            state: State::Creating,
            attachment: None,
            tags: vec![],
            creator: None,
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Made,
        Failed,
        Attach(u8, u8),
        Detach(bool),
        Observe { sent: bool, held: bool, running: bool, exists: bool },
        Delete,
        Release,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Made),
            Just(Event::Failed),
            (0u8..3, 0u8..3).prop_map(|(i, d)| Event::Attach(i, d)),
            any::<bool>().prop_map(Event::Detach),
            any::<(bool, bool, bool, bool)>().prop_map(|(sent, held, running, exists)| Event::Observe {
                sent,
                held,
                running,
                exists
            }),
            Just(Event::Delete),
            Just(Event::Release),
        ]
    }

    fn apply(volume: &mut Volume, event: Event, others: &[(VolumeId, Volume)]) {
        let device = |d: u8| ["/dev/sdf", "/dev/xvdf", "/dev/sdg"][usize::from(d)];
        match event {
            Event::Made if volume.state == State::Creating => volume.state = State::Ready,
            Event::Failed if volume.state == State::Creating => volume.state = State::Error("full".into()),
            Event::Made | Event::Failed => {}
            Event::Attach(i, d) => {
                let instance = InstanceId::from_random(i.into());
                let _ = volume.attach(&id(0), &instance, device(d), others, Timestamp::UNIX_EPOCH);
            }
            Event::Detach(force) => {
                let _ = volume.detach(&id(0), None, None, force);
            }
            Event::Observe { sent, held, running, exists } => {
                let told = volume.attachment.as_ref().is_some_and(|a| a.state != AttachmentState::Detaching);
                volume.observe(sent && told, held, running, exists);
            }
            Event::Delete => {
                let _ = volume.delete(&id(0));
            }
            Event::Release => volume.release(),
        }
    }

    proptest! {
        #[test]
        fn no_sequence_moves_a_disk_to_another_instance_without_letting_go_first(
            events in prop::collection::vec(event(), 0..40)
        ) {
            let mut volume = fresh();
            for event in events {
                let before = volume.clone();
                apply(&mut volume, event, &[]);
                match (&before.attachment, &volume.attachment) {
                    (Some(old), Some(new)) => prop_assert_eq!(&old.instance, &new.instance),
                    (Some(old), None) => prop_assert!(
                        matches!(event, Event::Release) || old.state == AttachmentState::Detaching
                    ),
                    (None, Some(new)) => {
                        prop_assert!(before.state == State::Ready);
                        prop_assert!(new.state == AttachmentState::Attaching);
                    }
                    (None, None) => {}
                }
                prop_assert!(volume.state != State::Deleting || volume.attachment.is_none());
                prop_assert!(before.state != State::Deleting || volume.state == State::Deleting);
            }
        }

        #[test]
        fn a_detaching_disk_is_free_only_when_nothing_holds_it(
            held: bool, running: bool, exists: bool
        ) {
            let mut volume = Volume { state: State::Ready, ..fresh() };
            let instance = InstanceId::from_random(1);
            volume.attach(&id(0), &instance, "/dev/sdf", &[], Timestamp::UNIX_EPOCH).unwrap();
            volume.detach(&id(0), None, None, false).unwrap();
            volume.observe(false, held, running, exists);
            prop_assert_eq!(volume.attachment.is_some(), held && running && exists);
        }
    }

    #[test]
    fn a_device_of_the_instance_is_taken_once() {
        let instance = InstanceId::from_random(1);
        let mut first = Volume { state: State::Ready, ..fresh() };
        first.attach(&id(1), &instance, "/dev/sdf", &[], Timestamp::UNIX_EPOCH).unwrap();
        let others = [(id(1), first)];
        let mut second = Volume { state: State::Ready, ..fresh() };
        let taken = second.attach(&id(2), &instance, "xvdf", &others, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(
            taken.to_string(),
            "Invalid value 'xvdf' for unixDevice. Attachment point xvdf is already in use"
        );
        second.attach(&id(2), &instance, "/dev/sdg", &others, Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn detaching_names_what_is_wrong() {
        let (instance, other) = (InstanceId::from_random(1), InstanceId::from_random(2));
        let mut volume = Volume { state: State::Ready, ..fresh() };
        let free = volume.detach(&id(1), None, None, false).unwrap_err();
        assert_eq!(free.to_string(), format!("Volume '{}' is in the 'available' state.", id(1)));
        volume.attach(&id(1), &instance, "/dev/sdf", &[], Timestamp::UNIX_EPOCH).unwrap();
        assert!(matches!(volume.detach(&id(1), Some(&other), None, false), Err(Error::NotAttached(_))));
        assert!(matches!(volume.detach(&id(1), None, Some("/dev/sdg"), false), Err(Error::NotAttached(_))));
        volume.detach(&id(1), Some(&instance), Some("/dev/sdf"), false).unwrap();
        assert!(matches!(volume.detach(&id(1), None, None, false), Err(Error::State(_))));
        volume.detach(&id(1), None, None, true).unwrap();
    }
}
