//! What capacity a backlog asks for. Pure: the same backlog and fleet give the same wish.
//!
//! A new policy is one file here, its lines below, and its table in the settings.

mod backlog_per_instance;
mod step;

pub use backlog_per_instance::BacklogPerInstance;
pub use step::{Step, StepIn, StepOut};

use crate::model::{Backlog, Fleet, Reason};
use std::fmt;

/// A rule from backlog to capacity. Limits, cooldowns and confirmations are not its business: the
/// controller applies them to whatever it wishes.
pub trait Policy: fmt::Debug + Send {
    /// The capacity that `backlog` asks of `fleet`, and why.
    fn want(&self, backlog: &Backlog, fleet: &Fleet) -> Want;

    /// Counted messages that one unit of capacity may have waiting, if the policy has such a figure.
    fn acceptable_backlog(&self) -> Option<f64>;
}

/// A policy's wish.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// Desired capacity, in the group's units.
    pub capacity: u32,
    /// Why this much.
    pub reason: Reason,
}
