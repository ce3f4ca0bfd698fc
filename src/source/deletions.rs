use crate::aws::{Failure, Gathering, Session, gather};
use crate::clock::Clock;
use crate::model::{Cause, Deleted, Timestamp};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What `CloudWatch` tells of the messages deleted from the queues of one session, asked for once a
/// minute, for all of them in one `GetMetricData`.
///
/// It is a help to learning and no more: nobody waits for it, and without it the counters have to do.
#[derive(Clone, Debug)]
pub struct Deletions {
    asks: mpsc::Sender<Ask>,
    clock: Clock,
    account: Arc<OnceLock<String>>,
}

/// The deletions of one queue.
#[derive(Debug)]
pub(super) struct Watch {
    deletions: Deletions,
    queue: String,
    /// The account that owns the queue, when it was told.
    owner: Option<String>,
    /// The minute of the last ask, by the time of day.
    asked: Option<Timestamp>,
    /// Where its answer will come.
    answer: Option<oneshot::Receiver<Deleted>>,
    /// The beginning of the newest minute that was passed on.
    newest: Option<Timestamp>,
}

/// Dropped without a reply where nothing is known.
#[derive(Debug)]
struct Ask {
    queue: String,
    reply: oneshot::Sender<Deleted>,
}

/// Whether the credentials may read metrics, as far as was seen.
#[derive(Debug, Default)]
struct Permission {
    /// When it was last refused.
    refused: Option<Timestamp>,
}

/// One call takes up to 500 queries.
const QUERIES_MAX: usize = 500;

/// Scalers of one schedule end their readings within a second of each other.
const GATHERING: Gathering =
    Gathering { quiet: Duration::from_millis(500), longest: Duration::from_secs(2), most: QUERIES_MAX };

const MINUTE: Duration = Duration::from_mins(1);

/// Figures younger than this may still grow.
const SETTLED_AFTER: Duration = Duration::from_mins(2);

/// Source: the SQS developer guide, by which figures may come as late as this.
const LATE_MAX: Duration = Duration::from_mins(15);

/// How long a refused permission is not tried.
const REFUSED_FOR: Duration = Duration::from_hours(1);

const GET: &str = "cloudwatch:GetMetricData";

// === impl Deletions ===

impl Deletions {
    /// Starts reading the deletions of the queues of `session`. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(session: &Session) -> Self {
        let (asks, receiver) = mpsc::channel(QUERIES_MAX * 4);
        let clock = Clock::start();
        tokio::spawn(serve(
            Client::from_conf(Builder::from(&session.config).interceptor(session.calls.clone()).build()),
            clock,
            receiver,
        ));
        Self { asks, clock, account: session.account.clone() }
    }

    /// The deletions of the queue called `queue`, in the account of the credentials or that of `owner`.
    pub(super) fn of(&self, queue: &str, owner: Option<&str>) -> Watch {
        Watch {
            deletions: self.clone(),
            queue: queue.to_owned(),
            owner: owner.map(ToOwned::to_owned),
            asked: None,
            answer: None,
            newest: None,
        }
    }
}

// === impl Watch ===

impl Watch {
    /// A minute that has become known since the last call, each once. Asks for the next, but waits for nothing.
    pub(super) fn news(&mut self) -> Option<Deleted> {
        let news = self.answered().filter(|news| self.newest.is_none_or(|newest| newest < news.from));
        self.newest = news.map_or(self.newest, |news| Some(news.from));
        self.ask();
        news
    }

    /// The answer to the last ask, if it has come by now.
    fn answered(&mut self) -> Option<Deleted> {
        let answer = self.answer.as_mut()?.try_recv();
        if !matches!(answer, Err(oneshot::error::TryRecvError::Empty)) {
            self.answer = None;
        }
        answer.ok()
    }

    fn ask(&mut self) {
        let minute = minute_of(self.deletions.clock.now().wall);
        if self.answer.is_some() || self.asked == Some(minute) || !self.is_ours() {
            return;
        }
        let (reply, answer) = oneshot::channel();
        if self.deletions.asks.try_send(Ask { queue: self.queue.clone(), reply }).is_ok() {
            (self.asked, self.answer) = (Some(minute), Some(answer));
        }
    }

    /// Whether the queue is known to be of the credentials' account: another's metrics are not theirs.
    fn is_ours(&self) -> bool {
        self.owner.as_ref().is_none_or(|owner| self.deletions.account.get() == Some(owner))
    }
}

// === impl Permission ===

impl Permission {
    fn may_be_tried(&self, now: Timestamp) -> bool {
        self.refused.is_none_or(|last| now.since(last) >= REFUSED_FOR)
    }

    /// Keeps what came of a call, and says of a refusal once what it means.
    fn note(&mut self, now: Timestamp, failure: Option<&Failure>) {
        match failure {
            None => self.refused = None,
            // A 403 without a code is no word of AWS's about the permission: some proxy's, perhaps.
            Some(failure) if failure.cause == Cause::Denied && failure.code.is_some() => {
                if self.refused.replace(now).is_none() {
                    tracing::info!(why = %failure, "cannot see deletions of messages, learning from the counters alone");
                }
            }
            Some(failure) => tracing::debug!(why = %failure, "no word on deletions of messages"),
        }
    }
}

/// Answers batch after batch. While one call is under way the next batch gathers: nobody waits for it.
async fn serve(client: Client, clock: Clock, mut asks: mpsc::Receiver<Ask>) {
    let mut permission = Permission::default();
    while let Some(batch) = gather(&mut asks, GATHERING).await {
        let now = clock.now();
        if !permission.may_be_tried(now.steady) {
            continue;
        }
        let queues: Vec<&str> = batch.iter().map(|ask| ask.queue.as_str()).collect();
        let found = read(&client, now.wall, &queues).await;
        permission.note(now.steady, found.as_ref().err());
        for (ask, deleted) in batch.into_iter().zip(found.unwrap_or_default()) {
            if let Some(deleted) = deleted {
                // Whoever is gone needs no answer.
                let _gone = ask.reply.send(deleted);
            }
        }
    }
}

/// Reads the deletions of `queue`, to see whether that can be done.
pub async fn try_reading_deletions(session: &Session, now: Timestamp, queue: &str) -> Result<(), Failure> {
    read(&Client::new(&session.config), now, &[queue]).await.map(drop)
}

/// The newest settled minute of each of `queues`, in their order.
async fn read(client: &Client, now: Timestamp, queues: &[&str]) -> Result<Vec<Option<Deleted>>, Failure> {
    let end = minute_of(now).shifted(-millis(SETTLED_AFTER));
    let call = client
        .get_metric_data()
        .set_metric_data_queries(Some(
            queues.iter().zip(0..).map(|(queue, number)| query(queue, number)).collect(),
        ))
        .start_time(DateTime::from_millis(end.shifted(-millis(LATE_MAX)).as_millis()))
        .end_time(DateTime::from_millis(end.as_millis()));
    let mut pages = call.into_paginator().send();
    let mut found = vec![None; queues.len()];
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Failure::of(GET, &error))?;
        for result in page.metric_data_results() {
            let number =
                result.id().and_then(|id| id.strip_prefix('q')).and_then(|number| number.parse().ok());
            if let Some(place) = number.and_then(|number: usize| found.get_mut(number)) {
                *place = later(*place, newest(result, end));
            }
        }
    }
    Ok(found)
}

fn query(queue: &str, number: usize) -> MetricDataQuery {
    let queue = Dimension::builder().name("QueueName").value(queue).build();
    let metric =
        Metric::builder().namespace("AWS/SQS").metric_name("NumberOfMessagesDeleted").dimensions(queue);
    let stat = MetricStat::builder().metric(metric.build()).period(60).stat("Sum");
    MetricDataQuery::builder().id(format!("q{number}")).metric_stat(stat.build()).build()
}

/// The newest minute of `result` that ended by `end`. None is no zero: a queue that was idle for hours
/// publishes nothing, and what it does publish may come late.
fn newest(result: &MetricDataResult, end: Timestamp) -> Option<Deleted> {
    let minutes = result.timestamps().iter().zip(result.values());
    let minutes = minutes.filter_map(|(at, count)| {
        let from = Timestamp::from_millis(at.to_millis().ok()?);
        Some(Deleted { from, lasts: MINUTE, count: *count })
    });
    let sound =
        |minute: &Deleted| minute.count.is_finite() && minute.count >= 0.0 && minute.from + MINUTE <= end;
    minutes.filter(sound).max_by_key(|minute| minute.from)
}

fn later(one: Option<Deleted>, other: Option<Deleted>) -> Option<Deleted> {
    one.into_iter().chain(other).max_by_key(|minute| minute.from)
}

/// The beginning of the minute that `time` is in.
fn minute_of(time: Timestamp) -> Timestamp {
    time.shifted(-time.as_millis().rem_euclid(millis(MINUTE)))
}

fn millis(time: Duration) -> i64 {
    time.as_millis().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `CloudWatch` tells of one metric: seconds since the epoch, and figures.
    fn told(minutes: &[(i64, f64)]) -> MetricDataResult {
        let result = MetricDataResult::builder().id("q0");
        let timestamps = minutes.iter().map(|(secs, _)| DateTime::from_secs(*secs)).collect();
        result
            .set_timestamps(Some(timestamps))
            .set_values(Some(minutes.iter().map(|(_, count)| *count).collect()))
            .build()
    }

    fn minute(secs: i64, count: f64) -> Deleted {
        Deleted { from: Timestamp::from_secs(secs), lasts: MINUTE, count }
    }

    const END: Timestamp = Timestamp::from_secs(6000);

    #[test]
    fn the_newest_settled_minute_counts_in_whatever_order_they_come() {
        assert_eq!(newest(&told(&[(5940, 7.0), (5880, 3.0)]), END), Some(minute(5940, 7.0)));
        assert_eq!(newest(&told(&[(5880, 3.0), (5940, 0.0)]), END), Some(minute(5940, 0.0)));
        assert_eq!(newest(&told(&[(5880, 3.0), (6000, 9.0)]), END), Some(minute(5880, 3.0)));
    }

    #[test]
    fn no_figure_is_unknown_and_never_zero() {
        assert_eq!(newest(&told(&[]), END), None);
        assert_eq!(newest(&MetricDataResult::builder().build(), END), None);
        for strange in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(newest(&told(&[(5940, strange)]), END), None, "{strange}");
        }
    }

    #[test]
    fn a_query_asks_for_a_queues_deletions_by_the_minute() {
        let query = query("jobs.fifo", 7);
        let stat = query.metric_stat().unwrap();
        let metric = stat.metric().unwrap();
        assert_eq!((query.id(), stat.stat(), stat.period()), (Some("q7"), Some("Sum"), Some(60)));
        assert_eq!(
            (metric.namespace(), metric.metric_name()),
            (Some("AWS/SQS"), Some("NumberOfMessagesDeleted"))
        );
        let dimension = &metric.dimensions()[0];
        assert_eq!((dimension.name(), dimension.value()), (Some("QueueName"), Some("jobs.fifo")));
    }

    /// Deletions whose asks go nowhere but to the test.
    fn unserved(account: Option<&str>) -> (Deletions, mpsc::Receiver<Ask>) {
        let (asks, receiver) = mpsc::channel(9);
        let account =
            Arc::new(account.map_or_else(OnceLock::new, |account| OnceLock::from(account.to_owned())));
        (Deletions { asks, clock: Clock::start(), account }, receiver)
    }

    #[test]
    fn each_minute_is_news_once_and_an_answer_that_is_not_there_is_not_waited_for() {
        let (deletions, mut asks) = unserved(None);
        let mut watch = deletions.of("jobs", None);
        let mut ask_again = |watch: &mut Watch| {
            watch.asked = None;
            assert_eq!(watch.news(), None);
            asks.try_recv().unwrap()
        };
        for (answer, news) in [
            (Some(minute(60, 5.0)), Some(minute(60, 5.0))),
            (Some(minute(60, 5.0)), None),
            (None, None),
            (Some(minute(180, 0.0)), Some(minute(180, 0.0))),
            (Some(minute(120, 4.0)), None),
        ] {
            let ask = ask_again(&mut watch);
            assert_eq!((ask.queue.as_str(), watch.news()), ("jobs", None), "not answered yet");
            if let Some(answer) = answer {
                ask.reply.send(answer).unwrap();
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
            let (deletions, mut asks) = unserved(ours);
            assert_eq!(deletions.of("jobs", owner).news(), None);
            assert_eq!(asks.try_recv().is_ok(), asked, "{owner:?} of {ours:?}");
        }
    }

    #[test]
    fn a_refused_permission_is_tried_again_after_an_hour() {
        let failure = |code: Option<&str>| Failure {
            cause: Cause::Denied,
            code: code.map(ToOwned::to_owned),
            why: "AccessDenied".to_owned(),
        };
        let (start, hour) = (Timestamp::from_secs(0), Timestamp::from_secs(3600));
        let mut permission = Permission::default();
        permission.note(start, Some(&failure(None)));
        assert!(permission.may_be_tried(start), "a proxy's refusal is none of AWS's");
        permission.note(start, Some(&failure(Some("AccessDenied"))));
        assert!(!permission.may_be_tried(hour.shifted(-1)) && permission.may_be_tried(hour));
        permission.note(hour, None);
        assert!(permission.may_be_tried(hour));
    }
}
