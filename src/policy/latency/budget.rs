use crate::model::{Tuning, tuning};
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

impl Budget {
    /// Notes what `lasts_secs` brought; `excused` of those who were `late` had to wait for a pause to end.
    pub(super) fn note(
        &mut self,
        lasts_secs: f64,
        arrived: f64,
        late: f64,
        excused: f64,
        interrupted: f64,
        tuning: &Tuning,
    ) {
        let kept = tuning.kept(lasts_secs);
        self.late = self.late * kept + late;
        self.excused = self.excused * kept + excused;
        self.interrupted = self.interrupted * kept + interrupted;
        self.all = self.all * kept + arrived.max(0.0);
    }

    /// From 0 to 1: how far lateness calls for headroom; 1 when so much of the allowance is used that
    /// nothing is more alarming. `hourly` are the messages of an hour.
    pub(super) fn alarm(&self, hourly: f64, tuning: &Tuning) -> f64 {
        let tuning::Budget { allowed, even, alarming, .. } = tuning.budget;
        let few = hourly.max(tuning.few_hourly);
        let used = (self.unexcused() + even * allowed * few) / (allowed * (self.all + few));
        ((used - even) / (alarming - even)).clamp(0.0, 1.0)
    }

    /// From 1, when none of the allowance is used, to -1, when all of it is, interruptions included.
    pub(super) fn ease(&self, hourly: f64, tuning: &Tuning) -> f64 {
        let tuning::Budget { allowed, proof, even, .. } = tuning.budget;
        let few = hourly.max(proof);
        let used =
            (self.unexcused() + self.interrupted + even * allowed * few) / (allowed * (self.all + few));
        (1.0 - used / even).clamp(-1.0, 1.0)
    }

    /// How many removals of this `risk`, of `most`, are allowed: each tick risks a part of what interruptions may still
    /// make late, so that much goes when there is little to interrupt and little when there is much.
    pub(super) fn removals(&self, most: u32, risk: f64, tuning: &Tuning) -> u32 {
        let left = tuning.interruptions * self.all - self.interrupted;
        // So little that it is none may be risked at any time.
        let worth = tuning.budget.at_once * left.max(tuning.interruptions * tuning.few_hourly);
        if risk <= 0.0 { most } else { most.min(crate::model::whole_units((worth / risk + 1e-9).floor())) }
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
    use crate::model::Tuning;

    const TUNING: Tuning = Tuning::SHIPPED;

    fn after(all: f64, late: f64, interrupted: f64) -> Budget {
        let mut budget = Budget::default();
        budget.note(10.0, all, late, 0.0, interrupted, &TUNING);
        budget
    }

    #[test]
    fn lateness_alarms_only_beyond_half_of_the_allowance() {
        assert!(after(1e6, 0.0, 0.0).alarm(100.0, &TUNING) < 1e-9);
        assert!(after(1e6, 3900.0, 0.0).alarm(100.0, &TUNING) < 1e-9);
        assert!(after(1e6, 4200.0, 0.0).alarm(100.0, &TUNING) > 0.01);
        assert!((after(1e6, 16_000.0, 0.0).alarm(100.0, &TUNING) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_few_late_messages_of_a_few_are_no_trend() {
        assert!(after(1.0, 1.0, 0.0).alarm(0.0, &TUNING) > after(0.0, 0.0, 0.0).alarm(0.0, &TUNING));
        assert!(after(1.0, 1.0, 0.0).alarm(100_000.0, &TUNING) < 0.01);
    }

    #[test]
    fn unused_allowance_eases_and_overdrawn_tightens() {
        assert!(after(1e6, 0.0, 0.0).ease(0.0, &TUNING) > 0.99);
        assert!(after(0.0, 0.0, 0.0).ease(0.0, &TUNING).abs() < 1e-9, "nothing is known: neither");
        assert!(after(1e6, 4000.0, 4000.0).ease(0.0, &TUNING) < -0.99);
    }

    #[test]
    fn lateness_that_a_pause_brought_is_told_and_not_made_up_for() {
        let mut budget = after(1e5, 10.0, 0.0);
        let (alarm, ease) = (budget.alarm(100.0, &TUNING), budget.ease(100.0, &TUNING));
        budget.note(0.0, 0.0, 9000.0, 9000.0, 0.0, &TUNING);
        assert!(
            (budget.alarm(100.0, &TUNING) - alarm).abs() < 1e-9
                && (budget.ease(100.0, &TUNING) - ease).abs() < 1e-9
        );
        assert!((budget.late_percent() - 9.01).abs() < 1e-9, "{}", budget.late_percent());
    }

    #[test]
    fn interruptions_are_rationed() {
        assert_eq!(after(0.0, 0.0, 0.0).removals(5, 0.5, &TUNING), 0);
        assert_eq!(after(4000.0, 0.0, 0.0).removals(5, 0.5, &TUNING), 2);
        assert_eq!(after(4000.0, 0.0, 10.0).removals(5, 0.5, &TUNING), 0);
        assert_eq!(after(0.0, 0.0, 9.0).removals(5, 0.0, &TUNING), 5, "idle instances may always go");
        assert_eq!(after(4000.0, 0.0, 95.0).removals(5, 1e-5, &TUNING), 5, "and almost idle ones");
    }

    #[test]
    fn a_dear_moment_waits_for_a_cheaper_one() {
        let budget = after(4000.0, 0.0, 0.0);
        assert_eq!(budget.removals(60, 2.5, &TUNING), 0, "in the middle of a burst");
        assert_eq!(budget.removals(60, 0.02, &TUNING), 60, "after it");
    }
}
