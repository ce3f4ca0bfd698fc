use super::{Destination, Metric, Publisher};
use crate::aws::{Failure, Gathering, Session, gather};
use crate::model::Record;
use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

/// Publishes one scaler's figures as `CloudWatch` custom metrics.
#[derive(Debug)]
pub struct CloudWatch {
    metrics: Metrics,
    destination: Destination,
}

/// The metrics of one session, sent together: what is published at about the same time goes into one
/// `PutMetricData` a namespace. Publishing only hands over; it never waits for `CloudWatch`.
#[derive(Clone, Debug)]
pub struct Metrics {
    data: mpsc::Sender<Datum>,
    losses: Arc<Losses>,
}

/// Data that did not reach `CloudWatch`.
#[derive(Debug, Default)]
pub struct Losses {
    /// Since the start, for whatever reason.
    total: AtomicUsize,
    /// Those that found no room to wait in, since that was last told.
    dropped: AtomicUsize,
}

#[derive(Debug)]
struct Datum {
    namespace: String,
    datum: MetricDatum,
}

/// `PutMetricData` takes up to 1,000 data …
const DATA_MAX: usize = 1000;
/// … in up to 1 MB; ours are estimated before compression, with room to spare.
const BYTES_MAX: usize = 900_000;
/// What a datum weighs beside its texts: timestamp, value, unit, resolution and the names of the fields.
const DATUM_BYTES: usize = 200;
/// What a dimension weighs beside its texts.
const DIMENSION_BYTES: usize = 30;

/// Data held while `CloudWatch` does not answer; beyond it the newest are dropped and counted.
const WAITING_MAX: usize = 10_000;

/// Ticks of one schedule end within a second of each other.
const GATHERING: Gathering =
    Gathering { quiet: Duration::from_millis(500), longest: Duration::from_secs(2), most: DATA_MAX };

const PUT: &str = "cloudwatch:PutMetricData";

impl Losses {
    /// How many data have been lost since the start.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// Starts sending the metrics of `session` as a task of `tasks`. It ends, with everything sent,
    /// when the last handle is dropped.
    #[must_use]
    pub fn start(session: &Session, tasks: &TaskTracker, losses: Arc<Losses>) -> Self {
        let (data, receiver) = mpsc::channel(WAITING_MAX);
        let failures = Failures { lost: BTreeMap::new(), losses: losses.clone() };
        tasks.spawn(send_all(
            Client::from_conf(Builder::from(&session.config).interceptor(session.calls.clone()).build()),
            receiver,
            failures,
        ));
        Self { data, losses }
    }

    /// A publisher of one scaler's figures.
    #[must_use]
    pub fn publisher(&self, destination: Destination) -> CloudWatch {
        CloudWatch { metrics: self.clone(), destination }
    }
}

#[async_trait]
impl Publisher for CloudWatch {
    async fn publish(&mut self, record: &Record) {
        for metric in &self.destination.metrics {
            let Some(value) = figure(*metric, record).filter(|value| value.is_finite()) else { continue };
            let datum = Datum {
                namespace: self.destination.namespace.clone(),
                datum: self.destination.datum(*metric, value, record),
            };
            if self.metrics.data.try_send(datum).is_err() {
                self.metrics.losses.total.fetch_add(1, Ordering::Relaxed);
                self.metrics.losses.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Destination {
    fn datum(&self, metric: Metric, value: f64, record: &Record) -> MetricDatum {
        let dimensions = self.dimensions.iter();
        MetricDatum::builder()
            .metric_name(self.name_of(metric))
            .set_dimensions(Some(
                dimensions
                    .map(|(name, value)| Dimension::builder().name(name).value(value).build())
                    .collect(),
            ))
            .timestamp(DateTime::from_millis(record.time.as_millis()))
            .value(value)
            .unit(StandardUnit::None)
            .storage_resolution(self.resolution_secs.try_into().unwrap_or(60))
            .build()
    }
}

/// The figure of `record`, where it has one: what could not be read is not published.
#[expect(clippy::cast_precision_loss, reason = "SQS counters stay far below 2^52")]
fn figure(metric: Metric, record: &Record) -> Option<f64> {
    let backlog = record.sample.backlog();
    let fleet = record.sample.fleet.as_ref().ok();
    match metric {
        Metric::BacklogPerInstance => record.metrics.backlog_per_instance,
        Metric::Visible => backlog.map(|sum| sum.visible as f64),
        Metric::InFlight => backlog.map(|sum| sum.in_flight as f64),
        Metric::Delayed => backlog.map(|sum| sum.delayed as f64),
        Metric::InService => fleet.map(|fleet| f64::from(fleet.in_service)),
        Metric::Desired => fleet.map(|fleet| f64::from(fleet.desired)),
        Metric::Recommended => record.decision.recommended.map(f64::from),
        // Without a recommendation nobody knows what is wanted.
        Metric::AtMax => {
            record.decision.recommended.map(|_| f64::from(u8::from(record.decision.is_at_max())))
        }
        Metric::DeadLetters => record.sample.dead_letters().map(|count| count as f64),
    }
}

/// Sends batch after batch, and reports failures once per change of state.
async fn send_all(client: Client, mut data: mpsc::Receiver<Datum>, mut failures: Failures) {
    while let Some(batch) = gather(&mut data, GATHERING).await {
        let mut by_namespace: BTreeMap<String, Vec<MetricDatum>> = BTreeMap::new();
        for Datum { namespace, datum } in batch {
            by_namespace.entry(namespace).or_default().push(datum);
        }
        let parts = by_namespace
            .into_iter()
            .flat_map(|(namespace, data)| parts(data).into_iter().map(move |part| (namespace.clone(), part)));
        // All at once: a namespace that gets no answer must not hold up the others.
        for (namespace, count, sent) in join_all(parts.map(|(name, part)| send(&client, name, part))).await {
            failures.note(&namespace, count, sent);
        }
    }
}

async fn send(
    client: &Client,
    namespace: String,
    data: Vec<MetricDatum>,
) -> (String, usize, Result<(), Failure>) {
    let count = data.len();
    let call = client.put_metric_data().namespace(&namespace).set_metric_data(Some(data));
    let sent = call.send().await.map(drop).map_err(|error| Failure::of(PUT, &error));
    (namespace, count, sent)
}

/// The data in parts that fit into a call each.
fn parts(data: Vec<MetricDatum>) -> Vec<Vec<MetricDatum>> {
    let mut parts: Vec<Vec<MetricDatum>> = Vec::new();
    let mut bytes = 0;
    for datum in data {
        let size = size(&datum);
        match parts.last_mut() {
            Some(part) if part.len() < DATA_MAX && bytes + size <= BYTES_MAX => {
                bytes += size;
                part.push(datum);
            }
            _ => {
                bytes = size;
                parts.push(vec![datum]);
            }
        }
    }
    parts
}

fn size(datum: &MetricDatum) -> usize {
    let text = |text: Option<&str>| text.map_or(0, str::len);
    let dimensions = datum.dimensions().iter();
    let dimensions =
        dimensions.map(|dimension| text(dimension.name()) + text(dimension.value()) + DIMENSION_BYTES);
    text(datum.metric_name()) + dimensions.sum::<usize>() + DATUM_BYTES
}

/// Whether publishing works, by namespace, and what has been lost since it last did.
#[derive(Debug, Default)]
struct Failures {
    lost: BTreeMap<String, usize>,
    losses: Arc<Losses>,
}

impl Failures {
    fn note(&mut self, namespace: &str, count: usize, sent: Result<(), Failure>) {
        match sent {
            Ok(()) => {
                if let Some(lost) = self.lost.remove(namespace) {
                    let lost = lost + self.losses.dropped.swap(0, Ordering::Relaxed);
                    tracing::info!(namespace, lost, "publishing works again");
                }
            }
            Err(failure) => {
                if !self.lost.contains_key(namespace) {
                    tracing::warn!(namespace, why = %failure, "publishing fails; scaling goes on");
                }
                *self.lost.entry(namespace.to_owned()).or_default() += count;
                self.losses.total.fetch_add(count, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, DeadLetters, Missing, Reason, WindowReason};
    use crate::publish::scene;
    use std::sync::Mutex;

    fn data(count: usize, dimension: &str) -> Vec<MetricDatum> {
        let dimension = Dimension::builder().name("Scaler").value(dimension).build();
        let datum = |number| {
            let datum = MetricDatum::builder().metric_name("Visible").dimensions(dimension.clone());
            datum.value(f64::from(number)).build()
        };
        (0..).map(datum).take(count).collect()
    }

    fn lengths(data: Vec<MetricDatum>) -> Vec<usize> {
        parts(data).iter().map(Vec::len).collect()
    }

    #[test]
    fn at_max_means_that_more_is_wanted_than_a_limit_allows_and_is_unknown_where_nothing_is_known() {
        assert_eq!(figure(Metric::AtMax, &scene::scaled_out()), Some(1.0));
        assert_eq!(figure(Metric::AtMax, &scene::documented()), Some(0.0));
        assert_eq!(figure(Metric::AtMax, &scene::blind()), None);
        let mut record = scene::documented();
        let window = WindowReason::Max { window: "night".to_owned(), max: 2, when: String::new(), wanted: 3 };
        record.decision.reasons = vec![Reason::Window(window)];
        assert_eq!(figure(Metric::AtMax, &record), Some(1.0), "a window's limit is one");
    }

    #[test]
    fn dead_letters_are_published_where_there_is_a_dead_letter_queue_that_was_counted() {
        let mut record = scene::scaled_out();
        assert_eq!(figure(Metric::DeadLetters, &record), None);
        let mut counted = |count| {
            record.sample.queues[0].dead_letters = Some(DeadLetters { queue: "dead".to_owned(), count });
            figure(Metric::DeadLetters, &record)
        };
        assert_eq!(counted(Ok(3)), Some(3.0));
        assert_eq!(counted(Err(Missing::new("dead", Cause::Denied, "AccessDenied"))), None);
    }

    #[test]
    fn a_thousand_data_are_one_call_and_one_more_makes_two() {
        assert_eq!(lengths(data(1000, "images")), [1000]);
        assert_eq!(lengths(data(1001, "images")), [1000, 1]);
        assert_eq!(lengths(data(2500, "images")), [1000, 1000, 500]);
        assert!(parts(Vec::new()).is_empty());
    }

    #[test]
    fn data_of_more_bytes_than_a_call_takes_are_split_and_none_is_lost() {
        let long = "x".repeat(9_000);
        let heavy = data(250, &long);
        let all = heavy.clone();
        let parts = parts(heavy);
        assert!(parts.len() > 2);
        assert!(parts.iter().all(|part| part.iter().map(size).sum::<usize>() <= BYTES_MAX));
        assert_eq!(parts.concat(), all);
    }

    #[test]
    fn a_datum_heavier_than_a_whole_call_goes_alone() {
        let mut mixed = data(1, "images");
        mixed.extend(data(1, &"x".repeat(BYTES_MAX)));
        mixed.extend(data(1, "images"));
        assert_eq!(lengths(mixed), [1, 1, 1]);
    }

    /// The log's lines, written into memory.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn failures_are_said_once_a_namespace_and_success_says_what_was_lost() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let failure = || Failure { cause: Cause::Throttled, code: None, why: "Throttling".to_owned() };
        tracing::subscriber::with_default(log, || {
            let mut failures = Failures::default();
            failures.note("A", 7, Ok(()));
            failures.note("A", 7, Err(failure()));
            failures.note("B", 1, Err(failure()));
            failures.note("A", 7, Err(failure()));
            failures.note("A", 7, Ok(()));
            failures.note("A", 7, Ok(()));
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let said: Vec<&str> = text.lines().map(|line| line.split("cloudwatch: ").last().unwrap()).collect();
        assert_eq!(
            said,
            [
                "publishing fails; scaling goes on namespace=\"A\" why=Throttling",
                "publishing fails; scaling goes on namespace=\"B\" why=Throttling",
                "publishing works again namespace=\"A\" lost=14",
            ]
        );
    }
}
