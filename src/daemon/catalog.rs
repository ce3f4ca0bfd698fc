//! Holds `systemd/backlogd.catalog` against the lines that are logged.

use super::log_layer::LogLayer;
use super::notify::tell_of_withholding;
use super::reload::{Change, tell_of_refusal};
use crate::model::{
    Action, Backlog, Cause, Decision, Fleet, Metrics, Missing, Mode, Outcome, Pause, Queue, Reason, Record,
    Sample, Timestamp, Trouble, TroubleKind, Turn,
};
use crate::publish::{Event, Journal, Publisher};
use log::kv::{Error, Key, Value, VisitSource};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tracing_subscriber::layer::SubscriberExt;

const CATALOG: &str = include_str!("../../systemd/backlogd.catalog");

/// A line's message id, and the names of its journal fields.
type Line = (String, BTreeSet<String>);

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

impl log::Log for Lines {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        struct Pairs(BTreeMap<String, String>);
        impl<'kvs> VisitSource<'kvs> for Pairs {
            fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
                self.0.insert(key.to_string().to_uppercase(), value.to_string());
                Ok(())
            }
        }
        if record.level() == log::Level::Debug {
            return;
        }
        let mut pairs = Pairs(BTreeMap::from([("MESSAGE".to_owned(), record.args().to_string())]));
        record.key_values().visit(&mut pairs).unwrap();
        let id = pairs.0.get("MESSAGE_ID").expect("a line that is explained").clone();
        self.0.lock().unwrap().push((id, pairs.0.into_keys().collect()));
    }

    fn flush(&self) {}
}

fn record(fleet: Result<Fleet, Missing>, decision: Decision, outcome: Outcome) -> Record {
    let backlog = fleet.clone().map(|_| Backlog::default());
    let sample = Sample { queues: vec![Queue::new("images", backlog)], fleet };
    Record {
        time: Timestamp::from_secs(0),
        scaler: "images".to_owned(),
        mode: Mode::Drive,
        paused: None,
        metrics: Metrics::of(&sample, None),
        sample,
        estimate: None,
        decision,
        outcome,
        troubles: Vec::new(),
    }
}

fn changed(action: Action, outcome: Outcome) -> Record {
    record(Ok(Fleet::default()), Decision { action, recommended: action.to(), reasons: Vec::new() }, outcome)
}

fn missing(cause: Cause) -> Record {
    let missing = Missing::new("group workers", cause, "no");
    record(Err(missing.clone()), Decision::hold(None, vec![Reason::Missing(missing)]), Outcome::None)
}

fn troubled(kind: TroubleKind, turn: Turn) -> Record {
    let since = Timestamp::from_secs(0);
    let quiet = record(Ok(Fleet::default()), Decision::hold(None, Vec::new()), Outcome::None);
    Record { troubles: vec![Trouble { kind, turn, since, text: String::new() }], ..quiet }
}

/// Every line that is explained, with as few fields as it may have.
async fn lines() -> Vec<Line> {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(LogLayer { sink: lines.clone() });
    let _listening = tracing::subscriber::set_default(subscriber);
    let stalled = Reason::CapacityStalled { in_service: 1, desired: 3, stalled_secs: 600 };
    let out = Action::ScaleOut { from: 1, to: 2 };
    for record in [
        changed(out, Outcome::Done),
        changed(Action::ScaleIn { from: 2, to: 1 }, Outcome::Done),
        changed(out, Outcome::Failed { why: "no".to_owned(), refused: true }),
        missing(Cause::Denied),
        missing(Cause::Timeout),
        record(Ok(Fleet::default()), Decision::hold(Some(3), vec![stalled]), Outcome::None),
        troubled(TroubleKind::DeadLetters, Turn::Began),
        troubled(TroubleKind::AtMax, Turn::Began),
        troubled(TroubleKind::NoneTaken, Turn::Began),
        troubled(TroubleKind::VisibilityTimeout, Turn::Reminder),
        troubled(TroubleKind::NearRetention, Turn::Began),
        troubled(TroubleKind::AtMax, Turn::Recovered),
    ] {
        Journal::default().publish(&record).await;
    }
    let held = record(Ok(Fleet::default()), Decision::hold(None, Vec::new()), Outcome::None);
    let paused = Some(Pause::Unknown { why: "no".to_owned() });
    let mut journal = Journal::default();
    for record in [Record { paused, ..held.clone() }, held] {
        journal.publish(&record).await;
    }
    tell_of_refusal(Path::new("backlogd.toml"), "not started", &"no");
    Change::default().tell();
    tell_of_withholding("images");
    lines.0.lock().unwrap().clone()
}

/// The catalog's entries: an id, and what is said of it.
fn entries() -> Vec<(&'static str, &'static str)> {
    CATALOG.split("\n-- ").skip(1).map(|entry| entry.split_once('\n').unwrap()).collect()
}

#[test]
fn each_event_has_one_entry_and_each_entry_an_event() {
    let ids: Vec<_> = entries().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, Event::ALL.map(Event::message_id));
    let distinct: BTreeSet<_> = Event::ALL.map(Event::message_id).into();
    assert_eq!(distinct.len(), Event::ALL.len());
    for id in ids {
        assert!(id.len() == 32 && id.chars().all(|sign| "0123456789abcdef".contains(sign)), "{id}");
    }
}

#[tokio::test]
async fn each_event_is_logged_with_its_id() {
    let ids: Vec<_> = lines().await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, Event::ALL.map(Event::message_id));
}

/// What is not logged would be shown by its name.
#[tokio::test]
async fn an_entry_names_only_fields_that_its_line_always_has() {
    let mut named = 0;
    for ((id, fields), (_, text)) in lines().await.into_iter().zip(entries()) {
        for field in text.split('@').skip(1).step_by(2) {
            assert!(fields.contains(field), "{id} has no field {field:?}: {fields:?}");
            named += 1;
        }
        assert_eq!(text.matches('@').count() % 2, 0, "{id}");
    }
    assert!(named > 20, "the fields are not where they were looked for");
}

#[test]
fn an_entry_has_its_headers_an_empty_line_and_lines_that_fit() {
    for (id, text) in entries() {
        let (headers, words) = text.split_once("\n\n").unwrap();
        let names: Vec<_> = headers.lines().map(|line| line.split(": ").next().unwrap()).collect();
        assert_eq!(names, ["Subject", "Defined-By", "Documentation"], "{id}");
        assert!(words.lines().all(|line| line.len() <= 84), "{id}");
    }
}
