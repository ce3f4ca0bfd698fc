use std::time::Duration;

/// From figures to pixels along one axis, with the figures that are marked there.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    shape: Shape,
    from: f64,
    to: f64,
    /// Marked figures, ascending, with their labels.
    pub(super) ticks: Vec<(f64, String)>,
}

/// What distances on an axis stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Linear,
    /// Equal distances are equal factors.
    Factors,
    /// Percentages from 0 to 100 with room for the small ones.
    Lateness,
}

/// Steps between marks of time, in seconds.
const TIME_STEPS: [u64; 16] = [
    60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
    2_592_000,
];

impl Axis {
    /// Counts from 0 to at least `most`.
    pub(super) fn counts(most: f64) -> Self {
        let most = most.max(1.0);
        let step = round_step(most / 4.0).max(1.0);
        let to = (most / step).ceil() * step;
        let ticks = multiples(step, to).map(|figure| (figure, short(figure))).collect();
        Self { shape: Shape::Linear, from: 0.0, to, ticks }
    }

    /// Seconds from 0 to exactly `most`.
    pub(super) fn seconds(most: f64) -> Self {
        let most = most.max(1.0);
        let step = round_step(most / 4.0).max(1.0);
        let ticks = multiples(step, most).map(|figure| (figure, short(figure))).collect();
        Self { shape: Shape::Linear, from: 0.0, to: most, ticks }
    }

    /// The time of a run, from its beginning to `end`.
    pub(super) fn time(end: Duration) -> Self {
        let end = end.as_secs().max(60);
        let step = TIME_STEPS.into_iter().find(|step| end / step <= 12).unwrap_or(end);
        let marks = (0..=end / step).map(|nth| nth * step);
        let ticks = marks.map(|secs| (real(secs), time_label(secs, step))).collect();
        Self { shape: Shape::Linear, from: 0.0, to: real(end), ticks }
    }

    /// Factors from a little below `least` to a little above `most`, with 1 among them.
    pub(super) fn factors(least: f64, most: f64) -> Self {
        const MARKS: [f64; 15] =
            [0.1, 0.2, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1e3];
        let (from, to) = (least.clamp(0.1, 0.95) * 0.95, most.clamp(1.4, 1e3) * 1.1);
        // In a wide field the marks near 1 would stand on each other.
        let sparse = |mark: f64| to / from < 12.0 || ![0.8, 1.2, 1.5].contains(&mark);
        let marks = MARKS.into_iter().filter(|mark| (from..=to).contains(mark) && sparse(*mark));
        Self {
            shape: Shape::Factors,
            from,
            to,
            ticks: marks.map(|mark| (mark, format!("{mark} ×"))).collect(),
        }
    }

    /// Percentages from 0 to at least `most`.
    pub(super) fn lateness(most: f64) -> Self {
        const MARKS: [f64; 10] = [0.0, 0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
        let to = MARKS.into_iter().find(|mark| *mark >= most && *mark >= 2.0).unwrap_or(100.0);
        let ticks = MARKS.into_iter().filter(|mark| *mark <= to).map(|mark| (mark, format!("{mark} %")));
        Self { shape: Shape::Lateness, from: 0.0, to, ticks: ticks.collect() }
    }

    /// The share of the axis' length that lies below `figure`, from 0 to 1.
    pub(super) fn share(&self, figure: f64) -> f64 {
        let [figure, from, to] = [figure, self.from, self.to].map(|figure| self.shape.straight(figure));
        let share = (figure - from) / (to - from);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

impl Shape {
    /// The figure where distances are to scale.
    fn straight(self, figure: f64) -> f64 {
        match self {
            Self::Linear => figure,
            Self::Factors => figure.max(f64::MIN_POSITIVE).ln(),
            Self::Lateness => (figure.max(0.0) * 5.0).ln_1p(),
        }
    }
}

/// The next of 1, 2, 5, 10, 20 and so on that is at least `least`.
fn round_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.max(1e-9).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    steps.into_iter().find(|step| *step >= least * 0.999_999).unwrap_or(10.0 * decade)
}

fn multiples(step: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..=20_u32).map(move |nth| f64::from(nth) * step).take_while(move |figure| *figure <= to * 1.000_001)
}

/// A count in few characters: `950`, `1.5k`, `20k`, `3M`.
fn short(figure: f64) -> String {
    let decimal = |figure: f64| (figure * 10.0).round() / 10.0;
    match figure {
        _ if figure >= 1e6 => format!("{}M", decimal(figure / 1e6)),
        _ if figure >= 1e4 => format!("{}k", decimal(figure / 1e3)),
        _ => decimal(figure).to_string(),
    }
}

fn time_label(secs: u64, step: u64) -> String {
    match step {
        _ if secs == 0 => "0".to_owned(),
        86_400.. => format!("{} d", secs / 86_400),
        3_600.. => format!("{} h", secs / 3_600),
        _ => format!("{}:{:02}", secs / 3_600, secs % 3_600 / 60),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds stay far below 2^53")]
pub(super) const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn counts_are_marked_at_round_figures_that_enclose_them() {
        assert_eq!(labels(&Axis::counts(23.0)), ["0", "10", "20", "30"]);
        assert_eq!(labels(&Axis::counts(0.0)), ["0", "1"]);
        assert_eq!(labels(&Axis::counts(61_000.0)), ["0", "20k", "40k", "60k", "80k"]);
        assert_eq!(labels(&Axis::counts(4_100_000.0)), ["0", "2M", "4M", "6M"]);
    }

    #[test]
    fn whatever_the_size_there_are_a_few_marks_and_no_label_twice() {
        for most in [1.0, 3.0, 7.0, 19.0, 99.0, 1_001.0, 123_456.0, 9e7] {
            let axis = Axis::counts(most);
            let labels = labels(&axis);
            assert!((2..=6).contains(&labels.len()), "{most}: {labels:?}");
            assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
            assert!(axis.to >= most);
        }
    }

    #[test]
    fn a_day_is_marked_in_hours_a_week_in_days_an_hour_in_minutes() {
        assert_eq!(labels(&Axis::time(Duration::from_hours(24)))[..3], ["0", "2 h", "4 h"]);
        assert_eq!(labels(&Axis::time(Duration::from_hours(24 * 7)))[..3], ["0", "1 d", "2 d"]);
        assert_eq!(labels(&Axis::time(Duration::from_mins(55)))[..3], ["0", "0:05", "0:10"]);
        for hours in [1, 2, 3, 5, 9, 24, 30, 100, 168, 700, 9_000] {
            assert!((2..=13).contains(&Axis::time(Duration::from_hours(hours)).ticks.len()), "{hours} h");
        }
    }

    #[test]
    fn the_small_percentages_have_most_of_the_room() {
        let axis = Axis::lateness(37.0);
        assert!((axis.to - 50.0).abs() < 1e-9);
        assert!(axis.share(1.0) > 0.3, "{}", axis.share(1.0));
        assert!(axis.share(0.0).abs() < 1e-9 && (axis.share(50.0) - 1.0).abs() < 1e-9);
        assert_eq!(labels(&Axis::lateness(0.0)), ["0 %", "0.1 %", "0.3 %", "1 %", "2 %"]);
    }

    #[test]
    fn equal_factors_are_equally_far_apart() {
        let axis = Axis::factors(0.9, 9.0);
        let far = |from: f64, to: f64| axis.share(to) - axis.share(from);
        assert!((far(1.0, 2.0) - far(2.0, 4.0)).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_number_or_outside_stays_on_the_paper() {
        for axis in [Axis::counts(10.0), Axis::factors(0.3, 3.0), Axis::lateness(3.0)] {
            for figure in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, 1e300] {
                assert!((0.0..=1.0).contains(&axis.share(figure)));
            }
        }
    }
}
