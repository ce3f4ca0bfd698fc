//! The decision: what a policy wishes, bent by limits, floors, cooldowns, windows and confirmations.
//!
//! Pure: no I/O, no clock, no log. [`Controller::decide`] answers the same for the same inputs and
//! state; [`Controller::foresee`] is what will have to be remembered, and [`Controller::settle`] keeps it.

mod decide;
mod rules;
mod state;
#[cfg(test)]
mod tests;
mod window;

pub use rules::{Limits, Rules};
pub use state::State;

use crate::model::{Decision, Outcome, Sample, Timestamp};
use crate::policy::Policy;

/// One scaler's decision maker: its policy, its rules, and what it remembers.
#[derive(Debug)]
pub struct Controller {
    policy: Box<dyn Policy>,
    rules: Rules,
    state: State,
}

impl Controller {
    /// A controller that goes on from `state`.
    #[must_use]
    pub fn new(policy: Box<dyn Policy>, rules: Rules, state: State) -> Self {
        Self { policy, rules, state }
    }

    /// What `sample` calls for at the steady time `now`. Changes nothing: asked twice, it answers the same.
    #[must_use]
    pub fn decide(&self, now: Timestamp, sample: &Sample) -> Decision {
        decide::decide(self.policy.as_ref(), &self.rules, &self.state, now, sample)
    }

    /// What will have to be remembered of this tick if `decision` is carried out.
    #[must_use]
    pub fn foresee(&self, now: Timestamp, sample: &Sample, decision: &Decision) -> State {
        self.state.after(&self.rules, now, sample, decision)
    }

    /// Ends the tick: keeps `foreseen`, except that a refused write starts no cooldown. One without an
    /// answer does: it may have been done.
    pub fn settle(&mut self, foreseen: State, outcome: &Outcome) {
        let kept = match outcome {
            Outcome::Failed { refused: true, .. } => foreseen.with_actions_of(&self.state),
            Outcome::Failed { refused: false, .. } | Outcome::None | Outcome::Done | Outcome::Withheld => {
                foreseen
            }
        };
        self.state = kept;
    }

    /// What is remembered.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What the policy accepts per unit of capacity, if it has such a figure.
    #[must_use]
    pub fn acceptable_backlog(&self) -> Option<f64> {
        self.policy.acceptable_backlog()
    }
}
