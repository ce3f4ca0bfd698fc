use crate::model::{Aged, Learnt};
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
    /// The slots that the first of them was judged by; 0 before it.
    slots: f64,
}

/// The shortest candidate, in seconds.
const SHORTEST_SECS: f64 = 15.0;
/// Each candidate is this many times the one before; the longest of them is half an hour.
const RATIO: f64 = 1.1;
const CANDIDATES: usize = 51;
/// What is assumed without hint or observation, in seconds: rather too long, for that costs less than it
/// does to be late.
pub(super) const GUESS_SECS: f64 = 240.0;
/// Squared instances by which a candidate a factor of two from the hint (from the guess) is held to be wrong.
const HINT_WORTH: f64 = 1.5;
const GUESS_WORTH: f64 = 0.5;
/// The noise of the counters, as a share of what they count.
const NOISE: f64 = 0.08;
/// Squared instances beyond which an error says no more: an outage is no long boot.
const WORST: f64 = 9.0;
/// Samples that are proof of a boot time, for each squared instance that the hint is worth.
const PROOF: f64 = 10.0;
/// What is kept of earlier samples from spell to spell: half after two hours with such samples.
const KEPT: f64 = 0.999;
/// By what factor slots must turn out different until what was judged by them is worth nothing: half as many as
/// believed look like instances that still boot.
const MISJUDGED: f64 = 1.3;

impl Boot {
    /// Learns from a sample, `spells` after the last one, in which messages waited for a free slot: `in_flight`
    /// messages at so many `slots` a unit, and the `ages` of all that are ordered. The less is known of the slots,
    /// the less it tells.
    pub(super) fn learn(&mut self, spells: f64, in_flight: f64, slots: Learnt, ages: &[Aged]) {
        let longest = candidates().last().unwrap_or(SHORTEST_SECS);
        if ages.iter().all(|age| age.secs > longest) {
            return;
        }
        if slots.value > MISJUDGED * self.slots || self.slots > MISJUDGED * slots.value {
            *self = Self { slots: slots.value, ..Self::default() };
        }
        self.errors.resize(CANDIDATES, 0.0);
        let (kept, counts) = (libm::pow(KEPT, spells), spells.min(1.0));
        self.samples = self.samples * kept + counts;
        let at_work = in_flight / slots.value;
        let spread = 0.5 + (NOISE + 1.0 - slots.belief) * at_work;
        for (error, boot) in self.errors.iter_mut().zip(candidates()) {
            let expected: f64 = ages.iter().map(|age| f64::from(age.units) * share(age.secs, boot)).sum();
            let off = (at_work - expected) / spread;
            *error = *error * kept + counts * (off * off).min(WORST);
        }
    }

    /// The mean of the candidates, each weighed by how little it was wrong.
    pub(super) fn secs(&self, hint: Option<f64>) -> Learnt {
        let (prior, worth) = hint.map_or((GUESS_SECS, GUESS_WORTH), |hint| (hint, HINT_WORTH));
        let errors = self.errors.iter().copied().chain(std::iter::repeat(0.0));
        let scored =
            candidates().zip(errors).map(|(boot, error)| (boot, error + worth * distance(boot, prior)));
        let least = scored.clone().map(|(_, error)| error).fold(f64::INFINITY, f64::min);
        let (sum, weights) = scored.fold((0.0, 0.0), |(sum, weights), (boot, error)| {
            let worse = 1.0 + error - least;
            let weight = 1.0 / (worse * worse * worse);
            (sum + boot * weight, weights + weight)
        });
        Learnt { value: sum / weights, belief: self.samples / (self.samples + PROOF * worth) }
    }
}

/// How far an instance of this age has come to work if booting takes `boot`, give or take a sixth.
fn share(age: f64, boot: f64) -> f64 {
    ((age / boot - 5.0 / 6.0) * 3.0).clamp(0.0, 1.0)
}

/// How far two times are apart: 0 for the same, 1 for a factor of two.
fn distance(a: f64, b: f64) -> f64 {
    let factor = if a > b { a / b } else { b / a };
    (factor - 1.0) * (factor - 1.0)
}

fn candidates() -> impl Iterator<Item = f64> + Clone {
    std::iter::successors(Some(SHORTEST_SECS), |boot| Some(boot * RATIO)).take(CANDIDATES)
}
