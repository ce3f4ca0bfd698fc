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
            Outcome::Failed { why, .. } => json!({ "kind": record.outcome.code(), "why": why }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::scene;
    use serde_json::Value;

    fn parsed(record: &Record) -> Value {
        serde_json::from_str(&line(record)).unwrap()
    }

    #[test]
    fn a_full_record_is_pinned() {
        let expected = json!({
            "time": "2026-11-20T10:00:10Z", "scaler": "images", "dry_run": false,
            "sample": {
                "queues": [{ "name": "images", "visible": 212, "in_flight": 31, "delayed": 2, "age_secs": 0.212 }],
                "fleet": {
                    "desired": 9, "min": 0, "max": 14, "in_service": 8, "pending": 1, "terminating": 2,
                    "standby": 3, "warmed": 4, "unknown": 5, "weighted": false,
                    "launch_suspended": false, "terminate_suspended": false, "operator": null,
                },
                "missing": [],
            },
            "metrics": { "backlog_per_instance": 26.5, "acceptable_backlog": 6.122 },
            "decision": {
                "action": "scale_out", "from": 9, "to": 14, "recommended": 14,
                "reasons": [
                    { "code": "backlog_per_instance", "text": "backlog 212 at 6.5 acceptable per instance asks for 33" },
                    { "code": "limit_max", "text": "33 wanted, the group's max is 14" },
                ],
            },
            "outcome": { "kind": "done" },
        });
        assert_eq!(parsed(&scene::scaled_out()), expected);
    }

    #[test]
    fn a_record_with_missing_readings_is_pinned() {
        let expected = json!({
            "time": "2026-11-20T10:00:10Z", "scaler": "images", "dry_run": true,
            "sample": {
                "queues": [{ "name": "images", "visible": 212, "in_flight": 31, "delayed": 2, "age_secs": 0.212 }],
                "fleet": null,
                "missing": [
                    { "what": "queue thumbs", "cause": "denied", "why": "AccessDenied", "retryable": false },
                    { "what": "group image-workers", "cause": "timeout", "why": "no answer in 2 s", "retryable": true },
                ],
            },
            "metrics": { "backlog_per_instance": null, "acceptable_backlog": 6.122 },
            "decision": {
                "action": "hold", "from": null, "to": null, "recommended": null,
                "reasons": [
                    { "code": "missing", "text": "queue thumbs: AccessDenied" },
                    { "code": "missing", "text": "group image-workers: no answer in 2 s" },
                ],
            },
            "outcome": { "kind": "none" },
        });
        let rehearsed = Record { mode: crate::model::Mode::DryRun, ..scene::blind() };
        assert_eq!(parsed(&rehearsed), expected);
    }

    #[test]
    fn every_outcome_has_its_kind_and_a_failure_its_why() {
        let mut record = scene::scaled_out();
        record.outcome = Outcome::Withheld;
        assert_eq!(parsed(&record)["outcome"], json!({ "kind": "withheld" }));
        record.outcome = Outcome::Failed { why: "ScalingActivityInProgress".to_owned(), refused: true };
        let failed = json!({ "kind": "failed", "why": "ScalingActivityInProgress" });
        assert_eq!(parsed(&record)["outcome"], failed);
    }

    #[test]
    fn a_hold_leads_from_the_desired_capacity_to_itself() {
        let mut record = scene::scaled_out();
        record.decision.action = crate::model::Action::Hold;
        let decision = &parsed(&record)["decision"];
        assert_eq!((&decision["from"], &decision["to"]), (&json!(9), &json!(9)));
    }

    #[test]
    fn a_scaler_that_only_publishes_is_not_a_dry_run() {
        let mut record = scene::scaled_out();
        record.mode = crate::model::Mode::PublishOnly;
        assert_eq!(parsed(&record)["dry_run"], json!(false));
    }

    #[test]
    fn a_record_is_one_line_whatever_is_in_it() {
        let mut record = scene::scaled_out();
        record.outcome = Outcome::Failed { why: "two\nlines".to_owned(), refused: true };
        for queue in &mut record.sample.queues {
            queue.age_secs = f64::INFINITY;
        }
        assert!(!line(&record).contains('\n'));
        assert_eq!(parsed(&record)["sample"]["queues"][0]["age_secs"], Value::Null, "no number, no figure");
    }

    #[test]
    fn a_time_no_calendar_knows_is_told_as_unknown() {
        assert_eq!(time(Timestamp::from_millis(i64::MAX)), "?");
        assert_eq!(time(Timestamp::from_millis(1999)), "1970-01-01T00:00:01Z");
    }
}
