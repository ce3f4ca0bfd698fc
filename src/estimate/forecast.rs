use super::history::{History, STEP_SECS};
use crate::model::tuning::{self, MEANS};
use crate::model::{Timestamp, Tuning};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many messages will arrive over the next boot time: what the expert says that has been wrong the
/// least about it of late.
///
/// The experts are simple: the mean rate over several spans, and what arrived an hour, a day or a week
/// ago. Source: "follow the leader" of the prediction-with-expert-advice literature (Cesa-Bianchi and
/// Lugosi, Prediction, Learning, and Games, 2006).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Forecast {
    /// Messages a second, by the mean of each span.
    rates: [f64; MEANS],
    /// Seconds watched, which no span may exceed.
    watched_secs: f64,
    /// Absolute and squared errors of each expert, in messages over the horizon, fading.
    absolute: [f64; EXPERTS],
    squared: [f64; EXPERTS],
    /// How many predictions have been scored, fading alike.
    scored: f64,
    /// What each expert said, until it can be scored, and the messages that there were.
    #[serde(skip)]
    said: VecDeque<(Timestamp, [f64; EXPERTS], f64)>,
}

/// The best expert's word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Word {
    /// Messages a second, over the next boot time.
    pub(super) per_sec: f64,
    /// How long ago the arrivals were that are expected again, in seconds; nothing for a mean.
    pub(super) again_secs: Option<f64>,
    /// The mean squared error of such words, in messages over the horizon.
    pub(super) squared_error: f64,
    /// From 0 to 1: how far it was right.
    pub(super) belief: f64,
}

impl Word {
    /// Messages expected in the next 0, 1, 2, … times `step_secs`, up to `ahead_secs` and one more.
    pub(super) fn expected(
        &self,
        now: Timestamp,
        history: &History,
        step_secs: f64,
        ahead_secs: f64,
    ) -> Vec<f64> {
        let mut ahead = 0.0;
        let mut sums = vec![0.0];
        while ahead < ahead_secs + step_secs {
            ahead += step_secs;
            let again = self.again_secs.and_then(|ago| history.sum(now, ago, ahead.min(ago)));
            sums.push(again.map_or(self.per_sec * ahead, |sum| sum.max(0.0)));
        }
        sums
    }
}

/// How far back the others look, in seconds: an hour, a day, a week.
const AGO_SECS: [f64; 3] = [3600.0, 86_400.0, 604_800.0];
const EXPERTS: usize = MEANS + AGO_SECS.len();

impl Forecast {
    /// Begins with what is being worked on: a fleet that is already running is no news. Errors made before
    /// that are forgotten.
    pub(super) fn begin(&mut self, per_sec: f64) {
        *self = Self { rates: [per_sec; MEANS], watched_secs: self.watched_secs, ..Self::default() };
    }

    /// Learns that `count` messages arrived in `lasts_secs`.
    pub(super) fn learn(&mut self, lasts_secs: f64, count: f64, tuning: &Tuning) {
        self.watched_secs += lasts_secs;
        for (rate, span) in self.rates.iter_mut().zip(tuning.forecast.spans_secs) {
            let span = span.min(self.watched_secs + tuning.counters_secs);
            *rate += lasts_secs / (span + lasts_secs / 2.0).max(lasts_secs) * (count / lasts_secs - *rate);
        }
    }

    /// Scores what was said `horizon_secs` ago, at `now`, when there are `messages`, `lasts_secs` after the last
    /// time.
    pub(super) fn judge(
        &mut self,
        now: Timestamp,
        lasts_secs: f64,
        messages: f64,
        history: &History,
        horizon_secs: f64,
        tuning: &Tuning,
    ) {
        let noise = tuning.noise;
        let ripe_secs = horizon_secs - f64::from(STEP_SECS) / 2.0;
        let ripe = |said: &mut (Timestamp, _, _)| now.since(said.0).as_secs_f64() >= ripe_secs;
        while let Some((at, said, before)) = self.said.pop_front_if(ripe) {
            let span = now.since(at).as_secs_f64();
            if let Some(arrived) = history.sum(now, span, span) {
                let variance = noise * noise * (messages * messages + before * before);
                self.score(lasts_secs, arrived, said.map(|per_sec| per_sec * span), variance, tuning);
            }
        }
        let said = self.say(now, history, horizon_secs, tuning.forecast.first);
        self.said.push_back((now, said, messages));
    }

    /// What each expert says; where one knows nothing, what the one says that is asked `first`.
    fn say(&self, now: Timestamp, history: &History, horizon_secs: f64, first: usize) -> [f64; EXPERTS] {
        let mut said = [self.rates.get(first).copied().unwrap_or(0.0).max(0.0); EXPERTS];
        for (said, rate) in said.iter_mut().zip(self.rates) {
            *said = rate.max(0.0);
        }
        for (said, ago) in said.iter_mut().skip(MEANS).zip(AGO_SECS) {
            if let Some(sum) = history.sum(now, ago, horizon_secs) {
                *said = sum.max(0.0) / horizon_secs;
            }
        }
        said
    }

    /// `variance` is that of `arrived`, which no expert could foresee.
    fn score(&mut self, lasts_secs: f64, arrived: f64, said: [f64; EXPERTS], variance: f64, tuning: &Tuning) {
        let kept = 1.0 - lasts_secs / (tuning.forecast.forgetting_secs * 1.44 + lasts_secs);
        self.scored = self.scored * kept + 1.0;
        for ((absolute, squared), said) in self.absolute.iter_mut().zip(&mut self.squared).zip(said) {
            let error = arrived - said;
            *absolute = *absolute * kept + error.abs();
            *squared = *squared * kept + (error * error - variance).max(0.0);
        }
    }

    /// The word of the expert that has been wrong the least. When the wait is `tight`, misses count by
    /// their square: nothing absorbs a large one.
    pub(super) fn word(
        &self,
        now: Timestamp,
        history: &History,
        horizon_secs: f64,
        tight: bool,
        tuning: &Tuning,
    ) -> Word {
        let tuning::Forecast { first, better, seasoned_secs, .. } = tuning.forecast;
        let score = if tight { &self.squared } else { &self.absolute };
        let seasoned = |expert: usize| {
            let ago = expert.checked_sub(MEANS).and_then(|number| AGO_SECS.get(number));
            ago.is_none_or(|ago| self.watched_secs >= ago + ago.min(seasoned_secs))
        };
        let mut best = first;
        for (expert, error) in score.iter().enumerate() {
            if seasoned(expert) && score.get(best).is_some_and(|least| *error < least * (1.0 - better)) {
                best = expert;
            }
        }
        let squared_error = self.squared.get(best).map_or(0.0, |sum| sum / self.scored.max(1.0));
        let per_sec = self.say(now, history, horizon_secs, first).get(best).copied().unwrap_or(0.0);
        let again_secs = best.checked_sub(MEANS).and_then(|number| AGO_SECS.get(number).copied());
        let expected = per_sec * horizon_secs;
        let belief = if self.scored > 0.0 {
            expected / (expected + squared_error.sqrt()).max(f64::MIN_POSITIVE)
        } else {
            0.0
        };
        Word { per_sec, again_secs, squared_error, belief }
    }
}
