//! Publishing that fails: scaling goes on in time, and it is said once.

use crate::bad_day::{BRISK, Daemon, Round, error, five_workers, kind, status, tempted};
use serde_json::{Value, json};
use std::fmt::Write;

const PUT: &str = "PutMetricData";

/// A round whose figures do not get out.
async fn unpublished(name: &str, fault: &Value, words: &str) {
    let world = five_workers(name, 9).await;
    world.settings(&tempted(name, BRISK));
    world.emulator.fault(PUT, &crate::bad_day::about(PUT, name), fault);
    let round = Round::of(world);
    assert_eq!(round.record["outcome"]["kind"], "done", "{}", round.record);
    assert_eq!(round.exit, 1);
    assert_eq!(round.complaints.len(), 1, "{:#?}", round.complaints);
    for words in ["publishing fails; scaling goes on", name, "cloudwatch:PutMetricData", words] {
        assert!(round.complaints[0].contains(words), "{words:?} is not in: {:#?}", round.complaints);
    }
    assert_eq!(round.world.desired(name).await, 9);
}

#[tokio::test]
async fn throttled_publishing_leaves_scaling_alone() {
    unpublished("put-throttled", &error("Throttling"), "Throttling").await;
}

#[tokio::test]
async fn publishing_answered_with_500_leaves_scaling_alone() {
    unpublished("put-500", &status(500), "HTTP status 500").await;
}

#[tokio::test]
async fn publishing_that_is_never_answered_leaves_scaling_alone() {
    unpublished("put-hang", &kind("hang"), "timeout").await;
}

#[tokio::test]
async fn publishing_whose_connection_breaks_leaves_scaling_alone() {
    unpublished("put-close", &kind("close"), "connection").await;
}

#[tokio::test]
async fn publishing_that_is_not_permitted_leaves_scaling_alone() {
    unpublished("put-denied", &error("AccessDenied"), "AccessDenied").await;
}

#[tokio::test]
async fn failing_publishing_is_said_once_and_so_is_its_end() {
    let world = five_workers("put-mended", 5).await;
    world.settings(&tempted("put-mended", BRISK));
    let body = crate::bad_day::about(PUT, "put-mended");
    world.emulator.fault(PUT, &body, &error("Throttling"));
    let daemon = Daemon::start(&world);
    daemon.wait("two failures", || world.emulator.calls(PUT, &body).len() >= 2);
    world.emulator.mend(&body);
    daemon.await_words("publishing works again");
    assert_eq!(daemon.said("publishing fails").len(), 1);
    assert_eq!(daemon.said("publishing works again").len(), 1);
    // Seven figures in each call that failed.
    let calls = world.emulator.calls(PUT, &body);
    let lost: usize = calls
        .iter()
        .filter(|call| call["status"] != json!(200))
        .map(|call| call["body"]["MetricData"].as_array().unwrap().len())
        .sum();
    let line = &daemon.said("publishing works again")[0];
    assert!(line.contains(&format!("lost={lost}")), "{lost} in {line}");
}

#[tokio::test]
async fn many_scalers_publish_in_one_compressed_call() {
    let world = five_workers("crowd", 5).await;
    let mut settings = String::new();
    for number in 0..60 {
        let scaler = tempted("crowd", "").replace("drive = true", "drive = false");
        let scaler = scaler.replacen("name = \"crowd\"", &format!("name = \"crowd-{number}\""), 1);
        writeln!(settings, "{scaler}").unwrap();
    }
    world.settings(&settings);
    let round = Round::of(world);
    assert_eq!(round.exit, 0, "{:#?}", round.complaints);
    let calls = round.world.emulator.calls(PUT, "\"crowd\"");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["body"]["MetricData"].as_array().unwrap().len(), 60 * 7);
    assert_eq!((&calls[0]["gzip"], &calls[0]["status"]), (&json!(true), &json!(200)));
    assert!(calls[0]["bytes"].as_u64().unwrap() < 20_000, "{}", calls[0]["bytes"]);
}
