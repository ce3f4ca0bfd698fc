//! From the daemon's own records to the arrivals that it must have seen.

use super::trace::Trace;
use crate::model::Timestamp;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a file of records tells about a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The scaler whose records they are.
    pub scaler: String,
    /// The arrivals.
    pub trace: Trace,
    /// Seconds that a message takes: as it was given, or as the daemon last estimated it.
    pub processing_secs: f64,
    /// The group's own largest size when it was last read.
    pub max: Option<u32>,
}

/// Records that no arrivals can be read from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A line is not what the daemon prints.
    #[error("line {line}: not a decision record: {why}")]
    Malformed {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Time runs backwards.
    #[error("line {line}: {time} is before the record above it; put the records in order of time")]
    Disordered {
        /// Its number, from 1.
        line: usize,
        /// The time it gives.
        time: String,
    },
    /// Nobody said whose workload is meant.
    #[error("the records are of several scalers: {0}; choose one with --scaler")]
    Several(String),
    /// The scaler asked for is not in them.
    #[error("no record is of scaler {asked:?}; there are: {known}")]
    Unknown {
        /// The name asked for.
        asked: String,
        /// The names there are.
        known: String,
    },
    /// Too little was read to see anything change.
    #[error("it takes two records at different times with all queues read; there are not as many")]
    TooFew,
    /// The records do not say how long work takes.
    #[error("the records tell no processing time; give it with --processing-secs")]
    NoProcessingTime,
}

/// The part of a record that matters here; `docs/record.md` describes all of it.
#[derive(Debug, Deserialize)]
struct Line {
    time: String,
    scaler: String,
    sample: Sample,
    #[serde(default)]
    estimate: Option<Estimate>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    queues: Vec<Queue>,
    fleet: Option<Fleet>,
    missing: Vec<Missing>,
}

#[derive(Debug, Deserialize)]
struct Queue {
    visible: u64,
    in_flight: u64,
    delayed: u64,
}

#[derive(Debug, Deserialize)]
struct Fleet {
    max: u32,
}

#[derive(Debug, Deserialize)]
struct Missing {
    what: String,
}

#[derive(Debug, Deserialize)]
struct Estimate {
    processing_secs: Option<f64>,
}

/// All queues at one moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Timestamp,
    /// Messages in the queues, in whatever state.
    held: f64,
    in_flight: f64,
}

/// Reads records, one JSON object a line. With several scalers among them, `scaler` says which is meant.
///
/// Between two looks so many messages arrived as the queues hold more, and as were finished meanwhile:
/// messages in flight × time ÷ processing time (Little's law). Counters waver; what they take back later
/// never arrived.
pub fn read(text: &str, scaler: Option<&str>, processing_secs: Option<f64>) -> Result<Recorded, Unusable> {
    let lines = parsed(text)?;
    let scaler = chosen(&lines, scaler)?;
    let own: Vec<(usize, Line)> = lines.into_iter().filter(|(_, line)| line.scaler == scaler).collect();
    let estimates = own.iter().rev().filter_map(|(_, line)| line.estimate.as_ref()?.processing_secs);
    let estimated = estimates.into_iter().find(|secs| *secs > 0.0);
    let max = own.iter().rev().find_map(|(_, line)| line.sample.fleet.as_ref()).map(|fleet| fleet.max);
    let looks = looks(&own)?;
    let processing_secs = processing_secs.or(estimated).ok_or(Unusable::NoProcessingTime)?;
    let trace = trace(&looks, processing_secs).ok_or(Unusable::TooFew)?;
    Ok(Recorded { scaler, trace, processing_secs, max })
}

fn parsed(text: &str) -> Result<Vec<(usize, Line)>, Unusable> {
    let filled = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line)| match serde_json::from_str(line) {
        Ok(record) => Ok((number, record)),
        Err(error) => Err(Unusable::Malformed { line: number, why: reworded(&error) }),
    };
    filled.map(read).collect()
}

/// The parser's words; of its place only the column is true.
fn reworded(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let (what, _) = words.rsplit_once(" at line ").unwrap_or((&words, ""));
    format!("{what} (column {})", error.column())
}

fn chosen(lines: &[(usize, Line)], asked: Option<&str>) -> Result<String, Unusable> {
    let known: BTreeSet<&str> = lines.iter().map(|(_, line)| line.scaler.as_str()).collect();
    let list = || known.iter().copied().collect::<Vec<_>>().join(", ");
    match (asked, known.first()) {
        (_, None) => Err(Unusable::TooFew),
        (Some(asked), _) if known.contains(asked) => Ok(asked.to_owned()),
        (Some(asked), _) => Err(Unusable::Unknown { asked: asked.to_owned(), known: list() }),
        (None, Some(only)) if known.len() == 1 => Ok((*only).to_owned()),
        (None, _) => Err(Unusable::Several(list())),
    }
}

/// The moments at which all queues were read, each later than the one before.
fn looks(lines: &[(usize, Line)]) -> Result<Vec<Look>, Unusable> {
    let mut looks: Vec<Look> = Vec::new();
    for (number, line) in lines {
        let at = moment(&line.time).ok_or_else(|| Unusable::Malformed {
            line: *number,
            why: format!("time {:?} is not of the form 2026-11-20T10:00:10Z", line.time),
        })?;
        let before = looks.last().map(|look| look.at);
        if before.is_some_and(|before| at < before) {
            return Err(Unusable::Disordered { line: *number, time: line.time.clone() });
        }
        let blind = line.sample.queues.is_empty()
            || line.sample.missing.iter().any(|missing| missing.what.starts_with("queue "));
        if blind || before == Some(at) {
            continue;
        }
        let sum = |count: fn(&Queue) -> u64| real(line.sample.queues.iter().map(count).sum());
        let held = sum(|queue| queue.visible.saturating_add(queue.in_flight).saturating_add(queue.delayed));
        looks.push(Look { at, held, in_flight: sum(|queue| queue.in_flight) });
    }
    Ok(looks)
}

fn moment(time: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(time).ok()?.with_timezone(&Utc);
    Some(Timestamp::from_millis(time.timestamp_millis()))
}

/// Arrivals in stretches as long as most looks are apart. What the first look found arrived at the beginning.
fn trace(looks: &[Look], processing_secs: f64) -> Option<Trace> {
    let (first, last) = (looks.first()?, looks.last()?);
    let mut gaps: Vec<u64> = pairs(looks).map(|(from, to)| to.at.since(from.at).as_secs()).collect();
    gaps.sort_unstable();
    let bin = (*gaps.get(gaps.len() / 2)?).max(1);
    let mut bins = Bins { width: real(bin), sums: vec![first.held] };
    let (mut sum, mut told) = (first.held, first.held);
    for (from, to) in pairs(looks) {
        let (begin, end) = (from.at.since(first.at).as_secs_f64(), to.at.since(first.at).as_secs_f64());
        sum += to.held - from.held + from.in_flight.midpoint(to.in_flight) * (end - begin) / processing_secs;
        if sum > told {
            bins.spread(sum - told, begin, end);
            told = sum;
        }
    }
    let counts = (0..).zip(bins.whole()).filter(|(_, count)| *count > 0);
    let counts = counts.map(|(nth, count)| (nth * bin, count)).collect();
    Some(Trace { bin: Duration::from_secs(bin), counts, lasts: last.at.since(first.at) })
}

fn pairs(looks: &[Look]) -> impl Iterator<Item = (&Look, &Look)> {
    looks.iter().zip(looks.iter().skip(1))
}

/// Amounts in stretches of equal length.
#[derive(Debug)]
struct Bins {
    width: f64,
    sums: Vec<f64>,
}

impl Bins {
    /// Spreads `amount` evenly from `begin` to `end`, in seconds.
    fn spread(&mut self, amount: f64, begin: f64, end: f64) {
        let mut from = begin;
        while from < end {
            let nth = (from / self.width + 1e-9).floor();
            let to = ((nth + 1.0) * self.width).min(end);
            *self.bin(nth) += amount * (to - from) / (end - begin);
            from = to;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a quotient of times from the beginning"
    )]
    fn bin(&mut self, nth: f64) -> &mut f64 {
        let nth = nth as usize;
        if self.sums.len() <= nth {
            self.sums.resize(nth + 1, 0.0);
        }
        &mut self.sums[nth]
    }

    /// The amounts as whole numbers that add up to the whole.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of messages")]
    fn whole(&self) -> Vec<u32> {
        let (mut sum, mut told) = (0.0, 0.0);
        let whole = self.sums.iter().map(|amount| {
            sum += amount;
            let count = (sum - told + 1e-6).floor();
            told += count;
            count as u32
        });
        whole.collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn real(count: u64) -> f64 {
    count as f64
}
