use super::wanted::{Series, Tracking, rounded_at_all};

/// A group, and all that changes its size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Present {
    /// The group itself.
    pub group: Group,
    /// Its scaling policies.
    pub policies: Vec<Policy>,
    /// The names of its scheduled actions.
    pub scheduled: Vec<String>,
    /// Why the scheduled actions cannot be seen, if they cannot.
    pub blind: Option<String>,
}

/// What of a group matters to a policy on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its region.
    pub region: String,
    /// Its own limits.
    pub min: u32,
    /// Its own limits.
    pub max: u32,
    /// Its default instance warm-up in seconds, if it has one.
    pub warmup_secs: Option<u32>,
    /// Its default cooldown in seconds.
    pub cooldown_secs: Option<u32>,
    /// Its suspended processes.
    pub suspended: Vec<String>,
    /// The principal that alone may change it, if it names one.
    pub operator: Option<String>,
    /// Whether new instances are protected from scale-in.
    pub protects: bool,
}

/// A scaling policy of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name, which no other policy of the group has.
    pub name: String,
    /// What it goes by.
    pub kind: Kind,
}

/// What a scaling policy goes by.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// One metric and a target.
    Tracking(Box<Tracking>),
    /// A target for something else: its name, or an expression over metrics.
    OtherTracking(String),
    /// A forecast.
    Predictive,
    /// Alarms that others made, with changes of fixed sizes: the policy's type as AWS calls it.
    Alarms(String),
}

/// The policy under the name that is ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Own<'p> {
    /// There is none.
    Absent,
    /// It is on our metric.
    Ours(&'p Tracking),
    /// It is on anything else: somebody else made it.
    Foreign(&'p Policy),
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
            Some(Policy { kind: Kind::Tracking(tracking), .. }) if tracking.series == *series => {
                Own::Ours(tracking)
            }
            Some(policy) => Own::Foreign(policy),
        }
    }
}

/// How the policy `there` differs from what is `wanted`: nothing if it does not.
pub(super) fn drift(there: &Tracking, wanted: &Tracking) -> Vec<Change> {
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
        ("Enabled", there.enabled.to_string(), wanted.enabled.to_string()),
    ];
    let differing = fields.into_iter().filter(|(_, from, to)| from != to);
    differing.map(|(field, from, to)| Change { field, from, to }).collect()
}
