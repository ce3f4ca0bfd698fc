//! Settings that change while the daemon is at work.

use crate::bad_day::{BRISK, Daemon, closed_port, show_counters};
use crate::running::{Running, Systemd, eventually};
use crate::world::{World, eager, reasons};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// A world with a queue of 25 messages and a group of one for each suffix.
pub(crate) async fn scene(name: &str, suffixes: &[&str]) -> World {
    let world = World::new(name).await;
    for suffix in suffixes {
        let queue = world.queue(suffix).await;
        world.messages(&queue, 25).await;
        world.group(suffix, 0, 1, 10).await;
    }
    world
}

/// The daemon at work on what is written, and systemd, which has heard READY=1.
pub(crate) fn at_work(world: &World) -> (Daemon, Systemd) {
    let systemd = Systemd::listen(world.dir.path());
    let mut command = world.backlogd(&["run", "--output", "json", "--log", "text", "--log-level", "info"]);
    // With a watchdog, the status is told twice a second.
    command.env("NOTIFY_SOCKET", &systemd.path).env("WATCHDOG_USEC", "1000000");
    let daemon = Daemon::of(&mut command);
    systemd.told("READY=1");
    (daemon, systemd)
}

/// Reloads, and waits for its end.
pub(crate) fn reload(daemon: &Daemon, systemd: &Systemd) {
    daemon.signal("HUP");
    let told = systemd.told("RELOADING=1");
    let stamp = told.iter().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).expect("a stamp");
    assert!(stamp.parse::<u64>().unwrap() > 0, "{told:?}");
    systemd.told("READY=1");
}

/// The first record of the same scaler after `record`.
fn after(daemon: &Daemon, record: &Value) -> Value {
    let later = || {
        let records = daemon.records(record["scaler"].as_str().unwrap());
        records.into_iter().find(|other| time(other) > time(record))
    };
    daemon.wait("a later record", || later().is_some());
    later().unwrap()
}

fn time(record: &Value) -> &str {
    record["time"].as_str().unwrap()
}

#[tokio::test]
async fn a_reload_adds_removes_and_changes_scalers_and_leaves_the_others_alone() {
    let world = scene("reloaded", &["-same", "-gone", "-turned", "-new"]).await;
    let [same, gone, turned, new] =
        ["same", "gone", "turned", "new"].map(|name| eager(&format!("reloaded-{name}"), BRISK));
    let watching = turned.replace("drive = true", "drive = false");
    world.settings(&format!("{same}{gone}{watching}"));
    let (daemon, systemd) = at_work(&world);
    daemon.more("reloaded-same", 2);
    assert_eq!(world.desired("reloaded-turned").await, 1);

    world.settings(&format!("{new}{same}{turned}"));
    reload(&daemon, &systemd);

    let told = "settings reloaded: 1 added (reloaded-new), 1 changed (reloaded-turned), 1 removed (reloaded-gone), 1 unchanged";
    daemon.await_words(told);
    assert_eq!(world.desired("reloaded-turned").await, 5);
    assert_eq!(world.desired("reloaded-new").await, 5);
    let of_gone = daemon.records("reloaded-gone").len();
    for scaler in ["reloaded-same", "reloaded-turned", "reloaded-new"] {
        daemon.more(scaler, 2);
    }
    assert_eq!(daemon.records("reloaded-gone").len(), of_gone, "it still ticks");
    // One tick at the start, and then one a ring: to the second, no two are the same.
    let records = daemon.records("reloaded-same");
    let mut seconds: Vec<&str> = records[1..].iter().map(|record| &time(record)[..19]).collect();
    let count = seconds.len();
    seconds.dedup();
    assert_eq!(seconds.len(), count, "a double tick: {seconds:?}");
    daemon.signal("TERM");
}

/// Only the process can know of it: the state file says nothing.
#[tokio::test]
async fn a_changed_scaler_keeps_its_cooldown_and_what_it_has_learnt() {
    let world = scene("keeping", &[""]).await;
    let policy = "policy = { kind = \"latency\", latency_objective_secs = 60, processing_secs = 20 }";
    let before = eager("keeping", BRISK).replace("cooldown_out_secs = 0", "cooldown_out_secs = 600");
    let before =
        before.replace("policy = { kind = \"backlog_per_instance\", acceptable_backlog = 5 }", policy);
    world.settings(&before);
    let (daemon, systemd) = at_work(&world);
    daemon.wait("a scale-out", || {
        daemon.records("keeping").iter().any(|record| record["outcome"]["kind"] == "done")
    });
    world.messages(&world.queue("").await, 60).await;
    let knew = daemon.more("keeping", 3).pop().unwrap();
    fs::write(world.state_dir().join("keeping.json"), "nothing that makes sense").unwrap();

    world.settings(&before.replace("processing_secs = 20", "processing_secs = 21"));
    reload(&daemon, &systemd);

    let first = after(&daemon, &knew);
    assert!(reasons(&first).contains(&"cooldown_out"), "{first}");
    let arrivals = |record: &Value| record["estimate"]["arrivals_per_sec"].as_f64().unwrap();
    assert!(arrivals(&first) > arrivals(&knew) / 2.0 && arrivals(&knew) > 0.1, "{knew}\n{first}");
    assert_eq!(first["estimate"]["processing_secs"], 21.0, "the new settings");
    assert_eq!(daemon.said("the state file"), [""; 0], "it was read");
}

#[tokio::test]
async fn a_scaler_that_comes_back_goes_on_from_its_state_file() {
    let world = scene("coming-back", &["", "-other"]).await;
    let cooling = eager("coming-back", BRISK).replace("cooldown_out_secs = 0", "cooldown_out_secs = 600");
    let other = eager("coming-back-other", BRISK);
    world.settings(&format!("{cooling}{other}"));
    let (daemon, systemd) = at_work(&world);
    daemon.wait("a scale-out", || {
        daemon.records("coming-back").iter().any(|record| record["outcome"]["kind"] == "done")
    });
    world.settings(&other);
    reload(&daemon, &systemd);
    daemon.await_words("1 removed (coming-back), 1 unchanged");
    let knew = daemon.records("coming-back").pop().unwrap();
    world.set_desired("coming-back", 1).await;

    world.settings(&format!("{cooling}{other}"));
    reload(&daemon, &systemd);

    let first = after(&daemon, &knew);
    assert!(reasons(&first).contains(&"cooldown_out"), "{first}");
    assert_eq!(world.desired("coming-back").await, 1);
}

#[tokio::test]
async fn connections_are_made_anew_where_the_settings_say_another_endpoint() {
    let world = scene("elsewhere", &[""]).await;
    let settings = world.settings(&eager("elsewhere", BRISK));
    let right = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, right.replace(&world.emulator.url, &closed_port())).unwrap();
    let (daemon, systemd) = at_work(&world);
    let lost = daemon.more("elsewhere", 1).remove(0);
    assert_eq!(lost["sample"]["missing"][0]["cause"], "unreachable");

    fs::write(&settings, right).unwrap();
    reload(&daemon, &systemd);

    daemon.await_words("settings reloaded: 1 changed (elsewhere), 0 unchanged");
    daemon.wait("the scale-out", || {
        daemon.records("elsewhere").iter().any(|record| record["outcome"]["kind"] == "done")
    });
    assert_eq!(world.desired("elsewhere").await, 5);
}

/// A READY=1 at the end of the reload would be taken for that of the start.
#[tokio::test]
async fn a_reload_before_it_is_ready_is_done_and_systemd_hears_one_ready_when_all_have_ticked() {
    let world = scene("early", &["", "-new"]).await;
    world.settings(&eager("early", ""));
    let slow = json!({ "kind": "delay", "seconds": 2.0, "times": 1 });
    world.emulator.fault("GetQueueAttributes", "/early\"", &slow);
    let systemd = Systemd::listen(world.dir.path());
    let mut command = world.backlogd(&["run", "--output", "json", "--log", "text", "--log-level", "info"]);
    let daemon = Daemon::of(command.env("NOTIFY_SOCKET", &systemd.path));
    let asked = || (!world.emulator.calls("GetQueueAttributes", "/early\"").is_empty()).then_some(());
    eventually("the first call", asked);

    world.settings(&format!("{}{}", eager("early", ""), eager("early-new", "")));
    daemon.signal("HUP");
    daemon.await_words("settings reloaded: 1 added (early-new), 1 unchanged");
    let told = systemd.told("READY=1");

    assert_eq!(told.iter().filter(|line| *line == "RELOADING=1").count(), 0, "{told:?}");
    assert!(told.last().unwrap().starts_with("STATUS=2 scalers, 0 with missing readings"), "{told:?}");
    daemon.signal("TERM");
    let told = systemd.told("STOPPING=1");
    assert_eq!(told.iter().filter(|line| *line == "READY=1").count(), 0, "{told:?}");
}

#[tokio::test]
async fn a_single_round_is_ended_by_a_hangup_with_its_tick_done() {
    let world = scene("once-hung-up", &[""]).await;
    world.settings(&eager("once-hung-up", ""));
    let slow = json!({ "kind": "delay", "seconds": 1.0, "times": 1 });
    world.emulator.fault("GetQueueAttributes", "once-hung-up", &slow);
    let daemon = Running::start(world.backlogd(&["run", "--once", "--output", "json"]));
    let asked = || (!world.emulator.calls("GetQueueAttributes", "once-hung-up").is_empty()).then_some(());
    eventually("the first call", asked);

    daemon.signal("HUP");

    let (status, records) = daemon.end();
    assert_eq!((status.code(), records.len()), (Some(0), 1));
    assert_eq!(world.desired("once-hung-up").await, 5);
}

/// Runs its arguments on a terminal, and takes the terminal away when they have printed a word. Its own exit
/// code is theirs.
const TERMINAL: &str = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"in service" not in seen:
    seen += os.read(terminal, 4096)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
"#;

#[tokio::test]
async fn a_run_on_a_terminal_ends_with_its_terminal() {
    let world = scene("terminal", &[""]).await;
    world.settings(&eager("terminal", BRISK));
    let run = world.backlogd(&["run", "--log-level", "info"]);
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL]).arg(run.get_program()).args(run.get_args());
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(world.dir.path());
    let (status, _) = Running::start(command).end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(world.desired("terminal").await, 5);
}

/// Of the queue and the group before, emptiness was proved for long enough; of these it is not.
#[tokio::test]
async fn a_scaler_that_turns_to_another_queue_and_group_forgets_what_it_saw_of_the_first() {
    let world = World::new("turning").await;
    for (suffix, desired) in [("-old", 0), ("-new", 5)] {
        world.queue(suffix).await;
        world.group(suffix, 0, desired, 10).await;
    }
    let patient = |suffix: &str| {
        let hasty =
            eager(&format!("turning{suffix}"), BRISK).replace("empty_for_secs = 0", "empty_for_secs = 3");
        let own = format!("[[scaler]]\n        name = \"turning{suffix}\"");
        assert!(hasty.contains(&own) && hasty.contains("empty_for_secs = 3"));
        hasty.replace(&own, "[[scaler]]\n        name = \"turning\"")
    };
    world.settings(&patient("-old"));
    let (daemon, systemd) = at_work(&world);
    daemon.more("turning", 5);

    world.settings(&patient("-new"));
    reload(&daemon, &systemd);

    let of_new =
        |record: &Value| record["sample"]["fleet"]["max"] == 10 && record["sample"]["fleet"]["desired"] == 5;
    daemon.wait("a look at the new group", || daemon.records("turning").iter().any(of_new));
    let first = daemon.records("turning").into_iter().find(of_new).unwrap();
    assert_ne!(first["decision"]["to"], 0, "{first}");
    assert!(reasons(&first).contains(&"zero_unconfirmed"), "{first}");
}

/// What the window has seen keeps a scale-in back for as long as it would have without the change.
#[tokio::test]
async fn a_changed_scaler_keeps_its_peaks_and_its_history() {
    let world = scene("peaking", &[""]).await;
    let windowed = eager("peaking", BRISK).replace("stabilization_secs = 0", "stabilization_secs = 600");
    world.settings(&windowed);
    let (daemon, systemd) = at_work(&world);
    daemon.wait("a scale-out", || {
        daemon.records("peaking").iter().any(|record| record["outcome"]["kind"] == "done")
    });
    let before = daemon.more("peaking", 4).pop().unwrap();
    show_counters(&world, "peaking", &json!("0"), &json!("0"));

    world.settings(&windowed.replace("wake_samples = 1", "wake_samples = 2"));
    reload(&daemon, &systemd);

    daemon.await_words("settings reloaded: 1 changed (peaking), 0 unchanged");
    let held = || {
        let records = daemon.records("peaking").into_iter();
        let mut later = records.filter(|record| time(record) > time(&before));
        later.find(|record| reasons(record).contains(&"stabilization_filling"))
    };
    daemon.wait("a scale-in that is held", || held().is_some());
    let held = held().unwrap();
    let words = held["decision"]["reasons"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap();
    let watched: u32 = words.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert!(watched >= 3, "the watch goes on from before the change: {words}");
    assert!(crate::history::kept(&world).contains(&before));
}

#[tokio::test]
async fn drop_ins_come_change_and_go() {
    let world = scene("dropped-in", &["", "-more"]).await;
    world.settings(&eager("dropped-in", BRISK));
    let (daemon, systemd) = at_work(&world);
    let drop_in = world.dir.path().join("conf.d/more.toml");
    fs::create_dir(drop_in.parent().unwrap()).unwrap();
    let more = eager("dropped-in-more", BRISK);

    fs::write(&drop_in, &more).unwrap();
    reload(&daemon, &systemd);
    daemon.await_words("settings reloaded: 1 added (dropped-in-more), 1 unchanged");
    assert_eq!(world.desired("dropped-in-more").await, 5);

    fs::write(&drop_in, more.replace("drive =", "drives =")).unwrap();
    reload(&daemon, &systemd);
    daemon.await_words("/conf.d/more.toml:4:9: scaler \"dropped-in-more\": unknown key `drives`");
    daemon.more("dropped-in-more", 2);

    fs::remove_file(&drop_in).unwrap();
    reload(&daemon, &systemd);
    daemon.await_words("settings reloaded: 1 removed (dropped-in-more), 1 unchanged");
    let count = daemon.records("dropped-in-more").len();
    daemon.more("dropped-in", 2);
    assert_eq!(daemon.records("dropped-in-more").len(), count);
}
