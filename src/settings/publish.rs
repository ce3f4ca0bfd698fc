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

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, refused, scaler, titles};
    use super::*;

    fn publish(table: &str) -> String {
        scaler(&format!("publish = {{ {table} }}"))
    }

    #[test]
    fn without_the_table_nothing_is_published() {
        assert_eq!(accepted(&[&scaler("")]).scalers[0].publish, None);
    }

    #[test]
    fn an_empty_table_publishes_the_backlog_per_instance_by_scaler() {
        let expected = Destination {
            namespace: "Backlogd".to_owned(),
            metric_name: "BacklogPerInstance".to_owned(),
            resolution_secs: 60,
            dimensions: vec![("Scaler".to_owned(), "images".to_owned())],
            metrics: vec![Metric::BacklogPerInstance],
        };
        assert_eq!(accepted(&[&publish("")]).scalers[0].publish, Some(expected));
    }

    #[test]
    fn dimensions_keep_the_order_of_the_file() {
        let settings = accepted(&[&publish("dimensions = { b = \"1\", a = \"2\" }")]);
        let to = settings.scalers[0].publish.as_ref().unwrap();
        assert_eq!(to.dimensions, [("b".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())]);
        assert!(
            accepted(&[&publish("dimensions = {}")]).scalers[0]
                .publish
                .as_ref()
                .unwrap()
                .dimensions
                .is_empty()
        );
    }

    #[test]
    fn amazons_namespaces_and_odd_resolutions_are_refused() {
        let shown = refused(&[&publish("namespace = \"AWS/SQS\", resolution_secs = 30")]);
        assert!(shown.contains("namespaces beginning with AWS/ are Amazon's own"), "{shown}");
        assert!(shown.contains("must be 1 (high resolution) or 60"), "{shown}");
        accepted(&[&publish("resolution_secs = 1")]);
    }

    #[test]
    fn a_metric_is_one_of_the_known_and_named_once() {
        let shown = refused(&[&publish("metrics = [\"visibel\", \"desired\", \"desired\"]")]);
        assert!(shown.contains("did you mean \"visible\"?"), "{shown}");
        assert!(shown.contains("publish.metrics[2] is there already"), "{shown}");
        assert_eq!(titles(&[&publish("metrics = []")]), ["scaler \"images\": publish.metrics is empty"]);
    }

    #[test]
    fn cloudwatchs_rules_for_dimensions_are_kept() {
        let text = publish("dimensions = { \":a\" = \"x\", \"ä\" = \"x\", b = \" \", c = \"ü\" }");
        let expected = [
            "publish.dimensions.:a is no dimension's name",
            "publish.dimensions.ä is no dimension's name",
            "publish.dimensions.b cannot be \" \"",
            "publish.dimensions.c cannot be \"ü\"",
        ];
        assert_eq!(titles(&[&text]), expected.map(|title| format!("scaler \"images\": {title}")));
        let many: Vec<String> = (0..31).map(|index| format!("d{index} = \"x\"")).collect();
        let text = publish(&format!("dimensions = {{ {} }}", many.join(", ")));
        assert_eq!(titles(&[&text]), ["scaler \"images\": publish.dimensions has 31 names"]);
    }
}
