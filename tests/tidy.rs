//! The house rules, as tests. Each failure names the line to move.
//!
//! A rule is a function from a file to what it finds wrong there. `able.rs` shows of each that it can
//! fail; the tests here apply them to the files of `src`.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers too")]

#[path = "tidy/able.rs"]
mod able;
#[path = "tidy/text.rs"]
mod text;

use std::collections::BTreeMap;
use text::{Source, sources};

/// The floors, from the ground up. A room names only rooms on floors below its own; sideways counts as upward.
const FLOORS: [&[&str]; 10] = [
    &["model"],
    &["policy", "estimate", "clock", "calendar", "trouble"],
    &["controller", "aws"],
    &["source", "target", "publish", "store"],
    &["engine"],
    &["settings"],
    &["assemble"],
    &["daemon", "explain", "http", "online", "permissions", "sim", "tracking"],
    &["cli"],
    &["main", "lib"],
];

/// Rooms that do no I/O, read no clock and write no log.
const PURE: [&str; 6] = ["model", "policy", "estimate", "controller", "permissions", "trouble"];

/// And so do these files: the simulated world, what is made of facts about AWS, and what a target-tracking
/// policy should be.
const PURE_FILES: [&str; 37] = [
    "online/cost.rs",
    "online/facts.rs",
    "online/finding.rs",
    "online/judge/group.rs",
    "online/judge/mod.rs",
    "online/judge/place.rs",
    "online/judge/queues.rs",
    "online/judge/rivals.rs",
    "online/judge/workload.rs",
    "sim/bound/mod.rs",
    "sim/case.rs",
    "sim/chance.rs",
    "sim/load.rs",
    "sim/peers/buildkite.rs",
    "sim/peers/fixed.rs",
    "sim/peers/keda.rs",
    "sim/peers/mig.rs",
    "sim/peers/mod.rs",
    "sim/peers/nomad.rs",
    "sim/peers/step_scaling.rs",
    "sim/peers/sweep.rs",
    "sim/peers/target_tracking.rs",
    "sim/peers/wpa.rs",
    "sim/run.rs",
    "sim/shapes.rs",
    "sim/trace.rs",
    "sim/world/counters.rs",
    "sim/world/group.rs",
    "sim/world/mod.rs",
    "sim/world/queue.rs",
    "sim/world/tally.rs",
    "sim/world/terms.rs",
    "target/scaling/facts.rs",
    "tracking/plan.rs",
    "tracking/present.rs",
    "tracking/wanted.rs",
    "tracking/words.rs",
];

/// What the pure do not name; a crate stands for all that is in it.
const IMPURE: [&str; 13] = [
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "tokio",
    "tracing",
    "log",
    "rand::rng",
    "crate::clock",
    "chrono",
];

/// The files beside `aws` that may name the SDK: one adapter a service, and for `CloudWatch` one more,
/// which reads what the other does not write. `target/scaling` and those of `online` do what the daemon does not.
const ADAPTERS: [&str; 8] = [
    "source/sqs.rs",
    "source/figures.rs",
    "target/asg.rs",
    "target/scaling/mod.rs",
    "publish/cloudwatch.rs",
    "publish/sns.rs",
    "online/sqs.rs",
    "online/sts.rs",
];

/// Files below `assemble` that may speak of a dry run: the wrapper, and the record's own field.
const REHEARSAL: [&str; 5] = [
    "target/withheld.rs",
    "model/record.rs",
    "publish/json.rs",
    "publish/prometheus/families.rs",
    "publish/text.rs",
];

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// What a rule finds wrong in a file: the number of a line, and what it says or what there is to say.
type Complaints = Vec<(usize, String)>;

type Rule = fn(&Source) -> Complaints;

/// Applies a rule to all of `src`.
fn hold(title: &str, rule: Rule) {
    let complaints: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            let found = rule(source).into_iter();
            found.map(|(number, text)| format!("  src/{}:{number}: {text}", source.path))
        })
        .collect();
    assert!(complaints.is_empty(), "{title}:\n{}\n", complaints.join("\n"));
}

/// The lines, of those given, with any of the words.
fn with_words<'l>(lines: impl Iterator<Item = (usize, &'l str)>, words: &[&str]) -> Complaints {
    let found = lines.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    found.map(|(number, line)| (number, line.trim().to_owned())).collect()
}

fn all_lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(source.text.lines())
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn floors(source: &Source) -> Complaints {
    let Some(own) = floor_of(&source.room) else {
        return vec![(1, format!("the room {} stands on no floor: add it to FLOORS", source.room))];
    };
    let above = |(number, room): (usize, String)| {
        let below = floor_of(&room).is_some_and(|floor| floor < own);
        (room != source.room && !below).then(|| (number, format!("{} names {room}", source.room)))
    };
    source.rooms().into_iter().filter_map(above).collect()
}

fn sdk(source: &Source) -> Complaints {
    if source.room == "aws" || ADAPTERS.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let paths = source.paths().into_iter().map(|(number, path)| (number, path.join("::")));
    let renamed = with_words(source.code(), &["use aws_", "extern crate aws_"]);
    paths.filter(|(_, path)| path.starts_with("aws_")).chain(renamed).collect()
}

fn clock(source: &Source) -> Complaints {
    if source.room == "clock" {
        return Vec::new();
    }
    with_words(
        source.code(),
        &["Instant::now", "SystemTime::now", "Utc::now", "Local::now", "monotonic_usec_now"],
    )
}

fn purity(source: &Source) -> Complaints {
    if !PURE.contains(&source.room.as_str()) && !PURE_FILES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let impure = |path: &str| {
        IMPURE
            .iter()
            .any(|word| path.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
    };
    let paths = source.paths().into_iter().map(|(number, path)| (number, path.join("::")));
    let words = with_words(source.code(), &["async fn", "print!(", "println!(", "dbg!("]);
    paths.filter(|(_, path)| impure(path)).chain(words).collect()
}

fn rehearsal(source: &Source) -> Complaints {
    let low = floor_of(&source.room) < floor_of("assemble");
    if !low || source.is_test || REHEARSAL.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let words = ["dry_run", "dryrun", "dry run", "simulat"];
    let told = source.code().filter(|(_, line)| words.iter().any(|word| line.to_lowercase().contains(word)));
    told.map(|(number, line)| (number, line.trim().to_owned())).collect()
}

fn file_length(source: &Source) -> Complaints {
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX { vec![(lines, format!("{lines} lines"))] } else { Vec::new() }
}

/// Measured by the indentation that rustfmt guarantees: a function ends with a brace as deep as its `fn`.
fn function_length(source: &Source) -> Complaints {
    let mut complaints = Vec::new();
    let mut open: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, line) in all_lines(source) {
        let head = line.trim_start();
        let depth = line.len() - head.len();
        if is_function(head) && !head.ends_with('}') && !head.ends_with(';') {
            open.insert(depth, number);
        } else if head == "}"
            && let Some(start) = open.remove(&depth)
            && number - start + 1 > FUNCTION_LINES_MAX
        {
            complaints.push((start, format!("{} lines", number - start + 1)));
        }
    }
    complaints
}

/// Whether a line opens a function, whatever stands before its `fn`.
fn is_function(head: &str) -> bool {
    let mut rest = head;
    if let Some(after) = rest.strip_prefix("pub(") {
        rest = after.split_once(") ").map_or("", |(_, after)| after);
    }
    let before = ["pub ", "default ", "const ", "async ", "unsafe ", "extern \"C\" "];
    while let Some(after) = before.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = after;
    }
    rest.starts_with("fn ")
}

fn differing(source: &Source) -> Complaints {
    with_words(
        all_lines(source),
        &["cfg(not(test))", "cfg!(test)", "cfg!(not(test))", "cfg_attr(test", "cfg_attr(not(test)"],
    )
}

fn left_open(source: &Source) -> Complaints {
    with_words(all_lines(source), &["todo!(", "unimplemented!(", "FIXME", "XXX"])
}

#[test]
fn a_room_names_only_rooms_on_floors_below_its_own() {
    hold("upward or sideways imports", floors);
}

#[test]
fn the_sdk_is_named_only_at_its_door_and_in_the_adapters() {
    hold("the SDK belongs into aws and the adapters", sdk);
}

#[test]
fn only_the_clock_asks_the_time() {
    hold("time is an argument", clock);
}

#[test]
fn pure_rooms_do_no_io_and_write_no_log() {
    hold("the decision and the simulated world are pure", purity);
}

#[test]
fn below_assemble_nothing_knows_of_a_rehearsal() {
    hold("a rehearsal differs by its ports alone", rehearsal);
}

#[test]
fn no_file_is_longer_than_400_lines() {
    hold("files that want to be two", file_length);
}

#[test]
fn no_function_is_longer_than_70_lines() {
    hold("functions that want to be two", function_length);
}

#[test]
fn what_is_tested_is_what_ships() {
    hold("no code differs under test", differing);
}

#[test]
fn nothing_is_left_open() {
    hold("things left open", left_open);
}

#[test]
fn every_exception_to_a_rule_is_a_file_that_is_there() {
    let sources = sources();
    for path in PURE_FILES.iter().chain(&ADAPTERS).chain(&REHEARSAL) {
        assert!(sources.iter().any(|source| source.path == *path), "there is no src/{path}");
    }
    for room in FLOORS.iter().copied().flatten().chain(&PURE) {
        assert!(sources.iter().any(|source| source.room == *room), "there is no room {room}");
    }
}

#[test]
fn files_that_are_only_compiled_for_tests_are_known_as_such() {
    let is_test = |path: &str| sources().iter().find(|source| source.path == path).unwrap().is_test;
    for path in ["engine/tests.rs", "controller/tests/mod.rs", "controller/tests/pace.rs", "publish/scene.rs"]
    {
        assert!(is_test(path), "{path}");
    }
    for path in ["main.rs", "engine/mod.rs", "settings/reader.rs", "publish/mod.rs"] {
        assert!(!is_test(path), "{path}");
    }
}
