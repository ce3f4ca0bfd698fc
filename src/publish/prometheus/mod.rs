//! Records as Prometheus metrics: the last record of each scaler in figures, and what all of them came to.

mod families;
#[cfg(test)]
mod tests;
mod text;

use super::{Losses, Publisher};
use crate::aws::Calls;
use crate::model::{Action, Reason, Record};
use async_trait::async_trait;
use prometheus_client::metrics::histogram::Histogram;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a scrape is answered with. Rendered then, from the last record of each scaler: a figure that this one
/// does not have is absent, and nothing is reckoned while nobody asks.
#[derive(Clone, Debug)]
pub struct Exposition(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// By name.
    scalers: Mutex<BTreeMap<String, Arc<Mutex<Told>>>>,
    reloads: Mutex<Reloads>,
    calls: Calls,
    losses: Arc<Losses>,
}

/// Publishes one scaler's records in an [`Exposition`].
#[derive(Debug)]
pub struct Prometheus(Arc<Mutex<Told>>);

/// What a scaler has told.
#[derive(Debug, Default)]
struct Told {
    last: Option<Record>,
    counts: Counts,
    ticks: Option<Histogram>,
}

/// What a scaler's records came to, by code.
#[derive(Clone, Debug, Default)]
struct Counts {
    decisions: BTreeMap<&'static str, u64>,
    holds: BTreeMap<&'static str, u64>,
    writes: BTreeMap<&'static str, u64>,
    /// By what was to be read, and cause.
    missing: BTreeMap<(String, &'static str), u64>,
}

/// How reloads went.
#[derive(Clone, Copy, Debug, Default)]
struct Reloads {
    taken: u64,
    refused: u64,
    /// Whether the last one was.
    last_refused: bool,
}

/// Bounds of the buckets that ticks are counted in, in seconds: the most that a tick may take is a minute.
const TICK_SECS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

impl Default for Exposition {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl Exposition {
    /// What [`Exposition::encode`] returns, as the header `Content-Type` says it.
    pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// One without scalers. It also tells of `losses`.
    #[must_use]
    pub fn new(losses: Arc<Losses>) -> Self {
        let (scalers, reloads, calls) = Default::default();
        Self(Arc::new(Shared { scalers, reloads, calls, losses }))
    }

    /// A publisher of the records of `scaler`, in the place of any before it: its counts begin anew, and what
    /// the one before still publishes is not shown.
    #[must_use]
    pub fn publisher(&self, scaler: &str) -> Prometheus {
        let told = Arc::new(Mutex::new(Told::default()));
        held(&self.0.scalers).insert(scaler.to_owned(), told.clone());
        Prometheus(told)
    }

    /// Shows nothing of `scaler` any more, whatever its publisher may still be told.
    pub fn remove(&self, scaler: &str) {
        held(&self.0.scalers).remove(scaler);
    }

    /// Takes note of a reload: whether the settings on disk were taken up or refused.
    pub fn reloaded(&self, taken: bool) {
        let mut reloads = held(&self.0.reloads);
        let count = if taken { &mut reloads.taken } else { &mut reloads.refused };
        *count += 1;
        reloads.last_refused = !taken;
    }

    /// Figures that could not be published.
    #[must_use]
    pub fn losses(&self) -> Arc<Losses> {
        self.0.losses.clone()
    }

    /// What is asked of AWS is counted here, where it is an interceptor of the clients.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.0.calls.clone()
    }

    /// All of it as `OpenMetrics` text.
    #[must_use]
    pub fn encode(&self) -> String {
        text::render(self)
    }
}

#[async_trait]
impl Publisher for Prometheus {
    async fn publish(&mut self, record: &Record) {
        let mut told = held(&self.0);
        told.counts.add(record);
        told.last = Some(record.clone());
    }

    fn took(&mut self, duration: Duration) {
        let mut told = held(&self.0);
        told.ticks.get_or_insert_with(|| Histogram::new(TICK_SECS)).observe(duration.as_secs_f64());
    }
}

impl Counts {
    fn add(&mut self, record: &Record) {
        *self.decisions.entry(record.decision.action.code()).or_default() += 1;
        if record.decision.action.to().is_some() {
            *self.writes.entry(record.outcome.code()).or_default() += 1;
        }
        if record.decision.action == Action::Hold {
            let reasons: BTreeSet<_> = record.decision.reasons.iter().map(Reason::code).collect();
            for reason in reasons {
                *self.holds.entry(reason).or_default() += 1;
            }
        }
        for missing in record.sample.missing() {
            *self.missing.entry((missing.what.clone(), missing.cause.code())).or_default() += 1;
        }
    }
}

/// What a lock guards. Nobody panics holding one; if somebody did, the figures are still figures.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
