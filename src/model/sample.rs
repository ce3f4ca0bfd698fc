use super::{Missing, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Everything read in one tick: each source, and the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// One entry a source, in the settings' order.
    pub queues: Vec<Queue>,
    /// The target's group, or why it could not be read.
    pub fleet: Result<Fleet, Missing>,
}

/// One queue as a source saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// The queue's name, as people know it.
    pub name: String,
    /// Its counters, or why they could not be read.
    pub backlog: Result<Backlog, Missing>,
    /// Seconds the reading took; it is at most this old when it arrives.
    pub age_secs: f64,
    /// What the same answer told about the queue itself.
    pub facts: QueueFacts,
    /// Messages deleted of late, where the source can tell.
    pub deleted: Option<Deleted>,
    /// What lies in its dead-letter queue, if it has one. No scaling depends on it.
    pub dead_letters: Option<DeadLetters>,
    /// Age of its oldest message in seconds, where the source can tell.
    ///
    /// Source: the `CloudWatch` metric `ApproximateAgeOfOldestMessage` in `AWS/SQS`, some minutes late.
    pub oldest_secs: Option<f64>,
}

/// The messages that a queue gave up delivering, where its redrive policy puts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// The dead-letter queue's name.
    pub queue: String,
    /// Messages in it: visible, in flight and delayed; or why they could not be counted.
    pub count: Result<u64, Missing>,
}

/// Messages that workers finished with, and so deleted, over a stretch of the recent past.
///
/// Source: the `CloudWatch` metric `NumberOfMessagesDeleted` in `AWS/SQS`, one figure a minute, some
/// minutes late.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deleted {
    /// When the stretch begins, by the time of day.
    pub from: Timestamp,
    /// Its length.
    pub lasts: Duration,
    /// Messages deleted in it.
    pub count: f64,
}

/// Properties of a queue that come with its counters at no extra call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueFacts {
    /// Seconds a received message stays hidden before it is delivered again.
    pub visibility_timeout_secs: Option<u32>,
    /// Whether the queue is first-in-first-out.
    pub fifo: bool,
    /// ARN of the dead-letter queue, if the queue has one.
    pub dead_letter_queue: Option<String>,
    /// Seconds after which a message is deleted, done or not.
    pub retention_secs: Option<u32>,
}

/// Messages waiting, being worked on, and not due yet. All three counters are approximate.
///
/// Source: SQS `GetQueueAttributes`, which may take a minute to settle after producers stop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    /// Messages that can be received now.
    pub visible: u64,
    /// Messages received and neither deleted nor returned yet.
    pub in_flight: u64,
    /// Messages whose delay has not passed.
    pub delayed: u64,
    /// The messages a policy reckons with: the counters that the settings count, times the queue's weight.
    pub counted: f64,
}

/// An Auto Scaling group's sizes and what stands in the way of changing them.
///
/// All counts are capacity units: instances, unless the group gives its instance types weights
/// (`weighted`), in which case desired, min and max are in those units and the states are summed likewise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Capacity that was asked for.
    pub desired: u32,
    /// The group's own lower limit.
    pub min: u32,
    /// The group's own upper limit.
    pub max: u32,
    /// Capacity in the lifecycle state `InService`, the only one that works on messages.
    pub in_service: u32,
    /// Capacity ordered and on its way in.
    pub pending: u32,
    /// Capacity on its way out.
    pub terminating: u32,
    /// Capacity set aside by a person.
    pub standby: u32,
    /// Capacity in a warm pool.
    pub warmed: u32,
    /// Capacity in a state this program does not know; it counts as none of the above.
    pub unknown: u32,
    /// The instances that are pending or in service.
    pub instances: Vec<Instance>,
    /// Whether the group counts in weights rather than instances.
    pub weighted: bool,
    /// The process `Launch` is suspended: a larger desired capacity would not be fulfilled.
    pub launch_suspended: bool,
    /// The process `Terminate` is suspended: a smaller desired capacity would not be fulfilled.
    pub terminate_suspended: bool,
    /// The principal that alone may change the group, if it names one.
    pub operator: Option<String>,
}

/// An instance that was ordered and not given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its identifier, which is never used twice.
    pub id: Arc<str>,
    /// Whether it is in service; if not, it is pending.
    pub in_service: bool,
    /// Capacity units it stands for.
    pub capacity: u32,
}

impl Backlog {
    /// Whether all three counters are zero.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.visible == 0 && self.in_flight == 0 && self.delayed == 0
    }

    /// Counted messages per unit of `in_service` capacity; at none in service, the backlog itself.
    ///
    /// Source: the backlog-per-instance metric of the EC2 Auto Scaling user guide, "Scaling based on
    /// Amazon SQS", which leaves the value at zero instances open.
    #[must_use]
    pub fn per_instance(&self, in_service: u32) -> f64 {
        self.counted / f64::from(in_service.max(1))
    }
}

impl std::ops::Add for Backlog {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            visible: self.visible.saturating_add(other.visible),
            in_flight: self.in_flight.saturating_add(other.in_flight),
            delayed: self.delayed.saturating_add(other.delayed),
            counted: self.counted + other.counted,
        }
    }
}

impl Sample {
    /// Messages in the queues' dead-letter queues, each of which is counted once. Nothing where no queue has
    /// one, or where one could not be counted.
    #[must_use]
    pub fn dead_letters(&self) -> Option<u64> {
        let mut counts: BTreeMap<&str, Option<u64>> = BTreeMap::new();
        for dead in self.queues.iter().filter_map(|queue| queue.dead_letters.as_ref()) {
            let count = counts.entry(&dead.queue).or_default();
            *count = count.or(dead.count.as_ref().ok().copied());
        }
        counts.into_values().reduce(|sum, count| Some(sum?.saturating_add(count?))).flatten()
    }

    /// The age of the oldest message in any queue, in seconds, where one is known.
    #[must_use]
    pub fn oldest_secs(&self) -> Option<f64> {
        self.queues.iter().filter_map(|queue| queue.oldest_secs).reduce(f64::max)
    }
}

impl Queue {
    /// A queue of which no more is known than its name and its counters.
    #[must_use]
    pub fn new(name: impl Into<String>, backlog: Result<Backlog, Missing>) -> Self {
        Self {
            name: name.into(),
            backlog,
            age_secs: 0.0,
            facts: QueueFacts::default(),
            deleted: None,
            dead_letters: None,
            oldest_secs: None,
        }
    }
}

impl Sample {
    /// The backlog of all queues together, or nothing when any of them is missing: a sum with a hole
    /// in it would read as fewer messages than there are.
    #[must_use]
    pub fn backlog(&self) -> Option<Backlog> {
        self.queues
            .iter()
            .try_fold(Backlog::default(), |sum, queue| Some(sum + *queue.backlog.as_ref().ok()?))
    }

    /// Every reading that failed, queues first.
    pub fn missing(&self) -> impl Iterator<Item = &Missing> {
        let queues = self.queues.iter().filter_map(|queue| queue.backlog.as_ref().err());
        queues.chain(self.fleet.as_ref().err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;

    fn sample(backlogs: Vec<Result<Backlog, Missing>>) -> Sample {
        Sample {
            queues: backlogs.into_iter().map(|backlog| Queue::new("a", backlog)).collect(),
            fleet: Ok(Fleet::default()),
        }
    }

    #[test]
    fn queues_add_up_and_never_wrap_to_an_empty_one() {
        let most = Backlog { visible: u64::MAX, in_flight: u64::MAX, delayed: u64::MAX, counted: 2.0 };
        let one = Backlog { visible: 1, in_flight: 1, delayed: 1, counted: 0.5 };
        assert_eq!(sample(vec![Ok(most), Ok(one)]).backlog(), Some(Backlog { counted: 2.5, ..most }));
    }

    /// A sample of queues with these dead-letter queues.
    fn losing(dead: &[Option<(&str, Option<u64>)>]) -> Sample {
        let queue = |dead: &Option<(&str, Option<u64>)>| {
            let hole = || Missing::new("dead-letter queue", Cause::Denied, "AccessDenied");
            let letters = dead
                .map(|(name, count)| DeadLetters { queue: name.to_owned(), count: count.ok_or_else(hole) });
            Queue { dead_letters: letters, ..Queue::new("a", Ok(Backlog::default())) }
        };
        Sample { queues: dead.iter().map(queue).collect(), fleet: Ok(Fleet::default()) }
    }

    #[test]
    fn dead_letters_add_up_each_queue_once_and_one_that_was_not_counted_is_no_zero() {
        assert_eq!(losing(&[None, None]).dead_letters(), None);
        assert_eq!(losing(&[None, Some(("d", Some(0)))]).dead_letters(), Some(0));
        assert_eq!(losing(&[Some(("d", Some(3))), Some(("e", Some(4)))]).dead_letters(), Some(7));
        assert_eq!(losing(&[Some(("d", Some(3))), Some(("d", Some(3)))]).dead_letters(), Some(3));
        assert_eq!(losing(&[Some(("d", None)), Some(("d", Some(3)))]).dead_letters(), Some(3));
        let unread = losing(&[Some(("d", Some(3))), Some(("e", None))]);
        assert_eq!((unread.dead_letters(), unread.missing().count()), (None, 0));
    }

    #[test]
    fn a_sum_with_a_hole_in_it_is_no_sum() {
        let hole = Missing::new("queue b", Cause::Timeout, "no answer");
        assert_eq!(sample(vec![Ok(Backlog::default()), Err(hole)]).backlog(), None);
    }
}
