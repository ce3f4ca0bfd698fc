//! Draws that come out the same on every platform: `ChaCha8` streams, whole numbers, and `libm` for the rest.

use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::f64::consts::TAU;
use std::time::Duration;

/// A stream of chance for each matter, so that one controller's actions do not change another's luck.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Matter {
    Boots = 1,
    Victims,
    Readings,
    Arrivals,
    Work,
    FifoGroups,
    Shapes,
}

/// The stream of `matter` in the world that `seed` makes.
pub(super) fn stream(seed: u64, matter: Matter) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(matter as u64);
    rng
}

/// Two independent draws from the normal distribution with mean 0 and standard deviation 1 (Box and
/// Muller, 1958).
pub(super) fn normals(rng: &mut ChaCha8Rng) -> (f64, f64) {
    let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), TAU * rng.random::<f64>());
    let length = libm::sqrt(-2.0 * libm::log(radius));
    (length * libm::cos(angle), length * libm::sin(angle))
}

/// Whether something that happens in `percent` of cases happens.
pub(super) fn happens(percent: f64, rng: &mut ChaCha8Rng) -> bool {
    rng.random::<f64>() * 100.0 < percent
}

/// Lognormal durations of a given mean and coefficient of variation, none below a given least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lognormal {
    mu: f64,
    sigma: f64,
    least: Duration,
    spare: Option<f64>,
}

impl Lognormal {
    pub(super) fn new(mean: Duration, cv: f64, least: Duration) -> Self {
        let variance = libm::log(1.0 + cv * cv);
        let mean_ms = mean.as_secs_f64() * 1000.0;
        Self { mu: libm::log(mean_ms) - variance / 2.0, sigma: libm::sqrt(variance), least, spare: None }
    }

    pub(super) fn draw(&mut self, rng: &mut ChaCha8Rng) -> Duration {
        let normal = self.spare.take().unwrap_or_else(|| {
            let (first, second) = normals(rng);
            self.spare = Some(second);
            first
        });
        millis(libm::exp(self.mu + self.sigma * normal)).max(self.least)
    }
}

/// So many milliseconds, to the nearest whole one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` stays within the range")]
pub(super) fn millis(count: f64) -> Duration {
    Duration::from_millis(libm::round(count) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lognormal_draws_have_the_mean_and_the_variation_asked_for() {
        let mut rng = stream(7, Matter::Work);
        let mut times = Lognormal::new(Duration::from_secs(20), 0.5, Duration::from_millis(200));
        let drawn: Vec<f64> = (0..20_000).map(|_| times.draw(&mut rng).as_secs_f64()).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / 20_000.0;
        assert!((mean - 20.0).abs() < 0.3, "{mean}");
        assert!((variance.sqrt() / mean - 0.5).abs() < 0.02, "{}", variance.sqrt() / mean);
    }

    #[test]
    fn no_draw_is_below_the_least() {
        let mut rng = stream(7, Matter::Work);
        let mut times = Lognormal::new(Duration::from_millis(300), 1.0, Duration::from_millis(200));
        let least = (0..1_000).map(|_| times.draw(&mut rng)).min();
        assert_eq!(least, Some(Duration::from_millis(200)));
    }

    #[test]
    fn streams_differ_by_matter_and_by_seed() {
        let first = |seed, matter| stream(seed, matter).random::<u64>();
        assert_eq!(first(1, Matter::Boots), first(1, Matter::Boots));
        assert_ne!(first(1, Matter::Boots), first(1, Matter::Victims));
        assert_ne!(first(1, Matter::Boots), first(2, Matter::Boots));
    }
}
