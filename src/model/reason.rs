use super::{LatencyReason, Missing, PauseReason, WindowReason, rounded};
use std::fmt;

/// One step of a decision. Its code is a contract and never renamed; its text is for people.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The backlog against what the policy accepts asks for this capacity.
    BacklogPerInstance {
        /// Counted messages.
        backlog: f64,
        /// Messages one unit of capacity may have waiting.
        acceptable: f64,
        /// Capacity that follows.
        wanted: u32,
    },
    /// The backlog is close enough to what the desired capacity accepts.
    WithinTolerance {
        /// Counted messages.
        backlog: f64,
        /// Messages the desired capacity accepts.
        accepted: f64,
        /// Width of the band to either side.
        tolerance_percent: f64,
    },
    /// A step of the step policy applies.
    Step {
        /// Counted messages per unit of ordered capacity.
        per_instance: f64,
        /// The step's threshold.
        threshold: f64,
        /// The change it asks for, negative to scale in.
        change: i64,
    },
    /// No step of the step policy applies.
    NoStep {
        /// Counted messages per unit of ordered capacity.
        per_instance: f64,
        /// The lowest threshold of a step out.
        above: Option<f64>,
        /// The highest threshold of a step in.
        below: Option<f64>,
    },
    /// A step of the latency policy.
    Latency(LatencyReason),
    /// Raised to a lower limit.
    LimitMin {
        /// The limit.
        min: u32,
        /// Whose it is.
        bound: Bound,
    },
    /// Lowered to an upper limit.
    LimitMax {
        /// The limit.
        max: u32,
        /// Whose it is.
        bound: Bound,
        /// What was wanted.
        wanted: u32,
    },
    /// Bent to a window.
    Window(WindowReason),
    /// Held back by a pause.
    Paused(PauseReason),
    /// A scale-out was shortened to the largest step out.
    StepOutMax {
        /// Largest change in one tick.
        step: u32,
        /// What was wanted.
        wanted: u32,
    },
    /// A scale-in was shortened to the largest step in.
    StepInMax {
        /// Largest change in one tick.
        step: u32,
        /// What was wanted.
        wanted: u32,
    },
    /// Too soon after the last scale-out to scale out again.
    CooldownOut {
        /// Seconds until it may.
        remaining_secs: u64,
    },
    /// Too soon after the last change to scale in.
    CooldownIn {
        /// Seconds until it may.
        remaining_secs: u64,
    },
    /// A scale-in goes no lower than the highest recommendation of the window.
    Stabilization {
        /// Highest recommendation within the window.
        peak: u32,
        /// Length of the window.
        window_secs: u64,
        /// Seconds until what stands in the way of fewer has left the window.
        remaining_secs: u64,
    },
    /// The stabilization window has not been watched for its whole length yet.
    StabilizationFilling {
        /// Seconds watched without a gap.
        watched_secs: u64,
        /// Length of the window.
        window_secs: u64,
    },
    /// Messages being worked on keep their instances.
    InFlightFloor {
        /// Messages in flight.
        in_flight: u64,
        /// Capacity they occupy.
        floor: u32,
    },
    /// The last instance stays until the queue has been seen empty for long enough.
    ZeroUnconfirmed {
        /// Seconds the queue has been seen empty.
        empty_secs: u64,
        /// Seconds it must be.
        required_secs: u64,
    },
    /// A fleet at zero is not woken before enough samples in a row show messages.
    WakeUnconfirmed {
        /// Samples in a row that showed messages.
        seen: u32,
        /// Samples needed.
        required: u32,
    },
    /// Capacity was ordered and does not arrive: no more is ordered.
    CapacityStalled {
        /// Capacity in service.
        in_service: u32,
        /// Capacity ordered.
        desired: u32,
        /// Seconds without growth.
        stalled_secs: u64,
    },
    /// A reading is missing.
    Missing(Missing),
    /// The group's process `Launch` is suspended.
    LaunchSuspended,
    /// The group's process `Terminate` is suspended.
    TerminateSuspended,
    /// The group may be changed by its operator only.
    OperatorManaged {
        /// The principal.
        operator: String,
    },
    /// The group's instances are being replaced.
    InstanceRefresh {
        /// The refresh's state.
        status: String,
    },
}

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The Auto Scaling group's own min or max.
    Group,
    /// `limits` in the settings.
    Settings,
}

impl Reason {
    /// The reason's name in records. Never renamed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BacklogPerInstance { .. } => "backlog_per_instance",
            Self::WithinTolerance { .. } => "within_tolerance",
            Self::Step { .. } => "step",
            Self::NoStep { .. } => "no_step",
            Self::Latency(reason) => reason.code(),
            Self::LimitMin { .. } => "limit_min",
            Self::LimitMax { .. } => "limit_max",
            Self::Window(reason) => reason.code(),
            Self::Paused(reason) => reason.code(),
            Self::StepOutMax { .. } => "step_out_max",
            Self::StepInMax { .. } => "step_in_max",
            Self::CooldownOut { .. } => "cooldown_out",
            Self::CooldownIn { .. } => "cooldown_in",
            Self::Stabilization { .. } => "stabilization",
            Self::StabilizationFilling { .. } => "stabilization_filling",
            Self::InFlightFloor { .. } => "in_flight_floor",
            Self::ZeroUnconfirmed { .. } => "zero_unconfirmed",
            Self::WakeUnconfirmed { .. } => "wake_unconfirmed",
            Self::CapacityStalled { .. } => "capacity_stalled",
            Self::Missing(_) => "missing",
            Self::LaunchSuspended => "launch_suspended",
            Self::TerminateSuspended => "terminate_suspended",
            Self::OperatorManaged { .. } => "operator_managed",
            Self::InstanceRefresh { .. } => "instance_refresh",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "the group's",
            Self::Settings => "the settings'",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BacklogPerInstance { backlog, acceptable, wanted } => {
                let (backlog, acceptable) = (rounded(*backlog), rounded(*acceptable));
                write!(f, "backlog {backlog} at {acceptable} acceptable per instance asks for {wanted}")
            }
            Self::WithinTolerance { backlog, accepted, tolerance_percent } => {
                let (backlog, accepted, percent) =
                    (rounded(*backlog), rounded(*accepted), rounded(*tolerance_percent));
                write!(f, "backlog {backlog} is within {percent} % of the {accepted} accepted")
            }
            Self::Step { per_instance, threshold, change } => {
                let side = if *change < 0 { "below" } else { "above" };
                let (per_instance, threshold) = (rounded(*per_instance), rounded(*threshold));
                write!(f, "{per_instance} per instance is {side} {threshold}: {change:+}")
            }
            Self::NoStep { per_instance, .. } => {
                write!(f, "{} per instance reaches no step", rounded(*per_instance))
            }
            Self::Latency(reason) => write!(f, "{reason}"),
            Self::LimitMin { min, bound } => write!(f, "raised to {bound} min of {min}"),
            Self::LimitMax { max, bound, wanted } => write!(f, "{wanted} wanted, {bound} max is {max}"),
            Self::Window(reason) => write!(f, "{reason}"),
            Self::Paused(reason) => write!(f, "{reason}"),
            Self::StepOutMax { step, wanted } => write!(f, "{wanted} wanted, at most {step} more at a time"),
            Self::StepInMax { step, wanted } => write!(f, "{wanted} wanted, at most {step} fewer at a time"),
            Self::CooldownOut { remaining_secs } => {
                write!(f, "cooling down: no scale-out for {remaining_secs} s")
            }
            Self::CooldownIn { remaining_secs } => {
                write!(f, "cooling down: no scale-in for {remaining_secs} s")
            }
            Self::Stabilization { peak, window_secs, .. } => {
                write!(f, "the last {window_secs} s needed up to {peak}")
            }
            Self::StabilizationFilling { watched_secs, window_secs } => {
                write!(f, "watched for {watched_secs} s of the {window_secs} s that a scale-in needs")
            }
            Self::InFlightFloor { in_flight, floor } => {
                write!(f, "kept at {floor} for {in_flight} in flight")
            }
            Self::ZeroUnconfirmed { empty_secs, required_secs } => {
                write!(f, "seen empty for {empty_secs} s of the {required_secs} s that zero needs")
            }
            Self::WakeUnconfirmed { seen, required } => {
                write!(f, "messages in {seen} of the {required} samples in a row that waking needs")
            }
            Self::CapacityStalled { in_service, desired, stalled_secs } => {
                write!(
                    f,
                    "{in_service} of {desired} in service and no growth for {stalled_secs} s: not ordering more"
                )
            }
            Self::Missing(missing) => write!(f, "{missing}"),
            Self::LaunchSuspended => f.write_str("the group's Launch process is suspended"),
            Self::TerminateSuspended => f.write_str("the group's Terminate process is suspended"),
            Self::OperatorManaged { operator } => {
                write!(f, "only the group's operator {operator} may change it")
            }
            Self::InstanceRefresh { status } => write!(f, "an instance refresh is running ({status})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;

    /// One of each, with its code and words; a new variant breaks [`place`] and is added here with it.
    #[rustfmt::skip]
    fn all() -> Vec<(Reason, &'static str, &'static str)> {
        vec![
            (Reason::BacklogPerInstance { backlog: 212.0, acceptable: 6.5, wanted: 33 }, "backlog_per_instance", "backlog 212 at 6.5 acceptable per instance asks for 33"),
            (Reason::WithinTolerance { backlog: 98.0, accepted: 100.0, tolerance_percent: 10.0 }, "within_tolerance", "backlog 98 is within 10 % of the 100 accepted"),
            (Reason::Step { per_instance: 101.0, threshold: 100.0, change: 2 }, "step", "101 per instance is above 100: +2"),
            (Reason::NoStep { per_instance: 50.0, above: Some(100.0), below: Some(20.0) }, "no_step", "50 per instance reaches no step"),
            (Reason::LimitMin { min: 2, bound: Bound::Group }, "limit_min", "raised to the group's min of 2"),
            (Reason::LimitMax { max: 20, bound: Bound::Settings, wanted: 33 }, "limit_max", "33 wanted, the settings' max is 20"),
            (Reason::StepOutMax { step: 3, wanted: 33 }, "step_out_max", "33 wanted, at most 3 more at a time"),
            (Reason::StepInMax { step: 1, wanted: 0 }, "step_in_max", "0 wanted, at most 1 fewer at a time"),
            (Reason::CooldownOut { remaining_secs: 18 }, "cooldown_out", "cooling down: no scale-out for 18 s"),
            (Reason::CooldownIn { remaining_secs: 290 }, "cooldown_in", "cooling down: no scale-in for 290 s"),
            (Reason::Stabilization { peak: 8, window_secs: 300, remaining_secs: 60 }, "stabilization", "the last 300 s needed up to 8"),
            (Reason::StabilizationFilling { watched_secs: 40, window_secs: 300 }, "stabilization_filling", "watched for 40 s of the 300 s that a scale-in needs"),
            (Reason::InFlightFloor { in_flight: 31, floor: 16 }, "in_flight_floor", "kept at 16 for 31 in flight"),
            (Reason::ZeroUnconfirmed { empty_secs: 60, required_secs: 180 }, "zero_unconfirmed", "seen empty for 60 s of the 180 s that zero needs"),
            (Reason::WakeUnconfirmed { seen: 1, required: 2 }, "wake_unconfirmed", "messages in 1 of the 2 samples in a row that waking needs"),
            (Reason::CapacityStalled { in_service: 4, desired: 10, stalled_secs: 600 }, "capacity_stalled", "4 of 10 in service and no growth for 600 s: not ordering more"),
            (Reason::Missing(Missing::new("queue a", Cause::Timeout, "no answer in 2 s")), "missing", "queue a: no answer in 2 s"),
            (Reason::LaunchSuspended, "launch_suspended", "the group's Launch process is suspended"),
            (Reason::TerminateSuspended, "terminate_suspended", "the group's Terminate process is suspended"),
            (Reason::OperatorManaged { operator: "eks".to_owned() }, "operator_managed", "only the group's operator eks may change it"),
            (Reason::InstanceRefresh { status: "InProgress".to_owned() }, "instance_refresh", "an instance refresh is running (InProgress)"),
            (Reason::Latency(LatencyReason::NothingLearnt), "nothing_learnt", "nothing has been seen yet to decide on"),
            (Reason::Window(WindowReason::Min { window: "day".to_owned(), min: 5, when: "until 18:00 UTC".to_owned() }), "window_min", "window \"day\": min 5 until 18:00 UTC"),
            (Reason::Paused(PauseReason::In { wanted: 3, when: "since 14:02 until 16:02 UTC".to_owned() }), "paused_in", "3 wanted, scale-in is paused since 14:02 until 16:02 UTC"),
        ]
    }

    /// The variant's place in [`all`].
    const fn place(reason: &Reason) -> usize {
        match reason {
            Reason::BacklogPerInstance { .. } => 0,
            Reason::WithinTolerance { .. } => 1,
            Reason::Step { .. } => 2,
            Reason::NoStep { .. } => 3,
            Reason::LimitMin { .. } => 4,
            Reason::LimitMax { .. } => 5,
            Reason::StepOutMax { .. } => 6,
            Reason::StepInMax { .. } => 7,
            Reason::CooldownOut { .. } => 8,
            Reason::CooldownIn { .. } => 9,
            Reason::Stabilization { .. } => 10,
            Reason::StabilizationFilling { .. } => 11,
            Reason::InFlightFloor { .. } => 12,
            Reason::ZeroUnconfirmed { .. } => 13,
            Reason::WakeUnconfirmed { .. } => 14,
            Reason::CapacityStalled { .. } => 15,
            Reason::Missing(_) => 16,
            Reason::LaunchSuspended => 17,
            Reason::TerminateSuspended => 18,
            Reason::OperatorManaged { .. } => 19,
            Reason::InstanceRefresh { .. } => 20,
            Reason::Latency(_) => 21,
            Reason::Window(_) => 22,
            Reason::Paused(_) => 23,
        }
    }

    #[test]
    fn every_reason_keeps_its_code_and_tells_itself_in_words() {
        for (index, (reason, code, text)) in all().into_iter().enumerate() {
            assert_eq!(place(&reason), index, "{code}");
            assert_eq!(reason.code(), code);
            assert_eq!(reason.to_string(), text);
        }
    }

    #[test]
    fn codes_are_distinct_and_in_snake_case() {
        let mut codes: Vec<_> = all().iter().map(|(reason, ..)| reason.code()).collect();
        assert!(codes.iter().all(|code| code.chars().all(|sign| sign.is_ascii_lowercase() || sign == '_')));
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn a_text_is_one_line_without_a_closing_period() {
        for text in all().iter().flat_map(|(reason, ..)| [reason.to_string(), reason.otherwise()]) {
            assert!(!text.is_empty() && !text.contains('\n') && !text.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn a_step_in_is_told_as_below_its_threshold() {
        let step = Reason::Step { per_instance: 4.96, threshold: 5.0, change: -3 };
        assert_eq!(step.to_string(), "4.96 per instance is below 5: -3");
    }

    #[test]
    #[rustfmt::skip]
    fn figures_are_told_with_at_most_three_decimals() {
        let (figure, third) = (300.0 / 49.0, 1.0 / 3.0);
        for (reason, text) in [
            (Reason::BacklogPerInstance { backlog: 212.5, acceptable: figure, wanted: 35 }, "backlog 212.5 at 6.122 acceptable per instance asks for 35"),
            (Reason::WithinTolerance { backlog: third, accepted: figure, tolerance_percent: third }, "backlog 0.333 is within 0.333 % of the 6.122 accepted"),
            (Reason::Step { per_instance: figure, threshold: third, change: 1 }, "6.122 per instance is above 0.333: +1"),
            (Reason::NoStep { per_instance: figure, above: None, below: None }, "6.122 per instance reaches no step"),
        ] {
            assert_eq!(reason.to_string(), text);
        }
    }

    #[test]
    fn the_documentation_lists_every_code() {
        let document = include_str!("../../docs/record.md");
        let (_, table) = document.split_once("## Reason codes\n").unwrap();
        let lists = |code: &str| {
            table.lines().any(|row| row.split('|').nth(1).is_some_and(|cell| cell.contains(code)))
        };
        for (_, code, _) in all() {
            assert!(lists(&format!("`{code}`")), "{code}");
        }
    }
}
