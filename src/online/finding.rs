use crate::aws::Failure;
use crate::model::Cause;

/// One thing that was looked at, and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How grave it is.
    pub level: Level,
    /// What was looked at.
    pub code: Code,
    /// What was found, naming the resource.
    pub text: String,
    /// What to do, where there is something to do.
    pub remedy: Option<String>,
    /// The reading that failed, if one did.
    pub unread: Option<Unread>,
}

/// A reading that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// What it was to tell.
    pub what: String,
    /// Why it failed.
    pub cause: Cause,
    /// What it failed of, where that lies not in what was asked, so that other calls may have failed of the same.
    pub common: Option<String>,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing is wrong.
    Note,
    /// Works, but perhaps not as meant.
    Warning,
    /// The scaler cannot do its work.
    Error,
}

/// What is looked at. `docs/check.md` has a row for each; codes are never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Whose credentials the calls are made with.
    Identity,
    /// The host's clock against AWS's.
    Clock,
    /// A service that nothing else here proves to answer.
    Endpoint,
    /// A permission, as far as reads can prove it.
    Permission,
    /// What the settings alone let suspect.
    Settings,
    /// A queue and its counters.
    Queue,
    /// Where messages go that fail again and again.
    DeadLetterQueue,
    /// How often a message may be received before it goes there.
    MaxReceiveCount,
    /// How long a received message stays hidden.
    VisibilityTimeout,
    /// How long a message is kept.
    Retention,
    /// The group and its sizes.
    Group,
    /// Who else alone may change the group.
    Operator,
    /// A suspended process of the group.
    SuspendedProcess,
    /// The settings' limits against the group's own.
    Limits,
    /// What the largest fleet can do against what there is to do.
    Capacity,
    /// Scaling policies on the group.
    ScalingPolicy,
    /// Scheduled actions on the group.
    ScheduledAction,
    /// The group's own metrics.
    GroupMetrics,
    /// Whether instances are protected from scale-in.
    ScaleInProtection,
}

impl Level {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Code {
    /// Every code with its name, in the order of the documentation.
    pub const ALL: [(Self, &'static str); 19] = [
        (Self::Identity, "identity"),
        (Self::Clock, "clock"),
        (Self::Endpoint, "endpoint"),
        (Self::Permission, "permission"),
        (Self::Settings, "settings"),
        (Self::Queue, "queue"),
        (Self::DeadLetterQueue, "dead_letter_queue"),
        (Self::MaxReceiveCount, "max_receive_count"),
        (Self::VisibilityTimeout, "visibility_timeout"),
        (Self::Retention, "retention"),
        (Self::Group, "group"),
        (Self::Operator, "operator"),
        (Self::SuspendedProcess, "suspended_process"),
        (Self::Limits, "limits"),
        (Self::Capacity, "capacity"),
        (Self::ScalingPolicy, "scaling_policy"),
        (Self::ScheduledAction, "scheduled_action"),
        (Self::GroupMetrics, "group_metrics"),
        (Self::ScaleInProtection, "scale_in_protection"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("", |(_, name)| name)
    }
}

impl Finding {
    /// A finding of which there is no more to say.
    pub(super) fn new(level: Level, code: Code, text: impl Into<String>) -> Self {
        Self { level, code, text: text.into(), remedy: None, unread: None }
    }

    /// All is well.
    pub(super) fn ok(code: Code, text: impl Into<String>) -> Self {
        Self::new(Level::Ok, code, text)
    }

    /// The same, with what to do.
    pub(super) fn advising(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// A reading of `what` that failed.
    pub(super) fn failed(level: Level, code: Code, what: &str, failure: &Failure) -> Self {
        // A refusal may concern what was asked; the lack of credentials or of an answer does not.
        let elsewhere = failure.cause == Cause::Credentials || !is_answer(failure);
        let unread = Unread {
            what: what.to_owned(),
            cause: failure.cause,
            common: elsewhere.then(|| failure.words().to_owned()),
        };
        let finding = Self::new(level, code, format!("{what}: {failure}")).advising(remedy(failure));
        Self { unread: Some(unread), ..finding }
    }

    /// The same, saying what comes of it: that `what` `is_not_known`.
    pub(super) fn unseen(
        level: Level,
        code: Code,
        what: &str,
        is_not_known: &str,
        failure: &Failure,
    ) -> Self {
        let text = format!("{what} {is_not_known}: {failure}");
        Self { text, ..Self::failed(level, code, what, failure) }
    }

    /// Why a reading failed, if one did.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.unread.as_ref().map(|unread| unread.cause)
    }

    /// The same of a call that the daemon never makes, of which `iam` prints nothing: if it was denied, what
    /// to grant is `action` on `resource`.
    pub(super) fn of_check_alone(self, failure: &Failure, action: &str, resource: &str) -> Self {
        if failure.cause != Cause::Denied || !is_answer(failure) {
            return self;
        }
        self.advising(format!(
            "grant {action} on {resource} to whoever runs this check; the daemon does without, so `backlogd iam` \
             does not print it"
        ))
    }

    /// Whether AWS did not answer, and the scaler cannot do its work without.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.level == Level::Error && matches!(self.cause(), Some(Cause::Timeout | Cause::Unreachable))
    }
}

/// Whether `failure` is AWS's own word: an answer without a code of the service's may be anybody's.
pub(super) const fn is_answer(failure: &Failure) -> bool {
    failure.code.is_some()
}

/// What to do about a failed reading.
const fn remedy(failure: &Failure) -> &'static str {
    match failure.cause {
        Cause::NotFound => {
            "create it, or correct its name; it is looked for in the region and account of `aws` (or of `owner`)"
        }
        Cause::Credentials => {
            "give the host credentials that hold: an instance role, a profile, or the environment"
        }
        Cause::Timeout | Cause::Unreachable => {
            "see that this host may reach the service: region, endpoint_url, proxy, security groups, VPC endpoint"
        }
        Cause::Denied | Cause::Malformed | Cause::Refused if !is_answer(failure) => {
            "see what answers there: an endpoint_url or a proxy that is no AWS, perhaps"
        }
        Cause::Denied => {
            "grant the permission that the call is named after; `backlogd iam` prints all that are needed"
        }
        Cause::Throttled => "try again; other tools use up the account's request rate",
        Cause::Malformed | Cause::Server | Cause::Refused => {
            "try again; if it stays so, ask AWS with the request's id"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|(code, _)| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn an_answer_without_a_code_points_at_whoever_else_may_answer_there() {
        let remedy = |cause, code: Option<&str>| {
            let failure = Failure { cause, code: code.map(ToOwned::to_owned), why: String::new() };
            remedy(&failure).split(&[' ', ';']).take(2).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(remedy(Cause::Refused, None), "see what");
        assert_eq!(remedy(Cause::Refused, Some("Odd")), "try again");
        assert_eq!(remedy(Cause::Denied, None), "see what");
        assert_eq!(remedy(Cause::Denied, Some("AccessDenied")), "grant the");
    }

    #[test]
    fn what_only_the_check_reads_has_its_own_remedy_if_aws_denies_it_and_the_usual_one_otherwise() {
        let remedy = |cause, code: Option<&str>| {
            let failure = Failure { cause, code: code.map(ToOwned::to_owned), why: String::new() };
            let finding = Finding::failed(Level::Note, Code::Permission, "", &failure);
            finding.of_check_alone(&failure, "a:B", "*").remedy.unwrap()
        };
        assert!(
            remedy(Cause::Denied, Some("AccessDenied"))
                .starts_with("grant a:B on * to whoever runs this check")
        );
        assert!(remedy(Cause::Denied, None).starts_with("see what answers"));
        assert!(remedy(Cause::Throttled, Some("Throttling")).starts_with("try again"));
    }

    #[test]
    fn a_failed_reading_says_what_call_and_what_to_do_whatever_the_cause() {
        for cause in Cause::ALL {
            let failure = Failure { cause, code: None, why: "sqs:GetQueueUrl: its words".to_owned() };
            let finding = Finding::failed(Level::Error, Code::Queue, "queue images", &failure);
            assert_eq!(finding.text, "queue images: sqs:GetQueueUrl: its words");
            assert!(finding.remedy.is_some());
            let unreachable = matches!(cause, Cause::Timeout | Cause::Unreachable);
            assert_eq!(finding.is_unreachable(), unreachable);
            let optional = Finding::failed(Level::Warning, Code::Identity, "identity", &failure);
            assert!(!optional.is_unreachable(), "{cause:?}");
        }
    }
}
