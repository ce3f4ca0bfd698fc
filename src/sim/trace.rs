use super::words::duration;
use super::workload::{LONGEST, MESSAGES_MAX};
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

/// Arrivals over time: how many messages came in each stretch of `bin`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// How long a stretch is.
    pub bin: Duration,
    /// Seconds from the beginning to a stretch, and the messages in it; in order, the empty ones left out.
    pub counts: Vec<(u64, u32)>,
    /// From the beginning to the end of the last stretch, were it empty.
    pub lasts: Duration,
}

/// A line that is not as a trace's should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {wrong}")]
pub struct Malformed {
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    /// The first line is something else.
    #[error("the first line should be {HEADER:?}, and is {0:?}")]
    Header(String),
    /// There are more or fewer than two columns.
    #[error("expected two columns, seconds and arrivals, found {0:?}")]
    Columns(String),
    /// A column is no whole number.
    #[error("expected a whole number, found {0:?}")]
    Number(String),
    /// The time is too large a number.
    #[error("{0} s are too long: at most {longest} can be simulated", longest = duration(LONGEST))]
    TooLate(String),
    /// The arrivals are too large a number.
    #[error("{0} messages are too many: at most {MESSAGES_MAX} can be simulated")]
    TooMany(String),
    /// A stretch does not come after the one before it.
    #[error("{secs} s does not come after the row before it, which begins at {before} s")]
    Order {
        /// Where the stretch begins.
        secs: u64,
        /// Where the one before it begins.
        before: u64,
    },
    /// A stretch begins before the one before it ends.
    #[error("{secs} s is within the {bin_secs} s of the row before it, which begins at {before} s")]
    Overlap {
        /// Where the stretch begins.
        secs: u64,
        /// Where the one before it begins.
        before: u64,
        /// How long a stretch is.
        bin_secs: u64,
    },
    /// There is no line but the header.
    #[error("the trace has no rows")]
    Empty,
}

const HEADER: &str = "t_seconds,arrivals";

impl Trace {
    /// Reads a CSV with the columns `t_seconds` (whole seconds from the beginning to a stretch) and
    /// `arrivals` (messages in it). The last row, which may be empty, says how long the trace is.
    pub fn parse(text: &str, bin: Duration) -> Result<Self, Malformed> {
        // Spreadsheets begin a file with a mark of the order of its bytes.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1..).zip(text.lines().map(str::trim));
        let (_, header) = lines.next().unwrap_or((1, ""));
        if header != HEADER {
            return Err(Malformed { line: 1, wrong: Wrong::Header(header.to_owned()) });
        }
        let mut trace = Self { bin, ..Self::default() };
        let mut last = None;
        for (line, row) in lines.filter(|(_, row)| !row.is_empty()) {
            let (secs, count) = read(row).map_err(|wrong| Malformed { line, wrong })?;
            after(last, secs, bin.as_secs()).map_err(|wrong| Malformed { line, wrong })?;
            last = Some(secs);
            if count > 0 {
                trace.counts.push((secs, count));
            }
        }
        let last = last.ok_or(Malformed { line: 2, wrong: Wrong::Empty })?;
        trace.lasts = Duration::from_secs(last.saturating_add(bin.as_secs()));
        Ok(trace)
    }

    /// How many messages there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

fn read(row: &str) -> Result<(u64, u32), Wrong> {
    let columns = row.split_once(',').filter(|(_, rest)| !rest.contains(','));
    let (secs, count) = columns.ok_or_else(|| Wrong::Columns(row.to_owned()))?;
    Ok((number(secs, Wrong::TooLate)?, number(count, Wrong::TooMany)?))
}

fn number<N: FromStr<Err = ParseIntError>>(text: &str, too_large: fn(String) -> Wrong) -> Result<N, Wrong> {
    let text = text.trim();
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => too_large(text.to_owned()),
        _ => Wrong::Number(text.to_owned()),
    })
}

/// Refuses a row at `secs` that does not come after the `last` one, which lasts for `bin_secs`.
fn after(last: Option<u64>, secs: u64, bin_secs: u64) -> Result<(), Wrong> {
    match last {
        Some(before) if secs <= before => Err(Wrong::Order { secs, before }),
        Some(before) if secs - before < bin_secs => Err(Wrong::Overlap { secs, before, bin_secs }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn complaint(text: &str) -> String {
        Trace::parse(text, MINUTE).unwrap_err().to_string()
    }

    #[test]
    fn rows_are_read_empty_ones_left_out_and_the_last_one_says_how_long_it_is() {
        let trace = Trace::parse("t_seconds,arrivals\n0,117\n120, 5\n\n600,0\n", MINUTE).unwrap();
        assert_eq!(trace.counts, [(0, 117), (120, 5)]);
        assert_eq!((trace.lasts, trace.total()), (Duration::from_mins(11), 122));
    }

    #[test]
    fn a_mark_that_spreadsheets_begin_with_is_no_part_of_the_header() {
        let trace = Trace::parse("\u{feff}t_seconds,arrivals\r\n0,117\r\n", MINUTE).unwrap();
        assert_eq!(trace.counts, [(0, 117)]);
    }

    #[test]
    fn complaints_name_the_line_and_the_value() {
        assert_eq!(
            complaint("time,count\n0,1\n"),
            "line 1: the first line should be \"t_seconds,arrivals\", and is \"time,count\""
        );
        assert!(
            complaint("t_seconds,arrivals\n0,1\n60\n").contains("line 3")
                && complaint("t_seconds,arrivals\n0,1,2\n").contains("0,1,2")
        );
        assert_eq!(complaint("t_seconds,arrivals\n0,-4\n"), "line 2: expected a whole number, found \"-4\"");
        assert_eq!(
            complaint("t_seconds,arrivals\n0,4294967296\n"),
            "line 2: 4294967296 messages are too many: at most 10000000 can be simulated"
        );
        assert_eq!(
            complaint("t_seconds,arrivals\n99999999999999999999,1\n"),
            "line 2: 99999999999999999999 s are too long: at most 366 d can be simulated"
        );
        assert_eq!(
            complaint("t_seconds,arrivals\n60,1\n90,1\n"),
            "line 3: 90 s is within the 60 s of the row before it, which begins at 60 s"
        );
        for secs in [60, 30] {
            assert_eq!(
                complaint(&format!("t_seconds,arrivals\n60,1\n{secs},1\n")),
                format!("line 3: {secs} s does not come after the row before it, which begins at 60 s")
            );
        }
        assert_eq!(complaint("t_seconds,arrivals\n"), "line 2: the trace has no rows");
    }
}
