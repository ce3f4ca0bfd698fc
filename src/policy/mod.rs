//! What capacity a backlog asks for. Pure: the same view gives the same wish.
//!
//! A new policy is one file here, its lines below, and its table in the settings.

mod backlog_per_instance;
mod latency;
mod step;

pub use backlog_per_instance::BacklogPerInstance;
pub use latency::{Latency, Memory};
pub use step::{Step, StepIn, StepOut};

use crate::model::{Backlog, Fleet, Learning, Outlook, Reason, Timestamp};
use std::fmt;
use std::time::Duration;

/// A rule from backlog to capacity. Limits, cooldowns and confirmations are not its business: the
/// controller applies them to whatever it wishes.
pub trait Policy: fmt::Debug + Send {
    /// The capacity that `view` asks for, given what [`Policy::remember`] noted, and why.
    fn want(&self, view: &View<'_>, memory: &Memory) -> Want;

    /// Counted messages that one unit of capacity may have waiting, if the policy has such a figure.
    fn acceptable_backlog(&self, outlook: Option<&Outlook>) -> Option<f64>;

    /// What learning goes by, for a policy that wants an outlook.
    fn learning(&self) -> Option<Learning<'_>> {
        None
    }

    /// How long before it is needed capacity is to be ordered, as far as the policy can tell.
    fn lead(&self, _outlook: Option<&Outlook>) -> Duration {
        Duration::ZERO
    }

    /// Notes in `memory` what `view` shows, for a policy that remembers.
    fn remember(&self, _view: &View<'_>, _memory: &mut Memory) {}
}

/// What a policy looks at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The steady time.
    pub now: Timestamp,
    /// The messages of all queues.
    pub backlog: &'a Backlog,
    /// The group.
    pub fleet: &'a Fleet,
    /// What was learnt, for a policy that wants it; nothing before the first sample.
    pub outlook: Option<&'a Outlook>,
    /// Whether a pause holds what would be ordered.
    pub held: bool,
}

/// A policy's wish.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// Desired capacity, in the group's units.
    pub capacity: u32,
    /// Why this much; never empty.
    pub reasons: Vec<Reason>,
}

/// The capacity that a policy which neither learns nor remembers asks for.
#[cfg(test)]
fn wanted_by(policy: &dyn Policy, backlog: &Backlog, fleet: &Fleet) -> u32 {
    let memory = Memory::default();
    let now = Timestamp::default();
    policy.want(&View { now, backlog, fleet, outlook: None, held: false }, &memory).capacity
}
