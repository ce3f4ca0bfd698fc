//! How what is there differs, what stands against changing it, and the words for both.

use super::{figures, named, only, ours, plan, present, settings, told, wanted, with};
use crate::target::scaling::{PolicyKind, ScalingPolicy, ScheduledAction, Series, Tracking};
use crate::tracking::plan::{Plan, Step};
use crate::tracking::present::{Change, Own, drift};
use crate::tracking::words;

fn cpu() -> PolicyKind {
    PolicyKind::OtherTracking { what: "ASGAverageCPUUtilization".to_owned(), metrics: Vec::new() }
}

fn forecast(forecast_only: bool) -> PolicyKind {
    PolicyKind::Predictive { forecast_only }
}

fn changes(all: &[Change]) -> Vec<(&str, &str, &str)> {
    all.iter().map(|change| (change.field, change.from.as_str(), change.to.as_str())).collect()
}

#[test]
fn a_policy_is_ours_by_its_name_and_its_metric() {
    let wanted = told();
    let own = |policy: ScalingPolicy| {
        let present = present(vec![policy]);
        match present.own("backlogd-images", &wanted.tracking.series) {
            Own::Absent => "absent",
            Own::Ours(..) => "ours",
            Own::Foreign(_) => "foreign",
        }
    };
    let tracking = |change: fn(&mut Series)| {
        let mut tracking = wanted.tracking.clone();
        change(&mut tracking.series);
        ours(tracking)
    };
    assert_eq!(own(tracking(|_| ())), "ours");
    assert_eq!(own(ScalingPolicy { name: "backlogd-image".to_owned(), ..tracking(|_| ()) }), "absent");
    assert_eq!(own(tracking(|series| series.name.push('s'))), "foreign");
    assert_eq!(own(tracking(|series| series.namespace.push('s'))), "foreign");
    assert_eq!(own(tracking(|series| series.dimensions.clear())), "foreign");
    for kind in [forecast(false), PolicyKind::Alarms("StepScaling".to_owned()), cpu()] {
        assert_eq!(own(named("backlogd-images", kind)), "foreign");
    }
}

#[test]
fn drift_is_told_field_by_field() {
    let wanted = told();
    assert_eq!(drift(true, &wanted.tracking, &wanted.tracking), []);
    let there = Tracking {
        series: wanted.tracking.series.clone(),
        statistic: Some("Maximum".to_owned()),
        unit: None,
        period_secs: 10,
        target: 59.9,
        scale_in: false,
        warmup_secs: None,
    };
    let expected = [
        ("Statistic", "Maximum", "Average"),
        ("Unit", "not set", "None"),
        ("Period", "10", "60"),
        ("TargetValue", "59.9", "60"),
        ("DisableScaleIn", "true", "false"),
        ("EstimatedInstanceWarmup", "not set", "150"),
        ("Enabled", "false", "true"),
    ];
    assert_eq!(changes(&drift(false, &there, &wanted.tracking)), expected);
}

#[test]
fn what_is_learnt_changes_the_policy_by_two_digits_and_by_tens_of_seconds() {
    let learnt = |secs: f64, boot: f64| with(&figures((secs, 0.95), (1.0, 0.99), (boot, 0.9)), "").tracking;
    let there = learnt(9.9, 101.0);
    assert_eq!(drift(true, &there, &learnt(10.1, 109.0)), []);
    let expected = [("TargetValue", "30", "27"), ("EstimatedInstanceWarmup", "110", "120")];
    assert_eq!(changes(&drift(true, &there, &learnt(11.0, 111.0))), expected);
}

#[test]
fn the_step_is_to_make_to_change_to_keep_or_to_leave_alone() {
    assert_eq!(plan(Vec::new()).step, Step::Make);
    assert!(matches!(plan(vec![ours(told().tracking)]).step, Step::Keep));
    assert!(matches!(plan(vec![ours(Tracking { target: 1.0, ..told().tracking })]).step, Step::Change(_)));
    let foreign = plan(vec![named("backlogd-images", forecast(false))]);
    assert_eq!(foreign.step, Step::Nothing);
    assert!(foreign.obstacles[0].contains(
        "scales by forecast, not by Backlogd/BacklogPerInstance {Scaler=images}: somebody else made it; if"
    ));
    assert!(
        foreign.obstacles[0]
            .contains("aws autoscaling delete-policy --auto-scaling-group-name image-workers")
    );
    let mut before = told().tracking;
    before.series.namespace = "Before".to_owned();
    let renamed = plan(vec![ours(before)]);
    let words = "scales by Before/BacklogPerInstance {Scaler=images}, not by Backlogd/BacklogPerInstance {Scaler=images}: \
                 somebody else made it, or backlogd did before `publish` was changed: to remove it, put `publish` back";
    assert!(renamed.obstacles[0].contains(words), "{:?}", renamed.obstacles);
}

#[test]
fn another_policy_on_the_same_metric_stands_in_the_way_and_one_on_another_does_not() {
    let by_hand = |policy: ScalingPolicy| ScalingPolicy { name: "by-hand".to_owned(), ..policy };
    let rival = plan(vec![by_hand(ours(told().tracking))]);
    assert!(rival.obstacles[0].contains("policy by-hand of group image-workers tracks the same metric"));
    assert_eq!((rival.obstacles.len(), rival.warnings.len(), rival.step), (1, 0, Step::Make));
    let mut other = told().tracking;
    other.series.name = "Age".to_owned();
    let beside = plan(vec![by_hand(ours(other))]);
    assert_eq!(beside.obstacles, [""; 0]);
    assert_eq!(
        beside.warnings,
        [
            "policy by-hand scales by Backlogd/Age {Scaler=images}: AWS scales out when either asks for it, and in \
          only when both do"
        ]
    );
}

#[test]
fn a_policy_that_does_nothing_stands_in_nobodys_way() {
    let disabled = |policy: ScalingPolicy| ScalingPolicy { enabled: false, ..policy };
    let rival = ScalingPolicy { name: "by-hand".to_owned(), ..ours(told().tracking) };
    let plan = plan(vec![disabled(rival), disabled(named("cpu", cpu())), named("ahead", forecast(true))]);
    assert_eq!(
        (plan.obstacles.len(), plan.warnings.len(), plan.step),
        (0, 1, Step::Make),
        "{:?}",
        plan.warnings
    );
    assert!(plan.warnings[0].starts_with("policy by-hand tracks the same metric, and is disabled: "));
}

#[test]
fn a_policy_of_ours_that_is_disabled_is_enabled_anew() {
    let plan = plan(vec![ScalingPolicy { enabled: false, ..ours(told().tracking) }]);
    let Step::Change(all) = plan.step else { panic!("{plan:?}") };
    assert_eq!(changes(&all), [("Enabled", "false", "true")]);
}

#[test]
fn whoever_drives_the_group_stands_in_the_way() {
    let text = settings(", processing_secs = 10", "");
    let obstacles =
        |drivers: &[&str]| Plan::new(only(&text), drivers, told(), &present(Vec::new())).obstacles;
    let of_two = obstacles(&["images", "thumbs"]);
    assert!(of_two[0].starts_with("scaler images drives group image-workers (drive = true)"), "{of_two:?}");
    assert!(of_two[1].starts_with("scaler thumbs drives group image-workers"), "{of_two:?}");
    assert_eq!(obstacles(&[]), [""; 0]);
}

#[test]
fn an_operator_and_a_region_without_high_resolution_stand_in_the_way() {
    let settings = settings("", "");
    let mut here = present(Vec::new());
    here.group.fleet.operator = Some("eks".to_owned());
    here.region = "us-gov-west-1".to_owned();
    let mut wanted = told();
    wanted.tracking.period_secs = 10;
    let plan = Plan::new(only(&settings), &[], wanted, &here);
    assert!(plan.obstacles[0].contains("its operator eks"), "{:?}", plan.obstacles);
    assert!(plan.obstacles[1].starts_with("--period must be 60 in us-gov-west-1"), "{:?}", plan.obstacles);
}

#[test]
fn all_else_that_changes_the_size_is_warned_of() {
    let window = "name = \"day\", start = \"0 0 8 * * *\", lasts_mins = 60, min = 2";
    let text = settings("", &format!("limits = {{ min = 1, max = 5 }}\nwindow = [{{ {window} }}]"));
    let policies =
        [("cpu", cpu()), ("steps", PolicyKind::Alarms("StepScaling".to_owned())), ("ahead", forecast(false))];
    let policies = policies.map(|(name, kind)| named(name, kind));
    let mut here = present(policies.into());
    here.scheduled = vec![ScheduledAction { name: "nightly".to_owned(), ..ScheduledAction::default() }];
    here.blind = Some("AccessDenied".to_owned());
    here.group.suspended =
        ["AZRebalance", "AlarmNotification", "Launch"].map(|each| (each.to_owned(), String::new())).into();
    here.group.protects = false;
    let mut wanted = wanted(", processing_secs = 600", "");
    let plan = Plan::new(only(&text), &[], wanted.clone(), &here);
    let starts = [
        "one message at a time is assumed of an instance: set control.slots",
        "a message takes 600 s and may wait 300 s: by a target below 1 a single message that waits asks for 2 instances",
        "policy cpu scales by ASGAverageCPUUtilization: AWS scales out when either",
        "policy steps scales by alarms (StepScaling): it will change the size",
        "policy ahead scales by forecast: of its size and the backlog's",
        "scheduled action nightly sets the group's sizes",
        "scheduled actions cannot be seen: AccessDenied",
        "the group's process AlarmNotification is suspended: AWS acts on no scaling policy",
        "the group's process Launch is suspended",
        "AWS picks the instances that go, and may pick one at work",
        "AWS keeps to the group's own limits, min 0 and max 10, not to the settings' (min 1, max 5)",
        "AWS knows nothing of window \"day\": a scheduled action of the group",
    ];
    assert_eq!(plan.warnings.len(), starts.len(), "{:#?}", plan.warnings);
    for (warning, start) in plan.warnings.iter().zip(starts) {
        assert!(warning.starts_with(start), "{warning}");
    }
    assert_eq!(plan.obstacles, [""; 0]);
    wanted.tracking.scale_in = false;
    let outwards = Plan::new(only(&text), &[], wanted, &here);
    assert!(
        !outwards.warnings.iter().any(|warning| warning.contains("one at work")),
        "{:?}",
        outwards.warnings
    );
}

#[test]
fn a_plan_reads_from_the_policy_to_its_exact_configuration() {
    let page = words::at_length(&plan(vec![ours(Tracking { target: 30.0, ..told().tracking })]));
    let expected = "\
images: AWS is to hold group image-workers by Backlogd/BacklogPerInstance {Scaler=images}

target: 60 messages per instance
  latency objective 300 s ÷ 10 s a message (as policy.processing_secs says) × 2 at once (as control.slots says)
warm-up: 150 s, for so long booting takes (as policy.boot_secs says)
looked at every 60 s
AWS makes 2 alarms for it: $0.20 a month, by the list prices of us-east-1 on 2026-11-20, before any free tier

policy backlogd-images is in place, and differs; would change:
  TargetValue: 30 → 60

{
";
    assert!(page.starts_with(expected), "{page}");
    let (_, json) = page.split_once("\n{").unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&format!("{{{json}")).unwrap(), told().request());
}

#[test]
fn alarms_that_look_more_often_than_every_minute_are_told_at_their_price() {
    let text = settings("", "");
    let mut wanted = told();
    wanted.tracking.period_secs = 10;
    let page = words::at_length(&Plan::new(only(&text), &[], wanted, &present(Vec::new())));
    assert!(page.contains("\nAWS makes 2 alarms of high resolution for it: $0.60 a month, "), "{page}");
}

#[test]
fn a_plan_says_what_was_learnt_and_how_far_it_is_believed() {
    let text = settings("", "");
    let learnt = with(&figures((9.8, 0.967), (1.5, 0.5), (100.0, 0.2)), "");
    let mut here = present(vec![ours(Tracking { target: 50.0, ..learnt.tracking.clone() })]);
    here.group.cooldown_secs = Some(300);
    let page = words::at_length(&Plan::new(only(&text), &[], learnt, &here));
    for words in [
        "÷ 9.8 s a message (97 % learnt) × 1.5 at once (50 % learnt)\n",
        "warm-up: the group's default cooldown of 300 s, for it is not known how long booting takes\n",
        "is in place, and differs; would change:\n  TargetValue: 50 → 46\n",
    ] {
        assert!(page.contains(words), "{words:?} is not in:\n{page}");
    }
    let corrected = with(&figures((12.0, 0.6), (1.0, 0.0), (100.0, 0.2)), ", processing_secs = 10");
    let page = words::at_length(&Plan::new(only(&text), &[], corrected, &here));
    assert!(page.contains(
        "12 s a message (60 % learnt, where policy.processing_secs says 10) × 1 at once (assumed)"
    ));
}

#[test]
fn what_was_applied_is_told_with_the_alarms() {
    let alarms = ["high".to_owned(), "low".to_owned()];
    assert_eq!(
        words::applied(&plan(Vec::new()), &alarms),
        "made policy backlogd-images of group image-workers: 60 messages per instance\n\
         its alarms, which AWS keeps by itself: high, low"
    );
    let changed = plan(vec![ours(Tracking { target: 1.0, ..told().tracking })]);
    assert_eq!(
        words::applied(&changed, &[]),
        "changed policy backlogd-images of group image-workers:\n  TargetValue: 1 → 60\nAWS named no alarms of it"
    );
    let kept = words::applied(&plan(vec![ours(told().tracking)]), &[]);
    assert_eq!(kept, "policy backlogd-images of group image-workers is in place; nothing was changed");
}
