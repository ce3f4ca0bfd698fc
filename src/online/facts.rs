use crate::aws::Failure;
use crate::model::{Backlog, Estimate};
use crate::target::scaling::{Group, ScalingPolicy, ScheduledAction};
use std::time::Duration;

/// What was read of one place.
#[derive(Clone, Debug)]
pub(super) struct PlaceFacts {
    /// Whose credentials they are.
    pub(super) identity: Result<Identity, Failure>,
    /// Milliseconds that this host's clock is ahead of AWS's; nothing where nobody answered.
    pub(super) skew_millis: Option<i64>,
    /// Whether instance refreshes can be seen; nothing where nobody asked.
    pub(super) refreshes: Option<Result<(), Failure>>,
    /// Whether metrics can be read; nothing where nobody asked.
    pub(super) metrics: Option<Result<(), Failure>>,
}

/// Whose credentials they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The account's 12 digits.
    pub(super) account: String,
    /// The user's or role session's ARN.
    pub(super) arn: String,
}

/// What was read for one scaler.
#[derive(Clone, Debug)]
pub(super) struct ScalerFacts {
    /// Its queues, in the settings' order.
    pub(super) queues: Vec<Queue>,
    /// Its group.
    pub(super) group: Result<Group, Failure>,
    /// The scaling policies on the group.
    pub(super) policies: Result<Vec<ScalingPolicy>, Failure>,
    /// The scheduled actions on the group.
    pub(super) scheduled: Result<Vec<ScheduledAction>, Failure>,
    /// What the daemon has learnt so far.
    pub(super) learnt: Option<Estimate>,
}

/// One queue.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// Its name.
    pub(super) name: String,
    /// Whether its URL had to be asked for.
    pub(super) by_name: bool,
    /// Its attributes.
    pub(super) read: Result<QueueRead, Failure>,
}

/// The attributes of a queue.
#[derive(Clone, Debug)]
pub(super) struct QueueRead {
    /// Its counters.
    pub(super) backlog: Backlog,
    /// How long a received message stays hidden.
    pub(super) visibility: Option<Duration>,
    /// How long a message is kept.
    pub(super) retention: Option<Duration>,
    /// Where messages go that fail again and again.
    pub(super) redrive: Option<Redrive>,
}

/// The dead-letter queue of a queue.
#[derive(Clone, Debug)]
pub(super) struct Redrive {
    /// Its name.
    pub(super) name: String,
    /// Its ARN.
    pub(super) arn: String,
    /// How often a message is received before it goes there.
    pub(super) max_receives: Option<u64>,
    /// What it holds.
    pub(super) read: Result<DeadLetters, Failure>,
}

/// What a dead-letter queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeadLetters {
    /// Its messages: visible, in flight and delayed; approximate.
    pub(super) messages: u64,
    /// How long it keeps them, counted from when they were first sent.
    pub(super) retention: Option<Duration>,
}
