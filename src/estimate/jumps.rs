use super::history::{History, STEP_SECS};
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Sudden arrivals: more in half a minute than chance explains. Whether they last is learnt from those
/// before, and they are reckoned with only while that has paid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Jumps {
    /// How much nearer to what came the jumps were than the forecast, in messages, fading.
    gain: f64,
    /// How far jumps and forecasts were apart, fading alike, and how many there were.
    apart: f64,
    scored: f64,
    /// A jump that is going on, in messages a second.
    now: Option<f64>,
    /// Jumps and forecasts, a second, until they can be scored.
    #[serde(skip)]
    said: VecDeque<(Timestamp, f64, f64)>,
}

/// The time a jump is seen in, in seconds.
const SPAN_SECS: f64 = 30.0;
/// Standard deviations beyond which more arrivals are no chance.
const SIGMAS: f64 = 5.0;
/// The noise of the counters, as a share of what they count.
const NOISE: f64 = 0.07;
/// How much of a jump is believed to last.
const LASTING: f64 = 0.7;
/// What is kept of earlier jumps at each new one.
const KEPT: f64 = 0.995;
/// Jumps' worth of trust to begin with.
const TRUST: f64 = 3.0;

impl Jumps {
    pub(super) fn learn(
        &mut self,
        now: Timestamp,
        messages: f64,
        per_sec: f64,
        history: &History,
        horizon_secs: f64,
    ) {
        let ripe_secs = horizon_secs - f64::from(STEP_SECS) / 2.0;
        let ripe = |said: &mut (Timestamp, f64, f64)| now.since(said.0).as_secs_f64() >= ripe_secs;
        while let Some((at, jump, plain)) = self.said.pop_front_if(ripe) {
            let span = now.since(at).as_secs_f64();
            if let Some(came) = history.sum(now, span, span) {
                let (jump, plain) = (jump * span, plain * span);
                self.gain = self.gain * KEPT + (came - plain).abs() - (came - jump).abs();
                self.apart = self.apart * KEPT + (jump - plain).abs();
                self.scored = self.scored * KEPT + 1.0;
            }
        }
        self.now = None;
        let Some(came) = history.sum(now, SPAN_SECS, SPAN_SECS) else { return };
        let usual = per_sec * SPAN_SECS;
        let noise = NOISE * messages;
        if came - usual > SIGMAS * (usual + noise * noise + 4.0).sqrt() {
            let jump = per_sec + LASTING * (came / SPAN_SECS - per_sec);
            self.said.push_back((now, jump, per_sec));
            let mean = if self.scored > 0.0 { self.apart / self.scored } else { 1.0 };
            self.now = (self.gain + TRUST * mean > 0.0).then_some(jump);
        }
    }

    /// Messages a second while a jump lasts that is worth reckoning with.
    pub(super) fn per_sec(&self) -> Option<f64> {
        self.now
    }
}
