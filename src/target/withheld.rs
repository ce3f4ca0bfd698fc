use super::Target;
use crate::model::{Action, Fleet, Missing, Outcome, Reason};
use async_trait::async_trait;

/// A target that reads as the one inside and never writes.
#[derive(Debug)]
pub struct Withheld<T> {
    target: T,
    rehearsal: bool,
}

impl<T> Withheld<T> {
    /// For a dry run: everything that a live run reads is read.
    pub const fn rehearsal(target: T) -> Self {
        Self { target, rehearsal: true }
    }

    /// For a scaler that only publishes: what is read only before a write, with a permission of its
    /// own, is not.
    pub const fn publish_only(target: T) -> Self {
        Self { target, rehearsal: false }
    }
}

#[async_trait]
impl<T: Target> Target for Withheld<T> {
    async fn read(&mut self) -> Result<Fleet, Missing> {
        self.target.read().await
    }

    async fn obstacle(&mut self, action: Action) -> Option<Reason> {
        if self.rehearsal { self.target.obstacle(action).await } else { None }
    }

    async fn set_desired(&mut self, _to: u32) -> Outcome {
        Outcome::Withheld
    }
}
