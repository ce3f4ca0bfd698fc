//! What is scaled: the port, and an adapter for each kind of fleet.

mod asg;
pub mod scaling;
mod withheld;

pub use asg::{Asg, Groups};
pub use withheld::Withheld;

use crate::model::{Action, Fleet, Missing, Outcome, Reason};
use async_trait::async_trait;
use std::fmt;

/// A fleet whose capacity can be read and set.
#[async_trait]
pub trait Target: fmt::Debug + Send {
    /// Reads sizes and states once. A failure is part of the answer.
    async fn read(&mut self) -> Result<Fleet, Missing>;

    /// What stands in the way of `action` that [`read`](Self::read) does not show, asked only when
    /// there is something to do.
    async fn obstacle(&mut self, action: Action) -> Option<Reason>;

    /// Sets the desired capacity: absolute, so that saying it twice is harmless.
    async fn set_desired(&mut self, to: u32) -> Outcome;
}
