//! The record read back from JSON.

use super::history::moment;
use super::json;
use crate::model::{
    Action, Backlog, Cause, Deleted, Estimate, Fleet, Learnt, Metrics, Missing, Queue, QueueFacts, Sample,
    Timestamp, rounded,
};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A record as far as JSON tells it. Of the group's instances it tells the number only.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Recorded {
    /// When the tick began.
    #[serde(deserialize_with = "time")]
    pub time: Timestamp,
    /// The scaler's name.
    pub scaler: String,
    /// Whether decisions reached the group, by the code of the mode.
    pub mode: String,
    /// What was read.
    #[serde(deserialize_with = "sample")]
    pub sample: Sample,
    /// What was believed, where the policy learns.
    #[serde(default, deserialize_with = "estimate")]
    pub estimate: Option<Estimate>,
    /// What followed from it arithmetically.
    #[serde(deserialize_with = "metrics")]
    pub metrics: Metrics,
    /// What was decided.
    pub decision: Decided,
    /// What came of it.
    pub outcome: Came,
}

/// A decision as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Decided {
    action: String,
    from: Option<u32>,
    to: Option<u32>,
    /// What the policy asked for within the limits.
    pub recommended: Option<u32>,
    /// The steps of the thought.
    pub reasons: Vec<Step>,
}

/// A reason as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// Its code.
    pub code: String,
    /// Its words.
    pub text: String,
    /// What would have led to another; of older records, nothing.
    #[serde(default)]
    pub otherwise: String,
}

/// An outcome as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Came {
    /// Its kind.
    pub kind: String,
    /// Why it failed.
    #[serde(default)]
    pub why: Option<String>,
}

#[derive(Deserialize)]
struct SampleJson {
    queues: Vec<QueueJson>,
    fleet: Option<FleetJson>,
    missing: Vec<MissingJson>,
}

#[derive(Deserialize)]
struct QueueJson {
    name: String,
    visible: u64,
    in_flight: u64,
    delayed: u64,
    counted: f64,
    age_secs: Option<f64>,
    visibility_timeout_secs: Option<u32>,
    deleted: Option<DeletedJson>,
}

/// The messages deleted from a queue of late, in JSON both ways.
#[derive(Deserialize, Serialize)]
pub(super) struct DeletedJson {
    from: String,
    secs: f64,
    count: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FleetJson {
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
    operator: Option<String>,
}

#[derive(Deserialize)]
struct MissingJson {
    what: String,
    cause: String,
    why: String,
    retryable: bool,
}

#[derive(Deserialize)]
struct EstimateJson {
    arrivals_per_sec: f64,
    processing_secs: f64,
    slots: f64,
    boot_secs: f64,
    drain_secs: Option<f64>,
    late_percent: f64,
    belief: BeliefJson,
}

#[derive(Deserialize)]
struct BeliefJson {
    arrivals_per_sec: f64,
    processing_secs: f64,
    slots: f64,
    boot_secs: f64,
}

#[derive(Deserialize)]
struct MetricsJson {
    backlog_per_instance: Option<f64>,
    acceptable_backlog: Option<f64>,
}

impl Decided {
    /// The change of desired capacity.
    #[must_use]
    pub fn action(&self) -> Action {
        match (self.from, self.to) {
            (Some(from), Some(to)) if self.action != Action::Hold.code() => Action::between(from, to),
            _ => Action::Hold,
        }
    }

    /// The codes of the reasons, in order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.reasons.iter().map(|step| step.code.as_str())
    }
}

impl DeletedJson {
    pub(super) fn of(deleted: &Deleted) -> Self {
        let Deleted { from, lasts, count } = *deleted;
        Self { from: json::time(from), secs: rounded(lasts.as_secs_f64()), count: rounded(count) }
    }

    fn told(self) -> Option<Deleted> {
        let lasts = Duration::try_from_secs_f64(self.secs).ok()?;
        Some(Deleted { from: moment(&self.from)?, lasts, count: self.count })
    }
}

fn time<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    moment(&text)
        .ok_or_else(|| D::Error::custom(format!("time {text:?} is not of the form 2026-11-20T10:00:10Z")))
}

fn sample<'d, D: Deserializer<'d>>(from: D) -> Result<Sample, D::Error> {
    let SampleJson { queues, fleet, missing } = SampleJson::deserialize(from)?;
    let (mut queues, mut holes): (Vec<Queue>, Vec<Missing>) =
        (queues.into_iter().map(queue).collect(), missing.into_iter().map(hole).collect());
    let group =
        holes.iter().position(|hole| hole.what.starts_with("group ")).map(|place| holes.remove(place));
    let unknown = || Missing::new("group", Cause::Malformed, "the record does not tell of it");
    let fleet = fleet.map(self::fleet).ok_or_else(|| group.unwrap_or_else(unknown));
    queues.extend(holes.into_iter().map(|hole| {
        let name = hole.what.strip_prefix("queue ").unwrap_or(&hole.what).to_owned();
        Queue { name, backlog: Err(hole), age_secs: 0.0, facts: QueueFacts::default(), deleted: None }
    }));
    Ok(Sample { queues, fleet })
}

fn queue(json: QueueJson) -> Queue {
    let QueueJson { name, visible, in_flight, delayed, counted, age_secs, .. } = json;
    let backlog = Ok(Backlog { visible, in_flight, delayed, counted });
    let age_secs = age_secs.unwrap_or(f64::INFINITY);
    let facts = QueueFacts { visibility_timeout_secs: json.visibility_timeout_secs, ..QueueFacts::default() };
    let deleted = json.deleted.and_then(DeletedJson::told);
    Queue { name, backlog, age_secs, facts, deleted }
}

fn fleet(json: FleetJson) -> Fleet {
    Fleet {
        desired: json.desired,
        min: json.min,
        max: json.max,
        in_service: json.in_service,
        pending: json.pending,
        terminating: json.terminating,
        standby: json.standby,
        warmed: json.warmed,
        unknown: json.unknown,
        instances: Vec::new(),
        weighted: json.weighted,
        launch_suspended: json.launch_suspended,
        terminate_suspended: json.terminate_suspended,
        operator: json.operator,
    }
}

fn hole(json: MissingJson) -> Missing {
    let MissingJson { what, cause, why, retryable } = json;
    // A cause that a later version knows is some refusal to this one.
    let cause = Cause::ALL.into_iter().find(|known| known.code() == cause).unwrap_or(Cause::Refused);
    Missing { what, cause, why, retryable }
}

fn estimate<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Estimate>, D::Error> {
    let Some(json) = Option::<EstimateJson>::deserialize(from)? else { return Ok(None) };
    let (value, belief) = (&json, &json.belief);
    Ok(Some(Estimate {
        arrivals_per_sec: Learnt { value: value.arrivals_per_sec, belief: belief.arrivals_per_sec },
        processing_secs: Learnt { value: value.processing_secs, belief: belief.processing_secs },
        slots: Learnt { value: value.slots, belief: belief.slots },
        boot_secs: Learnt { value: value.boot_secs, belief: belief.boot_secs },
        drain_secs: json.drain_secs,
        late_percent: json.late_percent,
    }))
}

fn metrics<'d, D: Deserializer<'d>>(from: D) -> Result<Metrics, D::Error> {
    let MetricsJson { backlog_per_instance, acceptable_backlog } = MetricsJson::deserialize(from)?;
    Ok(Metrics { backlog_per_instance, acceptable_backlog })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Outcome, Record};
    use crate::publish::scene;

    fn read_back(record: &Record) -> Recorded {
        serde_json::from_str(&json::line(record)).unwrap()
    }

    #[test]
    fn a_record_is_read_back_as_it_was_but_for_what_json_leaves_out() {
        for record in [scene::scaled_out(), scene::blind(), scene::documented()] {
            let read = read_back(&record);
            assert_eq!((&read.scaler, read.mode.as_str()), (&record.scaler, record.mode.code()));
            assert_eq!(read.time.as_millis(), record.time.as_millis() / 1_000 * 1_000, "whole seconds");
            let mut sample = record.sample.clone();
            sample.queues.iter_mut().for_each(|queue| {
                let read = if queue.backlog.is_ok() { queue.age_secs } else { 0.0 };
                queue.age_secs = rounded(read);
            });
            assert_eq!(read.sample, sample);
            assert_eq!(read.estimate.is_some(), record.estimate.is_some());
            assert_eq!(read.decision.action(), record.decision.action);
            assert_eq!(read.decision.recommended, record.decision.recommended);
            let reasons = record.decision.reasons.iter();
            let told = reasons.map(|reason| Step {
                code: reason.code().to_owned(),
                text: reason.to_string(),
                otherwise: reason.otherwise(),
            });
            assert_eq!(read.decision.reasons, told.collect::<Vec<_>>());
            assert_eq!(read.outcome.kind, record.outcome.code());
        }
    }

    #[test]
    fn what_a_queue_tells_beside_its_counters_is_read_back() {
        let mut record = scene::scaled_out();
        let queue = &mut record.sample.queues[0];
        queue.facts.visibility_timeout_secs = Some(30);
        let deleted = Deleted { from: Timestamp::from_secs(60), lasts: Duration::from_mins(1), count: 12.5 };
        queue.deleted = Some(deleted);
        let read = &read_back(&record).sample.queues[0];
        assert_eq!((read.facts.visibility_timeout_secs, read.deleted), (Some(30), Some(deleted)));
    }

    #[test]
    fn why_a_write_failed_is_read_back() {
        let outcome = Outcome::Failed { why: "ScalingActivityInProgress".to_owned(), refused: true };
        let read = read_back(&Record { outcome, ..scene::scaled_out() });
        assert_eq!(read.outcome.why.as_deref(), Some("ScalingActivityInProgress"));
    }

    #[test]
    fn what_is_believed_is_read_back() {
        let read = read_back(&scene::documented()).estimate.unwrap();
        assert_eq!(read, Estimate { boot_secs: Learnt { value: 142.0, belief: 0.8 }, ..scene::ESTIMATE });
    }

    #[test]
    fn a_group_that_no_record_tells_of_is_missing() {
        let line = json::line(&scene::scaled_out());
        let (before, rest) = line.split_once("\"fleet\":").unwrap();
        let (_, after) = rest.split_once("},\"missing\"").unwrap();
        let read: Recorded =
            serde_json::from_str(&format!("{before}\"fleet\":null,\"missing\"{after}")).unwrap();
        assert!(read.sample.fleet.is_err());
    }
}
