//! Readings that fail: each is missing for the right cause, holds the fleet, and is said in one line.

use crate::bad_day::{BRISK, Round, closed_port, error, five_workers, kind, status, tempted};
use crate::world::{World, of, records};
use serde_json::{Value, json};

const ATTRIBUTES: &str = "GetQueueAttributes";
const URL: &str = "GetQueueUrl";
const GROUPS: &str = "DescribeAutoScalingGroups";

/// Without this, the claims below would show nothing.
#[tokio::test]
async fn a_true_zero_takes_the_whole_fleet_of_the_same_scaler() {
    let world = five_workers("true-zero", 0).await;
    world.settings(&tempted("true-zero", ""));
    let round = Round::of(world);
    assert_eq!(round.record["decision"]["action"], "scale_in");
    assert_eq!(round.record["outcome"]["kind"], "done");
    assert_eq!(round.exit, 0);
    assert_eq!(round.complaints, [""; 0]);
    assert_eq!(round.world.desired("true-zero").await, 0);
}

#[tokio::test]
async fn a_throttled_queue_is_missing_and_holds() {
    let round = Round::under("throttled-queue", ATTRIBUTES, &error("RequestThrottled")).await;
    round.holds_for_want_of(
        "queue throttled-queue",
        "throttled",
        &["sqs:GetQueueAttributes: RequestThrottled: as the test asked"],
    );
}

#[tokio::test]
async fn a_queue_answered_with_500_is_missing_and_holds() {
    let round = Round::under("queue-500", ATTRIBUTES, &status(500)).await;
    round.holds_for_want_of("queue queue-500", "server", &["sqs:GetQueueAttributes", "HTTP status 500"]);
}

#[tokio::test]
async fn a_queue_service_that_is_unavailable_is_missing_and_holds() {
    let fault = json!({ "kind": "error", "code": "ServiceUnavailable", "status": 503 });
    let round = Round::under("queue-503", ATTRIBUTES, &fault).await;
    round.holds_for_want_of("queue queue-503", "server", &["sqs:GetQueueAttributes", "ServiceUnavailable"]);
}

#[tokio::test]
async fn a_queue_that_is_never_answered_is_missing_and_holds() {
    let round = Round::under("queue-hang", ATTRIBUTES, &kind("hang")).await;
    round.holds_for_want_of("queue queue-hang", "timeout", &["sqs:GetQueueAttributes", "timeout"]);
}

#[tokio::test]
async fn a_queue_whose_connection_breaks_is_missing_and_holds() {
    let round = Round::under("queue-close", ATTRIBUTES, &kind("close")).await;
    round.holds_for_want_of("queue queue-close", "unreachable", &["sqs:GetQueueAttributes", "connection"]);
}

#[tokio::test]
async fn a_queue_answered_by_half_is_missing_and_holds() {
    let round = Round::under("queue-half", ATTRIBUTES, &kind("truncate")).await;
    round.holds_for_want_of("queue queue-half", "malformed", &["sqs:GetQueueAttributes"]);
}

#[tokio::test]
async fn a_queue_answered_with_garbage_is_missing_and_holds() {
    let round = Round::under("queue-garbage", ATTRIBUTES, &kind("garbage")).await;
    round.holds_for_want_of("queue queue-garbage", "malformed", &["sqs:GetQueueAttributes", "200"]);
}

#[tokio::test]
async fn a_queue_that_may_not_be_read_is_missing_and_holds() {
    let round = Round::under("queue-denied", ATTRIBUTES, &error("AccessDenied")).await;
    round.holds_for_want_of("queue queue-denied", "denied", &["sqs:GetQueueAttributes", "AccessDenied"]);
}

#[tokio::test]
async fn a_queue_asked_for_with_an_expired_token_is_missing_and_holds() {
    let round = Round::under("queue-expired", ATTRIBUTES, &error("ExpiredToken")).await;
    round.holds_for_want_of(
        "queue queue-expired",
        "credentials",
        &["sqs:GetQueueAttributes", "ExpiredToken"],
    );
}

#[tokio::test]
async fn a_throttled_look_for_a_queues_url_is_missing_and_holds() {
    let round = Round::under("url-throttled", URL, &error("RequestThrottled")).await;
    round.holds_for_want_of("queue url-throttled", "throttled", &["sqs:GetQueueUrl", "RequestThrottled"]);
}

#[tokio::test]
async fn a_look_for_a_queues_url_that_is_never_answered_is_missing_and_holds() {
    let round = Round::under("url-hang", URL, &kind("hang")).await;
    round.holds_for_want_of("queue url-hang", "timeout", &["sqs:GetQueueUrl", "timeout"]);
}

#[tokio::test]
async fn a_look_for_a_queues_url_answered_with_garbage_is_missing_and_holds() {
    let round = Round::under("url-garbage", URL, &kind("garbage")).await;
    round.holds_for_want_of("queue url-garbage", "malformed", &["sqs:GetQueueUrl"]);
}

#[tokio::test]
async fn a_throttled_group_is_missing_and_holds() {
    let round = Round::under("throttled-group", GROUPS, &error("Throttling")).await;
    round.holds_for_want_of(
        "group throttled-group",
        "throttled",
        &["autoscaling:DescribeAutoScalingGroups: Throttling: as the test asked"],
    );
}

#[tokio::test]
async fn a_group_answered_with_500_is_missing_and_holds() {
    let round = Round::under("group-500", GROUPS, &status(500)).await;
    round.holds_for_want_of("group group-500", "server", &["DescribeAutoScalingGroups", "HTTP status 500"]);
}

#[tokio::test]
async fn a_group_service_that_is_unavailable_is_missing_and_holds() {
    let round = Round::under("group-503", GROUPS, &status(503)).await;
    round.holds_for_want_of("group group-503", "server", &["DescribeAutoScalingGroups", "HTTP status 503"]);
}

#[tokio::test]
async fn a_group_that_is_never_answered_is_missing_and_holds() {
    let round = Round::under("group-hang", GROUPS, &kind("hang")).await;
    round.holds_for_want_of("group group-hang", "timeout", &["DescribeAutoScalingGroups", "timeout"]);
}

#[tokio::test]
async fn a_group_whose_connection_breaks_is_missing_and_holds() {
    let round = Round::under("group-close", GROUPS, &kind("close")).await;
    round.holds_for_want_of("group group-close", "unreachable", &["DescribeAutoScalingGroups", "connection"]);
}

#[tokio::test]
async fn a_group_answered_by_half_is_missing_and_holds() {
    let round = Round::under("group-half", GROUPS, &kind("truncate")).await;
    round.holds_for_want_of("group group-half", "malformed", &["DescribeAutoScalingGroups"]);
}

#[tokio::test]
async fn a_group_answered_with_garbage_is_missing_and_holds() {
    let round = Round::under("group-garbage", GROUPS, &kind("garbage")).await;
    round.holds_for_want_of("group group-garbage", "malformed", &["DescribeAutoScalingGroups"]);
}

#[tokio::test]
async fn a_group_that_may_not_be_read_is_missing_and_holds() {
    let round = Round::under("group-denied", GROUPS, &error("AccessDenied")).await;
    round.holds_for_want_of("group group-denied", "denied", &["DescribeAutoScalingGroups", "AccessDenied"]);
}

#[tokio::test]
async fn a_group_asked_for_with_an_expired_token_is_missing_and_holds() {
    let round = Round::under("group-expired", GROUPS, &error("ExpiredToken")).await;
    round.holds_for_want_of(
        "group group-expired",
        "credentials",
        &["DescribeAutoScalingGroups", "ExpiredToken"],
    );
}

/// Groups come in pages of two: the first page has been read when the second one fails.
#[tokio::test]
async fn groups_whose_second_page_fails_are_all_missing_and_hold() {
    let world = World::new("torn").await;
    let scalers = [1, 2, 3].map(|number| format!("torn-{number}"));
    for scaler in &scalers {
        five_workers(scaler, 0).await;
    }
    world.settings(&scalers.each_ref().map(|name| tempted(name, BRISK)).concat());
    world.emulator.post("/emulator/pages", &json!({ "match": "torn-", "size": 2 }));
    world.emulator.fault(GROUPS, "\"NextToken\": \"torn-", &error("Throttling"));

    let mut command = world.backlogd(&["run", "--once", "--output", "json"]);
    let output = command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap();

    let records = records(&output);
    for scaler in &scalers {
        let record = of(&records, scaler);
        let missing = &record["sample"]["missing"];
        assert_eq!(missing.as_array().unwrap().len(), 1, "{record}");
        assert_eq!(missing[0]["what"], format!("group {scaler}"));
        assert_eq!(missing[0]["cause"], "throttled");
        assert_eq!(record["decision"]["action"], "hold", "{record}");
        assert_eq!(world.desired(scaler).await, 5);
    }
    assert_eq!(world.emulator.calls("SetDesiredCapacity", "torn-").len(), 0);
    let answered: Vec<Value> = world.emulator.calls(GROUPS, "\"torn-2\"");
    let of_the_batch = answered.iter().filter(|call| call["body"]["MaxRecords"] == "100");
    let statuses: Vec<&Value> = of_the_batch.map(|call| &call["status"]).collect();
    assert_eq!(statuses, [200, 400], "a page was read, and the next one failed");
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn with_one_of_two_queues_missing_the_fleet_holds() {
    let world = five_workers("half-known", 0).await;
    world.queue("-2").await;
    let two = "source = [{ queue = \"half-known\" }, { queue = \"half-known-2\" }]";
    world.settings(&tempted("half-known", BRISK).replace("source = [{ queue = \"half-known\" }]", two));
    world.emulator.fault(ATTRIBUTES, "/half-known-2\"", &error("RequestThrottled"));
    let round = Round::of(world);
    round.holds_for_want_of("queue half-known-2", "throttled", &["RequestThrottled"]);
    assert_eq!(round.record["sample"]["queues"][0]["name"], "half-known");
}

/// Queue and group are both missing: one line says so, and names both.
#[tokio::test]
async fn a_refused_connection_is_unreachable_and_exits_69() {
    let world = World::new("refused").await;
    let endpoint = format!("{BRISK}\naws = {{ endpoint_url = {:?} }}", closed_port());
    world.settings(&tempted("refused", &endpoint));
    let round = Round::of(world);
    let causes = [0, 1].map(|index| &round.record["sample"]["missing"][index]["cause"]);
    assert_eq!(causes, ["unreachable", "unreachable"]);
    assert_eq!(round.record["decision"]["action"], "hold");
    assert_eq!(round.exit, 69);
    // The second says that publishing fails.
    assert_eq!(round.complaints.len(), 1, "{:#?}", round.complaints);
    for words in ["queue refused: sqs:GetQueueUrl", "group refused: autoscaling:", "refused"] {
        assert!(round.complaints[0].contains(words), "{:#?}", round.complaints);
    }
}

#[tokio::test]
async fn without_credentials_everything_is_missing_and_exits_1() {
    let world = five_workers("penniless", 0).await;
    world.settings(&tempted("penniless", ""));
    let round = Round::with(world, |command| {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY")
    });
    let causes = [0, 1].map(|index| &round.record["sample"]["missing"][index]["cause"]);
    assert_eq!(causes, ["credentials", "credentials"]);
    assert_eq!(round.record["decision"]["action"], "hold");
    assert_eq!(round.exit, 1);
    assert_eq!(round.complaints.len(), 1, "{:#?}", round.complaints);
    assert!(round.complaints[0].contains("credentials"), "{:#?}", round.complaints);
    assert_eq!(round.world.desired("penniless").await, 5);
}

/// With the SDK's own repetitions, which all other tests here turn off.
#[tokio::test]
async fn a_single_throttle_is_ridden_out_within_the_tick() {
    for (operation, fault) in [(ATTRIBUTES, error("RequestThrottled")), (GROUPS, status(500))] {
        let name = format!("once-{}", operation.len());
        let world = five_workers(&name, 5).await;
        world.settings(&tempted(&name, ""));
        let mut once = fault.clone();
        once["times"] = json!(1);
        world.emulator.fault(operation, &crate::bad_day::about(operation, &name), &once);
        let round = Round::with(world, |command| command);
        assert_eq!(round.record["sample"]["missing"], json!([]), "{}", round.record);
        assert_eq!(round.exit, 0);
        assert_eq!(round.complaints, [""; 0]);
        assert_eq!(round.world.emulator.calls(operation, &crate::bad_day::about(operation, &name)).len(), 2);
    }
}

/// With the SDK's own repetitions, and little time for them.
#[tokio::test]
async fn under_a_brisk_schedule_a_throttle_is_still_called_one() {
    let name = "brisk-throttle";
    let world = five_workers(name, 0).await;
    world.settings(&tempted(name, BRISK));
    world.emulator.fault(ATTRIBUTES, &crate::bad_day::about(ATTRIBUTES, name), &error("RequestThrottled"));
    let round = Round::with(world, |command| command);
    round.holds_for_want_of(&format!("queue {name}"), "throttled", &["RequestThrottled"]);
    assert_eq!(round.world.emulator.calls(ATTRIBUTES, &crate::bad_day::about(ATTRIBUTES, name)).len(), 3);
}
