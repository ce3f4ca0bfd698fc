use super::*;
use proptest::prelude::*;

/// A window of this start and length, with a floor of 5 and no lead.
fn window(start: &str, zone: &str, hours: u64) -> Window {
    Window {
        name: "day".to_owned(),
        start: Pattern::parse(start).unwrap(),
        zone: Zone::named(zone).unwrap(),
        lasts: Duration::from_hours(hours),
        lead: None,
        min: Some(5),
        max: None,
    }
}

/// A time in UTC: `2026-03-29T01:00:00Z`.
fn at(text: &str) -> Timestamp {
    Timestamp::from_secs(DateTime::parse_from_rfc3339(text).unwrap().timestamp())
}

/// The first openings after a time, in UTC.
fn opens<const N: usize>(window: &Window, after: &str) -> [String; N] {
    let mut openings = window.openings(at(after));
    std::array::from_fn(|_| {
        let at = DateTime::<Utc>::from_timestamp_millis(openings.next().unwrap().as_millis()).unwrap();
        at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    })
}

/// Whether it is open just before the first time, at it, just before the second, and at that.
fn around(window: &Window, from: &str, until: &str) -> [bool; 4] {
    let [from, until] = [from, until].map(at);
    [from.shifted(-1), from, until.shifted(-1), until].map(|at| window.open_at(at, Duration::ZERO).is_some())
}

/// Open from the first time until the second, and neither before nor after.
const BETWEEN: [bool; 4] = [false, true, true, false];

#[test]
fn a_window_opens_by_the_clocks_of_its_zone_in_summer_and_in_winter() {
    let berlin = window("0 0 8 * * Mon-Fri", "Europe/Berlin", 10);
    // Friday before the clocks go back, and the Monday after.
    assert_eq!(opens(&berlin, "2026-10-23T00:00:00Z"), ["2026-10-23T06:00:00Z", "2026-10-26T07:00:00Z"]);
    assert_eq!(around(&berlin, "2026-10-23T06:00:00Z", "2026-10-23T16:00:00Z"), BETWEEN);
    assert_eq!(around(&berlin, "2026-10-26T07:00:00Z", "2026-10-26T17:00:00Z"), BETWEEN);
}

#[test]
fn a_start_in_the_hour_that_is_left_out_is_when_the_clocks_go_forward() {
    for (zone, start, before, forward, next) in [
        (
            "Europe/Berlin",
            "0 30 2 * * *",
            "2026-03-28T12:00:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z",
        ),
        (
            "America/New_York",
            "0 30 2 * * *",
            "2026-03-07T12:00:00Z",
            "2026-03-08T07:00:00Z",
            "2026-03-09T06:30:00Z",
        ),
        // Half an hour, from 02:00 +10:30 to 02:30 +11:00.
        (
            "Australia/Lord_Howe",
            "0 15 2 * * *",
            "2026-10-03T12:00:00Z",
            "2026-10-03T15:30:00Z",
            "2026-10-04T15:15:00Z",
        ),
    ] {
        let window = window(start, zone, 1);
        assert_eq!(opens(&window, before), [forward, next], "{zone}");
        let end = DateTime::parse_from_rfc3339(forward).unwrap() + Duration::from_hours(1);
        assert_eq!(around(&window, forward, &end.to_rfc3339()), BETWEEN, "{zone}");
    }
}

#[test]
fn a_start_in_the_hour_that_comes_twice_comes_once() {
    for (zone, start, before, first, next) in [
        (
            "Europe/Berlin",
            "0 30 2 * * *",
            "2026-10-24T12:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
        ),
        (
            "America/New_York",
            "0 30 1 * * *",
            "2026-10-31T12:00:00Z",
            "2026-11-01T05:30:00Z",
            "2026-11-02T06:30:00Z",
        ),
        // From 02:00 +11:00 back to 01:30 +10:30.
        (
            "Australia/Lord_Howe",
            "0 45 1 * * *",
            "2026-04-04T12:00:00Z",
            "2026-04-04T14:45:00Z",
            "2026-04-05T15:15:00Z",
        ),
    ] {
        let mut window = window(start, zone, 1);
        window.lasts = Duration::from_mins(10);
        assert_eq!(opens(&window, before), [first, next], "{zone}");
        let end = DateTime::parse_from_rfc3339(first).unwrap() + Duration::from_mins(10);
        assert_eq!(around(&window, first, &end.to_rfc3339()), BETWEEN, "{zone}");
        let again = at(first)
            + if zone.ends_with("Howe") { Duration::from_mins(30) } else { Duration::from_hours(1) };
        assert_eq!(window.open_at(again, Duration::ZERO), None, "{zone}: the second coming");
    }
}

#[test]
fn a_window_that_spans_a_change_of_the_clocks_lasts_as_long_as_any() {
    let night = window("0 0 22 * * *", "Europe/Berlin", 8);
    assert_eq!(
        around(&night, "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"),
        BETWEEN,
        "until 07:00 summer time"
    );
    assert_eq!(
        around(&night, "2026-10-24T20:00:00Z", "2026-10-25T04:00:00Z"),
        BETWEEN,
        "until 05:00 winter time"
    );
    let seen = |time: &str| night.open_at(at(time), Duration::ZERO).unwrap().when;
    assert_eq!(seen("2026-03-28T23:00:00Z"), "until 07:00 Europe/Berlin");
    assert_eq!(seen("2026-10-25T00:59:00Z"), "until 05:00 Europe/Berlin");
    assert_eq!(seen("2026-10-25T01:01:00Z"), "until 05:00 Europe/Berlin", "in the second coming of 02:00");
}

#[test]
fn a_window_opened_in_the_first_coming_of_an_hour_is_still_open_in_the_second() {
    let window = window("0 30 2 * * *", "Europe/Berlin", 2);
    assert_eq!(around(&window, "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"), BETWEEN);
    // 02:10 on the clocks, for the second time.
    assert!(window.open_at(at("2026-10-25T01:10:00Z"), Duration::ZERO).is_some());
}

#[test]
fn a_zone_whose_clocks_never_change_opens_every_24_hours() {
    let kolkata = window("0 0 9 * * *", "Asia/Kolkata", 1);
    let all: [String; 3] = opens(&kolkata, "2026-03-28T12:00:00Z");
    assert_eq!(all, ["2026-03-29T03:30:00Z", "2026-03-30T03:30:00Z", "2026-03-31T03:30:00Z"]);
}

#[test]
fn leap_days_and_last_days_of_months_come_by_the_calendar() {
    let leap = window("0 0 0 29 2 *", "UTC", 24);
    assert_eq!(opens(&leap, "2026-01-01T00:00:00Z"), ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]);
    assert_eq!(around(&leap, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"), BETWEEN);
    let last = window("0 0 20 L * *", "UTC", 8);
    assert_eq!(
        opens(&last, "2027-12-31T21:00:00Z"),
        ["2028-01-31T20:00:00Z", "2028-02-29T20:00:00Z", "2028-03-31T20:00:00Z"]
    );
    assert_eq!(around(&last, "2028-02-29T20:00:00Z", "2028-03-01T04:00:00Z"), BETWEEN);
}

#[test]
fn a_window_may_run_past_midnight_and_for_days() {
    let weekend = window("0 0 18 * * Fri", "Europe/Berlin", 62);
    assert_eq!(around(&weekend, "2026-11-20T17:00:00Z", "2026-11-23T07:00:00Z"), BETWEEN);
    let when = |time: &str| weekend.open_at(at(time), Duration::ZERO).unwrap().when;
    assert_eq!(when("2026-11-21T12:00:00Z"), "until Mon 23 Nov 08:00 Europe/Berlin");
    assert_eq!(when("2026-11-22T12:00:00Z"), "until 08:00 Europe/Berlin");
}

#[test]
fn a_window_of_one_year_opens_no_more_after_it_and_not_before() {
    let friday = window("0 0 6 27 11 * 2026", "America/New_York", 24);
    assert_eq!(around(&friday, "2026-11-27T11:00:00Z", "2026-11-28T11:00:00Z"), BETWEEN);
    assert_eq!(friday.open_at(at("2025-11-27T12:00:00Z"), Duration::ZERO), None);
    assert_eq!(friday.open_at(at("2031-11-27T12:00:00Z"), Duration::ZERO), None);
    assert_eq!(friday.openings(at("2026-11-27T11:00:00Z")).next(), None);
}

#[test]
fn the_floor_is_ordered_ahead_and_the_ceiling_is_not() {
    let both = Window { max: Some(9), ..window("0 0 8 * * *", "UTC", 1) };
    let seen = |time: &str, lead| {
        let opening = both.open_at(at(time), Duration::from_secs(lead));
        opening.map(|opening| (opening.min, opening.max, opening.when))
    };
    assert_eq!(seen("2026-11-23T07:54:59Z", 300), None);
    let ahead = "from 08:00 UTC, ordered ahead".to_owned();
    assert_eq!(seen("2026-11-23T07:55:00Z", 300), Some((Some(5), None, ahead)));
    assert_eq!(seen("2026-11-23T08:00:00Z", 300), Some((Some(5), Some(9), "until 09:00 UTC".to_owned())));
    let told = Window { lead: Some(Duration::from_mins(1)), ..both.clone() };
    let before = |window: &Window, secs: i64| {
        window.open_at(at("2026-11-23T08:00:00Z").shifted(-1000 * secs), Duration::from_mins(5)).is_some()
    };
    assert!(before(&told, 60) && !before(&told, 61), "the settings' word counts");
    let ceiling = Window { min: None, ..both };
    assert!(!before(&ceiling, 1));
}

#[test]
fn a_window_longer_than_from_start_to_start_stays_open() {
    let always = Window { max: Some(9), ..window("0 0 8 * * *", "UTC", 30) };
    let seen = always.open_at(at("2026-11-23T07:59:00Z"), Duration::from_mins(5)).unwrap();
    assert_eq!((seen.max, seen.when.as_str()), (Some(9), "until 14:00 UTC"));
}

#[test]
fn a_date_is_told_with_its_offset_and_with_its_year_if_that_is_another() {
    let (now, berlin) = (at("2026-11-21T12:00:00Z"), Zone::named("Europe/Berlin").unwrap());
    assert_eq!(berlin.date(at("2026-11-23T07:00:00Z"), now), "Mon 23 Nov 08:00 +01:00 Europe/Berlin");
    assert_eq!(berlin.date(at("2027-07-01T06:00:30Z"), now), "Thu 1 Jul 2027 08:00:30 +02:00 Europe/Berlin");
}

/// Whether it is open, by trying all starts of the days around.
fn by_search(window: &Window, wall: Timestamp) -> bool {
    let from = wall.shifted(-4 * 86_400_000);
    window.openings(from).take_while(|start| *start <= wall).any(|start| wall < start + window.lasts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_window_is_open_from_each_of_its_openings_for_as_long_as_it_lasts(
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
        start in prop::sample::select(vec!["0 0 8 * * Mon-Fri", "0 30 2 * * *", "0 */20 1,2 * * *", "30 45 1 * * *", "0 0 22 L * *"]),
        // Around the four changes of the clocks in 2026.
        change in prop::sample::select(vec!["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]),
        off_secs in -100_000_i64..100_000,
        lasts_mins in 1_u64..2000,
    ) {
        let window = Window { lasts: Duration::from_mins(lasts_mins), ..window(start, zone, 1) };
        let wall = at(change).shifted(1000 * off_secs);
        prop_assert_eq!(window.open_at(wall, Duration::ZERO).is_some(), by_search(&window, wall));
    }
}

/// The table is made by another library: see `tests/calendar/openings.py`.
#[test]
fn on_days_when_clocks_change_each_start_opens_when_another_library_says() {
    let table = include_str!("../../tests/calendar/openings.csv");
    let rows: Vec<[&str; 4]> =
        table.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>().try_into().unwrap()).collect();
    assert_eq!(rows.len(), 9 * 96);
    for [zone, day, start, opens] in rows {
        let (hour, minute) = start.split_once(':').unwrap();
        // Shorter than from quarter to quarter, even ordered ahead.
        let lasts = Duration::from_mins(9);
        let window = Window { lasts, ..window(&format!("0 {minute} {hour} * * *"), zone, 1) };
        let (what, opens) = (format!("{start} of {day} in {zone}"), at(opens));
        assert_eq!(window.openings(opens.shifted(-1)).next(), Some(opens), "{what}");
        let closes = opens + window.lasts;
        let seen = [opens.shifted(-1), opens, closes.shifted(-1), closes];
        let seen = seen.map(|at| window.open_at(at, Duration::ZERO).is_some());
        assert_eq!(seen, BETWEEN, "{what}");
        let lead = Duration::from_mins(5);
        let ahead = [-300_001, -300_000].map(|millis| window.open_at(opens.shifted(millis), lead));
        assert!(ahead[0].is_none() && ahead[1].as_ref().is_some_and(|opening| opening.ahead), "{what}");
    }
}
