//! Scalers that somebody pauses and resumes, by the built program.

use crate::running::{Running, eventually};
use crate::world::{World, eager, reasons};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

const EACH_SECOND: &str = "schedule = \"* * * * * *\"";
const JSON: [&str; 5] = ["run", "--output", "json", "--log-level", "info"];
/// Nobody's user, as on every Debian and Red Hat.
const NOBODY: u32 = 65534;

/// Fifteen messages, of which five an instance are accepted, and a group of one: three are wanted.
async fn crowded(name: &str, more: &str) -> World {
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, 15).await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager(name, more));
    fs::create_dir(world.state_dir()).unwrap();
    world
}

fn said(output: &Output) -> (i32, String, String) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (output.status.code().unwrap(), out, err)
}

/// What a command that must do prints.
fn done(world: &World, args: &[&str]) -> String {
    let (code, out, err) = said(&world.run(args));
    assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
    out
}

/// The program as that user runs it: from a place where everybody may look.
fn of_user(world: &World, args: &[&str], user: u32) -> Command {
    let (built, program) = (env!("CARGO_BIN_EXE_backlogd"), world.dir.path().join("backlogd"));
    if !program.exists() {
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).unwrap();
    }
    let as_root = world.backlogd(args);
    let environment = as_root.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(environment).current_dir(world.dir.path()).stdin(Stdio::null());
    command.uid(user).gid(user);
    command
}

/// The next record in which something is as wanted; of those before, none may have changed the group.
fn until(daemon: &Running, what: &str, such: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..20 {
        let record = daemon.record();
        if such(&record) {
            return record;
        }
        assert_eq!(record["decision"]["action"], "hold", "{record}");
    }
    panic!("waited in vain for {what}");
}

#[tokio::test]
async fn a_paused_scaler_waits_over_a_kill_and_goes_on_once_resumed() {
    let world = crowded("paused", EACH_SECOND).await;
    let told = done(&world, &["pause", "paused", "--for", "2h"]);
    assert!(told.starts_with("paused: scale-out and scale-in are paused since "), "{told}");
    assert!(told.contains(" UTC\n  the daemon heeds it from its next tick on\n"), "{told}");

    for life in 0..2 {
        let daemon = Running::start(world.backlogd(&JSON));
        let line = daemon.logged("scale-out and scale-in are paused since");
        assert!(line.contains("INFO") && line.contains("event=\"paused\""), "life {life}: {line}");
        let record = daemon.record();
        assert_eq!(reasons(&record), ["backlog_per_instance", "paused_out"], "life {life}: {record}");
        assert_eq!((&record["paused"]["out"], &record["paused"]["in"]), (&json!(true), &json!(true)));
        assert_eq!(record["sample"]["queues"][0]["visible"], 15);
        daemon.signal("KILL");
        daemon.end();
        assert_eq!(world.desired("paused").await, 1);
    }

    let daemon = Running::start(world.backlogd(&JSON));
    assert_eq!(daemon.record()["decision"]["action"], "hold");
    let told = done(&world, &["resume", "paused"]);
    assert!(
        told.starts_with("paused: resumed; until now scale-out and scale-in are paused since "),
        "{told}"
    );
    let record = until(&daemon, "a scale-out", |record| record.get("paused").is_none());
    assert_eq!((&record["decision"]["to"], &record["outcome"]["kind"]), (&json!(3), &json!("done")));
    let line = daemon.logged("is not paused any more: resumed");
    assert!(line.contains("event=\"resumed\""), "{line}");
    assert_eq!(world.desired("paused").await, 3);
    assert_eq!(done(&world, &["resume", "paused"]), "paused: it was not paused\n");
}

#[tokio::test]
async fn a_direction_that_is_not_paused_is_free_and_a_change_of_the_pause_is_said() {
    let world = crowded("paused-in", EACH_SECOND).await;
    done(&world, &["pause", "paused-in", "--out"]);
    let daemon = Running::start(world.backlogd(&JSON));
    assert_eq!(reasons(&daemon.record()), ["backlog_per_instance", "paused_out"]);
    let told = done(&world, &["pause", "paused-in", "--in", "--for", "1d"]);
    assert!(told.contains("\n  in place of: scale-out is paused since "), "{told}");
    let record = until(&daemon, "another pause", |record| record["paused"]["out"] == false);
    assert_eq!((&record["decision"]["to"], &record["outcome"]["kind"]), (&json!(3), &json!("done")));
    daemon.logged("scale-in is paused since");
    world.sqs.purge_queue().queue_url(world.queue("").await).send().await.unwrap();
    let record = until(&daemon, "a wish to scale in", |record| reasons(record).contains(&"paused_in"));
    assert_eq!(record["decision"]["action"], "hold");
    assert_eq!(world.desired("paused-in").await, 3);
}

#[tokio::test]
async fn every_way_to_look_tells_of_a_pause_and_touches_nothing() {
    let world = crowded("paused-shown", EACH_SECOND).await;
    done(&world, &["pause", "paused-shown"]);
    let words = "scale-out and scale-in are paused since ";

    let checked = done(&world, &["check"]);
    assert!(checked.contains(&format!("\npaused-shown: {words}")), "{checked}");
    let explained = String::from_utf8(world.run(&["explain", "paused-shown"]).stdout).unwrap();
    for part in ["\npaused\n  scale-out and scale-in are paused since ", "[paused_out]", "decision\n  hold\n"]
    {
        assert!(explained.contains(part), "{explained}");
    }
    let dry = world.once(&["--dry-run"]).remove(0);
    assert_eq!(reasons(&dry), ["backlog_per_instance", "paused_out"]);
    let line = String::from_utf8(world.run(&["run", "--once", "--dry-run"]).stdout).unwrap();
    assert!(line.contains(&format!("| {words}")) && line.contains("until it is resumed | hold ("), "{line}");
    assert_eq!(fs::read_dir(world.state_dir()).unwrap().count(), 1, "the pause alone");

    world.once(&[]);
    let past = done(&world, &["explain", "paused-shown", "--at", "0s ago"]);
    assert!(past.contains(&format!("\npaused\n  {words}")), "{past}");
    assert!(past.contains("without paused_out: scale out from 1 to 3"), "{past}");
    assert_eq!(world.desired("paused-shown").await, 1);
}

#[tokio::test]
async fn the_table_and_the_metrics_of_a_daemon_tell_of_a_pause() {
    let world = crowded("paused-http", EACH_SECOND).await;
    let socket = world.dir.path().join("http.sock");
    let path = world.dir.path().join("backlogd.toml");
    let listen = format!("[daemon]\nlisten = \"unix:{}\"\n", socket.display());
    let text = fs::read_to_string(&path).unwrap().replace("[daemon]\n", &listen);
    fs::write(&path, text).unwrap();
    done(&world, &["pause", "paused-http", "--out"]);
    let _daemon = Running::start(world.backlogd(&JSON));
    let shown = eventually("the first tick", || {
        let (_, shown, _) = said(&world.run(&["status"]));
        Some(shown).filter(|shown| shown.contains("hold ("))
    });
    assert!(shown.contains("\n  PAUSED: scale-out, since 20"), "{shown}");
    assert!(shown.contains("until it is resumed\n"), "{shown}");
    let mut stream = UnixStream::connect(&socket).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).unwrap();
    for (direction, value) in [("out", 1), ("in", 0)] {
        let labels = format!("scaler=\"paused-http\",direction=\"{direction}\"");
        assert!(metrics.contains(&format!("backlogd_paused{{{labels}}} {value}")), "{metrics}");
    }
    assert!(
        metrics.contains("backlogd_paused_since_timestamp_seconds{scaler=\"paused-http\"} 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_pause_that_ran_out_while_nobody_ran_is_said_once_and_forgotten() {
    let world = crowded("paused-over", EACH_SECOND).await;
    let file = world.state_dir().join("paused-over.pause");
    fs::write(&file, r#"{"version":1,"out":true,"in":true,"since":1795176000000,"until":1795183200000}"#)
        .unwrap();
    let daemon = Running::start(world.backlogd(&JSON));
    let record = daemon.record();
    assert_eq!((record.get("paused"), &record["outcome"]["kind"]), (None, &json!("done")));
    daemon.logged("a pause has ended while nobody looked");
    assert!(!file.exists());
    assert_eq!(world.desired("paused-over").await, 3);
}

#[tokio::test]
async fn a_damaged_pause_holds_both_directions_until_somebody_resumes() {
    let world = crowded("paused-damaged", EACH_SECOND).await;
    let file = world.state_dir().join("paused-damaged.pause");
    fs::write(&file, "{\"version\":1,\"ou").unwrap();
    let daemon = Running::start(world.backlogd(&JSON));
    let line = daemon.logged("WARN");
    let path = file.display();
    assert!(line.contains(&format!("{path} cannot be understood")), "{line}");
    assert!(line.contains("sudo backlogd resume paused-damaged removes it"), "{line}");
    let record = daemon.record();
    assert_eq!(reasons(&record), ["backlog_per_instance", "paused_out"]);
    assert!(record["paused"]["why"].as_str().unwrap().contains("cannot be understood"), "{record}");
    done(&world, &["resume", "paused-damaged"]);
    let record = until(&daemon, "a scale-out", |record| record.get("paused").is_none());
    assert_eq!(record["outcome"]["kind"], "done");
}

/// As packaged: the state directory belongs to a user of the daemon's own, and the operator is root. Only
/// root can show it.
#[tokio::test]
async fn a_pause_that_root_set_is_heeded_by_a_daemon_of_another_user() {
    let world = crowded("paused-root", EACH_SECOND).await;
    if fs::metadata(world.dir.path()).unwrap().uid() != 0 {
        return;
    }
    let state = world.state_dir();
    chown(&state, Some(NOBODY), Some(NOBODY)).unwrap();
    for (dir, mode) in [(state.as_path(), 0o700), (world.dir.path(), 0o755)] {
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
    }
    done(&world, &["pause", "paused-root"]);
    let file = state.join("paused-root.pause");
    let facts = fs::metadata(&file).unwrap();
    assert_eq!((facts.uid(), facts.mode() & 0o777), (0, 0o644));

    let running = Running::start(of_user(&world, &JSON, NOBODY));
    assert_eq!(reasons(&running.record()), ["backlog_per_instance", "paused_out"]);
    // What it may not read holds as well.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let record = until(&running, "a pause that is unknown", |record| record["paused"]["why"].is_string());
    let why = record["paused"]["why"].as_str().unwrap();
    assert!(why.contains("cannot be read (Permission denied"), "{why}");
    done(&world, &["resume", "paused-root"]);
    until(&running, "a scale-out", |record| record["outcome"]["kind"] == "done");

    // One that is over it removes, though it is root's.
    fs::write(&file, r#"{"version":1,"out":true,"in":true,"since":1795176000000,"until":1795183200000}"#)
        .unwrap();
    eventually("the end of the file", || (!file.exists()).then_some(()));

    // And who is neither is told what it takes.
    let other = said(&of_user(&world, &["pause", "paused-root"], NOBODY - 1).output().unwrap());
    assert_eq!((other.0, other.1.as_str()), (1, ""));
    assert!(
        other.2.contains("paused-root.pause: Permission denied") && other.2.contains("sudo backlogd"),
        "{}",
        other.2
    );
}

/// As packaged: nobody but the daemon's user and root may look into the state directory. Only root can show it.
#[tokio::test]
async fn who_may_not_see_what_is_paused_is_told_so_and_not_that_it_is() {
    let world = crowded("paused-hidden", EACH_SECOND).await;
    if fs::metadata(world.dir.path()).unwrap().uid() != 0 {
        return;
    }
    for (dir, mode) in [(world.state_dir().as_path(), 0o700), (world.dir.path(), 0o755)] {
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
    }
    let (_, checked, _) = said(&of_user(&world, &["check"], NOBODY).output().unwrap());
    assert!(checked.contains("\nwhat is paused is not known: this user may not read "), "{checked}");
    assert!(!checked.contains(" are paused "), "{checked}");
    let (code, page, log) = said(&of_user(&world, &["explain", "paused-hidden"], NOBODY).output().unwrap());
    assert!(page.contains("\ndecision\n  scale out from 1 to 3\n"), "{code}\n{page}\n{log}");
    assert!(log.contains("thinking as if nothing were paused"), "{log}");
}

#[tokio::test]
async fn what_cannot_be_paused_is_refused_with_what_to_do() {
    let world = crowded("paused-not", "").await;
    fs::remove_dir(world.state_dir()).unwrap();
    let refused = |args: &[&str]| said(&world.run(args));
    let (code, _, why) = refused(&["pause", "paused-nto"]);
    let known = "no scaler is called \"paused-nto\"; there are: paused-not; did you mean \"paused-not\"?";
    assert_eq!((code, why.as_str()), (1, format!("error: {known}\n").as_str()));
    let (code, _, why) = refused(&["resume", "video"]);
    assert_eq!((code, why.as_str()), (1, "error: no scaler is called \"video\"; there are: paused-not\n"));
    let (code, _, why) = refused(&["pause", "paused-not"]);
    assert!(why.contains(&format!("no state directory {}", world.state_dir().display())), "{why}");
    assert_eq!(code, 1);
    let (code, _, why) = refused(&["pause", "paused-not", "--for", "2w"]);
    assert!(why.contains("a whole number of s, m, h or d, such as 30m or 2h"), "{why}");
    assert_eq!(code, 2);
}
