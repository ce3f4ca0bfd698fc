//! What other settings would have decided on what was recorded, tick by tick.
//!
//! The loop is open: what was recorded is read as it was, whatever is decided now. The fleet does not grow
//! for a replayed scale-out, nor does its backlog shrink.

mod fleet;
mod show;
#[cfg(test)]
mod tests;

pub use show::{lines, text};

use super::records;
use super::refusal::Refusal;
use crate::assemble::policy;
use crate::controller::{Controller, State};
use crate::model::{Action, Cause, Decision, Missing, Now, Outcome, Queue, Sample, Timestamp};
use crate::publish::{Recorded, Step};
use crate::settings::{QueueSource, Scaler, Settings};
use crate::source::Counting;
use fleet::Instances;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A replay that was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// A file of records, one a line, or a directory of history.
    pub records: PathBuf,
    /// Whose they are; of one scaler alone it need not be said.
    pub scaler: Option<String>,
}

/// Decisions as they were recorded, beside those that other settings would have made.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The scaler's name.
    pub scaler: String,
    /// A tick for each record; at least one.
    pub ticks: Vec<Tick>,
    /// Whether the policy learns: then its first decisions are those of a beginner.
    pub learns: bool,
}

/// One tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// When it was, by the record.
    pub time: Timestamp,
    /// Desired capacity as it was read.
    pub desired: Option<u32>,
    /// The decision on record.
    pub recorded: Verdict,
    /// The one that these settings would have made.
    pub replayed: Verdict,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The change of desired capacity.
    pub action: Action,
    /// What the policy asked for within the limits.
    pub recommended: Option<u32>,
    /// The steps of the thought.
    pub reasons: Vec<Step>,
}

impl Tick {
    /// Whether something else would have been set.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.recorded.action != self.replayed.action
    }
}

impl Asked {
    /// The replay under `settings`.
    pub fn replay(&self, settings: &Settings) -> Result<Replay, Refusal> {
        let path = || self.records.clone();
        let text =
            records::text(&self.records).map_err(|source| Refusal::Unreadable { path: path(), source })?;
        let unusable = |source| Refusal::Records { path: path(), source };
        let all: Vec<(usize, Recorded)> = records::parsed(&text).map_err(unusable)?;
        if all.is_empty() {
            return Err(Refusal::NoRecords(path()));
        }
        let only = match settings.scalers.as_slice() {
            [only] => Some(only.name.as_str()),
            _ => None,
        };
        let names = all.iter().map(|(_, record)| record.scaler.as_str());
        let name = records::chosen(names, self.scaler.as_deref().or(only)).map_err(unusable)?;
        let scaler = settings.scaler(&name)?;
        let own = all.into_iter().map(|(_, record)| record).filter(|record| record.scaler == name);
        replay(scaler, &own.collect::<Vec<_>>(), &self.records)
    }
}

/// The decisions of `scaler` on `records`, which stand in a file at `path`.
fn replay(scaler: &Scaler, records: &[Recorded], path: &Path) -> Result<Replay, Refusal> {
    let known: BTreeSet<&str> =
        records.iter().flat_map(|record| &record.sample.queues).map(|queue| queue.name.as_str()).collect();
    if let Some(source) = scaler.sources.iter().find(|source| !known.contains(source.address.name.as_str())) {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Refusal::NoQueue { path: path.to_owned(), queue: source.address.name.clone(), known });
    }
    let mut controller = Controller::new(policy(&scaler.policy), scaler.rules.clone(), State::default());
    let mut instances = Instances::default();
    let mut steady = Timestamp::from_millis(i64::MIN);
    let ticks = records.iter().map(|record| {
        // A clock that was set back does not turn time back.
        steady = steady.max(record.time);
        let now = Now { wall: record.time, steady };
        let sample = sample(scaler, record, &mut instances);
        controller.heed(record.paused.clone(), record.time);
        controller.observe(now, &sample);
        let thought = controller.decide(steady, &sample);
        let (decision, replayed) = hindered(thought, record);
        let foreseen = controller.foresee(steady, &sample, &decision);
        controller.settle(foreseen, &outcome(record, decision.action));
        Tick { time: record.time, desired: desired(record), recorded: recorded(record), replayed }
    });
    let ticks = ticks.collect();
    Ok(Replay { scaler: scaler.name.clone(), ticks, learns: controller.estimate().is_some() })
}

/// What was read then, counted as `scaler` counts.
fn sample(scaler: &Scaler, record: &Recorded, instances: &mut Instances) -> Sample {
    let queues = scaler.sources.iter().map(|source| queue(source, record)).collect();
    let fleet = record.sample.fleet.clone().map(|fleet| instances.name(fleet));
    Sample { queues, fleet }
}

fn queue(source: &QueueSource, record: &Recorded) -> Queue {
    let name = &source.address.name;
    let counting =
        Counting { weight: source.weight, in_flight: source.count_in_flight, delayed: source.count_delayed };
    let Some(queue) = record.sample.queues.iter().find(|queue| queue.name == *name) else {
        let hole = Missing::new(format!("queue {name}"), Cause::NotFound, "it is not in the record");
        return Queue::new(name, Err(hole));
    };
    let mut queue = queue.clone();
    if let Ok(backlog) = &mut queue.backlog {
        *backlog = counting.reckon(backlog.visible, backlog.in_flight, backlog.delayed);
    }
    queue
}

/// The thought, and what stood in the way of acting then: that was asked of AWS, and cannot be asked again.
fn hindered(thought: Decision, record: &Recorded) -> (Decision, Verdict) {
    let read = record.sample.missing().next().is_none();
    let obstacle = |step: &&Step| step.code == "instance_refresh" || (step.code == "missing" && read);
    let mut verdict = Verdict {
        action: thought.action,
        recommended: thought.recommended,
        reasons: thought
            .reasons
            .iter()
            .map(|reason| Step {
                code: reason.code().to_owned(),
                text: reason.to_string(),
                otherwise: reason.otherwise(),
            })
            .collect(),
    };
    match record.decision.reasons.iter().find(obstacle) {
        Some(step) if thought.action.to().is_some() => {
            verdict.action = Action::Hold;
            verdict.reasons.push(step.clone());
            (Decision { action: Action::Hold, ..thought }, verdict)
        }
        _ => (thought, verdict),
    }
}

/// What became of the same write then; of another one, that it was done.
fn outcome(record: &Recorded, action: Action) -> Outcome {
    let failed = record.outcome.kind == "failed" && record.decision.action() == action;
    match action {
        Action::Hold => Outcome::None,
        _ if failed => Outcome::Failed { why: record.outcome.why.clone().unwrap_or_default(), refused: true },
        Action::ScaleOut { .. } | Action::ScaleIn { .. } => Outcome::Done,
    }
}

fn desired(record: &Recorded) -> Option<u32> {
    record.sample.fleet.as_ref().ok().map(|fleet| fleet.desired)
}

fn recorded(record: &Recorded) -> Verdict {
    let decision = &record.decision;
    Verdict {
        action: decision.action(),
        recommended: decision.recommended,
        reasons: decision.reasons.clone(),
    }
}
