//! What one record says of each kind of trouble.

use crate::model::{
    Fleet, LatencyReason, Mode, Pause, Queue, Reason, Record, TroubleKind, WindowReason, rounded,
};

/// What a record says of one kind of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is there, and this is to say of it.
    Shows(String),
    /// It is not.
    Gone,
    /// That cannot be told from it.
    Unknown,
}

/// The objective is met again below so much of the backlog that it accepts: around the whole of it, noise would
/// end and begin the trouble again and again.
const MET: f64 = 0.8;
/// An oldest message is near its end when it has had so much of the retention period …
const NEAR: f64 = 0.8;
/// … and far from it again below so much.
const FAR: f64 = 0.7;
/// A learnt processing time is held against the visibility timeout from this belief on.
const BELIEVED: f64 = 0.5;
/// The visibility timeout is long enough again when a message takes no more than so much of it.
const LONG_ENOUGH: f64 = 0.9;

/// What `record` says of any kind but those that take a memory of their own; `stands` says that the trouble has begun.
pub(super) fn of(kind: TroubleKind, record: &Record, stands: bool) -> Sight {
    match kind {
        TroubleKind::DeadLetters | TroubleKind::NoneTaken => Sight::Unknown,
        TroubleKind::AtMax => at_max(record, stands),
        TroubleKind::CapacityStalled => capacity_stalled(record),
        TroubleKind::ReadingsMissing => readings_missing(record),
        TroubleKind::VisibilityTimeout => visibility_timeout(record, stands),
        TroubleKind::NearRetention => near_retention(&record.sample.queues, stands),
    }
}

/// Whether the decision tells what the scaler would do: not where a reading is missing, nor while it may not scale out,
/// whether or not it would.
fn is_free(record: &Record) -> bool {
    record.sample.missing().next().is_none() && !record.paused.as_ref().is_some_and(Pause::holds_out)
}

fn at_max(record: &Record, stands: bool) -> Sight {
    let Some(fleet) = record.sample.fleet.as_ref().ok().filter(|_| is_free(record)) else {
        return Sight::Unknown;
    };
    // Where decisions do not reach the group, somebody else sizes it, who knows of no limit but its own.
    let reasons = record.decision.reasons.iter().filter(|_| record.mode != Mode::PublishOnly);
    let ceilings = reasons.filter_map(|reason| match reason {
        Reason::LimitMax { max, .. } | Reason::Window(WindowReason::Max { max, .. }) => Some(*max),
        _ => None,
    });
    let ceiling = ceilings.min().unwrap_or(fleet.max).min(fleet.max);
    if fleet.desired < ceiling {
        return Sight::Gone;
    }
    let Some(has) = record.metrics.backlog_per_instance else { return Sight::Unknown };
    let Some(accepted) = record.metrics.acceptable_backlog else { return at_max_of_steps(record, has) };
    if has <= if stands { accepted * MET } else { accepted } {
        return Sight::Gone;
    }
    let (desired, has, accepted) = (fleet.desired, rounded(has), rounded(accepted));
    let drain = record.estimate.as_ref().and_then(|estimate| estimate.drain_secs);
    let drain = drain.map(|secs| format!(", drained in {} s if nothing more came", rounded(secs)));
    let drain = drain.unwrap_or_default();
    Sight::Shows(format!(
        "{desired} ordered, which is the max: {has} messages per instance, {accepted} accepted{drain}"
    ))
}

/// The same where no backlog is called acceptable: steps miss what they are for while a step out applies. A policy
/// that has learnt nothing yet tells nothing.
fn at_max_of_steps(record: &Record, per_instance: f64) -> Sight {
    let mut sight = Sight::Gone;
    for reason in &record.decision.reasons {
        match reason {
            Reason::Step { change: 1.., .. } => {
                let has = rounded(per_instance);
                sight = Sight::Shows(format!("the max is ordered: {has} messages per instance ask for more"));
            }
            Reason::Latency(LatencyReason::NothingLearnt) => sight = Sight::Unknown,
            _ => {}
        }
    }
    sight
}

fn capacity_stalled(record: &Record) -> Sight {
    let stalled = |reason: &&Reason| matches!(reason, Reason::CapacityStalled { .. });
    match record.decision.reasons.iter().find(stalled) {
        Some(reason) => Sight::Shows(reason.to_string()),
        // That no more is wanted for now does not bring what was ordered.
        None if is_free(record) && record.sample.fleet.as_ref().is_ok_and(is_complete) => Sight::Gone,
        None => Sight::Unknown,
    }
}

const fn is_complete(fleet: &Fleet) -> bool {
    fleet.in_service >= fleet.desired
}

fn readings_missing(record: &Record) -> Sight {
    let mut missing = record.sample.missing();
    let Some(first) = missing.next() else { return Sight::Gone };
    match missing.count() {
        0 => Sight::Shows(first.to_string()),
        more => Sight::Shows(format!("{first}; and {more} more")),
    }
}

fn visibility_timeout(record: &Record, stands: bool) -> Sight {
    let Some(takes) = record.estimate.as_ref().map(|estimate| estimate.processing_secs) else {
        return Sight::Unknown;
    };
    let queues = &record.sample.queues;
    let timeouts =
        queues.iter().filter_map(|queue| Some((queue.facts.visibility_timeout_secs?, &queue.name)));
    let Some((secs, queue)) = timeouts.min().filter(|_| takes.belief >= BELIEVED) else {
        return Sight::Unknown;
    };
    let enough = if stands { f64::from(secs) * LONG_ENOUGH } else { f64::from(secs) };
    if takes.value <= enough {
        // One that is not known may be shorter.
        let all_known = queues.iter().all(|queue| queue.facts.visibility_timeout_secs.is_some());
        return if all_known { Sight::Gone } else { Sight::Unknown };
    }
    let takes = rounded(takes.value);
    Sight::Shows(format!(
        "a message takes {takes} s, and queue {queue} hides it for {secs} s: it is delivered again while it is worked on"
    ))
}

fn near_retention(queues: &[Queue], stands: bool) -> Sight {
    let most = if stands { FAR } else { NEAR };
    // Where others have a figure, a queue without one never had: CloudWatch tells nothing of other accounts' queues.
    let told = queues.iter().any(|queue| queue.oldest_secs.is_some());
    let unknown = queues.iter().any(|queue| queue.backlog.is_err() || (used(queue).is_none() && !told));
    let known = queues.iter().filter_map(|queue| Some((used(queue)?, queue)));
    let worst = known.max_by(|(one, _), (other, _)| one.total_cmp(other));
    match worst {
        Some((part, queue)) if part >= most => {
            let (name, percent) = (&queue.name, (part * 100.0).floor());
            let oldest = rounded(queue.oldest_secs.unwrap_or_default());
            let kept = queue.facts.retention_secs.unwrap_or_default();
            Sight::Shows(format!(
                "the oldest message of queue {name} is {oldest} s old, {percent} % of the {kept} s it is kept for"
            ))
        }
        Some(_) if !unknown => Sight::Gone,
        _ => Sight::Unknown,
    }
}

/// How much of the retention period a queue's oldest message has had; nothing where that is not known.
fn used(queue: &Queue) -> Option<f64> {
    let backlog = queue.backlog.as_ref().ok()?;
    if backlog.is_empty() {
        return Some(0.0);
    }
    let kept = queue.facts.retention_secs.filter(|secs| *secs > 0)?;
    Some(queue.oldest_secs? / f64::from(kept))
}
