//! The record as JSON: the contract with whoever reads the output.

use crate::model::{Fleet, Missing, Outcome, Queue, Record, Timestamp};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::json;

/// The record as one line of JSON, without a line end.
///
/// This is the program's contract with whoever reads its output; `docs/record.md` describes it.
/// Figures are rounded to a thousandth.
#[must_use]
pub fn line(record: &Record) -> String {
    value(record).to_string()
}

/// A time of day as in records: RFC 3339, UTC, whole seconds.
#[must_use]
pub fn time(at: Timestamp) -> String {
    DateTime::<Utc>::from_timestamp_millis(at.as_millis())
        .map_or_else(|| "?".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn value(record: &Record) -> serde_json::Value {
    let decision = &record.decision;
    let from = record.sample.fleet.as_ref().ok().map(|fleet| fleet.desired);
    let reasons: Vec<_> = decision
        .reasons
        .iter()
        .map(|reason| json!({ "code": reason.code(), "text": reason.to_string() }))
        .collect();
    json!({
        "time": time(record.time),
        "scaler": record.scaler,
        "dry_run": record.mode == crate::model::Mode::DryRun,
        "sample": {
            "queues": record.sample.queues.iter().filter_map(QueueJson::of).collect::<Vec<_>>(),
            "fleet": record.sample.fleet.as_ref().ok().map(FleetJson::of),
            "missing": record.sample.missing().map(MissingJson::of).collect::<Vec<_>>(),
        },
        "metrics": {
            "backlog_per_instance": record.metrics.backlog_per_instance.map(rounded),
            "acceptable_backlog": record.metrics.acceptable_backlog.map(rounded),
        },
        "decision": {
            "action": decision.action.code(),
            "from": from,
            "to": decision.action.to().or(from),
            "recommended": decision.recommended,
            "reasons": reasons,
        },
        "outcome": match &record.outcome {
            Outcome::Failed { why } => json!({ "kind": record.outcome.code(), "why": why }),
            Outcome::None | Outcome::Done | Outcome::Withheld => json!({ "kind": record.outcome.code() }),
        },
    })
}

#[derive(Serialize)]
struct QueueJson<'a> {
    name: &'a str,
    visible: u64,
    in_flight: u64,
    delayed: u64,
    age_secs: f64,
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

impl<'a> QueueJson<'a> {
    /// A queue that was read; a missing one stands under `missing`.
    fn of(queue: &'a Queue) -> Option<Self> {
        let backlog = queue.backlog.as_ref().ok()?;
        Some(Self {
            name: &queue.name,
            visible: backlog.visible,
            in_flight: backlog.in_flight,
            delayed: backlog.delayed,
            age_secs: rounded(queue.age_secs),
        })
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

fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}
