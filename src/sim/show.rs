//! The demo on paper: what is said around it, and a tick as people on a terminal see it.

use super::stage::{BOOT_GIVEN, BOOT_MS, GROUP, MAX, OBJECTIVE, QUEUE, SLOTS, START, STORY, TICK, WORK_MS};
use super::world::Tally;
use crate::model::{Action, Fleet, Reason, Record, Timestamp};
use crate::publish::text;
use std::time::Duration;

/// What has been shown so far, as far as it matters for what to show next.
#[derive(Debug)]
pub(super) struct Show {
    /// Columns to fill; nothing when this is no terminal.
    columns: Option<usize>,
    color: bool,
    seen: Seen,
    /// Chapters of the story that have been announced.
    chapters: usize,
    /// Lines since the headings were last shown.
    since_headings: usize,
    /// The kinds of holds explained since scaling last turned round: each is explained once.
    explained: Vec<Vec<&'static str>>,
    /// The last action's name.
    direction: &'static str,
}

/// The run as its records told it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Ticks so far.
    pub(super) ticks: u32,
    /// The most visible messages of any tick.
    pub(super) peak: u64,
    /// The most instances in service at any tick.
    pub(super) most: u32,
    /// Desired capacity after the last tick.
    pub(super) desired: u32,
    /// Scale-outs so far.
    pub(super) outs: u32,
    /// Scale-ins so far.
    pub(super) ins: u32,
}

/// Width of the show on paper, and the widest on a terminal.
const PAPER: usize = 80;
/// What a line holds besides the bar.
const FIXED: usize = 59;
/// The backlog that fills a bar.
const FULL_BAR: u64 = 600;
/// Lines between headings, fewer than the smallest terminal shows.
const PAGE: usize = 20;
const INDENT: &str = "       ";
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

impl Show {
    pub(super) fn new(terminal: Option<u16>, color: bool) -> Self {
        let columns = terminal.map(|columns| usize::from(columns).clamp(FIXED + 10, PAPER));
        let color = color && columns.is_some();
        Self {
            columns,
            color,
            seen: Seen::default(),
            chapters: 0,
            since_headings: PAGE,
            explained: Vec::new(),
            direction: "",
        }
    }

    /// Takes a record into the account of the run.
    pub(super) fn note(&mut self, record: &Record) {
        let seen = &mut self.seen;
        seen.ticks = seen.ticks.saturating_add(1);
        seen.peak = seen.peak.max(record.sample.backlog().map_or(0, |backlog| backlog.visible));
        if let Ok(fleet) = &record.sample.fleet {
            seen.most = seen.most.max(fleet.in_service);
            seen.desired = record.decision.action.to().unwrap_or(fleet.desired);
        }
        match record.decision.action {
            Action::Hold => {}
            Action::ScaleOut { .. } => seen.outs = seen.outs.saturating_add(1),
            Action::ScaleIn { .. } => seen.ins = seen.ins.saturating_add(1),
        }
    }

    /// Whether ticks are drawn, rather than printed as the daemon prints them.
    pub(super) const fn draws(&self) -> bool {
        self.columns.is_some()
    }

    pub(super) const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What is said when a new part of the story has begun by `now`.
    pub(super) fn chapter(&mut self, now: Timestamp) -> Vec<String> {
        let mut begins = START;
        for (number, (phase, words)) in STORY.iter().enumerate() {
            if number == self.chapters && now >= begins {
                self.chapters = self.chapters.saturating_add(1);
                return vec![self.painted("1", &format!("{} -- {words}", clock(begins)))];
            }
            begins = begins + phase.lasts;
        }
        Vec::new()
    }

    /// One tick on a terminal: a line with a bar, and, where it is news, what was decided and why.
    pub(super) fn tick(&mut self, record: &Record) -> Vec<String> {
        let columns = self.columns.unwrap_or(PAPER);
        let mut lines = Vec::new();
        if self.since_headings >= PAGE {
            self.since_headings = 0;
            lines.push(self.painted("2", &headings(columns)));
        }
        lines.push(row(record, columns));
        if self.is_news(record) {
            let colour = colour(record);
            lines.extend(
                wrapped(&text::decided(record), columns).iter().map(|line| self.painted(colour, line)),
            );
        }
        self.since_headings = self.since_headings.saturating_add(lines.len());
        lines
    }

    /// Whether the decision is more than a repeat: an action, or a hold for reasons not explained yet.
    fn is_news(&mut self, record: &Record) -> bool {
        let action = record.decision.action;
        if action != Action::Hold {
            if action.code() != self.direction {
                self.direction = action.code();
                self.explained.clear();
            }
            return true;
        }
        let kind: Vec<_> = record.decision.reasons.iter().map(Reason::code).collect();
        let news = !self.explained.contains(&kind);
        if news {
            self.explained.push(kind);
        }
        news
    }

    fn painted(&self, colour: &str, line: &str) -> String {
        if self.color && !colour.is_empty() {
            format!("\x1b[{colour}m{line}\x1b[0m")
        } else {
            line.to_owned()
        }
    }
}

/// The colour of a decision: green out, cyan in, yellow for what somebody may have to look into.
fn colour(record: &Record) -> &'static str {
    let trouble = |reason: &Reason| {
        matches!(reason, Reason::Missing(_) | Reason::CapacityStalled { .. } | Reason::LimitMax { .. })
    };
    match record.decision.action {
        Action::ScaleOut { .. } => "32",
        Action::ScaleIn { .. } => "36",
        Action::Hold if record.decision.reasons.iter().any(trouble) => "33",
        Action::Hold => "2",
    }
}

fn headings(columns: usize) -> String {
    let bar = columns.saturating_sub(FIXED);
    let heads = ["backlog", "visible", "in flight", "per inst.", "instances"];
    let [backlog, visible, in_flight, per_instance, instances] = heads;
    format!("time   {backlog:bar$} {visible:>7} {in_flight:>9} {per_instance:>9}  {instances}")
}

fn row(record: &Record, columns: usize) -> String {
    let backlog = record.sample.backlog();
    let count = |value: Option<u64>| value.map_or_else(unknown, |value| value.to_string());
    let visible = count(backlog.map(|sum| sum.visible));
    let in_flight = count(backlog.map(|sum| sum.in_flight));
    let per_instance =
        record.metrics.backlog_per_instance.map_or_else(unknown, |value| format!("{value:.1}"));
    let fleet = record.sample.fleet.as_ref().map_or_else(|_| unknown(), squares);
    let width = columns.saturating_sub(FIXED);
    let bar = bar(backlog.map_or(0, |sum| sum.visible), width);
    let time = clock(record.time);
    format!("{time}  {bar:width$} {visible:>7} {in_flight:>9} {per_instance:>9}  {fleet}")
}

fn unknown() -> String {
    "?".to_owned()
}

/// A backlog as a bar, to an eighth of a column; anything at all shows.
fn bar(visible: u64, width: usize) -> String {
    let eighths = (width as u64).saturating_mul(8);
    let filled = visible.saturating_mul(eighths).div_ceil(FULL_BAR).min(eighths);
    let whole = usize::try_from(filled / 8).unwrap_or(width);
    let part = usize::try_from(filled % 8).ok().and_then(|part| EIGHTHS.get(part)).unwrap_or(&"");
    format!("{}{part}", "█".repeat(whole))
}

/// A square an instance, and the counts: `■■□□ 2 of 4`.
fn squares(fleet: &Fleet) -> String {
    let many = |square: &str, count: u32| square.repeat(count as usize);
    let drawn = format!(
        "{}{}{}",
        many("■", fleet.in_service),
        many("□", fleet.pending),
        many("×", fleet.terminating)
    );
    format!("{drawn:12} {} of {}", fleet.in_service, fleet.desired)
}

/// Words in lines of at most `columns`, indented to stand below a row's bar.
fn wrapped(words: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{INDENT}  {word}")),
            None => lines.push(format!("{INDENT}{word}")),
        }
    }
    lines
}

/// The time since the beginning: `07:40`.
fn clock(at: Timestamp) -> String {
    minutes(at.since(START))
}

fn minutes(time: Duration) -> String {
    format!("{:02}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// What world this is, and, where ticks are `drawn`, how to read them.
pub(super) fn opening(speed: f64, drawn: bool) -> Vec<String> {
    let secs = |ms: &u64| ms / 1000;
    let pace = if speed > 0.0 && speed.is_finite() {
        format!("{speed} of its seconds pass in one of yours")
    } else {
        "its time passes as fast as it can".to_owned()
    };
    let mut lines = vec![
        "backlogd demo: the engine you would run, on a made-up queue and group.".to_owned(),
        format!("No account, no network; {pace}."),
        String::new(),
        format!("  queue       {QUEUE}; its counters are a few percent off and a few seconds old"),
        format!("  group       {GROUP}: 0 to {MAX} instances, now 1"),
        format!("  instance    boots in {} to {} s;", secs(BOOT_MS.start()), secs(BOOT_MS.end())),
        format!(
            "              works on {SLOTS} messages at once, {} to {} s each; protected while busy",
            secs(WORK_MS.start()),
            secs(WORK_MS.end())
        ),
        format!("  objective   no message is to wait longer than {} s", OBJECTIVE.as_secs()),
        format!(
            "  control     a look every {} s; told of {SLOTS} at once and a boot of about {} s;",
            TICK.as_secs(),
            BOOT_GIVEN.as_secs()
        ),
        "              arrivals and processing time are learnt on the way".to_owned(),
    ];
    if drawn {
        lines.push("  drawn as    ■ an instance in service, □ pending, × terminating".to_owned());
    }
    lines.push(String::new());
    lines
}

/// What happened, and what to type next.
pub(super) fn closing(tally: &Tally, late: usize, seen: &Seen) -> Vec<String> {
    let took = TICK * seen.ticks.saturating_sub(1);
    let hours = |time: Duration| time.as_secs_f64() / 3600.0;
    vec![
        String::new(),
        format!("What happened in {}:", minutes(took)),
        format!("  objective  {}", kept(late, tally.done)),
        format!("  messages   {} finished, {} cut off by a scale-in", tally.done, tally.killed),
        format!("  backlog    {} visible at its peak", seen.peak),
        format!(
            "  waits      95 % up to {} s, longest {} s (booting takes {} to {} s)",
            tally.p95_wait.as_secs(),
            tally.longest_wait.as_secs(),
            BOOT_MS.start() / 1000,
            BOOT_MS.end() / 1000
        ),
        format!(
            "  fleet      {} instances at most, {} wanted now; {} scale-outs, {} scale-ins",
            seen.most, seen.desired, seen.outs, seen.ins
        ),
        format!(
            "  cost       {:.1} instance-hours; {MAX} instances all the time: {:.1}",
            hours(tally.running),
            hours(took * MAX)
        ),
        String::new(),
        "Next:".to_owned(),
        "  backlogd check            is my settings file right?".to_owned(),
        "  backlogd run --dry-run    my own queue and group, watched: nothing is written".to_owned(),
        "  backlogd explain SCALER   one decision on them at length, with what was learnt".to_owned(),
    ]
}

/// Whether the objective was held, where `late` messages waited longer and `done` are finished. As the
/// latency policy promises it: for 99 of 100.
fn kept(late: usize, done: u64) -> String {
    let secs = OBJECTIVE.as_secs();
    match late as u64 {
        0 => format!("held: no message waited longer than {secs} s"),
        late if late.saturating_mul(100) <= done => {
            format!("held: {late} of {done} messages waited longer than {secs} s; 1 % may")
        }
        late => format!("missed: {late} messages waited longer than {secs} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_with_the_backlog_and_never_past_its_width() {
        assert_eq!(bar(0, 10), "");
        assert_eq!(bar(1, 10), "▏");
        assert_eq!(bar(FULL_BAR / 2, 10), "█████");
        assert_eq!(bar(FULL_BAR / 4, 10), "██▌");
        assert_eq!(bar(FULL_BAR * 9, 10), "██████████");
        assert_eq!(bar(u64::MAX, 10), "██████████");
    }

    #[test]
    fn words_are_wrapped_at_the_last_column() {
        let lines = wrapped("scale out from 1 to 5 (126 messages ask for it)", 30);
        assert_eq!(lines, ["       scale out from 1 to 5", "         (126 messages ask for", "         it)"]);
    }

    #[test]
    fn an_objective_is_held_if_one_message_in_a_hundred_at_most_is_late() {
        assert_eq!(kept(0, 0), "held: no message waited longer than 180 s");
        assert_eq!(kept(8, 881), "held: 8 of 881 messages waited longer than 180 s; 1 % may");
        assert_eq!(kept(9, 881), "missed: 9 messages waited longer than 180 s");
    }

    #[test]
    fn opening_and_closing_fit_80_columns() {
        let tally = Tally {
            done: 1_234,
            killed: 12,
            longest_wait: Duration::from_secs(1_234),
            p95_wait: Duration::from_secs(1_234),
            running: Duration::from_hours(12),
            lost: Duration::ZERO,
            launches: 10,
        };
        let seen = Seen { ticks: 240, peak: 1_234, most: 10, desired: 10, outs: 12, ins: 12 };
        for line in [opening(32.5, true), opening(0.0, false), closing(&tally, 999, &seen)].concat() {
            assert!(line.chars().count() <= PAPER, "{line}");
        }
    }
}
