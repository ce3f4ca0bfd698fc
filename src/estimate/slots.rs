use crate::model::{Learnt, Tuning, tuning};
use serde::{Deserialize, Serialize};

/// How many messages one unit of capacity works on at once: messages in flight per unit at work, seen
/// while more were waiting than the fleet could take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Slots {
    samples: f64,
    in_flight_per_unit: f64,
}

/// Fewer no unit has, unless its workers are broken.
const LEAST: f64 = 0.25;

impl Slots {
    /// Learns from a sample, `spells` after the last one, of how many messages are in flight for each unit:
    /// at `least`, if all that may work do, and at `most`, if only those do that certainly work. Between the
    /// two, it teaches nothing, unless they are as good as one. A fleet that is not `saturated` shows only how
    /// many there are at least.
    pub(super) fn learn(
        &mut self,
        spells: f64,
        saturated: bool,
        least: f64,
        most: f64,
        hint: Option<u32>,
        tuning: &Tuning,
    ) {
        let believed = self.per_unit(hint, tuning).value;
        let alike = 1.0 + tuning.noise;
        let shown = match saturated {
            true if most <= alike * least || believed > alike * most => most,
            _ if alike * believed < least => least,
            _ => return,
        };
        // Workers that take nothing while messages wait are broken, and show no slots.
        if shown > 0.0 {
            let (kept, counts) = (libm::pow(1.0 - tuning.lost, spells), spells.min(1.0));
            self.samples = self.samples * kept + counts;
            self.in_flight_per_unit = self.in_flight_per_unit * kept + counts * shown;
        }
    }

    pub(super) fn per_unit(&self, hint: Option<u32>, tuning: &Tuning) -> Learnt {
        let tuning::Slots { guess, hint_worth, guess_worth } = tuning.slots;
        let (prior, worth) = hint.map_or((guess, guess_worth), |hint| (f64::from(hint), hint_worth));
        let value = (prior * worth + self.in_flight_per_unit) / (worth + self.samples);
        Learnt { value: value.max(LEAST), belief: self.samples / (worth + self.samples) }
    }
}
