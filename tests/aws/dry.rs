//! Runs that only look. That they wrote nothing is the emulator's word: its record of the calls it got.

use crate::world::{World, eager};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const READS: [&str; 4] =
    ["DescribeAutoScalingGroups", "DescribeInstanceRefreshes", "GetQueueAttributes", "GetQueueUrl"];

/// A queue that calls for three instances, and a scaler that would drive and publish.
async fn tempting(name: &str) -> World {
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, 15).await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager(name, &format!("publish = {{ namespace = {name:?} }}")));
    world
}

/// The names of the calls about `world`, apart from those the test itself made.
fn operations(world: &World) -> BTreeSet<String> {
    let own = ["CreateQueue", "SendMessage", "CreateLaunchConfiguration", "CreateAutoScalingGroup"];
    let calls = world.emulator.calls("", &world.name);
    let names = calls.iter().map(|call| call["operation"].as_str().unwrap().to_owned());
    names.filter(|name| !own.contains(&name.as_str())).collect()
}

/// That `world` was read in every way, and not written to in any.
async fn assert_only_read(world: &World) {
    assert_eq!(operations(world), READS.map(str::to_owned).into());
    assert_eq!(world.desired(&world.name).await, 1);
}

#[tokio::test]
async fn a_dry_run_prints_what_it_would_do_and_writes_nothing() {
    let world = tempting("dry-run").await;

    let records = world.once(&["--dry-run"]);

    assert_eq!(records[0]["dry_run"], true);
    assert_eq!(records[0]["mode"], "dry_run");
    assert_eq!(records[0]["decision"]["action"], "scale_out");
    assert_eq!(records[0]["decision"]["to"], 3);
    assert_eq!(records[0]["outcome"]["kind"], "withheld");
    assert_only_read(&world).await;
    assert!(!world.state_dir().exists());
}

#[tokio::test]
async fn a_dry_run_goes_on_from_the_daemons_state_and_leaves_it_as_it_is() {
    let world = tempting("dry-state").await;
    let settings = eager("dry-state", "").replace("cooldown_out_secs = 0", "cooldown_out_secs = 600");
    world.settings(&settings);
    world.once(&[]);
    world.set_desired("dry-state", 1).await;
    let state = || fs::read(world.state_dir().join("dry-state.json")).unwrap();
    let before = state();

    let records = world.once(&["--dry-run"]);

    assert_eq!(records[0]["decision"]["reasons"][1]["code"], "cooldown_out");
    assert_eq!(state(), before);
    assert_eq!(fs::read_dir(world.state_dir()).unwrap().count(), 3, "the state, the history and the lock");
}

#[tokio::test]
async fn a_dry_run_can_be_asked_for_by_the_environment() {
    let world = tempting("dry-env").await;

    let output = world.backlogd(&["run", "--once"]).env("BACKLOGD_DRY_RUN", "1").output().unwrap();

    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(line.contains("dry-env: 15 visible"), "{line}");
    assert!(line.contains("| scale out from 1 to 3 ("), "{line}");
    assert!(line.ends_with("| withheld: dry run\n"), "{line}");
    assert_only_read(&world).await;
}

#[tokio::test]
async fn a_scaler_that_does_not_drive_publishes_and_never_writes_to_the_group() {
    let world = tempting("undriven").await;
    let settings = eager("undriven", "publish = { namespace = \"undriven\" }");
    world.settings(&settings.replace("drive = true", "drive = false"));

    let records = world.once(&[]);

    assert_eq!(records[0]["dry_run"], false);
    assert_eq!(records[0]["mode"], "publish_only");
    assert_eq!(records[0]["outcome"]["kind"], "withheld");
    assert_eq!(records[0]["decision"]["to"], 3);
    assert_eq!(world.emulator.calls("PutMetricData", "undriven").len(), 1);
    assert_eq!(world.emulator.calls("SetDesiredCapacity", "undriven"), Vec::<Value>::new());
    assert_eq!(world.desired("undriven").await, 1);
}

#[tokio::test]
async fn explain_shows_each_step_and_writes_nothing() {
    let world = tempting("explained").await;
    world.settings(&eager("explained", "limits = { max = 2 }\npublish = { namespace = \"explained\" }"));

    let output = world.run(&["explain", "explained"]);

    assert_eq!(output.status.code(), Some(0));
    let page = String::from_utf8(output.stdout).unwrap();
    for words in [
        "queue explained: 15 visible, 0 in flight",
        "group: desired 1, min 0, max 10; 1 in service, 0 pending, 0 terminating",
        "\n  15, 5 acceptable",
        "1. backlog 15 at 5 acceptable per instance asks for 3 [backlog_per_instance]",
        "2. 3 wanted, the settings' max is 2 [limit_max]",
        "decision\n  scale out from 1 to 2\n  the daemon would set it; nothing was set now",
    ] {
        assert!(page.contains(words), "{words:?} is not in:\n{page}");
    }
    assert_only_read(&world).await;
    assert!(!world.state_dir().exists());
}

#[tokio::test]
async fn explain_says_of_a_scaler_that_only_publishes_that_nothing_would_be_set() {
    let world = tempting("explained-undriven").await;
    world.settings(&eager("explained-undriven", "").replace("drive = true", "drive = false"));

    let output = world.run(&["explain", "explained-undriven"]);

    let page = String::from_utf8(output.stdout).unwrap();
    let end =
        "scale out from 1 to 3\n  publish only: the daemon records this and sets nothing (drive = false)\n";
    assert!(page.contains(end), "{page}");
    assert_only_read(&world).await;
}

#[tokio::test]
async fn explain_gives_the_record_itself_when_asked_for_json() {
    let world = tempting("explained-json").await;

    let output = world.run(&["explain", "explained-json", "--output", "json"]);

    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["decision"]["to"], 3);
    assert_eq!(record["outcome"]["kind"], "withheld");
    assert_only_read(&world).await;
}

#[tokio::test]
async fn explain_knows_which_scalers_there_are() {
    let world = tempting("explained-not").await;

    for (asked, end) in [("explained-nto", "; did you mean \"explained-not\"?\n"), ("video", "\n")] {
        let output = world.run(&["explain", asked]);
        assert_eq!(output.status.code(), Some(1));
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(words, format!("error: no scaler is called {asked:?}; there are: explained-not{end}"));
    }
}
