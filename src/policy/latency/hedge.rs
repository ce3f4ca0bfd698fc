use super::reckoning::Reckoning;
use crate::model::{Timestamp, Tuning, tuning};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The capacity to hold ready for surges: what a boot takes too long to help against, nothing but instances that
/// are there already can.
///
/// How much, the past says: beside the real fleet, twins of it are reckoned with that never fall below so many
/// units each, and the smallest is held of which no more messages would have been late than may be. What came but
/// once is no reason to hold anything, and what comes once a day is forecast. Source:
/// percentiles of past load as a floor (Rzadca et al., Autopilot, `EuroSys` 2020), here of lateness instead of load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Hedge {
    /// One for each level, the smallest first.
    twins: Vec<Twin>,
    /// All messages, fading as those of the twins.
    all: f64,
    /// What was needed without a hedge of late.
    needs: VecDeque<(Timestamp, u32)>,
    /// What is to be held ready.
    held: Held,
}

/// A fleet that never falls below its level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Twin {
    /// Messages that wait or are worked on.
    inside: f64,
    /// For how long so many messages have waited that more is ordered for them, in seconds.
    pressed_secs: f64,
    /// Messages that waited too long, fading.
    late: f64,
    /// In how many surges, each of them soon after the one before.
    surges: usize,
    /// How long ago the last of them was, in seconds.
    since_secs: f64,
}

/// Capacity that is held ready, and what it is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Held {
    /// Units of capacity.
    pub(super) units: u32,
    /// Messages of 100 that would have been late with fewer.
    pub(super) late_percent: f64,
}

/// Levels of twins: from 0 to some ten thousand units, each one or a seventh more than the one before.
const LEVELS: usize = 60;
const LEVEL_SHARE: u32 = 7;

impl Hedge {
    /// Notes that `arrived` messages came in the `lasts_secs` until `now`, when `needed` units would have done
    /// without a hedge.
    pub(super) fn note(
        &mut self,
        now: Timestamp,
        lasts_secs: f64,
        arrived: f64,
        needed: u32,
        figures: &Reckoning<'_>,
        tuning: &Tuning,
    ) {
        if lasts_secs <= 0.0 {
            return;
        }
        // What is foreseen is ordered about a boot ahead, now a little more, now a little less: only what has been
        // needed for a boot time is there in the twins as well.
        self.needs.retain(|(at, _)| now.since(*at).as_secs_f64() <= figures.boot_secs);
        let there = self.needs.iter().map(|(_, units)| *units).min().unwrap_or(needed);
        self.needs.push_back((now, needed));
        let kept = tuning.kept(lasts_secs);
        let arrived = arrived.max(0.0);
        self.all = self.all * kept + arrived;
        self.twins.resize(LEVELS, Twin::default());
        let help_secs = figures.lead_secs();
        let (processing_secs, objective_secs) = (figures.processing_secs, figures.objective_secs);
        let done = 1.0 - libm::exp(-lasts_secs / processing_secs);
        for (twin, level) in self.twins.iter_mut().zip(levels()) {
            let slots = f64::from(level.max(there)) * figures.slots;
            let per_sec = slots / processing_secs;
            twin.late *= kept;
            twin.inside += arrived - (per_sec * lasts_secs).min(twin.inside * done);
            let waiting = (twin.inside - slots).max(0.0);
            let pressed = waiting > tuning.calm * per_sec * objective_secs;
            twin.pressed_secs = if pressed { twin.pressed_secs + lasts_secs } else { 0.0 };
            twin.since_secs += lasts_secs;
            if twin.since_secs > tuning.hedge.apart_secs {
                (twin.late, twin.surges) = (0.0, 0);
            }
            let late = (waiting - per_sec * objective_secs).clamp(0.0, arrived);
            if late > 0.0 && twin.pressed_secs < help_secs - objective_secs + lasts_secs {
                twin.late += late;
                twin.surges += usize::from(twin.surges == 0 || twin.since_secs > help_secs);
                twin.since_secs = 0.0;
            }
            // By then, what was ordered for them works.
            if twin.pressed_secs > help_secs {
                (twin.inside, twin.pressed_secs) = (twin.inside.min(slots), 0.0);
            }
        }
        self.held = self.least(figures.hourly(), tuning);
    }

    /// The smallest level of which few enough messages would have been late. `hourly` are the messages of an hour:
    /// as many are thought to have been in time before.
    fn least(&self, hourly: f64, tuning: &Tuning) -> Held {
        let tuning::Hedge { allowed, again, .. } = tuning.hedge;
        let all = self.all + hourly.max(tuning.few_hourly);
        let mut held = Held::default();
        for (twin, level) in self.twins.iter().zip(levels()) {
            held.units = level;
            if twin.surges < again || twin.late <= allowed * all {
                break;
            }
            held.late_percent = 100.0 * twin.late / all;
        }
        held
    }

    /// What is to be held ready.
    pub(super) const fn held(&self) -> Held {
        self.held
    }

    /// The same where all times are `millis` later, and none later than `latest`.
    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        for (at, _) in &mut self.needs {
            *at = at.shifted(millis).min(latest);
        }
    }
}

fn levels() -> impl Iterator<Item = u32> {
    std::iter::successors(Some(0_u32), |units| Some(units + (units / LEVEL_SHARE).max(1))).take(LEVELS)
}
