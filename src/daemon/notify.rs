use super::pulse::Pulse;
use crate::clock::Clock;
use crate::publish::text;
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often the status line is brought up to date, and the longest pause between watchdog signals.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How often it is looked for the first ticks to be done.
const STARTING_PAUSE: Duration = Duration::from_millis(100);

/// Tells systemd, for as long as it is polled: READY=1 when every scaler has done a tick, whatever it
/// found; WATCHDOG=1 only while every scaler keeps its deadline; a status line throughout.
///
/// Measured on a monotonic interval, so that it neither trusts the scheduler nor the time of day.
pub(super) async fn tell(pulses: &[Arc<Pulse>], clock: Clock) {
    let mut starting = interval(STARTING_PAUSE);
    while !pulses.iter().all(|pulse| pulse.has_ticked()) {
        starting.tick().await;
    }
    say(&[NotifyState::Ready, NotifyState::Status(&status(pulses))]);
    tracing::info!(scalers = pulses.len(), "ready: every scaler has done a tick");
    let pause = sd_notify::watchdog_enabled().map_or(PAUSE_MAX, |limit| (limit / 2).min(PAUSE_MAX));
    let mut beat = interval(pause);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut late = false;
    loop {
        beat.tick().await;
        let overdue = overdue(pulses, clock);
        match (overdue.is_empty(), late) {
            (false, false) => tracing::error!(
                scalers = overdue.join(","),
                "no tick within three periods: withholding the watchdog signal"
            ),
            (true, true) => tracing::info!("every scaler keeps its deadline again"),
            _ => {}
        }
        late = !overdue.is_empty();
        alive(pulses, clock);
        say(&[NotifyState::Status(&status(pulses))]);
    }
}

/// Tells systemd that the daemon is on its way out.
pub(super) fn stopping() {
    say(&[NotifyState::Stopping]);
}

fn alive(pulses: &[Arc<Pulse>], clock: Clock) {
    if overdue(pulses, clock).is_empty() {
        say(&[NotifyState::Watchdog]);
    }
}

fn overdue(pulses: &[Arc<Pulse>], clock: Clock) -> Vec<&str> {
    let now = clock.now().steady;
    pulses.iter().filter(|pulse| pulse.overdue(now)).map(|pulse| pulse.scaler.as_str()).collect()
}

/// One line for `systemctl status`.
fn status(pulses: &[Arc<Pulse>]) -> String {
    if let [only] = pulses {
        return only.last(|record| format!("{}: {}", only.scaler, text::seen(record))).unwrap_or_default();
    }
    let missing = pulses
        .iter()
        .filter(|pulse| pulse.last(|record| record.sample.missing().next().is_some()) == Some(true))
        .count();
    let missed: u64 = pulses.iter().map(|pulse| pulse.missed_count()).sum();
    format!("{} scalers, {missing} with missing readings, {missed} rings missed", pulses.len())
}

/// Without systemd this does nothing; a failure to notify must not stop scaling.
fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "cannot notify systemd");
    }
}
