//! Comparisons as one page of HTML with drawings: nothing in it is loaded from anywhere.

mod chart;
mod html;
mod save;
mod scale;
mod section;
mod svg;
mod thin;

pub use save::{Unsaved, save};

use super::compare::Comparison;
use super::words::{hours, percent};
use html::escaped;

const STYLE: &str = include_str!("style.css");

/// Points of a line, of all sections together: keeps the page below a megabyte.
const POINTS_OF_ALL: usize = 3_600;

/// The page for `comparisons`, a section each.
#[must_use]
pub fn page(comparisons: &[Comparison]) -> String {
    let points = (POINTS_OF_ALL / comparisons.len().max(1)).clamp(100, 600);
    let title = title(comparisons);
    let index = if comparisons.len() > 1 { index(comparisons) } else { String::new() };
    let sections: String =
        (1..).zip(comparisons).map(|(number, each)| section::section(number, each, points)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{}\n{index}{sections}\
         <footer>Made by backlogd {}. The same input gives the same page.</footer>\n</body>\n</html>\n",
        section::preface(),
        env!("CARGO_PKG_VERSION"),
    )
}

fn title(comparisons: &[Comparison]) -> String {
    let mut names: Vec<&str> = comparisons.iter().map(|each| each.case.name.as_str()).collect();
    names.dedup();
    match names.as_slice() {
        [] => "backlogd simulation".to_owned(),
        [name] => format!("backlogd simulation: {}", escaped(name)),
        names => format!("backlogd simulation: {} workloads", names.len()),
    }
}

/// A line a section, with a link to it.
fn index(comparisons: &[Comparison]) -> String {
    let line =
        |(number, each): (usize, &Comparison)| {
            let shipped = each.shipped().map(|entry| &entry.run);
            let figure = |figure: Option<String>| figure.unwrap_or_else(|| "–".to_owned());
            let ratio = shipped.and_then(|run| each.ratio(run.instance_hours));
            let rival = each.rivals().into_iter().next().filter(|entry| entry.holds());
            let rival = rival.and_then(|entry| Some((entry, each.ratio(entry.run.instance_hours)?)));
            format!(
                "<tr><td><a href=\"#s{number}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td class=\"words\">{}</td></tr>\n",
                escaped(&each.case.name),
                super::words::duration(each.case.objective),
                figure(shipped.map(|run| percent(run.late_percent))),
                figure(shipped.map(|run| hours(run.instance_hours))),
                figure(ratio.map(|ratio| format!("{ratio:.2} ×"))),
                figure(rival.map(|(entry, ratio)| escaped(&format!(
                    "{ratio:.2} × {}, {}",
                    entry.policy, entry.setting
                )))),
            )
        };
    let lines: String = (1..).zip(comparisons).map(line).collect();
    format!(
        "<div class=\"table\"><table><thead><tr><th>workload</th><th>objective</th><th>late %</th>\
         <th>instance-hours</th><th>of the least</th><th class=\"words\">cheapest other that holds it</th></tr></thead>\
         <tbody>\n{lines}</tbody></table></div>\n"
    )
}
