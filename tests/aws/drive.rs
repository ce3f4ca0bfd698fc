//! The group follows the queue.

use crate::world::{AT_ONCE, World, eager, of, reasons};
use serde_json::json;

#[tokio::test]
async fn the_group_follows_the_queue_up_down_to_zero_and_up_again() {
    let world = World::new("up-and-down").await;
    let queue = world.queue("").await;
    let group = world.group("", 0, 1, 10).await;
    world.settings(&eager("up-and-down", ""));

    world.messages(&queue, 25).await;
    let up = world.once(&[]).remove(0);
    assert_eq!((&up["decision"]["action"], world.desired(&group).await), (&json!("scale_out"), 5));

    world.sqs.purge_queue().queue_url(&queue).send().await.unwrap();
    let down = world.once(&[]).remove(0);
    assert_eq!((&down["decision"]["action"], world.desired(&group).await), (&json!("scale_in"), 0));
    assert_eq!(down["decision"]["from"], 5);

    world.messages(&queue, 6).await;
    let up = world.once(&[]).remove(0);
    assert_eq!((&up["decision"]["action"], world.desired(&group).await), (&json!("scale_out"), 2));
    assert_eq!(up["decision"]["from"], 0);
    assert_eq!(reasons(&up), ["backlog_per_instance"]);
}

#[tokio::test]
async fn a_queue_and_a_group_that_fit_are_left_alone() {
    let world = World::new("fitting").await;
    let queue = world.queue("").await;
    world.messages(&queue, 10).await;
    world.group("", 0, 2, 10).await;
    world.settings(&eager("fitting", ""));

    let records = world.once(&[]);

    assert_eq!(records[0]["decision"]["action"], "hold");
    assert_eq!(records[0]["outcome"], json!({ "kind": "none" }));
    assert!(world.emulator.calls("SetDesiredCapacity", "fitting").is_empty());
}

#[tokio::test]
async fn two_samples_in_a_row_wake_a_fleet_even_across_two_processes() {
    let world = World::new("waking").await;
    let queue = world.queue("").await;
    world.messages(&queue, 6).await;
    let group = world.group("", 0, 0, 10).await;
    world.settings(&eager("waking", "").replace("wake_samples = 1", "wake_samples = 2"));

    let first = world.once(&[]).remove(0);
    assert_eq!(reasons(&first), ["backlog_per_instance", "wake_unconfirmed"]);
    assert_eq!(world.desired(&group).await, 0);

    let second = world.once(&[]).remove(0);
    assert_eq!(reasons(&second), ["backlog_per_instance"]);
    assert_eq!(world.desired(&group).await, 2);
}

#[tokio::test]
async fn a_phantom_message_in_every_other_sample_wakes_nothing() {
    let world = World::new("phantom").await;
    world.queue("").await;
    let group = world.group("", 0, 0, 10).await;
    world.settings(&eager("phantom", "").replace("wake_samples = 1", "wake_samples = 2"));

    for visible in ["1", "0", "1", "0", "1"] {
        let attributes = json!({ "ApproximateNumberOfMessages": visible });
        world.emulator.post("/emulator/queue", &json!({ "name": "phantom", "attributes": attributes }));
        assert_eq!(world.once(&[])[0]["decision"]["action"], "hold");
    }
    assert_eq!(world.desired(&group).await, 0);
}

#[tokio::test]
async fn the_cooldown_holds_in_the_next_process_too() {
    let world = World::new("cooling").await;
    let queue = world.queue("").await;
    world.messages(&queue, 10).await;
    let group = world.group("", 0, 1, 10).await;
    world.settings(&eager("cooling", "").replace("cooldown_out_secs = 0", "cooldown_out_secs = 600"));
    assert_eq!(world.once(&[])[0]["outcome"]["kind"], "done");

    world.messages(&queue, 20).await;
    let second = world.once(&[]).remove(0);

    assert_eq!(second["decision"]["action"], "hold");
    assert_eq!(reasons(&second), ["backlog_per_instance", "cooldown_out"]);
    assert_eq!(world.desired(&group).await, 2);
}

#[tokio::test]
async fn a_scale_in_waits_for_its_window_to_be_watched_whole() {
    let world = World::new("window").await;
    world.queue("").await;
    let group = world.group("", 0, 3, 10).await;
    world.settings(&eager("window", "").replace("stabilization_secs = 0", "stabilization_secs = 60"));

    for _ in 0..2 {
        let record = world.once(&[]).remove(0);
        assert_eq!(reasons(&record), ["backlog_per_instance", "stabilization_filling"]);
    }
    assert_eq!(world.desired(&group).await, 3);
}

#[tokio::test]
async fn the_last_instance_stays_until_the_queue_has_been_empty_for_long_enough() {
    let world = World::new("unconfirmed").await;
    world.queue("").await;
    let group = world.group("", 0, 3, 10).await;
    world.settings(&eager("unconfirmed", "").replace("empty_for_secs = 0", "empty_for_secs = 60"));

    let record = world.once(&[]).remove(0);

    assert_eq!(reasons(&record), ["backlog_per_instance", "zero_unconfirmed"]);
    assert_eq!(world.desired(&group).await, 1);
}

#[tokio::test]
async fn messages_in_flight_keep_their_instances() {
    let world = World::new("floor").await;
    let queue = world.queue("").await;
    world.messages(&queue, 3).await;
    world.receive(&queue, 3).await;
    let group = world.group("", 0, 6, 10).await;
    world.settings(&eager("floor", ""));

    let record = world.once(&[]).remove(0);

    assert_eq!(record["metrics"]["backlog_per_instance"], 0.0);
    assert_eq!(reasons(&record), ["backlog_per_instance", "in_flight_floor"]);
    assert_eq!(world.desired(&group).await, 3);

    world.settings(&eager("floor", "").replace("wake_samples", "slots = 2, wake_samples"));
    world.once(&[]);
    assert_eq!(world.desired(&group).await, 2);
}

#[tokio::test]
async fn the_tighter_of_two_limits_counts() {
    let world = World::new("limits").await;
    let queue = world.queue("-many").await;
    world.messages(&queue, 30).await;
    world.queue("-none").await;
    for (suffix, min, max) in [("-a", 0, 3), ("-b", 0, 9), ("-c", 2, 9), ("-d", 0, 9)] {
        world.group(suffix, min, 2, max).await;
    }
    let scaler = |suffix, queue, limits| {
        let name = format!("limits-{suffix}");
        let text = eager(&name, &format!("limits = {{ {limits} }}"));
        text.replace(&format!("queue = \"{name}\""), &format!("queue = \"limits-{queue}\""))
    };
    world.settings(
        &[
            scaler("a", "many", "max = 4"),
            scaler("b", "many", "max = 4"),
            scaler("c", "none", "min = 1"),
            scaler("d", "none", "min = 1"),
        ]
        .concat(),
    );

    let records = world.once(&[]);

    let told = |name| reasons(of(&records, name)).last().copied();
    let texts = |name| of(&records, name)["decision"]["reasons"].to_string();
    assert_eq!((told("limits-a"), world.desired("limits-a").await), (Some("limit_max"), 3));
    assert!(texts("limits-a").contains("the group's max is 3"), "{}", texts("limits-a"));
    assert_eq!((told("limits-b"), world.desired("limits-b").await), (Some("limit_max"), 4));
    assert!(texts("limits-b").contains("the settings' max is 4"), "{}", texts("limits-b"));
    assert_eq!((told("limits-c"), world.desired("limits-c").await), (Some("limit_min"), 2));
    assert_eq!((told("limits-d"), world.desired("limits-d").await), (Some("limit_min"), 1));
}

#[tokio::test]
async fn a_step_policy_moves_by_its_steps() {
    let world = World::new("steps").await;
    let queue = world.queue("").await;
    let group = world.group("", 0, 2, 10).await;
    world.settings(&format!(
        r#"
        [[scaler]]
        name = "steps"
        drive = true
        source = [{{ queue = "steps" }}]
        target = {{ name = "steps" }}
        policy = {{ kind = "step", out = [{{ above = 5, add = 1 }}, {{ above = 20, add = 4 }}],
                   in = [{{ below = 1, remove = 2 }}] }}
        {AT_ONCE}
        "#
    ));
    for (messages, desired) in [(12, 3), (60, 7)] {
        world.messages(&queue, messages).await;
        let record = world.once(&[]).remove(0);
        assert_eq!(world.desired(&group).await, desired, "{record}");
    }
    world.sqs.purge_queue().queue_url(&queue).send().await.unwrap();
    assert_eq!(reasons(&world.once(&[])[0]), ["step"]);
    assert_eq!(world.desired(&group).await, 5);
}
