use super::terms::QueueTerms;
use crate::model::Timestamp;
use crate::sim::chance::{Matter, happens, normals, stream};
use chacha20::ChaCha8Rng;
use rand::RngExt;
use std::collections::VecDeque;
use std::time::Duration;

/// A queue's counters: exact inside, as a reader gets them a few percent off and a few seconds old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that can be received.
    pub visible: u64,
    /// Messages being worked on or still hidden.
    pub in_flight: u64,
    /// Messages whose delay has not passed.
    pub delayed: u64,
}

/// What makes readings approximate.
#[derive(Debug)]
pub(super) struct Counters {
    /// The counts at the latest points of the grid, the newest first.
    past: VecDeque<Counts>,
    /// How many steps of the grid old a reading may be.
    stale_max: u32,
    start: Timestamp,
    luck: ChaCha8Rng,
}

/// The grid on which counters are kept for late readers, and on which luck changes.
pub(super) const STEP: Duration = Duration::from_secs(5);
/// Words of chance that one step of the grid may take: a whole block of the stream cipher, so that
/// what a reading shows depends on its time alone.
const STEP_WORDS: u128 = 16;
/// The most messages that a phantom reading adds.
const PHANTOMS_MAX: u64 = 2;

impl Counters {
    pub(super) fn new(terms: &QueueTerms, start: Timestamp, seed: u64) -> Self {
        let steps = terms.stale_max.as_millis() / STEP.as_millis();
        let stale_max = u32::try_from(steps).unwrap_or(u32::MAX);
        let past = VecDeque::from(vec![Counts::default(); (stale_max as usize).saturating_add(1)]);
        Self { past, stale_max, start, luck: stream(seed, Matter::Readings) }
    }

    /// Keeps the counts at a point of the grid.
    pub(super) fn keep(&mut self, counts: Counts) {
        self.past.pop_back();
        self.past.push_front(counts);
    }

    /// What a reader at `now` gets when `exact` is so.
    pub(super) fn read(&mut self, terms: &QueueTerms, now: Timestamp, exact: Counts) -> Counts {
        let since = now.since(self.start);
        let luck = &mut self.luck;
        luck.set_word_pos((since.as_millis() / STEP.as_millis()).saturating_mul(STEP_WORDS));
        let age = luck.random_range(0..=self.stale_max) as usize;
        let (of_visible, of_in_flight) = normals(luck);
        let phantoms = happens(terms.phantom_percent, luck).then(|| luck.random_range(1..=PHANTOMS_MAX));
        if happens(terms.zero_percent, luck) {
            return Counts::default();
        }
        let on_grid = since.as_millis().is_multiple_of(STEP.as_millis());
        let back = if on_grid { Some(age) } else { age.checked_sub(1) };
        let then = match back {
            Some(back) if age > 0 => self.past.get(back).copied().unwrap_or_default(),
            _ => exact,
        };
        let off = |deviation: f64| 1.0 + deviation * terms.noise_percent / 100.0;
        Counts {
            visible: scaled(then.visible, off(of_visible)).saturating_add(phantoms.unwrap_or_default()),
            in_flight: scaled(then.in_flight, off(of_in_flight)),
            delayed: scaled(then.delayed, off(of_visible)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` stays within the range")]
fn scaled(count: u64, factor: f64) -> u64 {
    libm::round(count as f64 * factor) as u64
}
