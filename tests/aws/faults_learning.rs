//! A fleet driven by the wait that is acceptable, and what it has learnt through denials and kills.

use crate::bad_day::{BRISK, Daemon, Round, error};
use crate::world::{World, patient, reasons};
use serde_json::{Value, json};
use std::fs;

/// A world of `messages` and an empty group, and a scaler that drives it.
async fn driven(name: &str, messages: usize) -> World {
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, messages).await;
    world.group("", 0, 0, 10).await;
    world.settings(&patient(name, BRISK).replace("drive = false", "drive = true"));
    world
}

fn learnt(world: &World) -> Value {
    let path = world.state_dir().join(format!("{}.json", world.name));
    let kept: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    kept["state"]["estimates"].clone()
}

#[tokio::test]
async fn what_was_learnt_survives_a_kill() {
    let world = driven("learnt", 40).await;
    let mut daemon = Daemon::start(&world);
    let records = daemon.more("learnt", 3);
    let out = records.iter().find(|record| record["decision"]["action"] == "scale_out").unwrap();
    let why = reasons(out);
    assert!(why.contains(&"time_unknown"), "{out}");
    assert_eq!(out["outcome"]["kind"], "done");
    assert!(world.desired("learnt").await > 0);
    for figure in ["arrivals_per_sec", "processing_secs", "slots", "boot_secs", "boot_spread"] {
        assert!(!out["estimate"][figure].is_null(), "{out}");
    }
    daemon.signal("KILL");
    daemon.end();
    let before = learnt(&world);
    assert!(before["last"].is_object(), "{before}");
    let round = Round::of(world);
    assert_eq!((round.exit, round.complaints.len()), (0, 0), "{:?}", round.complaints);
    // Brought from one steady clock to another by way of the time of day, it may be off by their rounding.
    let origin = |learnt: &Value| learnt["history"]["origin"].as_i64().unwrap();
    assert!((origin(&learnt(&round.world)) - origin(&before)).abs() < 100);
}

#[tokio::test]
async fn a_queue_that_may_not_be_read_teaches_nothing_and_holds() {
    let world = driven("unlearnt", 40).await;
    world.emulator.fault("GetQueueAttributes", "/unlearnt\"", &error("AccessDenied"));
    let round = Round::of(world);
    assert_eq!(round.record["decision"]["action"], "hold");
    assert_eq!(reasons(&round.record), ["missing"]);
    assert_eq!(round.record["outcome"]["kind"], "none");
    assert_eq!(round.world.desired("unlearnt").await, 0);
}

#[tokio::test]
async fn nonsense_in_what_was_learnt_is_set_aside_or_overcome() {
    let world = driven("nonsense", 40).await;
    let first = Round::of(world);
    let path = first.world.state_dir().join("nonsense.json");
    let sound: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let mut world = first.world;
    let most = json!(u64::MAX);
    for (place, value, is_damage) in [
        ("/state/estimates/history", json!("no history"), true),
        ("/state/estimates/boot/errors", json!([null]), true),
        ("/state/memory/idle/levels", json!([[-1, 0]]), true),
        ("/state/estimates/history/recent/begun", most.clone(), false),
        ("/state/memory/idle/levels", json!([[0, 9_000_000_000_000_000_i64], [u32::MAX, 0], [7, 7]]), false),
    ] {
        let mut content = sound.clone();
        *content.pointer_mut(place).unwrap_or_else(|| panic!("no {place}")) = value;
        fs::write(&path, content.to_string()).unwrap();
        let round = Round::of(world);
        assert_eq!(round.exit, 0, "{place}");
        let said = round.complaints.iter().filter(|line| line.contains("is damaged: set aside")).count();
        assert_eq!((said == 1, round.complaints.len()), (is_damage, said), "{place}: {:?}", round.complaints);
        world = round.world;
    }
}
