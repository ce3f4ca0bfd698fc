//! One tick of one scaler with its write withheld, and every step of the thought on paper.

use crate::assemble::{Assembly, Purpose, Unfit, assemble};
use crate::clock::Clock;
use crate::model::Record;
use crate::publish::text;
use crate::settings::Settings;
use std::fmt::Write;

/// Why there is nothing to explain.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No scaler has this name.
    #[error("no scaler is called {asked:?}; there are: {known}")]
    Unknown {
        /// The name asked for.
        asked: String,
        /// The names there are.
        known: String,
    },
    /// The settings do not fit the environment.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Reads what `scaler` reads now, and decides as the daemon would, writing nothing.
pub async fn explain(settings: Settings, scaler: &str) -> Result<Record, Failure> {
    let known = settings.scalers.iter().map(|scaler| scaler.name.as_str()).collect::<Vec<_>>().join(", ");
    let scalers: Vec<_> = settings.scalers.into_iter().filter(|known| known.name == scaler).collect();
    let clock = Clock::start();
    let purpose = Purpose { dry_run: true, console: None };
    let Assembly { engines, .. } = assemble(&Settings { scalers, ..settings }, &purpose, clock.now()).await?;
    match engines.into_iter().next() {
        Some((mut engine, _)) => Ok(engine.tick(clock.now()).await),
        None => Err(Failure::Unknown { asked: scaler.to_owned(), known }),
    }
}

/// `record` at length: what was read, what follows, and each step to the decision.
#[must_use]
pub fn at_length(record: &Record) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail; were it to, half a page is better than none.
    let _written = write(&mut page, record);
    page
}

fn write(page: &mut String, record: &Record) -> std::fmt::Result {
    writeln!(page, "{} at {}\n\nread", record.scaler, crate::publish::json::time(record.time))?;
    for queue in &record.sample.queues {
        match &queue.backlog {
            Ok(backlog) => writeln!(page, "  queue {}: {}", queue.name, text::messages(backlog))?,
            Err(missing) => writeln!(page, "  missing: {missing}")?,
        }
    }
    match &record.sample.fleet {
        Ok(fleet) => writeln!(
            page,
            "  group: desired {} within {} and {}; {} in service, {} pending, {} terminating",
            fleet.desired, fleet.min, fleet.max, fleet.in_service, fleet.pending, fleet.terminating
        )?,
        Err(missing) => writeln!(page, "  missing: {missing}")?,
    }
    if let Some(per_instance) = record.metrics.backlog_per_instance {
        let acceptable = record.metrics.acceptable_backlog;
        let against = acceptable.map(|figure| format!(", {figure} acceptable")).unwrap_or_default();
        writeln!(page, "\nbacklog per instance\n  {per_instance:.1}{against}")?;
    }
    writeln!(page, "\nthought")?;
    for (number, reason) in (1..).zip(&record.decision.reasons) {
        writeln!(page, "  {number}. {reason} [{}]", reason.code())?;
    }
    write!(page, "\ndecision\n  {}", text::action(record.decision.action))
}
