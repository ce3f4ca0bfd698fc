//! What ends a trouble, and what must not.

use super::*;

/// A second queue of which nothing is known, its reading being missing.
fn another_is_missing(record: &mut Record) {
    let missing = Missing::new("queue thumbs", Cause::Timeout, "no answer");
    record.sample.queues.push(Queue::new("thumbs", Err(missing)));
}

#[test]
fn while_one_queue_of_several_is_missing_what_the_others_show_ends_nothing() {
    // The trouble is of the queue that is missing then: the second is well.
    let well: Change = |record| {
        let queue = &mut record.sample.queues[0];
        queue.facts.visibility_timeout_secs = Some(600);
        queue.facts.dead_letter_queue = None;
        queue.dead_letters = None;
        takes(record, 31.0);
        another_is_missing(record);
    };
    for (kind, shows, _) in KINDS.into_iter().filter(|(kind, ..)| *kind != TroubleKind::ReadingsMissing) {
        let mut watch = watch();
        news(&mut watch, 0..710, shows);
        let told = news(&mut watch, 710..3 * HOUR, well);
        assert!(told.iter().all(|(_, told, _)| *told == TroubleKind::ReadingsMissing), "{kind:?}: {told:?}");
    }
}

#[test]
fn capacity_that_was_ordered_and_is_not_there_is_no_recovery_when_no_more_is_wanted() {
    let mut watch = watch();
    news(&mut watch, 0..10, stalled);
    let content: Change = |record| record.sample.fleet.as_mut().unwrap().desired = 4;
    assert_eq!(news(&mut watch, 10..3 * HOUR, content), [], "2 of 4 are in service");
    let recovered = (3 * HOUR + 600, TroubleKind::CapacityStalled, Turn::Recovered);
    assert_eq!(news(&mut watch, 3 * HOUR..4 * HOUR, |_| ()), [recovered]);
}

#[test]
fn a_queue_whose_oldest_message_nobody_tells_of_does_not_keep_the_trouble_of_another() {
    let foreign: Change = |record| {
        let mut queue = record.sample.queues[0].clone();
        (queue.oldest_secs, queue.dead_letters) = (None, None);
        queue.facts.dead_letter_queue = None;
        record.sample.queues.push(queue);
    };
    let mut watch = watch();
    news(&mut watch, 0..10, |record| oldest(record, 800.0));
    let recovered = (610, TroubleKind::NearRetention, Turn::Recovered);
    assert_eq!(news(&mut watch, 10..HOUR, foreign), [recovered]);
    let mut watch = super::watch();
    news(&mut watch, 0..10, |record| oldest(record, 800.0));
    let none: Change = |record| record.sample.queues[0].oldest_secs = None;
    assert_eq!(news(&mut watch, 10..HOUR, none), [], "of that queue itself nothing is known");
}

#[test]
fn a_dead_letter_queue_that_may_never_be_counted_does_not_keep_the_trouble_of_another() {
    let denied: Change = |record| {
        let mut queue = record.sample.queues[0].clone();
        let missing = Missing::new("dead-letter queue other", Cause::Denied, "AccessDenied");
        queue.dead_letters = Some(DeadLetters { queue: "other".to_owned(), count: Err(missing) });
        record.sample.queues.push(queue);
    };
    let mut watch = watch();
    news(&mut watch, 0..10, |record| letters(record, 8));
    let recovered = (610, TroubleKind::DeadLetters, Turn::Recovered);
    assert_eq!(news(&mut watch, 10..HOUR, denied), [recovered]);
}

#[test]
fn a_kind_that_is_watched_for_no_longer_is_forgotten_and_the_others_are_not() {
    let mut watch = watch();
    news(&mut watch, 0..10, |record| {
        takes(record, 31.0);
        oldest(record, 800.0);
        letters(record, 8);
    });
    let known = watch.known().clone().without(&TroubleKind::OF_LATENCY);
    let mut watch = Watch::new(Terms::default(), known);
    let mut record = changed(10, |record| letters(record, 8));
    (record.estimate, record.sample.queues[0].oldest_secs) = (None, None);
    let kinds: Vec<_> = watch.observe(&record).iter().map(|each| each.kind).collect();
    assert_eq!(kinds, [TroubleKind::DeadLetters]);
}

#[test]
fn how_long_it_was_is_said_where_it_is_over_at_once_too() {
    let mut watch = Watch::new(Terms { after: Duration::ZERO, ..Terms::default() }, Known::default());
    news(&mut watch, 0..300, |record| oldest(record, 800.0));
    let over = watch.observe(&quiet(300)).remove(0);
    assert!(over.text.starts_with("over after 5 min; it was: "), "{}", over.text);
}
