//! What AWS itself moves groups by, for the commands that look at it or let it: scaling policies and
//! scheduled actions. The daemon reads none of it.

mod facts;
#[cfg(test)]
mod tests;

pub use facts::{Group, PolicyKind, ScalingPolicy, ScheduledAction, Series, TrackedMetric, Tracking};

use super::asg::{NAMES_MAX, absent, described, fleet};
use crate::aws::{Failure, Session, Skew};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::config::Builder;
use aws_sdk_autoscaling::primitives::DateTimeFormat;
use aws_sdk_autoscaling::types::{
    self, AutoScalingGroup, CustomizedMetricSpecification, MetricDimension, MetricStatistic,
    PredictiveScalingMode, ScheduledUpdateGroupAction, TargetTrackingConfiguration,
};
use futures_util::future::join_all;
use std::collections::{BTreeMap, HashMap};

/// Of each group by its name, a reading.
pub type ByGroup<T> = HashMap<String, Result<T, Failure>>;

/// The groups of one session, and what AWS moves them by.
#[derive(Debug)]
pub struct Scaling {
    client: Client,
    region: String,
}

/// Up to so many groups, policies and scheduled actions are asked for group by group; of more, all of
/// the region are listed.
const ASKED_ONE_BY_ONE_MAX: usize = 10;

/// Entries a page: the most that is allowed.
const RECORDS_MAX: i32 = 100;

/// What AWS takes for the period where none is given, in seconds.
const PERIOD_SECS: u32 = 60;

const POLICIES: &str = "autoscaling:DescribePolicies";
const SCHEDULED: &str = "autoscaling:DescribeScheduledActions";
const REFRESHES: &str = "autoscaling:DescribeInstanceRefreshes";
const PUT: &str = "autoscaling:PutScalingPolicy";
const DELETE: &str = "autoscaling:DeletePolicy";

impl Scaling {
    /// The groups of `session`.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self { client: Client::new(&session.config), region: session.region.clone() }
    }

    /// The same, where each answer tells `skew` the time.
    #[must_use]
    pub fn timed(session: &Session, skew: &Skew) -> Self {
        let config = Builder::from(&session.config).interceptor(skew.clone()).build();
        Self { client: Client::from_conf(config), region: session.region.clone() }
    }

    /// The region that the groups are in.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The groups called `names`, 100 a call.
    pub async fn read(&self, names: &[String]) -> ByGroup<Group> {
        let chunks = names.chunks(NAMES_MAX).map(|names| async move {
            let groups = described(&self.client, names.to_vec()).await;
            let read = |name: &String| {
                let groups = groups.as_ref().map_err(Clone::clone)?;
                let found = groups.iter().find(|group| group.auto_scaling_group_name() == Some(name));
                found.ok_or_else(|| absent(name, &self.region)).and_then(group)
            };
            names.iter().map(|name| (name.clone(), read(name))).collect::<Vec<_>>()
        });
        join_all(chunks).await.into_iter().flatten().collect()
    }

    /// The scaling policies on the groups called `names`.
    pub async fn policies(&self, names: &[String]) -> ByGroup<Vec<ScalingPolicy>> {
        by_group(names, async |name| {
            let call = self.client.describe_policies().set_auto_scaling_group_name(name);
            let pages = call.max_records(RECORDS_MAX).into_paginator().items().send();
            let all = pages.collect::<Result<Vec<_>, _>>().await;
            let all = all.map_err(|error| Failure::of(POLICIES, &error))?;
            let of = |policy: &types::ScalingPolicy| owned(policy.auto_scaling_group_name());
            Ok(all.iter().map(|each| (of(each), policy(each))).collect())
        })
        .await
    }

    /// The scheduled actions on the groups called `names`.
    pub async fn scheduled(&self, names: &[String]) -> ByGroup<Vec<ScheduledAction>> {
        by_group(names, async |name| {
            let call = self.client.describe_scheduled_actions().set_auto_scaling_group_name(name);
            let pages = call.max_records(RECORDS_MAX).into_paginator().items().send();
            let all = pages.collect::<Result<Vec<_>, _>>().await;
            let all = all.map_err(|error| Failure::of(SCHEDULED, &error))?;
            let of = |action: &ScheduledUpdateGroupAction| owned(action.auto_scaling_group_name());
            Ok(all.iter().map(|each| (of(each), action(each))).collect())
        })
        .await
    }

    /// Whether the instance refreshes of the group called `name` can be seen.
    pub async fn refreshes(&self, name: &str) -> Result<(), Failure> {
        let call = self.client.describe_instance_refreshes().auto_scaling_group_name(name);
        call.send().await.map(drop).map_err(|error| Failure::of(REFRESHES, &error))
    }

    /// Makes or replaces the policy called `name` of `group`: the names of the alarms that AWS made for it.
    pub async fn put(&self, group: &str, name: &str, tracking: &Tracking) -> Result<Vec<String>, Failure> {
        let warmup = tracking.warmup_secs.and_then(|secs| secs.try_into().ok());
        let call = self.client.put_scaling_policy().auto_scaling_group_name(group).policy_name(name);
        let call = call.policy_type("TargetTrackingScaling").enabled(true);
        let call = call.set_estimated_instance_warmup(warmup);
        let call = call.target_tracking_configuration(configuration(tracking));
        let answer = call.send().await.map_err(|error| Failure::of(PUT, &error))?;
        let alarms = answer.alarms().iter();
        Ok(alarms.filter_map(|alarm| alarm.alarm_name().map(str::to_owned)).collect())
    }

    /// Deletes the policy called `name` of `group`, and with it its alarms.
    pub async fn delete(&self, group: &str, name: &str) -> Result<(), Failure> {
        let call = self.client.delete_policy().auto_scaling_group_name(group).policy_name(name);
        call.send().await.map(drop).map_err(|error| Failure::of(DELETE, &error))
    }
}

/// What `list` tells of each group: asked for by name where these are few, and of the whole region where
/// they are many.
async fn by_group<T>(
    names: &[String],
    list: impl AsyncFn(Option<String>) -> Result<Vec<(String, T)>, Failure>,
) -> ByGroup<Vec<T>> {
    if names.len() <= ASKED_ONE_BY_ONE_MAX {
        let each = names.iter().map(async |name| {
            let all = list(Some(name.clone())).await;
            (name.clone(), all.map(|all| all.into_iter().map(|(_, each)| each).collect()))
        });
        return join_all(each).await.into_iter().collect();
    }
    match list(None).await {
        Ok(all) => {
            let mut found: ByGroup<Vec<T>> =
                names.iter().map(|name| (name.clone(), Ok(Vec::new()))).collect();
            for (name, each) in all {
                if let Some(Ok(of)) = found.get_mut(&name) {
                    of.push(each);
                }
            }
            found
        }
        Err(failure) => names.iter().map(|name| (name.clone(), Err(failure.clone()))).collect(),
    }
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn whole(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| number.try_into().ok())
}

fn group(group: &AutoScalingGroup) -> Result<Group, Failure> {
    let suspended = group.suspended_processes().iter();
    Ok(Group {
        fleet: fleet(group)?,
        suspended: suspended
            .map(|process| (owned(process.process_name()), owned(process.suspension_reason())))
            .collect(),
        publishes: !group.enabled_metrics().is_empty(),
        protects: group.new_instances_protected_from_scale_in().unwrap_or(false),
        warmup_secs: whole(group.default_instance_warmup()),
        cooldown_secs: whole(group.default_cooldown()),
    })
}

fn policy(policy: &types::ScalingPolicy) -> ScalingPolicy {
    let predictive = policy.predictive_scaling_configuration();
    let kind = match (policy.target_tracking_configuration(), policy.policy_type().unwrap_or_default()) {
        (Some(configuration), _) => tracked(policy, configuration),
        (None, "PredictiveScaling") => PolicyKind::Predictive {
            // Source: the API's reference, by which a policy only forecasts unless it is told otherwise.
            forecast_only: predictive.and_then(|predictive| predictive.mode())
                != Some(&PredictiveScalingMode::ForecastAndScale),
        },
        (None, kind) => PolicyKind::Alarms(kind.to_owned()),
    };
    ScalingPolicy { name: owned(policy.policy_name()), enabled: policy.enabled().unwrap_or(true), kind }
}

fn tracked(policy: &types::ScalingPolicy, configuration: &TargetTrackingConfiguration) -> PolicyKind {
    let Some(metric) = configuration.customized_metric_specification() else {
        let predefined = configuration.predefined_metric_specification();
        let kind = predefined.and_then(|predefined| predefined.predefined_metric_type());
        let what = kind.map_or("an unnamed metric", |kind| kind.as_str()).to_owned();
        return PolicyKind::OtherTracking { what, metrics: Vec::new() };
    };
    if !metric.metrics().is_empty() {
        return reckoned(metric);
    }
    PolicyKind::Tracking(Box::new(Tracking {
        series: Series {
            namespace: owned(metric.namespace()),
            name: owned(metric.metric_name()),
            dimensions: dimensions(metric.dimensions()),
        },
        statistic: metric.statistic().map(|statistic| statistic.as_str().to_owned()),
        unit: metric.unit().map(str::to_owned),
        period_secs: whole(metric.period()).unwrap_or(PERIOD_SECS),
        target: configuration.target_value().unwrap_or_default(),
        scale_in: !configuration.disable_scale_in().unwrap_or_default(),
        warmup_secs: whole(policy.estimated_instance_warmup()),
    }))
}

/// A target for an expression over metrics.
fn reckoned(target: &CustomizedMetricSpecification) -> PolicyKind {
    let expressions: Vec<&str> = target.metrics().iter().filter_map(|query| query.expression()).collect();
    let metrics = target.metrics().iter().filter_map(|query| {
        let stat = query.metric_stat()?;
        let metric = stat.metric()?;
        let series = Series {
            namespace: owned(metric.namespace()),
            name: owned(metric.metric_name()),
            dimensions: dimensions(metric.dimensions()),
        };
        Some(TrackedMetric { series, unit: stat.unit().map(str::to_owned) })
    });
    let what = format!("metric math ({})", expressions.join(", "));
    PolicyKind::OtherTracking { what, metrics: metrics.collect() }
}

fn dimensions(all: &[MetricDimension]) -> BTreeMap<String, String> {
    all.iter().map(|each| (owned(each.name()), owned(each.value()))).collect()
}

fn configuration(tracking: &Tracking) -> TargetTrackingConfiguration {
    let Tracking { series, statistic, unit, period_secs, target, scale_in, .. } = tracking;
    let dimensions = series.dimensions.iter();
    let dimensions =
        dimensions.map(|(name, value)| MetricDimension::builder().name(name).value(value).build());
    let metric = CustomizedMetricSpecification::builder()
        .namespace(&series.namespace)
        .metric_name(&series.name)
        .set_dimensions(Some(dimensions.collect()))
        .set_statistic(statistic.as_deref().map(MetricStatistic::from))
        .set_unit(unit.clone())
        .set_period((*period_secs != PERIOD_SECS).then(|| (*period_secs).try_into().ok()).flatten());
    TargetTrackingConfiguration::builder()
        .customized_metric_specification(metric.build())
        .target_value(*target)
        .disable_scale_in(!scale_in)
        .build()
}

fn action(action: &ScheduledUpdateGroupAction) -> ScheduledAction {
    let time = action.start_time().or(action.time());
    let time = time.and_then(|time| time.fmt(DateTimeFormat::DateTime).ok());
    let recurrence = action
        .recurrence()
        .map(|pattern| format!("on the pattern \"{pattern}\" ({})", action.time_zone().unwrap_or("UTC")));
    ScheduledAction {
        name: owned(action.scheduled_action_name()),
        desired: action.desired_capacity(),
        min: action.min_size(),
        max: action.max_size(),
        when: recurrence.or(time.map(|time| format!("at {time}"))).unwrap_or_default(),
    }
}
