use crate::model::{Action, Outcome, Reason, Record, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// One scaler's records, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    kept: VecDeque<Kept>,
    /// The reasons' codes of the last record, to tell what is new.
    codes: Vec<&'static str>,
    /// The last record that was no hold, however old.
    changed: Option<Arc<str>>,
}

#[derive(Debug)]
struct Kept {
    at: Timestamp,
    line: Arc<str>,
    /// Counted messages; nothing when a reading was missing.
    backlog: Option<f64>,
    /// Whether it is the last to be thinned out: something changed.
    notable: bool,
}

/// Records are kept for so long at most.
const AGE_MAX: Duration = Duration::from_hours(6);
/// All scalers together keep about so many, of about a kilobyte each.
const KEPT_MAX: usize = 20_000;
/// A scaler keeps no more than this, however few there are, and no fewer than a tenth of it.
pub(super) const SHELF_MAX: usize = 500;
/// What a trend shows.
const TREND: Duration = Duration::from_hours(1);
/// So many points make a trend.
pub(super) const TREND_POINTS: usize = 60;

impl Shelf {
    /// Takes a record, and the line that it is shown as.
    pub(super) fn take(&mut self, record: &Record, line: Arc<str>) {
        let codes: Vec<_> = record.decision.reasons.iter().map(Reason::code).collect();
        let changed = record.decision.action != Action::Hold;
        let acted = changed || record.outcome != Outcome::None;
        let troubled = record.troubles.iter().any(|trouble| trouble.turn.is_news());
        let notable = acted || troubled || codes != self.codes;
        self.codes = codes;
        if changed {
            self.changed = Some(line.clone());
        }
        let backlog = record.sample.backlog().map(|sum| sum.counted).filter(|counted| counted.is_finite());
        self.kept.push_back(Kept { at: record.time, line, backlog, notable });
    }

    /// Keeps `most` records at most, none too old. Those beyond are taken from the older half: every other
    /// one at which nothing changed, and if there is none, the oldest.
    pub(super) fn thin(&mut self, now: Timestamp, most: usize) {
        while self.kept.front().is_some_and(|kept| now.since(kept.at) > AGE_MAX) {
            self.kept.pop_front();
        }
        if self.kept.len() <= most {
            return;
        }
        let older = self.kept.len() / 2;
        let mut index = 0;
        self.kept.retain(|kept| {
            index += 1;
            kept.notable || index > older || index % 2 == 1
        });
        while self.kept.len() > most {
            self.kept.pop_front();
        }
    }

    /// All that is kept.
    pub(super) fn lines(&self) -> Vec<Arc<str>> {
        self.kept.iter().map(|kept| kept.line.clone()).collect()
    }

    /// The last record.
    pub(super) fn last(&self) -> Option<&str> {
        self.kept.back().map(|kept| &*kept.line)
    }

    /// The last record that was no hold, however old.
    pub(super) fn changed(&self) -> Option<&str> {
        self.changed.as_deref()
    }

    /// The backlog of the last hour: seconds since 1970, and counted messages.
    pub(super) fn trend(&self) -> Vec<(i64, Option<f64>)> {
        let Some(now) = self.kept.back().map(|kept| kept.at) else { return Vec::new() };
        let recent: Vec<_> = self.kept.iter().filter(|kept| now.since(kept.at) <= TREND).collect();
        let step = recent.len().div_ceil(TREND_POINTS).max(1);
        // From the newest backwards: that one is shown in any case.
        let points = recent.iter().rev().step_by(step).rev();
        points.map(|kept| (kept.at.as_millis() / 1000, kept.backlog)).collect()
    }
}

/// How many records each of so many scalers may keep.
pub(super) fn shelf_max(scalers: usize) -> usize {
    (KEPT_MAX / scalers.max(1)).clamp(SHELF_MAX / 10, SHELF_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_scalers_share_the_room_there_is() {
        assert_eq!((shelf_max(1), shelf_max(200), shelf_max(5000)), (500, 100, 50));
    }
}
