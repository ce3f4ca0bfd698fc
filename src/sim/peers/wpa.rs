use super::{Share, Told, changed, number, outstanding};
use crate::model::whole_units;
use crate::sim::run::{Glance, Peer};
use std::time::Duration;

/// practo's worker pod autoscaler: a backlog target with a floor from the rate of arrival.
///
/// Source: practo/k8s-worker-pod-autoscaler @ 55e14ac8, `pkg/controller/controller.go` (`GetDesiredWorkers`,
/// `convertDesiredReplicasWithRules`; keeps what is within 10 %; scales down 600 s after any scaling) and
/// `pkg/queue/sqs.go` (messages sent a minute: mean from 10 to 5 minutes ago; poll every 20 s).
#[derive(Clone, Debug)]
pub struct Wpa {
    target: f64,
    /// Seconds of an instance that one message takes.
    secs_per_message: f64,
    max: u32,
    in_rests_until: Duration,
}

const SCALE_DOWN_DELAY: Duration = Duration::from_mins(10);
const TOLERANCE: f64 = 0.1;
/// The rate of arrival is that of this long before `RATE_UNTIL`.
const RATE_OVER: Duration = Duration::from_mins(5);
/// How long ago it ends: `CloudWatch` is not complete before.
const RATE_UNTIL: Duration = Duration::from_mins(5);

impl Wpa {
    /// With a target of `share` messages for each worker.
    #[must_use]
    pub fn new(told: &Told, share: Share) -> Self {
        Self {
            target: share.messages(told),
            secs_per_message: told.processing_time.as_secs_f64() / f64::from(told.slots.max(1)),
            max: told.max,
            in_rests_until: Duration::ZERO,
        }
    }

    fn wish(&self, seen: &Glance<'_>, sent_per_sec: f64) -> u32 {
        let floor = whole_units(self.secs_per_message * sent_per_sec).min(self.max);
        let (queued, current) = (outstanding(seen), f64::from(seen.desired));
        let wish = whole_units(queued / self.target);
        let near = (f64::from(wish) - current).abs() <= TOLERANCE * current;
        match seen.desired {
            0 => wish,
            _ if queued > 0.0 && near => seen.desired,
            _ if queued > 0.0 => wish,
            _ => 0,
        }
        .clamp(floor, self.max)
    }
}

impl Peer for Wpa {
    fn period(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn least(&self) -> u32 {
        0
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        let until = seen.at.saturating_sub(RATE_UNTIL);
        let sent = seen.sent.by(until).saturating_sub(seen.sent.by(until.saturating_sub(RATE_OVER)));
        let wish = self.wish(seen, number(sent) / RATE_OVER.as_secs_f64());
        if wish < seen.desired && seen.at <= self.in_rests_until {
            return None;
        }
        let change = changed(seen, wish);
        if change.is_some() {
            self.in_rests_until = seen.at + SCALE_DOWN_DELAY;
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    /// 5 messages each; a message takes an instance 5 s.
    fn wpa() -> Wpa {
        Wpa::new(&TOLD, Share::Messages(5.0))
    }

    #[test]
    fn the_backlog_is_shared_out_and_a_tenth_off_is_near_enough() {
        assert_eq!(wpa().wish(&glance(20, 40, 21, 10), 0.0), 13);
        assert_eq!(wpa().wish(&glance(20, 40, 15, 10), 0.0), 10);
        assert_eq!(wpa().wish(&glance(20, 900, 0, 10), 0.0), 50);
        assert_eq!(wpa().wish(&glance(20, 11, 0, 0), 0.0), 3);
    }

    #[test]
    fn the_rate_of_arrival_is_a_floor() {
        assert_eq!(wpa().wish(&glance(20, 5, 0, 10), 1.3), 7);
        assert_eq!(wpa().wish(&glance(20, 0, 0, 10), 1.3), 7);
        assert_eq!(wpa().wish(&glance(20, 0, 0, 10), 0.0), 0);
        assert_eq!(wpa().wish(&glance(20, 0, 0, 10), 99.0), 50);
    }

    #[test]
    fn it_scales_down_only_ten_minutes_after_any_scaling() {
        let mut wpa = wpa();
        assert_eq!(wpa.tick(&glance(20, 100, 0, 10)), Some(20));
        assert_eq!(wpa.tick(&glance(40, 150, 0, 20)), Some(30));
        assert_eq!(wpa.tick(&glance(640, 10, 0, 30)), None);
        assert_eq!(wpa.tick(&glance(660, 10, 0, 30)), Some(2));
    }
}
