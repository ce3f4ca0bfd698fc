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
