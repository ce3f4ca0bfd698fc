use super::{Scene, back, codes, failed, out, secs};
use crate::model::{Action, Outcome, Reason};
use std::time::Duration;

#[test]
fn a_scale_out_waits_for_the_cooldown_after_the_last_one() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_out = secs(30)).visible(70);
    assert_eq!(scene.tick().action, out(5, 7));
    let early = scene.clone().visible(90).later(12).decide();
    assert_eq!(early.action, Action::Hold);
    assert_eq!(early.reasons.last(), Some(&Reason::CooldownOut { remaining_secs: 18 }));
    assert_eq!(scene.visible(90).later(30).decide().action, out(7, 9));
}

#[test]
fn the_rest_of_a_cooldown_is_rounded_up_and_never_told_as_zero() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_out = secs(30)).visible(70);
    scene.tick();
    scene = scene.visible(90);
    scene.now = scene.now + Duration::from_millis(29_999);
    assert_eq!(scene.decide().reasons.last(), Some(&Reason::CooldownOut { remaining_secs: 1 }));
}

#[test]
fn a_scale_in_waits_for_the_cooldown_after_a_scale_in() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_in = secs(300)).visible(40);
    assert_eq!(scene.tick().action, back(5, 4));
    let early = scene.clone().visible(20).later(299).decide();
    assert_eq!(early.action, Action::Hold);
    assert_eq!(early.reasons.last(), Some(&Reason::CooldownIn { remaining_secs: 1 }));
    assert_eq!(scene.visible(20).later(300).decide().action, back(4, 2));
}

#[test]
fn a_scale_in_waits_for_the_cooldown_after_a_scale_out_too() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_in = secs(300)).visible(40);
    scene.tick();
    scene = scene.visible(90).later(200);
    assert_eq!(scene.tick().action, out(4, 9));
    let early = scene.clone().visible(20).later(299).decide();
    assert_eq!(early.reasons.last(), Some(&Reason::CooldownIn { remaining_secs: 1 }));
    assert_eq!(scene.visible(20).later(300).decide().action, back(9, 2));
}

#[test]
fn a_scale_out_does_not_wait_for_the_cooldown_of_a_scale_in() {
    let scene = Scene::new().rules(|rules| (rules.cooldown_out, rules.cooldown_in) = (secs(30), secs(300)));
    let mut scene = scene.visible(20);
    assert_eq!(scene.tick().action, back(5, 2));
    assert_eq!(scene.visible(60).later(1).decide().action, out(2, 6));
}

#[test]
fn a_failed_write_starts_no_cooldown_and_ends_none() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_out = secs(30)).visible(90);
    scene.tick_to(&failed());
    assert_eq!(scene.clone().later(10).decide().action, out(5, 9), "the next tick decides afresh");

    let scene = Scene::new().rules(|rules| (rules.cooldown_out, rules.cooldown_in) = (secs(30), secs(60)));
    let mut scene = scene.visible(90);
    scene.tick();
    scene = scene.later(60).visible(20);
    assert_eq!(scene.tick_to(&failed()).action, back(9, 2));
    assert_eq!(scene.later(1).decide().action, back(9, 2), "the scale-out is 61 s ago as before");
}

#[test]
fn a_withheld_write_starts_a_cooldown_so_that_a_rehearsal_paces_like_the_real_thing() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_out = secs(30)).visible(90);
    assert_eq!(scene.tick_to(&Outcome::Withheld).action, out(5, 9));
    assert_eq!(codes(&scene.later(10).decide()), ["backlog_per_instance", "cooldown_out"]);
}

#[test]
fn a_hold_starts_no_cooldown() {
    let mut scene =
        Scene::new().rules(|rules| (rules.cooldown_out, rules.cooldown_in) = (secs(30), secs(30)));
    assert_eq!(scene.tick().action, Action::Hold);
    assert_eq!(scene.clone().visible(90).decide().action, out(5, 9));
    assert_eq!(scene.visible(10).decide().action, back(5, 1));
}

fn windowed() -> Scene {
    Scene::new().desired(10).rules(|rules| rules.stabilization = secs(300))
}

#[test]
fn nothing_is_given_back_before_the_window_has_been_watched_whole() {
    let young = windowed().visible(30).watched(290);
    let decision = young.decide();
    assert_eq!(decision.action, Action::Hold);
    let because = Reason::StabilizationFilling { watched_secs: 290, window_secs: 300 };
    assert_eq!(decision.reasons.last(), Some(&because));
    assert_eq!(young.watched(10).decide().action, back(10, 3));
}

fn stabilized(peak: u32, remaining_secs: u64) -> Reason {
    Reason::Stabilization { peak, window_secs: 300, remaining_secs }
}

#[test]
fn a_scale_in_goes_no_lower_than_the_peak_of_the_window() {
    let scene = windowed().visible(80).watched(100).visible(30).watched(200);
    let decision = scene.decide();
    assert_eq!(decision.action, back(10, 8));
    assert_eq!(decision.recommended, Some(3));
    assert_eq!(decision.reasons.last(), Some(&stabilized(8, 90)));
    assert_eq!(scene.clone().watched(80).decide().action, Action::Hold, "the last 80 is 299 s old at most");
    assert_eq!(scene.watched(90).decide().action, back(8, 3));
}

#[test]
fn a_peak_above_the_desired_capacity_orders_nothing() {
    let mut scene = windowed().watched(300);
    scene.fleet.launch_suspended = true;
    scene = scene.visible(400).watched(10).visible(30);
    let decision = scene.decide();
    assert_eq!(decision.action, Action::Hold);
    assert_eq!(decision.reasons.last(), Some(&stabilized(40, 290)));
}

#[test]
fn after_a_gap_of_half_the_window_it_is_watched_anew() {
    let scene = windowed().visible(30).watched(200);
    assert_eq!(scene.clone().later(139).decide().action, back(10, 3), "last looked 149 s ago");
    let blind = scene.later(140).decide();
    let because = Reason::StabilizationFilling { watched_secs: 0, window_secs: 300 };
    assert_eq!(blind.reasons.last(), Some(&because));
}

#[test]
fn a_stretch_of_missing_readings_half_as_long_as_the_window_is_a_gap() {
    let mut scene = windowed().visible(30).watched(290);
    scene.missing_queue = true;
    scene = scene.watched(140);
    scene.missing_queue = false;
    assert_eq!(codes(&scene.decide()), ["backlog_per_instance", "stabilization_filling"]);
}

#[test]
fn the_window_holds_no_scale_out_back() {
    assert_eq!(windowed().visible(120).decide().action, out(10, 12));
}

#[test]
fn what_a_tick_saw_is_remembered_although_its_write_failed() {
    let mut scene = windowed().watched(300).visible(150);
    assert_eq!(scene.tick_to(&failed()).action, out(10, 15));
    let decision = scene.later(10).visible(30).decide();
    assert_eq!(decision.reasons.last(), Some(&stabilized(15, 290)));
}
