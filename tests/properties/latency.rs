//! What must hold of the latency policy, whatever it has seen.

use super::{messages, missing, resulting, sample_of};
use backlogd::controller::{Controller, Limits, Rules, State};
use backlogd::model::{
    Action, Backlog, Decision, Deleted, Estimate, Fleet, Hints, Instance, Now, Outcome, Sample, Timestamp,
    Tuning,
};
use backlogd::policy::Latency;
use proptest::prelude::*;
use std::time::Duration;

/// What happens between two samples, and what the second shows.
#[derive(Clone, Debug)]
struct Step {
    wait_millis: u64,
    /// By how much the time of day is set.
    clock_millis: i64,
    backlog: Option<(u64, u64, u64)>,
    deleted: Option<f64>,
    seen: bool,
    /// The instances that the group lists: the first by its number, how many, and how many of them work.
    instances: (u8, u8, u8),
    capacity: u32,
    desired: u32,
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let waits = prop_oneof![8 => 9_900..10_100_u64, 2 => 0..120_000_u64, 1 => 0..2_000_000_000_u64];
    let clock = prop_oneof![9 => Just(0), 1 => -100_000_000..100_000_000_i64];
    let backlog = prop_oneof![9 => (messages(), messages(), messages()).prop_map(Some), 1 => Just(None)];
    let deleted = prop_oneof![2 => Just(None), 1 => (0.0..1e6_f64).prop_map(Some), 1 => Just(Some(0.0))];
    let instances = (0..4_u8, 0..12_u8, 0..12_u8);
    let capacity = prop_oneof![8 => Just(1), 1 => 0..1000_u32, 1 => Just(u32::MAX)];
    let desired = prop_oneof![8 => 0..12_u32, 1 => any::<u32>()];
    let times = (waits, clock);
    let step = (times, backlog, deleted, prop::bool::weighted(0.9), instances, capacity, desired).prop_map(
        |((wait_millis, clock_millis), backlog, deleted, seen, instances, capacity, desired)| Step {
            wait_millis,
            clock_millis,
            backlog,
            deleted,
            seen,
            instances,
            capacity,
            desired,
        },
    );
    prop::collection::vec(step, 1..most)
}

fn hints() -> impl Strategy<Value = Hints> {
    let secs =
        || prop::option::of(prop_oneof![4 => 1.0..400.0_f64, 1 => Just(0.001), 1 => Just(31_536_000.0)]);
    let objective = prop_oneof![4 => 1..900_u32, 1 => Just(1_209_600)];
    (objective, secs(), prop::option::of(1..9_u32), secs()).prop_map(
        |(objective, processing_secs, slots, boot_secs)| Hints {
            objective_secs: objective.into(),
            processing_secs,
            slots,
            boot_secs,
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    (0..4_u32, prop::option::of(4..3000_u32)).prop_map(|(min, max)| Rules {
        limits: Limits { min, max, step_out_max: None, step_in_max: None },
        ..Rules::unhurried()
    })
}

fn controller(hints: Hints, drains: bool, rules: &Rules, state: State) -> Controller {
    let policy = Latency { hints, drains, tuning: Tuning::SHIPPED };
    Controller::new(Box::new(policy), rules.clone(), state)
}

/// The sample that a step shows at `now`.
fn shown(step: &Step, now: Now) -> Sample {
    let (first, count, working) = step.instances;
    let instance = |number: u8| Instance {
        id: format!("i-{}", first + number).into(),
        in_service: number < working,
        capacity: step.capacity,
    };
    let units = |count: u8| u32::from(count).saturating_mul(step.capacity);
    let fleet = Fleet {
        desired: step.desired,
        max: step.desired.max(3000),
        in_service: units(count.min(working)),
        pending: units(count.saturating_sub(working)),
        instances: (0..count).map(instance).collect(),
        ..Fleet::default()
    };
    let backlog = step.backlog.map(|(visible, in_flight, delayed)| Backlog {
        visible,
        in_flight,
        delayed,
        #[expect(clippy::cast_precision_loss, reason = "as the adapters do")]
        counted: visible as f64,
    });
    let mut sample =
        sample_of(vec![backlog.ok_or_else(missing)], if step.seen { Ok(fleet) } else { Err(missing()) });
    let from = now.wall.shifted(-300_000);
    let lasts = Duration::from_mins(1);
    sample.queues[0].deleted = step.deleted.map(|count| Deleted { from, lasts, count });
    sample
}

/// A controller on its way, with its two clocks.
struct Life {
    controller: Controller,
    now: Now,
}

impl Life {
    fn new(controller: Controller) -> Self {
        Self { controller, now: Now::at(Timestamp::from_secs(1_800_000_000)) }
    }

    /// The sample that `step` brings, a while later.
    fn sample(&mut self, step: &Step) -> Sample {
        let wait = Duration::from_millis(step.wait_millis);
        self.now.steady = self.now.steady + wait;
        self.now.wall = (self.now.wall + wait).shifted(step.clock_millis);
        shown(step, self.now)
    }

    fn tick(&mut self, sample: &Sample) -> Decision {
        self.controller.observe(self.now, sample);
        let decision = self.controller.decide(self.now.steady, sample);
        assert_eq!(
            decision,
            self.controller.decide(self.now.steady, sample),
            "asked twice, it answers the same"
        );
        let foreseen = self.controller.foresee(self.now.steady, sample, &decision);
        self.controller.settle(foreseen, &Outcome::Done);
        decision
    }
}

fn is_sound(estimate: &Estimate) -> Result<(), TestCaseError> {
    let Estimate {
        arrivals_per_sec,
        processing_secs,
        slots,
        boot_secs,
        boot_spread,
        drain_secs,
        late_percent,
    } = estimate;
    for figure in [processing_secs, slots, boot_secs] {
        prop_assert!(figure.value.is_finite() && figure.value > 0.0, "{estimate:?}");
    }
    prop_assert!(arrivals_per_sec.value.is_finite() && arrivals_per_sec.value >= 0.0, "{estimate:?}");
    prop_assert!(boot_spread.value > 0.0 && boot_spread.value <= 1.0, "{estimate:?}");
    for figure in [arrivals_per_sec, processing_secs, slots, boot_secs, boot_spread] {
        prop_assert!((0.0..=1.0).contains(&figure.belief), "{estimate:?}");
    }
    prop_assert!(drain_secs.is_none_or(|secs| secs.is_finite() && secs >= 0.0), "{estimate:?}");
    prop_assert!((0.0..=100.0).contains(late_percent), "{estimate:?}");
    Ok(())
}

/// What a scale-in must mind. `raised` says whether more is ordered than at the last sample.
fn goes_safely(
    to: u32,
    sample: &Sample,
    estimate: Option<Estimate>,
    raised: bool,
) -> Result<(), TestCaseError> {
    let slots = estimate.map_or(1.0, |estimate| estimate.slots.value);
    let in_flight = sample.backlog().unwrap_or_default().in_flight;
    #[expect(clippy::cast_precision_loss, reason = "as the controller does")]
    let floor = (in_flight as f64 / slots).ceil();
    prop_assert!(f64::from(to) >= floor, "to {to}, below the {floor} that messages in flight occupy");
    prop_assert!(!raised, "while the last order boots");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_life_of_any_samples_keeps_every_promise(
        hints in hints(), drains in any::<bool>(), rules in rules(), steps in steps(60),
    ) {
        let mut life = Life::new(controller(hints, drains, &rules, State::default()));
        let mut ordered = None;
        for step in &steps {
            let before = life.controller.state().clone();
            let sample = life.sample(step);
            let decision = life.tick(&sample);
            prop_assert_eq!(decision.action == Action::Hold, decision.action.to().is_none());
            if let Some(estimate) = life.controller.estimate() {
                is_sound(&estimate)?;
            }
            let complete = sample.missing().next().is_none();
            if !complete {
                prop_assert_eq!(decision.action, Action::Hold, "on a missing reading");
                let told = |state: &State| {
                    let told = serde_json::to_value(state).unwrap();
                    (told["estimates"].clone(), told["memory"].clone())
                };
                prop_assert_eq!(told(&before), told(life.controller.state()), "it learnt from a hole");
                continue;
            }
            let Ok(fleet) = &sample.fleet else { continue };
            if let Some(to) = decision.action.to() {
                let max = rules.limits.max.unwrap_or(u32::MAX).clamp(fleet.min, fleet.max);
                prop_assert!(to <= max || to < fleet.desired, "{to} of {max}");
                prop_assert!(to >= rules.limits.min.clamp(fleet.min, fleet.max) || to > fleet.desired);
                // The settings' max takes a fleet in whatever boots.
                if to < fleet.desired && fleet.desired <= max {
                    let raised = ordered.is_some_and(|ordered| fleet.desired > ordered);
                    goes_safely(to, &sample, life.controller.estimate(), raised)?;
                }
            }
            ordered = Some(fleet.desired);
        }
        let kept = serde_json::to_vec(life.controller.state()).unwrap();
        prop_assert!(kept.len() < 100_000, "{} bytes to write every minute", kept.len());
    }

    #[test]
    fn what_is_kept_can_be_gone_on_from(
        hints in hints(), drains in any::<bool>(), rules in rules(), steps in steps(30), after in steps(5),
    ) {
        let mut life = Life::new(controller(hints, drains, &rules, State::default()));
        for step in &steps {
            let sample = life.sample(step);
            life.tick(&sample);
        }
        let kept = serde_json::to_string(life.controller.state()).unwrap();
        let state: State = serde_json::from_str(&kept).unwrap();
        let mut again = Life { controller: controller(hints, drains, &rules, state), now: life.now };
        for step in &after {
            let sample = again.sample(step);
            let decision = again.tick(&sample);
            prop_assert!(decision.reasons.iter().all(|reason| !reason.to_string().is_empty()));
            if let Some(estimate) = again.controller.estimate() {
                is_sound(&estimate)?;
            }
        }
    }

    #[test]
    fn more_waiting_messages_never_ask_a_latency_policy_for_less(
        hints in hints(), drains in any::<bool>(), rules in rules(), steps in steps(30), more in messages(),
    ) {
        let mut life = Life::new(controller(hints, drains, &rules, State::default()));
        let mut last = None;
        for step in &steps {
            let sample = life.sample(step);
            life.tick(&sample);
            last = Some(sample);
        }
        let Some(fewer) = last.filter(|sample| sample.missing().next().is_none()) else { return Ok(()) };
        let mut many = fewer.clone();
        if let Ok(backlog) = &mut many.queues[0].backlog {
            backlog.visible = backlog.visible.saturating_add(more);
        }
        let Ok(fleet) = &fewer.fleet else { return Ok(()) };
        let [less, more] = [&fewer, &many].map(|sample| life.controller.decide(life.now.steady, sample));
        prop_assert!(resulting(&less, fleet) <= resulting(&more, fleet), "{less:?} but {more:?}");
    }
}
