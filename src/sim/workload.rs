use super::records;
use super::refusal::Refusal;
use super::run::UNSCORED;
use super::shapes::Shape;
use super::trace::Trace;
use crate::model::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the arrivals come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// A CSV file, its rows so far apart; as far as its closest ones, if nothing is said.
    Trace(PathBuf, Option<Duration>),
    /// A built-in shape, so many messages a minute, for so long.
    Shape(Shape, f64, Duration),
    /// The daemon's records.
    Records(PathBuf),
}

/// Arrivals, and what else is known of them.
#[derive(Debug)]
pub(super) struct Arrivals {
    pub(super) name: String,
    pub(super) trace: Trace,
    pub(super) together: bool,
    pub(super) processing: Option<Duration>,
    pub(super) max: Option<u32>,
    /// The time of day when they began, if that is known.
    pub(super) begins: Option<Timestamp>,
}

/// As much time as is simulated.
pub(super) const LONGEST: Duration = Duration::from_hours(24 * 366);
/// As many messages as are simulated, at about 100 bytes each.
pub(super) const MESSAGES_MAX: u64 = 10_000_000;

impl Workload {
    /// What arrives. Of records, those of `scaler`, whose messages take `processing`, if that is known; of
    /// shapes, those of the `seed`.
    pub(super) fn arrivals(
        &self,
        scaler: Option<&str>,
        processing: Option<Duration>,
        seed: u64,
    ) -> Result<Arrivals, Refusal> {
        let (trace, name, together) = match self {
            Self::Records(path) => return self.check(recorded(path, scaler, processing)?),
            Self::Trace(path, bin) => (read_trace(path, *bin)?, stem(path), false),
            Self::Shape(shape, per_minute, lasts) => {
                (shape.trace(*lasts, *per_minute, seed), shape.name().to_owned(), shape.together())
            }
        };
        let arrivals = Arrivals { name, trace, together, processing: None, max: None, begins: None };
        self.check(arrivals)
    }

    /// Refuses what there is nothing to learn from, or too much.
    fn check(&self, arrivals: Arrivals) -> Result<Arrivals, Refusal> {
        let count = arrivals.trace.total();
        let (workload, advice) = match self {
            Self::Trace(path, _) => {
                (path.display().to_string(), "give a longer one, or let its times begin later")
            }
            Self::Records(path) => (path.display().to_string(), "give records of a longer time"),
            Self::Shape(..) => (arrivals.name.clone(), "give more with --per-minute or --hours"),
        };
        if count > MESSAGES_MAX {
            return Err(Refusal::TooMany { workload, count });
        }
        let lasts = arrivals.trace.lasts;
        if lasts > LONGEST {
            return Err(Refusal::TooLong { workload, lasts });
        }
        let scored = |(secs, count): &(u64, u32)| *count > 0 && *secs >= UNSCORED.as_secs();
        if !arrivals.trace.counts.iter().any(scored) {
            return Err(Refusal::NothingScored { workload, count, advice });
        }
        Ok(arrivals)
    }
}

fn recorded(path: &Path, scaler: Option<&str>, processing: Option<Duration>) -> Result<Arrivals, Refusal> {
    let read = records::read(&read_records(path)?, scaler, processing.map(|time| time.as_secs_f64()));
    let recorded = read.map_err(|source| Refusal::Records { path: path.to_owned(), source })?;
    Ok(Arrivals {
        name: recorded.scaler,
        trace: recorded.trace,
        together: false,
        processing: Some(Duration::from_secs_f64(recorded.processing_secs)),
        max: recorded.max,
        begins: Some(recorded.begins),
    })
}

fn read_records(path: &Path) -> Result<String, Refusal> {
    records::text(path).map_err(|source| Refusal::Unreadable { path: path.to_owned(), source })
}

fn read_file(path: &Path) -> Result<String, Refusal> {
    fs::read_to_string(path).map_err(|source| Refusal::Unreadable { path: path.to_owned(), source })
}

fn read_trace(path: &Path, bin: Option<Duration>) -> Result<Trace, Refusal> {
    let text = read_file(path)?;
    let parse =
        |bin| Trace::parse(&text, bin).map_err(|source| Refusal::Trace { path: path.to_owned(), source });
    let Some(bin) = bin else {
        let closest = closest(&parse(Duration::from_secs(1))?);
        return parse(closest.unwrap_or(Duration::from_mins(1)));
    };
    parse(bin)
}

/// The shortest time from one row to the next.
fn closest(trace: &Trace) -> Option<Duration> {
    let rows = trace.counts.iter().zip(trace.counts.iter().skip(1));
    rows.map(|((from, _), (to, _))| Duration::from_secs(to.saturating_sub(*from))).min()
}

/// A file's name without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "trace".to_owned(), |stem| stem.to_string_lossy().into_owned())
}
