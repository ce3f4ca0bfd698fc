use super::pulse::Pulse;
use std::collections::BTreeMap;
use std::sync::Arc;
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
}

/// Rings the bells of each cron pattern (with seconds, in UTC) whenever it comes round, as long as
/// the scheduler lives.
///
/// The scheduler looks twice a second, so a ring comes up to half a second late, at an offset that
/// differs from process to process. It gets one job a pattern, whatever the number of scalers,
/// because it loses activations when hundreds fall due at once. Its calendar follows the time of day:
/// set back by an hour it would not ring for an hour, which the deadlines of [`Pulse`] notice.
pub(super) async fn ring(patterns: BTreeMap<String, Vec<Bell>>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    for (pattern, bells) in patterns {
        let job = Job::new(pattern.as_str(), move |_, _| bells.iter().for_each(Bell::ring))?;
        scheduler.add(job).await?;
    }
    scheduler.start().await?;
    Ok(scheduler)
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
}
