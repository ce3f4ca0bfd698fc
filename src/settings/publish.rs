use super::forms;
use super::reader::{At, Table};
use crate::publish::{Destination, Metric};
use toml::de::DeValue;

/// `CloudWatch`'s limit of dimensions a metric.
const DIMENSIONS_MAX: usize = 30;

/// Reads a `publish` table. `scaler` is the scaler's name, the default dimension's value.
pub(super) fn read<'a>(mut table: Table<'a>, scaler: Option<&str>) -> Option<At<'a, Destination>> {
    table.text("kind", forms::one_of(&["cloudwatch"]));
    let namespace = table.text("namespace", forms::namespace);
    let metric_name = table.text("metric_name", forms::metric_name);
    let resolution_secs = table.take("resolution_secs").map(resolution);
    let dimensions = match table.take("dimensions") {
        Some(value) => value.table().and_then(dimensions),
        None => scaler.map(|name| vec![("Scaler".to_owned(), name.to_owned())]),
    };
    let metrics = match table.take("metrics") {
        Some(value) => metrics(value),
        None => Some(vec![Metric::BacklogPerInstance]),
    };
    let here = table.here.clone();
    table.finish();
    let destination = Destination {
        namespace: namespace.map_or_else(|| "Backlogd".to_owned(), |at| at.value),
        metric_name: metric_name.map_or_else(|| "BacklogPerInstance".to_owned(), |at| at.value),
        resolution_secs: resolution_secs.unwrap_or(Some(60))?,
        dimensions: dimensions?,
        metrics: metrics?,
    };
    Some(At { value: destination, here })
}

fn resolution(value: At<'_, DeValue<'_>>) -> Option<u32> {
    let here = value.here.clone();
    let secs = value.whole(1..=60)?.value;
    if !matches!(secs, 1 | 60) {
        here.note(here.mistake(format!("cannot be {secs}"), "must be 1 (high resolution) or 60"));
    }
    Some(secs)
}

fn dimensions(table: Table<'_>) -> Option<Vec<(String, String)>> {
    let here = table.here.clone();
    let items = table.into_items();
    if items.len() > DIMENSIONS_MAX {
        let says = format!("has {} names", items.len());
        here.note(here.mistake(says, format!("at most {DIMENSIONS_MAX}")));
    }
    let dimension = |(name, value): (At<'_, String>, At<'_, DeValue<'_>>)| {
        if let Err(reason) = forms::label(&name.value, 255) {
            name.here.note(name.here.mistake("is no dimension's name", reason));
        }
        Some((name.value, value.text(|value| forms::label(value, 1024))?.value))
    };
    // All of them are read before one that failed is missed.
    items.into_iter().map(dimension).collect::<Vec<_>>().into_iter().collect()
}

fn metrics(value: At<'_, DeValue<'_>>) -> Option<Vec<Metric>> {
    let here = value.here.clone();
    let list = value.list("must be a list of names: [\"backlog_per_instance\"]")?;
    if list.is_empty() {
        here.note(here.mistake("is empty", "name a metric, or leave out publish altogether"));
    }
    let names = Metric::ALL.map(|(_, name, _)| name);
    let mut found = Vec::new();
    for item in list {
        let here = item.here.clone();
        let Some(name) = item.text(forms::one_of(&names)) else { continue };
        let metric =
            Metric::ALL.iter().find(|(_, each, _)| *each == name.value).map(|(metric, ..)| *metric)?;
        if found.contains(&metric) {
            here.note(here.mistake("is there already", "each costs once"));
        }
        found.push(metric);
    }
    Some(found)
}
