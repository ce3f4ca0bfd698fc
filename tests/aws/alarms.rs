//! The dashboard and the alarms of `packaging/cloudwatch`, in an account where the daemon publishes.
//!
//! The emulator takes them by the API's own model of their fields, and keeps them. It evaluates no alarm
//! (`Unchecked: Initial alarm creation` is all it says), so that none is seen to go off here: that silence alarms
//! is claimed of what CloudWatch has to evaluate, not of an evaluation.

use crate::dead::{CALM, redrive};
use crate::emulator::{Emulator, home, python};
use crate::world::{World, eager};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A metric: namespace and name, then names and values of its dimensions.
type Series = Vec<String>;

fn packaged() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/cloudwatch")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Every metric that a scaler called `images` publishes, as `CloudWatch` lists them.
async fn published(emulator: &'static Emulator) -> BTreeSet<Series> {
    let world = World::at(emulator, "images").await;
    for suffix in ["", "-dead"] {
        world.queue(suffix).await;
    }
    redrive(&world, "images", "images-dead").await;
    world.group("", 0, 1, 10).await;
    let all = "\"backlog_per_instance\", \"visible\", \"in_flight\", \"delayed\", \"in_service\", \"desired\", \
        \"recommended\", \"at_max\", \"dead_letters\"";
    world.settings(&eager("images", &format!("publish = {{ metrics = [{all}] }}\n{CALM}")));
    assert_eq!(world.once(&[]).len(), 1);
    let listed = world.metrics.list_metrics().namespace("Backlogd").send().await.unwrap();
    let series = listed.metrics().iter().map(|metric| {
        let mut series = vec!["Backlogd".to_owned(), metric.metric_name().unwrap().to_owned()];
        for dimension in metric.dimensions() {
            let pair = [dimension.name().unwrap(), dimension.value().unwrap()];
            series.extend(pair.map(str::to_owned));
        }
        series
    });
    series.collect()
}

fn of_alarm(alarm: &Value) -> Series {
    let mut series = vec![text(&alarm["Namespace"]), text(&alarm["MetricName"])];
    for dimension in alarm["Dimensions"].as_array().unwrap() {
        series.extend([text(&dimension["Name"]), text(&dimension["Value"])]);
    }
    series
}

/// What the graphs of a dashboard show.
fn of_dashboard(body: &Value) -> BTreeSet<Series> {
    let widgets = body["widgets"].as_array().unwrap().iter();
    let metrics = widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap());
    metrics.map(|metric| metric.as_array().unwrap().iter().filter_map(Value::as_str)).map(owned).collect()
}

fn owned<'a>(parts: impl Iterator<Item = &'a str>) -> Series {
    parts.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_packaged_dashboard_and_alarms_are_accepted_and_look_at_what_is_published() {
    let emulator: &'static Emulator = Box::leak(Box::new(Emulator::start(&[])));
    let published = published(emulator).await;
    let mut put = Command::new(python());
    let put = put.arg(home().join("alarms.py")).arg(&emulator.url).arg(packaged()).output().unwrap();
    assert!(put.status.success(), "{}", String::from_utf8_lossy(&put.stderr));
    let there: Value = serde_json::from_slice(&put.stdout).unwrap();

    let alarms = there["alarms"].as_array().unwrap();
    assert_eq!(alarms.len(), 3);
    for alarm in alarms {
        assert!(published.contains(&of_alarm(alarm)), "nobody publishes what {alarm} looks at");
        assert!(alarm["AlarmActions"].as_array().is_some_and(|actions| actions.len() == 1), "{alarm}");
    }
    let body: Value = serde_json::from_str(there["dashboard"].as_str().unwrap()).unwrap();
    let shown = of_dashboard(&body);
    // What SQS publishes of a queue by itself.
    let of_sqs = |series: &Series| {
        let known = ["MessagesVisible", "MessagesNotVisible"].map(|end| format!("ApproximateNumberOf{end}"));
        let is_known = known.contains(&series[1]) || series[1] == "ApproximateAgeOfOldestMessage";
        series[0] == "AWS/SQS" && is_known && series[2..] == ["QueueName", "images"]
    };
    for series in &shown {
        assert!(published.contains(series) || of_sqs(series), "nobody publishes {series:?}");
    }
    for alarm in alarms {
        let metric = of_alarm(alarm);
        assert!(shown.contains(&metric), "the dashboard does not show what alarms: {metric:?}");
    }
}

#[test]
fn five_minutes_without_a_figure_breach_and_nothing_else_does() {
    let of = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(packaged().join(name)).unwrap()).unwrap()
    };
    let silence = of("alarm-silence.json");
    assert_eq!(silence["MetricName"], "BacklogPerInstance", "which is published by default");
    assert_eq!(silence["TreatMissingData"], "breaching");
    let minutes = silence["Period"].as_u64().unwrap() * silence["EvaluationPeriods"].as_u64().unwrap() / 60;
    assert_eq!(minutes, 5);
    assert_eq!(silence["DatapointsToAlarm"], silence["EvaluationPeriods"]);
    // A minute with a figure counts at least one, whatever the figure is.
    assert_eq!((&silence["Statistic"], &silence["Threshold"]), (&json!("SampleCount"), &json!(1)));
    assert_eq!(silence["ComparisonOperator"], "LessThanThreshold");
    for other in ["alarm-at-max.json", "alarm-dead-letters.json"] {
        assert_eq!(of(other)["TreatMissingData"], "ignore", "{other}: silence has an alarm of its own");
    }
}
