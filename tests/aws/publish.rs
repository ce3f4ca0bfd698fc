//! What reaches `CloudWatch`.

use crate::running::{Running, eventually};
use crate::world::{World, eager};
use aws_sdk_cloudwatch::primitives::{DateTime, DateTimeFormat};
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, StandardUnit, Statistic};
use serde_json::{Value, json};

/// What `CloudWatch` has of a metric in the minutes round `record`.
async fn read_back(world: &World, record: &Value, namespace: &str, metric: &str) -> Vec<Datapoint> {
    let at = DateTime::from_str(record["time"].as_str().unwrap(), DateTimeFormat::DateTime).unwrap();
    let scaler = record["scaler"].as_str().unwrap();
    let call = world.metrics.get_metric_statistics().namespace(namespace).metric_name(metric);
    let call = call.dimensions(Dimension::builder().name("Scaler").value(scaler).build());
    let call = call.start_time(DateTime::from_secs(at.secs() - 120));
    let call = call.end_time(DateTime::from_secs(at.secs() + 120)).period(60);
    let answer = call.statistics(Statistic::Average).statistics(Statistic::SampleCount).send().await;
    answer.unwrap().datapoints.unwrap_or_default()
}

/// The data of every call that published into `namespace`.
fn sent(world: &World, namespace: &str) -> Vec<Value> {
    let calls = world.emulator.calls("PutMetricData", &format!("{namespace:?}"));
    calls.iter().flat_map(|call| call["body"]["MetricData"].as_array().unwrap().clone()).collect()
}

/// The names of the metrics in `data`.
fn names(data: &[Value]) -> Vec<&str> {
    data.iter().map(|datum| datum["MetricName"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_backlog_per_instance_can_be_read_back_from_cloudwatch() {
    let world = World::new("read-back").await;
    let queue = world.queue("").await;
    world.messages(&queue, 25).await;
    world.group("", 0, 4, 10).await;
    world.settings(&eager("read-back", "publish = { namespace = \"ReadBack\" }"));

    let records = world.once(&[]);

    let data = read_back(&world, &records[0], "ReadBack", "BacklogPerInstance").await;
    assert_eq!(data.len(), 1);
    assert_eq!(data[0].average(), Some(6.25));
    assert_eq!(data[0].sample_count(), Some(1.0));
    assert_eq!(data[0].unit(), Some(&StandardUnit::None));
}

#[tokio::test]
async fn at_none_in_service_the_metric_is_the_backlog_itself() {
    let world = World::new("at-none").await;
    let queue = world.queue("").await;
    world.messages(&queue, 7).await;
    world.group("", 0, 0, 10).await;
    world.settings(&eager("at-none", "publish = { namespace = \"AtNone\" }"));

    let records = world.once(&[]);

    assert_eq!(records[0]["sample"]["fleet"]["in_service"], 0);
    assert_eq!(records[0]["metrics"]["backlog_per_instance"], 7.0);
    let data = read_back(&world, &records[0], "AtNone", "BacklogPerInstance").await;
    assert_eq!(data.iter().map(Datapoint::average).collect::<Vec<_>>(), [Some(7.0)]);
}

#[tokio::test]
async fn an_empty_queue_and_an_empty_fleet_publish_zero() {
    let world = World::new("all-empty").await;
    world.queue("").await;
    world.group("", 0, 0, 10).await;
    world.settings(&eager("all-empty", "publish = { namespace = \"AllEmpty\" }"));

    world.once(&[]);

    assert_eq!(sent(&world, "AllEmpty")[0]["Value"], 0.0);
}

#[tokio::test]
async fn a_datum_is_sent_as_the_settings_say() {
    let world = World::new("datum").await;
    let queue = world.queue("").await;
    world.messages(&queue, 3).await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager(
        "datum",
        r#"publish = { namespace = "My Team/Datum", metric_name = "Waiting", resolution_secs = 1,
                       dimensions = { Stage = "test", QueueName = "datum" } }"#,
    ));

    let records = world.once(&[]);

    let mut datum = sent(&world, "My Team/Datum").remove(0);
    let at = DateTime::from_secs_f64(datum["Timestamp"].take().as_f64().unwrap());
    let told = records[0]["time"].as_str().unwrap();
    assert_eq!(at.secs(), DateTime::from_str(told, DateTimeFormat::DateTime).unwrap().secs());
    let dimensions = json!([{ "Name": "Stage", "Value": "test" }, { "Name": "QueueName", "Value": "datum" }]);
    let expected = json!({ "MetricName": "Waiting", "Value": 3.0, "Unit": "None", "StorageResolution": 1,
                           "Dimensions": dimensions, "Timestamp": null });
    assert_eq!(datum, expected);
}

#[tokio::test]
async fn other_metrics_are_published_only_when_asked_for() {
    let world = World::new("opt-in").await;
    let queue = world.queue("").await;
    world.messages(&queue, 12).await;
    world.receive(&queue, 2).await;
    world.group("", 0, 1, 10).await;
    let looking = |publish| eager("opt-in", publish).replace("drive = true", "drive = false");
    world.settings(&looking("publish = { namespace = \"OptInNone\" }"));
    world.once(&[]);
    world.settings(&looking(
        r#"publish = { namespace = "OptInAll", metrics = ["backlog_per_instance", "visible", "in_flight",
                       "delayed", "in_service", "desired", "recommended"] }"#,
    ));
    world.once(&[]);

    let default = sent(&world, "OptInNone");
    assert_eq!(names(&default), ["BacklogPerInstance"]);
    assert_eq!(default[0]["StorageResolution"], 60);
    let all = sent(&world, "OptInAll");
    let expected =
        ["BacklogPerInstance", "Visible", "InFlight", "Delayed", "InService", "Desired", "Recommended"];
    assert_eq!(names(&all), expected);
    let values: Vec<f64> = all.iter().map(|datum| datum["Value"].as_f64().unwrap()).collect();
    assert_eq!(values, [10.0, 10.0, 2.0, 0.0, 1.0, 1.0, 2.0]);
}

#[tokio::test]
async fn a_scaler_without_a_publish_table_publishes_nothing() {
    let world = World::new("unpublished").await;
    world.queue("").await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager("unpublished", ""));

    world.once(&[]);

    assert_eq!(world.emulator.calls("PutMetricData", "unpublished"), Vec::<Value>::new());
}

#[tokio::test]
async fn the_daemon_publishes_as_it_goes() {
    let world = World::new("goes-on").await;
    world.queue("").await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager("goes-on", "publish = { namespace = \"GoesOn\" }"));

    let daemon = Running::start(world.backlogd(&["run"]));

    eventually("a metric", || (!sent(&world, "GoesOn").is_empty()).then_some(()));
    daemon.signal("TERM");
    let (status, records) = daemon.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(records, Vec::<Value>::new(), "nothing is printed where nobody asked for it");
}
