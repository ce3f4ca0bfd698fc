mod watch;

pub(super) use watch::{News, Watch};

use super::seldom::{MINUTE, Permission, millis, minute_of};
use crate::aws::{Failure, Gathering, Session, gather};
use crate::clock::Clock;
use crate::model::Timestamp;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What `CloudWatch` tells of the queues of one session, asked for once a minute, for all of them in one
/// `GetMetricData`: the messages deleted, and every five minutes the age of the oldest.
///
/// It is a help to learning and to people, and no more: nobody waits for it, and without it the counters have
/// to do.
#[derive(Clone, Debug)]
pub struct Figures {
    asks: mpsc::Sender<Ask>,
    clock: Clock,
    account: Arc<OnceLock<String>>,
}

/// Dropped without a reply where nothing could be read.
#[derive(Debug)]
struct Ask {
    queue: String,
    /// Whether the age of the oldest message is wanted as well.
    oldest: bool,
    reply: oneshot::Sender<Answer>,
}

/// What was read of one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Answer {
    deleted: Option<Minute>,
    oldest: Option<Minute>,
}

/// A figure of one minute.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Minute {
    from: Timestamp,
    value: f64,
}

/// A metric of `AWS/SQS`: how the ids of its queries begin, its name, and how a minute of it is summed up.
struct Kind {
    id: char,
    name: &'static str,
    stat: &'static str,
}

const DELETED: Kind = Kind { id: 'd', name: "NumberOfMessagesDeleted", stat: "Sum" };
const OLDEST: Kind = Kind { id: 'o', name: "ApproximateAgeOfOldestMessage", stat: "Maximum" };

/// One call takes up to 500 queries, and a queue makes two at most.
const ASKS_MAX: usize = 250;

/// Scalers of one schedule end their readings within a second of each other.
const GATHERING: Gathering =
    Gathering { quiet: Duration::from_millis(500), longest: Duration::from_secs(2), most: ASKS_MAX };

/// Figures younger than this may still grow.
const SETTLED_AFTER: Duration = Duration::from_mins(2);

/// Source: the SQS developer guide, by which figures may come as late as this.
const LATE_MAX: Duration = Duration::from_mins(15);

const GET: &str = "cloudwatch:GetMetricData";

impl Figures {
    /// Starts reading the figures of the queues of `session`. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(session: &Session) -> Self {
        let (asks, receiver) = mpsc::channel(ASKS_MAX * 8);
        let clock = Clock::start();
        tokio::spawn(serve(
            Client::from_conf(Builder::from(&session.config).interceptor(session.calls.clone()).build()),
            clock,
            receiver,
        ));
        Self { asks, clock, account: session.account.clone() }
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
        let queues: Vec<(&str, bool)> = batch.iter().map(|ask| (ask.queue.as_str(), ask.oldest)).collect();
        let found = read(&client, now.wall, &queues).await;
        let refused = permission.note(now.steady, found.as_ref().err());
        match found {
            Ok(found) => {
                for (ask, answer) in batch.into_iter().zip(found) {
                    // Whoever is gone needs no answer.
                    let _gone = ask.reply.send(answer);
                }
            }
            Err(why) if refused => {
                tracing::info!(%why, "cannot see deletions of messages, learning from the counters alone");
            }
            Err(why) => tracing::debug!(%why, "no word on deletions of messages"),
        }
    }
}

/// Reads a figure of `queue`, to see whether that can be done.
pub async fn try_reading_figures(session: &Session, now: Timestamp, queue: &str) -> Result<(), Failure> {
    read(&Client::new(&session.config), now, &[(queue, false)]).await.map(drop)
}

/// The newest settled minute of each of `queues`, in their order: of the deletions, and of the oldest
/// message where that is wanted.
async fn read(client: &Client, now: Timestamp, queues: &[(&str, bool)]) -> Result<Vec<Answer>, Failure> {
    let end = minute_of(now).shifted(-millis(SETTLED_AFTER));
    let queries = queues.iter().zip(0..).flat_map(|(&(queue, oldest), number)| {
        let oldest = oldest.then(|| query(&OLDEST, queue, number));
        [Some(query(&DELETED, queue, number)), oldest].into_iter().flatten()
    });
    let call = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries.collect()))
        .start_time(DateTime::from_millis(end.shifted(-millis(LATE_MAX)).as_millis()))
        .end_time(DateTime::from_millis(end.as_millis()));
    let mut pages = call.into_paginator().send();
    let mut found = vec![Answer::default(); queues.len()];
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Failure::of(GET, &error))?;
        for result in page.metric_data_results() {
            let id = result.id().unwrap_or_default();
            let number =
                |kind: &Kind| id.strip_prefix(kind.id).and_then(|number| number.parse::<usize>().ok());
            if let Some(answer) = number(&DELETED).and_then(|number| found.get_mut(number)) {
                answer.deleted = later(answer.deleted, newest(result, end));
            }
            if let Some(answer) = number(&OLDEST).and_then(|number| found.get_mut(number)) {
                answer.oldest = later(answer.oldest, newest(result, end));
            }
        }
    }
    Ok(found)
}

fn query(kind: &Kind, queue: &str, number: usize) -> MetricDataQuery {
    let queue = Dimension::builder().name("QueueName").value(queue).build();
    let metric = Metric::builder().namespace("AWS/SQS").metric_name(kind.name).dimensions(queue);
    let stat = MetricStat::builder().metric(metric.build()).period(60).stat(kind.stat);
    MetricDataQuery::builder().id(format!("{}{number}", kind.id)).metric_stat(stat.build()).build()
}

/// The newest minute of `result` that ended by `end`. None is no zero: a queue that was idle for hours
/// publishes nothing, and what it does publish may come late.
fn newest(result: &MetricDataResult, end: Timestamp) -> Option<Minute> {
    let minutes = result.timestamps().iter().zip(result.values());
    let minutes = minutes.filter_map(|(at, value)| {
        Some(Minute { from: Timestamp::from_millis(at.to_millis().ok()?), value: *value })
    });
    let sound =
        |minute: &Minute| minute.value.is_finite() && minute.value >= 0.0 && minute.from + MINUTE <= end;
    minutes.filter(sound).max_by_key(|minute| minute.from)
}

fn later(one: Option<Minute>, other: Option<Minute>) -> Option<Minute> {
    one.into_iter().chain(other).max_by_key(|minute| minute.from)
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

    fn minute(secs: i64, value: f64) -> Minute {
        Minute { from: Timestamp::from_secs(secs), value }
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
    fn a_query_asks_for_a_figure_of_a_queue_by_the_minute() {
        for (kind, id, name, how) in [
            (DELETED, "d7", "NumberOfMessagesDeleted", "Sum"),
            (OLDEST, "o7", "ApproximateAgeOfOldestMessage", "Maximum"),
        ] {
            let query = query(&kind, "jobs.fifo", 7);
            let stat = query.metric_stat().unwrap();
            let metric = stat.metric().unwrap();
            assert_eq!((query.id(), stat.stat(), stat.period()), (Some(id), Some(how), Some(60)));
            assert_eq!((metric.namespace(), metric.metric_name()), (Some("AWS/SQS"), Some(name)));
            let dimension = &metric.dimensions()[0];
            assert_eq!((dimension.name(), dimension.value()), (Some("QueueName"), Some("jobs.fifo")));
        }
    }
}
