use super::case::{Case, START};
use super::load::Message;
use super::world::{World, quantile};
use crate::model::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// What became of one run.
///
/// Messages that arrive in the first hour ([`UNSCORED`]) are worked on and billed, but not scored: a
/// learning controller is given that long. A run goes on after the last arrival until the queue is
/// empty, at most three hours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Scored messages of 100 that waited longer than the objective.
    pub late_percent: f64,
    /// The wait that half of the scored messages did not exceed.
    pub wait_p50: Duration,
    /// The wait that 95 of 100 did not exceed.
    pub wait_p95: Duration,
    /// The wait that 99 of 100 did not exceed.
    pub wait_p99: Duration,
    /// The longest wait.
    pub wait_max: Duration,
    /// Hours that all instances together are billed for.
    pub instance_hours: f64,
    /// Instances ever launched, the first ones included.
    pub launches: u64,
    /// How often the desired capacity was changed.
    pub actions: u64,
    /// Messages whose worker was taken from under them.
    pub killed: u64,
    /// Hours of work on them that were lost.
    pub lost_hours: f64,
    /// The run over time; empty unless asked for.
    pub history: Vec<Point>,
}

/// The world at one tick, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// When, from the beginning.
    pub at: Duration,
    /// Messages that arrived since the point before.
    pub arrived: u64,
    /// Messages that can be received.
    pub visible: u64,
    /// Messages being worked on or still hidden.
    pub in_flight: u64,
    /// Capacity asked for, after the tick.
    pub desired: u32,
    /// Instances that take messages.
    pub working: u32,
    /// How long the message has waited that will be received next.
    pub oldest_wait: Duration,
}

/// What a peer is shown at its tick.
#[derive(Clone, Debug, Default)]
pub struct Glance<'a> {
    /// When it is, from the beginning.
    pub at: Duration,
    /// The counter of visible messages, as a reader gets it.
    pub visible: u64,
    /// The counter of messages in flight, as a reader gets it.
    pub in_flight: u64,
    /// Capacity asked for.
    pub desired: u32,
    /// Instances in service, as the group says.
    pub in_service: u32,
    /// When each living instance was launched, from the beginning, oldest first; the first ones at 0.
    pub launched: Vec<Duration>,
    /// What was sent.
    pub sent: Sent<'a>,
}

/// The messages that were sent, exactly, as a metric counts them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'a>(&'a [Message]);

impl Sent<'_> {
    /// How many messages were sent up to `at`, from the beginning.
    #[must_use]
    pub fn by(&self, at: Duration) -> u64 {
        self.0.partition_point(|message| message.arrives <= START + at) as u64
    }
}

/// Something else that scales a group.
pub trait Peer {
    /// How often it looks; whole multiples of 5 s.
    fn period(&self) -> Duration;

    /// The smallest desired capacity that it can leave again: 0 or 1.
    fn least(&self) -> u32;

    /// What it wants, if it is something new.
    fn tick(&mut self, seen: &Glance<'_>) -> Option<u32>;
}

/// Messages that arrive this early are not scored.
pub const UNSCORED: Duration = Duration::from_hours(1);
/// How long a run goes on after the trace for the queue to be emptied.
const LONGEST_AFTER: Duration = Duration::from_hours(3);

/// A run of a peer on `case`, whose messages are `messages`.
pub fn run_peer(case: &Case, messages: &Arc<[Message]>, peer: &mut dyn Peer, history: bool) -> Run {
    let mut world = case.world(Arc::clone(messages));
    let mut course = Course::new(case, peer.period(), history);
    let mut glance = Glance {
        at: Duration::ZERO,
        visible: 0,
        in_flight: 0,
        desired: 0,
        in_service: 0,
        launched: Vec::new(),
        sent: Sent(messages),
    };
    while let Some(now) = course.next(&mut world) {
        let counts = world.counters();
        glance.at = now.since(START);
        (glance.visible, glance.in_flight) = (counts.visible, counts.in_flight);
        (glance.desired, glance.in_service) = (world.desired(), world.in_service());
        glance.launched.clear();
        glance.launched.extend(world.launched().map(|at| at.since(START)));
        if let Some(to) = peer.tick(&glance) {
            let to = to.max(peer.least()).min(case.max);
            course.acted(world.set_desired(to) == Ok(true));
        }
        course.note(&world);
    }
    course.result(&world)
}

/// A run on its way.
pub(super) struct Course<'a> {
    case: &'a Case,
    period: Duration,
    next: Timestamp,
    actions: u64,
    arrived: u64,
    history: Option<Vec<Point>>,
}

impl<'a> Course<'a> {
    pub(super) fn new(case: &'a Case, period: Duration, history: bool) -> Self {
        let history = history.then(Vec::new);
        Self { case, period, next: START + period, actions: 0, arrived: 0, history }
    }

    /// Lets the world go on to the next tick: when it is, or nothing if the run is over by then.
    pub(super) fn next(&mut self, world: &mut World) -> Option<Timestamp> {
        let now = self.next;
        world.advance_to(now);
        self.next = now + self.period;
        let end = START + self.case.trace.lasts;
        let all_begun = || {
            let census = world.census();
            census.to_come == 0 && census.visible == 0 && census.delayed == 0 && world.hidden() == 0
        };
        let over = now >= end && (all_begun() || now >= end + LONGEST_AFTER);
        (!over).then_some(now)
    }

    pub(super) fn acted(&mut self, acted: bool) {
        self.actions = self.actions.saturating_add(u64::from(acted));
    }

    pub(super) fn note(&mut self, world: &World) {
        let Some(history) = &mut self.history else { return };
        let census = world.census();
        history.push(Point {
            at: world.now().since(START),
            arrived: census.arrived.saturating_sub(self.arrived),
            visible: census.visible,
            in_flight: census.in_flight,
            desired: world.desired(),
            working: world.working(),
            oldest_wait: world.oldest_wait(),
        });
        self.arrived = census.arrived;
    }

    /// What became of it. What waits still has waited until now.
    pub(super) fn result(self, world: &World) -> Run {
        let mut waits: Vec<Duration> =
            world.waits_of(|message| message.arrives >= START + UNSCORED).collect();
        let late = waits.iter().filter(|wait| **wait > self.case.objective).count();
        let tally = world.tally();
        Run {
            late_percent: percent(late, waits.len()),
            wait_p50: quantile(&mut waits, 50),
            wait_p95: quantile(&mut waits, 95),
            wait_p99: quantile(&mut waits, 99),
            wait_max: waits.iter().max().copied().unwrap_or_default(),
            instance_hours: tally.running.as_secs_f64() / 3600.0,
            launches: tally.launches,
            actions: self.actions,
            killed: tally.killed,
            lost_hours: tally.lost.as_secs_f64() / 3600.0,
            history: self.history.unwrap_or_default(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::shapes::Shape;
    use crate::sim::trace::Trace;
    use crate::sim::world::Faults;

    /// Wants the same, or what the counters ask for.
    struct Plain {
        every: u64,
        wants: fn(&Glance<'_>) -> u32,
    }

    impl Peer for Plain {
        fn period(&self) -> Duration {
            Duration::from_secs(self.every)
        }

        fn least(&self) -> u32 {
            0
        }

        fn tick(&mut self, seen: &Glance<'_>) -> Option<u32> {
            Some((self.wants)(seen))
        }
    }

    fn case(counts: &[(u64, u32)]) -> Case {
        let lasts = Duration::from_hours(2);
        let trace = Trace { bin: Duration::from_secs(10), counts: counts.to_vec(), lasts };
        Case { trace, together: true, work_cv: 0.0, initial: Some(1), ..Case::default() }
    }

    fn run(case: &Case, every: u64, wants: fn(&Glance<'_>) -> u32) -> Run {
        run_peer(case, &case.messages(), &mut Plain { every, wants }, true)
    }

    fn follow(seen: &Glance<'_>) -> u32 {
        u32::try_from((seen.visible + seen.in_flight).div_ceil(3)).unwrap()
    }

    #[test]
    fn the_first_hour_is_billed_and_not_scored() {
        let objective = Duration::from_secs(15);
        let case = Case { objective, ..case(&[(0, 500), (3_600 + 2_000, 4)]) };
        let ran = run(&case, 60, |_| 1);
        // Four messages 10 ms apart, 10 s of work each, one slot: they wait 0, 9.99, 19.98 and 29.97 s.
        assert_eq!(
            (ran.wait_p50, ran.wait_max),
            (Duration::from_millis(9_990), Duration::from_millis(29_970))
        );
        assert!((ran.late_percent - 50.0).abs() < 1e-9 && (ran.instance_hours - 2.0).abs() < 1e-9, "{ran:?}");
    }

    #[test]
    fn a_run_goes_on_until_the_queue_is_empty_but_no_longer_than_three_hours() {
        let at_end = |count| run(&case(&[(7_190, count)]), 60, |_| 1).history.last().unwrap().at;
        assert_eq!(at_end(2), Duration::from_hours(2));
        assert_eq!(at_end(61), Duration::from_mins(129));
        assert_eq!(at_end(5_000), Duration::from_mins(299));
    }

    #[test]
    fn what_waits_at_the_end_has_waited_until_then() {
        let ran = run(&case(&[(7_100, 1)]), 60, |_| 0);
        assert_eq!(ran.wait_max, Duration::from_secs(3 * 3_600 + 100));
    }

    #[test]
    fn a_peer_is_shown_what_there_is() {
        let case = Case { noise_percent: 0.0, stale_max: Duration::ZERO, ..case(&[(60, 5), (4_000, 7)]) };
        let ran = run(&case, 60, |seen| {
            let minute = seen.at.as_secs() / 60;
            assert_eq!(
                seen.sent.by(seen.at),
                if minute < 2 { minute } else { 5 + u64::from(minute > 66) * 7 }
            );
            match minute {
                1 => assert_eq!((seen.visible, seen.in_flight, seen.desired, seen.in_service), (1, 0, 1, 1)),
                2 => assert_eq!((seen.visible, seen.in_flight), (0, 0)),
                3 => assert_eq!((seen.desired, seen.in_service, seen.launched.len()), (2, 2, 2)),
                _ => {}
            }
            2
        });
        assert_eq!((ran.actions, ran.launches), (1, 2));
    }

    #[test]
    fn history_adds_up() {
        let case = case(&[(0, 100), (5_000, 50)]);
        let ran = run(&case, 30, follow);
        assert_eq!(ran.history.iter().map(|point| point.arrived).sum::<u64>(), 150);
        assert!(ran.history.iter().any(|point| point.visible > 50 && point.oldest_wait > Duration::ZERO));
        assert!(ran.history.iter().any(|point| point.desired > 10 && point.working < point.desired));
        let silent = run_peer(&case, &case.messages(), &mut Plain { every: 30, wants: follow }, false);
        assert_eq!(silent, Run { history: Vec::new(), ..ran });
    }

    /// A case in which everything there is happens.
    fn eventful() -> Case {
        let hours = Duration::from_hours;
        Case {
            trace: Shape::Spikes.trace(hours(8), 40.0, 3),
            work_cv: 1.0,
            slots: 2,
            max: 40,
            phantom_percent: 2.0,
            zero_percent: 1.0,
            delay: Duration::from_secs(5),
            fifo_groups: 50,
            faults: Faults {
                failed_launches_percent: 5.0,
                failed_after: Duration::from_mins(10),
                ceilings: vec![(hours(3), 6), (hours(4), 100)],
                meddling: vec![(hours(5), 20)],
                mean_life: Some(hours(6)),
            },
            seed: 42,
            ..Case::default()
        }
    }

    /// The same on every platform, or draws are not what they should be.
    #[test]
    fn same_seed_same_run() {
        let ran = run(&eventful(), 15, follow);
        let digest = ran.history.iter().fold(0_u64, |digest, point| {
            let parts = [point.visible, point.in_flight, point.working.into(), point.desired.into()];
            parts.iter().fold(digest, |digest, part| digest.wrapping_mul(0x0100_0000_01b3) ^ part)
        });
        let figures = (ran.wait_p99.as_millis(), ran.launches, ran.actions, ran.killed, digest);
        assert_eq!(figures, (1_414_571, 1_445, 1_030, 965, 17_487_719_176_186_322_142));
    }

    #[test]
    fn another_seed_is_another_run() {
        let other = Case { seed: 43, ..eventful() };
        assert_ne!(run(&eventful(), 15, follow).wait_p99, run(&other, 15, follow).wait_p99);
    }
}
