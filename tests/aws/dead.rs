//! Dead-letter queues: found by the redrive policy, counted aside, and told.

use crate::bad_day::{BRISK, Daemon};
use crate::world::{World, eager};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

/// Lets what fails in the queue `name` go to the queue `dead`.
pub(crate) async fn redrive(world: &World, name: &str, dead: &str) {
    let url =
        async |name| world.sqs.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap();
    let (queue, dead) = (url(name).await, url(dead).await);
    let told = world.sqs.get_queue_attributes().queue_url(dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = told.send().await.unwrap().attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 3 }).to_string();
    let call = world.sqs.set_queue_attributes().queue_url(queue);
    call.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
}

/// A schedule that leaves the answer to the first look the longest time before the tick goes on without.
pub(crate) const CALM: &str = "schedule = \"0 * * * * *\"";

/// A group of one behind an empty queue that loses messages to `NAME-dead`; the URL of that queue.
pub(crate) async fn losing(world: &World) -> String {
    world.queue("").await;
    let dead = world.queue("-dead").await;
    redrive(world, &world.name, &format!("{}-dead", world.name)).await;
    world.group("", 0, 1, 10).await;
    dead
}

/// What was published of `metric` into `namespace`.
fn published(world: &World, namespace: &str, metric: &str) -> Vec<Value> {
    let calls = world.emulator.calls("PutMetricData", &format!("{namespace:?}"));
    let data = calls.iter().flat_map(|call| call["body"]["MetricData"].as_array().unwrap());
    data.filter(|datum| datum["MetricName"] == metric).map(|datum| datum["Value"].clone()).collect()
}

#[tokio::test]
async fn what_lies_in_a_dead_letter_queue_is_told_without_being_configured() {
    let world = World::new("losing").await;
    let dead = losing(&world).await;
    world.messages(&dead, 3).await;
    world.receive(&dead, 1).await;
    let publish = "publish = { namespace = \"Losing\", metrics = [\"dead_letters\", \"at_max\"] }";
    world.settings(&eager("losing", &format!("{publish}\n{CALM}")));

    let records = world.once(&[]);

    let queue = &records[0]["sample"]["queues"][0];
    assert_eq!(queue["dead_letters"], json!({ "queue": "losing-dead", "count": 3 }), "{queue}");
    assert_eq!((&queue["visible"], &queue["retention_secs"]), (&json!(0), &json!(345_600)));
    assert_eq!(published(&world, "Losing", "DeadLetters"), [json!(3.0)]);
    assert_eq!(published(&world, "Losing", "AtMax"), [json!(0.0)]);
    let explained = String::from_utf8(world.run(&["explain", "losing"]).stdout).unwrap();
    assert!(explained.contains("dead-letter queue losing-dead: 3 messages\n"), "{explained}");
}

#[tokio::test]
async fn a_dead_letter_queue_is_counted_once_a_minute_and_not_at_each_tick() {
    let world = World::new("counted").await;
    let dead = losing(&world).await;
    world.messages(&dead, 1).await;
    world.settings(&eager("counted", BRISK));
    let daemon = Daemon::start(&world);

    let records = daemon.more("counted", 5);

    let counted = |record: &Value| record["sample"]["queues"][0]["dead_letters"]["count"] == 1;
    let known: Vec<&Value> = records.iter().skip_while(|record| !counted(record)).collect();
    assert!(known.len() >= 2 && known.into_iter().all(counted), "{records:#?}");
    let calls = world.emulator.calls("GetQueueAttributes", "/counted-dead\"");
    // Two, where the minute turned meanwhile; one more is the test's own.
    assert!((2..=3).contains(&calls.len()), "{calls:#?}");
}
