//! Messages that wait before workers who take none, and all that only looks like it.

use super::*;
use crate::model::Deleted;

const KIND: TroubleKind = TroubleKind::NoneTaken;

fn idle(record: &mut Record) {
    untaken(record, 10);
}

/// What a policy that learns nothing says.
fn unlearnt(record: &mut Record) {
    idle(record);
    record.estimate = None;
}

fn backlog(record: &mut Record, backlog: Backlog) {
    record.sample.queues[0].backlog = Ok(backlog);
}

/// The news of records every 10 s, of which each is `idle` but for what `change` makes of it.
fn told(
    watch: &mut Watch,
    secs: std::ops::Range<i64>,
    change: impl Fn(i64, &mut Record),
) -> Vec<(i64, Turn)> {
    let mut told = Vec::new();
    for at in secs.step_by(10) {
        let mut record = changed(at, idle);
        change(at, &mut record);
        let troubles = watch.observe(&record).into_iter().filter(|each| each.turn.is_news());
        told.extend(troubles.filter(|each| each.kind == KIND).map(|each| (at, each.turn)));
    }
    told
}

/// A watch of a scaler whose workers take nothing, which was told.
fn troubled() -> Watch {
    let mut watch = watch();
    assert_eq!(told(&mut watch, 0..710, |_, _| ()), [(700, Turn::Began)]);
    watch
}

#[test]
fn instances_are_given_their_boot_time_and_five_minutes_where_nobody_learns_it() {
    assert_eq!(news(&mut watch(), 0..HOUR, unlearnt), [(900, KIND, Turn::Began)]);
    let slow: Change = |record| {
        idle(record);
        record.estimate.as_mut().unwrap().boot_secs.value = 1_200.0;
    };
    assert_eq!(news(&mut watch(), 0..HOUR, slow), [(1_800, KIND, Turn::Began)]);
}

#[test]
fn a_boot_time_that_is_believed_ever_longer_because_nobody_works_delays_nothing() {
    let grows = |at: i64, record: &mut Record| {
        record.estimate.as_mut().unwrap().boot_secs.value = f64::from(100 + 2 * i32::try_from(at).unwrap());
    };
    assert_eq!(told(&mut watch(), 0..HOUR, grows), [(700, Turn::Began)]);
}

#[test]
fn what_waits_before_an_empty_fleet_is_no_trouble_and_the_first_instance_has_all_its_time() {
    let empty: Change = |record| {
        idle(record);
        let fleet = record.sample.fleet.as_mut().unwrap();
        (fleet.in_service, fleet.pending) = (0, 2);
    };
    let mut watch = watch();
    assert_eq!(news(&mut watch, 0..5 * HOUR, empty), []);
    assert_eq!(news(&mut watch, 5 * HOUR..6 * HOUR, idle), [(5 * HOUR + 700, KIND, Turn::Began)]);
}

#[test]
fn messages_that_are_not_due_or_none_at_all_are_not_waiting() {
    let delayed: Change = |record| backlog(record, Backlog { delayed: 50, ..Backlog::default() });
    assert_eq!(news(&mut watch(), 0..2 * HOUR, delayed), []);
    let empty: Change = |record| backlog(record, Backlog::default());
    assert_eq!(news(&mut watch(), 0..2 * HOUR, empty), []);
}

#[test]
fn one_message_in_flight_in_any_of_its_queues_is_work() {
    let blocked: Change = |record| {
        idle(record);
        record.sample.queues[0].facts.fifo = true;
        let one = Backlog { visible: 900, in_flight: 1, ..Backlog::default() };
        record.sample.queues.push(Queue::new("thumbs.fifo", Ok(one)));
    };
    assert_eq!(news(&mut watch(), 0..2 * HOUR, blocked), []);
}

#[test]
fn counters_that_are_a_minute_old_and_workers_quicker_than_the_samples_are_no_trouble() {
    let now_and_then = |at: i64, record: &mut Record| {
        if at % 600 == 590 {
            backlog(record, Backlog { visible: 10, in_flight: 1, ..Backlog::default() });
        }
    };
    assert_eq!(told(&mut watch(), 0..5 * HOUR, now_and_then), []);
    let emptied = |at: i64, record: &mut Record| {
        if at % 600 == 590 {
            backlog(record, Backlog::default());
        }
    };
    assert_eq!(told(&mut watch(), 0..5 * HOUR, emptied), []);
    let deleted = |at: i64, record: &mut Record| {
        let lasts = Duration::from_mins(1);
        let count = if at % 600 == 590 { 3.0 } else { 0.0 };
        record.sample.queues[0].deleted = Some(Deleted { from: record.time, lasts, count });
    };
    assert_eq!(told(&mut watch(), 0..5 * HOUR, deleted), []);
}

#[test]
fn messages_that_become_fewer_are_taken_and_a_counter_that_is_a_little_off_is_none() {
    let drained = |at: i64, record: &mut Record| untaken(record, 10_000 - 2 * at.unsigned_abs());
    assert_eq!(told(&mut watch(), 0..4_900, drained), []);
    let noisy = |at: i64, record: &mut Record| untaken(record, if at % 20 == 0 { 1_000 } else { 930 });
    assert_eq!(told(&mut watch(), 0..HOUR, noisy), [(700, Turn::Began)]);
    let grows = |at: i64, record: &mut Record| untaken(record, 10 + at.unsigned_abs());
    assert_eq!(told(&mut watch(), 0..HOUR, grows), [(700, Turn::Began)]);
}

#[test]
fn no_time_counts_in_which_readings_are_missing_or_a_person_has_paused_the_scaler() {
    let one_hour_blind = |at: i64, record: &mut Record| {
        if (300..300 + HOUR).contains(&at) {
            blind(record);
        }
    };
    // Four minutes before, to the minute, five of those without readings, and the rest of 700 s.
    assert_eq!(told(&mut watch(), 0..2 * HOUR, one_hour_blind), [(300 + HOUR + 160, Turn::Began)]);
    let mut watch = watch();
    let held = |_: i64, record: &mut Record| paused(record);
    assert_eq!(told(&mut watch, 0..5 * HOUR, held), []);
    assert_eq!(told(&mut watch, 5 * HOUR..6 * HOUR, |_, _| ()), [(5 * HOUR + 700, Turn::Began)]);
}

#[test]
fn work_that_is_seen_in_one_queue_counts_while_another_is_missing() {
    let half_blind = |at: i64, record: &mut Record| {
        if at < HOUR {
            backlog(record, Backlog { visible: 10, in_flight: 1, ..Backlog::default() });
            let missing = Missing::new("queue thumbs", Cause::Timeout, "no answer");
            record.sample.queues.push(Queue::new("thumbs", Err(missing)));
        }
    };
    let mut watch = watch();
    assert_eq!(told(&mut watch, -600..0, |_, _| ()), []);
    assert_eq!(told(&mut watch, 0..2 * HOUR, half_blind), [(HOUR + 700, Turn::Began)]);
}

#[test]
fn a_daemon_that_was_down_makes_no_trouble_of_two_looks_and_one_that_crashes_goes_on_counting() {
    let mut watch = watch();
    assert_eq!(told(&mut watch, 0..100, |_, _| ()), []);
    let mut watch = Watch::new(Terms::default(), watch.known().clone());
    assert_eq!(told(&mut watch, 8 * HOUR..8 * HOUR + 340, |_, _| ()), [], "one minute, five, and 330 s");
    let mut watch = Watch::new(Terms::default(), watch.known().clone());
    assert_eq!(told(&mut watch, 8 * HOUR + 340..9 * HOUR, |_, _| ()), [(8 * HOUR + 340, Turn::Began)]);
}

#[test]
fn what_shows_for_a_moment_is_not_written_down_and_what_lasts_once_a_minute() {
    let mut watch = watch();
    let before = watch.known().clone();
    assert_eq!(told(&mut watch, 0..60, |_, _| ()), []);
    assert_eq!(*watch.known(), before);
    let mut writes = 0;
    for at in (60..600).step_by(10) {
        let before = watch.known().clone();
        assert_eq!(told(&mut watch, at..at + 10, |_, _| ()), []);
        writes += usize::from(*watch.known() != before);
    }
    assert_eq!(writes, 9);
    assert_eq!(news(&mut watch, 600..610, |_| ()), []);
    assert_eq!(*watch.known(), before, "nothing is left");
}

#[test]
fn a_scaler_that_looks_every_quarter_of_an_hour_needs_several_looks() {
    let mut watch = Watch::default();
    let turns = |look: i64| -> Vec<Turn> {
        watch.observe(&changed(look * 900, idle)).iter().map(|each| each.turn).collect()
    };
    let turns: Vec<_> = (0..5).map(turns).collect();
    assert_eq!(turns, [vec![], vec![], vec![], vec![Turn::Began], vec![Turn::Stands]]);
}

#[test]
fn it_is_over_once_messages_are_taken_though_now_and_then_one_waits_for_a_moment() {
    let mended = |at: i64, record: &mut Record| {
        if at % 100 >= 50 {
            backlog(record, Backlog { visible: 1, in_flight: 1, ..Backlog::default() });
        }
    };
    let over = [(750 + 600, Turn::Recovered)];
    assert_eq!(told(&mut troubled(), 710..HOUR, mended), over);
}

#[test]
fn instances_that_are_replaced_in_vain_are_the_same_trouble_and_a_fleet_that_is_gone_is_no_recovery() {
    let mut watch = troubled();
    let replaced = |at: i64, record: &mut Record| {
        if at % 1_000 < 400 {
            record.sample.fleet.as_mut().unwrap().in_service = 0;
        }
    };
    assert_eq!(told(&mut watch, 1_000..3 * HOUR, replaced), []);
    let gone = |_: i64, record: &mut Record| record.sample.fleet.as_mut().unwrap().in_service = 0;
    assert_eq!(told(&mut watch, 3 * HOUR..9 * HOUR, gone), []);
    let emptied = |_: i64, record: &mut Record| backlog(record, Backlog::default());
    assert_eq!(told(&mut watch, 9 * HOUR..10 * HOUR, emptied), [(9 * HOUR + 600, Turn::Recovered)]);
}

#[test]
fn each_queue_in_which_messages_wait_is_named_with_how_many() {
    let several: Change = |record| {
        idle(record);
        for (name, visible) in [("thumbs", 3), ("empty", 0)] {
            let waiting = Backlog { visible, ..Backlog::default() };
            record.sample.queues.push(Queue::new(name, Ok(waiting)));
        }
    };
    let mut watch = watch();
    news(&mut watch, 0..900, several);
    let words = "waiting: 10 in images, 3 in thumbs; none taken for 15 min by 2 in service";
    assert_eq!(watch.observe(&changed(900, several))[0].text, words);
}
