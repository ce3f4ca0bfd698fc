use crate::calendar::Pattern;
use crate::model::Timestamp;
use chrono::{DateTime, Datelike, NaiveDate};
use std::time::Duration;

/// When a scaler samples: a cron pattern with seconds, in UTC.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pattern: Pattern,
    period: Duration,
}

/// From where the shortest period is measured: 2026-01-01T00:00:00Z. Fixed, so that a file means the
/// same every day.
pub(super) const REFERENCE: Timestamp = Timestamp::from_secs(1_767_225_600);

/// How many occurrences are looked at for the shortest period: a quarter of a daily pattern's year.
const LOOKED_AT: usize = 100;

/// How many are followed to see whether a window can be watched: more than fit into any sensible one.
const WATCHED_AT: u32 = 2000;

impl Schedule {
    /// The schedule of a cron pattern: second, minute, hour, day of month, month, day of week, and
    /// perhaps a year. Else which field is wrong, or that it fires less than twice from 2026 on.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let pattern = Pattern::parse(pattern)?;
        let period = shortest_gap(&pattern).ok_or("it never fires, or only once")?;
        Ok(Self { pattern, period })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        self.pattern.text()
    }

    /// The pattern in English: `every 10 seconds`.
    #[must_use]
    pub fn describe(&self) -> String {
        self.pattern.describe()
    }

    /// The shortest time between two occurrences, of the first hundred from 2026 on.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// How many samples are taken in 30 days, on average over a year from the first.
    #[must_use]
    pub fn samples_a_month(&self) -> f64 {
        let seconds =
            (0..60).filter(|second| self.pattern.cron().pattern.second_match(*second).unwrap_or(true));
        count(seconds) * self.minutes_a_month()
    }

    /// In how many minutes of 30 days samples are taken, on average over a year from the first.
    #[must_use]
    pub fn minutes_a_month(&self) -> f64 {
        const DAYS: u16 = 365;
        let pattern = &self.pattern.cron().pattern;
        let first = self.pattern.occurrences(REFERENCE).next();
        let first = first.and_then(|at| DateTime::from_timestamp(at.as_millis() / 1000, 0));
        let Some(first) = first else { return 0.0 };
        let on = |day: &NaiveDate| {
            let year = day.year();
            pattern.year_match(year).unwrap_or(true)
                && pattern.month_match(day.month()).unwrap_or(true)
                && pattern.day_match(year, day.month(), day.day()).unwrap_or(true)
        };
        let days = count(first.date_naive().iter_days().take(DAYS.into()).filter(on));
        let hours = count((0..24).filter(|hour| pattern.hour_match(*hour).unwrap_or(true)));
        let minutes = count((0..60).filter(|minute| pattern.minute_match(*minute).unwrap_or(true)));
        minutes * hours * days * 30.0 / f64::from(DAYS)
    }

    /// Whether something can be watched for `length` without a break, where a pause of half of it is one
    /// (as a scaler's windows are watched): some patterns sample in bursts too short for that.
    #[must_use]
    pub fn can_watch(&self, length: Duration) -> bool {
        let mut watched: Option<(Timestamp, Timestamp)> = None;
        for at in self.pattern.occurrences(REFERENCE).take(WATCHED_AT as usize) {
            let since = match watched {
                Some((since, last)) if at.since(last) < length / 2 => since,
                _ => at,
            };
            if at.since(since) >= length {
                return true;
            }
            watched = Some((since, at));
        }
        // A watch that is still unbroken after so many samples is only long.
        watched.is_some_and(|(since, last)| last.since(since) >= self.period * (WATCHED_AT - 1))
    }

    /// The time from the wall-clock `now` to the `n`-th occurrence after it, counted from 1; nothing
    /// when there is none (a pattern may name a last year).
    #[must_use]
    pub fn until_next(&self, now: Timestamp, n: usize) -> Option<Duration> {
        let next = self.pattern.occurrences(now).nth(n.checked_sub(1)?)?;
        Some(next.since(now))
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a minute, days of a year")]
fn count<T>(all: impl Iterator<Item = T>) -> f64 {
    all.count() as f64
}

fn shortest_gap(pattern: &Pattern) -> Option<Duration> {
    let mut shortest = None;
    let mut last: Option<Timestamp> = None;
    for at in pattern.occurrences(REFERENCE).take(LOOKED_AT) {
        if let Some(last) = last.replace(at) {
            let gap = at.since(last);
            shortest = Some(shortest.map_or(gap, |shortest: Duration| shortest.min(gap)));
        }
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(pattern: &str) -> Schedule {
        Schedule::parse(pattern).unwrap()
    }

    #[test]
    fn the_period_is_the_shortest_gap_between_occurrences() {
        for (pattern, secs) in [
            ("*/10 * * * * *", 10),
            ("* * * * * *", 1),
            ("0 */5 * * * *", 300),
            ("@hourly", 3600),
            ("*/7 * * * * *", 4),
            ("0,30 0 9 * * MON-FRI", 30),
            ("0 0 0 * * *", 86_400),
        ] {
            assert_eq!(schedule(pattern).period(), Duration::from_secs(secs), "{pattern}");
        }
    }

    #[test]
    fn the_samples_of_a_month_are_counted_by_the_calendar() {
        for (pattern, samples, minutes) in [
            ("*/10 * * * * *", 259_200.0, 43_200.0),
            ("* * * * * *", 2_592_000.0, 43_200.0),
            ("0 */5 * * * *", 8640.0, 8640.0),
            ("0 0 0 * * *", 30.0, 30.0),
            ("0,30 0 9 * * MON-FRI", 2.0 * 261.0 * 30.0 / 365.0, 261.0 * 30.0 / 365.0),
            ("0 0 0 1 * * 2027", 12.0 * 30.0 / 365.0, 12.0 * 30.0 / 365.0),
        ] {
            let schedule = schedule(pattern);
            assert!((schedule.samples_a_month() - samples).abs() < 1e-6, "{pattern}");
            assert!((schedule.minutes_a_month() - minutes).abs() < 1e-6, "{pattern}");
        }
    }

    #[test]
    fn a_window_can_be_watched_if_samples_ever_come_closely_for_as_long() {
        let can = |pattern: &str, secs| schedule(pattern).can_watch(Duration::from_secs(secs));
        assert!(can("*/10 * * * * *", 300) && can("0 * * * * *", 180) && can("* * * * * *", 86_400));
        assert!(can("*/10 * 8-18 * * MON-FRI", 300), "by day");
        assert!(!can("0 0,1 * * * *", 300), "two samples, and an hour's pause");
        assert!(!can("0,30 0 9 * * MON-FRI", 90));
        assert!(!can("0 0 * * * *", 3600));
    }

    #[test]
    fn the_time_to_the_next_occurrences_counts_from_the_wall_clock() {
        let every_ten = schedule("*/10 * * * * *");
        let until = |millis, n| every_ten.until_next(REFERENCE.shifted(millis), n).unwrap().as_millis();
        assert_eq!(until(0, 1), 10_000);
        assert_eq!(until(1, 1), 9_999);
        assert_eq!(until(9_999, 1), 1);
        assert_eq!(until(10_500, 3), 29_500);
        assert_eq!(every_ten.until_next(REFERENCE, 0), None);
    }

    #[test]
    fn there_is_no_next_occurrence_after_the_last_year() {
        let now = Timestamp::from_secs(2_000_000_000);
        assert_eq!(schedule("0 0 0 * * * 2026").until_next(now, 1), None);
    }

    #[test]
    fn seconds_are_required() {
        assert!(Schedule::parse("*/5 * * * *").unwrap_err().ends_with("; it has 5"));
    }

    #[test]
    fn a_schedule_that_never_comes_is_refused() {
        assert!(Schedule::parse("0 0 0 30 2 *").unwrap_err().contains("never"));
        assert!(Schedule::parse("0 0 0 1 1 * 2025").unwrap_err().contains("never"));
        assert!(Schedule::parse("0 0 0 1 1 * 2027").unwrap_err().contains("only once"));
    }

    #[test]
    fn a_schedule_reads_as_english() {
        assert_eq!(schedule("*/10 * * * * *").describe(), "every 10 seconds");
        assert_eq!(schedule("0 * * * * *").describe(), "every minute");
        assert_eq!(schedule("0 30 9 * * *").describe(), "at 09:30");
    }
}
