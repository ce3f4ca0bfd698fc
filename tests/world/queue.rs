use super::{at, group, queue, together, world};
use backlogd::sim::{Message, QueueTerms, Victims, World};
use std::time::Duration;

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
fn one_instance_and_three_messages() {
    let messages = [together(2, 10, 30), together(1, 100, 7)].concat();
    let mut world = world(1, Victims::Any, messages);
    world.advance_to(at(200));
    let waits: Vec<u64> = world.waits_of(|_| true).map(|wait| wait.as_secs()).collect();
    assert_eq!(waits, [0, 30, 0]);
    assert_eq!((world.tally().done, world.tally().longest_wait), (3, Duration::from_secs(30)));
}

#[test]
fn a_delayed_message_is_counted_as_such_and_waits_from_when_it_is_due() {
    let late = Message { delay: Duration::from_mins(1), ..together(1, 10, 5)[0] };
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
        shown.push(world.deleted().map(|deleted| (deleted.from, deleted.count.to_string())));
    }
    let minute = |from, count: u32| Some((at(from), count.to_string()));
    assert_eq!(
        shown,
        [None, minute(0, 0), minute(0, 0), minute(60, 3), minute(60, 3), minute(120, 5), minute(180, 0)]
    );
}
