use super::chance::{Lognormal, Matter, stream};
use super::load::Message;
use super::trace::Trace;
use super::world::{Faults, GroupTerms, QueueTerms, Victims, World};
use crate::model::Timestamp;
use rand::RngExt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// One workload, its queue, its group, and the wait that is acceptable.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// What arrives.
    pub trace: Trace,
    /// Whether the messages of a bin arrive in one go, 10 ms apart or closer; if not, at any time within it.
    pub together: bool,
    /// Time a worker takes over a message, on average.
    pub work_mean: Duration,
    /// Its coefficient of variation: it is lognormal, and never below 0.2 s.
    pub work_cv: f64,
    /// Messages one instance works on at once.
    pub slots: u32,
    /// Time from launch to the first message, uniform.
    pub boot: RangeInclusive<Duration>,
    /// Time from launch until an instance is in service, as the group says.
    pub in_service_after: Duration,
    /// The wait that is acceptable.
    pub objective: Duration,
    /// How long the messages of a stopped worker stay hidden.
    pub visibility_timeout: Duration,
    /// The group's upper limit; the lower one is 0.
    pub max: u32,
    /// By how much the counters are off: the standard deviation of a factor.
    pub noise_percent: f64,
    /// How old a reading of the counters may be.
    pub stale_max: Duration,
    /// Readings of 100 that show a message or two which are not there.
    pub phantom_percent: f64,
    /// Readings of 100 that show an empty queue, whatever is in it.
    pub zero_percent: f64,
    /// Whether `CloudWatch`'s count of deletions is read as well.
    pub deletions: bool,
    /// How long after sending a message can first be received.
    pub delay: Duration,
    /// FIFO groups that messages are dealt to at random; 0 for a standard queue.
    pub fifo_groups: u32,
    /// Which instances a scale-in takes.
    pub victims: Victims,
    /// What goes wrong with the group.
    pub faults: Faults,
    /// Instances that run when it begins; nothing: 1.2 times what the first ten minutes ask for, at least 1.
    pub initial: Option<u32>,
    /// What all chance comes from.
    pub seed: u64,
    /// The time of day when it begins, which windows and records go by.
    pub begins: Timestamp,
}

/// When every world begins, and a case by default: midnight, so that a record's time of day reads as the time
/// since then.
pub const START: Timestamp = Timestamp::from_secs(1_767_225_600); // 2026-01-01T00:00:00Z
/// The shortest work there is.
const WORK_LEAST: Duration = Duration::from_millis(200);
/// The first stretch of a case, which the first instances are reckoned from.
const BEGINNING: Duration = Duration::from_mins(10);
/// What a message that arrives together with others comes after the one before it, at most.
const TOGETHER_MS: u64 = 10;
/// Within how long all messages of a bin arrive, if they arrive together.
const TOGETHER_SPAN_MS: u64 = 9_000;

impl Default for Case {
    /// Nothing arrives, and nothing goes wrong but that the counters are as approximate as SQS's.
    fn default() -> Self {
        Self {
            name: String::new(),
            trace: Trace::default(),
            together: false,
            work_mean: Duration::from_secs(10),
            work_cv: 0.5,
            slots: 1,
            boot: Duration::from_mins(2)..=Duration::from_mins(3),
            in_service_after: Duration::from_secs(40),
            objective: Duration::from_mins(5),
            visibility_timeout: Duration::from_mins(1),
            max: 100,
            noise_percent: 5.0,
            stale_max: Duration::from_secs(15),
            phantom_percent: 0.0,
            zero_percent: 0.0,
            deletions: true,
            delay: Duration::ZERO,
            fifo_groups: 0,
            victims: Victims::Any,
            faults: Faults::default(),
            initial: None,
            seed: 1,
            begins: START,
        }
    }
}

impl Case {
    /// By how many milliseconds its time of day is ahead of its world's.
    #[must_use]
    pub const fn ahead_millis(&self) -> i64 {
        self.begins.as_millis() - START.as_millis()
    }

    /// The messages, in order of arrival. The same for every controller.
    #[must_use]
    pub fn messages(&self) -> Arc<[Message]> {
        let mut arrivals = stream(self.seed, Matter::Arrivals);
        let mut work = stream(self.seed, Matter::Work);
        let mut groups = stream(self.seed, Matter::FifoGroups);
        let mut times = Lognormal::new(self.work_mean, self.work_cv, WORK_LEAST);
        let most = self.trace.counts.iter().map(|(_, count)| u64::from(*count)).max().unwrap_or_default();
        let bin_ms = u64::try_from(self.trace.bin.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut offsets: Vec<u64> = Vec::new();
        let mut messages = Vec::with_capacity(usize::try_from(self.trace.total()).unwrap_or_default());
        for (secs, count) in &self.trace.counts {
            offsets.clear();
            if self.together {
                offsets.extend((0..u64::from(*count)).map(|turn| together_ms(turn, most)));
            } else {
                offsets.extend((0..*count).map(|_| arrivals.random_range(0..bin_ms)));
                offsets.sort_unstable();
            }
            let bin = START + Duration::from_secs(*secs);
            messages.extend(offsets.iter().map(|after| Message {
                arrives: bin + Duration::from_millis(*after),
                work: times.draw(&mut work),
                delay: self.delay,
                group: match self.fifo_groups {
                    0 => None,
                    count => NonZeroU32::new(groups.random_range(1..=count)),
                },
            }));
        }
        messages.into()
    }

    /// The world at its beginning.
    #[must_use]
    pub fn world(&self, messages: Arc<[Message]>) -> World {
        let queue = QueueTerms {
            visibility_timeout: self.visibility_timeout,
            stale_max: self.stale_max,
            noise_percent: self.noise_percent,
            phantom_percent: self.phantom_percent,
            zero_percent: self.zero_percent,
        };
        let group = GroupTerms {
            min: 0,
            max: self.max,
            initial: self.initial_size(&messages),
            slots: self.slots,
            boot: self.boot.clone(),
            in_service_after: Some(self.in_service_after),
            stopping: Duration::ZERO,
            victims: self.victims,
            weights: Vec::new(),
            faults: self.faults.clone(),
        };
        World::new(queue, group, messages, START, self.seed)
    }

    /// The middle of what booting takes.
    #[must_use]
    pub fn boot_mean(&self) -> Duration {
        self.boot.start().saturating_add(*self.boot.end()) / 2
    }

    /// The instances that run when it begins.
    pub(super) fn initial_size(&self, messages: &[Message]) -> u32 {
        self.initial.unwrap_or_else(|| self.first_load(messages)).min(self.max)
    }

    /// 1.2 times the instances that the work of the first ten minutes keeps busy for as long.
    fn first_load(&self, messages: &[Message]) -> u32 {
        let first = messages.iter().take_while(|message| message.arrives < START + BEGINNING);
        let work: Duration = first.map(|message| message.work).sum();
        let slot_time = BEGINNING.saturating_mul(self.slots.max(1)).as_millis();
        let instances = (work.as_millis() * 12).div_ceil(slot_time * 10);
        u32::try_from(instances).unwrap_or(u32::MAX).max(1)
    }
}

/// When the `turn`-th message of a bin arrives, so that those of the fullest one keep within their span.
fn together_ms(turn: u64, most: u64) -> u64 {
    turn.saturating_mul(TOGETHER_SPAN_MS) / most.max(TOGETHER_SPAN_MS / TOGETHER_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(counts: &[(u64, u32)]) -> Case {
        let lasts = Duration::from_hours(2);
        let trace = Trace { bin: Duration::from_secs(10), counts: counts.to_vec(), lasts };
        Case { trace, work_cv: 0.0, ..Case::default() }
    }

    fn arrivals(case: &Case) -> Vec<u64> {
        case.messages()
            .iter()
            .map(|message| message.arrives.as_millis().abs_diff(START.as_millis()))
            .collect()
    }

    #[test]
    fn a_bins_messages_arrive_within_it_in_order() {
        let arrivals = arrivals(&case(&[(20, 500), (30, 500)]));
        assert!(arrivals.is_sorted());
        assert!(arrivals.iter().take(500).all(|ms| (20_000..30_000).contains(ms)));
        assert!(arrivals.iter().skip(500).all(|ms| (30_000..40_000).contains(ms)));
    }

    #[test]
    fn messages_that_arrive_together_are_10_ms_apart_and_closer_where_there_are_many() {
        let together = |counts| arrivals(&Case { together: true, ..case(counts) });
        assert_eq!(together(&[(20, 3), (60, 1)]), [20_000, 20_010, 20_020, 60_000]);
        let many = together(&[(0, 9_000), (10, 2)]);
        assert_eq!((many.get(8_999), many.last()), (Some(&8_999), Some(&10_001)));
    }

    #[test]
    fn without_variation_every_message_takes_the_mean() {
        let messages = case(&[(0, 50)]).messages();
        assert!(messages.iter().all(|message| message.work == Duration::from_secs(10)));
    }

    #[test]
    fn the_first_instances_are_a_fifth_more_than_the_first_ten_minutes_keep_busy() {
        let first = |case: Case| case.world(case.messages()).desired();
        // 240 messages of 10 s in 600 s keep 4 slots busy.
        let busy = case(&[(0, 120), (590, 120), (600, 9_999)]);
        assert_eq!(first(busy.clone()), 5);
        assert_eq!(first(Case { slots: 2, ..busy.clone() }), 3);
        assert_eq!(first(Case { initial: Some(0), ..busy.clone() }), 0);
        assert_eq!(first(Case { max: 2, ..busy }), 2);
        assert_eq!(first(case(&[])), 1);
    }

    #[test]
    fn delays_and_fifo_groups_are_dealt_out_where_they_are_asked_for() {
        let plain = case(&[(0, 300)]);
        assert!(plain.messages().iter().all(|message| message.delay.is_zero() && message.group.is_none()));
        let delay = Duration::from_secs(30);
        let messages = Case { delay, fifo_groups: 3, ..plain }.messages();
        let of =
            |group| messages.iter().filter(|one| one.group.is_some_and(|own| own.get() == group)).count();
        assert!(messages.iter().all(|message| message.delay == delay));
        assert!((1..=3).all(|group| of(group) > 70), "{} {} {}", of(1), of(2), of(3));
    }
}
