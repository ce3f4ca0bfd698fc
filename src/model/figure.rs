/// `figure` to a thousandth, so that it prints with at most three decimals and without trailing zeros.
///
/// What is not finite stays as it is, and so does a figure too large for its decimals to matter.
#[must_use]
pub fn rounded(figure: f64) -> f64 {
    let thousandths = (figure * 1000.0).round();
    if thousandths.is_finite() { thousandths / 1000.0 } else { figure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_prints_with_at_most_three_decimals_and_no_trailing_zero() {
        for (figure, printed) in
            [(6.122_448_979_591_837, "6.122"), (15.0, "15"), (0.5, "0.5"), (2.9999, "3"), (0.0, "0")]
        {
            assert_eq!(rounded(figure).to_string(), printed);
        }
    }

    #[test]
    fn what_cannot_be_rounded_stays_as_it_is() {
        assert_eq!(rounded(f64::MAX).to_bits(), f64::MAX.to_bits());
        assert!(rounded(f64::NAN).is_nan() && rounded(f64::INFINITY).is_infinite());
    }
}
