use std::time::Duration;

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The time of a tick, on both clocks that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time of day, for people, records and `CloudWatch`. It may step when the host's clock is set.
    pub wall: Timestamp,
    /// The time that cooldowns and windows are measured on. It never steps: in a daemon it is the
    /// time of day at start plus the monotonic time since, in a simulation it equals `wall`.
    pub steady: Timestamp,
}

impl Timestamp {
    /// The point `millis` milliseconds after (before, when negative) the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The point `secs` seconds after the epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero when `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).try_into().unwrap_or(0))
    }

    /// This point moved by `millis` milliseconds.
    #[must_use]
    pub const fn shifted(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        self.shifted(later.as_millis().try_into().unwrap_or(i64::MAX))
    }
}

impl Now {
    /// The same point on both clocks, as in a simulation.
    #[must_use]
    pub const fn at(time: Timestamp) -> Self {
        Self { wall: time, steady: time }
    }
}
