use super::{Share, Told, changed, outstanding};
use crate::model::whole_units;
use crate::sim::run::{Glance, Peer};
use std::time::Duration;

/// Nomad Autoscaler with its target-value strategy on messages per instance.
///
/// Source: hashicorp/nomad-autoscaler @ 02a97771, `plugins/builtin/strategy/target-value/plugin/plugin.go`
/// (factor, threshold 0.01); agent documents (evaluation interval 10 s, cooldown 5 min after any change).
#[derive(Clone, Debug)]
pub struct Nomad {
    target: f64,
    max: u32,
    rests_until: Duration,
}

const COOLDOWN: Duration = Duration::from_mins(5);
const THRESHOLD: f64 = 0.01;

impl Nomad {
    /// With a target of `share`.
    #[must_use]
    pub fn new(told: &Told, share: Share) -> Self {
        Self { target: share.messages(told), max: told.max, rests_until: Duration::ZERO }
    }
}

impl Peer for Nomad {
    fn period(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn least(&self) -> u32 {
        0
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        if seen.at < self.rests_until {
            return None;
        }
        let current = f64::from(seen.desired);
        let factor = outstanding(seen) / current.max(1.0) / self.target;
        if seen.desired > 0 && (factor - 1.0).abs() <= THRESHOLD {
            return None;
        }
        let wish = whole_units(factor * current.max(1.0)).min(self.max);
        let change = changed(seen, wish);
        if change.is_some() {
            self.rests_until = seen.at + COOLDOWN;
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    /// 5 messages each.
    fn nomad() -> Nomad {
        Nomad::new(&TOLD, Share::Messages(5.0))
    }

    #[test]
    fn the_size_follows_the_metric_up_and_down_and_to_zero() {
        assert_eq!(nomad().tick(&glance(10, 40, 21, 10)), Some(13));
        assert_eq!(nomad().tick(&glance(10, 10, 1, 10)), Some(3));
        assert_eq!(nomad().tick(&glance(10, 0, 0, 10)), Some(0));
        assert_eq!(nomad().tick(&glance(10, 11, 0, 0)), Some(3));
        assert_eq!(nomad().tick(&glance(10, 900, 0, 10)), Some(50));
    }

    #[test]
    fn a_hundredth_off_is_near_enough() {
        let mut large = Nomad::new(&Told { max: 1_000, ..TOLD }, Share::Messages(5.0));
        assert_eq!(large.tick(&glance(10, 1_009, 0, 200)), None);
        assert_eq!(large.tick(&glance(10, 1_011, 0, 200)), Some(203));
    }

    #[test]
    fn after_a_change_it_rests_for_five_minutes() {
        let mut nomad = nomad();
        assert_eq!(nomad.tick(&glance(10, 100, 0, 10)), Some(20));
        assert_eq!(nomad.tick(&glance(300, 200, 0, 20)), None);
        assert_eq!(nomad.tick(&glance(310, 200, 0, 20)), Some(40));
    }
}
