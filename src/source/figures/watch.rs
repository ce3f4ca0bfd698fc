//! One queue's part in what is asked of `CloudWatch`: when, and what came of it.

use super::{Answer, Ask, Figures, Minute, later};
use crate::model::{Deleted, Timestamp};
use crate::source::seldom::{MINUTE, minute_of};
use std::time::Duration;
use tokio::sync::oneshot;

/// The figures of one queue.
#[derive(Debug)]
pub(in crate::source) struct Watch {
    figures: Figures,
    queue: String,
    /// The account that owns the queue, when it was told.
    owner: Option<String>,
    /// The minute of the last ask, by the time of day.
    asked: Option<Timestamp>,
    /// The minute in which the oldest message was last asked for.
    asked_oldest: Option<Timestamp>,
    /// Where the answer to the last ask will come.
    answer: Option<oneshot::Receiver<Answer>>,
    /// The beginning of the newest minute of deletions that was passed on.
    newest: Option<Timestamp>,
    /// The age of the oldest message, and of what minute it is.
    oldest: Option<Minute>,
}

/// What a queue's figures tell at a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::source) struct News {
    /// A minute of deletions that has become known since the last tick.
    pub(in crate::source) deleted: Option<Deleted>,
    /// The age of the oldest message in seconds, as it was last known.
    pub(in crate::source) oldest_secs: Option<f64>,
}

/// How often the age of the oldest message is asked for: each metric costs whenever it is.
const OLDEST_EVERY: Duration = Duration::from_mins(5);

/// An age older than this is told no longer.
const STALE_AFTER: Duration = Duration::from_mins(30);

impl Figures {
    /// The figures of the queue called `queue`, in the account of the credentials or that of `owner`.
    pub(in crate::source) fn of(&self, queue: &str, owner: Option<&str>) -> Watch {
        Watch {
            figures: self.clone(),
            queue: queue.to_owned(),
            owner: owner.map(ToOwned::to_owned),
            asked: None,
            asked_oldest: None,
            answer: None,
            newest: None,
            oldest: None,
        }
    }
}

impl Watch {
    /// What has become known by now. Asks for the next minute, but waits for nothing.
    pub(in crate::source) fn news(&mut self) -> News {
        let now = self.figures.clock.now().wall;
        let answer = self.answered().unwrap_or_default();
        let deleted = answer.deleted.filter(|news| self.newest.is_none_or(|newest| newest < news.from));
        self.newest = deleted.map_or(self.newest, |news| Some(news.from));
        self.oldest = later(self.oldest, answer.oldest).filter(|age| now.since(age.from) < STALE_AFTER);
        self.ask(minute_of(now));
        News {
            deleted: deleted.map(|Minute { from, value }| Deleted { from, lasts: MINUTE, count: value }),
            oldest_secs: self.oldest.map(|age| age.value),
        }
    }

    /// The answer to the last ask, if it has come by now.
    fn answered(&mut self) -> Option<Answer> {
        let answer = self.answer.as_mut()?.try_recv();
        if !matches!(answer, Err(oneshot::error::TryRecvError::Empty)) {
            self.answer = None;
        }
        answer.ok()
    }

    fn ask(&mut self, minute: Timestamp) {
        if self.answer.is_some() || self.asked == Some(minute) || !self.is_ours() {
            return;
        }
        let oldest = self.asked_oldest.is_none_or(|last| {
            // The clock may have been set back.
            minute < last || minute.since(last) >= OLDEST_EVERY
        });
        let (reply, answer) = oneshot::channel();
        if self.figures.asks.try_send(Ask { queue: self.queue.clone(), oldest, reply }).is_ok() {
            (self.asked, self.answer) = (Some(minute), Some(answer));
            self.asked_oldest = if oldest { Some(minute) } else { self.asked_oldest };
        }
    }

    /// Whether the queue is known to be of the credentials' account: another's metrics are not theirs.
    fn is_ours(&self) -> bool {
        self.owner.as_ref().is_none_or(|owner| self.figures.account.get() == Some(owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::sync::{Arc, OnceLock};
    use tokio::sync::mpsc;

    fn minute(secs: i64, value: f64) -> Minute {
        Minute { from: Timestamp::from_secs(secs), value }
    }

    fn deleted(secs: i64, count: f64) -> News {
        let deleted = Deleted { from: Timestamp::from_secs(secs), lasts: MINUTE, count };
        News { deleted: Some(deleted), oldest_secs: None }
    }

    /// Figures whose asks go nowhere but to the test.
    fn unserved(account: Option<&str>) -> (Figures, mpsc::Receiver<Ask>) {
        let (asks, receiver) = mpsc::channel(9);
        let account =
            Arc::new(account.map_or_else(OnceLock::new, |account| OnceLock::from(account.to_owned())));
        (Figures { asks, clock: Clock::start(), account }, receiver)
    }

    #[test]
    fn each_minute_is_news_once_and_an_answer_that_is_not_there_is_not_waited_for() {
        let (figures, mut asks) = unserved(None);
        let mut watch = figures.of("jobs", None);
        let mut ask_again = |watch: &mut Watch| {
            watch.asked = None;
            assert_eq!(watch.news(), News::default());
            asks.try_recv().unwrap()
        };
        for (answer, news) in [
            (Some(minute(60, 5.0)), deleted(60, 5.0)),
            (Some(minute(60, 5.0)), News::default()),
            (None, News::default()),
            (Some(minute(180, 0.0)), deleted(180, 0.0)),
            (Some(minute(120, 4.0)), News::default()),
        ] {
            let ask = ask_again(&mut watch);
            assert_eq!((ask.queue.as_str(), watch.news()), ("jobs", News::default()), "not answered yet");
            if answer.is_some() {
                ask.reply.send(Answer { deleted: answer, oldest: None }).unwrap();
            } else {
                drop(ask);
            }
            assert_eq!(watch.news(), news);
        }
    }

    #[test]
    fn another_accounts_queue_is_not_asked_for_nor_one_whose_account_is_not_known_to_be_ours() {
        for (ours, owner, asked) in [
            (None, None, true),
            (Some("1"), None, true),
            (Some("1"), Some("1"), true),
            (Some("1"), Some("2"), false),
            (None, Some("1"), false),
        ] {
            let (figures, mut asks) = unserved(ours);
            assert_eq!(figures.of("jobs", owner).news(), News::default());
            assert_eq!(asks.try_recv().is_ok(), asked, "{owner:?} of {ours:?}");
        }
    }

    #[test]
    fn the_oldest_message_is_asked_for_every_five_minutes_and_its_age_told_until_it_is_stale() {
        let (figures, mut asks) = unserved(None);
        let start = minute_of(figures.clock.now().wall);
        let mut watch = figures.of("jobs", None);
        let mut asked = |watch: &mut Watch, minutes: i64| {
            watch.answer = None;
            watch.ask(start.shifted(minutes * 60_000));
            asks.try_recv().map(|ask| ask.oldest).ok()
        };
        let due: Vec<_> = (0..7).map(|minutes| asked(&mut watch, minutes)).collect();
        let [yes, no] = [Some(true), Some(false)];
        assert_eq!(due, [yes, no, no, no, no, yes, no]);
        assert_eq!(asked(&mut watch, -60), yes, "the clock was set back");

        let told = |watch: &mut Watch, oldest: Option<Minute>| {
            let (reply, answer) = oneshot::channel();
            watch.answer = Some(answer);
            reply.send(Answer { deleted: None, oldest }).unwrap();
            watch.news().oldest_secs
        };
        let ago = |minutes: i64, value| Some(Minute { from: start.shifted(-minutes * 60_000), value });
        assert_eq!(told(&mut watch, None), None);
        assert_eq!(told(&mut watch, ago(3, 61.0)), Some(61.0));
        assert_eq!(told(&mut watch, None), Some(61.0), "it was not asked for");
        assert_eq!(told(&mut watch, ago(2, 0.0)), Some(0.0));
        watch.oldest = ago(31, 61.0);
        assert_eq!(told(&mut watch, None), None, "nobody knows any more");
    }
}
