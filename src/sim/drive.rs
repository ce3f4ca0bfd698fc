use super::case::Case;
use super::load::Message;
use super::ports::{Shared, SimSource, SimTarget, lock, share};
use super::run::{Course, Run};
use crate::controller::Controller;
use crate::engine::Engine;
use crate::model::{Mode, Now};
use crate::source::Counting;
use crate::store::Unkept;
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

/// What drives the group in a run of the shipped engine.
#[derive(Debug)]
pub struct Driver {
    /// What decides.
    pub controller: Controller,
    /// Which of the queue's counters it reckons with.
    pub counting: Counting,
}

/// From one tick of the engine to the next.
pub const PERIOD: Duration = Duration::from_secs(10);

/// A run of the shipped engine on `case`, whose messages are `messages`, with `driver` at its heart.
#[must_use]
pub fn run_engine(case: &Case, messages: &Arc<[Message]>, driver: Driver, history: bool) -> Run {
    let world = share(case.world(Arc::clone(messages)));
    let mut course = Course::new(case, PERIOD, history);
    let mut engine = engine(case, &world, driver);
    loop {
        // Not in a `while let`: the lock would be held for as long as its body runs.
        let Some(now) = course.next(&mut lock(&world)) else { break };
        // Behind these ports nothing ever waits.
        let record = engine.tick(Now::at(now)).now_or_never();
        course.acted(record.is_some_and(|record| record.decision.action.to().is_some()));
        course.note(&lock(&world));
    }
    course.result(&lock(&world))
}

fn engine(case: &Case, world: &Shared, driver: Driver) -> Engine {
    let source =
        SimSource { name: case.name.clone(), world: Shared::clone(world), counting: driver.counting };
    Engine {
        name: case.name.clone(),
        mode: Mode::Drive,
        sources: vec![Box::new(source)],
        target: Box::new(SimTarget { world: Shared::clone(world) }),
        controller: driver.controller,
        store: Box::new(Unkept),
        publishers: Vec::new(),
    }
}
