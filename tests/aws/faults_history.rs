//! History that cannot be kept, and processes that are killed while they keep it.

use crate::bad_day::{BRISK, Daemon, five_workers, tempted, wait_until};
use crate::history::{kept, segments};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Every write to `/dev/full` fails as on a full disk.
#[tokio::test]
async fn a_full_disk_under_the_history_is_said_once_and_scaling_goes_on() {
    let world = five_workers("full-history", 9).await;
    world.settings(&tempted("full-history", BRISK));
    let dir = world.state_dir().join("history");
    fs::create_dir_all(&dir).unwrap();
    let segment = dir.join("0000000001.jsonl");
    symlink("/dev/full", &segment).unwrap();
    let daemon = Daemon::start(&world);
    let records = daemon.more("full-history", 3);
    assert_eq!(records[0]["outcome"]["kind"], "done");
    fs::remove_file(&segment).unwrap();
    daemon.await_words("the history of decisions is kept again");
    let last = daemon.more("full-history", 2);
    assert_eq!(daemon.said("cannot keep the history").len(), 1, "{daemon:#?}");
    assert!(daemon.said("cannot keep the history")[0].contains("No space left on device"), "{daemon:#?}");
    assert_eq!(daemon.said("is kept again").len(), 1, "{daemon:#?}");
    assert!(kept(&world).contains(&last[0]));
    assert_eq!(world.desired("full-history").await, 9);
}

/// Twenty scalers that write each second, and kills at moments spread over the half second after a start, or
/// after a first record.
#[tokio::test]
async fn ten_kills_at_any_moment_leave_a_history_of_whole_records_that_goes_on() {
    let world = five_workers("slain-history", 5).await;
    let scaler = |number: usize| {
        let scaler = tempted("slain-history", BRISK).replace("drive = true", "drive = false");
        scaler.replacen("name = \"slain-history\"", &format!("name = \"slain-{number}\""), 1)
    };
    world.settings(&(0..20).map(scaler).collect::<String>());
    let mut random: u64 = 20_261_121;
    let mut printed = Vec::new();
    for life in 0..10 {
        let mut daemon = Daemon::start(&world);
        daemon.await_words("starting");
        if life % 2 == 0 {
            daemon.wait("a record", || !daemon.records("slain-0").is_empty());
        }
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        wait_until(Duration::from_millis(random >> 55), || false);
        daemon.signal("KILL");
        daemon.end();
        assert!(daemon.said(" WARN ").is_empty(), "{daemon:#?}");
        printed.extend((0..20).flat_map(|number| daemon.records(&format!("slain-{number}"))));
    }
    assert!(printed.len() >= 5, "{} records", printed.len());
    let kept = kept(&world);
    let torn =
        segments(&world).iter().map(|path| fs::read_to_string(path).unwrap().lines().count()).sum::<usize>()
            - kept.len();
    assert!(torn <= 10, "{torn} lines are no records");
    // What is printed is kept a moment later.
    let lost = printed.iter().filter(|record| !kept.contains(record)).count();
    assert!(lost <= 10, "{lost} of {} records were printed and are not kept", printed.len());
    let after = world.once(&[]);
    assert_eq!(crate::history::kept(&world).len(), kept.len() + after.len());
}

/// Runs its arguments with a file system of their own for the state, of 512 KiB.
const SMALL_DISK: &str = "mount -t tmpfs -o size=512k small \"$0\" && exec \"$@\"";

/// The disk fills while the daemon writes to it, within a line or not, and has room again.
#[tokio::test]
#[ignore = "needs leave to make namespaces"]
async fn a_disk_that_fills_up_costs_records_and_nothing_else_until_there_is_room() {
    let world = five_workers("filled-history", 9).await;
    let filling = tempted("filled-history", BRISK).replace("drive = true", "drive = false");
    world.settings(&filling);
    let state = world.state_dir();
    fs::create_dir_all(&state).unwrap();
    let run = world.backlogd(&["run", "--output", "json", "--log", "text", "--log-level", "info"]);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK]).arg(&state);
    command.arg(run.get_program()).args(run.get_args()).current_dir(world.dir.path());
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let daemon = Daemon::of(&mut command);
    daemon.more("filled-history", 2);
    // As the daemon sees it.
    let inside = PathBuf::from(format!("/proc/{}/root{}", daemon.id(), state.display()));
    assert!(inside.join("history/0000000001.jsonl").exists(), "{daemon:#?}");
    let filler = inside.join("filler");
    drop(File::create(&filler).unwrap().write_all(&vec![b'x'; 1 << 20]));
    daemon.await_words("cannot keep the history");
    let lost = daemon.more("filled-history", 2);
    fs::remove_file(&filler).unwrap();
    daemon.await_words("the history of decisions is kept again");
    let after = daemon.more("filled-history", 2);
    let text = fs::read_to_string(inside.join("history/0000000001.jsonl")).unwrap();
    let whole: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(text.lines().count() - whole.len() <= 1, "one torn line at most: {text}");
    assert!(whole.contains(&after[0]) && !whole.contains(&lost[0]), "{text}");
    assert_eq!(daemon.said("cannot keep the history").len(), 1, "{daemon:#?}");
    assert!(daemon.said("cannot keep the history")[0].contains("No space left on device"), "{daemon:#?}");
}
