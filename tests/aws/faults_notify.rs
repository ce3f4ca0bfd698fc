//! A topic that is not told: scaling goes on in time, it is said once, and what was to be told is told later.

use crate::bad_day::{Daemon, error, kind, now, status};
use crate::notices::{Troubled, settings};
use serde_json::{Value, json};
use std::time::Duration;

const PUBLISH: &str = "Publish";
const SAID: &str = "notices of trouble cannot be sent and wait; scaling goes on";
const AGAIN: &str = "notices of trouble are sent again";

/// A daemon whose notices meet `fault`, until a few ticks after it has said so in these words.
async fn untold(name: &str, fault: &Value, words: &str) -> (Troubled, Daemon) {
    let troubled = Troubled::new(name).await;
    troubled.world.emulator.fault(PUBLISH, &troubled.topic, fault);
    let daemon = Daemon::start(&troubled.world);
    daemon.await_words(SAID);
    let began = now();
    let records = daemon.more(name, 4);
    assert!(began.elapsed() < Duration::from_secs(10), "ticks come every second: {:?}", began.elapsed());
    assert!(records.iter().all(|record| record["sample"]["missing"] == json!([])), "{records:#?}");
    let said = daemon.said(SAID);
    assert_eq!(said.len(), 1, "{said:#?}");
    for words in ["sns:Publish", troubled.topic.as_str(), words] {
        assert!(said[0].contains(words), "{words:?} is not in {}", said[0]);
    }
    assert_eq!(troubled.delivered().await, Vec::<Value>::new());
    (troubled, daemon)
}

/// Claims that once the fault is mended the notice that waits is told, once, and that this is said.
async fn told_later((troubled, daemon): (Troubled, Daemon)) {
    troubled.world.emulator.mend(&troubled.topic);
    let notices = troubled.notices(1).await;
    assert_eq!((&notices[0]["kind"], &notices[0]["state"]), (&json!("at_max"), &json!("began")));
    daemon.await_words(AGAIN);
    assert_eq!(troubled.delivered().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_topic_that_may_not_be_told_is_said_once_and_told_later() {
    told_later(untold("notify-denied", &error("AuthorizationError"), "AuthorizationError").await).await;
}

#[tokio::test]
async fn a_throttled_topic_is_said_once_and_told_later() {
    told_later(untold("notify-throttled", &error("Throttled"), "Throttled").await).await;
}

#[tokio::test]
async fn a_topic_answered_with_500_is_said_once_and_told_later() {
    told_later(untold("notify-500", &status(500), "HTTP status 500").await).await;
}

#[tokio::test]
async fn a_topic_whose_connection_breaks_is_said_once_and_told_later() {
    told_later(untold("notify-close", &kind("close"), "connection").await).await;
}

#[tokio::test]
async fn a_topic_that_never_answers_delays_neither_scaling_nor_the_end() {
    let troubled = Troubled::new("notify-hang").await;
    troubled.world.emulator.fault(PUBLISH, &troubled.topic, &kind("hang"));
    let mut daemon = Daemon::start(&troubled.world);
    daemon.wait("a call", || !troubled.world.emulator.calls(PUBLISH, &troubled.topic).is_empty());
    let began = now();
    let records = daemon.more("notify-hang", 5);
    assert!(began.elapsed() < Duration::from_secs(10), "ticks come every second: {:?}", began.elapsed());
    assert!(records.iter().all(|record| record["sample"]["missing"] == json!([])), "{records:#?}");
    daemon.signal("TERM");
    let (status, took) = daemon.end();
    assert!(status.success() && took < Duration::from_secs(5), "{status} after {took:?}");
}

#[tokio::test]
async fn a_topic_that_does_not_exist_is_said_once() {
    let troubled = Troubled::new("notify-gone").await;
    let gone = format!("{}-gone", troubled.topic);
    troubled.world.settings(&settings(&gone, "notify-gone"));
    let daemon = Daemon::start(&troubled.world);
    daemon.await_words(SAID);
    daemon.more("notify-gone", 3);
    let said = daemon.said(SAID);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("NotFound") && said[0].contains(&gone), "{}", said[0]);
}

#[tokio::test]
async fn a_trouble_that_is_over_before_it_could_be_told_is_told_once_as_over() {
    let (troubled, daemon) = untold("notify-overtaken", &error("Throttled"), "Throttled").await;
    troubled.relieve().await;
    daemon.await_words("recovered: at max");
    daemon.more("notify-overtaken", 2);
    troubled.world.emulator.mend(&troubled.topic);
    let notices = troubled.notices(1).await;
    assert_eq!(notices[0]["state"], "recovered");
    assert!(notices[0]["text"].as_str().unwrap().starts_with("over after "), "{}", notices[0]);
    daemon.more("notify-overtaken", 2);
    assert_eq!(troubled.delivered().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_notice_that_is_refused_holds_up_no_other() {
    let name = "notify-refused";
    let (troubled, other) = (Troubled::new(name).await, format!("{name}-other"));
    let both = settings(&troubled.topic, name);
    let (head, scaler) = both.split_once("[[scaler]]").unwrap();
    let watched = scaler.replacen(&format!("name = {name:?}"), &format!("name = {other:?}"), 1);
    let watched = format!("[[scaler]]{}", watched.replace("drive = true", "drive = false"));
    troubled.world.emulator.fault(PUBLISH, &format!("backlogd: {other}: "), &error("InvalidParameter"));
    troubled.world.settings(&format!("{head}{watched}"));
    let daemon = Daemon::start(&troubled.world);
    daemon.await_words(SAID);

    troubled.world.settings(&format!("{head}{watched}[[scaler]]{scaler}"));
    daemon.signal("HUP");

    let notices = troubled.notices(1).await;
    assert_eq!((&notices[0]["scaler"], &notices[0]["state"]), (&json!(name), &json!("began")));
    daemon.more(name, 2);
    assert_eq!(daemon.said(SAID).len(), 1, "{daemon:#?}");
    assert_eq!(daemon.said(AGAIN), Vec::<String>::new(), "one still waits");
}

#[tokio::test]
async fn a_topic_that_fails_now_for_one_cause_and_now_for_another_is_said_once_a_cause() {
    let troubled = Troubled::new("notify-causes").await;
    let mut throttled = error("Throttled");
    throttled["times"] = json!(4);
    let mut broken = kind("close");
    broken["times"] = json!(4);
    for fault in [&throttled, &broken, &error("Throttled")] {
        troubled.world.emulator.fault(PUBLISH, &troubled.topic, fault);
    }
    let daemon = Daemon::start(&troubled.world);
    let calls = || troubled.world.emulator.calls(PUBLISH, &troubled.topic).len();
    daemon.wait("calls that are throttled again", || calls() > 11);
    let said = daemon.said(SAID);
    assert_eq!(said.len(), 2, "{said:#?}");
}

#[tokio::test]
async fn what_a_wrong_topic_was_not_told_the_right_one_is_told_after_a_reload() {
    let name = "notify-mended";
    let troubled = Troubled::new(name).await;
    troubled.world.settings(&settings(&format!("{}-gone", troubled.topic), name));
    let daemon = Daemon::start(&troubled.world);
    daemon.await_words(SAID);
    troubled.world.settings(&settings(&troubled.topic, name));
    daemon.signal("HUP");
    let notices = troubled.notices(1).await;
    assert_eq!((&notices[0]["kind"], &notices[0]["state"]), (&json!("at_max"), &json!("began")));
    daemon.more(name, 2);
    assert_eq!(troubled.delivered().await, Vec::<Value>::new());
}
