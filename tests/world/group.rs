use super::{at, group, queue, together, world};
use backlogd::sim::{GroupTerms, Victims, World};
use std::time::Duration;

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
    assert_eq!(world.tally().running, Duration::from_mins(1));
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
fn nobody_receives_a_message_at_the_very_moment_of_a_scale_in() {
    let mut world = world(1, Victims::Any, together(1, 10, 20));
    world.advance_to(at(10));
    assert_eq!((world.census().visible, world.census().in_flight), (1, 0));
    world.set_desired(0).unwrap();
    world.advance_to(at(11));
    assert_eq!((world.census().visible, world.tally().killed), (1, 0));
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
fn a_weighted_group_counts_in_units_and_never_falls_below_what_is_desired() {
    let mut terms = group(0, Victims::Any);
    (terms.weights, terms.boot) = (vec![1, 4], Duration::from_mins(1)..=Duration::from_mins(1));
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
