use super::{Scene, back, codes, out, secs};
use crate::model::{Action, Metrics, Reason};

#[test]
fn pending_instances_are_capacity_already_ordered() {
    let booting = Scene::new().desired(10).in_service(2);
    assert_eq!(booting.clone().visible(100).decide().action, Action::Hold);
    assert_eq!(booting.visible(120).decide().action, out(10, 12));
}

#[test]
fn draining_and_set_aside_instances_are_no_capacity() {
    let mut scene = Scene::new().desired(5).in_service(4).rules(|rules| rules.stalled_after = secs(60));
    scene.fleet.pending = 0;
    (scene.fleet.terminating, scene.fleet.standby) = (20, 20);
    (scene.fleet.warmed, scene.fleet.unknown) = (20, 20);
    assert_eq!(scene.decide().action, Action::Hold);
    let metrics = Metrics::of(&scene.sample(), None);
    assert_eq!(metrics.backlog_per_instance, Some(12.5), "50 messages for the four in service");
    let stalled = scene.watched(60).visible(90).decide();
    assert_eq!(codes(&stalled), ["backlog_per_instance", "capacity_stalled"]);
}

#[test]
fn a_weighted_group_is_reckoned_in_its_units() {
    let mut scene = Scene::new().desired(16).group(8, 64).visible(333);
    scene.fleet.weighted = true;
    assert_eq!(scene.decide().action, out(16, 34));
    assert_eq!(scene.visible(0).in_flight(12).rules(|rules| rules.slots = 1).decide().action, back(16, 12));
}

fn stuck() -> Scene {
    Scene::new().desired(10).in_service(4).rules(|rules| rules.stalled_after = secs(600)).visible(200)
}

#[test]
fn no_more_is_ordered_once_ordered_capacity_does_not_arrive() {
    let mut scene = Scene::new().desired(10).in_service(4).visible(100);
    scene = scene.rules(|rules| rules.stalled_after = secs(600)).watched(590);
    assert_eq!(scene.clone().visible(200).decide().action, out(10, 20), "590 s may be a slow boot");
    let decision = scene.watched(10).visible(200).decide();
    assert_eq!(decision.action, Action::Hold);
    let because = Reason::CapacityStalled { in_service: 4, desired: 10, stalled_secs: 600 };
    assert_eq!(decision.reasons.last(), Some(&because));
}

#[test]
fn ordering_more_does_not_start_the_wait_anew() {
    let mut scene = stuck();
    assert_eq!(scene.tick().action, out(10, 20));
    assert_eq!(
        codes(&scene.visible(300).watched(600).visible(400).decide()),
        ["backlog_per_instance", "capacity_stalled"]
    );
}

#[test]
fn time_that_nobody_watched_does_not_count_as_a_standstill() {
    let scene = stuck().watched(400).visible(300);
    assert_eq!(
        scene.clone().later(289).decide().action,
        Action::Hold,
        "a gap of less than half the patience counts"
    );
    assert_eq!(scene.later(290).decide().action, out(20, 30));
}

#[test]
fn instances_that_come_and_go_are_no_growth() {
    let mut scene = stuck();
    for _ in 0..35 {
        scene = scene.in_service(3).watched(10).in_service(4).watched(10);
    }
    assert_eq!(codes(&scene.visible(300).decide()), ["backlog_per_instance", "capacity_stalled"]);
}

#[test]
fn growth_lifts_the_breaker() {
    let scene = stuck().watched(700).visible(300);
    assert_eq!(scene.decide().action, Action::Hold);
    assert_eq!(scene.clone().in_service(5).decide().action, out(20, 30));
    let grown = scene.in_service(5).visible(200).watched(590).visible(300);
    assert_eq!(grown.decide().action, out(20, 30));
    assert_eq!(
        codes(&grown.watched(600).visible(900).decide()),
        ["backlog_per_instance", "capacity_stalled"]
    );
}

#[test]
fn an_instance_lost_while_waiting_is_not_growth() {
    let scene = stuck().watched(300).in_service(3).watched(300).visible(300);
    assert_eq!(codes(&scene.decide()), ["backlog_per_instance", "capacity_stalled"]);
}

#[test]
fn a_complete_fleet_is_never_stalled() {
    let mut complete = stuck().watched(700).in_service(20);
    assert_eq!(complete.tick().action, Action::Hold);
    assert_eq!(complete.later(9000).visible(300).decide().action, out(20, 30));
}

#[test]
fn a_stalled_fleet_may_still_scale_in() {
    assert_eq!(stuck().watched(700).visible(20).decide().action, back(20, 2));
}

#[test]
fn a_suspended_launch_stops_scale_outs_only() {
    let mut scene = Scene::new();
    scene.fleet.launch_suspended = true;
    let more = scene.clone().visible(90).decide();
    assert_eq!((more.action, codes(&more)), (Action::Hold, vec!["backlog_per_instance", "launch_suspended"]));
    assert_eq!(scene.clone().visible(20).decide().action, back(5, 2));
    assert_eq!(codes(&scene.decide()), ["within_tolerance"], "silent where it binds nothing");
}

#[test]
fn a_suspended_terminate_stops_scale_ins_only() {
    let mut scene = Scene::new();
    scene.fleet.terminate_suspended = true;
    let fewer = scene.clone().visible(20).decide();
    assert_eq!(
        (fewer.action, codes(&fewer)),
        (Action::Hold, vec!["backlog_per_instance", "terminate_suspended"])
    );
    assert_eq!(scene.clone().visible(90).decide().action, out(5, 9));
    assert_eq!(codes(&scene.decide()), ["within_tolerance"], "silent where it binds nothing");
}

#[test]
fn a_group_with_an_operator_is_changed_by_nobody_else() {
    let mut scene = Scene::new();
    scene.fleet.operator = Some("vendor.example".to_owned());
    for messages in [90, 20] {
        let decision = scene.clone().visible(messages).decide();
        assert_eq!(decision.action, Action::Hold);
        let because = Reason::OperatorManaged { operator: "vendor.example".to_owned() };
        assert_eq!(decision.reasons.last(), Some(&because));
    }
    assert_eq!(codes(&scene.decide()), ["within_tolerance"], "silent where it binds nothing");
}
