use crate::model::{Aged, Learnt, Tuning, tuning};
use serde::{Deserialize, Serialize};

/// How long an instance takes from its order until it works.
///
/// Nobody tells: `InService` is a state of the group, not of the worker. But while messages wait, those
/// in flight show how many instances work; and each candidate for the boot time says how many should,
/// given the ages of all. The candidate that has been wrong the least is believed.
///
/// Boots differ. How much, candidates for the spread tell in the same way, each at the boot time that is believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Boot {
    /// Squared errors of each candidate, in instances, fading.
    errors: Vec<f64>,
    /// Samples that could tell candidates apart, fading alike.
    samples: f64,
    /// The slots that the first of them was judged by; 0 before it.
    slots: f64,
    /// Squared errors of each candidate for the spread, in instances, fading.
    spread_errors: Vec<f64>,
    /// Samples that could tell those apart, each by how far, fading alike.
    spread_samples: f64,
}

/// The shortest candidate, in seconds.
const SHORTEST_SECS: f64 = 15.0;
/// Each candidate is this many times the one before; the longest of them is half an hour.
const RATIO: f64 = 1.1;
const CANDIDATES: usize = 51;
/// Candidates for the share of the boot time by which boots are shorter or longer: each is the root of three times
/// the one before.
const SPREADS: [f64; 5] = [1.0 / 18.0, 0.096, 1.0 / 6.0, 0.289, 0.5];

impl Boot {
    /// Learns from a sample, `spells` after the last one, in which messages waited for a free slot: `in_flight`
    /// messages at so many `slots` a unit, and the `ages` of all that are ordered, where a boot is `believed` to take
    /// so many seconds. The less is known of the slots, the less it tells.
    pub(super) fn learn(
        &mut self,
        spells: f64,
        in_flight: f64,
        slots: Learnt,
        ages: &[Aged],
        believed: f64,
        tuning: &Tuning,
    ) {
        let longest = candidates().last().unwrap_or(SHORTEST_SECS);
        if ages.iter().all(|age| age.secs > longest) {
            return;
        }
        let misjudged = 1.0 + tuning.misjudged;
        if slots.value > misjudged * self.slots || self.slots > misjudged * slots.value {
            *self = Self { slots: slots.value, ..Self::default() };
        }
        self.errors.resize(CANDIDATES, 0.0);
        let (kept, counts) = (libm::pow(1.0 - tuning.lost, spells), spells.min(1.0));
        self.samples = self.samples * kept + counts;
        let at_work = in_flight / slots.value;
        let noise = tuning.boot.noise_units + (tuning.noise + 1.0 - slots.belief) * at_work;
        let expected = |boot: f64, spread: f64| -> f64 {
            ages.iter().map(|age| f64::from(age.units) * share(age.secs, boot, spread)).sum()
        };
        let wrong = |expected: f64| {
            let off = (at_work - expected) / noise;
            counts * (off * off).min(tuning.boot.worst)
        };
        let spread = self.spread(tuning).value;
        for (error, boot) in self.errors.iter_mut().zip(candidates()) {
            *error = *error * kept + wrong(expected(boot, spread));
        }
        self.spread_errors.resize(SPREADS.len(), 0.0);
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for (error, spread) in self.spread_errors.iter_mut().zip(SPREADS) {
            let expected = expected(believed, spread);
            (least, most) = (least.min(expected), most.max(expected));
            *error = *error * kept + wrong(expected);
        }
        self.spread_samples = self.spread_samples * kept + counts * ((most - least) / noise).min(1.0);
    }

    /// The mean of the candidates, each weighed by how little it was wrong.
    pub(super) fn secs(&self, hint: Option<f64>, tuning: &Tuning) -> Learnt {
        let tuning::Boot { guess_secs, hint_worth, guess_worth, proof, .. } = tuning.boot;
        let (prior, worth) = hint.map_or((guess_secs, guess_worth), |hint| (hint, hint_worth));
        let value = believed(candidates(), &self.errors, prior, worth);
        Learnt { value, belief: self.samples / (self.samples + proof * worth) }
    }

    /// By what share of the boot time boots are shorter or longer: the mean of its candidates, likewise.
    pub(super) fn spread(&self, tuning: &Tuning) -> Learnt {
        let tuning::Boot { spread, hint_worth, proof, .. } = tuning.boot;
        let value = believed(SPREADS.into_iter(), &self.spread_errors, spread, hint_worth);
        Learnt { value, belief: self.spread_samples / (self.spread_samples + proof * hint_worth) }
    }
}

/// The mean of candidates, each weighed by how little it was wrong; one a factor of two from the `prior` counts as
/// wrong by `worth` before any sample.
fn believed(candidates: impl Iterator<Item = f64> + Clone, errors: &[f64], prior: f64, worth: f64) -> f64 {
    let errors = errors.iter().copied().chain(std::iter::repeat(0.0));
    let scored = candidates.zip(errors).map(|(one, error)| (one, error + worth * distance(one, prior)));
    let least = scored.clone().map(|(_, error)| error).fold(f64::INFINITY, f64::min);
    let (sum, weights) = scored.fold((0.0, 0.0), |(sum, weights), (one, error)| {
        let worse = 1.0 + error - least;
        let weight = 1.0 / (worse * worse * worse);
        (sum + one * weight, weights + weight)
    });
    sum / weights
}

/// How far an instance of this age has come to work if booting takes `boot`, give or take the share `spread`.
fn share(age: f64, boot: f64, spread: f64) -> f64 {
    ((age / boot - (1.0 - spread)) * (0.5 / spread)).clamp(0.0, 1.0)
}

/// How far two figures are apart: 0 for the same, 1 for a factor of two.
fn distance(a: f64, b: f64) -> f64 {
    let factor = if a > b { a / b } else { b / a };
    (factor - 1.0) * (factor - 1.0)
}

fn candidates() -> impl Iterator<Item = f64> + Clone {
    std::iter::successors(Some(SHORTEST_SECS), |boot| Some(boot * RATIO)).take(CANDIDATES)
}
