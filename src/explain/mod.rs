//! One tick of one scaler with its write withheld, or one of the past, and every step of the thought on paper.

pub mod past;
mod readings;

use crate::assemble::{Assembly, Purpose, Unfit, assemble};
use crate::clock::Clock;
use crate::model::{Action, Estimate, Learnt, Metrics, Reason, Record, Sample, Timestamp, rounded};
use crate::publish::Exposition;
use crate::publish::{json, text};
use crate::settings::Settings;
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
    #[error("no scaler is called {asked:?}; there are: {known}")]
    Unknown {
        /// The name asked for.
        asked: String,
        /// The names there are.
        known: String,
    },
    /// The settings do not fit the environment.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Reads what `scaler` reads now, and decides as the daemon would, writing nothing.
pub async fn explain(settings: Settings, scaler: &str) -> Result<Explanation, Failure> {
    let known = settings.scalers.iter().map(|scaler| scaler.name.as_str()).collect::<Vec<_>>().join(", ");
    let scalers: Vec<_> = settings.scalers.into_iter().filter(|known| known.name == scaler).collect();
    let drive = scalers.iter().any(|scaler| scaler.drive);
    let clock = Clock::start();
    let purpose = Purpose { dry_run: true, console: None, ledger: None, exposition: Exposition::default() };
    let Assembly { engines, .. } = assemble(&Settings { scalers, ..settings }, &purpose, clock.now()).await?;
    match engines.into_iter().next() {
        Some((mut engine, _)) => Ok(Explanation { record: engine.tick(clock.now()).await, drive }),
        None => Err(Failure::Unknown { asked: scaler.to_owned(), known }),
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
    for line in readings::lines(page.sample) {
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

/// A line for each figure that is believed, with how far.
fn beliefs(estimate: &Estimate) -> Vec<String> {
    let learnt = |Learnt { value, belief }: Learnt, before: &str, after: &str| {
        let seen = match (belief * 100.0).round() {
            percent if percent < 1.0 => "assumed, nothing seen yet".to_owned(),
            percent => format!("{percent} % learnt"),
        };
        format!("{before} {}{after} ({seen})", rounded(value))
    };
    vec![
        learnt(estimate.arrivals_per_sec, "within the next boot time", " messages will arrive a second"),
        learnt(estimate.processing_secs, "a message takes", " s"),
        learnt(estimate.slots, "messages an instance works on at once:", ""),
        learnt(estimate.boot_secs, "an instance works", " s after it was ordered"),
        match estimate.drain_secs {
            Some(secs) => {
                format!("if nothing more arrived, the queue would be drained in {} s", rounded(secs))
            }
            None => "nothing is known to be in service that would drain the queue".to_owned(),
        },
        format!("of late {} % of the messages waited too long", rounded(estimate.late_percent)),
    ]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Backlog, Cause, DeadLetters, Decision, Fleet, Missing, Mode, Outcome, Queue};

    fn queue(name: &str, backlog: Result<Backlog, Missing>) -> Queue {
        Queue { age_secs: 0.2, ..Queue::new(name, backlog) }
    }

    fn explanation(sample: Sample, decision: Decision) -> Explanation {
        let metrics = Metrics::of(&sample, Some(300.0 / 49.0));
        let (time, scaler) = (Timestamp::from_millis(1_795_168_810_999), "images".to_owned());
        let (mode, outcome) = (Mode::DryRun, Outcome::Withheld);
        Explanation {
            record: Record { time, scaler, mode, sample, estimate: None, metrics, decision, outcome },
            drive: true,
        }
    }

    fn crowded() -> Explanation {
        let plain = Backlog { visible: 12, in_flight: 3, delayed: 0, counted: 12.0 };
        let weighty = Backlog { visible: 40, in_flight: 9, delayed: 1, counted: 81.666_666 };
        let fleet = Fleet {
            desired: 2,
            max: 9,
            in_service: 1,
            pending: 1,
            standby: 3,
            warmed: 4,
            unknown: 5,
            weighted: true,
            launch_suspended: true,
            terminate_suspended: true,
            operator: Some("eks".to_owned()),
            ..Fleet::default()
        };
        let reasons = vec![
            Reason::BacklogPerInstance { backlog: 93.666_666, acceptable: 300.0 / 49.0, wanted: 16 },
            Reason::StepOutMax { step: 3, wanted: 16 },
        ];
        let queues = vec![queue("images", Ok(plain)), queue("videos", Ok(weighty))];
        let action = Action::ScaleOut { from: 2, to: 5 };
        explanation(Sample { queues, fleet: Ok(fleet) }, Decision { action, recommended: Some(16), reasons })
    }

    #[test]
    fn a_page_shows_all_that_was_read_and_each_step() {
        let expected = "\
images at 2026-11-20T10:00:10Z

read
  queue images: 12 visible, 3 in flight
  queue videos: 40 visible, 9 in flight, 1 delayed, 81.667 counted
  group: desired 2, min 0, max 9; 1 in service, 1 pending, 0 terminating, 3 standby, 4 warmed, 5 in unknown states
  group: sizes are sums of instance weights
  group: the process Launch is suspended
  group: the process Terminate is suspended
  group: managed by its operator eks

backlog per instance
  93.667, 6.122 acceptable

thought
  1. backlog 93.667 at 6.122 acceptable per instance asks for 16 [backlog_per_instance]
  2. 16 wanted, at most 3 more at a time [step_out_max]

decision
  scale out from 2 to 5
  the daemon would set it; nothing was set now

otherwise
  1. above 97.959 counted messages it asks for 17 and more, at 91.837 and below for 15 and fewer
  2. without it 16 at once; the next tick asks for what is left
  without step_out_max: scale out from 2 to 16";
        assert_eq!(at_length(&crowded()), expected);
    }

    #[test]
    fn a_page_shows_what_lies_in_dead_letter_queues_or_why_nobody_knows() {
        let mut page = crowded();
        let queues = &mut page.record.sample.queues;
        let dead = |count| Some(DeadLetters { queue: "dead".to_owned(), count });
        queues[0].dead_letters = dead(Ok(3));
        queues[1].dead_letters =
            dead(Err(Missing::new("dead-letter queue dead", Cause::Denied, "AccessDenied")));
        let shown = at_length(&page);
        let expected =
            "\n  dead-letter queue dead: 3 messages\n  not counted: dead-letter queue dead: AccessDenied\n";
        assert!(shown.contains(expected), "{shown}");
    }

    #[test]
    fn what_is_believed_is_told_with_how_far() {
        let mut page = crowded();
        let learnt = |value, belief| Learnt { value, belief };
        let estimate = Estimate {
            arrivals_per_sec: learnt(3.1, 0.904),
            processing_secs: learnt(9.8, 1.0),
            slots: learnt(1.0, 0.0),
            boot_secs: learnt(142.0, 0.8),
            drain_secs: Some(70.1),
            late_percent: 0.2,
        };
        page.record.estimate = Some(estimate);
        let expected = "

believed
  within the next boot time 3.1 messages will arrive a second (90 % learnt)
  a message takes 9.8 s (100 % learnt)
  messages an instance works on at once: 1 (assumed, nothing seen yet)
  an instance works 142 s after it was ordered (80 % learnt)
  if nothing more arrived, the queue would be drained in 70.1 s
  of late 0.2 % of the messages waited too long

thought";
        let shown = at_length(&page);
        assert!(shown.contains(expected), "{shown}");
        page.record.estimate = Some(Estimate { drain_secs: None, ..estimate });
        assert!(
            at_length(&page).contains("\n  nothing is known to be in service that would drain the queue\n")
        );
    }

    #[test]
    fn a_missing_reading_is_told_once_with_its_cause() {
        let denied = Missing::new("queue images", Cause::Denied, "AccessDenied");
        let silent = Missing::new("group image-workers", Cause::Timeout, "no answer in 2 s");
        let reasons = [denied.clone(), silent.clone()].map(Reason::Missing).to_vec();
        let sample = Sample { queues: vec![queue("images", Err(denied))], fleet: Err(silent) };
        let expected = "\
images at 2026-11-20T10:00:10Z

read
  missing: queue images: AccessDenied
  missing: group image-workers: no answer in 2 s

thought
  1. queue images could not be read [missing]
  2. group image-workers could not be read [missing]

decision
  hold
  nothing to set

otherwise
  1. as soon as it can be read
  2. as soon as it can be read";
        assert_eq!(at_length(&explanation(sample, Decision::hold(None, reasons))), expected);
    }

    #[test]
    fn a_reading_that_was_missing_only_when_deciding_is_told_with_its_cause_there() {
        let mut hindered = crowded();
        let hole = Missing::new("instance refreshes of group workers", Cause::Timeout, "no answer in 2 s");
        hindered.record.decision = Decision::hold(None, vec![Reason::Missing(hole)]);
        let page = at_length(&hindered);
        assert!(
            page.contains("1. instance refreshes of group workers: no answer in 2 s [missing]"),
            "{page}"
        );
    }

    #[test]
    fn a_scaler_that_only_publishes_is_said_to_set_nothing() {
        let page = at_length(&Explanation { drive: false, ..crowded() });
        let line = "\n  publish only: the daemon records this and sets nothing (drive = false)\n";
        assert!(page.contains(line), "{page}");
    }
}
