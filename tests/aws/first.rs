use crate::world::World;

#[tokio::test]
async fn twenty_five_messages_drive_the_group_up() {
    let world = World::new("first").await;
    let queue = world.queue("").await;
    world.messages(&queue, 25).await;
    let group = world.group("", 0, 1, 10).await;
    world.settings(
        r#"
        [[scaler]]
        name = "first"
        drive = true
        source = [{ kind = "sqs", queue = "first" }]
        target = { kind = "asg", name = "first" }
        policy = { kind = "backlog_per_instance", acceptable_backlog = 5 }
        publish = { kind = "cloudwatch", namespace = "First" }
        "#,
    );
    let records = world.once(&[]);
    assert_eq!(records[0]["metrics"]["backlog_per_instance"], 25.0);
    assert_eq!(records[0]["decision"]["to"], 5);
    assert_eq!(records[0]["outcome"]["kind"], "done");
    assert_eq!(world.desired(&group).await, 5);
}
