use serde::{Deserialize, Serialize};

/// How much of the lateness that is allowed has been used of late: the integral part of the control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Budget {
    /// Messages that waited too long, fading.
    late: f64,
    /// All messages, fading alike.
    all: f64,
}

/// The share of messages that may wait too long: a little less than the promised 1 %.
const ALLOWED: f64 = 0.008;
/// Half of what was is forgotten after so many seconds.
const FORGETTING_SECS: f64 = 86_400.0;
/// Messages by which nothing can be told yet.
const FEW: f64 = 20.0;

impl Budget {
    pub(super) fn learn(&mut self, lasts_secs: f64, arrived: f64, late: f64) {
        let kept = 1.0 - lasts_secs / (1.44 * FORGETTING_SECS + lasts_secs);
        self.late = self.late * kept + late;
        self.all = self.all * kept + arrived.max(0.0);
    }

    /// The share of the allowance that is used, 1 when all of it is. `hourly` are the messages of an
    /// hour: until so many have been seen, the share is drawn towards `presumed`.
    pub(super) fn used(&self, hourly: f64, presumed: f64) -> f64 {
        let few = hourly.max(FEW);
        (self.late + presumed * ALLOWED * few) / (ALLOWED * (self.all + few))
    }

    pub(super) fn late_percent(&self) -> f64 {
        if self.all > 0.0 { (100.0 * self.late / self.all).clamp(0.0, 100.0) } else { 0.0 }
    }

    pub(super) fn all(&self) -> f64 { self.all }
}
