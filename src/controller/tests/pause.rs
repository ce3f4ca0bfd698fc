//! What somebody paused is not done, and only that.

use super::*;
use crate::model::{Hints, Pause, Tuning};
use crate::policy::Latency;

const SINCE: Timestamp = Timestamp::from_secs(999_990);

fn pause(out: bool, r#in: bool) -> Pause {
    Pause::Asked { out, r#in, since: SINCE, until: None }
}

/// What the scene decides while `pause` is in force.
fn decide(scene: &Scene, pause: Pause) -> Decision {
    let (sample, mut controller) = (scene.sample(), scene.controller());
    controller.heed(Some(pause), scene.now);
    controller.observe(Now::at(scene.now), &sample);
    controller.decide(scene.now, &sample)
}

#[test]
fn a_paused_direction_is_held_with_its_reason_and_the_other_is_not() {
    let (busy, idle) = (Scene::new().visible(90), Scene::new().visible(10));
    for (pause, held, free) in [(pause(true, false), &busy, &idle), (pause(false, true), &idle, &busy)] {
        let decision = decide(held, pause.clone());
        assert_eq!(decision.action, Action::Hold);
        assert_eq!(
            codes(&decision)[1..],
            [if held.backlog == busy.backlog { "paused_out" } else { "paused_in" }]
        );
        assert_eq!(decide(free, pause), free.decide());
    }
    for scene in [&busy, &idle] {
        let decision = decide(scene, pause(true, true));
        assert_eq!((decision.action, decision.recommended), (Action::Hold, scene.decide().recommended));
    }
    let words = decide(&busy, pause(true, true)).reasons[1].to_string();
    assert_eq!(words, "9 wanted, scale-out is paused since 13:46:30 UTC, until it is resumed");
}

#[test]
fn what_is_not_wished_for_is_not_held_back() {
    let content = Scene::new();
    assert_eq!(decide(&content, pause(true, true)), content.decide());
    let blind = Scene { missing_queue: true, ..Scene::new() };
    assert_eq!(decide(&blind, pause(true, true)), blind.decide());
}

#[test]
fn a_pause_that_cannot_be_read_holds_both_directions() {
    let unknown = || Pause::Unknown { why: "images.pause is damaged".to_owned() };
    for visible in [10, 90] {
        let decision = decide(&Scene::new().visible(visible), unknown());
        assert_eq!(decision.action, Action::Hold);
        assert!(decision.reasons[1].to_string().ends_with("images.pause is damaged"), "{decision:?}");
    }
}

#[test]
fn limits_and_floors_raise_nothing_that_is_paused() {
    let below = Scene::new().rules(|rules| rules.limits.min = 8);
    let decision = decide(&below, pause(true, false));
    assert_eq!((decision.action, codes(&decision).last()), (Action::Hold, Some(&"paused_out")));
}

/// A scene that lives with a controller of its own, with every rule that remembers at its default.
struct Life {
    scene: Scene,
    controller: Controller,
}

impl Life {
    fn new(latency: bool) -> Self {
        let hints = Hints { objective_secs: 300.0, processing_secs: Some(10.0), ..Hints::default() };
        let hints = Hints { slots: Some(1), boot_secs: Some(60.0), ..hints };
        let controller = if latency {
            let policy = Latency { hints, drains: true, tuning: Tuning::SHIPPED };
            Controller::new(Box::new(policy), Rules::unhurried(), State::default())
        } else {
            let policy = BacklogPerInstance { acceptable_backlog: 10.0, tolerance_percent: 0.0 };
            Controller::new(Box::new(policy), Rules::default(), State::default())
        };
        Self { scene: Scene::new(), controller }
    }

    /// A tick whose decision is carried out, ten seconds after the last: what is ordered serves at once.
    fn tick(&mut self, pause: Option<&Pause>) -> Decision {
        let (sample, now) = (self.scene.sample(), self.scene.now);
        self.controller.heed(pause.cloned(), now);
        self.controller.observe(Now::at(now), &sample);
        let decision = self.controller.decide(now, &sample);
        let foreseen = self.controller.foresee(now, &sample, &decision);
        self.controller.settle(foreseen, &Outcome::Done);
        let to = decision.action.to().unwrap_or(self.scene.fleet.desired);
        self.scene = self.scene.clone().desired(to).later(10);
        decision
    }

    /// Ticks for so long while every instance works off a message in ten seconds and `arriving` come in.
    fn works(&mut self, secs: u32, arriving: u32, pause: Option<&Pause>) -> Vec<Decision> {
        let tick = |_| {
            let decision = self.tick(pause);
            let waiting = u32::try_from(self.scene.backlog.visible).unwrap() + arriving;
            let working = waiting.min(self.scene.fleet.in_service);
            self.scene = self.scene.clone().visible(waiting - working).in_flight(working.into());
            decision
        };
        (0..secs / 10).map(tick).collect()
    }
}

fn acts(decisions: &[Decision]) -> usize {
    decisions.iter().filter(|decision| decision.action != Action::Hold).count()
}

#[test]
fn once_resumed_a_backlog_is_met_at_once_and_no_breaker_or_cooldown_remembers_the_pause() {
    for latency in [false, true] {
        let mut life = Life::new(latency);
        life.works(600, 5, None);
        let held = life.works(3600, 20, Some(&pause(true, true)));
        assert_eq!(acts(&held), 0);
        assert!(held.iter().skip(100).all(|decision| codes(decision).contains(&"paused_out")), "{held:?}");
        let resumed = life.tick(None);
        assert!(matches!(resumed.action, Action::ScaleOut { .. }), "{resumed:?}");
        assert!(!codes(&resumed).contains(&"capacity_stalled"), "{resumed:?}");
    }
}

#[test]
fn a_scale_in_that_was_held_for_long_is_done_once_resumed() {
    for latency in [false, true] {
        let mut life = Life::new(latency);
        life.works(600, 5, None);
        let held = life.works(3600, 1, Some(&pause(false, true)));
        assert_eq!(acts(&held), 0);
        assert!(codes(held.last().unwrap()).contains(&"paused_in"), "{:?}", held.last());
        let resumed = life.tick(None);
        assert!(matches!(resumed.action, Action::ScaleIn { .. }), "{resumed:?}");
    }
}

/// The late share is told as it was; but neither reserve nor headroom make up for it, as they would for
/// messages that came late by themselves.
#[test]
fn lateness_that_a_pause_brought_leaves_the_policy_as_calm_as_it_was() {
    // Half an hour of messages that wait too long, for a pause or for a group at its max; then a quiet hour.
    let after = |pause: Option<&Pause>| {
        let mut life = Life::new(true);
        life.scene.fleet.max = 5;
        life.works(3600, 4, None);
        life.works(1800, 8, pause);
        life.scene.fleet.max = 100;
        life.works(3600, 4, None);
        life
    };
    let (paused, at_max) = (after(Some(&pause(true, false))), after(None));
    let late = |life: &Life| life.controller.estimate().unwrap().late_percent;
    assert!(late(&paused) > 5.0 && late(&at_max) > 5.0, "{} {}", late(&paused), late(&at_max));
    let budget = |life: &Life| {
        let told = serde_json::to_value(life.controller.state()).unwrap();
        let budget = &told["memory"]["budget"];
        (budget["late"].as_f64().unwrap(), budget["excused"].as_f64().unwrap())
    };
    let ((late, excused), (_, unexcused)) = (budget(&paused), budget(&at_max));
    assert!((late - excused).abs() < 1e-6 && unexcused == 0.0, "{late} {excused} {unexcused}");
}
