//! What is to be told elsewhere and has not been yet.

use super::notice;
use crate::model::{Record, Timestamp, Trouble, TroubleKind, Turn};

/// A trouble on its way to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) scaler: String,
    pub(super) kind: TroubleKind,
    pub(super) turn: Turn,
    pub(super) time: Timestamp,
    /// A line of ASCII, less than 100 characters: the most that SNS takes for a subject.
    pub(super) subject: String,
    /// The notice as JSON.
    pub(super) message: String,
}

/// What waits, the oldest first: one notice at most of each kind and scaler, so that it cannot grow without bounds.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Vec<Notice>);

/// SNS: a subject is shorter than 100 characters.
const SUBJECT_MAX: usize = 99;

impl Notice {
    pub(super) fn of(record: &Record, trouble: &Trouble) -> Self {
        Self {
            scaler: record.scaler.clone(),
            kind: trouble.kind,
            turn: trouble.turn,
            time: record.time,
            subject: subject(&record.scaler, trouble),
            message: notice::line(record, trouble),
        }
    }
}

/// `backlogd: images: dead letters arriving`; a long scaler's name is cut, the message has it whole.
fn subject(scaler: &str, trouble: &Trouble) -> String {
    let state = match trouble.turn {
        Turn::Began | Turn::Stands => "",
        Turn::Reminder => "still: ",
        Turn::Recovered => "recovered: ",
    };
    let (before, after) = ("backlogd: ", format!(": {state}{}", trouble.kind.title()));
    let room = SUBJECT_MAX.saturating_sub(before.len() + after.len());
    if scaler.len() <= room {
        return format!("{before}{scaler}{after}");
    }
    let cut: String = scaler.chars().take(room.saturating_sub(3)).collect();
    format!("{before}{cut}...{after}")
}

impl Waiting {
    /// Adds a notice, in the place of an earlier one of the same trouble: what has been overtaken need not be told.
    /// A beginning that nobody has been told of yet is not overtaken by a reminder of it.
    pub(super) fn add(&mut self, notice: Notice) {
        let same = |other: &Notice| (&other.scaler, other.kind) == (&notice.scaler, notice.kind);
        if notice.turn == Turn::Reminder
            && self.0.iter().any(|other| same(other) && other.turn == Turn::Began)
        {
            return;
        }
        self.0.retain(|other| !same(other));
        self.0.push(notice);
    }

    /// Takes out what has been told; what has overtaken it meanwhile stays.
    pub(super) fn told(&mut self, notice: &Notice) {
        self.0.retain(|other| other != notice);
    }

    /// All that waits now.
    pub(super) fn all(&self) -> Vec<Notice> {
        self.0.clone()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::scene;

    fn notice(scaler: &str, kind: TroubleKind, turn: Turn, secs: i64) -> Notice {
        let time = Timestamp::from_secs(secs);
        let record = Record { scaler: scaler.to_owned(), time, ..scene::scaled_out() };
        Notice::of(&record, &Trouble { kind, turn, since: time, text: "so and so".to_owned() })
    }

    #[test]
    fn a_subject_names_scaler_and_trouble_in_what_sns_takes() {
        for scaler in ["images", "i", &"x".repeat(64)] {
            for kind in TroubleKind::ALL {
                for turn in [Turn::Began, Turn::Reminder, Turn::Recovered] {
                    let subject = notice(scaler, kind, turn, 0).subject;
                    assert!(subject.len() < 100, "{subject}");
                    assert!(subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{subject}");
                    assert!(subject.ends_with(kind.title()), "{subject}");
                }
            }
        }
        let subject = |turn| notice("images", TroubleKind::DeadLetters, turn, 0).subject;
        assert_eq!(subject(Turn::Began), "backlogd: images: dead letters arriving");
        assert_eq!(subject(Turn::Reminder), "backlogd: images: still: dead letters arriving");
        assert_eq!(subject(Turn::Recovered), "backlogd: images: recovered: dead letters arriving");
        let long = notice(&"x".repeat(64), TroubleKind::NearRetention, Turn::Recovered, 0).subject;
        let expected = format!("backlogd: {}...: recovered: oldest message near retention", "x".repeat(44));
        assert_eq!((long.as_str(), long.len()), (expected.as_str(), 99));
    }

    #[test]
    fn what_waits_is_one_notice_of_each_trouble_in_the_order_they_came() {
        let mut waiting = Waiting::default();
        let began = notice("a", TroubleKind::AtMax, Turn::Began, 0);
        let other = notice("b", TroubleKind::AtMax, Turn::Began, 1);
        let over = notice("a", TroubleKind::AtMax, Turn::Recovered, 2);
        let again = notice("a", TroubleKind::AtMax, Turn::Began, 3);
        waiting.add(began.clone());
        waiting.add(other.clone());
        waiting.add(notice("a", TroubleKind::AtMax, Turn::Reminder, 1));
        assert_eq!(waiting.all(), [began.clone(), other.clone()], "it still begins");
        waiting.add(over.clone());
        assert_eq!(waiting.all(), [other.clone(), over.clone()], "the end tells of the whole");
        waiting.told(&began);
        assert_eq!(waiting.all(), [other.clone(), over], "what was sent meanwhile has been overtaken");
        waiting.add(again.clone());
        waiting.told(&other);
        assert_eq!(waiting.all(), std::slice::from_ref(&again));
        waiting.told(&again);
        assert!(waiting.is_empty());
    }

    #[test]
    fn of_several_reminders_the_last_is_told() {
        let mut waiting = Waiting::default();
        for secs in 0..5 {
            waiting.add(notice("a", TroubleKind::AtMax, Turn::Reminder, secs));
        }
        assert_eq!(waiting.all(), [notice("a", TroubleKind::AtMax, Turn::Reminder, 4)]);
    }
}
