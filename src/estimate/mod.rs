//! What is learnt of a workload and its fleet from the samples alone. Pure: time is an argument.
//!
//! A reading that is missing teaches nothing; what is learnt survives restarts.

mod boot;
mod forecast;
mod history;
mod jumps;
mod processing;
mod slots;

use boot::Boot;
use forecast::Forecast;
use history::{History, STEP_SECS};
use jumps::Jumps;
use processing::Processing;
use slots::Slots;

use crate::model::{Backlog, Deleted, Estimate, Fleet, Instance, Learnt, Outlook, Sample, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// What the settings say of a workload: where learning begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hints {
    /// Seconds a worker takes over one message; above 0.
    pub processing_secs: Option<f64>,
    /// Messages one unit of capacity works on at once; 1 or more.
    pub slots: Option<u32>,
    /// Seconds from ordering an instance until it works; above 0.
    pub boot_secs: Option<f64>,
}

/// All that is learnt of one scaler's workload and fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimates {
    last: Option<Seen>,
    history: History,
    forecast: Forecast,
    jumps: Jumps,
    processing: Processing,
    slots: Slots,
    boot: Boot,
    /// The instances ordered, oldest first, and since when each is known.
    members: Vec<Member>,
    /// When the fleet last shrank: workers may have left messages in flight that nobody works on.
    shrunk: Option<Timestamp>,
    /// Messages in flight at the samples of the last minutes, to be held against the completions of a
    /// minute that is told late.
    #[serde(skip)]
    in_flight: Vec<(Timestamp, f64)>,
    /// The end of the last stretch of completions that was learnt from.
    told: Option<Timestamp>,
}

/// The last sample's messages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    at: Timestamp,
    waiting: f64,
    in_flight: f64,
    /// For how many samples in a row messages were waiting.
    busy: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Member {
    id: Arc<str>,
    /// Nothing for one that was in service when first seen: nobody knows how long it had been.
    since: Option<Timestamp>,
    capacity: u32,
}

/// After a longer time without samples, the difference of two counters says little of either.
const GAP: Duration = Duration::from_mins(15);

impl Estimates {
    /// Learns from a sample at the steady time `now`. `wall` is the same point by the time of day.
    pub fn learn(&mut self, hints: &Hints, now: Timestamp, wall: Timestamp, sample: &Sample, tight_secs: f64) {
        let (Some(backlog), Ok(fleet)) = (sample.backlog(), &sample.fleet) else { return };
        let (waiting, in_flight) = (count(backlog.visible), count(backlog.in_flight));
        self.meet(now, fleet);
        self.finished(now, wall, in_flight, sample);
        let secs = self.processing.secs(hints.processing_secs).value;
        if self.last.is_none() {
            self.forecast.begin(in_flight / secs);
        }
        let last = self.last.filter(|last| now.since(last.at) <= GAP && now > last.at);
        if let Some(last) = last {
            let lasts = now.since(last.at).as_secs_f64();
            let completed = (in_flight + last.in_flight) / 2.0 / secs * lasts;
            let arrived = waiting + in_flight - last.waiting - last.in_flight + completed;
            let horizon = self.horizon(hints);
            self.history.add(last.at, now, arrived);
            self.forecast.learn(now, lasts, arrived, &self.history, horizon);
            self.jumps.learn(now, waiting + in_flight, self.forecast.word(now, &self.history, horizon, tight_secs < horizon + 60.0).per_sec, &self.history, horizon);
        }
        let busy = if waiting > 0.0 { last.map_or(0, |last| last.busy).saturating_add(1) } else { 0 };
        self.last = Some(Seen { at: now, waiting, in_flight, busy });
        self.saturated(hints, now, &backlog, fleet, busy);
    }

    /// Keeps the list of ordered instances and their ages.
    fn meet(&mut self, now: Timestamp, fleet: &Fleet) {
        // Ordered after the last sample, or it would have been in it.
        let ordered = self.last.map(|last| last.at);
        let mut before = std::mem::take(&mut self.members);
        let known = before.len();
        let mut stayed = 0_usize;
        let mut cursor = 0;
        self.members = fleet
            .instances
            .iter()
            .map(|instance| {
                let same = |member: &Member| Arc::ptr_eq(&member.id, &instance.id) || member.id == instance.id;
                // The group lists them in the same order each time, as a rule.
                let place = before.iter().skip(cursor).position(same).map(|ahead| cursor + ahead);
                let place = place.or_else(|| before.iter().position(same));
                match place.and_then(|place| before.get_mut(place).map(|member| (place, member.since))) {
                    Some((place, since)) => {
                        cursor = place + 1;
                        stayed += 1;
                        Member { id: instance.id.clone(), since, capacity: instance.capacity }
                    }
                    None => newcomer(instance, ordered.unwrap_or(now), ordered.is_none()),
                }
            })
            .collect();
        before.clear();
        if stayed < known {
            self.shrunk = Some(now);
        }
    }

    /// Learns the processing time from completions, which are told minutes late.
    fn finished(&mut self, now: Timestamp, wall: Timestamp, in_flight: f64, sample: &Sample) {
        let shift = wall.as_millis() - now.as_millis();
        self.in_flight.retain(|(at, _)| now.since(*at) <= Duration::from_mins(10));
        self.in_flight.push((now, in_flight));
        let Some(deleted) = deleted(sample) else { return };
        let from = deleted.from.shifted(-shift);
        let until = from + deleted.lasts;
        if self.told.is_some_and(|told| until <= told) {
            return;
        }
        self.told = Some(until);
        let during: Vec<f64> = self.in_flight.iter().filter(|(at, _)| *at > from && *at <= until).map(|(_, count)| *count).collect();
        if !during.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let mean = during.iter().sum::<f64>() / during.len() as f64;
            self.processing.learn(mean, deleted.lasts.as_secs_f64(), deleted.count);
        }
    }

    /// Learns slots and boot time from a sample in which messages were waiting for a free slot.
    fn saturated(&mut self, hints: &Hints, now: Timestamp, backlog: &Backlog, fleet: &Fleet, busy: u32) {
        let (waiting, in_flight) = (count(backlog.visible), count(backlog.in_flight));
        let ages: Vec<f64> = self.ages(now);
        let boot = self.boot.secs(hints.boot_secs).value;
        let units = f64::from(fleet.in_service.saturating_add(fleet.pending));
        let secs = self.processing.secs(hints.processing_secs).value;
        let settled = self.shrunk.is_none_or(|shrunk| now.since(shrunk).as_secs_f64() > (3.0 * secs).max(60.0));
        if units > 0.0 && settled && ages.iter().all(|age| *age > 1.25 * boot) {
            self.slots.learn(waiting, in_flight / units, units, hints.slots);
        }
        let per_unit = self.slots.per_unit(hints.slots).value;
        if settled && busy >= 3 && waiting > per_unit {
            let at_work = in_flight / per_unit;
            self.boot.learn(at_work, 0.5 + 0.08 * at_work, &ages);
        }
    }

    fn ages(&self, now: Timestamp) -> Vec<f64> {
        let unit = |member: &Member| {
            let age = member.since.map_or(f64::MAX, |since| now.since(since).as_secs_f64());
            std::iter::repeat_n(age, member.capacity.min(1) as usize)
        };
        self.members.iter().flat_map(unit).collect()
    }

    fn horizon(&self, hints: &Hints) -> f64 {
        self.boot.secs(hints.boot_secs).value.max(3.0 * f64::from(STEP_SECS))
    }

    /// What to reckon with at `now`: `objective_secs` is the wait that is acceptable.
    #[must_use]
    pub fn outlook(&self, hints: &Hints, now: Timestamp, objective_secs: f64) -> Option<Outlook> {
        let last = self.last?;
        let boot = self.boot.secs(hints.boot_secs);
        let horizon = self.horizon(hints);
        let tight = objective_secs < boot.value + 60.0;
        let word = self.forecast.word(now, &self.history, horizon, tight);
        let step_secs = f64::from(STEP_SECS).max((objective_secs + boot.value) / 120.0);
        let steps = |secs: f64| (secs / step_secs).max(0.0) as usize + 2;
        let expected = (0..=steps(1.5 * boot.value + objective_secs))
            .map(|step| {
                let ahead = step_secs * step as f64;
                let again = word.again_secs.and_then(|ago| self.history.sum(now, ago, ahead.min(ago)));
                again.map_or(word.per_sec * ahead, |sum| sum.max(0.0))
            })
            .collect();
        let processing = self.processing.secs(hints.processing_secs);
        let slots = self.slots.per_unit(hints.slots);
        let in_service: f64 = self.members.len() as f64;
        let rate = slots.value * in_service / processing.value;
        Some(Outlook {
            estimate: Estimate {
                arrivals_per_sec: Learnt { value: word.per_sec, belief: word.belief },
                processing_secs: processing,
                slots,
                boot_secs: boot,
                drain_secs: (rate > 0.0).then(|| last.waiting / rate),
                late_percent: 0.0,
            },
            step_secs,
            arrived: self.history.arrived(now, step_secs, steps(objective_secs.max(600.0))),
            expected,
            jump_per_sec: self.jumps.per_sec(),
            error_per_sec: word.squared_error / horizon,
            ages: self.ages(now),
        })
    }
}

fn newcomer(instance: &Instance, ordered: Timestamp, first: bool) -> Member {
    let since = (!(first && instance.in_service)).then_some(ordered);
    Member { id: instance.id.clone(), since, capacity: instance.capacity }
}

/// The completions of all queues over the same stretch, if all tell them.
fn deleted(sample: &Sample) -> Option<Deleted> {
    let mut all = sample.queues.iter().map(|queue| queue.deleted);
    let first = all.next()??;
    all.try_fold(first, |sum, next| {
        let next = next.filter(|next| next.from == sum.from && next.lasts == sum.lasts)?;
        Some(Deleted { count: sum.count + next.count, ..sum })
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(messages: u64) -> f64 {
    messages as f64
}
