//! One tick of one scaler with its write withheld, or one of the past, and every step of the thought on paper.

pub mod past;
#[cfg(test)]
mod tests;

use crate::assemble::{Assembly, Purpose, Unfit, assemble};
use crate::calendar::paused;
use crate::clock::Clock;
use crate::model::{
    Action, Backlog, DeadLetters, Estimate, Fleet, Learnt, Metrics, Missing, Pause, Reason, Record, Sample,
    Timestamp, Trouble, rounded,
};
use crate::publish::Exposition;
use crate::publish::{json, notice, text};
use crate::settings::{NoScaler, Settings};
use std::fmt::{self, Write};

/// One tick, and what the daemon would make of it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The tick. Its own mode says that nothing was written.
    pub record: Record,
    /// Whether the scaler's settings let the daemon set desired capacity.
    pub drive: bool,
}

/// Why there is nothing to explain.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No scaler has this name.
    #[error(transparent)]
    Unknown(#[from] NoScaler),
    /// The settings do not fit the environment.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Reads what `scaler` reads now, and decides as the daemon would, writing nothing.
pub async fn explain(settings: Settings, scaler: &str) -> Result<Explanation, Failure> {
    let unknown = settings.unknown(scaler);
    let scalers: Vec<_> = settings.scalers.into_iter().filter(|known| known.name == scaler).collect();
    let drive = scalers.iter().any(|scaler| scaler.drive);
    let clock = Clock::start();
    let purpose = Purpose { dry_run: true, console: None, ledger: None, exposition: Exposition::default() };
    let Assembly { engines, .. } = assemble(&Settings { scalers, ..settings }, &purpose, clock.now()).await?;
    match engines.into_iter().next() {
        Some((mut engine, _)) => Ok(Explanation { record: engine.tick(clock.now()).await, drive }),
        None => Err(unknown.into()),
    }
}

/// `explanation` at length: what was read, what follows, each step to the decision, and what a live
/// run would do with it.
#[must_use]
pub fn at_length(Explanation { record, drive }: &Explanation) -> String {
    let reasons = record.decision.reasons.iter();
    let action = record.decision.action;
    show(&Page {
        scaler: &record.scaler,
        time: record.time,
        paused: record.paused.as_ref(),
        troubles: &record.troubles,
        sample: &record.sample,
        metrics: record.metrics,
        estimate: record.estimate.as_ref(),
        thoughts: reasons.clone().map(|reason| (thought(reason, &record.sample), reason.code())).collect(),
        otherwise: reasons.clone().map(Reason::otherwise).collect(),
        free: free(&record.sample, record.decision.recommended, action, reasons.map(Reason::code)),
        ending: vec![text::action(action), live(action, *drive).to_owned()],
    })
}

/// All that stands on a page about a decision.
struct Page<'a> {
    scaler: &'a str,
    time: Timestamp,
    paused: Option<&'a Pause>,
    troubles: &'a [Trouble],
    sample: &'a Sample,
    metrics: Metrics,
    estimate: Option<&'a Estimate>,
    /// Words and codes.
    thoughts: Vec<(String, &'a str)>,
    /// For each of them, what would have led to another; empty where that is not known.
    otherwise: Vec<String>,
    /// The decision without what held it back.
    free: Option<String>,
    /// The decision, and what becomes of it.
    ending: Vec<String>,
}

fn show(page: &Page<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail; were it to, half a page is better than none.
    let _written = write(&mut text, page);
    text
}

fn write(text: &mut String, page: &Page<'_>) -> fmt::Result {
    writeln!(text, "{} at {}\n\nread", page.scaler, json::time(page.time))?;
    for line in readings(page.sample) {
        writeln!(text, "  {line}")?;
    }
    if let Some(per_instance) = page.metrics.backlog_per_instance {
        let acceptable = page.metrics.acceptable_backlog;
        let against = acceptable.map(|figure| format!(", {} acceptable", rounded(figure)));
        let against = against.unwrap_or_default();
        writeln!(text, "\nbacklog per instance\n  {}{against}", rounded(per_instance))?;
    }
    if let Some(estimate) = page.estimate {
        writeln!(text, "\nbelieved")?;
        for line in beliefs(estimate) {
            writeln!(text, "  {line}")?;
        }
    }
    if let Some(pause) = page.paused {
        writeln!(text, "\npaused\n  {}", paused(pause, page.time))?;
    }
    if !page.troubles.is_empty() {
        writeln!(text, "\ntroubles")?;
        for line in page.troubles.iter().map(troubled) {
            writeln!(text, "  {line}")?;
        }
    }
    writeln!(text, "\nthought")?;
    for (number, (words, code)) in (1..).zip(&page.thoughts) {
        writeln!(text, "  {number}. {words} [{code}]")?;
    }
    write!(text, "\ndecision\n  {}", page.ending.join("\n  "))?;
    let numbered = (1..).zip(&page.otherwise).filter(|(_, words)| !words.is_empty());
    let numbered = numbered.map(|(number, words)| format!("{number}. {words}"));
    let otherwise: Vec<String> = numbered.chain(page.free.clone()).collect();
    if otherwise.is_empty() { Ok(()) } else { write!(text, "\n\notherwise\n  {}", otherwise.join("\n  ")) }
}

/// What would be done without the steps that bent what is recommended, if that is something else.
fn free<'a>(
    sample: &Sample,
    recommended: Option<u32>,
    action: Action,
    codes: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let (recommended, fleet) = (recommended?, sample.fleet.as_ref().ok()?);
    let bending: Vec<&str> = codes.filter(|code| past::BENDING.contains(code)).collect();
    let bent = recommended != action.to().unwrap_or(fleet.desired) && !bending.is_empty();
    let free = text::action(Action::between(fleet.desired, recommended));
    bent.then(|| format!("without {}: {free}", bending.join(", ")))
}

/// A line for each reading, and for what stands in the way of changing the group.
fn readings(sample: &Sample) -> Vec<String> {
    let missing = |missing: &Missing| format!("missing: {missing}");
    let queue = |name: &str, backlog: &Backlog| format!("queue {name}: {}", text::messages(backlog));
    let queues =
        sample.queues.iter().map(|each| each.backlog.as_ref().map(|backlog| queue(&each.name, backlog)));
    let mut lines: Vec<String> = queues.map(|read| read.unwrap_or_else(missing)).collect();
    lines.extend(sample.queues.iter().filter_map(|queue| queue.dead_letters.as_ref()).map(dead_letters));
    match &sample.fleet {
        Ok(fleet) => {
            lines.push(sizes(fleet));
            lines.extend(peculiarities(fleet).into_iter().map(|words| format!("group: {words}")));
        }
        Err(hole) => lines.push(missing(hole)),
    }
    lines
}

fn dead_letters(dead: &DeadLetters) -> String {
    match &dead.count {
        Ok(count) => format!("dead-letter queue {}: {count} messages", dead.queue),
        Err(hole) => format!("not counted: {hole}"),
    }
}

/// The group's sizes: those that every group has, and the rest where there is any.
fn sizes(fleet: &Fleet) -> String {
    let mut words = format!(
        "group: desired {}, min {}, max {}; {} in service, {} pending, {} terminating",
        fleet.desired, fleet.min, fleet.max, fleet.in_service, fleet.pending, fleet.terminating
    );
    for (count, state) in
        [(fleet.standby, "standby"), (fleet.warmed, "warmed"), (fleet.unknown, "in unknown states")]
    {
        if count > 0 {
            words = format!("{words}, {count} {state}");
        }
    }
    words
}

/// What is not so with most groups.
fn peculiarities(fleet: &Fleet) -> Vec<String> {
    let mut all = Vec::new();
    if fleet.weighted {
        all.push("sizes are sums of instance weights".to_owned());
    }
    for (suspended, process) in [(fleet.launch_suspended, "Launch"), (fleet.terminate_suspended, "Terminate")]
    {
        if suspended {
            all.push(format!("the process {process} is suspended"));
        }
    }
    all.extend(fleet.operator.as_ref().map(|operator| format!("managed by its operator {operator}")));
    all
}

/// A line for each figure that is believed, with how far.
fn beliefs(estimate: &Estimate) -> Vec<String> {
    let learnt = |Learnt { value, belief }: Learnt, before: &str, after: &str| {
        let seen = match (belief * 100.0).round() {
            percent if percent < 1.0 => "assumed, nothing seen yet".to_owned(),
            percent => format!("{percent} % learnt"),
        };
        format!("{before} {}{after} ({seen})", rounded(value))
    };
    let percent = |share: Learnt| Learnt { value: 100.0 * share.value, ..share };
    vec![
        learnt(estimate.arrivals_per_sec, "within the next boot time", " messages will arrive a second"),
        learnt(estimate.processing_secs, "a message takes", " s"),
        learnt(estimate.slots, "messages an instance works on at once:", ""),
        learnt(estimate.boot_secs, "an instance works", " s after it was ordered"),
        learnt(percent(estimate.boot_spread), "some take less and some more, by up to", " %"),
        match estimate.drain_secs {
            Some(secs) => {
                format!("if nothing more arrived, the queue would be drained in {} s", rounded(secs))
            }
            None => "nothing is known to be in service that would drain the queue".to_owned(),
        },
        format!("of late {} % of the messages waited too long", rounded(estimate.late_percent)),
    ]
}

/// A trouble; while it is there since when, and what to do.
fn troubled(trouble: &Trouble) -> String {
    if !trouble.turn.is_on() {
        return notice::sentence(trouble);
    }
    let Trouble { kind, since, text, .. } = trouble;
    format!("{} since {}: {text}\n    -> {}", kind.title(), json::time(*since), kind.advice())
}

/// A reason in words. Why a reading is missing already stands with the readings.
fn thought(reason: &Reason, sample: &Sample) -> String {
    match reason {
        Reason::Missing(hole) if sample.missing().any(|told| told == hole) => {
            format!("{} could not be read", hole.what)
        }
        _ => reason.to_string(),
    }
}

/// What a live run would do.
const fn live(action: Action, drive: bool) -> &'static str {
    match (action, drive) {
        (Action::Hold, _) => "nothing to set",
        (Action::ScaleOut { .. } | Action::ScaleIn { .. }, true) => {
            "the daemon would set it; nothing was set now"
        }
        (Action::ScaleOut { .. } | Action::ScaleIn { .. }, false) => {
            "publish only: the daemon records this and sets nothing (drive = false)"
        }
    }
}
