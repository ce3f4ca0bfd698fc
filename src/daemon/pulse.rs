use crate::model::{Record, Timestamp};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One scaler's signs of life, written by its loop and read by whoever watches.
#[derive(Debug)]
pub(super) struct Pulse {
    /// The scaler's name.
    pub(super) scaler: String,
    /// Steady time in milliseconds by which the next tick must be done.
    deadline: AtomicI64,
    ticks: AtomicU64,
    missed: AtomicU64,
    last: Mutex<Option<Record>>,
}

impl Pulse {
    /// The pulse of a scaler whose first tick must be done by `deadline`.
    pub(super) fn new(scaler: String, deadline: Timestamp) -> Self {
        Self {
            scaler,
            deadline: AtomicI64::new(deadline.as_millis()),
            ticks: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            last: Mutex::new(None),
        }
    }

    /// A tick is done, and the next must be by `deadline`.
    pub(super) fn ticked(&self, record: Record, deadline: Timestamp) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(record);
        self.deadline.store(deadline.as_millis(), Ordering::Relaxed);
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    /// The deadline is so much later: there is something to wait for before.
    pub(super) fn grant(&self, longer: Duration) {
        let millis = i64::try_from(longer.as_millis()).unwrap_or(i64::MAX);
        let deadline = self.deadline.load(Ordering::Relaxed).saturating_add(millis);
        self.deadline.store(deadline, Ordering::Relaxed);
    }

    /// A ring found the scaler busy.
    pub(super) fn missed(&self) {
        let missed = self.missed.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::debug!(scaler = self.scaler, missed, "still busy with the last tick: a ring is missed");
    }

    /// Whether a tick has been done at all.
    pub(super) fn has_ticked(&self) -> bool {
        self.ticks.load(Ordering::Relaxed) > 0
    }

    /// Rings missed since the start.
    pub(super) fn missed_count(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Whether the deadline has passed at the steady time `now`.
    pub(super) fn overdue(&self, now: Timestamp) -> bool {
        now.as_millis() > self.deadline.load(Ordering::Relaxed)
    }

    /// Applies `read` to the last record, if there is one.
    pub(super) fn last<T>(&self, read: impl FnOnce(&Record) -> T) -> Option<T> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(read)
    }
}
