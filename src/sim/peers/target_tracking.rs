use super::{Told, backlog_per_instance, changed, warm};
use crate::model::whole_units;
use crate::sim::run::{Glance, Peer};
use std::collections::VecDeque;
use std::time::Duration;

/// EC2 target tracking on the backlog per instance.
///
/// Out: capacity that has booted × metric ÷ target, rounded up, when three samples in a row are above the
/// target. In: when a quarter of an hour was below 90 % of it and everything has booted. Source:
/// awsdocs/amazon-ec2-auto-scaling-user-guide @ 7d90761, `as-using-sqs-queue.md` (metric and target),
/// `as-scaling-target-tracking.md` (proportional, rounds removals down, in more gradually),
/// `ec2-auto-scaling-default-instance-warmup.md`; "Create a target tracking policy using high-resolution
/// metrics" (a period of 10 s). Alarm lengths are what such policies are seen to create; the quarter of an
/// hour is assumed of the 10 s metric too.
#[derive(Clone, Debug)]
pub struct TargetTracking {
    target: f64,
    boot: Duration,
    period: Duration,
    scale_in: ScaleIn,
    samples: VecDeque<f64>,
}

/// How much target tracking removes at once. The guide says "more gradually" and no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleIn {
    /// A tenth, at least one.
    Gradual,
    /// Down to capacity × metric ÷ target.
    Proportional,
}

/// Samples above the target before it scales out.
const OUT_SAMPLES: usize = 3;
/// How long it must be below before it scales in.
const IN_AFTER: Duration = Duration::from_mins(15);
/// And how far below.
const IN_BELOW: f64 = 0.9;

impl TargetTracking {
    /// With a target of `share` of the acceptable backlog, on a metric of 10 to 60 s.
    #[must_use]
    pub fn new(told: &Told, share: f64, period: Duration, scale_in: ScaleIn) -> Self {
        let target = share * told.acceptable_backlog();
        Self { target, boot: told.boot, period, scale_in, samples: VecDeque::new() }
    }

    fn in_samples(&self) -> usize {
        usize::try_from(IN_AFTER.as_secs() / self.period.as_secs().max(1)).unwrap_or(usize::MAX)
    }
}

impl Peer for TargetTracking {
    fn period(&self) -> Duration {
        self.period
    }

    fn least(&self) -> u32 {
        1
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        let metric = backlog_per_instance(seen);
        self.samples.push_front(metric);
        self.samples.truncate(self.in_samples());
        let all = |count: usize, holds: &dyn Fn(f64) -> bool| {
            self.samples.len() >= count && self.samples.iter().take(count).all(|sample| holds(*sample))
        };
        let warm = warm(seen, self.boot);
        let proportional = |capacity: u32| whole_units(f64::from(capacity) * metric / self.target);
        if all(OUT_SAMPLES, &|sample| sample > self.target) {
            return changed(seen, proportional(warm.max(1)).max(seen.desired));
        }
        if warm == seen.desired && all(self.in_samples(), &|sample| sample < IN_BELOW * self.target) {
            let least = match self.scale_in {
                ScaleIn::Gradual => seen.desired.saturating_sub((seen.desired / 10).max(1)),
                ScaleIn::Proportional => 1,
            };
            return changed(seen, proportional(seen.desired).max(least).max(1).min(seen.desired));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    fn minutely(scale_in: ScaleIn) -> TargetTracking {
        TargetTracking::new(&TOLD, 0.5, Duration::from_mins(1), scale_in)
    }

    /// What is wanted after so many equal samples, a minute apart.
    fn after(mut peer: TargetTracking, samples: u64, visible: u64, size: u32) -> Option<u32> {
        (1..=samples).map(|minute| peer.tick(&glance(60 * minute, visible, 0, size))).last().unwrap()
    }

    #[test]
    fn three_samples_above_the_target_bring_the_backlog_of_each_to_it() {
        // 10 each is the target; 151 for 10 instances are 15.1 each.
        assert_eq!(after(minutely(ScaleIn::Gradual), 2, 151, 10), None);
        assert_eq!(after(minutely(ScaleIn::Gradual), 3, 151, 10), Some(16));
    }

    #[test]
    fn what_has_not_booted_counts_as_ordered_but_is_not_multiplied() {
        let mut peer = minutely(ScaleIn::Gradual);
        let launched = [vec![Duration::ZERO; 4], vec![Duration::from_secs(170); 6]].concat();
        let seen = Glance { in_service: 4, launched, ..glance(180, 80, 0, 10) };
        // 20 each for 4 that have booted: 8, and 10 are ordered.
        assert_eq!((0..3).map(|_| peer.tick(&seen)).last().unwrap(), None);
        let more = Glance { visible: 120, ..seen };
        assert_eq!(peer.tick(&more), Some(12));
    }

    #[test]
    fn a_quarter_of_an_hour_far_below_the_target_removes_a_tenth_or_all_that_is_too_much() {
        assert_eq!(after(minutely(ScaleIn::Gradual), 14, 40, 20), None);
        assert_eq!(after(minutely(ScaleIn::Gradual), 15, 40, 20), Some(18));
        assert_eq!(after(minutely(ScaleIn::Proportional), 15, 40, 20), Some(4));
        assert_eq!(after(minutely(ScaleIn::Gradual), 15, 95, 10), None, "9.5 each is near the target");
    }

    #[test]
    fn a_metric_of_10_s_scales_out_after_30_s_and_in_no_sooner() {
        let mut peer = TargetTracking::new(&TOLD, 0.5, Duration::from_secs(10), ScaleIn::Gradual);
        let outs: Vec<_> = (1..=3).map(|tick| peer.tick(&glance(10 * tick, 151, 0, 10))).collect();
        assert_eq!(outs, [None, None, Some(16)]);
        let ins: Vec<_> = (4..=93).map(|tick| peer.tick(&glance(10 * tick, 0, 0, 16))).collect();
        assert_eq!(ins.iter().position(Option::is_some), Some(89));
    }
}
