use super::{Decision, Estimate, Outcome, Pause, Sample, Timestamp, Trouble};

/// One tick of one scaler, whole: the one truth that log line, output and metrics are rendered from.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// When the tick began, by the time of day.
    pub time: Timestamp,
    /// The scaler's name.
    pub scaler: String,
    /// Whether this run writes to the group.
    pub mode: Mode,
    /// What somebody paused, if anything.
    pub paused: Option<Pause>,
    /// What was read.
    pub sample: Sample,
    /// What is believed, where the policy learns.
    pub estimate: Option<Estimate>,
    /// What follows from it arithmetically.
    pub metrics: Metrics,
    /// What was decided, and why.
    pub decision: Decision,
    /// What came of it.
    pub outcome: Outcome,
    /// What a person should know of, and what of that is over with this tick; in the order of the kinds.
    pub troubles: Vec<Trouble>,
}

/// Whether a scaler's decisions reach its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Desired capacity is set.
    Drive,
    /// The settings only ask for metrics; decisions are recorded and withheld.
    PublishOnly,
    /// The whole run was asked to write nothing.
    DryRun,
}

impl Mode {
    /// The mode's name in records. Never renamed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Drive => "drive",
            Self::PublishOnly => "publish_only",
            Self::DryRun => "dry_run",
        }
    }
}

/// Figures derived from one sample. Finite, always.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Counted messages per unit of capacity in service (at none, the backlog itself); nothing when
    /// either reading is missing.
    pub backlog_per_instance: Option<f64>,
    /// The counted messages per unit of capacity that the policy accepts, where it has such a figure.
    pub acceptable_backlog: Option<f64>,
}

impl Metrics {
    /// The figures of `sample`, given what the policy accepts per instance.
    #[must_use]
    pub fn of(sample: &Sample, acceptable_backlog: Option<f64>) -> Self {
        let in_service = sample.fleet.as_ref().ok().map(|fleet| fleet.in_service);
        let per_instance =
            sample.backlog().zip(in_service).map(|(backlog, count)| backlog.per_instance(count));
        let finite = |figure: Option<f64>| figure.filter(|value| value.is_finite());
        Self { backlog_per_instance: finite(per_instance), acceptable_backlog: finite(acceptable_backlog) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Backlog, Fleet, Queue};

    fn metrics(counted: f64, in_service: u32, acceptable: f64) -> Metrics {
        let backlog = Ok(Backlog { counted, ..Backlog::default() });
        let queue = Queue::new("a", backlog);
        let fleet = Ok(Fleet { in_service, ..Fleet::default() });
        Metrics::of(&Sample { queues: vec![queue], fleet }, Some(acceptable))
    }

    #[test]
    fn at_zero_in_service_the_metric_is_the_backlog_itself() {
        assert_eq!(metrics(12.0, 0, 10.0).backlog_per_instance, Some(12.0));
        assert_eq!(metrics(12.0, 4, 10.0).backlog_per_instance, Some(3.0));
    }

    #[test]
    fn a_figure_that_is_no_number_is_left_out() {
        for strange in [f64::NAN, f64::INFINITY] {
            assert_eq!(metrics(strange, 1, strange), Metrics::default());
        }
    }
}
