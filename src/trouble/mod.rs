//! When something about a scaler becomes a trouble, and when it is over: judged from one record after the other.
//!
//! A trouble is told when it begins, again at intervals while it stands, and once when it is over. What cannot be
//! told from a record, because a reading is missing, neither begins nor ends any but the one about missing readings.

mod dead_letters;
mod none_taken;
mod sight;
#[cfg(test)]
mod tests;

use crate::model::{Record, Timestamp, Trouble, TroubleKind, Turn};
use dead_letters::Levels;
use none_taken::NoneTaken;
use serde::{Deserialize, Serialize};
use sight::Sight;
use std::collections::BTreeMap;
use std::time::Duration;

/// When troubles are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long being at the maximum, missing readings and, once instances have booted, taking no message must last
    /// to be a trouble, and how long any trouble must not show to be over.
    pub after: Duration,
    /// From one word of a trouble that stands to the next.
    pub remind: Duration,
}

/// What is watched for at one scaler.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    terms: Terms,
    known: Known,
    /// For how long none has been taken of the messages that wait.
    none_taken: NoneTaken,
    /// What was last to be said of each trouble. It is not kept over a restart.
    texts: BTreeMap<TroubleKind, String>,
}

/// What must be remembered, over a restart too: without it, a crash loop would tell of the same trouble each time.
///
/// Times are times of day. Written by another version, it is read as far as the fields are known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// The course of each trouble, by the code of its kind.
    courses: BTreeMap<String, Course>,
    /// How many messages lie in each dead-letter queue without being news.
    dead_letters: Levels,
    /// For how long none had been taken of the messages that wait, to a minute.
    none_taken: NoneTaken,
}

/// How far a trouble has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Course {
    /// It shows, but not for long enough.
    Showing { since: Timestamp },
    /// It has been told.
    Standing {
        since: Timestamp,
        /// When it was last told.
        told: Timestamp,
        /// From when on it has not shown any more, if so.
        gone: Option<Timestamp>,
    },
}

impl Default for Terms {
    fn default() -> Self {
        Self { after: Duration::from_mins(10), remind: Duration::from_hours(4) }
    }
}

impl Watch {
    /// A watch that goes on from what is `known`.
    #[must_use]
    pub const fn new(terms: Terms, known: Known) -> Self {
        let none_taken = known.none_taken;
        Self { terms, known, none_taken, texts: BTreeMap::new() }
    }

    /// What has to be kept.
    #[must_use]
    pub const fn known(&self) -> &Known {
        &self.known
    }

    /// What `record` says of troubles: all that stand, and those that are over with it.
    pub fn observe(&mut self, record: &Record) -> Vec<Trouble> {
        self.known.forget_what_is_to_come(record.time);
        self.none_taken.forget_what_is_to_come(record.time);
        let after = self.terms.after;
        let mut troubles = Vec::new();
        for kind in TroubleKind::ALL {
            let stands = matches!(self.known.courses.get(kind.code()), Some(Course::Standing { .. }));
            let sight = match kind {
                TroubleKind::DeadLetters => self.known.dead_letters.watch(record, after),
                TroubleKind::NoneTaken => self.none_taken.watch(record, after, stands),
                _ => sight::of(kind, record, stands),
            };
            let since = match kind {
                TroubleKind::NoneTaken => self.none_taken.since(),
                _ => None,
            };
            troubles.extend(self.follow(kind, sight, since.unwrap_or(record.time), record.time));
        }
        self.known.none_taken = self.none_taken.kept();
        troubles
    }

    /// Takes the trouble of this kind one step further; what is seen `now` has been there `since`.
    fn follow(
        &mut self,
        kind: TroubleKind,
        sight: Sight,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<Trouble> {
        let course = self.known.courses.get(kind.code()).copied();
        let (next, turn) = self.terms.step(kind, course, &sight, since, now);
        if let Sight::Shows(text) = sight
            && turn.is_some()
        {
            self.texts.insert(kind, text);
        }
        let since = match next.or(course)? {
            Course::Showing { since } | Course::Standing { since, .. } => since,
        };
        match next {
            Some(next) if Some(next) == course => {}
            Some(next) => {
                self.known.courses.insert(kind.code().to_owned(), next);
            }
            None => {
                self.known.courses.remove(kind.code());
            }
        }
        let turn = turn?;
        let text = match turn {
            Turn::Recovered => over(course, now, self.texts.remove(&kind)),
            _ => self.texts.get(&kind).cloned().unwrap_or_else(|| "told before the last restart".to_owned()),
        };
        Some(Trouble { kind, turn, since, text })
    }
}

impl Terms {
    /// Where a trouble goes from `course` by what is seen `now` and has been there `since`, and what there is to tell
    /// of it.
    fn step(
        self,
        kind: TroubleKind,
        course: Option<Course>,
        sight: &Sight,
        since: Timestamp,
        now: Timestamp,
    ) -> (Option<Course>, Option<Turn>) {
        let told = |since| (Some(Course::Standing { since, told: now, gone: None }), Some(Turn::Began));
        let last = if takes_time(kind) { self.after } else { Duration::ZERO };
        match (course, sight) {
            (None, Sight::Shows(_)) if last.is_zero() => told(since),
            (None, Sight::Shows(_)) => (Some(Course::Showing { since }), None),
            (Some(Course::Showing { since }), Sight::Shows(_)) if now.since(since) >= last => told(since),
            (None | Some(Course::Showing { .. }), Sight::Gone) => (None, None),
            (None | Some(Course::Showing { .. }), _) => (course, None),
            (Some(Course::Standing { since, told, .. }), Sight::Shows(_)) => {
                let again = now.since(told) >= self.remind;
                let told = if again { now } else { told };
                let turn = if again { Turn::Reminder } else { Turn::Stands };
                (Some(Course::Standing { since, told, gone: None }), Some(turn))
            }
            (Some(Course::Standing { since, told, gone }), Sight::Gone) => {
                let gone = gone.unwrap_or(now);
                if now.since(gone) >= self.after {
                    return (None, Some(Turn::Recovered));
                }
                (Some(Course::Standing { since, told, gone: Some(gone) }), Some(Turn::Stands))
            }
            (Some(Course::Standing { .. }), Sight::Unknown) => (course, Some(Turn::Stands)),
        }
    }
}

/// Whether it is no trouble before it has lasted. The others are, once they show: what they are judged by has
/// waited already, or does not come and go.
const fn takes_time(kind: TroubleKind) -> bool {
    matches!(kind, TroubleKind::AtMax | TroubleKind::ReadingsMissing)
}

/// What there is to say of a trouble that is over.
fn over(course: Option<Course>, now: Timestamp, last: Option<String>) -> String {
    let lasted = match course {
        Some(Course::Standing { since, gone, .. }) => gone.unwrap_or(now).since(since),
        _ => Duration::ZERO,
    };
    let last = last.map(|text| format!("; it was: {text}")).unwrap_or_default();
    format!("over after {}{last}", span(lasted))
}

/// A length of time for people.
fn span(time: Duration) -> String {
    match time.as_secs() {
        secs @ ..120 => format!("{secs} s"),
        secs @ ..7_200 => format!("{} min", secs / 60),
        secs @ ..172_800 => format!("{} h", secs / 3_600),
        secs => format!("{} days", secs / 86_400),
    }
}

impl Known {
    /// The same without troubles of these kinds: they are watched for no longer, and could never be over.
    #[must_use]
    pub fn without(mut self, kinds: &[TroubleKind]) -> Self {
        self.courses.retain(|code, _| kinds.iter().all(|kind| kind.code() != code));
        self
    }

    /// A time that is still to come (the clock was set back) counts as now: it delays, and never hurries.
    fn forget_what_is_to_come(&mut self, now: Timestamp) {
        for course in self.courses.values_mut() {
            *course = match *course {
                Course::Showing { since } => Course::Showing { since: since.min(now) },
                Course::Standing { since, told, gone } => Course::Standing {
                    since: since.min(now),
                    told: told.min(now),
                    gone: gone.map(|at| at.min(now)),
                },
            };
        }
        self.dead_letters.forget_what_is_to_come(now);
    }
}
