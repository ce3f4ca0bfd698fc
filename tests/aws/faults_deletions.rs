//! Deletions that cannot be read: nobody waits for them, and the scaler goes on without.

use crate::bad_day::{BRISK, Daemon, error, five_workers, kind};
use crate::faults_pace::at_their_pace;
use crate::world::{World, patient};
use serde_json::Value;

const GET: &str = "GetMetricData";

/// A daemon whose calls for deletions meet `fault`, after the first of them, with the records that followed.
async fn without_deletions(name: &str, fault: &Value) -> (World, Daemon, Vec<Value>) {
    let world = five_workers(name, 5).await;
    world.settings(&patient(name, BRISK));
    world.emulator.fault(GET, &format!("\"{name}\""), fault);
    let daemon = Daemon::start(&world);
    daemon.wait("a call", || !world.emulator.calls(GET, &format!("\"{name}\"")).is_empty());
    let records = daemon.more(name, 4);
    (world, daemon, records)
}

#[tokio::test]
async fn deletions_that_may_not_be_read_are_said_once_and_asked_for_no_more() {
    let (world, daemon, records) = without_deletions("get-denied", &error("AccessDenied")).await;
    at_their_pace(&records);
    let said = daemon.said("cannot see deletions of messages, learning from the counters alone");
    assert_eq!(said.len(), 1, "{daemon:#?}");
    assert!(
        said[0].contains(" INFO ") && said[0].contains("cloudwatch:GetMetricData: AccessDenied"),
        "{said:?}"
    );
    assert_eq!(daemon.said(" WARN "), Vec::<String>::new());
    assert_eq!(world.emulator.calls(GET, "\"get-denied\"").len(), 1);
}

#[tokio::test]
async fn deletions_that_are_never_answered_hold_up_nobody() {
    let (_world, daemon, records) = without_deletions("get-hang", &kind("hang")).await;
    at_their_pace(&records);
    assert_eq!(daemon.said("deletions"), Vec::<String>::new());
    assert_eq!(daemon.said(" WARN "), Vec::<String>::new());
}
