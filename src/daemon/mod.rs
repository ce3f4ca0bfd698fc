//! The daemon: one loop a scaler, rung by the wall clock, watched by a steady one.

#[cfg(test)]
mod catalog;
mod crew;
mod log_layer;
pub mod logging;
mod notify;
mod pulse;
mod reload;
mod schedule;
#[cfg(test)]
mod tests;
mod turn;

pub use reload::tell_of_refusal;

use crate::assemble::{Assembly, Purpose, Unfit, Workshop, assemble};
use crate::aws::Patience;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::model::{Cause, Outcome, Record};
use crate::publish::{Console, Exposition, Form, Ledger};
use crate::settings::Settings;
use crate::store::{Claim, InUse};
use crew::Crew;
use futures_util::future::join_all;
use notify::Board;
use reload::Reloads;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio_cron_scheduler::JobSchedulerError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turn::tick;

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Write nothing, neither to AWS nor to the state directory.
    pub dry_run: bool,
    /// One tick of each scaler, and an end.
    pub once: bool,
    /// Print each record in this form.
    pub form: Option<Form>,
    /// Keep the last hours' records here, and say how the scalers are doing.
    pub ledger: Option<Ledger>,
    /// Where its metrics are to be had.
    pub exposition: Exposition,
    /// On SIGHUP, read the settings at this path anew. Nothing: SIGHUP ends the run as SIGTERM does.
    pub reload: Option<PathBuf>,
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
/// A first SIGTERM or SIGINT lets the ticks in progress finish; a second one ends the run at once. SIGHUP
/// reloads the settings, or counts among these, as the options say.
pub async fn run(settings: Settings, options: Options) -> Result<Ending, Failure> {
    let stop = CancellationToken::new();
    let clock = Clock::start();
    // From here on SIGHUP does not kill.
    let hangups = signal(SignalKind::hangup())?;
    let console = options.form.map(|form| {
        let to_be_read = options.dry_run || options.once;
        if to_be_read { Console::to_be_read(form, stop.clone()) } else { Console::beside_work(form) }
    });
    let _claim = if options.dry_run { None } else { Some(Claim::take(&settings.state_dir)?) };
    let purpose =
        Purpose { dry_run: options.dry_run, console, ledger: options.ledger, exposition: options.exposition };
    let hangup_ends = options.reload.is_none();
    let mut signals = Signals::listen(hangup_ends)?;
    let mut work = pin!(async {
        if options.once {
            once(&settings, &purpose, clock, &stop).await
        } else {
            let reload = options.reload.map(|path| (path, hangups));
            Box::pin(forever(settings, purpose, clock, &stop, reload)).await
        }
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
    let mut signals = Signals::listen(hangup_ends)?;
    tokio::select! {
        ending = &mut work => ending,
        () = signals.next() => {
            tracing::warn!("second signal: stopping at once");
            Ok(Ending::Aborted)
        }
    }
}

/// Ticks each scaler once.
async fn once(
    settings: &Settings,
    purpose: &Purpose,
    clock: Clock,
    stop: &CancellationToken,
) -> Result<Ending, Failure> {
    let Assembly { engines, tasks, losses } = tokio::select! {
        assembly = assemble(settings, purpose, clock.now()) => assembly?,
        () = stop.cancelled() => return Ok(Ending::Well),
    };
    tell_of_start(engines.len(), purpose);
    let longest_call = engines.iter().map(|(_, patience)| patience.call).max().unwrap_or_default();
    let ending = round(engines, clock, stop).await;
    let unsent = !sent(&tasks, longest_call).await;
    Ok(if unsent || losses.total() > 0 { ending.max(Ending::Troubled) } else { ending })
}

/// Rings and ticks until `stop`, by these settings and those that are reloaded. At the start the crew is
/// empty, and takes up the settings as it does at a reload.
async fn forever(
    settings: Settings,
    purpose: Purpose,
    clock: Clock,
    stop: &CancellationToken,
    reload: Option<(PathBuf, Signal)>,
) -> Result<Ending, Failure> {
    let (board, workshop) = (Board::new(purpose.ledger.clone(), clock), Workshop::new(purpose.clone()));
    let tasks = workshop.tasks.clone();
    let crew = Crew::assemble(clock, stop.clone()).await?;
    let loops = crew.loops();
    let (state_dir, http) = (settings.state_dir.clone(), settings.http.clone());
    let mut reloads = Reloads { crew, workshop, board: &board, state_dir, http, stop: stop.clone() };
    let scalers = settings.scalers.len();
    tokio::select! {
        taken = reloads.take_up(settings) => drop(taken?),
        () = stop.cancelled() => return Ok(Ending::Well),
    }
    tell_of_start(scalers, &purpose);
    tokio::select! {
        () = loops.wait() => {}
        () = notify::tell(&board, clock) => {}
        () = reloads.follow(reload) => {}
    }
    let longest_call = reloads.crew.longest_call();
    drop(reloads);
    sent(&tasks, longest_call).await;
    Ok(Ending::Well)
}

fn tell_of_start(scalers: usize, purpose: &Purpose) {
    tracing::info!(scalers, dry_run = purpose.dry_run, version = env!("CARGO_PKG_VERSION"), "starting");
}

/// Whether everything that is published is sent in time. What fails in time reports itself.
async fn sent(tasks: &TaskTracker, longest_call: Duration) -> bool {
    let sent = timeout(longest_call * 5 / 4, tasks.wait()).await.is_ok();
    if !sent {
        tracing::warn!("some metrics or notices could not be sent in time");
    }
    sent
}

/// One tick of each scaler, all at once.
async fn round(engines: Vec<(Engine, Patience)>, clock: Clock, stop: &CancellationToken) -> Ending {
    let ticks = engines.into_iter().map(|(mut engine, _)| async move { tick(&mut engine, clock).await });
    let records = join_all(ticks).await;
    if stop.is_cancelled() { Ending::Well } else { records.iter().map(ending).max().unwrap_or(Ending::Well) }
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

/// The signals that end a run.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// SIGTERM and SIGINT, and perhaps SIGHUP.
    fn listen(hangup_ends: bool) -> io::Result<Self> {
        let hangup = hangup_ends.then(|| signal(SignalKind::hangup())).transpose()?;
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup,
        })
    }

    async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = hangup => {}
        }
    }
}
