use super::Tuning;

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
    /// By what share of that boots are shorter or longer.
    pub boot_spread: Learnt,
    /// Seconds in which the capacity in service would empty the queue if nothing more arrived; nothing
    /// where none is in service.
    pub drain_secs: Option<f64>,
    /// Messages of 100 that waited longer than the objective, of those of late; 0 to 100. Counters are old: a wait that
    /// is shorter by [`super::Tuning::counters_age_secs`] is too long already, but none below half the objective.
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

/// What the settings say of a workload: how far to look, and where learning begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hints {
    /// The wait that is acceptable, in seconds; above 0.
    pub objective_secs: f64,
    /// Seconds a worker takes over one message; above 0.
    pub processing_secs: Option<f64>,
    /// Messages one unit of capacity works on at once; 1 or more.
    pub slots: Option<u32>,
    /// Seconds from ordering an instance until it works; above 0.
    pub boot_secs: Option<f64>,
}

/// What learning goes by.
#[derive(Clone, Copy, Debug)]
pub struct Learning<'a> {
    /// How far to look, and where to begin.
    pub hints: &'a Hints,
    /// What samples are worth.
    pub tuning: &'a Tuning,
}

/// What a policy that looks ahead reckons with: the recent past, the expected future, and the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// The figures.
    pub estimate: Estimate,
    /// Seconds since the sample before.
    pub sample_secs: f64,
    /// Messages that arrived since the sample before; noise can make them fewer than none.
    pub sample_arrived: f64,
    /// Seconds that an interrupted message stays hidden.
    pub visibility_secs: f64,
    /// Whether the objective leaves so little beyond the boot that no queue absorbs a surprise.
    pub tight: bool,
    /// Seconds from one entry of `arrived` and `expected` to the next.
    pub step_secs: f64,
    /// Messages that arrived in the last 0, 1, 2, … steps.
    pub arrived: Vec<f64>,
    /// Messages expected to arrive in the next 0, 1, 2, … steps.
    pub expected: Vec<f64>,
    /// Whether what is expected is what came an hour, a day or a week ago.
    pub repeats: bool,
    /// Messages a second, if arrivals have just jumped and such jumps have lasted; more than expected.
    pub jump_per_sec: Option<f64>,
    /// The variance of what is expected, in squared messages a second of looking ahead.
    pub error_per_sec: f64,
    /// How long ago the ordered capacity was first seen; very long for what was there before.
    pub ages: Vec<Aged>,
}

/// Units of capacity with a time in common: that since their order, or that until they work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aged {
    /// The time, in seconds.
    pub secs: f64,
    /// How many units: one instance's, or those of several.
    pub units: u32,
}
