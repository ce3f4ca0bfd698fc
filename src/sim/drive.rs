use super::case::Case;
use super::load::Message;
use super::ports::{Shared, SimSource, SimTarget, lock, share};
use super::run::{Course, Run};
use crate::assemble::policy;
use crate::controller::{Controller, State};
use crate::engine::Engine;
use crate::model::{Mode, Now, Record};
use crate::settings::Scaler;
use crate::source::Counting;
use crate::store::Unkept;
use crate::trouble::Watch;
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

impl Driver {
    /// What `scaler` asks for, with nothing remembered. Of several sources, the first one's counting.
    #[must_use]
    pub fn of(scaler: &Scaler) -> Self {
        let controller = Controller::new(policy(&scaler.policy), scaler.rules.clone(), State::default());
        let counting = scaler.sources.first().map_or(Counting::VISIBLE, |source| Counting {
            weight: source.weight,
            in_flight: source.count_in_flight,
            delayed: source.count_delayed,
        });
        Self { controller, counting }
    }
}

/// From one tick of the engine to the next.
pub const PERIOD: Duration = Duration::from_secs(10);

/// What records call the scaler and its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The scaler.
    pub scaler: String,
    /// The queue.
    pub queue: String,
}

/// A run of the shipped engine on `case`, whose messages are `messages`, with `driver` at its heart.
#[must_use]
pub fn run_engine(case: &Case, messages: &Arc<[Message]>, driver: Driver, history: bool) -> Run {
    let names = Names { scaler: case.name.clone(), queue: case.name.clone() };
    run_recorded(case, messages, driver, history, names, &mut |_| ())
}

/// The same, with each of its records given to `keep`.
pub fn run_recorded(
    case: &Case,
    messages: &Arc<[Message]>,
    driver: Driver,
    history: bool,
    names: Names,
    keep: &mut dyn FnMut(&Record),
) -> Run {
    let world = share(case.world(Arc::clone(messages)));
    let mut course = Course::new(case, PERIOD, history);
    let mut engine = engine(case, &world, driver, names);
    loop {
        // Not in a `while let`: the lock would be held for as long as its body runs.
        let Some(steady) = course.next(&mut lock(&world)) else { break };
        let now = Now { wall: steady.shifted(case.ahead_millis()), steady };
        // Behind these ports nothing ever waits.
        let record = engine.tick(now).now_or_never();
        course.acted(record.as_ref().is_some_and(|record| record.decision.action.to().is_some()));
        course.note(&lock(&world));
        record.iter().for_each(&mut *keep);
    }
    course.result(&lock(&world))
}

fn engine(case: &Case, world: &Shared, driver: Driver, names: Names) -> Engine {
    let source = SimSource {
        name: names.queue,
        world: Shared::clone(world),
        counting: driver.counting,
        deletions: case.deletions,
        ahead_millis: case.ahead_millis(),
    };
    Engine {
        name: names.scaler,
        mode: Mode::Drive,
        sources: vec![Box::new(source)],
        target: Box::new(SimTarget { world: Shared::clone(world) }),
        controller: driver.controller,
        watch: Watch::default(),
        store: Box::new(Unkept),
        publishers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::parse;
    use crate::sim::shapes::Shape;

    // 60 s of waiting, 10 s of work.
    const SETTINGS: &str = r#"
        [[scaler]]
        name = "images"
        source = [{ queue = "images" }]
        target = { name = "image-workers" }
        policy = { kind = "backlog_per_instance", acceptable_backlog = 6 }
    "#;

    fn driver() -> Driver {
        let settings = parse(&[("backlogd.toml".to_owned(), SETTINGS.to_owned())]).unwrap();
        Driver::of(settings.scalers.first().unwrap())
    }

    #[test]
    fn the_engine_keeps_up_with_a_steady_load_at_little_more_than_its_cost() {
        let case = Case { trace: Shape::Steady.trace(Duration::from_hours(6), 60.0, 1), ..Case::default() };
        let ran = run_engine(&case, &case.messages(), driver(), true);
        // One message of 10 s a second keeps ten instances busy for 6 h.
        assert!(ran.late_percent < 1.0 && (60.0..75.0).contains(&ran.instance_hours), "{ran:?}");
        assert_eq!(ran.history.first().map(|point| point.at), Some(PERIOD));
    }

    #[test]
    fn the_same_case_gives_the_same_run() {
        let case = Case { trace: Shape::Spikes.trace(Duration::from_hours(6), 10.0, 1), ..Case::default() };
        let run = || run_engine(&case, &case.messages(), driver(), true);
        assert_eq!(run(), run());
    }
}
