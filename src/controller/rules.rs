use crate::calendar::Window;
use std::time::Duration;

/// How wishes are bent. One value a scaler, from its `limits` and `control` tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Sizes the scaler keeps within, on top of the group's own.
    pub limits: Limits,
    /// Floors and ceilings that hold at their times, within the limits.
    pub windows: Vec<Window>,
    /// Messages one unit of capacity works on at once; 1 or more. Sets the in-flight floor.
    pub slots: u32,
    /// Shortest time from one scale-out to the next.
    pub cooldown_out: Duration,
    /// Shortest time from any change to the next scale-in.
    pub cooldown_in: Duration,
    /// Scale in to the highest recommendation of this long; zero for no window.
    pub stabilization: Duration,
    /// How long all counters must have read zero before the last instance goes.
    pub empty_for: Duration,
    /// Samples in a row that must show messages before a fleet at zero is woken; 1 or more.
    pub wake_samples: u32,
    /// Order no more once ordered capacity has not grown for this long.
    pub stalled_after: Duration,
}

/// Sizes in capacity units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Smallest desired capacity to ask for.
    pub min: u32,
    /// Largest desired capacity to ask for; nothing leaves it to the group.
    pub max: Option<u32>,
    /// Largest change out in one tick; 1 or more.
    pub step_out_max: Option<u32>,
    /// Largest change in in one tick; 1 or more.
    pub step_in_max: Option<u32>,
}

impl Rules {
    /// The rules for a policy that weighs by itself when to order and what to keep: cooldowns and windows
    /// would only come in its way.
    #[must_use]
    pub fn unhurried() -> Self {
        Self {
            cooldown_out: Duration::ZERO,
            cooldown_in: Duration::ZERO,
            stabilization: Duration::ZERO,
            // SQS's counters take about a minute to settle.
            empty_for: Duration::from_mins(1),
            ..Self::default()
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            limits: Limits { min: 0, max: None, step_out_max: None, step_in_max: None },
            windows: Vec::new(),
            slots: 1,
            cooldown_out: Duration::from_secs(30),
            cooldown_in: Duration::from_mins(5),
            stabilization: Duration::from_mins(5),
            // SQS: empty only when all counters are zero "for several minutes".
            empty_for: Duration::from_mins(3),
            wake_samples: 2,
            stalled_after: Duration::from_mins(10),
        }
    }
}
