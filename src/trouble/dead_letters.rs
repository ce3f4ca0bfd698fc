use super::sight::Sight;
use crate::model::{Record, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many messages lie in each dead-letter queue, by its name, without being news.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Levels(BTreeMap<String, Level>);

/// What lies in a dead-letter queue without being news.
///
/// SQS counts approximately, and may count too few for a sample or two. So the level falls to the most that was
/// counted in a stretch of lower counts, when that has lasted; a count above the level is news.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Level {
    messages: u64,
    /// The stretch of lower counts: when it began, and the most in it.
    lower: Option<(Timestamp, u64)>,
    /// Whether the last count was above the level.
    #[serde(default)]
    risen: bool,
}

impl Levels {
    /// Whether more messages lie in any dead-letter queue than did before they came. The first count of a queue
    /// only says where it begins: what lies there already may have for days.
    pub(super) fn watch(&mut self, record: &Record, settled: Duration) -> Sight {
        // Several queues may give their letters to one, and have counted it at different times.
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for letters in record.sample.queues.iter().filter_map(|queue| queue.dead_letters.as_ref()) {
            if let Ok(count) = letters.count {
                let most = counts.entry(&letters.queue).or_default();
                *most = count.max(*most);
            }
        }
        let mut risen: Vec<String> = Vec::new();
        for (queue, count) in counts {
            let begin = Level { messages: count, lower: None, risen: false };
            let level = self.0.entry(queue.to_owned()).or_insert(begin);
            level.take(count, record.time, settled);
            if level.risen {
                let more = count.saturating_sub(level.messages);
                risen.push(format!("{more} came into {queue}, {count} are there now"));
            }
        }
        if !risen.is_empty() {
            return Sight::Shows(risen.join("; "));
        }
        // What had not risen when it was last counted, or never was counted, holds up no end.
        let uncounted = self.0.iter().any(|(name, level)| level.risen && is_uncounted(name, record));
        if uncounted { Sight::Unknown } else { Sight::Gone }
    }

    pub(super) fn forget_what_is_to_come(&mut self, now: Timestamp) {
        for level in self.0.values_mut() {
            level.lower = level.lower.map(|(since, most)| (since.min(now), most));
        }
    }
}

/// Whether the dead-letter queue of this name may still be one of the scaler's, of which `record` has no count.
fn is_uncounted(name: &str, record: &Record) -> bool {
    record.sample.queues.iter().any(|queue| match (&queue.dead_letters, &queue.facts.dead_letter_queue) {
        (Some(letters), _) => letters.queue == name && letters.count.is_err(),
        (None, Some(arn)) => arn.rsplit(':').next() == Some(name),
        (None, None) => queue.backlog.is_err(),
    })
}

impl Level {
    fn take(&mut self, count: u64, now: Timestamp, settled: Duration) {
        self.risen = count > self.messages;
        if count >= self.messages {
            self.lower = None;
            return;
        }
        let (since, most) = self.lower.map_or((now, count), |(since, most)| (since, most.max(count)));
        self.lower = Some((since, most));
        if now.since(since) >= settled {
            *self = Self { messages: most, lower: None, risen: false };
        }
    }
}
