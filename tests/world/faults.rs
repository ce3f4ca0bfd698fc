use super::{at, group, queue};
use backlogd::sim::{Case, Faults, START, Shape, Victims, World};
use std::time::Duration;

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
    terms.faults.meddling = vec![(Duration::from_mins(1), 4), (Duration::from_secs(90), 11)];
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

/// A case in which everything goes wrong at times.
fn bad_days(seed: u64, victims: Victims) -> Case {
    Case {
        trace: Shape::Spikes.trace(Duration::from_hours(3), 20.0, seed),
        max: 20,
        delay: Duration::from_secs(seed % 2 * 7),
        fifo_groups: u32::try_from(seed % 3 * 20).unwrap_or_default(),
        victims,
        faults: Faults {
            failed_launches_percent: 10.0,
            failed_after: Duration::from_mins(5),
            ceilings: vec![(Duration::from_hours(1), 5), (Duration::from_hours(2), 50)],
            meddling: vec![(Duration::from_mins(90), 12)],
            mean_life: Some(Duration::from_hours(1)),
        },
        seed,
        ..Case::default()
    }
}

#[test]
fn whatever_happens_every_message_is_somewhere_and_done_once() {
    for (seed, victims) in (0..30).zip([Victims::Any, Victims::Idle, Victims::Drain].into_iter().cycle()) {
        let case = bad_days(seed, victims);
        let mut world = case.world(case.messages());
        for tick in 1..=1_200_u32 {
            world.advance_to(START + Duration::from_secs(10) * tick);
            // Up and down, with no regard for anything.
            let wanted = if tick > 1_080 { 20 } else { tick.wrapping_mul(2_654_435_761) >> 28 };
            world.set_desired(wanted).unwrap();
            let census = world.census();
            let unfinished = census.visible + census.in_flight + census.delayed;
            assert_eq!(census.arrived, unfinished + census.done, "seed {seed}, tick {tick}");
            let fleet = world.fleet();
            assert_eq!(fleet.instances.len(), (fleet.in_service + fleet.pending) as usize, "seed {seed}");
            assert!(victims == Victims::Idle || fleet.instances.len() <= fleet.desired as usize);
        }
        world.advance_to(START + Duration::from_hours(12));
        let (census, tally) = (world.census(), world.tally());
        assert_eq!((census.to_come, census.done), (0, census.arrived), "seed {seed}: {census:?}");
        assert!(tally.running > Duration::ZERO && (victims != Victims::Any || tally.killed > 0), "{tally:?}");
    }
}
