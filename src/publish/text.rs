//! The record in words.

use super::{json, notice};
use crate::calendar;
use crate::model::{Action, Backlog, Estimate, Fleet, Mode, Outcome, Record, rounded};

/// The record as one line for people, without a line end.
#[must_use]
pub fn line(record: &Record) -> String {
    let mut line = format!("{} {}: {}", json::time(record.time), record.scaler, summary(record));
    for trouble in record.troubles.iter().filter(|trouble| trouble.turn.is_news()) {
        line.push_str(" | ");
        line.push_str(&notice::sentence(trouble));
    }
    line
}

/// The record in one sentence: what was seen, what is paused, what is decided, why, and what came of it.
#[must_use]
pub fn summary(record: &Record) -> String {
    format!("{}{} | {}{}", seen(record), paused(record), decided(record), outcome(record))
}

/// What is paused, to follow on what was seen; empty where nothing is.
#[must_use]
pub fn paused(record: &Record) -> String {
    let words = |pause| format!(" | {}", calendar::paused(pause, record.time));
    record.paused.as_ref().map(words).unwrap_or_default()
}

/// What the tick decided, and why: `scale out from 9 to 14 (reason; reason)`.
#[must_use]
pub fn decided(record: &Record) -> String {
    let reasons: Vec<String> = record.decision.reasons.iter().map(ToString::to_string).collect();
    format!("{} ({})", action(record.decision.action), reasons.join("; "))
}

/// What the tick saw: backlog, backlog per instance and fleet, what is expected, and dead letters if any.
#[must_use]
pub fn seen(record: &Record) -> String {
    let backlog = record.sample.backlog().map_or_else(|| "backlog unknown".to_owned(), |sum| messages(&sum));
    let fleet = record.sample.fleet.as_ref().map_or_else(|_missing| "fleet unknown".to_owned(), capacity);
    let per_instance = match (record.metrics.backlog_per_instance, record.metrics.acceptable_backlog) {
        (Some(value), Some(acceptable)) => {
            format!(", {} per instance ({} acceptable)", rounded(value), rounded(acceptable))
        }
        (Some(value), None) => format!(", {} per instance", rounded(value)),
        (None, _) => String::new(),
    };
    let expected = record.estimate.as_ref().map_or_else(String::new, |each| format!(", {}", expected(each)));
    let dead = match record.sample.dead_letters() {
        Some(1) => ", 1 dead letter".to_owned(),
        Some(count @ 2..) => format!(", {count} dead letters"),
        None | Some(0) => String::new(),
    };
    format!("{backlog}{per_instance}, {fleet}{expected}{dead}")
}

/// The action in words.
#[must_use]
pub fn action(action: Action) -> String {
    match action {
        Action::Hold => "hold".to_owned(),
        Action::ScaleOut { from, to } => format!("scale out from {from} to {to}"),
        Action::ScaleIn { from, to } => format!("scale in from {from} to {to}"),
    }
}

/// The counters in words: `212 visible, 31 in flight`; and the counted messages, where they are
/// others than the visible ones.
#[must_use]
pub fn messages(backlog: &Backlog) -> String {
    let mut words = format!("{} visible, {} in flight", backlog.visible, backlog.in_flight);
    if backlog.delayed > 0 {
        words = format!("{words}, {} delayed", backlog.delayed);
    }
    let counted = rounded(backlog.counted).to_string();
    if counted != backlog.visible.to_string() {
        words = format!("{words}, {counted} counted");
    }
    words
}

/// The fleet in words: `9 of 14 in service, 5 pending`.
fn capacity(fleet: &Fleet) -> String {
    let mut words = format!("{} of {} in service", fleet.in_service, fleet.desired);
    for (count, state) in [(fleet.pending, "pending"), (fleet.terminating, "terminating")] {
        if count > 0 {
            words = format!("{words}, {count} {state}");
        }
    }
    words
}

/// The load to come in words: `0.5/s arriving, drained in 230.8 s`.
fn expected(estimate: &Estimate) -> String {
    let arriving = format!("{}/s arriving", rounded(estimate.arrivals_per_sec.value));
    match estimate.drain_secs {
        Some(secs) => format!("{arriving}, drained in {} s", rounded(secs)),
        None => arriving,
    }
}

fn outcome(record: &Record) -> String {
    match (&record.outcome, record.mode) {
        (Outcome::None, _) => String::new(),
        (Outcome::Done, _) => " | done".to_owned(),
        (Outcome::Withheld, Mode::PublishOnly) => " | withheld: publish only".to_owned(),
        (Outcome::Withheld, Mode::Drive | Mode::DryRun) => " | withheld: dry run".to_owned(),
        (Outcome::Failed { why, .. }, _) => format!(" | failed: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, DeadLetters, Missing, Pause, Timestamp};
    use crate::publish::scene;

    #[test]
    fn a_full_record_is_one_sentence() {
        let expected = "2026-11-20T10:00:10Z images: 212 visible, 31 in flight, 2 delayed, \
            26.5 per instance (6.122 acceptable), 8 of 9 in service, 1 pending, 2 terminating | scale out from 9 to 14 \
            (backlog 212 at 6.5 acceptable per instance asks for 33; 33 wanted, the group's max is 14) | done";
        assert_eq!(line(&scene::scaled_out()), expected);
    }

    #[test]
    fn missing_readings_are_told_as_unknown_with_their_reasons() {
        let expected = "backlog unknown, fleet unknown | hold (queue thumbs: AccessDenied; \
            group image-workers: no answer in 2 s)";
        assert_eq!(summary(&scene::blind()), expected);
    }

    #[test]
    fn a_pause_is_told_between_what_was_seen_and_what_is_decided() {
        let since = Timestamp::from_secs(1_795_168_800);
        let paused = Some(Pause::Asked { out: false, r#in: true, since, until: None });
        let told = summary(&Record { paused, ..scene::scaled_out() });
        let words = " | scale-in is paused since 10:00 UTC, until it is resumed | scale out from 9 to 14 (";
        assert!(told.contains(words), "{told}");
    }

    #[test]
    fn what_is_expected_is_told_where_something_is() {
        let mut record = scene::documented();
        assert!(seen(&record).ends_with(", 9 of 9 in service, 0.5/s arriving, drained in 230.8 s"));
        record.estimate.as_mut().unwrap().drain_secs = None;
        assert!(seen(&record).ends_with(", 9 of 9 in service, 0.5/s arriving"));
    }

    #[test]
    fn dead_letters_are_told_where_there_are_any() {
        let mut record = scene::documented();
        let mut told = |count| {
            let dead = DeadLetters { queue: "images-dead".to_owned(), count };
            record.sample.queues[0].dead_letters = Some(dead);
            seen(&record).rsplit(", ").next().unwrap().to_owned()
        };
        assert_eq!(told(Ok(3)), "3 dead letters");
        assert_eq!(told(Ok(1)), "1 dead letter");
        let denied = Missing::new("dead-letter queue images-dead", Cause::Denied, "AccessDenied");
        for quiet in [Ok(0), Err(denied)] {
            assert_eq!(told(quiet), "drained in 230.8 s");
        }
    }

    #[test]
    fn an_outcome_says_who_withheld_and_what_failed() {
        let mut record = scene::scaled_out();
        let mut last = |outcome: Outcome, mode: Mode| {
            (record.outcome, record.mode) = (outcome, mode);
            summary(&record).rsplit(" | ").next().unwrap().to_owned()
        };
        assert_eq!(last(Outcome::Withheld, Mode::DryRun), "withheld: dry run");
        assert_eq!(last(Outcome::Withheld, Mode::PublishOnly), "withheld: publish only");
        assert_eq!(
            last(Outcome::Failed { why: "throttled".to_owned(), refused: true }, Mode::Drive),
            "failed: throttled"
        );
    }

    #[test]
    fn words_are_left_out_where_there_is_nothing_to_say() {
        let mut record = scene::scaled_out();
        record.metrics.acceptable_backlog = None;
        assert_eq!(
            seen(&record),
            "212 visible, 31 in flight, 2 delayed, 26.5 per instance, 8 of 9 in service, 1 pending, 2 terminating"
        );
        let one = Backlog { visible: 1, counted: 1.0, ..Backlog::default() };
        assert_eq!(messages(&one), "1 visible, 0 in flight");
        let weighty = Backlog { counted: 7.0 / 3.0, ..one };
        assert_eq!(messages(&weighty), "1 visible, 0 in flight, 2.333 counted");
        assert_eq!(action(Action::Hold), "hold");
        assert_eq!(action(Action::ScaleIn { from: 4, to: 2 }), "scale in from 4 to 2");
    }
}
