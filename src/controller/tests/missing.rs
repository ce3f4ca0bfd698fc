use super::{Scene, back, codes, secs};
use crate::model::{Action, Reason};

fn empty() -> Scene {
    Scene::new().desired(9).visible(0)
}

#[test]
fn missing_backlog_holds_and_never_scales_in() {
    let mut scene = empty();
    assert_eq!(scene.decide().action, back(9, 0), "what the readings alone would do");
    scene.missing_queue = true;
    let decision = scene.decide();
    assert_eq!((decision.action, decision.recommended), (Action::Hold, None));
    let Some(Reason::Missing(missing)) = decision.reasons.first() else { panic!("{decision:?}") };
    assert_eq!((missing.what.as_str(), decision.reasons.len()), ("queue b", 1));
}

#[test]
fn one_missing_queue_of_several_holds_a_scale_out_too() {
    let mut scene = empty().visible(500);
    scene.missing_queue = true;
    assert_eq!(scene.decide().action, Action::Hold);
}

#[test]
fn missing_fleet_holds() {
    let mut scene = empty();
    scene.missing_fleet = true;
    let decision = scene.decide();
    assert_eq!((decision.action, decision.recommended), (Action::Hold, None));
    let Some(Reason::Missing(missing)) = decision.reasons.first() else { panic!("{decision:?}") };
    assert_eq!(missing.what, "group g");
}

#[test]
fn every_missing_reading_is_named_queues_first() {
    let mut scene = empty();
    (scene.missing_queue, scene.missing_fleet) = (true, true);
    assert_eq!(codes(&scene.decide()), ["missing", "missing"]);
    assert_eq!(scene.decide().reasons.last().map(ToString::to_string).unwrap(), "group g: no answer in 2 s");
}

#[test]
fn nothing_is_learnt_from_a_missing_backlog() {
    let rules = |rules: &mut super::Rules| rules.stabilization = secs(300);
    let mut scene = Scene::new().rules(rules).watched(100);
    let before = scene.state.clone();
    scene.missing_queue = true;
    scene.tick();
    assert_eq!(scene.state, before);
}

#[test]
fn nothing_is_learnt_from_a_missing_fleet() {
    let rules = |rules: &mut super::Rules| (rules.stabilization, rules.wake_samples) = (secs(300), 9);
    let mut scene = Scene::new().rules(rules).desired(0).visible(5).watched(30);
    let before = scene.state.clone();
    scene.missing_fleet = true;
    scene.tick();
    assert_eq!(scene.state, before);
}

#[test]
fn one_sample_of_false_zeros_takes_nothing_from_a_fleet_at_work() {
    let busy =
        Scene::new().desired(10).visible(0).in_flight(10).rules(|rules| rules.stabilization = secs(300));
    let blinded = busy.watched(600).in_flight(0);
    let decision = blinded.decide();
    assert_eq!(decision.action, Action::Hold);
    let because = Reason::Stabilization { peak: 10, window_secs: 300, remaining_secs: 290 };
    assert_eq!(decision.reasons.last(), Some(&because));
    assert_eq!(blinded.watched(290).decide().action, back(10, 0), "unless they stay");
}
