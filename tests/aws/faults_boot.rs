//! Instances that take their time, or never come.

use crate::bad_day::{BRISK, Daemon, Round, show_counters, tempted};
use crate::emulator::Emulator;
use crate::world::{AT_ONCE, World};
use serde_json::json;
use std::sync::OnceLock;

/// An emulator whose new instances stay Pending for longer than any test runs.
fn sluggish() -> &'static Emulator {
    static SLUGGISH: OnceLock<Emulator> = OnceLock::new();
    SLUGGISH.get_or_init(|| Emulator::start(&["--launch-delay", "3600"]))
}

/// A queue that shows five messages, and a group at zero.
async fn five_messages(name: &str) -> World {
    let world = World::at(sluggish(), name).await;
    world.queue("").await;
    world.group("", 0, 0, 40).await;
    show_counters(&world, name, &json!("5"), &json!("0"));
    world
}

#[tokio::test]
async fn pending_instances_are_on_order_and_are_not_ordered_twice() {
    let world = five_messages("booting").await;
    world.settings(&tempted("booting", BRISK));
    let first = Round::of(world);
    assert_eq!(first.record["decision"]["to"], 5);
    assert_eq!(first.record["outcome"]["kind"], "done");
    let second = Round::of(first.world);
    assert_eq!(second.record["sample"]["fleet"]["pending"], 5);
    assert_eq!(second.record["sample"]["fleet"]["in_service"], 0);
    assert_eq!(second.record["decision"]["action"], "hold");
    assert_eq!(second.record["metrics"]["backlog_per_instance"], 5.0);
    assert_eq!(second.world.emulator.calls("SetDesiredCapacity", "\"booting\"").len(), 1);
}

#[tokio::test]
async fn capacity_that_never_comes_is_not_ordered_over_and_over_and_that_is_said_once() {
    let world = five_messages("stalled").await;
    let soon = AT_ONCE.replace(" }", ", stalled_after_secs = 5 }");
    world.settings(&tempted("stalled", BRISK).replace(AT_ONCE, &soon));
    let daemon = Daemon::start(&world);
    let pending = || {
        let records = daemon.records("stalled");
        records.iter().filter(|record| record["sample"]["fleet"]["pending"] == 5).count()
    };
    daemon.wait("more than five seconds of waiting for instances", || pending() >= 7);
    show_counters(&world, "stalled", &json!("30"), &json!("0"));
    let stalled = || {
        let records = daemon.records("stalled");
        let held = records.iter().filter(|record| {
            let reasons = record["decision"]["reasons"].as_array().unwrap();
            reasons.iter().any(|reason| reason["code"] == "capacity_stalled")
        });
        held.count()
    };
    daemon.wait("holding back", || stalled() >= 3);
    let last = daemon.records("stalled").pop().unwrap();
    assert_eq!(last["decision"]["action"], "hold", "{last}");
    assert_eq!(last["decision"]["recommended"], 30, "{last}");
    assert_eq!(daemon.said(" WARN ").len(), 1, "{daemon:#?}");
    assert!(daemon.said(" WARN ")[0].contains("in service and no growth for"), "{daemon:#?}");
    assert_eq!(world.emulator.calls("SetDesiredCapacity", "\"stalled\"").len(), 1);
}
