//! What must hold of a pause, whatever else is read, configured and remembered.

use super::{lived, rules, sample, turns, wisher};
use backlogd::model::{Action, Pause, Timestamp};
use proptest::prelude::*;

fn pauses() -> impl Strategy<Value = Pause> {
    let directions = prop_oneof![Just((true, false)), Just((false, true)), Just((true, true))];
    let times = (any::<i64>(), prop::option::of(any::<i64>()));
    let asked = (directions, times).prop_map(|((out, r#in), (since, until))| Pause::Asked {
        out,
        r#in,
        since: Timestamp::from_millis(since),
        until: until.map(Timestamp::from_millis),
    });
    prop_oneof![9 => asked, 1 => Just(Pause::Unknown { why: "damaged".to_owned() })]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn desired_never_moves_in_a_direction_that_is_paused_and_in_the_other_as_ever(
        wisher in wisher(), rules in rules(), turns in turns(), sample in sample(), pause in pauses(), wall in any::<i64>(),
    ) {
        let (mut controller, now) = lived(&wisher, &rules, &turns);
        let free = controller.decide(now, &sample);
        controller.heed(Some(pause.clone()), Timestamp::from_millis(wall));
        let decision = controller.decide(now, &sample);
        let held = match free.action {
            Action::Hold => false,
            Action::ScaleOut { .. } => pause.holds_out(),
            Action::ScaleIn { .. } => pause.holds_in(),
        };
        match decision.action {
            Action::Hold => {}
            Action::ScaleOut { .. } => prop_assert!(!pause.holds_out(), "{:?}", decision),
            Action::ScaleIn { .. } => prop_assert!(!pause.holds_in(), "{:?}", decision),
        }
        prop_assert_eq!(decision.recommended, free.recommended);
        if held {
            prop_assert!(decision.reasons.last().unwrap().code().starts_with("paused_"), "{:?}", decision);
        } else {
            prop_assert_eq!(decision.action, free.action);
        }
        controller.heed(None, Timestamp::from_millis(wall));
        prop_assert_eq!(controller.decide(now, &sample), free, "resumed");
    }
}
