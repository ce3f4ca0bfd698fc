mod pause;

use super::{Event, Publisher, notice, text};
use crate::model::{Action, Cause, Outcome, Reason, Record, Timestamp, TroubleKind, Turn};
use async_trait::async_trait;
use pause::{News, Vigil};
use std::collections::BTreeSet;
use std::time::Duration;

/// Writes records to the log: each change of capacity, and each change in what stands in the way.
/// A quiet tick is a debug line, and what has been said is not said again at every tick.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// What stands in the way.
    trouble: Option<Trouble>,
    /// The change last told that was held back on purpose, while it is still wished for.
    withheld: Option<Action>,
    vigil: Vigil,
}

/// A stretch of ticks with something in the way.
#[derive(Clone, Debug)]
struct Trouble {
    /// What has been told of it, by code.
    told: BTreeSet<&'static str>,
    /// When it was last told.
    told_at: Timestamp,
    /// Good ticks since it last showed.
    good: u32,
}

/// What a record is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    Warning,
    Recovery,
    Change,
    Nothing,
}

/// It takes so many good ticks to call a trouble over: it may come and go.
const GOOD_TICKS: u32 = 3;

/// A trouble that lasts is told again after so long.
const REMINDER: Duration = Duration::from_hours(1);

/// One event with the record's figures as fields of their own; under systemd they become the journal's.
macro_rules! log {
    ($level:ident, $record:expr, $event:expr, $($words:tt)+) => {{
        let record: &Record = $record;
        let event: Option<Event> = $event;
        let fleet = record.sample.fleet.as_ref().ok();
        tracing::event!(
            tracing::Level::$level,
            scaler = record.scaler,
            backlog = record.sample.backlog().map(|backlog| backlog.counted),
            in_flight = record.sample.backlog().map(|backlog| backlog.in_flight),
            per_instance = record.metrics.backlog_per_instance,
            in_service = fleet.map(|fleet| fleet.in_service),
            desired = fleet.map(|fleet| fleet.desired),
            to = record.decision.action.to(),
            action = record.decision.action.code(),
            reasons = codes(record),
            outcome = record.outcome.code(),
            event = event.map(Event::code),
            $($words)+
        );
    }};
}

#[async_trait]
impl Publisher for Journal {
    async fn publish(&mut self, record: &Record) {
        self.tell_of_pauses(record);
        match self.worth(record) {
            Worth::Warning => log!(WARN, record, event(record), "{}", text::summary(record)),
            Worth::Recovery => log!(INFO, record, event(record), "recovered: {}", text::summary(record)),
            Worth::Change => log!(INFO, record, event(record), "{}", text::summary(record)),
            Worth::Nothing => log!(DEBUG, record, None, "{}", text::summary(record)),
        }
        tell_of_troubles(record);
    }
}

/// Tells of each trouble that begins, is due for another word, or is over, but for those that stand in the way of
/// the scaler's own work: the lines above have told of these when they showed.
fn tell_of_troubles(record: &Record) {
    for trouble in record.troubles.iter().filter(|trouble| trouble.turn.is_news()) {
        let event = match trouble.kind {
            TroubleKind::DeadLetters => Event::DeadLetters,
            TroubleKind::AtMax => Event::AtMax,
            TroubleKind::NoneTaken => Event::NoneTaken,
            TroubleKind::VisibilityTimeout => Event::VisibilityTimeout,
            TroubleKind::NearRetention => Event::NearRetention,
            TroubleKind::CapacityStalled | TroubleKind::ReadingsMissing => continue,
        };
        let (scaler, kind) = (&record.scaler, trouble.kind.code());
        let words = notice::sentence(trouble);
        if trouble.turn == Turn::Recovered {
            tracing::info!(scaler, trouble = kind, event = Event::Recovered.code(), "{words}");
        } else {
            tracing::warn!(scaler, trouble = kind, event = event.code(), "{words}");
        }
    }
}

impl Journal {
    fn tell_of_pauses(&mut self, record: &Record) {
        let Some(news) = self.vigil.news(record) else { return };
        let (scaler, event) = (&record.scaler, news.event().code());
        match news {
            News::Paused(words) | News::Resumed(words) => tracing::info!(scaler, event, "{words}"),
            News::Look(words) => tracing::warn!(scaler, event, "{words}"),
        }
    }

    /// What `record` is worth after all that has been said.
    fn worth(&mut self, record: &Record) -> Worth {
        let codes = trouble(record);
        if !codes.is_empty() {
            return self.troubled(codes, record.time);
        }
        if let Some(trouble) = &mut self.trouble {
            trouble.good += 1;
            if trouble.good >= GOOD_TICKS {
                self.trouble = None;
                return Worth::Recovery;
            }
        }
        self.changed(record)
    }

    fn troubled(&mut self, codes: BTreeSet<&'static str>, now: Timestamp) -> Worth {
        let trouble =
            self.trouble.get_or_insert_with(|| Trouble { told: BTreeSet::new(), told_at: now, good: 0 });
        trouble.good = 0;
        if codes.is_subset(&trouble.told) && now.since(trouble.told_at) < REMINDER {
            return Worth::Nothing;
        }
        trouble.told.extend(codes);
        trouble.told_at = now;
        Worth::Warning
    }

    fn changed(&mut self, record: &Record) -> Worth {
        let action = record.decision.action;
        if action == Action::Hold {
            let content = record.sample.fleet.as_ref().ok().map(|fleet| fleet.desired);
            if record.decision.recommended == content {
                self.withheld = None;
            }
            return Worth::Nothing;
        }
        if record.outcome != Outcome::Withheld {
            return Worth::Change;
        }
        if self.withheld.replace(action) == Some(action) { Worth::Nothing } else { Worth::Change }
    }
}

fn codes(record: &Record) -> String {
    record.decision.reasons.iter().map(Reason::code).collect::<Vec<_>>().join(",")
}

/// What a line that is worth telling tells of, where that has an explanation of its own.
fn event(record: &Record) -> Option<Event> {
    match (record.decision.action, &record.outcome) {
        (_, Outcome::Failed { .. }) => return Some(Event::ScalingFailed),
        (Action::ScaleOut { .. }, Outcome::Done) => return Some(Event::ScaledOut),
        (Action::ScaleIn { .. }, Outcome::Done) => return Some(Event::ScaledIn),
        _ => {}
    }
    let events = record.decision.reasons.iter().filter_map(|reason| match reason {
        Reason::Missing(missing) if matches!(missing.cause, Cause::Timeout | Cause::Unreachable) => {
            Some(Event::AwsUnreachable)
        }
        Reason::Missing(_) => Some(Event::ReadingMissing),
        Reason::CapacityStalled { .. } => Some(Event::CapacityStalled),
        _ => None,
    });
    // Of several, what has to be mended by hand.
    let events: Vec<_> = events.collect();
    let by_hand = events.iter().find(|event| **event == Event::ReadingMissing);
    by_hand.or(events.first()).copied()
}

/// What stands in the way of the scaler's work, by code; empty on a good day.
fn trouble(record: &Record) -> BTreeSet<&'static str> {
    let failed = matches!(record.outcome, Outcome::Failed { .. }).then(|| record.outcome.code());
    record.decision.reasons.iter().filter_map(obstruction).chain(failed).collect()
}

/// The code of a reason that a person should know of; for a missing reading, that of its cause.
const fn obstruction(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Missing(missing) => Some(missing.cause.code()),
        Reason::CapacityStalled { .. }
        | Reason::LaunchSuspended
        | Reason::TerminateSuspended
        | Reason::OperatorManaged { .. }
        | Reason::InstanceRefresh { .. } => Some(reason.code()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene;
    use super::*;
    use crate::model::{Cause, Decision, Fleet, Missing, Mode, Sample};

    fn tick(secs: i64, decision: Decision, outcome: Outcome) -> Record {
        let fleet = Fleet { desired: 2, max: 9, in_service: 2, ..Fleet::default() };
        let sample = Sample { queues: Vec::new(), fleet: Ok(fleet) };
        Record { time: Timestamp::from_secs(secs), ..scene::record(Mode::Drive, sample, decision, outcome) }
    }

    fn good(secs: i64) -> Record {
        tick(secs, Decision::hold(Some(2), Vec::new()), Outcome::None)
    }

    fn missing(secs: i64, cause: Cause) -> Record {
        let reason = Reason::Missing(Missing::new("queue q", cause, "no"));
        tick(secs, Decision::hold(None, vec![reason]), Outcome::None)
    }

    fn out(to: u32, outcome: Outcome) -> Record {
        let action = Action::ScaleOut { from: 2, to };
        tick(0, Decision { action, recommended: Some(to), reasons: Vec::new() }, outcome)
    }

    #[test]
    fn a_trouble_is_told_when_it_comes_when_it_changes_and_when_it_has_gone_for_three_ticks() {
        let mut journal = Journal::default();
        let mut worth = |record: &Record| journal.worth(record);
        assert_eq!(worth(&missing(0, Cause::Timeout)), Worth::Warning);
        assert_eq!(worth(&missing(10, Cause::Timeout)), Worth::Nothing);
        assert_eq!(worth(&missing(20, Cause::Throttled)), Worth::Warning);
        assert_eq!(worth(&missing(30, Cause::Timeout)), Worth::Nothing, "it comes and goes");
        assert_eq!([worth(&good(40)), worth(&good(50))], [Worth::Nothing; 2]);
        assert_eq!(worth(&missing(60, Cause::Timeout)), Worth::Nothing);
        assert_eq!(
            [worth(&good(70)), worth(&good(80)), worth(&good(90))],
            [Worth::Nothing, Worth::Nothing, Worth::Recovery]
        );
        assert_eq!(worth(&missing(100, Cause::Timeout)), Worth::Warning, "a new one");
    }

    #[test]
    fn a_trouble_that_lasts_is_told_again_every_hour() {
        let mut journal = Journal::default();
        assert_eq!(journal.worth(&missing(0, Cause::Denied)), Worth::Warning);
        assert_eq!(journal.worth(&missing(3599, Cause::Denied)), Worth::Nothing);
        assert_eq!(journal.worth(&missing(3600, Cause::Denied)), Worth::Warning);
        assert_eq!(journal.worth(&missing(3610, Cause::Denied)), Worth::Nothing);
    }

    #[test]
    fn what_is_told_has_its_event_and_what_is_held_back_has_none() {
        let refused = Outcome::Failed { why: "no".to_owned(), refused: true };
        for (record, expected) in [
            (out(5, Outcome::Done), Some(Event::ScaledOut)),
            (out(1, Outcome::Withheld), None),
            (out(5, refused), Some(Event::ScalingFailed)),
            (missing(0, Cause::Denied), Some(Event::ReadingMissing)),
            (missing(0, Cause::Timeout), Some(Event::AwsUnreachable)),
            (missing(0, Cause::Unreachable), Some(Event::AwsUnreachable)),
            (good(0), None),
            (scene::blind(), Some(Event::ReadingMissing)),
        ] {
            assert_eq!(event(&record), expected, "{record:?}");
        }
    }

    #[test]
    fn every_change_that_is_made_is_told() {
        let mut journal = Journal::default();
        for _ in 0..2 {
            assert_eq!(journal.worth(&out(5, Outcome::Done)), Worth::Change);
        }
        let failed = Outcome::Failed { why: "no".to_owned(), refused: true };
        assert_eq!(journal.worth(&out(5, failed)), Worth::Warning);
    }

    #[test]
    fn a_wish_held_back_on_purpose_is_told_once_while_it_lasts() {
        let mut journal = Journal::default();
        assert_eq!(journal.worth(&out(5, Outcome::Withheld)), Worth::Change);
        let cooling = tick(10, Decision::hold(Some(5), Vec::new()), Outcome::None);
        assert_eq!(journal.worth(&cooling), Worth::Nothing);
        assert_eq!(journal.worth(&out(5, Outcome::Withheld)), Worth::Nothing);
        assert_eq!(journal.worth(&out(6, Outcome::Withheld)), Worth::Change);
        assert_eq!(journal.worth(&good(20)), Worth::Nothing);
        assert_eq!(journal.worth(&out(6, Outcome::Withheld)), Worth::Change, "wished for anew");
    }
}
