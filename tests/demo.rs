//! The demo tells its story, whatever the seed: the shipped engine meets a burst, and nothing is lost.

use backlogd::explain::{Explanation, at_length};
use backlogd::model::{Action, LatencyReason, Reason, Record};
use backlogd::publish::json;
use backlogd::sim::{Stage, Tally, demo, lock};
use serde_json::Value;
use std::time::Duration;

const SEEDS: std::ops::Range<u64> = 0..40;

/// A run to its end, with the messages counted after every tick.
async fn run(seed: u64) -> (Vec<Record>, Tally) {
    let mut stage = Stage::new(seed);
    let mut records = Vec::new();
    while !stage.over() {
        records.push(stage.tick().await);
        let census = lock(stage.world()).census();
        let unfinished = census.visible + census.in_flight;
        assert_eq!(census.arrived, unfinished + census.done, "seed {seed} after {} ticks", records.len());
    }
    let world = lock(stage.world());
    let census = world.census();
    assert_eq!((census.to_come, census.done), (0, census.arrived), "seed {seed}");
    (records, world.tally())
}

fn lines(records: &[Record]) -> Vec<String> {
    records.iter().map(json::line).collect()
}

fn position(records: &[Record], told: impl Fn(&Record) -> bool) -> Option<usize> {
    records.iter().position(told)
}

fn gives(record: &Record, code: &str) -> bool {
    record.decision.reasons.iter().any(|reason| reason.code() == code)
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let (first, again, other) = (run(1).await, run(1).await, run(2).await);
    assert_eq!(lines(&first.0), lines(&again.0));
    assert_ne!(lines(&first.0), lines(&other.0));
}

#[tokio::test]
async fn every_message_is_finished_and_no_protected_worker_is_cut_off() {
    for seed in SEEDS {
        let (_, tally) = run(seed).await;
        assert!(tally.done > 600, "seed {seed}: {tally:?}");
        assert_eq!(tally.killed, 0, "seed {seed}");
    }
}

#[tokio::test]
async fn the_objective_is_held() {
    for seed in SEEDS {
        let (records, tally) = run(seed).await;
        assert!(tally.longest_wait.as_secs() <= 180, "seed {seed}: {tally:?}");
        assert!(!records.iter().any(|record| gives(record, "out_of_reach")), "seed {seed}");
    }
}

#[test]
fn without_the_engine_the_objective_is_missed() {
    let stage = Stage::new(1);
    assert_eq!(stage.late(), 0);
    lock(stage.world()).advance_to(stage.next() + Duration::from_mins(10));
    assert!(stage.late() > 500, "{}", stage.late());
}

#[tokio::test]
async fn the_story_happens_in_its_order() {
    for seed in SEEDS {
        let (records, _) = run(seed).await;
        let out = |code: &'static str| {
            position(&records, |record| {
                matches!(record.decision.action, Action::ScaleOut { .. }) && gives(record, code)
            })
        };
        let booting = position(&records, |record| record.sample.fleet.as_ref().unwrap().pending > 0);
        let at_max = position(&records, |record| record.sample.fleet.as_ref().unwrap().in_service == 10);
        let r#in = position(&records, |record| {
            matches!(record.decision.action, Action::ScaleIn { .. }) && gives(record, "no_longer_needed")
        });
        let zero = position(&records, |record| record.decision.action.to() == Some(0));
        let story = [out("time_unknown"), booting, out("latency_objective"), at_max, r#in, zero];
        assert!(story.iter().all(Option::is_some) && story.is_sorted(), "seed {seed}: {story:?}");
        assert_eq!(records.last().unwrap().sample.fleet.as_ref().unwrap().desired, 0, "seed {seed}");
    }
}

#[tokio::test]
async fn each_step_of_the_thought_is_seen() {
    for seed in SEEDS {
        let (records, _) = run(seed).await;
        for code in ["not_watched_yet", "all_needed", "latency_objective", "limit_max", "worth_keeping"] {
            assert!(records.iter().any(|record| gives(record, code)), "seed {seed} shows no {code}");
        }
        assert!(records.iter().all(|record| !record.decision.reasons.is_empty()), "seed {seed}");
    }
}

#[tokio::test]
async fn while_instances_boot_only_what_they_cannot_start_in_time_is_ordered_for() {
    for seed in SEEDS {
        for record in run(seed).await.0 {
            let Action::ScaleOut { from, to } = record.decision.action else { continue };
            let asked = record.decision.reasons.iter().find_map(|reason| match reason {
                Reason::Latency(LatencyReason::Due { booting, more, .. }) => Some((*booting, *more)),
                _ => None,
            });
            let Some((booting, more)) = asked else {
                assert!(gives(&record, "time_unknown"), "seed {seed}");
                continue;
            };
            let line = json::line(&record);
            assert!(to - from <= more, "seed {seed}: {line}");
            assert_eq!(booting, record.sample.fleet.unwrap().pending, "seed {seed}: {line}");
        }
    }
}

#[tokio::test]
async fn a_decision_in_the_burst_is_explained_at_length() {
    let (records, _) = run(1).await;
    let scaled_out = |record: &Record| matches!(record.decision.action, Action::ScaleOut { .. });
    let record = records.into_iter().rfind(scaled_out).unwrap();
    let (from, to) = (record.sample.fleet.as_ref().unwrap().desired, record.decision.action.to().unwrap());
    let (visible, why) = (record.sample.backlog().unwrap().visible, record.decision.reasons[0].to_string());
    let page = at_length(&Explanation { record, drive: true });
    assert!(why.contains("instances that do not work yet can start: +"), "{why}");
    for part in [
        &format!(
            "\n\nread\n  queue images: {visible} visible, 2 in flight\n  group: desired {from}, min 0, max 10; "
        ),
        "\nbelieved\n  within the next boot time ",
        "\n  messages an instance works on at once: 2 (",
        "\n  of late 0 % of the messages waited too long\n",
        &format!("\nthought\n  1. {why} [latency_objective]\n"),
        &format!(
            "\ndecision\n  scale out from {from} to {to}\n  the daemon would set it; nothing was set now"
        ),
    ] {
        assert!(page.contains(part), "{part}\n\n{page}");
    }
}

#[tokio::test]
async fn it_lasts_about_half_a_minute_at_the_default_speed() {
    for seed in SEEDS {
        let ticks = u32::try_from(run(seed).await.0.len()).unwrap();
        let real_secs = f64::from(ticks * 10) / demo::SPEED;
        assert!((22.0..33.0).contains(&real_secs), "seed {seed}: {real_secs} s");
    }
}

/// Whether all that `part` shows is in `whole`, which may hold more.
fn shows(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|other| shows(value, other)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(value, other)| shows(value, other))
        }
        _ => part == whole,
    }
}

#[tokio::test]
async fn the_record_that_the_readme_explains_is_of_this_run_and_has_the_fields_it_names() {
    let (_, section) = include_str!("../README.md").split_once("\n## Reading a decision\n").unwrap();
    let (_, block) = section.split_once("```json\n").unwrap();
    let (block, rest) = block.split_once("```\n").unwrap();
    let shown: Value = serde_json::from_str(block).unwrap();
    let records = lines(&run(1).await.0);
    let same = |line: &String| serde_json::from_str(line).is_ok_and(|record| shows(&shown, &record));
    assert_eq!(records.iter().filter(|line| same(line)).count(), 1, "{shown}");

    let (table, _) = rest.split_once("\n\nAll fields").unwrap();
    let fields: Vec<&str> =
        table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect();
    assert!(fields.len() > 8, "{fields:?}");
    for field in fields {
        assert!(shown.pointer(&format!("/{}", field.replace('.', "/"))).is_some(), "{field}");
    }
}
