//! What a run could have cost at the least: the yardstick of the benchmark.
//!
//! A linear program over steps of [`STEP`] that knows every message and its work beforehand. By step it
//! chooses the size of the fleet n, what is started u, and the work done so far P:
//!
//! ```text
//! least  Σ n·step + boot·Σ u        so that   u >= 0,  u >= n − n before
//!                                             P − P before <= slots·n·step
//!                                             D <= P <= R,  0 <= n <= max
//! ```
//!
//! R is the work that has arrived, D the work whose message would otherwise be late: each is due when the
//! objective and its own work have passed since it arrived, those of the unscored first hour as if they
//! had arrived at its end. Everything else is to the fleet's advantage, and so no controller without a late
//! message can be cheaper, whatever it knows:
//!
//! - sizes are real numbers, and instances start and stop at any step, each start costing the mean boot;
//! - work is divisible, and goes on anywhere at any time;
//! - what arrives in a step is there from its beginning, and what is due in a step is due at its end;
//! - the instances that a run begins with have booted;
//! - nothing is billed beyond the last message.
//!
//! One run may have drawn boots that are shorter than their mean: the bound is one in expectation.
//!
//! What cannot matter is left out: where no work waits and none is done, all steps are one. Where more than
//! [`SPANS_MAX`] remain, steps are twice as long, as often as it takes, so that it is solved within seconds.
//!
//! Longer steps give a lower bound. On the benchmark's traces those of 20 s are 0.1 % below those of 10 s
//! at the most, those of 640 s 3.4 % (measured on four of them); where arrivals come and go in seconds and the
//! objective is 60 s (`az_code`), 20 s are 1.7 % below, and 10 s are 0.2 % below 5 s. The solver's own
//! error, the duality gap at which it stops, is a millionth of the cost.

mod program;

use super::case::{Case, START};
use super::load::Message;
use super::run::UNSCORED;
use program::Program;
use std::time::Duration;

/// The length of a step. Shorter ones bring the bound closer to the truth, from below.
const STEP: Duration = Duration::from_secs(10);
/// The most steps, idle ones apart: almost six days of 10 s without a pause. The solver takes 5 kB
/// and a tenth of a millisecond for each.
const SPANS_MAX: usize = 50_000;

/// The cheapest fleet with which no message is late.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Least {
    /// What it costs, boots included.
    pub instance_hours: f64,
    /// From when on, since the beginning, it has how many instances at work: real numbers.
    pub fleet: Vec<(Duration, f64)>,
}

/// The instance-hours that the case's messages need at the least with none of them late; nothing when even
/// the group's `max` is too few.
#[must_use]
pub fn bound(case: &Case, messages: &[Message]) -> Option<f64> {
    least(case, messages).map(|least| least.instance_hours)
}

/// The fleet with which they need as few.
#[must_use]
pub fn least(case: &Case, messages: &[Message]) -> Option<Least> {
    least_within(case, messages, STEP, SPANS_MAX)
}

/// As [`least`], with steps of this length, at least a second, or as much longer as it takes to be this many.
fn least_within(case: &Case, messages: &[Message], step: Duration, spans_max: usize) -> Option<Least> {
    let spans = spans(case, messages, step);
    if spans.len() > spans_max {
        return least_within(case, messages, step.saturating_mul(2), spans_max);
    }
    let max = f64::from(case.max);
    if !is_possible(&spans, max) {
        return None;
    }
    let initial = f64::from(case.initial_size(messages));
    let (program, sizes) = program(&spans, case.boot_mean().as_secs_f64(), max, initial);
    let (instance_secs, x) = program.least()?;
    let mut begun = 0.0;
    let size = |(span, size): (&Span, &usize)| {
        let from = Duration::from_secs_f64(begun);
        begun += span.secs;
        (from, x.get(*size).copied().unwrap_or_default().max(0.0))
    };
    Some(Least {
        instance_hours: instance_secs / 3600.0,
        fleet: spans.iter().zip(&sizes).map(size).collect(),
    })
}

/// One step, or several idle ones.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    /// Its length in seconds.
    secs: f64,
    /// Work that must be done by its end, since the beginning, in microseconds of an instance.
    due: u64,
    /// Work that can be done by its end.
    arrived: u64,
    /// Whether no work is there before, during or after it.
    idle: bool,
}

impl Span {
    /// Work that may be done by the end of it and need not, in seconds of an instance.
    fn freedom(self) -> f64 {
        secs(self.arrived.saturating_sub(self.due))
    }
}

/// Microseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "years of work to the microsecond")]
fn secs(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// The messages' work by step, from the beginning until the last of it is due.
fn spans(case: &Case, messages: &[Message], step: Duration) -> Vec<Span> {
    let index = |after: Duration| usize::try_from(after.as_millis() / step.as_millis()).unwrap_or(usize::MAX);
    let arrival = |message: &Message| message.arrives.since(START);
    let due = |message: &Message| arrival(message).max(UNSCORED) + case.objective + message.work;
    let last = messages.iter().map(|message| index(due(message))).max();
    let mut changes = vec![(0_u64, 0_u64); last.map_or(0, |last| last.saturating_add(1))];
    for message in messages {
        let micros =
            u64::try_from(message.work.as_micros()).unwrap_or(u64::MAX) / u64::from(case.slots.max(1));
        if let Some(change) = changes.get_mut(index(arrival(message))) {
            change.0 += micros;
        }
        if let Some(change) = changes.get_mut(index(due(message))) {
            change.1 += micros;
        }
    }
    let mut spans: Vec<Span> = Vec::with_capacity(changes.len());
    let (mut arrived, mut due) = (0, 0);
    for change in changes {
        let idle = arrived == due && change == (0, 0);
        arrived += change.0;
        due += change.1;
        match spans.last_mut() {
            Some(span) if idle && span.idle => span.secs += step.as_secs_f64(),
            _ => spans.push(Span { secs: step.as_secs_f64(), due, arrived, idle }),
        }
    }
    spans
}

/// Whether `max` instances, always on, are enough.
fn is_possible(spans: &[Span], max: f64) -> bool {
    let mut done: f64 = 0.0;
    spans.iter().all(|span| {
        done = (done + max * span.secs).min(secs(span.arrived));
        done >= secs(span.due)
    })
}

/// The program, and which of its variables are the sizes of the fleet.
fn program(spans: &[Span], boot_secs: f64, max: f64, initial: f64) -> (Program, Vec<usize>) {
    let mut program = Program::default();
    let mut sizes = Vec::with_capacity(spans.len());
    let (mut size_before, mut ahead_before, mut due_before) = (None, None, 0);
    for span in spans {
        let started = program.variable(boot_secs, f64::INFINITY);
        let size = program.variable(span.secs, max);
        // The work done by the end of it beyond what is due.
        let ahead = (span.freedom() > 0.0).then(|| program.variable(0.0, span.freedom()));
        let carried = size_before.map(|before| (before, 1.0));
        let from = if carried.is_some() { 0.0 } else { initial };
        let fleet = [Some((started, 1.0)), Some((size, -1.0)), carried];
        program.at_least(fleet.into_iter().flatten(), -from);
        let work = [Some((size, span.secs)), ahead_before.map(|it| (it, 1.0)), ahead.map(|it| (it, -1.0))];
        program.at_least(work.into_iter().flatten(), secs(span.due.saturating_sub(due_before)));
        sizes.push(size);
        (size_before, ahead_before, due_before) = (Some(size), ahead, span.due);
    }
    (program, sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One slot, a boot of 120 s, an objective of 30 s, and nothing that runs at the beginning.
    fn case() -> Case {
        Case {
            boot: Duration::from_mins(2)..=Duration::from_mins(2),
            objective: Duration::from_secs(30),
            initial: Some(0),
            ..Case::default()
        }
    }

    /// `count` messages of a minute's work at `secs`.
    fn burst(secs: u64, count: usize) -> Vec<Message> {
        let message = Message {
            arrives: START + Duration::from_secs(secs),
            work: Duration::from_mins(1),
            delay: Duration::ZERO,
            group: None,
        };
        vec![message; count]
    }

    #[track_caller]
    fn costs(case: &Case, messages: &[Message], instance_secs: f64) {
        let secs = bound(case, messages).unwrap() * 3600.0;
        assert!((secs / instance_secs - 1.0).abs() < 1e-4, "{secs} s instead of {instance_secs} s");
    }

    #[test]
    fn a_burst_is_worked_off_just_in_time_by_the_fewest_instances() {
        // 10 minutes of work in 30 + 60 + 10 s (the last step's end): 6 instances, booted once.
        costs(&case(), &burst(7200, 10), 600.0 + 6.0 * 120.0);
        let halves = Case { slots: 2, ..case() };
        costs(&halves, &burst(7200, 10), 300.0 + 3.0 * 120.0);
    }

    #[test]
    fn its_fleet_works_when_it_must_and_otherwise_is_none() {
        let least = least(&case(), &burst(7200, 10)).unwrap();
        let size = |secs| least.fleet.iter().rfind(|(from, _)| *from <= Duration::from_secs(secs)).unwrap().1;
        assert!(size(7100) < 0.01 && (size(7250) - 6.0).abs() < 0.01, "{} {}", size(7100), size(7250));
        let secs: f64 = least
            .fleet
            .windows(2)
            .map(|two| (two[1].0.as_secs_f64() - two[0].0.as_secs_f64()) * two[0].1)
            .sum();
        assert!(secs <= 600.0 + 6.0 * 10.0 && secs > 500.0, "{secs}");
    }

    #[test]
    fn a_gap_shorter_than_the_boot_is_bridged_and_a_longer_one_is_not() {
        let two = |gap: u64| [burst(7200, 10), burst(7300 + gap, 10)].concat();
        costs(&case(), &two(60), 1200.0 + 6.0 * (120.0 + 60.0));
        costs(&case(), &two(110), 1200.0 + 6.0 * (120.0 + 110.0));
        costs(&case(), &two(600), 1200.0 + 6.0 * (120.0 + 120.0));
        costs(&case(), &two(86_400), 1200.0 + 6.0 * (120.0 + 120.0));
    }

    #[test]
    fn a_constant_load_costs_its_work_when_its_fleet_is_there_already() {
        let messages: Vec<Message> = (0..360).flat_map(|turn| burst(turn * 30, 1)).collect();
        // A minute's work every 30 s: two instances all the time.
        costs(&Case { initial: Some(2), ..case() }, &messages, 360.0 * 60.0);
        // To be started, it is a little smaller: the last message is due 100 s after it arrives.
        costs(&case(), &messages, 360.0 * 60.0 * (1.0 + 120.0 / (359.0 * 30.0 + 100.0)));
    }

    #[test]
    fn the_first_hour_is_worked_on_but_may_wait_until_its_end() {
        // Due at 3600 + 30 + 60 s: one instance takes 10 minutes over it.
        costs(&case(), &burst(0, 10), 600.0 + 120.0 * 600.0 / 3700.0);
    }

    #[test]
    fn what_no_group_of_that_size_can_do_has_no_bound() {
        assert_eq!(bound(&Case { max: 5, ..case() }, &burst(7200, 10)), None);
        assert!(bound(&Case { max: 6, ..case() }, &burst(7200, 10)).is_some());
    }

    #[test]
    fn shorter_steps_bring_it_closer_from_below() {
        let messages: Vec<Message> = (0..20).flat_map(|turn| burst(3600 + turn * 97, 5)).collect();
        let at = |secs| {
            least_within(&case(), &messages, Duration::from_secs(secs), usize::MAX).unwrap().instance_hours
        };
        assert!(
            at(30) < at(10) && at(10) < at(5) && at(5) < 1.03 * at(10),
            "{} {} {}",
            at(30),
            at(10),
            at(5)
        );
    }

    #[test]
    fn what_takes_too_many_steps_is_taken_in_longer_ones() {
        let messages: Vec<Message> = (0..360).flat_map(|turn| burst(turn * 30, 1)).collect();
        let within = |spans_max| least_within(&case(), &messages, STEP, spans_max).unwrap();
        let (fine, coarse) = (within(usize::MAX), within(300));
        assert!(
            fine.fleet.len() > 1000 && (150..=300).contains(&coarse.fleet.len()),
            "{}",
            coarse.fleet.len()
        );
        let ratio = coarse.instance_hours / fine.instance_hours;
        assert!(ratio <= 1.0 && ratio > 0.98, "{ratio}");
    }

    #[test]
    fn nothing_costs_nothing() {
        assert!(bound(&case(), &[]).is_some_and(|hours| hours.abs() < 1e-6));
    }
}
