use std::fmt;

/// A reading that could not be had. It is a value: never a zero, and never a reason to scale in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What was to be read, such as `queue images` or `group image-workers`.
    pub what: String,
    /// What kind of failure it was.
    pub cause: Cause,
    /// The call and its answer in words, with the service's own code where it gave one.
    pub why: String,
    /// Whether the same call may go through later with nothing changed by a person.
    pub retryable: bool,
}

/// The kinds of failure that operators treat differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The credentials lack a permission.
    Denied,
    /// There are no usable credentials: none found, expired, or refused.
    Credentials,
    /// The queue or group does not exist (in this account and region).
    NotFound,
    /// The account's request rate is exhausted.
    Throttled,
    /// No complete answer came in time.
    Timeout,
    /// No connection could be made or kept.
    Unreachable,
    /// An answer came that makes no sense: not the protocol, a counter absent or not a number.
    Malformed,
    /// The service answered that it failed itself (5xx).
    Server,
    /// The service refused the request for another reason; `why` has its words.
    Refused,
}

impl Cause {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Denied,
        Self::Credentials,
        Self::NotFound,
        Self::Throttled,
        Self::Timeout,
        Self::Unreachable,
        Self::Malformed,
        Self::Server,
        Self::Refused,
    ];

    /// The kind's name in records and metrics. Never renamed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Credentials => "credentials",
            Self::NotFound => "not_found",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed",
            Self::Server => "server",
            Self::Refused => "refused",
        }
    }

    /// Whether waiting alone may mend it.
    #[must_use]
    pub const fn retryable(self) -> bool {
        match self {
            Self::Throttled | Self::Timeout | Self::Unreachable | Self::Malformed | Self::Server => true,
            Self::Denied | Self::Credentials | Self::NotFound | Self::Refused => false,
        }
    }
}

impl Missing {
    /// A missing reading of `what`, retryable as its cause says.
    #[must_use]
    pub fn new(what: impl Into<String>, cause: Cause, why: impl Into<String>) -> Self {
        Self { what: what.into(), cause, why: why.into(), retryable: cause.retryable() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}
