use super::world::{Counts, World};
use crate::model::{Action, Fleet, Missing, Outcome, Queue, QueueFacts, Reason};
use crate::source::{Counting, Source};
use crate::target::Target;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A world that several ports look at.
pub type Shared = Arc<Mutex<World>>;

/// The world's queue.
#[derive(Clone, Debug)]
pub struct SimSource {
    /// The queue's name, for records.
    pub name: String,
    /// The world it is in.
    pub world: Shared,
    /// Which of its counters a policy reckons with.
    pub counting: Counting,
}

/// The world's group.
#[derive(Clone, Debug)]
pub struct SimTarget {
    /// The world it is in.
    pub world: Shared,
}

/// Makes a world one that ports can share.
#[must_use]
pub fn share(world: World) -> Shared {
    Arc::new(Mutex::new(world))
}

/// The world, for one look or one change. Never hold it across an await.
pub fn lock(world: &Shared) -> MutexGuard<'_, World> {
    // Whoever panicked with it in hand is gone, and with them the run; reading on cannot make it worse.
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Source for SimSource {
    async fn read(&mut self) -> Queue {
        let mut world = lock(&self.world);
        let Counts { visible, in_flight, delayed } = world.counters();
        let deleted = world.deleted();
        let visibility = world.queue().visibility_timeout.as_secs().try_into().unwrap_or(u32::MAX);
        drop(world);
        let backlog = self.counting.reckon(visible, in_flight, delayed);
        let facts = QueueFacts { visibility_timeout_secs: Some(visibility), ..QueueFacts::default() };
        Queue { name: self.name.clone(), backlog: Ok(backlog), age_secs: 0.0, facts, deleted }
    }
}

#[async_trait]
impl Target for SimTarget {
    async fn read(&mut self) -> Result<Fleet, Missing> {
        Ok(lock(&self.world).fleet())
    }

    async fn obstacle(&mut self, _action: Action) -> Option<Reason> {
        None
    }

    async fn set_desired(&mut self, to: u32) -> Outcome {
        match lock(&self.world).set_desired(to) {
            Ok(_) => Outcome::Done,
            Err(refused) => Outcome::Failed { why: refused.to_string(), refused: true },
        }
    }
}
