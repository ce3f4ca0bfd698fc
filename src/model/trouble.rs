use super::Timestamp;

/// Something about a scaler that a person should know of, as of one tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind it is.
    pub kind: TroubleKind,
    /// What became of it at this tick.
    pub turn: Turn,
    /// When it first showed, by the time of day.
    pub since: Timestamp,
    /// The figures, in one sentence without a full stop.
    pub text: String,
}

/// The kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// Messages have come into a dead-letter queue, and are still there.
    DeadLetters,
    /// No more capacity may be ordered, and the objective is missed.
    AtMax,
    /// Capacity that was ordered does not come into service.
    CapacityStalled,
    /// Messages wait, and nobody in service takes any.
    NoneTaken,
    /// Readings are missing.
    ReadingsMissing,
    /// A message takes longer than it stays hidden from other workers.
    VisibilityTimeout,
    /// The oldest message will soon be deleted unread.
    NearRetention,
}

/// What a tick did to a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is new.
    Began,
    /// It is still there.
    Stands,
    /// It is still there, and it is time to say so again.
    Reminder,
    /// It is over; the next record does not tell of it.
    Recovered,
}

impl TroubleKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::DeadLetters,
        Self::AtMax,
        Self::CapacityStalled,
        Self::NoneTaken,
        Self::ReadingsMissing,
        Self::VisibilityTimeout,
        Self::NearRetention,
    ];

    /// The kinds that are judged by what only the latency policy learns or reads.
    pub const OF_LATENCY: [Self; 2] = [Self::VisibilityTimeout, Self::NearRetention];

    /// The kind's name in records, metrics and notices. Never renamed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DeadLetters => "dead_letters",
            Self::AtMax => "at_max",
            Self::CapacityStalled => "capacity_stalled",
            Self::NoneTaken => "none_taken",
            Self::ReadingsMissing => "readings_missing",
            Self::VisibilityTimeout => "visibility_timeout",
            Self::NearRetention => "near_retention",
        }
    }

    /// The kind in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::DeadLetters => "dead letters arriving",
            Self::AtMax => "at max, objective missed",
            Self::CapacityStalled => "capacity stalled",
            Self::NoneTaken => "messages wait, no worker takes any",
            Self::ReadingsMissing => "readings missing",
            Self::VisibilityTimeout => "visibility timeout too short",
            Self::NearRetention => "oldest message near retention",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::DeadLetters => {
                "look at a message there and at the workers' log, mend what makes them fail, then redrive or purge"
            }
            Self::AtMax => {
                "raise the limit that holds it (limits.max, a window's max or the group's own), make the work faster, \
                 or accept a longer wait"
            }
            Self::CapacityStalled => {
                "look at the group's activity history: a quota, no capacity of the type, a broken launch template, \
                 or instances that fail their health check"
            }
            Self::NoneTaken => {
                "look at an instance: whether the worker runs, what its log says, that it asks this queue (URL, region) \
                 and may receive from it (sqs:ReceiveMessage, and kms:Decrypt where the queue is encrypted)"
            }
            Self::ReadingsMissing => {
                "mend what the text names; until then nothing is scaled: if work piles up, set the desired capacity by hand"
            }
            Self::VisibilityTimeout => {
                "raise the queue's visibility timeout to several times what a message takes, unless the workers extend it \
                 while they work"
            }
            Self::NearRetention => {
                "order more capacity or raise the queue's retention period (up to 14 days) before messages are lost"
            }
        }
    }
}

impl Turn {
    /// Every turn.
    pub const ALL: [Self; 4] = [Self::Began, Self::Stands, Self::Reminder, Self::Recovered];

    /// The turn's name in records and notices. Never renamed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Stands => "stands",
            Self::Reminder => "reminder",
            Self::Recovered => "recovered",
        }
    }

    /// Whether the trouble is there after the tick.
    #[must_use]
    pub const fn is_on(self) -> bool {
        !matches!(self, Self::Recovered)
    }

    /// Whether it is to be told.
    #[must_use]
    pub const fn is_news(self) -> bool {
        !matches!(self, Self::Stands)
    }
}
