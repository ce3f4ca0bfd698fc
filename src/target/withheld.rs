use super::Target;
use crate::model::{Action, Fleet, Missing, Outcome, Reason};
use async_trait::async_trait;

/// A target that reads as the one inside and never writes: for a dry run, and for a scaler that only
/// publishes.
#[derive(Debug)]
pub struct Withheld<T>(pub T);

#[async_trait]
impl<T: Target> Target for Withheld<T> {
    async fn read(&mut self) -> Result<Fleet, Missing> {
        self.0.read().await
    }

    async fn obstacle(&mut self, action: Action) -> Option<Reason> {
        self.0.obstacle(action).await
    }

    async fn set_desired(&mut self, _to: u32) -> Outcome {
        Outcome::Withheld
    }
}
