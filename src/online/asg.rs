use super::facts::{Group, PolicyKind, ScalingPolicy, ScheduledAction, TrackedMetric};
use crate::aws::{Failure, Session, Skew};
use crate::target::{NAMES_MAX, absent, described, fleet};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::config::Builder;
use aws_sdk_autoscaling::primitives::DateTimeFormat;
use aws_sdk_autoscaling::types::{
    self, AutoScalingGroup, CustomizedMetricSpecification, MetricDimension, PredictiveScalingMode,
    ScheduledUpdateGroupAction,
};
use futures_util::future::join_all;
use std::collections::HashMap;

/// Of each group by its name, a reading.
pub(super) type ByGroup<T> = HashMap<String, Result<T, Failure>>;

/// The groups of one session, and what else acts on them.
#[derive(Debug)]
pub(super) struct Groups {
    client: Client,
    region: String,
}

/// Up to so many groups, policies and scheduled actions are asked for group by group; of more, all of
/// the region are listed.
const ASKED_ONE_BY_ONE_MAX: usize = 10;

/// Entries a page: the most that is allowed.
const RECORDS_MAX: i32 = 100;

const POLICIES: &str = "autoscaling:DescribePolicies";
const SCHEDULED: &str = "autoscaling:DescribeScheduledActions";
const REFRESHES: &str = "autoscaling:DescribeInstanceRefreshes";

impl Groups {
    pub(super) fn new(session: &Session, skew: &Skew) -> Self {
        let config = Builder::from(&session.config).interceptor(skew.clone()).build();
        Self { client: Client::from_conf(config), region: session.region.clone() }
    }

    /// The groups called `names`, 100 a call.
    pub(super) async fn read(&self, names: &[String]) -> ByGroup<Group> {
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
    pub(super) async fn policies(&self, names: &[String]) -> ByGroup<Vec<ScalingPolicy>> {
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
    pub(super) async fn scheduled(&self, names: &[String]) -> ByGroup<Vec<ScheduledAction>> {
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
    pub(super) async fn refreshes(&self, name: &str) -> Result<(), Failure> {
        let call = self.client.describe_instance_refreshes().auto_scaling_group_name(name);
        call.send().await.map(drop).map_err(|error| Failure::of(REFRESHES, &error))
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

fn group(group: &AutoScalingGroup) -> Result<Group, Failure> {
    let suspended = group.suspended_processes().iter();
    Ok(Group {
        fleet: fleet(group)?,
        suspended: suspended
            .map(|process| (owned(process.process_name()), owned(process.suspension_reason())))
            .collect(),
        publishes: !group.enabled_metrics().is_empty(),
        protects: group.new_instances_protected_from_scale_in().unwrap_or(false),
    })
}

fn policy(policy: &types::ScalingPolicy) -> ScalingPolicy {
    let target = policy.target_tracking_configuration();
    let predictive = policy.predictive_scaling_configuration();
    let kind = match (target, predictive) {
        (Some(target), _) => PolicyKind::TargetTracking(
            target.customized_metric_specification().map_or_else(Vec::new, tracked),
        ),
        (None, Some(predictive)) => PolicyKind::Predictive {
            // Source: the API's reference, by which a policy only forecasts unless it is told otherwise.
            forecast_only: predictive.mode() != Some(&PredictiveScalingMode::ForecastAndScale),
        },
        (None, None) => PolicyKind::Alarm,
    };
    ScalingPolicy { name: owned(policy.policy_name()), enabled: policy.enabled().unwrap_or(true), kind }
}

/// The metrics of a target: the one it names, or those that its expression reckons with.
fn tracked(target: &CustomizedMetricSpecification) -> Vec<TrackedMetric> {
    let dimensions = |all: &[MetricDimension]| {
        all.iter().map(|each| (owned(each.name()), owned(each.value()))).collect::<Vec<_>>()
    };
    let named = target.metric_name().map(|name| TrackedMetric {
        namespace: owned(target.namespace()),
        name: name.to_owned(),
        dimensions: dimensions(target.dimensions()),
        unit: target.unit().map(ToOwned::to_owned),
    });
    let reckoned = target.metrics().iter().filter_map(|query| {
        let stat = query.metric_stat()?;
        let metric = stat.metric()?;
        Some(TrackedMetric {
            namespace: owned(metric.namespace()),
            name: owned(metric.metric_name()),
            dimensions: dimensions(metric.dimensions()),
            unit: stat.unit().map(ToOwned::to_owned),
        })
    });
    named.into_iter().chain(reckoned).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;
    use aws_sdk_autoscaling::types::{
        Metric, PredictiveScalingConfiguration, TargetTrackingConfiguration, TargetTrackingMetricDataQuery,
        TargetTrackingMetricStat,
    };
    use std::sync::Mutex;

    fn dimension(name: &str, value: &str) -> MetricDimension {
        MetricDimension::builder().name(name).value(value).build()
    }

    fn metric(unit: Option<&str>) -> TrackedMetric {
        TrackedMetric {
            namespace: "N".to_owned(),
            name: "M".to_owned(),
            dimensions: vec![("D".to_owned(), "V".to_owned())],
            unit: unit.map(ToOwned::to_owned),
        }
    }

    fn kind(target: CustomizedMetricSpecification) -> PolicyKind {
        let target = TargetTrackingConfiguration::builder().customized_metric_specification(target).build();
        policy(&types::ScalingPolicy::builder().target_tracking_configuration(target).build()).kind
    }

    #[test]
    fn a_target_names_its_metric_or_those_of_its_expression() {
        let named = CustomizedMetricSpecification::builder().namespace("N").metric_name("M").unit("None");
        let named = named.dimensions(dimension("D", "V")).build();
        assert_eq!(kind(named), PolicyKind::TargetTracking(vec![metric(Some("None"))]));

        let of = Metric::builder().namespace("N").metric_name("M").dimensions(dimension("D", "V")).build();
        let stat = TargetTrackingMetricStat::builder().metric(of).build();
        let query = TargetTrackingMetricDataQuery::builder().metric_stat(stat).build();
        let sum = TargetTrackingMetricDataQuery::builder().expression("m1 / 2").build();
        let reckoned = CustomizedMetricSpecification::builder().metrics(query).metrics(sum).build();
        assert_eq!(kind(reckoned), PolicyKind::TargetTracking(vec![metric(None)]));
    }

    #[test]
    fn a_prediction_only_foretells_unless_it_says_otherwise() {
        let kind = |mode: Option<&str>| {
            let predictive = PredictiveScalingConfiguration::builder().set_mode(mode.map(Into::into)).build();
            policy(&types::ScalingPolicy::builder().predictive_scaling_configuration(predictive).build()).kind
        };
        assert_eq!(kind(None), PolicyKind::Predictive { forecast_only: true });
        assert_eq!(kind(Some("ForecastOnly")), PolicyKind::Predictive { forecast_only: true });
        assert_eq!(kind(Some("ForecastAndScale")), PolicyKind::Predictive { forecast_only: false });
    }

    #[test]
    fn a_policy_is_on_unless_it_says_otherwise_and_other_kinds_go_by_alarms() {
        let plain = types::ScalingPolicy::builder().policy_name("p").policy_type("StepScaling").build();
        let expected = ScalingPolicy { name: "p".to_owned(), enabled: true, kind: PolicyKind::Alarm };
        assert_eq!(policy(&plain), expected);
        assert!(!policy(&types::ScalingPolicy::builder().enabled(false).build()).enabled);
    }

    #[tokio::test]
    async fn few_groups_are_asked_for_by_name_and_of_many_all_are_listed_once() {
        let asked = Mutex::new(Vec::new());
        let list = async |name: Option<String>| {
            asked.lock().unwrap().push(name.clone());
            let name = name.unwrap_or_else(|| "group-7".to_owned());
            Ok(vec![(name, 1), ("elsewhere".to_owned(), 2)].into_iter().take(2).collect())
        };
        let names = |count| (0..count).map(|number| format!("group-{number}")).collect::<Vec<_>>();
        assert_eq!(by_group(&names(2), &list).await.len(), 2);
        assert_eq!(*asked.lock().unwrap(), [Some("group-0".to_owned()), Some("group-1".to_owned())]);
        asked.lock().unwrap().clear();
        let many = by_group(&names(11), &list).await;
        assert_eq!(*asked.lock().unwrap(), [None]);
        assert_eq!((many.len(), many["group-7"].clone().unwrap()), (11, vec![1]));
        assert_eq!(many["group-1"].clone().unwrap(), [0; 0]);
    }

    #[tokio::test]
    async fn a_list_that_fails_fails_for_every_group() {
        let failure = Failure { cause: Cause::Denied, code: None, why: "no".to_owned() };
        let list = async |_| Err::<Vec<(String, ())>, _>(failure.clone());
        for count in [1, 20] {
            let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            let all = by_group(&names, &list).await;
            assert_eq!(all.len(), count);
            assert!(all.values().all(|each| each.as_ref().is_err_and(|why| *why == failure)));
        }
    }
}
