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
}

impl Levels {
    /// Whether more messages lie in any dead-letter queue than did before they came. The first count of a queue
    /// only says where it begins: what lies there already may have for days.
    pub(super) fn watch(&mut self, record: &Record, settled: Duration) -> Sight {
        let mut risen: Vec<String> = Vec::new();
        let mut unknown = false;
        for queue in &record.sample.queues {
            let letters = queue.dead_letters.as_ref();
            let Some((letters, count)) = letters.and_then(|all| Some((all, *all.count.as_ref().ok()?)))
            else {
                unknown |= queue.backlog.is_err() || queue.facts.dead_letter_queue.is_some();
                continue;
            };
            let begin = Level { messages: count, lower: None };
            let level = self.0.entry(letters.queue.clone()).or_insert(begin);
            level.take(count, record.time, settled);
            if count > level.messages {
                let more = count - level.messages;
                let text = format!("{more} came into {}, {count} are there now", letters.queue);
                // Several queues may give their letters to one.
                if !risen.contains(&text) {
                    risen.push(text);
                }
            }
        }
        match (risen.is_empty(), unknown) {
            (false, _) => Sight::Shows(risen.join("; ")),
            (true, true) => Sight::Unknown,
            (true, false) => Sight::Gone,
        }
    }

    pub(super) fn forget_what_is_to_come(&mut self, now: Timestamp) {
        for level in self.0.values_mut() {
            level.lower = level.lower.map(|(since, most)| (since.min(now), most));
        }
    }
}

impl Level {
    fn take(&mut self, count: u64, now: Timestamp, settled: Duration) {
        if count >= self.messages {
            self.lower = None;
            return;
        }
        let (since, most) = self.lower.map_or((now, count), |(since, most)| (since, most.max(count)));
        self.lower = Some((since, most));
        if now.since(since) >= settled {
            *self = Self { messages: most, lower: None };
        }
    }
}
