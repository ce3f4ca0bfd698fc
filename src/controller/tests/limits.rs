use super::{Scene, back, codes, out};
use crate::model::{Action, Bound, Reason};

#[test]
fn what_the_policy_wants_within_all_limits_is_done_for_that_reason_alone() {
    let decision = Scene::new().visible(71).decide();
    assert_eq!(decision.action, out(5, 8));
    assert_eq!(decision.recommended, Some(8));
    assert_eq!(decision.reasons, [Reason::BacklogPerInstance { backlog: 71.0, acceptable: 10.0, wanted: 8 }]);
    assert_eq!(Scene::new().visible(21).decide().action, back(5, 3));
    assert_eq!(Scene::new().decide().action, Action::Hold);
}

#[test]
fn a_wish_above_the_settings_max_is_lowered_to_it() {
    let decision = Scene::new().rules(|rules| rules.limits.max = Some(7)).visible(900).decide();
    assert_eq!(decision.action, out(5, 7));
    assert_eq!(decision.recommended, Some(7));
    let because = Reason::LimitMax { max: 7, bound: Bound::Settings, wanted: 90 };
    assert_eq!(decision.reasons.last(), Some(&because));
}

#[test]
fn a_wish_below_the_settings_min_is_raised_to_it() {
    let decision = Scene::new().rules(|rules| rules.limits.min = 3).visible(0).decide();
    assert_eq!(decision.action, back(5, 3));
    assert_eq!(decision.reasons.last(), Some(&Reason::LimitMin { min: 3, bound: Bound::Settings }));
}

#[test]
fn the_groups_own_limits_hold_without_any_in_the_settings() {
    let scene = Scene::new().group(4, 6);
    let most = scene.clone().visible(900).decide();
    assert_eq!(most.action, out(5, 6));
    let because = Reason::LimitMax { max: 6, bound: Bound::Group, wanted: 90 };
    assert_eq!(most.reasons.last(), Some(&because));
    let least = scene.visible(0).decide();
    assert_eq!(least.action, back(5, 4));
    assert_eq!(least.reasons.last(), Some(&Reason::LimitMin { min: 4, bound: Bound::Group }));
}

#[test]
fn settings_narrower_than_the_group_are_the_ones_that_bind() {
    let scene = Scene::new().group(0, 50).rules(|rules| {
        (rules.limits.min, rules.limits.max) = (2, Some(9));
    });
    assert_eq!(codes(&scene.clone().visible(900).decide()), ["backlog_per_instance", "limit_max"]);
    assert_eq!(scene.clone().visible(900).decide().action, out(5, 9));
    assert_eq!(scene.visible(0).decide().action, back(5, 2));
}

#[test]
fn the_group_has_the_last_word_where_settings_contradict_it() {
    let small = Scene::new().group(6, 20).desired(8).rules(|rules| rules.limits.max = Some(3)).decide();
    assert_eq!(small.action, back(8, 6));
    assert_eq!(codes(&small), ["backlog_per_instance", "limit_max", "limit_min"]);
    let large = Scene::new().group(0, 7).visible(20).rules(|rules| rules.limits.min = 12).decide();
    assert_eq!(large.action, out(5, 7));
    assert_eq!(codes(&large), ["backlog_per_instance", "limit_min", "limit_max"]);
}

#[test]
fn a_fleet_outside_new_limits_moves_towards_them() {
    let above = Scene::new().desired(20).visible(200).rules(|rules| rules.limits.max = Some(12)).decide();
    assert_eq!(above.action, back(20, 12));
    let below = Scene::new().desired(2).visible(20).rules(|rules| rules.limits.min = 4).decide();
    assert_eq!(below.action, out(2, 4));
}

#[test]
fn a_scale_out_is_shortened_to_the_largest_step_out() {
    let scene = Scene::new().rules(|rules| rules.limits.step_out_max = Some(3));
    let long = scene.clone().visible(200).decide();
    assert_eq!(long.action, out(5, 8));
    assert_eq!(long.recommended, Some(20), "the recommendation is what the window has to remember");
    assert_eq!(long.reasons.last(), Some(&Reason::StepOutMax { step: 3, wanted: 20 }));
    let fitting = scene.visible(80).decide();
    assert_eq!((fitting.action, codes(&fitting)), (out(5, 8), vec!["backlog_per_instance"]));
}

#[test]
fn a_scale_in_is_shortened_to_the_largest_step_in() {
    let scene = Scene::new().desired(10).rules(|rules| rules.limits.step_in_max = Some(2));
    let long = scene.clone().visible(10).decide();
    assert_eq!(long.action, back(10, 8));
    assert_eq!(long.reasons.last(), Some(&Reason::StepInMax { step: 2, wanted: 1 }));
    let fitting = scene.visible(80).decide();
    assert_eq!((fitting.action, codes(&fitting)), (back(10, 8), vec!["backlog_per_instance"]));
}

#[test]
fn each_step_limit_binds_its_own_direction_only() {
    let scene = Scene::new().rules(|rules| rules.limits.step_in_max = Some(1)).visible(90);
    assert_eq!(scene.decide().action, out(5, 9));
    let scene = Scene::new().rules(|rules| rules.limits.step_out_max = Some(1)).visible(10);
    assert_eq!(scene.decide().action, back(5, 1));
}

#[test]
fn a_step_from_the_largest_of_numbers_does_not_wrap() {
    let top = u32::MAX;
    let scene = Scene::new().desired(top - 1).group(0, top);
    let scene = scene.rules(|rules| (rules.limits.min, rules.limits.step_out_max) = (top, Some(3)));
    assert_eq!(scene.decide().action, out(top - 1, top));
}
