use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// The capacity needed in the recent past, as far as their highest can still matter, and since when
/// they have been watched without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Window {
    /// The first recommendation of the unbroken watch.
    since: Option<Timestamp>,
    /// The latest recommendation.
    last: Option<Timestamp>,
    /// Falling recommendations with the time each was last made: a later, higher one makes an
    /// earlier one irrelevant.
    peaks: VecDeque<(Timestamp, u32)>,
}

impl Window {
    /// The highest of `recommended` and all that is younger than `length`.
    pub(super) fn peak(&self, now: Timestamp, length: Duration, recommended: u32) -> u32 {
        let young = self.peaks.iter().filter(|(at, _)| now.since(*at) < length);
        young.map(|(_, value)| *value).fold(recommended, u32::max)
    }

    /// How long it takes until all that is younger than `length` and asks for `peak` or more is older.
    pub(super) fn leaving(&self, now: Timestamp, length: Duration, peak: u32) -> Duration {
        // The latest of the falling values that are as high.
        let last = self.peaks.iter().rev().find(|(_, value)| *value >= peak);
        last.map_or(Duration::ZERO, |(at, _)| length.saturating_sub(now.since(*at)))
    }

    /// How long the watch has gone on at `now`.
    pub(super) fn watched(&self, now: Timestamp, length: Duration) -> Duration {
        match (self.since, self.last) {
            (Some(since), Some(last)) if unbroken(last, now, length) => now.since(since),
            _ => Duration::ZERO,
        }
    }

    /// Adds a recommendation made at `now`. A window of no length remembers nothing.
    pub(super) fn push(&mut self, now: Timestamp, length: Duration, recommended: u32) {
        if length.is_zero() {
            *self = Self::default();
            return;
        }
        if !self.last.is_some_and(|last| unbroken(last, now, length)) {
            self.since = Some(now);
        }
        self.last = Some(now);
        self.peaks.retain(|(at, value)| now.since(*at) < length && *value > recommended);
        self.peaks.push_back((now, recommended));
    }

    /// Moves every time by `millis`, and none beyond `latest`.
    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        let moved = |at: Timestamp| at.shifted(millis).min(latest);
        self.since = self.since.map(moved);
        self.last = self.last.map(moved);
        self.peaks.iter_mut().for_each(|(at, _)| *at = moved(*at));
    }
}

/// Whether something watched at `last` and again at `now` counts as watched in between, for a watch that
/// must go on for `length`: a gap of half of it breaks it.
pub(super) fn unbroken(last: Timestamp, now: Timestamp, length: Duration) -> bool {
    now.since(last) < length / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_mins(5);

    fn window(points: &[(i64, u32)]) -> Window {
        let mut window = Window::default();
        for (at, value) in points {
            window.push(Timestamp::from_secs(*at), LENGTH, *value);
        }
        window
    }

    #[test]
    fn the_peak_is_the_highest_of_the_window_and_expires_with_it() {
        let window = window(&[(0, 5), (10, 9), (20, 3)]);
        assert_eq!(window.peak(Timestamp::from_secs(30), LENGTH, 2), 9);
        assert_eq!(window.peak(Timestamp::from_secs(309), LENGTH, 2), 9);
        assert_eq!(window.peak(Timestamp::from_secs(310), LENGTH, 2), 3);
        assert_eq!(window.peak(Timestamp::from_secs(320), LENGTH, 2), 2);
    }

    #[test]
    fn it_is_told_when_the_peak_leaves() {
        let window = window(&[(0, 5), (10, 9), (20, 3)]);
        let left = |peak| window.leaving(Timestamp::from_secs(30), LENGTH, peak).as_secs();
        assert_eq!((left(9), left(3), left(10)), (280, 290, 0));
    }

    #[test]
    fn only_what_can_still_be_a_peak_is_remembered() {
        let window = window(&(0..200).map(|i| (i, u32::try_from(i).unwrap())).collect::<Vec<_>>());
        assert_eq!(window.peaks.len(), 1);
    }

    #[test]
    fn a_steady_recommendation_is_remembered_once() {
        let steady = window(&(0..200).map(|i| (i, 7)).collect::<Vec<_>>());
        assert_eq!(steady.peaks, [(Timestamp::from_secs(199), 7)]);
    }

    #[test]
    fn a_gap_as_long_as_the_window_starts_the_watch_anew() {
        let mut window = window(&[(0, 5), (10, 5)]);
        assert_eq!(window.watched(Timestamp::from_secs(20), LENGTH), Duration::from_secs(20));
        assert_eq!(window.watched(Timestamp::from_secs(310), LENGTH), Duration::ZERO);
        window.push(Timestamp::from_secs(310), LENGTH, 5);
        assert_eq!(window.watched(Timestamp::from_secs(320), LENGTH), Duration::from_secs(10));
    }

    #[test]
    fn a_window_of_no_length_has_no_memory() {
        let mut window = window(&[(0, 5)]);
        window.push(Timestamp::from_secs(0), Duration::ZERO, 9);
        assert_eq!(window.peak(Timestamp::from_secs(0), Duration::ZERO, 2), 2);
        assert_eq!(window, Window::default());
    }
}
