use crate::model::Learnt;
use serde::{Deserialize, Serialize};

/// How many messages one unit of capacity works on at once: messages in flight per unit at work, seen
/// while more were waiting than the fleet could take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Slots {
    samples: f64,
    in_flight_per_unit: f64,
}

/// Samples that a hint is worth: after as many have been seen, it counts half.
const HINT_WORTH: f64 = 1.5;
/// Samples that the guess of one slot is worth: any sample tells more.
const GUESS_WORTH: f64 = 0.05;
/// Fewer no unit has, unless its workers are broken.
const LEAST: f64 = 0.25;
/// What is kept of earlier samples from spell to spell: half after 23 minutes with such samples.
const KEPT: f64 = 0.995;

impl Slots {
    /// Learns from a sample, `spells` after the last one, of `per_unit` messages in flight for each unit at
    /// work. A fleet that is not `saturated` shows only how many slots there are at least.
    pub(super) fn learn(&mut self, spells: f64, saturated: bool, per_unit: f64, hint: Option<u32>) {
        // Workers that take nothing while messages wait are broken, and show no slots.
        if per_unit <= 0.0 {
            return;
        }
        let believed = self.per_unit(hint).value;
        if saturated || per_unit > 1.1 * believed {
            let (kept, counts) = (libm::pow(KEPT, spells), spells.min(1.0));
            self.samples = self.samples * kept + counts;
            self.in_flight_per_unit = self.in_flight_per_unit * kept + counts * per_unit;
        }
    }

    pub(super) fn per_unit(&self, hint: Option<u32>) -> Learnt {
        let (prior, worth) = hint.map_or((1.0, GUESS_WORTH), |hint| (f64::from(hint), HINT_WORTH));
        let value = (prior * worth + self.in_flight_per_unit) / (worth + self.samples);
        Learnt { value: value.max(LEAST), belief: self.samples / (worth + self.samples) }
    }
}
