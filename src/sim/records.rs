//! From the daemon's own records to the arrivals that it must have seen.

use super::bins::Bins;
use super::trace::Trace;
use super::words::duration;
use super::workload::LONGEST;
use crate::model::Timestamp;
use crate::publish::history::{self, moment};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// What a file of records tells about a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The scaler whose records they are.
    pub scaler: String,
    /// The arrivals.
    pub trace: Trace,
    /// The time of day of the first look at its queues.
    pub begins: Timestamp,
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
    /// They are of more time than can be simulated.
    #[error("the records span {}; at most {} can be simulated", duration(*.0), duration(LONGEST))]
    TooLong(Duration),
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
    let lines: Vec<(usize, Line)> = parsed(text)?;
    let scaler = chosen(lines.iter().map(|(_, line)| line.scaler.as_str()), scaler)?;
    let own: Vec<(usize, Line)> = lines.into_iter().filter(|(_, line)| line.scaler == scaler).collect();
    let estimates = own.iter().rev().filter_map(|(_, line)| line.estimate.as_ref()?.processing_secs);
    let estimate = estimates.into_iter().find(|secs| *secs > 0.0);
    let max = own.iter().rev().find_map(|(_, line)| line.sample.fleet.as_ref()).map(|fleet| fleet.max);
    let looks = looks(&own)?;
    let span =
        looks.last().zip(looks.first()).map_or(Duration::ZERO, |(last, first)| last.at.since(first.at));
    if span > LONGEST {
        return Err(Unusable::TooLong(span));
    }
    let processing_secs = processing_secs.or(estimate).ok_or(Unusable::NoProcessingTime)?;
    let begins = looks.first().map(|look| look.at).ok_or(Unusable::TooFew)?;
    let trace = trace(&looks, processing_secs).ok_or(Unusable::TooFew)?;
    Ok(Recorded { scaler, trace, begins, processing_secs, max })
}

/// The records at `path`, one a line: a file, or a directory of history.
pub(super) fn text(path: &Path) -> io::Result<String> {
    if !path.is_dir() {
        return fs::read_to_string(path);
    }
    let lines: Vec<String> = history::read(path)?.into_iter().map(|entry| entry.line).collect();
    Ok(lines.join("\n"))
}

/// The records in `text` with the numbers of their lines, from 1; each as much of it as `L` asks for.
pub(super) fn parsed<L: DeserializeOwned>(text: &str) -> Result<Vec<(usize, L)>, Unusable> {
    let filled = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line)| match serde_json::from_str(line) {
        Ok(record) => Ok((number, record)),
        Err(error) => Err(Unusable::Malformed { line: number, why: reworded(line, &error) }),
    };
    filled.map(read).collect()
}

/// What a record looks like, for who has given something else.
const LIKENESS: &str = r#"one is a JSON object a line, such as {"time":"2026-11-20T10:00:10Z","scaler":"images",...}, as `backlogd run --output json` prints them"#;

/// What is wrong with a line. Of the parser's words only those about a record's fields are for people, and of its
/// place only the column is true.
fn reworded(line: &str, error: &serde_json::Error) -> String {
    let (words, column) = (error.to_string(), error.column());
    let (what, _) = words.rsplit_once(" at line ").unwrap_or((&words, ""));
    match error.classify() {
        _ if !line.trim_start().starts_with('{') => LIKENESS.to_owned(),
        Category::Data => format!("{what} (column {column})"),
        Category::Eof => format!("it breaks off in column {column}; {LIKENESS}"),
        Category::Syntax | Category::Io => format!("it is no JSON from column {column} on; {LIKENESS}"),
    }
}

/// Of the scalers called `names`, the one that is asked for, or the only one.
pub(super) fn chosen<'n>(
    names: impl Iterator<Item = &'n str>,
    asked: Option<&str>,
) -> Result<String, Unusable> {
    let known: BTreeSet<&str> = names.collect();
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

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(secs: u64, scaler: &str, visible: u64, in_flight: u64) -> String {
        let time = format!("2026-11-20T{:02}:{:02}:{:02}Z", secs / 3_600, secs / 60 % 60, secs % 60);
        let queue = format!(r#"{{"name":"q","visible":{visible},"in_flight":{in_flight},"delayed":0}}"#);
        format!(
            r#"{{"time":"{time}","scaler":"{scaler}","sample":{{"queues":[{queue}],"fleet":{{"max":7}},"missing":[]}}}}"#
        )
    }

    fn lines(looks: &[(u64, u64, u64)]) -> String {
        let lines = looks.iter().map(|(secs, visible, in_flight)| line(*secs, "a", *visible, *in_flight));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn counts(looks: &[(u64, u64, u64)], processing_secs: f64) -> Vec<(u64, u32)> {
        read(&lines(looks), None, Some(processing_secs)).unwrap().trace.counts
    }

    #[test]
    fn what_the_queue_gained_and_what_was_finished_arrived() {
        // 5 in flight at 10 s each finish 5 in 10 s.
        let looks = [(0, 0, 5), (10, 20, 5), (20, 20, 5), (30, 15, 5)];
        assert_eq!(counts(&looks, 10.0), [(0, 30), (10, 5)]);
    }

    #[test]
    fn what_a_wavering_counter_takes_back_never_arrived() {
        let looks = [(0, 100, 0), (10, 105, 0), (20, 95, 0), (30, 104, 0), (40, 110, 0)];
        assert_eq!(counts(&looks, 10.0), [(0, 105), (30, 5)]);
    }

    #[test]
    fn a_gap_is_filled_evenly() {
        let looks = [(0, 0, 0), (10, 0, 0), (20, 0, 0), (60, 40, 0)];
        assert_eq!(counts(&looks, 10.0), [(20, 10), (30, 10), (40, 10), (50, 10)]);
    }

    #[test]
    fn a_look_with_a_queue_missing_is_left_out() {
        let blind = line(10, "a", 3, 0).replace(r#""missing":[]"#, r#""missing":[{"what":"queue b"}]"#);
        let text = [line(0, "a", 10, 0), blind, line(20, "a", 30, 0)].join("\n");
        let trace = read(&text, None, Some(1.0)).unwrap().trace;
        assert_eq!((trace.counts, trace.lasts), (vec![(0, 30)], Duration::from_secs(20)));
    }

    #[test]
    fn the_daemons_own_line_is_understood_with_its_estimate() {
        let document = include_str!("../../docs/record.md");
        let (_, after) = document.split_once("```json\n").unwrap();
        let first: String = after.split_once("```").unwrap().0.lines().map(str::trim_start).collect();
        let second = first.replace("10:00:10Z", "10:00:20Z");
        let read = read(&format!("{first}\n\n{second}\n"), None, None).unwrap();
        assert_eq!((read.scaler.as_str(), read.max), ("images", Some(20)));
        // 212 + 9 at the first look; 9 in flight at 9.8 s each finish 9.2 in 10 s.
        assert_eq!((read.processing_secs, read.trace.total()), (9.8, 230));
    }

    #[test]
    fn what_is_given_counts_before_what_was_estimated_and_one_of_them_must_be_known() {
        let looks = lines(&[(0, 1, 1), (10, 2, 1)]);
        assert_eq!(read(&looks, None, None).unwrap_err(), Unusable::NoProcessingTime);
        assert!((read(&looks, None, Some(3.0)).unwrap().processing_secs - 3.0).abs() < 1e-9);
    }

    #[test]
    fn malformed_lines_are_named_by_their_number() {
        let with = |wrong: &str| format!("{}\n\n{wrong}\n", line(0, "a", 1, 0));
        let told = |text: &str| read(text, None, Some(1.0)).unwrap_err().to_string();
        let cut = told(&with(line(10, "a", 1, 0).trim_end_matches('}')));
        assert!(cut.starts_with("line 3: not a decision record: it breaks off in column 1"), "{cut}");
        for other in ["t_seconds,arrivals", "0,5", "[1]"] {
            let told = told(&with(other));
            assert!(
                told.starts_with("line 3: not a decision record: one is a JSON object a line, such as {"),
                "{told}"
            );
        }
        let foreign = told(&with("{\"level\":\"INFO\"}"));
        assert!(foreign.starts_with("line 3: not a decision record: missing field `time`"), "{foreign}");
        let negative = told(&with(&line(10, "a", 1, 0).replace("\"visible\":1", "\"visible\":-1")));
        assert!(negative.starts_with("line 3: ") && negative.contains("`-1`"), "{negative}");
        let untimely = told(&with(&line(10, "a", 1, 0).replace("2026-11-20T", "20.11.2026 ")));
        assert_eq!(
            untimely,
            "line 3: not a decision record: time \"20.11.2026 00:00:10Z\" is not of the form 2026-11-20T10:00:10Z"
        );
        let backwards = told(&lines(&[(20, 1, 0), (10, 1, 0)]));
        assert!(
            backwards.starts_with("line 2: 2026-11-20T00:00:10Z is before the record above it"),
            "{backwards}"
        );
    }

    #[test]
    fn of_several_scalers_one_has_to_be_chosen() {
        let text =
            [line(0, "a", 1, 0), line(0, "b", 10, 0), line(10, "a", 2, 0), line(10, "b", 30, 0)].join("\n");
        let told = |scaler| read(&text, scaler, Some(1.0)).map(|read| read.trace.total());
        assert_eq!(told(Some("b")), Ok(30));
        assert_eq!(told(None), Err(Unusable::Several("a, b".to_owned())));
        assert_eq!(told(Some("c")).unwrap_err().to_string(), "no record is of scaler \"c\"; there are: a, b");
    }

    #[test]
    fn from_one_look_nothing_is_known() {
        for text in [String::new(), lines(&[(0, 9, 9)]), lines(&[(5, 9, 9), (5, 10, 9)])] {
            assert_eq!(read(&text, None, Some(1.0)), Err(Unusable::TooFew));
        }
    }

    #[test]
    fn records_of_decades_are_refused() {
        let text =
            [line(0, "a", 1, 0), line(1, "a", 2, 0), line(2, "a", 9, 0).replace("2026", "2099")].join("\n");
        assert!(matches!(read(&text, None, Some(1.0)), Err(Unusable::TooLong(_))));
    }
}
