//! What is read of the queues.

use crate::running::{Running, eventually};
use crate::world::{World, eager, of, reasons};
use serde_json::{Value, json};

/// A scaler called `name` that only looks: at `source`, and at the group `group`.
fn looking(name: &str, source: &str, group: &str) -> String {
    format!(
        r#"
        [[scaler]]
        name = "{name}"
        source = [{source}]
        target = {{ name = "{group}" }}
        policy = {{ kind = "backlog_per_instance", acceptable_backlog = 5 }}
        "#
    )
}

#[tokio::test]
async fn a_fifo_queue_is_read_like_any_other() {
    let world = World::new("ordered").await;
    let create = world.sqs.create_queue().queue_name("ordered.fifo");
    let queue = create.attributes("FifoQueue".into(), "true").send().await.unwrap().queue_url.unwrap();
    for number in 0..4 {
        let send = world.sqs.send_message().queue_url(&queue).message_body("work").message_group_id("all");
        send.message_deduplication_id(number.to_string()).send().await.unwrap();
    }
    let group = world.group("", 0, 0, 10).await;
    world.settings(&eager("ordered", "").replace("queue = \"ordered\"", "queue = \"ordered.fifo\""));

    let records = world.once(&[]);

    assert_eq!(records[0]["sample"]["queues"][0]["name"], "ordered.fifo");
    assert_eq!(records[0]["sample"]["queues"][0]["visible"], 4);
    assert_eq!(world.desired(&group).await, 1);
}

#[tokio::test]
async fn two_queues_feed_one_group_each_by_its_weight() {
    let world = World::new("weights").await;
    let (mails, films) = (world.queue("-mails").await, world.queue("-films").await);
    world.messages(&mails, 10).await;
    world.messages(&films, 4).await;
    let group = world.group("", 0, 1, 20).await;
    world.settings(&eager("weights", "").replace(
        "{ queue = \"weights\" }",
        "{ queue = \"weights-mails\", weight = 0.5 }, { queue = \"weights-films\", weight = 5 }",
    ));

    let records = world.once(&[]);

    let seen = records[0]["sample"]["queues"].as_array().unwrap();
    let seen: Vec<_> = seen.iter().map(|queue| (queue["name"].as_str(), queue["visible"].as_u64())).collect();
    assert_eq!(seen, [(Some("weights-mails"), Some(10)), (Some("weights-films"), Some(4))]);
    assert_eq!(records[0]["metrics"]["backlog_per_instance"], 25.0);
    assert_eq!(world.desired(&group).await, 5);
}

#[tokio::test]
async fn messages_in_flight_and_delayed_count_where_the_settings_say_so() {
    let world = World::new("counted").await;
    let queue = world.queue("").await;
    world.messages(&queue, 5).await;
    world.receive(&queue, 3).await;
    for _ in 0..4 {
        let send = world.sqs.send_message().queue_url(&queue).message_body("later").delay_seconds(900);
        send.send().await.unwrap();
    }
    world.group("", 0, 1, 10).await;
    let counting = |name: &str, flags: &str| {
        looking(&format!("counted-{name}"), &format!("{{ queue = \"counted\", {flags} }}"), "counted")
    };
    world.settings(
        &[
            counting("plain", ""),
            counting("in-flight", "count_in_flight = true"),
            counting("delayed", "count_delayed = true"),
            counting("all", "count_in_flight = true, count_delayed = true"),
        ]
        .concat(),
    );

    let records = world.once(&[]);

    for (name, counted) in [("plain", 2.0), ("in-flight", 5.0), ("delayed", 6.0), ("all", 9.0)] {
        let record = of(&records, &format!("counted-{name}"));
        let queue = &record["sample"]["queues"][0];
        let seen = [&queue["visible"], &queue["in_flight"], &queue["delayed"]].map(Value::as_u64);
        assert_eq!(seen, [Some(2), Some(3), Some(4)], "{name}");
        assert_eq!(record["metrics"]["backlog_per_instance"], counted, "{name}");
    }
}

#[tokio::test]
async fn a_queue_may_be_named_by_name_owner_url_or_arn() {
    let world = World::new("named").await;
    let url = world.queue("").await;
    world.messages(&url, 3).await;
    world.group("", 0, 1, 10).await;
    let owner = "123456789012";
    world.settings(
        &[
            looking("by-name", "{ queue = \"named\" }", "named"),
            looking("by-owner", &format!("{{ queue = \"named\", owner = \"{owner}\" }}"), "named"),
            looking("by-url", &format!("{{ queue = \"{url}\" }}"), "named"),
            looking("by-arn", &format!("{{ queue = \"arn:aws:sqs:eu-west-1:{owner}:named\" }}"), "named"),
        ]
        .concat(),
    );

    let records = world.once(&[]);

    for name in ["by-name", "by-owner", "by-url", "by-arn"] {
        let queue = &of(&records, name)["sample"]["queues"][0];
        assert_eq!((&queue["name"], &queue["visible"]), (&json!("named"), &json!(3)), "{name}");
    }
    let asked = world.emulator.calls("GetQueueUrl", "\"named\"");
    let owners = asked.iter().map(|call| call["body"]["QueueOwnerAWSAccountId"].as_str());
    let mut owners: Vec<_> = owners.collect();
    owners.sort_unstable();
    assert_eq!(owners, [None, Some(owner), Some(owner)], "a URL needs no call to find it");
}

#[tokio::test]
async fn a_missing_queue_or_group_is_told_once_and_holds_up_nobody_else() {
    let world = World::new("absent").await;
    for name in ["-good", "-no-group"] {
        let queue = world.queue(name).await;
        world.messages(&queue, 10).await;
    }
    world.group("-good", 0, 1, 10).await;
    world.group("-no-queue", 0, 3, 10).await;
    let scalers = ["absent-no-queue", "absent-no-group", "absent-good"].map(|name| eager(name, ""));
    world.settings(&scalers.concat());

    let output = world.run(&["run", "--once", "--output", "json", "--log-level", "warn"]);

    assert_eq!(output.status.code(), Some(1));
    let records = crate::world::records(&output);
    assert_eq!(of(&records, "absent-good")["outcome"]["kind"], "done");
    assert_eq!(world.desired("absent-good").await, 2);
    assert_eq!(world.desired("absent-no-queue").await, 3);
    let log = String::from_utf8(output.stderr).unwrap();
    for (name, what) in
        [("absent-no-queue", "queue absent-no-queue"), ("absent-no-group", "group absent-no-group")]
    {
        let record = of(&records, name);
        assert_eq!(record["sample"]["missing"][0]["what"], what);
        assert_eq!(record["sample"]["missing"][0]["cause"], "not_found");
        assert_eq!(record["metrics"]["backlog_per_instance"], Value::Null);
        assert_eq!(record["decision"]["action"], "hold");
        assert_eq!(reasons(record), ["missing"]);
        let told: Vec<&str> = log.lines().filter(|line| line.contains(&format!("({what}: "))).collect();
        assert_eq!(told.len(), 1, "{log}");
        assert!(told[0].contains("WARN"), "{log}");
    }
    assert_eq!(log.lines().count(), 2, "{log}");
}

#[tokio::test]
async fn a_queue_is_read_as_soon_as_it_is_there_again() {
    let world = World::new("again").await;
    world.group("", 0, 1, 10).await;
    world.settings(&eager("again", "schedule = \"* * * * * *\""));
    let daemon = Running::start(world.backlogd(&["run", "--output", "json"]));
    let until = |visible: Option<u64>| {
        eventually("the reading", || {
            let record = daemon.record();
            (record["sample"]["queues"][0]["visible"].as_u64() == visible).then_some(record)
        })
    };

    let record = until(None);
    assert_eq!(record["sample"]["missing"][0]["cause"], "not_found");
    let queue = world.queue("").await;
    world.messages(&queue, 5).await;
    until(Some(5));
    world.sqs.delete_queue().queue_url(&queue).send().await.unwrap();
    let record = until(None);
    assert_eq!(record["decision"]["action"], "hold", "a queue that is gone is not an empty one");
    world.messages(&world.queue("").await, 4).await;
    until(Some(4));
}
