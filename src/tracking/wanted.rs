use crate::assemble;
use crate::model::{Estimate, Hints, Learnt, rounded};
use crate::publish::{Destination, Metric};
use crate::settings::{PolicyKind, Scaler};
use crate::target::scaling::{Series, Tracking};
use serde_json::{Value, json};

/// What the command line may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Seconds over which AWS looks at the metric: 10, 30 or 60.
    pub period_secs: u32,
    /// Whether AWS may take instances away.
    pub scale_in: bool,
}

/// The policy that a scaler's settings, and what was learnt, ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The group.
    pub group: String,
    /// The policy's name, by which it is found again: policies have no tags.
    pub name: String,
    /// The policy.
    pub tracking: Tracking,
    /// Where its target comes from.
    pub basis: Basis,
    /// What booting takes, where that is known well enough to be the warm-up.
    pub boot: Option<Figure>,
}

/// Where a target comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// The settings say it: `policy.acceptable_backlog`.
    Acceptable,
    /// Latency objective ÷ processing time × slots.
    Latency {
        /// The wait that is acceptable, in seconds.
        objective_secs: f64,
        /// Seconds that one message takes.
        processing: Figure,
        /// Messages that one unit of capacity works on at once.
        slots: Figure,
    },
}

/// A figure that the settings may hint at and that is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// What is believed.
    pub learnt: Learnt,
    /// What the settings say.
    pub hint: Option<f64>,
}

/// Why no target-tracking policy can be made of a scaler's settings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unsuited {
    /// A step policy has no target.
    #[error(
        "policy.kind = \"step\" has no backlog per instance to aim at: it must be \"latency\" or \"backlog_per_instance\""
    )]
    Step,
    /// There is no metric to track.
    #[error(
        "it publishes no backlog per instance for AWS to track: set `publish`, with \"backlog_per_instance\" among publish.metrics"
    )]
    Unpublished,
    /// The metric has one figure a minute.
    #[error(
        "--period {period_secs} needs a metric of high resolution: publish.resolution_secs must be 1 (it is {resolution_secs})"
    )]
    Coarse {
        /// The period asked for.
        period_secs: u32,
        /// The resolution that is published.
        resolution_secs: u32,
    },
    /// Most periods would have no figure.
    #[error(
        "schedule samples every {sample_secs} s: AWS, which looks every {period_secs} s, would miss figures and do nothing; sample at least as often{}",
        longer(*period_secs)
    )]
    Seldom {
        /// The period asked for.
        period_secs: u32,
        /// Seconds between two samples.
        sample_secs: u64,
    },
    /// The processing time is neither told nor learnt.
    #[error(
        "how long a message takes is not known: policy.processing_secs is not set, and {}; set it, or let the daemon watch for longer",
        known(*learnt_percent)
    )]
    Unlearnt {
        /// How far it rests on what was seen; nothing if there is no state.
        learnt_percent: Option<f64>,
    },
}

/// How far the processing time must rest on what was seen, where no setting tells it: nine messages.
const PROCESSING_BELIEF: f64 = 0.9;
/// And the boot time.
const BOOT_BELIEF: f64 = 0.5;

impl Wanted {
    /// The name of the policy of a scaler.
    #[must_use]
    pub fn name_for(scaler: &str) -> String {
        format!("backlogd-{scaler}")
    }

    /// The policy for `scaler`, given what was learnt so far; or all that stands against it.
    pub fn of(scaler: &Scaler, estimate: Option<&Estimate>, options: Options) -> Result<Self, Vec<Unsuited>> {
        let mut unsuited = Vec::new();
        let series = published_by(scaler);
        match &scaler.publish {
            Some(to) if series.is_some() => unsuited.extend(too_coarse(scaler, to, options.period_secs)),
            _ => unsuited.push(Unsuited::Unpublished),
        }
        let policy = assemble::policy(&scaler.policy);
        let hints = policy.learning().map(|learning| learning.hints);
        let aim = aim(&scaler.policy, hints, estimate);
        let (Some(series), Ok((basis, target))) = (series, &aim) else {
            unsuited.extend(aim.err());
            return Err(unsuited);
        };
        if !unsuited.is_empty() {
            return Err(unsuited);
        }
        let boot = hints.and_then(|hints| boot(hints, estimate));
        Ok(Self {
            group: scaler.group.clone(),
            name: Self::name_for(&scaler.name),
            tracking: Tracking {
                series,
                statistic: Some("Average".to_owned()),
                unit: Some("None".to_owned()),
                period_secs: options.period_secs,
                target: *target,
                scale_in: options.scale_in,
                warmup_secs: boot.map(warmup_secs),
            },
            basis: *basis,
            boot,
        })
    }

    /// The policy as the input of `PutScalingPolicy`: what `aws autoscaling put-scaling-policy
    /// --cli-input-json` takes. A period of 60 s, the default, is left out, for older programs do not know it.
    #[must_use]
    pub fn request(&self) -> Value {
        let Tracking { series, statistic, unit, period_secs, target, scale_in, warmup_secs } = &self.tracking;
        let dimensions = series.dimensions.iter();
        let dimensions: Vec<Value> =
            dimensions.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
        let metric = json!({
            "Namespace": series.namespace,
            "MetricName": series.name,
            "Dimensions": dimensions,
            "Statistic": statistic,
            "Unit": unit,
        });
        let metric = with(metric, "Period", (*period_secs != 60).then_some(*period_secs));
        let request = json!({
            "AutoScalingGroupName": self.group,
            "PolicyName": self.name,
            "PolicyType": "TargetTrackingScaling",
            "Enabled": true,
            "TargetTrackingConfiguration": {
                "CustomizedMetricSpecification": metric,
                "TargetValue": target,
                "DisableScaleIn": !scale_in,
            },
        });
        with(request, "EstimatedInstanceWarmup", *warmup_secs)
    }
}

impl Figure {
    /// Whether it rests on anything that was seen.
    #[must_use]
    pub fn is_learnt(&self) -> bool {
        self.learnt.belief > 0.0
    }

    /// Whether neither settings nor samples say it.
    #[must_use]
    pub fn is_assumed(&self) -> bool {
        self.hint.is_none() && !self.is_learnt()
    }
}

/// The backlog per instance of `scaler`, if it is published.
pub(super) fn published_by(scaler: &Scaler) -> Option<Series> {
    let to: &Destination = scaler.publish.as_ref()?;
    to.metrics.contains(&Metric::BacklogPerInstance).then(|| Series {
        namespace: to.namespace.clone(),
        name: to.name_of(Metric::BacklogPerInstance).to_owned(),
        dimensions: to.dimensions.iter().cloned().collect(),
    })
}

/// What of the metric does not let AWS look at it every `period_secs`.
fn too_coarse(scaler: &Scaler, to: &Destination, period_secs: u32) -> Vec<Unsuited> {
    let resolution_secs = to.resolution_secs;
    let sample_secs = scaler.schedule.period().as_secs();
    let coarse = (period_secs < resolution_secs).then_some(Unsuited::Coarse { period_secs, resolution_secs });
    let seldom = (sample_secs > period_secs.into()).then_some(Unsuited::Seldom { period_secs, sample_secs });
    coarse.into_iter().chain(seldom).collect()
}

/// The target, and where it comes from.
///
/// Source: EC2 Auto Scaling user guide, "Scaling based on Amazon SQS": the acceptable backlog per instance
/// is the acceptable latency ÷ the average time that a message takes.
fn aim(
    kind: &PolicyKind,
    hints: Option<&Hints>,
    estimate: Option<&Estimate>,
) -> Result<(Basis, f64), Unsuited> {
    match (kind, hints) {
        (PolicyKind::BacklogPerInstance(policy), _) => Ok((Basis::Acceptable, policy.acceptable_backlog)),
        (PolicyKind::Latency(_), Some(hints)) => {
            let processing = processing(hints, estimate)?;
            let slots = slots(hints, estimate);
            let objective_secs = hints.objective_secs;
            let target = objective_secs / processing.learnt.value * slots.learnt.value;
            let learnt = processing.is_learnt() || slots.is_learnt();
            let target = if learnt { two_digits(target) } else { rounded_at_all(target) };
            Ok((Basis::Latency { objective_secs, processing, slots }, target))
        }
        (PolicyKind::Step(_) | PolicyKind::Latency(_), _) => Err(Unsuited::Step),
    }
}

fn processing(hints: &Hints, estimate: Option<&Estimate>) -> Result<Figure, Unsuited> {
    let hint = hints.processing_secs;
    let learnt = estimate.map(|estimate| estimate.processing_secs);
    let learnt_percent = learnt.map(|learnt| learnt.belief * 100.0);
    let known = learnt.filter(|learnt| hint.is_some() || learnt.belief >= PROCESSING_BELIEF);
    let told = hint.map(|value| Learnt { value, belief: 0.0 });
    let learnt = known.or(told).ok_or(Unsuited::Unlearnt { learnt_percent })?;
    Ok(Figure { learnt, hint })
}

fn slots(hints: &Hints, estimate: Option<&Estimate>) -> Figure {
    let hint = hints.slots.map(f64::from);
    let told = Learnt { value: hint.unwrap_or(1.0), belief: 0.0 };
    Figure { learnt: estimate.map_or(told, |estimate| estimate.slots), hint }
}

fn boot(hints: &Hints, estimate: Option<&Estimate>) -> Option<Figure> {
    let hint = hints.boot_secs;
    let learnt = estimate.map(|estimate| estimate.boot_secs);
    let known = learnt.filter(|learnt| hint.is_some() || learnt.belief >= BOOT_BELIEF);
    let told = hint.map(|value| Learnt { value, belief: 0.0 });
    Some(Figure { learnt: known.or(told)?, hint })
}

/// In whole seconds, or in tens where it is learnt.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn warmup_secs(boot: Figure) -> u32 {
    let step = if boot.is_learnt() { 10.0 } else { 1.0 };
    ((boot.learnt.value / step).ceil() * step).clamp(0.0, f64::from(i32::MAX)) as u32
}

/// A learnt figure moves from minute to minute: only so many of its digits are worth a change of the policy.
fn two_digits(figure: f64) -> f64 {
    format!("{figure:.1e}").parse().unwrap_or(figure)
}

/// `figure` to a thousandth, or as it is where that would be 0.
pub(super) fn rounded_at_all(figure: f64) -> f64 {
    if rounded(figure) > 0.0 { rounded(figure) } else { figure }
}

/// `object` with one more field, if there is a value for it.
fn with(mut object: Value, field: &str, value: Option<u32>) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.extend(value.map(|value| (field.to_owned(), value.into())));
    }
    object
}

const fn longer(period_secs: u32) -> &'static str {
    if period_secs < 60 { ", or ask for a longer --period" } else { "" }
}

fn known(learnt_percent: Option<f64>) -> String {
    match learnt_percent {
        None => "the state directory holds nothing that was learnt".to_owned(),
        Some(percent) => format!(
            "what was learnt is believed to {} % only ({} % would do)",
            percent.floor(),
            PROCESSING_BELIEF * 100.0
        ),
    }
}
