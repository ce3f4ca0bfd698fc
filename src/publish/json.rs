//! The record as JSON: the contract with whoever reads the output.
//!
//! Keys come in the order in which the fields below are declared, the order of `docs/record.md`.

mod sample;

pub(super) use sample::SampleJson;

use super::notice::TroubleJson;
use super::paused::PausedJson;
use crate::model::{Estimate, Metrics, Mode, Outcome, Reason, Record, Timestamp, rounded};
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
    sample: SampleJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<EstimateJson>,
    metrics: MetricsJson,
    decision: DecisionJson,
    outcome: OutcomeJson<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    troubles: Vec<TroubleJson<'a>>,
}

#[derive(Serialize)]
struct EstimateJson {
    arrivals_per_sec: f64,
    processing_secs: f64,
    slots: f64,
    boot_secs: f64,
    boot_spread: f64,
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
    boot_spread: f64,
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
            troubles: record.troubles.iter().map(TroubleJson::of).collect(),
        }
    }
}

impl EstimateJson {
    fn of(estimate: &Estimate) -> Self {
        let Estimate { arrivals_per_sec, processing_secs, slots, boot_secs, boot_spread, .. } = estimate;
        Self {
            arrivals_per_sec: rounded(arrivals_per_sec.value),
            processing_secs: rounded(processing_secs.value),
            slots: rounded(slots.value),
            boot_secs: rounded(boot_secs.value),
            boot_spread: rounded(boot_spread.value),
            drain_secs: estimate.drain_secs.map(rounded),
            late_percent: rounded(estimate.late_percent),
            belief: BeliefJson {
                arrivals_per_sec: rounded(arrivals_per_sec.belief),
                processing_secs: rounded(processing_secs.belief),
                slots: rounded(slots.belief),
                boot_secs: rounded(boot_secs.belief),
                boot_spread: rounded(boot_spread.belief),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, DeadLetters, Missing, Pause};
    use crate::publish::scene;
    use serde_json::{Value, json};

    fn parsed(record: &Record) -> Value {
        serde_json::from_str(&line(record)).unwrap()
    }

    /// A record laid out over lines for people, as the one line that it is.
    fn unfolded(text: &str) -> String {
        text.lines().map(str::trim_start).collect()
    }

    #[test]
    fn a_full_record_is_pinned_to_the_letter() {
        let expected = r#"
            {"time":"2026-11-20T10:00:10Z","scaler":"images","dry_run":false,"mode":"drive",
            "sample":{"queues":[{"name":"images","visible":212,"in_flight":31,"delayed":2,"counted":212.0,"age_secs":0.212}],
            "fleet":{"desired":9,"min":0,"max":14,"in_service":8,"pending":1,"terminating":2,
            "standby":3,"warmed":4,"unknown":5,"weighted":false,
            "launch_suspended":false,"terminate_suspended":false,"operator":null},
            "missing":[]},
            "metrics":{"backlog_per_instance":26.5,"acceptable_backlog":6.122},
            "decision":{"action":"scale_out","from":9,"to":14,"recommended":14,
            "reasons":[{"code":"backlog_per_instance","text":"backlog 212 at 6.5 acceptable per instance asks for 33",
            "otherwise":"more than 214.5 counted messages would ask for 34 or more, 208 or fewer for 32 or fewer"},
            {"code":"limit_max","text":"33 wanted, the group's max is 14","otherwise":"without the group's max it would be 33"}]},
            "outcome":{"kind":"done"}}"#;
        assert_eq!(line(&scene::scaled_out()), unfolded(expected));
    }

    #[test]
    fn a_record_with_missing_readings_is_pinned_to_the_letter() {
        let expected = r#"
            {"time":"2026-11-20T10:00:10Z","scaler":"images","dry_run":true,"mode":"dry_run",
            "sample":{"queues":[{"name":"images","visible":212,"in_flight":31,"delayed":2,"counted":212.0,"age_secs":0.212}],
            "fleet":null,
            "missing":[{"what":"queue thumbs","cause":"denied","why":"AccessDenied","retryable":false},
            {"what":"group image-workers","cause":"timeout","why":"no answer in 2 s","retryable":true}]},
            "metrics":{"backlog_per_instance":null,"acceptable_backlog":6.122},
            "decision":{"action":"hold","from":null,"to":null,"recommended":null,
            "reasons":[{"code":"missing","text":"queue thumbs: AccessDenied","otherwise":"once it can be read, the next tick decides"},
            {"code":"missing","text":"group image-workers: no answer in 2 s","otherwise":"once it can be read, the next tick decides"}]},
            "outcome":{"kind":"none"}}"#;
        let rehearsed = Record { mode: Mode::DryRun, ..scene::blind() };
        assert_eq!(line(&rehearsed), unfolded(expected));
    }

    #[test]
    fn the_example_in_the_documentation_is_what_is_printed_field_by_field_in_order() {
        let document = include_str!("../../docs/record.md");
        let (_, after) = document.split_once("```json\n").unwrap();
        let (example, _) = after.split_once("```").unwrap();
        assert_eq!(unfolded(example), line(&scene::documented()));
    }

    #[test]
    fn what_would_never_drain_has_no_time_to_drain_in() {
        let mut record = scene::documented();
        assert_eq!(parsed(&record)["estimate"]["drain_secs"], json!(230.8));
        record.estimate.as_mut().unwrap().drain_secs = None;
        assert_eq!(parsed(&record)["estimate"]["drain_secs"], Value::Null);
    }

    #[test]
    fn the_documentation_names_every_mode() {
        let document = include_str!("../../docs/record.md");
        let row = document.lines().find(|line| line.starts_with("| `mode` |")).unwrap();
        for mode in [Mode::Drive, Mode::PublishOnly, Mode::DryRun] {
            let record = Record { mode, ..scene::scaled_out() };
            let code = parsed(&record)["mode"].as_str().unwrap().to_owned();
            assert!(row.contains(&format!("`{code}`")), "{code}");
        }
    }

    #[test]
    fn the_counted_messages_are_told_as_the_policy_reckoned_with_them() {
        let mut record = scene::scaled_out();
        let counted = 2125.0 / 3.0;
        record.sample.queues[0].backlog.as_mut().unwrap().counted = counted;
        let told = parsed(&record)["sample"]["queues"][0]["counted"].as_f64().unwrap();
        assert!((told - counted).abs() < 1e-9, "{told}");
    }

    #[test]
    fn what_is_known_of_a_queue_besides_is_told_and_dead_letters_that_were_not_counted_are_no_number() {
        let mut record = scene::scaled_out();
        let queue = &mut record.sample.queues[0];
        (queue.facts.retention_secs, queue.oldest_secs) = (Some(345_600), Some(61.0));
        queue.dead_letters = Some(DeadLetters { queue: "images-dead".to_owned(), count: Ok(3) });
        let told = &parsed(&record)["sample"]["queues"][0];
        assert_eq!((&told["retention_secs"], &told["oldest_secs"]), (&json!(345_600), &json!(61.0)));
        assert_eq!(told["dead_letters"], json!({ "queue": "images-dead", "count": 3 }));
        let hole = Missing::new("dead-letter queue images-dead", Cause::Denied, "AccessDenied");
        let unread = DeadLetters { queue: "images-dead".to_owned(), count: Err(hole) };
        record.sample.queues[0].dead_letters = Some(unread);
        let expected = json!({ "queue": "images-dead", "count": null, "missing":
            { "what": "dead-letter queue images-dead", "cause": "denied", "why": "AccessDenied", "retryable": false } });
        let told = parsed(&record);
        assert_eq!(told["sample"]["queues"][0]["dead_letters"], expected);
        assert_eq!(told["sample"]["missing"], json!([]), "nothing that scaling waits for");
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
    fn what_is_paused_is_told_and_no_word_of_it_where_nothing_is() {
        let (since, until) = (Timestamp::from_secs(1_795_168_800), Timestamp::from_secs(1_795_176_000));
        let mut record = scene::scaled_out();
        assert_eq!(parsed(&record).get("paused"), None);
        record.paused = Some(Pause::Asked { out: true, r#in: false, since, until: Some(until) });
        let told = json!({ "out": true, "in": false,
            "since": "2026-11-20T10:00:00Z", "until": "2026-11-20T12:00:00Z" });
        assert_eq!(parsed(&record)["paused"], told);
        record.paused = Some(Pause::Unknown { why: "no".to_owned() });
        let told = json!({ "out": true, "in": true, "since": null, "until": null, "why": "no" });
        assert_eq!(parsed(&record)["paused"], told);
    }

    #[test]
    fn a_scaler_that_only_publishes_is_not_a_dry_run() {
        let mut record = scene::scaled_out();
        record.mode = Mode::PublishOnly;
        let told = parsed(&record);
        assert_eq!((&told["dry_run"], &told["mode"]), (&json!(false), &json!("publish_only")));
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
