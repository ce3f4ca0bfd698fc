//! What is held ready for surges.

use super::*;

/// An empty queue on which a surge of 200 messages arrives at the end of every hour, for so many hours, with a
/// message a second between.
fn surges(mut moment: Moment, hours: u32) -> Moment {
    moment.outlook.estimate.arrivals_per_sec.value = 1.0;
    for _ in 0..hours {
        moment.outlook.sample_arrived = 10.0;
        moment.after(359);
        moment.outlook.sample_arrived = 210.0;
        moment.want();
        moment.now = moment.now + Duration::from_secs(10);
    }
    moment.outlook.sample_arrived = 10.0;
    moment
}

#[test]
fn what_would_have_served_earlier_surges_in_time_is_held_ready() {
    let mut moment = surges(Moment::new(40.0), 3);
    let (capacity, code) = moment.want();
    assert_eq!(code, "held_ready");
    // 2 slots start a message each at once, and within 40 s 8 more.
    let enough = 210.0 / (2.0 + 8.0);
    assert!((0.7 * enough..1.5 * enough).contains(&f64::from(capacity)), "{capacity} of {enough}");
}

#[test]
fn a_surge_that_came_once_is_not_held_ready_for() {
    assert_ne!(surges(Moment::new(40.0), 1).want().1, "held_ready");
}

#[test]
fn surges_that_are_half_a_day_apart_are_not_held_ready_for() {
    let mut moment = surges(Moment::new(40.0), 1);
    moment.after(12 * 360);
    assert_ne!(surges(moment, 1).want().1, "held_ready");
}

#[test]
fn what_is_expected_at_its_time_is_not_held_ready_for() {
    let mut moment = surges(Moment::new(40.0), 3);
    moment.outlook.repeats = true;
    assert_ne!(moment.want().1, "held_ready");
}

#[test]
fn without_surges_nothing_is_held_ready() {
    let mut moment = Moment::new(40.0);
    moment.outlook.sample_arrived = 10.0;
    moment.outlook.estimate.arrivals_per_sec.value = 1.0;
    moment = moment.units(10, 1e9).in_flight(10);
    moment.after(720);
    assert_eq!(moment.memory.hedge.held().units, 0, "{:?}", moment.memory.hedge.held());
}

#[test]
fn what_is_held_ready_is_not_given_back() {
    let mut moment = surges(Moment::new(40.0), 3);
    let (held, _) = moment.want();
    let mut idle = moment.units(held + 3, 1e9);
    assert_eq!(idle.after(60).0, held, "what is beyond goes");
    idle.fleet.desired = held;
    assert_eq!(idle.after(60), (held, "held_ready"));
}

#[test]
fn an_objective_that_outlasts_a_boot_holds_nothing_ready_until_messages_are_late() {
    let mut moment = surges(Moment::new(125.0), 3);
    assert!(moment.memory.hedge.held().units > 0, "the lead is longer than the objective");
    assert_ne!(moment.want().1, "held_ready");
    let mut late = moment.units(1, 1e9).in_flight(2).waiting(400, 30);
    late.after(30);
    late.backlog = Backlog::default();
    assert_eq!(late.want().1, "held_ready");
}

#[test]
fn no_more_is_held_ready_than_the_group_may_have() {
    let mut moment = surges(Moment::new(40.0), 3);
    moment.fleet.max = 5;
    assert_eq!(moment.want(), (5, "held_ready"));
}

#[test]
fn surges_that_stay_away_are_forgotten() {
    let mut moment = surges(Moment::new(40.0), 2);
    assert_eq!(moment.want().1, "held_ready");
    moment.outlook.sample_arrived = 10.0;
    moment.after(7 * 360);
    assert_ne!(moment.want().1, "held_ready", "{:?}", moment.memory.hedge.held());
}

#[test]
fn what_is_held_ready_survives_a_restart() {
    let mut moment = surges(Moment::new(40.0), 3);
    let held = moment.want();
    moment.memory = serde_json::from_str(&serde_json::to_string(&moment.memory).unwrap()).unwrap();
    assert_eq!(moment.want(), held);
}
