mod counters;
mod group;
mod queue;
mod tally;
mod terms;

pub use counters::Counts;
pub use group::Refused;
pub(super) use tally::quantile;
pub use tally::{Census, Tally};
pub use terms::{Faults, GroupTerms, QueueTerms, Victims};

use super::load::Message;
use crate::model::{Deleted, Fleet, Timestamp};
use counters::{Counters, STEP};
use group::{Group, Launch, Work};
use queue::Queue;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

/// A queue, its producers and a group of workers, from a beginning on. Exact inside; what it shows of
/// itself is as approximate as AWS's counters are.
#[derive(Debug)]
pub struct World {
    start: Timestamp,
    now: Timestamp,
    terms: QueueTerms,
    messages: Arc<[Message]>,
    /// How many of `messages` have arrived.
    arrived: usize,
    queue: Queue,
    counters: Counters,
    group: Group,
    /// Per message: when the work that counts began.
    begun: Vec<Timestamp>,
    /// When which slot finishes its message, unless it is stopped before.
    finishes: BinaryHeap<Reverse<(Timestamp, usize)>>,
    events: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    /// How many events were ever made: what happens at the same time happens in the order it was caused.
    made: u64,
    /// The next point of the grid on which counters are kept.
    next_step: Timestamp,
    /// Whether `now` is where the world is to stand still.
    paused: bool,
    killed: u64,
    lost: Duration,
}

/// What is bound to happen, by instance or message number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// An instance has booted.
    Booted(usize),
    /// An instance will not come into service, or the provider takes it back.
    Lost(usize),
    /// An instance has terminated.
    Gone(usize),
    /// A message's visibility timeout has passed.
    Shown(usize),
    /// A message's delay has passed.
    Due(usize),
    /// There is room for so many instances from now on.
    Ceiling(u32),
    /// Somebody else sets the desired capacity.
    Meddled(u32),
}

/// A time that never comes.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

impl World {
    /// A world that begins at `start`; `messages` are in order of arrival.
    #[must_use]
    pub fn new(
        queue: QueueTerms,
        group: GroupTerms,
        messages: impl Into<Arc<[Message]>>,
        start: Timestamp,
        seed: u64,
    ) -> Self {
        let messages = messages.into();
        let (ceilings, meddling) = (group.faults.ceilings.clone(), group.faults.meddling.clone());
        let (group, first) = Group::new(group, start, seed);
        let mut world = Self {
            start,
            now: start,
            counters: Counters::new(&queue, start, seed),
            terms: queue,
            group,
            begun: vec![NEVER; messages.len()],
            messages,
            arrived: 0,
            queue: Queue::default(),
            finishes: BinaryHeap::new(),
            events: BinaryHeap::new(),
            made: 0,
            next_step: start,
            paused: false,
            killed: 0,
            lost: Duration::ZERO,
        };
        for launch in first {
            world.plan_end(&launch);
        }
        for (after, room) in ceilings {
            world.plan(start + after, Event::Ceiling(room));
        }
        for (after, to) in meddling {
            world.plan(start + after, Event::Meddled(to));
        }
        world
    }

    /// Lets everything happen that is due by `until`. Who could receive a message at that very moment
    /// does so after whatever is done to the world then. A time that has passed changes nothing.
    pub fn advance_to(&mut self, until: Timestamp) {
        while self.next_step <= until {
            self.work_off(self.next_step);
            self.counters.keep(self.queue.counts(self.group.busy()));
            self.next_step = self.next_step + STEP;
        }
        self.work_off(until);
    }

    /// Sets the desired capacity: what is lacking is launched, what is too much is stopped. Whether it
    /// is another than before.
    pub fn set_desired(&mut self, to: u32) -> Result<bool, Refused> {
        let changed = self.group.set_desired(to)?;
        self.launch_lacking();
        self.stop_surplus();
        Ok(changed)
    }

    /// The counters, as approximate as the real ones. Read twice in five seconds, they are as wrong as before.
    #[must_use]
    pub fn counters(&mut self) -> Counts {
        let exact = self.queue.counts(self.group.busy());
        self.counters.read(&self.terms, self.now, exact)
    }

    /// The latest minute's deletions that `CloudWatch` shows: two minutes late.
    #[must_use]
    pub fn deleted(&mut self) -> Option<Deleted> {
        self.queue.deleted(self.start, self.now)
    }

    /// The group, as it describes itself.
    #[must_use]
    pub fn fleet(&self) -> Fleet {
        self.group.fleet(self.now)
    }

    /// The queue's terms.
    #[must_use]
    pub const fn queue(&self) -> &QueueTerms {
        &self.terms
    }

    /// Messages whose worker was stopped, and which are hidden still.
    #[must_use]
    pub const fn hidden(&self) -> u64 {
        self.queue.hidden()
    }

    /// When it is.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Capacity that was asked for.
    #[must_use]
    pub const fn desired(&self) -> u32 {
        self.group.desired()
    }

    /// Capacity units in service, as the group says.
    #[must_use]
    pub fn in_service(&self) -> u32 {
        self.group.in_service(self.now)
    }

    /// Instances that take messages.
    #[must_use]
    pub fn working(&self) -> u32 {
        self.group.working(self.now)
    }

    /// When each instance was launched that is neither terminating nor gone, oldest first.
    pub fn launched(&self) -> impl Iterator<Item = Timestamp> {
        self.group.launched()
    }

    /// How long the message has waited that will be received next.
    #[must_use]
    pub fn oldest_wait(&self) -> Duration {
        let head = self.queue.head().and_then(|number| self.messages.get(number));
        head.map_or(Duration::ZERO, |message| self.now.since(message.due()))
    }

    fn work_off(&mut self, until: Timestamp) {
        if self.now < until {
            self.resume();
        }
        loop {
            let event = self.events.peek().map_or(NEVER, |Reverse((at, ..))| *at);
            let finish = self.finishes.peek().map_or(NEVER, |Reverse((at, _))| *at);
            let arrival = self.messages.get(self.arrived).map_or(NEVER, |message| message.arrives);
            let next = event.min(finish).min(arrival);
            if next > until || next == NEVER {
                break;
            }
            self.now = next;
            self.paused = next == until;
            if event == next {
                self.happen();
            } else if finish == next {
                self.finish();
            } else {
                self.arrive();
            }
        }
        self.now = self.now.max(until);
    }

    /// Gives the messages to the workers that met at the moment at which the world stood still.
    fn resume(&mut self) {
        self.paused = false;
        while self.queue.head().is_some()
            && let Some(slot) = self.group.free_slot()
        {
            self.serve(slot);
        }
    }

    fn arrive(&mut self) {
        let number = self.arrived;
        self.arrived = number.saturating_add(1);
        let delay = self.messages.get(number).map_or(Duration::ZERO, |message| message.delay);
        if delay.is_zero() {
            self.appear(number);
        } else {
            self.queue.delay();
            self.plan(self.now + delay, Event::Due(number));
        }
    }

    /// Makes a message one that can be received, unless its FIFO group stands in the way.
    fn appear(&mut self, number: usize) {
        if self.messages.get(number).is_none_or(|message| self.queue.admit(number, message)) {
            self.offer(number);
        }
    }

    /// Gives a message to the worker that has waited longest, or has it wait.
    fn offer(&mut self, number: usize) {
        let slot = if self.paused { None } else { self.group.free_slot() };
        match slot {
            Some(slot) => self.begin(number, slot),
            None => self.queue.wait(number),
        }
    }

    fn begin(&mut self, number: usize, slot: usize) {
        if let Some(begun) = self.begun.get_mut(number) {
            *begun = self.now;
        }
        let work = self.messages.get(number).map_or(Duration::ZERO, |message| message.work);
        let ends = self.now + work;
        self.group.begin(slot, Work { message: number, begun: self.now, ends });
        self.finishes.push(Reverse((ends, slot)));
    }

    /// Gives a free worker the next message, or has it wait.
    fn serve(&mut self, slot: usize) {
        let next = if self.paused { None } else { self.queue.receive() };
        match next {
            Some(number) => self.begin(number, slot),
            None => self.group.wait(slot),
        }
    }

    fn finish(&mut self) {
        let Some(Reverse((_, slot))) = self.finishes.pop() else { return };
        let Some(number) = self.group.finish(slot) else { return };
        self.queue.delete(self.now);
        let group = self.messages.get(number).and_then(|message| message.group);
        if let Some(next) = self.queue.next_of(group) {
            self.offer(next);
        }
        // It may be the idle moment that a protected instance's end was waiting for.
        self.stop_surplus();
        if self.group.serves(slot) {
            self.serve(slot);
        }
    }

    fn happen(&mut self) {
        let Some(Reverse((_, _, event))) = self.events.pop() else { return };
        match event {
            Event::Booted(instance) => {
                for slot in self.group.booted(instance) {
                    self.serve(slot);
                }
            }
            Event::Lost(instance) => {
                self.stop(instance, false);
                self.launch_lacking();
            }
            Event::Gone(instance) => self.group.bury(instance),
            Event::Shown(number) => {
                self.queue.show();
                self.offer(number);
            }
            Event::Due(number) => {
                self.queue.due();
                self.appear(number);
            }
            Event::Ceiling(room) => {
                self.group.set_ceiling(room);
                self.launch_lacking();
            }
            // What the group would refuse changes nothing.
            Event::Meddled(to) => drop(self.set_desired(to)),
        }
    }

    fn launch_lacking(&mut self) {
        while let Some(launch) = self.group.launch_one(self.now) {
            let coming = if launch.fails { Event::Lost } else { Event::Booted };
            self.plan(launch.at, coming(launch.instance));
            self.plan_end(&launch);
        }
    }

    fn plan_end(&mut self, launch: &Launch) {
        if let Some(at) = launch.taken_back {
            self.plan(at, Event::Lost(launch.instance));
        }
    }

    fn stop_surplus(&mut self) {
        while let Some(victim) = self.group.victim() {
            self.stop(victim, self.group.drains());
        }
    }

    fn stop(&mut self, instance: usize, finishes: bool) {
        let Some(gone) = self.group.stop(instance, self.now, finishes) else { return };
        self.plan(gone, Event::Gone(instance));
        if finishes {
            return;
        }
        while let Some(work) = self.group.interrupt(instance) {
            self.killed = self.killed.saturating_add(1);
            self.lost = self.lost.saturating_add(self.now.since(work.begun));
            if let Some(begun) = self.begun.get_mut(work.message) {
                *begun = NEVER;
            }
            self.queue.hide();
            self.plan(self.now + self.terms.visibility_timeout, Event::Shown(work.message));
        }
    }

    fn plan(&mut self, at: Timestamp, event: Event) {
        self.events.push(Reverse((at, self.made, event)));
        self.made = self.made.saturating_add(1);
    }
}
