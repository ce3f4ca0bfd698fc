//! What was read, as JSON both ways: written into a record, and read back from one.

use super::time;
use crate::model::{
    Backlog, Cause, DeadLetters, Deleted, Fleet, Missing, Queue, QueueFacts, Sample, rounded,
};
use crate::publish::history::moment;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
pub(in crate::publish) struct SampleJson {
    queues: Vec<QueueJson>,
    fleet: Option<FleetJson>,
    missing: Vec<MissingJson>,
}

#[derive(Serialize, Deserialize)]
struct QueueJson {
    name: String,
    visible: u64,
    in_flight: u64,
    delayed: u64,
    counted: f64,
    /// What is no number is told as `null`.
    age_secs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility_timeout_secs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_secs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<DeletedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_secs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letters: Option<DeadLettersJson>,
}

#[derive(Serialize, Deserialize)]
struct DeletedJson {
    from: String,
    secs: f64,
    count: f64,
}

#[derive(Serialize, Deserialize)]
struct DeadLettersJson {
    queue: String,
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MissingJson>,
}

#[derive(Default, Serialize, Deserialize)]
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

#[derive(Serialize, Deserialize)]
struct MissingJson {
    what: String,
    cause: String,
    why: String,
    retryable: bool,
}

impl SampleJson {
    pub(super) fn of(sample: &Sample) -> Self {
        Self {
            queues: sample.queues.iter().filter_map(QueueJson::of).collect(),
            fleet: sample.fleet.as_ref().ok().map(FleetJson::of),
            missing: sample.missing().map(MissingJson::of).collect(),
        }
    }

    /// The sample as far as JSON tells it. Of the group's instances it tells the number only.
    pub(in crate::publish) fn told(self) -> Sample {
        let mut queues: Vec<Queue> = self.queues.into_iter().map(QueueJson::told).collect();
        let mut holes: Vec<Missing> = self.missing.into_iter().map(MissingJson::told).collect();
        let group =
            holes.iter().position(|hole| hole.what.starts_with("group ")).map(|place| holes.remove(place));
        let unknown = || Missing::new("group", Cause::Malformed, "the record does not tell of it");
        let fleet = self.fleet.map(FleetJson::told).ok_or_else(|| group.unwrap_or_else(unknown));
        queues.extend(holes.into_iter().map(|hole| {
            let name = hole.what.strip_prefix("queue ").unwrap_or(&hole.what).to_owned();
            Queue::new(name, Err(hole))
        }));
        Sample { queues, fleet }
    }
}

impl QueueJson {
    /// A queue that was read; a missing one stands under `missing`.
    fn of(queue: &Queue) -> Option<Self> {
        let Backlog { visible, in_flight, delayed, counted } = *queue.backlog.as_ref().ok()?;
        Some(Self {
            name: queue.name.clone(),
            visible,
            in_flight,
            delayed,
            counted,
            age_secs: Some(rounded(queue.age_secs)),
            visibility_timeout_secs: queue.facts.visibility_timeout_secs,
            retention_secs: queue.facts.retention_secs,
            deleted: queue.deleted.as_ref().map(DeletedJson::of),
            oldest_secs: queue.oldest_secs.map(rounded),
            dead_letters: queue.dead_letters.as_ref().map(DeadLettersJson::of),
        })
    }

    fn told(self) -> Queue {
        let Self { name, visible, in_flight, delayed, counted, .. } = self;
        Queue {
            age_secs: self.age_secs.unwrap_or(f64::INFINITY),
            facts: QueueFacts {
                visibility_timeout_secs: self.visibility_timeout_secs,
                retention_secs: self.retention_secs,
                ..QueueFacts::default()
            },
            deleted: self.deleted.and_then(DeletedJson::told),
            dead_letters: self.dead_letters.map(DeadLettersJson::told),
            oldest_secs: self.oldest_secs,
            ..Queue::new(name, Ok(Backlog { visible, in_flight, delayed, counted }))
        }
    }
}

impl DeletedJson {
    fn of(deleted: &Deleted) -> Self {
        let Deleted { from, lasts, count } = *deleted;
        Self { from: time(from), secs: rounded(lasts.as_secs_f64()), count: rounded(count) }
    }

    fn told(self) -> Option<Deleted> {
        let lasts = Duration::try_from_secs_f64(self.secs).ok()?;
        Some(Deleted { from: moment(&self.from)?, lasts, count: self.count })
    }
}

impl DeadLettersJson {
    fn of(dead: &DeadLetters) -> Self {
        let (count, missing) = (dead.count.as_ref().ok(), dead.count.as_ref().err());
        Self { queue: dead.queue.clone(), count: count.copied(), missing: missing.map(MissingJson::of) }
    }

    fn told(self) -> DeadLetters {
        let Self { queue, count, missing } = self;
        let what = format!("dead-letter queue {queue}");
        let unknown = || Missing::new(what, Cause::Malformed, "the record does not tell how many it holds");
        let count = count.ok_or_else(|| missing.map_or_else(unknown, MissingJson::told));
        DeadLetters { queue, count }
    }
}

impl FleetJson {
    fn of(fleet: &Fleet) -> Self {
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
            operator: fleet.operator.clone(),
        }
    }

    fn told(self) -> Fleet {
        Fleet {
            desired: self.desired,
            min: self.min,
            max: self.max,
            in_service: self.in_service,
            pending: self.pending,
            terminating: self.terminating,
            standby: self.standby,
            warmed: self.warmed,
            unknown: self.unknown,
            instances: Vec::new(),
            weighted: self.weighted,
            launch_suspended: self.launch_suspended,
            terminate_suspended: self.terminate_suspended,
            operator: self.operator,
        }
    }
}

impl MissingJson {
    fn of(missing: &Missing) -> Self {
        Self {
            what: missing.what.clone(),
            cause: missing.cause.code().to_owned(),
            why: missing.why.clone(),
            retryable: missing.retryable,
        }
    }

    fn told(self) -> Missing {
        let Self { what, cause, why, retryable } = self;
        // A cause that a later version knows is some refusal to this one.
        let cause = Cause::ALL.into_iter().find(|known| known.code() == cause).unwrap_or(Cause::Refused);
        Missing { what, cause, why, retryable }
    }
}
