//! What is learnt of a workload and its fleet from the samples alone.
//!
//! Pure: time is an argument. A reading that is missing teaches nothing, and what is learnt survives
//! restarts. Each estimate says how far it rests on what was seen.

mod boot;
mod forecast;
mod history;
mod jumps;
mod members;
mod processing;
mod slots;

#[cfg(test)]
mod tests;

use boot::Boot;
use forecast::Forecast;
use history::{History, STEP_SECS};
use jumps::Jumps;
use members::Members;
use processing::{Processing, Surplus};
use slots::Slots;

use crate::model::{
    Aged, Backlog, Deleted, Estimate, Fleet, Learning, Learnt, Now, Outlook, Queue, Sample, Timestamp,
};
use serde::{Deserialize, Serialize};

/// All that is learnt of one scaler's workload and fleet. All times are steady ones.
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
    members: Members,
}

/// The last sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    at: Timestamp,
    waiting: f64,
    in_flight: f64,
    /// Units of capacity in service.
    #[serde(default)]
    in_service: f64,
    /// Seconds since the sample before, and messages that arrived in them.
    lasts_secs: f64,
    arrived: f64,
    /// Since when messages have been waiting at each sample.
    busy: Option<Timestamp>,
    /// Seconds that an interrupted message stays hidden.
    visibility_secs: f64,
}

/// SQS's own default visibility timeout, in seconds.
const VISIBILITY_SECS: f64 = 30.0;
/// How far back arrivals are told, in objectives: whatever has waited longer is late, and by far.
const BACK: f64 = 2.0;
/// How many steps an outlook has, at most, over objective and boot: longer objectives are looked at more coarsely.
const STEPS_MOST: f64 = 120.0;

impl Estimates {
    /// Learns from a sample.
    pub fn learn(&mut self, by: Learning<'_>, now: Now, sample: &Sample) {
        let Learning { hints, tuning } = by;
        let (Some(backlog), Ok(fleet)) = (sample.backlog(), &sample.fleet) else { return };
        let at = now.steady;
        let (waiting, in_flight) = (count(backlog.visible), count(backlog.in_flight));
        let gap_secs = tuning.gap_secs;
        let before = self.last.filter(|last| at.since(last.at).as_secs_f64() <= gap_secs && at > last.at);
        if before.is_some_and(|last| self.is_false_zero(by, at, &last, &backlog, fleet)) {
            // What had arrived by the sample before was noted then.
            if let Some(last) = &mut self.last {
                last.arrived = 0.0;
            }
            return;
        }
        self.members.meet(at, before.map(|last| last.at), fleet);
        let shift = now.steady.as_millis().saturating_sub(now.wall.as_millis());
        let believed = self.processing_secs(by).value;
        let told = deleted(sample).map(|told| (told.from.shifted(shift), told));
        let surplus = self.processing.learn(at, waiting, in_flight, told, hints.processing_secs, tuning);
        if let Some(Surplus { from, until, count }) = surplus {
            self.history.amend(from, until, count);
        }
        let learnt = self.processing_secs(by).value;
        let (lasts_secs, arrived) =
            before.map_or((0.0, 0.0), |last| self.arrived(by, at, &last, waiting, in_flight));
        // What was finished, and so what arrived, was reckoned with a processing time that was far off.
        let off = 1.0 + tuning.misjudged;
        let mistaken = learnt > off * believed || believed > off * learnt;
        if self.last.is_none() || mistaken {
            self.jumps = Jumps::default();
            self.forecast.begin(in_flight / learnt);
        }
        if let Some(last) = before {
            let (horizon, tight) = (self.horizon(by), self.tight(by));
            let messages = waiting + in_flight;
            if hints.processing_secs.is_none() {
                let working = f64::midpoint(in_flight, last.in_flight);
                self.processing.learn_emptying(at, lasts_secs, messages, working, tuning);
            }
            self.history.add(last.at, at, arrived);
            let (forecast, history) = (&mut self.forecast, &self.history);
            forecast.learn(lasts_secs, arrived, tuning);
            forecast.judge(at, lasts_secs, messages, history, horizon, tuning);
            let per_sec = forecast.word(at, history, horizon, tight, tuning).per_sec;
            self.jumps.learn(at, messages, per_sec, history, horizon, tuning);
        }
        let busy = (waiting > 0.0).then(|| before.and_then(|last| last.busy).unwrap_or(at));
        let visibility = sample.queues.iter().filter_map(|queue| queue.facts.visibility_timeout_secs).max();
        let visibility_secs = visibility.map_or(VISIBILITY_SECS, f64::from);
        let in_service = f64::from(fleet.in_service);
        let seen = Seen { at, waiting, in_flight, in_service, lasts_secs, arrived, busy, visibility_secs };
        self.last = Some(seen);
        self.saturated(by, at, &backlog, fleet);
    }

    /// Whether all counters read zero, though the fleet cannot have finished what there was.
    fn is_false_zero(
        &self,
        by: Learning<'_>,
        at: Timestamp,
        last: &Seen,
        backlog: &Backlog,
        fleet: &Fleet,
    ) -> bool {
        let lasts = at.since(last.at).as_secs_f64();
        let rounds = 1.0 + lasts / self.processing_secs(by).value;
        let slots = self.slots_per_unit(by).value * f64::from(fleet.in_service);
        let there_was = last.waiting + last.in_flight;
        let (faster, doubted) = (by.tuning.samples.faster, by.tuning.settling_secs(last.lasts_secs));
        backlog.is_empty() && there_was > faster * slots.max(last.in_flight) * rounds && lasts < doubted
    }

    /// How long the last sample was ago, and what has arrived since: what there is more, and what was finished.
    fn arrived(
        &self,
        by: Learning<'_>,
        at: Timestamp,
        last: &Seen,
        waiting: f64,
        in_flight: f64,
    ) -> (f64, f64) {
        let lasts = at.since(last.at).as_secs_f64();
        let working = f64::midpoint(in_flight, last.in_flight);
        let finished = self.processing.finished(working, lasts, self.processing_secs(by).value);
        (lasts, waiting + in_flight - last.waiting - last.in_flight + finished)
    }

    /// Learns slots and boot time from a sample in which messages wait for a free slot.
    fn saturated(&mut self, by: Learning<'_>, now: Timestamp, backlog: &Backlog, fleet: &Fleet) {
        let Learning { hints, tuning } = by;
        let (waiting, in_flight) = (count(backlog.visible), count(backlog.in_flight));
        let boot = self.boot_secs(by).value;
        let known = f64::from(fleet.in_service.saturating_add(fleet.pending));
        let per_message = self.processing_secs(by).value;
        // What a removed instance left in flight is worked on by nobody, until it is seen to be visible again. Where that
        // takes very long, a fleet that shrinks now and then would never be learnt from.
        let hidden_secs = self.last.map_or(VISIBILITY_SECS, |last| last.visibility_secs.min(tuning.gap_secs));
        let settling_secs =
            (tuning.samples.left_behind * per_message).max(hidden_secs) + tuning.counters_secs;
        if !self.members.settled(now, settling_secs) {
            return;
        }
        let busy_secs = |since| now.since(since).as_secs_f64();
        let busy = self.last.and_then(|last| last.busy).map(busy_secs);
        let saturated =
            busy.is_some_and(|secs| secs >= tuning.counters_secs) && waiting > self.slots_per_unit(by).value;
        let lasts = self.last.map(|last| last.lasts_secs).filter(|lasts| *lasts > 0.0);
        let spells = lasts.map_or(1.0, |lasts| lasts / tuning.samples.spell_secs);
        let ages = self.members.ages(now);
        let at_work = units(&ages, |age| age > tuning.lead_secs(boot));
        let may_work = units(&ages, |_| true).max(known);
        if may_work > 0.0 {
            let most = if at_work > 0.0 { in_flight / at_work } else { f64::INFINITY };
            self.slots.learn(spells, saturated, in_flight / may_work, most, hints.slots, tuning);
        }
        // Where nothing is taken though some must work, workers are broken: that is no long boot.
        let expected = hints.boot_secs.unwrap_or(tuning.boot.guess_secs);
        let broken = in_flight <= 0.0 && ages.iter().any(|age| age.secs > tuning.boot.broken * expected);
        if saturated && !broken {
            self.boot.learn(spells, in_flight, self.slots_per_unit(by), &ages, boot, tuning);
        }
    }

    /// How far ahead arrivals are foretold: as far as an order takes to have an effect.
    fn horizon(&self, by: Learning<'_>) -> f64 {
        self.boot_secs(by).value.max(by.tuning.counters_secs)
    }

    fn tight(&self, by: Learning<'_>) -> bool {
        by.hints.objective_secs < by.tuning.lead_secs(self.boot_secs(by).value)
    }

    fn processing_secs(&self, by: Learning<'_>) -> Learnt {
        self.processing.secs(by.hints.processing_secs, by.tuning)
    }

    fn slots_per_unit(&self, by: Learning<'_>) -> Learnt {
        self.slots.per_unit(by.hints.slots, by.tuning)
    }

    fn boot_secs(&self, by: Learning<'_>) -> Learnt {
        self.boot.secs(by.hints.boot_secs, by.tuning)
    }

    /// What to reckon with at `now`; nothing before the first sample.
    #[must_use]
    pub fn outlook(&self, by: Learning<'_>, now: Timestamp) -> Option<Outlook> {
        let Learning { hints, tuning } = by;
        let last = self.last?;
        let (boot_secs, horizon, tight) = (self.boot_secs(by), self.horizon(by), self.tight(by));
        let (processing_secs, slots) = (self.processing_secs(by), self.slots_per_unit(by));
        let word = self.forecast.word(now, &self.history, horizon, tight, tuning);
        let step_secs = f64::from(STEP_SECS).max((hints.objective_secs + boot_secs.value) / STEPS_MOST);
        let ahead_secs = tuning.lead_secs(boot_secs.value) + hints.objective_secs;
        let per_sec = slots.value * last.in_service / processing_secs.value;
        Some(Outlook {
            estimate: Estimate {
                arrivals_per_sec: Learnt { value: word.per_sec, belief: word.belief },
                processing_secs,
                slots,
                boot_secs,
                boot_spread: self.boot.spread(tuning),
                drain_secs: (last.in_service > 0.0).then(|| last.waiting / per_sec),
                late_percent: 0.0,
            },
            sample_secs: last.lasts_secs,
            sample_arrived: last.arrived,
            visibility_secs: last.visibility_secs,
            tight,
            step_secs,
            arrived: self.history.arrived(now, step_secs, BACK * hints.objective_secs),
            expected: word.expected(now, &self.history, step_secs, ahead_secs),
            repeats: word.again_secs.is_some(),
            jump_per_sec: self.jumps.per_sec(),
            error_per_sec: word.squared_error / horizon,
            ages: self.members.ages(now),
        })
    }

    /// The same where all times are `millis` later, and none later than `latest`.
    pub(crate) fn shift(&mut self, millis: i64, latest: Timestamp) {
        if let Some(last) = &mut self.last {
            for at in std::iter::once(&mut last.at).chain(&mut last.busy) {
                *at = at.shifted(millis).min(latest);
            }
        }
        self.history.shift(millis, latest);
        self.members.shift(millis, latest);
        self.processing.shift(millis, latest);
    }
}

/// The completions of all queues over the same stretch, if all tell them but those with nothing to do: of an
/// idle queue there is no word.
fn deleted(sample: &Sample) -> Option<Deleted> {
    let idle = |queue: &&Queue| queue.backlog.as_ref().is_ok_and(Backlog::is_empty);
    let mut telling = sample.queues.iter().filter(|queue| queue.deleted.is_some() || !idle(queue));
    let first = telling.next()?.deleted?;
    telling.try_fold(first, |sum, next| {
        let next = next.deleted.filter(|next| next.from == sum.from && next.lasts == sum.lasts)?;
        Some(Deleted { count: sum.count + next.count, ..sum })
    })
}

/// The units of capacity whose age is as `wanted`.
fn units(ages: &[Aged], wanted: impl Fn(f64) -> bool) -> f64 {
    ages.iter().filter(|age| wanted(age.secs)).map(|age| f64::from(age.units)).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(messages: u64) -> f64 {
    messages as f64
}
