//! What a policy should be.

use super::{USUAL, figures, only, settings, told, wanted, with};
use crate::controller::{Controller, State};
use crate::model::{Estimate, Fleet, Now, Sample, Timestamp};
use crate::settings::{Settings, parse};
use crate::tracking::wanted::{Options, Wanted};
use serde_json::json;

/// What stands against a policy, in words.
fn refused(text: &Settings, estimate: Option<&Estimate>, options: Options) -> Vec<String> {
    let why = Wanted::of(only(text), estimate, options).unwrap_err();
    why.iter().map(ToString::to_string).collect()
}

#[test]
fn the_target_is_the_objective_over_the_processing_time_times_the_slots() {
    let target = |policy: &str, lines: &str| wanted(policy, lines).tracking.target.to_string();
    assert_eq!(told().tracking.target.to_string(), "60");
    assert_eq!(target(", processing_secs = 10", ""), "30");
    assert_eq!(target(", processing_secs = 7", ""), "42.857");
    let least = wanted(", processing_secs = 31536000", "").tracking.target;
    assert!(least > 0.0 && least < 0.001, "{least}");
}

#[test]
fn it_is_what_the_latency_policy_itself_accepts() {
    let state = json!({ "estimates": {
        "last": { "at": 0, "waiting": 0.0, "in_flight": 0.0, "lasts_secs": 10.0, "arrived": 0.0, "busy": 0,
                  "visibility_secs": 30.0 },
        "processing": { "in_flight_secs": 4900.0, "completions": 500.0 },
    } });
    let state: State = serde_json::from_value(state).unwrap();
    let settings = settings("", "");
    let policy = crate::assemble::policy(&only(&settings).policy);
    let now = Timestamp::from_secs(10);
    let estimate = state.estimate(policy.learning().unwrap(), now).unwrap();
    let learnt = Wanted::of(only(&settings), Some(&estimate), USUAL).unwrap();
    assert_eq!(learnt.tracking.target.to_string(), "31");
    let sample = Sample { queues: Vec::new(), fleet: Ok(Fleet::default()) };
    let mut controller = Controller::new(policy, only(&settings).rules.clone(), state);
    controller.observe(Now { wall: now, steady: now }, &sample);
    let accepted = controller.acceptable_backlog().unwrap();
    assert!((accepted - 30.611).abs() < 0.001, "{accepted}");
}

#[test]
fn a_backlog_per_instance_that_is_told_is_the_target_itself() {
    let policy = "policy = { kind = \"backlog_per_instance\", acceptable_backlog = 12.5 }";
    let text =
        "[[scaler]]\nname = \"a\"\nsource = [{ queue = \"a\" }]\ntarget = { name = \"g\" }\npublish = {}\n";
    let settings = parse(&[("main.toml".to_owned(), format!("{text}{policy}"))]).unwrap();
    let wanted = Wanted::of(only(&settings), None, USUAL).unwrap();
    assert_eq!((wanted.tracking.target.to_string().as_str(), wanted.tracking.warmup_secs), ("12.5", None));
    assert_eq!(wanted.name, "backlogd-a");
}

#[test]
fn what_was_learnt_counts_once_it_is_believed_or_where_it_corrects_what_was_told() {
    let learnt = with(&figures((9.0, 0.95), (3.0, 0.99), (120.3, 0.6)), "");
    assert_eq!(
        (learnt.tracking.target.to_string().as_str(), learnt.tracking.warmup_secs),
        ("100", Some(130))
    );
    let corrected =
        with(&figures((12.0, 0.4), (1.0, 0.0), (90.0, 0.1)), ", processing_secs = 10, boot_secs = 80");
    assert_eq!(
        (corrected.tracking.target.to_string().as_str(), corrected.tracking.warmup_secs),
        ("25", Some(90))
    );
    let unsure = figures((9.0, 0.89), (3.0, 0.99), (120.3, 0.4));
    assert_eq!(with(&unsure, ", processing_secs = 9").tracking.warmup_secs, None);
    let why = refused(&settings("", ""), Some(&unsure), USUAL);
    assert!(why[0].contains("is believed to 89 % only (90 % would do); set it, or let"), "{why:?}");
    let why = refused(&settings("", ""), None, USUAL);
    assert!(
        why[0].contains("policy.processing_secs is not set, and the state directory holds nothing"),
        "{why:?}"
    );
}

#[test]
fn settings_that_no_policy_can_be_made_of_are_told_with_the_key_and_what_is_allowed() {
    let quick = Options { period_secs: 10, scale_in: true };
    let known = ", processing_secs = 10";
    let coarse = refused(&settings(known, ""), None, quick);
    assert_eq!(
        coarse,
        ["--period 10 needs a metric of high resolution: publish.resolution_secs must be 1 (it is 60)"]
    );
    let fine = "publish = { resolution_secs = 1 }";
    assert_eq!(Wanted::of(only(&settings(known, fine)), None, quick).unwrap().tracking.period_secs, 10);
    let seldom = format!("{fine}\nschedule = \"*/30 * * * * *\"");
    let why = refused(&settings(known, &seldom), None, quick);
    assert!(why[0].starts_with("schedule samples every 30 s: AWS, which looks every 10 s"), "{why:?}");
    assert!(why[0].ends_with("or ask for a longer --period"), "{why:?}");
    let why = refused(&settings(known, "schedule = \"0 */5 * * * *\""), None, USUAL);
    assert!(
        why[0].starts_with("schedule samples every 300 s") && why[0].ends_with("at least as often"),
        "{why:?}"
    );
    let other = "publish = { metrics = [\"visible\"] }";
    let why = refused(&settings("", other), None, USUAL);
    assert!(why[0].contains("with \"backlog_per_instance\" among publish.metrics"), "{why:?}");
    assert!(why[1].contains("policy.processing_secs is not set"), "all is told at once: {why:?}");
    let steps = "[[scaler]]\nname = \"a\"\nsource = [{ queue = \"a\" }]\ntarget = { name = \"g\" }\npublish = {}\n\
                 policy = { kind = \"step\", out = [{ above = 9, add = 1 }], in = [] }";
    let why = refused(&parse(&[("main.toml".to_owned(), steps.to_owned())]).unwrap(), None, USUAL);
    assert!(why[0].contains("it must be \"latency\" or \"backlog_per_instance\""), "{why:?}");
}

#[test]
fn the_configuration_is_the_input_of_put_scaling_policy() {
    let expected = json!({
        "AutoScalingGroupName": "image-workers",
        "PolicyName": "backlogd-images",
        "PolicyType": "TargetTrackingScaling",
        "Enabled": true,
        "EstimatedInstanceWarmup": 150,
        "TargetTrackingConfiguration": {
            "CustomizedMetricSpecification": {
                "Namespace": "Backlogd",
                "MetricName": "BacklogPerInstance",
                "Dimensions": [{ "Name": "Scaler", "Value": "images" }],
                "Statistic": "Average",
                "Unit": "None",
            },
            "TargetValue": 60.0,
            "DisableScaleIn": false,
        },
    });
    assert_eq!(told().request(), expected);
}

#[test]
fn another_period_and_no_scale_in_are_in_the_configuration_where_they_are_asked_for() {
    let text = settings(", processing_secs = 10", "publish = { resolution_secs = 1, dimensions = {} }");
    let options = Options { period_secs: 30, scale_in: false };
    let request = Wanted::of(only(&text), None, options).unwrap().request();
    let configuration = &request["TargetTrackingConfiguration"];
    assert_eq!(configuration["DisableScaleIn"], true);
    assert_eq!(configuration["CustomizedMetricSpecification"]["Period"], 30);
    assert_eq!(configuration["CustomizedMetricSpecification"]["Dimensions"], json!([]));
    assert!(request.get("EstimatedInstanceWarmup").is_none(), "{request}");
}
