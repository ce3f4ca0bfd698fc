//! The records of the last days, kept on disk: what is asked when somebody wants to know why.

mod read;
mod ring;
#[cfg(test)]
mod tests;

pub use read::{Entry, directory, moment, read, visit};

use super::{Publisher, json};
use crate::model::Record;
use async_trait::async_trait;
use ring::Ring;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much history is kept, and for how long. With either at zero nothing is written, and what is there stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Bytes of all segments together.
    pub bytes: u64,
    /// The age that a record may reach; a day more, as segments go whole.
    pub age: Duration,
}

/// Keeps each record as a line of JSON in a ring of files that all scalers share.
///
/// A disk that cannot take them is said once; the work goes on without.
#[derive(Clone, Debug)]
pub struct History(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    ring: Ring,
    failing: bool,
}

impl History {
    /// The history in `dir`, which is made when there is something to keep; until it is told how much, it
    /// keeps nothing.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self(Arc::new(Mutex::new(Kept { ring: Ring::new(dir), failing: false })))
    }

    /// Keeps so much from now on.
    pub fn keep(&self, keep: Keep) {
        self.lock().ring.keep = keep;
    }

    /// What a panic left is a ring as after a kill.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Publisher for History {
    async fn publish(&mut self, record: &Record) {
        let mut kept = self.lock();
        let written = kept.ring.append(record.time, &json::line(record));
        match (&written, kept.failing) {
            (Err(error), false) => tracing::warn!(
                dir = %kept.ring.dir().display(),
                %error,
                "cannot keep the history of decisions: records go on, but not there"
            ),
            (Ok(()), true) => {
                tracing::info!(dir = %kept.ring.dir().display(), "the history of decisions is kept again");
            }
            _ => {}
        }
        kept.failing = written.is_err();
    }
}
