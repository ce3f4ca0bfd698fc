use super::*;

fn count(watch: &mut Watch, at: i64, count: u64) -> Vec<Turn> {
    let mut record = quiet(at);
    letters(&mut record, count);
    watch.observe(&record).into_iter().map(|each| each.turn).collect()
}

#[test]
fn what_lay_there_before_is_no_news_and_does_not_keep_the_trouble() {
    let mut watch = Watch::default();
    assert_eq!(count(&mut watch, 0, 40), []);
    assert_eq!(count(&mut watch, 10, 41), [Turn::Began]);
    assert_eq!(count(&mut watch, 20, 40), [Turn::Stands]);
    assert_eq!(count(&mut watch, 620, 40), [Turn::Recovered]);
}

#[test]
fn too_few_counted_for_a_moment_make_no_news_of_the_right_number() {
    let mut watch = watch();
    for at in (0..HOUR).step_by(100) {
        assert_eq!(count(&mut watch, at, 0), []);
        assert_eq!(count(&mut watch, at + 50, 5), [], "at {at}");
    }
}

#[test]
fn after_a_purge_the_next_one_is_news() {
    let mut watch = watch();
    for at in (0..=600).step_by(10) {
        assert_eq!(count(&mut watch, at, 0), []);
    }
    assert_eq!(count(&mut watch, 610, 1), [Turn::Began]);
}

#[test]
fn those_that_come_while_nobody_watches_are_told_afterwards() {
    let kept = watch().known().clone();
    let mut watch = Watch::new(Terms::default(), kept);
    assert_eq!(count(&mut watch, 5 * HOUR, 6), [Turn::Began]);
}

#[test]
fn a_queue_that_several_share_is_named_once_and_each_of_several_by_its_name() {
    let mut watch = watch();
    let mut record = quiet(0);
    letters(&mut record, 7);
    record.sample.queues.push(record.sample.queues[0].clone());
    assert_eq!(watch.observe(&record)[0].text, "2 came into dlq, 7 are there now");
    let mut second = record.sample.queues[0].clone();
    second.dead_letters = Some(DeadLetters { queue: "other".to_owned(), count: Ok(1) });
    record.sample.queues[1] = second;
    watch.observe(&record);
    record.sample.queues[1].dead_letters.as_mut().unwrap().count = Ok(2);
    let text = &watch.observe(&record)[0].text;
    assert_eq!(text, "2 came into dlq, 7 are there now; 1 came into other, 2 are there now");
}

#[test]
fn a_count_that_cannot_be_had_teaches_nothing() {
    let mut watch = watch();
    assert_eq!(count(&mut watch, 0, 6), [Turn::Began]);
    for at in (10..HOUR).step_by(10) {
        let mut record = quiet(at);
        let missing = Missing::new("queue dlq", Cause::Denied, "AccessDenied");
        record.sample.queues[0].dead_letters.as_mut().unwrap().count = Err(missing);
        assert_eq!(watch.observe(&record)[0].turn, Turn::Stands);
    }
}

#[test]
fn a_queue_that_has_none_any_more_has_no_trouble_with_them() {
    let mut watch = watch();
    assert_eq!(count(&mut watch, 0, 6), [Turn::Began]);
    let told = news(&mut watch, 10..HOUR, |record| {
        record.sample.queues[0].dead_letters = None;
        record.sample.queues[0].facts.dead_letter_queue = None;
    });
    assert_eq!(told, [(610, TroubleKind::DeadLetters, Turn::Recovered)]);
}

#[test]
fn a_queue_that_several_share_counts_as_it_was_counted_highest() {
    let mut watch = watch();
    let mut record = quiet(0);
    letters(&mut record, 7);
    record.sample.queues.push(record.sample.queues[0].clone());
    record.sample.queues[1].dead_letters.as_mut().unwrap().count = Ok(6);
    assert_eq!(watch.observe(&record)[0].text, "2 came into dlq, 7 are there now");
}
