//! The forms of what is given to a simulation on the command line. Each names what is allowed.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// The longest time that may be given: 14 days, the longest that SQS keeps a message.
const LONGEST_SECS: f64 = 1_209_600.0;

/// A time in seconds, above 0.
pub fn time(text: &str) -> Result<Duration, String> {
    let secs: f64 =
        text.trim().parse().map_err(|_error| "must be a number of seconds, such as 90".to_owned())?;
    let fits = secs > 0.0 && secs <= LONGEST_SECS;
    // Times are counted in milliseconds.
    let time = fits.then(|| Duration::from_secs_f64((secs * 1000.0).ceil() / 1000.0));
    time.ok_or_else(|| format!("seconds must be above 0 and at most {LONGEST_SECS} (14 days)"))
}

/// A time in seconds, 0 or more.
pub fn time_or_none(text: &str) -> Result<Duration, String> {
    if number(text) == Ok(0.0) { Ok(Duration::ZERO) } else { time(text) }
}

/// Two times in seconds, `120..180`, the first not above the second; or one that is both.
pub fn times(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let (low, high) = (time(low)?, time(high)?);
    if low > high {
        Err("the first of LO..HI must not be above the second".to_owned())
    } else {
        Ok(low..=high)
    }
}

/// A number, 0 or more.
pub fn not_negative(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (0.0..=1e9).contains(&value) { Ok(value) } else { Err("must be from 0 to 1000000000".to_owned()) }
}

/// A coefficient of variation.
pub fn variation(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (0.0..=10.0).contains(&value) { Ok(value) } else { Err("must be from 0 to 10".to_owned()) }
}

/// A share of 100.
pub fn percent(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (0.0..=100.0).contains(&value) { Ok(value) } else { Err("must be from 0 to 100".to_owned()) }
}

/// Hours that a shape lasts.
pub fn hours(text: &str) -> Result<u64, String> {
    whole(text, 2..=1_000)
}

/// A number of instances, or of what each works on.
pub fn count(text: &str) -> Result<u32, String> {
    whole(text, 1..=10_000)
}

/// What chance comes from.
pub fn seed(text: &str) -> Result<u64, String> {
    whole(text, 0..=u64::MAX)
}

fn whole<N: FromStr + PartialOrd + Display>(text: &str, allowed: RangeInclusive<N>) -> Result<N, String> {
    let value = text.trim().parse().ok().filter(|value| allowed.contains(value));
    value.ok_or_else(|| format!("must be a whole number from {} to {}", allowed.start(), allowed.end()))
}

fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_error| "must be a number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_range_of_times_has_two_ends_or_one() {
        assert_eq!(times("120..180"), Ok(secs(120)..=secs(180)));
        assert_eq!(times(" 90 .. 90.5 "), Ok(secs(90)..=Duration::from_millis(90_500)));
        assert_eq!(times("150"), Ok(secs(150)..=secs(150)));
        assert!(times("180..120").unwrap_err().contains("LO..HI"));
        for text in ["", "..", "1..", "..1", "1...2", "a..b", "1-2"] {
            assert!(times(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_sound_number_is_refused() {
        for text in ["", "x", "-1", "NaN", "inf", "1e300"] {
            assert!(time(text).is_err() && not_negative(text).is_err(), "{text}");
            assert!(percent(text).is_err() && variation(text).is_err(), "{text}");
        }
        assert!(time("0").is_err() && time_or_none("0") == Ok(Duration::ZERO) && percent("100.5").is_err());
    }

    #[test]
    fn a_count_is_whole_and_within_its_range() {
        assert_eq!((hours("2"), count(" 10000 "), seed("0")), (Ok(2), Ok(10_000), Ok(0)));
        for text in ["0.5", "-1", "1", "1001", "x", ""] {
            assert_eq!(hours(text).unwrap_err(), "must be a whole number from 2 to 1000", "{text}");
        }
        assert!(count("0").is_err() && count("10001").is_err() && seed("-1").is_err());
    }

    #[test]
    fn the_shortest_time_is_a_millisecond() {
        assert_eq!(time("0.00001"), Ok(Duration::from_millis(1)));
    }
}
