//! What is said of one comparison: the finding, the drawings, the figures, and how they came about.

use super::chart::charts;
use super::html::escaped;
use crate::sim::Victims;
use crate::sim::compare::{Comparison, Entry, holds};
use crate::sim::run::Run;
use crate::sim::words::{duration, hours, lost, percent, secs, verdict};

/// What has to be known to read the sections.
pub(super) fn preface() -> &'static str {
    "<p class=\"faint\">The shipped controller and models of others on the same simulated queue and group: the same \
     messages, the same boot times, the same inexact counters. <em>Late</em> are messages that waited longer than the \
     objective before the work that finished them began. <em>The least possible</em> is what somebody would have paid \
     who knew every message beforehand and let none be late. Waits are in seconds; \
     <em>killed</em> are messages whose worker was taken from under them, with the hours of work that were lost. Of every other policy its best setting and its usual one are told: x is a \
     share of the backlog that an instance clears within the objective, T a target, c the messages an instance works on \
     at once.</p>"
}

/// One comparison, the `number`-th, its lines made of up to so many `points`.
pub(super) fn section(number: usize, comparison: &Comparison, points: usize) -> String {
    let case = &comparison.case;
    let heading = format!("{}, objective {}", case.name, duration(case.objective));
    format!(
        "<section id=\"s{number}\">\n<h2>{}</h2>\n<p class=\"lead\">{}</p>\n{}{}<h3>How it was simulated</h3>\n{}</section>\n",
        escaped(&heading),
        escaped(&verdict(comparison)),
        figures(comparison),
        charts(comparison, points),
        terms(comparison),
    )
}

fn figures(comparison: &Comparison) -> String {
    let mut heads = vec!["late %", "p50 s", "p95 s", "p99 s", "longest s", "inst.-hours"];
    heads.extend(comparison.bound_hours.map(|_| "of the least"));
    heads.extend(comparison.price_per_hour.map(|_| "dollars"));
    heads.extend(["actions", "killed"]);
    let heads: Vec<String> = heads.into_iter().map(|head| format!("<th>{head}</th>")).collect();
    let lines: String = comparison.entries.iter().map(|entry| line(comparison, entry)).collect();
    let bound = comparison.bound_hours.map(|least| bound(comparison, least)).unwrap_or_default();
    format!(
        "<div class=\"table\"><table><thead><tr><th>policy</th><th class=\"words\">setting</th>{}</tr></thead><tbody>\n\
         {lines}{bound}</tbody></table></div>\n",
        heads.concat()
    )
}

fn bound(comparison: &Comparison, least: f64) -> String {
    let dollars =
        comparison.dollars(least).map(|dollars| format!("<td>{dollars:.2}</td>")).unwrap_or_default();
    format!(
        "<tr><td>the least possible</td><td class=\"words\">knows what will come</td><td>0</td>{}<td>{}</td>\
         <td>1.00 ×</td>{dollars}{}</tr>\n",
        "<td></td>".repeat(4),
        hours(least),
        "<td></td>".repeat(2),
    )
}

fn line(comparison: &Comparison, entry: &Entry) -> String {
    let Run { late_percent, wait_p50, wait_p95, wait_p99, wait_max, instance_hours, .. } = entry.run;
    let Run { actions, killed, lost_hours, .. } = entry.run;
    let late = if holds(late_percent) { "" } else { " class=\"late\"" };
    let mut cells = vec![wait_p50, wait_p95, wait_p99, wait_max].into_iter().map(secs).collect::<Vec<_>>();
    cells.push(hours(instance_hours));
    let ratio =
        comparison.ratio(instance_hours).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2} ×"));
    cells.extend(comparison.bound_hours.map(|_| ratio));
    cells.extend(comparison.dollars(instance_hours).map(|dollars| format!("{dollars:.2}")));
    cells.extend([actions.to_string(), lost(killed, lost_hours)]);
    let cells: Vec<String> = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!(
        "<tr{}><td>{}</td><td class=\"words\">{}</td><td{late}>{}</td>{}</tr>\n",
        if entry.shipped { " class=\"ours\"" } else { "" },
        escaped(&entry.policy),
        escaped(&entry.setting),
        escaped(&percent(late_percent)),
        cells.concat(),
    )
}

fn terms(comparison: &Comparison) -> String {
    let case = &comparison.case;
    let boot = [case.boot.start(), case.boot.end()].map(|time| secs(*time));
    let victims = match case.victims {
        Victims::Any => {
            "any instance; what a busy one worked on starts again once its visibility timeout has passed"
        }
        Victims::Idle => "idle instances only: workers protect themselves while they are busy",
        Victims::Drain => "any instance; a busy one finishes what it works on first",
    };
    let list = [
        ("arrivals", format!("{} messages in {}", case.trace.total(), duration(case.trace.lasts))),
        (
            "a message takes",
            format!(
                "{} on average, standard deviation {} times that",
                duration(case.work_mean),
                case.work_cv
            ),
        ),
        (
            "an instance",
            format!("works on {} at once, boots in {} to {} s", messages(case.slots), boot[0], boot[1]),
        ),
        ("the group", format!("at most {} instances; a scale-in takes {victims}", case.max)),
        ("the queue", format!("visibility timeout {}", duration(case.visibility_timeout))),
        (
            "its counters",
            format!(
                "off by {} % (standard deviation), up to {} old",
                case.noise_percent,
                duration(case.stale_max)
            ),
        ),
        ("chance", format!("all from the seed {}", case.seed)),
        ("scoring", "messages of the first hour are worked on and paid for, but not scored".to_owned()),
    ];
    let line = |(what, words): &(&str, String)| format!("<dt>{what}</dt><dd>{}</dd>\n", escaped(words));
    format!("<dl>{}</dl>\n", list.iter().map(line).collect::<Vec<_>>().concat())
}

fn messages(count: u32) -> String {
    if count == 1 { "one message".to_owned() } else { format!("{count} messages") }
}
