use super::counters::Counts;
use crate::model::{Deleted, Timestamp};
use crate::sim::load::Message;
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

/// The messages that arrived and are not done.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Messages that can be received, by their number, first come first served.
    waiting: VecDeque<usize>,
    /// Messages that can be received once one of their FIFO group is done.
    held_back: u64,
    /// For each FIFO group with a message waiting or in flight: those that come after it.
    groups: Vec<Option<VecDeque<usize>>>,
    /// Messages whose delay has not passed.
    delayed: u64,
    /// Messages whose worker was stopped, and which are hidden still.
    hidden: u64,
    done: u64,
    deletions: Deletions,
}

/// Messages deleted in each of the last whole minutes, as `CloudWatch` counts them.
#[derive(Debug, Default)]
struct Deletions {
    /// The minute under way, counted from 1970.
    minute: i64,
    count: u32,
    /// The minutes before it, the latest first.
    past: [u32; LATE_MINUTES + 1],
}

/// How late `CloudWatch` shows a minute.
const LATE_MINUTES: usize = 2;
const MINUTE_MS: i64 = 60_000;

impl Queue {
    /// Takes in a message that has arrived and is to be received later.
    pub(super) const fn delay(&mut self) {
        self.delayed = self.delayed.saturating_add(1);
    }

    /// Ends a message's delay.
    pub(super) const fn due(&mut self) {
        self.delayed = self.delayed.saturating_sub(1);
    }

    /// Whether a message that is due may be received, for all that its FIFO group has in flight. If not,
    /// it is kept until it may.
    pub(super) fn admit(&mut self, number: usize, message: &Message) -> bool {
        let Some(group) = message.group else { return true };
        let index = group.get() as usize;
        if self.groups.len() <= index {
            self.groups.resize_with(index.saturating_add(1), || None);
        }
        match self.groups.get_mut(index) {
            Some(Some(behind)) => {
                behind.push_back(number);
                self.held_back = self.held_back.saturating_add(1);
                false
            }
            Some(free) => {
                *free = Some(VecDeque::new());
                true
            }
            None => true,
        }
    }

    /// The message that may be received now that one of its FIFO group is done.
    pub(super) fn next_of(&mut self, group: Option<NonZeroU32>) -> Option<usize> {
        let line = self.groups.get_mut(group?.get() as usize)?;
        let next = line.as_mut()?.pop_front();
        match next {
            Some(_) => self.held_back = self.held_back.saturating_sub(1),
            None => *line = None,
        }
        next
    }

    pub(super) fn wait(&mut self, number: usize) {
        self.waiting.push_back(number);
    }

    /// The message that has been receivable for longest.
    pub(super) fn receive(&mut self) -> Option<usize> {
        self.waiting.pop_front()
    }

    /// The message that will be received next.
    pub(super) fn head(&self) -> Option<usize> {
        self.waiting.front().copied()
    }

    /// Hides the message of a stopped worker until its visibility timeout has passed.
    pub(super) const fn hide(&mut self) {
        self.hidden = self.hidden.saturating_add(1);
    }

    pub(super) const fn show(&mut self) {
        self.hidden = self.hidden.saturating_sub(1);
    }

    /// Deletes a finished message.
    pub(super) fn delete(&mut self, now: Timestamp) {
        self.done = self.done.saturating_add(1);
        self.deletions.turn(now);
        self.deletions.count = self.deletions.count.saturating_add(1);
    }

    pub(super) const fn hidden(&self) -> u64 {
        self.hidden
    }

    pub(super) const fn done(&self) -> u64 {
        self.done
    }

    /// The exact counts, given how many messages are being worked on.
    pub(super) fn counts(&self, busy: u64) -> Counts {
        Counts {
            visible: self.held_back.saturating_add(self.waiting.len() as u64),
            in_flight: self.hidden.saturating_add(busy),
            delayed: self.delayed,
        }
    }

    /// The latest whole minute that `CloudWatch` shows, if it is one of this queue's life.
    pub(super) fn deleted(&mut self, start: Timestamp, now: Timestamp) -> Option<Deleted> {
        self.deletions.turn(now);
        let late = i64::try_from(LATE_MINUTES).unwrap_or_default();
        let minute = self.deletions.minute.saturating_sub(late).saturating_sub(1);
        let from = Timestamp::from_millis(minute.saturating_mul(MINUTE_MS));
        let count = f64::from(*self.deletions.past.last()?);
        (from >= start).then_some(Deleted { from, lasts: Duration::from_mins(1), count })
    }
}

impl Deletions {
    /// Goes on to the minute of `now`.
    fn turn(&mut self, now: Timestamp) {
        let minute = now.as_millis().div_euclid(MINUTE_MS);
        for _ in (self.minute..minute).take(self.past.len()) {
            self.past.rotate_right(1);
            if let Some(latest) = self.past.first_mut() {
                *latest = std::mem::take(&mut self.count);
            }
        }
        self.minute = self.minute.max(minute);
    }
}
