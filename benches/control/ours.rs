//! The shipped policies, as contestants. What is called ours is chosen here, in one place.

use backlogd::controller::{Controller, Rules, State};
use backlogd::model::{self, Tuning};
use backlogd::policy::Latency;
use backlogd::sim::{Case, Driver, Message, Run, Victims, run_engine};
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

/// What is called ours: the latency policy, as the settings would make it of the hints, with these constants.
pub(crate) fn driver(case: &Case, hints: &Hints, tuning: &Tuning) -> Driver {
    let hints = model::Hints {
        objective_secs: case.objective.as_secs_f64(),
        processing_secs: hints.processing_time.map(|time| time.as_secs_f64()),
        slots: hints.slots,
        boot_secs: hints.boot.map(|time| time.as_secs_f64()),
    };
    let policy = Latency { hints, drains: case.victims == Victims::Drain, tuning: *tuning };
    let controller = Controller::new(Box::new(policy), Rules::unhurried(), State::default());
    Driver { controller, counting: Counting::VISIBLE }
}

/// Our policy on a case, with its history if that is wanted.
pub(crate) fn ours(
    case: &Case,
    messages: &Arc<[Message]>,
    hints: &Hints,
    tuning: &Tuning,
    history: bool,
) -> Run {
    run_engine(case, messages, driver(case, hints, tuning), history)
}
