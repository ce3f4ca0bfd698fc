//! Reloads that go wrong, come at a bad moment, or come twice.

use crate::bad_day::{BRISK, Daemon};
use crate::reload::{at_work, reload, scene};
use crate::running::{Systemd, eventually};
use crate::world::{World, eager};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;

/// A daemon at work on one scaler, with nothing to scale any more.
async fn content(name: &str) -> (World, Daemon, Systemd) {
    let world = scene(name, &[""]).await;
    world.settings(&eager(name, BRISK));
    let (daemon, systemd) = at_work(&world);
    daemon.wait("the scale-out", || {
        daemon.records(name).iter().any(|record| record["outcome"]["kind"] == "done")
    });
    (world, daemon, systemd)
}

/// Reloads, and claims that the settings are refused in `words`, in one line of the log and for as long as
/// they stay, and that the scaler goes on by the old ones.
fn is_refused(world: &World, daemon: &Daemon, systemd: &Systemd, words: &str) {
    reload(daemon, systemd);
    daemon.await_words("settings refused, the old ones stay in force: ");
    let lines = daemon.said("settings refused");
    assert!(lines.len() == 1 && lines[0].contains(" ERROR ") && lines[0].contains(words), "{lines:?}");
    daemon.more(&world.name, 2);
    let told = systemd.told("STATUS=old settings, those on disk are refused: ");
    let status = told.last().unwrap();
    let work = format!(" | {}: 25 visible", world.name);
    assert!(status.contains(words) && status.contains(&work), "{status}");
}

/// Claims that with `settings` back the reload succeeds, and that the refusal is history.
fn is_mended(world: &World, daemon: &Daemon, systemd: &Systemd) {
    reload(daemon, systemd);
    daemon.await_words("settings reloaded: 1 unchanged");
    let told = systemd.told(&format!("STATUS={}: 25 visible", world.name));
    assert!(told.iter().all(|line| !line.contains("refused")), "{told:?}");
}

#[tokio::test]
async fn settings_with_a_mistake_are_refused_with_its_place_and_the_old_ones_stay() {
    let (world, daemon, systemd) = content("mistaken").await;
    world.settings(&eager("mistaken", &format!("{BRISK}\nlimit = {{ max = 3 }}")));
    is_refused(
        &world,
        &daemon,
        &systemd,
        "/backlogd.toml:17:1: scaler \"mistaken\": unknown key `limit` (did you mean `limits`?)",
    );
    world.settings(&eager("mistaken", BRISK));
    is_mended(&world, &daemon, &systemd);
}

#[tokio::test]
async fn settings_that_are_not_toml_are_refused_and_the_old_ones_stay() {
    let (world, daemon, systemd) = content("garbled").await;
    fs::write(world.settings(""), "[[scaler]\n").unwrap();
    is_refused(&world, &daemon, &systemd, "/backlogd.toml:1:10: this is not TOML");
    world.settings(&eager("garbled", BRISK));
    is_mended(&world, &daemon, &systemd);
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_refused_and_the_old_ones_stay() {
    let (world, daemon, systemd) = content("unreadable").await;
    fs::remove_file(world.settings("")).unwrap();
    is_refused(&world, &daemon, &systemd, "/backlogd.toml: No such file or directory");
    world.settings(&eager("unreadable", BRISK));
    is_mended(&world, &daemon, &systemd);
}

#[tokio::test]
async fn a_drop_in_that_cannot_be_read_is_no_reason_to_drop_its_scalers() {
    let (world, daemon, systemd) = content("half-readable").await;
    let drop_ins = world.dir.path().join("conf.d");
    fs::create_dir(&drop_ins).unwrap();
    symlink("nowhere", drop_ins.join("more.toml")).unwrap();
    is_refused(&world, &daemon, &systemd, "/conf.d/more.toml: No such file or directory");
    fs::remove_file(drop_ins.join("more.toml")).unwrap();
    is_mended(&world, &daemon, &systemd);
}

#[tokio::test]
async fn settings_that_do_not_fit_the_environment_are_refused_and_the_old_ones_stay() {
    let (world, daemon, systemd) = content("unfit").await;
    let path = world.settings(&eager("unfit", BRISK));
    let sound = fs::read_to_string(&path).unwrap();
    fs::write(&path, sound.replace("region = ", "# region = ")).unwrap();
    is_refused(&world, &daemon, &systemd, "scaler \"unfit\": no AWS region");
    fs::write(&path, sound).unwrap();
    is_mended(&world, &daemon, &systemd);
}

#[tokio::test]
async fn a_state_directory_that_changes_waits_for_a_restart_and_the_rest_does_not() {
    let (world, daemon, systemd) = content("moving").await;
    let path = world.settings(&eager("moving", &format!("{BRISK}\nlimits = {{ max = 7 }}")));
    let moved = fs::read_to_string(&path).unwrap().replace("/state\"", "/elsewhere\"");
    fs::write(&path, moved).unwrap();
    reload(&daemon, &systemd);
    daemon.await_words("settings reloaded: 1 changed (moving), 0 unchanged");
    let [said] = <[String; 1]>::try_from(daemon.said("needs a restart")).unwrap();
    assert!(said.contains(" WARN ") && said.contains("state_dir needs a restart to change"), "{said}");
    daemon.more("moving", 2);
    assert!(!world.dir.path().join("elsewhere").exists());
    assert!(world.state_dir().join("moving.json").exists());
}

#[tokio::test]
async fn reloads_one_after_the_other_end_with_the_last_settings_and_each_is_told_to_its_end() {
    let (world, daemon, systemd) = content("hasty").await;
    let settings = |max: u32| eager("hasty", &format!("{BRISK}\nlimits = {{ max = {max} }}"));
    world.settings(&settings(6));
    daemon.signal("HUP");
    world.settings(&settings(3));
    daemon.signal("HUP");
    daemon.wait("the new max", || {
        daemon.records("hasty").last().is_some_and(|record| record["decision"]["recommended"] == 3)
    });
    daemon.more("hasty", 3);
    daemon.signal("TERM");
    let told = systemd.told("STOPPING=1");
    let phases: Vec<_> =
        told.iter().filter(|line| ["RELOADING=1", "READY=1"].contains(&line.as_str())).collect();
    assert!(phases.len() >= 2, "{told:?}");
    assert!(phases.chunks(2).all(|pair| pair == ["RELOADING=1", "READY=1"]), "{phases:?}");
}

#[tokio::test]
async fn a_hangup_while_it_stops_is_not_obeyed() {
    let (world, daemon, systemd) = content("too-late").await;
    let slow = json!({ "kind": "delay", "seconds": 0.8, "times": 1 });
    world.emulator.fault("GetQueueAttributes", "/too-late\"", &slow);
    let count = || world.emulator.calls("GetQueueAttributes", "/too-late\"").len();
    let before = count();
    eventually("another call", || (count() > before).then_some(()));
    let mut daemon = daemon;
    daemon.signal("TERM");
    systemd.told("STOPPING=1");
    daemon.signal("HUP");
    daemon.signal("HUP");
    assert_eq!(daemon.end().0.code(), Some(0));
    assert_eq!(daemon.said("settings "), [""; 0]);
}

#[tokio::test]
async fn a_new_scaler_that_hangs_holds_up_neither_the_reload_nor_the_watchdog_nor_the_others() {
    let world = scene("patience", &["", "-hung"]).await;
    world.settings(&eager("patience", BRISK));
    let (daemon, systemd) = at_work(&world);
    world.emulator.fault("GetQueueAttributes", "/patience-hung\"", &json!({ "kind": "hang" }));
    // By its schedule, a call may take 15 s.
    let hung = eager(
        "patience-hung",
        "schedule = \"0 * * * * *\"\naws = { region = \"eu-west-1\", endpoint_url = \"URL\" }",
    );
    let hung = hung.replace("URL", &world.emulator.url.replace("127.0.0.1", "localhost"));
    world.settings(&format!("{}{hung}", eager("patience", BRISK)));

    daemon.signal("HUP");
    systemd.told("RELOADING=1");
    let had = daemon.records("patience").len();
    let told = systemd.told("READY=1");

    assert!(told.iter().filter(|line| *line == "WATCHDOG=1").count() >= 5, "{told:?}");
    assert!(daemon.records("patience").len() >= had + 3);
    assert_eq!(daemon.records("patience-hung").len(), 0);
    daemon.await_words("not in force everywhere yet: waiting for ticks of patience-hung");
}
