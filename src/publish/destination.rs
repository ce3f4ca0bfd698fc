/// Where and as what one scaler's metrics are published in `CloudWatch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The namespace; not `AWS/…`.
    pub namespace: String,
    /// The name of the backlog-per-instance metric.
    pub metric_name: String,
    /// Storage resolution in seconds: 1 or 60.
    pub resolution_secs: u32,
    /// Dimension names and values, in the order they are sent; at most 30.
    pub dimensions: Vec<(String, String)>,
    /// What is published.
    pub metrics: Vec<Metric>,
}

/// A publishable figure. Each costs as one custom metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Counted messages per unit of capacity in service.
    BacklogPerInstance,
    /// Messages that can be received now.
    Visible,
    /// Messages being worked on.
    InFlight,
    /// Messages not due yet.
    Delayed,
    /// Capacity in service.
    InService,
    /// Capacity asked for.
    Desired,
    /// Capacity the policy recommends within the limits.
    Recommended,
    /// 1 while more is wanted than a limit allows, 0 otherwise.
    AtMax,
    /// Messages in the dead-letter queues.
    DeadLetters,
}

impl Destination {
    /// What `metric` is called there.
    #[must_use]
    pub fn name_of(&self, metric: Metric) -> &str {
        match metric {
            Metric::BacklogPerInstance => &self.metric_name,
            other => other.name(),
        }
    }
}

impl Metric {
    /// Every metric, by its name in the settings and its name in `CloudWatch` (the first may be renamed).
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::BacklogPerInstance, "backlog_per_instance", "BacklogPerInstance"),
        (Self::Visible, "visible", "Visible"),
        (Self::InFlight, "in_flight", "InFlight"),
        (Self::Delayed, "delayed", "Delayed"),
        (Self::InService, "in_service", "InService"),
        (Self::Desired, "desired", "Desired"),
        (Self::Recommended, "recommended", "Recommended"),
        (Self::AtMax, "at_max", "AtMax"),
        (Self::DeadLetters, "dead_letters", "DeadLetters"),
    ];

    /// Its name in `CloudWatch`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(metric, ..)| *metric == self).map_or("", |(.., name)| name)
    }
}
