use super::pulse::Pulse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// It is time to sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due;

/// What is rung when a pattern comes round: one scaler's bell.
///
/// It holds one ring at most: a scaler that is still busy with its last tick misses a ring, which is
/// counted, and none is ever queued up.
#[derive(Debug)]
pub(super) struct Bell {
    ring: mpsc::Sender<Due>,
    pulse: Arc<Pulse>,
}

impl Bell {
    /// A bell and the ear for it.
    pub(super) fn new(pulse: Arc<Pulse>) -> (Self, mpsc::Receiver<Due>) {
        let (ring, ear) = mpsc::channel(1);
        (Self { ring, pulse }, ear)
    }

    /// Rings, and returns at once.
    pub(super) fn ring(&self) {
        if matches!(self.ring.try_send(Due), Err(TrySendError::Full(_))) {
            self.pulse.missed();
        }
    }

    /// Whether there is still an ear for it.
    fn is_listened_to(&self) -> bool {
        !self.ring.is_closed()
    }
}

/// Rings the bells of each cron pattern (with seconds, in UTC) whenever it comes round, as long as
/// the belfry stands.
///
/// The scheduler looks twice a second, so a ring comes up to half a second late, at an offset that
/// differs from process to process. It gets one job a pattern, whatever the number of scalers,
/// because it loses activations when hundreds fall due at once. Its calendar follows the time of day:
/// set back by an hour it would not ring for an hour, which the deadlines of [`Pulse`] notice.
pub(super) struct Belfry {
    scheduler: JobScheduler,
    peals: BTreeMap<String, Peal>,
}

/// The bells of one pattern.
type Peal = Arc<Mutex<Vec<Bell>>>;

impl Belfry {
    /// A belfry without bells.
    pub(super) async fn build() -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        scheduler.start().await?;
        Ok(Self { scheduler, peals: BTreeMap::new() })
    }

    /// Hangs a bell to be rung by `pattern`, until nobody listens to it any more. The others ring on
    /// undisturbed. A pattern that has lost its last bell keeps its job, which costs next to nothing.
    pub(super) async fn hang(&mut self, pattern: &str, bell: Bell) -> Result<(), JobSchedulerError> {
        if let Some(peal) = self.peals.get(pattern) {
            lock(peal).push(bell);
            return Ok(());
        }
        let peal = Arc::new(Mutex::new(vec![bell]));
        let rung = peal.clone();
        let job = Job::new(pattern, move |_, _| ring_all(&rung))?;
        self.scheduler.add(job).await?;
        self.peals.insert(pattern.to_owned(), peal);
        Ok(())
    }
}

impl fmt::Debug for Belfry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Belfry").field("peals", &self.peals).finish_non_exhaustive()
    }
}

/// Rings what is listened to, and takes down the rest.
fn ring_all(peal: &Peal) {
    lock(peal).retain(|bell| {
        bell.ring();
        bell.is_listened_to()
    });
}

fn lock(peal: &Peal) -> MutexGuard<'_, Vec<Bell>> {
    peal.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn hung() -> (Bell, mpsc::Receiver<Due>, Arc<Pulse>) {
        let pulse = Arc::new(Pulse::new("images".to_owned(), Timestamp::from_secs(0)));
        let (bell, ear) = Bell::new(pulse.clone());
        (bell, ear, pulse)
    }

    #[test]
    fn of_several_rings_one_is_heard_and_the_others_are_counted() {
        let (bell, mut ear, pulse) = hung();
        for _ in 0..4 {
            bell.ring();
        }
        assert_eq!(pulse.missed_count(), 3);
        assert!(ear.try_recv().is_ok());
        assert!(ear.try_recv().is_err(), "rings queue up");
        bell.ring();
        assert!(ear.try_recv().is_ok());
        assert_eq!(pulse.missed_count(), 3);
    }

    #[test]
    fn a_ring_that_nobody_listens_for_any_more_is_no_missed_one() {
        let (bell, ear, pulse) = hung();
        drop(ear);
        bell.ring();
        assert_eq!(pulse.missed_count(), 0);
    }

    #[test]
    fn a_bell_that_nobody_listens_to_is_taken_down_and_the_others_ring() {
        let (gone, deaf, _) = hung();
        let (bell, mut ear, _) = hung();
        drop(deaf);
        let peal = Arc::new(Mutex::new(vec![gone, bell]));
        ring_all(&peal);
        assert!(ear.try_recv().is_ok());
        assert_eq!(lock(&peal).len(), 1);
    }
}
