use super::{Controller, Rules, State};
use crate::model::{
    Action, Backlog, Bound, Decision, Fleet, Opening, Pause, PauseReason, Reason, Sample, Timestamp,
    WindowReason,
};
use crate::policy::View;
use std::time::Duration;

/// What `sample` calls for, given what is remembered.
pub(super) fn decide(controller: &Controller, now: Timestamp, sample: &Sample) -> Decision {
    let Controller { policy, rules, state, outlook, open, pause } = controller;
    let (Some(backlog), Ok(fleet)) = (sample.backlog(), &sample.fleet) else {
        return Decision::hold(None, sample.missing().cloned().map(Reason::Missing).collect());
    };
    let held = controller.pause().is_some_and(Pause::holds_out);
    let view = View { now, backlog: &backlog, fleet, outlook: outlook.as_ref(), held };
    let want = policy.want(&view, &state.memory);
    let mut thought = Thought {
        controller,
        rules,
        state,
        open,
        pause: pause.as_ref(),
        now,
        sample,
        backlog,
        fleet,
        to: want.capacity,
        reasons: want.reasons,
    };
    thought.bound();
    let recommended = Some(thought.to);
    thought.bend();
    Decision { action: Action::between(fleet.desired, thought.to), recommended, reasons: thought.reasons }
}

/// A wish on its way to a decision: each step may bend it, and says so when it does.
struct Thought<'a> {
    controller: &'a Controller,
    rules: &'a Rules,
    state: &'a State,
    open: &'a [Opening],
    pause: Option<&'a (Pause, String)>,
    now: Timestamp,
    sample: &'a Sample,
    backlog: Backlog,
    fleet: &'a Fleet,
    to: u32,
    reasons: Vec<Reason>,
}

impl Thought<'_> {
    /// Keeps the wish within the settings' limits, the windows and the group's own limits, the group's
    /// having the last word.
    fn bound(&mut self) {
        let limits = self.rules.limits;
        self.limit(limits.min, limits.max.unwrap_or(u32::MAX), Bound::Settings);
        self.keep_windows();
        self.limit(self.fleet.min, self.fleet.max, Bound::Group);
    }

    fn limit(&mut self, min: u32, max: u32, bound: Bound) {
        if self.to < min {
            self.bent(min, Reason::LimitMin { min, bound });
        }
        if self.to > max {
            self.bent(max, Reason::LimitMax { max, bound, wanted: self.to });
        }
    }

    /// Keeps the wish between the highest floor and the lowest ceiling of the windows in force. Where they
    /// cross, the ceiling holds: it bounds the cost.
    fn keep_windows(&mut self) {
        if let Some((min, opening)) = self.floor().filter(|(min, _)| self.to < *min) {
            let (window, when) = (opening.window.clone(), opening.when.clone());
            self.bent(min, Reason::Window(WindowReason::Min { window, min, when }));
        }
        let ceilings = self.open.iter().filter_map(|opening| Some((opening.max?, opening)));
        let lowest = ceilings.min_by_key(|(max, _)| *max);
        if let Some((max, opening)) = lowest.filter(|(max, _)| self.to > *max) {
            let (window, when, wanted) = (opening.window.clone(), opening.when.clone(), self.to);
            self.bent(max, Reason::Window(WindowReason::Max { window, max, when, wanted }));
        }
    }

    /// The highest floor of the windows in force, and the window it is of.
    fn floor(&self) -> Option<(u32, &Opening)> {
        let floors = self.open.iter().filter_map(|opening| Some((opening.min?, opening)));
        floors.max_by_key(|(min, _)| *min)
    }

    /// Applies what each direction has to mind. The later a step, the more it knows of what is left.
    fn bend(&mut self) {
        if let Some(reason) = self.paused() {
            return self.held(Reason::Paused(reason));
        }
        if self.to != self.fleet.desired
            && let Some(operator) = self.fleet.operator.clone()
        {
            return self.held(Reason::OperatorManaged { operator });
        }
        if self.to > self.fleet.desired {
            self.bend_out();
        } else if self.to < self.fleet.desired {
            self.bend_in();
        }
    }

    /// What somebody paused is not done, whatever else there is to mind.
    fn paused(&self) -> Option<PauseReason> {
        let (pause, when) = self.pause?;
        let (wanted, when) = (self.to, when.clone());
        match Action::between(self.fleet.desired, wanted) {
            Action::ScaleOut { .. } if pause.holds_out() => Some(PauseReason::Out { wanted, when }),
            Action::ScaleIn { .. } if pause.holds_in() => Some(PauseReason::In { wanted, when }),
            _ => None,
        }
    }

    fn bend_out(&mut self) {
        if self.fleet.launch_suspended {
            return self.held(Reason::LaunchSuspended);
        }
        self.confirm_waking();
        self.stop_when_stalled();
        self.shorten_step_out();
        self.cool_down_out();
    }

    fn bend_in(&mut self) {
        if self.fleet.terminate_suspended {
            return self.held(Reason::TerminateSuspended);
        }
        self.stabilize();
        self.keep_in_flight();
        self.confirm_zero();
        self.shorten_step_in();
        self.cool_down_in();
    }

    /// A phantom message in a single sample must not start a fleet; a configured min and a window's may, and
    /// so may what is wanted although no message shows: that is foreseen.
    fn confirm_waking(&mut self) {
        let seen = self.state.waking_with(self.sample, self.fleet);
        let required = self.rules.wake_samples;
        let window = self.floor().map_or(0, |(min, _)| min);
        let floor = self.rules.limits.min.max(window).max(self.fleet.min).min(self.to);
        if self.fleet.desired == 0 && seen > 0 && seen < required && self.to > floor {
            self.bent(floor, Reason::WakeUnconfirmed { seen, required });
        }
    }

    /// Ordering more where nothing arrives only raises the bill for the day it does.
    fn stop_when_stalled(&mut self) {
        let Some(short) = self.state.shortfall_with(self.rules, self.now, self.fleet) else { return };
        let stalled = self.now.since(short.standstill.since);
        if self.to > self.fleet.desired && stalled >= self.rules.stalled_after {
            let (in_service, desired) = (self.fleet.in_service, self.fleet.desired);
            self.held(Reason::CapacityStalled { in_service, desired, stalled_secs: stalled.as_secs() });
        }
    }

    fn shorten_step_out(&mut self) {
        let Some(step) = self.rules.limits.step_out_max else { return };
        let farthest = self.fleet.desired.saturating_add(step);
        if self.to > farthest {
            self.bent(farthest, Reason::StepOutMax { step, wanted: self.to });
        }
    }

    fn cool_down_out(&mut self) {
        let left = remaining(self.state.last_out, self.now, self.rules.cooldown_out);
        if self.to > self.fleet.desired && left > Duration::ZERO {
            self.held(Reason::CooldownOut { remaining_secs: secs_up(left) });
        }
    }

    /// Scales in to the highest recommendation of the window, and not before it has been watched whole.
    fn stabilize(&mut self) {
        let window = self.rules.stabilization;
        let watched = self.state.window.watched(self.now, window);
        let window_secs = window.as_secs();
        if watched < window {
            return self.held(Reason::StabilizationFilling { watched_secs: watched.as_secs(), window_secs });
        }
        let peak = self.state.window.peak(self.now, window, self.to);
        if peak > self.to {
            let to = peak.min(self.fleet.desired);
            let remaining_secs = secs_up(self.state.window.leaving(self.now, window, to));
            self.bent(to, Reason::Stabilization { peak, window_secs, remaining_secs });
        }
    }

    /// A floor under scale-in only: it never orders instances by itself, so that slots set too low
    /// cannot run away.
    fn keep_in_flight(&mut self) {
        let in_flight = self.backlog.in_flight;
        let floor = self.controller.in_flight_floor(in_flight);
        if self.to < floor && self.to < self.fleet.desired {
            self.bent(floor.min(self.fleet.desired), Reason::InFlightFloor { in_flight, floor });
        }
    }

    /// The last instance stays until every counter has read zero for long enough: they settle in about a minute.
    fn confirm_zero(&mut self) {
        if self.to > 0 {
            return;
        }
        let streak = self.state.empty_after(self.rules, self.now, self.sample);
        let empty = streak.map_or(Duration::ZERO, |streak| self.now.since(streak.since));
        if streak.is_none() || empty < self.rules.empty_for {
            let required_secs = self.rules.empty_for.as_secs();
            self.bent(1, Reason::ZeroUnconfirmed { empty_secs: empty.as_secs(), required_secs });
        }
    }

    fn shorten_step_in(&mut self) {
        let Some(step) = self.rules.limits.step_in_max else { return };
        let farthest = self.fleet.desired.saturating_sub(step);
        if self.to < farthest {
            self.bent(farthest, Reason::StepInMax { step, wanted: self.to });
        }
    }

    fn cool_down_in(&mut self) {
        let last = self.state.last_in.max(self.state.last_out);
        let left = remaining(last, self.now, self.rules.cooldown_in);
        if self.to < self.fleet.desired && left > Duration::ZERO {
            self.held(Reason::CooldownIn { remaining_secs: secs_up(left) });
        }
    }

    fn bent(&mut self, to: u32, reason: Reason) {
        self.to = to;
        self.reasons.push(reason);
    }

    fn held(&mut self, reason: Reason) {
        self.bent(self.fleet.desired, reason);
    }
}

fn remaining(last: Option<Timestamp>, now: Timestamp, cooldown: Duration) -> Duration {
    last.map_or(Duration::ZERO, |last| cooldown.saturating_sub(now.since(last)))
}

/// Whole seconds, rounded up: "0 s left" would read as done.
fn secs_up(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}
