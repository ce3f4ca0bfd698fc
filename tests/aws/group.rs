//! What is read of the group, and what it forbids.

use crate::world::{REGION, World, eager, reasons};
use aws_sdk_autoscaling::types::{
    LaunchTemplate, LaunchTemplateOverrides, LaunchTemplateSpecification, MixedInstancesPolicy,
};
use serde_json::{Value, json};

/// A queue of `messages`, a group of `desired` between 0 and 10, and an eager scaler.
async fn scene(name: &str, messages: usize, desired: i32) -> World {
    let world = World::new(name).await;
    let queue = world.queue("").await;
    world.messages(&queue, messages).await;
    world.group("", 0, desired, 10).await;
    world.settings(&eager(name, ""));
    world
}

/// That `record` holds the group, at last for `reason`, and nothing was asked of it.
async fn assert_held(world: &World, record: &Value, reason: &str, desired: i32) {
    assert_eq!(record["decision"]["action"], "hold", "{record}");
    assert_eq!(reasons(record).last(), Some(&reason));
    assert_eq!(record["outcome"]["kind"], "none");
    assert_eq!(world.emulator.calls("SetDesiredCapacity", &world.name), Vec::<Value>::new());
    assert_eq!(world.desired(&world.name).await, desired);
}

async fn suspend(world: &World, process: &str) {
    let call = world.groups.suspend_processes().auto_scaling_group_name(&world.name);
    call.scaling_processes(process).send().await.unwrap();
}

#[tokio::test]
async fn a_suspended_launch_holds_a_scale_out() {
    let world = scene("no-launch", 25, 1).await;
    suspend(&world, "Launch").await;
    let record = world.once(&[]).remove(0);
    assert_eq!(record["sample"]["fleet"]["launch_suspended"], true);
    assert_held(&world, &record, "launch_suspended", 1).await;
}

#[tokio::test]
async fn a_suspended_terminate_holds_a_scale_in() {
    let world = scene("no-terminate", 0, 4).await;
    suspend(&world, "Terminate").await;
    let record = world.once(&[]).remove(0);
    assert_eq!(record["sample"]["fleet"]["terminate_suspended"], true);
    assert_held(&world, &record, "terminate_suspended", 4).await;
}

#[tokio::test]
async fn other_suspended_processes_hold_nothing() {
    let world = scene("no-matter", 25, 1).await;
    for process in ["AZRebalance", "AlarmNotification", "Terminate"] {
        suspend(&world, process).await;
    }
    assert_eq!(world.once(&[])[0]["outcome"]["kind"], "done");
    assert_eq!(world.desired("no-matter").await, 5);
}

#[tokio::test]
async fn a_group_with_an_operator_is_left_to_it() {
    let world = scene("operated", 25, 1).await;
    let operator = json!({ "Principal": "batch.amazonaws.com" });
    world.emulator.post("/emulator/group", &json!({ "name": "operated", "operator": operator }));
    let record = world.once(&[]).remove(0);
    assert_eq!(record["sample"]["fleet"]["operator"], "batch.amazonaws.com");
    assert!(record["decision"]["reasons"].to_string().contains("batch.amazonaws.com"), "{record}");
    assert_held(&world, &record, "operator_managed", 1).await;
}

#[tokio::test]
async fn a_running_instance_refresh_holds_both_ways() {
    for (name, messages, desired) in [("refreshed-out", 25, 1), ("refreshed-in", 0, 3)] {
        let world = scene(name, messages, desired).await;
        let start = world.groups.start_instance_refresh().auto_scaling_group_name(name);
        start.send().await.unwrap();
        let record = world.once(&[]).remove(0);
        assert_held(&world, &record, "instance_refresh", desired).await;

        world.groups.cancel_instance_refresh().auto_scaling_group_name(name).send().await.unwrap();
        assert_eq!(world.once(&[])[0]["outcome"]["kind"], "done", "{name}: and no longer than it runs");
    }
}

#[tokio::test]
async fn refreshes_are_looked_for_only_when_there_is_something_to_do() {
    let world = scene("unrefreshed", 5, 1).await;
    assert_eq!(world.once(&[])[0]["decision"]["action"], "hold");
    assert_eq!(world.emulator.calls("DescribeInstanceRefreshes", "unrefreshed"), Vec::<Value>::new());
}

#[tokio::test]
async fn only_instances_in_service_count() {
    let world = scene("states", 30, 7).await;
    let states = json!({ "0": "Pending", "1": "Terminating:Wait", "2": "Standby", "3": "Warmed:Stopped",
                         "4": "Pending:Proceed", "5": "Contemplating" });
    world.emulator.post("/emulator/group", &json!({ "name": "states", "states": states }));

    let record = world.once(&["--dry-run"]).remove(0);

    let fleet = &record["sample"]["fleet"];
    let counts = ["desired", "in_service", "pending", "terminating", "standby", "warmed", "unknown"];
    assert_eq!(counts.map(|state| fleet[state].as_u64().unwrap()), [7, 1, 2, 1, 1, 1, 1]);
    assert_eq!(record["metrics"]["backlog_per_instance"], 30.0);
}

#[tokio::test]
async fn capacity_on_order_is_not_ordered_again() {
    let world = scene("ordered-once", 50, 10).await;
    let pending: Value = (0..9).map(|index: u32| (index.to_string(), json!("Pending"))).collect();
    world.emulator.post("/emulator/group", &json!({ "name": "ordered-once", "states": pending }));

    let record = world.once(&[]).remove(0);

    assert_eq!(record["metrics"]["backlog_per_instance"], 50.0);
    assert_held(&world, &record, "within_tolerance", 10).await;
}

#[tokio::test]
async fn a_weighted_group_is_counted_and_set_in_units_of_capacity() {
    let world = World::new("weighted").await;
    let queue = world.queue("").await;
    world.messages(&queue, 80).await;
    let image = [
        ("LaunchTemplateName", "weighted"),
        ("LaunchTemplateData.ImageId", "ami-12c6146b"),
        ("LaunchTemplateData.InstanceType", "c5.xlarge"),
    ];
    world.emulator.query("ec2", "CreateLaunchTemplate", &image);
    let template = LaunchTemplate::builder()
        .launch_template_specification(
            LaunchTemplateSpecification::builder()
                .launch_template_name("weighted")
                .version("$Latest")
                .build(),
        )
        .overrides(
            LaunchTemplateOverrides::builder().instance_type("c5.xlarge").weighted_capacity("4").build(),
        )
        .build();
    world
        .groups
        .create_auto_scaling_group()
        .auto_scaling_group_name("weighted")
        .mixed_instances_policy(MixedInstancesPolicy::builder().launch_template(template).build())
        .availability_zones(format!("{REGION}a"))
        .min_size(0)
        .desired_capacity(8)
        .max_size(40)
        .send()
        .await
        .unwrap();
    world.settings(&eager("weighted", ""));

    let record = world.once(&[]).remove(0);

    let fleet = &record["sample"]["fleet"];
    assert_eq!((&fleet["in_service"], &fleet["weighted"]), (&json!(8), &json!(true)), "two instances of 4");
    assert_eq!(record["metrics"]["backlog_per_instance"], 10.0);
    assert_eq!(record["outcome"]["kind"], "done");
    assert_eq!(world.desired("weighted").await, 16);
}

#[tokio::test]
async fn a_size_that_the_group_refuses_fails_the_tick_and_the_next_decides_afresh() {
    let world = scene("refused", 25, 1).await;
    let lowered = json!({ "kind": "error", "code": "ValidationError", "times": 1,
        "message": "New SetDesiredCapacity value 5 is above max value 3 for the AutoScalingGroup." });
    world.emulator.fault("SetDesiredCapacity", "refused", &lowered);

    let output = world.run(&["run", "--once", "--output", "json"]);

    assert_eq!(output.status.code(), Some(1));
    let record = crate::world::records(&output).remove(0);
    assert_eq!(record["outcome"]["kind"], "failed");
    let why = record["outcome"]["why"].as_str().unwrap();
    assert!(why.starts_with("group refused to 5: the group does not accept this size"), "{why}");
    assert!(
        why.contains("autoscaling:SetDesiredCapacity: ValidationError: New SetDesiredCapacity value 5"),
        "{why}"
    );
    assert_eq!(world.emulator.calls("SetDesiredCapacity", "refused").len(), 1, "no retry of its own");
    assert_eq!(world.desired("refused").await, 1);

    let update = world.groups.update_auto_scaling_group().auto_scaling_group_name("refused");
    update.max_size(3).send().await.unwrap();
    let record = world.once(&[]).remove(0);
    assert_eq!((&record["decision"]["to"], &record["outcome"]["kind"]), (&json!(3), &json!("done")));
    assert_eq!(world.desired("refused").await, 3);
}

#[tokio::test]
async fn a_refused_write_starts_no_cooldown() {
    let world = scene("undelayed", 25, 1).await;
    world.settings(&eager("undelayed", "").replace("cooldown_out_secs = 0", "cooldown_out_secs = 600"));
    let busy = json!({ "kind": "error", "code": "ScalingActivityInProgress", "times": 1,
        "message": "Scaling activity 1 is in progress" });
    world.emulator.fault("SetDesiredCapacity", "undelayed", &busy);

    assert_eq!(world.once(&[])[0]["outcome"]["kind"], "failed");
    assert_eq!(world.once(&[])[0]["outcome"]["kind"], "done");
    assert_eq!(world.desired("undelayed").await, 5);
}

#[tokio::test]
async fn a_group_may_be_named_by_its_arn_which_tells_the_region_too() {
    let world = scene("by-arn", 25, 1).await;
    let described = world.groups.describe_auto_scaling_groups().auto_scaling_group_names("by-arn").send();
    let described = described.await.unwrap();
    let arn = described.auto_scaling_groups()[0].auto_scaling_group_arn().unwrap();
    let scaler = eager("by-arn", "")
        .replace("target = { name = \"by-arn\" }", &format!("target = {{ name = \"{arn}\" }}"));
    let url = &world.emulator.url;
    let settings = format!("[aws]\nendpoint_url = {url:?}\n{scaler}");
    std::fs::write(world.dir.path().join("backlogd.toml"), settings).unwrap();

    let record = world.once(&["--dry-run"]).remove(0);

    assert_eq!(record["decision"]["to"], 5, "{record}");
}
