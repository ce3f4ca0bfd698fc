//! State that cannot be kept or read back, and processes that are killed.

use crate::bad_day::{BRISK, Daemon, Round, error, five_workers, tempted, wait_until};
use crate::world::World;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

/// Where the state of `scaler` is kept.
fn file(world: &World, scaler: &str, ending: &str) -> PathBuf {
    let dir = world.dir.path().join("state");
    fs::create_dir_all(&dir).unwrap();
    dir.join(format!("{scaler}.{ending}"))
}

fn kept(world: &World, scaler: &str) -> Value {
    serde_json::from_slice(&fs::read(file(world, scaler, "json")).unwrap()).unwrap()
}

/// Every write to `/dev/full` fails as on a full disk.
#[tokio::test]
async fn a_full_disk_is_said_once_and_scaling_goes_on() {
    let world = five_workers("full-disk", 9).await;
    world.settings(&tempted("full-disk", BRISK));
    let beside = file(&world, "full-disk", "json.new");
    symlink("/dev/full", &beside).unwrap();
    let daemon = Daemon::start(&world);
    let records = daemon.more("full-disk", 3);
    assert_eq!(records[0]["outcome"]["kind"], "done");
    assert!(!file(&world, "full-disk", "json").exists());
    fs::remove_file(&beside).unwrap();
    daemon.await_words("state is kept again");
    daemon.more("full-disk", 1);
    assert_eq!(daemon.said("cannot keep state").len(), 1, "{daemon:#?}");
    assert!(daemon.said("cannot keep state")[0].contains("No space left on device"), "{daemon:#?}");
    assert_eq!(daemon.said("state is kept again").len(), 1, "{daemon:#?}");
    assert_eq!(kept(&world, "full-disk")["version"], 1);
    assert_eq!(world.desired("full-disk").await, 9);
}

#[tokio::test]
async fn a_state_directory_that_is_none_is_said_and_scaling_goes_on() {
    let world = five_workers("no-dir", 9).await;
    world.settings(&tempted("no-dir", BRISK));
    fs::write(world.dir.path().join("state"), "a file").unwrap();
    let round = Round::of(world);
    assert_eq!(round.record["outcome"]["kind"], "done");
    assert_eq!(round.exit, 0);
    let expected = [
        "cannot read what is known of troubles",
        "cannot read the state file, starting afresh",
        "cannot keep state",
        "cannot keep the history of decisions",
    ];
    assert_eq!(round.complaints.len(), expected.len(), "{:#?}", round.complaints);
    for (complaint, words) in round.complaints.iter().zip(expected) {
        assert!(complaint.contains(words), "{complaint}");
    }
}

#[tokio::test]
async fn what_a_kill_left_half_written_beside_the_state_file_is_overwritten() {
    let world = five_workers("leftover", 9).await;
    world.settings(&tempted("leftover", BRISK));
    fs::write(file(&world, "leftover", "json.new"), b"{\"version\":1,\"sav").unwrap();
    let round = Round::of(world);
    assert_eq!(round.complaints, [""; 0]);
    assert_eq!(round.exit, 0);
    assert!(!file(&round.world, "leftover", "json.new").exists());
    assert_eq!(kept(&round.world, "leftover")["version"], 1);
}

/// Twenty files, each replaced at every tick, and kills at moments spread over the first half second
/// of a life, in which the first ticks fall.
#[tokio::test]
async fn ten_kills_at_any_moment_leave_every_state_file_whole() {
    let world = five_workers("slain", 5).await;
    let scaler = |number: usize| {
        let scaler = tempted("slain", BRISK).replace("drive = true", "drive = false");
        scaler.replacen("name = \"slain\"", &format!("name = \"slain-{number}\""), 1)
    };
    world.settings(&(0..20).map(scaler).collect::<String>());
    let mut random: u64 = 20_261_120;
    let mut files_seen = 0;
    for _ in 0..10 {
        let mut daemon = Daemon::start(&world);
        daemon.await_words("starting");
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis(random >> 55);
        wait_until(moment, || false);
        daemon.signal("KILL");
        daemon.end();
        assert!(daemon.said(" WARN ").is_empty(), "{daemon:#?}");
        for number in 0..20 {
            let file = file(&world, &format!("slain-{number}"), "json");
            if let Ok(bytes) = fs::read(&file) {
                let content: Value = serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{file:?}"));
                assert_eq!(content["version"], 1);
                files_seen += 1;
            }
        }
    }
    assert!(files_seen > 20, "the kills came too early to show anything");
    world.emulator.fault("GetQueueAttributes", "/slain\"", &error("RequestThrottled"));
    let after = Round::of(world);
    assert!(after.complaints.iter().all(|line| !line.contains("state")), "{:#?}", after.complaints);
}
