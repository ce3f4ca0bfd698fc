use crate::model::{Timestamp, Tuning, tuning};
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
    /// When capacity was last needed, highest level first and so the longest ago first: each entry holds for
    /// the units up to its level, as far as no later one does.
    levels: Vec<(u32, Timestamp)>,
    /// What each candidate wait would have cost beyond the needed, in instance-seconds, fading.
    cost: [f64; tuning::WAITS],
}

/// More entries than these tell nothing that matters.
const LEVELS_MOST: usize = 256;

impl Idle {
    /// Notes that `levels` units are needed at `now`, `lasts_secs` after the last note, or 0 where that is too
    /// long ago for the watch to have gone on. Ordering a unit again costs a boot of it.
    pub(super) fn note(
        &mut self,
        now: Timestamp,
        lasts_secs: f64,
        levels: u32,
        boot_secs: f64,
        tuning: &Tuning,
    ) {
        let tuning::Idle { waits, ahead } = tuning.idle;
        if self.begun.is_none() {
            self.begun = Some(now);
            self.cost = waits.map(|wait| ahead * (wait - 1.0).abs() * boot_secs);
        }
        if lasts_secs <= 0.0 {
            // After a gap in the watch nobody knows what was needed meanwhile.
            self.begun = Some(now);
            self.levels.clear();
        }
        let kept = tuning.kept(lasts_secs);
        self.cost.iter_mut().for_each(|cost| *cost *= kept);
        let mut below = 0;
        while let Some((level, last)) = self.levels.pop() {
            let units = f64::from(level.min(levels).saturating_sub(below));
            let gap = now.since(last).as_secs_f64();
            // One sample ago is no gap, two are one; notes come not quite as far apart as samples.
            if gap > 1.5 * lasts_secs {
                for (cost, wait) in self.cost.iter_mut().zip(waits) {
                    let wait = wait * boot_secs;
                    *cost += units * (gap.min(wait) + if gap > wait { boot_secs } else { 0.0 });
                }
            }
            if level > levels {
                self.levels.push((level, last));
                break;
            }
            below = level;
        }
        if levels > 0 {
            self.levels.push((levels, now));
        }
        if self.levels.len() > LEVELS_MOST {
            self.merge_oldest();
        }
    }

    /// Makes two entries one, as if all of it had been needed as late as the later: it is kept the longer.
    fn merge_oldest(&mut self) {
        if let [(_, oldest), (_, older), ..] = self.levels.as_mut_slice() {
            *oldest = *older;
            self.levels.remove(1);
        }
    }

    /// The wait that would have cost the least, in seconds.
    pub(super) fn break_even_secs(&self, boot_secs: f64, tuning: &Tuning) -> f64 {
        let cheapest = self.cost.iter().zip(tuning.idle.waits).min_by(|(a, _), (b, _)| a.total_cmp(b));
        cheapest.map_or(1.0, |(_, wait)| wait) * boot_secs
    }

    /// Seconds since the unit of this number was last needed; since the watch began, when it never was.
    pub(super) fn unneeded_secs(&self, now: Timestamp, level: u32) -> f64 {
        let last = self.levels.iter().rev().find(|(to, _)| *to >= level).map(|(_, last)| *last);
        last.or(self.begun).map_or(0.0, |since| now.since(since).as_secs_f64())
    }

    /// The most units, of `most`, of which the last was needed within the last `secs`.
    pub(super) fn needed_within(&self, now: Timestamp, secs: f64, most: u32) -> u32 {
        if self.watched_secs(now) <= secs {
            return most;
        }
        let recent = self.levels.iter().find(|(_, last)| now.since(*last).as_secs_f64() <= secs);
        recent.map_or(0, |(level, _)| most.min(*level))
    }

    /// Seconds since the watch began.
    pub(super) fn watched_secs(&self, now: Timestamp) -> f64 {
        self.begun.map_or(0.0, |begun| now.since(begun).as_secs_f64())
    }

    /// The same where all times are `millis` later, and none later than `latest`.
    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        for at in self.levels.iter_mut().map(|(_, last)| last).chain(&mut self.begun) {
            *at = at.shifted(millis).min(latest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tuning;

    const TUNING: Tuning = Tuning::SHIPPED;

    fn at(secs: u32) -> Timestamp {
        Timestamp::from_secs(secs.into())
    }

    /// The break-even wait of a fleet that needs one unit for 10 s after every gap.
    fn learnt(gap: u32) -> f64 {
        let mut idle = Idle::default();
        for turn in 0..200 {
            idle.note(at(turn * (gap + 10)), 10.0, 1, 100.0, &TUNING);
            idle.note(at(turn * (gap + 10) + 10), 10.0, 1, 100.0, &TUNING);
        }
        idle.break_even_secs(100.0, &TUNING)
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
        idle.note(at(0), 10.0, 3, 100.0, &TUNING);
        assert!((idle.break_even_secs(100.0, &TUNING) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_level_is_unneeded_since_it_was_last_needed() {
        let mut idle = Idle::default();
        idle.note(at(0), 10.0, 3, 100.0, &TUNING);
        idle.note(at(10), 10.0, 1, 100.0, &TUNING);
        let unneeded = |level| idle.unneeded_secs(at(30), level);
        let whole = [unneeded(1), unneeded(3), unneeded(9)].map(|secs| format!("{secs}"));
        assert_eq!(whole, ["20", "30", "30"]);
        assert_eq!([19.0, 20.0, 29.0, 30.0].map(|secs| idle.needed_within(at(30), secs, 9)), [0, 1, 1, 9]);
    }

    #[test]
    fn a_fleet_of_millions_is_noted_in_a_few_entries() {
        let mut idle = Idle::default();
        for tick in 0..2000 {
            idle.note(at(tick * 10), 10.0, u32::MAX - tick, 100.0, &TUNING);
        }
        assert!(idle.levels.len() <= LEVELS_MOST);
        let unneeded =
            [1, u32::MAX - 1999, u32::MAX - 1998].map(|level| idle.unneeded_secs(at(19_990), level));
        assert_eq!(unneeded.map(|secs| format!("{secs}")), ["0", "0", "10"]);
    }

    #[test]
    fn a_gap_costs_for_each_unit_that_was_not_needed_in_it() {
        let costs = |levels: [u32; 3]| {
            let mut idle = Idle::default();
            idle.note(at(0), 10.0, levels[0], 100.0, &TUNING);
            let before = idle.cost[0];
            idle.note(at(10), 10.0, levels[1], 100.0, &TUNING);
            idle.note(at(100), 10.0, levels[2], 100.0, &TUNING);
            (idle.cost[0] - before).round()
        };
        // A little of the cost fades.
        assert!((costs([3, 1, 1]) - costs([3, 1, 3]) + 200.0).abs() < 2.0);
        assert!((costs([3, 1, 9]) - costs([3, 1, 3])).abs() < 2.0);
    }

    #[test]
    fn a_note_that_comes_a_little_late_is_no_gap() {
        let mut idle = Idle::default();
        idle.note(at(0), 10.0, 3, 100.0, &TUNING);
        let before = idle.cost;
        idle.note(at(10).shifted(200), 10.0, 3, 100.0, &TUNING);
        assert!(idle.cost.iter().zip(before).all(|(now, before)| *now <= before), "{:?}", idle.cost);
    }

    #[test]
    fn a_gap_in_the_watch_begins_it_anew_and_teaches_nothing() {
        let mut idle = Idle::default();
        idle.note(at(0), 10.0, 3, 100.0, &TUNING);
        idle.note(at(30_000), 0.0, 1, 100.0, &TUNING);
        assert!(idle.watched_secs(at(30_000)) < 1e-9);
        assert!((idle.break_even_secs(100.0, &TUNING) - 100.0).abs() < 1e-9);
    }
}
