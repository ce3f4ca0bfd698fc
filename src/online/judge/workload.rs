use crate::model::{Backlog, Estimate, Learnt, rounded};
use crate::online::facts::{QueueRead, ScalerFacts};
use crate::online::finding::{Code, Finding, Level};
use crate::settings::{PolicyKind, Scaler};
use crate::target::scaling::Group;
use std::time::Duration;

/// What is known of the work: learnt by the daemon, or told by the settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Workload {
    /// Seconds that a message takes.
    pub(super) processing_secs: Option<f64>,
    /// Messages that a unit of capacity works on at once.
    slots: f64,
    /// Messages a second; only ever learnt.
    arrivals_per_sec: Option<f64>,
}

/// How far a figure must rest on what was seen to be held against the settings.
const BELIEF_LEAST: f64 = 0.5;

impl Workload {
    pub(super) fn of(scaler: &Scaler, learnt: Option<&Estimate>) -> Self {
        let seen = |figure: fn(&Estimate) -> Learnt| {
            learnt.map(figure).filter(|learnt| learnt.belief >= BELIEF_LEAST).map(|learnt| learnt.value)
        };
        let told = match &scaler.policy {
            PolicyKind::Latency(policy) => policy.processing,
            PolicyKind::BacklogPerInstance(_) | PolicyKind::Step(_) => None,
        };
        Self {
            processing_secs: seen(|all| all.processing_secs).or(told.map(|time| time.as_secs_f64())),
            slots: seen(|all| all.slots).unwrap_or(scaler.rules.slots.into()),
            arrivals_per_sec: seen(|all| all.arrivals_per_sec),
        }
    }

    /// How many messages a second `units` of capacity work off.
    fn pace(&self, units: u32) -> Option<f64> {
        Some(f64::from(units) * self.slots / self.processing_secs?)
    }
}

/// The largest fleet that the scaler may have.
pub(super) fn largest(scaler: &Scaler, group: &Group) -> u32 {
    scaler.rules.limits.max.map_or(group.fleet.max, |max| max.min(group.fleet.max))
}

/// Whether the work can be done: of the arrivals, of the present backlog, and before its messages are
/// deleted.
pub(super) fn findings(
    scaler: &Scaler,
    group: &Group,
    facts: &ScalerFacts,
    workload: &Workload,
) -> Vec<Finding> {
    let reads: Vec<&QueueRead> = facts.queues.iter().filter_map(|queue| queue.read.as_ref().ok()).collect();
    let units = if scaler.drive { largest(scaler, group) } else { group.fleet.in_service };
    let mut findings = Vec::new();
    let Some(pace) = workload.pace(units).filter(|pace| *pace > 0.0) else { return findings };
    if let (true, Some(arrivals)) = (scaler.drive, workload.arrivals_per_sec) {
        findings.push(arriving(units, arrivals, arrivals / pace * f64::from(units)));
    }
    let backlog = reads.iter().fold(Backlog::default(), |sum, read| sum + read.backlog);
    let drain_secs = messages(&backlog) / pace;
    if let PolicyKind::Latency(policy) = &scaler.policy
        && drain_secs > policy.objective.as_secs_f64()
        && scaler.drive
    {
        let text = format!(
            "the present backlog takes {} s even with {units} instances: some of it will miss the objective of {} s",
            drain_secs.ceil(),
            policy.objective.as_secs()
        );
        findings.push(
            Finding::new(Level::Note, Code::Capacity, text)
                .advising("raise the group's max (and limits.max) if that matters"),
        );
    }
    let shortest = reads.iter().filter_map(|read| read.retention).min();
    if let Some(kept) = shortest.filter(|kept| drain_secs > kept.as_secs_f64()) {
        findings.push(lost(drain_secs, units, kept));
    }
    findings
}

fn arriving(units: u32, arrivals: f64, needed: f64) -> Finding {
    let (per_sec, needed) = (rounded(arrivals), needed.ceil());
    if needed <= f64::from(units) {
        let text =
            format!("{per_sec} messages arrive a second, the work of {needed} of at most {units} instances");
        return Finding::ok(Code::Capacity, text);
    }
    let text = format!(
        "{per_sec} messages arrive a second, the work of {needed} instances, and there can be no more than {units}: \
         the backlog grows without end"
    );
    Finding::new(Level::Warning, Code::Capacity, text).advising(format!(
        "raise the group's max (and limits.max) to more than {needed}, or take larger instances"
    ))
}

fn lost(drain_secs: f64, units: u32, kept: Duration) -> Finding {
    let text = format!(
        "with {units} instances the present backlog takes {} s, and messages are deleted after {} s",
        drain_secs.ceil(),
        kept.as_secs()
    );
    Finding::new(Level::Warning, Code::Retention, text)
        .advising("raise the queue's MessageRetentionPeriod, or add capacity, before messages are lost")
}

#[expect(clippy::cast_precision_loss, reason = "SQS counters stay far below 2^52")]
fn messages(backlog: &Backlog) -> f64 {
    backlog.visible.saturating_add(backlog.in_flight) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::online::scene::{group, latency, learnt, of, read, scaler_facts};

    fn found(lines: &str, facts: &ScalerFacts) -> Vec<(Level, Code, String)> {
        let scaler = latency(lines);
        let workload = Workload::of(&scaler, facts.learnt.as_ref());
        let group = facts.group.clone().unwrap();
        findings(&scaler, &group, facts, &workload).iter().map(of).collect()
    }

    #[test]
    fn what_was_learnt_comes_before_what_was_told_once_it_is_half_believed() {
        let scaler =
            latency("policy = { kind = \"latency\", latency_objective_secs = 60, processing_secs = 9 }");
        let processing = |belief| Workload::of(&scaler, Some(&learnt(2.0, 5.0, belief))).processing_secs;
        assert_eq!(processing(0.49), Some(9.0));
        assert_eq!(processing(0.5), Some(5.0));
        assert_eq!(Workload::of(&scaler, None).processing_secs, Some(9.0));
        assert_eq!(Workload::of(&latency(""), None).processing_secs, None);
    }

    #[test]
    fn arrivals_beyond_the_largest_fleet_are_warned_of() {
        let facts = ScalerFacts { learnt: Some(learnt(3.0, 5.0, 1.0)), ..scaler_facts() };
        let enough = found("drive = true\nlimits = { max = 15 }", &facts);
        assert_eq!(enough[0].0, Level::Ok);
        assert_eq!(enough[0].2, "3 messages arrive a second, the work of 15 of at most 15 instances");
        let short = found("drive = true\nlimits = { max = 14 }", &facts);
        assert_eq!((short[0].0, short[0].1), (Level::Warning, Code::Capacity));
        assert!(
            short[0].2.contains("the work of 15 instances, and there can be no more than 14"),
            "{short:?}"
        );
    }

    #[test]
    fn the_groups_own_max_bounds_the_largest_fleet_too() {
        let scaler = latency("limits = { max = 50 }");
        assert_eq!(largest(&scaler, &group()), 20);
        assert_eq!(largest(&latency(""), &group()), 20);
        assert_eq!(largest(&latency("limits = { max = 7 }"), &group()), 7);
    }

    #[test]
    fn nothing_is_said_of_work_of_which_nothing_is_known() {
        assert_eq!(found("drive = true", &scaler_facts()), []);
    }

    #[test]
    fn a_backlog_that_misses_the_objective_whatever_is_done_is_noted() {
        let facts = ScalerFacts {
            queues: vec![read(|queue| queue.backlog.visible = 1000)],
            learnt: Some(learnt(0.0, 5.0, 1.0)),
            ..scaler_facts()
        };
        let all = found("drive = true", &facts);
        let text = "the present backlog takes 251 s even with 20 instances: some of it will miss the objective of 60 s";
        assert!(all.contains(&(Level::Note, Code::Capacity, text.to_owned())), "{all:?}");
    }

    #[test]
    fn a_backlog_that_outlasts_the_queues_memory_is_warned_of() {
        let facts = ScalerFacts {
            queues: vec![read(|queue| {
                queue.backlog.visible = 1000;
                queue.retention = Some(Duration::from_mins(2));
            })],
            learnt: Some(learnt(0.0, 5.0, 1.0)),
            ..scaler_facts()
        };
        let all = found("", &facts);
        let text = "with 2 instances the present backlog takes 2508 s, and messages are deleted after 120 s";
        assert!(all.contains(&(Level::Warning, Code::Retention, text.to_owned())), "{all:?}");
    }
}
