use super::{Publisher, text};
use crate::model::{Action, Outcome, Reason, Record};
use async_trait::async_trait;

/// Writes records to the log: each change of capacity, and each change in what stands in the way.
/// A quiet tick is a debug line.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// What stood in the way at the last tick, by code.
    trouble: Vec<&'static str>,
}

/// One event with the record's figures as fields of their own; under systemd they become the journal's.
macro_rules! log {
    ($level:ident, $record:expr, $($words:tt)+) => {{
        let record: &Record = $record;
        let fleet = record.sample.fleet.as_ref().ok();
        tracing::event!(
            tracing::Level::$level,
            scaler = record.scaler,
            backlog = record.sample.backlog().map(|backlog| backlog.counted),
            in_flight = record.sample.backlog().map(|backlog| backlog.in_flight),
            per_instance = record.metrics.backlog_per_instance,
            in_service = fleet.map(|fleet| fleet.in_service),
            desired = record.decision.action.to().or(fleet.map(|fleet| fleet.desired)),
            action = record.decision.action.code(),
            reasons = codes(record),
            outcome = record.outcome.code(),
            $($words)+
        );
    }};
}
#[async_trait]
impl Publisher for Journal {
    async fn publish(&mut self, record: &Record) {
        let trouble = trouble(record);
        if trouble != self.trouble && !trouble.is_empty() {
            log!(WARN, record, "{}", text::summary(record));
        } else if record.decision.action != Action::Hold && trouble.is_empty() {
            log!(INFO, record, "{}", text::summary(record));
        } else if trouble != self.trouble {
            log!(INFO, record, "recovered: {}", text::summary(record));
        } else {
            log!(DEBUG, record, "{}", text::summary(record));
        }
        self.trouble = trouble;
    }
}

fn codes(record: &Record) -> String {
    record.decision.reasons.iter().map(Reason::code).collect::<Vec<_>>().join(",")
}

/// What stands in the way of the scaler's work, by code; empty on a good day.
fn trouble(record: &Record) -> Vec<&'static str> {
    let mut codes: Vec<_> = record.decision.reasons.iter().filter_map(obstruction).collect();
    if matches!(record.outcome, Outcome::Failed { .. }) {
        codes.push(record.outcome.code());
    }
    codes
}

/// The code of a reason that a person should know of; for a missing reading, that of its cause.
const fn obstruction(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Missing(missing) => Some(missing.cause.code()),
        Reason::CapacityStalled { .. }
        | Reason::LaunchSuspended
        | Reason::TerminateSuspended
        | Reason::OperatorManaged { .. }
        | Reason::InstanceRefresh { .. } => Some(reason.code()),
        _ => None,
    }
}
