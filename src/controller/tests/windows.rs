//! A floor and a ceiling at their times.

use super::*;
use crate::calendar::{Pattern, Window, Zone};
use crate::model::Outlook;
use crate::policy::{Memory, Policy, View, Want};
use proptest::prelude::*;

/// A window that opens every hour, on the hour, for half of it.
fn half(name: &str, min: Option<u32>, max: Option<u32>) -> Window {
    Window {
        name: name.to_owned(),
        start: Pattern::parse("0 0 * * * *").unwrap(),
        zone: Zone::UTC,
        lasts: Duration::from_mins(30),
        lead: None,
        min,
        max,
    }
}

/// The scene with these windows, `secs` after a full hour.
fn scene(windows: Vec<Window>, secs: i64) -> Scene {
    let mut scene = Scene::new().rules(|rules| rules.windows = windows);
    scene.now = Timestamp::from_secs(36_000 + secs);
    scene
}

fn texts(decision: &Decision) -> Vec<String> {
    decision.reasons.iter().skip(1).map(ToString::to_string).collect()
}

#[test]
fn a_floor_that_opens_is_ordered_at_once_and_says_why() {
    let office = || vec![half("office hours", Some(8), None)];
    assert_eq!(scene(office(), -1).decide().action, Action::Hold);
    let open = scene(office(), 0).decide();
    assert_eq!((open.action, open.recommended), (out(5, 8), Some(8)));
    assert_eq!(codes(&open), ["within_tolerance", "window_min"]);
    assert_eq!(texts(&open), ["window \"office hours\": min 8 until 10:30 UTC"]);
}

#[test]
fn a_floor_wakes_a_fleet_at_zero_without_a_message_or_a_confirmation() {
    let asleep = scene(vec![half("day", Some(3), None)], 0).desired(0).rules(|rules| rules.wake_samples = 5);
    assert_eq!(asleep.clone().visible(0).decide().action, out(0, 3));
    let knocked = asleep.visible(90).decide();
    assert_eq!(knocked.action, out(0, 3), "a phantom message wakes no more than the floor");
    assert_eq!(codes(&knocked), ["backlog_per_instance", "wake_unconfirmed"]);
}

#[test]
fn a_floor_is_reached_in_steps_where_steps_are_limited() {
    let scene = scene(vec![half("day", Some(9), None)], 0).rules(|rules| rules.limits.step_out_max = Some(2));
    assert_eq!(scene.decide().action, out(5, 7));
}

#[test]
fn a_floor_that_closes_leaves_the_rest_to_the_rules_of_a_scale_in() {
    let rules = |rules: &mut Rules| {
        rules.stabilization = secs(300);
        rules.limits.step_in_max = Some(1);
    };
    let scene = scene(vec![half("day", Some(5), None)], 0).rules(rules).visible(0).watched(1800);
    let closed = scene.decide();
    assert_eq!(closed.action, Action::Hold, "the last minutes needed 5");
    assert_eq!(codes(&closed), ["backlog_per_instance", "stabilization"]);
    assert_eq!(scene.watched(290).decide().action, back(5, 4), "one at a time");
}

#[test]
fn a_ceiling_holds_orders_back_and_interrupts_no_work() {
    let night = || vec![half("night", None, Some(3))];
    let flooded = scene(night(), 0).visible(900).desired(2).decide();
    assert_eq!(flooded.action, out(2, 3));
    assert_eq!(texts(&flooded), ["90 wanted, window \"night\": max 3 until 10:30 UTC"]);
    let busy = scene(night(), 0).visible(900).in_flight(4).decide();
    assert_eq!(busy.action, back(5, 4), "four are at work");
    assert_eq!(codes(&busy), ["backlog_per_instance", "window_max", "in_flight_floor"]);
}

#[test]
fn of_windows_that_overlap_the_highest_floor_and_the_lowest_ceiling_hold() {
    let all = vec![
        half("a", Some(6), Some(40)),
        half("b", Some(8), Some(20)),
        half("c", Some(7), None),
        half("d", None, Some(30)),
    ];
    assert_eq!(texts(&scene(all.clone(), 0).decide()), ["window \"b\": min 8 until 10:30 UTC"]);
    let flooded = scene(all, 0).visible(900).decide();
    assert_eq!(texts(&flooded), ["90 wanted, window \"b\": max 20 until 10:30 UTC"]);
}

#[test]
fn where_a_floor_is_above_a_ceiling_the_ceiling_holds_and_both_are_told() {
    let crossed = vec![half("day", Some(9), None), half("freeze", None, Some(6))];
    let decision = scene(crossed, 0).decide();
    assert_eq!(decision.action, out(5, 6));
    assert_eq!(codes(&decision), ["within_tolerance", "window_min", "window_max"]);
}

#[test]
fn the_groups_own_limits_have_the_last_word() {
    let decision = scene(vec![half("day", Some(50), None)], 0).group(0, 20).decide();
    assert_eq!(decision.action, out(5, 20));
    assert_eq!(codes(&decision), ["within_tolerance", "window_min", "limit_max"]);
}

#[test]
fn a_floor_orders_nothing_on_a_missing_reading_as_no_limit_does() {
    let mut scene = scene(vec![half("day", Some(9), None)], 0);
    scene.missing_queue = true;
    assert_eq!((scene.decide().action, codes(&scene.decide())), (Action::Hold, vec!["missing"]));
}

#[test]
fn a_floor_with_a_lead_is_ordered_so_much_earlier() {
    let early = || vec![Window { lead: Some(secs(300)), ..half("day", Some(8), None) }];
    assert_eq!(scene(early(), -301).decide().action, Action::Hold);
    let ahead = scene(early(), -300).decide();
    assert_eq!(ahead.action, out(5, 8));
    assert_eq!(texts(&ahead), ["window \"day\": min 8 from 10:00 UTC, ordered ahead"]);
}

/// A policy that wants what is there, and foretells this lead.
#[derive(Debug)]
struct Foretelling(Duration);

impl Policy for Foretelling {
    fn want(&self, view: &View<'_>, _memory: &Memory) -> Want {
        Want { capacity: view.fleet.desired, reasons: Vec::new() }
    }

    fn acceptable_backlog(&self, _outlook: Option<&Outlook>) -> Option<f64> {
        None
    }

    fn lead(&self, _outlook: Option<&Outlook>) -> Duration {
        self.0
    }
}

impl Scene {
    /// What is recommended where the policy foretells this lead; what is to be remembered is.
    fn foretold(&mut self, lead: u64) -> Option<u32> {
        let sample = self.sample();
        let policy = Box::new(Foretelling(secs(lead)));
        let mut controller = Controller::new(policy, self.rules.clone(), self.state.clone());
        controller.observe(Now::at(self.now), &sample);
        self.state = controller.state().clone();
        controller.decide(self.now, &sample).recommended
    }
}

#[test]
fn a_floor_that_is_ordered_ahead_is_not_given_back_when_the_lead_shrinks() {
    let mut day = scene(vec![half("day", Some(8), None)], -301);
    assert_eq!(day.foretold(300), Some(5), "not yet");
    for lead in [300, 250, 30, 400, 0] {
        day = day.later(1);
        assert_eq!(day.foretold(lead), Some(8), "{lead}");
    }
    let text = serde_json::to_string(&day.state).unwrap();
    day.state = serde_json::from_str(&text).unwrap();
    assert_eq!(day.foretold(0), Some(8), "nor over a restart");
    // Open at the full hour, closed half an hour later, and then ahead of the next.
    let mut next = day.later(296);
    assert_eq!(next.foretold(0), Some(8), "open");
    next = next.later(3600 - 60);
    assert_eq!(next.foretold(59), Some(5), "each opening has its own");
    assert_eq!(next.foretold(60), Some(8));
}

#[test]
fn what_is_ordered_ahead_for_one_window_brings_no_other_forward() {
    let later = Window { start: Pattern::parse("0 10 * * * *").unwrap(), ..half("later", Some(9), None) };
    let mut both = scene(vec![half("day", Some(8), None), later], -600);
    assert_eq!(both.foretold(900), Some(8), "ahead of the first");
    both = both.later(400);
    assert_eq!(both.foretold(60), Some(8), "800 s before the second");
    both = both.later(740);
    assert_eq!(both.foretold(60), Some(9), "60 s before it");
}

#[test]
fn a_lead_that_makes_no_sense_is_a_day_at_most() {
    let mut day = scene(vec![half("day", Some(8), None)], 0);
    day.state = serde_json::from_str(r#"{"leads":{"day":{"secs":18446744073709551615,"nanos":0}}}"#).unwrap();
    assert_eq!(day.foretold(0), Some(8), "open all the same");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_windows_are_open_what_is_recommended_is_within_the_groups_limits(
        sizes in prop::collection::vec((prop::option::of(0_u32..200), prop::option::of(0_u32..200)), 0..5),
        (min, max) in (0_u32..20, 20_u32..120),
        offset in 0_i64..7200,
        visible in 0_u32..3000,
    ) {
        let windows = sizes.into_iter().map(|(min, max)| half("any", min, max)).collect();
        let decision = scene(windows, offset).group(min, max).visible(visible).decide();
        let recommended = decision.recommended.unwrap();
        prop_assert!((min..=max).contains(&recommended), "{recommended}");
    }
}
