//! The life of an instance: the one owner of its state.
//!
//! ```text
//!              seen running                      asked to stop                  seen off
//!   pending ----------------> running ----------------------------> stopping ----------> stopped
//!      ^                         |  \________ seen off by the guest (behaviour: stop) ______^ |
//!      |_________________________|________________ asked to start ____________________________|
//!   any of them -- asked to terminate, or off by the guest (behaviour: terminate) --> shutting-down
//!   pending -- the node cannot start it, and time is up --> shutting-down (first start) or stopping
//!   shutting-down -- seen gone, and volumes released --> terminated
//! ```
//!
//! A request changes what is wished for and enters a passing state (`pending`, `stopping`, `shutting-down`); only what a
//! node has seen leads out of a passing state. An observation counts only if the node had heard of the wish when it
//! looked ([`Life::generation`]).

use calls::node::DomainState;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An instance's state, as EC2 names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// Being started.
    Pending,
    /// Running.
    Running,
    /// Being terminated.
    ShuttingDown,
    /// Gone; remembered for an hour.
    Terminated,
    /// Being stopped.
    Stopping,
    /// Off.
    Stopped,
}

impl State {
    /// All of them.
    pub const ALL: [State; 6] = [
        State::Pending,
        State::Running,
        State::ShuttingDown,
        State::Terminated,
        State::Stopping,
        State::Stopped,
    ];

    /// EC2's number.
    pub const fn code(self) -> i32 {
        match self {
            State::Pending => 0,
            State::Running => 16,
            State::ShuttingDown => 32,
            State::Terminated => 48,
            State::Stopping => 64,
            State::Stopped => 80,
        }
    }

    /// EC2's name.
    pub const fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Running => "running",
            State::ShuttingDown => "shutting-down",
            State::Terminated => "terminated",
            State::Stopping => "stopping",
            State::Stopped => "stopped",
        }
    }
}

/// What the instance's domain should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// Run.
    Running,
    /// Be shut down.
    Stopped,
    /// Be off at once.
    ForcedOff,
    /// Not exist.
    Gone,
}

/// What happens when the guest powers itself off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShutdownBehavior {
    /// The instance is stopped.
    Stop,
    /// The instance is terminated.
    Terminate,
}

impl ShutdownBehavior {
    /// EC2's name.
    pub const fn name(self) -> &'static str {
        match self {
            ShutdownBehavior::Stop => "stop",
            ShutdownBehavior::Terminate => "terminate",
        }
    }
}

/// Why an instance is in its state: EC2's `StateReason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `Client.UserInitiatedShutdown`, ...
    pub code: String,
    /// For people.
    pub message: String,
}

impl Reason {
    /// A reason in EC2's form: the message repeats the code.
    pub fn new(code: &str, message: &str) -> Self {
        Reason { code: code.to_owned(), message: format!("{code}: {message}") }
    }

    fn by_user() -> Self {
        Reason::new("Client.UserInitiatedShutdown", "User initiated shutdown")
    }

    fn by_guest() -> Self {
        Reason::new("Client.InstanceInitiatedShutdown", "Instance initiated shutdown")
    }
}

/// Where an instance stands, and where it should go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Its state.
    pub state: State,
    /// What is wished for.
    pub wish: Wish,
    /// Starts so far, the first included.
    pub start_sequence: u64,
    /// Reboots asked for so far.
    pub reboot_sequence: u64,
    /// Why it is in its state; none while it runs.
    pub reason: Option<Reason>,
    /// EC2's StateTransitionReason.
    pub transition: String,
    /// When the state was entered.
    pub since: Timestamp,
    /// The generation of the node's desired state that first said what is wished for.
    pub generation: u64,
    /// Whether the node has seen that nothing of it is left.
    pub gone: bool,
}

/// What a request asks of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// StartInstances.
    Start,
    /// StopInstances.
    Stop {
        /// Without asking the guest.
        force: bool,
    },
    /// RebootInstances.
    Reboot,
    /// TerminateInstances.
    Terminate,
}

/// The request does not fit the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow {
    /// What was asked.
    pub ask: Ask,
    /// The state that does not allow it.
    pub state: State,
}

/// What a node has seen of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The desired state that the node knew.
    pub generation: u64,
    /// The domain, and the start it is about; none when the node knows nothing of the instance.
    pub domain: Option<(DomainState, u64)>,
}

impl Life {
    /// A new instance, wished to run.
    pub fn begin(now: Timestamp) -> Self {
        Life {
            state: State::Pending,
            wish: Wish::Running,
            start_sequence: 1,
            reboot_sequence: 0,
            reason: Some(Reason { code: "pending".into(), message: "pending".into() }),
            transition: String::new(),
            since: now,
            generation: 0,
            gone: false,
        }
    }

    /// Whether it takes memory and processors of its node.
    pub fn uses_capacity(&self) -> bool {
        match self.state {
            State::Pending | State::Running | State::Stopping => true,
            State::ShuttingDown => !self.gone,
            State::Stopped | State::Terminated => false,
        }
    }

    /// The life after a request; unchanged when what it asks for is so already.
    ///
    /// # Errors
    /// [`NotNow`] when EC2 does not allow it in this state.
    pub fn ask(&self, ask: Ask, now: Timestamp) -> Result<Life, NotNow> {
        let user = format!("User initiated ({} GMT)", now.strftime("%Y-%m-%d %H:%M:%S"));
        match (ask, self.state) {
            (Ask::Start, State::Pending | State::Running) => Ok(self.clone()),
            (Ask::Start, State::Stopped) => Ok(Life {
                start_sequence: self.start_sequence + 1,
                ..Life {
                    reboot_sequence: self.reboot_sequence,
                    generation: self.generation,
                    ..Life::begin(now)
                }
            }),
            (Ask::Stop { force }, State::Running) => {
                let wish = if force { Wish::ForcedOff } else { Wish::Stopped };
                Ok(self.enter(State::Stopping, wish, Some(Reason::by_user()), user, now))
            }
            (Ask::Stop { force: true }, State::Stopping) => {
                Ok(Life { wish: Wish::ForcedOff, ..self.clone() })
            }
            (Ask::Stop { .. }, State::Stopping | State::Stopped) => Ok(self.clone()),
            (Ask::Reboot, State::Running) => {
                Ok(Life { reboot_sequence: self.reboot_sequence + 1, ..self.clone() })
            }
            (Ask::Terminate, State::ShuttingDown | State::Terminated) => Ok(self.clone()),
            (Ask::Terminate, _) => {
                Ok(self.enter(State::ShuttingDown, Wish::Gone, Some(Reason::by_user()), user, now))
            }
            (Ask::Start | Ask::Reboot | Ask::Stop { .. }, state) => Err(NotNow { ask, state }),
        }
    }

    /// The life of an instance that cannot be launched: it goes the way of a terminated one.
    pub fn fail(&self, reason: Reason, now: Timestamp) -> Life {
        let transition = reason.message.clone();
        self.enter(State::ShuttingDown, Wish::Gone, Some(reason), transition, now)
    }

    /// The life of an instance whose start is given up: one that never ran goes the way of a terminated one, another is
    /// stopped, its disks being what they were. None when it is not being started.
    pub fn give_up(&self, problem: &str, now: Timestamp) -> Option<Life> {
        let reason = Reason::new("Server.InternalError", &format!("Internal error on launch: {problem}"));
        match (self.state, self.start_sequence) {
            (State::Pending, 1) => Some(self.fail(reason, now)),
            (State::Pending, _) => {
                let transition = reason.message.clone();
                Some(self.enter(State::Stopping, Wish::ForcedOff, Some(reason), transition, now))
            }
            _ => None,
        }
    }

    /// The life after an observation; none when it changes nothing.
    pub fn observe(&self, seen: Seen, behavior: ShutdownBehavior, now: Timestamp) -> Option<Life> {
        if seen.generation < self.generation {
            return None;
        }
        let off_by_guest = matches!(
            seen.domain, Some((DomainState::OffByGuest, start)) if start == self.start_sequence
        );
        match self.state {
            State::Pending | State::Running if off_by_guest => Some(self.guest_left(behavior, now)),
            State::Pending => match seen.domain {
                Some((DomainState::Running, start)) if start == self.start_sequence => {
                    Some(self.enter(State::Running, Wish::Running, None, String::new(), now))
                }
                _ => None,
            },
            State::Stopping => match seen.domain {
                None | Some((DomainState::Off | DomainState::OffByGuest | DomainState::Absent, _)) => {
                    let wish = Wish::Stopped;
                    Some(self.enter(State::Stopped, wish, self.reason.clone(), self.transition.clone(), now))
                }
                Some((DomainState::Starting | DomainState::Running | DomainState::ShuttingDown, _)) => None,
            },
            State::ShuttingDown if !self.gone => match seen.domain {
                None | Some((DomainState::Absent, _)) => Some(Life { gone: true, ..self.clone() }),
                Some(_) => None,
            },
            State::Running | State::Stopped | State::ShuttingDown | State::Terminated => None,
        }
    }

    /// The life after volumes and addresses have been given back.
    pub fn end(&self, now: Timestamp) -> Life {
        self.enter(State::Terminated, Wish::Gone, self.reason.clone(), self.transition.clone(), now)
    }

    fn guest_left(&self, behavior: ShutdownBehavior, now: Timestamp) -> Life {
        let (state, wish) = match behavior {
            ShutdownBehavior::Stop => (State::Stopped, Wish::Stopped),
            ShutdownBehavior::Terminate => (State::ShuttingDown, Wish::Gone),
        };
        self.enter(state, wish, Some(Reason::by_guest()), String::new(), now)
    }

    fn enter(
        &self,
        state: State,
        wish: Wish,
        reason: Option<Reason>,
        transition: String,
        now: Timestamp,
    ) -> Life {
        Life { state, wish, reason, transition, since: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seen(domain: DomainState, start: u64) -> Seen {
        Seen { generation: 9, domain: Some((domain, start)) }
    }

    const STOP: ShutdownBehavior = ShutdownBehavior::Stop;

    fn running() -> Life {
        Life::begin(at(0)).observe(seen(DomainState::Running, 1), STOP, at(1)).unwrap()
    }

    #[test]
    fn an_instance_runs_once_its_own_start_is_seen() {
        let life = Life::begin(at(0));
        assert_eq!(life.observe(seen(DomainState::Starting, 1), STOP, at(1)), None);
        assert_eq!(life.observe(seen(DomainState::Running, 0), STOP, at(1)), None);
        let running = running();
        assert_eq!((running.state, running.reason), (State::Running, None));
    }

    #[test]
    fn stopping_and_starting_go_through_their_passing_states() {
        let stopping = running().ask(Ask::Stop { force: false }, at(5)).unwrap();
        assert_eq!((stopping.state, stopping.wish), (State::Stopping, Wish::Stopped));
        assert_eq!(stopping.transition, "User initiated (1970-01-01 00:00:05 GMT)");
        assert_eq!(stopping.reason.as_ref().unwrap().code, "Client.UserInitiatedShutdown");
        assert_eq!(stopping.observe(seen(DomainState::ShuttingDown, 1), STOP, at(6)), None);
        let stopped = stopping.observe(seen(DomainState::Off, 1), STOP, at(6)).unwrap();
        assert_eq!(stopped.state, State::Stopped);
        let pending = stopped.ask(Ask::Start, at(7)).unwrap();
        assert_eq!((pending.state, pending.start_sequence), (State::Pending, 2));
        assert_eq!(pending.observe(seen(DomainState::Off, 1), STOP, at(8)), None);
        assert_eq!(
            pending.observe(seen(DomainState::Running, 2), STOP, at(8)).unwrap().state,
            State::Running
        );
    }

    #[test]
    fn a_guest_that_powers_off_stops_or_ends_its_instance() {
        let off = seen(DomainState::OffByGuest, 1);
        let stopped = running().observe(off, STOP, at(3)).unwrap();
        assert_eq!((stopped.state, stopped.wish), (State::Stopped, Wish::Stopped));
        assert_eq!(stopped.reason.unwrap().code, "Client.InstanceInitiatedShutdown");
        let ended = running().observe(off, ShutdownBehavior::Terminate, at(3)).unwrap();
        assert_eq!((ended.state, ended.wish), (State::ShuttingDown, Wish::Gone));
    }

    #[test]
    fn a_start_that_is_given_up_ends_a_new_instance_and_stops_an_old_one() {
        let ended = Life::begin(at(0)).give_up("no disk", at(9)).unwrap();
        assert_eq!((ended.state, ended.wish), (State::ShuttingDown, Wish::Gone));
        let reason = ended.reason.unwrap();
        assert_eq!(reason.code, "Server.InternalError");
        assert_eq!(reason.message, "Server.InternalError: Internal error on launch: no disk");
        let again = Life { state: State::Stopped, ..running() }.ask(Ask::Start, at(2)).unwrap();
        let stopping = again.give_up("no disk", at(9)).unwrap();
        assert_eq!((stopping.state, stopping.wish), (State::Stopping, Wish::ForcedOff));
        assert_eq!(running().give_up("no disk", at(9)), None);
    }

    #[test]
    fn what_a_node_saw_before_it_heard_of_the_wish_does_not_count() {
        let life = Life { generation: 10, ..running().ask(Ask::Terminate, at(2)).unwrap() };
        assert_eq!(life.observe(Seen { generation: 9, domain: None }, STOP, at(3)), None);
        assert!(life.observe(Seen { generation: 10, domain: None }, STOP, at(3)).unwrap().gone);
    }

    #[test]
    fn requests_that_do_not_fit_are_refused_as_ec2_does() {
        let pending = Life::begin(at(0));
        let stopped = Life { state: State::Stopped, ..running() };
        let stopping = Life { state: State::Stopping, ..running() };
        let ended = Life { state: State::Terminated, ..running() };
        let refused = [
            (&pending, Ask::Stop { force: true }),
            (&pending, Ask::Reboot),
            (&stopping, Ask::Start),
            (&stopped, Ask::Reboot),
            (&ended, Ask::Start),
            (&ended, Ask::Stop { force: false }),
        ];
        for (life, ask) in refused {
            assert_eq!(life.ask(ask, at(1)), Err(NotNow { ask, state: life.state }));
        }
        for (life, ask) in
            [(&running(), Ask::Start), (&stopped, Ask::Stop { force: false }), (&ended, Ask::Terminate)]
        {
            assert_eq!(life.ask(ask, at(1)).as_ref(), Ok(life));
        }
    }

    fn domain() -> impl Strategy<Value = Option<(DomainState, u64)>> {
        let state = prop_oneof![
            Just(DomainState::Absent),
            Just(DomainState::Starting),
            Just(DomainState::Running),
            Just(DomainState::ShuttingDown),
            Just(DomainState::Off),
            Just(DomainState::OffByGuest),
        ];
        proptest::option::of((state, 0u64..4))
    }

    #[derive(Clone, Debug)]
    enum Event {
        Asked(Ask),
        Observed(Seen, bool),
        TimeIsUp,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Asked(Ask::Start)),
            any::<bool>().prop_map(|force| Event::Asked(Ask::Stop { force })),
            Just(Event::Asked(Ask::Reboot)),
            Just(Event::Asked(Ask::Terminate)),
            Just(Event::TimeIsUp),
            (0u64..5, domain(), any::<bool>()).prop_map(|(generation, domain, terminate)| {
                Event::Observed(Seen { generation, domain }, terminate)
            }),
        ]
    }

    fn allowed(from: State, to: State) -> bool {
        use State::{Pending, Running, ShuttingDown, Stopped, Stopping};
        matches!(
            (from, to),
            (Pending, Running | Stopping | Stopped | ShuttingDown)
                | (Running, Stopping | Stopped | ShuttingDown)
                | (Stopping, Stopped | ShuttingDown)
                | (Stopped, Pending | ShuttingDown)
        ) || from == to
    }

    proptest! {
        #[test]
        fn whatever_happens_only_drawn_transitions_are_taken(events in proptest::collection::vec(event(), 0..40)) {
            let mut life = Life::begin(at(0));
            for (second, event) in (1..).zip(events) {
                let before = life.clone();
                match event {
                    Event::Asked(ask) => if let Ok(next) = life.ask(ask, at(second)) { life = next },
                    Event::TimeIsUp => if let Some(next) = life.give_up("it fails", at(second)) { life = next },
                    Event::Observed(seen, terminate) => {
                        let behavior = if terminate { ShutdownBehavior::Terminate } else { STOP };
                        if let Some(next) = life.observe(seen, behavior, at(second)) {
                            prop_assert!(seen.generation >= before.generation);
                            prop_assert_ne!(&next, &before);
                            life = next;
                        }
                    }
                }
                prop_assert!(allowed(before.state, life.state), "{:?} -> {:?}", before.state, life.state);
                prop_assert!(life.start_sequence >= before.start_sequence);
                prop_assert_eq!(life.wish == Wish::Gone, matches!(life.state, State::ShuttingDown | State::Terminated));
                prop_assert_eq!(life.state == State::Running, life.reason.is_none());
            }
        }
    }
}
