use crate::model::Fleet;
use std::collections::BTreeMap;
use std::fmt;

/// An Auto Scaling group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Sizes and states, as the daemon reads them.
    pub fleet: Fleet,
    /// Suspended processes, each with AWS's own words for why.
    pub suspended: Vec<(String, String)>,
    /// Whether it publishes metrics of its own.
    pub publishes: bool,
    /// Whether new instances are protected from scale-in.
    pub protects: bool,
    /// Its default instance warm-up in seconds, if it has one.
    pub warmup_secs: Option<u32>,
    /// Its default cooldown in seconds.
    pub cooldown_secs: Option<u32>,
}

/// A scaling policy on a group.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingPolicy {
    /// Its name, which no other policy of the group has.
    pub name: String,
    /// Whether AWS acts on it.
    pub enabled: bool,
    /// What it goes by.
    pub kind: PolicyKind,
}

/// What a scaling policy goes by.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyKind {
    /// A target for one custom metric.
    Tracking(Box<Tracking>),
    /// A target for something else.
    OtherTracking {
        /// The name of a metric of AWS's own, such as CPU, or an expression over metrics.
        what: String,
        /// The metrics that the expression reckons with.
        metrics: Vec<TrackedMetric>,
    },
    /// A forecast.
    Predictive {
        /// Whether it only foretells.
        forecast_only: bool,
    },
    /// Alarms that others made, with changes of fixed sizes: the policy's type as AWS calls it.
    Alarms(String),
}

/// A target for one custom metric, as it is or as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracking {
    /// The metric.
    pub series: Series,
    /// How `CloudWatch` sums up the samples of a period.
    pub statistic: Option<String>,
    /// The unit the metric was published with.
    pub unit: Option<String>,
    /// Seconds over which AWS looks at the metric.
    pub period_secs: u32,
    /// The figure to hold.
    pub target: f64,
    /// Whether it takes instances away.
    pub scale_in: bool,
    /// Seconds for which a new instance is taken not to count in the metric; nothing leaves it to the group.
    pub warmup_secs: Option<u32>,
}

/// A metric as `CloudWatch` tells it from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its dimensions.
    pub dimensions: BTreeMap<String, String>,
}

/// A custom metric that a target is set for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedMetric {
    /// The metric.
    pub series: Series,
    /// Its unit, where the policy names one.
    pub unit: Option<String>,
}

/// A change of a group's sizes at a set time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduledAction {
    /// Its name.
    pub name: String,
    /// The desired capacity it sets.
    pub desired: Option<i32>,
    /// The min it sets.
    pub min: Option<i32>,
    /// The max it sets.
    pub max: Option<i32>,
    /// When: a cron pattern or a time.
    pub when: String,
}

impl ScalingPolicy {
    /// Why it changes no size, if it does not.
    #[must_use]
    pub const fn idle(&self) -> Option<&'static str> {
        match self.kind {
            _ if !self.enabled => Some("is disabled"),
            PolicyKind::Predictive { forecast_only: true } => Some("only forecasts"),
            _ => None,
        }
    }

    /// The custom metrics that it sets a target for.
    #[must_use]
    pub fn metrics(&self) -> Vec<TrackedMetric> {
        match &self.kind {
            PolicyKind::Tracking(tracking) => {
                vec![TrackedMetric { series: tracking.series.clone(), unit: tracking.unit.clone() }]
            }
            PolicyKind::OtherTracking { metrics, .. } => metrics.clone(),
            PolicyKind::Predictive { .. } | PolicyKind::Alarms(_) => Vec::new(),
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dimensions: Vec<String> =
            self.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, "{}/{} {{{}}}", self.namespace, self.name, dimensions.join(", "))
    }
}
