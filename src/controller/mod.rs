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

use crate::calendar;
use crate::model::{
    Decision, Estimate, Now, Opening, Outcome, Outlook, Pause, Sample, Timestamp, whole_units,
};
use crate::policy::{Policy, View};
use std::time::Duration;

/// One scaler's decision maker: its policy, its rules, and what it remembers.
#[derive(Debug)]
pub struct Controller {
    policy: Box<dyn Policy>,
    rules: Rules,
    state: State,
    /// What was made of the last sample, for a policy that learns.
    outlook: Option<Outlook>,
    /// The windows in force at the last sample.
    open: Vec<Opening>,
    /// What somebody paused, and since and until when in words.
    pause: Option<(Pause, String)>,
}

/// A floor is ordered no earlier than this, whatever a state file says.
const LEAD_MAX: Duration = Duration::from_hours(24);

impl Controller {
    /// A controller that goes on from `state`.
    #[must_use]
    pub fn new(policy: Box<dyn Policy>, rules: Rules, state: State) -> Self {
        Self { policy, rules, state, outlook: None, open: Vec::new(), pause: None }
    }

    /// From now on, by the time of day `wall`, heeds `pause` and no other.
    pub fn heed(&mut self, pause: Option<Pause>, wall: Timestamp) {
        self.pause = pause.map(|pause| {
            let when = calendar::when(&pause, wall);
            (pause, when)
        });
    }

    /// Learns from `sample`, if the policy does, and sees which windows are in force. To be called once a
    /// sample, before anything is decided on it.
    ///
    /// What is ordered ahead stays so until its window opens: a boot time that is meanwhile learnt to be
    /// shorter would give it back for a moment, only to order it again.
    pub fn observe(&mut self, now: Now, sample: &Sample) {
        self.learn(now, sample);
        let foretold = self.policy.lead(self.outlook.as_ref());
        let before = std::mem::take(&mut self.state.leads);
        self.open.clear();
        for window in &self.rules.windows {
            let lead = before.get(&window.name).map_or(foretold, |lead| foretold.max(*lead)).min(LEAD_MAX);
            let Some(opening) = window.open_at(now.wall, lead) else { continue };
            if opening.ahead {
                self.state.leads.insert(window.name.clone(), lead);
            }
            self.open.push(opening);
        }
    }

    fn learn(&mut self, now: Now, sample: &Sample) {
        let Some(learning) = self.policy.learning() else { return };
        self.state.estimates.learn(learning, now, sample);
        self.outlook = self.state.estimates.outlook(learning, now.steady);
        if let (Some(backlog), Ok(fleet)) = (&sample.backlog(), &sample.fleet) {
            let outlook = self.outlook.as_ref();
            let held = self.pause().is_some_and(Pause::holds_out);
            let view = View { now: now.steady, backlog, fleet, outlook, held };
            self.policy.remember(&view, &mut self.state.memory);
        }
    }

    /// What `sample` calls for at the steady time `now`. Changes nothing: asked twice, it answers the same.
    #[must_use]
    pub fn decide(&self, now: Timestamp, sample: &Sample) -> Decision {
        decide::decide(self, now, sample)
    }

    /// What will have to be remembered of this tick if `decision` is carried out.
    #[must_use]
    pub fn foresee(&self, now: Timestamp, sample: &Sample, decision: &Decision) -> State {
        let at_work = sample.backlog().map_or(0, |backlog| self.in_flight_floor(backlog.in_flight));
        self.state.after(&self.rules, now, sample, decision, at_work)
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

    /// What somebody paused, if anything.
    #[must_use]
    pub fn pause(&self) -> Option<&Pause> {
        self.pause.as_ref().map(|(pause, _)| pause)
    }

    /// What is remembered.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What the policy accepts per unit of capacity, if it has such a figure.
    #[must_use]
    pub fn acceptable_backlog(&self) -> Option<f64> {
        self.policy.acceptable_backlog(self.outlook.as_ref())
    }

    /// What is believed, if the policy learns.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        let late_percent = self.state.memory.late_percent();
        self.outlook.as_ref().map(|outlook| Estimate { late_percent, ..outlook.estimate })
    }

    /// The capacity that so many messages in flight occupy.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn in_flight_floor(&self, in_flight: u64) -> u32 {
        let learnt = self.outlook.as_ref().map(|outlook| outlook.estimate.slots.value);
        whole_units(in_flight as f64 / learnt.unwrap_or(self.rules.slots.into()))
    }
}
