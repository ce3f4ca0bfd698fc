use crate::model::{Aged, Backlog, Fleet, Outlook, Tuning, tuning};

/// One tick's figures: what is due when, and what can be started by then. Seconds are from now on.
#[derive(Debug)]
pub(super) struct Reckoning<'a> {
    pub(super) outlook: &'a Outlook,
    /// Messages that can be received.
    pub(super) waiting: f64,
    /// Messages being worked on.
    pub(super) in_flight: f64,
    /// Units of capacity that were ordered.
    pub(super) desired: f64,
    /// The units that do not work yet.
    booting: Vec<Booting>,
    /// How many they are, were all boots of one length.
    pub(super) booting_units: u32,
    /// How long the oldest waiting message has waited, in seconds.
    pub(super) oldest_secs: f64,
    pub(super) processing_secs: f64,
    pub(super) slots: f64,
    pub(super) boot_secs: f64,
    /// The shortest boot, and the longest.
    range_secs: [f64; 2],
    pub(super) objective_secs: f64,
    drains: bool,
    tuning: &'a Tuning,
}

/// What is provided for beyond what is expected, in standard deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spare {
    /// At any time: of the forecast, and no more than a share of what is expected.
    pub(super) usual: f64,
    /// Once messages have been late: of the forecast, and of what is started.
    pub(super) late: f64,
}

/// Units that do not work yet: until they do, any time between these is as likely.
#[derive(Clone, Copy, Debug)]
struct Booting {
    units: f64,
    from_secs: f64,
    to_secs: f64,
}

/// Capacity to order, and what for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shortfall {
    /// Units of capacity, fractions included.
    pub(super) units: f64,
    /// Messages due by then that the ordered capacity cannot start.
    pub(super) messages: f64,
    /// Of them, those that are only expected to arrive.
    pub(super) to_come: f64,
    /// When they are due.
    pub(super) within_secs: f64,
}

/// What a time ahead demands.
#[derive(Clone, Copy, Debug)]
struct Demand {
    /// Messages due by then beyond what the ordered capacity can start; below zero, so many fewer.
    messages: f64,
    /// Messages due by then that are only expected to arrive.
    to_come: f64,
    /// Messages that a unit ordered now can start by then.
    per_unit: f64,
    /// When.
    within_secs: f64,
}

impl<'a> Reckoning<'a> {
    pub(super) fn new(
        outlook: &'a Outlook,
        backlog: &Backlog,
        fleet: &Fleet,
        objective_secs: f64,
        drains: bool,
        tuning: &'a Tuning,
    ) -> Self {
        let estimate = &outlook.estimate;
        let boot_secs = estimate.boot_secs.value;
        let aside = boot_secs * estimate.boot_spread.value;
        let range_secs = [boot_secs - aside, boot_secs + aside];
        let listed = units(&outlook.ages, f64::INFINITY);
        // Ordered, and not even listed yet.
        let unseen = Aged { secs: 0.0, units: fleet.desired.saturating_sub(listed) };
        let all = outlook.ages.iter().chain(std::iter::once(&unseen)).filter(|age| age.units > 0);
        let waiting = count(backlog.visible);
        Self {
            outlook,
            waiting,
            in_flight: count(backlog.in_flight),
            desired: f64::from(fleet.desired),
            booting: all.filter_map(|age| Booting::of(age, range_secs)).collect(),
            booting_units: units(&outlook.ages, boot_secs).saturating_add(unseen.units),
            oldest_secs: oldest_secs(outlook, waiting, tuning.noise),
            processing_secs: estimate.processing_secs.value,
            slots: estimate.slots.value,
            boot_secs,
            range_secs,
            objective_secs,
            drains,
            tuning,
        }
    }

    /// How long before it is needed an instance is to be ordered.
    pub(super) fn lead_secs(&self) -> f64 {
        self.tuning.lead_secs(self.boot_secs)
    }

    /// Messages expected in an hour.
    pub(super) fn hourly(&self) -> f64 {
        self.per_sec() * 3600.0
    }

    fn per_sec(&self) -> f64 {
        self.outlook.estimate.arrivals_per_sec.value
    }

    /// Messages that one free slot can have started within `secs`: one at once, and one more whenever it
    /// is done.
    fn starts(&self, secs: f64) -> f64 {
        (secs / self.processing_secs + self.tuning.reckoning.begun).max(1.0)
    }

    /// Messages that one slot can have started within `secs` that is free from some time between these on.
    fn starts_from(&self, secs: f64, from_secs: f64, to_secs: f64) -> f64 {
        let Self { processing_secs, .. } = *self;
        // The sum of `starts` over all times up to one.
        let sum = |secs: f64| {
            let begun = self.tuning.reckoning.begun;
            let flat = secs.clamp(0.0, (1.0 - begun).max(0.0) * processing_secs);
            let more = secs.max(0.0);
            flat + (more - flat) * (f64::midpoint(more, flat) / processing_secs + begun)
        };
        if to_secs - from_secs < 1.0 {
            let left = secs - to_secs;
            return if left > 0.0 { self.starts(left) } else { 0.0 };
        }
        (sum(secs - from_secs) - sum(secs - to_secs)) / (to_secs - from_secs)
    }

    /// Messages that must have been started `ahead` seconds from now if none is to wait longer than
    /// `wait`, with `spare` beyond what is expected.
    fn due(&self, ahead: f64, wait: f64, spare: Spare, jump: Option<f64>) -> f64 {
        let Outlook { step_secs, arrived, expected, error_per_sec, .. } = self.outlook;
        if ahead < wait {
            // Of those that wait, all but the ones that arrived too late to be due by then.
            return (self.waiting - at(arrived, (wait - ahead) / step_secs).max(0.0)).max(0.0);
        }
        let beyond = ahead - wait;
        let foreseen = at(expected, beyond / step_secs);
        let coming = jump.map_or(foreseen, |per_sec| foreseen.max(per_sec * beyond));
        let variance = (self.per_sec() + error_per_sec) * beyond;
        let deviation = variance.max(0.0).sqrt();
        let usual = (spare.usual * deviation).min(self.tuning.headroom_most * coming);
        self.waiting + coming + usual.max(spare.late * deviation)
    }

    /// Messages that the ordered capacity can have started `ahead` seconds from now.
    fn startable(&self, ahead: f64) -> f64 {
        let booting: f64 = self.booting.iter().map(|booting| booting.units).sum();
        let ready = (self.desired - booting).max(0.0);
        let busy = self.in_flight.min(self.slots * ready);
        let in_time = self.booting.iter().filter(|booting| booting.from_secs < ahead);
        let booting = in_time
            .map(|booting| booting.units * self.starts_from(ahead, booting.from_secs, booting.to_secs));
        self.slots * booting.sum::<f64>()
            + (self.slots * ready - busy) * self.starts(ahead)
            + busy * ahead / self.processing_secs
    }

    /// What has to be ordered now so that nothing waits longer than `wait`: the most that any time ahead
    /// demands which an order can still change.
    pub(super) fn shortfall(&self, wait: f64, spare: Spare) -> Shortfall {
        let mut most = Shortfall::default();
        for Demand { messages, to_come, per_unit, within_secs } in self.demands(wait, spare) {
            let units = messages / per_unit;
            if units > most.units {
                most = Shortfall { units, messages, to_come: to_come.min(messages), within_secs };
            }
        }
        most
    }

    /// How many more messages may be due until the shortfall comes to `units`, and when: the time at which
    /// there is the least room. Below zero, so many fewer.
    pub(super) fn room(&self, wait: f64, spare: Spare, units: f64) -> (f64, f64) {
        let room = |demand: Demand| (units * demand.per_unit - demand.messages, demand.within_secs);
        let least = self.demands(wait, spare).map(room).min_by(|(a, _), (b, _)| a.total_cmp(b));
        least.unwrap_or_default()
    }

    /// What each time ahead demands that an order can still change.
    fn demands(&self, wait: f64, spare: Spare) -> impl Iterator<Item = Demand> {
        let jump = self.outlook.jump_per_sec.filter(|_| self.objective_secs < self.boot_secs);
        let nearest = self.lead_secs();
        let farthest = nearest.max(self.boot_secs + wait) + self.outlook.step_secs;
        let times = self
            .steps()
            .skip_while(move |ahead| *ahead < nearest)
            .take_while(move |ahead| *ahead <= farthest);
        times.map(move |ahead| {
            let startable = self.startable(ahead);
            // How many are started varies as much as how many come.
            let fewer = spare.late * startable.sqrt();
            let due = self.due(ahead, wait, spare, jump);
            Demand {
                messages: due + fewer - startable,
                to_come: (due - self.waiting).max(0.0),
                per_unit: self.slots * self.starts_from(ahead, self.range_secs[0], self.range_secs[1]),
                within_secs: ahead,
            }
        })
    }

    /// Units with which nothing would wait longer than `wait` until an order would work, were they to stay alone.
    pub(super) fn needed(&self, wait: f64, spare: Spare) -> f64 {
        // Nearer, what goes or stays makes no difference yet.
        let near_secs = self.tuning.counters_secs;
        let farthest = self.lead_secs() + wait + self.outlook.step_secs;
        let horizon =
            self.steps().skip_while(|ahead| *ahead < near_secs).take_while(|ahead| *ahead <= farthest);
        let units = horizon.map(|ahead| {
            let due = self.due(ahead, wait, spare, None);
            let (fresh, again) = (self.starts(ahead), ahead / self.processing_secs);
            if self.drains {
                // Those that stay are as busy as all are now.
                let busy =
                    if self.desired > 0.0 { self.slots.min(self.in_flight / self.desired) } else { 0.0 };
                due / ((self.slots - busy) * fresh + busy * again)
            } else {
                // Every busy slot is to be kept: giving it back would interrupt it.
                (due + self.in_flight * (fresh - again)) / (self.slots * fresh)
            }
        });
        units.fold(0.0, f64::max)
    }

    /// Units that keep up with what is expected to arrive; one less, as long as the objective outlasts the
    /// time until one that is missing must have been ordered.
    pub(super) fn sustaining(&self, wait: f64) -> f64 {
        let load = self.per_sec() * self.processing_secs / self.slots;
        let (below, above) = (load.floor(), (load - self.tuning.remainder).ceil());
        let to_spare = wait - self.boot_secs;
        let may_lag = if below >= 1.0 {
            load * to_spare > self.waiting * self.processing_secs / self.slots
        } else {
            to_spare + 1.0 / self.per_sec().max(1e-6) > 0.0
        };
        if above > below && may_lag { below } else { above.max(0.0) }
    }

    /// How many messages a removal can be expected to make late by interrupting them: those it strikes,
    /// by how little time their return leaves. `waited_secs` is what those in flight had waited.
    pub(super) fn risk(&self, in_flight: f64, waited_secs: f64) -> f64 {
        if self.drains {
            return 0.0;
        }
        let tuning::Reckoning { waited_times, delay, .. } = self.tuning.reckoning;
        let left = self.objective_secs - self.outlook.visibility_secs - waited_times * waited_secs;
        let late = libm::exp(-left.max(0.0) / (delay * self.processing_secs));
        in_flight / self.desired.max(1.0) * late
    }

    fn steps(&self) -> impl Iterator<Item = f64> {
        let step = self.outlook.step_secs;
        std::iter::successors(Some(step), move |ahead| Some(ahead + step))
    }
}

impl Booting {
    /// Those of units of an age that do not work yet, where boots take `from` to `to` seconds.
    fn of(age: &Aged, [from, to]: [f64; 2]) -> Option<Self> {
        let (from_secs, to_secs) = ((from - age.secs).max(0.0), to - age.secs);
        let units = f64::from(age.units) * (to_secs / (to - from).max(1.0)).min(1.0);
        (to_secs > 0.0).then_some(Self { units, from_secs, to_secs })
    }
}

/// Units of at most that age.
fn units(ages: &[Aged], most_secs: f64) -> u32 {
    let young = ages.iter().filter(|age| age.secs < most_secs);
    young.fold(0, |sum, age| sum.saturating_add(age.units))
}

/// How long the oldest of `waiting` messages has waited: until as many have arrived since. Counters that
/// are off may show a few more than ever arrived; those did not come before everything: then a share of them that is
/// smaller by this `noise` must have arrived since.
fn oldest_secs(outlook: &Outlook, waiting: f64, noise: f64) -> f64 {
    if waiting <= 0.0 {
        return 0.0;
    }
    let steps = steps_until(&outlook.arrived, waiting);
    let steps = steps.or_else(|| steps_until(&outlook.arrived, (1.0 - noise) * waiting));
    let most = count(outlook.arrived.len().saturating_sub(1) as u64);
    outlook.step_secs * steps.unwrap_or(most)
}

/// Steps until the sums come to `messages`, where they do.
fn steps_until(sums: &[f64], messages: f64) -> Option<f64> {
    let after = sums.iter().position(|sum| *sum >= messages)?;
    let missing = match sums.get(after.saturating_sub(1)..=after) {
        Some(&[before, sum]) => (sum - messages) / (sum - before),
        _ => 0.0,
    };
    Some(count(after as u64) - missing)
}

/// The sum after so many steps; of the last one known, when that is fewer.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; never negative")]
fn at(sums: &[f64], steps: f64) -> f64 {
    sums.get(steps as usize).or(sums.last()).copied().unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn count(messages: u64) -> f64 {
    messages as f64
}
