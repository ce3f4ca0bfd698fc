use super::history::{History, STEP_SECS};
use crate::model::{Timestamp, Tuning, tuning};
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

impl Jumps {
    pub(super) fn learn(
        &mut self,
        now: Timestamp,
        messages: f64,
        per_sec: f64,
        history: &History,
        horizon_secs: f64,
        tuning: &Tuning,
    ) {
        let ripe_secs = horizon_secs - f64::from(STEP_SECS) / 2.0;
        let ripe = |said: &mut (Timestamp, f64, f64)| now.since(said.0).as_secs_f64() >= ripe_secs;
        while let Some((at, jump, plain)) = self.said.pop_front_if(ripe) {
            let span = now.since(at).as_secs_f64();
            if let Some(came) = history.sum(now, span, span) {
                let (jump, plain) = (jump * span, plain * span);
                let kept = 1.0 - tuning.lost;
                self.gain = self.gain * kept + (came - plain).abs() - (came - jump).abs();
                self.apart = self.apart * kept + (jump - plain).abs();
                self.scored = self.scored * kept + 1.0;
            }
        }
        self.now = None;
        let tuning::Jumps { sigmas, variance, lasting, trust } = tuning.jumps;
        let span_secs = tuning.counters_secs;
        let Some(came) = history.sum(now, span_secs, span_secs) else { return };
        let usual = per_sec * span_secs;
        let noise = tuning.noise * messages;
        if came - usual > sigmas * (usual + noise * noise + variance).sqrt() {
            let jump = per_sec + lasting * (came / span_secs - per_sec);
            self.said.push_back((now, jump, per_sec));
            let mean = if self.scored > 0.0 { self.apart / self.scored } else { 1.0 };
            self.now = (self.gain + trust * mean > 0.0).then_some(jump);
        }
    }

    /// Messages a second while a jump lasts that is worth reckoning with.
    pub(super) fn per_sec(&self) -> Option<f64> {
        self.now
    }
}
