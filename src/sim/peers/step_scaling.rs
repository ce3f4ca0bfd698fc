use super::{Told, backlog_per_instance, changed, warm};
use crate::sim::run::{Glance, Peer};
use std::collections::VecDeque;
use std::time::Duration;

/// EC2 step scaling on the backlog per instance, with steps as in the guide's examples.
///
/// Out, after two samples above the target: 10, 30 or 100 % of what has booted, from 1, 2 or 4 times the
/// target on; instances that still boot count towards the same step. In, after ten samples below a
/// quarter of it and when everything has booted: 10 %. Source: awsdocs/amazon-ec2-auto-scaling-user-guide
/// @ 7d90761, `as-scaling-simple-step.md`. The document leaves steps and alarm lengths to the operator.
#[derive(Clone, Debug)]
pub struct StepScaling {
    target: f64,
    boot: Duration,
    samples: VecDeque<f64>,
}

const OUT_SAMPLES: usize = 2;
const IN_SAMPLES: usize = 10;
const IN_BELOW: f64 = 0.25;

impl StepScaling {
    /// With its first step at `share` of the acceptable backlog.
    #[must_use]
    pub fn new(told: &Told, share: f64) -> Self {
        Self { target: share * told.acceptable_backlog(), boot: told.boot, samples: VecDeque::new() }
    }
}

impl Peer for StepScaling {
    fn period(&self) -> Duration {
        Duration::from_mins(1)
    }

    fn least(&self) -> u32 {
        1
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        let metric = backlog_per_instance(seen);
        self.samples.push_front(metric);
        self.samples.truncate(IN_SAMPLES);
        let all = |count: usize, holds: &dyn Fn(f64) -> bool| {
            self.samples.len() >= count && self.samples.iter().take(count).all(|sample| holds(*sample))
        };
        let warm = warm(seen, self.boot);
        if all(OUT_SAMPLES, &|sample| sample > self.target) {
            let base = warm.max(1);
            let add = match metric / self.target {
                times if times >= 4.0 => base,
                times if times >= 2.0 => base.saturating_mul(3) / 10,
                _ => base / 10,
            };
            return changed(seen, base.saturating_add(add.max(1)).max(seen.desired));
        }
        if warm == seen.desired && all(IN_SAMPLES, &|sample| sample < IN_BELOW * self.target) {
            return changed(seen, seen.desired.saturating_sub((seen.desired / 10).max(1)).max(1));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    /// What is wanted after so many equal samples, a minute apart; the target is 10.
    fn after(samples: u64, visible: u64, size: u32) -> Option<u32> {
        let mut peer = StepScaling::new(&TOLD, 0.5);
        (1..=samples).map(|minute| peer.tick(&glance(60 * minute, visible, 0, size))).last().unwrap()
    }

    #[test]
    fn the_step_out_grows_with_the_breach() {
        assert_eq!(after(1, 220, 20), None);
        assert_eq!(after(2, 220, 20), Some(22));
        assert_eq!(after(2, 400, 20), Some(26));
        assert_eq!(after(2, 800, 20), Some(40));
        assert_eq!(after(2, 12, 1), Some(2));
    }

    #[test]
    fn ten_samples_below_a_quarter_remove_a_tenth() {
        assert_eq!(after(9, 40, 20), None);
        assert_eq!(after(10, 40, 20), Some(18));
        assert_eq!(after(10, 60, 20), None);
        assert_eq!(after(10, 0, 1), None);
    }

    #[test]
    fn instances_that_boot_count_towards_the_step_that_ordered_them() {
        let mut peer = StepScaling::new(&TOLD, 0.5);
        let launched = [vec![Duration::ZERO; 10], vec![Duration::from_secs(60); 3]].concat();
        let seen = Glance { in_service: 10, launched, ..glance(120, 250, 0, 13) };
        assert_eq!((peer.tick(&seen), peer.tick(&seen)), (None, None));
        let worse = Glance { visible: 400, ..seen };
        assert_eq!(peer.tick(&worse), Some(20));
    }
}
