//! The daemon as a process: its rings, its signals, its sudden death.

use crate::running::{Running, ended, eventually};
use crate::world::{World, eager, reasons};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

const JSON: [&str; 3] = ["run", "--output", "json"];

/// A queue that calls for five instances, a group of one, and an eager scaler with `more`.
async fn scene(name: &str, more: &str) -> World {
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, 25).await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager(name, more));
    world
}

/// Waits until a call of `operation` about `world` is under way.
fn under_way(world: &World, operation: &str) {
    let asked = || (!world.emulator.calls(operation, &world.name).is_empty()).then_some(());
    eventually(operation, asked);
}

#[tokio::test]
async fn a_record_is_printed_at_once_and_then_a_record_a_ring() {
    let world = scene("ringing", "schedule = \"* * * * * *\"").await;
    let daemon = Running::start(world.backlogd(&JSON));

    let printed: Vec<Value> = (0..4).map(|_| daemon.record()).collect();
    daemon.signal("TERM");

    assert_eq!(daemon.end().0.code(), Some(0));
    let done = printed.iter().filter(|record| record["outcome"]["kind"] == "done");
    assert_eq!(done.count(), 1, "once the group is as it should be, there is nothing to do");
    let times: Vec<&str> = printed.iter().map(|record| record["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(world.desired("ringing").await, 5);
}

#[tokio::test]
async fn a_signal_lets_the_tick_in_progress_finish() {
    // Two at the same moment, as from a terminal and a shell script round it, are one.
    for signal in ["TERM", "INT", "TERM INT"] {
        let name = format!("finishing-{}", signal.replace(' ', "-"));
        let world = scene(&name, &format!("publish = {{ namespace = {name:?} }}")).await;
        let slow = json!({ "kind": "delay", "seconds": 1.0, "times": 1 });
        world.emulator.fault("GetQueueAttributes", &name, &slow);
        let daemon = Running::start(world.backlogd(&JSON));
        under_way(&world, "GetQueueAttributes");

        daemon.signal(signal);
        let (status, records) = daemon.end();

        assert_eq!(status.code(), Some(0));
        assert_eq!(records.len(), 1);
        assert_eq!(records[0]["outcome"]["kind"], "done");
        assert_eq!(world.desired(&name).await, 5);
        assert_eq!(world.emulator.calls("PutMetricData", &name).len(), 1, "what was measured is sent");
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let world = scene("aborting", "").await;
    world.emulator.fault("GetQueueAttributes", "aborting", &json!({ "kind": "hang" }));
    let mut daemon = Running::start(world.backlogd(&[&JSON[..], &["--log-level", "info"]].concat()));
    under_way(&world, "GetQueueAttributes");

    daemon.signal("TERM");
    daemon.logged("stopping: finishing the ticks in progress");
    eventually("an end", || {
        daemon.signal("TERM");
        daemon.has_ended().then_some(())
    });
    daemon.logged("second signal: stopping at once");
    let (status, records) = daemon.end();

    assert_eq!(status.code(), Some(1));
    assert_eq!(records, Vec::<Value>::new(), "the tick was not waited for");
    world.emulator.mend("aborting");
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let world = scene("head-1", "schedule = \"*/2 * * * * *\"").await;
    let mut command = world.backlogd(&["run", "--dry-run"]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();

    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // The reader is dropped: standard output is closed, as after `| head -1`.
    assert!(line.contains("head-1: 25 visible"), "{line}");
    let status = ended(&mut process);

    let mut log = String::new();
    process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!((status.code(), log.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_scale_out_loses_neither_the_cooldown_nor_the_wish() {
    let world = scene("killed", "").await;
    let settings = eager("killed", "");
    world.settings(&settings.replace("cooldown_out_secs = 0", "cooldown_out_secs = 600"));
    world.emulator.fault("SetDesiredCapacity", "killed", &json!({ "kind": "hang" }));
    let daemon = Running::start(world.backlogd(&JSON));
    under_way(&world, "SetDesiredCapacity");

    daemon.signal("KILL");
    assert_eq!(daemon.end(), (std::os::unix::process::ExitStatusExt::from_raw(9), Vec::<Value>::new()));
    world.emulator.mend("killed");

    // Whether the order arrived, nobody can know: it counts as if it had.
    let record = world.once(&[]).remove(0);
    assert_eq!(reasons(&record), ["backlog_per_instance", "cooldown_out"]);
    assert_eq!(world.desired("killed").await, 1);
    assert_eq!(
        fs::read_dir(world.state_dir()).unwrap().count(),
        3,
        "the state, the history and the lock, and nothing half written"
    );

    // Once it has cooled down, the order is made.
    world.settings(&settings);
    assert_eq!(world.once(&[])[0]["outcome"]["kind"], "done");
    assert_eq!(world.desired("killed").await, 5);
}

#[tokio::test]
async fn a_damaged_state_file_is_set_aside_with_a_warning() {
    let world = scene("damaged", "").await;
    fs::create_dir(world.state_dir()).unwrap();
    let path = world.state_dir().join("damaged.json");
    fs::write(&path, "{\"version\":1,\"saved").unwrap();

    let output = world.run(&["run", "--once", "--output", "json"]);

    assert_eq!(output.status.code(), Some(0));
    assert_eq!(world.desired("damaged").await, 5);
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("WARN the state file is damaged: set aside, starting afresh"), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
    assert_eq!(fs::read_to_string(path.with_extension("json.damaged")).unwrap(), "{\"version\":1,\"saved");
    let fresh: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(fresh["version"], 1);
}

#[tokio::test]
async fn the_log_tells_of_a_change_once_and_of_quiet_ticks_not_at_all() {
    let world = scene("quiet", "schedule = \"*/2 * * * * *\"").await;
    let daemon =
        Running::start(world.backlogd(&[&JSON[..], &["--log", "json", "--log-level", "info"]].concat()));

    for _ in 0..2 {
        daemon.record();
    }
    daemon.signal("TERM");
    daemon.logged("starting");
    let change: Value = serde_json::from_str(&daemon.logged("scale out from 1 to 5")).unwrap();
    assert_eq!((&change["level"], &change["scaler"]), (&json!("INFO"), &json!("quiet")));
    assert_eq!(
        (&change["action"], &change["desired"], &change["to"]),
        (&json!("scale_out"), &json!(1), &json!(5))
    );
    assert_eq!((&change["backlog"], &change["outcome"]), (&json!(25.0), &json!("done")));
    let ready: Value = serde_json::from_str(&daemon.log_line()).unwrap();
    assert_eq!(ready["message"], "ready: every scaler has done a tick");
    let stopping: Value = serde_json::from_str(&daemon.log_line()).unwrap();
    assert_eq!(stopping["message"], "stopping: finishing the ticks in progress");
}
