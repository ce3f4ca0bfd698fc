//! Where messages wait: the port, and an adapter for each kind of queue.

mod address;
mod dead;
mod figures;
mod seldom;
mod sqs;

pub use address::QueueAddress;
pub use figures::{Figures, try_reading_figures};
pub use sqs::{Attributes, Counting, Queues, SqsQueue, facts};

use crate::model::Queue;
use async_trait::async_trait;
use std::fmt;

/// A queue that can be looked at.
#[async_trait]
pub trait Source: fmt::Debug + Send {
    /// Reads the queue once. A failure is part of the answer.
    async fn read(&mut self) -> Queue;
}
