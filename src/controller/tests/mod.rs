//! Claims about the decision, rule by rule, told as scenes.

mod capacity;
mod limits;
mod missing;
mod otherwise;
mod pace;
mod pause;
mod restart;
mod windows;
mod zero;

use super::{Controller, Limits, Rules, State};
use crate::model::{
    Action, Backlog, Cause, Decision, Fleet, Missing, Now, Outcome, Queue, Sample, Timestamp,
};
use crate::policy::BacklogPerInstance;
use std::time::Duration;

/// A queue and a group over time, with every rule off until a test turns it on.
///
/// It opens with five instances in service of 0 to 100, and the 50 messages they accept at 10 each.
#[derive(Clone, Debug)]
struct Scene {
    rules: Rules,
    fleet: Fleet,
    backlog: Backlog,
    /// Readings that fail.
    missing_queue: bool,
    missing_fleet: bool,
    state: State,
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let rules = Rules {
            limits: Limits { min: 0, max: None, step_out_max: None, step_in_max: None },
            windows: Vec::new(),
            slots: 1,
            cooldown_out: Duration::ZERO,
            cooldown_in: Duration::ZERO,
            stabilization: Duration::ZERO,
            empty_for: Duration::ZERO,
            wake_samples: 1,
            stalled_after: Duration::MAX,
        };
        let scene = Self {
            rules,
            fleet: Fleet::default(),
            backlog: Backlog::default(),
            missing_queue: false,
            missing_fleet: false,
            state: State::default(),
            now: Timestamp::from_secs(1_000_000),
        };
        scene.desired(5).group(0, 100).visible(50)
    }

    fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self
    }

    /// So many ordered, all of them in service.
    fn desired(mut self, count: u32) -> Self {
        self.fleet.desired = count;
        self.in_service(count)
    }

    /// So many of the ordered ones in service, the rest pending.
    fn in_service(mut self, count: u32) -> Self {
        self.fleet.in_service = count;
        self.fleet.pending = self.fleet.desired.saturating_sub(count);
        self
    }

    fn group(mut self, min: u32, max: u32) -> Self {
        (self.fleet.min, self.fleet.max) = (min, max);
        self
    }

    /// Visible messages; the policy counts these only.
    fn visible(mut self, count: u32) -> Self {
        (self.backlog.visible, self.backlog.counted) = (count.into(), count.into());
        self
    }

    fn in_flight(mut self, count: u64) -> Self {
        self.backlog.in_flight = count;
        self
    }

    fn delayed(mut self, count: u64) -> Self {
        self.backlog.delayed = count;
        self
    }

    fn later(mut self, secs: u64) -> Self {
        self.now = self.now + Duration::from_secs(secs);
        self
    }

    fn sample(&self) -> Sample {
        let missing = |what: &str| Missing::new(what, Cause::Timeout, "no answer in 2 s");
        let counted = if self.missing_queue { Err(missing("queue b")) } else { Ok(Backlog::default()) };
        let fleet = if self.missing_fleet { Err(missing("group g")) } else { Ok(self.fleet.clone()) };
        Sample { queues: vec![Queue::new("a", Ok(self.backlog)), Queue::new("b", counted)], fleet }
    }

    fn controller(&self) -> Controller {
        let policy = BacklogPerInstance { acceptable_backlog: 10.0, tolerance_percent: 0.0 };
        Controller::new(Box::new(policy), self.rules.clone(), self.state.clone())
    }

    /// What is decided now; nothing is remembered.
    fn decide(&self) -> Decision {
        let (sample, mut controller) = (self.sample(), self.controller());
        controller.observe(Now::at(self.now), &sample);
        controller.decide(self.now, &sample)
    }

    /// One tick that ends in `outcome`.
    fn tick_to(&mut self, outcome: &Outcome) -> Decision {
        let (sample, mut controller) = (self.sample(), self.controller());
        controller.observe(Now::at(self.now), &sample);
        let decision = controller.decide(self.now, &sample);
        let foreseen = controller.foresee(self.now, &sample, &decision);
        controller.settle(foreseen, outcome);
        self.state = controller.state().clone();
        decision
    }

    /// One tick whose decision is carried out: what is ordered is pending, what is not needed is gone.
    fn tick(&mut self) -> Decision {
        let decision = self.tick_to(&Outcome::Done);
        if let Some(to) = decision.action.to() {
            self.fleet.desired = to;
            *self = self.clone().in_service(self.fleet.in_service.min(to));
        }
        decision
    }

    /// A tick every ten seconds for so long, the present one included and the last one left to the caller.
    fn watched(mut self, secs: u64) -> Self {
        for _ in 0..secs / 10 {
            self.tick();
            self = self.later(10);
        }
        self
    }
}

const fn out(from: u32, to: u32) -> Action {
    Action::ScaleOut { from, to }
}

const fn back(from: u32, to: u32) -> Action {
    Action::ScaleIn { from, to }
}

const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn codes(decision: &Decision) -> Vec<&'static str> {
    decision.reasons.iter().map(crate::model::Reason::code).collect()
}

fn failed() -> Outcome {
    Outcome::Failed { why: "ScalingActivityInProgress".to_owned(), refused: true }
}
