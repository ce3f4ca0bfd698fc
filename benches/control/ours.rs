//! The shipped policies, as contestants. What is called ours is chosen here, in one place.

use backlogd::controller::{Controller, Rules, State};
use backlogd::policy::BacklogPerInstance;
use backlogd::sim::peers::{Share, Told};
use backlogd::sim::{Case, Driver, Message, Run, run_engine};
use backlogd::source::Counting;
use std::sync::Arc;
use std::time::Duration;

/// What the operator writes into the settings; nothing where it is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hints {
    /// Mean processing time.
    pub(crate) processing_time: Option<Duration>,
    /// Messages an instance works on at once.
    pub(crate) slots: Option<u32>,
    /// Time from launch to the first message.
    pub(crate) boot: Option<Duration>,
}

impl Hints {
    /// All of it, and right.
    pub(crate) fn right(case: &Case) -> Self {
        Self { processing_time: Some(case.work_mean), slots: Some(case.slots), boot: Some(case.boot_mean()) }
    }
}

/// What is called ours, as the settings would make it of the hints.
pub(crate) fn driver(case: &Case, hints: &Hints) -> Driver {
    let told = Told {
        processing_time: hints.processing_time.unwrap_or(Duration::from_secs(1)),
        slots: hints.slots.unwrap_or(1),
        boot: hints.boot.unwrap_or_default(),
        ..Told::of(case)
    };
    backlog_per_instance(&told, Share::Waiting(0.2))
}

/// Our policy on a case, with its history if that is wanted.
pub(crate) fn ours(case: &Case, messages: &Arc<[Message]>, hints: &Hints, history: bool) -> Run {
    run_engine(case, messages, driver(case, hints), history)
}

/// The plain policy, counting what is in flight, with the default rules.
pub(crate) fn backlog_per_instance(told: &Told, share: Share) -> Driver {
    let policy = BacklogPerInstance { acceptable_backlog: share.messages(told), tolerance_percent: 10.0 };
    let rules = Rules { slots: told.slots, ..Rules::default() };
    Driver {
        controller: Controller::new(Box::new(policy), rules, State::default()),
        counting: Counting { weight: 1.0, in_flight: true, delayed: true },
    }
}
