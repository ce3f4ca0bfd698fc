use super::present::{Change, Group, Kind, Own, Policy, Present, drift};
use super::wanted::{Basis, Series, Wanted};
use super::words;
use crate::settings::{Scaler, Settings};

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
    /// What brings `present` to what is `wanted` for `scaler`, one of `settings`.
    #[must_use]
    pub fn new(settings: &Settings, scaler: &Scaler, wanted: Wanted, present: &Present) -> Self {
        let step = match present.own(&wanted.name, &wanted.tracking.series) {
            Own::Absent => Step::Make,
            Own::Foreign(_) => Step::Nothing,
            Own::Ours(there) => {
                let changes = drift(there, &wanted.tracking);
                if changes.is_empty() { Step::Keep } else { Step::Change(changes) }
            }
        };
        Self {
            scaler: scaler.name.clone(),
            step,
            obstacles: obstacles(settings, scaler, &wanted, present),
            warnings: warnings(scaler, &wanted, present),
            warmup: groups_warmup(&present.group),
            wanted,
        }
    }
}

/// The scalers that drive the group of `scaler`, itself among them.
pub(super) fn drivers<'s>(settings: &'s Settings, scaler: &Scaler) -> Vec<&'s str> {
    let same = |other: &&Scaler| other.drive && other.group == scaler.group && other.place == scaler.place;
    settings.scalers.iter().filter(same).map(|other| other.name.as_str()).collect()
}

fn obstacles(settings: &Settings, scaler: &Scaler, wanted: &Wanted, present: &Present) -> Vec<String> {
    let mut all = Vec::new();
    let group = &wanted.group;
    all.extend(drivers(settings, scaler).into_iter().map(|driver| words::driven(driver, group)));
    if let Own::Foreign(policy) = present.own(&wanted.name, &wanted.tracking.series) {
        all.push(words::foreign(policy, group, &wanted.tracking.series));
    }
    let others = others(present, wanted);
    let rivals = others.filter(|(_, kind)| is_on(kind, &wanted.tracking.series));
    all.extend(rivals.map(|(policy, _)| words::rival(&policy.name, group)));
    if let Some(operator) = &present.group.operator {
        all.push(format!("group {group} is managed by its operator {operator}, which alone may change it"));
    }
    if wanted.tracking.period_secs < 60 && present.group.region.starts_with("us-gov-") {
        let region = &present.group.region;
        all.push(format!("--period must be 60 in {region}: there AWS tracks no metric more often"));
    }
    all
}

fn others<'p>(present: &'p Present, wanted: &Wanted) -> impl Iterator<Item = (&'p Policy, &'p Kind)> {
    let name = wanted.name.clone();
    let policies = present.policies.iter().filter(move |policy| policy.name != name);
    policies.map(|policy| (policy, &policy.kind))
}

fn is_on(kind: &Kind, series: &Series) -> bool {
    matches!(kind, Kind::Tracking(tracking) if tracking.series == *series)
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
    let others = others(present, wanted).filter(|(_, kind)| !is_on(kind, &wanted.tracking.series));
    all.extend(others.map(|(policy, kind)| words::other(&policy.name, kind)));
    all.extend(present.scheduled.iter().map(|name| {
        format!("scheduled action {name} sets the group's sizes at its times, whatever the backlog")
    }));
    all.extend(present.blind.iter().map(|why| format!("scheduled actions cannot be seen: {why}")));
    all.extend(present.group.suspended.iter().filter_map(|process| words::suspended(process)));
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
    let limits = &scaler.rules.limits;
    let narrower = limits.min > group.min || limits.max.is_some_and(|max| max < group.max);
    narrower.then(|| {
        let max = limits.max.map_or_else(|| "no max".to_owned(), |max| format!("max {max}"));
        format!(
            "AWS keeps to the group's own limits, min {} and max {}, not to the settings' (min {}, {max}): \
             change the group's",
            group.min, group.max, limits.min
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
