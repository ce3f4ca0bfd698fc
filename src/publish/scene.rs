//! Records that the tests of every publisher render.

use crate::model::{
    Action, Backlog, Bound, Cause, Decision, Estimate, Fleet, LatencyReason, Learnt, Metrics, Missing, Mode,
    Outcome, Queue, Reason, Record, Sample, Timestamp,
};

pub(crate) fn record(mode: Mode, sample: Sample, decision: Decision, outcome: Outcome) -> Record {
    let time = Timestamp::from_millis(1_795_168_810_999);
    let metrics = Metrics::of(&sample, Some(6.122_44));
    let (scaler, troubles, estimate, paused) = ("images".to_owned(), Vec::new(), None, None);
    Record { time, scaler, mode, paused, sample, estimate, metrics, decision, outcome, troubles }
}

fn queue(name: &str, backlog: Result<Backlog, Missing>) -> Queue {
    Queue { age_secs: 0.212_34, ..Queue::new(name, backlog) }
}

const WAITING: Backlog = Backlog { visible: 212, in_flight: 31, delayed: 2, counted: 212.0 };

/// A scale-out from 9 to the group's max of 14, done.
pub(crate) fn scaled_out() -> Record {
    let fleet = Fleet {
        desired: 9,
        max: 14,
        in_service: 8,
        pending: 1,
        terminating: 2,
        standby: 3,
        warmed: 4,
        unknown: 5,
        ..Fleet::default()
    };
    let reasons = vec![
        Reason::BacklogPerInstance { backlog: 212.0, acceptable: 6.5, wanted: 33 },
        Reason::LimitMax { max: 14, bound: Bound::Group, wanted: 33 },
    ];
    let action = Action::ScaleOut { from: 9, to: 14 };
    let sample = Sample { queues: vec![queue("images", Ok(WAITING))], fleet: Ok(fleet) };
    record(Mode::Drive, sample, Decision { action, recommended: Some(14), reasons }, Outcome::Done)
}

/// A tick that could read one queue of two, and not the group.
pub(crate) fn blind() -> Record {
    let denied = Missing::new("queue thumbs", Cause::Denied, "AccessDenied");
    let silent = Missing::new("group image-workers", Cause::Timeout, "no answer in 2 s");
    let reasons = [denied.clone(), silent.clone()].map(Reason::Missing).to_vec();
    let queues = vec![queue("images", Ok(WAITING)), queue("thumbs", Err(denied))];
    record(Mode::Drive, Sample { queues, fleet: Err(silent) }, Decision::hold(None, reasons), Outcome::None)
}

/// What is believed after an hour or so.
pub(crate) const ESTIMATE: Estimate = Estimate {
    arrivals_per_sec: Learnt { value: 0.5, belief: 0.9 },
    processing_secs: Learnt { value: 9.8, belief: 0.97 },
    slots: Learnt { value: 1.0, belief: 0.5 },
    boot_secs: Learnt { value: 142.000_4, belief: 0.8 },
    boot_spread: Learnt { value: 0.2, belief: 0.4 },
    drain_secs: Some(230.8),
    late_percent: 0.2,
};

/// The record that `docs/record.md` shows: a burst meets a fleet that may let messages wait for three minutes.
pub(crate) fn documented() -> Record {
    let backlog = Backlog { visible: 212, in_flight: 9, delayed: 0, counted: 212.0 };
    let queues = vec![Queue { age_secs: 0.021, ..queue("images", Ok(backlog)) }];
    let fleet = Fleet { desired: 9, max: 20, in_service: 9, ..Fleet::default() };
    let due = LatencyReason::Due {
        messages: 54.7,
        to_come: 0.0,
        within_secs: 190.0,
        booting: 0,
        more: 10,
        fewer: 49.3,
    };
    let reasons = vec![Reason::Latency(due)];
    let decision = Decision { action: Action::ScaleOut { from: 9, to: 19 }, recommended: Some(19), reasons };
    let scaled_out = record(Mode::Drive, Sample { queues, fleet: Ok(fleet) }, decision, Outcome::Done);
    let metrics = Metrics { acceptable_backlog: Some(180.0 / 9.8), ..scaled_out.metrics };
    Record { metrics, estimate: Some(ESTIMATE), ..scaled_out }
}
