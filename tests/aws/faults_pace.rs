//! Servers that accept and never answer: whoever does not need them goes on in time, and a signal is obeyed.

use crate::bad_day::{BRISK, Daemon, error, five_workers, kind, silent_server, tempted};
use crate::world::World;
use serde_json::Value;
use std::time::Duration;

/// Two scalers, the second with `more` keys.
async fn two_scalers(healthy: &str, hanging: &str, more: &str) -> World {
    let world = five_workers(healthy, 5).await;
    five_workers(hanging, 5).await;
    let settings = tempted(healthy, BRISK) + &tempted(hanging, &format!("{BRISK}\n{more}"));
    world.settings(&settings);
    world
}

/// Claims that records came about once a second, and had all they need.
pub(crate) fn at_their_pace(records: &[Value]) {
    let second = |record: &Value| {
        let time = record["time"].as_str().unwrap();
        time[17..19].parse::<u32>().unwrap()
    };
    for pair in records.windows(2) {
        let gap = (second(&pair[1]) + 60 - second(&pair[0])) % 60;
        assert!((1..=2).contains(&gap), "{gap} s from {} to {}", pair[0], pair[1]);
    }
    for record in records {
        assert_eq!(record["sample"]["missing"], serde_json::json!([]), "{record}");
    }
}

fn only_timeouts(records: &[Value]) {
    assert!(!records.is_empty());
    for missing in records.iter().flat_map(|record| record["sample"]["missing"].as_array().unwrap()) {
        assert_eq!(missing["cause"], "timeout", "{missing}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_does_not_stop_the_other_scalers() {
    let (url, _told) = silent_server();
    let more = format!("aws = {{ endpoint_url = {url:?} }}");
    let world = two_scalers("beside-silence", "in-silence", &more).await;
    let daemon = Daemon::start(&world);
    at_their_pace(&daemon.more("beside-silence", 4));
    daemon.wait("a record", || !daemon.records("in-silence").is_empty());
    only_timeouts(&daemon.records("in-silence"));
    assert_eq!(daemon.said(" WARN ").iter().filter(|line| line.contains("queue in-silence")).count(), 1);
}

#[tokio::test]
async fn a_queue_that_hangs_does_not_stop_the_other_scalers_of_its_endpoint() {
    let world = two_scalers("beside-a-hang", "hanging", "").await;
    world.emulator.fault("GetQueueAttributes", "/hanging\"", &kind("hang"));
    let daemon = Daemon::start(&world);
    at_their_pace(&daemon.more("beside-a-hang", 4));
    daemon.wait("a record", || !daemon.records("hanging").is_empty());
    only_timeouts(&daemon.records("hanging"));
    assert!(daemon.records("hanging").iter().all(|record| record["decision"]["action"] == "hold"));
}

#[tokio::test]
async fn publishing_that_hangs_delays_no_tick_and_no_write() {
    let world = five_workers("mute", 9).await;
    world.settings(&tempted("mute", BRISK));
    world.emulator.fault("PutMetricData", "\"mute\"", &kind("hang"));
    let daemon = Daemon::start(&world);
    let records = daemon.more("mute", 4);
    at_their_pace(&records);
    assert_eq!(records[0]["outcome"]["kind"], "done");
    daemon.await_words("publishing fails");
    assert_eq!(daemon.said("publishing fails").len(), 1);
}

/// A schedule under which a call has 3.6 s and an attempt 2.4 s.
const PATIENT: &str = "schedule = \"*/4 * * * * *\"";

#[tokio::test]
async fn a_signal_while_a_call_hangs_ends_the_daemon_within_its_patience() {
    let (url, told) = silent_server();
    let world = World::new("stopped").await;
    world.settings(&tempted("stopped", &format!("{PATIENT}\naws = {{ endpoint_url = {url:?} }}")));
    let mut daemon = Daemon::start(&world);
    told.recv_timeout(Duration::from_secs(20)).unwrap();
    daemon.signal("TERM");
    let (status, took) = daemon.end();
    assert_eq!(status.code(), Some(0), "{daemon:#?}");
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[tokio::test]
async fn a_signal_while_publishing_hangs_ends_the_daemon_within_its_patience() {
    let world = five_workers("put-stopped", 5).await;
    world.settings(&tempted("put-stopped", PATIENT));
    world.emulator.fault("PutMetricData", "\"put-stopped\"", &kind("hang"));
    let mut daemon = Daemon::start(&world);
    daemon.wait("publishing", || !world.emulator.calls("PutMetricData", "\"put-stopped\"").is_empty());
    daemon.signal("TERM");
    let (status, took) = daemon.end();
    assert_eq!(status.code(), Some(0), "{daemon:#?}");
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[tokio::test]
async fn trouble_is_said_once_and_so_is_its_end() {
    let world = two_scalers("no-queue", "no-group", "").await;
    world.emulator.fault("GetQueueAttributes", "/no-queue\"", &error("RequestThrottled"));
    // Both groups go into one call, so both scalers lack theirs.
    world.emulator.fault("DescribeAutoScalingGroups", "\"no-group\"", &error("Throttling"));
    let daemon = Daemon::start(&world);
    for scaler in ["no-queue", "no-group"] {
        daemon.more(scaler, 3);
    }
    world.emulator.mend("/no-queue\"");
    world.emulator.mend("\"no-group\"");
    for scaler in ["no-queue", "no-group"] {
        let recovered = || daemon.said("recovered: ").iter().any(|line| line.contains(scaler));
        daemon.wait("recovery", recovered);
        daemon.more(scaler, 1);
        let of_scaler = |words: &str| {
            daemon.said(words).iter().filter(|line| line.contains(&format!("scaler=\"{scaler}\""))).count()
        };
        assert_eq!(of_scaler(" WARN "), 1, "{daemon:#?}");
        assert_eq!(of_scaler("recovered: "), 1, "{daemon:#?}");
    }
}
