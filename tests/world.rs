//! The made-up world behaves as a queue and a group do.

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]
#![allow(clippy::indexing_slicing, reason = "a test fails by a panic")]

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

#[test]
fn an_instance_is_billed_for_a_minute_at_least() {
    let mut world = world(1, Victims::Any, vec![]);
    world.advance_to(at(5));
    world.set_desired(0).unwrap();
    world.advance_to(at(200));
    assert_eq!(world.tally().running, Duration::from_secs(60));
}

#[test]
fn one_instance_and_three_messages() {
    let messages = [together(2, 10, 30), together(1, 100, 7)].concat();
    let mut world = world(1, Victims::Any, messages);
    world.advance_to(at(200));
    let waits: Vec<u64> = world.waits_of(|_| true).map(|wait| wait.as_secs()).collect();
    assert_eq!(waits, [0, 30, 0]);
    assert_eq!((world.tally().done, world.tally().longest_wait), (3, Duration::from_secs(30)));
}

#[test]
fn a_burst_while_an_instance_boots_waits_for_it_and_one_after_it_does_not() {
    let mut terms = group(0, Victims::Any);
    terms.boot = Duration::from_secs(100)..=Duration::from_secs(100);
    terms.slots = 2;
    let messages = [together(2, 40, 10), together(2, 150, 10)].concat();
    let mut world = World::new(queue(), terms, messages, at(0), 7);
    world.advance_to(at(5));
    world.set_desired(1).unwrap();
    world.advance_to(at(300));
    let waits: Vec<u64> = world.waits_of(|_| true).map(|wait| wait.as_secs()).collect();
    assert_eq!(waits, [65, 65, 0, 0]);
}

#[test]
fn in_service_is_what_the_group_says_and_work_begins_with_the_boot() {
    let mut terms = group(0, Victims::Any);
    terms.in_service_after = Some(Duration::from_secs(40));
    let mut world = World::new(queue(), terms, together(1, 0, 1), at(0), 7);
    world.set_desired(1).unwrap();
    world.advance_to(at(39));
    assert_eq!((world.fleet().in_service, world.working()), (0, 0));
    world.advance_to(at(40));
    assert_eq!((world.fleet().in_service, world.working(), world.census().visible), (1, 0, 1));
    world.advance_to(at(160));
    assert_eq!((world.fleet().in_service, world.working(), world.census().done), (1, 1, 1));
}

#[test]
fn a_blind_scale_in_takes_booting_and_serving_instances_alike() {
    let booting_taken = (0..100).filter(|seed| {
        let mut world = World::new(queue(), group(1, Victims::Any), vec![], at(0), *seed);
        world.set_desired(2).unwrap();
        world.advance_to(at(10));
        world.set_desired(1).unwrap();
        world.fleet().in_service == 1
    });
    let booting_taken = booting_taken.count();
    assert!((35..65).contains(&booting_taken), "{booting_taken} of 100");
}

#[test]
fn work_that_was_cut_off_is_lost_and_its_wait_ends_with_the_attempt_that_counts() {
    let mut world = world(1, Victims::Any, together(1, 0, 20));
    world.advance_to(at(10));
    world.set_desired(0).unwrap();
    assert_eq!((world.tally().lost, world.hidden()), (Duration::from_secs(10), 1));
    world.set_desired(1).unwrap();
    world.advance_to(at(400));
    let wait = world.waits_of(|_| true).next().unwrap().as_secs();
    assert!((100..=160).contains(&wait), "the second instance boots for 90 to 150 s: {wait}");
}

#[test]
fn a_draining_victim_finishes_takes_no_more_and_is_billed_until_then() {
    let mut terms = group(1, Victims::Drain);
    (terms.slots, terms.stopping) = (2, Duration::ZERO);
    let messages = [together(1, 0, 50), together(1, 0, 80), together(1, 60, 5)].concat();
    let mut world = World::new(queue(), terms, messages, at(0), 7);
    world.advance_to(at(10));
    world.set_desired(0).unwrap();
    assert_eq!((world.fleet().in_service, world.fleet().terminating), (0, 1));
    world.advance_to(at(79));
    assert_eq!((world.census().done, world.fleet().terminating), (1, 1));
    world.advance_to(at(500));
    let tally = world.tally();
    assert_eq!((tally.done, tally.killed, tally.running), (2, 0, Duration::from_secs(80)));
    assert_eq!((world.fleet().terminating, world.census().visible), (0, 1), "nobody is left for the third");
}

#[test]
fn a_delayed_message_is_counted_as_such_and_waits_from_when_it_is_due() {
    let late = Message { delay: Duration::from_secs(60), ..together(1, 10, 5)[0] };
    let mut world = world(1, Victims::Any, vec![late]);
    world.advance_to(at(69));
    assert_eq!((world.counters().delayed, world.counters().visible), (1, 0));
    world.advance_to(at(80));
    assert_eq!((world.counters().delayed, world.census().done), (0, 1));
    assert_eq!(world.tally().longest_wait, Duration::ZERO);
}

#[test]
fn a_message_waits_while_another_of_its_fifo_group_is_in_flight() {
    let of = |group, message| Message { group: std::num::NonZeroU32::new(group), ..message };
    let all = together(1, 0, 20)[0];
    let mut world = world(4, Victims::Any, vec![of(1, all), of(1, all), of(2, all), of(1, all)]);
    world.advance_to(at(5));
    assert_eq!((world.census().visible, world.census().in_flight), (2, 2), "one of each group");
    world.advance_to(at(100));
    let waits: Vec<u64> = world.waits_of(|_| true).map(|wait| wait.as_secs()).collect();
    assert_eq!(waits, [0, 20, 0, 40]);
}

#[test]
fn a_fifo_groups_messages_keep_their_order_when_a_worker_is_stopped() {
    let of_one = |message| Message { group: std::num::NonZeroU32::new(1), ..message };
    let messages: Vec<Message> = together(2, 0, 20).into_iter().map(of_one).collect();
    let mut world = world(2, Victims::Any, messages);
    world.advance_to(at(10));
    world.set_desired(0).unwrap();
    world.set_desired(2).unwrap();
    world.advance_to(at(600));
    let waits: Vec<u64> = world.waits_of(|_| true).map(|wait| wait.as_secs()).collect();
    assert_eq!((world.census().done, waits[1] - waits[0]), (2, 20));
}

#[test]
fn deletions_are_shown_by_the_minute_and_two_minutes_late() {
    let messages = [together(3, 70, 1), together(5, 130, 1)].concat();
    let mut world = world(5, Victims::Any, messages);
    let mut shown = Vec::new();
    for secs in [179, 180, 239, 240, 299, 300, 360] {
        world.advance_to(at(secs));
        shown.push(world.deleted().map(|deleted| (deleted.from, deleted.count as u64)));
    }
    let minute = |from, count| Some((at(from), count));
    assert_eq!(
        shown,
        [None, minute(0, 0), minute(0, 0), minute(60, 3), minute(60, 3), minute(120, 5), minute(180, 0)]
    );
}

#[test]
fn a_group_launches_as_many_as_there_is_room_for_and_the_rest_when_there_is() {
    let mut terms = group(1, Victims::Any);
    terms.faults.ceilings = vec![(Duration::from_secs(50), 3), (Duration::from_secs(500), 100)];
    let mut world = World::new(queue(), terms, vec![], at(0), 7);
    world.advance_to(at(60));
    world.set_desired(6).unwrap();
    assert_eq!((world.fleet().desired, world.fleet().pending), (6, 2));
    world.advance_to(at(499));
    assert_eq!((world.fleet().pending, world.fleet().in_service), (0, 3));
    world.advance_to(at(500));
    assert_eq!((world.fleet().pending, world.fleet().in_service), (3, 3));
}

#[test]
fn a_failed_launch_stays_pending_until_it_is_given_up_for_another() {
    let mut terms = group(0, Victims::Any);
    terms.faults.failed_launches_percent = 100.0;
    terms.faults.failed_after = Duration::from_mins(10);
    let mut world = World::new(queue(), terms, vec![], at(0), 7);
    world.set_desired(1).unwrap();
    let first = world.fleet().instances[0].id.clone();
    world.advance_to(at(599));
    assert_eq!((world.fleet().pending, world.fleet().instances[0].id.clone()), (1, first.clone()));
    world.advance_to(at(600));
    assert_eq!((world.fleet().pending, world.tally().launches), (1, 2));
    assert_ne!(world.fleet().instances[0].id, first);
}

#[test]
fn launches_fail_as_often_as_they_are_said_to() {
    let mut terms = group(0, Victims::Any);
    terms.max = 1_000;
    terms.faults.failed_launches_percent = 20.0;
    terms.faults.failed_after = Duration::from_hours(1);
    let mut world = World::new(queue(), terms, vec![], at(0), 7);
    world.set_desired(1_000).unwrap();
    world.advance_to(at(200));
    assert!((160..240).contains(&world.fleet().pending), "{}", world.fleet().pending);
}

#[test]
fn somebody_else_may_set_the_desired_capacity_within_the_limits() {
    let mut terms = group(1, Victims::Any);
    terms.faults.meddling = vec![(Duration::from_secs(60), 4), (Duration::from_secs(90), 11)];
    let mut world = World::new(queue(), terms, vec![], at(0), 7);
    world.advance_to(at(59));
    assert_eq!(world.desired(), 1);
    world.advance_to(at(100));
    assert_eq!((world.desired(), world.fleet().pending), (4, 3), "11 is refused");
}

#[test]
fn an_instance_that_is_taken_back_is_replaced() {
    let mut terms = group(10, Victims::Any);
    terms.faults.mean_life = Some(Duration::from_hours(1));
    let mut world = World::new(queue(), terms, vec![], at(0), 7);
    world.advance_to(at(36_000));
    let launches = world.tally().launches;
    assert!((70..=150).contains(&launches), "ten instances for ten hours: {launches}");
    assert_eq!(world.fleet().in_service + world.fleet().pending, 10);
}

#[test]
fn a_weighted_group_counts_in_units_and_never_falls_below_what_is_desired() {
    let mut terms = group(0, Victims::Any);
    (terms.weights, terms.boot) = (vec![1, 4], Duration::from_secs(60)..=Duration::from_secs(60));
    let mut world = World::new(queue(), terms, together(9, 0, 900), at(0), 7);
    world.set_desired(6).unwrap();
    world.advance_to(at(100));
    let fleet = world.fleet();
    assert_eq!((fleet.weighted, fleet.in_service, fleet.instances.len()), (true, 6, 3));
    assert_eq!((world.census().in_flight, world.census().visible), (6, 3), "a unit is a slot");
    world.set_desired(3).unwrap();
    assert_eq!(world.fleet().in_service, 4, "those of 4 units would be too much");
}

#[test]
fn instances_have_names_that_are_never_used_twice() {
    let mut world = world(3, Victims::Any, vec![]);
    let names = |world: &World| -> Vec<String> {
        world.fleet().instances.iter().map(|one| one.id.to_string()).collect()
    };
    let first = names(&world);
    world.set_desired(0).unwrap();
    world.set_desired(3).unwrap();
    let all: std::collections::BTreeSet<String> = first.into_iter().chain(names(&world)).collect();
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|name| name.len() == 19 && name.starts_with("i-")), "{all:?}");
}
