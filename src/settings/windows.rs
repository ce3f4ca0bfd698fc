use super::forms::{self, SECS_MAX};
use super::reader::{At, Here, Table};
use super::rules::CAPACITY_MAX;
use crate::calendar::{Window, Zone};
use crate::controller::Limits;
use crate::model::Timestamp;
use std::fmt::Write as _;
use std::time::Duration;

/// The longest time that a window is open, in minutes: a year.
pub(super) const MINS_MAX: u32 = SECS_MAX / 60;

/// How many openings are told of.
const TOLD: usize = 3;

/// Reads the `[[scaler.window]]` tables of a scaler that keeps within `limits`.
pub(super) fn read(table: &mut Table<'_>, limits: &Limits) -> Vec<Window> {
    let found = table.take("window");
    let list = found.and_then(|value| value.list("must be written as [[scaler.window]]"));
    let tables = list.into_iter().flatten().filter_map(At::table);
    let mut names = Vec::new();
    tables.filter_map(|table| window(table, limits, &mut names)).collect()
}

/// Reads one of them; `names` are those of the ones before.
fn window<'a>(mut table: Table<'a>, limits: &Limits, names: &mut Vec<At<'a, String>>) -> Option<Window> {
    let name = table.require("name", "name = \"office hours\"");
    let name = name.and_then(|value| value.text(|text| forms::label(text, 64)));
    if let Some(name) = &name {
        once(name, names);
    }
    let start = table.require("start", "start = \"0 0 8 * * Mon-Fri\"");
    let start = start.and_then(|value| value.text(forms::window_start));
    let zone = table.take("time_zone").map(|value| value.text(forms::time_zone));
    let lasts = table.require("lasts_mins", "lasts_mins = 600");
    let lasts = lasts.and_then(|value| value.whole(1..=MINS_MAX));
    let sized = table.has("min") || table.has("max");
    let min = table.whole("min", 0..=CAPACITY_MAX);
    let max = table.whole("max", 0..=CAPACITY_MAX);
    let lead = table.whole("lead_secs", 0..=86_400);
    let here = table.here.clone();
    table.finish();
    if !sized {
        let says = "has neither a min nor a max";
        here.note(here.mistake(says, "a line such as `min = 5` is wanted here"));
    }
    hold(min.as_ref(), max.as_ref(), limits);
    if let (Some(lead), None) = (&lead, &min) {
        let mistake =
            lead.here.mistake("is of no use without a min", "it is the floor that is ordered ahead");
        lead.here.note(mistake);
    }
    Some(Window {
        name: name?.value,
        start: start?.value,
        zone: zone.map_or(Some(Zone::UTC), |zone| zone.map(|at| at.value))?,
        lasts: Duration::from_mins(lasts?.value.into()),
        lead: lead.map(|at| Duration::from_secs(at.value.into())),
        min: min.map(|at| at.value),
        max: max.map(|at| at.value),
    })
}

/// Notes a name that another window has.
fn once<'a>(name: &At<'a, String>, names: &mut Vec<At<'a, String>>) {
    if let Some(first) = names.iter().find(|first| first.value == name.value) {
        let mistake = name.here.mistake("is another window's too", "each name once");
        name.here.note(mistake.and(&first.here.at, "first here"));
    }
    names.push(name.clone());
}

/// Notes sizes that contradict each other, or could never hold.
fn hold(min: Option<&At<'_, u32>>, max: Option<&At<'_, u32>>, limits: &Limits) {
    if let (Some(min), Some(max)) = (min, max)
        && min.value > max.value
    {
        let mistake = min.here.mistake("is above the window's max", format!("at least {}", min.value));
        min.here.note(mistake.and(&max.here.at, format!("at most {}", max.value)));
    }
    for (at, of) in [(min, "min"), (max, "max")] {
        let Some(At { value, here }) = at else { continue };
        if *value < limits.min {
            never(here, format!("is below limits.min of {}", limits.min), of);
        } else if let Some(most) = limits.max.filter(|most| value > most) {
            never(here, format!("is above limits.max of {most}"), of);
        }
    }
}

fn never(here: &Here<'_>, says: String, of: &str) {
    let mistake = here.mistake(says, format!("a {of} that never holds"));
    here.note(mistake.help("limits hold at all times, windows narrow them: widen the limits if need be"));
}

/// What a window asks for, when, and from when on it is ordered, in words.
pub(super) fn words(window: &Window, learns: bool) -> String {
    let Window { name, start, zone, lasts, .. } = window;
    let mut text = format!(
        "window {name:?}: {} for {}, opening in {zone} {}",
        sizes(window),
        length(*lasts),
        start.describe()
    );
    let _ = match (window.min, window.lead) {
        (Some(_), None) if learns => write!(text, ", ordered ahead by the boot time it learns"),
        (Some(_), Some(lead)) if !lead.is_zero() => write!(text, ", ordered {} s ahead", lead.as_secs()),
        _ => Ok(()),
    };
    text
}

/// When each window opens next after the time of day `wall`: a line for each of the first few openings.
pub(super) fn openings(windows: &[Window], wall: Timestamp) -> Vec<String> {
    let next = |window: &Window| {
        let mut lines: Vec<String> =
            window.openings(wall).take(TOLD).map(|at| line(window, at, wall)).collect();
        if lines.is_empty() {
            lines.push(format!("window {:?} opens no more", window.name));
        }
        lines
    };
    windows.iter().flat_map(next).collect()
}

fn line(window: &Window, at: Timestamp, wall: Timestamp) -> String {
    let date = window.zone.date(at, wall);
    format!("window {:?} opens {date}, for {}: {}", window.name, length(window.lasts), sizes(window))
}

fn sizes(window: &Window) -> String {
    match (window.min, window.max) {
        (Some(min), Some(max)) => format!("min {min}, max {max}"),
        (Some(min), None) => format!("min {min}"),
        (None, Some(max)) => format!("max {max}"),
        (None, None) => "no sizes".to_owned(),
    }
}

/// Hours and minutes: `10 h`, `90 min` as `1 h 30 min`.
fn length(lasts: Duration) -> String {
    let mins = lasts.as_secs() / 60;
    match (mins / 60, mins % 60) {
        (0, mins) => format!("{mins} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, mins) => format!("{hours} h {mins} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, refused, scaler, titles};
    use super::super::{describe, openings};
    use super::*;

    const OFFICE: &str = "name = \"office hours\"\nstart = \"0 0 8 * * Mon-Fri\"\nlasts_mins = 600";

    /// A scaler with these `lines` and the window `OFFICE` with these `keys`, each of which it may give anew.
    fn office(lines: &str, keys: &str) -> String {
        let own =
            |line: &&str| line.split(" =").next().is_some_and(|key| !keys.contains(&format!("{key} =")));
        let office: Vec<&str> = OFFICE.lines().filter(own).collect();
        format!("{}[[scaler.window]]\n{}\n{keys}\n", scaler(lines), office.join("\n"))
    }

    #[test]
    fn a_window_needs_a_name_a_start_a_length_and_a_size_and_is_in_utc() {
        let window = accepted(&[&office("", "min = 5")]).scalers.remove(0).rules.windows.remove(0);
        assert_eq!((window.name.as_str(), window.start.text()), ("office hours", "0 0 8 * * Mon-Fri"));
        assert_eq!((window.zone, window.lasts), (Zone::UTC, Duration::from_hours(10)));
        assert_eq!((window.min, window.max, window.lead), (Some(5), None, None));
        let shown = titles(&[&format!("{}[[scaler.window]]\n", scaler(""))]);
        let keys = ["name is missing", "start is missing", "lasts_mins is missing"];
        let keys = keys.into_iter().map(|key| format!("scaler \"images\": window[0].{key}"));
        let expected: Vec<String> =
            keys.chain(["scaler \"images\": window[0] has neither a min nor a max".to_owned()]).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_unknown_zone_is_shown_with_the_one_that_was_meant() {
        for (zone, meant) in [
            ("Europe/Berln", "did you mean \"Europe/Berlin\"?"),
            ("europe/berlin", "did you mean \"Europe/Berlin\"?"),
            ("Berlin", "did you mean \"Europe/Berlin\"?"),
            ("New York", "did you mean \"America/New_York\"?"),
            ("Sydny", "did you mean \"Australia/Sydney\"?"),
            ("+01:00", "must be a time zone of the IANA database, such as \"Europe/Berlin\""),
        ] {
            let shown = refused(&[&office("", &format!("min = 5\ntime_zone = {zone:?}"))]);
            assert!(shown.contains(meant), "{zone}: {shown}");
            assert!(shown.contains(&format!("window[0].time_zone cannot be {zone:?}")), "{shown}");
        }
    }

    #[test]
    fn a_start_is_a_pattern_with_seconds_that_comes_at_least_once() {
        let shown = refused(&[&office("", "min = 5\nstart = \"0 8 * * Mon-Fri\"")]);
        assert!(shown.contains("help: the seconds come first: \"0 0 8 * * Mon-Fri\""), "{shown}");
        for never in ["0 0 0 30 2 *", "0 0 8 * * * 2025"] {
            let shown = refused(&[&office("", &format!("min = 5\nstart = {never:?}"))]);
            assert!(shown.contains("it never comes from 2026 on"), "{shown}");
        }
        accepted(&[&office("", "min = 5\nstart = \"0 0 8 27 11 * 2026\"")]);
    }

    #[test]
    fn a_slip_in_a_key_is_shown_with_the_key_that_was_meant() {
        let shown = refused(&[&office("", "min = 5\ntimezone = \"Europe/Berlin\"")]);
        assert!(shown.contains("unknown key `window[0].timezone`"), "{shown}");
        assert!(shown.contains("did you mean `time_zone`?"), "{shown}");
    }

    #[test]
    fn sizes_that_contradict_or_never_hold_are_refused() {
        for (limits, sizes, says) in [
            ("", "min = 5\nmax = 4", "window[0].min is above the window's max"),
            ("limits = { max = 20 }", "min = 21", "window[0].min is above limits.max of 20"),
            ("limits = { max = 20 }", "max = 40", "window[0].max is above limits.max of 20"),
            ("limits = { min = 3 }", "min = 2", "window[0].min is below limits.min of 3"),
            ("limits = { min = 3 }", "max = 2", "window[0].max is below limits.min of 3"),
            ("", "max = 4\nlead_secs = 60", "window[0].lead_secs is of no use without a min"),
        ] {
            assert_eq!(titles(&[&office(limits, sizes)]), [format!("scaler \"images\": {says}")]);
        }
        accepted(&[&office("limits = { min = 3, max = 20 }", "min = 3\nmax = 20")]);
    }

    #[test]
    fn two_windows_of_one_name_are_shown_at_both_places() {
        let shown = refused(&[&format!("{}[[scaler.window]]\n{OFFICE}\nmax = 9\n", office("", "min = 5"))]);
        assert!(shown.contains("window[1].name is another window's too"), "{shown}");
        assert!(shown.contains("first here"), "{shown}");
    }

    #[test]
    fn a_window_reads_as_a_line() {
        let line = |lines: &str, keys: &str| {
            let words = describe(&accepted(&[&office(lines, keys)]));
            words.lines().find_map(|line| line.strip_prefix("  window ")).unwrap().to_owned()
        };
        assert_eq!(
            line("", "min = 5\nmax = 9\nlead_secs = 300\ntime_zone = \"Europe/Berlin\""),
            "\"office hours\": min 5, max 9 for 10 h, opening in Europe/Berlin at 08:00, on Monday, Tuesday, Wednesday, Thursday, and Friday, ordered 300 s ahead,"
        );
        let latency = "policy = { kind = \"latency\", latency_objective_secs = 60 }";
        assert!(line(latency, "min = 5").ends_with("Friday, ordered ahead by the boot time it learns,"));
        assert!(line(latency, "min = 5\nlead_secs = 0").ends_with("Friday,"));
    }

    #[test]
    fn the_next_three_openings_are_told_in_the_windows_zone() {
        // Friday 2026-10-23, 09:00 in Berlin: the clocks go back on Sunday.
        let now = Timestamp::from_secs(1_792_738_800);
        let told = |keys: &str| openings(&accepted(&[&office("", keys)]), now);
        let expected = "\
images: window \"office hours\" opens Mon 26 Oct 08:00 +01:00 Europe/Berlin, for 10 h: min 5
images: window \"office hours\" opens Tue 27 Oct 08:00 +01:00 Europe/Berlin, for 10 h: min 5
images: window \"office hours\" opens Wed 28 Oct 08:00 +01:00 Europe/Berlin, for 10 h: min 5
";
        assert_eq!(told("min = 5\ntime_zone = \"Europe/Berlin\""), expected);
        let once = "max = 2\nlasts_mins = 90\nstart = \"0 30 7 1 7 * 2027\"";
        let line =
            "images: window \"office hours\" opens Thu 1 Jul 2027 07:30 +00:00 UTC, for 1 h 30 min: max 2\n";
        assert_eq!(told(once), line);
        let past = "max = 2\nstart = \"0 0 8 1 7 * 2026\"";
        assert_eq!(told(past), "images: window \"office hours\" opens no more\n");
        assert_eq!(openings(&accepted(&[&scaler("")]), now), "");
    }
}
