//! `backlogd simulate`, as the built program does it.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers too")]

mod documents;
mod refused;

use backlogd::model::Timestamp;
use backlogd::publish::json;
use backlogd::sim::{Case, START, Shape, Trace, records};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// Two hours at a message every two seconds, with a burst in the second one.
fn trace() -> String {
    let row =
        |minute: u64| format!("{},{}\n", minute * 60, if (80..84).contains(&minute) { 120 } else { 30 });
    format!("t_seconds,arrivals\n{}", (0..120).map(row).collect::<String>())
}

fn simulate(dir: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backlogd"));
    command.arg("simulate").args(args).current_dir(dir.path()).env_remove("BACKLOGD_CONFIG");
    command.output().unwrap()
}

/// A directory with a trace and settings in it.
fn place() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("arrivals.csv"), trace()).unwrap();
    fs::write(dir.path().join("backlogd.toml"), SETTINGS).unwrap();
    dir
}

const SETTINGS: &str = r#"
[[scaler]]
name = "images"
source = [{ queue = "images" }]
target = { name = "image-workers" }
policy = { kind = "backlog_per_instance", acceptable_backlog = 24 }
limits = { max = 9 }
control = { slots = 2 }
"#;

const TRACE: [&str; 4] = ["--trace", "arrivals.csv", "--processing-secs", "6"];

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What the refused run said.
fn refused(dir: &TempDir, args: &[&str], code: i32) -> String {
    let output = simulate(dir, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", words(&output));
    assert_eq!(out(&output), "", "{args:?}");
    words(&output)
}

fn json(dir: &TempDir, args: &[&str]) -> Vec<Value> {
    let output = simulate(dir, &[&TRACE, args, &["--output", "json"]].concat());
    assert!(output.status.success(), "{}", words(&output));
    out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn figures_go_to_standard_output_and_words_to_standard_error() {
    let dir = place();
    let output = simulate(&dir, &[&TRACE[..], &["--slots", "2", "--compare", "keda,wpa"]].concat());
    assert!(output.status.success(), "{}", words(&output));
    let (table, words) = (out(&output), words(&output));
    let heads = table.lines().nth(1).unwrap();
    assert!(table.starts_with("arrivals, objective 5 min; the least possible: "), "{table}");
    for head in
        ["policy", "setting", "late %", "p50 s", "p95 s", "p99 s", "max s", "hours", "x least", "actions"]
    {
        assert!(heads.contains(head), "{heads}");
    }
    assert_eq!(table.lines().filter(|line| line.starts_with("backlogd ")).count(), 1);
    assert!(table.contains("queueLength=5") && table.contains("\nwpa "), "{table}");
    assert!(words.starts_with("no settings file: "), "{words}");
    assert!(words.contains("\nbacklogd keeps waits within 5 min for "), "{words}");
    assert!(!words.contains('\r'), "progress is for terminals: {words:?}");
}

#[test]
fn nothing_has_to_be_given() {
    let dir = place();
    let output = simulate(&dir, &["--hours", "2", "--per-minute", "20"]);
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains("the built-in shape daily, 20 messages a minute"), "{}", words(&output));
}

#[test]
fn each_objective_is_a_comparison_of_its_own_and_costs_more_the_shorter_it_is() {
    let dir = place();
    let lines = json(&dir, &["--objective", "30,300", "--price-per-hour", "0.5"]);
    assert_eq!(lines.len(), 2);
    let figure = |nth: usize, field: &str| lines[nth][field].as_f64().unwrap();
    assert_eq!([&lines[0]["objective_secs"], &lines[1]["objective_secs"]], [30.0, 300.0]);
    assert!(figure(0, "bound_hours") > figure(1, "bound_hours"));
    for nth in [0, 1] {
        assert!(figure(nth, "instance_hours") > figure(nth, "bound_hours") * 0.9);
        let ratio = figure(nth, "instance_hours") / figure(nth, "bound_hours");
        assert!((figure(nth, "ratio") - ratio).abs() < 0.01);
        assert!((figure(nth, "dollars") - figure(nth, "instance_hours") / 2.0).abs() < 0.01);
        assert!(figure(nth, "wait_p50_secs") <= figure(nth, "wait_p95_secs"));
        assert!(figure(nth, "wait_p95_secs") <= figure(nth, "wait_p99_secs"));
        assert!(figure(nth, "wait_p99_secs") <= figure(nth, "wait_max_secs"));
        assert!((0.0..=100.0).contains(&figure(nth, "late_percent")));
        assert_eq!(lines[nth]["messages"].as_u64(), Some(120 * 30 + 4 * 90));
        assert_eq!(lines[nth]["shipped"], Value::Bool(true));
    }
}

#[test]
fn the_seed_decides() {
    let dir = place();
    let run = |seed| json(&dir, &["--seed", seed, "--compare", "step-scaling"]);
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
}

#[test]
fn the_settings_decide_what_flags_do_not() {
    let dir = place();
    let policy = |args: &[&str]| json(&dir, args)[0]["setting"].as_str().unwrap().to_owned();
    assert_eq!(policy(&["--config", "backlogd.toml"]), "backlog per instance, 24");
    assert_eq!(policy(&[]), "latency, 5 min");
    let least =
        |max: &str| json(&dir, &["--config", "backlogd.toml", "--max", max])[0]["bound_hours"].is_null();
    assert!(least("1") && !least("9"), "one instance of two slots cannot do it, nine can");
}

/// What a daemon writes down that looks at a day's noisy, stale counters every ten seconds.
fn watched(case: &Case) -> String {
    let mut world = case.world(case.messages());
    world.set_desired(30).unwrap();
    let mut look = |at: Timestamp| {
        world.advance_to(at);
        let (time, seen) = (json::time(at), world.counters());
        format!(
            "{{\"time\":\"{time}\",\"scaler\":\"images\",\"sample\":{{\"queues\":[{{\"visible\":{},\"in_flight\":{},\
             \"delayed\":0}}],\"fleet\":null,\"missing\":[]}}}}\n",
            seen.visible, seen.in_flight
        )
    };
    (1..=8_640).map(|tick| look(START + Duration::from_secs(10) * tick)).collect()
}

#[test]
fn from_noisy_counters_every_hours_arrivals_are_known_to_a_few_percent() {
    let trace = Shape::Daily.trace(Duration::from_hours(24), 60.0, 1);
    let case = Case { trace, ..Case::default() };
    let read = records::read(&watched(&case), None, Some(10.0)).unwrap().trace;
    let within = |trace: &Trace, hour: u64| {
        let bins = trace.counts.iter().filter(|(secs, _)| secs / 3_600 == hour);
        f64::from(bins.map(|(_, count)| *count).sum::<u32>())
    };
    for hour in 1..23 {
        let (truly, reckoned) = (within(&case.trace, hour), within(&read, hour));
        assert!((reckoned / truly - 1.0).abs() < 0.06, "hour {hour}: {reckoned} of {truly}");
    }
    let (truly, reckoned) = (case.trace.total(), read.total());
    assert!(truly.abs_diff(reckoned) * 50 < truly, "{reckoned} of {truly}");
}

/// The records of a daemon that looked on while a message came every two seconds.
fn records() -> String {
    let record = |tick: u64| {
        let (hour, minute, second) = (tick / 360, tick / 6 % 60, tick % 6 * 10);
        format!(
            "{{\"time\":\"2026-11-20T{hour:02}:{minute:02}:{second:02}Z\",\"scaler\":\"images\",\
             \"sample\":{{\"queues\":[{{\"visible\":2,\"in_flight\":3,\"delayed\":0}}],\
             \"fleet\":{{\"max\":30}},\"missing\":[]}}}}\n"
        )
    };
    (0..720).map(record).collect()
}

#[test]
fn the_daemons_records_are_a_workload() {
    let dir = place();
    let path = dir.path().join("run.jsonl");
    fs::write(&path, records()).unwrap();
    let args = ["--from-records", "run.jsonl", "--processing-secs", "6", "--output", "json"];
    let output = simulate(&dir, &args);
    assert!(output.status.success(), "{}", words(&output));
    let line: Value = serde_json::from_str(out(&output).trim()).unwrap();
    // 3 in flight at 6 s each are 5 in 10 s; 5 were there at the beginning.
    assert_eq!((line["workload"].as_str(), line["messages"].as_u64()), (Some("images"), Some(719 * 5 + 5)));
    fs::write(&path, records() + "{\"time\":\n").unwrap();
    let told = refused(&dir, &args, 78);
    assert!(
        told.starts_with("error: run.jsonl: line 721: not a decision record: it breaks off in column "),
        "{told}"
    );
    assert!(refused(&dir, &["--from-records", "none.jsonl"], 78).contains("cannot read none.jsonl: "));
}

#[test]
fn records_of_another_scaler_than_the_settings_are_told_apart() {
    let dir = place();
    let thumbs = records().replace("\"images\"", "\"thumbs\"");
    fs::write(dir.path().join("thumbs.jsonl"), thumbs).unwrap();
    fs::write(dir.path().join("images.jsonl"), records()).unwrap();
    let said = |file: &str| {
        let args = ["--from-records", file, "--processing-secs", "6", "--config", "backlogd.toml"];
        let output = simulate(&dir, &args);
        assert!(output.status.success(), "{}", words(&output));
        words(&output)
    };
    let told = "\nthe records are of scaler thumbs, and the settings of scaler images\n";
    assert!(said("thumbs.jsonl").contains(told), "{}", said("thumbs.jsonl"));
    assert!(!said("images.jsonl").contains("the records are of scaler"));
}

#[test]
fn the_help_names_the_others_and_what_is_allowed() {
    let help = out(&simulate(&place(), &["--help"]));
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "There are buildkite, fixed-size, google-mig, keda, nomad, step-scaling, target-tracking,",
        "2 to 1000;",
    ] {
        assert!(help.contains(words), "{help}");
    }
}

#[test]
fn its_records_can_be_replayed_and_are_a_workload_themselves() {
    let dir = place();
    let output =
        simulate(&dir, &[&TRACE[..], &["--config", "backlogd.toml", "--records", "run.jsonl"]].concat());
    assert!(output.status.success() && words(&output).contains("records: run.jsonl"), "{}", words(&output));
    let first = fs::read_to_string(dir.path().join("run.jsonl")).unwrap();
    assert!(first.starts_with("{\"time\":\"2026-01-01T00:00:10Z\",\"scaler\":\"images\","), "{first:.200}");

    let mut replay = Command::new(env!("CARGO_BIN_EXE_backlogd"));
    replay
        .args(["replay", "run.jsonl", "--config", "backlogd.toml", "--output", "json"])
        .current_dir(dir.path());
    let replay = replay.output().unwrap();
    assert!(replay.status.success(), "{}", words(&replay));
    let mut ticks: Vec<Value> =
        out(&replay).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The last line sums up.
    ticks.pop();
    assert_eq!(ticks.len(), first.lines().count());
    assert!(
        ticks.iter().all(|tick| tick["recorded"]["action"] == tick["replayed"]["action"]),
        "the same settings"
    );

    let again = ["--from-records", "run.jsonl", "--processing-secs", "6", "--records", "again.jsonl"];
    let output = simulate(&dir, &again);
    assert!(output.status.success(), "{}", words(&output));
    // From the first look on.
    let again = fs::read_to_string(dir.path().join("again.jsonl")).unwrap();
    assert!(again.starts_with("{\"time\":\"2026-01-01T00:00:20Z\""), "{again:.200}");
}

#[test]
fn workers_that_work_are_never_told_of_as_if_they_did_not_however_old_the_counters_are() {
    let (dir, watched) = (place(), Path::new("run.jsonl"));
    for (shape, per_minute, takes) in [("daily", "1", "0.5"), ("spikes", "20", "10"), ("batch", "0.2", "120")]
    {
        let world =
            ["--shape", shape, "--per-minute", per_minute, "--processing-secs", takes, "--hours", "3"];
        let poor = ["--stale-secs", "60", "--noise-percent", "10", "--records", "run.jsonl"];
        assert!(simulate(&dir, &[&world[..], &poor].concat()).status.success());
        let records = fs::read_to_string(dir.path().join(watched)).unwrap();
        assert!(records.lines().count() > 1_000 && !records.contains("\"none_taken\""), "{shape}");
    }
}

#[test]
fn records_that_cannot_be_written_fail_after_the_figures_are_told() {
    let dir = place();
    let output = simulate(&dir, &[&TRACE[..], &["--records", "no/such/run.jsonl"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("\nbacklogd "), "{}", out(&output));
    assert!(
        words(&output).contains("error: cannot write no/such/run.jsonl: No such file"),
        "{}",
        words(&output)
    );
    assert!(
        refused(&dir, &["--records", "run.jsonl", "--objective", "60,300"], 2)
            .contains("takes one objective")
    );
}

#[test]
fn the_report_has_the_plots_and_loads_nothing() {
    let dir = place();
    let args = [&TRACE[..], &["--compare", "keda,wpa", "--report", "out.html"]].concat();
    let output = simulate(&dir, &args);
    assert!(output.status.success() && words(&output).contains("report: out.html"), "{}", words(&output));
    let page = fs::read_to_string(dir.path().join("out.html")).unwrap();
    for plot in [
        "Cost, as a multiple of the least possible, against messages that waited too long",
        "Messages that arrive, a minute",
        "Instances that take messages",
        "Seconds that the longest-waiting message has waited",
        "Messages waiting",
    ] {
        assert!(page.contains(&format!("<figcaption>{plot}")), "{plot}");
    }
    assert_eq!(page.matches("<svg ").count(), 5);
    assert!(
        page.contains("backlogd keeps waits within 5 min for") && page.contains("prefers-color-scheme: dark")
    );
    for loading in ["http:", "https:", "//", "src=", "<script", "<link", "@import", "url(", "href=\"h"] {
        assert!(!page.contains(loading), "{loading}");
    }
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    let again = simulate(&dir, &args);
    assert!(again.status.success());
    assert_eq!(
        fs::read_to_string(dir.path().join("out.html")).unwrap(),
        page,
        "the same input, the same page"
    );
}

#[test]
fn a_report_that_cannot_be_written_fails_after_the_figures_are_told() {
    let dir = place();
    let output = simulate(&dir, &[&TRACE[..], &["--report", "no/such/out.html"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("\nbacklogd "), "{}", out(&output));
    let told = words(&output);
    assert!(told.contains("error: cannot write no/such/out.html: No such file or directory"), "{told}");
    assert!(!Path::new(&dir.path().join("no")).exists());
}
