//! The constants that the latency policy, and what it learns, decide by: see [`Tuning`].

mod learning;

pub use learning::{Boot, Forecast, Jumps, MEANS, Processing, Samples, Slots};

/// The constants of the latency policy and its learning, each with a reason to be.
///
/// They hold for every workload. What halving and doubling each of them does is measured by
/// `cargo bench --bench constants` and stands in `docs/benchmark.md`. What follows from arithmetic alone, and how
/// finely something is kept, stands beside its use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// A boot and what it may take longer, in boot times: so long before an instance is needed it is ordered, so far
    /// ahead needs and arrivals are looked at, and after so long it certainly works. An objective that leaves less
    /// is tight: no queue absorbs a surprise.
    pub lead_boots: f64,
    /// SQS's counters are so many seconds old: nothing shorter is told apart.
    pub counters_secs: f64,
    /// The noise of the counters, as a share of what they count.
    pub noise: f64,
    /// After more seconds without samples, the difference of two counters says little; and whoever tells completions
    /// has told some within as many, which is how long samples are kept for them.
    pub gap_secs: f64,
    /// Half of what lateness, surges and idle gaps tell is forgotten after so many seconds.
    pub forgetting_secs: f64,
    /// What is lost of earlier samples at each new one: of slots and boot time at a spell of messages that wait, of the
    /// processing time at a minute with work in it, of jumps at a jump.
    pub lost: f64,
    /// By what share processing time or slots must turn out different until what was judged by them is worth nothing.
    pub misjudged: f64,
    /// Fewer messages than these in an hour are too few to tell a trend by.
    pub few_hourly: f64,
    /// The share of the objective that is kept back while half of the allowed lateness is used: none of it while none is
    /// used, and twice as much once all of it is.
    pub reserve: f64,
    /// The share of the objective within which what stays must manage, before anything goes. Once a surge takes a fleet
    /// longer than that, more is ordered for it, and what is held ready need not last.
    pub calm: f64,
    /// Standard deviations of the forecast to provide for when the objective is shorter than the lead,
    /// times the root of boot time ÷ objective.
    pub headroom: f64,
    /// The share of what is expected that this may come to: surges beyond are the hedge's.
    pub headroom_most: f64,
    /// Standard deviations to provide for once `budget.alarming` times the allowed lateness is used.
    pub headroom_late: f64,
    /// How many times as many deviations what stays has to provide for: a fleet that shrank in a trough is short in the
    /// next surge, and to give back and order again is dear.
    pub headroom_staying: f64,
    /// The share of an instance that is neither ordered nor kept for.
    pub remainder: f64,
    /// Instances' worth of work below which an empty fleet waits for its last moment to order the first.
    pub first_order: f64,
    /// The share of the break-even wait that an unneeded instance is kept.
    pub keeping: f64,
    /// Messages that removals may make late by interrupting them, of all messages.
    pub interruptions: f64,
    /// How far a boot time that no hint says must be believed, to say that an objective is out of its reach, and a
    /// processing time, to find it out no more.
    pub believed: f64,
    /// How much of the allowed lateness is used.
    pub budget: Budget,
    /// What is held ready for surges.
    pub hedge: Hedge,
    /// How long spare capacity is worth keeping.
    pub idle: Idle,
    /// What is due, and what can be started by then.
    pub reckoning: Reckoning,
    /// What will arrive.
    pub forecast: Forecast,
    /// Sudden arrivals.
    pub jumps: Jumps,
    /// How long a message takes.
    pub processing: Processing,
    /// How many an instance works on at once.
    pub slots: Slots,
    /// How long an instance takes to work.
    pub boot: Boot,
    /// What samples tell, and when they tell nothing.
    pub samples: Samples,
}

/// The error budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The share of messages that may wait too long: a little less than the promised 1 %.
    pub allowed: f64,
    /// Fewer messages than these prove nothing: until as many are seen, `even` of the allowance counts as used.
    pub proof: f64,
    /// The share of the allowance whose use makes the reserve neither larger nor smaller, and alarms nobody.
    pub even: f64,
    /// Times the allowance that must be used for the greatest alarm.
    pub alarming: f64,
    /// The share of what interruptions may still make late that may be risked at once: soon less may be at stake.
    pub at_once: f64,
}

/// What is held ready for surges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hedge {
    /// The share of messages that may be late of what is held: about half of the promised 1 %, for the rest is late
    /// by other causes.
    pub allowed: f64,
    /// How many surges there must have been: one may never come again.
    pub again: usize,
    /// Surges that are farther apart, in seconds, are not held ready for: it would cost more than they are worth.
    pub apart_secs: f64,
}

/// How many waits are tried.
pub const WAITS: usize = 9;

/// The break-even rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Idle {
    /// Candidate waits, in boot times.
    pub waits: [f64; WAITS],
    /// By how many boot times the wait of one boot time, which is never worse than twice the best, is ahead at first.
    pub ahead: f64,
}

/// What is due when, and what can be started by then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reckoning {
    /// Messages that a free slot starts beyond one a processing time: one at once, less the half of one not done.
    pub begun: f64,
    /// Processing times in which what the messages in flight had waited fades to 1/e.
    pub waited: f64,
    /// How many times what they had waited is taken from the time that an interruption leaves.
    pub waited_times: f64,
    /// Processing times that an interrupted message may take until it is started again.
    pub delay: f64,
}

impl Tuning {
    /// The constants as shipped.
    pub const SHIPPED: Self = Self {
        lead_boots: 1.37,
        counters_secs: 30.0,
        noise: 0.1,
        gap_secs: 900.0,
        forgetting_secs: 86_400.0,
        lost: 0.005,
        misjudged: 0.5,
        few_hourly: 20.0,
        reserve: 0.1,
        calm: 0.38,
        headroom: 0.6,
        headroom_most: 0.6,
        headroom_late: 2.85,
        headroom_staying: 2.0,
        remainder: 0.27,
        first_order: 1.5,
        keeping: 0.45,
        interruptions: 0.00225,
        believed: 0.5,
        budget: Budget { allowed: 0.008, proof: 1000.0, even: 0.5, alarming: 2.0, at_once: 0.15 },
        hedge: Hedge { allowed: 0.0045, again: 2, apart_secs: 21_600.0 },
        idle: Idle { waits: [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0], ahead: 3.0 },
        reckoning: Reckoning { begun: 0.5, waited: 2.0, waited_times: 2.0, delay: 2.5 },
        forecast: Forecast::SHIPPED,
        jumps: Jumps::SHIPPED,
        processing: Processing::SHIPPED,
        slots: Slots::SHIPPED,
        boot: Boot::SHIPPED,
        samples: Samples::SHIPPED,
    };

    /// How long before it is needed an instance is to be ordered, in seconds, where a boot takes `boot_secs`.
    #[must_use]
    pub fn lead_secs(&self, boot_secs: f64) -> f64 {
        (self.lead_boots * boot_secs).max(boot_secs + self.counters_secs)
    }

    /// How old SQS's counters are on average, in seconds: half as old as they may be.
    #[must_use]
    pub fn counters_age_secs(&self) -> f64 {
        0.5 * self.counters_secs
    }

    /// The share of what was that is kept when `secs` have passed.
    #[must_use]
    pub fn kept(&self, secs: f64) -> f64 {
        libm::exp2(-secs / self.forgetting_secs)
    }

    /// How long all counters must read zero before a queue is believed to be empty that need not be, in seconds,
    /// where samples are `sample_secs` apart: SQS's counters are seconds old and may read zero for a sample or
    /// two, so that two false ones are survived.
    #[must_use]
    pub fn settling_secs(&self, sample_secs: f64) -> f64 {
        self.counters_secs.max(self.samples.settling * sample_secs)
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Self::SHIPPED
    }
}
