use crate::model::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;
use std::time::Duration;

/// Messages that arrived, over the last week: finely for the last hours, coarsely for the days before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct History {
    origin: Timestamp,
    recent: Ring<STEP_SECS, HOUR_SECS>,
    day: Ring<60, DAY_SECS>,
    week: Ring<300, WEEK_SECS>,
}

/// Counts in stretches of one width over one span, newest last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Ring<const WIDTH_SECS: u32, const SPAN_SECS: u32> {
    /// Stretches begun so far, dropped ones included; the last of them is still being filled.
    begun: u64,
    #[serde(serialize_with = "briefly", deserialize_with = "known")]
    counts: VecDeque<f64>,
}

/// The count of a stretch that nobody watched.
const UNKNOWN: f64 = f64::NAN;
/// The width of the finest stretches, in seconds: what ages and forecasts are resolved to.
pub(super) const STEP_SECS: u32 = 10;
/// What an expert that looks an hour, a day or a week back needs beyond that: the horizon it looks at.
const BEYOND_SECS: u32 = 1800;
const HOUR_SECS: u32 = 3600;
const DAY_SECS: u32 = 24 * HOUR_SECS;
const WEEK_SECS: u32 = 7 * DAY_SECS;

impl History {
    /// Notes that `count` messages arrived, evenly, from `from` until `to`.
    pub(super) fn add(&mut self, from: Timestamp, to: Timestamp, count: f64) {
        if self.recent.begun == 0 || self.newest() > to {
            // A history of the future is none: only a file that makes no sense has one.
            *self = Self { origin: from, ..Self::default() };
        }
        let (from, to) = (self.secs(from), self.secs(to));
        self.recent.add(from, to, count);
        self.day.add(from, to, count);
        self.week.add(from, to, count);
    }

    /// Notes that so many more messages arrived from `from` until `to`, evenly, than was noted then; nothing where not
    /// all of that was watched.
    pub(super) fn amend(&mut self, from: Timestamp, to: Timestamp, more: f64) {
        let (from, to) = (self.secs(from), self.secs(to));
        if from < 0.0 || to > self.recent.end_secs() {
            return;
        }
        self.recent.add(from, to, more);
        self.day.add(from, to, more);
        self.week.add(from, to, more);
    }

    /// Messages that arrived in the `lasts_secs` that began `ago_secs` before `now`; nothing when that is
    /// longer ago than what is remembered.
    pub(super) fn sum(&self, now: Timestamp, ago_secs: f64, lasts_secs: f64) -> Option<f64> {
        let from = self.secs(now) - ago_secs;
        let to = from + lasts_secs;
        let recent = self.recent.sum(from, to);
        recent.or_else(|| self.day.sum(from, to)).or_else(|| self.week.sum(from, to))
    }

    /// Messages that arrived in the last 0, 1, 2, … times `step_secs`, up to `back_secs` ago, or as far as is
    /// remembered.
    pub(super) fn arrived(&self, now: Timestamp, step_secs: f64, back_secs: f64) -> Vec<f64> {
        let (mut total, mut ago) = (0.0, 0.0);
        let mut sums = vec![total];
        while ago < back_secs + step_secs {
            ago += step_secs;
            let Some(count) = self.sum(now, ago, step_secs) else { break };
            total += count;
            sums.push(total);
        }
        sums
    }

    /// The same history where all times are `millis` later, and none later than `latest`.
    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        self.origin = self.origin.shifted(millis);
        let beyond = self.newest().since(latest).as_millis();
        self.origin = self.origin.shifted(i64::try_from(beyond).map_or(i64::MIN, |beyond| -beyond));
    }

    /// The beginning of the newest stretch.
    fn newest(&self) -> Timestamp {
        let secs = self.recent.newest_secs().max(self.day.newest_secs()).max(self.week.newest_secs());
        self.origin + Duration::from_secs(secs)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since the history began stay far below 2^53"
    )]
    fn secs(&self, at: Timestamp) -> f64 {
        at.as_millis().saturating_sub(self.origin.as_millis()) as f64 / 1000.0
    }
}

impl<const WIDTH_SECS: u32, const SPAN_SECS: u32> Ring<WIDTH_SECS, SPAN_SECS> {
    const CAPACITY: usize = ((SPAN_SECS + BEYOND_SECS) / WIDTH_SECS + 2) as usize;

    fn width() -> f64 {
        f64::from(WIDTH_SECS)
    }

    /// Seconds from the origin to the beginning of the newest stretch.
    fn newest_secs(&self) -> u64 {
        self.begun.saturating_sub(1).saturating_mul(WIDTH_SECS.into())
    }

    /// Seconds from the origin to the end of the newest stretch.
    fn end_secs(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "stretches are few")]
        let begun = self.begun as f64;
        begun * Self::width()
    }

    /// The stretch that holds the time `secs` after the origin.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; never negative")]
    fn stretch(secs: f64) -> u64 {
        (secs / Self::width()).max(0.0) as u64
    }

    fn add(&mut self, from: f64, to: f64, count: f64) {
        let rate = if to > from { count / (to - from) } else { 0.0 };
        let mut at = from;
        while at < to {
            let stretch = Self::stretch(at);
            self.begin(stretch);
            #[expect(clippy::cast_precision_loss, reason = "stretches are few")]
            let end = ((stretch.saturating_add(1)) as f64 * Self::width()).min(to);
            let oldest = self.begun.saturating_sub(self.counts.len() as u64);
            let place = stretch.checked_sub(oldest).and_then(|place| usize::try_from(place).ok());
            if let Some(noted) = place.and_then(|place| self.counts.get_mut(place)) {
                *noted += rate * (end - at);
            }
            at = end;
        }
    }

    /// Begins stretches up to and including `stretch`.
    fn begin(&mut self, stretch: u64) {
        let missing = stretch.saturating_add(1).saturating_sub(self.begun);
        for ahead in (0..missing.min(Self::CAPACITY as u64)).rev() {
            self.counts.push_back(if ahead == 0 { 0.0 } else { UNKNOWN });
        }
        let beyond = self.counts.len().saturating_sub(Self::CAPACITY);
        self.counts.drain(..beyond);
        self.begun = self.begun.max(stretch.saturating_add(1));
    }

    /// The messages from `from` to `to`, each stretch's spread evenly over it; nothing where any is unknown.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "stretches are few")]
    fn sum(&self, from: f64, to: f64) -> Option<f64> {
        let oldest = self.begun.checked_sub(self.counts.len() as u64)?;
        let first = Self::stretch(from);
        if from < 0.0 || first < oldest || self.counts.is_empty() {
            return None;
        }
        let mut at = first;
        let counts = self.counts.iter().skip((first - oldest) as usize);
        let sum = counts.map_while(|count| {
            let begin = at as f64 * Self::width();
            at = at.saturating_add(1);
            let overlap = (begin + Self::width()).min(to) - begin.max(from);
            (overlap > 0.0).then(|| count * overlap / Self::width())
        });
        Some(sum.sum()).filter(|sum: &f64| sum.is_finite())
    }
}

/// To two places: more is noise, and the state file is written often.
fn briefly<S: Serializer>(counts: &VecDeque<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer
        .collect_seq(counts.iter().map(|count| count.is_finite().then(|| (count * 100.0).round() / 100.0)))
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VecDeque<f64>, D::Error> {
    let counts = VecDeque::<Option<f64>>::deserialize(deserializer)?;
    Ok(counts.into_iter().map(|count| count.unwrap_or(UNKNOWN)).collect())
}
