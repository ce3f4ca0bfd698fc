//! Comparisons as one page of HTML with drawings: nothing in it is loaded from anywhere.

mod chart;
mod html;
mod scale;
mod section;
mod svg;
mod thin;

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
                figure(shipped.map(|run| escaped(&percent(run.late_percent)))),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scene::compared;

    fn named(name: &str) -> Comparison {
        let mut comparison = compared();
        name.clone_into(&mut comparison.case.name);
        comparison
    }

    #[test]
    fn names_from_files_and_settings_are_escaped() {
        let mut comparison = named("<b>a & \"b\"");
        comparison.entries[1].policy = "<i>".to_owned();
        comparison.entries[2].tried[0].setting = "</title><script>".to_owned();
        let page = page(&[comparison]);
        assert!(page.contains("&lt;b&gt;a &amp; &quot;b&quot;, objective 60 s"));
        for raw in ["<b>", "<i>", "<script", "a & "] {
            assert!(!page.contains(raw), "{raw}");
        }
    }

    #[test]
    fn every_tag_that_is_opened_is_closed() {
        let page = page(&[named("first"), named("second")]);
        for tag in [
            "html", "head", "body", "section", "table", "thead", "tbody", "tr", "td", "th", "svg", "g",
            "text", "dl",
        ] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
            assert!(opened > 0, "{tag}");
        }
    }

    #[test]
    fn several_comparisons_have_an_index_and_stay_below_a_megabyte() {
        let names: Vec<String> = (1..=12).map(|nth| format!("workload {nth}")).collect();
        let page = page(&names.iter().map(|name| named(name)).collect::<Vec<_>>());
        assert_eq!(page.matches("<section id=").count(), 12);
        for (nth, name) in (1..).zip(&names) {
            assert!(
                page.contains(&format!("<a href=\"#s{nth}\">{name}</a>"))
                    && page.contains(&format!("id=\"s{nth}\""))
            );
        }
        assert!(page.contains("1.38 × keda, x=0.1"), "the cheapest other that holds it");
        assert!(page.len() < 1_000_000, "{} bytes", page.len());
    }

    #[test]
    fn one_comparison_needs_no_index_and_none_makes_a_page_too() {
        assert!(!page(&[compared()]).contains("href="));
        assert!(page(&[]).ends_with("</html>\n"));
    }

    #[test]
    fn the_one_high_wait_of_the_day_is_seen() {
        let page = page(&[compared()]);
        // 96 s of 96 s, at the top of the drawing, half-way through the day.
        assert!(page.contains("L500.1 0.0L"), "thinned away");
    }

    #[test]
    fn without_a_bound_costs_are_told_against_the_shipped_controllers() {
        let page = page(&[Comparison { bound_hours: None, ..compared() }]);
        assert!(page.contains("Cost, as a multiple of backlogd&#39;s"));
        assert!(!page.contains("<td>the least possible</td>") && !page.contains("<th>of the least</th>"));
        assert!(page.contains("keda, x=0.1: 0.7 % late, 1.18 ×"));
    }

    #[test]
    fn the_fleet_of_the_least_possible_is_drawn_beside_the_others() {
        let lines = |page: &str| page.matches("class=\"line bound\"").count();
        let without = page(&[Comparison { bound_fleet: Vec::new(), ..compared() }]);
        assert_eq!(lines(&without), 1, "the level of the cost");
        assert_eq!(lines(&page(&[compared()])), 3, "the line, and its sign in the legend");
    }

    #[test]
    fn a_run_without_a_history_is_still_told() {
        let mut bare = compared();
        bare.entries.iter_mut().for_each(|entry| entry.run.history.clear());
        let page = page(&[bare]);
        assert_eq!(page.matches("<svg ").count(), 2, "cost, arrivals");
    }
}
