/// Amounts in stretches of equal length.
#[derive(Debug)]
pub(super) struct Bins {
    pub(super) width: f64,
    pub(super) sums: Vec<f64>,
}

impl Bins {
    /// Spreads `amount` evenly from `begin` to `end`, in seconds.
    pub(super) fn spread(&mut self, amount: f64, begin: f64, end: f64) {
        let mut from = begin;
        while from < end {
            let nth = (from / self.width + 1e-9).floor();
            let to = ((nth + 1.0) * self.width).min(end);
            self.add(nth, amount * (to - from) / (end - begin));
            from = to;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a quotient of times from the beginning"
    )]
    fn add(&mut self, nth: f64, amount: f64) {
        let nth = nth as usize;
        self.sums.resize(self.sums.len().max(nth + 1), 0.0);
        if let Some(sum) = self.sums.get_mut(nth) {
            *sum += amount;
        }
    }

    /// The amounts as whole numbers that add up to the whole.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of messages")]
    pub(super) fn whole(&self) -> Vec<u32> {
        let (mut sum, mut told) = (0.0, 0.0);
        let whole = self.sums.iter().map(|amount| {
            sum += amount;
            let count = (sum - told + 1e-6).floor();
            told += count;
            count as u32
        });
        whole.collect()
    }
}
