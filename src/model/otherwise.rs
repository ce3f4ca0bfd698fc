//! What would have changed each step of a decision, as far as its figures tell.

use super::{Fewer, LatencyReason, Reason, WindowReason, rounded};
use std::fmt;

impl Reason {
    /// What would have led to another step: one line for people.
    #[must_use]
    pub fn otherwise(&self) -> String {
        match self {
            Self::BacklogPerInstance { acceptable, wanted, .. } => proportional(*acceptable, *wanted),
            Self::WithinTolerance { accepted, tolerance_percent, .. } => {
                let band = accepted * tolerance_percent / 100.0;
                let (above, below) = (rounded(accepted + band), rounded(accepted - band));
                format!("more than {above} counted messages would ask for more, fewer than {below} for fewer")
            }
            Self::Step { threshold, change, .. } => {
                let side = if *change < 0 { "above" } else { "below" };
                format!("at {} per instance or {side} it would not apply", rounded(*threshold))
            }
            Self::NoStep { above, below, .. } => no_step(*above, *below),
            Self::Latency(reason) => reason.otherwise(),
            Self::LimitMin { min, bound } => format!("without {bound} min it would be fewer than {min}"),
            Self::LimitMax { bound, wanted, .. } => format!("without {bound} max it would be {wanted}"),
            Self::Window(WindowReason::Min { min, .. }) => {
                format!("without the window it would be fewer than {min}")
            }
            Self::Window(WindowReason::Max { wanted, .. }) => {
                format!("without the window it would be {wanted}")
            }
            Self::Paused(_) => {
                "once somebody resumes it, or the pause is over, if it is wanted then".to_owned()
            }
            Self::StepOutMax { wanted, .. } | Self::StepInMax { wanted, .. } => {
                format!("without this limit it would be {wanted} at once; the next tick asks for the rest")
            }
            Self::CooldownOut { remaining_secs } => {
                format!("in {remaining_secs} s it may scale out, if that is wanted then")
            }
            Self::CooldownIn { remaining_secs } => {
                format!(
                    "in {remaining_secs} s it may scale in, if that is wanted then and nothing changes before"
                )
            }
            Self::Stabilization { remaining_secs, .. } => {
                format!("after another {remaining_secs} s in which fewer are needed it may scale in")
            }
            Self::StabilizationFilling { watched_secs, window_secs } => {
                watching(window_secs.saturating_sub(*watched_secs))
            }
            Self::InFlightFloor { floor, .. } => {
                format!("once the messages in flight occupy fewer than {floor} it may scale in further")
            }
            Self::ZeroUnconfirmed { empty_secs, required_secs } => {
                empty(required_secs.saturating_sub(*empty_secs))
            }
            Self::WakeUnconfirmed { seen, required } => match required.saturating_sub(*seen) {
                1 => "one more sample with messages would wake it".to_owned(),
                more => format!("{more} more samples in a row with messages would wake it"),
            },
            Self::CapacityStalled { in_service, .. } => {
                format!("once more than {in_service} are in service it may order more")
            }
            Self::Missing(_) => "once it can be read, the next tick decides".to_owned(),
            Self::LaunchSuspended => "once the group's Launch process is resumed it may scale out".to_owned(),
            Self::TerminateSuspended => {
                "once the group's Terminate process is resumed it may scale in".to_owned()
            }
            Self::OperatorManaged { .. } => "without its operator the group could be set".to_owned(),
            Self::InstanceRefresh { .. } => "once the refresh has ended it may change the group".to_owned(),
        }
    }
}

impl LatencyReason {
    fn otherwise(&self) -> String {
        let whole = |figure: f64| figure.max(0.0).ceil();
        let left = |has: f64, must: f64| whole(must.ceil() - has.floor());
        match *self {
            Self::NothingLearnt => "once every reading has been there it decides".to_owned(),
            Self::Due { fewer, .. } => {
                format!("with {} fewer messages due nothing would be ordered", whole(fewer))
            }
            Self::LastMoment { latest_secs, .. } => format!(
                "before it had waited {} s nothing would be ordered: more may come that the same instance serves",
                latest_secs.max(0.0).floor()
            ),
            Self::TimeUnknown { .. } => {
                "with processing_secs in the settings, or once a message is finished, it orders by that"
                    .to_owned()
            }
            Self::AllNeeded { room, within_secs, fewer, .. } => {
                let (room, within) = (room.max(0.0).floor(), whole(within_secs));
                let fewer = match fewer {
                    Fewer::None => {
                        "; for fewer, one is ordered at the last moment for the oldest message".to_owned()
                    }
                    Fewer::InFlight(most) if most < 1.0 => {
                        "; in-flight messages at 0 would allow fewer".to_owned()
                    }
                    Fewer::InFlight(most) => {
                        format!("; {} or fewer messages in flight would allow fewer", most.floor())
                    }
                    Fewer::PerSec(rate) => {
                        format!("; fewer than {} arrivals a second would allow fewer", rounded(rate))
                    }
                    Fewer::Waiting => "; fewer messages waiting would allow fewer".to_owned(),
                };
                format!("more than {room} further messages due within {within} s would order more{fewer}")
            }
            Self::HeldReady { .. } => {
                "with a longer objective, faster boots, or no such surges for some days fewer would do"
                    .to_owned()
            }
            Self::StillBooting { left_secs } => {
                format!("in {} s it may scale in, if not all is needed then", whole(left_secs))
            }
            Self::EmptyUnconfirmed { empty_secs, required_secs } => empty(left(empty_secs, required_secs)),
            Self::NotWatchedYet { watched_secs, required_secs } => {
                watching(left(watched_secs, required_secs))
            }
            Self::WorthKeeping { idle_secs, worth_secs, .. } => {
                format!("after another {} s without a need it may be given back", left(idle_secs, worth_secs))
            }
            Self::WouldInterrupt { .. } => {
                "with less in flight, or workers that finish first (drains = true), it could be given back"
                    .to_owned()
            }
            Self::NoLongerNeeded { worth_secs, .. } => {
                format!("a need for it within the last {} s would have kept it", whole(worth_secs))
            }
            Self::OutOfReach { boot_secs, .. } => {
                format!("instances that boot in less than {} s could reach it", whole(boot_secs))
            }
        }
    }
}

fn watching(secs: impl fmt::Display) -> String {
    format!("after another {secs} s of watching it may scale in")
}

fn empty(secs: impl fmt::Display) -> String {
    format!("after another {secs} s in which every counter reads 0 it may scale in")
}

fn proportional(acceptable: f64, wanted: u32) -> String {
    let (upper, more) = (rounded(acceptable * f64::from(wanted)), wanted.saturating_add(1));
    let above = format!("more than {upper} counted messages would ask for {more} or more");
    match wanted.checked_sub(1) {
        Some(fewer) => {
            let lower = rounded(acceptable * f64::from(fewer));
            format!("{above}, {lower} or fewer for {fewer} or fewer")
        }
        None => above,
    }
}

fn no_step(above: Option<f64>, below: Option<f64>) -> String {
    let (above, below) = (above.map(rounded), below.map(rounded));
    match (above, below) {
        (Some(above), Some(below)) => {
            format!("above {above} per instance it would add, below {below} remove")
        }
        (Some(above), None) => format!("above {above} per instance it would add"),
        (None, Some(below)) => format!("below {below} per instance it would remove"),
        (None, None) => "with a step in the settings there would be one".to_owned(),
    }
}
