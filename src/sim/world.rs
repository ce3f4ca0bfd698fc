use super::group::{Group, GroupTerms, Refused};
use super::load::Message;
use crate::model::{Fleet, Timestamp};
use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

/// What the queue and its counters are like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueTerms {
    /// How long the messages of a stopped worker stay hidden.
    pub visibility_timeout: Duration,
    /// How old a reading of the visible counter may be.
    pub stale_max: Duration,
    /// How far the counters may be off, to either side; 0 to 100.
    pub noise_percent: u32,
}

/// A queue, its producers and a group of workers, from a beginning on. Exact inside; what it shows of
/// itself is as approximate as AWS's counters are.
#[derive(Debug)]
pub struct World {
    now: Timestamp,
    queue: QueueTerms,
    group: Group,
    messages: Vec<Message>,
    /// How many of `messages` have arrived.
    arrived: usize,
    /// Messages that can be received, first come first served.
    waiting: VecDeque<usize>,
    done: u64,
    killed: u64,
    /// Per message: when the work that counts began.
    begun: Vec<Option<Timestamp>>,
    events: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    /// How many events were ever made: what happens at the same time happens in the order it was caused.
    made: u64,
    /// Visible messages after each change of the recent past, for stale readings.
    past: VecDeque<(Timestamp, u64)>,
    readings: ChaCha8Rng,
}

/// What is bound to happen, by instance and message number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Booted(usize),
    Finished(usize, usize),
    Returned(usize),
    Buried(usize),
}

/// The queue's counters as a reader gets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Messages that can be received: a few percent off, and a few seconds old.
    pub visible: u64,
    /// Messages being worked on or still hidden: a few percent off.
    pub in_flight: u64,
}

/// Where every message is, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Messages that ever arrived.
    pub arrived: u64,
    /// Messages that will still arrive.
    pub to_come: u64,
    /// Messages that can be received.
    pub visible: u64,
    /// Messages being worked on or still hidden.
    pub in_flight: u64,
    /// Messages finished.
    pub done: u64,
}

/// What became of it all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Messages finished.
    pub done: u64,
    /// Messages whose worker was taken from under them; each was worked on again.
    pub killed: u64,
    /// The longest time from sending to the work that counted.
    pub longest_wait: Duration,
    /// The wait that 95 of 100 messages did not exceed.
    pub p95_wait: Duration,
    /// The time all instances ran, booting and terminating included.
    pub running: Duration,
}

impl World {
    /// A world that begins at `start`; `messages` are in order of arrival.
    #[must_use]
    pub fn new(
        queue: QueueTerms,
        group: GroupTerms,
        messages: Vec<Message>,
        start: Timestamp,
        seed: u64,
    ) -> Self {
        // A stream of chance for each matter, so that one controller's actions do not change another's luck.
        let stream = |number| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            rng
        };
        Self {
            now: start,
            queue,
            group: Group::new(group, start, stream(1), stream(2)),
            begun: vec![None; messages.len()],
            messages,
            arrived: 0,
            waiting: VecDeque::new(),
            done: 0,
            killed: 0,
            events: BinaryHeap::new(),
            made: 0,
            past: VecDeque::from([(start, 0)]),
            readings: stream(3),
        }
    }

    /// Lets everything happen that is due by `until`. A time that has passed changes nothing.
    pub fn advance_to(&mut self, until: Timestamp) {
        while let Some(at) = self.next_change().filter(|at| *at <= until) {
            self.now = at;
            self.step();
            self.dispatch();
            self.remember();
        }
        self.now = self.now.max(until);
    }

    /// Sets the desired capacity: what is lacking is launched, what is too much is stopped.
    pub fn set_desired(&mut self, to: u32) -> Result<(), Refused> {
        self.group.set_desired(to)?;
        for (id, ready) in self.group.launch(self.now) {
            self.plan(ready, Event::Booted(id));
        }
        self.stop_surplus();
        Ok(())
    }

    /// The counters, as approximate as the real ones.
    #[must_use]
    pub fn counters(&mut self) -> Counters {
        let stale_ms = self.queue.stale_max.as_millis().try_into().unwrap_or(u64::MAX);
        let stale = Duration::from_millis(self.readings.random_range(0..=stale_ms));
        let then = self.past.iter().rfind(|(at, _)| self.now.since(*at) >= stale);
        let visible = then.or(self.past.front()).map_or(0, |(_, visible)| *visible);
        let in_flight = self.census().in_flight;
        Counters { visible: self.blurred(visible), in_flight: self.blurred(in_flight) }
    }

    /// The group, as it describes itself.
    #[must_use]
    pub fn fleet(&self) -> Fleet {
        self.group.fleet()
    }

    /// Where every message is.
    #[must_use]
    pub fn census(&self) -> Census {
        let arrived = self.arrived as u64;
        let visible = self.waiting.len() as u64;
        Census {
            arrived,
            to_come: (self.messages.len() as u64).saturating_sub(arrived),
            visible,
            in_flight: arrived.saturating_sub(visible).saturating_sub(self.done),
            done: self.done,
        }
    }

    /// The queue's terms.
    #[must_use]
    pub const fn queue(&self) -> &QueueTerms {
        &self.queue
    }

    /// What has become of it all so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let starts = self.messages.iter().zip(&self.begun);
        let mut waits: Vec<Duration> =
            starts.filter_map(|(message, begun)| Some((*begun)?.since(message.arrives))).collect();
        waits.sort_unstable();
        let rank = (waits.len().saturating_mul(95)).div_ceil(100).saturating_sub(1);
        Tally {
            done: self.done,
            killed: self.killed,
            longest_wait: waits.last().copied().unwrap_or_default(),
            p95_wait: waits.get(rank).copied().unwrap_or_default(),
            running: self.group.running_time(self.now),
        }
    }

    fn next_change(&self) -> Option<Timestamp> {
        let arrival = self.messages.get(self.arrived).map(|message| message.arrives);
        let event = self.events.peek().map(|Reverse((at, ..))| *at);
        arrival.into_iter().chain(event).min()
    }

    /// Lets the next thing happen.
    fn step(&mut self) {
        if self.messages.get(self.arrived).is_some_and(|message| message.arrives <= self.now) {
            self.waiting.push_back(self.arrived);
            self.arrived = self.arrived.saturating_add(1);
            return;
        }
        let Some(Reverse((_, _, event))) = self.events.pop() else { return };
        match event {
            Event::Booted(instance) => self.group.enter_service(instance),
            Event::Finished(instance, message) => self.finish(instance, message),
            Event::Returned(message) => self.waiting.push_back(message),
            Event::Buried(instance) => self.group.bury(instance, self.now),
        }
    }

    fn finish(&mut self, instance: usize, message: usize) {
        if self.group.release(instance, message) {
            self.done = self.done.saturating_add(1);
            // It may be the idle moment that a protected instance's end was waiting for.
            self.stop_surplus();
        }
    }

    /// Gives waiting messages to free workers.
    fn dispatch(&mut self) {
        while let Some(message) = self.waiting.front().copied() {
            let Some(instance) = self.group.assign(message) else { return };
            self.waiting.pop_front();
            if let Some(begun) = self.begun.get_mut(message) {
                *begun = Some(self.now);
            }
            let work = self.messages.get(message).map_or(Duration::ZERO, |message| message.work);
            self.plan(self.now + work, Event::Finished(instance, message));
        }
    }

    fn stop_surplus(&mut self) {
        while let Some((instance, gone, held)) = self.group.stop_one(self.now) {
            self.plan(gone, Event::Buried(instance));
            for message in held {
                self.killed = self.killed.saturating_add(1);
                self.plan(self.now + self.queue.visibility_timeout, Event::Returned(message));
            }
        }
    }

    fn plan(&mut self, at: Timestamp, event: Event) {
        self.events.push(Reverse((at, self.made, event)));
        self.made = self.made.saturating_add(1);
    }

    /// Keeps the visible count for readers who get it late, and forgets what none can get any more.
    fn remember(&mut self) {
        self.past.push_back((self.now, self.waiting.len() as u64));
        while self.past.get(1).is_some_and(|(at, _)| self.now.since(*at) > self.queue.stale_max) {
            self.past.pop_front();
        }
    }

    fn blurred(&mut self, exact: u64) -> u64 {
        let percent = u64::from(self.queue.noise_percent.min(100));
        let thousandths = self.readings.random_range(1000 - percent * 10..=1000 + percent * 10);
        exact.saturating_mul(thousandths).saturating_add(500) / 1000
    }
}
