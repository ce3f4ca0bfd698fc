//! Models of other autoscalers, to be compared with on the same worlds.
//!
//! Each follows its own code or document, named with it. All are told the true processing time, slots and
//! boot time, and are shown what their metric would say without a delay of its own, except where the
//! document states one: both are to their advantage.

mod buildkite;
mod fixed;
mod keda;
mod mig;
mod nomad;
mod step_scaling;
mod sweep;
mod target_tracking;
mod wpa;

pub use buildkite::Buildkite;
pub use fixed::Fixed;
pub use keda::Keda;
pub use mig::Mig;
pub use nomad::Nomad;
pub use step_scaling::StepScaling;
pub use sweep::{SLOT_SHARES, Setting, WAIT_SHARES, all};
pub use target_tracking::{ScaleIn, TargetTracking};
pub use wpa::Wpa;

use super::case::Case;
use super::run::Glance;
use std::time::Duration;

/// What an operator tells an autoscaler about a workload; all of it is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Mean time one message takes one slot.
    pub processing_time: Duration,
    /// Messages one instance works on at once; 1 or more.
    pub slots: u32,
    /// Mean time from launch to the first message.
    pub boot: Duration,
    /// The wait that is acceptable.
    pub objective: Duration,
    /// The group's upper limit.
    pub max: u32,
}

impl Told {
    /// What the operator of `case` knows.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self {
            processing_time: case.work_mean,
            slots: case.slots,
            boot: case.boot_mean(),
            objective: case.objective,
            max: case.max,
        }
    }

    /// Messages that one instance finishes within the objective: AWS's acceptable backlog per instance.
    fn acceptable_backlog(&self) -> f64 {
        self.objective.as_secs_f64() * f64::from(self.slots) / self.processing_time.as_secs_f64()
    }
}

/// How many messages, waiting and in flight, a peer is told that an instance should have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// As many as fill the slots, and this much of the acceptable backlog; 1 at the least.
    Waiting(f64),
    /// This much of the slots; ¼ message at the least.
    Slots(f64),
    /// This many.
    Messages(f64),
}

impl Share {
    /// In messages.
    #[must_use]
    pub fn messages(self, told: &Told) -> f64 {
        match self {
            Self::Waiting(share) => (f64::from(told.slots) + share * told.acceptable_backlog()).max(1.0),
            Self::Slots(share) => (share * f64::from(told.slots)).max(0.25),
            Self::Messages(messages) => messages,
        }
    }
}

/// A count as a number to calculate with.
fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Messages waiting and in flight.
fn outstanding(seen: &Glance<'_>) -> f64 {
    number(seen.visible.saturating_add(seen.in_flight))
}

/// Instances that have booted, as told; those of the beginning had.
fn warm(seen: &Glance<'_>, boot: Duration) -> u32 {
    let booted = |launched: &&Duration| launched.is_zero() || **launched + boot <= seen.at;
    u32::try_from(seen.launched.iter().filter(booted).count()).unwrap_or(u32::MAX)
}

/// Messages waiting per instance in service, as AWS's guide defines it.
fn backlog_per_instance(seen: &Glance<'_>) -> f64 {
    number(seen.visible) / f64::from(seen.in_service.max(1))
}

/// The new size if it is one.
fn changed(seen: &Glance<'_>, to: u32) -> Option<u32> {
    (to != seen.desired).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 slots of 10 s each: an instance finishes 0.2 messages a second, 20 within the objective.
    pub(super) const TOLD: Told = Told {
        processing_time: Duration::from_secs(10),
        slots: 2,
        boot: Duration::from_secs(120),
        objective: Duration::from_secs(100),
        max: 50,
    };

    /// So many seconds after the beginning; all instances have booted.
    pub(super) fn glance(secs: u64, visible: u64, in_flight: u64, size: u32) -> Glance<'static> {
        Glance {
            at: Duration::from_secs(secs),
            visible,
            in_flight,
            desired: size,
            in_service: size,
            launched: vec![Duration::ZERO; size as usize],
            ..Glance::default()
        }
    }

    #[test]
    fn a_share_is_of_what_an_instance_can_take() {
        assert!((Share::Waiting(0.5).messages(&TOLD) - 12.0).abs() < 1e-9);
        assert!((Share::Slots(0.65).messages(&TOLD) - 1.3).abs() < 1e-9);
        assert!((Share::Slots(0.1).messages(&TOLD) - 0.25).abs() < 1e-9);
        assert!((Share::Messages(5.0).messages(&TOLD) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn an_instance_is_warm_when_the_boot_time_it_was_given_has_passed() {
        let launched = vec![Duration::ZERO, Duration::from_secs(10), Duration::from_secs(11)];
        let seen = Glance { launched, ..glance(130, 0, 0, 3) };
        assert_eq!(warm(&seen, TOLD.boot), 2);
        assert_eq!(warm(&glance(5, 0, 0, 3), TOLD.boot), 3);
    }
}
