//! Dead-letter queues that cannot be read: it is said once, and scaling goes on as if there were none.

use crate::bad_day::{BRISK, Daemon, error, kind, tempted};
use crate::dead::losing;
use crate::faults_pace::at_their_pace;
use crate::world::World;
use serde_json::{Value, json};

/// A daemon that drives the world's group, with four records of it.
fn driving(world: &World) -> (Daemon, Vec<Value>) {
    world.settings(&tempted(&world.name, BRISK));
    let daemon = Daemon::start(world);
    let records = daemon.more(&world.name, 4);
    (daemon, records)
}

/// The records, of which each lacks the dead letters for this cause and nothing else, at their pace. The first
/// may come before the answer.
fn lack_nothing_else(records: &[Value], cause: &str) {
    at_their_pace(records);
    for record in records {
        let dead = &record["sample"]["queues"][0]["dead_letters"];
        let unanswered = record == &records[0] && dead["missing"]["cause"] == "timeout";
        assert!(dead["count"].is_null() && (unanswered || dead["missing"]["cause"] == cause), "{record}");
    }
    // It sees an empty queue, and takes the group of one to 0.
    assert_eq!(records.iter().filter(|record| record["outcome"]["kind"] == "done").count(), 1);
}

#[tokio::test]
async fn a_dead_letter_queue_that_may_not_be_read_is_said_once_and_scaling_goes_on() {
    let world = World::new("dead-denied").await;
    losing(&world).await;
    world.emulator.fault("GetQueueAttributes", "/dead-denied-dead\"", &error("AccessDenied"));

    let (daemon, records) = driving(&world);

    lack_nothing_else(&records, "denied");
    let said = daemon.said("cannot count dead letters");
    assert_eq!(said.len(), 1, "{daemon:#?}");
    let names = ["dead-denied-dead", "sqs:GetQueueAttributes: AccessDenied"];
    assert!(said[0].contains(" INFO ") && names.iter().all(|name| said[0].contains(name)), "{said:?}");
    assert_eq!(daemon.said(" WARN "), Vec::<String>::new());
    let calls = world.emulator.calls("GetQueueAttributes", "/dead-denied-dead\"");
    assert_eq!(calls.iter().filter(|call| call["status"] != 200).count(), 1, "not asked again");
}

#[tokio::test]
async fn a_dead_letter_queue_that_was_deleted_is_said_once_and_scaling_goes_on() {
    let world = World::new("dead-gone").await;
    let dead = losing(&world).await;
    world.sqs.delete_queue().queue_url(dead).send().await.unwrap();

    let (daemon, records) = driving(&world);

    lack_nothing_else(&records, "not_found");
    let said = daemon.said("there is no such dead-letter queue");
    assert_eq!(said.len(), 1, "{daemon:#?}");
    assert!(said[0].contains(" WARN ") && said[0].contains("no queue is called dead-gone-dead"), "{said:?}");
}

#[tokio::test]
async fn a_dead_letter_queue_that_is_never_answered_holds_up_nobody() {
    let world = World::new("dead-hang").await;
    losing(&world).await;
    world.emulator.fault("GetQueueAttributes", "/dead-hang-dead\"", &kind("hang"));

    let (daemon, records) = driving(&world);

    lack_nothing_else(&records, "timeout");
    assert_eq!(daemon.said("dead letters"), Vec::<String>::new());
    assert_eq!(daemon.said(" WARN "), Vec::<String>::new());
}

#[tokio::test]
async fn messages_lost_before_the_reading_failed_are_not_told_as_still_there_or_gone() {
    let world = World::new("dead-then").await;
    let dead = losing(&world).await;
    world.messages(&dead, 2).await;
    world.settings(&tempted("dead-then", BRISK));
    let daemon = Daemon::start(&world);
    let count = |record: &Value| record["sample"]["queues"][0]["dead_letters"]["count"].clone();
    daemon.wait("a count", || daemon.records("dead-then").last().is_some_and(|last| count(last) == 2));

    // The next look is due with the next minute; a redrive policy that names another queue is looked at at once.
    let policy = json!({ "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead-then-other",
        "maxReceiveCount": 3 });
    let attributes = json!({ "RedrivePolicy": policy.to_string() });
    world.emulator.post("/emulator/queue", &json!({ "name": "dead-then", "attributes": attributes }));

    daemon.wait("the other", || {
        let records = daemon.records("dead-then");
        let dead = &records.last().unwrap()["sample"]["queues"][0]["dead_letters"];
        dead["queue"] == "dead-then-other" && dead["count"].is_null()
    });
}
