use super::{Scene, State, back, codes, out, secs};
use crate::model::{Action, Reason, Timestamp};

const HOUR: i64 = 3_600_000;

/// A scene in which every part of the state has something to say.
fn rich() -> Scene {
    let scene = Scene::new().rules(|rules| {
        (rules.cooldown_out, rules.cooldown_in) = (secs(600), secs(900));
        (rules.stabilization, rules.empty_for, rules.stalled_after) = (secs(120), secs(180), secs(600));
    });
    let mut scene = scene.visible(70);
    assert_eq!(scene.tick().action, out(5, 7));
    scene.later(10).visible(0).watched(100)
}

#[test]
fn a_scale_in_is_remembered_over_a_move_as_well() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_in = secs(300)).visible(40);
    scene.tick();
    scene = scene.visible(20).later(100);
    scene.now = scene.now.shifted(HOUR);
    scene.state = scene.state.clone().shifted(HOUR, scene.now);
    assert_eq!(scene.decide().reasons.last(), Some(&Reason::CooldownIn { remaining_secs: 200 }));
}

#[test]
fn every_memory_moves_with_the_clock_it_is_told_on() {
    for (messages, millis) in [(0, HOUR), (0, -HOUR), (200, HOUR), (200, -HOUR)] {
        for wait in [0, 60, 70, 80, 490, 800, 900] {
            let here = rich().visible(messages).later(wait);
            let mut there = here.clone();
            there.now = there.now.shifted(millis);
            there.state = there.state.shifted(millis, there.now);
            assert_eq!(there.decide(), here.decide(), "{wait} s later, {millis} ms elsewhere");
        }
    }
}

#[test]
fn a_stamp_from_the_future_counts_as_now_and_delays() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_out = secs(30)).visible(70);
    scene.tick();
    scene = scene.visible(90).later(29);
    scene.now = scene.now.shifted(-HOUR);
    scene.state = scene.state.clone().shifted(0, scene.now);
    assert_eq!(scene.decide().reasons.last(), Some(&Reason::CooldownOut { remaining_secs: 30 }));
    assert_eq!(scene.later(30).decide().action, out(7, 9));
}

#[test]
fn windows_and_confirmations_from_the_future_begin_now() {
    let mut idle = Scene::new().desired(1).visible(0).rules(|rules| rules.empty_for = secs(180)).watched(180);
    idle.state = idle.state.clone().shifted(HOUR, idle.now);
    let because = Reason::ZeroUnconfirmed { empty_secs: 0, required_secs: 180 };
    assert_eq!(idle.decide().reasons.last(), Some(&because));

    let mut windowed = Scene::new().visible(20).rules(|rules| rules.stabilization = secs(300)).watched(300);
    windowed.state = windowed.state.clone().shifted(HOUR, windowed.now);
    assert_eq!(codes(&windowed.decide()), ["backlog_per_instance", "stabilization_filling"]);
    assert_eq!(windowed.watched(300).decide().action, back(5, 2), "a window later, not an hour");
}

#[test]
fn a_shortfall_from_the_future_begins_now() {
    let stuck = Scene::new().desired(10).in_service(4).visible(100);
    let mut stuck = stuck.rules(|rules| rules.stalled_after = secs(600)).watched(600).visible(200);
    assert_eq!(stuck.decide().action, Action::Hold);
    stuck.state = stuck.state.clone().shifted(HOUR, stuck.now);
    assert_eq!(stuck.decide().action, out(10, 20));
}

#[test]
fn a_state_survives_its_serialization_whole() {
    let state = rich().watched(20).state;
    assert_ne!(state, State::default());
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
}

#[test]
fn the_farthest_stamps_move_without_overflow() {
    let mut scene = rich();
    for millis in [i64::MAX, i64::MIN] {
        scene.state = scene.state.shifted(millis, Timestamp::from_millis(i64::MAX));
        assert!(!scene.decide().reasons.is_empty());
    }
}

#[test]
fn what_was_seen_of_one_queue_and_group_proves_nothing_of_others() {
    let idle = || {
        let rules = |rules: &mut super::Rules| (rules.empty_for, rules.stabilization) = (secs(60), secs(60));
        let mut scene = Scene::new().desired(3).visible(0).rules(rules);
        scene.state = scene.state.about("group a for queue a");
        scene.watched(60)
    };
    let mut same = idle();
    same.state = same.state.about("group a for queue a");
    assert_eq!(same.decide().action, back(3, 0));
    let mut other = idle();
    other.state = other.state.about("group b for queue b");
    assert_eq!(other.decide().action, Action::Hold);
    let watched = other.watched(60).decide();
    assert_eq!(watched.action, back(3, 0), "but what is seen of it does: {watched:?}");
}

#[test]
fn another_queue_or_group_does_not_end_a_cooldown() {
    let mut scene = Scene::new().rules(|rules| rules.cooldown_out = secs(600)).visible(70);
    scene.state = scene.state.about("group a for queue a");
    scene.tick();
    scene.state = scene.state.about("group b for queue b");
    assert_eq!(codes(&scene.visible(90).decide()), ["backlog_per_instance", "cooldown_out"]);
}
