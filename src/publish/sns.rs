use super::Publisher;
use super::waiting::{Notice, Waiting};
use crate::aws::{Failure, Session};
use crate::model::{Cause, Record};
use async_trait::async_trait;
use aws_sdk_sns::Client;
use aws_sdk_sns::config::Builder;
use aws_sdk_sns::types::MessageAttributeValue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// Tells an SNS topic of troubles. Publishing only hands over; it never waits for SNS. What SNS does not take waits
/// for the next tick of any scaler.
#[derive(Clone, Debug)]
pub struct Notices {
    waiting: Arc<Mutex<Waiting>>,
    /// Wakes the one that sends; several wakes before it looks are one.
    wake: mpsc::Sender<()>,
}

const PUBLISH: &str = "sns:Publish";

/// After a failure, wakes of so long are one: many scalers tick together.
const PAUSE: Duration = Duration::from_secs(1);

impl Notices {
    /// Starts telling the topic of this ARN, by the connections of `session`, as a task of `tasks`. When the last
    /// handle is dropped, it tries once more to send what waits, and ends.
    #[must_use]
    pub fn start(session: &Session, topic: &str, tasks: &TaskTracker) -> Self {
        let (wake, woken) = mpsc::channel(1);
        let waiting = Arc::<Mutex<Waiting>>::default();
        let client =
            Client::from_conf(Builder::from(&session.config).interceptor(session.calls.clone()).build());
        let sender =
            Sender { client, topic: topic.to_owned(), waiting: waiting.clone(), failing: Vec::new() };
        tasks.spawn(sender.run(woken));
        Self { waiting, wake }
    }

    /// Takes over what still waits at `before`, which tells another topic, or as somebody else: it may be that what
    /// kept it from being told has just been mended.
    pub fn take_over(&self, before: &Self) {
        let waits = std::mem::take(&mut *held(&before.waiting));
        let mut waiting = held(&self.waiting);
        for notice in waits.all() {
            waiting.add(notice);
        }
        if !waiting.is_empty() {
            let _woken = self.wake.try_send(());
        }
    }
}

#[async_trait]
impl Publisher for Notices {
    async fn publish(&mut self, record: &Record) {
        let mut waiting = held(&self.waiting);
        for trouble in record.troubles.iter().filter(|trouble| trouble.turn.is_news()) {
            waiting.add(Notice::of(record, trouble));
        }
        if !waiting.is_empty() {
            // Where it does not fit, a wake is on its way.
            let _woken = self.wake.try_send(());
        }
    }
}

/// What sends.
struct Sender {
    client: Client,
    topic: String,
    waiting: Arc<Mutex<Waiting>>,
    /// The causes that were said since it began to fail; none while it works.
    failing: Vec<Cause>,
}

impl Sender {
    async fn run(mut self, mut woken: mpsc::Receiver<()>) {
        let mut goes_on = true;
        while goes_on {
            goes_on = woken.recv().await.is_some();
            self.send_all().await;
            if !self.failing.is_empty() {
                let no_wake_can_come = async { while woken.recv().await.is_some() {} };
                let _passed = timeout(PAUSE, no_wake_can_come).await;
            }
        }
        let unsent = held(&self.waiting).all().len();
        if unsent > 0 {
            tracing::warn!(topic = self.topic, unsent, "some notices of trouble were not sent");
        }
    }

    /// Sends what waits, the oldest first. A failure that would meet the rest as well ends it.
    async fn send_all(&mut self) {
        let all = held(&self.waiting).all();
        if all.is_empty() {
            return;
        }
        let mut failed = None;
        for notice in all {
            match self.send(&notice).await {
                Ok(()) => held(&self.waiting).told(&notice),
                Err(failure) => {
                    let goes_on = failure.cause == Cause::Refused;
                    failed = Some(failure);
                    if !goes_on {
                        break;
                    }
                }
            }
        }
        self.tell(failed);
    }

    async fn send(&self, notice: &Notice) -> Result<(), Failure> {
        let Notice { scaler, kind, turn, time, subject, message } = notice;
        let mut call = self.client.publish().topic_arn(&self.topic).subject(subject).message(message);
        for (name, value) in [("scaler", scaler.as_str()), ("kind", kind.code()), ("state", turn.code())] {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            let value = value.map_err(|error| Failure::malformed(PUBLISH, error))?;
            call = call.message_attributes(name, value);
        }
        if self.topic.strip_suffix(".fifo").is_some() {
            let id = format!("{scaler}.{}.{}.{}", kind.code(), turn.code(), time.as_millis());
            call = call.message_group_id(scaler).message_deduplication_id(id);
        }
        call.send().await.map(drop).map_err(|error| Failure::of(PUBLISH, &error))
    }

    /// Says so when sending begins to fail, when it fails for a cause that has not been said, and when all that
    /// waited was sent again.
    fn tell(&mut self, failed: Option<Failure>) {
        let Some(failure) = failed else {
            if !self.failing.is_empty() {
                self.failing.clear();
                tracing::info!(topic = self.topic, "notices of trouble are sent again");
            }
            return;
        };
        if !self.failing.contains(&failure.cause) {
            self.failing.push(failure.cause);
            tracing::warn!(
                topic = self.topic,
                why = %failure,
                "notices of trouble cannot be sent and wait; scaling goes on"
            );
        }
    }
}

fn held(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
