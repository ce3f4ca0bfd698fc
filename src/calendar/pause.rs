use super::{DAY, Zone};
use crate::model::{Pause, Timestamp};
use std::time::Duration;

/// Since and until when `pause` holds, for people at the time of day `wall`: `since 14:02 until 16:02 UTC`.
#[must_use]
pub fn when(pause: &Pause, wall: Timestamp) -> String {
    let (since, until) = match pause {
        Pause::Asked { since, until, .. } => (*since, *until),
        Pause::Unknown { why } => return format!("as far as can be told: {why}"),
    };
    let day = if wall.since(since) < DAY { DAY } else { Duration::ZERO };
    let since = Zone::UTC.clock(since, wall, day);
    match until {
        Some(until) => {
            let since = since.trim_end_matches(" UTC");
            format!("since {since} until {}", Zone::UTC.clock(until, wall, DAY))
        }
        None => format!("since {since}, until it is resumed"),
    }
}

/// `pause` in words: `scale-out and scale-in are paused since 14:02 until 16:02 UTC`.
#[must_use]
pub fn paused(pause: &Pause, wall: Timestamp) -> String {
    let are = if pause.holds_out() && pause.holds_in() { "are" } else { "is" };
    format!("{} {are} paused {}", pause.what(), when(pause, wall))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday, 14:02 UTC.
    const FRIDAY: Timestamp = Timestamp::from_secs(1_795_183_320);

    fn asked(until: Option<Duration>) -> Pause {
        Pause::Asked { out: true, r#in: true, since: FRIDAY, until: until.map(|lasts| FRIDAY + lasts) }
    }

    #[test]
    fn a_pause_is_told_with_its_times_and_with_days_where_they_are_far() {
        let hour = Duration::from_hours(1);
        for (pause, later, words) in [
            (asked(Some(2 * hour)), hour, "since 14:02 until 16:02 UTC"),
            (asked(Some(72 * hour)), hour, "since 14:02 until Mon 23 Nov 14:02 UTC"),
            (asked(Some(72 * hour)), 60 * hour, "since Fri 20 Nov 14:02 until 14:02 UTC"),
            (asked(None), hour, "since 14:02 UTC, until it is resumed"),
        ] {
            assert_eq!(when(&pause, FRIDAY + later), words);
        }
    }

    #[test]
    fn a_pause_in_words_says_what_is_held() {
        let out = Pause::Asked { out: true, r#in: false, since: FRIDAY, until: None };
        assert_eq!(paused(&out, FRIDAY), "scale-out is paused since 14:02 UTC, until it is resumed");
        assert!(
            paused(&asked(None), FRIDAY).starts_with("scale-out and scale-in are paused since 14:02 UTC")
        );
        let unknown = Pause::Unknown { why: "a.pause is damaged".to_owned() };
        let words = "scale-out and scale-in are paused as far as can be told: a.pause is damaged";
        assert_eq!(paused(&unknown, FRIDAY), words);
    }
}
