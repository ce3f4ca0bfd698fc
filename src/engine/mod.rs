//! The loop body: one scaler's tick, the same live, dry and simulated.

use crate::controller::Controller;
use crate::model::{Decision, Estimate, Metrics, Mode, Now, Outcome, Record, Sample};
use crate::publish::Publisher;
use crate::source::Source;
use crate::store::Store;
use crate::target::Target;
use crate::trouble::Watch;
use futures_util::future::join_all;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// One scaler: its ports, and the controller between them.
#[derive(Debug)]
pub struct Engine {
    /// The scaler's name.
    pub name: String,
    /// Whether decisions reach the group, for the record; the target knows by itself.
    pub mode: Mode,
    /// What is read.
    pub sources: Vec<Box<dyn Source>>,
    /// What is read and set.
    pub target: Box<dyn Target>,
    /// What decides.
    pub controller: Controller,
    /// What watches for troubles.
    pub watch: Watch,
    /// What survives a restart.
    pub store: Box<dyn Store>,
    /// Who is told.
    pub publishers: Vec<Box<dyn Publisher>>,
}

impl Engine {
    /// One turn of the crank: sample, decide, act, publish, and the record of it all.
    ///
    /// It cannot fail: whatever goes wrong is part of the record, and the next tick decides afresh.
    pub async fn tick(&mut self, now: Now) -> Record {
        let sample = self.sample().await;
        self.controller.heed(self.store.pause(now.wall), now.wall);
        self.controller.observe(now, &sample);
        let decision = self.decide(now, &sample).await;
        let outcome = self.act(now, &sample, &decision).await;
        let mut record = self.record(now, sample, decision, outcome);
        self.watch(&mut record);
        self.publish(&record).await;
        record
    }

    /// Tells the publishers how long the last tick took.
    pub fn took(&mut self, duration: Duration) {
        for publisher in &mut self.publishers {
            publisher.took(duration);
        }
    }

    /// Reads everything at once, so that one slow answer delays a tick by itself only.
    async fn sample(&mut self) -> Sample {
        let queues = join_all(self.sources.iter_mut().map(|source| source.read()));
        let (queues, fleet) = futures_util::future::join(queues, self.target.read()).await;
        Sample { queues, fleet }
    }

    async fn decide(&mut self, now: Now, sample: &Sample) -> Decision {
        let decision = self.controller.decide(now.steady, sample);
        if decision.action.to().is_none() {
            return decision;
        }
        match self.target.obstacle(decision.action).await {
            Some(reason) => decision.held_by(reason),
            None => decision,
        }
    }

    /// The only write to the group. What must be remembered of it is kept before, so that a kill
    /// between the two cannot lose a cooldown.
    async fn act(&mut self, now: Now, sample: &Sample, decision: &Decision) -> Outcome {
        let foreseen = self.controller.foresee(now.steady, sample, decision);
        self.store.save(now, &foreseen);
        let outcome = match decision.action.to() {
            Some(to) => self.target.set_desired(to).await,
            None => Outcome::None,
        };
        self.controller.settle(foreseen, &outcome);
        if matches!(outcome, Outcome::Failed { refused: true, .. }) {
            self.store.save(now, self.controller.state());
        }
        outcome
    }

    fn record(&self, now: Now, sample: Sample, decision: Decision, outcome: Outcome) -> Record {
        let metrics = Metrics::of(&sample, self.controller.acceptable_backlog());
        // What was learnt stands, but what was last seen is not what there is.
        let seen = sample.missing().next().is_none();
        let estimate = self.controller.estimate();
        let estimate = estimate.map(|each| Estimate { drain_secs: each.drain_secs.filter(|_| seen), ..each });
        Record {
            time: now.wall,
            scaler: self.name.clone(),
            mode: self.mode,
            paused: self.controller.pause().cloned(),
            sample,
            estimate,
            metrics,
            decision,
            outcome,
            troubles: Vec::new(),
        }
    }

    /// Notes what a person should know of. It is kept before it is told: a kill between the two must not let it
    /// be told again and again.
    fn watch(&mut self, record: &mut Record) {
        record.troubles = self.watch.observe(record);
        self.store.save_troubles(self.watch.known());
    }

    async fn publish(&mut self, record: &Record) {
        for publisher in &mut self.publishers {
            publisher.publish(record).await;
        }
    }
}
