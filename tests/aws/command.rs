//! The command line: exit codes, and words for people.

use crate::world::{World, eager};
use std::fs;
use std::io;
use std::process::{Output, Stdio};

/// Standard output and standard error.
fn words(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn check_accepts_a_sound_file_without_a_call() {
    let world = World::new("sound").await;
    world.settings(&eager("sound", ""));
    let output = world.run(&["check"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(words(&output).0.contains("sound: every 10 seconds"), "{output:?}");
    assert_eq!(world.emulator.calls("", "sound").len(), 0);
}

#[tokio::test]
async fn two_mistakes_give_two_messages_each_at_its_place() {
    let world = World::new("mistaken").await;
    world.settings(
        &eager("mistaken", "cooldown = 3\nlimits = { min = 5, max = 2 }").replace("drive =", "drives ="),
    );
    for args in [["check"].as_slice(), &["run", "--once"], &["explain", "mistaken"]] {
        let output = world.run(args);
        let (data, complaint) = words(&output);
        assert_eq!((output.status.code(), data.as_str()), (Some(78), ""), "{args:?}");
        for part in [
            "unknown key `drives`",
            "did you mean `drive`?",
            "unknown key `cooldown`",
            "is above limits.max",
            "backlogd.toml:11:",
        ] {
            assert!(complaint.contains(part), "{part:?} is not in:\n{complaint}");
        }
        assert!(!complaint.contains('\u{1b}'), "no colours into a pipe");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_says_how_to_name_another() {
    let world = World::new("fileless").await;
    let output = world.run(&["run", "--config", "elsewhere.toml"]);
    assert_eq!(output.status.code(), Some(78));
    let (_, complaint) = words(&output);
    assert!(complaint.contains("cannot read elsewhere.toml"), "{complaint}");
    assert!(complaint.contains("name another file with --config"), "{complaint}");
}

#[tokio::test]
async fn without_a_region_anywhere_it_says_where_to_name_one() {
    let world = World::new("regionless").await;
    let settings = format!("[aws]\nendpoint_url = {:?}\n{}", world.emulator.url, eager("regionless", ""));
    fs::write(world.dir.path().join("backlogd.toml"), settings).unwrap();
    for args in [["run"].as_slice(), &["run", "--once"], &["explain", "regionless"]] {
        let output = world.run(args);
        let sentence = "error: scaler \"regionless\": no AWS region: set `region` under [aws], or AWS_REGION, \
                        or a region in the AWS profile\n";
        assert_eq!((output.status.code(), words(&output)), (Some(78), (String::new(), sentence.to_owned())));
    }
}

#[tokio::test]
async fn the_region_may_come_from_the_environment() {
    let world = World::new("regional").await;
    let queue = world.queue("").await;
    world.messages(&queue, 3).await;
    world.group("", 0, 1, 10).await;
    let settings = format!("[aws]\nendpoint_url = {:?}\n{}", world.emulator.url, eager("regional", ""));
    fs::write(world.dir.path().join("backlogd.toml"), settings).unwrap();
    let output =
        world.backlogd(&["run", "--once", "--dry-run"]).env("AWS_REGION", "eu-west-1").output().unwrap();
    let (line, log) = words(&output);
    assert_eq!((output.status.code(), log.as_str()), (Some(0), ""));
    assert!(
        line.contains("3 visible, 0 in flight, 3 per instance (5 acceptable), 1 of 1 in service"),
        "{line}"
    );
}

#[tokio::test]
async fn a_queue_of_another_region_is_refused_at_the_start() {
    let world = World::new("overseas").await;
    let text = eager("overseas", "")
        .replace("queue = \"overseas\"", "queue = \"arn:aws:sqs:us-east-1:123456789012:overseas\"");
    let settings = format!("[aws]\nendpoint_url = {:?}\n{text}", world.emulator.url);
    fs::write(world.dir.path().join("backlogd.toml"), settings).unwrap();
    let output = world.backlogd(&["run"]).env("AWS_REGION", "eu-west-1").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let (_, complaint) = words(&output);
    assert!(
        complaint.contains("queue overseas is in region us-east-1, but its calls go to eu-west-1"),
        "{complaint}"
    );
    assert!(complaint.contains("set `aws = { region = \"us-east-1\" }` for this scaler"), "{complaint}");
}

#[tokio::test]
async fn what_cannot_be_written_is_a_failure_that_says_why() {
    let world = World::new("full").await;
    let queue = world.queue("").await;
    world.messages(&queue, 1).await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager("full", ""));
    for args in [["check"].as_slice(), &["explain", "full"], &["completions", "bash"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = world.backlogd(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let (_, complaint) = words(&output);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {complaint}");
        assert!(
            complaint.starts_with("error: cannot write to standard output: No space left on device"),
            "{complaint}"
        );
    }
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_failure() {
    let world = World::new("enough").await;
    world.settings(&eager("enough", ""));
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = world.backlogd(&["check"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), words(&output).1.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn completions_are_printed_for_every_shell() {
    let world = World::new("completed").await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = world.run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        let (script, log) = words(&output);
        assert!(
            script.contains("backlogd") && script.contains("explain") && script.contains("dry-run"),
            "{shell}"
        );
        assert_eq!(log, "");
    }
}

#[tokio::test]
async fn wrong_usage_is_told_from_wrong_settings() {
    let world = World::new("misused").await;
    for args in [["frobnicate"].as_slice(), &["run", "--never"], &["explain"]] {
        let output = world.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(words(&output).1.contains("Usage:"), "{args:?}");
    }
    let output = world.run(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(words(&output).0, format!("backlogd {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_drop_in_beside_the_file_adds_its_scalers() {
    let world = World::new("dropped").await;
    world.settings(&eager("dropped", ""));
    fs::create_dir(world.dir.path().join("conf.d")).unwrap();
    fs::write(world.dir.path().join("conf.d/more.toml"), eager("dropped-in", "")).unwrap();

    let records = world.once(&["--dry-run"]);

    let mut scalers: Vec<&str> = records.iter().map(|record| record["scaler"].as_str().unwrap()).collect();
    scalers.sort_unstable();
    assert_eq!(scalers, ["dropped", "dropped-in"]);
}
