use super::NEVER;
use super::terms::{GroupTerms, Victims};
use crate::model::{Fleet, Instance as Named, Timestamp};
use crate::sim::chance::{Matter, happens, millis, stream};
use chacha20::ChaCha8Rng;
use rand::RngExt;
use std::collections::VecDeque;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// A desired capacity that the group does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("SetDesiredCapacity {to}: ValidationError: outside the group's {min} to {max}")]
pub struct Refused {
    to: u32,
    min: u32,
    max: u32,
}

/// The instances, past and present, and what they work on.
#[derive(Debug)]
pub(super) struct Group {
    terms: GroupTerms,
    desired: u32,
    /// How many instances the provider has room for.
    ceiling: u32,
    instances: Vec<Instance>,
    /// Those that are neither terminating nor gone, oldest first.
    living: Vec<usize>,
    /// What the living stand for, in capacity units.
    living_units: u32,
    terminating_units: u32,
    slots: Vec<Slot>,
    /// Free slots, the one that has waited longest first. Those of the dead are passed over.
    idle: VecDeque<usize>,
    busy: u64,
    /// The time for which instances that had to go are billed.
    billed: Duration,
    luck: ChaCha8Rng,
    victims: ChaCha8Rng,
}

#[derive(Clone, Debug)]
struct Instance {
    id: Arc<str>,
    launched: Timestamp,
    in_service_from: Timestamp,
    ready: Timestamp,
    units: u32,
    slots: Range<usize>,
    busy: u32,
    living: bool,
}

/// What takes one message at a time.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    instance: usize,
    work: Option<Work>,
}

/// A message being worked on, by its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) message: usize,
    pub(super) begun: Timestamp,
    pub(super) ends: Timestamp,
}

/// What lies ahead of a new instance.
pub(super) struct Launch {
    pub(super) instance: usize,
    /// When it takes its first message, or, failed, is given up.
    pub(super) at: Timestamp,
    pub(super) fails: bool,
    /// When it will be taken back, if it lives so long.
    pub(super) taken_back: Option<Timestamp>,
}

/// A group that gave up a launch at once would launch without end.
const GIVEN_UP_AFTER_LEAST: Duration = Duration::from_secs(1);
/// The least time for which an instance is billed.
const BILLED_AT_LEAST: Duration = Duration::from_mins(1);

impl Group {
    /// The group at its beginning, and what lies ahead of its first instances.
    pub(super) fn new(terms: GroupTerms, start: Timestamp, seed: u64) -> (Self, Vec<Launch>) {
        let mut group = Self {
            desired: 0,
            ceiling: u32::MAX,
            terms,
            instances: Vec::new(),
            living: Vec::new(),
            living_units: 0,
            terminating_units: 0,
            slots: Vec::new(),
            idle: VecDeque::new(),
            busy: 0,
            billed: Duration::ZERO,
            luck: stream(seed, Matter::Boots),
            victims: stream(seed, Matter::Victims),
        };
        let first: Vec<Launch> = (0..group.terms.initial).map(|_| group.launch(start)).collect();
        for launch in &first {
            if let Some(warm) = group.instances.get_mut(launch.instance) {
                (warm.ready, warm.in_service_from) = (start, start);
                group.idle.extend(warm.slots.clone());
            }
        }
        group.desired = group.living_units;
        (group, first)
    }

    /// Takes a new desired capacity, and whether it is another; launching and stopping are the world's
    /// next steps.
    pub(super) fn set_desired(&mut self, to: u32) -> Result<bool, Refused> {
        let GroupTerms { min, max, .. } = self.terms;
        if !(min..=max).contains(&to) {
            return Err(Refused { to, min, max });
        }
        Ok(std::mem::replace(&mut self.desired, to) != to)
    }

    /// Takes a new limit to the instances that there is room for.
    pub(super) const fn set_ceiling(&mut self, to: u32) {
        self.ceiling = to;
    }

    /// Launches one instance, if one is lacking and there is room for it.
    pub(super) fn launch_one(&mut self, now: Timestamp) -> Option<Launch> {
        let lacking = self.living_units < self.desired && self.living.len() < self.ceiling as usize;
        lacking.then(|| self.launch(now))
    }

    fn launch(&mut self, now: Timestamp) -> Launch {
        let number = self.instances.len();
        let (faults, boot) = (&self.terms.faults, &self.terms.boot);
        let span = boot.end().saturating_sub(*boot.start()).as_secs_f64() * 1000.0;
        let ready = now + *boot.start() + millis(span * self.luck.random::<f64>());
        // Every launch draws all of its luck, so that none depends on what others were in for.
        let fails = happens(faults.failed_launches_percent, &mut self.luck);
        let life = -libm::log(1.0 - self.luck.random::<f64>());
        let taken_back =
            faults.mean_life.map(|mean| now + millis((mean.as_secs_f64() * 1000.0 * life).min(1e15)));
        let given_up = now + faults.failed_after.max(GIVEN_UP_AFTER_LEAST);
        let in_service_from = self.terms.in_service_after.map_or(ready, |after| now + after);
        let turn = number.checked_rem(self.terms.weights.len()).unwrap_or_default();
        let units = self.terms.weights.get(turn).copied().unwrap_or(1);
        let first = self.slots.len();
        let width = self.terms.slots.saturating_mul(units) as usize;
        let slots = first..first.saturating_add(width);
        self.slots.resize(slots.end, Slot { instance: number, work: None });
        self.instances.push(Instance {
            id: name(number),
            launched: now,
            in_service_from: if fails { NEVER } else { in_service_from },
            ready: if fails { NEVER } else { ready },
            units,
            slots,
            busy: 0,
            living: true,
        });
        self.living.push(number);
        self.living_units = self.living_units.saturating_add(units);
        Launch { instance: number, at: if fails { given_up } else { ready }, fails, taken_back }
    }

    /// One instance too many, if there is one that may go; it has to now.
    pub(super) fn victim(&mut self) -> Option<usize> {
        let surplus = self.living_units.checked_sub(self.desired).filter(|surplus| *surplus > 0)?;
        let alike = self.terms.weights.is_empty() && self.terms.victims != Victims::Idle;
        let eligible: Vec<usize>;
        let candidates = if alike {
            &self.living
        } else {
            eligible = self.living.iter().copied().filter(|number| self.may_go(*number, surplus)).collect();
            &eligible
        };
        let count = u32::try_from(candidates.len()).ok().filter(|count| *count > 0)?;
        candidates.get(self.victims.random_range(0..count) as usize).copied()
    }

    fn may_go(&self, number: usize, surplus: u32) -> bool {
        self.instances.get(number).is_some_and(|instance| {
            instance.units <= surplus && (self.terms.victims != Victims::Idle || instance.busy == 0)
        })
    }

    /// Whether victims finish what they have.
    pub(super) fn drains(&self) -> bool {
        self.terms.victims == Victims::Drain
    }

    /// Starts to terminate an instance, which may finish its work or not: when it will be gone.
    /// Nothing if it is on its way already.
    pub(super) fn stop(&mut self, number: usize, now: Timestamp, finishes: bool) -> Option<Timestamp> {
        let instance = self.instances.get_mut(number).filter(|instance| instance.living)?;
        instance.living = false;
        self.living.retain(|living| *living != number);
        self.living_units = self.living_units.saturating_sub(instance.units);
        self.terminating_units = self.terminating_units.saturating_add(instance.units);
        let slots = self.slots.get(instance.slots.clone()).unwrap_or_default();
        let last = slots.iter().filter_map(|slot| Some(slot.work?.ends)).max().filter(|_| finishes);
        let gone = last.unwrap_or(now) + self.terms.stopping;
        self.billed = self.billed.saturating_add(bill(instance.launched, gone));
        Some(gone)
    }

    /// Takes away what an instance works on, message by message.
    pub(super) fn interrupt(&mut self, number: usize) -> Option<Work> {
        let instance = self.instances.get_mut(number)?;
        let slots = self.slots.get_mut(instance.slots.clone())?;
        let work = slots.iter_mut().find_map(|slot| slot.work.take())?;
        instance.busy = instance.busy.saturating_sub(1);
        self.busy = self.busy.saturating_sub(1);
        Some(work)
    }

    /// Ends an instance's termination.
    pub(super) fn bury(&mut self, number: usize) {
        let units = self.instances.get(number).map_or(0, |instance| instance.units);
        self.terminating_units = self.terminating_units.saturating_sub(units);
    }

    /// The slots of an instance that has booted; none if it was stopped meanwhile.
    pub(super) fn booted(&self, number: usize) -> Range<usize> {
        let instance = self.instances.get(number).filter(|instance| instance.living);
        instance.map_or(0..0, |instance| instance.slots.clone())
    }

    /// Has a free slot wait for a message.
    pub(super) fn wait(&mut self, slot: usize) {
        self.idle.push_back(slot);
    }

    /// The free slot that has waited longest, which waits no more.
    pub(super) fn free_slot(&mut self) -> Option<usize> {
        while let Some(slot) = self.idle.pop_front() {
            if self.serves(slot) {
                return Some(slot);
            }
        }
        None
    }

    /// Whether a slot's instance takes messages still.
    pub(super) fn serves(&self, slot: usize) -> bool {
        let instance = self.slots.get(slot).and_then(|slot| self.instances.get(slot.instance));
        instance.is_some_and(|instance| instance.living)
    }

    /// Has a slot begin.
    pub(super) fn begin(&mut self, slot: usize, work: Work) {
        let Some(slot) = self.slots.get_mut(slot) else { return };
        slot.work = Some(work);
        self.busy = self.busy.saturating_add(1);
        if let Some(instance) = self.instances.get_mut(slot.instance) {
            instance.busy = instance.busy.saturating_add(1);
        }
    }

    /// Takes the finished message from a slot. Nothing if its instance no longer had it: it was stopped.
    pub(super) fn finish(&mut self, slot: usize) -> Option<usize> {
        let slot = self.slots.get_mut(slot)?;
        let work = slot.work.take()?;
        self.busy = self.busy.saturating_sub(1);
        if let Some(instance) = self.instances.get_mut(slot.instance) {
            instance.busy = instance.busy.saturating_sub(1);
        }
        Some(work.message)
    }

    /// Messages being worked on.
    pub(super) const fn busy(&self) -> u64 {
        self.busy
    }

    pub(super) const fn desired(&self) -> u32 {
        self.desired
    }

    /// Sizes and states, as the group describes itself.
    pub(super) fn fleet(&self, now: Timestamp) -> Fleet {
        let named = |instance: &Instance| Named {
            id: Arc::clone(&instance.id),
            in_service: instance.in_service_from <= now,
            capacity: instance.units,
        };
        let instances: Vec<Named> = self.living().map(named).collect();
        let in_service = instances.iter().filter(|one| one.in_service).map(|one| one.capacity).sum();
        Fleet {
            desired: self.desired,
            min: self.terms.min,
            max: self.terms.max,
            in_service,
            pending: self.living_units.saturating_sub(in_service),
            terminating: self.terminating_units,
            weighted: !self.terms.weights.is_empty(),
            instances,
            ..Fleet::default()
        }
    }

    /// When each living instance was launched, oldest first.
    pub(super) fn launched(&self) -> impl Iterator<Item = Timestamp> {
        self.living().map(|instance| instance.launched)
    }

    /// Capacity units in service, as the group says.
    pub(super) fn in_service(&self, now: Timestamp) -> u32 {
        self.living().filter(|one| one.in_service_from <= now).map(|one| one.units).sum()
    }

    /// Living instances that have booted.
    pub(super) fn working(&self, now: Timestamp) -> u32 {
        self.living().filter(|one| one.ready <= now).map(|_| 1).sum()
    }

    /// Instances ever launched, the first ones included.
    pub(super) fn launches(&self) -> u64 {
        self.instances.len() as u64
    }

    /// The time for which all instances are billed, until now or until they are gone.
    pub(super) fn billed(&self, now: Timestamp) -> Duration {
        self.living().fold(self.billed, |sum, one| sum.saturating_add(bill(one.launched, now)))
    }

    fn living(&self) -> impl Iterator<Item = &Instance> {
        self.living.iter().filter_map(|number| self.instances.get(*number))
    }
}

fn bill(launched: Timestamp, gone: Timestamp) -> Duration {
    gone.since(launched).max(BILLED_AT_LEAST)
}

/// An identifier that looks like EC2's.
fn name(number: usize) -> Arc<str> {
    let mut id = String::with_capacity(19);
    // Writing to a string cannot fail.
    let _ = write!(id, "i-{number:017x}");
    Arc::from(id)
}
