//! Counters that are wrong, or right for a moment only.

use crate::bad_day::{BRISK, Daemon, Round, five_workers, show_counters, tempted};
use crate::world::{AT_ONCE, World};
use serde_json::{Value, json};

/// A round in which SQS shows `counter` as the number of visible messages.
async fn showing(name: &str, counter: Value) -> Round {
    let world = five_workers(name, 0).await;
    world.settings(&tempted(name, BRISK));
    show_counters(&world, name, &counter, &json!("0"));
    Round::of(world)
}

async fn is_malformed(name: &str, counter: Value, words: &str) {
    let words = ["sqs:GetQueueAttributes", "ApproximateNumberOfMessages", words];
    showing(name, counter).await.holds_for_want_of(&format!("queue {name}"), "malformed", &words);
}

#[tokio::test]
async fn a_counter_that_is_not_a_number_is_missing_and_holds() {
    is_malformed("count-nan", json!("NaN"), "\"NaN\", not a count").await;
}

#[tokio::test]
async fn a_counter_that_is_absent_is_missing_and_holds() {
    is_malformed("count-absent", Value::Null, "is absent").await;
}

#[tokio::test]
async fn a_counter_below_zero_is_missing_and_holds() {
    is_malformed("count-negative", json!("-1"), "\"-1\", not a count").await;
}

#[tokio::test]
async fn a_counter_with_a_fraction_is_missing_and_holds() {
    is_malformed("count-float", json!("1.5"), "\"1.5\", not a count").await;
}

#[tokio::test]
async fn a_counter_beyond_64_bits_is_missing_and_holds() {
    is_malformed("count-beyond", json!("18446744073709551616"), "not a count").await;
}

#[tokio::test]
async fn an_empty_counter_is_missing_and_holds() {
    is_malformed("count-empty", json!(""), "\"\", not a count").await;
}

/// Nonsense, but a count: it is bounded by the limits, it wraps round nowhere, and it stops nothing.
#[tokio::test]
async fn counters_as_large_as_they_can_be_ask_for_the_groups_max() {
    let world = five_workers("count-huge", 0).await;
    let counting = "source = [{ queue = \"count-huge\", count_in_flight = true, count_delayed = true }]";
    let settings = tempted("count-huge", BRISK);
    world.settings(&settings.replace("source = [{ queue = \"count-huge\" }]", counting));
    let most = json!(u64::MAX.to_string());
    show_counters(&world, "count-huge", &most, &most);
    let round = Round::of(world);
    assert_eq!(round.record["decision"]["to"], 10, "{}", round.record);
    assert_eq!(round.record["outcome"]["kind"], "done");
    assert_eq!(round.exit, 0);
}

/// A queue that no longer shows its messages: what rounds in a row, each a process of its own, make
/// of what they see.
async fn asleep(name: &str) -> World {
    let world = World::new(name).await;
    world.queue("").await;
    world.group("", 0, 0, 10).await;
    world.settings(
        &tempted(name, BRISK).replace(AT_ONCE, "control = { cooldown_out_secs = 0, wake_samples = 2 }"),
    );
    world
}

fn last_reason(round: &Round) -> &Value {
    &round.record["decision"]["reasons"].as_array().unwrap().last().unwrap()["code"]
}

#[tokio::test]
async fn a_phantom_in_one_sample_does_not_wake_a_fleet_at_zero() {
    let world = asleep("phantom-two").await;
    let (none, two) = (json!("0"), json!("2"));
    show_counters(&world, "phantom-two", &two, &none);
    let phantom = Round::of(world);
    assert_eq!(phantom.record["decision"]["action"], "hold");
    assert_eq!(last_reason(&phantom), "wake_unconfirmed");
    show_counters(&phantom.world, "phantom-two", &none, &none);
    let gone = Round::of(phantom.world);
    assert_eq!(gone.record["decision"]["action"], "hold");
    show_counters(&gone.world, "phantom-two", &two, &none);
    let again = Round::of(gone.world);
    assert_eq!(last_reason(&again), "wake_unconfirmed");
    // Not a phantom: messages in two samples in a row.
    let confirmed = Round::of(again.world);
    assert_eq!(confirmed.record["decision"]["to"], 2);
    assert_eq!(confirmed.record["outcome"]["kind"], "done");
    assert_eq!(confirmed.world.emulator.calls("SetDesiredCapacity", "\"phantom-two\"").len(), 1);
}

/// All counters read 0 once, while five messages are being worked on.
#[tokio::test]
async fn counters_that_drop_to_zero_for_one_sample_take_no_fleet_away() {
    let world = five_workers("dropped", 0).await;
    // With the default confirmations.
    world.settings(&tempted("dropped", BRISK).replace(AT_ONCE, ""));
    let (none, five) = (json!("0"), json!("5"));
    show_counters(&world, "dropped", &none, &five);
    let working = Round::of(world);
    assert_eq!(working.record["decision"]["action"], "hold");
    show_counters(&working.world, "dropped", &none, &none);
    let dropped = Round::of(working.world);
    assert_eq!(dropped.record["decision"]["action"], "hold", "{}", dropped.record);
    assert_eq!(dropped.world.desired("dropped").await, 5);
}

/// The same once the window has been watched whole, which then remembers what was needed.
#[tokio::test]
async fn counted_messages_in_flight_that_drop_to_zero_for_one_sample_are_remembered_by_the_window() {
    let world = five_workers("dropped-late", 0).await;
    let counting = "source = [{ queue = \"dropped-late\", count_in_flight = true }]";
    let settings = tempted("dropped-late", BRISK).replace("stabilization_secs = 0", "stabilization_secs = 6");
    world.settings(&settings.replace("source = [{ queue = \"dropped-late\" }]", counting));
    let (none, five) = (json!("0"), json!("5"));
    show_counters(&world, "dropped-late", &none, &five);
    let daemon = Daemon::start(&world);
    daemon.more("dropped-late", 9);
    show_counters(&world, "dropped-late", &none, &none);
    let dropped = || {
        let records = daemon.records("dropped-late");
        records.into_iter().find(|record| record["sample"]["queues"][0]["in_flight"] == 0)
    };
    daemon.wait("the drop", || dropped().is_some());
    show_counters(&world, "dropped-late", &none, &five);
    let reasons = dropped().unwrap()["decision"]["reasons"].as_array().unwrap().clone();
    assert_eq!(reasons.last().unwrap()["code"], "stabilization", "{reasons:?}");
    daemon.more("dropped-late", 2);
    assert_eq!(world.desired("dropped-late").await, 5);
    assert_eq!(world.emulator.calls("SetDesiredCapacity", "\"dropped-late\"").len(), 0);
}
