//! Scalers and facts that the tests of every part judge.

use super::facts::{DeadLetters, Identity, PlaceFacts, Queue, QueueRead, Redrive, ScalerFacts};
use super::finding::{Code, Finding, Level};
use crate::aws::Failure;
use crate::model::{Backlog, Cause, Estimate, Fleet, Learnt};
use crate::settings::{Scaler, parse};
use crate::target::scaling::Group;
use std::time::Duration;

const REQUIRED: [(&str, &str); 4] = [
    ("name", "name = \"images\""),
    ("source", "source = [{ queue = \"images\" }]"),
    ("target", "target = { name = \"image-workers\" }"),
    ("policy", "policy = { kind = \"backlog_per_instance\", acceptable_backlog = 100 }"),
];

/// Scalers of these lines each, and of those that are required besides.
pub(super) fn scalers(all: &[&str]) -> Vec<Scaler> {
    let one = |lines: &&str| {
        let given = |key: &str| lines.lines().any(|line| line.starts_with(&format!("{key} =")));
        let missing = REQUIRED.iter().filter(|(key, _)| !given(key)).map(|(_, line)| *line);
        let all: Vec<&str> = ["[[scaler]]"].into_iter().chain(missing).chain(lines.lines()).collect();
        all.join("\n") + "\n"
    };
    let text = all.iter().map(one).collect::<String>();
    parse(&[("main.toml".to_owned(), text)]).unwrap().scalers
}

/// A scaler of these lines with a policy that learns nothing.
pub(super) fn plain(lines: &str) -> Scaler {
    scalers(&[lines]).remove(0)
}

/// A scaler of these lines with a latency policy, of 60 s where they give none.
pub(super) fn latency(lines: &str) -> Scaler {
    let policy = "policy = { kind = \"latency\", latency_objective_secs = 60 }";
    if lines.contains("kind = \"latency\"") { plain(lines) } else { plain(&format!("{lines}\n{policy}")) }
}

/// A failure as AWS, or the lack of its answer, makes it.
pub(super) fn failure(cause: Cause) -> Failure {
    let unanswered = matches!(cause, Cause::Timeout | Cause::Unreachable | Cause::Malformed);
    let code = (!unanswered).then(|| "ItsCode".to_owned());
    Failure { cause, code, why: "its words".to_owned() }
}

/// A queue at AWS's defaults, changed.
pub(super) fn read(change: impl Fn(&mut QueueRead)) -> Queue {
    let mut read = QueueRead {
        backlog: Backlog { visible: 12, in_flight: 3, delayed: 0, counted: 12.0 },
        visibility: Some(Duration::from_secs(30)),
        retention: Some(Duration::from_hours(96)),
        redrive: None,
    };
    change(&mut read);
    Queue { name: "images".to_owned(), by_name: true, read: Ok(read) }
}

pub(super) fn redrive() -> Redrive {
    let dead = DeadLetters { messages: 0, retention: Some(Duration::from_hours(336)) };
    let arn = "arn:aws:sqs:eu-west-1:123456789012:images-dead".to_owned();
    Redrive { name: "images-dead".to_owned(), arn, max_receives: Some(3), read: Ok(dead) }
}

/// Two instances of at most 20, in service.
pub(super) fn group() -> Group {
    let fleet = Fleet { desired: 2, min: 0, max: 20, in_service: 2, ..Fleet::default() };
    Group { fleet, ..Group::default() }
}

/// One queue and a group, of which nothing was learnt.
pub(super) fn scaler_facts() -> ScalerFacts {
    ScalerFacts {
        queues: vec![read(|_| {})],
        group: Ok(group()),
        policies: Ok(Vec::new()),
        scheduled: Ok(Vec::new()),
        learnt: None,
    }
}

/// Everything answered, by a clock that is right.
pub(super) fn place_facts() -> PlaceFacts {
    let arn = "arn:aws:sts::123456789012:assumed-role/backlogd/i-0a".to_owned();
    PlaceFacts {
        identity: Ok(Identity { account: "123456789012".to_owned(), arn }),
        skew_millis: Some(200),
        refreshes: Some(Ok(())),
        metrics: Some(Ok(())),
    }
}

/// Arrivals and processing time, each learnt so far.
pub(super) fn learnt(arrivals_per_sec: f64, processing_secs: f64, belief: f64) -> Estimate {
    let learnt = |value| Learnt { value, belief };
    Estimate {
        arrivals_per_sec: learnt(arrivals_per_sec),
        processing_secs: learnt(processing_secs),
        slots: learnt(1.0),
        boot_secs: learnt(100.0),
        boot_spread: learnt(0.15),
        drain_secs: None,
        late_percent: 0.0,
    }
}

/// A finding without its remedy.
pub(super) fn of(finding: &Finding) -> (Level, Code, String) {
    (finding.level, finding.code, finding.text.clone())
}
