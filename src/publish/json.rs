//! The record as JSON: the contract with whoever reads the output.
//!
//! Keys come in the order in which the fields below are declared, the order of `docs/record.md`.

#[cfg(test)]
mod tests;

use super::paused::PausedJson;
use super::recorded::DeletedJson;
use crate::model::{
    Backlog, Estimate, Fleet, Metrics, Missing, Mode, Outcome, Queue, Reason, Record, Sample, Timestamp,
    rounded,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// The record as one line of JSON, without a line end.
///
/// This is the program's contract with whoever reads its output; `docs/record.md` describes it.
/// Figures are rounded to a thousandth, except for the counted messages, from which a policy can be
/// asked again.
#[must_use]
pub fn line(record: &Record) -> String {
    // Only maps with keys of other types than text can fail, and there is none.
    serde_json::to_string(&RecordJson::of(record)).unwrap_or_default()
}

/// A time of day as in records: RFC 3339, UTC, whole seconds.
#[must_use]
pub fn time(at: Timestamp) -> String {
    DateTime::<Utc>::from_timestamp_millis(at.as_millis())
        .map_or_else(|| "?".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[derive(Serialize)]
struct RecordJson<'a> {
    time: String,
    scaler: &'a str,
    dry_run: bool,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<PausedJson>,
    sample: SampleJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<EstimateJson>,
    metrics: MetricsJson,
    decision: DecisionJson,
    outcome: OutcomeJson<'a>,
}

#[derive(Serialize)]
struct SampleJson<'a> {
    queues: Vec<QueueJson<'a>>,
    fleet: Option<FleetJson<'a>>,
    missing: Vec<MissingJson<'a>>,
}

#[derive(Serialize)]
struct QueueJson<'a> {
    name: &'a str,
    visible: u64,
    in_flight: u64,
    delayed: u64,
    counted: f64,
    age_secs: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility_timeout_secs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<DeletedJson>,
}

#[derive(Serialize)]
struct FleetJson<'a> {
    desired: u32,
    min: u32,
    max: u32,
    in_service: u32,
    pending: u32,
    terminating: u32,
    standby: u32,
    warmed: u32,
    unknown: u32,
    weighted: bool,
    launch_suspended: bool,
    terminate_suspended: bool,
    operator: Option<&'a str>,
}

#[derive(Serialize)]
struct MissingJson<'a> {
    what: &'a str,
    cause: &'static str,
    why: &'a str,
    retryable: bool,
}

#[derive(Serialize)]
struct EstimateJson {
    arrivals_per_sec: f64,
    processing_secs: f64,
    slots: f64,
    boot_secs: f64,
    drain_secs: Option<f64>,
    late_percent: f64,
    belief: BeliefJson,
}

#[derive(Serialize)]
struct BeliefJson {
    arrivals_per_sec: f64,
    processing_secs: f64,
    slots: f64,
    boot_secs: f64,
}

#[derive(Serialize)]
struct MetricsJson {
    backlog_per_instance: Option<f64>,
    acceptable_backlog: Option<f64>,
}

#[derive(Serialize)]
struct DecisionJson {
    action: &'static str,
    from: Option<u32>,
    to: Option<u32>,
    recommended: Option<u32>,
    reasons: Vec<ReasonJson>,
}

#[derive(Serialize)]
struct ReasonJson {
    code: &'static str,
    text: String,
    otherwise: String,
}

#[derive(Serialize)]
struct OutcomeJson<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> RecordJson<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            time: time(record.time),
            scaler: &record.scaler,
            dry_run: record.mode == Mode::DryRun,
            mode: record.mode.code(),
            paused: record.paused.as_ref().map(PausedJson::of),
            sample: SampleJson::of(&record.sample),
            estimate: record.estimate.as_ref().map(EstimateJson::of),
            metrics: MetricsJson::of(record.metrics),
            decision: DecisionJson::of(record),
            outcome: OutcomeJson::of(&record.outcome),
        }
    }
}

impl<'a> SampleJson<'a> {
    fn of(sample: &'a Sample) -> Self {
        Self {
            queues: sample.queues.iter().filter_map(QueueJson::of).collect(),
            fleet: sample.fleet.as_ref().ok().map(FleetJson::of),
            missing: sample.missing().map(MissingJson::of).collect(),
        }
    }
}

impl<'a> QueueJson<'a> {
    /// A queue that was read; a missing one stands under `missing`.
    fn of(queue: &'a Queue) -> Option<Self> {
        let Backlog { visible, in_flight, delayed, counted } = *queue.backlog.as_ref().ok()?;
        let age_secs = rounded(queue.age_secs);
        let visibility_timeout_secs = queue.facts.visibility_timeout_secs;
        let deleted = queue.deleted.as_ref().map(DeletedJson::of);
        let name = &queue.name;
        Some(Self { name, visible, in_flight, delayed, counted, age_secs, visibility_timeout_secs, deleted })
    }
}

impl<'a> FleetJson<'a> {
    fn of(fleet: &'a Fleet) -> Self {
        Self {
            desired: fleet.desired,
            min: fleet.min,
            max: fleet.max,
            in_service: fleet.in_service,
            pending: fleet.pending,
            terminating: fleet.terminating,
            standby: fleet.standby,
            warmed: fleet.warmed,
            unknown: fleet.unknown,
            weighted: fleet.weighted,
            launch_suspended: fleet.launch_suspended,
            terminate_suspended: fleet.terminate_suspended,
            operator: fleet.operator.as_deref(),
        }
    }
}

impl<'a> MissingJson<'a> {
    fn of(missing: &'a Missing) -> Self {
        Self {
            what: &missing.what,
            cause: missing.cause.code(),
            why: &missing.why,
            retryable: missing.retryable,
        }
    }
}

impl EstimateJson {
    fn of(estimate: &Estimate) -> Self {
        let Estimate { arrivals_per_sec, processing_secs, slots, boot_secs, .. } = estimate;
        Self {
            arrivals_per_sec: rounded(arrivals_per_sec.value),
            processing_secs: rounded(processing_secs.value),
            slots: rounded(slots.value),
            boot_secs: rounded(boot_secs.value),
            drain_secs: estimate.drain_secs.map(rounded),
            late_percent: rounded(estimate.late_percent),
            belief: BeliefJson {
                arrivals_per_sec: rounded(arrivals_per_sec.belief),
                processing_secs: rounded(processing_secs.belief),
                slots: rounded(slots.belief),
                boot_secs: rounded(boot_secs.belief),
            },
        }
    }
}

impl MetricsJson {
    fn of(metrics: Metrics) -> Self {
        Self {
            backlog_per_instance: metrics.backlog_per_instance.map(rounded),
            acceptable_backlog: metrics.acceptable_backlog.map(rounded),
        }
    }
}

impl DecisionJson {
    fn of(record: &Record) -> Self {
        let decision = &record.decision;
        let from = record.sample.fleet.as_ref().ok().map(|fleet| fleet.desired);
        Self {
            action: decision.action.code(),
            from,
            to: decision.action.to().or(from),
            recommended: decision.recommended,
            reasons: decision.reasons.iter().map(ReasonJson::of).collect(),
        }
    }
}

impl ReasonJson {
    fn of(reason: &Reason) -> Self {
        Self { code: reason.code(), text: reason.to_string(), otherwise: reason.otherwise() }
    }
}

impl<'a> OutcomeJson<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let why = match outcome {
            Outcome::Failed { why, .. } => Some(why.as_str()),
            Outcome::None | Outcome::Done | Outcome::Withheld => None,
        };
        Self { kind: outcome.code(), why }
    }
}
