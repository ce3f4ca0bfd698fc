//! Two of what there should be one of, and output that nobody takes.

use crate::bad_day::{BRISK, Daemon, five_workers, tempted};
use crate::world::{REGION, World};
use std::fs::File;

#[tokio::test]
async fn a_second_daemon_on_the_same_state_directory_does_not_start() {
    let world = five_workers("twice", 9).await;
    world.settings(&tempted("twice", BRISK));
    let daemon = Daemon::start(&world);
    daemon.more("twice", 1);

    let second = world.run(&["run", "--once"]);
    assert_eq!(second.status.code(), Some(1));
    let words = String::from_utf8(second.stderr).unwrap();
    assert!(words.contains("another backlogd is at work with the state directory"), "{words}");
    assert!(words.contains(&world.state_dir().display().to_string()), "{words}");

    assert_eq!(world.run(&["run", "--once", "--dry-run"]).status.code(), Some(0), "looking on is no work");
    daemon.more("twice", 1);
}

#[tokio::test]
async fn records_that_cannot_be_printed_end_no_daemon_at_work() {
    let world = five_workers("unprinted", 9).await;
    world.settings(&tempted("unprinted", BRISK));
    let mut command = world.backlogd(&["run", "--output", "json"]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let daemon = Daemon::with_output(&mut command, full.into());
    daemon.await_words("cannot print records; the work goes on");
    let looks = || world.emulator.calls("DescribeAutoScalingGroups", "\"unprinted\"").len();
    daemon.wait("more ticks", || looks() >= 3);
    assert_eq!(daemon.said("cannot print records").len(), 1, "{daemon:#?}");
    assert_eq!(world.desired("unprinted").await, 9);
}

#[tokio::test]
async fn a_group_driven_twice_is_refused_where_only_the_environment_tells_it() {
    let world = World::new("driven-twice").await;
    let scaler = |name: &str, more: &str| {
        format!(
            "[[scaler]]\nname = {name:?}\ndrive = true\nsource = [{{ queue = \"q\" }}]\n\
             target = {{ name = \"shared\" }}\npolicy = {{ kind = \"backlog_per_instance\", acceptable_backlog = 5 }}\n{more}\n"
        )
    };
    let path = world.settings("");
    let state = world.state_dir();
    let url = &world.emulator.url;
    let explicit = format!("aws = {{ region = {REGION:?} }}");
    let head = format!("[aws]\nendpoint_url = {url:?}\n\n[daemon]\nstate_dir = {state:?}\n\n");
    std::fs::write(path, head + &scaler("implied", "") + &scaler("explicit", &explicit)).unwrap();

    let output = world.backlogd(&["run", "--once"]).env("AWS_REGION", REGION).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("\"implied\" and \"explicit\" both drive group shared in eu-west-1"), "{words}");

    let elsewhere = world.backlogd(&["run", "--once"]).env("AWS_REGION", "us-east-1").output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(1), "two groups of one name; neither is there");
}
