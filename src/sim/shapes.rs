use super::chance::{Matter, normals, stream};
use super::trace::Trace;
use chacha20::ChaCha8Rng;
use rand::RngExt;
use std::f64::consts::TAU;
use std::time::Duration;

/// Shapes that arrivals take, for those without a trace of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The same rate all along.
    Steady,
    /// Quiet, and in the middle ten minutes at twenty times the rate.
    Burst,
    /// A fifth of the rate at midnight, 1.8 times the rate at noon.
    Daily,
    /// Quiet, and about once in an hour a few minutes at ten to thirty times the rate, out of the blue.
    Spikes,
    /// Everything at the full hour, as a timer's job sends it.
    Batch,
}

/// The stretches that shapes are made of.
const BIN: Duration = Duration::from_secs(10);
const BINS_PER_HOUR: u64 = 360;
const HOUR_SECS: u64 = 3_600;
const DAY_SECS: u64 = 86_400;

impl Shape {
    /// Every shape, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Steady, Self::Burst, Self::Daily, Self::Spikes, Self::Batch];

    /// The shape's name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Burst => "burst",
            Self::Daily => "daily",
            Self::Spikes => "spikes",
            Self::Batch => "batch",
        }
    }

    /// Whether the messages of a bin arrive in one go.
    #[must_use]
    pub const fn together(self) -> bool {
        matches!(self, Self::Batch)
    }

    /// Arrivals of this shape over `lasts`, at a rate of `per_minute` where it is neither quiet nor busy.
    /// The same seed gives the same arrivals.
    #[must_use]
    pub fn trace(self, lasts: Duration, per_minute: f64, seed: u64) -> Trace {
        let mut luck = stream(seed, Matter::Shapes);
        let per_bin = per_minute * BIN.as_secs_f64() / 60.0;
        let mut spike = Spike::default();
        let mut counts = Vec::new();
        for secs in (0..lasts.as_secs()).step_by(10) {
            let mean = per_bin
                * match self {
                    Self::Steady => 1.0,
                    Self::Burst => burst(secs, lasts.as_secs()),
                    Self::Daily => daily(secs),
                    Self::Spikes => spike.next(&mut luck),
                    Self::Batch => batch(secs),
                };
            let count = poisson(mean, &mut luck);
            if count > 0 {
                counts.push((secs, count));
            }
        }
        Trace { bin: BIN, counts, lasts }
    }
}

fn burst(secs: u64, lasts: u64) -> f64 {
    if (lasts / 2..lasts / 2 + 600).contains(&secs) { 20.0 } else { 1.0 }
}

fn daily(secs: u64) -> f64 {
    let of_day = f64::from(u32::try_from(secs % DAY_SECS).unwrap_or_default()) / 86_400.0;
    1.0 - 0.8 * libm::cos(TAU * of_day)
}

fn batch(secs: u64) -> f64 {
    // An hour's worth.
    if secs.is_multiple_of(HOUR_SECS) { 360.0 } else { 0.0 }
}

/// A spike under way, if any.
#[derive(Default)]
struct Spike {
    bins_left: u64,
    height: f64,
}

impl Spike {
    fn next(&mut self, luck: &mut ChaCha8Rng) -> f64 {
        if self.bins_left == 0 && luck.random_range(0..BINS_PER_HOUR) == 0 {
            self.bins_left = luck.random_range(6..=30);
            self.height = luck.random_range(10..=30).into();
        }
        let height = if self.bins_left > 0 { self.height } else { 1.0 };
        self.bins_left = self.bins_left.saturating_sub(1);
        height
    }
}

/// A draw from the Poisson distribution; above a mean of 50, from the normal one that is close to it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` stays within the range")]
fn poisson(mean: f64, luck: &mut ChaCha8Rng) -> u32 {
    if mean > 50.0 {
        return libm::round(mean + libm::sqrt(mean) * normals(luck).0) as u32;
    }
    let (floor, mut product, mut count) = (libm::exp(-mean), luck.random::<f64>(), 0);
    while product > floor {
        product *= luck.random::<f64>();
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn within(trace: &Trace, from: u64, to: u64) -> u32 {
        let bins = trace.counts.iter().filter(|(secs, _)| (from..to).contains(secs));
        bins.map(|(_, count)| *count).sum()
    }

    #[test]
    fn a_steady_shape_keeps_its_rate() {
        for per_minute in [6.0, 600.0] {
            let trace = Shape::Steady.trace(DAY, per_minute, 1);
            let seen = f64::from(u32::try_from(trace.total()).unwrap()) / 1_440.0;
            assert!((seen / per_minute - 1.0).abs() < 0.05, "{seen}");
        }
    }

    #[test]
    fn a_burst_is_in_the_middle() {
        let trace = Shape::Burst.trace(DAY, 60.0, 1);
        let (before, burst) = (within(&trace, 42_600, 43_200), within(&trace, 43_200, 43_800));
        assert!((540..660).contains(&before) && (11_500..12_500).contains(&burst), "{before} {burst}");
    }

    #[test]
    fn noon_is_nine_times_as_busy_as_midnight() {
        let trace = Shape::Daily.trace(DAY, 600.0, 1);
        let ratio = f64::from(within(&trace, 42_000, 44_400)) / f64::from(within(&trace, 0, 1_200)) / 2.0;
        assert!((8.0..9.5).contains(&ratio), "{ratio}");
    }

    #[test]
    fn spikes_come_a_few_times_a_day_and_stand_out() {
        let trace = Shape::Spikes.trace(DAY, 600.0, 1);
        let high = trace.counts.iter().filter(|(_, count)| *count > 500).count();
        assert!((100..700).contains(&high), "{high} bins of 8640 are part of a spike");
    }

    #[test]
    fn a_batch_comes_at_the_full_hour_only() {
        let trace = Shape::Batch.trace(DAY, 60.0, 1);
        assert_eq!(trace.counts.len(), 24);
        assert!(trace.counts.iter().all(|(secs, count)| secs % 3_600 == 0 && (3_300..3_900).contains(count)));
    }

    #[test]
    fn the_seed_decides() {
        for shape in Shape::ALL {
            let made = |seed| shape.trace(DAY, 30.0, seed);
            assert_eq!(made(1), made(1));
            assert_ne!(made(1), made(2), "{}", shape.name());
        }
    }
}
