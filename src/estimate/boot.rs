use crate::model::Learnt;
use serde::{Deserialize, Serialize};

/// How long an instance takes from its order until it works.
///
/// Nobody tells: `InService` is a state of the group, not of the worker. But while messages wait, those
/// in flight show how many instances work; and each candidate for the boot time says how many should,
/// given the ages of all. The candidate that has been wrong the least is believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Boot {
    /// Squared errors of each candidate, in instances, fading.
    errors: Vec<f64>,
    /// Samples that could tell candidates apart, fading alike.
    samples: f64,
}

/// The shortest candidate, in seconds.
const SHORTEST_SECS: f64 = 15.0;
/// Each candidate is this many times the one before; the longest of them is half an hour.
const RATIO: f64 = 1.1;
const CANDIDATES: usize = 51;
/// What is assumed without hint or observation, in seconds: launch, image start and worker start as usual.
const GUESS_SECS: f64 = 150.0;
/// Squared instances by which a candidate a factor of two from the hint (from the guess) is held to be wrong.
const HINT_WORTH: f64 = 2.0;
const GUESS_WORTH: f64 = 0.5;
/// What is kept of earlier samples at each new one: half after 690 of them.
const KEPT: f64 = 0.999;

impl Boot {
    /// Learns from a sample in which messages were waiting for a free slot: `at_work` instances, by the
    /// messages in flight, known to `spread` instances; `ages` are those of all ordered instances, in seconds.
    pub(super) fn learn(&mut self, at_work: f64, spread: f64, ages: &[f64]) {
        let longest = candidates().last().unwrap_or(SHORTEST_SECS);
        if ages.iter().all(|age| *age > longest) {
            return;
        }
        self.errors.resize(CANDIDATES, 0.0);
        self.samples = self.samples * KEPT + 1.0;
        for (error, boot) in self.errors.iter_mut().zip(candidates()) {
            let expected: f64 = ages.iter().map(|age| share(*age, boot)).sum();
            let off = (at_work - expected) / spread;
            *error = *error * KEPT + (off * off).min(9.0);
        }
    }

    pub(super) fn secs(&self, hint: Option<f64>) -> Learnt {
        let (prior, worth) = hint.map_or((GUESS_SECS, GUESS_WORTH), |hint| (hint, HINT_WORTH));
        let errors = self.errors.iter().chain(std::iter::repeat(&0.0));
        let scored: Vec<(f64, f64)> =
            candidates().zip(errors).map(|(boot, error)| (boot, error + worth * distance(boot, prior))).collect();
        let best = scored.iter().min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(prior, |(boot, _)| *boot);
        let _ = best;
        // Weighed by how much worse than the best each is.
        let least = scored.iter().map(|(_, error)| *error).fold(f64::INFINITY, f64::min);
        let weigh = |error: f64| { let x = 1.0 + (error - least); 1.0 / (x * x * x) };
        let total: f64 = scored.iter().map(|(_, error)| weigh(*error)).sum();
        let value = scored.iter().map(|(boot, error)| boot * weigh(*error)).sum::<f64>() / total;
        Learnt { value, belief: self.samples / (self.samples + 10.0 * worth) }
    }
}

/// How far an instance of this age has come to work if booting takes `boot`, give or take a sixth.
fn share(age: f64, boot: f64) -> f64 {
    ((age / boot - 5.0 / 6.0) * 3.0).clamp(0.0, 1.0)
}

/// The squared distance of two times, in factors of two.
fn distance(a: f64, b: f64) -> f64 {
    let factor = if a > b { a / b } else { b / a };
    // log2 near enough, and the same on every platform.
    let doublings = factor - 1.0;
    doublings * doublings
}

fn candidates() -> impl Iterator<Item = f64> {
    std::iter::successors(Some(SHORTEST_SECS), |boot| Some(boot * RATIO)).take(CANDIDATES)
}
