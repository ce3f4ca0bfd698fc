//! What must hold of every decision, whatever is read, configured and remembered.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by a panic, in its helpers too"
)]

#[path = "properties/latency.rs"]
mod latency;
#[path = "properties/pause.rs"]
mod pause;

use backlogd::controller::{Controller, Limits, Rules, State};
use backlogd::model::{
    Action, Backlog, Cause, Decision, Fleet, Metrics, Missing, Outcome, Queue, Sample, Timestamp,
};
use backlogd::policy::{BacklogPerInstance, Policy, Step, StepIn, StepOut};
use proptest::prelude::*;
use std::time::Duration;

/// Which policy, with figures that its settings would accept.
#[derive(Clone, Debug)]
enum Wisher {
    PerInstance(BacklogPerInstance),
    Steps(Step),
}

/// One tick's readings and what came of its write.
#[derive(Clone, Debug)]
struct Turn {
    wait_secs: u64,
    sample: Sample,
    outcome: Outcome,
}

impl Wisher {
    fn policy(&self) -> Box<dyn Policy> {
        match self {
            Self::PerInstance(policy) => Box::new(policy.clone()),
            Self::Steps(policy) => Box::new(policy.clone()),
        }
    }
}

/// Small numbers mostly, where the rules meet each other; sometimes all there are.
fn count() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..12_u32, 2 => 0..3000_u32, 1 => Just(u32::MAX), 1 => any::<u32>()]
}

fn messages() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 8 => 0..40_u64, 2 => 0..100_000_u64, 1 => Just(u64::MAX), 1 => any::<u64>()]
}

fn backlog() -> impl Strategy<Value = Backlog> {
    let weight = prop_oneof![4 => Just(1.0), 1 => Just(0.5), 1 => Just(0.0)];
    (messages(), messages(), messages(), weight).prop_map(|(visible, in_flight, delayed, weight)| {
        #[expect(clippy::cast_precision_loss, reason = "as the adapters do")]
        let counted = visible as f64 * weight;
        Backlog { visible, in_flight, delayed, counted }
    })
}

/// A group that keeps its own promise: desired within min and max.
fn fleet() -> impl Strategy<Value = Fleet> {
    let sizes = (count(), count(), count()).prop_map(|(a, b, c)| {
        let mut sizes = [a, b, c];
        sizes.sort_unstable();
        sizes
    });
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (sizes, count(), count(), count(), flags).prop_map(|(sizes, in_service, pending, terminating, flags)| {
        let [min, desired, max] = sizes;
        let (launch_suspended, terminate_suspended, operated) = flags;
        let operator = operated.then(|| "vendor.example".to_owned());
        Fleet {
            desired,
            min,
            max,
            in_service,
            pending,
            terminating,
            launch_suspended,
            terminate_suspended,
            operator,
            ..Fleet::default()
        }
    })
}

fn missing() -> Missing {
    Missing::new("reading", Cause::Timeout, "no answer")
}

fn sample_of(backlogs: Vec<Result<Backlog, Missing>>, fleet: Result<Fleet, Missing>) -> Sample {
    Sample { queues: backlogs.into_iter().map(|backlog| Queue::new("q", backlog)).collect(), fleet }
}

fn sample() -> impl Strategy<Value = Sample> {
    let backlogs =
        prop::collection::vec(prop_oneof![9 => backlog().prop_map(Ok), 1 => Just(Err(missing()))], 1..3);
    let fleet = prop_oneof![12 => fleet().prop_map(Ok), 1 => Just(Err(missing()))];
    (backlogs, fleet).prop_map(|(backlogs, fleet)| sample_of(backlogs, fleet))
}

fn span() -> impl Strategy<Value = Duration> {
    prop_oneof![3 => Just(0), 6 => 0..90_u64, 1 => Just(u64::MAX)].prop_map(Duration::from_secs)
}

fn limits() -> impl Strategy<Value = Limits> {
    let most = prop::option::of(count());
    let steps = (prop::option::of(1..9_u32), prop::option::of(1..9_u32));
    (prop_oneof![3 => Just(0), 1 => count()], most, steps).prop_map(
        |(min, max, (step_out_max, step_in_max))| {
            let max = max.map(|max| max.max(min));
            Limits { min, max, step_out_max, step_in_max }
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    let spans = (span(), span(), span(), span(), span());
    (limits(), 0..5_u32, 0..4_u32, spans).prop_map(|(limits, slots, wake_samples, spans)| {
        let (cooldown_out, cooldown_in, stabilization, empty_for, stalled_after) = spans;
        Rules {
            limits,
            windows: Vec::new(),
            slots,
            cooldown_out,
            cooldown_in,
            stabilization,
            empty_for,
            wake_samples,
            stalled_after,
        }
    })
}

fn wisher() -> impl Strategy<Value = Wisher> {
    let figure = prop_oneof![4 => 0.5..200.0_f64, 1 => Just(f64::MIN_POSITIVE), 1 => Just(f64::MAX)];
    let per_instance = (figure, prop_oneof![Just(0.0), 0.0..99.0_f64]).prop_map(|(acceptable, tolerance)| {
        Wisher::PerInstance(BacklogPerInstance {
            acceptable_backlog: acceptable,
            tolerance_percent: tolerance,
        })
    });
    let steps = (0.0..20.0_f64, 0.0..50.0_f64, 1..5_u32, 0..5_u32).prop_map(|(low, wider, few, more)| {
        Wisher::Steps(Step {
            out: vec![
                StepOut { above: low, add: few },
                StepOut { above: low + wider, add: few.saturating_add(more) },
            ],
            r#in: vec![
                StepIn { below: low / 2.0, remove: few },
                StepIn { below: low / 4.0, remove: few.saturating_add(more) },
            ],
        })
    });
    prop_oneof![per_instance, steps]
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let outcome = prop_oneof![
        6 => Just(Outcome::Done),
        1 => Just(Outcome::Withheld),
        1 => Just(Outcome::Failed { why: "throttled".into(), refused: true })
    ];
    let turn = (0..60_u64, sample(), outcome).prop_map(|(wait_secs, sample, outcome)| Turn {
        wait_secs,
        sample,
        outcome,
    });
    prop::collection::vec(turn, 0..8)
}

/// A controller after `turns`, and the time of the next tick.
fn lived(wisher: &Wisher, rules: &Rules, turns: &[Turn]) -> (Controller, Timestamp) {
    let mut controller = Controller::new(wisher.policy(), rules.clone(), State::default());
    let mut now = Timestamp::from_secs(1_000_000);
    for turn in turns {
        let decision = controller.decide(now, &turn.sample);
        let foreseen = controller.foresee(now, &turn.sample, &decision);
        controller.settle(foreseen, &turn.outcome);
        now = now + Duration::from_secs(turn.wait_secs);
    }
    (controller, now)
}

fn resulting(decision: &Decision, fleet: &Fleet) -> u32 {
    decision.action.to().unwrap_or(fleet.desired)
}

/// An acceptable backlog so large that its product with the fleet is infinite has no order to keep.
fn is_in_range(wisher: &Wisher) -> bool {
    wisher.policy().acceptable_backlog(None).is_none_or(|figure| figure < 1e300)
}

fn keeps_limits(to: u32, from: u32, rules: &Rules, fleet: &Fleet) -> Result<(), TestCaseError> {
    prop_assert!(fleet.min <= to && to <= fleet.max, "outside the group's own limits");
    // Where the settings contradict the group, the group wins: what is left of them is what counts.
    let min = rules.limits.min.clamp(fleet.min, fleet.max);
    let max = rules.limits.max.unwrap_or(u32::MAX).clamp(fleet.min, fleet.max);
    prop_assert!(to >= min || to > from, "below the settings' min and not towards it");
    prop_assert!(to <= max || to < from, "above the settings' max and not towards it");
    let farthest = rules.limits.step_out_max.map_or(u32::MAX, |step| from.saturating_add(step));
    let nearest = rules.limits.step_in_max.map_or(0, |step| from.saturating_sub(step));
    prop_assert!((nearest..=farthest).contains(&to), "a longer step than allowed");
    Ok(())
}

fn scales_in_safely(to: u32, rules: &Rules, sample: &Sample) -> Result<(), TestCaseError> {
    prop_assert!(sample.missing().next().is_none(), "scaled in on a missing reading");
    let backlog = sample.backlog().unwrap_or_default();
    let floor = backlog.in_flight.div_ceil(u64::from(rules.slots.max(1)));
    prop_assert!(u64::from(to) >= floor, "below the {floor} that messages in flight occupy");
    prop_assert!(to > 0 || backlog.is_empty(), "to zero with messages about");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_action_keeps_the_limits_and_says_what_it_does(
        wisher in wisher(), rules in rules(), turns in turns(), sample in sample(),
    ) {
        let (controller, now) = lived(&wisher, &rules, &turns);
        let decision = controller.decide(now, &sample);
        prop_assert!(!decision.reasons.is_empty());
        prop_assert_eq!(&decision, &controller.decide(now, &sample), "asked twice, it answers the same");
        let Some(to) = decision.action.to() else { return Ok(()) };
        let Ok(fleet) = &sample.fleet else { return Err(TestCaseError::fail("acted on an unknown fleet")) };
        prop_assert_eq!(decision.action, Action::between(fleet.desired, to));
        prop_assert!(sample.missing().next().is_none(), "acted on a missing reading");
        keeps_limits(to, fleet.desired, &rules, fleet)?;
        if matches!(decision.action, Action::ScaleIn { .. }) {
            scales_in_safely(to, &rules, &sample)?;
        }
    }

    #[test]
    fn zero_is_reached_over_an_empty_queue_and_only_there(
        wisher in wisher(), mut rules in rules(), turns in turns(), mut fleet in fleet(), desired in 1..4_u32,
        counters in (0..2_u64, 0..2_u64, 0..2_u64),
    ) {
        prop_assume!(is_in_range(&wisher));
        // Nothing else stands in the way: the counters alone must.
        rules.limits = Limits { min: 0, max: None, step_out_max: None, step_in_max: None };
        (rules.stabilization, rules.cooldown_in, rules.empty_for) = Default::default();
        (fleet.desired, fleet.min, fleet.terminate_suspended, fleet.operator) = (desired, 0, false, None);
        fleet.max = fleet.max.max(desired);
        let (visible, in_flight, delayed) = counters;
        let backlog = Backlog { visible, in_flight, delayed, counted: 0.0 };
        let (controller, now) = lived(&wisher, &rules, &turns);
        let decision = controller.decide(now, &sample_of(vec![Ok(backlog)], Ok(fleet.clone())));
        prop_assert!(resulting(&decision, &fleet) > 0 || backlog.is_empty(), "{decision:?}");
        if matches!(wisher, Wisher::PerInstance(_)) && backlog.is_empty() {
            prop_assert_eq!(resulting(&decision, &fleet), 0, "{:?}", decision);
        }
    }

    #[test]
    fn published_figures_are_finite(acceptable in prop::num::f64::ANY, counted in prop::num::f64::ANY, fleet in fleet()) {
        let backlog = Backlog { counted, ..Backlog::default() };
        let metrics = Metrics::of(&sample_of(vec![Ok(backlog), Ok(backlog)], Ok(fleet)), Some(acceptable));
        prop_assert!(metrics.backlog_per_instance.is_none_or(f64::is_finite));
        prop_assert!(metrics.acceptable_backlog.is_none_or(f64::is_finite));
    }

    #[test]
    fn more_messages_never_ask_for_less(
        wisher in wisher(), rules in rules(), turns in turns(), fleet in fleet(), fewer in backlog(), more in count(),
    ) {
        prop_assume!(is_in_range(&wisher));
        let extra = Backlog { visible: more.into(), counted: more.into(), ..Backlog::default() };
        for (controller, now) in [lived(&wisher, &rules, &turns), lived(&wisher, &rules, &[])] {
            let [less, more] = [fewer, fewer + extra]
                .map(|backlog| controller.decide(now, &sample_of(vec![Ok(backlog)], Ok(fleet.clone()))));
            prop_assert!(less.recommended <= more.recommended, "{less:?} but {more:?}");
            prop_assert!(resulting(&less, &fleet) <= resulting(&more, &fleet), "{less:?} but {more:?}");
        }
    }

    #[test]
    fn a_decision_carried_out_calls_for_nothing_more(
        wisher in wisher(), mut rules in rules(), turns in turns(), fleet in fleet(), backlog in backlog(),
    ) {
        // Step policies go on by design, as do steps shortened and a fleet woken to its min.
        prop_assume!(matches!(wisher, Wisher::PerInstance(_)) && fleet.desired > 0);
        (rules.limits.step_out_max, rules.limits.step_in_max) = (None, None);
        let (controller, now) = lived(&wisher, &rules, &turns);
        let mut sample = sample_of(vec![Ok(backlog)], Ok(fleet));
        let first = controller.decide(now, &sample);
        if let (Ok(fleet), Some(to)) = (&mut sample.fleet, first.action.to()) {
            fleet.desired = to;
        }
        let second = controller.decide(now, &sample);
        prop_assert_eq!(second.action, Action::Hold, "{:?} and then {:?}", first, second);
    }

    #[test]
    fn a_state_moved_with_its_clock_decides_the_same(
        wisher in wisher(), rules in rules(), turns in turns(), sample in sample(), millis in -1_000_000_000..1_000_000_000_i64,
    ) {
        let (controller, now) = lived(&wisher, &rules, &turns);
        let there = now.shifted(millis);
        let moved = controller.state().clone().shifted(millis, there);
        let elsewhere = Controller::new(wisher.policy(), rules, moved);
        prop_assert_eq!(elsewhere.decide(there, &sample), controller.decide(now, &sample));
    }

    #[test]
    fn no_figure_whatever_makes_a_decision_panic(
        acceptable in prop::num::f64::ANY, tolerance in prop::num::f64::ANY, counted in prop::num::f64::ANY, above in prop::num::f64::ANY,
        rules in rules(), turns in turns(), fleet in fleet(), at in any::<i64>(),
    ) {
        let strange = Wisher::PerInstance(BacklogPerInstance { acceptable_backlog: acceptable, tolerance_percent: tolerance });
        let stepped = Wisher::Steps(Step {
            out: vec![StepOut { above, add: u32::MAX }],
            r#in: vec![StepIn { below: above, remove: u32::MAX }],
        });
        let backlog = Backlog { counted, in_flight: u64::MAX, ..Backlog::default() };
        let sample = sample_of(vec![Ok(backlog), Ok(backlog)], Ok(fleet));
        for wisher in [strange, stepped] {
            let (controller, _) = lived(&wisher, &rules, &turns);
            let decision = controller.decide(Timestamp::from_millis(at), &sample);
            prop_assert!(!decision.reasons.is_empty());
            let told: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
            prop_assert!(told.iter().all(|text| !text.is_empty()));
            let next = controller.foresee(Timestamp::from_millis(at), &sample, &decision);
            prop_assert_eq!(&next.clone().shifted(0, Timestamp::from_millis(i64::MAX)), &next);
        }
    }
}
