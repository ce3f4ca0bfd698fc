//! The made-up world behaves as a queue and a group do.

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]
#![allow(clippy::indexing_slicing, reason = "a test fails by a panic")]

mod faults;
mod group;
mod queue;

use backlogd::model::Timestamp;
use backlogd::sim::{Faults, GroupTerms, Message, QueueTerms, Victims, World};
use std::time::Duration;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn queue() -> QueueTerms {
    QueueTerms {
        visibility_timeout: Duration::from_secs(30),
        stale_max: Duration::ZERO,
        noise_percent: 0.0,
        phantom_percent: 0.0,
        zero_percent: 0.0,
    }
}

fn group(initial: u32, victims: Victims) -> GroupTerms {
    GroupTerms {
        min: 0,
        max: 10,
        initial,
        slots: 1,
        boot: Duration::from_secs(90)..=Duration::from_secs(150),
        in_service_after: None,
        stopping: Duration::from_secs(20),
        victims,
        weights: Vec::new(),
        faults: Faults::default(),
    }
}

/// As many messages at once, each `work` seconds of work.
fn together(count: usize, arrives: i64, work: u64) -> Vec<Message> {
    vec![Message { arrives: at(arrives), work: Duration::from_secs(work), ..Message::default() }; count]
}

fn world(initial: u32, victims: Victims, messages: Vec<Message>) -> World {
    World::new(queue(), group(initial, victims), messages, at(0), 7)
}
