//! The record read back from JSON.

use super::history::moment;
use super::json::SampleJson;
use super::paused::PausedJson;
use crate::model::{Action, Estimate, Learnt, Metrics, Pause, Sample, Timestamp, Trouble, TroubleKind, Turn};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

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
    /// What somebody had paused, if anything.
    #[serde(default, deserialize_with = "paused")]
    pub paused: Option<Pause>,
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
    /// The troubles that it was in, or that were over with it; of older records, none.
    #[serde(default, deserialize_with = "troubles")]
    pub troubles: Vec<Trouble>,
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
struct EstimateJson {
    arrivals_per_sec: f64,
    processing_secs: f64,
    slots: f64,
    boot_secs: f64,
    #[serde(default)]
    boot_spread: f64,
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
    #[serde(default)]
    boot_spread: f64,
}

#[derive(Deserialize)]
struct TroubleJson {
    kind: String,
    state: String,
    #[serde(deserialize_with = "time")]
    since: Timestamp,
    text: String,
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

fn time<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    moment(&text)
        .ok_or_else(|| D::Error::custom(format!("time {text:?} is not of the form 2026-11-20T10:00:10Z")))
}

fn paused<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Pause>, D::Error> {
    Ok(Option::<PausedJson>::deserialize(from)?.map(PausedJson::told))
}

fn sample<'d, D: Deserializer<'d>>(from: D) -> Result<Sample, D::Error> {
    SampleJson::deserialize(from).map(SampleJson::told)
}

fn estimate<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Estimate>, D::Error> {
    let Some(json) = Option::<EstimateJson>::deserialize(from)? else { return Ok(None) };
    let (value, belief) = (&json, &json.belief);
    Ok(Some(Estimate {
        arrivals_per_sec: Learnt { value: value.arrivals_per_sec, belief: belief.arrivals_per_sec },
        processing_secs: Learnt { value: value.processing_secs, belief: belief.processing_secs },
        slots: Learnt { value: value.slots, belief: belief.slots },
        boot_secs: Learnt { value: value.boot_secs, belief: belief.boot_secs },
        boot_spread: Learnt { value: value.boot_spread, belief: belief.boot_spread },
        drain_secs: json.drain_secs,
        late_percent: json.late_percent,
    }))
}

/// Kinds and states that this version does not know are left out.
fn troubles<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<Trouble>, D::Error> {
    let known = |TroubleJson { kind, state, since, text }| {
        let kind = TroubleKind::ALL.into_iter().find(|known| known.code() == kind)?;
        let turn = Turn::ALL.into_iter().find(|known| known.code() == state)?;
        Some(Trouble { kind, turn, since, text })
    };
    Ok(Vec::deserialize(from)?.into_iter().filter_map(known).collect())
}

fn metrics<'d, D: Deserializer<'d>>(from: D) -> Result<Metrics, D::Error> {
    let MetricsJson { backlog_per_instance, acceptable_backlog } = MetricsJson::deserialize(from)?;
    Ok(Metrics { backlog_per_instance, acceptable_backlog })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, DeadLetters, Deleted, Missing, Outcome, Record, rounded};
    use crate::publish::{json, scene};
    use std::time::Duration;

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
        queue.facts.retention_secs = Some(345_600);
        queue.oldest_secs = Some(12.5);
        queue.dead_letters = Some(DeadLetters { queue: "dead".to_owned(), count: Ok(3) });
        let deleted = Deleted { from: Timestamp::from_secs(60), lasts: Duration::from_mins(1), count: 12.5 };
        queue.deleted = Some(deleted);
        queue.age_secs = 0.0;
        let told = queue.clone();
        assert_eq!(read_back(&record).sample.queues[0], told);
    }

    #[test]
    fn dead_letters_that_could_not_be_counted_are_read_back_as_missing_and_not_as_none() {
        let hole = Missing::new("dead-letter queue dead", Cause::Denied, "AccessDenied");
        let unread = DeadLetters { queue: "dead".to_owned(), count: Err(hole) };
        let mut record = scene::scaled_out();
        record.sample.queues[0].dead_letters = Some(unread.clone());
        let read = read_back(&record);
        assert_eq!(read.sample.queues[0].dead_letters, Some(unread));
        assert_eq!(read.sample.missing().count(), 0, "nothing that scaling waits for");
        let line = json::line(&record);
        let (before, rest) = line.split_once(",\"missing\":{").unwrap();
        let (_, after) = rest.split_once('}').unwrap();
        let read: Recorded = serde_json::from_str(&format!("{before}{after}")).unwrap();
        assert!(read.sample.queues[0].dead_letters.as_ref().unwrap().count.is_err());
    }

    #[test]
    fn what_was_paused_is_read_back() {
        let since = Timestamp::from_secs(1_795_183_320);
        let asked = |out, until| Pause::Asked { out, r#in: true, since, until };
        let unknown = Pause::Unknown { why: "images.pause is damaged".to_owned() };
        for pause in [asked(true, Some(since.shifted(7_200_000))), asked(false, None), unknown] {
            let read = read_back(&Record { paused: Some(pause.clone()), ..scene::scaled_out() });
            assert_eq!(read.paused, Some(pause));
        }
        assert_eq!(read_back(&scene::scaled_out()).paused, None);
    }

    #[test]
    fn troubles_are_read_back_as_far_as_their_kinds_are_known() {
        let trouble =
            |kind, turn| Trouble { kind, turn, since: Timestamp::from_secs(60), text: "9".to_owned() };
        let every_turn = Turn::ALL.into_iter().map(|turn| trouble(TroubleKind::AtMax, turn));
        let all: Vec<_> =
            TroubleKind::ALL.into_iter().map(|kind| trouble(kind, Turn::Stands)).chain(every_turn).collect();
        let record = Record { troubles: all.clone(), ..scene::scaled_out() };
        assert_eq!(read_back(&record).troubles, all);
        let newer = json::line(&record).replace("\"at_max\"", "\"of_a_newer_version\"");
        let read: Recorded = serde_json::from_str(&newer).unwrap();
        assert_eq!(read.troubles.len(), TroubleKind::ALL.len() - 1);
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
    fn a_record_of_before_boots_were_learnt_to_vary_is_read_back() {
        let older = json::line(&scene::documented())
            .replace(",\"boot_spread\":0.2", "")
            .replace(",\"boot_spread\":0.4", "");
        assert!(!older.contains("boot_spread"));
        let read: Recorded = serde_json::from_str(&older).unwrap();
        assert_eq!(read.estimate.unwrap().boot_spread, Learnt { value: 0.0, belief: 0.0 });
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
