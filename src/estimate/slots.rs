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

/// By what factor slots must lie beyond a bound before they are held to be wrong: the counters are off by less.
const OFF: f64 = 1.1;
/// Bounds that lie no farther apart than by this factor are as good as one.
const NARROW: f64 = 1.25;

impl Slots {
    /// Learns from a sample, `spells` after the last one, of how many messages are in flight for each unit:
    /// at `least`, if all that may work do, and at `most`, if only those do that certainly work. Between the
    /// two, it teaches nothing, unless they are as good as one. A fleet that is not `saturated` shows only how
    /// many there are at least.
    pub(super) fn learn(&mut self, spells: f64, saturated: bool, least: f64, most: f64, hint: Option<u32>) {
        let believed = self.per_unit(hint).value;
        let shown = match saturated {
            true if most <= NARROW * least || believed > OFF * most => most,
            _ if OFF * believed < least => least,
            _ => return,
        };
        // Workers that take nothing while messages wait are broken, and show no slots.
        if shown > 0.0 {
            let (kept, counts) = (libm::pow(KEPT, spells), spells.min(1.0));
            self.samples = self.samples * kept + counts;
            self.in_flight_per_unit = self.in_flight_per_unit * kept + counts * shown;
        }
    }

    pub(super) fn per_unit(&self, hint: Option<u32>) -> Learnt {
        let (prior, worth) = hint.map_or((1.0, GUESS_WORTH), |hint| (f64::from(hint), HINT_WORTH));
        let value = (prior * worth + self.in_flight_per_unit) / (worth + self.samples);
        Learnt { value: value.max(LEAST), belief: self.samples / (worth + self.samples) }
    }
}
