use super::{Scene, back, codes, failed, out, secs};
use crate::model::{Action, Reason};

#[test]
fn messages_in_flight_keep_their_instances() {
    let busy = Scene::new().desired(10).visible(0).in_flight(7).decide();
    assert_eq!(busy.action, back(10, 7));
    assert_eq!(busy.reasons.last(), Some(&Reason::InFlightFloor { in_flight: 7, floor: 7 }));
}

#[test]
fn an_instance_with_slots_for_several_messages_counts_as_that_many() {
    let busy = Scene::new().desired(10).visible(0).in_flight(7).rules(|rules| rules.slots = 2).decide();
    assert_eq!(busy.action, back(10, 4));
    assert_eq!(busy.reasons.last(), Some(&Reason::InFlightFloor { in_flight: 7, floor: 4 }));
}

#[test]
fn more_in_flight_than_the_fleet_has_slots_stops_a_scale_in_and_orders_nothing() {
    let flooded = Scene::new().visible(0).in_flight(900);
    assert_eq!(flooded.decide().action, Action::Hold);
    assert_eq!(codes(&flooded.decide()), ["backlog_per_instance", "in_flight_floor"]);
    assert_eq!(codes(&flooded.visible(50).decide()), ["within_tolerance"], "silent where it binds nothing");
}

fn idle() -> Scene {
    Scene::new().desired(1).visible(0).rules(|rules| rules.empty_for = secs(180))
}

#[test]
fn the_last_instance_goes_once_the_queue_has_been_seen_empty_for_long_enough() {
    let scene = idle().watched(170);
    let decision = scene.decide();
    assert_eq!(decision.action, Action::Hold);
    let because = Reason::ZeroUnconfirmed { empty_secs: 170, required_secs: 180 };
    assert_eq!(decision.reasons.last(), Some(&because));
    assert_eq!(scene.watched(10).decide().action, back(1, 0));
}

#[test]
fn a_larger_fleet_goes_to_one_while_zero_is_confirmed() {
    let mut scene = idle().desired(5);
    let decision = scene.tick();
    assert_eq!(decision.action, back(5, 1));
    assert_eq!(codes(&decision), ["backlog_per_instance", "zero_unconfirmed"]);
    assert_eq!(
        scene.later(10).watched(170).decide().action,
        back(1, 0),
        "the confirmation began while five ran"
    );
}

#[test]
fn a_delayed_message_blocks_zero_although_the_policy_does_not_count_it() {
    let scene = idle().delayed(1).watched(600);
    let because = Reason::ZeroUnconfirmed { empty_secs: 0, required_secs: 180 };
    assert_eq!(scene.decide().reasons.last(), Some(&because));
    assert_eq!(scene.decide().action, Action::Hold);
}

#[test]
fn an_uncounted_visible_message_blocks_zero_even_without_a_confirmation_time() {
    let mut scene = idle().rules(|rules| rules.empty_for = secs(0));
    scene.backlog.visible = 1;
    assert_eq!(codes(&scene.decide()), ["backlog_per_instance", "zero_unconfirmed"]);
    scene.backlog.visible = 0;
    assert_eq!(scene.decide().action, back(1, 0));
}

#[test]
fn a_message_in_between_starts_the_confirmation_anew() {
    let scene = idle().watched(170).in_flight(1).watched(10).in_flight(0).watched(170);
    assert_eq!(codes(&scene.decide()), ["backlog_per_instance", "zero_unconfirmed"]);
    assert_eq!(scene.watched(10).decide().action, back(1, 0));
}

#[test]
fn a_missing_reading_starts_the_confirmation_anew() {
    let mut scene = idle().watched(170);
    scene.missing_queue = true;
    scene = scene.watched(10);
    scene.missing_queue = false;
    scene = scene.watched(170);
    assert_eq!(codes(&scene.decide()), ["backlog_per_instance", "zero_unconfirmed"]);
    assert_eq!(scene.watched(10).decide().action, back(1, 0));
}

#[test]
fn a_gap_of_half_the_confirmation_starts_it_anew() {
    let scene = idle().watched(110);
    assert_eq!(scene.clone().later(79).decide().action, back(1, 0), "last looked 89 s ago");
    let because = Reason::ZeroUnconfirmed { empty_secs: 0, required_secs: 180 };
    assert_eq!(scene.later(80).decide().reasons.last(), Some(&because));
}

#[test]
fn a_min_of_one_keeps_the_last_instance_and_needs_no_confirmation() {
    let of_group = idle().desired(5).group(1, 100).decide();
    assert_eq!((of_group.action, codes(&of_group)), (back(5, 1), vec!["backlog_per_instance", "limit_min"]));
    let of_settings = idle().rules(|rules| rules.limits.min = 1).watched(600).decide();
    assert_eq!(of_settings.action, Action::Hold);
    assert_eq!(codes(&of_settings), ["backlog_per_instance", "limit_min"]);
}

#[test]
fn a_failed_write_to_zero_does_not_undo_the_confirmation() {
    let mut scene = idle().watched(180);
    assert_eq!(scene.tick_to(&failed()).action, back(1, 0));
    assert_eq!(scene.later(10).decide().action, back(1, 0));
}

fn asleep() -> Scene {
    Scene::new().desired(0).visible(0).rules(|rules| rules.wake_samples = 2).watched(30)
}

#[test]
fn a_phantom_message_in_one_sample_does_not_wake_a_fleet() {
    let scene = asleep().visible(3);
    let decision = scene.decide();
    assert_eq!(decision.action, Action::Hold);
    assert_eq!(decision.reasons.last(), Some(&Reason::WakeUnconfirmed { seen: 1, required: 2 }));
    let again = scene.watched(10).visible(0).watched(10).visible(3);
    assert_eq!(again.decide().action, Action::Hold, "two phantoms are not two samples in a row");
}

#[test]
fn messages_in_enough_samples_in_a_row_wake_a_fleet() {
    assert_eq!(asleep().visible(3).watched(10).visible(25).decide().action, out(0, 3));
}

#[test]
fn one_wake_sample_wakes_at_once() {
    assert_eq!(asleep().rules(|rules| rules.wake_samples = 1).visible(1).decide().action, out(0, 1));
}

#[test]
fn a_missing_reading_does_not_count_towards_waking() {
    let mut scene = asleep().visible(3).rules(|rules| rules.wake_samples = 3).watched(10);
    scene.missing_queue = true;
    scene = scene.watched(50);
    scene.missing_queue = false;
    assert_eq!(scene.decide().reasons.last(), Some(&Reason::WakeUnconfirmed { seen: 2, required: 3 }));
}

#[test]
fn a_failed_write_does_not_undo_the_waking() {
    let mut scene = asleep().visible(3).watched(10);
    assert_eq!(scene.tick_to(&failed()).action, out(0, 1));
    assert_eq!(scene.later(10).decide().action, out(0, 1));
}

#[test]
fn a_configured_min_wakes_a_fleet_at_once_and_no_further() {
    let scene = asleep().rules(|rules| rules.limits.min = 2);
    let quiet = scene.decide();
    assert_eq!((quiet.action, codes(&quiet)), (out(0, 2), vec!["backlog_per_instance", "limit_min"]));
    let phantom = scene.visible(500).decide();
    assert_eq!(phantom.action, out(0, 2));
    assert_eq!(phantom.reasons.last(), Some(&Reason::WakeUnconfirmed { seen: 1, required: 2 }));
    assert_eq!(asleep().group(4, 9).visible(500).decide().action, out(0, 4));
}

#[test]
fn a_fleet_that_is_awake_needs_no_wake_samples() {
    assert_eq!(asleep().desired(1).visible(30).decide().action, out(1, 3));
}

#[test]
fn messages_seen_while_awake_do_not_count_towards_waking() {
    let busy = asleep().desired(2).visible(20).watched(60);
    let decision = busy.desired(0).decide();
    assert_eq!(decision.reasons.last(), Some(&Reason::WakeUnconfirmed { seen: 1, required: 2 }));
}
