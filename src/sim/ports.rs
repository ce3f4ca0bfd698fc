use super::world::{Counts, World};
use crate::model::{Action, Deleted, Fleet, Missing, Outcome, Queue, QueueFacts, Reason};
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
    /// Whether `CloudWatch`'s count of deletions is read as well.
    pub deletions: bool,
    /// By how many milliseconds the time of day is ahead of the world's.
    pub ahead_millis: i64,
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
        let deleted = if self.deletions { world.deleted() } else { None };
        let deleted =
            deleted.map(|deleted| Deleted { from: deleted.from.shifted(self.ahead_millis), ..deleted });
        let visibility = world.queue().visibility_timeout.as_secs().try_into().unwrap_or(u32::MAX);
        drop(world);
        let backlog = self.counting.reckon(visible, in_flight, delayed);
        let facts = QueueFacts { visibility_timeout_secs: Some(visibility), ..QueueFacts::default() };
        Queue { facts, deleted, ..Queue::new(&*self.name, Ok(backlog)) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::case::{Case, START};
    use crate::sim::shapes::Shape;
    use std::time::Duration;

    #[tokio::test]
    async fn the_ports_show_what_learning_needs_deletions_and_named_instances() {
        let trace = Shape::Steady.trace(Duration::from_mins(10), 60.0, 1);
        let case = Case { trace, ..Case::default() };
        let world = share(case.world(case.messages()));
        lock(&world).advance_to(START + Duration::from_mins(8));
        let mut source = SimSource {
            name: "a".to_owned(),
            world: Shared::clone(&world),
            counting: Counting::VISIBLE,
            deletions: true,
            ahead_millis: 0,
        };
        let queue = source.read().await;
        let deleted = queue.deleted.unwrap();
        assert_eq!((deleted.from, deleted.lasts), (START + Duration::from_mins(5), Duration::from_mins(1)));
        assert!((30.0..90.0).contains(&deleted.count), "{deleted:?}");
        assert_eq!(queue.facts.visibility_timeout_secs, Some(60));
        let fleet = SimTarget { world: Shared::clone(&world) }.read().await.unwrap();
        assert_eq!(fleet.instances.len(), fleet.in_service as usize);
    }

    #[tokio::test]
    async fn a_refused_capacity_is_a_failure_that_changed_nothing() {
        let case = Case::default();
        let world = share(case.world(case.messages()));
        let outcome = SimTarget { world: Shared::clone(&world) }.set_desired(101).await;
        assert!(matches!(outcome, Outcome::Failed { refused: true, .. }), "{outcome:?}");
        assert_eq!(lock(&world).desired(), 1);
    }
}
