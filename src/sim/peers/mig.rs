use super::{Share, Told, changed, outstanding};
use crate::model::whole_units;
use crate::sim::run::{Glance, Peer};
use std::collections::VecDeque;
use std::time::Duration;

/// Google's managed instance groups with a single-instance assignment on a queue's metric.
///
/// Queue ÷ assignment, rounded up; the size is the highest of the stabilization period. Source: Google
/// Cloud documents, "Scaling based on Monitoring metrics" and "Understanding autoscaler decisions". The
/// metric comes once a minute and is a minute old; the stabilization period is the default 10 minutes.
#[derive(Clone, Debug)]
pub struct Mig {
    assignment: f64,
    max: u32,
    last_metric: Option<f64>,
    wishes: VecDeque<u32>,
}

/// Wishes, a minute apart, within the stabilization period.
const WISHES: usize = 10;

impl Mig {
    /// With `share` messages assigned to an instance.
    #[must_use]
    pub fn new(told: &Told, share: Share) -> Self {
        Self { assignment: share.messages(told), max: told.max, last_metric: None, wishes: VecDeque::new() }
    }
}

impl Peer for Mig {
    fn period(&self) -> Duration {
        Duration::from_mins(1)
    }

    fn least(&self) -> u32 {
        1
    }

    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
        let metric = self.last_metric.replace(outstanding(seen))?;
        self.wishes.push_front(whole_units(metric / self.assignment));
        self.wishes.truncate(WISHES);
        let highest = self.wishes.iter().max().copied()?;
        changed(seen, highest.clamp(1, self.max.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TOLD, glance};
    use super::*;

    #[test]
    fn it_sees_the_queue_of_a_minute_ago() {
        let mut mig = Mig::new(&TOLD, Share::Messages(5.0));
        assert_eq!(mig.tick(&glance(60, 50, 1, 2)), None);
        assert_eq!(mig.tick(&glance(120, 0, 0, 2)), Some(11));
    }

    #[test]
    fn it_keeps_the_highest_of_ten_minutes_and_at_least_one() {
        let mut mig = Mig::new(&TOLD, Share::Messages(5.0));
        assert_eq!(mig.tick(&glance(60, 50, 0, 10)), None);
        let wanted: Vec<_> = (2..=12).map(|minute| mig.tick(&glance(60 * minute, 0, 0, 10))).collect();
        assert_eq!(wanted.iter().position(Option::is_some), Some(10));
        assert_eq!(wanted[10], Some(1));
    }
}
