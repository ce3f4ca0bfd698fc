//! Writes that fail: the outcome says so in words, what was refused is forgotten and what got no answer
//! is not, and the next tick decides afresh. And looks for an instance refresh that fail.

use crate::bad_day::{BRISK, Round, error, five_workers, kind, status, tempted};
use crate::world::World;
use serde_json::{Value, json};

const SET: &str = "SetDesiredCapacity";
const REFRESHES: &str = "DescribeInstanceRefreshes";

/// A round that wants nine where there are five, and cannot have them; then one that can.
async fn nine_refused_under(name: &str, fault: &Value, words: &[&str]) {
    // The default cooldown between scale-outs: a refused write must not start it.
    let world = nine_wanted_under(name, fault, words).await;
    let mended = Round::of(world);
    assert_eq!(mended.record["outcome"]["kind"], "done");
    assert_eq!(mended.exit, 0);
    assert_eq!(mended.world.desired(name).await, 9);
}

/// The same without an answer: it may have been done, and so the cooldown holds.
async fn nine_unanswered_under(name: &str, fault: &Value, words: &[&str]) {
    let world = nine_wanted_under(name, fault, words).await;
    let cooling = Round::of(world);
    assert_eq!(cooling.record["decision"]["reasons"][1]["code"], "cooldown_out", "{}", cooling.record);
    assert_eq!(cooling.world.desired(name).await, 5);
    cooling.world.settings(&tempted(name, BRISK));
    let cooled = Round::of(cooling.world);
    assert_eq!(cooled.record["outcome"]["kind"], "done");
    assert_eq!(cooled.world.desired(name).await, 9);
}

async fn nine_wanted_under(name: &str, fault: &Value, words: &[&str]) -> World {
    let world = five_workers(name, 9).await;
    world.settings(&tempted(name, BRISK).replace("cooldown_out_secs = 0", "cooldown_out_secs = 30"));
    world.emulator.fault(SET, &crate::bad_day::about(SET, name), fault);
    let failed = Round::of(world);
    assert_eq!(failed.record["decision"]["action"], "scale_out");
    assert_eq!(failed.record["outcome"]["kind"], "failed");
    let why = failed.record["outcome"]["why"].as_str().unwrap();
    let call = format!("group {name} to 9: ");
    for words in words.iter().chain([&call.as_str(), &"autoscaling:SetDesiredCapacity"]) {
        assert!(why.contains(words), "{words:?} is not in: {why}");
        assert!(failed.complaints[0].contains(words), "{words:?} is not in: {:#?}", failed.complaints);
    }
    assert_eq!(failed.complaints.len(), 1, "{:#?}", failed.complaints);
    assert_eq!(failed.exit, 1);
    assert_eq!(failed.world.desired(name).await, 5);

    failed.world.emulator.mend(&crate::bad_day::about(SET, name));
    failed.world
}

#[tokio::test]
async fn a_throttled_write_fails_in_words_and_is_made_afresh() {
    let words = ["the account's request rate is exhausted", "Throttling: as the test asked"];
    nine_refused_under("set-throttled", &error("Throttling"), &words).await;
}

#[tokio::test]
async fn a_write_answered_with_500_fails_in_words_and_may_have_been_made() {
    nine_unanswered_under("set-500", &status(500), &["no success", "HTTP status 500"]).await;
}

#[tokio::test]
async fn a_write_that_is_never_answered_fails_in_words_and_may_have_been_made() {
    nine_unanswered_under("set-hang", &kind("hang"), &["no success", "timeout"]).await;
}

#[tokio::test]
async fn a_write_whose_connection_breaks_fails_in_words_and_may_have_been_made() {
    nine_unanswered_under("set-close", &kind("close"), &["no success", "connection"]).await;
}

#[tokio::test]
async fn a_write_that_is_not_permitted_fails_in_words_and_is_made_afresh() {
    let words = ["the permission is lacking", "AccessDenied"];
    nine_refused_under("set-denied", &error("AccessDenied"), &words).await;
}

#[tokio::test]
async fn a_write_with_an_expired_token_fails_in_words_and_is_made_afresh() {
    nine_refused_under("set-expired", &error("ExpiredToken"), &["no success", "ExpiredToken"]).await;
}

#[tokio::test]
async fn a_write_to_a_busy_group_fails_in_words_and_is_made_afresh() {
    let words = ["the group is busy with a scaling activity", "ScalingActivityInProgress"];
    nine_refused_under("set-busy", &error("ScalingActivityInProgress"), &words).await;
}

/// The write took effect, and only its answer was lost.
#[tokio::test]
async fn a_write_whose_answer_is_lost_is_seen_at_the_next_tick_and_not_repeated() {
    let world = five_workers("set-half", 9).await;
    world.settings(&tempted("set-half", BRISK));
    world.emulator.fault(SET, "\"set-half\"", &kind("truncate"));
    let lost = Round::of(world);
    assert_eq!(lost.record["outcome"]["kind"], "failed", "{}", lost.record);
    let next = Round::of(lost.world);
    assert_eq!(next.record["decision"]["action"], "hold");
    assert_eq!(next.record["sample"]["fleet"]["desired"], 9);
    assert_eq!(next.world.emulator.calls(SET, "\"set-half\"").len(), 1);
}

/// A round that looks for an instance refresh under `fault`, with `messages` in the queue.
async fn looking_for_a_refresh(name: &str, messages: usize, fault: &Value) -> Round {
    let world = five_workers(name, messages).await;
    world.settings(&tempted(name, BRISK));
    world.emulator.fault(REFRESHES, &crate::bad_day::about(REFRESHES, name), fault);
    Round::of(world)
}

#[tokio::test]
async fn a_scale_in_waits_when_the_look_for_an_instance_refresh_is_throttled() {
    let round = looking_for_a_refresh("in-throttled", 0, &error("Throttling")).await;
    assert_eq!(round.record["decision"]["action"], "hold");
    let reasons = round.record["decision"]["reasons"].as_array().unwrap();
    let last = reasons.last().unwrap();
    assert_eq!(last["code"], "missing");
    let text = last["text"].as_str().unwrap();
    for words in ["instance refreshes of group in-throttled", "DescribeInstanceRefreshes", "Throttling"] {
        assert!(text.contains(words), "{text}");
        assert!(round.complaints[0].contains(words), "{:#?}", round.complaints);
    }
    assert_eq!(round.world.desired("in-throttled").await, 5);
}

#[tokio::test]
async fn a_scale_in_waits_when_the_look_for_an_instance_refresh_is_never_answered() {
    let round = looking_for_a_refresh("in-hang", 0, &kind("hang")).await;
    assert_eq!(round.record["decision"]["action"], "hold");
    assert!(round.complaints[0].contains("timeout"), "{:#?}", round.complaints);
    assert_eq!(round.world.desired("in-hang").await, 5);
}

#[tokio::test]
async fn a_scale_in_waits_when_the_look_for_an_instance_refresh_finds_garbage() {
    let round = looking_for_a_refresh("in-garbage", 0, &kind("garbage")).await;
    assert_eq!(round.record["decision"]["action"], "hold");
    assert_eq!(round.world.desired("in-garbage").await, 5);
}

#[tokio::test]
async fn a_scale_out_goes_ahead_when_the_look_for_an_instance_refresh_fails() {
    for (name, fault) in
        [("out-throttled", error("Throttling")), ("out-500", status(500)), ("out-hang", kind("hang"))]
    {
        let round = looking_for_a_refresh(name, 9, &fault).await;
        assert_eq!(round.record["outcome"]["kind"], "done", "{}", round.record);
        assert_eq!(round.exit, 0);
        assert_eq!(round.world.desired(name).await, 9);
    }
}

/// Without the permission no refresh can be seen; the scaler does its work and says so.
#[tokio::test]
async fn without_the_permission_to_see_instance_refreshes_scaling_goes_on() {
    let round = looking_for_a_refresh("in-denied", 0, &error("AccessDenied")).await;
    assert_eq!(round.record["outcome"], json!({ "kind": "done" }));
    assert_eq!(round.complaints.len(), 1, "{:#?}", round.complaints);
    assert!(round.complaints[0].contains("cannot see instance refreshes"), "{:#?}", round.complaints);
    assert_eq!(round.exit, 0);
    assert_eq!(round.world.desired("in-denied").await, 0);
}
