use crate::model::{Deleted, Learnt, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// How long a worker takes over a message, by Little's law: messages in flight = completions a second ×
/// processing time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Processing {
    /// Messages in flight, times seconds, fading.
    in_flight_secs: f64,
    /// Completions in the same time, fading alike.
    completions: f64,
    /// The end of the last stretch that was learnt from.
    told: Option<Timestamp>,
    /// Messages in flight at the last samples: completions are told minutes late.
    #[serde(skip)]
    samples: VecDeque<(Timestamp, f64)>,
}

/// What is assumed when neither settings nor samples say anything, in seconds.
const GUESS_SECS: f64 = 10.0;
/// No work is shorter, in seconds: nor may a hint be.
const SHORTEST_SECS: f64 = 0.001;
/// Completions that a hint is worth: after as many have been seen, it counts half.
const HINT_WORTH: f64 = 8.0;
/// Completions that the guess is worth.
const GUESS_WORTH: f64 = 1.0;
/// What is kept of earlier minutes at each minute with work in it: half after 35 of them.
const KEPT: f64 = 0.995;
/// For how long samples are kept.
const LATE: Duration = Duration::from_mins(20);

impl Processing {
    /// Learns from a sample of the messages in flight and, if any were told, from completions, with the
    /// steady time of their beginning.
    pub(super) fn learn(&mut self, now: Timestamp, in_flight: f64, told: Option<(Timestamp, Deleted)>) {
        while self.samples.front().is_some_and(|(at, _)| now.since(*at) > LATE) {
            self.samples.pop_front();
        }
        self.samples.push_back((now, in_flight));
        let Some((from, deleted)) = told else { return };
        let until = from + deleted.lasts;
        if self.told.is_some_and(|told| until <= told) {
            return;
        }
        self.told = Some(until);
        let during =
            self.samples.iter().filter(|(at, _)| *at > from && *at <= until).map(|(_, count)| *count);
        let (samples, sum) = during.fold((0.0, 0.0), |(samples, sum), count| (samples + 1.0, sum + count));
        if samples > 0.0 && sum + deleted.count > 0.0 {
            self.in_flight_secs = self.in_flight_secs * KEPT + sum / samples * deleted.lasts.as_secs_f64();
            self.completions = self.completions * KEPT + deleted.count;
        }
    }

    pub(super) fn secs(&self, hint: Option<f64>) -> Learnt {
        let (prior, worth) = hint.map_or((GUESS_SECS, GUESS_WORTH), |hint| (hint, HINT_WORTH));
        let value = (prior * worth + self.in_flight_secs) / (worth + self.completions);
        Learnt { value: value.max(SHORTEST_SECS), belief: self.completions / (worth + self.completions) }
    }

    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        self.told = self.told.map(|told| told.shifted(millis).min(latest));
    }
}
