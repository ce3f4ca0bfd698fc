use crate::model::Timestamp;
use chacha20::ChaCha8Rng;
use rand::RngExt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A stretch of time in which messages arrive at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its length.
    pub lasts: Duration,
    /// Messages a minute; 0 for silence, at most 60,000.
    pub per_minute: u32,
}

/// One message, as the world is given it: all chance about it is drawn before the run, so that every
/// controller meets the same messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// When it is sent.
    pub arrives: Timestamp,
    /// How long a worker takes over it.
    pub work: Duration,
    /// How long after sending it can first be received.
    pub delay: Duration,
    /// Its FIFO group, numbered from 1 without great gaps: while a message of it is in flight, the
    /// others wait.
    pub group: Option<NonZeroU32>,
}

impl Message {
    /// When it can first be received, and its wait begins.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.arrives + self.delay
    }
}

/// The messages of `phases`, one after the other from `start`, in order of arrival.
///
/// Gaps are uniform between nothing and twice the mean: uneven enough to look alive, and in whole
/// numbers, which come out the same everywhere.
#[must_use]
pub fn messages(
    phases: &[Phase],
    start: Timestamp,
    work_ms: RangeInclusive<u64>,
    rng: &mut ChaCha8Rng,
) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut begin = start;
    for phase in phases {
        let end = begin + phase.lasts;
        if let Some(gap_ms) = 60_000_u64.checked_div(u64::from(phase.per_minute)) {
            let mut at = begin + gap(gap_ms, rng);
            while at < end {
                let work = Duration::from_millis(rng.random_range(work_ms.clone()));
                messages.push(Message { arrives: at, work, ..Message::default() });
                at = at + gap(gap_ms, rng);
            }
        }
        begin = end;
    }
    messages
}

fn gap(mean_ms: u64, rng: &mut ChaCha8Rng) -> Duration {
    Duration::from_millis(rng.random_range(1..=mean_ms.saturating_mul(2).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn messages_arrive_in_order_at_about_the_rate_and_none_in_silence() {
        let minute = Duration::from_mins(1);
        let phases = [
            Phase { lasts: minute, per_minute: 600 },
            Phase { lasts: minute, per_minute: 0 },
            Phase { lasts: minute, per_minute: 60 },
        ];
        let start = Timestamp::from_secs(1_000);
        let made = messages(&phases, start, 10..=20, &mut ChaCha8Rng::seed_from_u64(7));
        let within = |from: u64, to: u64| {
            made.iter().filter(|m| (from..to).contains(&m.arrives.since(start).as_secs())).count()
        };
        assert!(made.is_sorted_by_key(|m| m.arrives));
        assert!((540..660).contains(&within(0, 60)), "{}", within(0, 60));
        assert_eq!(within(60, 120), 0);
        assert!((45..75).contains(&within(120, 180)), "{}", within(120, 180));
        assert!(made.iter().all(|m| (10..=20).contains(&m.work.as_millis())));
    }
}
