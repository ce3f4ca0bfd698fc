use super::{Counts, NEVER, World};
use crate::sim::load::Message;
use std::time::Duration;

/// Where every message is, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Messages that ever arrived.
    pub arrived: u64,
    /// Messages that will still arrive.
    pub to_come: u64,
    /// Messages that can be received, or could if none of their FIFO group were in flight.
    pub visible: u64,
    /// Messages being worked on or still hidden.
    pub in_flight: u64,
    /// Messages whose delay has not passed.
    pub delayed: u64,
    /// Messages finished.
    pub done: u64,
}

/// What became of it all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Messages finished.
    pub done: u64,
    /// Messages whose worker was taken from under them; each was worked on again.
    pub killed: u64,
    /// The time that was spent on them in vain.
    pub lost: Duration,
    /// The longest time from when a message was due to the work that counted.
    pub longest_wait: Duration,
    /// The wait that 95 of 100 messages did not exceed.
    pub p95_wait: Duration,
    /// The time for which all instances are billed: from launch until gone, at least a minute each.
    pub running: Duration,
    /// Instances ever launched, the first ones included.
    pub launches: u64,
}

impl World {
    /// Where every message is.
    #[must_use]
    pub fn census(&self) -> Census {
        let Counts { visible, in_flight, delayed } = self.queue.counts(self.group.busy());
        Census {
            arrived: self.arrived as u64,
            to_come: self.messages.len().saturating_sub(self.arrived) as u64,
            visible,
            in_flight,
            delayed,
            done: self.queue.done(),
        }
    }

    /// What has become of it all so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let begun = self.messages.iter().zip(&self.begun).filter(|(_, begun)| **begun != NEVER);
        let mut waits: Vec<Duration> = begun.map(|(message, begun)| begun.since(message.due())).collect();
        Tally {
            done: self.queue.done(),
            killed: self.killed,
            lost: self.lost,
            longest_wait: waits.iter().max().copied().unwrap_or_default(),
            p95_wait: quantile(&mut waits, 95),
            running: self.group.billed(self.now),
            launches: self.group.launches(),
        }
    }

    /// How long each of the messages that `counts` waited, in order of arrival; one that waits still,
    /// until now.
    pub fn waits_of(&self, counts: impl Fn(&Message) -> bool) -> impl Iterator<Item = Duration> {
        let counting = self.messages.iter().zip(&self.begun).filter(move |(message, _)| counts(message));
        counting.map(|(message, begun)| (*begun).min(self.now).since(message.due()))
    }
}

/// The value that `percent` of 100 of the `values` do not exceed, which are put in another order; zero
/// if there are none.
pub(in crate::sim) fn quantile(values: &mut [Duration], percent: usize) -> Duration {
    let rank = values.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    if rank < values.len() { *values.select_nth_unstable(rank).1 } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_so_many_do_not_exceed() {
        let mut values: Vec<Duration> = (1..=200).rev().map(Duration::from_secs).collect();
        let found = [50, 95, 99, 100].map(|percent| quantile(&mut values, percent).as_secs());
        assert_eq!(found, [100, 190, 198, 200]);
        assert_eq!(quantile(&mut values[..1], 50), *values.first().unwrap());
        assert_eq!(quantile(&mut [], 50), Duration::ZERO);
    }
}
