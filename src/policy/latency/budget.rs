use serde::{Deserialize, Serialize};

/// How much of the lateness that is allowed has been used of late: the integral part of the control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Budget {
    /// Messages seen to wait too long, fading.
    late: f64,
    /// Those of them that waited for a pause to end: told, and not made up for.
    excused: f64,
    /// Messages that removals will have made late by interrupting them, as far as can be expected; fading.
    interrupted: f64,
    /// All messages, fading alike.
    all: f64,
}

/// The share of messages that may wait too long: a little less than the promised 1 %.
const ALLOWED: f64 = 0.008;
/// Half of what was is forgotten after so many seconds.
const FORGETTING_SECS: f64 = 86_400.0;
/// Seconds in which an exponential mean of this half-life loses all but 1/e.
const FADING_SECS: f64 = 1.443 * FORGETTING_SECS;
/// Fewer messages than these prove nothing: until as many are seen, half of the allowance counts as used.
const PROOF: f64 = 2000.0;
/// Fewer messages than these in an hour are too few to call late ones a trend.
const FEW_HOURLY: f64 = 20.0;
/// An interruption that may be risked before any message was seen: a fleet must be able to shrink.
const FIRST: f64 = 0.1;

impl Budget {
    /// Notes what `lasts_secs` brought; `excused` of those who were `late` had to wait for a pause to end.
    pub(super) fn note(&mut self, lasts_secs: f64, arrived: f64, late: f64, excused: f64, interrupted: f64) {
        let kept = FADING_SECS / (FADING_SECS + lasts_secs);
        self.late = self.late * kept + late;
        self.excused = self.excused * kept + excused;
        self.interrupted = self.interrupted * kept + interrupted;
        self.all = self.all * kept + arrived.max(0.0);
    }

    /// From 0 to 1: how far lateness calls for headroom; 1 when twice the allowance is used. `hourly` are
    /// the messages of an hour.
    pub(super) fn alarm(&self, hourly: f64) -> f64 {
        const CALM: f64 = 0.4;
        let few = hourly.max(FEW_HOURLY);
        let used = (self.unexcused() + CALM * ALLOWED * few) / (ALLOWED * (self.all + few));
        ((used - CALM) / (2.0 - CALM)).clamp(0.0, 1.0)
    }

    /// From 1, when none of the allowance is used, to -1, when all of it is, interruptions included.
    pub(super) fn ease(&self, hourly: f64) -> f64 {
        let few = hourly.max(PROOF);
        let used = (self.unexcused() + self.interrupted + 0.5 * ALLOWED * few) / (ALLOWED * (self.all + few));
        (1.0 - used / 0.5).clamp(-1.0, 1.0)
    }

    /// How many removals of this `risk`, of `most`, are allowed if `share` of all messages may be interrupted.
    pub(super) fn removals(&self, most: u32, risk: f64, share: f64) -> u32 {
        // So small a risk is none.
        const NONE: f64 = 0.01;
        let left = (share * self.all + FIRST - self.interrupted).max(NONE);
        if risk <= 0.0 { most } else { most.min(crate::model::whole_units((left / risk + 1e-9).floor())) }
    }

    fn unexcused(&self) -> f64 {
        self.late - self.excused
    }

    /// Messages of 100 that waited too long.
    pub(super) fn late_percent(&self) -> f64 {
        if self.all > 0.0 { (100.0 * self.late / self.all).clamp(0.0, 100.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(all: f64, late: f64, interrupted: f64) -> Budget {
        let mut budget = Budget::default();
        budget.note(10.0, all, late, 0.0, interrupted);
        budget
    }

    #[test]
    fn lateness_alarms_only_beyond_two_fifths_of_the_allowance() {
        assert!(after(1e6, 0.0, 0.0).alarm(100.0) < 1e-9);
        assert!(after(1e6, 3100.0, 0.0).alarm(100.0) < 1e-9);
        assert!((after(1e6, 16_000.0, 0.0).alarm(100.0) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_few_late_messages_of_a_few_are_no_trend() {
        assert!(after(1.0, 1.0, 0.0).alarm(0.0) > after(0.0, 0.0, 0.0).alarm(0.0));
        assert!(after(1.0, 1.0, 0.0).alarm(100_000.0) < 0.01);
    }

    #[test]
    fn unused_allowance_eases_and_overdrawn_tightens() {
        assert!(after(1e6, 0.0, 0.0).ease(0.0) > 0.99);
        assert!(after(0.0, 0.0, 0.0).ease(0.0).abs() < 1e-9, "nothing is known: neither");
        assert!(after(1e6, 4000.0, 4000.0).ease(0.0) < -0.99);
    }

    #[test]
    fn lateness_that_a_pause_brought_is_told_and_not_made_up_for() {
        let mut budget = after(1e5, 10.0, 0.0);
        let (alarm, ease) = (budget.alarm(100.0), budget.ease(100.0));
        budget.note(0.0, 0.0, 9000.0, 9000.0, 0.0);
        assert!((budget.alarm(100.0) - alarm).abs() < 1e-9 && (budget.ease(100.0) - ease).abs() < 1e-9);
        assert!((budget.late_percent() - 9.01).abs() < 1e-9, "{}", budget.late_percent());
    }

    #[test]
    fn interruptions_are_rationed() {
        assert_eq!(after(0.0, 0.0, 0.0).removals(5, 0.5, 0.0025), 0);
        assert_eq!(after(400.0, 0.0, 0.0).removals(5, 0.5, 0.0025), 2);
        assert_eq!(after(400.0, 0.0, 1.0).removals(5, 0.5, 0.0025), 0);
        assert_eq!(after(0.0, 0.0, 9.0).removals(5, 0.0, 0.0025), 5, "idle instances may always go");
    }
}
