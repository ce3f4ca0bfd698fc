use super::pulse::Pulse;
use crate::clock::{Clock, reload_stamp};
use crate::model::{Now, Record, Timestamp};
use crate::publish::{Event, Ledger, Sign, Signs, text};
use sd_notify::NotifyState;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often the status line is brought up to date, and the longest pause between watchdog signals.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Bytes of a refusal that go into the status line: systemd drops a message of more than 4,096, whole.
const WHY_MAX: usize = 1000;

/// The shortest pause between watchdog signals, whatever systemd is told to expect.
const PAUSE_MIN: Duration = Duration::from_millis(10);

/// How often it is looked for the first ticks to be done.
const STARTING_PAUSE: Duration = Duration::from_millis(100);

/// What systemd is told of: the scalers at work, and whether the settings on disk are those they work by.
#[derive(Debug)]
pub(super) struct Board {
    /// Who else is told.
    ledger: Option<Ledger>,
    clock: Clock,
    pulses: RefCell<Vec<Arc<Pulse>>>,
    /// Why the settings on disk were refused, if they were.
    refused: RefCell<Option<String>>,
    /// Whether READY=1 has been said.
    ready: Cell<bool>,
}

impl Board {
    /// A board of nobody, whose news `ledger` is told as well.
    pub(super) fn new(ledger: Option<Ledger>, clock: Clock) -> Self {
        let (pulses, refused, ready) = Default::default();
        Self { ledger, clock, pulses, refused, ready }
    }

    /// These are at work now.
    pub(super) fn show(&self, pulses: Vec<Arc<Pulse>>) {
        if let Some(ledger) = &self.ledger {
            let (pulses, clock) = (pulses.clone(), self.clock);
            ledger.watch(move || signs(&pulses, clock.now()));
        }
        self.pulses.replace(pulses);
    }

    /// The settings on disk were refused for this reason; or taken.
    pub(super) fn refuse(&self, why: Option<String>) {
        if let Some(ledger) = &self.ledger {
            ledger.refuse(why.clone());
        }
        self.refused.replace(why);
    }

    fn all_have_ticked(&self) -> bool {
        self.pulses.borrow().iter().all(|pulse| pulse.has_ticked())
    }

    fn status(&self) -> String {
        let status = status(&self.pulses.borrow());
        match &*self.refused.borrow() {
            Some(why) => {
                let why = why.get(..why.floor_char_boundary(WHY_MAX)).unwrap_or_default();
                format!("old settings, those on disk are refused: {why} | {status}")
            }
            None => status,
        }
    }
}

/// Tells systemd, for as long as it is polled: READY=1 when every scaler has done a tick, whatever it
/// found; WATCHDOG=1 only while every scaler keeps its deadline; a status line throughout.
///
/// Measured on a monotonic interval, so that it neither trusts the scheduler nor the time of day.
pub(super) async fn tell(board: &Board, clock: Clock) {
    let count = board.pulses.borrow().len();
    say(&[NotifyState::Status(&format!("waiting for the first tick of {count} scalers"))]);
    let mut starting = interval(STARTING_PAUSE);
    while !board.all_have_ticked() {
        starting.tick().await;
    }
    board.ready.set(true);
    say(&[NotifyState::Ready, NotifyState::Status(&board.status())]);
    let (scalers, missing) = (board.pulses.borrow().len(), missing(&board.pulses.borrow()));
    tracing::info!(scalers, missing, "ready: every scaler has done a tick");
    let pause =
        sd_notify::watchdog_enabled().map_or(PAUSE_MAX, |limit| (limit / 2).clamp(PAUSE_MIN, PAUSE_MAX));
    let mut beat = interval(pause);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut late = false;
    loop {
        beat.tick().await;
        let overdue = overdue(&board.pulses.borrow(), clock.now().steady).join(",");
        match (overdue.is_empty(), late) {
            (false, false) => tell_of_withholding(&overdue),
            (true, true) => tracing::info!("every scaler keeps its deadline again"),
            _ => {}
        }
        late = !overdue.is_empty();
        if !late {
            say(&[NotifyState::Watchdog]);
        }
        say(&[NotifyState::Status(&board.status())]);
    }
}

/// A reload that systemd has been told of.
#[must_use]
pub(super) struct Reloading<'b>(&'b Board);

/// Tells systemd that the settings are being reloaded. Before READY=1 it is not told: it would take the
/// end of the reload for the end of the start.
pub(super) fn reloading(board: &Board) -> Option<Reloading<'_>> {
    if !board.ready.get() {
        return None;
    }
    let mut states = vec![NotifyState::Reloading];
    // There always is a monotonic clock; systemd from 253 on insists on it.
    states.extend(reload_stamp().ok());
    states.push(NotifyState::Status("reloading the settings"));
    say(&states);
    Some(Reloading(board))
}

impl Reloading<'_> {
    /// Tells systemd that the reload is over, however it went.
    pub(super) fn over(self) {
        say(&[NotifyState::Ready, NotifyState::Status(&self.0.status())]);
    }
}

/// Tells systemd that the daemon is on its way out.
pub(super) fn stopping() {
    say(&[NotifyState::Stopping]);
}

pub(super) fn tell_of_withholding(scalers: &str) {
    tracing::error!(
        scalers,
        event = Event::WatchdogWithheld.code(),
        "no tick within three periods: withholding the watchdog signal"
    );
}

/// The scalers whose tick should have been done by the steady time `now`.
fn overdue(pulses: &[Arc<Pulse>], now: Timestamp) -> Vec<&str> {
    pulses.iter().filter(|pulse| pulse.overdue(now)).map(|pulse| pulse.scaler.as_str()).collect()
}

/// How those scalers are doing `now`.
fn signs(pulses: &[Arc<Pulse>], now: Now) -> Signs {
    let sign = |pulse: &Arc<Pulse>| Sign {
        scaler: pulse.scaler.clone(),
        ticked: pulse.has_ticked(),
        late: pulse.overdue(now.steady),
    };
    Signs { time: Some(now.wall), scalers: pulses.iter().map(sign).collect() }
}

/// One line for `systemctl status`.
fn status(pulses: &[Arc<Pulse>]) -> String {
    let missed: u64 = pulses.iter().map(|pulse| pulse.missed_count()).sum();
    let missed = if missed > 0 { format!("; {missed} rings missed") } else { String::new() };
    if let [only] = pulses {
        let seen =
            only.last(|record| format!("{}: {}{}", only.scaler, text::seen(record), text::paused(record)));
        return seen.unwrap_or_default() + &missed;
    }
    let paused = count(pulses, |record| record.paused.is_some());
    let paused = if paused > 0 { format!(", {paused} paused") } else { String::new() };
    format!("{} scalers, {} with missing readings{paused}{missed}", pulses.len(), missing(pulses))
}

/// How many scalers' last tick lacked a reading.
fn missing(pulses: &[Arc<Pulse>]) -> usize {
    count(pulses, |record| record.sample.missing().next().is_some())
}

/// How many scalers' last records are `such`.
fn count(pulses: &[Arc<Pulse>], such: impl Fn(&Record) -> bool) -> usize {
    pulses.iter().filter(|pulse| pulse.last(&such) == Some(true)).count()
}

/// Without systemd this does nothing; a failure to notify must not stop scaling.
fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "cannot notify systemd");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Patience;
    use crate::daemon::turn::Deadlines;
    use crate::model::{Cause, Decision, Fleet, Metrics, Missing, Mode, Outcome, Record, Sample};
    use crate::settings::Schedule;

    fn pulses(deadlines: &[(&str, i64)]) -> Vec<Arc<Pulse>> {
        let pulse = |(name, secs): &(&str, i64)| Pulse::new((*name).to_owned(), Timestamp::from_secs(*secs));
        deadlines.iter().map(pulse).map(Arc::new).collect()
    }

    fn record(fleet: Result<Fleet, Missing>) -> Record {
        let sample = Sample { queues: Vec::new(), fleet };
        Record {
            time: Timestamp::from_secs(0),
            scaler: "images".to_owned(),
            mode: Mode::Drive,
            paused: None,
            metrics: Metrics::of(&sample, None),
            sample,
            estimate: None,
            decision: Decision::hold(None, Vec::new()),
            outcome: Outcome::None,
            troubles: Vec::new(),
        }
    }

    #[test]
    fn a_refusal_of_any_length_fits_into_what_systemd_reads() {
        let board = Board::new(None, Clock::start());
        board.refuse(Some("é".repeat(5000)));
        assert!(board.status().starts_with("old settings, those on disk are refused: éé"));
        assert!(board.status().len() < 2000);
    }

    #[test]
    fn a_single_scaler_that_ticks_no_more_is_named_and_the_others_are_not() {
        let pulses = pulses(&[("images", 100), ("thumbs", 200)]);
        assert_eq!(overdue(&pulses, Timestamp::from_secs(100)), [""; 0]);
        assert_eq!(overdue(&pulses, Timestamp::from_secs(101)), ["images"]);
        assert_eq!(overdue(&pulses, Timestamp::from_secs(201)), ["images", "thumbs"]);
        pulses[0].ticked(record(Ok(Fleet::default())), Timestamp::from_secs(300));
        assert_eq!(overdue(&pulses, Timestamp::from_secs(201)), ["thumbs"]);
    }

    /// It would tick without its bell after three periods; one that does not even do that is stuck.
    #[test]
    fn a_stuck_scaler_is_noticed_after_three_periods_and_the_time_its_calls_may_take() {
        let schedule = Schedule::parse("*/10 * * * * *").unwrap();
        let deadlines = Deadlines { patience: Patience::for_period(schedule.period()), schedule };
        let tick = Now { wall: Timestamp::from_secs(1_800_000_000), steady: Timestamp::from_secs(5_000) };
        let pulses = pulses(&[("images", 0)]);
        pulses[0].ticked(record(Ok(Fleet::default())), deadlines.after(tick));
        // Three rings of 10 s, and four times the 9 s that a call may take.
        assert_eq!(overdue(&pulses, Timestamp::from_secs(5_066)), [""; 0]);
        assert_eq!(overdue(&pulses, Timestamp::from_secs(5_067)), ["images"]);
    }

    #[test]
    fn the_status_line_says_what_is_missing() {
        let pulses = pulses(&[("images", 0), ("thumbs", 0)]);
        let denied = Missing::new("group workers", Cause::Denied, "AccessDenied");
        pulses[0].ticked(record(Ok(Fleet::default())), Timestamp::from_secs(1));
        pulses[1].ticked(record(Err(denied)), Timestamp::from_secs(1));
        pulses[1].missed();
        assert_eq!(status(&pulses), "2 scalers, 1 with missing readings; 1 rings missed");
        assert!(status(&pulses[..1]).starts_with("images: 0 visible"), "{}", status(&pulses[..1]));
    }
}
