use super::forms::{self, SECS_MAX};
use super::reader::{At, Here, Table};
use super::rules::CAPACITY_MAX;
use crate::calendar::{Window, Zone};
use crate::controller::Limits;
use crate::model::Timestamp;
use std::fmt::Write as _;
use std::time::Duration;

/// The longest time that a window is open, in minutes: a year.
const MINS_MAX: u32 = SECS_MAX / 60;

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
    hold(&min, &max, limits);
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
fn hold(min: &Option<At<'_, u32>>, max: &Option<At<'_, u32>>, limits: &Limits) {
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
        "window {name:?}: {} for {}, opening {} {zone}",
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
