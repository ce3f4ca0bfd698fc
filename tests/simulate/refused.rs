//! What is refused, and in which words.

use super::{SETTINGS, place, refused, words};
use std::fs;
use std::process::Command;

#[test]
fn settings_that_are_wrong_are_shown_as_everywhere() {
    let dir = place();
    fs::write(dir.path().join("wrong.toml"), SETTINGS.replace("slots = 2", "slots = 0")).unwrap();
    let told = refused(&dir, &["--config", "wrong.toml"], 78);
    assert!(told.contains("control.slots cannot be 0") && told.contains("--> wrong.toml:8:"), "{told}");
    let two = format!("{SETTINGS}{}", SETTINGS.replace("\"images\"\n", "\"videos\"\n"));
    fs::write(dir.path().join("two.toml"), two).unwrap();
    let told = refused(&dir, &["--config", "two.toml"], 2);
    assert_eq!(told, "error: the settings have several scalers: images, videos; choose one with --scaler\n");
    let told = refused(&dir, &["--config", "two.toml", "--scaler", "imags"], 2);
    assert_eq!(
        told,
        "error: no scaler is called \"imags\"; there are: images, videos; did you mean \"images\"?\n"
    );
    let told = refused(&dir, &["--scaler", "images"], 2);
    assert!(told.contains("--scaler \"images\" needs a settings file"), "{told}");
}

#[test]
fn a_trace_that_is_wrong_is_named_with_line_and_value() {
    let dir = place();
    fs::write(dir.path().join("bad.csv"), "t_seconds,arrivals\n0,5\n60,five\n").unwrap();
    let told = refused(&dir, &["--trace", "bad.csv"], 78);
    assert!(told.starts_with("error: bad.csv: line 3: ") && told.contains("\"five\""), "{told}");
    let told = refused(&dir, &["--trace", "none.csv"], 78);
    assert!(told.starts_with("error: cannot read none.csv: No such file"), "{told}");
    fs::write(dir.path().join("short.csv"), "t_seconds,arrivals\n0,5\n60,5\n").unwrap();
    let told = refused(&dir, &["--trace", "short.csv"], 78);
    let expected = "error: short.csv: no message arrives after the first 1 h, which is not scored; 10 arrive before: \
        give a longer one, or let its times begin later\n";
    assert_eq!(told, expected);
    fs::write(dir.path().join("many.csv"), "t_seconds,arrivals\n0,5\n7200,4294967295\n").unwrap();
    assert!(refused(&dir, &["--trace", "many.csv"], 78).contains("at most 10000000 can be simulated"));
    fs::write(dir.path().join("long.csv"), "t_seconds,arrivals\n0,5\n18446744073709551000,1\n").unwrap();
    assert!(refused(&dir, &["--trace", "long.csv"], 78).contains("at most 366 d can be simulated"));
    let told = refused(&dir, &["--trace", "arrivals.csv", "--bin", "300"], 78);
    assert!(
        told.starts_with("error: arrivals.csv: line 3: 60 s is within the 300 s of the row before it"),
        "{told}"
    );
}

#[test]
fn flags_that_are_wrong_are_named_with_what_is_allowed() {
    let dir = place();
    for (args, allowed) in [
        (
            ["--boot-secs", "9..3"],
            "'9..3' for '--boot-secs <LO..HI>': the first of LO..HI must not be above the second",
        ),
        (["--processing-secs", "-1"], "'-1' for '--processing-secs <SECS>': seconds must be above 0"),
        (["--objective", "60,0"], "'0' for '--objective <SECS>': seconds must be above 0"),
        (["--noise-percent", "x"], "'x' for '--noise-percent <PERCENT>': must be a number"),
        (["--objective", "60s"], "'60s' for '--objective <SECS>': must be a number of seconds, such as 90"),
        (["--slots", "0"], "'0' for '--slots <COUNT>': must be a whole number from 1 to 10000"),
        (["--max", "-1"], "'-1' for '--max <COUNT>': must be a whole number from 1 to 10000"),
        (["--seed", "-1"], "'-1' for '--seed <NUMBER>': must be a whole number from 0 to "),
        (["--hours", "0.5"], "'0.5' for '--hours <HOURS>': must be a whole number from 2 to 1000"),
        (["--shape", "wave"], "[possible values: steady, burst, daily, spikes, batch]"),
        (["--victims", "young"], "[possible values: any, idle, drain]"),
    ] {
        let told = refused(&dir, &args, 2);
        assert!(told.contains(allowed), "{args:?}: {told}");
    }
    let told = refused(&dir, &["--compare", "kedda"], 2);
    assert!(
        told.contains(
            "--compare cannot be \"kedda\"; there are: all, buildkite, fixed-size, google-mig, keda, nomad, "
        ),
        "{told}"
    );
}

#[test]
fn what_is_given_as_records_and_is_none_is_told_what_one_looks_like() {
    let dir = place();
    let told = refused(&dir, &["--from-records", "arrivals.csv"], 78);
    let start =
        "error: arrivals.csv: line 1: not a decision record: one is a JSON object a line, such as {\"time\":";
    assert!(told.starts_with(start), "{told}");
}

#[test]
fn flags_of_the_demo_that_are_wrong_are_named_with_what_is_allowed() {
    for (flag, allowed) in [
        ("--speed", "'-1' for '--speed <TIMES>': must be from 0 to 1000000000"),
        ("--seed", "'-1' for '--seed <NUMBER>': must be a whole number from 0 to "),
    ] {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_backlogd"));
        let output = demo.args(["demo", flag, "-1"]).output().unwrap();
        let told = words(&output);
        assert!(output.status.code() == Some(2) && told.contains(allowed), "{told}");
    }
}
