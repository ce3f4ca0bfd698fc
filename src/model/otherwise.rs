//! What would have changed each step of a decision, as far as its figures tell.

use super::{Fewer, LatencyReason, Reason, WindowReason, rounded};

impl Reason {
    /// What would have led to another step: one line for people.
    #[must_use]
    pub fn otherwise(&self) -> String {
        match self {
            Self::BacklogPerInstance { acceptable, wanted, .. } => proportional(*acceptable, *wanted),
            Self::WithinTolerance { accepted, tolerance_percent, .. } => {
                let band = accepted * tolerance_percent / 100.0;
                let (above, below) = (rounded(accepted + band), rounded(accepted - band));
                format!("above {above} counted messages it asks for more, below {below} for fewer")
            }
            Self::Step { threshold, change, .. } => {
                let side = if *change < 0 { "above" } else { "below" };
                format!("at {} per instance and {side} it would not apply", rounded(*threshold))
            }
            Self::NoStep { above, below, .. } => no_step(*above, *below),
            Self::Latency(reason) => reason.otherwise(),
            Self::LimitMin { min, bound } => format!("without {bound} min fewer than {min}"),
            Self::LimitMax { bound, wanted, .. } => format!("without {bound} max {wanted}"),
            Self::Window(WindowReason::Min { min, .. }) => format!("without the window fewer than {min}"),
            Self::Window(WindowReason::Max { wanted, .. }) => format!("without the window {wanted}"),
            Self::Paused(_) => "as soon as it is resumed, or its time is over".to_owned(),
            Self::StepOutMax { wanted, .. } | Self::StepInMax { wanted, .. } => {
                format!("without it {wanted} at once; the next tick asks for what is left")
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
                format!("another {remaining_secs} s in which fewer are needed")
            }
            Self::StabilizationFilling { watched_secs, window_secs } => {
                format!("another {} s of watching", window_secs.saturating_sub(*watched_secs))
            }
            Self::InFlightFloor { floor, .. } => {
                format!("as soon as what is in flight occupies fewer than {floor}")
            }
            Self::ZeroUnconfirmed { empty_secs, required_secs } => {
                format!(
                    "another {} s in which every counter reads 0",
                    required_secs.saturating_sub(*empty_secs)
                )
            }
            Self::WakeUnconfirmed { seen, required } => match required.saturating_sub(*seen) {
                1 => "one more sample with messages".to_owned(),
                more => format!("{more} more samples in a row with messages"),
            },
            Self::CapacityStalled { in_service, .. } => {
                format!("as soon as more than {in_service} are in service")
            }
            Self::Missing(_) => "as soon as it can be read".to_owned(),
            Self::LaunchSuspended | Self::TerminateSuspended => {
                "as soon as the process is resumed".to_owned()
            }
            Self::OperatorManaged { .. } => "as soon as the group has no operator".to_owned(),
            Self::InstanceRefresh { .. } => "as soon as the refresh has ended".to_owned(),
        }
    }
}

impl LatencyReason {
    fn otherwise(&self) -> String {
        let whole = |figure: f64| figure.max(0.0).ceil();
        let left = |has: f64, must: f64| whole(must.ceil() - has.floor());
        match *self {
            Self::NothingLearnt => "as soon as every reading has been there once".to_owned(),
            Self::Due { fewer, .. } => format!("with {} fewer of them nothing is ordered", whole(fewer)),
            Self::LastMoment { latest_secs, .. } => format!(
                "until it has waited {} s nothing is ordered: more may come that the same instance serves",
                latest_secs.max(0.0).floor()
            ),
            Self::AllNeeded { room, within_secs, fewer, .. } => {
                let (room, within) = (room.max(0.0).floor(), whole(within_secs));
                let fewer = match fewer {
                    Fewer::None => "; for less, at the last moment for the oldest message".to_owned(),
                    Fewer::InFlight(most) => {
                        format!("; with at most {} in flight fewer may do", rounded(most))
                    }
                    Fewer::PerSec(rate) => {
                        format!("; below {} arrivals a second fewer may do", rounded(rate))
                    }
                    Fewer::Waiting => "; with fewer messages waiting fewer may do".to_owned(),
                };
                format!("beyond {room} more messages due within {within} s more is ordered{fewer}")
            }
            Self::StillBooting { left_secs } => {
                format!("in {} s it may scale in, if not all is needed then", whole(left_secs))
            }
            Self::EmptyUnconfirmed { empty_secs, required_secs } => {
                format!("another {} s in which every counter reads 0", left(empty_secs, required_secs))
            }
            Self::NotWatchedYet { watched_secs, required_secs } => {
                format!("another {} s of watching", left(watched_secs, required_secs))
            }
            Self::WorthKeeping { idle_secs, worth_secs, .. } => {
                format!("another {} s without a need for it", left(idle_secs, worth_secs))
            }
            Self::WouldInterrupt { .. } => {
                "with less in flight, or with workers that finish first (drains = true)".to_owned()
            }
            Self::NoLongerNeeded { worth_secs, .. } => {
                format!("a need for it within the last {} s would have kept it", whole(worth_secs))
            }
            Self::OutOfReach { boot_secs, .. } => {
                format!("with instances that boot in less than {} s", whole(boot_secs))
            }
        }
    }
}

fn proportional(acceptable: f64, wanted: u32) -> String {
    let (upper, more) = (rounded(acceptable * f64::from(wanted)), wanted.saturating_add(1));
    let above = format!("above {upper} counted messages it asks for {more} and more");
    match wanted.checked_sub(1) {
        Some(fewer) => {
            let lower = rounded(acceptable * f64::from(fewer));
            format!("{above}, at {lower} and below for {fewer} and fewer")
        }
        None => above,
    }
}

fn no_step(above: Option<f64>, below: Option<f64>) -> String {
    let (above, below) = (above.map(rounded), below.map(rounded));
    match (above, below) {
        (Some(above), Some(below)) => format!("above {above} per instance it adds, below {below} it removes"),
        (Some(above), None) => format!("above {above} per instance it adds"),
        (None, Some(below)) => format!("below {below} per instance it removes"),
        (None, None) => "with a step in the settings".to_owned(),
    }
}
