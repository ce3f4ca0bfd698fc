use super::facts::{DeadLetters, Queue, QueueRead, Redrive};
use crate::aws::Failure;
use crate::model::Backlog;
use crate::settings::QueueSource;
use crate::source::{Attributes, Counting, QueueAddress, Queues, facts};
use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::Value;
use std::time::Duration;

const READ: [Name; 6] = [
    Name::ApproximateNumberOfMessages,
    Name::ApproximateNumberOfMessagesNotVisible,
    Name::ApproximateNumberOfMessagesDelayed,
    Name::VisibilityTimeout,
    Name::MessageRetentionPeriod,
    Name::RedrivePolicy,
];

const READ_DEAD: [Name; 4] = [
    Name::ApproximateNumberOfMessages,
    Name::ApproximateNumberOfMessagesNotVisible,
    Name::ApproximateNumberOfMessagesDelayed,
    Name::MessageRetentionPeriod,
];

/// Reads a queue, and the dead-letter queue it names.
pub(super) async fn queue(queues: &Queues, source: &QueueSource) -> Queue {
    let QueueSource { address, weight, count_in_flight, count_delayed } = source;
    let counting = Counting { weight: *weight, in_flight: *count_in_flight, delayed: *count_delayed };
    let read = read(queues, address, counting).await;
    Queue { name: address.name.clone(), by_name: address.url.is_none(), read }
}

async fn read(queues: &Queues, address: &QueueAddress, counting: Counting) -> Result<QueueRead, Failure> {
    let attributes = attributes(queues, address, &READ).await?;
    Ok(QueueRead {
        backlog: counting.backlog(&attributes)?,
        visibility: secs(&attributes, &Name::VisibilityTimeout),
        retention: secs(&attributes, &Name::MessageRetentionPeriod),
        redrive: match facts(&attributes).dead_letter_queue {
            Some(arn) => Some(Redrive {
                max_receives: max_receives(&attributes),
                read: dead_letters(queues, &arn).await,
                name: arn.rsplit(':').next().unwrap_or(&arn).to_owned(),
                arn,
            }),
            None => None,
        },
    })
}

async fn attributes(queues: &Queues, address: &QueueAddress, names: &[Name]) -> Result<Attributes, Failure> {
    let url = queues.url(address).await?;
    queues.attributes(address, &url, names).await
}

async fn dead_letters(queues: &Queues, arn: &str) -> Result<DeadLetters, Failure> {
    let call = "sqs:GetQueueAttributes";
    let address = QueueAddress::parse(arn).map_err(|why| Failure::malformed(call, why))?;
    let attributes = attributes(queues, &address, &READ_DEAD).await?;
    let Backlog { visible, in_flight, delayed, .. } = Counting::VISIBLE.backlog(&attributes)?;
    let messages = visible.saturating_add(in_flight).saturating_add(delayed);
    Ok(DeadLetters { messages, retention: secs(&attributes, &Name::MessageRetentionPeriod) })
}

fn secs(attributes: &Attributes, name: &Name) -> Option<Duration> {
    attributes.get(name)?.parse().ok().map(Duration::from_secs)
}

/// The redrive policy's `maxReceiveCount`, which is a number or the text of one.
fn max_receives(attributes: &Attributes) -> Option<u64> {
    let policy: Value = serde_json::from_str(attributes.get(&Name::RedrivePolicy)?).ok()?;
    let count = policy.get("maxReceiveCount")?;
    count.as_u64().or_else(|| count.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_redrive_policys_count_is_a_number_or_its_text() {
        let told = |policy: &str| max_receives(&Attributes::from([(Name::RedrivePolicy, policy.to_owned())]));
        assert_eq!(told("{\"maxReceiveCount\":3}"), Some(3));
        assert_eq!(told("{\"maxReceiveCount\":\"1\"}"), Some(1));
        assert_eq!(told("{}"), None);
        assert_eq!(told("none"), None);
    }
}
