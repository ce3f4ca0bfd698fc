/// What is believed of a workload and its fleet, from all that was seen so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Messages expected to arrive, a second, over the next boot time.
    pub arrivals_per_sec: Learnt,
    /// Seconds a worker takes over one message, on average.
    pub processing_secs: Learnt,
    /// Messages one unit of capacity works on at once.
    pub slots: Learnt,
    /// Seconds from ordering an instance until it works on its first message.
    pub boot_secs: Learnt,
    /// Seconds in which the capacity in service would empty the queue if nothing more arrived; nothing
    /// where none is in service.
    pub drain_secs: Option<f64>,
    /// Messages that waited longer than the objective, of those of late; 0 to 100.
    pub late_percent: f64,
}

/// A figure, and how far it rests on what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learnt {
    /// The figure; finite.
    pub value: f64,
    /// From 0, a guess or what the settings say, to 1, all seen.
    pub belief: f64,
}
