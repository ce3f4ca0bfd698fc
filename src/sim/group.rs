use crate::model::{Fleet, Timestamp};
use chacha20::ChaCha8Rng;
use rand::RngExt;
use std::ops::RangeInclusive;
use std::time::Duration;
use thiserror::Error;

/// What a group and its workers are like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTerms {
    /// The group's lower limit.
    pub min: u32,
    /// The group's upper limit.
    pub max: u32,
    /// Instances in service when the world begins; within the limits.
    pub initial: u32,
    /// Messages one instance works on at once; 1 or more.
    pub slots: u32,
    /// Milliseconds from launch until an instance is in service and takes its first message.
    pub boot_ms: RangeInclusive<u64>,
    /// How long an instance is terminating.
    pub stopping: Duration,
    /// Which instances a scale-in takes.
    pub victims: Victims,
}

/// Which instances a scale-in takes. Nobody can choose: the group does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victims {
    /// Any. What a victim was working on comes back once its visibility timeout has passed.
    Any,
    /// Any that has no work: workers turn on scale-in protection while they are busy. When too few
    /// are idle, the group waits for the next one that is.
    Idle,
}

/// A desired capacity that the group does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("SetDesiredCapacity {to}: ValidationError: outside the group's {min} to {max}")]
pub struct Refused {
    to: u32,
    min: u32,
    max: u32,
}

/// The instances, past and present.
#[derive(Debug)]
pub(super) struct Group {
    terms: GroupTerms,
    desired: u32,
    instances: Vec<Instance>,
    boots: ChaCha8Rng,
    victims: ChaCha8Rng,
}

#[derive(Clone, Debug)]
struct Instance {
    launched: Timestamp,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Pending,
    /// Its messages by their index; at most `slots` of them.
    InService(Vec<usize>),
    Terminating,
    Gone(Timestamp),
}

impl Group {
    pub(super) fn new(terms: GroupTerms, start: Timestamp, boots: ChaCha8Rng, victims: ChaCha8Rng) -> Self {
        let first = Instance { launched: start, state: State::InService(Vec::new()) };
        let instances = vec![first; terms.initial as usize];
        Self { desired: terms.initial, terms, instances, boots, victims }
    }

    /// Takes a new desired capacity; launching and stopping are the world's next steps.
    pub(super) fn set_desired(&mut self, to: u32) -> Result<(), Refused> {
        let GroupTerms { min, max, .. } = self.terms;
        if !(min..=max).contains(&to) {
            return Err(Refused { to, min, max });
        }
        self.desired = to;
        Ok(())
    }

    /// Launches what is lacking: each new instance and when it will be in service.
    pub(super) fn launch(&mut self, now: Timestamp) -> Vec<(usize, Timestamp)> {
        let lacking = (self.desired as usize).saturating_sub(self.alive());
        let first = self.instances.len();
        self.instances.extend(vec![Instance { launched: now, state: State::Pending }; lacking]);
        (first..first.saturating_add(lacking))
            .map(|id| (id, now + Duration::from_millis(self.boots.random_range(self.terms.boot_ms.clone()))))
            .collect()
    }

    /// Starts to terminate one instance too many, if there is one that may go: its number, when it
    /// will be gone, and the messages it was working on.
    pub(super) fn stop_one(&mut self, now: Timestamp) -> Option<(usize, Timestamp, Vec<usize>)> {
        if self.alive() <= self.desired as usize {
            return None;
        }
        let eligible: Vec<usize> =
            self.instances.iter().enumerate().filter(|(_, one)| self.may_go(one)).map(|(id, _)| id).collect();
        let count = u32::try_from(eligible.len()).ok().filter(|count| *count > 0)?;
        let id = *eligible.get(self.victims.random_range(0..count) as usize)?;
        let victim = self.instances.get_mut(id)?;
        let held = match std::mem::replace(&mut victim.state, State::Terminating) {
            State::InService(messages) => messages,
            State::Pending | State::Terminating | State::Gone(_) => Vec::new(),
        };
        Some((id, now + self.terms.stopping, held))
    }

    fn may_go(&self, instance: &Instance) -> bool {
        match &instance.state {
            State::Pending => true,
            State::InService(messages) => self.terms.victims == Victims::Any || messages.is_empty(),
            State::Terminating | State::Gone(_) => false,
        }
    }

    /// Puts a booted instance into service, unless it was stopped meanwhile.
    pub(super) fn enter_service(&mut self, id: usize) {
        if let Some(Instance { state: state @ State::Pending, .. }) = self.instances.get_mut(id) {
            *state = State::InService(Vec::new());
        }
    }

    /// Ends an instance's life.
    pub(super) fn bury(&mut self, id: usize, now: Timestamp) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.state = State::Gone(now);
        }
    }

    /// Gives `message` to the instance with the fewest, if any has a free slot: which one took it.
    pub(super) fn assign(&mut self, message: usize) -> Option<usize> {
        let slots = self.terms.slots as usize;
        let serving = self.instances.iter_mut().enumerate().filter_map(|(id, one)| match &mut one.state {
            State::InService(messages) if messages.len() < slots => Some((id, messages)),
            _ => None,
        });
        let (id, messages) = serving.min_by_key(|(_, messages)| messages.len())?;
        messages.push(message);
        Some(id)
    }

    /// Takes a finished `message` from an instance. False if the instance no longer had it: it was
    /// stopped, and the work is lost.
    pub(super) fn release(&mut self, id: usize, message: usize) -> bool {
        let Some(Instance { state: State::InService(messages), .. }) = self.instances.get_mut(id) else {
            return false;
        };
        let before = messages.len();
        messages.retain(|held| *held != message);
        messages.len() < before
    }

    /// Sizes and states, as the group describes itself.
    pub(super) fn fleet(&self) -> Fleet {
        let count = |wanted: fn(&State) -> bool| {
            let found = self.instances.iter().filter(|one| wanted(&one.state)).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        Fleet {
            desired: self.desired,
            min: self.terms.min,
            max: self.terms.max,
            in_service: count(|state| matches!(state, State::InService(_))),
            pending: count(|state| matches!(state, State::Pending)),
            terminating: count(|state| matches!(state, State::Terminating)),
            ..Fleet::default()
        }
    }

    /// The time all instances have run, from launch until gone (or now).
    pub(super) fn running_time(&self, now: Timestamp) -> Duration {
        let end = |state: &State| if let State::Gone(at) = state { *at } else { now };
        self.instances.iter().map(|one| end(&one.state).since(one.launched)).sum()
    }

    fn alive(&self) -> usize {
        self.instances.iter().filter(|one| matches!(one.state, State::Pending | State::InService(_))).count()
    }
}
