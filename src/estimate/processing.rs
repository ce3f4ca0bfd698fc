use crate::model::{Deleted, Learnt, Timestamp, Tuning, tuning};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How long a worker takes over a message, by Little's law: messages in flight = completions a second ×
/// processing time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Processing {
    /// Messages in flight, times seconds, fading.
    in_flight_secs: f64,
    /// Completions in the same time, fading alike.
    completions: f64,
    /// The end of the last stretch of completions that was learnt from.
    told: Option<Timestamp>,
    /// Whether nothing was finished of late although many should have been.
    hung: bool,
    /// The queue as it is being emptied, while completions are not told.
    emptying: Option<Emptying>,
    /// Messages in flight at the last samples: completions are told minutes late.
    #[serde(skip)]
    samples: VecDeque<(Timestamp, f64)>,
    /// Since when there have been samples without a gap.
    #[serde(skip)]
    watched: Option<Timestamp>,
    /// What the counters have shown, of late, of work that nobody finishes.
    #[serde(skip)]
    unfinished: Unfinished,
}

/// A stretch in which, as far as the counters tell, nothing was finished although all slots were busy: messages waited,
/// none went, and all in flight stayed there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Unfinished {
    /// Messages at its last sample.
    messages: f64,
    /// How long it lasts: without the times in which messages came, for as many others may have gone.
    lasts_secs: f64,
    /// Messages in flight in that time, times seconds.
    in_flight_secs: f64,
}

impl Unfinished {
    /// The stretch with another sample, `lasts_secs` after the one with `before` in flight. Messages that come end it
    /// while it proves nothing.
    fn with(self, waiting: f64, in_flight: f64, lasts_secs: f64, before: f64, proof_secs: f64) -> Self {
        let messages = waiting + in_flight;
        let none_went = waiting > 0.0 && before > 0.0 && in_flight >= before && messages >= self.messages;
        let came = messages > self.messages;
        if !none_went || (came && self.lasts_secs < proof_secs) {
            return Self { messages, ..Self::default() };
        }
        // Two equal counts may be chance, however far apart: no single pair is proof.
        let stood_secs = if came { 0.0 } else { lasts_secs.min(0.5 * proof_secs) };
        Self {
            messages,
            lasts_secs: self.lasts_secs + stood_secs,
            in_flight_secs: self.in_flight_secs + before * stood_secs,
        }
    }
}

/// A stretch in which there were ever fewer messages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Emptying {
    from: f64,
    fewest: f64,
    lasts_secs: f64,
    in_flight_secs: f64,
}

impl Emptying {
    const fn begin(messages: f64) -> Self {
        Self { from: messages, fewest: messages, lasts_secs: 0.0, in_flight_secs: 0.0 }
    }
}

/// How many more messages were finished in a stretch than their mean processing time, as it is believed now, has
/// them finish; below zero, so many fewer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Surplus {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) count: f64,
}

/// No work is shorter, in seconds: nor may a hint be.
const SHORTEST_SECS: f64 = 0.001;

impl Processing {
    /// Learns from a sample of the messages that wait and are in flight and, if any were told, from completions,
    /// with the steady time of their beginning. Says in what stretch how many more were finished than was reckoned, if
    /// that is news.
    pub(super) fn learn(
        &mut self,
        now: Timestamp,
        waiting: f64,
        in_flight: f64,
        told: Option<(Timestamp, Deleted)>,
        hint: Option<f64>,
        tuning: &Tuning,
    ) -> Option<Surplus> {
        let late = |since: Timestamp| now.since(since).as_secs_f64() > tuning.gap_secs;
        while self.samples.front().is_some_and(|(at, _)| late(*at)) {
            self.samples.pop_front();
        }
        let (lasts_secs, before) =
            self.samples.back().map_or((0.0, 0.0), |(at, last)| (now.since(*at).as_secs_f64(), *last));
        let proof_secs = tuning.counters_secs;
        self.unfinished = self.unfinished.with(waiting, in_flight, lasts_secs, before, proof_secs);
        if self.samples.is_empty() {
            self.watched = Some(now);
        }
        self.samples.push_back((now, in_flight));
        self.hung &= self.told.is_some_and(|told| !late(told));
        let (from, deleted) = told?;
        let until = from + deleted.lasts;
        let news = self.told.is_none_or(|told| until > told);
        let working = self.working(from, until).filter(|_| news)?;
        self.told = Some(until);
        if deleted.count > 0.0 {
            self.unfinished = Unfinished { messages: self.unfinished.messages, ..Unfinished::default() };
        }
        let in_flight_secs = working * deleted.lasts.as_secs_f64();
        let reckoned = self.finished(working, deleted.lasts.as_secs_f64(), self.secs(hint, tuning).value);
        let (prior, worth) = prior(hint, tuning);
        self.hung =
            deleted.count <= 0.0 && in_flight_secs > tuning.processing.proof * self.mean(prior, worth);
        if !self.hung && in_flight_secs + deleted.count > 0.0 {
            self.add(in_flight_secs, deleted.count, tuning);
        }
        Some(Surplus { from, until, count: deleted.count - reckoned })
    }

    fn add(&mut self, in_flight_secs: f64, completions: f64, tuning: &Tuning) {
        let kept = 1.0 - tuning.lost;
        self.in_flight_secs = self.in_flight_secs * kept + in_flight_secs;
        self.completions = self.completions * kept + completions;
    }

    /// The messages in flight between two times, on average; between the samples around them, where none
    /// lies between.
    fn working(&self, from: Timestamp, until: Timestamp) -> Option<f64> {
        let during = self.samples.iter().filter(|(at, _)| *at > from && *at <= until);
        let (count, sum) = during.fold((0.0, 0.0), |(count, sum), (_, working)| (count + 1.0, sum + working));
        if count > 0.0 {
            return Some(sum / count);
        }
        let before = self.samples.iter().rfind(|(at, _)| *at <= from)?;
        let after = self.samples.iter().find(|(at, _)| *at > until)?;
        Some(f64::midpoint(before.1, after.1))
    }

    /// Messages that `working` in flight, on average, have finished in so many seconds, at `secs` each. Where it
    /// was told that nothing at all is finished, those in flight are no sign of it: their workers hang.
    pub(super) fn finished(&self, working: f64, lasts_secs: f64, secs: f64) -> f64 {
        if self.hung { 0.0 } else { working / secs * lasts_secs }
    }

    /// Learns from the counters alone, where neither settings nor completions are told: a queue that shrinks
    /// had as many completions at least. It is rough, and no better than a hint.
    pub(super) fn learn_emptying(
        &mut self,
        now: Timestamp,
        lasts_secs: f64,
        messages: f64,
        in_flight: f64,
        tuning: &Tuning,
    ) {
        let secs = |since: Timestamp| now.since(since).as_secs_f64();
        // Whoever tells completions has told some by now.
        let lately = |since| secs(since) <= tuning.gap_secs;
        if self.watched.is_none_or(lately) || self.told.is_some_and(lately) {
            self.emptying = None;
            return;
        }
        let going_on = self.emptying.filter(|emptying| messages <= emptying.fewest * (1.0 + tuning.noise));
        let Some(Emptying { from, fewest, lasts_secs: before, in_flight_secs: worked }) = going_on else {
            self.emptying = Some(Emptying::begin(messages));
            return;
        };
        let (lasts_secs, in_flight_secs) = (before + lasts_secs, worked + in_flight * lasts_secs);
        self.emptying = Some(Emptying { from, fewest: fewest.min(messages), lasts_secs, in_flight_secs });
        let gone = from - messages;
        if gone >= tuning.processing.proof
            && gone >= tuning.processing.gone * from
            && lasts_secs >= tuning.counters_secs
        {
            self.emptying = Some(Emptying::begin(messages));
            self.add(in_flight_secs, gone, tuning);
        }
    }

    /// The mean processing time, in seconds. While nothing is known of it, the guess is as long as all that work which
    /// nobody finishes would make of one completion; no longer than a bound, for workers may hang.
    pub(super) fn secs(&self, hint: Option<f64>, tuning: &Tuning) -> Learnt {
        let (mut prior, worth) = prior(hint, tuning);
        let Unfinished { lasts_secs, in_flight_secs, .. } = self.unfinished;
        let unknown = hint.is_none() && self.completions < tuning.processing.guess_worth;
        if unknown && lasts_secs >= tuning.counters_secs {
            prior = prior.max(in_flight_secs.min(tuning.processing.unfinished_most_secs));
        }
        let belief = self.completions / (worth + self.completions);
        Learnt { value: self.mean(prior, worth).max(SHORTEST_SECS), belief }
    }

    fn mean(&self, prior: f64, worth: f64) -> f64 {
        (prior * worth + self.in_flight_secs) / (worth + self.completions)
    }

    pub(super) fn shift(&mut self, millis: i64, latest: Timestamp) {
        self.told = self.told.map(|told| told.shifted(millis).min(latest));
    }
}

/// The processing time to begin with, in seconds, and the completions it is worth.
fn prior(hint: Option<f64>, tuning: &Tuning) -> (f64, f64) {
    let tuning::Processing { guess_secs, guess_worth, hint_worth, .. } = tuning.processing;
    hint.map_or((guess_secs, guess_worth), |hint| (hint, hint_worth))
}
