use super::seldom::{Permission, minute_of};
use super::{QueueAddress, Queues};
use crate::aws::Failure;
use crate::model::{Cause, DeadLetters, Missing, Now, Timestamp};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// What lies in the dead-letter queue of one queue, counted once a minute.
///
/// No scaling depends on it, so nobody waits for it but a moment: an answer that takes longer is told by
/// a later tick, and until then the one before it.
#[derive(Debug)]
pub(super) struct DeadQueue {
    arn: String,
    /// What was last known.
    known: DeadLetters,
    /// The minute in which it was last asked for, by the time of day.
    asked: Option<Timestamp>,
    /// The call under way.
    reading: Option<AbortOnDropHandle<Result<Counted, Failure>>>,
    /// Its URL, once it is known.
    url: Option<String>,
    permission: Permission,
    /// The failure that was last said, until it is another or none.
    said: Option<Cause>,
}

/// Messages in a dead-letter queue, and the URL by which they were counted.
#[derive(Debug)]
struct Counted {
    messages: u64,
    url: String,
}

const GET_ATTRIBUTES: &str = "sqs:GetQueueAttributes";

impl DeadQueue {
    /// The dead-letter queue whose ARN is `arn`, of which nothing is known yet.
    pub(super) fn new(arn: &str) -> Self {
        let queue = arn.rsplit(':').next().unwrap_or(arn).to_owned();
        let unread = format!("{GET_ATTRIBUTES}: no answer yet");
        let count = Err(Missing::new(named(&queue), Cause::Timeout, unread));
        Self {
            arn: arn.to_owned(),
            known: DeadLetters { queue, count },
            asked: None,
            reading: None,
            url: None,
            permission: Permission::default(),
            said: None,
        }
    }

    pub(super) fn arn(&self) -> &str {
        &self.arn
    }

    /// What is known of it at `now`. Where it is due it is counted anew, and the answer waited for as long as
    /// `moment`.
    pub(super) async fn look(&mut self, queues: &Queues, now: Now, moment: Duration) -> DeadLetters {
        let minute = minute_of(now.wall);
        let mut wait = Duration::ZERO;
        if self.reading.is_none() && self.asked != Some(minute) && self.permission.may_be_tried(now.steady) {
            let count = count(queues.clone(), self.arn.clone(), self.url.clone());
            self.reading = Some(AbortOnDropHandle::new(tokio::spawn(count)));
            (self.asked, wait) = (Some(minute), moment);
        }
        if let Some(reading) = &mut self.reading
            && let Ok(ended) = timeout(wait, reading).await
        {
            self.reading = None;
            if let Ok(answer) = ended {
                self.note(now.steady, answer);
            }
        }
        self.known.clone()
    }

    fn note(&mut self, now: Timestamp, answer: Result<Counted, Failure>) {
        self.permission.note(now, answer.as_ref().err());
        self.said = match &answer {
            Ok(_) => None,
            Err(failure) => self.said(failure),
        };
        self.url = answer.as_ref().ok().map(|counted| counted.url.clone());
        let messages = answer.map(|counted| counted.messages);
        self.known.count = messages.map_err(|failure| failure.missing(named(&self.known.queue)));
    }

    /// Says what will last, once. What waiting may mend is in the record.
    fn said(&self, failure: &Failure) -> Option<Cause> {
        let (queue, why) = (&self.known.queue, failure);
        match failure.cause {
            cause if Some(cause) == self.said => {}
            Cause::Denied => tracing::info!(queue, %why, "cannot count dead letters; scaling goes on"),
            Cause::NotFound => tracing::warn!(queue, %why, "there is no such dead-letter queue"),
            _ => {
                tracing::debug!(queue, %why, "dead letters could not be counted");
                return self.said;
            }
        }
        Some(failure.cause)
    }
}

fn named(queue: &str) -> String {
    format!("dead-letter queue {queue}")
}

async fn count(queues: Queues, arn: String, url: Option<String>) -> Result<Counted, Failure> {
    let address = QueueAddress::parse(&arn).map_err(|why| Failure::malformed(GET_ATTRIBUTES, why))?;
    // The semaphore is never closed; were it, reading without leave is still right.
    let _leave = queues.aside().acquire_owned().await.ok();
    let url = match url {
        Some(url) => url,
        None => queues.url(&address).await?,
    };
    Ok(Counted { messages: queues.messages(&address, &url).await?, url })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    const NOON: Now = Now { wall: Timestamp::from_secs(43_200), steady: Timestamp::from_secs(43_200) };

    fn dead() -> DeadQueue {
        DeadQueue::new("arn:aws:sqs:eu-west-1:123456789012:images-dead")
    }

    fn failure(cause: Cause) -> Failure {
        Failure { cause, code: Some("Code".to_owned()), why: "its words".to_owned() }
    }

    fn counted(messages: u64) -> Counted {
        Counted { messages, url: "http://sqs/1/images-dead".to_owned() }
    }

    /// Lets `dead` wait for an answer that the test gives.
    fn asked(dead: &mut DeadQueue) -> oneshot::Sender<Result<Counted, Failure>> {
        let (answer, told) = oneshot::channel::<Result<Counted, Failure>>();
        dead.reading = Some(AbortOnDropHandle::new(tokio::spawn(async { told.await.unwrap() })));
        dead.asked = Some(minute_of(NOON.wall));
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn until_it_is_answered_nothing_is_known_and_then_what_was_known_before() {
        let queues = Queues::unserved();
        let mut dead = dead();
        let answer = asked(&mut dead);
        let told = dead.look(&queues, NOON, Duration::from_secs(1)).await;
        assert_eq!(told.queue, "images-dead");
        assert_eq!(told.count.unwrap_err().cause, Cause::Timeout);
        answer.send(Ok(counted(3))).unwrap();
        tokio::task::yield_now().await;
        assert_eq!(dead.look(&queues, NOON, Duration::ZERO).await.count, Ok(3));
        let _unanswered = asked(&mut dead);
        assert_eq!(dead.look(&queues, NOON, Duration::from_secs(1)).await.count, Ok(3));
    }

    #[test]
    fn what_fails_is_missing_whatever_was_known_and_its_url_is_asked_for_again() {
        let mut dead = dead();
        dead.note(NOON.steady, Ok(counted(3)));
        assert!(dead.url.is_some());
        for cause in [Cause::NotFound, Cause::Timeout, Cause::Denied] {
            dead.note(NOON.steady, Err(failure(cause)));
            let missing = dead.known.count.clone().unwrap_err();
            assert_eq!((missing.cause, missing.what.as_str()), (cause, "dead-letter queue images-dead"));
            assert_eq!(dead.url, None);
        }
    }

    #[test]
    fn what_lasts_is_said_until_it_is_another_and_what_may_pass_is_not() {
        let mut dead = dead();
        for (answer, said) in [
            (Err(failure(Cause::Timeout)), None),
            (Err(failure(Cause::Denied)), Some(Cause::Denied)),
            (Err(failure(Cause::Timeout)), Some(Cause::Denied)),
            (Err(failure(Cause::NotFound)), Some(Cause::NotFound)),
            (Ok(counted(0)), None),
        ] {
            dead.note(NOON.steady, answer);
            assert_eq!(dead.said, said);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_for_once_a_minute_and_once_denied_every_ten_minutes() {
        let queues = Queues::unserved();
        let mut dead = dead();
        let asks = async |secs: i64, dead: &mut DeadQueue| {
            let now = Now { wall: NOON.wall.shifted(secs * 1000), steady: NOON.steady.shifted(secs * 1000) };
            dead.reading = None;
            dead.look(&queues, now, Duration::ZERO).await;
            dead.reading.is_some()
        };
        for (secs, due) in [(0, true), (10, false), (59, false), (60, true), (70, false), (130, true)] {
            assert_eq!(asks(secs, &mut dead).await, due, "{secs} s");
        }
        dead.note(NOON.steady, Err(failure(Cause::Denied)));
        for (secs, due) in [(200, false), (599, false), (600, true)] {
            assert_eq!(asks(secs, &mut dead).await, due, "{secs} s after the refusal");
        }
    }
}
