//! Where records go: the port, and an adapter for each kind of listener.

mod cloudwatch;
mod console;
mod destination;
mod event;
mod journal;
pub mod json;
mod ledger;
#[cfg(test)]
mod scene;
pub mod text;

pub use cloudwatch::{CloudWatch, Losses, Metrics};
pub use console::{Console, Form, print};
pub use destination::{Destination, Metric};
pub use event::Event;
pub use journal::Journal;
pub use ledger::{Ledger, Sign, Signs};

use crate::model::Record;
use async_trait::async_trait;
use std::fmt;

/// A listener to records.
#[async_trait]
pub trait Publisher: fmt::Debug + Send {
    /// Takes one record. It must not wait for anything slow, and its failures are its own to report.
    async fn publish(&mut self, record: &Record);
}
