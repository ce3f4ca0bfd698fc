use super::present::{Change, Own, Present, drift};
use super::wanted::{Basis, Wanted};
use super::words;
use crate::settings::Scaler;
use crate::target::scaling::{Group, PolicyKind, ScalingPolicy, Series};

/// What there is to do, and what to know before.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The scaler's name.
    pub scaler: String,
    /// The policy as it should be.
    pub wanted: Wanted,
    /// The group's own word on the warm-up, where the policy has none.
    pub warmup: String,
    /// What is to be done.
    pub step: Step,
    /// What stands against doing it.
    pub obstacles: Vec<String>,
    /// What may not be meant.
    pub warnings: Vec<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is no such policy yet.
    Make,
    /// It is there, and differs.
    Change(Vec<Change>),
    /// It is there as it should be.
    Keep,
    /// Somebody else's policy has the name.
    Nothing,
}

impl Plan {
    /// What brings `present` to what is `wanted` for `scaler`, whose group the `drivers` drive.
    #[must_use]
    pub fn new(scaler: &Scaler, drivers: &[&str], wanted: Wanted, present: &Present) -> Self {
        let step = match present.own(&wanted.name, &wanted.tracking.series) {
            Own::Absent => Step::Make,
            Own::Foreign(_) => Step::Nothing,
            Own::Ours(policy, there) => {
                let changes = drift(policy.enabled, there, &wanted.tracking);
                if changes.is_empty() { Step::Keep } else { Step::Change(changes) }
            }
        };
        Self {
            scaler: scaler.name.clone(),
            step,
            obstacles: obstacles(drivers, &wanted, present),
            warnings: warnings(scaler, &wanted, present),
            warmup: groups_warmup(&present.group),
            wanted,
        }
    }
}

fn obstacles(drivers: &[&str], wanted: &Wanted, present: &Present) -> Vec<String> {
    let mut all = Vec::new();
    let group = &wanted.group;
    all.extend(drivers.iter().map(|driver| words::driven(driver, group)));
    if let Own::Foreign(policy) = present.own(&wanted.name, &wanted.tracking.series) {
        all.push(words::foreign(policy, group, &wanted.tracking.series));
    }
    let rivals = rivals(present, wanted).filter(|policy| policy.idle().is_none());
    all.extend(rivals.map(|policy| words::rival(&policy.name, group)));
    if let Some(operator) = &present.group.fleet.operator {
        all.push(format!("group {group} is managed by its operator {operator}, which alone may change it"));
    }
    if wanted.tracking.period_secs < 60 && present.region.starts_with("us-gov-") {
        let region = &present.region;
        all.push(format!("--period must be 60 in {region}: there AWS tracks no metric more often"));
    }
    all
}

/// The policies beside ours.
fn others<'p>(present: &'p Present, wanted: &'p Wanted) -> impl Iterator<Item = &'p ScalingPolicy> {
    present.policies.iter().filter(|policy| policy.name != wanted.name)
}

/// Those of them on the same metric.
fn rivals<'p>(present: &'p Present, wanted: &'p Wanted) -> impl Iterator<Item = &'p ScalingPolicy> {
    others(present, wanted).filter(|policy| is_on(&policy.kind, &wanted.tracking.series))
}

fn is_on(kind: &PolicyKind, series: &Series) -> bool {
    matches!(kind, PolicyKind::Tracking(tracking) if tracking.series == *series)
}

fn warnings(scaler: &Scaler, wanted: &Wanted, present: &Present) -> Vec<String> {
    let mut all = Vec::new();
    if let Basis::Latency { objective_secs, processing, slots } = &wanted.basis {
        if slots.is_assumed() {
            let hint =
                "one message at a time is assumed of an instance: set control.slots if it works on more";
            all.push(hint.to_owned());
        }
        if wanted.tracking.target < 1.0 {
            all.push(words::below_one(*objective_secs, processing.learnt.value, wanted.tracking.target));
        }
    }
    let asleep = rivals(present, wanted).filter_map(|policy| Some((policy, policy.idle()?)));
    all.extend(asleep.map(|(policy, nothing)| words::idle_rival(&policy.name, nothing)));
    let others = others(present, wanted).filter(|policy| policy.idle().is_none());
    let others = others.filter(|policy| !is_on(&policy.kind, &wanted.tracking.series));
    all.extend(others.map(|policy| words::other(&policy.name, &policy.kind)));
    all.extend(present.scheduled.iter().map(|action| {
        format!("scheduled action {} sets the group's sizes at its times, whatever the backlog", action.name)
    }));
    all.extend(present.blind.iter().map(|why| format!("scheduled actions cannot be seen: {why}")));
    all.extend(present.group.suspended.iter().filter_map(|(process, _)| words::suspended(process)));
    if wanted.tracking.scale_in && !present.group.protects {
        let hint = "AWS picks the instances that go, and may pick one at work: let workers turn on scale-in \
                    protection while they work, or say --no-scale-in and let idle ones end themselves";
        all.push(hint.to_owned());
    }
    all.extend(unkept_limits(scaler, &present.group));
    all.extend(scaler.rules.windows.iter().map(|window| {
        format!(
            "AWS knows nothing of window {:?}: a scheduled action of the group would set its sizes at its times",
            window.name
        )
    }));
    all
}

/// A word on limits of the settings that the group does not have.
fn unkept_limits(scaler: &Scaler, group: &Group) -> Option<String> {
    let (limits, fleet) = (&scaler.rules.limits, &group.fleet);
    let narrower = limits.min > fleet.min || limits.max.is_some_and(|max| max < fleet.max);
    narrower.then(|| {
        let max = limits.max.map_or_else(|| "no max".to_owned(), |max| format!("max {max}"));
        format!(
            "AWS keeps to the group's own limits, min {} and max {}, not to the settings' (min {}, {max}): \
             change the group's",
            fleet.min, fleet.max, limits.min
        )
    })
}

fn groups_warmup(group: &Group) -> String {
    match (group.warmup_secs, group.cooldown_secs) {
        (Some(secs), _) => format!("the group's default instance warm-up of {secs} s"),
        (None, Some(secs)) => format!("the group's default cooldown of {secs} s"),
        (None, None) => "the group's default".to_owned(),
    }
}
