use crate::model::Timestamp;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A record as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When the tick began.
    pub time: Timestamp,
    /// The scaler's name.
    pub scaler: String,
    /// The record: a JSON object.
    pub line: String,
}

#[derive(Deserialize)]
struct Head {
    time: String,
    scaler: String,
}

/// Where history is kept, given the state directory.
#[must_use]
pub fn directory(state_dir: &Path) -> PathBuf {
    state_dir.join("history")
}

/// The records kept in `dir`, in the order in which they were written. What a kill tore is left out.
pub fn read(dir: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    visit(dir, |entry| entries.push(entry))?;
    Ok(entries)
}

/// The same one by one, with no more than a file of them in memory.
pub fn visit(dir: &Path, mut take: impl FnMut(Entry)) -> io::Result<()> {
    for number in segments(dir)? {
        match fs::read(path(dir, number)) {
            Ok(bytes) => bytes.split(|byte| *byte == b'\n').filter_map(Entry::of).for_each(&mut take),
            // The ring has gone on meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A time of day as records give it: RFC 3339.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    Some(Timestamp::from_millis(time.timestamp_millis()))
}

impl Entry {
    fn of(line: &[u8]) -> Option<Self> {
        let (time, scaler) = head(line)?;
        Some(Self { time, scaler, line: String::from_utf8(line.to_vec()).ok()? })
    }
}

/// When and of whom a record is, if this is a whole one.
pub(super) fn head(line: &[u8]) -> Option<(Timestamp, String)> {
    let Head { time, scaler } = serde_json::from_slice(line).ok()?;
    Some((moment(&time)?, scaler))
}

/// The numbers of the segments in `dir`, ascending. Other files are none.
pub(super) fn segments(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
        numbers.extend(stem.filter(|stem| stem.len() >= DIGITS).and_then(|stem| stem.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

const DIGITS: usize = 10;

pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:0DIGITS$}.jsonl"))
}
