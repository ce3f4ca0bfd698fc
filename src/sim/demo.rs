//! The shipped engine on a made-up world, faster than real time: a burst, and what becomes of it.

use super::ports::lock;
use super::show::{Show, closing, opening};
use super::stage::{Stage, TICK};
use crate::model::Record;
use crate::publish::{Form, Ledger, Sign, Signs, json, text};
use std::io::{self, Write};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The default of [`Options::speed`]: the whole story in about half a minute.
pub const SPEED: f64 = 32.0;

/// The default of [`Options::seed`].
pub const SEED: u64 = 1;

/// How the demo is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Seconds of the world that pass in one real second; 0 (or anything that is no speed) to not wait at all.
    pub speed: f64,
    /// How ticks are printed.
    pub form: Form,
    /// Columns of the terminal that standard output is; nothing when it is none.
    pub terminal: Option<u16>,
    /// Whether to use colours; only ever on a terminal.
    pub color: bool,
    /// What all chance comes from: the same seed, the same run.
    pub seed: u64,
}

/// Plays the demo on standard output until it is over or `stop` is cancelled.
///
/// For [`Form::Json`], standard output carries records only, and the words go to standard error. `ledger`,
/// if there is one, takes the records as well, and goes by the demo's own time.
pub async fn run(options: Options, ledger: Option<Ledger>, stop: CancellationToken) -> io::Result<()> {
    let words: Box<dyn Write + Send> = match options.form {
        Form::Text => Box::new(io::stdout()),
        Form::Json => Box::new(io::stderr()),
    };
    let mut paper = Paper { words, data: Box::new(io::stdout()), ledger };
    match play(options, &stop, &mut paper).await {
        // Whoever was reading has seen enough, as after `backlogd demo | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

/// Where the words and the data go.
struct Paper<'a> {
    words: Box<dyn Write + Send + 'a>,
    data: Box<dyn Write + Send + 'a>,
    ledger: Option<Ledger>,
}

impl Paper<'_> {
    fn say(&mut self, lines: &[String]) -> io::Result<()> {
        write_lines(&mut self.words, lines)
    }

    fn tick(&mut self, lines: &[String]) -> io::Result<()> {
        write_lines(&mut self.data, lines)
    }

    fn keep(&self, record: &Record) {
        let Some(ledger) = &self.ledger else { return };
        let (time, scaler) = (Some(record.time), record.scaler.clone());
        ledger.watch(move || Signs {
            time,
            scalers: vec![Sign { scaler: scaler.clone(), ticked: true, late: false }],
        });
        ledger.note(record);
    }
}

async fn play(options: Options, stop: &CancellationToken, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut stage = Stage::new(options.seed);
    let mut show = Show::new(options.terminal.filter(|_| options.form == Form::Text), options.color);
    paper.say(&opening(options.speed, show.draws()))?;
    while !stage.over() && !stop.is_cancelled() {
        paper.say(&show.chapter(stage.next()))?;
        let record = stage.tick().await;
        show.note(&record);
        paper.keep(&record);
        match (options.form, options.terminal) {
            (Form::Json, _) => paper.tick(&[json::line(&record)])?,
            (Form::Text, None) => paper.tick(&[text::line(&record)])?,
            (Form::Text, Some(_)) => paper.tick(&show.tick(&record))?,
        }
        tokio::select! {
            () = tokio::time::sleep(pause(options.speed)) => {}
            () = stop.cancelled() => {}
        }
    }
    let tally = lock(stage.world()).tally();
    paper.say(&closing(&tally, stage.late(), show.seen()))
}

/// How long to wait between two ticks.
fn pause(speed: f64) -> Duration {
    // Dividing by zero or by something that is no speed gives no duration, and so no waiting.
    Duration::try_from_secs_f64(TICK.as_secs_f64() / speed).unwrap_or(Duration::ZERO)
}

fn write_lines(out: &mut dyn Write, lines: &[String]) -> io::Result<()> {
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn played(form: Form, terminal: Option<u16>, color: bool) -> (String, String) {
        let (mut words, mut data) = (Vec::new(), Vec::new());
        let mut paper = Paper { words: Box::new(&mut words), data: Box::new(&mut data), ledger: None };
        let options = Options { speed: 0.0, form, terminal, color, seed: SEED };
        play(options, &CancellationToken::new(), &mut paper).await.unwrap();
        drop(paper);
        (String::from_utf8(words).unwrap(), String::from_utf8(data).unwrap())
    }

    #[tokio::test]
    async fn on_a_terminal_no_line_is_wider_than_80_columns() {
        let (words, data) = played(Form::Text, Some(200), false).await;
        let widest = words.lines().chain(data.lines()).map(|line| line.chars().count()).max();
        assert!(widest.unwrap() <= 80);
    }

    #[tokio::test]
    async fn at_the_end_it_says_whether_the_objective_was_held() {
        let words = played(Form::Text, Some(80), false).await.0;
        assert!(words.contains("\n  objective   no message is to wait longer than 180 s\n"), "{words}");
        assert!(words.contains("\n  objective  held: no message waited longer than 180 s\n"), "{words}");
    }

    #[tokio::test]
    async fn the_readme_shows_what_is_played() {
        let (_, block) = include_str!("../../README.md").split_once("```\ntime ").unwrap();
        let (excerpt, _) = block.split_once("\n```").unwrap();
        let (_, rows) = excerpt.split_once('\n').unwrap();
        assert!(played(Form::Text, Some(80), false).await.1.contains(rows), "{rows}");
    }

    #[tokio::test]
    async fn only_a_terminal_gets_colours() {
        assert!(played(Form::Text, Some(80), true).await.1.contains("\x1b[32m"));
        assert!(!played(Form::Text, Some(80), false).await.1.contains('\x1b'));
        let (words, data) = played(Form::Text, None, true).await;
        assert!(!words.contains('\x1b') && !data.contains('\x1b'));
    }

    #[tokio::test]
    async fn piped_every_tick_is_a_line_as_the_daemon_prints_it() {
        let data = played(Form::Text, None, false).await.1;
        assert!(data.lines().all(|line| line.starts_with("2026-01-01T00:")));
        assert!(data.contains("images: ") && data.contains("| scale out from 1 to "));
    }

    #[tokio::test]
    async fn json_keeps_words_and_records_apart() {
        let (words, data) = played(Form::Json, Some(80), true).await;
        assert!(data.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        assert!(words.contains("What happened") && !words.contains('\x1b'));
    }

    #[tokio::test]
    async fn a_stopped_demo_still_says_what_happened() {
        let stop = CancellationToken::new();
        stop.cancel();
        let mut words = Vec::new();
        let mut paper = Paper { words: Box::new(&mut words), data: Box::new(io::sink()), ledger: None };
        let options = Options { speed: SPEED, form: Form::Text, terminal: None, color: false, seed: SEED };
        play(options, &stop, &mut paper).await.unwrap();
        drop(paper);
        assert!(String::from_utf8(words).unwrap().contains("What happened in 00:00"));
    }

    #[tokio::test]
    async fn a_ledger_has_every_record_that_is_printed() {
        let (ledger, mut data) = (Ledger::default(), Vec::new());
        let mut paper =
            Paper { words: Box::new(io::sink()), data: Box::new(&mut data), ledger: Some(ledger.clone()) };
        let options = Options { speed: 0.0, form: Form::Json, terminal: None, color: false, seed: SEED };
        play(options, &CancellationToken::new(), &mut paper).await.unwrap();
        drop(paper);
        let kept = ledger.records("images").unwrap().join("\n");
        assert_eq!(String::from_utf8(data).unwrap().trim_end(), kept);
    }

    #[test]
    fn what_is_no_speed_does_not_wait() {
        assert_eq!(pause(20.0), Duration::from_millis(500));
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(pause(speed), Duration::ZERO);
        }
    }
}
