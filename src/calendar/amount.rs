use std::time::Duration;

/// The time that `text` says: a whole number of s, m, h or d, such as `90s` or `2h`; else nothing.
#[must_use]
pub fn amount(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let secs = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: u32 = number.trim_end().parse().ok()?;
    Some(Duration::from_secs(u64::from(number) * secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_whole_number_and_a_unit() {
        for (text, secs) in [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("2 h", 7200)] {
            assert_eq!(amount(text), Some(Duration::from_secs(secs)), "{text}");
        }
        for text in ["", "h", "2", "1.5h", "-1h", "2w", "2h30m", "99999999999s", "2µ", "µ"] {
            assert_eq!(amount(text), None, "{text:?}");
        }
    }
}
