//! A comparison as a table for terminals.

use super::compare::{Comparison, Entry};
use super::words::{duration, hours, lost, percent, secs};

/// A column: its head, and how soon it goes where there is not room for all. Those of 0 never go.
struct Column {
    head: &'static str,
    goes: u8,
    figure: fn(&Comparison, &Entry) -> Option<String>,
}

const COLUMNS: [Column; 12] = [
    Column { head: "policy", goes: 0, figure: |_, entry| Some(entry.policy.clone()) },
    Column { head: "setting", goes: 0, figure: |_, entry| Some(entry.setting.clone()) },
    Column { head: "late %", goes: 0, figure: |_, entry| Some(percent(entry.run.late_percent)) },
    Column { head: "p50 s", goes: 4, figure: |_, entry| Some(secs(entry.run.wait_p50)) },
    Column { head: "p95 s", goes: 6, figure: |_, entry| Some(secs(entry.run.wait_p95)) },
    Column { head: "p99 s", goes: 1, figure: |_, entry| Some(secs(entry.run.wait_p99)) },
    Column { head: "max s", goes: 3, figure: |_, entry| Some(secs(entry.run.wait_max)) },
    Column { head: "hours", goes: 0, figure: |_, entry| Some(hours(entry.run.instance_hours)) },
    Column { head: "x least", goes: 0, figure: least },
    Column { head: "dollars", goes: 2, figure: dollars },
    Column { head: "actions", goes: 5, figure: |_, entry| Some(entry.run.actions.to_string()) },
    Column { head: "killed", goes: 7, figure: |_, entry| Some(lost(entry.run.killed, entry.run.lost_hours)) },
];

/// Columns of words, which stand to the left.
const WORDS: [&str; 2] = ["policy", "setting"];
const BETWEEN: usize = 2;

fn least(comparison: &Comparison, entry: &Entry) -> Option<String> {
    comparison.ratio(entry.run.instance_hours).map(|ratio| format!("{ratio:.2}"))
}

fn dollars(comparison: &Comparison, entry: &Entry) -> Option<String> {
    comparison.dollars(entry.run.instance_hours).map(|dollars| format!("{dollars:.2}"))
}

/// A column with what stands in it.
struct Filled {
    head: &'static str,
    goes: u8,
    cells: Vec<String>,
    width: usize,
}

/// The table of `comparison`, no line wider than `room` columns if that can be: columns that matter less
/// are left out first, and a last line says which; where even those that matter most do not fit, every
/// policy is a few lines of its own.
#[must_use]
pub fn table(comparison: &Comparison, room: Option<usize>) -> String {
    let room = room.unwrap_or(usize::MAX);
    let all = || COLUMNS.iter().filter_map(|column| column.filled(comparison)).collect();
    let mut columns: Vec<Filled> = all();
    let mut left_out = Vec::new();
    while width(&columns) > room {
        let Some(last) = columns.iter().map(|column| column.goes).max().filter(|goes| *goes > 0) else {
            return format!("{}\n{}", heading(comparison), blocks(&all()));
        };
        left_out.extend(columns.extract_if(.., |column| column.goes == last).map(|column| column.head));
    }
    let mut lines = vec![heading(comparison), row(&columns, |column| column.head)];
    for index in 0..comparison.entries.len() {
        lines.push(row(&columns, |column| column.cells.get(index).map_or("", String::as_str)));
    }
    if !left_out.is_empty() {
        left_out.reverse();
        lines.push(format!("(no room for: {})", left_out.join(", ")));
    }
    lines.push(String::new());
    lines.join("\n")
}

impl Column {
    /// Nothing where no entry has the figure.
    fn filled(&self, comparison: &Comparison) -> Option<Filled> {
        let cells = comparison.entries.iter().map(|entry| (self.figure)(comparison, entry));
        let cells: Option<Vec<String>> = cells.collect();
        let cells = cells?;
        let widest = cells.iter().map(|cell| cell.chars().count()).chain([self.head.len()]).max();
        Some(Filled { head: self.head, goes: self.goes, cells, width: widest.unwrap_or_default() })
    }
}

fn heading(comparison: &Comparison) -> String {
    let case = &comparison.case;
    let least =
        comparison.bound_hours.map(|least| format!("; the least possible: {} instance-hours", hours(least)));
    let least = least.unwrap_or_default();
    format!("{}, objective {}{least}", case.name, duration(case.objective))
}

fn width(columns: &[Filled]) -> usize {
    columns.iter().map(|column| column.width + BETWEEN).sum::<usize>().saturating_sub(BETWEEN)
}

fn row(columns: &[Filled], cell: impl Fn(&Filled) -> &str) -> String {
    let cells = columns.iter().map(|column| {
        let (text, width) = (cell(column), column.width);
        if WORDS.contains(&column.head) { format!("{text:<width$}") } else { format!("{text:>width$}") }
    });
    cells.collect::<Vec<_>>().join(&" ".repeat(BETWEEN)).trim_end().to_owned()
}

/// Every entry for itself, a figure a line.
fn blocks(columns: &[Filled]) -> String {
    let count = columns.first().map_or(0, |column| column.cells.len());
    let mut lines = Vec::new();
    for index in 0..count {
        for column in columns {
            let cell = column.cells.get(index).map_or("", String::as_str);
            let indent = if column.head == "policy" { "" } else { "  " };
            lines.push(format!("{indent}{}: {cell}", column.head));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
