mod hedge;
mod late;

use super::*;
use crate::model::{Aged, Backlog, Estimate, Fleet, Learnt};

/// A queue and a fleet at one moment: 10 s a message, 2 slots, 100 s to boot, nothing expected to arrive.
struct Moment {
    policy: Latency,
    memory: Memory,
    fleet: Fleet,
    backlog: Backlog,
    outlook: Outlook,
    now: Timestamp,
    /// Whether scale-out is paused.
    held: bool,
}

impl Moment {
    fn new(objective_secs: f64) -> Self {
        let learnt = |value| Learnt { value, belief: 1.0 };
        let estimate = Estimate {
            arrivals_per_sec: learnt(0.0),
            processing_secs: learnt(10.0),
            slots: learnt(2.0),
            boot_secs: learnt(100.0),
            boot_spread: learnt(0.17),
            drain_secs: None,
            late_percent: 0.0,
        };
        let outlook = Outlook {
            estimate,
            sample_secs: 10.0,
            sample_arrived: 0.0,
            visibility_secs: 30.0,
            tight: objective_secs < Tuning::SHIPPED.lead_secs(100.0),
            step_secs: 10.0,
            arrived: vec![0.0; 100],
            expected: vec![0.0; 100],
            repeats: false,
            jump_per_sec: None,
            error_per_sec: 0.0,
            ages: Vec::new(),
        };
        let hints = Hints { objective_secs, ..Hints::default() };
        Self {
            policy: Latency { hints, drains: true, tuning: Tuning::SHIPPED },
            memory: Memory::default(),
            fleet: Fleet { max: 100, ..Fleet::default() },
            backlog: Backlog::default(),
            outlook,
            now: Timestamp::from_secs(1000),
            held: false,
        }
    }

    /// `count` units that were ordered `age` seconds ago.
    fn units(mut self, count: u32, age: f64) -> Self {
        self.fleet.desired += count;
        self.fleet.in_service += count;
        self.outlook.ages.push(Aged { secs: age, units: count });
        self
    }

    /// `count` messages that arrived `ago` steps ago and wait.
    fn waiting(mut self, count: u32, ago: usize) -> Self {
        self.backlog.visible += u64::from(count);
        self.outlook.arrived.iter_mut().skip(ago).for_each(|sum| *sum += f64::from(count));
        self
    }

    fn in_flight(mut self, count: u64) -> Self {
        self.backlog.in_flight = count;
        self
    }

    fn arriving(mut self, per_sec: f64) -> Self {
        self.outlook.estimate.arrivals_per_sec.value = per_sec;
        self.outlook.expected = (0..100_u32).map(|step| per_sec * 10.0 * f64::from(step)).collect();
        self
    }

    fn view(&self) -> View<'_> {
        let (now, outlook, held) = (self.now, Some(&self.outlook), self.held);
        View { now, backlog: &self.backlog, fleet: &self.fleet, outlook, held }
    }

    fn want(&mut self) -> (u32, &'static str) {
        let mut memory = self.memory.clone();
        self.policy.remember(&self.view(), &mut memory);
        self.memory = memory;
        let want = self.policy.want(&self.view(), &self.memory);
        (want.capacity, want.reasons[0].code())
    }

    /// The same for a while: what is wanted at its end.
    fn after(&mut self, ticks: u32) -> (u32, &'static str) {
        for _ in 0..ticks {
            self.want();
            self.now = self.now + Duration::from_secs(10);
            self.outlook.ages.iter_mut().for_each(|age| age.secs += 10.0);
        }
        self.want()
    }
}

#[test]
fn without_an_outlook_nothing_changes() {
    let moment = Moment::new(60.0).units(3, 1e9);
    let view = View { outlook: None, ..moment.view() };
    let want = moment.policy.want(&view, &moment.memory);
    assert_eq!((want.capacity, want.reasons[0].code()), (3, "nothing_learnt"));
}

#[test]
fn a_burst_orders_what_starts_it_in_time_and_no_more() {
    // Within 60 s of work each slot starts 6.5 messages: one instance 13.
    let (capacity, code) = Moment::new(300.0).waiting(400, 0).want();
    assert_eq!(code, "latency_objective");
    let least = 400.0 / (2.0 * (200.0 / 10.0 + 0.5));
    assert!((least..2.0 * least).contains(&f64::from(capacity)), "{capacity} for {least}");
}

#[test]
fn one_message_that_waits_longer_than_all_others_is_not_overlooked() {
    assert_eq!(Moment::new(300.0).waiting(1, 20).waiting(9, 0).want(), (1, "last_moment"));
}

#[test]
fn the_first_instance_is_ordered_at_the_last_tick_from_which_it_is_in_time() {
    for (sample_secs, wanted) in [(10.0, (0, "all_needed")), (60.0, (1, "last_moment"))] {
        let mut moment = Moment::new(200.0).waiting(1, 2);
        moment.outlook.sample_secs = sample_secs;
        assert_eq!(moment.want(), wanted, "a tick every {sample_secs} s");
    }
}

#[test]
fn what_is_booting_is_not_ordered_again() {
    let mut moment = Moment::new(300.0).waiting(400, 0);
    let (ordered, _) = moment.want();
    let (capacity, code) = moment.units(ordered, 0.0).want();
    assert_eq!((capacity, code), (ordered, "all_needed"));
}

#[test]
fn more_messages_never_ask_for_less() {
    let mut last = 0;
    for messages in [0, 1, 10, 50, 200, 1000, 5000] {
        let (capacity, _) = Moment::new(120.0).units(2, 1e9).waiting(messages, 0).in_flight(4).want();
        assert!(capacity >= last, "{messages}: {capacity} < {last}");
        last = capacity;
    }
}

#[test]
fn a_trickle_waits_for_its_last_moment() {
    // 300 s are acceptable, 258 aimed at, and booting takes 100: until 138 s, more may arrive.
    assert_eq!(Moment::new(300.0).waiting(1, 5).want(), (0, "all_needed"));
    assert_eq!(Moment::new(300.0).waiting(1, 20).want(), (1, "last_moment"));
}

#[test]
fn where_nothing_says_how_long_a_message_takes_some_instances_find_out() {
    let guessed = |count| {
        let mut moment = Moment::new(300.0).waiting(count, 0);
        moment.outlook.estimate.processing_secs.belief = 0.0;
        moment
    };
    assert_eq!(guessed(1).want(), (1, "time_unknown"), "at once: what is learnt late is learnt too late");
    // Two slots each: 8 for 64 messages.
    assert_eq!(guessed(64).want(), (4, "time_unknown"));
    let mut there = guessed(64).units(4, 1e9);
    assert_eq!(there.after(200), (4, "all_needed"), "and they stay until it is found out");
    let mut told = guessed(64);
    told.policy.hints.processing_secs = Some(10.0);
    assert_eq!(told.want(), Moment::new(300.0).waiting(64, 0).want(), "a hint says so");
}

#[test]
fn the_last_instance_stays_until_the_queue_is_empty() {
    let (capacity, _) = Moment::new(300.0).units(1, 1e9).in_flight(1).after(60);
    assert_eq!(capacity, 1);
    let (capacity, code) = Moment::new(300.0).units(1, 1e9).after(60);
    assert_eq!((capacity, code), (0, "no_longer_needed"));
}

#[test]
fn a_new_watch_gives_nothing_back() {
    let mut moment = Moment::new(300.0).units(5, 1e9);
    assert_eq!(moment.want(), (5, "not_watched_yet"));
    assert_eq!(moment.after(5).0, 5);
}

#[test]
fn nothing_goes_while_the_last_order_boots() {
    let mut moment = Moment::new(300.0).units(5, 1e9);
    moment.after(60);
    let mut ordered = moment.units(1, 0.0);
    assert_eq!(ordered.want(), (6, "still_booting"));
    assert_eq!(ordered.after(9), (6, "still_booting"));
    assert!(ordered.after(8).0 < 6);
}

#[test]
fn instances_that_replace_lost_ones_forbid_no_scale_in() {
    let mut moment = Moment::new(300.0).units(20, 1e9).in_flight(2);
    for _ in 0..60 {
        moment.outlook.ages = vec![Aged { secs: 1e9, units: 19 }, Aged { secs: 20.0, units: 1 }];
        moment.after(1);
    }
    assert!(moment.want().0 < 20);
}

#[test]
fn busy_slots_keep_their_instances() {
    let (capacity, _) = Moment::new(300.0).units(5, 1e9).in_flight(6).after(60);
    assert_eq!(capacity, 3);
}

#[test]
fn a_blind_removal_waits_for_idle_instances() {
    let mut moment = Moment::new(130.0).units(4, 1e9).in_flight(3);
    moment.policy.drains = false;
    moment.outlook.visibility_secs = 300.0;
    assert_eq!(moment.after(60), (4, "would_interrupt"));
    assert_eq!(moment.in_flight(0).after(12).0, 0);
}

#[test]
fn an_objective_shorter_than_a_boot_is_said_to_be_out_of_reach() {
    let mut moment = Moment::new(60.0).units(1, 1e9);
    moment.want();
    let want = moment.policy.want(&moment.view(), &moment.memory);
    let words = want.reasons[1].to_string();
    assert!(words.contains("60 s is out of reach") && words.contains("booting takes 100 s"), "{words}");
    assert!(words.contains("an objective of 137 s"), "{words}");
    moment.outlook.estimate.boot_secs.belief = 0.1;
    let guessed = moment.policy.want(&moment.view(), &moment.memory);
    assert_eq!(guessed.reasons.len(), 1, "a guess proves nothing");
}

#[test]
fn what_will_arrive_before_an_order_works_is_ordered_for_now() {
    // 4 messages a second keep 20 instances busy, and 60 s are shorter than the boot.
    let (capacity, code) = Moment::new(60.0).units(10, 1e9).arriving(4.0).in_flight(20).want();
    assert_eq!(code, "latency_objective");
    assert!((16..=24).contains(&capacity), "{capacity}");
}

#[test]
fn instances_that_may_still_boot_are_not_reckoned_to_work() {
    let ordered = |spread, age| {
        let mut moment = Moment::new(300.0).waiting(700, 20).units(10, age);
        moment.outlook.estimate.boot_spread.value = spread;
        moment.want().0
    };
    assert!(ordered(0.5, 110.0) > ordered(0.05, 110.0), "{} {}", ordered(0.5, 110.0), ordered(0.05, 110.0));
    assert_eq!(ordered(0.5, 151.0), ordered(0.05, 151.0), "the slowest boots are over");
}

#[test]
fn two_samples_of_false_zeros_take_no_busy_fleet_away() {
    let mut moment = Moment::new(300.0).units(20, 1e9).in_flight(40);
    moment.memory.idle = serde_json::from_str("{\"cost\":[0,9,9,9,9,9,9,9,9]}").unwrap();
    moment.after(60);
    moment.memory.idle.note(moment.now, 10.0, 20, 0.0, &Tuning::SHIPPED);
    let mut zero = moment.in_flight(0);
    assert_eq!(zero.after(0).0, 20);
    assert_eq!(zero.after(1).0, 20);
    assert!(zero.after(8).0 < 20, "but a queue that stays empty is believed");
}

#[test]
fn capacity_that_never_comes_forbids_no_scale_in() {
    let mut moment = Moment::new(300.0).units(20, 1e9);
    moment.after(60);
    moment.fleet.desired = 30;
    assert!(moment.after(12).0 < 30);
}

#[test]
fn an_empty_fleet_is_woken_without_a_message_only_for_what_repeats_and_leaves_no_time_to_wait() {
    let want = |objective, repeats| {
        let mut moment = Moment::new(objective).arriving(3.0);
        moment.outlook.repeats = repeats;
        moment.want().0
    };
    assert!(want(60.0, true) > 0);
    assert_eq!([want(60.0, false), want(300.0, true)], [0, 0]);
}

/// What is said to lead elsewhere.
fn otherwise(moment: &mut Moment) -> String {
    moment.want();
    moment.policy.want(&moment.view(), &moment.memory).reasons[0].otherwise()
}

/// The number that stands at this place of a sentence.
fn number(words: &str, place: usize) -> f64 {
    let numbers = words.split(|sign: char| !sign.is_ascii_digit() && sign != '.');
    numbers.filter_map(|word| word.parse().ok()).nth(place).unwrap()
}

#[test]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
fn more_is_ordered_beyond_as_many_messages_as_it_says_and_nothing_with_as_many_fewer() {
    for objective in [60.0, 300.0] {
        let scene = |more| Moment::new(objective).units(5, 500.0).waiting(20 + more, 50).in_flight(10);
        assert_eq!(scene(0).want(), (5, "all_needed"), "{objective}");
        let words = otherwise(&mut scene(0));
        let room = number(&words, 0) as u32;
        assert_eq!(scene(room).want().0, 5, "{objective}: {words}");
        assert_eq!(scene(room + 1).want().1, "latency_objective", "{objective}: {words}");
        let many = room + 100;
        let fewer = number(&otherwise(&mut scene(many)), 0) as u32;
        assert_eq!(scene(many - fewer).want().0, 5, "{objective}: {fewer} fewer");
        assert_eq!(scene(many - fewer + 1).want().1, "latency_objective", "{objective}: {fewer} fewer");
    }
}

#[test]
fn fewer_may_do_below_the_arrivals_or_the_work_that_it_says() {
    let busy = |count| Moment::new(300.0).units(5, 500.0).in_flight(count);
    assert!(otherwise(&mut busy(10)).ends_with("; 8 or fewer messages in flight would allow fewer"));
    assert_ne!(busy(8).want().1, "all_needed");
    let flowing = |per_sec| Moment::new(60.0).units(5, 500.0).in_flight(8).arriving(per_sec);
    let words = otherwise(&mut flowing(1.0));
    assert!(words.ends_with("; fewer than 0.854 arrivals a second would allow fewer"), "{words}");
    assert_ne!(flowing(0.85).want().1, "all_needed");
    assert_eq!(flowing(0.87).want().1, "all_needed");
}

#[test]
fn orders_that_become_instances_are_no_shortage() {
    let mut moment = Moment::new(300.0).units(5, 1e9).waiting(4000, 40).in_flight(10);
    moment.fleet.desired = 100;
    for _ in 0..30 {
        moment.after(2);
        moment.fleet.pending += 1;
    }
    assert!(!moment.memory.excused);
    moment.after(15);
    assert!(moment.memory.excused, "nothing has come for longer than a boot");
}
