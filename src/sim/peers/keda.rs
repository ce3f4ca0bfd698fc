use super::{Share, Told, changed, outstanding};
use crate::model::whole_units;
use crate::sim::run::{Glance, Peer};
use std::time::Duration;

/// KEDA's SQS scaler with the horizontal pod autoscaler behind it, both with their default behaviour.
///
/// KEDA takes 0 to 1 and 1 to 0; the HPA all between, from the average value of (visible + in flight).
/// Source: kedacore/keda @ 0c0baa09, `pkg/scalers/aws_sqs_queue_scaler.go`; KEDA's documents,
/// "Scaling deployments" (polling interval 30 s, cooldown 300 s); Kubernetes API reference,
/// `HPAScalingRules` (up by 4 pods or 100 % in 15 s, down from the highest of 300 s; tolerance 0.1).
#[derive(Clone, Debug)]
pub struct Keda {
    target: f64,
    max: u32,
    last_active: Duration,
    wishes: Vec<(Duration, u32)>,
    added: Vec<(Duration, u32)>,
}

/// How often KEDA asks the queue while there is no pod.
const POLLING_SECS: u64 = 30;
/// How long the queue must be empty before KEDA takes the last pod.
const COOLDOWN: Duration = Duration::from_mins(5);
const STABILIZATION: Duration = Duration::from_mins(5);
const SCALE_UP_PERIOD: Duration = Duration::from_secs(15);
const SCALE_UP_PODS: u32 = 4;
const TOLERANCE: f64 = 0.1;

impl Keda {
    /// With a `queueLength` of `share`.
    #[must_use]
    pub fn new(told: &Told, share: Share) -> Self {
        Self {
            target: share.messages(told),
            max: told.max,
            last_active: Duration::ZERO,
            wishes: Vec::new(),
            added: Vec::new(),
        }
    }

    /// What the HPA makes of a size of at least 1.
    fn stabilized(&mut self, now: Duration, current: u32, wish: u32) -> u32 {
        self.wishes.retain(|(at, _)| *at + STABILIZATION > now);
        self.wishes.push((now, wish));
        if wish > current {
            self.added.retain(|(at, _)| *at + SCALE_UP_PERIOD > now);
            let added: u32 = self.added.iter().map(|(_, count)| count).sum();
            let base = current.saturating_sub(added);
            let allowed = wish.min(base.saturating_add(SCALE_UP_PODS).max(base.saturating_mul(2)));
            if allowed > current {
                self.added.push((now, allowed - current));
            }
            return allowed.max(current);
        }
        let highest = self.wishes.iter().map(|(_, wish)| *wish).max();
        highest.unwrap_or(wish).min(current)
    }
}

impl Peer for Keda {
    fn period(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn least(&self) -> u32 {
        0
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        let usage = outstanding(seen);
        if usage > 0.0 {
            self.last_active = seen.at;
        }
        if seen.desired == 0 {
            let polled = usage > 0.0 && seen.at.as_secs().is_multiple_of(POLLING_SECS);
            return polled.then(|| {
                self.wishes.clear();
                1
            });
        }
        if usage <= 0.0 && seen.at.saturating_sub(self.last_active) >= COOLDOWN {
            return Some(0);
        }
        let ratio = usage / (self.target * f64::from(seen.desired));
        let wish =
            if (1.0 - ratio).abs() <= TOLERANCE { seen.desired } else { whole_units(usage / self.target) };
        changed(seen, self.stabilized(seen.at, seen.desired, wish.clamp(1, self.max.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    /// 5 messages each.
    fn keda() -> Keda {
        Keda::new(&TOLD, Share::Messages(5.0))
    }

    #[test]
    fn visible_and_in_flight_are_shared_out_and_a_tenth_off_is_near_enough() {
        assert_eq!(keda().tick(&glance(15, 40, 21, 10)), Some(13));
        assert_eq!(keda().tick(&glance(15, 40, 14, 10)), None, "54 for 10");
        assert_eq!(keda().tick(&glance(15, 40, 16, 10)), Some(12));
    }

    #[test]
    fn more_than_double_or_4_more_in_15_s_is_not_allowed() {
        let mut keda = keda();
        assert_eq!(keda.tick(&glance(15, 500, 0, 3)), Some(7));
        assert_eq!(keda.tick(&glance(30, 500, 0, 7)), Some(14));
        assert_eq!(keda.tick(&glance(45, 500, 0, 14)), Some(28));
        assert_eq!(keda.tick(&glance(60, 500, 0, 28)), Some(50), "the group's limit");
    }

    #[test]
    fn it_scales_in_to_the_highest_wish_of_five_minutes() {
        let mut keda = keda();
        assert_eq!(keda.tick(&glance(0, 60, 0, 12)), None);
        let wanted: Vec<_> = (1..=21).map(|tick| keda.tick(&glance(15 * tick, 20, 0, 12))).collect();
        assert_eq!(wanted.iter().position(Option::is_some), Some(19), "300 s after the first");
        assert_eq!(wanted[19], Some(4));
    }

    #[test]
    fn the_last_pod_goes_after_five_empty_minutes_and_the_first_comes_at_a_poll() {
        let mut keda = keda();
        assert_eq!(keda.tick(&glance(15, 1, 0, 1)), None);
        let wanted: Vec<_> = (2..=21).map(|tick| keda.tick(&glance(15 * tick, 0, 0, 1))).collect();
        assert_eq!(wanted.iter().position(Option::is_some), Some(19), "at 315 s");
        assert_eq!(keda.tick(&glance(315 + 30, 9, 0, 0)), None);
        assert_eq!(keda.tick(&glance(315 + 45, 9, 0, 0)), Some(1));
    }
}
