//! The made-up world behaves as a queue and a group do.

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]

use backlogd::model::Timestamp;
use backlogd::sim::{Faults, GroupTerms, Message, QueueTerms, Victims, World};
use std::time::Duration;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn queue() -> QueueTerms {
    QueueTerms {
        visibility_timeout: Duration::from_secs(30),
        stale_max: Duration::ZERO,
        noise_percent: 0.0,
        phantom_percent: 0.0,
        zero_percent: 0.0,
    }
}

fn group(initial: u32, victims: Victims) -> GroupTerms {
    GroupTerms {
        min: 0,
        max: 10,
        initial,
        slots: 1,
        boot: Duration::from_secs(90)..=Duration::from_secs(150),
        in_service_after: None,
        stopping: Duration::from_secs(20),
        victims,
        weights: Vec::new(),
        faults: Faults::default(),
    }
}

/// As many messages at once, each `work` seconds of work.
fn together(count: usize, arrives: i64, work: u64) -> Vec<Message> {
    vec![Message { arrives: at(arrives), work: Duration::from_secs(work), ..Message::default() }; count]
}

fn world(initial: u32, victims: Victims, messages: Vec<Message>) -> World {
    World::new(queue(), group(initial, victims), messages, at(0), 7)
}

#[test]
fn a_desired_capacity_outside_the_limits_is_refused_and_changes_nothing() {
    let mut world = World::new(queue(), GroupTerms { min: 1, ..group(3, Victims::Any) }, vec![], at(0), 7);
    for to in [0, 11] {
        let words = world.set_desired(to).unwrap_err().to_string();
        assert!(words.contains("ValidationError") && words.contains("1 to 10"), "{words}");
    }
    assert_eq!(world.fleet().desired, 3);
}

#[test]
fn an_instance_is_pending_until_it_has_booted() {
    let mut world = world(0, Victims::Any, together(5, 0, 1));
    world.set_desired(5).unwrap();
    world.advance_to(at(89));
    let fleet = world.fleet();
    assert_eq!((fleet.desired, fleet.pending, fleet.in_service), (5, 5, 0));
    assert_eq!(world.census().visible, 5, "nobody works before booting is over");
    world.advance_to(at(151));
    assert_eq!((world.fleet().pending, world.fleet().in_service), (0, 5));
}

#[test]
fn saying_the_same_desired_capacity_twice_launches_nothing_more() {
    let mut world = world(1, Victims::Any, vec![]);
    world.set_desired(4).unwrap();
    world.set_desired(4).unwrap();
    assert_eq!(world.fleet().pending, 3);
}

#[test]
fn a_worker_takes_as_many_messages_as_it_has_slots_oldest_first() {
    let messages = [together(1, 1, 10), together(1, 2, 10)].concat();
    let mut world = world(1, Victims::Any, messages);
    world.advance_to(at(5));
    assert_eq!((world.census().visible, world.census().in_flight), (1, 1));
    world.advance_to(at(60));
    let tally = world.tally();
    assert_eq!((tally.done, tally.longest_wait), (2, Duration::from_secs(9)));
}

#[test]
fn a_killed_workers_message_comes_back_after_its_visibility_timeout_and_is_finished_once() {
    let mut world = world(1, Victims::Any, together(1, 0, 20));
    world.advance_to(at(10));
    world.set_desired(0).unwrap();
    assert_eq!((world.fleet().in_service, world.fleet().terminating), (0, 1));
    world.advance_to(at(39));
    assert_eq!((world.census().visible, world.census().in_flight), (0, 1), "hidden until 40 s");
    assert_eq!(world.fleet().terminating, 0);
    world.advance_to(at(40));
    assert_eq!((world.census().visible, world.census().in_flight), (1, 0));
    world.set_desired(1).unwrap();
    world.advance_to(at(400));
    assert_eq!((world.tally().done, world.tally().killed), (1, 1));
}

#[test]
fn protected_workers_finish_what_they_have_before_they_go() {
    let mut world = world(3, Victims::Idle, together(2, 0, 60));
    world.advance_to(at(10));
    world.set_desired(0).unwrap();
    assert_eq!((world.fleet().desired, world.fleet().in_service), (0, 2), "the idle one goes at once");
    world.advance_to(at(61));
    assert_eq!((world.fleet().in_service, world.tally().done, world.tally().killed), (0, 2, 0));
}

/// What every reading shows, from five seconds to five seconds.
fn readings(mut world: World, steps: i64) -> Vec<u64> {
    let read = |step: i64| {
        world.advance_to(at(step * 5));
        world.counters().visible
    };
    (1..=steps).map(read).collect()
}

#[test]
fn counters_are_off_by_a_factor_with_the_given_standard_deviation() {
    let terms = QueueTerms { noise_percent: 3.0, ..queue() };
    let world = World::new(terms, group(0, Victims::Any), together(10_000, 0, 9_000), at(0), 7);
    let off: Vec<f64> = readings(world, 2_000).iter().map(|seen| *seen as f64 / 10_000.0 - 1.0).collect();
    let mean = off.iter().sum::<f64>() / 2_000.0;
    let deviation = (off.iter().map(|off| off * off).sum::<f64>() / 2_000.0).sqrt();
    assert!(mean.abs() < 0.002 && (0.028..0.032).contains(&deviation), "{mean} {deviation}");
}

#[test]
fn a_reading_is_as_old_as_it_may_be_and_no_older() {
    let terms = QueueTerms { stale_max: Duration::from_secs(15), ..queue() };
    let one_each: Vec<Message> = (1..=2_000).flat_map(|step| together(1, step * 5, 9_000)).collect();
    let world = World::new(terms, group(0, Victims::Any), one_each, at(0), 7);
    let mut ages = [0; 4];
    for (sent, seen) in (1..).zip(readings(world, 2_000)) {
        ages[(sent - seen) as usize] += 1;
    }
    assert!(ages.iter().all(|count| (420..580).contains(count)), "{ages:?}");
}

#[test]
fn phantoms_and_false_zeros_come_as_often_as_they_are_said_to() {
    let phantoms = QueueTerms { phantom_percent: 10.0, ..queue() };
    let seen = readings(World::new(phantoms, group(0, Victims::Any), vec![], at(0), 7), 1_000);
    let count = seen.iter().filter(|seen| (1..=2).contains(*seen)).count();
    assert!((70..130).contains(&count) && seen.iter().all(|seen| *seen <= 2), "{count}");
    let zeros = QueueTerms { zero_percent: 10.0, ..queue() };
    let seen = readings(World::new(zeros, group(0, Victims::Any), together(9, 0, 1), at(0), 7), 1_000);
    let count = seen.iter().filter(|seen| **seen == 0).count();
    assert!((70..130).contains(&count) && seen.iter().all(|seen| [0, 9].contains(seen)), "{count}");
}

#[test]
fn running_time_counts_from_launch_until_gone() {
    let mut world = world(2, Victims::Idle, vec![]);
    world.advance_to(at(100));
    world.set_desired(1).unwrap();
    world.advance_to(at(200));
    assert_eq!(world.tally().running, Duration::from_secs(200 + 120));
}
