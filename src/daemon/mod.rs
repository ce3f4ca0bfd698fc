//! The daemon: one loop a scaler, rung by the wall clock, watched by a steady one.

mod log_layer;
pub mod logging;
mod notify;
mod pulse;
mod schedule;
#[cfg(test)]
mod tests;

use crate::assemble::{Assembly, Purpose, Unfit, assemble};
use crate::aws::Patience;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::model::{Cause, Now, Outcome, Record, Timestamp};
use crate::publish::{Console, Form};
use crate::settings::{Schedule, Settings};
use crate::store::{Claim, InUse};
use futures_util::future::join_all;
use pulse::Pulse;
use schedule::{Bell, Due};
use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_cron_scheduler::JobSchedulerError;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Write nothing, neither to AWS nor to the state directory.
    pub dry_run: bool,
    /// One tick of each scaler, and an end.
    pub once: bool,
    /// Print each record in this form.
    pub form: Option<Form>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// As it was asked to.
    Well,
    /// A tick of a single round found something missing, or its write failed.
    Troubled,
    /// A tick of a single round could not reach AWS.
    Unreachable,
    /// A second signal cut it short.
    Aborted,
}

/// What keeps a daemon from running at all.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings do not fit the environment.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The scheduler does not start.
    #[error("cannot start the scheduler: {0}")]
    Scheduler(#[from] JobSchedulerError),
    /// Another daemon keeps its state in the same place.
    #[error(transparent)]
    InUse(#[from] InUse),
    /// Signals cannot be listened to.
    #[error("cannot listen to signals: {0}")]
    Signals(#[from] io::Error),
}

/// Runs until a signal says to stop (or each scaler has ticked once, if so asked).
///
/// A first SIGTERM or SIGINT lets the ticks in progress finish; a second one ends the run at once.
pub async fn run(settings: &Settings, options: Options) -> Result<Ending, Failure> {
    let stop = CancellationToken::new();
    let clock = Clock::start();
    let console = options.form.map(|form| {
        let to_be_read = options.dry_run || options.once;
        if to_be_read { Console::to_be_read(form, stop.clone()) } else { Console::beside_work(form) }
    });
    let _claim = if options.dry_run { None } else { Some(Claim::take(&settings.state_dir)?) };
    let purpose = Purpose { dry_run: options.dry_run, console };
    let Assembly { engines, tasks, losses } = assemble(settings, &purpose, clock.now()).await?;
    let longest_call = engines.iter().map(|(_, patience)| patience.call).max().unwrap_or_default();
    tracing::info!(
        scalers = engines.len(),
        dry_run = options.dry_run,
        version = env!("CARGO_PKG_VERSION"),
        "starting"
    );

    let mut signals = Signals::listen()?;
    let mut work = pin!(async {
        let ending = if options.once {
            once(engines, clock, &stop).await
        } else {
            forever(settings, engines, clock, &stop).await?
        };
        // What fails in time reports itself.
        let unsent = timeout(longest_call * 5 / 4, tasks.wait()).await.is_err();
        if unsent {
            tracing::warn!("some metrics could not be sent in time");
        }
        let troubled = options.once && (unsent || losses.total() > 0);
        Ok::<_, Failure>(if troubled { ending.max(Ending::Troubled) } else { ending })
    });
    tokio::select! {
        ending = &mut work => return ending,
        () = signals.next() => {}
    }
    tracing::info!("stopping: finishing the ticks in progress");
    notify::stopping();
    stop.cancel();
    tokio::select! {
        ending = &mut work => return ending,
        () = sleep(ECHO) => {}
    }
    let mut signals = Signals::listen()?;
    tokio::select! {
        ending = &mut work => ending,
        () = signals.next() => {
            tracing::warn!("second signal: stopping at once");
            Ok(Ending::Aborted)
        }
    }
}

/// One tick of each scaler, all at once.
async fn once(engines: Vec<(Engine, Patience)>, clock: Clock, stop: &CancellationToken) -> Ending {
    let ticks = engines.into_iter().map(|(mut engine, _)| async move { tick(&mut engine, clock).await });
    let records = join_all(ticks).await;
    if stop.is_cancelled() { Ending::Well } else { records.iter().map(ending).max().unwrap_or(Ending::Well) }
}

/// Rings and ticks until `stop`.
async fn forever(
    settings: &Settings,
    engines: Vec<(Engine, Patience)>,
    clock: Clock,
    stop: &CancellationToken,
) -> Result<Ending, Failure> {
    let mut patterns: BTreeMap<String, Vec<Bell>> = BTreeMap::new();
    let mut pulses = Vec::new();
    let mut loops = Vec::new();
    for ((engine, patience), scaler) in engines.into_iter().zip(&settings.scalers) {
        let deadlines = Deadlines { schedule: scaler.schedule.clone(), patience };
        let pulse = Arc::new(Pulse::new(scaler.name.clone(), deadlines.after(clock.now())));
        let (bell, ear) = Bell::new(pulse.clone());
        patterns.entry(scaler.schedule.pattern().to_owned()).or_default().push(bell);
        pulses.push(pulse.clone());
        loops.push(tokio::spawn(turn(engine, ear, pulse, deadlines, clock, stop.clone())));
    }
    let _scheduler = schedule::ring(patterns).await?;
    tokio::select! {
        _ended = join_all(loops) => {}
        () = notify::tell(&pulses, clock) => {}
    }
    Ok(Ending::Well)
}

/// A tick, with the scaler's name on whatever is logged within it.
async fn tick(engine: &mut Engine, clock: Clock) -> Record {
    // An error span is enabled at every level of logging.
    let span = tracing::error_span!("tick", scaler = engine.name);
    engine.tick(clock.now()).instrument(span).await
}

/// So many ticks in a row that outlast the schedule are worth a word.
const LATE_IN_A_ROW: u32 = 3;

/// One scaler's loop: a tick at once, and then one a ring. A tick never overlaps itself.
async fn turn(
    mut engine: Engine,
    mut ear: mpsc::Receiver<Due>,
    pulse: Arc<Pulse>,
    deadlines: Deadlines,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut ringing = true;
    let mut late_in_a_row = 0_u32;
    loop {
        let record = tick(&mut engine, clock).await;
        let now = clock.now();
        pulse.ticked(record, deadlines.after(now));
        if ear.try_recv().is_ok() {
            // It rang during the tick: by now the ring is stale.
            pulse.missed();
            late_in_a_row += 1;
        } else {
            late_in_a_row = 0;
        }
        if late_in_a_row == LATE_IN_A_ROW {
            tracing::warn!(
                scaler = pulse.scaler,
                "ticks take longer than the schedule allows: rings are missed"
            );
        }
        let rang = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            due = ear.recv() => if due.is_some() { true } else { return },
            () = sleep(deadlines.patience_with_bell(now)) => false,
        };
        if ringing && !rang {
            tracing::warn!(
                scaler = pulse.scaler,
                "no ring for three periods (was the clock set back?): sampling without"
            );
        }
        ringing = rang;
    }
}

/// When a scaler's next tick must be done.
#[derive(Clone, Debug)]
struct Deadlines {
    schedule: Schedule,
    patience: Patience,
}

impl Deadlines {
    /// How long to wait for a ring: until the third is due. The scheduler goes by the time of day, and
    /// set back by an hour it would not ring for one.
    fn patience_with_bell(&self, now: Now) -> Duration {
        // A pattern that never comes round again asks for no patience limit.
        self.schedule.until_next(now.wall, 3).unwrap_or(Duration::MAX)
    }

    /// When the tick after the one that ended `now` must be done, if the worst comes to the worst: no
    /// ring; then reading, looking for what is in the way, and writing, each as slow as it may be
    /// (reading takes a little more than a call), and half a call for everything else.
    fn after(&self, now: Now) -> Timestamp {
        now.steady + self.patience_with_bell(now).saturating_add(self.patience.call * 4)
    }
}

/// What a single tick means for the program's exit code.
#[must_use]
pub fn ending(record: &Record) -> Ending {
    let unreachable = |cause: Cause| matches!(cause, Cause::Timeout | Cause::Unreachable);
    if record.sample.missing().any(|missing| unreachable(missing.cause)) {
        Ending::Unreachable
    } else if record.sample.missing().next().is_some() || matches!(record.outcome, Outcome::Failed { .. }) {
        Ending::Troubled
    } else {
        Ending::Well
    }
}

/// Some send a signal to a process and then to its whole group, as timeout(1) does: what comes this
/// soon after the first is still the first.
const ECHO: Duration = Duration::from_millis(300);

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
