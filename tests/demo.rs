//! The demo tells its story, whatever the seed: the shipped engine meets a burst, and nothing is lost.

use backlogd::model::{Action, Reason, Record};
use backlogd::publish::json;
use backlogd::sim::{Stage, Tally, demo, lock};

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
async fn the_story_happens_in_its_order() {
    for seed in SEEDS {
        let (records, _) = run(seed).await;
        let out = position(&records, |record| {
            matches!(record.decision.action, Action::ScaleOut { .. }) && gives(record, "backlog_per_instance")
        });
        let booting = position(&records, |record| record.sample.fleet.as_ref().unwrap().pending > 0);
        let at_max = position(&records, |record| record.sample.fleet.as_ref().unwrap().in_service == 10);
        let held = position(&records, |record| {
            let full = record.sample.fleet.as_ref().unwrap().desired == 10;
            full && record.decision.action == Action::Hold && gives(record, "stabilization")
        });
        let r#in = position(&records, |record| matches!(record.decision.action, Action::ScaleIn { .. }));
        let zero = position(&records, |record| record.decision.action.to() == Some(0));
        let story = [out, booting, at_max, held, r#in, zero];
        assert!(story.iter().all(Option::is_some) && story.is_sorted(), "seed {seed}: {story:?}");
        assert_eq!(records.last().unwrap().sample.fleet.as_ref().unwrap().desired, 0, "seed {seed}");
    }
}

#[tokio::test]
async fn each_caution_is_seen() {
    for seed in SEEDS {
        let (records, _) = run(seed).await;
        for code in ["cooldown_out", "cooldown_in", "limit_max", "zero_unconfirmed", "step_in_max"] {
            assert!(records.iter().any(|record| gives(record, code)), "seed {seed} shows no {code}");
        }
    }
}

#[tokio::test]
async fn while_instances_boot_no_more_are_ordered_than_the_backlog_asks_for() {
    for seed in SEEDS {
        for record in run(seed).await.0 {
            let asked = record.decision.reasons.iter().find_map(|reason| match reason {
                Reason::BacklogPerInstance { wanted, .. } => Some(*wanted),
                _ => None,
            });
            if let Action::ScaleOut { to, .. } = record.decision.action {
                assert!(Some(to) <= asked, "seed {seed}: {}", json::line(&record));
            }
        }
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
