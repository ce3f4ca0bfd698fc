use super::read::{path, read, segments};
use super::ring::Ring;
use super::{Keep, directory};
use crate::model::Timestamp;
use proptest::prelude::*;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

const DAY: i64 = 86_400;

/// A line of the time `at`, told apart by its number, and so much longer than it must be.
fn line(at: i64, number: usize, longer: usize) -> String {
    let time = crate::publish::json::time(Timestamp::from_secs(at));
    format!(r#"{{"time":"{time}","scaler":"s{number}","more":"{}"}}"#, "x".repeat(longer))
}

fn ring(dir: &Path, bytes: u64, days: u64) -> Ring {
    let mut ring = Ring::new(dir.to_owned());
    ring.keep = Keep { bytes, age: Duration::from_hours(24 * days) };
    ring
}

fn append(ring: &mut Ring, at: i64, number: usize, longer: usize) {
    ring.append(Timestamp::from_secs(at), &line(at, number, longer)).unwrap();
}

fn numbers(dir: &Path) -> Vec<usize> {
    let number = |name: &str| name.trim_start_matches('s').parse().unwrap();
    read(dir).unwrap().iter().map(|entry| number(&entry.scaler)).collect()
}

fn bytes(dir: &Path) -> u64 {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

fn newest(dir: &Path) -> std::path::PathBuf {
    path(dir, *segments(dir).unwrap().last().unwrap())
}

#[test]
fn what_is_written_is_read_in_its_order_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let dir = directory(dir.path());
    for life in 0..3 {
        let mut ring = ring(&dir, 1 << 20, 14);
        (0..4).for_each(|tick| append(&mut ring, 10 * tick, usize::try_from(life * 4 + tick).unwrap(), 0));
    }
    assert_eq!(numbers(&dir), (0..12).collect::<Vec<_>>());
    assert_eq!(segments(&dir).unwrap(), [1], "a restart begins no segment");
}

#[test]
fn the_oldest_goes_when_there_is_too_much() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = ring(dir.path(), 16_000, 14);
    for number in 0..1_000 {
        append(&mut ring, 0, number, 100);
        assert!(bytes(dir.path()) <= 16_000);
    }
    let kept = numbers(dir.path());
    assert_eq!(kept, (1_000 - kept.len()..1_000).collect::<Vec<_>>(), "the newest, without a hole");
    assert!(bytes(dir.path()) > 14_000, "no more goes than must");
}

#[test]
fn a_segment_spans_a_day_at_most_and_goes_when_its_last_record_is_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = ring(dir.path(), 1 << 20, 3);
    for day in 0..10 {
        append(&mut ring, day * DAY, usize::try_from(day).unwrap(), 0);
    }
    assert_eq!(numbers(dir.path()), [6, 7, 8, 9]);
}

#[test]
fn a_clock_that_is_set_back_takes_nothing_away() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = ring(dir.path(), 1 << 20, 3);
    for (number, day) in [10, 11, 2, 3].into_iter().enumerate() {
        append(&mut ring, day * DAY, number, 0);
    }
    assert_eq!(numbers(dir.path()), [0, 1, 2, 3]);
}

#[test]
fn with_nothing_to_keep_nothing_is_written_and_what_is_there_stays() {
    let dir = tempfile::tempdir().unwrap();
    let dir = directory(dir.path());
    for (bytes, days) in [(0, 14), (1 << 20, 0)] {
        append(&mut ring(&dir, bytes, days), 0, 0, 0);
        assert!(!dir.exists());
    }
    append(&mut ring(&dir, 1 << 20, 14), 0, 1, 0);
    append(&mut ring(&dir, 0, 14), 0, 2, 0);
    assert_eq!(numbers(&dir), [1]);
}

#[test]
fn a_torn_line_is_left_out_and_spoils_no_other() {
    let dir = tempfile::tempdir().unwrap();
    (0..2).for_each(|number| append(&mut ring(dir.path(), 1 << 20, 14), 0, number, 0));
    let file = File::options().write(true).open(newest(dir.path())).unwrap();
    file.set_len(file.metadata().unwrap().len() - 5).unwrap();
    append(&mut ring(dir.path(), 1 << 20, 14), 0, 2, 0);
    assert_eq!(numbers(dir.path()), [0, 2]);
}

#[test]
fn files_that_somebody_deletes_are_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = directory(dir.path());
    let mut ring = ring(&dir, 1 << 20, 14);
    append(&mut ring, 0, 0, 0);
    fs::remove_dir_all(&dir).unwrap();
    append(&mut ring, 0, 1, 0);
    assert_eq!(numbers(&dir), [1]);
}

#[test]
fn other_files_beside_the_segments_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notes.jsonl"), "mine").unwrap();
    let mut ring = ring(dir.path(), 16_000, 14);
    (0..1_000).for_each(|number| append(&mut ring, 0, number, 100));
    assert_eq!(fs::read_to_string(dir.path().join("notes.jsonl")).unwrap(), "mine");
}

#[test]
fn a_record_that_cannot_be_kept_is_an_error_and_the_next_may_be() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = ring(dir.path(), 1_000, 14);
    append(&mut ring, 0, 0, 0);
    assert!(ring.append(Timestamp::from_secs(0), &line(0, 1, 2_000)).is_err());
    append(&mut ring, 0, 2, 0);
    assert_eq!(numbers(dir.path()), [0, 2]);
}

#[derive(Clone, Debug)]
enum Event {
    /// A line, so much longer than it must be, and so long after the one before.
    Line(usize, i64),
    /// The process is killed: the next life looks anew.
    Kill,
    /// It is killed within a write: so many bytes are not there.
    Tear(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0_usize..400, 0_i64..20_000).prop_map(|(longer, after)| Event::Line(longer, after)),
        1 => Just(Event::Kill),
        1 => (1_u64..50).prop_map(Event::Tear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A kill within a write tears the line that was written last, and no other.
    #[test]
    fn after_any_lines_kills_and_tears_the_newest_whole_lines_are_there_and_no_more_than_may_be(
        events in prop::collection::vec(event(), 1..150),
    ) {
        const BYTES: u64 = 8_000;
        let dir = tempfile::tempdir().unwrap();
        let mut ring = ring(dir.path(), BYTES, 14);
        let (mut at, mut whole) = (0, Vec::new());
        let mut last_is_whole = false;
        for (number, event) in events.into_iter().enumerate() {
            match event {
                Event::Line(longer, after) => {
                    at += after;
                    append(&mut ring, at, number, longer);
                    whole.push((number, line(at, number, longer).len() as u64 + 2));
                    last_is_whole = true;
                }
                Event::Kill => ring = self::ring(dir.path(), BYTES, 14),
                Event::Tear(missing) if last_is_whole => {
                    let file = File::options().write(true).open(newest(dir.path())).unwrap();
                    file.set_len(file.metadata().unwrap().len() - missing).unwrap();
                    ring = self::ring(dir.path(), BYTES, 14);
                    // Without its line end alone, a line is whole.
                    if missing > 1 {
                        whole.pop();
                    }
                    last_is_whole = false;
                }
                Event::Tear(_) => {}
            }
            if segments(dir.path()).is_ok_and(|all| !all.is_empty()) {
                prop_assert!(bytes(dir.path()) <= BYTES);
            }
        }
        let kept = numbers(dir.path());
        let written: Vec<usize> = whole.iter().map(|(number, _)| *number).collect();
        prop_assert!(written.ends_with(&kept), "{kept:?} is no end of {written:?}");
        let mut room = BYTES * 3 / 4;
        let fits = whole.iter().rev().take_while(|(_, bytes)| {
            room = room.saturating_sub(*bytes);
            room > 0
        });
        // Torn lines take room as well.
        prop_assert!(kept.len() >= fits.count().min(5), "{} of {}", kept.len(), written.len());
    }
}
