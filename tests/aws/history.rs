//! The history of decisions, as it is kept, asked and replayed.

use crate::bad_day::{BRISK, Daemon, five_workers, tempted};
use crate::world::{World, records};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The segments of the history, oldest first.
pub(crate) fn segments(world: &World) -> Vec<PathBuf> {
    let entries = fs::read_dir(world.state_dir().join("history"));
    let mut paths: Vec<_> = entries.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The records that are kept, torn lines left out.
pub(crate) fn kept(world: &World) -> Vec<Value> {
    let texts = segments(world).into_iter().map(|path| String::from_utf8(fs::read(path).unwrap()).unwrap());
    let lines: Vec<String> =
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[tokio::test]
async fn what_is_kept_is_what_was_printed_over_restarts() {
    let world = five_workers("kept", 9).await;
    world.settings(&tempted("kept", BRISK));
    let printed: Vec<Value> = (0..3).flat_map(|_| world.once(&[])).collect();
    assert_eq!(kept(&world), printed);
    assert_eq!(segments(&world).len(), 1);
}

#[tokio::test]
async fn a_dry_run_keeps_none_and_neither_does_an_explanation() {
    let world = five_workers("kept-dry", 9).await;
    world.settings(&tempted("kept-dry", BRISK));
    records(&world.run(&["run", "--once", "--dry-run", "--output", "json"]));
    records(&world.run(&["explain", "kept-dry", "--output", "json"]));
    assert_eq!(segments(&world), [""; 0].map(PathBuf::from));
}

#[tokio::test]
async fn history_that_is_switched_off_is_not_kept_and_a_reload_switches_it_on() {
    let world = five_workers("kept-off", 9).await;
    let path = world.settings(&tempted("kept-off", BRISK));
    let on = fs::read_to_string(&path).unwrap();
    fs::write(&path, on.replace("[daemon]", "[daemon]\nhistory_days = 0")).unwrap();
    let daemon = Daemon::start(&world);
    daemon.more("kept-off", 2);
    assert_eq!(segments(&world), [""; 0].map(PathBuf::from));
    fs::write(&path, on).unwrap();
    daemon.signal("HUP");
    daemon.await_words("settings reloaded");
    daemon.wait("history", || !kept(&world).is_empty());
}

#[tokio::test]
async fn a_decision_of_the_past_is_explained_as_it_was() {
    let world = five_workers("past", 9).await;
    world.settings(&tempted("past", BRISK));
    let record = &world.once(&[])[0];
    let time = record["time"].as_str().unwrap();
    let asked = |args: &[&str]| world.run(&[&["explain", "past", "--at"], args].concat());
    let told = asked(&[time, "--output", "json"]);
    assert_eq!(records(&told), std::slice::from_ref(record));
    let page = String::from_utf8(asked(&["0s ago"]).stdout).unwrap();
    assert!(page.starts_with(&format!("past at {time}\n")), "{page}");
    assert!(page.contains("\n  queue past: 9 visible, 0 in flight\n"), "{page}");
    assert!(page.contains("\n  scale out from 5 to 9\n  it was set"), "{page}");
    assert!(
        page.contains(
            "\n  1. more than 9 counted messages would ask for 10 or more, 8 or fewer for 8 or fewer"
        ),
        "{page}"
    );

    let early = asked(&["1d ago"]);
    let complaint = String::from_utf8(early.stderr).unwrap();
    assert_eq!(early.status.code(), Some(1));
    assert!(complaint.contains(&format!("there are records from {time} to {time}")), "{complaint}");
    let odd = asked(&["yesterday"]);
    let complaint = String::from_utf8(odd.stderr).unwrap();
    assert_eq!(odd.status.code(), Some(2));
    assert!(complaint.contains("2026-11-20T10:00:10Z") && complaint.contains("10m ago"), "{complaint}");
}

#[tokio::test]
async fn a_history_replayed_under_its_own_settings_has_no_difference_and_under_others_some() {
    let world = five_workers("replayed", 9).await;
    let path = world.settings(&tempted("replayed", BRISK));
    let daemon = Daemon::start(&world);
    daemon.more("replayed", 2);
    let queue = world.queue("").await;
    world.messages(&queue, 1).await;
    daemon.wait("another scale-out", || {
        let acted = |record: &Value| record["decision"]["to"] == 10;
        daemon.records("replayed").iter().any(acted)
    });
    daemon.more("replayed", 1);
    drop(daemon);
    let summary = |args: &[&str]| {
        let replayed = records(&world.run(&[&["replay", "--output", "json"], args].concat()));
        replayed.last().unwrap()["summary"].clone()
    };
    let own = summary(&[]);
    assert_eq!((&own["differences"], &own["recorded"]), (&Value::from(0), &own["replayed"]), "{own}");
    assert_eq!(own["recorded"]["scale_out"], 2, "{own}");
    assert_eq!(own["ticks"].as_u64(), Some(kept(&world).len() as u64));

    let text = fs::read_to_string(path).unwrap().replace("acceptable_backlog = 1", "acceptable_backlog = 3");
    let path = world.dir.path().join("other.toml");
    fs::write(&path, text).unwrap();
    let other = summary(&["--config", path.to_str().unwrap()]);
    assert_eq!(other["differences"], other["ticks"], "it always wants fewer: {other}");
    let text = world.run(&["replay", "--config", path.to_str().unwrap()]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(&format!("\n{} differ; ", other["ticks"])), "{text}");
    assert!(text.contains("\ndecisions   recorded  replayed\nscale out          2         0\n"), "{text}");
    assert_eq!(other["replayed"]["scale_in"], other["ticks"], "{other}");
}
