use super::{Replay, Tick, Verdict};
use crate::model::{Action, Timestamp};
use crate::publish::{json, text};
use crate::sim::UNSCORED;
use crate::sim::words::duration;
use serde::Serialize;
use std::fmt::Write;

/// Rows that a text shows of where decisions differ.
const ROWS_MAX: usize = 40;

/// What readers must know, in words.
const OPEN_LOOP: &str = "\
The fleet and the queues are as they were recorded: they do not react to the replayed decisions.
Each is what these settings would have decided at that moment, not what would have come of it;
`backlogd simulate --from-records` tells that.";

/// Ticks in a row at which the same was decided then, and the same now.
struct Stretch<'a> {
    first: &'a Tick,
    ticks: usize,
}

#[derive(Serialize)]
struct TickJson<'a> {
    time: String,
    scaler: &'a str,
    desired: Option<u32>,
    differs: bool,
    recorded: VerdictJson<'a>,
    replayed: VerdictJson<'a>,
}

#[derive(Serialize)]
struct VerdictJson<'a> {
    action: &'static str,
    to: Option<u32>,
    recommended: Option<u32>,
    reasons: Vec<StepJson<'a>>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    code: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct SummaryJson<'a> {
    summary: CountsJson<'a>,
}

#[derive(Serialize)]
struct CountsJson<'a> {
    scaler: &'a str,
    from: Option<String>,
    to: Option<String>,
    ticks: usize,
    differences: usize,
    differences_in_first_hour: usize,
    recommended_differs: usize,
    fleet_reacts: bool,
    recorded: ActionsJson,
    replayed: ActionsJson,
}

/// How often each was decided.
#[derive(Clone, Copy, Default, Serialize)]
struct ActionsJson {
    scale_out: usize,
    scale_in: usize,
    hold: usize,
}

/// A JSON object for each tick, and one that counts.
#[must_use]
pub fn lines(replay: &Replay) -> Vec<String> {
    let tick = |tick: &Tick| {
        json(&TickJson {
            time: json::time(tick.time),
            scaler: &replay.scaler,
            desired: tick.desired,
            differs: tick.differs(),
            recorded: VerdictJson::of(&tick.recorded),
            replayed: VerdictJson::of(&tick.replayed),
        })
    };
    let mut lines: Vec<String> = replay.ticks.iter().map(tick).collect();
    let summary = CountsJson {
        scaler: &replay.scaler,
        from: replay.ticks.first().map(|tick| json::time(tick.time)),
        to: replay.ticks.last().map(|tick| json::time(tick.time)),
        ticks: replay.ticks.len(),
        differences: replay.differences().count(),
        differences_in_first_hour: replay.early(),
        recommended_differs: replay.other_recommendations(),
        fleet_reacts: false,
        recorded: ActionsJson::count(replay.ticks.iter().map(|tick| &tick.recorded)),
        replayed: ActionsJson::count(replay.ticks.iter().map(|tick| &tick.replayed)),
    };
    lines.push(json(&SummaryJson { summary }));
    lines
}

fn json(value: &impl Serialize) -> String {
    // Only maps with keys of other types than text can fail, and there is none.
    serde_json::to_string(value).unwrap_or_default()
}

/// The replay for people: counts, then where decisions differ.
#[must_use]
pub fn text(replay: &Replay) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail; were it to, half a page is better than none.
    let _written = write(&mut page, replay);
    page
}

fn write(page: &mut String, replay: &Replay) -> std::fmt::Result {
    let time = |tick: Option<&Tick>| tick.map_or_else(String::new, |tick| json::time(tick.time));
    let (from, to) = (time(replay.ticks.first()), time(replay.ticks.last()));
    writeln!(page, "{}: {} records from {from} to {to}\n", replay.scaler, replay.ticks.len())?;
    let then = ActionsJson::count(replay.ticks.iter().map(|tick| &tick.recorded));
    let now = ActionsJson::count(replay.ticks.iter().map(|tick| &tick.replayed));
    writeln!(page, "decisions   recorded  replayed")?;
    for (name, then, now) in [
        ("scale out", then.scale_out, now.scale_out),
        ("scale in", then.scale_in, now.scale_in),
        ("hold", then.hold, now.hold),
    ] {
        writeln!(page, "{name:<10}{then:>10}{now:>10}")?;
    }
    let (differing, others) = (replay.differences().count(), replay.other_recommendations());
    writeln!(page, "\n{differing} differ; what the policy recommends differs at {others}")?;
    if replay.learns {
        let (early, hour) = (replay.early(), duration(UNSCORED));
        writeln!(page, "{early} of them in the first {hour}, in which the replay has still to learn")?;
    }
    let stretches = replay.stretches();
    if !stretches.is_empty() {
        write_stretches(page, &stretches)?;
    }
    write!(page, "\n{OPEN_LOOP}")
}

fn write_stretches(page: &mut String, stretches: &[Stretch<'_>]) -> std::fmt::Result {
    let row = |Stretch { first, ticks }: &Stretch<'_>| {
        let desired = first.desired.map_or_else(|| "?".to_owned(), |desired| desired.to_string());
        [json::time(first.time), ticks.to_string(), desired, words(&first.recorded), words(&first.replayed)]
    };
    let head = ["from", "ticks", "desired", "recorded", "replayed"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(stretches.iter().take(ROWS_MAX).map(row)).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    writeln!(page)?;
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(page, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    match stretches.len().saturating_sub(ROWS_MAX) {
        0 => Ok(()),
        more => writeln!(page, "and {more} more; --output json shows all"),
    }
}

/// A code of what changes nothing: what no order reaches.
const REMARK: &str = "out_of_reach";

/// The action, and the code of the step that led to it last: the policy's own, or one that bent what it asked for.
fn words(verdict: &Verdict) -> String {
    let mut codes = verdict.reasons.iter().map(|step| step.code.as_str());
    let code = codes.rfind(|code| *code != REMARK).unwrap_or_default();
    format!("{} [{code}]", text::action(verdict.action))
}

impl Replay {
    fn differences(&self) -> impl Iterator<Item = &Tick> {
        self.ticks.iter().filter(|tick| tick.differs())
    }

    /// Differences in the first hour.
    fn early(&self) -> usize {
        let start: Timestamp = self.ticks.first().map(|tick| tick.time).unwrap_or_default();
        self.differences().filter(|tick| tick.time.since(start) < UNSCORED).count()
    }

    fn other_recommendations(&self) -> usize {
        self.ticks.iter().filter(|tick| tick.recorded.recommended != tick.replayed.recommended).count()
    }

    fn stretches(&self) -> Vec<Stretch<'_>> {
        let kind = |tick: &Tick| (tick.recorded.action, tick.replayed.action);
        let mut stretches: Vec<Stretch<'_>> = Vec::new();
        let mut before: Option<&Tick> = None;
        for tick in &self.ticks {
            let goes_on = before.is_some_and(|before| kind(before) == kind(tick));
            match stretches.last_mut() {
                Some(stretch) if goes_on && tick.differs() => stretch.ticks += 1,
                _ if tick.differs() => stretches.push(Stretch { first: tick, ticks: 1 }),
                _ => {}
            }
            before = Some(tick);
        }
        stretches
    }
}

impl<'a> VerdictJson<'a> {
    fn of(verdict: &'a Verdict) -> Self {
        let step = |step: &'a crate::publish::Step| StepJson { code: &step.code, text: &step.text };
        Self {
            action: verdict.action.code(),
            to: verdict.action.to(),
            recommended: verdict.recommended,
            reasons: verdict.reasons.iter().map(step).collect(),
        }
    }
}

impl ActionsJson {
    fn count<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Self {
        verdicts.fold(Self::default(), |mut counts, verdict| {
            let count = match verdict.action {
                Action::ScaleOut { .. } => &mut counts.scale_out,
                Action::ScaleIn { .. } => &mut counts.scale_in,
                Action::Hold => &mut counts.hold,
            };
            *count += 1;
            counts
        })
    }
}
