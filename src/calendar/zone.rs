use crate::model::Timestamp;
use chrono::{DateTime, LocalResult, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};
use std::fmt;
use std::time::Duration;

/// A time zone, by the IANA database that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of this name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// What clocks show at `at`, to the second, as if it were UTC.
    pub(super) fn local(self, at: Timestamp) -> Option<DateTime<Utc>> {
        Some(self.at(at)?.naive_local().and_utc())
    }

    /// When clocks first show `local`, or pass it over.
    pub(super) fn instant(self, local: DateTime<Utc>) -> Option<Timestamp> {
        let local = local.naive_utc();
        let at = match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) => at,
            LocalResult::Ambiguous(one, other) => one.min(other),
            LocalResult::None => GapInfo::new(&local, &self.0)?.end?,
        };
        Some(Timestamp::from_secs(at.timestamp()))
    }

    /// A time that is not earlier than any that clocks have shown by `at`, as if it were UTC; later only
    /// while an hour comes for the second time.
    pub(super) fn latest_shown(self, at: Timestamp) -> Option<DateTime<Utc>> {
        let local = self.local(at)?;
        let back = match self.0.from_local_datetime(&local.naive_utc()) {
            LocalResult::Ambiguous(one, other) if one.min(other) < self.at(at)? => (one - other).abs(),
            _ => TimeDelta::zero(),
        };
        Some(local + back)
    }

    /// What clocks show at `at`, in words with the zone's name: the time of day, with the day where `now` is
    /// as far off as `day`, or farther.
    pub(super) fn clock(self, at: Timestamp, now: Timestamp, day: Duration) -> String {
        let far = at.since(now) >= day;
        self.words(at, if far { "%a %-d %b " } else { "" }, "")
    }

    /// The day and the time of day at `at`, with the difference to UTC and the zone's name, and with the year
    /// if it is not that of `now`: `Mon 23 Nov 08:00 +01:00 Europe/Berlin`.
    #[must_use]
    pub fn date(self, at: Timestamp, now: Timestamp) -> String {
        let year = |at| self.local(at).map(|local| local.format("%Y").to_string());
        self.words(at, if year(at) == year(now) { "%a %-d %b " } else { "%a %-d %b %Y " }, " %:z")
    }

    fn words(self, at: Timestamp, before: &str, after: &str) -> String {
        let Some(at) = self.at(at) else { return self.to_string() };
        let time = if at.format("%S").to_string() == "00" { "%H:%M" } else { "%H:%M:%S" };
        format!("{} {self}", at.format(&format!("{before}{time}{after}")))
    }

    fn at(self, at: Timestamp) -> Option<DateTime<Tz>> {
        let utc = DateTime::<Utc>::from_timestamp(at.as_millis().div_euclid(1000), 0)?;
        Some(utc.with_timezone(&self.0))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}
