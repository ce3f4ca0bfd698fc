//! Letting AWS drive: the target-tracking policy on the published metric, planned, applied and removed.
//!
//! That a plan writes nothing is the emulator's word. moto stores policies; that its answer names alarms is
//! our doing (see `tests/emulator/strict.py`), and nothing here scales by them.

use crate::emulator::python;
use crate::world::{World, eager};
use aws_sdk_autoscaling::types::{
    CustomizedMetricSpecification, MetricDimension, MetricStatistic, MetricType,
    PredefinedMetricSpecification, ScalingPolicy, TargetTrackingConfiguration,
};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// 60 messages per instance.
pub(crate) const TOLD: &str = "kind = \"latency\", latency_objective_secs = 300, processing_secs = 5";

/// A group of one, and a scaler that publishes for it in a namespace of its own.
pub(crate) async fn watched(name: &str, policy: &str, more: &str) -> World {
    let world = World::new(name).await;
    world.queue("").await;
    world.group("", 0, 1, 10).await;
    say(&world, policy, more);
    world
}

pub(crate) fn say(world: &World, policy: &str, more: &str) {
    let name = &world.name;
    let publish = if more.contains("publish =") {
        String::new()
    } else {
        format!("publish = {{ namespace = {name:?} }}")
    };
    world.settings(&format!(
        "[[scaler]]\nname = {name:?}\nsource = [{{ queue = {name:?} }}]\ntarget = {{ name = {name:?} }}\n\
         policy = {{ {policy} }}\n{publish}\n{more}"
    ));
}

/// `backlogd policy VERB NAME …`: the exit code, standard output and standard error.
pub(crate) fn policy(world: &World, verb: &str, more: &[&str]) -> (i32, String, String) {
    let mut command = world.backlogd(&[&["policy", verb, &world.name], more].concat());
    words(&command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap())
}

fn words(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// The policies of the world's group.
async fn policies(world: &World) -> Vec<ScalingPolicy> {
    let call = world.groups.describe_policies().auto_scaling_group_name(&world.name);
    call.send().await.unwrap().scaling_policies.unwrap_or_default()
}

pub(crate) async fn names(world: &World) -> Vec<String> {
    policies(world).await.into_iter().map(|policy| policy.policy_name.unwrap()).collect()
}

/// A policy as somebody else would make it.
async fn put(world: &World, name: &str, configuration: TargetTrackingConfiguration) {
    let call = world.groups.put_scaling_policy().auto_scaling_group_name(&world.name).policy_name(name);
    let call = call.policy_type("TargetTrackingScaling").target_tracking_configuration(configuration);
    call.send().await.unwrap();
}

fn cpu() -> TargetTrackingConfiguration {
    let metric = PredefinedMetricSpecification::builder();
    let metric = metric.predefined_metric_type(MetricType::AsgAverageCpuUtilization).build();
    TargetTrackingConfiguration::builder().predefined_metric_specification(metric).target_value(50.0).build()
}

/// Our metric, as the scaler called `scaler` publishes it in `namespace`.
fn backlog(namespace: &str, scaler: &str) -> TargetTrackingConfiguration {
    let metric = CustomizedMetricSpecification::builder()
        .namespace(namespace)
        .metric_name("BacklogPerInstance")
        .dimensions(MetricDimension::builder().name("Scaler").value(scaler).build())
        .statistic(MetricStatistic::Average);
    TargetTrackingConfiguration::builder()
        .customized_metric_specification(metric.build())
        .target_value(7.0)
        .build()
}

/// The names of the calls about `world` that are no reads.
pub(crate) fn writes(world: &World) -> Vec<String> {
    let calls = world.emulator.calls("", &format!("\"{}\"", world.name));
    let names = calls.iter().map(|call| call["operation"].as_str().unwrap().to_owned());
    let own = ["CreateQueue", "CreateAutoScalingGroup", "CreateLaunchConfiguration"];
    names.filter(|name| !own.contains(&name.as_str()) && !name.starts_with("Describe")).collect()
}

#[tokio::test]
async fn a_plan_shows_the_policy_and_writes_nothing() {
    let world = watched("tracking-plan", TOLD, "").await;

    let (exit, page, log) = policy(&world, "plan", &[]);

    assert_eq!((exit, log.as_str()), (3, ""), "there is something to do");
    for words in [
        "tracking-plan: AWS is to hold group tracking-plan by tracking-plan/BacklogPerInstance {Scaler=tracking-plan}",
        "target: 60 messages per instance\n  latency objective 300 s ÷ 5 s a message (as policy.processing_secs says) × 1 at once (assumed)",
        "warm-up: the group's default cooldown of 300 s, for it is not known how long booting takes",
        "\nwould make policy backlogd-tracking-plan\n",
        "\nwarning: AWS picks the instances that go, and may pick one at work",
        "\"TargetValue\": 60.0",
    ] {
        assert!(page.contains(words), "{words:?} is not in:\n{page}");
    }
    assert_eq!(writes(&world), [""; 0]);
    assert_eq!(names(&world).await, [""; 0]);
    assert!(!world.state_dir().exists());
}

#[tokio::test]
async fn what_is_applied_is_in_place_without_drift_and_is_not_written_again() {
    let more = ", boot_secs = 150";
    let world = watched("tracking-apply", &format!("{TOLD}{more}"), "").await;

    let (exit, done, warnings) = policy(&world, "apply", &[]);

    assert_eq!(exit, 0, "{warnings}");
    let head = "made policy backlogd-tracking-apply of group tracking-apply: 60 messages per instance\n\
                its alarms, which AWS keeps by itself: TargetTracking-tracking-apply-AlarmHigh-";
    assert!(done.starts_with(head) && done.contains(", TargetTracking-tracking-apply-AlarmLow-"), "{done}");
    assert!(warnings.starts_with("warning: one message at a time"), "{warnings}");
    let (exit, page, _) = policy(&world, "plan", &[]);
    assert_eq!(exit, 0, "nothing is left to do");
    let line = "\npolicy backlogd-tracking-apply is in place; nothing to change\n";
    assert!(page.contains(line), "{page}");
    assert!(page.contains("warm-up: 150 s"), "{page}");
    let (exit, done, _) = policy(&world, "apply", &[]);
    let kept = "policy backlogd-tracking-apply of group tracking-apply is in place; nothing was changed\n";
    assert_eq!((exit, done.as_str()), (0, kept));
    assert_eq!(writes(&world), ["PutScalingPolicy"]);
    let there = policies(&world).await;
    assert_eq!(there[0].estimated_instance_warmup(), Some(150));
    assert_eq!(there[0].target_tracking_configuration().unwrap().target_value(), Some(60.0));
}

/// What is put in `CloudWatch` and what the policy names are compared as the emulator got them.
#[tokio::test]
async fn the_policy_is_on_the_very_metric_that_is_published() {
    let name = "tracking-metric";
    let publish = "publish = { namespace = \"tracking-metric\", metric_name = \"Backlog\", resolution_secs = 1, \
                   dimensions = { Team = \"a\", Queue = \"b\" } }";
    let world = watched(name, TOLD, publish).await;
    assert_eq!(world.run(&["run", "--once"]).status.code(), Some(0));
    assert_eq!(policy(&world, "apply", &["--period", "10"]).0, 0);

    let published = &world.emulator.calls("PutMetricData", name)[0]["body"];
    let datum = &published["MetricData"][0];
    let there = policies(&world).await;
    let tracking = there[0].target_tracking_configuration().unwrap();
    let metric = tracking.customized_metric_specification().unwrap();
    let dimensions: Vec<Value> = metric
        .dimensions()
        .iter()
        .map(|dimension| json!({ "Name": dimension.name().unwrap(), "Value": dimension.value().unwrap() }))
        .collect();
    let mut sent = datum["Dimensions"].as_array().unwrap().clone();
    sent.sort_by_key(|dimension| dimension["Name"].as_str().unwrap().to_owned());
    assert_eq!(dimensions, sent);
    assert_eq!(metric.namespace().unwrap(), published["Namespace"]);
    assert_eq!(metric.metric_name().unwrap(), datum["MetricName"]);
    assert_eq!(metric.unit().unwrap(), datum["Unit"]);
    assert_eq!((metric.period(), &datum["StorageResolution"]), (Some(10), &json!(1)));
}

#[tokio::test]
async fn changed_settings_are_drift_until_they_are_applied() {
    let world = watched("tracking-drift", TOLD, "").await;
    assert_eq!(policy(&world, "apply", &[]).0, 0);
    say(&world, &TOLD.replace("300", "600"), "");

    let (exit, page, _) = policy(&world, "plan", &["--no-scale-in"]);

    assert_eq!(exit, 3);
    let drift = "policy backlogd-tracking-drift is in place, and differs; would change:\n  TargetValue: 60 → 120\n  \
                 DisableScaleIn: false → true\n";
    assert!(page.contains(drift), "{page}");
    let (exit, done, _) = policy(&world, "apply", &["--no-scale-in"]);
    assert!(
        exit == 0 && done.contains("\n  TargetValue: 60 → 120\n  DisableScaleIn: false → true\n"),
        "{done}"
    );
    let there = policies(&world).await;
    let tracking = there[0].target_tracking_configuration().unwrap();
    assert_eq!((tracking.target_value(), tracking.disable_scale_in()), (Some(120.0), Some(true)));
    assert!(policy(&world, "plan", &["--no-scale-in"]).1.contains("is in place; nothing to change"));
}

/// botocore checks parameters by AWS's own model before it sends them.
#[tokio::test]
async fn the_printed_json_is_what_awss_own_tools_take() {
    let publish = "publish = { namespace = \"tracking-json\", resolution_secs = 1 }";
    let world = watched("tracking-json", &format!("{TOLD}, boot_secs = 90"), publish).await;
    let options = ["--period", "30", "--no-scale-in"];
    let (exit, json, _) = policy(&world, "plan", &[["--output", "json"].as_slice(), &options].concat());
    assert_eq!((exit, json.lines().count()), (0, 1), "{json}");

    let script = "import boto3, json, sys\nclient = boto3.client('autoscaling', endpoint_url=sys.argv[1], \
                  region_name='eu-west-1', aws_access_key_id='test', aws_secret_access_key='test')\n\
                  client.put_scaling_policy(**json.load(sys.stdin))";
    let mut boto = Command::new(python());
    let boto = boto.args(["-c", script, &world.emulator.url]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut boto = boto.spawn().unwrap();
    boto.stdin.take().unwrap().write_all(json.as_bytes()).unwrap();
    let put = boto.wait_with_output().unwrap();

    assert!(put.status.success(), "{}", String::from_utf8_lossy(&put.stderr));
    let (_, page, _) = policy(&world, "plan", &options);
    assert!(page.contains("policy backlogd-tracking-json is in place; nothing to change"), "{page}");
}

#[tokio::test]
async fn what_the_daemon_has_learnt_is_taken_where_nothing_is_told() {
    let untold = "kind = \"latency\", latency_objective_secs = 300";
    let world = watched("tracking-learnt", untold, "").await;
    let (exit, _, complaint) = policy(&world, "plan", &[]);
    let nothing = "error: scaler \"tracking-learnt\": how long a message takes is not known: policy.processing_secs is \
                   not set, and the state directory holds nothing that was learnt; set it, or let the daemon watch for \
                   longer\n";
    assert_eq!((exit, complaint.as_str()), (78, nothing));
    assert_eq!(world.run(&["run", "--once"]).status.code(), Some(0));
    let (exit, _, complaint) = policy(&world, "plan", &[]);
    assert!(exit == 78 && complaint.contains("is believed to 0 % only (90 % would do)"), "{complaint}");
    let path = world.state_dir().join("tracking-learnt.json");
    let mut kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    kept["state"]["estimates"]["processing"] = json!({ "in_flight_secs": 490.0, "completions": 99.0 });
    fs::write(&path, kept.to_string()).unwrap();

    let (exit, page, _) = policy(&world, "plan", &[]);

    assert_eq!(exit, 3);
    assert!(page.contains("target: 60 messages per instance\n"), "{page}");
    assert!(page.contains("÷ 5 s a message (99 % learnt) × 1 at once (assumed)"), "{page}");
    assert_eq!(fs::read_to_string(&path).unwrap(), kept.to_string(), "the state is only looked at");
}

#[tokio::test]
async fn a_policy_of_that_name_that_somebody_else_made_is_left_alone() {
    let name = "tracking-foreign";
    let world = watched(name, TOLD, "").await;
    put(&world, "backlogd-tracking-foreign", backlog("Elsewhere", name)).await;

    let (exit, page, _) = policy(&world, "plan", &[]);
    assert_eq!(exit, 1);
    assert!(page.contains("\nwould leave policy backlogd-tracking-foreign alone\n"), "{page}");
    let (exit, json, complaint) = policy(&world, "plan", &["--output", "json"]);
    assert_eq!((exit, json.as_str()), (1, ""), "nothing to put over it");
    assert!(complaint.contains("in the way: policy backlogd-tracking-foreign of group"), "{complaint}");
    for verb in ["apply", "remove"] {
        let (exit, data, complaint) = policy(&world, verb, &[]);
        assert_eq!((exit, data.as_str()), (1, ""), "{verb}");
        let words = "error: nothing was changed: policy backlogd-tracking-foreign of group tracking-foreign scales by \
                     Elsewhere/BacklogPerInstance {Scaler=tracking-foreign}, not by tracking-foreign/BacklogPerInstance \
                     {Scaler=tracking-foreign}: somebody else made it, or backlogd did before `publish` was changed";
        assert!(complaint.starts_with(words), "{verb}: {complaint}");
    }

    assert_eq!(writes(&world), ["PutScalingPolicy"], "the test's own");
    let there = policies(&world).await;
    assert_eq!(there[0].target_tracking_configuration().unwrap().target_value(), Some(7.0));
}

#[tokio::test]
async fn remove_takes_its_own_policy_and_leaves_the_others() {
    let world = watched("tracking-remove", TOLD, "").await;
    assert_eq!(policy(&world, "apply", &[]).0, 0);
    put(&world, "tracking-remove-cpu", cpu()).await;
    // No target can be reckoned any more, and somebody drives: there is all the more reason to remove it.
    say(&world, "kind = \"latency\", latency_objective_secs = 60", "drive = true");

    let (exit, done, log) = policy(&world, "remove", &[]);

    let gone = "removed policy backlogd-tracking-remove, and with it its alarms\n";
    assert_eq!((exit, done.as_str(), log.as_str()), (0, gone, ""));
    assert_eq!(names(&world).await, ["tracking-remove-cpu"]);
    let (exit, done, _) = policy(&world, "remove", &[]);
    assert_eq!(
        (exit, done.as_str()),
        (0, "there is no policy backlogd-tracking-remove; nothing was changed\n")
    );
    assert_eq!(world.emulator.calls("DeletePolicy", "tracking-remove").len(), 1);
}

#[tokio::test]
async fn what_was_made_before_publish_was_changed_goes_once_it_is_put_back() {
    let world = watched("tracking-moved", TOLD, "").await;
    assert_eq!(policy(&world, "apply", &[]).0, 0);
    say(&world, TOLD, "publish = { namespace = \"Moved\" }");

    let (exit, _, complaint) = policy(&world, "remove", &[]);

    assert!(exit == 1 && complaint.contains("or backlogd did before `publish` was changed"), "{complaint}");
    assert_eq!(names(&world).await, ["backlogd-tracking-moved"]);
    say(&world, TOLD, "");
    assert_eq!(policy(&world, "remove", &[]).0, 0);
    assert_eq!(names(&world).await, [""; 0]);
}

/// As `check --online` has it, too: both read it by the same adapter.
#[tokio::test]
async fn a_disabled_policy_on_the_same_metric_is_told_and_stands_in_nobodys_way() {
    let name = "tracking-asleep";
    let world = watched(name, TOLD, "").await;
    let call = world.groups.put_scaling_policy().auto_scaling_group_name(name).policy_name("asleep");
    let call = call.policy_type("TargetTrackingScaling").enabled(false);
    call.target_tracking_configuration(backlog(name, name)).send().await.unwrap();
    assert_eq!(policies(&world).await[0].enabled(), Some(false), "the emulator keeps it");

    let (exit, page, _) = policy(&world, "plan", &[]);

    assert_eq!(exit, 3, "{page}");
    assert!(page.contains("\nwarning: policy asleep tracks the same metric, and is disabled: "), "{page}");
    assert_eq!(policy(&world, "apply", &[]).0, 0);
    assert_eq!(names(&world).await, ["asleep", "backlogd-tracking-asleep"]);
}

/// The rival is on the second page.
#[tokio::test]
async fn all_that_changes_the_size_is_seen_however_many_pages_it_fills() {
    let name = "tracking-crowd";
    let world = watched(name, TOLD, "").await;
    put(&world, "tracking-crowd-cpu", cpu()).await;
    let steps =
        world.groups.put_scaling_policy().auto_scaling_group_name(name).policy_name("tracking-crowd-step");
    steps.adjustment_type("ChangeInCapacity").scaling_adjustment(1).send().await.unwrap();
    put(&world, "tracking-crowd-rival", backlog(name, name)).await;
    let nightly = world.groups.put_scheduled_update_group_action().auto_scaling_group_name(name);
    let nightly = nightly.scheduled_action_name("nightly").recurrence("0 2 * * *").desired_capacity(0);
    nightly.send().await.unwrap();
    world.emulator.post("/emulator/pages", &json!({ "match": name, "size": 2 }));

    let (exit, page, _) = policy(&world, "plan", &[]);

    assert_eq!(exit, 1);
    for words in [
        "\nwould make policy backlogd-tracking-crowd, were nothing in the way\n",
        "\nin the way: policy tracking-crowd-rival of group tracking-crowd tracks the same metric",
        "\nwarning: policy tracking-crowd-cpu scales by ASGAverageCPUUtilization",
        "\nwarning: policy tracking-crowd-step scales by alarms (SimpleScaling)",
        "\nwarning: scheduled action nightly sets the group's sizes",
    ] {
        assert!(page.contains(words), "{words:?} is not in:\n{page}");
    }
    let (exit, _, complaint) = policy(&world, "apply", &[]);
    assert!(exit == 1 && complaint.contains("tracking-crowd-rival"), "{complaint}");
    assert_eq!(names(&world).await.len(), 2, "as the emulator was told, this page holds no more");
    assert_eq!(world.emulator.calls("PutScalingPolicy", "backlogd-tracking-crowd"), Vec::<Value>::new());
}

#[tokio::test]
async fn a_scaler_that_drives_is_not_joined_by_aws() {
    let world = watched("tracking-driven", TOLD, "drive = true\nlimits = { max = 5 }").await;

    let (exit, page, _) = policy(&world, "plan", &[]);
    let words = "scaler tracking-driven drives group tracking-driven (drive = true): it and AWS would pull against each \
                 other; set drive = false to let AWS drive, or leave the policy out";
    assert!(exit == 1 && page.contains(&format!("\nin the way: {words}\n")), "{page}");
    assert!(
        page.contains("\nwould make policy backlogd-tracking-driven, were nothing in the way\n"),
        "{page}"
    );
    let (exit, json, complaint) = policy(&world, "plan", &["--output", "json"]);
    assert!((exit, json.as_str()) == (1, "") && complaint.contains(words), "{exit} {json} {complaint}");
    let (exit, _, complaint) = policy(&world, "apply", &[]);

    assert_eq!((exit, complaint), (78, format!("error: {words}\n")));
    assert_eq!(writes(&world), [""; 0]);
}

/// The region of one is named, that of the other comes from the environment.
#[tokio::test]
async fn a_group_that_another_scaler_drives_is_known_by_where_it_is() {
    let name = "tracking-apart";
    let world = watched(name, TOLD, "").await;
    let url = &world.emulator.url;
    let driver = eager("tracking-apart-driver", "limits = { max = 5 }");
    let driver = driver
        .replace("target = { name = \"tracking-apart-driver\" }", &format!("target = {{ name = {name:?} }}"));
    let watcher = format!(
        "[[scaler]]\nname = {name:?}\nsource = [{{ queue = {name:?} }}]\ntarget = {{ name = {name:?} }}\n\
         policy = {{ {TOLD} }}\npublish = {{}}\naws = {{ region = \"eu-west-1\" }}\n"
    );
    fs::write(
        world.dir.path().join("backlogd.toml"),
        format!("[aws]\nendpoint_url = {url:?}\n{driver}{watcher}"),
    )
    .unwrap();

    let output = world.backlogd(&["policy", "apply", name]).env("AWS_REGION", "eu-west-1").output().unwrap();

    let (exit, _, complaint) = words(&output);
    let refusal = "error: scaler tracking-apart-driver drives group tracking-apart (drive = true)";
    assert!(exit == 78 && complaint.starts_with(refusal), "{exit} {complaint}");
    assert_eq!(writes(&world), [""; 0]);
}

/// As `run` refuses them.
#[tokio::test]
async fn settings_that_do_not_fit_the_environment_are_refused_before_any_call() {
    let name = "tracking-abroad";
    let world = watched(name, TOLD, "").await;
    let text = format!(
        "[aws]\nendpoint_url = {:?}\n[[scaler]]\nname = {name:?}\n\
         source = [{{ queue = \"arn:aws:sqs:eu-west-1:123456789012:{name}\" }}]\ntarget = {{ name = {name:?} }}\n\
         policy = {{ {TOLD} }}\npublish = {{}}\n",
        world.emulator.url
    );
    fs::write(world.dir.path().join("backlogd.toml"), text).unwrap();
    let before = world.emulator.calls("", name).len();
    for verb in ["plan", "apply", "remove"] {
        let output = world.backlogd(&["policy", verb, name]).env("AWS_REGION", "us-east-1").output().unwrap();
        let (exit, _, complaint) = words(&output);
        let refusal = "error: scaler \"tracking-abroad\": queue tracking-abroad is in region eu-west-1, but its calls \
                       go to us-east-1";
        assert!(exit == 78 && complaint.starts_with(refusal), "{verb}: {exit} {complaint}");
    }
    assert_eq!(world.emulator.calls("", name).len(), before);
}

#[tokio::test]
async fn settings_that_no_policy_can_be_made_of_are_refused_before_any_call() {
    let world = watched("tracking-unfit", TOLD, "").await;
    let before = world.emulator.calls("DescribePolicies", "tracking-unfit").len();
    let (exit, _, complaint) = policy(&world, "plan", &["--period", "10"]);
    let words = "error: scaler \"tracking-unfit\": --period 10 needs a metric of high resolution: \
                 publish.resolution_secs must be 1 (it is 60)\n";
    assert_eq!((exit, complaint.as_str()), (78, words));
    let output = world.run(&["policy", "apply", "tracking-unfitting"]);
    let words = "error: no scaler is called \"tracking-unfitting\"; there are: tracking-unfit; did you mean \"tracking-unfit\"?\n";
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(1), words));
    say(&world, "kind = \"step\", out = [{ above = 9, add = 1 }], in = []", "");
    let (exit, _, complaint) = policy(&world, "apply", &[]);
    assert!(
        exit == 78 && complaint.contains("must be \"latency\" or \"backlog_per_instance\""),
        "{complaint}"
    );
    assert_eq!(world.emulator.calls("DescribePolicies", "tracking-unfit").len(), before);
}
