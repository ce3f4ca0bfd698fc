use super::wanted::rounded_at_all;
use crate::target::scaling::{Group, PolicyKind, ScalingPolicy, ScheduledAction, Series, Tracking};

/// A group, and all that changes its size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Present {
    /// The region it is in.
    pub region: String,
    /// The group itself.
    pub group: Group,
    /// Its scaling policies.
    pub policies: Vec<ScalingPolicy>,
    /// Its scheduled actions.
    pub scheduled: Vec<ScheduledAction>,
    /// Why the scheduled actions cannot be seen, if they cannot.
    pub blind: Option<String>,
}

/// The policy under the name that is ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Own<'p> {
    /// There is none.
    Absent,
    /// It is on our metric.
    Ours(&'p ScalingPolicy, &'p Tracking),
    /// It is on anything else: somebody else made it.
    Foreign(&'p ScalingPolicy),
}

/// A field of the policy that is not as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name in the API.
    pub field: &'static str,
    /// What it is.
    pub from: String,
    /// What it should be.
    pub to: String,
}

impl Present {
    /// The policy called `name`, held against `series`.
    #[must_use]
    pub fn own(&self, name: &str, series: &Series) -> Own<'_> {
        match self.policies.iter().find(|policy| policy.name == name) {
            None => Own::Absent,
            Some(policy) => match &policy.kind {
                PolicyKind::Tracking(tracking) if tracking.series == *series => Own::Ours(policy, tracking),
                _ => Own::Foreign(policy),
            },
        }
    }
}

/// How a policy that is `there`, and is `enabled` or not, differs from what is `wanted`: nothing if it does
/// not.
pub(super) fn drift(enabled: bool, there: &Tracking, wanted: &Tracking) -> Vec<Change> {
    let warmup = |secs: Option<u32>| secs.map_or_else(|| "not set".to_owned(), |secs| secs.to_string());
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "not set".to_owned());
    let target = |target: f64| rounded_at_all(target).to_string();
    let fields = [
        ("Statistic", said(&there.statistic), said(&wanted.statistic)),
        ("Unit", said(&there.unit), said(&wanted.unit)),
        ("Period", there.period_secs.to_string(), wanted.period_secs.to_string()),
        ("TargetValue", target(there.target), target(wanted.target)),
        ("DisableScaleIn", (!there.scale_in).to_string(), (!wanted.scale_in).to_string()),
        ("EstimatedInstanceWarmup", warmup(there.warmup_secs), warmup(wanted.warmup_secs)),
        ("Enabled", enabled.to_string(), true.to_string()),
    ];
    let differing = fields.into_iter().filter(|(_, from, to)| from != to);
    differing.map(|(field, from, to)| Change { field, from, to }).collect()
}
