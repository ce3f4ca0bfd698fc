use super::types::{
    Metric, MetricType, PredefinedMetricSpecification, PredictiveScalingConfiguration,
    TargetTrackingMetricDataQuery as Query, TargetTrackingMetricStat,
};
use super::*;
use crate::model::Cause;
use std::sync::Mutex;

fn tracking(configuration: TargetTrackingConfiguration) -> ScalingPolicy {
    let given = types::ScalingPolicy::builder().policy_name("p").policy_type("TargetTrackingScaling");
    policy(&given.target_tracking_configuration(configuration).build())
}

fn custom(metric: CustomizedMetricSpecification) -> ScalingPolicy {
    tracking(TargetTrackingConfiguration::builder().customized_metric_specification(metric).build())
}

fn series() -> Series {
    let dimensions = [("Team".to_owned(), "a".to_owned()), ("Scaler".to_owned(), "images".to_owned())];
    Series { namespace: "N".to_owned(), name: "M".to_owned(), dimensions: dimensions.into() }
}

#[test]
fn what_is_put_is_read_back_as_it_was() {
    for (period_secs, scale_in) in [(10, true), (60, false)] {
        let put = Tracking {
            series: series(),
            statistic: Some("Average".to_owned()),
            unit: Some("None".to_owned()),
            period_secs,
            target: 12.5,
            scale_in,
            warmup_secs: None,
        };
        let read = tracking(configuration(&put));
        assert_eq!(read.metrics(), [TrackedMetric { series: series(), unit: Some("None".to_owned()) }]);
        assert_eq!(read.kind, PolicyKind::Tracking(Box::new(put)));
    }
}

#[test]
fn targets_for_other_things_are_told_by_name_and_an_expression_by_its_metrics_as_well() {
    let cpu = PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::AsgAverageCpuUtilization)
        .build();
    let cpu = TargetTrackingConfiguration::builder().predefined_metric_specification(cpu).build();
    let what = "ASGAverageCPUUtilization".to_owned();
    assert_eq!(tracking(cpu).kind, PolicyKind::OtherTracking { what, metrics: Vec::new() });

    let dimension = |name: &str, value: &str| MetricDimension::builder().name(name).value(value).build();
    let of = Metric::builder().namespace("N").metric_name("M").dimensions(dimension("Scaler", "images"));
    let stat =
        TargetTrackingMetricStat::builder().metric(of.dimensions(dimension("Team", "a")).build()).build();
    let metric = Query::builder().id("m1").metric_stat(stat).build();
    let sum = Query::builder().id("e").expression("m1 / 2").build();
    let math = custom(CustomizedMetricSpecification::builder().metrics(metric).metrics(sum).build());
    let metrics = vec![TrackedMetric { series: series(), unit: None }];
    let what = "metric math (m1 / 2)".to_owned();
    assert_eq!(math.metrics(), metrics);
    assert_eq!(math.kind, PolicyKind::OtherTracking { what, metrics });
}

#[test]
fn a_prediction_only_foretells_unless_it_says_otherwise() {
    let predictive = |mode: Option<&str>| {
        let configuration = PredictiveScalingConfiguration::builder().set_mode(mode.map(Into::into)).build();
        let given = types::ScalingPolicy::builder().policy_type("PredictiveScaling");
        policy(&given.predictive_scaling_configuration(configuration).build())
    };
    for mode in [None, Some("ForecastOnly")] {
        assert_eq!(predictive(mode).kind, PolicyKind::Predictive { forecast_only: true });
        assert_eq!(predictive(mode).idle(), Some("only forecasts"));
    }
    let scales = predictive(Some("ForecastAndScale"));
    assert_eq!(scales.kind, PolicyKind::Predictive { forecast_only: false });
    assert_eq!(scales.idle(), None);
}

#[test]
fn policies_of_other_types_are_told_apart_and_are_on_unless_they_say_otherwise() {
    for kind in ["StepScaling", "SimpleScaling", "SomethingNew", "TargetTrackingScaling"] {
        let read = policy(&types::ScalingPolicy::builder().policy_name("p").policy_type(kind).build());
        let kind = PolicyKind::Alarms(kind.to_owned());
        assert_eq!(read, ScalingPolicy { name: "p".to_owned(), enabled: true, kind });
        assert_eq!((read.idle(), read.metrics()), (None, Vec::new()));
    }
    let disabled = policy(&types::ScalingPolicy::builder().enabled(false).build());
    assert_eq!((disabled.enabled, disabled.idle()), (false, Some("is disabled")));
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
