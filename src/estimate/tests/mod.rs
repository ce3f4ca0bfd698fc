mod doubtful;
mod spread;

use super::*;
use crate::model::{Cause, Hints, Instance, Missing, Queue, Tuning};
use std::time::Duration;

const HINTS: Hints =
    Hints { objective_secs: 300.0, processing_secs: Some(10.0), slots: Some(2), boot_secs: Some(100.0) };
const NOTHING: Hints = Hints { objective_secs: 300.0, processing_secs: None, slots: None, boot_secs: None };

fn by(hints: &Hints) -> Learning<'_> {
    Learning { hints, tuning: &Tuning::SHIPPED }
}

/// A queue and a group that are looked at every ten seconds.
struct Watch {
    estimates: Estimates,
    hints: Hints,
    at: i64,
    instances: Vec<Instance>,
}

impl Watch {
    fn new(hints: Hints) -> Self {
        Self { estimates: Estimates::default(), hints, at: 1000, instances: Vec::new() }
    }

    fn now(&self) -> Now {
        Now::at(Timestamp::from_secs(self.at))
    }

    fn sample(&self, visible: u64, in_flight: u64) -> Sample {
        let backlog = Ok(Backlog { visible, in_flight, ..Backlog::default() });
        let queue = Queue::new("a", backlog);
        let count = self.instances.len().try_into().unwrap();
        let fleet = Fleet {
            desired: count,
            in_service: count,
            instances: self.instances.clone(),
            ..Fleet::default()
        };
        Sample { queues: vec![queue], fleet: Ok(fleet) }
    }

    fn see(&mut self, visible: u64, in_flight: u64) {
        let sample = self.sample(visible, in_flight);
        self.learn(&sample);
    }

    fn learn(&mut self, sample: &Sample) {
        self.at += 10;
        self.estimates.learn(by(&self.hints), self.now(), sample);
    }

    fn launch(&mut self, count: usize) {
        let known = self.instances.len();
        let fresh = (known..known + count).map(|number| Instance {
            id: format!("i-{number}").into(),
            in_service: false,
            capacity: 1,
        });
        self.instances.extend(fresh);
    }

    fn outlook(&self) -> Outlook {
        self.estimates.outlook(by(&self.hints), self.now().steady).unwrap()
    }
}

fn near(figure: f64, expected: f64, within: f64) -> bool {
    (figure - expected).abs() <= within
}

#[test]
fn before_the_first_sample_there_is_no_outlook() {
    let watch = Watch::new(NOTHING);
    assert!(watch.estimates.outlook(by(&NOTHING), watch.now().steady).is_none());
}

#[test]
fn a_queue_drains_by_what_is_in_service_and_never_without() {
    let mut watch = Watch::new(HINTS);
    watch.see(40, 0);
    assert!(watch.outlook().estimate.drain_secs.is_none());
    watch.launch(2);
    watch.instances.iter_mut().for_each(|instance| instance.in_service = true);
    watch.see(40, 0);
    let Estimate { processing_secs, slots, drain_secs, .. } = watch.outlook().estimate;
    let expected = 40.0 * processing_secs.value / slots.value / 2.0;
    assert!(near(drain_secs.unwrap(), expected, 1e-9), "{drain_secs:?} {expected}");
}

#[test]
fn what_arrived_is_what_there_is_more_and_what_was_finished() {
    let mut watch = Watch::new(HINTS);
    watch.see(0, 4);
    watch.see(30, 4);
    // 4 messages of 10 s each are in flight: 4 were finished in 10 s.
    let outlook = watch.outlook();
    assert!(near(outlook.sample_arrived, 34.0, 1e-9) && near(outlook.sample_secs, 10.0, 1e-9));
    assert!(near(outlook.arrived[1], 34.0, 1e-9));
}

#[test]
fn completions_told_later_correct_what_had_arrived() {
    let mut watch = Watch::new(HINTS);
    (0..30).for_each(|_| watch.see(50, 4));
    // All stays as it is: as many as 4 in flight for 10 s each would finish are thought to have come.
    let from = Timestamp::from_secs(watch.at - 180);
    let mut sample = watch.sample(50, 4);
    sample.queues[0].deleted = Some(Deleted { from, lasts: Duration::from_mins(1), count: 15.0 });
    watch.learn(&sample);
    let in_minutes = |arrived: &[f64]| {
        [1, 13, 19, 25]
            .map(|steps| arrived[steps])
            .windows(2)
            .map(|sums| sums[1] - sums[0])
            .collect::<Vec<_>>()
    };
    let told = in_minutes(&watch.outlook().arrived);
    assert!(near(told[0], 48.0, 1e-6) && near(told[1], 15.0, 1e-6) && near(told[2], 24.0, 1e-6), "{told:?}");
    watch.at += 50;
    watch.learn(&sample);
    let again = watch.outlook().arrived;
    assert!(near(again[25] - again[19], 15.0, 1e-6), "told again, it is no news: {again:?}");
}

#[test]
fn completions_of_a_time_that_was_not_watched_correct_nothing() {
    for from_secs in [990, 1270] {
        let mut watch = Watch::new(HINTS);
        (0..30).for_each(|_| watch.see(50, 4));
        let from = Timestamp::from_secs(from_secs);
        let mut sample = watch.sample(50, 4);
        sample.queues[0].deleted = Some(Deleted { from, lasts: Duration::from_mins(1), count: 600.0 });
        watch.learn(&sample);
        let arrived = watch.outlook().arrived;
        assert!(arrived.windows(2).skip(1).all(|sums| near(sums[1] - sums[0], 4.0, 1e-6)), "{arrived:?}");
    }
}

#[test]
fn a_missing_reading_teaches_nothing() {
    let mut watch = Watch::new(HINTS);
    watch.see(0, 4);
    watch.see(0, 4);
    let before = watch.estimates.clone();
    let mut hole = watch.sample(0, 0);
    hole.queues[0].backlog = Err(Missing::new("queue a", Cause::Timeout, "no answer in 2 s"));
    watch.learn(&hole);
    let mut blind = watch.sample(9, 9);
    blind.fleet = Err(Missing::new("group a", Cause::Timeout, "no answer in 2 s"));
    watch.learn(&blind);
    assert_eq!(watch.estimates, before);
}

#[test]
fn what_arrived_during_an_outage_is_known_after_a_short_one_only() {
    for (outage, arrived) in [(300, 100.0), (3600, 0.0)] {
        let mut watch = Watch::new(HINTS);
        watch.see(0, 0);
        watch.at += outage;
        watch.see(100, 0);
        assert!(near(watch.outlook().sample_arrived, arrived, 1e-9), "{outage}");
    }
}

#[test]
fn a_steady_stream_is_expected_to_go_on() {
    let mut watch = Watch::new(HINTS);
    for _ in 0..60 {
        watch.see(0, 20);
    }
    let outlook = watch.outlook();
    assert!(near(outlook.estimate.arrivals_per_sec.value, 2.0, 0.01), "{outlook:?}");
    assert!(near(outlook.expected[10], 200.0, 1.0), "ten steps of ten seconds at two a second");
    assert!(outlook.estimate.arrivals_per_sec.belief > 0.9);
}

#[test]
fn what_comes_every_hour_is_expected_an_hour_later() {
    let mut watch = Watch::new(HINTS);
    let hour = 360;
    for tick in 0..=5 * hour - 5 {
        // 500 messages before the full hour, worked on by 50 instances for a minute and a half.
        let since = tick % hour;
        watch.see(if since == 0 { 500 } else { 0 }, if (1..=5).contains(&since) { 100 } else { 0 });
    }
    // The next are about to come.
    let outlook = watch.outlook();
    assert!(outlook.expected[5] > 300.0, "{:?}", outlook.expected);
}

#[test]
fn processing_time_is_learnt_from_completions_that_are_told_late() {
    let mut watch = Watch::new(NOTHING);
    for minute in 0..30_i64 {
        for _ in 0..6 {
            watch.see(0, 50);
        }
        let mut sample = watch.sample(0, 50);
        // Two minutes ago, 50 messages in flight and 120 finished in a minute: 25 s each.
        let from = Timestamp::from_secs(watch.at - 180);
        let deleted = Deleted { from, lasts: Duration::from_mins(1), count: 120.0 };
        sample.queues[0].deleted = (minute > 3).then_some(deleted);
        watch.learn(&sample);
    }
    let learnt = watch.outlook().estimate.processing_secs;
    assert!(near(learnt.value, 25.0, 0.5) && learnt.belief > 0.95, "{learnt:?}");
}

#[test]
fn without_word_of_completions_a_queue_that_empties_tells_the_processing_time() {
    for (hint, learnt) in [(None, 25.0), (Some(40.0), 40.0)] {
        let mut watch = Watch::new(Hints { processing_secs: hint, ..HINTS });
        for _ in 0..10 {
            // 50 in flight, 20 fewer every ten seconds: 25 s each.
            (0..50_u64).for_each(|tick| watch.see(1000 - 20 * tick, 50));
        }
        let secs = watch.outlook().estimate.processing_secs.value;
        assert!(near(secs, learnt, 1.0), "{hint:?}: {secs}");
    }
}

#[test]
fn the_same_minute_told_twice_counts_once() {
    let mut watch = Watch::new(HINTS);
    for _ in 0..30 {
        watch.see(0, 50);
    }
    let mut sample = watch.sample(0, 50);
    let from = Timestamp::from_secs(watch.at - 120);
    sample.queues[0].deleted = Some(Deleted { from, lasts: Duration::from_mins(1), count: 60.0 });
    watch.learn(&sample);
    let once = watch.outlook().estimate.processing_secs;
    watch.learn(&sample);
    assert_eq!(watch.outlook().estimate.processing_secs, once);
    assert!(once.value > 10.0);
}

#[test]
fn slots_and_boot_time_are_learnt_from_a_burst_on_an_empty_fleet() {
    let mut watch = Watch::new(NOTHING);
    for _ in 0..20 {
        watch.see(0, 0);
        watch.instances.clear();
        watch.see(1000, 0);
        watch.launch(5);
        // Ordered after the last sample, at work 200 s later with four messages each.
        for _ in 0..20 {
            watch.see(1000, 0);
        }
        for _ in 0..80 {
            watch.see(1000, 20);
        }
    }
    let estimate = watch.outlook().estimate;
    assert!(near(estimate.slots.value, 4.0, 0.1) && estimate.slots.belief > 0.9, "{estimate:?}");
    assert!(near(estimate.boot_secs.value, 205.0, 20.0) && estimate.boot_secs.belief > 0.9, "{estimate:?}");
}

#[test]
fn an_idle_fleet_says_nothing_of_its_boot_time() {
    let mut watch = Watch::new(HINTS);
    watch.launch(5);
    for _ in 0..100 {
        watch.see(0, 3);
    }
    assert!(near(watch.outlook().estimate.boot_secs.value, 100.0, 15.0), "the hint stands");
}

fn ages(watch: &Watch) -> Vec<f64> {
    watch.outlook().ages.iter().map(|age| age.secs).collect()
}

#[test]
fn instances_age_from_their_order_and_those_found_in_service_are_old() {
    let mut watch = Watch::new(HINTS);
    watch.launch(1);
    watch.instances[0].in_service = true;
    watch.see(0, 0);
    watch.launch(1);
    watch.see(0, 0);
    watch.see(0, 0);
    assert_eq!(ages(&watch), [f64::MAX, 20.0]);
    watch.instances.remove(0);
    watch.see(0, 0);
    assert_eq!(ages(&watch), [30.0]);
}

#[test]
fn what_was_learnt_survives_a_restart_on_another_clock() {
    let mut watch = Watch::new(HINTS);
    watch.launch(2);
    for _ in 0..100 {
        watch.see(3, 20);
    }
    let json = serde_json::to_string(&watch.estimates).unwrap();
    let mut restored: Estimates = serde_json::from_str(&json).unwrap();
    let later = Timestamp::from_secs(watch.at + 500);
    restored.shift(500_000, later);
    let (before, after) = (watch.outlook(), restored.outlook(by(&HINTS), later).unwrap());
    assert_eq!(after.ages, before.ages);
    let rates = [before, after].map(|outlook| outlook.estimate.arrivals_per_sec.value);
    assert!(near(rates[0], rates[1], 0.01), "{rates:?}");
}

#[test]
fn a_weeks_learning_takes_little_room() {
    let mut watch = Watch::new(HINTS);
    let start = Timestamp::from_secs(0);
    for tick in 0..9000_u32 {
        let from = start + Duration::from_mins(tick.into());
        watch.estimates.history.add(from, from + Duration::from_mins(1), 123.456);
    }
    assert!(serde_json::to_string(&watch.estimates).unwrap().len() < 48_000);
}

#[test]
fn a_history_of_the_future_is_brought_back_or_begun_anew() {
    let at = |secs| Timestamp::from_secs(secs);
    let mut history = History::default();
    history.add(at(1000), at(1010), 5.0);
    // The clock was an hour ahead when this was kept.
    history.shift(3_600_000, at(1100));
    assert_eq!(history.sum(at(1100), 0.0, 10.0), Some(5.0));
    history.add(at(1100), at(1200), 30.0);
    assert_eq!(history.sum(at(1200), 50.0, 50.0).map(f64::round), Some(15.0));
    let told =
        serde_json::to_string(&history).unwrap().replace("\"begun\":10", "\"begun\":18446744073709551615");
    let mut nonsense: History = serde_json::from_str(&told).unwrap();
    assert_ne!(nonsense, history);
    nonsense.add(at(1200), at(1300), 30.0);
    assert_eq!(nonsense.sum(at(1300), 50.0, 50.0).map(f64::round), Some(15.0));
}

#[test]
fn broken_workers_show_no_slots() {
    let mut watch = Watch::new(HINTS);
    watch.launch(5);
    for _ in 0..500 {
        watch.see(1000, 0);
    }
    assert!(near(watch.outlook().estimate.slots.value, 2.0, 1e-9));
    for _ in 0..2000 {
        watch.see(1000, 1);
    }
    assert!(watch.outlook().estimate.slots.value >= 0.25);
}

#[test]
fn arrivals_reckoned_with_a_guess_that_was_far_off_are_reckoned_anew() {
    let mut watch = Watch::new(NOTHING);
    for _ in 0..18 {
        // 48 messages of 60 s each: 0.8 a second.
        watch.see(0, 48);
    }
    assert!(watch.outlook().estimate.arrivals_per_sec.value > 4.0, "as if they took the guessed 10 s");
    let mut sample = watch.sample(0, 48);
    let from = Timestamp::from_secs(watch.at - 120);
    sample.queues[0].deleted = Some(Deleted { from, lasts: Duration::from_mins(1), count: 48.0 });
    watch.learn(&sample);
    watch.see(0, 48);
    let per_sec = watch.outlook().estimate.arrivals_per_sec.value;
    assert!(near(per_sec, 0.8, 0.1), "{per_sec}");
}

#[test]
fn slots_are_learnt_as_fast_at_any_schedule() {
    let learnt = |every: i64| {
        let mut watch = Watch::new(HINTS);
        watch.launch(10);
        watch.at += 10_000;
        for _ in 0..600 / every {
            watch.at += every - 10;
            watch.see(500, 60);
        }
        watch.outlook().estimate.slots.value
    };
    assert!(near(learnt(1), learnt(10), 0.1), "{} {}", learnt(1), learnt(10));
    assert!(learnt(60) > 4.0 && learnt(60) <= learnt(10));
}

#[test]
fn slots_told_too_many_are_found_out_before_booting_is_blamed() {
    let mut watch = Watch::new(HINTS);
    watch.see(0, 0);
    watch.launch(10);
    for _ in 0..10 {
        watch.see(100, 0);
    }
    for _ in 0..16 {
        // All work, on one message each and not on two.
        watch.see(100, 10);
    }
    let Estimate { boot_secs, slots, .. } = watch.outlook().estimate;
    assert!(boot_secs.value < 160.0 && slots.value < 1.3, "{boot_secs:?} {slots:?}");
}
