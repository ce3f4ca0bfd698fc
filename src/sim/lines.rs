//! Comparisons as JSON: the contract with whoever reads `backlogd simulate --output json`.
//!
//! Keys come in the order in which the fields below are declared, the order of `docs/simulate.md`.

use super::compare::{Comparison, Entry};
use crate::model::rounded;
use serde::Serialize;
use std::time::Duration;

#[derive(Serialize)]
struct Line<'a> {
    workload: &'a str,
    objective_secs: f64,
    policy: &'a str,
    setting: &'a str,
    shipped: bool,
    late_percent: f64,
    wait_p50_secs: f64,
    wait_p95_secs: f64,
    wait_p99_secs: f64,
    wait_max_secs: f64,
    instance_hours: f64,
    bound_hours: Option<f64>,
    ratio: Option<f64>,
    dollars: Option<f64>,
    launches: u64,
    actions: u64,
    killed: u64,
    lost_hours: f64,
    messages: u64,
    seed: u64,
}

/// A line of JSON for each policy of `comparison`, without line ends. Figures are rounded to a thousandth.
#[must_use]
pub fn lines(comparison: &Comparison) -> Vec<String> {
    // Only maps with keys of other types than text can fail, and there is none.
    let line = |entry| serde_json::to_string(&Line::of(comparison, entry)).unwrap_or_default();
    comparison.entries.iter().map(line).collect()
}

impl<'a> Line<'a> {
    fn of(comparison: &'a Comparison, entry: &'a Entry) -> Self {
        let (case, run) = (&comparison.case, &entry.run);
        let secs = |time: Duration| rounded(time.as_secs_f64());
        Self {
            workload: &case.name,
            objective_secs: secs(case.objective),
            policy: &entry.policy,
            setting: &entry.setting,
            shipped: entry.shipped,
            late_percent: rounded(run.late_percent),
            wait_p50_secs: secs(run.wait_p50),
            wait_p95_secs: secs(run.wait_p95),
            wait_p99_secs: secs(run.wait_p99),
            wait_max_secs: secs(run.wait_max),
            instance_hours: rounded(run.instance_hours),
            bound_hours: comparison.bound_hours.map(rounded),
            ratio: comparison.ratio(run.instance_hours).map(rounded),
            dollars: comparison.dollars(run.instance_hours).map(rounded),
            launches: run.launches,
            actions: run.actions,
            killed: run.killed,
            lost_hours: rounded(run.lost_hours),
            messages: case.trace.total(),
            seed: case.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene;
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_example_in_the_documentation_has_every_field_in_order() {
        let keys = |line: &str| -> Vec<String> {
            line.split(',').filter_map(|part| Some(part.split_once("\":")?.0.to_owned())).collect()
        };
        let document = include_str!("../../docs/simulate.md");
        let (_, after) = document.split_once("```json\n").unwrap();
        let (example, _) = after.split_once("```").unwrap();
        let example: String = example.lines().map(str::trim_start).collect();
        assert_eq!(keys(&example), keys(&lines(&scene::compared())[0]));
    }

    #[test]
    fn the_documentation_names_every_field() {
        let document = include_str!("../../docs/simulate.md");
        let line: Value = serde_json::from_str(&lines(&scene::compared())[0]).unwrap();
        for field in line.as_object().unwrap().keys() {
            assert!(document.contains(&format!("\n| `{field}` |")), "{field}");
        }
    }

    #[test]
    fn what_is_not_known_is_null() {
        let unknown = Comparison { bound_hours: None, price_per_hour: None, ..scene::compared() };
        let line: Value = serde_json::from_str(&lines(&unknown)[0]).unwrap();
        assert_eq!([&line["bound_hours"], &line["ratio"], &line["dollars"]], [&Value::Null; 3]);
    }
}
