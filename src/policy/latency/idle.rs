use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// How long capacity that is not needed is worth keeping: as long as that costs less than ordering it
/// again would, learnt from how long this fleet's idle gaps last.
///
/// Source: the ski-rental problem (Karlin et al., Algorithmica 3, 1988) and `DelayedOff` (Gandhi et al.,
/// Performance Evaluation 67, 2010); here the wait is the one of several candidates that would have cost
/// the least.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Idle {
    /// Since when needs have been watched.
    begun: Option<Timestamp>,
    /// When each level of capacity was last needed, the first unit first.
    needed: Vec<Option<Timestamp>>,
    /// What each candidate wait would have cost beyond the needed, in instance-seconds, fading.
    cost: [f64; WAITS.len()],
}

/// Candidate waits, in boot times.
const WAITS: [f64; 9] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0];
/// By how many boot times the wait of one boot time, which is never worse than twice the best, is ahead at first.
const AHEAD: f64 = 3.0;
/// Seconds in which costs lose all but 1/e.
const FADING_SECS: f64 = 50_000.0;
/// A gap of more samples than this is one.
const SAMPLES: f64 = 1.5;

impl Idle {
    /// Notes that `levels` units are needed at `now`, `lasts_secs` after the last note. Ordering a unit
    /// again costs `restart_secs` of an instance.
    pub(super) fn note(
        &mut self,
        now: Timestamp,
        lasts_secs: f64,
        levels: u32,
        boot_secs: f64,
        restart_secs: f64,
    ) {
        if self.begun.is_none() {
            self.begun = Some(now);
            self.cost = WAITS.map(|wait| AHEAD * (wait - 1.0).abs() * boot_secs);
        }
        let kept = FADING_SECS / (FADING_SECS + lasts_secs);
        self.cost.iter_mut().for_each(|cost| *cost *= kept);
        let levels = levels as usize;
        if self.needed.len() < levels {
            self.needed.resize(levels, None);
        }
        for needed in self.needed.iter_mut().take(levels) {
            let gap = needed.map_or(0.0, |last| now.since(last).as_secs_f64());
            if gap > SAMPLES * lasts_secs {
                for (cost, wait) in self.cost.iter_mut().zip(WAITS) {
                    let wait = wait * boot_secs;
                    *cost += gap.min(wait) + if gap > wait { restart_secs } else { 0.0 };
                }
            }
            *needed = Some(now);
        }
    }

    /// The wait that would have cost the least, in seconds.
    pub(super) fn break_even_secs(&self, boot_secs: f64) -> f64 {
        let cheapest = self.cost.iter().zip(WAITS).min_by(|(a, _), (b, _)| a.total_cmp(b));
        cheapest.map_or(1.0, |(_, wait)| wait) * boot_secs
    }

    /// Seconds since the unit of this number was last needed; since the watch began, when it never was.
    pub(super) fn unneeded_secs(&self, now: Timestamp, level: u32) -> f64 {
        let last =
            (level as usize).checked_sub(1).and_then(|index| self.needed.get(index).copied().flatten());
        last.or(self.begun).map_or(0.0, |since| now.since(since).as_secs_f64())
    }

    /// Seconds since the watch began.
    pub(super) fn watched_secs(&self, now: Timestamp) -> f64 {
        self.begun.map_or(0.0, |begun| now.since(begun).as_secs_f64())
    }

    /// The same where all times are `millis` later, and none later than `latest`.
    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        for at in self.needed.iter_mut().chain([&mut self.begun]).flatten() {
            *at = at.shifted(millis).min(latest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u32) -> Timestamp {
        Timestamp::from_secs(secs.into())
    }

    /// The break-even wait of a fleet that needs one unit for 10 s after every gap.
    fn learnt(gap: u32) -> f64 {
        let mut idle = Idle::default();
        for turn in 0..200 {
            idle.note(at(turn * (gap + 10)), 10.0, 1, 100.0, 100.0);
            idle.note(at(turn * (gap + 10) + 10), 10.0, 1, 100.0, 100.0);
        }
        idle.break_even_secs(100.0)
    }

    #[test]
    fn gaps_shorter_than_a_boot_are_waited_through() {
        assert!(learnt(60) >= 60.0 && learnt(60) <= 100.0, "{}", learnt(60));
    }

    #[test]
    fn long_gaps_are_not_waited_for_at_all() {
        assert!(learnt(3000).abs() < 1e-9);
    }

    #[test]
    fn without_experience_the_wait_is_a_boot() {
        let mut idle = Idle::default();
        idle.note(at(0), 10.0, 3, 100.0, 100.0);
        assert!((idle.break_even_secs(100.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_level_is_unneeded_since_it_was_last_needed() {
        let mut idle = Idle::default();
        idle.note(at(0), 10.0, 3, 100.0, 100.0);
        idle.note(at(10), 10.0, 1, 100.0, 100.0);
        let unneeded = |level| idle.unneeded_secs(at(30), level);
        let whole = [unneeded(1), unneeded(3), unneeded(9)].map(|secs| format!("{secs}"));
        assert_eq!(whole, ["20", "30", "30"]);
    }
}
