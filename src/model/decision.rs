use super::{Reason, WindowReason};

/// What a tick wants done, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The change of desired capacity, if any.
    pub action: Action,
    /// The capacity the policy asks for within the limits, before cooldowns, windows and confirmations;
    /// nothing when a reading was missing.
    pub recommended: Option<u32>,
    /// Each step of the thought that changed something, in order; never empty.
    pub reasons: Vec<Reason>,
}

/// The change of desired capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave the group alone.
    Hold,
    /// Order more capacity.
    ScaleOut {
        /// Desired capacity as it stands.
        from: u32,
        /// Desired capacity to set; more than `from`.
        to: u32,
    },
    /// Give capacity back.
    ScaleIn {
        /// Desired capacity as it stands.
        from: u32,
        /// Desired capacity to set; less than `from`.
        to: u32,
    },
}

/// What came of the action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    None,
    /// The group took the new desired capacity.
    Done,
    /// The write was held back on purpose: this run only watches.
    Withheld,
    /// The write was refused or got no answer; the next tick decides afresh.
    Failed {
        /// The call, the group and the service's answer in words.
        why: String,
        /// Whether it is certain that nothing was changed. A write without an answer may have been done.
        refused: bool,
    },
}

impl Decision {
    /// Whether more is wanted than a limit, of the settings, an open window or the group, allows.
    #[must_use]
    pub fn is_at_max(&self) -> bool {
        let limits = |reason: &Reason| {
            matches!(reason, Reason::LimitMax { .. } | Reason::Window(WindowReason::Max { .. }))
        };
        self.reasons.iter().any(limits)
    }
}

impl Action {
    /// The change from one desired capacity to another.
    #[must_use]
    pub const fn between(from: u32, to: u32) -> Self {
        if to > from {
            Self::ScaleOut { from, to }
        } else if to < from {
            Self::ScaleIn { from, to }
        } else {
            Self::Hold
        }
    }

    /// The desired capacity to set; nothing on a hold.
    #[must_use]
    pub const fn to(self) -> Option<u32> {
        match self {
            Self::Hold => None,
            Self::ScaleOut { to, .. } | Self::ScaleIn { to, .. } => Some(to),
        }
    }

    /// The action's name in records. Never renamed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::ScaleOut { .. } => "scale_out",
            Self::ScaleIn { .. } => "scale_in",
        }
    }
}

impl Outcome {
    /// The outcome's name in records. Never renamed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Done => "done",
            Self::Withheld => "withheld",
            Self::Failed { .. } => "failed",
        }
    }
}

impl Decision {
    /// A decision to leave the group alone.
    #[must_use]
    pub const fn hold(recommended: Option<u32>, reasons: Vec<Reason>) -> Self {
        Self { action: Action::Hold, recommended, reasons }
    }

    /// The same thought, stopped by one more reason.
    #[must_use]
    pub fn held_by(mut self, reason: Reason) -> Self {
        self.action = Action::Hold;
        self.reasons.push(reason);
        self
    }
}
