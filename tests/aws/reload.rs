//! Settings that change while the daemon is at work.

use crate::bad_day::{BRISK, Daemon};
use crate::running::Systemd;
use crate::world::{World, eager, reasons};
use serde_json::Value;
use std::fs;

/// A world with a queue of 25 messages and a group of one for each suffix.
async fn scene(name: &str, suffixes: &[&str]) -> World {
    let world = World::new(name).await;
    for suffix in suffixes {
        let queue = world.queue(suffix).await;
        world.messages(&queue, 25).await;
        world.group(suffix, 0, 1, 10).await;
    }
    world
}

/// The daemon at work on what is written, and systemd, which has heard READY=1.
fn at_work(world: &World) -> (Daemon, Systemd) {
    let systemd = Systemd::listen(world.dir.path());
    let mut command = world.backlogd(&["run", "--output", "json", "--log", "text", "--log-level", "info"]);
    let daemon = Daemon::of(command.env("NOTIFY_SOCKET", &systemd.path));
    systemd.told("READY=1");
    (daemon, systemd)
}

/// Reloads, and waits for its end.
fn reload(daemon: &Daemon, systemd: &Systemd) {
    daemon.signal("HUP");
    let told = systemd.told("RELOADING=1");
    let stamp = told.iter().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).expect("a stamp");
    assert!(stamp.parse::<u64>().unwrap() > 0, "{told:?}");
    systemd.told("READY=1");
}

fn time(record: &Value) -> &str {
    record["time"].as_str().unwrap()
}

#[tokio::test]
async fn a_reload_adds_removes_and_changes_scalers_and_leaves_the_others_alone() {
    let world = scene("reloaded", &["-same", "-gone", "-turned", "-new"]).await;
    let [same, gone, turned, new] =
        ["same", "gone", "turned", "new"].map(|name| eager(&format!("reloaded-{name}"), BRISK));
    let watching = turned.replace("drive = true", "drive = false");
    world.settings(&format!("{same}{gone}{watching}"));
    let (daemon, systemd) = at_work(&world);
    daemon.more("reloaded-same", 2);
    assert_eq!(world.desired("reloaded-turned").await, 1);

    world.settings(&format!("{new}{same}{turned}"));
    reload(&daemon, &systemd);

    let told = "settings reloaded: 1 added (reloaded-new), 1 changed (reloaded-turned), 1 removed (reloaded-gone), 1 unchanged";
    daemon.await_words(told);
    assert_eq!(world.desired("reloaded-turned").await, 5);
    assert_eq!(world.desired("reloaded-new").await, 5);
    let of_gone = daemon.records("reloaded-gone").len();
    for scaler in ["reloaded-same", "reloaded-turned", "reloaded-new"] {
        daemon.more(scaler, 2);
    }
    assert_eq!(daemon.records("reloaded-gone").len(), of_gone, "it still ticks");
    // One tick at the start, and then one a ring: to the second, no two are the same.
    let records = daemon.records("reloaded-same");
    let mut seconds: Vec<&str> = records[1..].iter().map(|record| &time(record)[..19]).collect();
    let count = seconds.len();
    seconds.dedup();
    assert_eq!(seconds.len(), count, "a double tick: {seconds:?}");
    daemon.signal("TERM");
}

/// Only the process can know of it: the state file says nothing.
#[tokio::test]
async fn a_changed_scaler_keeps_its_cooldown_and_what_it_has_learnt() {
    let world = scene("keeping", &[""]).await;
    let policy = "policy = { kind = \"latency\", latency_objective_secs = 60, processing_secs = 20 }";
    let before = eager("keeping", BRISK).replace("cooldown_out_secs = 0", "cooldown_out_secs = 600");
    let before =
        before.replace("policy = { kind = \"backlog_per_instance\", acceptable_backlog = 5 }", policy);
    world.settings(&before);
    let (daemon, systemd) = at_work(&world);
    daemon.wait("a scale-out", || {
        daemon.records("keeping").iter().any(|record| record["outcome"]["kind"] == "done")
    });
    world.messages(&world.queue("").await, 60).await;
    let knew = daemon.more("keeping", 3).pop().unwrap();
    fs::write(world.state_dir().join("keeping.json"), "nothing that makes sense").unwrap();

    world.settings(&before.replace("processing_secs = 20", "processing_secs = 21"));
    reload(&daemon, &systemd);

    let first = daemon.records("keeping").into_iter().find(|record| time(record) > time(&knew)).unwrap();
    assert!(reasons(&first).contains(&"cooldown_out"), "{first}");
    assert_eq!(daemon.said(" WARN "), [""; 0], "the state file was read");
}
