use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// How long capacity that is not needed is worth keeping: as long as it costs less than ordering it
/// again would, learnt from how long this fleet's idle gaps last.
///
/// Source: the ski-rental problem (Karlin et al., Algorithmica 3, 1988) and DelayedOff (Gandhi et al.,
/// Performance Evaluation 67, 2010); here the wait is chosen by what each candidate would have cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Idle {
    /// Since when needs have been watched.
    begun: Option<Timestamp>,
    /// When each level of capacity was last needed, the first unit first.
    needed: Vec<Option<Timestamp>>,
    /// What each candidate wait would have cost, in instance-seconds beyond the needed, fading.
    cost: Vec<f64>,
}

/// Candidate waits, in boot times.
const WAITS: [f64; 9] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0];
/// Boot times that the wait of one boot time (never worse than twice the best) is ahead at first.
const PRIOR: f64 = 3.0;
const FORGETTING_SECS: f64 = 50_000.0;

impl Idle {
    /// Notes that `levels` units are needed; a gap of no more than `sample_secs` is none. Ordering a unit
    /// again costs `restart_secs`.
    pub(super) fn learn(&mut self, now: Timestamp, levels: u32, sample_secs: f64, boot_secs: f64, restart_secs: f64) {
        if self.cost.len() != WAITS.len() {
            self.cost = WAITS.iter().map(|wait| PRIOR * (wait - 1.0).abs() * boot_secs).collect();
        }
        self.begun.get_or_insert(now);
        let kept = 1.0 - sample_secs / (FORGETTING_SECS + sample_secs);
        self.cost.iter_mut().for_each(|cost| *cost *= kept);
        let levels = levels as usize;
        if self.needed.len() < levels {
            self.needed.resize(levels, None);
        }
        for needed in self.needed.iter_mut().take(levels) {
            let gap = needed.map_or(0.0, |last| now.since(last).as_secs_f64());
            if gap > 1.5 * sample_secs {
                for (cost, wait) in self.cost.iter_mut().zip(WAITS) {
                    let wait = wait * boot_secs;
                    *cost += gap.min(wait) + if gap > wait { restart_secs } else { 0.0 };
                }
            }
            *needed = Some(now);
        }
    }

    /// How long an unneeded unit is to be kept, in seconds.
    pub(super) fn wait_secs(&self, boot_secs: f64) -> f64 {
        let mut costs = self.cost.iter().zip(WAITS);
        let best = costs.by_ref().min_by(|(a, _), (b, _)| a.total_cmp(b));
        best.map_or(1.0, |(_, wait)| wait) * boot_secs
    }

    /// Seconds since the unit of this number was last needed; since watching began, when it never was.
    pub(super) fn unneeded_secs(&self, now: Timestamp, level: u32) -> f64 {
        let last = (level as usize).checked_sub(1).and_then(|index| self.needed.get(index).copied().flatten());
        last.or(self.begun).map_or(0.0, |since| now.since(since).as_secs_f64())
    }

    pub(super) fn fresh(&self, now: Timestamp, boot_secs: f64) -> bool {
        self.begun.is_none_or(|begun| now.since(begun).as_secs_f64() < boot_secs)
    }
}
