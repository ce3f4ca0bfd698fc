mod dead_letters;
mod ends;
mod none_taken;

use super::*;
use crate::model::{
    Backlog, Bound, Cause, DeadLetters, Decision, Estimate, Fleet, Learnt, Metrics, Missing, Mode, Outcome,
    Pause, Queue, QueueFacts, Reason, Sample,
};

/// A quiet tick, `secs` after the start of the test.
fn quiet(secs: i64) -> Record {
    let backlog = Backlog { visible: 10, in_flight: 2, counted: 10.0, ..Backlog::default() };
    let facts = QueueFacts {
        visibility_timeout_secs: Some(30),
        retention_secs: Some(1_000),
        dead_letter_queue: Some("arn:aws:sqs:eu-west-1:123456789012:dlq".to_owned()),
        ..QueueFacts::default()
    };
    let dead_letters = Some(DeadLetters { queue: "dlq".to_owned(), count: Ok(5) });
    let queue = Queue { facts, dead_letters, oldest_secs: Some(10.0), ..Queue::new("images", Ok(backlog)) };
    let fleet = Fleet { desired: 2, in_service: 2, max: 5, ..Fleet::default() };
    let sure = |value| Learnt { value, belief: 0.9 };
    let estimate = Estimate {
        arrivals_per_sec: sure(1.0),
        processing_secs: sure(10.0),
        slots: sure(1.0),
        boot_secs: sure(100.0),
        boot_spread: sure(0.15),
        drain_secs: Some(50.0),
        late_percent: 0.0,
    };
    Record {
        time: Timestamp::from_secs(1_800_000_000 + secs),
        scaler: "images".to_owned(),
        mode: Mode::Drive,
        paused: None,
        sample: Sample { queues: vec![queue], fleet: Ok(fleet) },
        estimate: Some(estimate),
        metrics: Metrics { backlog_per_instance: Some(5.0), acceptable_backlog: Some(10.0) },
        decision: Decision::hold(Some(2), Vec::new()),
        outcome: Outcome::None,
        troubles: Vec::new(),
    }
}

type Change = fn(&mut Record);

/// What makes a tick one of trouble, and what is better but not good enough to be over.
const KINDS: [(TroubleKind, Change, Change); 7] = [
    (TroubleKind::DeadLetters, |record| letters(record, 8), |record| letters(record, 6)),
    (TroubleKind::AtMax, |record| at_max(record, 20.0), |record| at_max(record, 8.5)),
    (TroubleKind::CapacityStalled, stalled, stalled),
    (TroubleKind::NoneTaken, |record| untaken(record, 10), |record| untaken(record, 9)),
    (TroubleKind::ReadingsMissing, blind, blind),
    (TroubleKind::VisibilityTimeout, |record| takes(record, 31.0), |record| takes(record, 28.0)),
    (TroubleKind::NearRetention, |record| oldest(record, 800.0), |record| oldest(record, 750.0)),
];

fn letters(record: &mut Record, count: u64) {
    record.sample.queues[0].dead_letters.as_mut().unwrap().count = Ok(count);
}

fn at_max(record: &mut Record, per_instance: f64) {
    let fleet = record.sample.fleet.as_mut().unwrap();
    (fleet.desired, fleet.in_service) = (5, 5);
    record.metrics.backlog_per_instance = Some(per_instance);
}

fn stalled(record: &mut Record) {
    record.decision.reasons = vec![Reason::CapacityStalled { in_service: 2, desired: 4, stalled_secs: 600 }];
}

/// So many wait, and none is in flight.
fn untaken(record: &mut Record, visible: u64) {
    record.sample.queues[0].backlog = Ok(Backlog { visible, ..Backlog::default() });
}

fn blind(record: &mut Record) {
    let missing = Missing::new("queue images", Cause::Denied, "AccessDenied");
    record.sample.queues = vec![Queue::new("images", Err(missing.clone()))];
    record.sample.fleet = Err(Missing::new("group workers", Cause::Timeout, "no answer"));
    record.metrics = Metrics::default();
    record.decision = Decision::hold(None, vec![Reason::Missing(missing)]);
}

/// Scale-out is held; nothing that was wanted had to be.
fn paused(record: &mut Record) {
    record.paused =
        Some(Pause::Asked { out: true, r#in: false, since: Timestamp::from_secs(0), until: None });
}

fn takes(record: &mut Record, secs: f64) {
    record.estimate.as_mut().unwrap().processing_secs.value = secs;
}

fn oldest(record: &mut Record, secs: f64) {
    record.sample.queues[0].oldest_secs = Some(secs);
}

fn changed(secs: i64, change: Change) -> Record {
    let mut record = quiet(secs);
    change(&mut record);
    record
}

/// A watch that has seen a quiet tick.
fn watch() -> Watch {
    let mut watch = Watch::default();
    assert_eq!(watch.observe(&quiet(-10)), []);
    watch
}

/// The news of ticks every 10 s from one time to another, without the last: when, what kind, and what of it.
fn news(watch: &mut Watch, secs: std::ops::Range<i64>, change: Change) -> Vec<(i64, TroubleKind, Turn)> {
    let mut news = Vec::new();
    for at in secs.step_by(10) {
        let troubles = watch.observe(&changed(at, change)).into_iter();
        news.extend(troubles.filter(|each| each.turn.is_news()).map(|each| (at, each.kind, each.turn)));
    }
    news
}

const HOUR: i64 = 3_600;

/// How many seconds after it first showed a trouble is told.
const fn begins(kind: TroubleKind) -> i64 {
    match kind {
        TroubleKind::AtMax | TroubleKind::ReadingsMissing => 600,
        TroubleKind::NoneTaken => 700,
        _ => 0,
    }
}

#[test]
fn each_kind_is_told_when_it_begins_every_four_hours_and_once_when_it_has_been_gone_for_ten_minutes() {
    for (kind, shows, _) in KINDS {
        let mut watch = watch();
        let begins = begins(kind);
        let told = news(&mut watch, 0..10 * HOUR, shows);
        let expected = [
            (begins, kind, Turn::Began),
            (begins + 4 * HOUR, kind, Turn::Reminder),
            (begins + 8 * HOUR, kind, Turn::Reminder),
        ];
        assert_eq!(told, expected);
        let told = news(&mut watch, 10 * HOUR..20 * HOUR, |_| ());
        assert_eq!(told, [(10 * HOUR + 600, kind, Turn::Recovered)]);
        assert_eq!(watch.known().courses, BTreeMap::new(), "nothing is left of {kind:?}");
    }
}

#[test]
fn a_trouble_says_since_when_what_and_how_long_it_was() {
    for (kind, shows, _) in KINDS {
        let mut watch = watch();
        news(&mut watch, 0..900, shows);
        let stands = watch.observe(&changed(900, shows)).remove(0);
        assert_eq!((stands.turn, stands.since), (Turn::Stands, quiet(0).time), "{kind:?}");
        assert!(!stands.text.is_empty() && !stands.text.ends_with('.'), "{}", stands.text);
        news(&mut watch, 910..1_510, |_| ());
        let over = watch.observe(&quiet(1_510)).remove(0);
        assert_eq!(over.turn, Turn::Recovered, "{kind:?}");
        assert_eq!(over.text, format!("over after 15 min; it was: {}", stands.text));
    }
}

#[test]
fn the_words_have_the_figures() {
    for ((kind, shows, _), words) in KINDS.into_iter().zip([
        "3 came into dlq, 8 are there now",
        "5 ordered, which is the max: 20 messages per instance, 10 accepted, drained in 50 s if nothing more came",
        "2 of 4 in service and no growth for 600 s: not ordering more",
        "waiting: 10 in images; none taken for 11 min by 2 in service",
        "queue images: AccessDenied; and 1 more",
        "a message takes 31 s, and queue images hides it for 30 s: it is delivered again while it is worked on",
        "the oldest message of queue images is 800 s old, 80 % of the 1000 s it is kept for",
    ]) {
        let mut watch = watch();
        news(&mut watch, 0..700, shows);
        assert_eq!(watch.observe(&changed(700, shows))[0].text, words, "{kind:?}");
    }
}

#[test]
fn what_shows_only_now_and_then_is_no_trouble_before_it_lasts() {
    for (kind, shows, _) in KINDS.into_iter().filter(|(kind, ..)| begins(*kind) > 0) {
        let mut watch = watch();
        for hour in 0..20 {
            assert_eq!(news(&mut watch, hour * HOUR..hour * HOUR + 590, shows), [], "{kind:?}");
            assert_eq!(news(&mut watch, hour * HOUR + 590..hour * HOUR + 600, |_| ()), []);
        }
    }
}

#[test]
fn what_comes_and_goes_is_one_trouble() {
    for (kind, shows, _) in KINDS {
        let mut watch = watch();
        news(&mut watch, 0..710, shows);
        for round in 1..12 {
            let told = news(&mut watch, round * 1_000..round * 1_000 + 500, |_| ());
            assert_eq!(told, [], "{kind:?}");
            let told = news(&mut watch, round * 1_000 + 500..(round + 1) * 1_000, shows);
            assert_eq!(told, [], "{kind:?}");
        }
    }
}

#[test]
fn what_is_a_little_better_is_not_over_and_what_is_a_little_bad_has_not_begun() {
    for (kind, shows, better) in KINDS {
        let mut watch = watch();
        news(&mut watch, 0..710, shows);
        assert_eq!(news(&mut watch, 710..3 * HOUR, better), [], "{kind:?}");
    }
    for (kind, _, better) in KINDS {
        let by_a_threshold =
            [TroubleKind::AtMax, TroubleKind::VisibilityTimeout, TroubleKind::NearRetention].contains(&kind);
        if by_a_threshold {
            assert_eq!(news(&mut watch(), 0..3 * HOUR, better), [], "{kind:?}");
        }
    }
}

#[test]
fn a_missing_reading_begins_and_ends_no_trouble_but_its_own() {
    for (kind, shows, _) in KINDS.into_iter().filter(|(kind, ..)| *kind != TroubleKind::ReadingsMissing) {
        let mut watch = watch();
        news(&mut watch, 0..710, shows);
        let told: Vec<_> = news(&mut watch, 710..3 * HOUR, |record| {
            blind(record);
            record.estimate = None;
        });
        assert_eq!(told, [(1_310, TroubleKind::ReadingsMissing, Turn::Began)], "{kind:?}");
        let stands = watch.observe(&changed(3 * HOUR, blind));
        assert!(stands.iter().any(|each| each.kind == kind && each.turn == Turn::Stands), "{stands:?}");
    }
}

#[test]
fn a_restart_tells_nothing_twice_and_forgets_no_end() {
    for (kind, shows, _) in KINDS {
        let mut watch = watch();
        for at in (0..2 * HOUR).step_by(10) {
            let told: Vec<_> = watch.observe(&changed(at, shows)).iter().map(|each| each.turn).collect();
            let expected = match at.cmp(&begins(kind)) {
                std::cmp::Ordering::Less => Vec::new(),
                std::cmp::Ordering::Equal => vec![Turn::Began],
                std::cmp::Ordering::Greater => vec![Turn::Stands],
            };
            assert_eq!(told, expected, "{kind:?} at {at}");
            // A crash after every tick, but in the first minute.
            if at >= 60 {
                let kept = serde_json::to_string(watch.known()).unwrap();
                watch = Watch::new(Terms::default(), serde_json::from_str(&kept).unwrap());
            }
        }
        let told = news(&mut watch, 3 * HOUR..4 * HOUR, |_| ());
        assert_eq!(told, [(3 * HOUR + 600, kind, Turn::Recovered)]);
    }
}

#[test]
fn a_clock_that_is_set_back_delays_and_does_not_repeat() {
    for (kind, shows, _) in KINDS {
        let mut watch = watch();
        news(&mut watch, 0..710, shows);
        let told = news(&mut watch, -5 * HOUR..-HOUR, shows);
        assert_eq!(told, [], "{kind:?}: four hours by the new clock, and not from the old one");
        let told = news(&mut watch, -HOUR..0, |_| ());
        assert_eq!(told, [(-HOUR + 600, kind, Turn::Recovered)]);
    }
    for (kind, shows, _) in KINDS.into_iter().filter(|(kind, ..)| begins(*kind) > 0) {
        let mut watch = watch();
        assert_eq!(news(&mut watch, 0..500, shows), []);
        assert_eq!(news(&mut watch, -HOUR..0, shows), [(-HOUR + begins(kind), kind, Turn::Began)]);
    }
}

#[test]
fn a_ceiling_below_the_groups_is_a_maximum_and_room_below_it_is_none() {
    let at_limit: Change = |record| {
        at_max(record, 20.0);
        record.sample.fleet.as_mut().unwrap().max = 100;
        let limit = Reason::LimitMax { max: 5, bound: Bound::Settings, wanted: 9 };
        record.decision.reasons = vec![limit];
    };
    assert_eq!(news(&mut watch(), 0..610, at_limit), [(600, TroubleKind::AtMax, Turn::Began)]);
    let of_somebody_else: Change = |record| {
        at_max(record, 20.0);
        record.sample.fleet.as_mut().unwrap().max = 100;
        record.decision.reasons = vec![Reason::LimitMax { max: 5, bound: Bound::Settings, wanted: 9 }];
        record.mode = Mode::PublishOnly;
    };
    assert_eq!(news(&mut watch(), 0..2 * HOUR, of_somebody_else), [], "the group may still grow");
    let on_the_way: Change = |record| {
        at_max(record, 20.0);
        record.sample.fleet.as_mut().unwrap().max = 6;
    };
    assert_eq!(news(&mut watch(), 0..2 * HOUR, on_the_way), []);
}

#[test]
fn steps_miss_what_they_are_for_while_a_step_out_applies() {
    let step: Change = |record| {
        at_max(record, 20.0);
        (record.metrics.acceptable_backlog, record.estimate) = (None, None);
        record.decision.reasons = vec![Reason::Step { per_instance: 20.0, threshold: 10.0, change: 1 }];
    };
    assert_eq!(news(&mut watch(), 0..610, step), [(600, TroubleKind::AtMax, Turn::Began)]);
    let none: Change = |record| {
        at_max(record, 20.0);
        (record.metrics.acceptable_backlog, record.estimate) = (None, None);
        record.decision.reasons = vec![Reason::NoStep { per_instance: 20.0, above: Some(50.0), below: None }];
    };
    assert_eq!(news(&mut watch(), 0..2 * HOUR, none), []);
}

#[test]
fn whether_what_is_ordered_arrives_cannot_be_told_of_a_scaler_that_is_paused() {
    let mut watch = watch();
    let (stalls, kind) = (news(&mut watch, 0..10, stalled), TroubleKind::CapacityStalled);
    assert_eq!(stalls, [(0, kind, Turn::Began)]);
    assert_eq!(news(&mut watch, 10..3 * HOUR, paused), []);
    assert_eq!(news(&mut watch, 3 * HOUR..4 * HOUR, |_| ()), [(3 * HOUR + 600, kind, Turn::Recovered)]);
}

#[test]
fn a_fleet_that_a_person_holds_at_its_max_is_no_trouble_but_one_whose_scale_in_is_held_is() {
    let held: Change = |record| {
        at_max(record, 20.0);
        paused(record);
    };
    assert_eq!(news(&mut watch(), 0..2 * HOUR, held), []);
    let held_in: Change = |record| {
        at_max(record, 20.0);
        record.paused =
            Some(Pause::Asked { out: false, r#in: true, since: Timestamp::from_secs(0), until: None });
    };
    assert_eq!(news(&mut watch(), 0..610, held_in), [(600, TroubleKind::AtMax, Turn::Began)]);
}

#[test]
fn a_guess_at_the_processing_time_is_held_against_no_timeout() {
    let guessed: Change = |record| {
        record.estimate.as_mut().unwrap().processing_secs = Learnt { value: 90.0, belief: 0.4 };
    };
    assert_eq!(news(&mut watch(), 0..HOUR, guessed), []);
}

#[test]
fn an_empty_queue_loses_no_message_however_old_its_last_one_was() {
    let empty: Change = |record| {
        oldest(record, 999.0);
        record.sample.queues[0].backlog = Ok(Backlog::default());
    };
    assert_eq!(news(&mut watch(), 0..HOUR, empty), []);
}
