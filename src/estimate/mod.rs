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
use processing::Processing;
use slots::Slots;

use crate::model::{
    Aged, Backlog, Deleted, Estimate, Fleet, Hints, Learnt, Now, Outlook, Queue, Sample, Timestamp,
    settling_secs,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// Seconds since the sample before, and messages that arrived in them.
    lasts_secs: f64,
    arrived: f64,
    /// Since when messages have been waiting at each sample.
    busy: Option<Timestamp>,
    /// Seconds that an interrupted message stays hidden.
    visibility_secs: f64,
}

/// After a longer time without samples, the difference of two counters says little.
const GAP: Duration = Duration::from_mins(15);
/// SQS's own default visibility timeout, in seconds.
const VISIBILITY_SECS: f64 = 30.0;
/// For how long messages must be seen waiting before those in flight are taken for all that the fleet can
/// take: counters are seconds old.
const BUSY: Duration = Duration::from_secs(15);
/// How far apart samples are, in seconds, of which a constant says what one tells and what is kept of earlier ones.
const SPELL_SECS: f64 = 10.0;
/// By what factor a processing time must be off for the arrivals reckoned with it to be worth nothing.
const MISTAKEN: f64 = 1.8;
/// How many steps an outlook has, at most, over objective and boot: longer objectives are looked at more coarsely.
const STEPS_MOST: f64 = 120.0;
/// An objective is tight when it leaves less than this beyond the boot, in boot times: no queue absorbs a surprise.
const TIGHT_BOOTS: f64 = 1.3;

impl Estimates {
    /// Learns from a sample.
    pub fn learn(&mut self, hints: &Hints, now: Now, sample: &Sample) {
        let (Some(backlog), Ok(fleet)) = (sample.backlog(), &sample.fleet) else { return };
        let at = now.steady;
        let (waiting, in_flight) = (count(backlog.visible), count(backlog.in_flight));
        let before = self.last.filter(|last| at.since(last.at) <= GAP && at > last.at);
        if before.is_some_and(|last| self.is_false_zero(hints, at, &last, &backlog, fleet)) {
            return;
        }
        self.members.meet(at, before.map(|last| last.at), fleet);
        let shift = now.steady.as_millis().saturating_sub(now.wall.as_millis());
        let believed = self.processing.secs(hints.processing_secs).value;
        let told = deleted(sample).map(|told| (told.from.shifted(shift), told));
        self.processing.learn(at, in_flight, told, hints.processing_secs);
        let learnt = self.processing.secs(hints.processing_secs).value;
        let (lasts_secs, arrived) =
            before.map_or((0.0, 0.0), |last| self.arrived(hints, at, &last, waiting, in_flight));
        // What was finished, and so what arrived, was reckoned with a processing time that was far off.
        let mistaken = learnt > MISTAKEN * believed || believed > MISTAKEN * learnt;
        if self.last.is_none() || mistaken {
            self.jumps = Jumps::default();
            self.forecast.begin(in_flight / learnt);
        }
        if let Some(last) = before {
            let (horizon, tight) = (self.horizon(hints), self.tight(hints));
            let messages = waiting + in_flight;
            if hints.processing_secs.is_none() {
                let working = f64::midpoint(in_flight, last.in_flight);
                self.processing.learn_emptying(at, lasts_secs, messages, working);
            }
            self.history.add(last.at, at, arrived);
            self.forecast.learn(at, lasts_secs, arrived, messages, &self.history, horizon);
            let per_sec = self.forecast.word(at, &self.history, horizon, tight).per_sec;
            self.jumps.learn(at, messages, per_sec, &self.history, horizon);
        }
        let busy = (waiting > 0.0).then(|| before.and_then(|last| last.busy).unwrap_or(at));
        let visibility = sample.queues.iter().filter_map(|queue| queue.facts.visibility_timeout_secs).max();
        let visibility_secs = visibility.map_or(VISIBILITY_SECS, f64::from);
        self.last = Some(Seen { at, waiting, in_flight, lasts_secs, arrived, busy, visibility_secs });
        self.saturated(hints, at, &backlog, fleet);
    }

    /// Whether all counters read zero, though the fleet cannot have finished what there was.
    fn is_false_zero(
        &self,
        hints: &Hints,
        at: Timestamp,
        last: &Seen,
        backlog: &Backlog,
        fleet: &Fleet,
    ) -> bool {
        /// How much faster than believed a fleet may be.
        const FASTER: f64 = 2.0;
        let lasts = at.since(last.at).as_secs_f64();
        let rounds = 1.0 + lasts / self.processing.secs(hints.processing_secs).value;
        let slots = self.slots.per_unit(hints.slots).value * f64::from(fleet.in_service);
        let there_was = last.waiting + last.in_flight;
        let doubted = settling_secs(last.lasts_secs);
        backlog.is_empty() && there_was > FASTER * slots.max(last.in_flight) * rounds && lasts < doubted
    }

    /// How long the last sample was ago, and what has arrived since: what there is more, and what was finished.
    fn arrived(&self, hints: &Hints, at: Timestamp, last: &Seen, waiting: f64, in_flight: f64) -> (f64, f64) {
        let lasts = at.since(last.at).as_secs_f64();
        let working = f64::midpoint(in_flight, last.in_flight);
        let finished = self.processing.finished(working, lasts, hints.processing_secs);
        (lasts, waiting + in_flight - last.waiting - last.in_flight + finished)
    }

    /// Learns slots and boot time from a sample in which messages wait for a free slot.
    fn saturated(&mut self, hints: &Hints, now: Timestamp, backlog: &Backlog, fleet: &Fleet) {
        /// Boot times after which an instance certainly works.
        const CERTAIN: f64 = 1.25;
        /// Boot times, as told or guessed, after which it should.
        const BROKEN: f64 = 3.0;
        let (waiting, in_flight) = (count(backlog.visible), count(backlog.in_flight));
        let boot = self.boot.secs(hints.boot_secs).value;
        let known = f64::from(fleet.in_service.saturating_add(fleet.pending));
        let per_message = self.processing.secs(hints.processing_secs).value;
        // What a removed instance left in flight is worked on by nobody.
        let settling_secs = (3.0 * per_message).max(VISIBILITY_SECS);
        if !self.members.settled(now, settling_secs) {
            return;
        }
        let busy = self.last.and_then(|last| last.busy).is_some_and(|since| now.since(since) >= BUSY);
        let saturated = busy && waiting > self.slots.per_unit(hints.slots).value;
        let lasts = self.last.map(|last| last.lasts_secs).filter(|lasts| *lasts > 0.0);
        let spells = lasts.map_or(1.0, |lasts| lasts / SPELL_SECS);
        let ages = self.members.ages(now);
        let at_work = units(&ages, |age| age > CERTAIN * boot);
        let may_work = units(&ages, |_| true).max(known);
        if may_work > 0.0 {
            let most = if at_work > 0.0 { in_flight / at_work } else { f64::INFINITY };
            self.slots.learn(spells, saturated, in_flight / may_work, most, hints.slots);
        }
        // Where nothing is taken though some must work, workers are broken: that is no long boot.
        let expected = hints.boot_secs.unwrap_or(boot::GUESS_SECS);
        let broken = in_flight <= 0.0 && ages.iter().any(|age| age.secs > BROKEN * expected);
        if saturated && !broken {
            self.boot.learn(spells, in_flight, self.slots.per_unit(hints.slots), &ages);
        }
    }

    /// How far ahead arrivals are foretold: as far as an order takes to have an effect.
    fn horizon(&self, hints: &Hints) -> f64 {
        self.boot.secs(hints.boot_secs).value.max(3.0 * f64::from(STEP_SECS))
    }

    fn tight(&self, hints: &Hints) -> bool {
        hints.objective_secs < TIGHT_BOOTS * self.horizon(hints)
    }

    /// What to reckon with at `now`; nothing before the first sample.
    #[must_use]
    pub fn outlook(&self, hints: &Hints, now: Timestamp) -> Option<Outlook> {
        /// How far back the oldest message is looked for at least, in seconds.
        const BACK_SECS: f64 = 600.0;
        let last = self.last?;
        let (boot_secs, horizon) = (self.boot.secs(hints.boot_secs), self.horizon(hints));
        let (processing_secs, slots) =
            (self.processing.secs(hints.processing_secs), self.slots.per_unit(hints.slots));
        let tight = self.tight(hints);
        let word = self.forecast.word(now, &self.history, horizon, tight);
        let step_secs = f64::from(STEP_SECS).max((hints.objective_secs + boot_secs.value) / STEPS_MOST);
        let ages = self.members.ages(now);
        let at_work = units(&ages, |age| age > boot_secs.value);
        let per_sec = slots.value * at_work / processing_secs.value;
        Some(Outlook {
            estimate: Estimate {
                arrivals_per_sec: Learnt { value: word.per_sec, belief: word.belief },
                processing_secs,
                slots,
                boot_secs,
                drain_secs: (at_work > 0.0).then(|| last.waiting / per_sec),
                late_percent: 0.0,
            },
            sample_secs: last.lasts_secs,
            sample_arrived: last.arrived,
            visibility_secs: last.visibility_secs,
            tight,
            step_secs,
            arrived: self.history.arrived(now, step_secs, hints.objective_secs.max(BACK_SECS)),
            expected: word.expected(
                now,
                &self.history,
                step_secs,
                1.5 * boot_secs.value + hints.objective_secs,
            ),
            repeats: word.again_secs.is_some(),
            jump_per_sec: self.jumps.per_sec(),
            error_per_sec: word.squared_error / horizon,
            ages,
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
