//! The one place that asks the time.

use crate::model::{Now, Timestamp};
use chrono::Utc;
use sd_notify::NotifyState;
use std::io;
use std::time::{Duration, Instant};

/// The process's clock: the time of day, and a steady time that starts with it and never steps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    started_wall: Timestamp,
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Clock {
    /// A clock whose steady time begins at the present time of day.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn start() -> Self {
        Self { started: Instant::now(), started_wall: wall() }
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { wall: wall(), steady: self.started_wall + self.started.elapsed() }
    }
}

impl Stopwatch {
    /// A watch that runs from now on.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since its start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The present time as systemd is to be told it at the begin of a reload: in microseconds of
/// `CLOCK_MONOTONIC`, by which it tells this reload's end from an earlier one's.
pub fn reload_stamp() -> io::Result<NotifyState<'static>> {
    NotifyState::monotonic_usec_now()
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn wall() -> Timestamp {
    Timestamp::from_millis(Utc::now().timestamp_millis())
}
