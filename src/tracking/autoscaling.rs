use super::present::{Group, Kind, Policy, Present};
use super::wanted::{Series, Tracking, Wanted};
use crate::aws::{Failure, Session};
use crate::model::Cause;
use crate::target::{absent, described};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{
    AutoScalingGroup, CustomizedMetricSpecification, MetricDimension, MetricStatistic, ScalingPolicy,
    TargetTrackingConfiguration,
};

/// The scaling policies of one region's groups.
#[derive(Debug)]
pub(super) struct AutoScaling {
    client: Client,
    region: String,
}

const POLICIES: &str = "autoscaling:DescribePolicies";
const SCHEDULED: &str = "autoscaling:DescribeScheduledActions";
const PUT: &str = "autoscaling:PutScalingPolicy";
const DELETE: &str = "autoscaling:DeletePolicy";

/// What AWS takes for the period where none is given, in seconds.
const PERIOD_SECS: u32 = 60;

impl AutoScaling {
    pub(super) fn of(session: &Session) -> Self {
        Self { client: Client::new(&session.config), region: session.region.clone() }
    }

    /// The group called `name`, and all that changes its size. Scheduled actions are a permission of their
    /// own, without which they are not seen.
    pub(super) async fn present(&self, name: &str) -> Result<Present, Failure> {
        let group = self.group(name).await?;
        let policies = self.policies(name).await?;
        let (scheduled, blind) = match self.scheduled(name).await {
            Ok(scheduled) => (scheduled, None),
            Err(failure) if failure.cause == Cause::Denied => (Vec::new(), Some(failure.to_string())),
            Err(failure) => return Err(failure),
        };
        Ok(Present { group, policies, scheduled, blind })
    }

    async fn group(&self, name: &str) -> Result<Group, Failure> {
        let groups = described(&self.client, vec![name.to_owned()]).await?;
        let found = groups.iter().find(|group| group.auto_scaling_group_name() == Some(name));
        found.map(|group| understood(group, &self.region)).ok_or_else(|| absent(name, &self.region))
    }

    async fn policies(&self, group: &str) -> Result<Vec<Policy>, Failure> {
        let call = self.client.describe_policies().auto_scaling_group_name(group);
        let mut pages = call.into_paginator().items().send();
        let mut policies = Vec::new();
        while let Some(policy) = pages.next().await {
            policies.push(policy_of(&policy.map_err(|error| Failure::of(POLICIES, &error))?));
        }
        Ok(policies)
    }

    async fn scheduled(&self, group: &str) -> Result<Vec<String>, Failure> {
        let call = self.client.describe_scheduled_actions().auto_scaling_group_name(group);
        let mut pages = call.into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(action) = pages.next().await {
            let action = action.map_err(|error| Failure::of(SCHEDULED, &error))?;
            names.push(action.scheduled_action_name().unwrap_or("without a name").to_owned());
        }
        Ok(names)
    }

    /// Makes or replaces the policy: the names of the alarms that AWS made for it.
    pub(super) async fn put(&self, wanted: &Wanted) -> Result<Vec<String>, Failure> {
        let tracking = &wanted.tracking;
        let call = self
            .client
            .put_scaling_policy()
            .auto_scaling_group_name(&wanted.group)
            .policy_name(&wanted.name)
            .policy_type("TargetTrackingScaling")
            .enabled(tracking.enabled)
            .set_estimated_instance_warmup(tracking.warmup_secs.and_then(|secs| secs.try_into().ok()))
            .target_tracking_configuration(configuration(tracking));
        let answer = call.send().await.map_err(|error| Failure::of(PUT, &error))?;
        let alarms = answer.alarms().iter();
        Ok(alarms.filter_map(|alarm| alarm.alarm_name().map(str::to_owned)).collect())
    }

    /// Deletes the policy, and with it its alarms.
    pub(super) async fn delete(&self, group: &str, name: &str) -> Result<(), Failure> {
        let call = self.client.delete_policy().auto_scaling_group_name(group).policy_name(name);
        call.send().await.map(drop).map_err(|error| Failure::of(DELETE, &error))
    }
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

fn understood(group: &AutoScalingGroup, region: &str) -> Group {
    let suspended = group.suspended_processes().iter();
    Group {
        region: region.to_owned(),
        min: whole(group.min_size()).unwrap_or_default(),
        max: whole(group.max_size()).unwrap_or_default(),
        warmup_secs: whole(group.default_instance_warmup()),
        cooldown_secs: whole(group.default_cooldown()),
        suspended: suspended.filter_map(|process| process.process_name().map(str::to_owned)).collect(),
        operator: group.operator().map(|operator| operator.principal().unwrap_or("unnamed").to_owned()),
        protects: group.new_instances_protected_from_scale_in().unwrap_or_default(),
    }
}

fn whole(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| number.try_into().ok())
}

fn policy_of(policy: &ScalingPolicy) -> Policy {
    let kind = match (policy.policy_type().unwrap_or_default(), policy.target_tracking_configuration()) {
        ("TargetTrackingScaling", Some(configuration)) => tracked(policy, configuration),
        ("PredictiveScaling", _) => Kind::Predictive,
        (kind, _) => Kind::Alarms(kind.to_owned()),
    };
    Policy { name: policy.policy_name().unwrap_or_default().to_owned(), kind }
}

fn tracked(policy: &ScalingPolicy, configuration: &TargetTrackingConfiguration) -> Kind {
    let Some(metric) = configuration.customized_metric_specification() else {
        let predefined = configuration.predefined_metric_specification();
        let kind = predefined.and_then(|predefined| predefined.predefined_metric_type());
        return Kind::OtherTracking(kind.map_or("an unnamed metric", |kind| kind.as_str()).to_owned());
    };
    if !metric.metrics().is_empty() {
        let expressions = metric.metrics().iter().filter_map(|query| query.expression());
        let expressions: Vec<&str> = expressions.collect();
        return Kind::OtherTracking(format!("metric math ({})", expressions.join(", ")));
    }
    let dimensions = metric
        .dimensions()
        .iter()
        .filter_map(|dimension| Some((dimension.name()?.to_owned(), dimension.value()?.to_owned())));
    Kind::Tracking(Box::new(Tracking {
        series: Series {
            namespace: metric.namespace().unwrap_or_default().to_owned(),
            name: metric.metric_name().unwrap_or_default().to_owned(),
            dimensions: dimensions.collect(),
        },
        statistic: metric.statistic().map(|statistic| statistic.as_str().to_owned()),
        unit: metric.unit().map(str::to_owned),
        period_secs: whole(metric.period()).unwrap_or(PERIOD_SECS),
        target: configuration.target_value().unwrap_or_default(),
        scale_in: !configuration.disable_scale_in().unwrap_or_default(),
        warmup_secs: whole(policy.estimated_instance_warmup()),
        enabled: policy.enabled().unwrap_or(true),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_autoscaling::types::{
        MetricType, PredefinedMetricSpecification, TargetTrackingMetricDataQuery as Query,
    };

    fn tracking(configuration: TargetTrackingConfiguration) -> Kind {
        let policy = ScalingPolicy::builder().policy_name("p").policy_type("TargetTrackingScaling");
        policy_of(&policy.target_tracking_configuration(configuration).build()).kind
    }

    fn custom(metric: CustomizedMetricSpecification) -> Kind {
        tracking(TargetTrackingConfiguration::builder().customized_metric_specification(metric).build())
    }

    #[test]
    fn what_is_put_is_read_back_as_it_was() {
        let dimensions = [("Team".to_owned(), "a".to_owned()), ("Scaler".to_owned(), "images".to_owned())];
        let series =
            Series { namespace: "N".to_owned(), name: "M".to_owned(), dimensions: dimensions.into() };
        for (period_secs, scale_in) in [(10, true), (60, false)] {
            let put = Tracking {
                series: series.clone(),
                statistic: Some("Average".to_owned()),
                unit: Some("None".to_owned()),
                period_secs,
                target: 12.5,
                scale_in,
                warmup_secs: None,
                enabled: true,
            };
            assert_eq!(tracking(configuration(&put)), Kind::Tracking(Box::new(put)));
        }
    }

    #[test]
    fn targets_for_other_things_are_told_by_name_and_are_never_taken_for_ours() {
        let cpu = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::AsgAverageCpuUtilization)
            .build();
        let cpu = TargetTrackingConfiguration::builder().predefined_metric_specification(cpu).build();
        assert_eq!(tracking(cpu), Kind::OtherTracking("ASGAverageCPUUtilization".to_owned()));
        let query = Query::builder().id("e").expression("m1 / m2").build();
        let math = CustomizedMetricSpecification::builder().metric_name("BacklogPerInstance").metrics(query);
        assert_eq!(custom(math.build()), Kind::OtherTracking("metric math (m1 / m2)".to_owned()));
    }

    #[test]
    fn policies_of_other_types_are_told_apart() {
        let kind = |kind: &str| policy_of(&ScalingPolicy::builder().policy_type(kind).build()).kind;
        assert_eq!(kind("PredictiveScaling"), Kind::Predictive);
        for other in ["StepScaling", "SimpleScaling", "SomethingNew", "TargetTrackingScaling"] {
            assert_eq!(kind(other), Kind::Alarms(other.to_owned()));
        }
    }
}
