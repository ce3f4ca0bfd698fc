use super::rules::Rules;
use super::window::{Window, unbroken};
use crate::estimate::Estimates;
use crate::model::{Action, Decision, Estimate, Fleet, Learning, Sample, Timestamp};
use crate::policy::Memory;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a controller remembers from tick to tick, and over a restart. All times are steady ones.
///
/// Written by another version, it is read as far as the fields are known; what is absent is as at the start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The queues and the group that this is about, in words of the caller's; none where it never was told.
    about: Option<String>,
    /// The last scale-out.
    pub(super) last_out: Option<Timestamp>,
    /// The last scale-in.
    pub(super) last_in: Option<Timestamp>,
    /// The stabilization window.
    pub(super) window: Window,
    /// How long every reading has shown an empty queue.
    pub(super) empty: Option<Streak>,
    /// Samples in a row that showed messages while nothing was ordered.
    pub(super) waking: u32,
    /// Ordered capacity that has not arrived.
    pub(super) shortfall: Option<Shortfall>,
    /// How much earlier than its window each floor is ordered that is ordered ahead, by the window's name.
    pub(super) leads: BTreeMap<String, Duration>,
    /// What was learnt, for a policy that learns.
    pub(super) estimates: Estimates,
    /// What the policy remembers.
    pub(super) memory: Memory,
}

/// An unbroken run of like readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Streak {
    /// Its first reading.
    pub(super) since: Timestamp,
    /// Its latest reading.
    pub(super) last: Timestamp,
}

/// Capacity on order that does not come into service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shortfall {
    /// The most capacity in service that was seen in it.
    pub(super) in_service: u32,
    /// From when capacity was last seen to grow, or the shortfall to begin.
    pub(super) standstill: Streak,
}

impl State {
    /// The state after a tick whose `decision` is carried out.
    pub(super) fn after(
        &self,
        rules: &Rules,
        now: Timestamp,
        sample: &Sample,
        decision: &Decision,
        at_work: u32,
    ) -> Self {
        let mut next = self.clone();
        match decision.action {
            Action::Hold => {}
            Action::ScaleOut { .. } => next.last_out = Some(now),
            Action::ScaleIn { .. } => next.last_in = Some(now),
        }
        if let Some(needed) = needed(sample, decision, at_work) {
            next.window.push(now, rules.stabilization, needed);
        }
        next.empty = self.empty_after(rules, now, sample);
        if let Ok(fleet) = &sample.fleet {
            next.waking = self.waking_with(sample, fleet);
            next.shortfall = self.shortfall_with(rules, now, fleet);
        }
        next
    }

    /// This state with the actions of `other`.
    pub(super) fn with_actions_of(mut self, other: &Self) -> Self {
        self.last_out = other.last_out;
        self.last_in = other.last_in;
        self
    }

    /// What is believed as of the steady time `now`; nothing before a first sample.
    #[must_use]
    pub fn estimate(&self, by: Learning<'_>, now: Timestamp) -> Option<Estimate> {
        let late_percent = self.memory.late_percent();
        self.estimates.outlook(by, now).map(|outlook| Estimate { late_percent, ..outlook.estimate })
    }

    /// This state, for a scaler of the queues and the group that `about` tells. Of others it proves nothing:
    /// then all begins anew but the cooldowns, which only delay.
    #[must_use]
    pub fn about(self, about: &str) -> Self {
        let told = Some(about.to_owned());
        if self.about.as_deref().is_none_or(|known| known == about) {
            return Self { about: told, ..self };
        }
        Self { about: told, last_out: self.last_out, last_in: self.last_in, ..Self::default() }
    }

    /// Whether `other` knows of the same last scale-out and scale-in.
    #[must_use]
    pub fn same_actions(&self, other: &Self) -> bool {
        self.last_out == other.last_out && self.last_in == other.last_in
    }

    /// Whether whoever starts from `kept` misses nothing of this state but how late it was still so. A watch
    /// that then seems to have had a gap begins anew, which delays and never hurries.
    #[must_use]
    pub fn merely_confirms(&self, kept: &Self) -> bool {
        let Self {
            about,
            last_out,
            last_in,
            window,
            empty,
            waking,
            shortfall,
            leads: _,
            estimates: _,
            memory: _,
        } = self;
        let since = |streak: &Option<Streak>| streak.map(|streak| streak.since);
        let standstill =
            |short: &Option<Shortfall>| short.map(|short| (short.in_service, short.standstill.since));
        (about, last_out, last_in, waking) == (&kept.about, &kept.last_out, &kept.last_in, &kept.waking)
            // A peak that was seen again lasts longer: a window without that would let go too early.
            && *window == kept.window
            && since(empty) == since(&kept.empty)
            && standstill(shortfall) == standstill(&kept.shortfall)
    }

    /// This state with every time moved by `millis`, and none later than `latest`.
    ///
    /// A state file holds the time of day; this brings it onto the steady time of a process and back.
    /// A stamp from the future (the clock was set back) counts as just now: it delays, and never hurries.
    #[must_use]
    pub fn shifted(mut self, millis: i64, latest: Timestamp) -> Self {
        let moved = |at: Timestamp| at.shifted(millis).min(latest);
        self.last_out = self.last_out.map(moved);
        self.last_in = self.last_in.map(moved);
        self.window.shift(millis, latest);
        let moved_streak = |streak: Streak| Streak { since: moved(streak.since), last: moved(streak.last) };
        self.empty = self.empty.map(moved_streak);
        self.shortfall =
            self.shortfall.map(|short| Shortfall { standstill: moved_streak(short.standstill), ..short });
        self.estimates.shift(millis, latest);
        self.memory.shift(millis, latest);
        self
    }

    /// The run of empty readings that includes `sample`. A missing reading ends it, and so does a gap of
    /// half the confirmation: neither can vouch for what happened meanwhile.
    pub(super) fn empty_after(&self, rules: &Rules, now: Timestamp, sample: &Sample) -> Option<Streak> {
        if !sample.backlog()?.is_empty() {
            return None;
        }
        let going_on = self.empty.filter(|streak| unbroken(streak.last, now, rules.empty_for));
        Some(Streak { since: going_on.map_or(now, |streak| streak.since), last: now })
    }

    /// Samples in a row, `sample` included, that show countable messages while nothing is ordered.
    pub(super) fn waking_with(&self, sample: &Sample, fleet: &Fleet) -> u32 {
        match sample.backlog() {
            Some(backlog) if backlog.counted > 0.0 && fleet.desired == 0 => self.waking.saturating_add(1),
            Some(_) => 0,
            None => self.waking,
        }
    }

    /// The shortfall as of `fleet`: capacity that outgrows all that was seen in it, or is complete, ends
    /// it. So does a gap of half the breaker's patience: what arrived meanwhile is not known.
    pub(super) fn shortfall_with(&self, rules: &Rules, now: Timestamp, fleet: &Fleet) -> Option<Shortfall> {
        if fleet.in_service >= fleet.desired {
            return None;
        }
        let known = self.shortfall.filter(|short| unbroken(short.standstill.last, now, rules.stalled_after));
        // Instances that come and go are no growth: only a new high is.
        let (in_service, since) = match known {
            Some(short) if fleet.in_service <= short.in_service => (short.in_service, short.standstill.since),
            _ => (fleet.in_service, now),
        };
        Some(Shortfall { in_service, standstill: Streak { since, last: now } })
    }
}

/// The capacity this tick had a use for: what was recommended, or what is at work if that is more.
/// Without the latter a single sample of false zeros would find nothing in the window to hold it back.
fn needed(sample: &Sample, decision: &Decision, at_work: u32) -> Option<u32> {
    let (recommended, _) = (decision.recommended?, sample.backlog()?);
    Some(recommended.max(at_work.min(sample.fleet.as_ref().ok()?.desired)))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_millis().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self::from_millis)
    }
}
