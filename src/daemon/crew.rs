use super::pulse::Pulse;
use super::schedule::{Belfry, Bell, Due};
use super::turn::{Deadlines, longest_tick, turn};
use crate::assemble::Kit;
use crate::aws::Patience;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::model::Now;
use crate::settings::Scaler;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_cron_scheduler::JobSchedulerError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[cfg(test)]
mod tests;

/// The scalers at work, each in a loop of its own.
#[derive(Debug)]
pub(super) struct Crew {
    /// In the settings' order.
    members: Vec<Member>,
    /// By name, the last engines of those who left, for whoever comes back under that name.
    left: BTreeMap<String, JoinHandle<Engine>>,
    /// Ticks that were in progress when their scaler was told to stop.
    last_ticks: Vec<LastTick>,
    belfry: Belfry,
    loops: TaskTracker,
    clock: Clock,
    stop: CancellationToken,
}

/// A scaler at work.
#[derive(Debug)]
struct Member {
    scaler: Scaler,
    patience: Patience,
    pulse: Arc<Pulse>,
    /// Lets it stop, the tick in progress done.
    stop: CancellationToken,
    /// Cancelled when its loop has ended.
    ended: CancellationToken,
    /// Its loop, which leaves its engine behind.
    work: JoinHandle<Engine>,
}

/// The tick in progress of a scaler that was told to stop.
#[derive(Debug)]
struct LastTick {
    scaler: String,
    group: String,
    /// How long it may go on.
    longest: Duration,
    done: CancellationToken,
}

/// A scaler that is to take up work.
pub(super) struct Recruit {
    /// Its settings.
    pub(super) scaler: Scaler,
    /// How long its calls may take.
    pub(super) patience: Patience,
    /// Builds its engine, given that of the scaler before it of the same name.
    pub(super) build: Box<dyn FnOnce(Option<Engine>, Now) -> Engine + Send>,
}

/// A recruit with everything its loop needs.
struct Equipped {
    recruit: Recruit,
    pulse: Arc<Pulse>,
    deadlines: Deadlines,
    ear: mpsc::Receiver<Due>,
}

impl From<Kit> for Recruit {
    fn from(kit: Kit) -> Self {
        Self {
            scaler: kit.scaler.clone(),
            patience: kit.patience(),
            build: Box::new(|before, now| kit.engine(before, now)),
        }
    }
}

impl Crew {
    /// A crew of nobody, which `stop` will tell to stop.
    pub(super) async fn assemble(clock: Clock, stop: CancellationToken) -> Result<Self, JobSchedulerError> {
        let loops = TaskTracker::new();
        // Closed, it takes loops all the same, and can be waited for.
        loops.close();
        let belfry = Belfry::build().await?;
        let (members, left, last_ticks) = Default::default();
        Ok(Self { members, left, last_ticks, belfry, loops, clock, stop })
    }

    /// The loops; when it is empty, nobody is at work any more.
    pub(super) fn loops(&self) -> TaskTracker {
        self.loops.clone()
    }

    /// The settings by which they work.
    pub(super) fn scalers(&self) -> impl Iterator<Item = &Scaler> {
        self.members.iter().map(|member| &member.scaler)
    }

    /// Their signs of life.
    pub(super) fn pulses(&self) -> Vec<Arc<Pulse>> {
        self.members.iter().map(|member| member.pulse.clone()).collect()
    }

    /// The longest that a call of anybody at work may take.
    pub(super) fn longest_call(&self) -> Duration {
        self.members.iter().map(|member| member.patience.call).max().unwrap_or_default()
    }

    /// The scalers of which a change has not come into force yet: their last tick under the old settings is
    /// not done, or their first under the new ones.
    pub(super) fn changing(&self) -> Vec<&str> {
        let last = self.last_ticks.iter().filter(|tick| !tick.done.is_cancelled());
        let first = self.members.iter().filter(|member| !member.pulse.has_ticked());
        let mut names: Vec<_> = last.map(|tick| tick.scaler.as_str()).collect();
        names.extend(first.map(|member| member.scaler.name.as_str()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Lets `recruits` take up work, each in the place of the member of its name if there is one, and those
    /// who are not in `order` stop. The others go on undisturbed. If it fails, all stays as it was.
    pub(super) async fn change(
        &mut self,
        order: &[Scaler],
        recruits: Vec<Recruit>,
    ) -> Result<(), JobSchedulerError> {
        let mut equipped = Vec::new();
        for recruit in recruits {
            equipped.push(self.equip(recruit).await?);
        }
        self.last_ticks.retain(|tick| !tick.done.is_cancelled());
        self.left.retain(|_, work| !work.is_finished());
        let replaced = |name: &str| equipped.iter().any(|each| each.recruit.scaler.name == name);
        let stays = |name: &str| !replaced(name) && order.iter().any(|scaler| scaler.name == name);
        for member in self.members.extract_if(.., |member| !stays(&member.scaler.name)) {
            member.stop.cancel();
            self.last_ticks.push(LastTick {
                longest: longest_tick(member.patience),
                done: member.ended,
                group: member.scaler.group,
                scaler: member.scaler.name.clone(),
            });
            self.left.insert(member.scaler.name, member.work);
        }
        for each in equipped {
            self.start(each);
        }
        let place = |name: &str| order.iter().position(|scaler| scaler.name == name);
        self.members.sort_by_key(|member| place(&member.scaler.name));
        Ok(())
    }

    async fn equip(&mut self, recruit: Recruit) -> Result<Equipped, JobSchedulerError> {
        let scaler = &recruit.scaler;
        let deadlines = Deadlines { schedule: scaler.schedule.clone(), patience: recruit.patience };
        let pulse = Arc::new(Pulse::new(scaler.name.clone(), deadlines.after(self.clock.now())));
        let (bell, ear) = Bell::new(pulse.clone());
        self.belfry.hang(scaler.schedule.pattern(), bell).await?;
        Ok(Equipped { recruit, pulse, deadlines, ear })
    }

    /// Starts a loop. Its first tick comes when no last tick is in progress that may write to the same group.
    fn start(
        &mut self,
        Equipped { recruit: Recruit { scaler, patience, build }, pulse, deadlines, ear }: Equipped,
    ) {
        let in_the_way = |tick: &&LastTick| tick.group == scaler.group || tick.scaler == scaler.name;
        let in_the_way: Vec<_> = self.last_ticks.iter().filter(in_the_way).collect();
        let longest = in_the_way.iter().map(|tick| tick.longest).max().unwrap_or_default();
        pulse.grant(longest);
        let in_the_way: Vec<_> = in_the_way.into_iter().map(|tick| tick.done.clone()).collect();
        let before = self.left.remove(&scaler.name);
        let (stop, ended, clock) = (self.stop.child_token(), CancellationToken::new(), self.clock);
        let work = {
            let (pulse, stop, ended) = (pulse.clone(), stop.clone(), ended.clone());
            async move {
                let _ended = ended.drop_guard();
                for done in in_the_way {
                    done.cancelled().await;
                }
                let before = match before {
                    Some(work) => work.await.ok(),
                    None => None,
                };
                let engine = build(before, clock.now());
                if stop.is_cancelled() {
                    engine
                } else {
                    turn(engine, ear, pulse, deadlines, clock, stop).await
                }
            }
        };
        let work = self.loops.spawn(work);
        self.members.push(Member { scaler, patience, pulse, stop, ended, work });
    }
}
