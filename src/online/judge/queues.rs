use super::workload::Workload;
use crate::model::{Cause, rounded};
use crate::online::facts::{QueueRead, Redrive, ScalerFacts};
use crate::online::finding::{Code, Finding, Level, is_answer};
use crate::publish::text::messages;
use crate::settings::{Latency, PolicyKind, Scaler};
use std::time::Duration;

/// What there is to say of each queue.
pub(super) fn findings(scaler: &Scaler, facts: &ScalerFacts, workload: &Workload) -> Vec<Finding> {
    let of_one = facts.queues.iter().map(|queue| {
        let what = format!("queue {}", queue.name);
        match &queue.read {
            Ok(read) => one(scaler, &what, read, workload),
            Err(failure) => vec![Finding::failed(Level::Error, Code::Queue, &what, failure)],
        }
    });
    of_one.flatten().collect()
}

fn one(scaler: &Scaler, what: &str, read: &QueueRead, workload: &Workload) -> Vec<Finding> {
    let latency = match &scaler.policy {
        PolicyKind::Latency(latency) => Some(latency),
        PolicyKind::BacklogPerInstance(_) | PolicyKind::Step(_) => None,
    };
    let mut findings = vec![Finding::ok(Code::Queue, format!("{what}: {}", messages(&read.backlog)))];
    findings.push(dead_letters(what, read));
    findings.extend(read.redrive.as_ref().and_then(|redrive| receives(scaler, what, redrive)));
    if let Some(hidden) = read.visibility {
        findings.extend(visibility(what, hidden, workload.processing_secs, latency));
        findings
            .extend(latency.filter(|_| scaler.drive).and_then(|policy| interrupted(what, hidden, policy)));
    }
    findings
        .extend(read.retention.zip(latency).map(|(kept, policy)| retention(what, kept, policy.objective)));
    findings
}

fn dead_letters(what: &str, read: &QueueRead) -> Finding {
    let Some(Redrive { name, arn, read: dead, .. }) = &read.redrive else {
        let text = format!(
            "{what} has no dead-letter queue: a message that fails each time comes back until it expires, and \
             looks like load"
        );
        return Finding::new(Level::Note, Code::DeadLetterQueue, text)
            .advising("give the queue a redrive policy");
    };
    let dead_queue = format!("{what}: its dead-letter queue {name}");
    match dead {
        Ok(dead) if dead.retention.zip(read.retention).is_some_and(|(dead, own)| dead < own) => {
            let text = format!(
                "{dead_queue} keeps messages for a shorter time than the queue itself, counted from when they were \
                 first sent: what fails late is deleted at once"
            );
            Finding::new(Level::Warning, Code::DeadLetterQueue, text)
                .advising("raise the dead-letter queue's MessageRetentionPeriod above the queue's own")
        }
        Ok(dead) if dead.messages > 0 => {
            let text = format!("{dead_queue} holds {} messages", dead.messages);
            Finding::new(Level::Note, Code::DeadLetterQueue, text).advising("see why they failed")
        }
        Ok(_) => Finding::ok(Code::DeadLetterQueue, format!("{dead_queue} is empty")),
        Err(failure) if failure.cause == Cause::NotFound => {
            Finding::failed(Level::Warning, Code::DeadLetterQueue, &dead_queue, failure)
                .advising("create it, or correct the queue's redrive policy")
        }
        Err(failure) if failure.cause == Cause::Denied && is_answer(failure) => {
            Finding::failed(Level::Note, Code::DeadLetterQueue, &dead_queue, failure).advising(format!(
                "grant what `backlogd iam --dead-letter-queue {arn}` prints; scaling does without, but nobody is told \
                 of messages that fail"
            ))
        }
        Err(failure) => Finding::failed(Level::Warning, Code::DeadLetterQueue, &dead_queue, failure),
    }
}

/// Messages that a scale-in interrupts have been received once too.
fn receives(scaler: &Scaler, what: &str, redrive: &Redrive) -> Option<Finding> {
    let drains = matches!(&scaler.policy, PolicyKind::Latency(Latency { drains: true, .. }));
    (redrive.max_receives == Some(1) && scaler.drive && !drains).then(|| {
        let text = format!(
            "{what}: maxReceiveCount is 1, so a message that a scale-in interrupts goes to {} at once",
            redrive.name
        );
        Finding::new(Level::Warning, Code::MaxReceiveCount, text)
            .advising("raise maxReceiveCount, or let workers finish before they go")
    })
}

/// The visibility timeout against the time that a message takes.
fn visibility(
    what: &str,
    hidden: Duration,
    processing: Option<f64>,
    latency: Option<&Latency>,
) -> Option<Finding> {
    let secs = hidden.as_secs();
    let Some(takes) = processing else {
        let text =
            format!("{what}: visibility timeout {secs} s; no processing time is known to hold it against");
        let finding = Finding::new(Level::Note, Code::VisibilityTimeout, text);
        return latency.map(|_| finding.advising("set processing_secs, or run the daemon, which learns it"));
    };
    let (words, share) = (rounded(takes), hidden.as_secs_f64() / takes);
    Some(if share < 1.0 {
        let text = format!(
            "{what}: visibility timeout {secs} s, but a message takes {words} s: it comes back while it is worked \
             on, is worked on twice, and looks like load"
        );
        Finding::new(Level::Warning, Code::VisibilityTimeout, text).advising(format!(
            "raise it to several times the processing time, such as {} s, or let workers extend it as they work",
            (takes * 3.0).ceil()
        ))
    } else if share < 2.0 {
        let text = format!(
            "{what}: visibility timeout {secs} s, and a message takes {words} s on average: those that take \
             longest may come back while they are worked on"
        );
        Finding::new(Level::Note, Code::VisibilityTimeout, text)
            .advising("raise it, or let workers extend it as they work")
    } else {
        let text = format!("{what}: visibility timeout {secs} s, a message takes {words} s");
        Finding::ok(Code::VisibilityTimeout, text)
    })
}

/// A message that a scale-in interrupts waits for the visibility timeout to pass.
fn interrupted(what: &str, hidden: Duration, policy: &Latency) -> Option<Finding> {
    (!policy.drains && hidden > policy.objective).then(|| {
        let text = format!(
            "{what}: a message that a scale-in interrupts stays hidden for up to {} s, and so misses the objective of \
             {} s",
            hidden.as_secs(),
            policy.objective.as_secs()
        );
        Finding::new(Level::Note, Code::VisibilityTimeout, text)
            .advising("let workers finish (or hand back) their messages before they go, and set drains = true")
    })
}

fn retention(what: &str, kept: Duration, objective: Duration) -> Finding {
    let (kept_secs, objective_secs) = (kept.as_secs(), objective.as_secs());
    if kept <= objective {
        let text = format!(
            "{what}: messages are deleted after {kept_secs} s, before they have waited the {objective_secs} s that are \
             acceptable"
        );
        return Finding::new(Level::Warning, Code::Retention, text)
            .advising("raise the queue's MessageRetentionPeriod well above latency_objective_secs");
    }
    Finding::ok(Code::Retention, format!("{what}: messages are kept for {kept_secs} s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::online::facts::{DeadLetters, Queue};
    use crate::online::scene::{failure, latency, of, plain, read, redrive, scaler_facts};

    /// The findings of `code` about a queue that `change` made.
    fn found(
        scaler: &Scaler,
        code: Code,
        takes: Option<f64>,
        change: impl Fn(&mut QueueRead),
    ) -> Vec<Finding> {
        let facts = ScalerFacts { queues: vec![read(change)], ..scaler_facts() };
        let mut workload = Workload::of(scaler, None);
        workload.processing_secs = takes;
        findings(scaler, &facts, &workload).into_iter().filter(|finding| finding.code == code).collect()
    }

    fn level(found: &[Finding]) -> Level {
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].level
    }

    fn unread(cause: Cause) -> Vec<Finding> {
        let dead = || Redrive { read: Err(failure(cause)), ..redrive() };
        found(&plain(""), Code::DeadLetterQueue, None, |queue| queue.redrive = Some(dead()))
    }

    #[test]
    fn a_queue_that_was_read_shows_its_counters() {
        let all = found(&plain(""), Code::Queue, None, |_| {});
        assert_eq!(of(&all[0]), (Level::Ok, Code::Queue, "queue images: 12 visible, 3 in flight".to_owned()));
    }

    #[test]
    fn a_queue_that_cannot_be_read_is_an_error_and_hides_no_other() {
        let missing = Queue { read: Err(failure(Cause::NotFound)), ..read(|_| {}) };
        let facts = ScalerFacts { queues: vec![missing, read(|_| {})], ..scaler_facts() };
        let all = findings(&plain(""), &facts, &Workload::of(&plain(""), None));
        let levels: Vec<_> =
            all.iter().filter(|each| each.code == Code::Queue).map(|each| each.level).collect();
        assert_eq!(levels, [Level::Error, Level::Ok]);
        assert_eq!(all[0].text, "queue images: its words");
    }

    #[test]
    fn a_queue_without_a_dead_letter_queue_is_noted() {
        assert_eq!(level(&found(&plain(""), Code::DeadLetterQueue, None, |_| {})), Level::Note);
    }

    #[test]
    fn a_dead_letter_queue_is_fine_when_empty_noted_when_not_and_warned_of_when_forgetful() {
        let judged = |messages, secs| {
            let retention = Some(Duration::from_secs(secs));
            let dead = DeadLetters { messages, retention };
            let all = found(&plain(""), Code::DeadLetterQueue, None, |queue| {
                queue.redrive = Some(Redrive { read: Ok(dead), ..redrive() });
            });
            level(&all)
        };
        assert_eq!(judged(0, 345_600), Level::Ok);
        assert_eq!(judged(7, 345_600), Level::Note);
        assert_eq!(judged(0, 345_599), Level::Warning);
    }

    #[test]
    fn a_dead_letter_queue_that_does_not_exist_is_warned_of() {
        let all = unread(Cause::NotFound);
        assert_eq!(level(&all), Level::Warning);
        assert!(all[0].remedy.as_ref().unwrap().contains("redrive policy"));
    }

    #[test]
    fn a_dead_letter_queue_that_may_not_be_read_is_only_noted_for_scaling_does_without() {
        let denied = unread(Cause::Denied);
        assert_eq!(level(&denied), Level::Note);
        assert!(denied[0].remedy.as_ref().unwrap().contains("iam --dead-letter-queue arn:"), "{denied:?}");
        assert_eq!(level(&unread(Cause::Timeout)), Level::Warning);
    }

    #[test]
    fn a_single_receive_is_warned_of_where_a_scale_in_may_interrupt() {
        let once = |lines: &str| {
            let once = || Redrive { max_receives: Some(1), ..redrive() };
            !found(&latency(lines), Code::MaxReceiveCount, None, |queue| queue.redrive = Some(once()))
                .is_empty()
        };
        assert!(once("drive = true"));
        assert!(!once(""), "nothing is given back");
        let drains = "policy = { kind = \"latency\", latency_objective_secs = 60, drains = true }";
        assert!(!once(&format!("drive = true\n{drains}")));
        let thrice = found(&latency("drive = true"), Code::MaxReceiveCount, None, |queue| {
            queue.redrive = Some(redrive());
        });
        assert_eq!(thrice, []);
    }

    #[test]
    fn a_visibility_timeout_is_held_against_the_processing_time() {
        let judged = |takes| {
            level(&found(&latency(""), Code::VisibilityTimeout, Some(takes), |queue| {
                queue.visibility = Some(Duration::from_secs(30));
            }))
        };
        assert_eq!(judged(15.0), Level::Ok);
        assert_eq!(judged(15.1), Level::Note);
        assert_eq!(judged(30.0), Level::Note);
        assert_eq!(judged(30.1), Level::Warning);
    }

    #[test]
    fn a_processing_time_that_is_not_known_is_said_only_where_it_could_be() {
        let latency = found(&latency(""), Code::VisibilityTimeout, None, |_| {});
        assert_eq!(level(&latency), Level::Note);
        assert_eq!(found(&plain(""), Code::VisibilityTimeout, None, |_| {}), []);
    }

    #[test]
    fn an_interrupted_message_that_stays_hidden_beyond_the_objective_is_noted() {
        let noted = |lines: &str, secs| {
            let all = found(&latency(lines), Code::VisibilityTimeout, Some(1.0), |queue| {
                queue.visibility = Some(Duration::from_secs(secs));
            });
            all.iter().any(|finding| finding.text.contains("interrupts"))
        };
        assert!(noted("drive = true", 61));
        assert!(!noted("drive = true", 60));
        assert!(!noted("", 61));
    }

    #[test]
    fn messages_that_expire_within_the_objective_are_warned_of() {
        let judged = |secs| {
            level(&found(&latency(""), Code::Retention, None, |queue| {
                queue.retention = Some(Duration::from_secs(secs));
            }))
        };
        assert_eq!(judged(60), Level::Warning);
        assert_eq!(judged(61), Level::Ok);
    }
}
