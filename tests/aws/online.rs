//! `check --online`: what it finds, and that it only reads.

use crate::bad_day::{closed_port, error, kind};
use crate::emulator::Emulator;
use crate::world::{World, eager, patient};
use aws_sdk_autoscaling::types::{
    CustomizedMetricSpecification, MetricDimension, TargetTrackingConfiguration,
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use std::fs;
use std::process::Output;

/// What the program printed: its exit code, and the objects.
fn checked(world: &World) -> (Option<i32>, Vec<Value>) {
    told(&world.run(&["check", "--online", "--output", "json"]))
}

fn told(output: &Output) -> (Option<i32>, Vec<Value>) {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")));
    let lines: Vec<Value> = lines.collect();
    assert!(!lines.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), lines)
}

/// Level and text of the findings of `code` for `scaler`, or for the place.
fn found<'v>(all: &'v [Value], scaler: Option<&str>, code: &str) -> Vec<(&'v str, &'v str)> {
    let hit =
        |one: &&Value| one["kind"] == "finding" && one["scaler"] == json!(scaler) && one["code"] == code;
    all.iter()
        .filter(hit)
        .map(|one| (one["level"].as_str().unwrap(), one["text"].as_str().unwrap()))
        .collect()
}

/// The findings of `level`.
fn of_level<'v>(all: &'v [Value], level: &str) -> Vec<&'v str> {
    all.iter().filter(|one| one["level"] == level).map(|one| one["text"].as_str().unwrap()).collect()
}

fn own() -> &'static Emulator {
    Box::leak(Box::new(Emulator::start(&[])))
}

/// A queue with a few messages, and a group with room.
async fn sound(world: World) -> World {
    let queue = world.queue("").await;
    world.messages(&queue, 3).await;
    world.group("", 0, 1, 10).await;
    world
}

/// A target-tracking policy called `rival` on a metric of `namespace` with this `Scaler`.
async fn target_tracking(world: &World, namespace: &str, scaler: &str) {
    let dimension = MetricDimension::builder().name("Scaler").value(scaler).build();
    let metric =
        CustomizedMetricSpecification::builder().metric_name("BacklogPerInstance").namespace(namespace);
    let metric = metric.dimensions(dimension).statistic("Average".into()).build();
    let target =
        TargetTrackingConfiguration::builder().customized_metric_specification(metric).target_value(5.0);
    let call = world.groups.put_scaling_policy().auto_scaling_group_name(&world.name).policy_name("rival");
    let call = call.policy_type("TargetTrackingScaling").target_tracking_configuration(target.build());
    call.send().await.unwrap();
}

#[tokio::test]
async fn a_sound_configuration_is_proved_by_reads_alone() {
    let world = sound(World::at(own(), "proved").await).await;
    let dead = world.queue("-dead").await;
    let arn = "arn:aws:sqs:eu-west-1:123456789012:proved-dead";
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 3 }).to_string();
    let queue = dead.replace("-dead", "");
    let call = world.sqs.set_queue_attributes().queue_url(queue);
    call.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    let lines = "publish = { namespace = \"Proved\" }\nlimits = { max = 9 }";
    world.settings(&patient("proved", lines).replace("drive = false", "drive = true"));
    let before = world.emulator.calls("", "").len();

    let (exit, all) = checked(&world);

    assert_eq!((exit, of_level(&all, "error"), of_level(&all, "warning")), (Some(0), vec![], vec![]));
    for (code, text) in [
        ("queue", "queue proved: 3 visible, 0 in flight"),
        ("dead_letter_queue", "queue proved: its dead-letter queue proved-dead is empty"),
        ("group", "group proved: desired 1, min 0, max 10; 1 in service"),
        ("limits", "between 0 and 9 instances"),
        ("scaling_policy", "no scaling policy is on group proved"),
    ] {
        assert_eq!(found(&all, Some("proved"), code), [("ok", text)]);
    }
    let identity = found(&all, None, "identity");
    assert!(identity[0].0 == "ok" && identity[0].1.contains("(account 123456789012)"), "{identity:?}");
    assert_eq!(found(&all, None, "clock")[0].0, "ok");
    let unproven = found(&all, None, "permission");
    let unproven: Vec<_> =
        unproven.iter().filter(|(level, _)| *level == "note").map(|(_, text)| *text).collect();
    let write = |call: &str| format!("{call}: a write, which no read can prove");
    assert_eq!(unproven, [write("autoscaling:SetDesiredCapacity"), write("cloudwatch:PutMetricData")]);
    assert!(all.iter().any(|one| one["kind"] == "cost" && one["item"] == "cloudwatch:PutMetricData"));

    let calls = world.emulator.calls("", "");
    let mut calls: Vec<&str> =
        calls[before..].iter().map(|call| call["operation"].as_str().unwrap()).collect();
    calls.sort_unstable();
    let expected = [
        "DescribeAutoScalingGroups",
        "DescribeInstanceRefreshes",
        "DescribePolicies",
        "DescribeScheduledActions",
        "GetCallerIdentity",
        "GetMetricData",
        "GetQueueAttributes",
        "GetQueueAttributes",
        "GetQueueUrl",
        "GetQueueUrl",
    ];
    assert_eq!(calls, expected);
    assert!(!world.state_dir().exists(), "nothing is written here either");
}

#[tokio::test]
async fn a_missing_queue_or_group_is_an_error_that_hides_nothing_else() {
    let world = sound(World::new("partly").await).await;
    world.settings(&[eager("partly", ""), eager("partly-gone", "")].concat());

    let (exit, all) = checked(&world);

    assert_eq!(exit, Some(1));
    assert_eq!(found(&all, Some("partly"), "queue")[0].0, "ok");
    assert_eq!(found(&all, Some("partly"), "group")[0].0, "ok");
    let (level, queue) = found(&all, Some("partly-gone"), "queue")[0];
    assert_eq!(level, "error");
    assert!(queue.contains("no queue is called partly-gone in eu-west-1"), "{queue}");
    let (level, group) = found(&all, Some("partly-gone"), "group")[0];
    assert_eq!(level, "error");
    assert!(group.contains("no group is called partly-gone in eu-west-1"), "{group}");
}

#[tokio::test]
async fn a_dead_letter_queue_that_is_not_there_is_warned_of() {
    let world = sound(World::new("undead").await).await;
    let policy = json!({ "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:undead-gone", "maxReceiveCount": "1" });
    let attributes = json!({ "RedrivePolicy": policy.to_string() });
    world.emulator.post("/emulator/queue", &json!({ "name": "undead", "attributes": attributes }));
    world.settings(&eager("undead", "limits = { max = 9 }"));

    let (exit, all) = checked(&world);

    assert_eq!(exit, Some(0));
    let (level, text) = found(&all, Some("undead"), "dead_letter_queue")[0];
    assert_eq!(level, "warning");
    assert!(
        text.contains("its dead-letter queue undead-gone") && text.contains("no queue is called"),
        "{text}"
    );
    assert_eq!(found(&all, Some("undead"), "max_receive_count")[0].0, "warning");
}

#[tokio::test]
async fn a_denied_read_is_an_error_that_names_call_and_resource() {
    let world = sound(World::new("refused-check").await).await;
    world.settings(&eager("refused-check", ""));
    world.emulator.fault("GetQueueAttributes", "refused-check", &error("AccessDenied"));

    let (exit, all) = checked(&world);

    assert_eq!(exit, Some(1));
    let (level, text) = found(&all, Some("refused-check"), "queue")[0];
    assert_eq!(level, "error");
    assert!(text.starts_with("queue refused-check: sqs:GetQueueAttributes: AccessDenied"), "{text}");
}

#[tokio::test]
async fn what_only_the_check_reads_is_no_error_when_denied() {
    let world = sound(World::new("blinkered").await).await;
    world.settings(&eager("blinkered", ""));
    world.emulator.fault("DescribePolicies", "blinkered", &error("AccessDenied"));
    world.emulator.fault("DescribeScheduledActions", "blinkered", &error("AccessDenied"));

    let (exit, all) = checked(&world);

    assert_eq!((exit, of_level(&all, "warning").len()), (Some(0), 2), "{all:?}");
    assert_eq!(found(&all, Some("blinkered"), "scaling_policy"), []);
    let remedies =
        all.iter().filter(|one| one["cause"] == "denied").map(|one| one["remedy"].as_str().unwrap());
    let remedies: Vec<&str> = remedies.collect();
    assert_eq!(remedies.len(), 2);
    for (remedy, action) in remedies.iter().zip(["DescribePolicies", "DescribeScheduledActions"]) {
        assert!(remedy.starts_with(&format!("grant autoscaling:{action} on * to whoever runs")), "{remedy}");
    }
}

#[tokio::test]
async fn what_pulls_against_a_driving_scaler_is_warned_of() {
    let world = sound(World::new("pulled").await).await;
    target_tracking(&world, "Elsewhere", "pulled").await;
    let suspend = world.groups.suspend_processes().auto_scaling_group_name("pulled");
    suspend.scaling_processes("Launch").send().await.unwrap();
    let action = world.groups.put_scheduled_update_group_action().auto_scaling_group_name("pulled");
    action.scheduled_action_name("night").recurrence("0 22 * * *").desired_capacity(4).send().await.unwrap();
    world.settings(&eager("pulled", "limits = { min = 11, max = 12 }"));

    let (exit, all) = checked(&world);

    assert_eq!(exit, Some(0));
    for (code, words) in [
        ("scaling_policy", "scaling policy rival (target tracking) is on the group as well"),
        ("suspended_process", "the process Launch is suspended"),
        ("scheduled_action", "scheduled action night sets desired to 4 on the pattern \"0 22 * * *\""),
        ("limits", "limits.min = 11 is above the group's max of 10"),
    ] {
        let (level, text) = found(&all, Some("pulled"), code)[0];
        assert!(level == "warning" && text.contains(words), "{code}: {level} {text}");
    }
}

#[tokio::test]
async fn a_policy_that_goes_by_the_published_metric_is_told_from_one_that_misses_it() {
    let judged = async |name: &str, scaler: &str| {
        let world = sound(World::new(name).await).await;
        target_tracking(&world, "Followed", scaler).await;
        let lines = "publish = { namespace = \"Followed\" }";
        world.settings(&eager(name, lines).replace("drive = true", "drive = false"));
        let (exit, all) = checked(&world);
        let (level, _) = found(&all, Some(name), "scaling_policy")[0];
        (exit, level.to_owned())
    };
    assert_eq!(judged("followed", "followed").await, (Some(0), "ok".to_owned()));
    assert_eq!(judged("misfollowed", "other").await, (Some(0), "warning".to_owned()));
}

#[tokio::test]
async fn a_server_that_never_answers_is_unreachable_and_exits_69() {
    let world = sound(World::new("mute-check").await).await;
    world.settings(&eager("mute-check", ""));
    world.emulator.fault("GetQueueAttributes", "mute-check", &kind("hang"));

    let mut command = world.backlogd(&["check", "--online", "--output", "json"]);
    let (exit, all) = told(&command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap());

    assert_eq!(exit, Some(69));
    let (level, text) = found(&all, Some("mute-check"), "queue")[0];
    assert!(level == "error" && text.starts_with("queue mute-check: sqs:GetQueueAttributes: "), "{text}");
    assert_eq!(found(&all, Some("mute-check"), "group")[0].0, "ok");
}

#[tokio::test]
async fn a_refused_connection_is_unreachable_and_exits_69() {
    let world = World::new("shut-check").await;
    let path = world.settings(&eager("shut-check", "publish = {}"));
    let text = fs::read_to_string(&path).unwrap().replace(&world.emulator.url, &closed_port());
    fs::write(&path, text).unwrap();

    let (exit, all) = checked(&world);

    assert_eq!(exit, Some(69));
    let unreachable = all.iter().filter(|one| one["level"] == "error" && one["cause"] == "unreachable");
    let codes: Vec<&str> = unreachable.map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["endpoint", "queue", "group"]);
    assert_eq!(found(&all, None, "clock"), [], "nobody told the time");
}

#[tokio::test]
async fn without_credentials_or_a_connection_people_are_told_so_once_and_what_was_not_checked() {
    let world = World::new("told-once").await;
    let path = world.settings(&[eager("told-once", ""), eager("told-twice", "")].concat());
    let mut command = world.backlogd(&["check", "--online"]);
    let bare = command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").output().unwrap();
    let text = fs::read_to_string(&path).unwrap().replace(&world.emulator.url, &closed_port());
    fs::write(&path, text).unwrap();
    let shut = world.run(&["check", "--online"]);

    let not_checked =
        |name: &str| format!("  not checked, for the reason given above: queue {name}; group {name}\n\n");
    for (output, exit, cause) in [
        (bare, 1, "  error    identity    no AWS credentials found: neither in the environment nor in"),
        (
            shut,
            69,
            "  error    endpoint    dispatch failure: io error: client error (Connect): tcp connect error: ",
        ),
    ] {
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{text}");
        assert!(text.contains(cause), "{text}");
        assert_eq!(text.matches(cause.rsplit("    ").next().unwrap()).count(), 1, "{text}");
        let place =
            "; not checked: whose credentials these are; whether scaling policies pull at the groups; ";
        for words in [place, &not_checked("told-once"), &not_checked("told-twice")] {
            assert!(text.contains(words), "{words:?} is not in:\n{text}");
        }
        assert!(text.contains("\n3 errors, 0 warnings, "), "{text}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_by_the_answers_dates() {
    let world = sound(World::at(own(), "off").await).await;
    world.settings(&eager("off", ""));
    for (seconds, exit, level, words) in [
        (-95, 0, "warning", "s ahead of AWS's: ticks and metrics are dated wrongly"),
        (600, 1, "error", "s behind AWS's: AWS refuses"),
    ] {
        world.emulator.fault("", "", &json!({ "kind": "skew", "seconds": seconds }));
        let (code, all) = checked(&world);
        world.emulator.mend("");
        let (found, text) = found(&all, None, "clock")[0];
        assert!((code, found) == (Some(exit), level) && text.contains(words), "{code:?} {found} {text}");
    }
}

#[tokio::test]
async fn the_groups_of_many_scalers_take_few_calls() {
    let world = World::at(own(), "crowd").await;
    let scalers: String = (0..150).map(|number| eager(&format!("crowd-{number}"), "")).collect();
    world.settings(&scalers);

    let (exit, all) = checked(&world);

    assert_eq!(exit, Some(1));
    assert_eq!(all.iter().filter(|one| one["code"] == "group" && one["level"] == "error").count(), 150);
    let count = |operation| world.emulator.calls(operation, "").len();
    assert_eq!(count("DescribeAutoScalingGroups"), 2);
    assert_eq!((count("DescribePolicies"), count("DescribeScheduledActions")), (1, 1));
}

#[tokio::test]
async fn for_people_findings_stand_in_columns_with_what_to_do_and_what_it_costs() {
    let world = sound(World::new("columns").await).await;
    let lines = "publish = { namespace = \"Columns\" }";
    let slow = patient("columns", lines).replace("= 60 }", "= 60, processing_secs = 60 }");
    world.settings(&slow);

    let output = world.run(&["check", "--online"]);

    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for words in [
        "\ncolumns\n",
        "\n  ok       queue               queue columns: 3 visible, 0 in flight\n",
        "\n  warning  visibility_timeout  queue columns: visibility timeout 30 s, but a message takes 60 s",
        "\n                               -> raise it to several times the processing time, such as 180 s",
        "\n  cloudwatch:PutMetricData                     259,200 requests          $2.59\n",
        "\n0 errors, 1 warning, ",
    ] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
}

#[tokio::test]
async fn settings_that_do_not_fit_the_environment_exit_78_and_a_form_needs_the_flag() {
    let world = World::new("unfit").await;
    let settings = format!("[aws]\nendpoint_url = {:?}\n{}", world.emulator.url, eager("unfit", ""));
    fs::write(world.dir.path().join("backlogd.toml"), settings).unwrap();
    let output = world.run(&["check", "--online"]);
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no AWS region"), "{output:?}");
    assert_eq!(world.run(&["check", "--output", "json"]).status.code(), Some(2));
}
