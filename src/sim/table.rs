//! A comparison as a table for terminals.

use super::compare::{Comparison, Entry, LATE_PERCENT_MAX};
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
/// Their width where room is short.
const WORDS_WIDTH: usize = 17;
const BETWEEN: usize = 2;
/// As wide as sentences are at most.
const SENTENCES_WIDTH: usize = 100;

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

/// The table of `comparison`, no line wider than `room` columns if that can be: words are wrapped first, then
/// columns that matter less are left out, and a last line says which; where even those that matter most do
/// not fit, every policy is a few lines of its own.
#[must_use]
pub fn table(comparison: &Comparison, room: Option<usize>) -> String {
    let room = room.unwrap_or(usize::MAX);
    let all = || COLUMNS.iter().filter_map(|column| column.filled(comparison)).collect();
    let mut columns: Vec<Filled> = all();
    if width(&columns) > room {
        columns.iter_mut().filter(|column| column.is_words()).for_each(Filled::wrap);
    }
    let mut left_out = Vec::new();
    while width(&columns) > room {
        let Some(last) = columns.iter().map(|column| column.goes).max().filter(|goes| *goes > 0) else {
            let legend = legend(comparison, room).concat();
            return format!("{}\n{}{legend}", heading(comparison), blocks(&all()));
        };
        left_out.extend(columns.extract_if(.., |column| column.goes == last).map(|column| column.head));
    }
    let mut lines = vec![heading(comparison)];
    lines.extend(row(&columns, |column| column.head));
    for index in 0..comparison.entries.len() {
        lines.extend(row(&columns, |column| column.cells.get(index).map_or("", String::as_str)));
    }
    if !left_out.is_empty() {
        let heads = COLUMNS.iter().map(|column| column.head).filter(|head| left_out.contains(head));
        lines.push(format!("(no room for: {})", heads.collect::<Vec<_>>().join(", ")));
    }
    lines.push(String::new());
    lines.join("\n") + &legend(comparison, room).concat()
}

/// Which settings of others are told, and what their letters stand for, in lines; empty where there are no others.
fn legend(comparison: &Comparison, room: usize) -> Vec<String> {
    let others: Vec<&Entry> = comparison.entries.iter().filter(|entry| !entry.shipped).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let has = |sign: &str| others.iter().any(|entry| entry.setting.contains(sign));
    let mut legend = format!(
        "(of each other: first its best setting, the cheapest with at most {LATE_PERCENT_MAX} % late or else the least \
         late, then its usual one if that is another"
    );
    if has("x=") {
        legend.push_str("; x: a share of the backlog that an instance clears within the objective");
    }
    if has("T=") {
        legend.push_str("; T: a target, c the messages an instance works on at once");
    }
    legend.push(')');
    wrapped(&legend, room.min(SENTENCES_WIDTH)).into_iter().map(|line| line + "\n").collect()
}

impl Filled {
    fn is_words(&self) -> bool {
        WORDS.contains(&self.head)
    }

    /// Makes the column as narrow as its words allow.
    fn wrap(&mut self) {
        let lines = self.cells.iter().flat_map(|cell| wrapped(cell, WORDS_WIDTH));
        let widest = lines.map(|line| line.chars().count()).chain([self.head.len()]).max();
        self.width = widest.unwrap_or_default();
    }
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

/// A cell of every column, in as many lines as the longest of them takes.
fn row<'a>(columns: &'a [Filled], cell: impl Fn(&'a Filled) -> &'a str) -> Vec<String> {
    let cells: Vec<Vec<String>> = columns.iter().map(|column| wrapped(cell(column), column.width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let line = |nth: usize| {
        let parts = columns.iter().zip(&cells).map(|(column, lines)| {
            let (text, width) = (lines.get(nth).map_or("", String::as_str), column.width);
            if column.is_words() { format!("{text:<width$}") } else { format!("{text:>width$}") }
        });
        parts.collect::<Vec<_>>().join(&" ".repeat(BETWEEN)).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// `text` in lines of at most `width`, but for single words that are longer; those after the first indented.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::super::scene::compared;
    use super::*;

    #[test]
    fn a_wide_table_has_every_figure() {
        let expected = "\
daily, objective 60 s; the least possible: 112 instance-hours
policy        setting        late %  p50 s  p95 s  p99 s  max s  hours  x least  dollars  actions       killed
backlogd      latency, 60 s     0.4    3.2     35     51     96    131     1.17    12.61       73  122 (0.2 h)
step scaling  x=0.1             4.2    3.2     35     51     96    120     1.07    11.52       73  122 (0.2 h)
keda          x=0.1             0.7    3.2     35     51     96    155     1.38    14.89       73  122 (0.2 h)
keda          queueLength=5    12.0    3.2     35     51     96    225     2.00    21.60       73  122 (0.2 h)
(of each other: first its best setting, the cheapest with at most 1 % late or else the least late,
  then its usual one if that is another; x: a share of the backlog that an instance clears within
  the objective)
";
        assert_eq!(table(&compared(), None), expected);
    }

    #[test]
    fn where_room_is_short_what_matters_less_goes_first_and_is_named() {
        let table = table(&compared(), Some(80));
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        assert!(table.contains("late %") && table.contains("p99 s") && table.contains("x least"), "{table}");
        assert!(table.contains("(no room for: p50 s, p95 s, actions, killed)"), "{table}");
    }

    #[test]
    fn long_names_are_wrapped_before_anything_is_left_out() {
        let mut comparison = compared();
        comparison.entries[1].policy = "target tracking, proportional in".to_owned();
        let table = table(&comparison, Some(116));
        assert!(table.contains("\ntarget tracking,   x=0.1             4.2"), "{table}");
        assert!(table.contains("\n  proportional in\nkeda "), "{table}");
        assert!(!table.contains("no room"), "{table}");
    }

    #[test]
    fn where_not_even_that_fits_every_figure_has_a_line() {
        let table = table(&compared(), Some(40));
        assert!(table.contains("policy: keda\n  setting: queueLength=5\n  late %: 12.0\n"), "{table}");
        assert!(table.lines().skip(1).all(|line| line.chars().count() <= 40), "{table}");
        assert_eq!(table.matches("  killed: 122 (0.2 h)\n").count(), 4);
    }

    #[test]
    fn letters_are_told_where_they_stand_and_nothing_where_there_are_no_others() {
        let mut comparison = compared();
        comparison.entries[1].setting = "T=0.5c".to_owned();
        let told = table(&comparison, Some(100));
        assert!(told.contains("; T: a target, c the messages an instance works on at once)\n"), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
        comparison.entries.truncate(1);
        assert!(!table(&comparison, None).contains("usual"), "{}", table(&comparison, None));
    }

    #[test]
    fn what_nobody_knows_has_no_column() {
        let unknown = Comparison { bound_hours: None, price_per_hour: None, ..compared() };
        let table = table(&unknown, None);
        assert!(
            !table.contains("x least") && !table.contains("possible") && !table.contains("dollars"),
            "{table}"
        );
    }
}
