use super::dead::DeadQueue;
use super::figures::{Figures, News, Watch};
use super::{QueueAddress, Source};
use crate::aws::{Failure, Session};
use crate::clock::{Clock, Stopwatch};
use crate::model::{Backlog, Cause, DeadLetters, Missing, Queue, QueueFacts};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::types::QueueAttributeName;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// An SQS queue, read with one `GetQueueAttributes` a tick.
#[derive(Debug)]
pub struct SqsQueue {
    queues: Queues,
    address: QueueAddress,
    counting: Counting,
    /// The URL, once it is known.
    url: Option<String>,
    /// What `CloudWatch` tells of it, where somebody wants to know.
    figures: Option<Watch>,
    /// Its dead-letter queue, where its redrive policy names one.
    dead: Option<DeadQueue>,
    clock: Clock,
}

/// The queues of one session, read through one client.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
    permits: Arc<Semaphore>,
    /// Leave to read what no scaling depends on: none of it may take the leave of what does.
    aside: Arc<Semaphore>,
    /// How long a call may take.
    patience: Duration,
    /// Where they are, for people.
    region: String,
}

/// Which of a queue's counters a policy reckons with, and what a message of it is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counting {
    /// What one message counts for; above 0.
    pub weight: f64,
    /// Whether messages in flight count.
    pub in_flight: bool,
    /// Whether delayed messages count.
    pub delayed: bool,
}

/// Attributes of a queue, as SQS words them.
pub type Attributes = HashMap<QueueAttributeName, String>;

/// Readings under way at once that no scaling depends on.
const ASIDE_AT_ONCE: usize = 16;

/// What is read at each tick.
const READ: [QueueAttributeName; 7] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    QueueAttributeName::VisibilityTimeout,
    QueueAttributeName::RedrivePolicy,
    QueueAttributeName::FifoQueue,
    QueueAttributeName::MessageRetentionPeriod,
];

const COUNTERS: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
];

const GET_ATTRIBUTES: &str = "sqs:GetQueueAttributes";
const GET_URL: &str = "sqs:GetQueueUrl";

impl Queues {
    /// The queues that `session` sees.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self {
            client: Client::from_conf(
                Builder::from(&session.config).interceptor(session.calls.clone()).build(),
            ),
            permits: session.permits.clone(),
            aside: Arc::new(Semaphore::new(ASIDE_AT_ONCE)),
            patience: session.patience.call,
            region: session.region.clone(),
        }
    }

    /// The URL to call the queue at `address` by.
    pub async fn url(&self, address: &QueueAddress) -> Result<String, Failure> {
        if let Some(url) = &address.url {
            return Ok(url.clone());
        }
        let call = self.client.get_queue_url().queue_name(&address.name);
        let answer = call.set_queue_owner_aws_account_id(address.owner.clone()).send().await;
        let answer = answer.map_err(|error| self.explained(address, Failure::of(GET_URL, &error)))?;
        answer.queue_url.ok_or_else(|| Failure::malformed(GET_URL, "no QueueUrl in the answer"))
    }

    /// The attributes called `names` of the queue at `address`, whose URL is `url`.
    pub async fn attributes(
        &self,
        address: &QueueAddress,
        url: &str,
        names: &[QueueAttributeName],
    ) -> Result<Attributes, Failure> {
        let call = self.client.get_queue_attributes().queue_url(url);
        let answer = call.set_attribute_names(Some(names.to_vec())).send().await;
        let answer = answer.map_err(|error| self.explained(address, Failure::of(GET_ATTRIBUTES, &error)))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    /// All messages in the queue at `address`, whose URL is `url`: visible, in flight and delayed.
    pub(super) async fn messages(&self, address: &QueueAddress, url: &str) -> Result<u64, Failure> {
        let attributes = self.attributes(address, url, &COUNTERS).await?;
        let Backlog { visible, in_flight, delayed, .. } = Counting::VISIBLE.backlog(&attributes)?;
        Ok(visible.saturating_add(in_flight).saturating_add(delayed))
    }

    /// Leave to read what no scaling depends on.
    pub(super) fn aside(&self) -> Arc<Semaphore> {
        self.aside.clone()
    }

    /// The same failure; that there is no such queue in words that say where it was looked for.
    fn explained(&self, address: &QueueAddress, failure: Failure) -> Failure {
        if failure.cause != Cause::NotFound {
            return failure;
        }
        let (name, region) = (&address.name, &self.region);
        let account = match &address.owner {
            Some(owner) => format!("account {owner}"),
            None => "the account of the credentials".to_owned(),
        };
        let code = failure.code.as_deref().unwrap_or_default();
        let why = format!("{GET_URL}: no queue is called {name} in {region}, {account} ({code})");
        Failure { why, ..failure }
    }

    /// The queue at `address`.
    #[must_use]
    pub fn queue(&self, address: QueueAddress, counting: Counting) -> SqsQueue {
        let url = address.url.clone();
        let clock = Clock::start();
        SqsQueue { queues: self.clone(), address, counting, url, figures: None, dead: None, clock }
    }
}

impl SqsQueue {
    /// The same queue, read with what `CloudWatch` tells of it.
    #[must_use]
    pub fn with_figures(mut self, figures: &Figures) -> Self {
        self.figures = Some(figures.of(&self.address.name, self.address.owner.as_deref()));
        self
    }

    async fn attributes(&mut self) -> Result<Attributes, Failure> {
        // The semaphore is never closed; were it, reading without leave is still right.
        let _leave = self.queues.permits.clone().acquire_owned().await.ok();
        let url = match &self.url {
            Some(url) => url.clone(),
            None => self.url.insert(self.queues.url(&self.address).await?).clone(),
        };
        self.queues.attributes(&self.address, &url, &READ).await
    }

    /// What lies in the dead-letter queue that `facts` name; while they are missing, in the one known before.
    async fn dead_letters(&mut self, facts: Option<&QueueFacts>) -> Option<DeadLetters> {
        if let Some(QueueFacts { dead_letter_queue, .. }) = facts
            && self.dead.as_ref().map(DeadQueue::arn) != dead_letter_queue.as_deref()
        {
            self.dead = dead_letter_queue.as_deref().map(DeadQueue::new);
        }
        let now = self.clock.now();
        Some(self.dead.as_mut()?.look(&self.queues, now, self.queues.patience / 8).await)
    }

    fn missing(&self, failure: Failure) -> Missing {
        failure.missing(format!("queue {}", self.address.name))
    }
}

#[async_trait]
impl Source for SqsQueue {
    async fn read(&mut self) -> Queue {
        let watch = Stopwatch::start();
        // Waiting for leave, the URL and the counters: together little longer than one call may take, so
        // that a queue behind many that hang is missing in time, and each call's own limit speaks first.
        let patience = self.queues.patience * 5 / 4;
        let attributes =
            timeout(patience, self.attributes()).await.unwrap_or_else(|_elapsed| Err(late(patience)));
        if matches!(&attributes, Err(failure) if failure.cause == Cause::NotFound) {
            // Deleted, or made anew elsewhere: ask for its URL again next time.
            self.url.clone_from(&self.address.url);
        }
        let facts = attributes.as_ref().ok().map(facts);
        let dead_letters = self.dead_letters(facts.as_ref()).await;
        let News { deleted, oldest_secs } = self.figures.as_mut().map(Watch::news).unwrap_or_default();
        let backlog = attributes.and_then(|attributes| self.counting.backlog(&attributes));
        Queue {
            name: self.address.name.clone(),
            backlog: backlog.map_err(|failure| self.missing(failure)),
            age_secs: watch.elapsed().as_secs_f64(),
            facts: facts.unwrap_or_default(),
            deleted,
            dead_letters,
            oldest_secs,
        }
    }
}

impl Counting {
    /// Visible messages only, each for one.
    pub const VISIBLE: Self = Self { weight: 1.0, in_flight: false, delayed: false };

    /// The backlog that `attributes` tell, if they have all three counters.
    pub fn backlog(self, attributes: &Attributes) -> Result<Backlog, Failure> {
        let visible = counter(attributes, &QueueAttributeName::ApproximateNumberOfMessages)?;
        let in_flight = counter(attributes, &QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?;
        let delayed = counter(attributes, &QueueAttributeName::ApproximateNumberOfMessagesDelayed)?;
        Ok(self.reckon(visible, in_flight, delayed))
    }

    /// The backlog that so many messages make.
    #[must_use]
    pub fn reckon(self, visible: u64, in_flight: u64, delayed: u64) -> Backlog {
        let counted = [(true, visible), (self.in_flight, in_flight), (self.delayed, delayed)];
        let counted = counted.iter().filter(|(counts, _)| *counts).map(|(_, count)| *count);
        let messages = counted.fold(0, u64::saturating_add);
        Backlog { visible, in_flight, delayed, counted: self.worth(messages) }
    }

    #[expect(clippy::cast_precision_loss, reason = "SQS counters stay far below 2^52")]
    fn worth(self, messages: u64) -> f64 {
        messages as f64 * self.weight
    }
}

fn late(patience: Duration) -> Failure {
    let why = format!("{GET_ATTRIBUTES}: no answer within {} ms", patience.as_millis());
    Failure { cause: Cause::Timeout, code: None, why }
}

fn counter(attributes: &Attributes, name: &QueueAttributeName) -> Result<u64, Failure> {
    let text = attributes
        .get(name)
        .ok_or_else(|| Failure::malformed(GET_ATTRIBUTES, format_args!("{} is absent", name.as_str())))?;
    text.parse().map_err(|_not_a_number| {
        Failure::malformed(GET_ATTRIBUTES, format_args!("{} is {text:?}, not a count", name.as_str()))
    })
}

/// What `attributes` tell of the queue itself.
#[must_use]
pub fn facts(attributes: &Attributes) -> QueueFacts {
    let text = |name: &QueueAttributeName| attributes.get(name).map(String::as_str);
    let redrive = text(&QueueAttributeName::RedrivePolicy)
        .and_then(|policy| serde_json::from_str::<serde_json::Value>(policy).ok());
    QueueFacts {
        visibility_timeout_secs: text(&QueueAttributeName::VisibilityTimeout)
            .and_then(|secs| secs.parse().ok()),
        fifo: text(&QueueAttributeName::FifoQueue) == Some("true"),
        dead_letter_queue: redrive
            .and_then(|policy| Some(policy.get("deadLetterTargetArn")?.as_str()?.to_owned())),
        retention_secs: text(&QueueAttributeName::MessageRetentionPeriod).and_then(|secs| secs.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Counting = Counting { weight: 1.0, in_flight: false, delayed: false };

    fn showing(visible: &str, in_flight: &str, delayed: &str) -> Attributes {
        HashMap::from([
            (QueueAttributeName::ApproximateNumberOfMessages, visible.to_owned()),
            (QueueAttributeName::ApproximateNumberOfMessagesNotVisible, in_flight.to_owned()),
            (QueueAttributeName::ApproximateNumberOfMessagesDelayed, delayed.to_owned()),
        ])
    }

    #[test]
    fn every_counter_is_read_and_those_that_are_wanted_count() {
        let attributes = showing("5", "30", "200");
        for (counting, counted) in [
            (PLAIN, 5.0),
            (Counting { in_flight: true, ..PLAIN }, 35.0),
            (Counting { delayed: true, ..PLAIN }, 205.0),
            (Counting { in_flight: true, delayed: true, weight: 2.0 }, 470.0),
        ] {
            let expected = Backlog { visible: 5, in_flight: 30, delayed: 200, counted };
            assert_eq!(counting.backlog(&attributes), Ok(expected));
        }
    }

    #[test]
    fn a_counter_that_is_no_count_is_malformed_and_named_even_if_it_would_not_count() {
        for text in ["", " ", "-1", "1.5", "NaN", "1e3", "5 ", "18446744073709551616"] {
            let failure = PLAIN.backlog(&showing("5", "0", text)).unwrap_err();
            assert_eq!(failure.cause, Cause::Malformed, "{text:?}");
            let name = "ApproximateNumberOfMessagesDelayed";
            assert!(failure.why.contains(name), "{failure}");
        }
    }

    #[test]
    fn a_counter_that_is_absent_is_malformed_and_never_zero() {
        let mut attributes = showing("5", "0", "0");
        attributes.remove(&QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
        let failure = PLAIN.backlog(&attributes).unwrap_err();
        assert_eq!(failure.cause, Cause::Malformed);
        assert_eq!(failure.why, "sqs:GetQueueAttributes: ApproximateNumberOfMessagesNotVisible is absent");
    }

    #[test]
    fn counters_as_large_as_they_can_be_do_not_wrap_round() {
        let most = u64::MAX.to_string();
        let backlog = Counting { in_flight: true, delayed: true, weight: 2.0 };
        let backlog = backlog.backlog(&showing(&most, &most, &most)).unwrap();
        assert_eq!((backlog.visible, backlog.in_flight), (u64::MAX, u64::MAX));
        assert!(backlog.counted.is_finite() && backlog.counted > 3e19, "{}", backlog.counted);
    }

    impl Queues {
        /// Queues that nobody gives leave to read.
        pub(in crate::source) fn unserved() -> Self {
            let config = aws_sdk_sqs::Config::builder().behavior_version_latest().build();
            Self {
                client: Client::from_conf(config),
                permits: Arc::new(Semaphore::new(0)),
                aside: Arc::new(Semaphore::new(0)),
                patience: Duration::from_secs(8),
                region: "eu-west-1".to_owned(),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_behind_many_that_hang_is_missing_in_time() {
        let queues = Queues::unserved();
        let address = QueueAddress { name: "late".to_owned(), owner: None, region: None, url: None };
        let mut queue = queues.queue(address, PLAIN);
        let missing = timeout(queues.patience * 2, queue.read()).await.expect("in time").backlog.unwrap_err();
        assert_eq!((missing.cause, missing.what.as_str()), (Cause::Timeout, "queue late"));
    }

    #[test]
    fn facts_that_make_no_sense_are_absent_facts() {
        let mut attributes = showing("0", "0", "0");
        assert_eq!(facts(&attributes), QueueFacts::default());
        attributes.insert(QueueAttributeName::VisibilityTimeout, "soon".to_owned());
        attributes.insert(QueueAttributeName::RedrivePolicy, "{".to_owned());
        attributes.insert(QueueAttributeName::FifoQueue, "maybe".to_owned());
        attributes.insert(QueueAttributeName::MessageRetentionPeriod, "-60".to_owned());
        assert_eq!(facts(&attributes), QueueFacts::default());
        attributes.insert(QueueAttributeName::VisibilityTimeout, "30".to_owned());
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dead"}"#;
        attributes.insert(QueueAttributeName::RedrivePolicy, policy.to_owned());
        attributes.insert(QueueAttributeName::FifoQueue, "true".to_owned());
        attributes.insert(QueueAttributeName::MessageRetentionPeriod, "345600".to_owned());
        let expected = QueueFacts {
            visibility_timeout_secs: Some(30),
            fifo: true,
            dead_letter_queue: Some("arn:aws:sqs:eu-west-1:123456789012:dead".to_owned()),
            retention_secs: Some(345_600),
        };
        assert_eq!(facts(&attributes), expected);
    }
}
