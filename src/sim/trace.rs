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
    /// A column is no whole number, or too large a one.
    #[error("expected a whole number, found {0:?}")]
    Number(String),
    /// A stretch does not come after the one before it.
    #[error("{secs} s does not come after {before} s, which the bins of {bin_secs} s before it reach")]
    Order {
        /// Where the stretch begins.
        secs: u64,
        /// Where the one before it ends.
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
        let mut lines = (1..).zip(text.lines().map(str::trim));
        let (_, header) = lines.next().unwrap_or((1, ""));
        if header != HEADER {
            return Err(Malformed { line: 1, wrong: Wrong::Header(header.to_owned()) });
        }
        let mut trace = Self { bin, ..Self::default() };
        let mut end = None;
        for (line, row) in lines.filter(|(_, row)| !row.is_empty()) {
            let (secs, count) = read(row).map_err(|wrong| Malformed { line, wrong })?;
            if let Some(before) = end.filter(|end| secs < *end) {
                let wrong = Wrong::Order { secs, before, bin_secs: bin.as_secs() };
                return Err(Malformed { line, wrong });
            }
            end = Some(secs.saturating_add(bin.as_secs()));
            if count > 0 {
                trace.counts.push((secs, count));
            }
        }
        trace.lasts = Duration::from_secs(end.ok_or(Malformed { line: 2, wrong: Wrong::Empty })?);
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
    Ok((number(secs)?, number(count)?))
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, Wrong> {
    text.trim().parse().map_err(|_error| Wrong::Number(text.trim().to_owned()))
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
            "line 2: expected a whole number, found \"4294967296\""
        );
        assert!(
            complaint("t_seconds,arrivals\n60,1\n90,1\n")
                .starts_with("line 3: 90 s does not come after 120 s")
        );
        assert_eq!(complaint("t_seconds,arrivals\n"), "line 2: the trace has no rows");
    }
}
