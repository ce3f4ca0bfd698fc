//! A comparison to show in tests: the shipped controller and two others on a made-up day.

use super::case::Case;
use super::compare::{Comparison, Entry, Tried};
use super::run::{Point, Run};
use super::trace::Trace;
use std::time::Duration;

/// The comparison that `docs/simulate.md` shows a line of.
pub(super) fn compared() -> Comparison {
    let counts = (0..24 * 60).map(|minute| (minute * 60, 60)).collect();
    let trace = Trace { bin: Duration::from_mins(1), counts, lasts: Duration::from_hours(24) };
    let case = Case {
        name: "daily".to_owned(),
        trace,
        slots: 2,
        objective: Duration::from_mins(1),
        max: 20,
        ..Case::default()
    };
    let keda = Entry {
        tried: vec![tried("x=0.2", 2.5, 140.0), tried("x=1", 31.0, 126.0)],
        ..entry("keda", "x=0.1", false, run(0.7, 155.1))
    };
    let entries = vec![
        entry("backlogd", "latency, 60 s", true, run(0.36, 131.4)),
        entry("step scaling", "x=0.1", false, run(4.25, 120.0)),
        keda,
        entry("keda", "queueLength=5", false, run(12.0, 225.0)),
    ];
    let bound_fleet = vec![(Duration::ZERO, 4.5), (Duration::from_hours(12), 5.25)];
    Comparison { case, bound_hours: Some(112.3), bound_fleet, price_per_hour: Some(0.096), entries }
}

pub(super) fn entry(policy: &str, setting: &str, shipped: bool, run: Run) -> Entry {
    Entry { policy: policy.to_owned(), setting: setting.to_owned(), shipped, run, tried: Vec::new() }
}

pub(super) fn run(late_percent: f64, instance_hours: f64) -> Run {
    Run {
        late_percent,
        wait_p50: Duration::from_millis(3_250),
        wait_p95: Duration::from_millis(34_700),
        wait_p99: Duration::from_secs(51),
        wait_max: Duration::from_millis(96_104),
        instance_hours,
        launches: 90,
        actions: 73,
        killed: 122,
        lost_hours: 0.2,
        history: (1..=8_640).map(point).collect(),
    }
}

fn tried(setting: &str, late_percent: f64, instance_hours: f64) -> Tried {
    Tried { setting: setting.to_owned(), late_percent, instance_hours }
}

/// Every 10 s; a single high wait in between.
fn point(nth: u32) -> Point {
    Point {
        at: Duration::from_secs(10) * nth,
        arrived: 10,
        visible: (nth % 50).into(),
        in_flight: 10,
        desired: 5 + nth / 2_000,
        working: 5 + nth / 2_000,
        oldest_wait: Duration::from_secs(if nth == 4_321 { 96 } else { (nth % 40).into() }),
    }
}
