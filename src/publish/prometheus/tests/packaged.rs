//! The documentation, the dashboard and the alerts speak of metrics that there are.

use super::{Family, everything, labels};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DOCUMENT: &str = include_str!("../../../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../../packaging/grafana/backlogd.json");
const RULES: &str = include_str!("../../../../packaging/prometheus/backlogd.rules.yml");

/// Labels that Prometheus itself gives to what it scrapes.
const SCRAPED: [&str; 2] = ["instance", "job"];

/// The labels of each name that an expression may use.
async fn series() -> BTreeMap<String, BTreeSet<String>> {
    let mut series: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for family in everything().await.values() {
        for sample in &family.samples {
            series.entry(sample.name.clone()).or_default().extend(sample.labels.keys().cloned());
        }
    }
    series
}

/// The words of an expression, each with what follows it.
fn words(text: &str) -> Vec<(&str, &str)> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (_, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|char| !is_word(char)).unwrap_or(from.len()));
        words.push((word, after));
        rest = after;
    }
    words
}

/// The labels of a selector, `{a="b", c=~"d"}`, with what is asked of them.
fn selected(after: &str) -> Vec<(String, String)> {
    let Some((selector, _)) = after.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
        return Vec::new();
    };
    let pairs = selector.split(',').filter_map(|pair| pair.split_once(['=', '!']));
    let value = |value: &str| value.trim_matches(['=', '~', '"']).to_owned();
    pairs.map(|(label, asked)| (label.trim().to_owned(), value(asked))).collect()
}

/// Labels in `by (…)`, `on (…)` and their like.
fn grouped(expression: &str) -> Vec<&str> {
    let lists =
        words(expression).into_iter().filter(|(word, _)| ["by", "without", "on", "ignoring"].contains(word));
    let lists = lists.filter_map(|(_, after)| after.trim_start().strip_prefix('(')?.split(')').next());
    lists.flat_map(|list| list.split(',')).map(str::trim).filter(|label| !label.is_empty()).collect()
}

/// Claims that an expression names metrics that there are, with labels that they have; which labels these are.
fn judge(expression: &str, series: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut known: BTreeSet<String> = SCRAPED.map(str::to_owned).into();
    let mut named = 0;
    for (word, after) in words(expression).into_iter().filter(|(word, _)| word.starts_with("backlogd_")) {
        let has = series.get(word).unwrap_or_else(|| panic!("there is no metric {word}: {expression}"));
        for (label, asked) in selected(after) {
            let there = has.contains(&label) || SCRAPED.contains(&label.as_str());
            assert!(there, "{word} has no label {label}: {expression}");
            let code = label == "reason" && !asked.starts_with('$');
            assert!(!code || REASONS.contains(&format!("`{asked}`")), "there is no reason {asked}");
        }
        known.extend(has.iter().cloned());
        named += 1;
    }
    for label in grouped(expression) {
        assert!(known.contains(label), "no metric here has the label {label}: {expression}");
    }
    assert!(named > 0 || expression.starts_with("up{"), "no metric is named: {expression}");
    known
}

const REASONS: &str = include_str!("../../../../docs/record.md");

/// The strings of a JSON document that stand under `key`, anywhere.
fn under<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                match inner.as_str().filter(|_| name == key) {
                    Some(text) => found.push(text),
                    None => under(inner, key, found),
                }
            }
        }
        Value::Array(array) => array.iter().for_each(|inner| under(inner, key, found)),
        _ => {}
    }
}

/// Names in `{{…}}`, as Grafana and Prometheus replace them.
fn replaced(text: &str) -> Vec<&str> {
    let parts = text.split("{{").skip(1).filter_map(|part| part.split("}}").next());
    parts
        .map(|name| name.trim().trim_start_matches("$labels."))
        .filter(|name| !name.starts_with('$'))
        .collect()
}

#[tokio::test]
async fn every_metric_and_label_of_the_dashboard_exists() {
    let series = series().await;
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut targets = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let known = judge(target["expr"].as_str().unwrap(), &series);
            for label in replaced(target["legendFormat"].as_str().unwrap_or_default()) {
                assert!(known.contains(label), "{}: no label {label}", panel["title"]);
            }
            targets += 1;
        }
    }
    assert!(targets > 15, "the expressions are not where they were looked for");
    let mut all = Vec::new();
    under(&dashboard, "expr", &mut all);
    assert_eq!(all.len(), targets, "there are expressions elsewhere");
    let mut queries = Vec::new();
    under(&dashboard, "definition", &mut queries);
    assert!(!queries.is_empty());
    for query in queries {
        judge(query, &series);
    }
}

#[tokio::test]
async fn every_metric_and_label_of_the_alerts_exists() {
    let series = series().await;
    let mut alerts = Vec::new();
    let mut known = BTreeSet::new();
    for line in RULES.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- alert: ") {
            alerts.push(name);
        } else if let Some(expression) = line.strip_prefix("expr: ") {
            assert!(
                !expression.starts_with(['|', '>']),
                "an expression is one line, so that this test reads it"
            );
            known = judge(expression, &series);
        } else if !line.starts_with('#') {
            for label in replaced(line) {
                assert!(known.contains(label), "{:?}: no label {label}", alerts.last());
            }
        }
    }
    let expected = [
        "BacklogdDown",
        "BacklogdNoTick",
        "BacklogdReadingsMissing",
        "BacklogdAtMaxAndLate",
        "BacklogdCapacityStalled",
        "BacklogdPausedForLong",
        "BacklogdTrouble",
        "BacklogdWritesFail",
        "BacklogdPublishingFails",
        "BacklogdSettingsRefused",
    ];
    assert_eq!(alerts, expected);
}

#[tokio::test]
async fn the_documentation_has_a_row_for_each_metric_and_no_other() {
    let row = |(name, family): (&String, &Family)| {
        let labels: Vec<String> = labels(family).iter().map(|label| format!("`{label}`")).collect();
        let name = family
            .samples
            .first()
            .map_or(name, |sample| if family.kind == "histogram" { name } else { &sample.name });
        format!("| `{name}` | {} | {} | {} |", family.kind, labels.join(", "), family.help)
    };
    let expected: BTreeSet<String> = everything().await.iter().map(row).collect();
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `backlogd_"));
    let found: BTreeSet<String> = rows.map(str::to_owned).collect();
    let lacking: Vec<_> = expected.difference(&found).collect();
    let idle: Vec<_> = found.difference(&expected).collect();
    assert!(lacking.is_empty() && idle.is_empty(), "lacking: {lacking:#?}\ntoo many: {idle:#?}");
}

#[tokio::test]
#[should_panic(expected = "there is no metric backlogd_backlog_secs")]
async fn a_metric_that_does_not_exist_is_noticed() {
    judge("max by (scaler) (backlogd_backlog_secs)", &series().await);
}

#[tokio::test]
#[should_panic(expected = "has no label queue")]
async fn a_label_that_does_not_exist_is_noticed() {
    judge("backlogd_slots{scaler=\"images\", queue=~\"a\"} > 1", &series().await);
}
