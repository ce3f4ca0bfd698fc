//! The demo's story: its queue, its group, its burst, and the engine that meets them.

use super::load::{Phase, messages};
use super::ports::{Shared, SimSource, SimTarget, lock, share};
use super::world::{Faults, GroupTerms, QueueTerms, Victims, World};
use crate::controller::{Controller, Rules, State};
use crate::engine::Engine;
use crate::model::{Hints, Mode, Now, Record, Timestamp, Tuning};
use crate::policy::Latency;
use crate::source::Counting;
use crate::store::Unkept;
use crate::trouble::Watch;
use chacha20::ChaCha8Rng;
use rand::SeedableRng;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The story's world and the engine on it.
#[derive(Debug)]
pub struct Stage {
    world: Shared,
    engine: Engine,
    next: Timestamp,
}

/// From one tick to the next.
pub(super) const TICK: Duration = Duration::from_secs(10);
/// Midnight, so that a record's time of day reads as the time since the beginning.
pub(super) const START: Timestamp = Timestamp::from_secs(1_767_225_600); // 2026-01-01T00:00:00Z
/// A limit for worlds that do not come to rest by themselves.
const LONGEST: Duration = Duration::from_mins(40);

pub(super) const QUEUE: &str = "images";
pub(super) const GROUP: &str = "image-workers";
pub(super) const MAX: u32 = 10;
pub(super) const SLOTS: u32 = 2;
pub(super) const BOOT_MS: RangeInclusive<u64> = 90_000..=150_000;
pub(super) const WORK_MS: RangeInclusive<u64> = 3_000..=7_000;
/// The boot time that the settings give: the policy need not guess what its owner knows.
pub(super) const BOOT_GIVEN: Duration = Duration::from_mins(2);
/// The wait that is acceptable. A shorter one than a boot, no fleet that is ordered on demand could hold.
pub(super) const OBJECTIVE: Duration = Duration::from_mins(3);

/// The story of the arrivals, and what is said when each part of it begins.
pub(super) const STORY: [(Phase, &str); 4] = [
    (phase(90, 18), "A quiet queue: a message every few seconds."),
    (phase(180, 240), "A burst: 240 messages a minute for three minutes."),
    (phase(480, 18), "The burst is over: a message every few seconds again."),
    (phase(0, 0), "The producers have gone home: nothing more arrives."),
];

const fn phase(secs: u64, per_minute: u32) -> Phase {
    Phase { lasts: Duration::from_secs(secs), per_minute }
}

/// What decides: as in a settings file with an objective, a boot time and slots, and no more.
fn control() -> (Latency, Rules) {
    let hints = Hints {
        objective_secs: OBJECTIVE.as_secs_f64(),
        processing_secs: None,
        slots: Some(SLOTS),
        boot_secs: Some(BOOT_GIVEN.as_secs_f64()),
    };
    // What is busy is protected, and finishes its messages.
    let policy = Latency { hints, drains: true, tuning: Tuning::SHIPPED };
    (policy, Rules { slots: SLOTS, ..Rules::unhurried() })
}

fn world(seed: u64) -> World {
    let queue = QueueTerms {
        visibility_timeout: Duration::from_secs(30),
        stale_max: Duration::from_secs(5),
        noise_percent: 2.0,
        phantom_percent: 0.0,
        zero_percent: 0.0,
    };
    let group = GroupTerms {
        min: 0,
        max: MAX,
        initial: 1,
        slots: SLOTS,
        boot: Duration::from_millis(*BOOT_MS.start())..=Duration::from_millis(*BOOT_MS.end()),
        in_service_after: None,
        stopping: Duration::from_secs(20),
        victims: Victims::Idle,
        weights: Vec::new(),
        faults: Faults::default(),
    };
    let story = STORY.map(|(phase, _)| phase);
    let messages = messages(&story, START, WORK_MS, &mut ChaCha8Rng::seed_from_u64(seed));
    World::new(queue, group, messages, START, seed)
}

impl Stage {
    /// The story at its beginning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let world = share(world(seed));
        let (policy, rules) = control();
        let engine = Engine {
            name: QUEUE.to_owned(),
            mode: Mode::Drive,
            sources: vec![Box::new(SimSource {
                name: QUEUE.to_owned(),
                world: Shared::clone(&world),
                counting: Counting::VISIBLE,
                deletions: true,
                ahead_millis: 0,
            })],
            target: Box::new(SimTarget { world: Shared::clone(&world) }),
            controller: Controller::new(Box::new(policy), rules, State::default()),
            watch: Watch::default(),
            store: Box::new(Unkept),
            publishers: Vec::new(),
        };
        Self { world, engine, next: START }
    }

    /// Lets the world go on to the next tick and turns the crank once.
    pub async fn tick(&mut self) -> Record {
        let now = self.next;
        lock(&self.world).advance_to(now);
        self.next = now + TICK;
        self.engine.tick(Now::at(now)).await
    }

    /// When the next tick is.
    #[must_use]
    pub const fn next(&self) -> Timestamp {
        self.next
    }

    /// Whether the story has come to its end: nothing more arrives, nothing is left, nobody works.
    #[must_use]
    pub fn over(&self) -> bool {
        let world = lock(&self.world);
        let (census, fleet) = (world.census(), world.fleet());
        let alive = fleet.in_service.saturating_add(fleet.pending).saturating_add(fleet.terminating);
        let at_rest = census.to_come == 0 && census.done == census.arrived && alive == 0;
        at_rest || self.next.since(START) > LONGEST
    }

    /// Messages that have waited longer than the objective so far.
    #[must_use]
    pub fn late(&self) -> usize {
        lock(&self.world).waits_of(|_| true).filter(|wait| *wait > OBJECTIVE).count()
    }

    /// The world, to look at.
    #[must_use]
    pub const fn world(&self) -> &Shared {
        &self.world
    }
}
