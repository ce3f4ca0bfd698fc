use super::pulse::Pulse;
use super::schedule::Due;
use crate::aws::Patience;
use crate::clock::{Clock, Stopwatch};
use crate::engine::Engine;
use crate::model::{Now, Record, Timestamp};
use crate::settings::Schedule;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// A tick, with the scaler's name on whatever is logged within it.
pub(super) async fn tick(engine: &mut Engine, clock: Clock) -> Record {
    // An error span is enabled at every level of logging.
    let span = tracing::error_span!("tick", scaler = engine.name);
    let watch = Stopwatch::start();
    let record = engine.tick(clock.now()).instrument(span).await;
    engine.took(watch.elapsed());
    record
}

/// So many ticks in a row that outlast the schedule are worth a word.
const LATE_IN_A_ROW: u32 = 3;

/// One scaler's loop: a tick at once, and then one a ring. A tick never overlaps itself. At its end, the
/// engine is there for whoever is to go on with it.
pub(super) async fn turn(
    mut engine: Engine,
    mut ear: mpsc::Receiver<Due>,
    pulse: Arc<Pulse>,
    deadlines: Deadlines,
    clock: Clock,
    stop: CancellationToken,
) -> Engine {
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
            () = stop.cancelled() => return engine,
            due = ear.recv() => if due.is_some() { true } else { return engine },
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
pub(super) struct Deadlines {
    /// When it is rung.
    pub(super) schedule: Schedule,
    /// How long its calls may take.
    pub(super) patience: Patience,
}

impl Deadlines {
    /// How long to wait for a ring: until the third is due. The scheduler goes by the time of day, and
    /// set back by an hour it would not ring for one.
    pub(super) fn patience_with_bell(&self, now: Now) -> Duration {
        // A pattern that never comes round again asks for no patience limit.
        self.schedule.until_next(now.wall, 3).unwrap_or(Duration::MAX)
    }

    /// When the tick after the one that ended `now` must be done, if the worst comes to the worst: no
    /// ring; and then a tick.
    pub(super) fn after(&self, now: Now) -> Timestamp {
        now.steady + self.patience_with_bell(now).saturating_add(longest_tick(self.patience))
    }
}

/// How long a tick may take: reading, looking for what is in the way, and writing, each as slow as it may
/// be (reading takes a little more than a call), and half a call for everything else.
pub(super) fn longest_tick(patience: Patience) -> Duration {
    patience.call * 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::tests::{HeldQueue, engine, holding};
    use crate::model::Outcome;
    use crate::publish::Exposition;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn each_tick_is_told_with_the_time_it_took() {
        let exposition = Exposition::new(Arc::default());
        let (began, leave) = (mpsc::unbounded_channel().0, Arc::new(Semaphore::new(2)));
        let queue = HeldQueue { began, leave, backlog: Ok(holding(10)) };
        let mut engine = engine(queue, Outcome::Done);
        engine.publishers.push(Box::new(exposition.publisher("images")));
        for ticks in 1..=2 {
            tick(&mut engine, Clock::start()).await;
            let line = format!("backlogd_tick_duration_seconds_count{{scaler=\"images\"}} {ticks}");
            assert!(exposition.encode().lines().any(|told| told == line), "{line}");
        }
    }
}
