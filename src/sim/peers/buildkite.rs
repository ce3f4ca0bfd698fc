use super::{Told, outstanding};
use crate::model::whole_units;
use crate::sim::run::{Glance, Peer};
use std::time::Duration;

/// buildkite-agent-scaler: one slot for every job that waits or runs.
///
/// Source: buildkite/buildkite-agent-scaler @ 49c41453, `scaler/scaler.go` and `scaler/scaling_calculator.go`
/// (poll every 10 s, factors on the change); `template.yaml` (cooldowns: out 300 s, in 3600 s).
#[derive(Clone, Debug)]
pub struct Buildkite {
    slots: u32,
    max: u32,
    out_factor: f64,
    in_cooldown: Duration,
    out_rests_until: Duration,
    in_rests_until: Duration,
}

const OUT_COOLDOWN: Duration = Duration::from_mins(5);

impl Buildkite {
    /// Adding `out_factor` of what is lacking at once, and taking all that is too much, `in_cooldown` apart.
    #[must_use]
    pub fn new(told: &Told, out_factor: f64, in_cooldown: Duration) -> Self {
        Self {
            slots: told.slots,
            max: told.max,
            out_factor,
            in_cooldown,
            out_rests_until: Duration::ZERO,
            in_rests_until: Duration::ZERO,
        }
    }
}

impl Peer for Buildkite {
    fn period(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn least(&self) -> u32 {
        0
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        let wish = whole_units(outstanding(seen) / f64::from(self.slots.max(1))).min(self.max);
        if wish > seen.desired && seen.at >= self.out_rests_until {
            self.out_rests_until = seen.at + OUT_COOLDOWN;
            let add = whole_units(f64::from(wish - seen.desired) * self.out_factor);
            return Some(seen.desired.saturating_add(add));
        }
        if wish < seen.desired && seen.at >= self.in_rests_until {
            self.in_rests_until = seen.at + self.in_cooldown;
            return Some(wish);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    #[test]
    fn every_job_gets_a_slot() {
        let mut scaler = Buildkite::new(&TOLD, 1.0, Duration::ZERO);
        assert_eq!(scaler.tick(&glance(10, 11, 4, 2)), Some(8));
        assert_eq!(scaler.tick(&glance(20, 0, 3, 8)), Some(2));
        assert_eq!(scaler.tick(&glance(30, 0, 0, 2)), Some(0));
    }

    #[test]
    fn a_factor_takes_part_of_what_is_lacking_rounded_up() {
        let mut scaler = Buildkite::new(&TOLD, 0.25, Duration::ZERO);
        assert_eq!(scaler.tick(&glance(10, 20, 0, 1)), Some(4));
    }

    #[test]
    fn each_direction_rests_by_itself() {
        let mut scaler = Buildkite::new(&TOLD, 1.0, Duration::from_hours(1));
        assert_eq!(scaler.tick(&glance(0, 10, 0, 1)), Some(5));
        assert_eq!(scaler.tick(&glance(290, 20, 0, 5)), None);
        assert_eq!(scaler.tick(&glance(300, 20, 0, 5)), Some(10));
        assert_eq!(scaler.tick(&glance(310, 0, 0, 10)), Some(0));
        assert_eq!(scaler.tick(&glance(600, 10, 0, 0)), Some(5));
        assert_eq!(scaler.tick(&glance(3_900, 0, 0, 5)), None);
        assert_eq!(scaler.tick(&glance(3_910, 0, 0, 5)), Some(0));
    }
}
