use super::sight::Sight;
use super::span;
use crate::model::{Pause, Queue, Record, Sample, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// For how long messages have waited before capacity in service that took none of them, if they do.
///
/// SQS tells of no worker. But one that works has messages in flight, and makes those that wait fewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct NoneTaken(Option<Stretch>);

/// Samples in a row in which messages waited, capacity was in service, and nothing told that any was taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stretch {
    /// When it began; later by the time in which nobody looked.
    since: Timestamp,
    /// When somebody last looked, to the minute.
    looked: Timestamp,
    /// The messages that waited when it began.
    waiting: u64,
    /// Seconds that an instance takes until it works, as believed when it began: to whoever learns it, workers that
    /// take nothing look for a while like ones that boot longer.
    boot_secs: f64,
}

/// What an instance is given to boot where no policy learns how long that takes, in seconds.
const BOOT_SECS: f64 = 300.0;
/// A trouble that stands shows again after so much: the counters settle in a minute, and a message that waits for a
/// moment is none.
const AGAIN: Duration = Duration::from_mins(2);
/// Between two looks no more than this counts: of the rest nobody knows.
const UNSEEN: Duration = Duration::from_mins(5);
/// How often a stretch that goes on is worth writing down.
const KEPT_EVERY: Duration = Duration::from_mins(1);
/// Some were taken if fewer wait than at first by more than one in so many: the counters are off by less.
const FEWER: u64 = 10;

impl NoneTaken {
    /// Whether nobody has taken a message for `after` and the time that instances boot; `stands` says that the
    /// trouble has begun.
    pub(super) fn watch(&mut self, record: &Record, after: Duration, stands: bool) -> Sight {
        let sample = &record.sample;
        let taken = sample.queues.iter().any(is_taken_from);
        if taken {
            self.0 = None;
        }
        let (Some(backlog), Ok(fleet)) = (sample.backlog(), &sample.fleet) else { return Sight::Unknown };
        if taken || backlog.visible == 0 {
            self.0 = None;
            return Sight::Gone;
        }
        // Nobody is there to take any; or a person has a hand in it.
        if fleet.in_service == 0 || record.paused.as_ref().is_some_and(Pause::holds_out) {
            self.0 = None;
            return Sight::Unknown;
        }
        let stretch = self.0.get_or_insert_with(|| Stretch::of(record, backlog.visible));
        if backlog.visible < stretch.waiting - stretch.waiting / FEWER {
            *stretch = Stretch::of(record, backlog.visible);
            return Sight::Gone;
        }
        stretch.look(record.time);
        let lasts = record.time.since(stretch.since);
        let due = after.as_secs_f64() + stretch.boot_secs;
        let due = if stands { due.min(AGAIN.as_secs_f64()) } else { due };
        if lasts.as_secs_f64() < due {
            return Sight::Unknown;
        }
        let (waiting, in_service, lasts) = (waiting(sample), fleet.in_service, span(lasts));
        Sight::Shows(format!("waiting: {waiting}; none taken for {lasts} by {in_service} in service"))
    }

    /// Since when nobody has taken any.
    pub(super) fn since(self) -> Option<Timestamp> {
        self.0.map(|stretch| stretch.since)
    }

    /// What of it is worth writing down: not what shows only for a moment, as it does where all is well.
    pub(super) fn kept(self) -> Self {
        Self(self.0.filter(|stretch| stretch.looked > stretch.since))
    }

    pub(super) fn forget_what_is_to_come(&mut self, now: Timestamp) {
        if let Some(stretch) = &mut self.0 {
            (stretch.since, stretch.looked) = (stretch.since.min(now), stretch.looked.min(now));
        }
    }
}

impl Stretch {
    fn of(record: &Record, waiting: u64) -> Self {
        let boot_secs = record.estimate.as_ref().map_or(BOOT_SECS, |estimate| estimate.boot_secs.value);
        Self { since: record.time, looked: record.time, waiting, boot_secs }
    }

    fn look(&mut self, now: Timestamp) {
        let unseen = now.since(self.looked);
        if unseen >= KEPT_EVERY {
            self.since = (self.since + unseen.saturating_sub(UNSEEN)).min(now);
            self.looked = now;
        }
    }
}

/// Whether somebody works on messages of this queue, or has of late.
fn is_taken_from(queue: &Queue) -> bool {
    let in_flight = queue.backlog.as_ref().is_ok_and(|backlog| backlog.in_flight > 0);
    in_flight || queue.deleted.is_some_and(|deleted| deleted.count > 0.0)
}

/// How many messages wait, and where.
fn waiting(sample: &Sample) -> String {
    let queues = sample.queues.iter().filter_map(|queue| Some((queue.backlog.as_ref().ok()?.visible, queue)));
    let queues = queues.filter(|(visible, _)| *visible > 0);
    let queues: Vec<_> = queues.map(|(visible, queue)| format!("{visible} in {}", queue.name)).collect();
    queues.join(", ")
}
