use std::fmt;

/// A window of the settings while it is in force. At least one of its sizes is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The window's name.
    pub window: String,
    /// Smallest desired capacity to ask for.
    pub min: Option<u32>,
    /// Largest desired capacity to ask for.
    pub max: Option<u32>,
    /// From or until when, for people: `until 18:00 Europe/Berlin`.
    pub when: String,
    /// Whether it is yet to open, and its floor is ordered ahead.
    pub ahead: bool,
}

/// A size bent to what a window says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowReason {
    /// Raised to the highest floor of the windows in force.
    Min {
        /// The window's name.
        window: String,
        /// Its floor.
        min: u32,
        /// From or until when.
        when: String,
    },
    /// Lowered to the lowest ceiling of the windows in force.
    Max {
        /// The window's name.
        window: String,
        /// Its ceiling.
        max: u32,
        /// Until when.
        when: String,
        /// What was wanted.
        wanted: u32,
    },
}

impl WindowReason {
    /// The reason's name in records. Never renamed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Min { .. } => "window_min",
            Self::Max { .. } => "window_max",
        }
    }
}

impl fmt::Display for WindowReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min { window, min, when } => write!(f, "window {window:?}: min {min} {when}"),
            Self::Max { window, max, when, wanted } => {
                write!(f, "{wanted} wanted, window {window:?}: max {max} {when}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_keeps_its_codes_and_tells_its_name_size_and_time() {
        let (window, when) = ("office hours".to_owned(), "until 18:00 Europe/Berlin".to_owned());
        let min = WindowReason::Min { window: window.clone(), min: 5, when: when.clone() };
        let max = WindowReason::Max { window, max: 5, when, wanted: 9 };
        let document = include_str!("../../docs/record.md");
        for (reason, code, text) in [
            (min, "window_min", "window \"office hours\": min 5 until 18:00 Europe/Berlin"),
            (max, "window_max", "9 wanted, window \"office hours\": max 5 until 18:00 Europe/Berlin"),
        ] {
            assert_eq!((reason.code(), reason.to_string().as_str()), (code, text));
            assert!(document.contains(&format!("`{code}`")), "{code}");
        }
    }
}
