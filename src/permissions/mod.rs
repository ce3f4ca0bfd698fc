//! What the daemon must be allowed to do under given settings, as IAM policies, and whether a given
//! policy allows it.
//!
//! Each action of a [`Permission`] is one call of an adapter in `source`, `target` or `publish`, or of
//! the role's credentials in `aws`; no other call is made, but by the commands of [`OF_COMMANDS`].

mod compare;
mod condition;
mod document;
mod given;
mod judge;
mod needs;
mod pattern;
#[cfg(test)]
mod tests;
mod trust;

pub use compare::{Comparison, compare};
pub use document::{MANAGED_SIZE_MAX, policy, size};
pub use given::{Malformed, Policy};
pub use needs::identities;
pub use trust::{Trusted, trust};

use std::collections::BTreeSet;

/// Somebody whose credentials the daemon works with, and what these must allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The ARN of a role to assume; none for the identity that the daemon runs as.
    pub role: Option<String>,
    /// The external ids it is assumed with; none among them where a scaler gives none.
    pub external_ids: BTreeSet<Option<String>>,
    /// What it needs, each permission once, in the order of [`Permission::ALL`].
    pub grants: Vec<Grant>,
    /// What the settings leave open, and what a policy of this identity alone cannot give.
    pub remarks: Vec<String>,
}

/// One permission, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The permission.
    pub permission: Permission,
    /// ARNs, with wildcards where the settings leave a part open; or `*` alone, where AWS knows no
    /// resources for the action.
    pub resources: BTreeSet<String>,
    /// The `CloudWatch` namespaces to which it is confined; empty for all else but [`Permission::PublishMetrics`].
    pub namespaces: BTreeSet<String>,
}

/// Everything that the daemon may need leave for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// To find the URL of a queue that is given by name or ARN.
    FindQueues,
    /// To read a queue's counters.
    ReadQueues,
    /// To find the URL of a dead-letter queue.
    FindDeadLetterQueues,
    /// To count the messages in a dead-letter queue.
    ReadDeadLetterQueues,
    /// To read the sizes and instances of a group.
    ReadGroups,
    /// To learn from the messages deleted, and to tell the age of the oldest, for the latency policy.
    ReadMetrics,
    /// To notice an instance refresh before a write.
    ReadInstanceRefreshes,
    /// To drive.
    SetDesiredCapacity,
    /// To publish.
    PublishMetrics,
    /// To tell a topic of troubles.
    SendNotices,
    /// To work with a role's credentials.
    AssumeRoles,
}

/// Actions that the daemon never takes, and the commands that do. None is printed, for who runs these is
/// seldom who runs the daemon.
pub const OF_COMMANDS: [(&str, &str); 4] = [
    ("autoscaling:DescribePolicies", "`check --online` and `policy`"),
    ("autoscaling:DescribeScheduledActions", "`check --online` and `policy`"),
    ("autoscaling:PutScalingPolicy", "`policy apply`"),
    ("autoscaling:DeletePolicy", "`policy remove`"),
];

impl Permission {
    /// Every permission, in the order of the statements.
    pub const ALL: [Self; 11] = [
        Self::FindQueues,
        Self::ReadQueues,
        Self::FindDeadLetterQueues,
        Self::ReadDeadLetterQueues,
        Self::ReadGroups,
        Self::ReadMetrics,
        Self::ReadInstanceRefreshes,
        Self::SetDesiredCapacity,
        Self::PublishMetrics,
        Self::SendNotices,
        Self::AssumeRoles,
    ];

    /// The action, as policies name it.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::FindQueues | Self::FindDeadLetterQueues => "sqs:GetQueueUrl",
            Self::ReadQueues | Self::ReadDeadLetterQueues => "sqs:GetQueueAttributes",
            Self::ReadGroups => "autoscaling:DescribeAutoScalingGroups",
            Self::ReadMetrics => "cloudwatch:GetMetricData",
            Self::ReadInstanceRefreshes => "autoscaling:DescribeInstanceRefreshes",
            Self::SetDesiredCapacity => "autoscaling:SetDesiredCapacity",
            Self::PublishMetrics => "cloudwatch:PutMetricData",
            Self::SendNotices => "sns:Publish",
            Self::AssumeRoles => "sts:AssumeRole",
        }
    }

    /// The statement's id: letters and digits.
    #[must_use]
    pub const fn sid(self) -> &'static str {
        match self {
            Self::FindQueues => "FindQueues",
            Self::ReadQueues => "ReadQueues",
            Self::FindDeadLetterQueues => "FindDeadLetterQueues",
            Self::ReadDeadLetterQueues => "ReadDeadLetterQueues",
            Self::ReadGroups => "ReadGroups",
            Self::ReadMetrics => "ReadMetrics",
            Self::ReadInstanceRefreshes => "ReadInstanceRefreshes",
            Self::SetDesiredCapacity => "SetDesiredCapacity",
            Self::PublishMetrics => "PublishMetrics",
            Self::SendNotices => "SendNotices",
            Self::AssumeRoles => "AssumeRoles",
        }
    }

    /// What is lost without it.
    #[must_use]
    pub const fn without(self) -> &'static str {
        match self {
            Self::FindQueues => "queues given by name or ARN cannot be found, and their scalers hold",
            Self::ReadQueues => "the queues cannot be read, and their scalers hold",
            Self::FindDeadLetterQueues | Self::ReadDeadLetterQueues => {
                "the messages that fail again and again are not counted"
            }
            Self::ReadGroups => "the groups cannot be read, and their scalers hold",
            Self::ReadMetrics => {
                "only the queues' counters are learnt from, and the age of the oldest message is not told"
            }
            Self::ReadInstanceRefreshes => "a running instance refresh is not seen",
            Self::SetDesiredCapacity => "the groups cannot be driven",
            Self::PublishMetrics => "nothing is published",
            Self::SendNotices => "the topic is not told of troubles",
            Self::AssumeRoles => "nothing can be done in the role's name, and its scalers hold",
        }
    }
}
