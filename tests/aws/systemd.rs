//! What systemd is told.

use crate::running::{Running, Systemd};
use crate::world::{World, eager};
use serde_json::json;

/// A scaler with a queue of three messages and a group of one for each of `suffixes`.
async fn scene(name: &str, suffixes: &[&str]) -> World {
    let world = World::new(name).await;
    let mut settings = String::new();
    for suffix in suffixes {
        let queue = world.queue(suffix).await;
        world.messages(&queue, 3).await;
        let group = world.group(suffix, 0, 1, 10).await;
        settings += &eager(&group, "");
    }
    world.settings(&settings);
    world
}

#[tokio::test]
async fn systemd_hears_of_the_start_the_state_and_the_end() {
    let world = scene("notify", &[""]).await;
    let systemd = Systemd::listen(world.dir.path());
    let mut command = world.backlogd(&["run"]);
    command.env("NOTIFY_SOCKET", &systemd.path).env("WATCHDOG_USEC", "200000");
    let daemon = Running::start(command);

    let status = "STATUS=notify: 3 visible, 0 in flight, 3 per instance (5 acceptable), 1 of 1 in service";
    assert_eq!(
        systemd.told("READY=1"),
        ["STATUS=waiting for the first tick of 1 scalers", "READY=1", status]
    );
    for _ in 0..3 {
        let told = systemd.told("WATCHDOG=1");
        assert!(told.iter().all(|line| line == "WATCHDOG=1" || line == status), "{told:?}");
    }
    daemon.signal("TERM");
    systemd.told("STOPPING=1");
    assert_eq!(daemon.end().0.code(), Some(0));
}

#[tokio::test]
async fn it_is_ready_only_when_every_scaler_has_done_a_tick() {
    let world = scene("readiness", &["-fast", "-slow"]).await;
    let slow = json!({ "kind": "delay", "seconds": 1.0, "times": 1 });
    world.emulator.fault("GetQueueAttributes", "readiness-slow", &slow);
    let systemd = Systemd::listen(world.dir.path());
    let mut command = world.backlogd(&["run"]);
    command.env("NOTIFY_SOCKET", &systemd.path);
    let daemon = Running::start(command);

    let told = systemd.told("READY=1");

    assert_eq!(told[..2], ["STATUS=waiting for the first tick of 2 scalers", "READY=1"]);
    // A ring that comes round during the slow tick is missed: that is not the point here.
    assert!(told[2].starts_with("STATUS=2 scalers, 0 with missing readings"), "{told:?}");
    let asked = world.emulator.calls("GetQueueAttributes", "readiness-slow");
    assert_eq!(asked[0]["status"], 200, "not before the slow answer was there");
    daemon.signal("TERM");
    assert_eq!(daemon.end().0.code(), Some(0));
}

#[tokio::test]
async fn it_is_ready_whatever_the_first_ticks_find() {
    let world = World::new("unready").await;
    world.settings(&eager("unready", ""));
    let systemd = Systemd::listen(world.dir.path());
    let mut command = world.backlogd(&["run"]);
    command.env("NOTIFY_SOCKET", &systemd.path);
    let _daemon = Running::start(command);

    assert_eq!(systemd.told("READY=1")[2], "STATUS=unready: backlog unknown, fleet unknown");
}
