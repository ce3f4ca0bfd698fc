//! The tables, in Markdown. A cell is the ratio to the bound and, in brackets, late messages of 100.

use crate::contest::{LATE_MAX, OURS};
use crate::summary::{Line, Mean, best_each, best_single, better_points, families};

/// Points that are listed, of those that should not be there.
const SHOWN: usize = 20;

/// What stands where there is no figure.
const NONE: &str = "–";

/// A contest of all: ours, every family at its best single setting, and at its best for each trace.
pub(crate) fn contest(title: &str, cases: &[String], lines: &[Line], ours_where_peers_are: &Line) {
    println!("\n## {title}\n");
    head(cases);
    for line in lines.iter().filter(|line| line.family == OURS) {
        row(line);
    }
    println!("| *best single setting* |");
    let families = families(lines);
    for line in families.iter().filter_map(|(_, members)| best_single(members)) {
        row(line);
    }
    println!("| *best setting for each trace* |");
    for (family, members) in &families {
        row(&best_each(family, members));
    }
    let points: usize =
        lines.iter().filter(|line| line.is_peer()).map(|line| line.means.iter().flatten().count()).sum();
    let better = better_points(ours_where_peers_are, lines, cases);
    println!(
        "\nPoints of peers that are cheaper than ours and at most {LATE_MAX} % late: {} of {points}.",
        better.len()
    );
    for point in better.iter().take(SHOWN) {
        println!("- {point}");
    }
    if better.len() > SHOWN {
        println!("- and {} more", better.len() - SHOWN);
    }
}

/// The heading of a table with one column a trace.
pub(crate) fn head(cases: &[String]) {
    println!("| policy | {} | met | ratio | worst late % |", cases.join(" | "));
    println!("|---|{}---|---|---|", "---|".repeat(cases.len()));
}

/// A line of it, if it took part anywhere.
pub(crate) fn row(line: &Line) {
    if let Some(sum) = sum(line) {
        let cells: Vec<String> = line.means.iter().map(|mean| mean.map_or(NONE.to_owned(), cell)).collect();
        println!("| {} {} | {} | {sum} |", line.family, line.label, cells.join(" | "));
    }
}

fn cell(mean: Mean) -> String {
    let late = if mean.is_met() { "" } else { "*" };
    format!("{} ({:.1}){late}", ratio(mean.ratio), mean.late_percent)
}

/// The last three columns of a line: traces met, ratio, and late messages of the worst one; nothing where it
/// took part in none.
pub(crate) fn sum(line: &Line) -> Option<String> {
    let there = line.means.iter().flatten().count();
    let (met, late) = (line.met(), line.worst_late_percent());
    (there > 0).then(|| format!("{met}/{there} | {} | {late:.1}", ratio(line.geomean())))
}

/// A ratio, where there is a bound to be held against.
fn ratio(ratio: f64) -> String {
    if ratio.is_finite() { format!("{ratio:.2}") } else { NONE.to_owned() }
}
