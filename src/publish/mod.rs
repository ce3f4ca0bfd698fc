//! Where records go: the port, and an adapter for each kind of listener.

mod cloudwatch;
mod console;
mod destination;
mod event;
pub mod history;
mod journal;
pub mod json;
mod ledger;
pub mod notice;
mod paused;
mod prometheus;
mod recorded;
#[cfg(test)]
mod scene;
mod shelf;
mod sns;
pub mod text;
mod waiting;

pub use cloudwatch::{CloudWatch, Losses, Metrics};
pub use console::{Console, Form, print};
pub use destination::{Destination, Metric};
pub use event::Event;
pub use history::History;
pub use journal::Journal;
pub use ledger::{Ledger, News, Sign, Signs};
pub use prometheus::{Exposition, Prometheus};
pub use recorded::{Came, Decided, Recorded, Step};
pub use sns::Notices;

use crate::model::Record;
use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// A listener to records.
#[async_trait]
pub trait Publisher: fmt::Debug + Send {
    /// Takes one record. It must not wait for anything slow, and its failures are its own to report.
    async fn publish(&mut self, record: &Record);

    /// Takes note of how long the tick took that the last record is of.
    fn took(&mut self, _duration: Duration) {}
}
