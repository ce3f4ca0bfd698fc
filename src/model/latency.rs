use super::rounded;
use std::fmt;

/// One step of the latency policy's thought. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LatencyReason {
    /// There has been no sample to learn from.
    NothingLearnt,
    /// Messages will be due that the ordered capacity cannot start in time.
    Due {
        /// Messages due by then beyond what can be started.
        messages: f64,
        /// Of them, those that are only expected to arrive.
        to_come: f64,
        /// When they are due.
        within_secs: f64,
        /// Capacity that does not work yet.
        booting: u32,
        /// Capacity to order.
        more: u32,
        /// Messages fewer at which nothing would be ordered.
        fewer: f64,
    },
    /// An instance ordered any later would start the oldest message too late.
    LastMoment {
        /// How long the oldest message has waited.
        waited_secs: f64,
        /// How long booting takes.
        boot_secs: f64,
        /// How long it may wait before.
        latest_secs: f64,
    },
    /// Nobody knows yet how long a message takes, and some instances are to show it.
    TimeUnknown {
        /// Messages there are.
        messages: f64,
        /// Capacity to show it.
        units: u32,
    },
    /// What is ordered is needed.
    AllNeeded {
        /// Capacity ordered.
        needed: u32,
        /// The wait that is acceptable.
        objective_secs: f64,
        /// More messages due beyond which more would be ordered.
        room: f64,
        /// When they would be due.
        within_secs: f64,
        /// What fewer would take.
        fewer: Fewer,
    },
    /// So much is held ready for surges, which boots would be too slow for.
    HeldReady {
        /// Capacity to hold.
        units: u32,
        /// Messages of 100 that would have been late with less.
        late_percent: f64,
        /// How long booting takes.
        boot_secs: f64,
    },
    /// Not all is needed, but what was ordered last has not shown yet what it does.
    StillBooting {
        /// Until it works.
        left_secs: f64,
    },
    /// The queue reads empty, but not for long enough to be believed.
    EmptyUnconfirmed {
        /// How long it has.
        empty_secs: f64,
        /// How long it must have.
        required_secs: f64,
    },
    /// Not all is needed, as far as so short a watch can tell.
    NotWatchedYet {
        /// How long needs have been watched.
        watched_secs: f64,
        /// How long they must have been.
        required_secs: f64,
    },
    /// Not all is needed, but to order it again would cost more than to keep it for now.
    WorthKeeping {
        /// Capacity that is not needed.
        spare: u32,
        /// How long it has not been.
        idle_secs: f64,
        /// How long it is worth keeping.
        worth_secs: f64,
    },
    /// Not all is needed, but giving it back would interrupt too many messages.
    WouldInterrupt {
        /// Capacity that is not needed.
        spare: u32,
        /// Messages that each removal can be expected to make late.
        risk: f64,
    },
    /// Capacity that has not been needed for as long as it is worth keeping.
    NoLongerNeeded {
        /// Capacity that is needed.
        needed: u32,
        /// How long the rest has not been.
        idle_secs: f64,
        /// How long it is worth keeping.
        worth_secs: f64,
    },
    /// Capacity that is ordered on demand cannot reach the objective.
    OutOfReach {
        /// The wait that is acceptable.
        objective_secs: f64,
        /// How long booting takes.
        boot_secs: f64,
        /// The shortest objective that can be reached.
        reach_secs: f64,
    },
}

/// Below what one unit of capacity less may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fewer {
    /// There is none to give back.
    None,
    /// So many messages in flight.
    InFlight(f64),
    /// So many arrivals a second.
    PerSec(f64),
    /// The messages that wait now.
    Waiting,
}

impl LatencyReason {
    /// The reason's name in records. Never renamed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NothingLearnt => "nothing_learnt",
            Self::Due { .. } => "latency_objective",
            Self::LastMoment { .. } => "last_moment",
            Self::TimeUnknown { .. } => "time_unknown",
            Self::AllNeeded { .. } => "all_needed",
            Self::HeldReady { .. } => "held_ready",
            Self::StillBooting { .. } => "still_booting",
            Self::EmptyUnconfirmed { .. } => "empty_unconfirmed",
            Self::NotWatchedYet { .. } => "not_watched_yet",
            Self::WorthKeeping { .. } => "worth_keeping",
            Self::WouldInterrupt { .. } => "would_interrupt",
            Self::NoLongerNeeded { .. } => "no_longer_needed",
            Self::OutOfReach { .. } => "out_of_reach",
        }
    }
}

impl fmt::Display for LatencyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |figure: f64| figure.ceil();
        match *self {
            Self::NothingLearnt => f.write_str("nothing has been seen yet to decide on"),
            Self::Due { messages, to_come, within_secs, booting, more, .. } => {
                let (messages, within, than) = (whole(messages), whole(within_secs), than_start(booting));
                let of_them = of_them(to_come.floor());
                write!(f, "{messages} messages{of_them} are due within {within} s, {than}: +{more}")
            }
            Self::LastMoment { waited_secs, boot_secs, .. } => {
                let (waited, boot) = (whole(waited_secs), whole(boot_secs));
                write!(
                    f,
                    "the oldest message has waited {waited} s, and booting takes {boot} s: the first instance"
                )
            }
            Self::TimeUnknown { messages, units } => {
                let there = whole(messages);
                write!(f, "how long a message takes is not known yet: {units} to find out, for {there} there")
            }
            Self::AllNeeded { needed, objective_secs, .. } => {
                write!(f, "{needed} needed to start messages within {} s", rounded(objective_secs))
            }
            Self::HeldReady { units, late_percent, boot_secs } => {
                let (late, boot) = (rounded(late_percent), whole(boot_secs));
                write!(
                    f,
                    "{units} held ready for surges: with fewer, {late} % of the messages of late would have waited too long, for booting takes {boot} s"
                )
            }
            Self::StillBooting { left_secs } => {
                let left = whole(left_secs);
                write!(f, "the last order boots for another {left} s: no scale-in before it works")
            }
            Self::EmptyUnconfirmed { empty_secs, required_secs } => {
                let (empty, required) = (empty_secs.floor(), whole(required_secs));
                write!(f, "seen empty for {empty} s of the {required} s that a scale-in needs")
            }
            Self::NotWatchedYet { watched_secs, required_secs } => {
                let (watched, required) = (watched_secs.floor(), whole(required_secs));
                write!(f, "watched for {watched} s of the {required} s that a first scale-in needs")
            }
            Self::WorthKeeping { spare, idle_secs, worth_secs } => {
                let (idle, worth) = (idle_secs.floor(), whole(worth_secs));
                write!(
                    f,
                    "{spare} not needed for {idle} s, and cheaper kept for {worth} s than ordered again"
                )
            }
            Self::WouldInterrupt { spare, risk } => {
                let late = rounded(risk);
                write!(
                    f,
                    "{spare} not needed, but a removal now would interrupt work and make {late} messages late, more than may be risked: workers that finish first need drains = true"
                )
            }
            Self::NoLongerNeeded { needed, idle_secs, worth_secs } => {
                let (idle, worth) = (idle_secs.floor(), whole(worth_secs));
                write!(f, "{needed} needed; the rest was idle for {idle} s, and worth keeping for {worth} s")
            }
            Self::OutOfReach { objective_secs, boot_secs, reach_secs } => {
                let (objective, boot, reach) = (rounded(objective_secs), whole(boot_secs), whole(reach_secs));
                write!(
                    f,
                    "{objective} s is out of reach when arrivals rise, for booting takes {boot} s: it takes an objective of {reach} s, or a limits.min that the peaks need"
                )
            }
        }
    }
}

fn of_them(to_come: f64) -> String {
    if to_come > 0.0 { format!(", {to_come} of them yet to come,") } else { String::new() }
}

fn than_start(booting: u32) -> String {
    match booting {
        0 => "more than the fleet can start".to_owned(),
        1 => "more than the fleet and the instance that does not work yet can start".to_owned(),
        _ => format!("more than the fleet and the {booting} instances that do not work yet can start"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    fn all() -> Vec<(LatencyReason, &'static str, &'static str)> {
        vec![
            (LatencyReason::NothingLearnt, "nothing_learnt", "nothing has been seen yet to decide on"),
            (LatencyReason::Due { messages: 60.2, to_come: 0.0, within_secs: 150.0, booting: 3, more: 2, fewer: 52.1 }, "latency_objective", "61 messages are due within 150 s, more than the fleet and the 3 instances that do not work yet can start: +2"),
            (LatencyReason::Due { messages: 60.2, to_come: 20.5, within_secs: 150.0, booting: 1, more: 2, fewer: 52.1 }, "latency_objective", "61 messages, 20 of them yet to come, are due within 150 s, more than the fleet and the instance that does not work yet can start: +2"),
            (LatencyReason::LastMoment { waited_secs: 40.0, boot_secs: 141.2, latest_secs: 38.9 }, "last_moment", "the oldest message has waited 40 s, and booting takes 142 s: the first instance"),
            (LatencyReason::TimeUnknown { messages: 10.0, units: 4 }, "time_unknown", "how long a message takes is not known yet: 4 to find out, for 10 there"),
            (LatencyReason::AllNeeded { needed: 7, objective_secs: 60.0, room: 12.5, within_secs: 190.0, fewer: Fewer::PerSec(0.643) }, "all_needed", "7 needed to start messages within 60 s"),
            (LatencyReason::HeldReady { units: 7, late_percent: 1.4, boot_secs: 142.0 }, "held_ready", "7 held ready for surges: with fewer, 1.4 % of the messages of late would have waited too long, for booting takes 142 s"),
            (LatencyReason::StillBooting { left_secs: 80.0 }, "still_booting", "the last order boots for another 80 s: no scale-in before it works"),
            (LatencyReason::EmptyUnconfirmed { empty_secs: 10.0, required_secs: 30.0 }, "empty_unconfirmed", "seen empty for 10 s of the 30 s that a scale-in needs"),
            (LatencyReason::NotWatchedYet { watched_secs: 40.0, required_secs: 142.0 }, "not_watched_yet", "watched for 40 s of the 142 s that a first scale-in needs"),
            (LatencyReason::WorthKeeping { spare: 2, idle_secs: 40.0, worth_secs: 71.0 }, "worth_keeping", "2 not needed for 40 s, and cheaper kept for 71 s than ordered again"),
            (LatencyReason::WouldInterrupt { spare: 2, risk: 0.6667 }, "would_interrupt", "2 not needed, but a removal now would interrupt work and make 0.667 messages late, more than may be risked: workers that finish first need drains = true"),
            (LatencyReason::NoLongerNeeded { needed: 5, idle_secs: 80.0, worth_secs: 71.0 }, "no_longer_needed", "5 needed; the rest was idle for 80 s, and worth keeping for 71 s"),
            (LatencyReason::OutOfReach { objective_secs: 60.0, boot_secs: 142.0, reach_secs: 177.5 }, "out_of_reach", "60 s is out of reach when arrivals rise, for booting takes 142 s: it takes an objective of 178 s, or a limits.min that the peaks need"),
        ]
    }

    #[test]
    fn every_reason_keeps_its_code_and_tells_itself_in_words() {
        for (reason, code, text) in all() {
            assert_eq!(reason.code(), code);
            assert_eq!(reason.to_string(), text);
        }
    }

    #[test]
    fn one_instance_that_does_not_work_yet_is_told_in_the_singular_and_none_not_at_all() {
        let due = |booting| {
            let due = LatencyReason::Due {
                messages: 5.0,
                to_come: 0.0,
                within_secs: 30.0,
                booting,
                more: 1,
                fewer: 1.0,
            };
            due.to_string()
        };
        assert_eq!(due(0), "5 messages are due within 30 s, more than the fleet can start: +1");
        assert!(due(1).contains("and the instance that does not work yet can start"));
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
