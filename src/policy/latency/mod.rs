//! The wait that is acceptable, and nothing else: see [`Latency`].

mod budget;
mod hedge;
mod idle;
mod reckoning;

use super::{Policy, View, Want};
use crate::model::{Fewer, Hints, LatencyReason, Learning, Outlook, Reason, Timestamp, Tuning, whole_units};
use budget::Budget;
use hedge::{Hedge, Held};
use idle::Idle;
use reckoning::{Reckoning, Shortfall, Spare};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// As much capacity as lets no message wait longer than the objective, but for one in a hundred.
///
/// A queue with one objective is a queue of deadlines. For each time ahead, the messages that must have
/// been started by then are held against what the ordered instances can start by then: the processor
/// demand criterion of earliest-deadline-first scheduling (Baruah, Rosier and Howell, Real-Time Systems 2,
/// 1990). What is lacking is ordered; what would not be lacked for the break-even wait is given back.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// The wait that is acceptable, and where learning begins.
    pub hints: Hints,
    /// Whether an instance that is given back finishes the messages it works on.
    pub drains: bool,
    /// The constants.
    pub tuning: Tuning,
}

/// What the policy remembers from tick to tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    budget: Budget,
    /// Whether messages wait too long since a pause held orders back or the group could not fulfil them:
    /// nothing that headroom could have spared.
    excused: bool,
    /// While more is ordered than is on its way: how much is there, and since when it has not become more.
    short: Option<(u32, Timestamp)>,
    idle: Idle,
    hedge: Hedge,
    /// The capacity that was ordered at the last sample.
    desired: Option<u32>,
    /// When more was last found to be ordered.
    raised: Option<Timestamp>,
    /// The capacity that was needed at the last sample, what is held ready included.
    needed: u32,
    /// Messages in flight at the last two samples: a counter may be old.
    in_flight: [f64; 2],
    /// When there were last any messages at all.
    busy: Option<Timestamp>,
    /// What the messages in flight had waited, in seconds.
    waited_secs: f64,
    /// How long the oldest message had waited at the last sample, in seconds.
    oldest_secs: f64,
    /// Messages that a removal at the last sample can be expected to make late.
    risk: f64,
}

impl Memory {
    /// The same where all times are `millis` later, and none later than `latest`.
    pub(crate) fn shift(&mut self, millis: i64, latest: Timestamp) {
        let short = self.short.iter_mut().map(|(_, since)| since);
        for at in self.busy.iter_mut().chain(&mut self.raised).chain(short) {
            *at = at.shifted(millis).min(latest);
        }
        self.idle.shift(millis, latest);
        self.hedge.shift(millis, latest);
    }

    /// Messages of 100 that waited too long of late.
    #[must_use]
    pub fn late_percent(&self) -> f64 {
        self.budget.late_percent()
    }

    fn peak_in_flight(&self) -> f64 {
        self.in_flight.iter().copied().fold(0.0, f64::max)
    }
}

impl Policy for Latency {
    fn want(&self, view: &View<'_>, memory: &Memory) -> Want {
        let desired = view.fleet.desired;
        let Some(outlook) = view.outlook else {
            return Want { capacity: desired, reasons: vec![Reason::Latency(LatencyReason::NothingLearnt)] };
        };
        let figures = self.figures(view, outlook);
        let due = self.scale_out(view, &figures, memory);
        let ordered = due.or_else(|| self.first_instance(view, &figures, memory));
        let ready = self.make_ready(view, &figures, memory);
        let showing = self.find_out(view, &figures);
        let more = [ready, showing, ordered].into_iter().flatten().max_by_key(|(capacity, _)| *capacity);
        let (capacity, reason) = more.unwrap_or_else(|| self.scale_in(view, &figures, memory));
        let reasons = [Some(reason), self.out_of_reach(&figures)].into_iter().flatten();
        Want { capacity, reasons: reasons.map(Reason::Latency).collect() }
    }

    fn acceptable_backlog(&self, outlook: Option<&Outlook>) -> Option<f64> {
        let estimate = outlook?.estimate;
        Some(self.hints.objective_secs / estimate.processing_secs.value * estimate.slots.value)
    }

    fn learning(&self) -> Option<Learning<'_>> {
        Some(Learning { hints: &self.hints, tuning: &self.tuning })
    }

    fn lead(&self, outlook: Option<&Outlook>) -> Duration {
        let lead_secs = outlook.map(|outlook| self.tuning.lead_secs(outlook.estimate.boot_secs.value));
        Duration::try_from_secs_f64(lead_secs.unwrap_or_default()).unwrap_or_default()
    }

    fn remember(&self, view: &View<'_>, memory: &mut Memory) {
        let Some(outlook) = view.outlook else { return };
        let figures = self.figures(view, outlook);
        let lasts = outlook.sample_secs;
        let started = figures.in_flight / figures.processing_secs * lasts;
        let ordered = memory.desired.unwrap_or(view.fleet.desired);
        let removed = ordered.saturating_sub(view.fleet.desired);
        let there = view.fleet.in_service.saturating_add(view.fleet.pending);
        let before = memory.short.filter(|(earlier, _)| there <= *earlier);
        memory.short = (there < view.fleet.desired).then(|| before.unwrap_or((there, view.now)));
        let waits_secs = |(_, since): (u32, Timestamp)| view.now.since(since).as_secs_f64();
        let short = memory.short.map(waits_secs).is_some_and(|secs| secs > figures.boot_secs);
        let late = started * late_share(memory.oldest_secs, figures.oldest_secs, self.late_secs());
        memory.oldest_secs = figures.oldest_secs;
        memory.excused = view.held || short || (memory.excused && late > 0.0);
        let excused = if memory.excused { late } else { 0.0 };
        let interrupted = memory.risk * f64::from(removed);
        memory.budget.note(lasts, outlook.sample_arrived, late, excused, interrupted, &self.tuning);
        memory.desired = Some(view.fleet.desired);
        if view.fleet.desired > ordered {
            memory.raised = Some(view.now);
        }
        if !view.backlog.is_empty() {
            memory.busy = Some(view.now);
        }
        memory.in_flight = [figures.in_flight, memory.in_flight[0]];
        let fading_secs = self.tuning.reckoning.waited * figures.processing_secs;
        let fading = fading_secs / (fading_secs + lasts);
        memory.waited_secs = figures.oldest_secs.max(memory.waited_secs * fading);
        memory.risk = figures.risk(figures.in_flight, memory.waited_secs);
        let (arrived, bare) = (outlook.sample_arrived, self.needed(view, &figures, memory, false));
        memory.hedge.note(view.now, lasts, arrived, bare, &figures, &self.tuning);
        let ready = self.ready(view, &figures, memory).map_or(0, |held| held.units);
        memory.needed = self.needed(view, &figures, memory, true).max(ready);
        memory.idle.note(view.now, lasts, memory.needed, figures.boot_secs, &self.tuning);
    }
}

impl Latency {
    fn figures<'a>(&'a self, view: &View<'_>, outlook: &'a Outlook) -> Reckoning<'a> {
        Reckoning::new(
            outlook,
            view.backlog,
            view.fleet,
            self.hints.objective_secs,
            self.drains,
            &self.tuning,
        )
    }

    /// How long the oldest message has waited, as far as the counters show, where it has waited too long: they are old.
    /// Of a short objective, half is left at least.
    fn late_secs(&self) -> f64 {
        let objective_secs = self.hints.objective_secs;
        (objective_secs - self.tuning.counters_age_secs()).max(0.5 * objective_secs)
    }

    /// The wait that orders aim at: the objective, less a reserve that grows as messages are late.
    fn aim(&self, figures: &Reckoning<'_>, memory: &Memory) -> f64 {
        let ease = memory.budget.ease(figures.hourly(), &self.tuning);
        self.hints.objective_secs * (1.0 - self.tuning.reserve * (1.0 - ease))
    }

    /// Standard deviations of the forecast to provide for when ordering.
    fn spare(&self, figures: &Reckoning<'_>, memory: &Memory) -> Spare {
        let alarm = memory.budget.alarm(figures.hourly(), &self.tuning);
        let short = (figures.boot_secs / self.hints.objective_secs).sqrt();
        let usual = if figures.outlook.tight { self.tuning.headroom * short } else { 0.0 };
        Spare { usual, late: self.tuning.headroom_late * alarm }
    }

    /// What is held ready for surges, if anything: not for what is expected because it came at such a time before,
    /// and where the objective outlasts a boot only once messages have been late all the same.
    fn ready(&self, view: &View<'_>, figures: &Reckoning<'_>, memory: &Memory) -> Option<Held> {
        let short = self.hints.objective_secs < figures.boot_secs;
        let late = memory.budget.alarm(figures.hourly(), &self.tuning) > 0.0;
        let Held { units, late_percent } = memory.hedge.held();
        let held = Held { units: units.min(view.fleet.max), late_percent };
        (held.units > 0 && !figures.outlook.repeats && (short || late)).then_some(held)
    }

    fn make_ready(
        &self,
        view: &View<'_>,
        figures: &Reckoning<'_>,
        memory: &Memory,
    ) -> Option<(u32, LatencyReason)> {
        let held = self.ready(view, figures, memory)?;
        (held.units > view.fleet.desired).then(|| (held.units, held_ready(held, figures)))
    }

    /// The capacity without which messages would soon be late; what was late before calls for more of it, if
    /// that is `minded`.
    fn needed(&self, view: &View<'_>, figures: &Reckoning<'_>, memory: &Memory, minded: bool) -> u32 {
        let aim = self.aim(figures, memory);
        let Spare { usual, late } = self.spare(figures, memory);
        let usual = self.tuning.headroom_staying * usual;
        let spare = Spare { usual, late: if minded { late } else { 0.0 } };
        let sustaining = figures.sustaining(aim);
        let pressing = figures.needed(self.tuning.calm * self.hints.objective_secs, spare);
        let needed = whole_units(sustaining.max(pressing - self.tuning.remainder));
        let empty = view.backlog.visible == 0 && view.backlog.in_flight == 0;
        let needed = match (empty, sustaining < 1.0) {
            (true, true) => 0,
            // The last instance stays until the queue is empty.
            (false, _) if view.fleet.desired > 0 => needed.max(1),
            _ => needed,
        };
        needed.min(view.fleet.max.max(view.fleet.desired))
    }

    fn scale_out(
        &self,
        view: &View<'_>,
        figures: &Reckoning<'_>,
        memory: &Memory,
    ) -> Option<(u32, LatencyReason)> {
        let desired = view.fleet.desired;
        let aim = self.aim(figures, memory);
        let mut spare = self.spare(figures, memory);
        if desired == 0 && view.backlog.is_empty() {
            // Without a message an instance is ordered for what came at such a time before, and for no doubt;
            // and only where there is no time to wait for the messages themselves.
            if !figures.outlook.tight || !figures.outlook.repeats {
                return None;
            }
            spare = Spare::default();
        }
        let Shortfall { units, messages, to_come, within_secs } = figures.shortfall(aim, spare);
        let least = self.least(desired, figures, aim);
        (units > least).then(|| {
            let more = whole_units(units - self.tuning.remainder).max(1);
            let booting = figures.booting_units;
            let fewer = -figures.room(aim, spare, least).0;
            let reason = LatencyReason::Due { messages, to_come, within_secs, booting, more, fewer };
            (desired.saturating_add(more), reason)
        })
    }

    /// The first instance of an empty fleet, at the last moment: until then, more may arrive that it can
    /// serve as well.
    fn first_instance(
        &self,
        view: &View<'_>,
        figures: &Reckoning<'_>,
        memory: &Memory,
    ) -> Option<(u32, LatencyReason)> {
        // This is the last tick before the next sample, and counters are old.
        let early_secs = figures.outlook.sample_secs + self.tuning.counters_age_secs();
        let latest = self.aim(figures, memory) - figures.boot_secs - early_secs;
        let due = view.fleet.desired == 0 && figures.waiting > 0.0 && figures.oldest_secs > latest;
        let reason = LatencyReason::LastMoment {
            waited_secs: figures.oldest_secs,
            boot_secs: figures.boot_secs,
            latest_secs: latest,
        };
        due.then_some((1, reason))
    }

    fn find_out(&self, view: &View<'_>, figures: &Reckoning<'_>) -> Option<(u32, LatencyReason)> {
        let units = self.finding_out(figures);
        let messages = figures.waiting + figures.in_flight;
        (units > view.fleet.desired).then_some((units, LatencyReason::TimeUnknown { messages, units }))
    }

    /// Where nothing says how long a message takes: as many slots as the root of the messages, for one message alone
    /// shows little, and a slot for each may be far too many.
    fn finding_out(&self, figures: &Reckoning<'_>) -> u32 {
        let known = figures.outlook.estimate.processing_secs.belief >= self.tuning.believed;
        if known || self.hints.processing_secs.is_some() || figures.waiting <= 0.0 {
            return 0;
        }
        whole_units((figures.waiting + figures.in_flight).sqrt() / figures.slots)
    }

    fn scale_in(&self, view: &View<'_>, figures: &Reckoning<'_>, memory: &Memory) -> (u32, LatencyReason) {
        let desired = view.fleet.desired;
        let busy = whole_units(memory.peak_in_flight() / figures.slots);
        let needed = memory.needed.max(busy).max(self.finding_out(figures)).min(desired);
        let held = |reason| (desired, reason);
        let ready = self.ready(view, figures, memory).filter(|ready| ready.units >= desired);
        if let Some(ready) = ready.filter(|_| desired > busy) {
            return held(held_ready(ready, figures));
        }
        if needed == desired {
            return held(self.all_needed(desired, busy, figures, memory));
        }
        let raised_secs = memory.raised.map_or(f64::MAX, |raised| view.now.since(raised).as_secs_f64());
        let left_secs = figures.boot_secs - raised_secs;
        if left_secs > 0.0 {
            return held(LatencyReason::StillBooting { left_secs });
        }
        let empty_secs = memory.busy.map_or(f64::MAX, |busy| view.now.since(busy).as_secs_f64());
        let required_secs = self.tuning.settling_secs(figures.outlook.sample_secs);
        if view.backlog.is_empty() && empty_secs < required_secs {
            return held(LatencyReason::EmptyUnconfirmed { empty_secs, required_secs });
        }
        let watched = memory.idle.watched_secs(view.now);
        if watched < figures.boot_secs {
            return held(LatencyReason::NotWatchedYet {
                watched_secs: watched,
                required_secs: figures.boot_secs,
            });
        }
        let worth = self.tuning.keeping * memory.idle.break_even_secs(figures.boot_secs, &self.tuning);
        let idle = |level| memory.idle.unneeded_secs(view.now, level);
        let kept = memory.idle.needed_within(view.now, worth, desired).max(needed);
        if kept == desired {
            let idle_secs = idle(desired);
            return held(LatencyReason::WorthKeeping {
                spare: desired - needed,
                idle_secs,
                worth_secs: worth,
            });
        }
        let spare = desired - kept;
        let going = memory.budget.removals(spare, memory.risk, &self.tuning);
        if going == 0 {
            return held(LatencyReason::WouldInterrupt { spare, risk: memory.risk });
        }
        let idle_secs = idle(kept.saturating_add(1));
        let reason = LatencyReason::NoLongerNeeded { needed, idle_secs, worth_secs: worth };
        (desired - going, reason)
    }

    /// That all of `desired` is needed, of which `busy` are at work, and how far off more and fewer are.
    fn all_needed(&self, desired: u32, busy: u32, figures: &Reckoning<'_>, memory: &Memory) -> LatencyReason {
        let aim = self.aim(figures, memory);
        let (sustaining, less) = (whole_units(figures.sustaining(aim)), desired.saturating_sub(1));
        let least = self.least(desired, figures, aim);
        let (room, within_secs) = figures.room(aim, self.spare(figures, memory), least);
        let fewer = match less {
            _ if desired == 0 => Fewer::None,
            _ if busy >= desired => Fewer::InFlight(f64::from(less) * figures.slots),
            _ if sustaining >= desired => Fewer::PerSec(
                (f64::from(less) + self.tuning.remainder) * figures.slots / figures.processing_secs,
            ),
            _ => Fewer::Waiting,
        };
        let objective_secs = self.hints.objective_secs;
        LatencyReason::AllNeeded { needed: desired, objective_secs, room, within_secs, fewer }
    }

    /// Units of capacity up to which nothing is ordered.
    fn least(&self, desired: u32, figures: &Reckoning<'_>, aim: f64) -> f64 {
        let trickle = desired == 0 && figures.sustaining(aim) < 1.0;
        if trickle { self.tuning.first_order } else { self.tuning.remainder }
    }

    /// What no capacity that is ordered on demand can reach.
    fn out_of_reach(&self, figures: &Reckoning<'_>) -> Option<LatencyReason> {
        let objective_secs = self.hints.objective_secs;
        let belief = figures.outlook.estimate.boot_secs.belief;
        let known = self.hints.boot_secs.is_some() || belief >= self.tuning.believed;
        (known && objective_secs < figures.boot_secs).then(|| LatencyReason::OutOfReach {
            objective_secs,
            boot_secs: figures.boot_secs,
            reach_secs: figures.lead_secs(),
        })
    }
}

/// The share of the messages started in a while that had waited too long, which is `late_secs` and more, where the oldest
/// had waited so long at its beginning and so long at its end.
fn late_share(before: f64, after: f64, late_secs: f64) -> f64 {
    let (least, most) = (before.min(after), before.max(after));
    ((most - late_secs) / (most - least).max(1.0)).clamp(0.0, 1.0)
}

fn held_ready(held: Held, figures: &Reckoning<'_>) -> LatencyReason {
    let Held { units, late_percent } = held;
    LatencyReason::HeldReady { units, late_percent, boot_secs: figures.boot_secs }
}

#[cfg(test)]
mod tests;
