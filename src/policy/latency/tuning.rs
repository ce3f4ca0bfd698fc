/// The constants that the latency policy decides by, each with a reason to be; those of its memories stand with them.
///
/// They hold for every workload. What halving and doubling each of them does is measured by
/// `cargo bench --bench control` and stands in `docs/benchmark.md`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// How long before an instance is needed it is ordered, in boot times: a boot, and what it may take longer.
    pub lead_boots: f64,
    /// The share of the objective that is kept back for noise in the counters and whole instances, while
    /// half of the allowed lateness is used.
    pub reserve: f64,
    /// By how much that share grows or shrinks as more or less of the allowed lateness is used.
    pub reserve_swing: f64,
    /// The share of the objective within which what stays must manage, before anything goes.
    pub calm: f64,
    /// Standard deviations of the forecast to provide for when the objective is shorter than the lead,
    /// times the root of boot time ÷ objective. What stays has twice as many to provide for.
    pub headroom: f64,
    /// Standard deviations to provide for once twice the allowed lateness is used.
    pub headroom_late: f64,
    /// The share of an instance that is neither ordered nor kept for.
    pub remainder: f64,
    /// Instances' worth of work below which an empty fleet waits for its last moment to order the first.
    pub first_order: f64,
    /// The share of the break-even wait that an unneeded instance is kept.
    pub keeping: f64,
    /// Messages that removals may make late by interrupting them, of all messages.
    pub interruptions: f64,
}

impl Tuning {
    /// The constants as shipped.
    pub const SHIPPED: Self = Self {
        lead_boots: 1.37,
        reserve: 0.14,
        reserve_swing: 0.10,
        calm: 0.33,
        headroom: 0.45,
        headroom_late: 2.65,
        remainder: 0.27,
        first_order: 1.5,
        keeping: 0.5,
        interruptions: 0.0025,
    };
}

impl Default for Tuning {
    fn default() -> Self {
        Self::SHIPPED
    }
}
