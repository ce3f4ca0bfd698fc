use crate::model::Learnt;
use serde::{Deserialize, Serialize};

/// How long a worker takes over a message, by Little's law: messages in flight = completions a second ×
/// processing time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Processing {
    /// In-flight messages times seconds, fading.
    in_flight_secs: f64,
    /// Completions over the same time, fading alike.
    completions: f64,
}

/// What is assumed when neither settings nor observation say anything, in seconds.
const GUESS_SECS: f64 = 10.0;
/// Completions that a hint is worth: after as many have been seen, it counts half.
const HINT_WORTH: f64 = 20.0;
/// Completions that the guess is worth.
const GUESS_WORTH: f64 = 1.0;
/// What is kept of earlier minutes at each minute with work in it: half after 35 of them.
const KEPT: f64 = 0.98;

impl Processing {
    /// Learns from a minute (or so) in which `in_flight` messages were worked on, on average, and
    /// `completions` were finished.
    pub(super) fn learn(&mut self, in_flight: f64, lasts_secs: f64, completions: f64) {
        if in_flight + completions > 0.0 {
            self.in_flight_secs = self.in_flight_secs * KEPT + in_flight * lasts_secs;
            self.completions = self.completions * KEPT + completions;
        }
    }

    /// Learns from completions alone that cannot have been fewer: the queue shrank by as many.
    pub(super) fn learn_at_least(&mut self, in_flight: f64, lasts_secs: f64, completions: f64, hint: Option<f64>) {
        if in_flight * lasts_secs < self.secs(hint).value * completions {
            self.learn(in_flight, lasts_secs, completions);
        }
    }

    pub(super) fn secs(&self, hint: Option<f64>) -> Learnt {
        let (prior, worth) = hint.map_or((GUESS_SECS, GUESS_WORTH), |hint| (hint, HINT_WORTH));
        let value = (prior * worth + self.in_flight_secs) / (worth + self.completions);
        Learnt { value, belief: self.completions / (worth + self.completions) }
    }
}
