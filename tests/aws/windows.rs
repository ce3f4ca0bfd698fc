//! Floors and ceilings at their times.

use crate::world::{World, eager, reasons};
use serde_json::{Value, json};
use std::process::Command;

/// A window that is always open, for it opens every day for a day, and one that opens in 2099.
fn windows(sizes: &str) -> String {
    let table = |name: &str, start: &str, sizes: &str| {
        format!(
            "[[scaler.window]]\nname = \"{name}\"\nstart = \"{start}\"\nlasts_mins = 1440\n\
             time_zone = \"Asia/Kolkata\"\n{sizes}\n"
        )
    };
    table("all day", "0 0 0 * * *", sizes) + &table("far off", "0 0 0 1 1 * 2099", "min = 9\nmax = 9")
}

/// The words of the record's last reason.
fn last_words(record: &Value) -> &str {
    record["decision"]["reasons"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_window_that_is_open_floors_the_fleet_and_every_way_to_run_says_so() {
    let world = World::new("floored").await;
    world.queue("").await;
    let group = world.group("", 0, 0, 10).await;
    world.settings(&eager("floored", &windows("min = 4")));
    let words = "window \"all day\": min 4 until 00:00 Asia/Kolkata";

    let explained = world.run(&["explain", "floored"]);
    let explained = String::from_utf8(explained.stdout).unwrap();
    assert!(explained.contains(&format!("{words} [window_min]")), "{explained}");
    let dry = world.once(&["--dry-run"]).remove(0);
    assert_eq!((&dry["decision"]["to"], last_words(&dry)), (&json!(4), words));
    assert_eq!(world.desired(&group).await, 0);

    let live = world.once(&[]).remove(0);
    assert_eq!(reasons(&live), ["backlog_per_instance", "window_min"]);
    assert_eq!((last_words(&live), &live["outcome"]["kind"]), (words, &json!("done")));
    assert_eq!(world.desired(&group).await, 4);
}

#[tokio::test]
async fn a_window_that_is_open_caps_what_a_backlog_asks_for() {
    let world = World::new("capped").await;
    let queue = world.queue("").await;
    world.messages(&queue, 40).await;
    let group = world.group("", 0, 1, 10).await;
    world.settings(&eager("capped", &windows("max = 3")));

    let record = world.once(&[]).remove(0);

    assert_eq!(reasons(&record), ["backlog_per_instance", "window_max"]);
    assert_eq!(last_words(&record), "8 wanted, window \"all day\": max 3 until 00:00 Asia/Kolkata");
    assert_eq!(world.desired(&group).await, 3);
}

#[tokio::test]
async fn a_floor_above_the_groups_max_goes_as_far_as_that() {
    let world = World::new("overfloored").await;
    world.queue("").await;
    let group = world.group("", 0, 0, 2).await;
    world.settings(&eager("overfloored", &windows("min = 4")));

    assert_eq!(reasons(&world.once(&[]).remove(0)), ["backlog_per_instance", "window_min", "limit_max"]);
    assert_eq!(world.desired(&group).await, 2);
}

/// The minute and the hour that it is in UTC so many minutes from now, as a cron pattern has them.
fn from_now(mins: u32) -> String {
    let date = Command::new("date").args(["-u", "-d", &format!("+{mins} minutes"), "+%-M %-H"]).output();
    String::from_utf8(date.unwrap().stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_floor_is_ordered_ahead_of_its_window_and_not_before() {
    let world = World::new("prewarmed").await;
    world.queue("").await;
    let group = world.group("", 0, 0, 10).await;
    let window = |lead: u32| {
        let start = from_now(30);
        format!(
            "[[scaler.window]]\nname = \"soon\"\nstart = \"0 {start} * * *\"\nlasts_mins = 60\nmin = 4\nlead_secs = {lead}\n"
        )
    };
    world.settings(&eager("prewarmed", &window(600)));
    assert_eq!(reasons(&world.once(&[]).remove(0)), ["backlog_per_instance"]);
    assert_eq!(world.desired(&group).await, 0);

    world.settings(&eager("prewarmed", &window(3600)));
    let ahead = world.once(&[]).remove(0);
    assert_eq!(reasons(&ahead), ["backlog_per_instance", "window_min"]);
    let words = last_words(&ahead);
    assert!(
        words.starts_with("window \"soon\": min 4 from ") && words.ends_with(" UTC, ordered ahead"),
        "{words}"
    );
    assert_eq!(world.desired(&group).await, 4);
}

#[tokio::test]
async fn check_tells_the_next_three_openings() {
    let world = World::new("openings").await;
    world.settings(&eager("openings", &windows("min = 4")));
    let output = world.run(&["check"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let of = |window: &str| {
        let start = format!("openings: window {window:?} opens ");
        text.lines().filter_map(|line| line.strip_prefix(&start)).collect::<Vec<_>>()
    };
    let daily = of("all day");
    assert_eq!(daily.len(), 3, "{text}");
    assert!(daily.iter().all(|line| line.ends_with("00:00 +05:30 Asia/Kolkata, for 24 h: min 4")), "{text}");
    assert_eq!(of("far off"), ["Thu 1 Jan 2099 00:00 +05:30 Asia/Kolkata, for 24 h: min 9, max 9"]);
}
