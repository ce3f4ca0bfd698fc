//! When windows are open: cron patterns in their time zones.
//!
//! Asks no clock: each answer is about the time of day that it is asked for. Where the clocks go forward, a
//! start within the hour that is left out is when they do; where they go back, a start within the hour that
//! comes twice is its first coming. How long a window lasts is time that passes, whatever the clocks do.

mod amount;
mod field;
mod pause;
mod zone;

#[cfg(test)]
mod tests;

pub use amount::amount;
pub use pause::{paused, when};
pub use zone::Zone;

use crate::model::{Opening, Timestamp};
use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use std::time::Duration;

/// Times at which a fleet has a floor, a ceiling or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its name, for people.
    pub name: String,
    /// When it opens, in its zone.
    pub start: Pattern,
    /// The zone in which it does.
    pub zone: Zone,
    /// How long it stays open from then on; above 0.
    pub lasts: Duration,
    /// How much earlier the floor is ordered; nothing leaves it to the policy.
    pub lead: Option<Duration>,
    /// Smallest desired capacity to ask for while it is open.
    pub min: Option<u32>,
    /// Largest desired capacity to ask for while it is open.
    pub max: Option<u32>,
}

/// A cron pattern with seconds, in no zone yet: it is matched against what clocks show.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    text: String,
    cron: Cron,
}

/// Closer than this, a time of day says when; beyond it, the day has to be said too.
const DAY: Duration = Duration::from_hours(24);

// === impl Window ===

impl Window {
    /// What is in force at the time of day `wall`: all of the window while it is open, and before that the
    /// floor alone, as long as its lead; by default that is `lead`.
    #[must_use]
    pub fn open_at(&self, wall: Timestamp, lead: Duration) -> Option<Opening> {
        let inside = |starts: &Timestamp| wall < *starts + self.lasts;
        let lead = self.min.map_or(Duration::ZERO, |_| self.lead.unwrap_or(lead));
        let starts = self.latest(wall + lead).filter(inside)?;
        if starts <= wall {
            return Some(self.open(self.until(wall, starts)));
        }
        // Where it lasts longer than from one start to the next, it is open and about to begin anew.
        if let Some(open) = self.latest(wall).filter(inside) {
            return Some(self.open(self.until(wall, open)));
        }
        let when = format!("from {}, ordered ahead", self.zone.clock(starts, wall, DAY));
        Some(Opening { max: None, ahead: true, ..self.open(when) })
    }

    fn open(&self, when: String) -> Opening {
        Opening { window: self.name.clone(), min: self.min, max: self.max, when, ahead: false }
    }

    fn until(&self, wall: Timestamp, starts: Timestamp) -> String {
        format!("until {}", self.zone.clock(starts + self.lasts, wall, DAY))
    }

    /// When it opens after the time of day `wall`, as far as the calendar goes; without a lead.
    pub fn openings(&self, wall: Timestamp) -> impl Iterator<Item = Timestamp> {
        let from = self.zone.local(wall);
        let next = |at: &DateTime<Utc>| self.start.cron.find_next_occurrence(at, false).ok();
        // What clocks show a second earlier, so that a start is not passed over.
        let first = from.and_then(|local| next(&(local - Duration::from_secs(1))));
        let starts = std::iter::successors(first, next).filter_map(|local| self.zone.instant(local));
        let mut last = wall;
        starts.filter(move |starts| {
            let later = *starts > last;
            last = last.max(*starts);
            later
        })
    }

    /// The latest start at or before `by`.
    fn latest(&self, by: Timestamp) -> Option<Timestamp> {
        // The first coming of an hour that comes twice has shown later times than its second does.
        let shown = self.zone.latest_shown(by)?;
        let previous = |at: &DateTime<Utc>, also| self.start.cron.find_previous_occurrence(at, also).ok();
        let starts = std::iter::successors(previous(&shown, true), |at| previous(at, false));
        let mut starts = starts.filter_map(|local| self.zone.instant(local));
        starts.find(|starts| *starts <= by)
    }
}

// === impl Pattern ===

impl Pattern {
    /// The pattern of this text: second, minute, hour, day of month, month, day of week, and perhaps a
    /// year. Else which field is wrong, and what it may have.
    pub fn parse(text: &str) -> Result<Self, String> {
        // The dialect of tokio-cron-scheduler, which fires schedules.
        let parser = CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).build();
        let cron = parser.parse(text).map_err(|err| {
            field::mistake(text, |text| parser.parse(text).is_ok()).unwrap_or_else(|| err.to_string())
        })?;
        Ok(Self { text: text.to_owned(), cron })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was parsed.
    #[must_use]
    pub const fn cron(&self) -> &Cron {
        &self.cron
    }

    /// The pattern in English: `every 10 seconds`, `at 09:30`.
    #[must_use]
    pub fn describe(&self) -> String {
        let text = self.cron.describe();
        let text = text.trim_end_matches('.').replace("At every", "every");
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
    }

    /// The occurrences after `start` where clocks show UTC, as far as the calendar goes.
    pub fn occurrences(&self, start: Timestamp) -> impl Iterator<Item = Timestamp> {
        // Whole seconds: the parser would carry a fraction into every answer.
        let start = DateTime::<Utc>::from_timestamp(start.as_millis().div_euclid(1000), 0);
        // Searched one by one: the parser's own iterator leaves out an occurrence a second after another.
        let next = |at: &DateTime<Utc>| self.cron.find_next_occurrence(at, false).ok();
        let all = std::iter::successors(start.as_ref().and_then(next), next);
        all.map(|at| Timestamp::from_secs(at.timestamp()))
    }
}
