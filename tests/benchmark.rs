//! The benchmark in short: three of its traces, three seeds, against figures that are kept.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by a panic, in its helpers too"
)]

#[path = "../benches/control/asked.rs"]
#[expect(dead_code, reason = "here nothing is asked of the environment")]
mod asked;
#[path = "../benches/control/contest.rs"]
#[expect(dead_code, reason = "the benches have contests")]
mod contest;
#[path = "../benches/control/kept.rs"]
#[expect(dead_code, reason = "here nothing is kept")]
mod kept;
#[path = "../benches/control/ours.rs"]
mod ours;
#[path = "../benches/control/print.rs"]
#[expect(dead_code, clippy::print_stdout, reason = "here no table is printed")]
mod print;
#[path = "../benches/control/summary.rs"]
#[expect(dead_code, clippy::cast_precision_loss, reason = "here nothing is summed up")]
mod summary;
#[path = "../benches/control/worlds.rs"]
mod worlds;

use backlogd::model::Tuning;
use backlogd::sim::{Case, bound};
use ours::{Hints, ours};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Duration;
use summary::{Line, Mean};
use worlds::read;

const TRACES: &str = "tests/traces";

/// The quick ones, unlike each other: a step and a ramp, a slow hump, long jobs.
const SHORT: [&str; 3] = ["step_ramp", "az_conv", "fb2010"];
const SEEDS: [u64; 3] = [11, 12, 13];

/// By how much a figure may be worse than the one that is kept: of a ratio, this share of it.
const WORSE_MAX: f64 = 0.03;
/// And of late messages of 100, this many.
const LATER_MAX: f64 = 0.1;

#[test]
fn the_policy_is_as_cheap_and_as_punctual_as_it_was() {
    let kept = std::fs::read_to_string(format!("{TRACES}/figures.json")).unwrap();
    let kept: Map<String, Value> = serde_json::from_str(&kept).unwrap();
    let cases = read(Path::new(TRACES)).unwrap();
    let measured: Map<String, Value> = SHORT
        .iter()
        .map(|name| ((*name).to_owned(), figures(cases.iter().find(|case| case.name == *name).unwrap())))
        .collect();
    // What is not kept fails as well, and is printed to be kept; what could not be measured is worst of all.
    let figure = |of: &Map<String, Value>, name: &str, key: &str| {
        of.get(name).and_then(|figures| figures[key].as_f64())
    };
    let fallen_back = SHORT.iter().any(|name| {
        let [ratio, late] = ["ratio", "late_percent"].map(|key| {
            let kept = figure(&kept, name, key).unwrap_or(0.0);
            (figure(&measured, name, key).unwrap_or(f64::INFINITY), kept)
        });
        ratio.0 > ratio.1 * (1.0 + WORSE_MAX) || late.0 > late.1 + LATER_MAX
    });
    assert!(!fallen_back, "kept:\n{:#}\nmeasured:\n{:#}", Value::Object(kept), Value::Object(measured));
}

/// Instance-hours ÷ the bound, and late messages of 100: means over the seeds.
fn figures(case: &Case) -> Value {
    let [ratio, late] = SEEDS
        .map(|seed| figures_of(&Case { seed, ..case.clone() }))
        .iter()
        .fold([0.0, 0.0], |[ratios, lates], [ratio, late]| [ratios + ratio / 3.0, lates + late / 3.0]);
    let rounded = |figure: f64| (figure * 1e4).round() / 1e4;
    json!({ "ratio": rounded(ratio), "late_percent": rounded(late) })
}

fn figures_of(case: &Case) -> [f64; 2] {
    let messages = case.messages();
    let run = ours(case, &messages, &Hints::right(case), &Tuning::SHIPPED, false);
    [run.instance_hours / bound(case, &messages).unwrap(), run.late_percent]
}

const GOOD: &str =
    r#"{"bin": 60, "S": 20, "cv": 0.5, "c": 4, "boot": [150, 210], "W": 120, "V": 60, "mx": 60}"#;

fn complaint(with: &str, instead_of: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let worlds = format!("{{\"taxi\": {}}}", GOOD.replace(instead_of, with));
    std::fs::write(directory.path().join("worlds.json"), worlds).unwrap();
    std::fs::write(directory.path().join("taxi.csv"), "t_seconds,arrivals\n0,1\n60,x\n").unwrap();
    read(directory.path()).unwrap_err()
}

#[test]
fn a_complaint_names_the_world_the_key_and_the_value() {
    for (with, instead_of, said) in [
        ("\"S\": -1", "\"S\": 20", "taxi: \"S\": expected a number of at least 0.001, found -1"),
        ("\"c\": 0", "\"c\": 4", "taxi: \"c\": expected a whole number of at least 1, found 0"),
        (
            "[210]",
            "[150, 210]",
            "taxi: \"boot\": expected two numbers of seconds, the smaller first, found [210]",
        ),
        ("[2, 1]", "[150, 210]", "found [2,1]"),
        ("\"WW\": 1", "\"W\": 120", "taxi: unknown key \"WW\"; known are bin, S,"),
        ("\"bin\": 60", "\"bin\": 60, \"W\": 120", "taxi.csv: line 3: expected a whole number, found \"x\""),
    ] {
        let words = complaint(with, instead_of);
        assert!(words.contains(said), "{words}");
    }
    assert!(complaint("", ", \"mx\": 60").contains("worlds.json: taxi: \"mx\" is missing"));
}

#[test]
fn seeds_that_are_none_are_told_with_what_is_allowed() {
    assert_eq!(asked::listed("11, 12"), Ok(vec![11, 12]));
    for list in ["x", "11,", "-1", ""] {
        let words = asked::listed(list).unwrap_err();
        assert!(words.starts_with("SEEDS: expected whole numbers") && words.contains(list), "{words}");
    }
}

#[test]
fn what_is_measured_is_kept_where_there_is_no_directory_yet_or_the_complaint_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = kept::write(&directory.path().join("built/here"), "control.json", "{}").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}");
    let words = kept::write(&path, "control.svg", "").unwrap_err();
    assert!(words.contains("built/here/control.json/control.svg: "), "{words}");
}

#[test]
fn a_line_that_took_part_nowhere_has_no_figures_and_one_without_a_bound_no_ratio() {
    let line = |means| Line { family: "wpa".to_owned(), label: "x=1".to_owned(), means };
    assert_eq!(print::sum(&line(vec![None, None])), None);
    let unbounded = line(vec![None, Some(Mean { ratio: f64::NAN, late_percent: 2.0 })]);
    assert_eq!(print::sum(&unbounded).unwrap(), "0/1 | – | 2.0");
}

#[test]
fn the_benchmarks_own_worlds_are_read_whole() {
    let cases = read(Path::new("tests/traces")).unwrap();
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), 12, "{names:?}");
    let cron = cases.iter().find(|case| case.name == "cron_batch").unwrap();
    assert_eq!((cron.trace.total(), cron.together, cron.slots), (83_471, true, 4));
    assert_eq!(cron.boot, Duration::from_mins(2)..=Duration::from_mins(3));
}
