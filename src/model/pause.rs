use super::Timestamp;
use std::fmt;

/// A hold that somebody put on a scaler, in one direction or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pause {
    /// As it was asked for.
    Asked {
        /// Whether scale-out is held.
        out: bool,
        /// Whether scale-in is held.
        r#in: bool,
        /// Since when, by the time of day.
        since: Timestamp,
        /// Until when, by the time of day; nothing: until it is resumed.
        until: Option<Timestamp>,
    },
    /// There is one, or there may be, but it cannot be read: then all is held.
    Unknown {
        /// Where it should stand, and why it cannot be read.
        why: String,
    },
}

/// A change that a pause held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PauseReason {
    /// A scale-out.
    Out {
        /// What was wanted.
        wanted: u32,
        /// Since and until when, for people: `since 14:02 until 16:02 UTC`.
        when: String,
    },
    /// A scale-in.
    In {
        /// What was wanted.
        wanted: u32,
        /// Since and until when.
        when: String,
    },
}

impl Pause {
    /// Whether scale-out is held.
    #[must_use]
    pub const fn holds_out(&self) -> bool {
        matches!(self, Self::Asked { out: true, .. } | Self::Unknown { .. })
    }

    /// Whether scale-in is held.
    #[must_use]
    pub const fn holds_in(&self) -> bool {
        matches!(self, Self::Asked { r#in: true, .. } | Self::Unknown { .. })
    }

    /// Since when, as far as it is known.
    #[must_use]
    pub const fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Asked { since, .. } => Some(*since),
            Self::Unknown { .. } => None,
        }
    }

    /// Whether it is over at the time of day `wall`.
    #[must_use]
    pub fn is_over(&self, wall: Timestamp) -> bool {
        matches!(self, Self::Asked { until: Some(until), .. } if *until <= wall)
    }

    /// What it holds, in words.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match (self.holds_out(), self.holds_in()) {
            (true, false) => "scale-out",
            (false, true) => "scale-in",
            _ => "scale-out and scale-in",
        }
    }
}

impl PauseReason {
    /// The reason's name in records. Never renamed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Out { .. } => "paused_out",
            Self::In { .. } => "paused_in",
        }
    }
}

impl fmt::Display for PauseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wanted, what, when) = match self {
            Self::Out { wanted, when } => (wanted, "scale-out", when),
            Self::In { wanted, when } => (wanted, "scale-in", when),
        };
        write!(f, "{wanted} wanted, {what} is paused {when}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_keeps_its_codes_and_tells_what_was_wanted_and_until_when() {
        let when = "since 14:02 until 16:02 UTC".to_owned();
        let out = PauseReason::Out { wanted: 14, when: when.clone() };
        let back = PauseReason::In { wanted: 3, when };
        let document = include_str!("../../docs/record.md");
        for (reason, code, text) in [
            (out, "paused_out", "14 wanted, scale-out is paused since 14:02 until 16:02 UTC"),
            (back, "paused_in", "3 wanted, scale-in is paused since 14:02 until 16:02 UTC"),
        ] {
            assert_eq!((reason.code(), reason.to_string().as_str()), (code, text));
            assert!(document.contains(&format!("`{code}`")), "{code}");
        }
    }

    #[test]
    fn a_pause_is_over_at_its_time_and_one_without_a_time_or_that_is_unknown_never() {
        let (since, at) = (Timestamp::from_secs(100), Timestamp::from_secs(200));
        let asked = |until| Pause::Asked { out: true, r#in: false, since, until };
        assert!(!asked(Some(at)).is_over(at.shifted(-1)));
        assert!(asked(Some(at)).is_over(at));
        assert!(!asked(None).is_over(Timestamp::from_millis(i64::MAX)));
        assert!(!Pause::Unknown { why: "no".to_owned() }.is_over(Timestamp::from_millis(i64::MAX)));
    }

    #[test]
    fn what_is_unknown_holds_both_directions() {
        let unknown = Pause::Unknown { why: "no".to_owned() };
        assert!(unknown.holds_out() && unknown.holds_in());
        assert_eq!((unknown.what(), unknown.since()), ("scale-out and scale-in", None));
    }
}
