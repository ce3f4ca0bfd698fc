//! The constants that the latency policy, and what it learns, decide by: see [`Tuning`].

/// The constants of the latency policy and its learning, each with a reason to be.
///
/// They hold for every workload. What halving and doubling each of them does is measured by
/// `cargo bench --bench constants` and stands in `docs/benchmark.md`. What follows from arithmetic alone, and how
/// finely something is kept, stands beside its use.
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
    /// times the root of boot time ÷ objective.
    pub headroom: f64,
    /// The share of what is expected that this may come to: surges beyond are the hedge's.
    pub headroom_most: f64,
    /// Standard deviations to provide for once `budget.alarming` times the allowed lateness is used.
    pub headroom_late: f64,
    /// How many times as many deviations what stays has to provide for: to give back and order again is dear.
    pub headroom_staying: f64,
    /// The share of an instance that is neither ordered nor kept for.
    pub remainder: f64,
    /// Instances' worth of work below which an empty fleet waits for its last moment to order the first.
    pub first_order: f64,
    /// How many steps of the outlook before that moment it is ordered: ages are resolved to no less.
    pub first_order_steps: f64,
    /// The share of the break-even wait that an unneeded instance is kept.
    pub keeping: f64,
    /// Messages that removals may make late by interrupting them, of all messages.
    pub interruptions: f64,
    /// How far a boot time that no hint says must be believed, to say that an objective is out of its reach.
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
    /// Half of what was is forgotten after so many seconds.
    pub forgetting_secs: f64,
    /// Fewer messages than these prove nothing: until as many are seen, `even` of the allowance counts as used.
    pub proof: f64,
    /// The share of the allowance whose use makes the reserve neither larger nor smaller.
    pub even: f64,
    /// Fewer messages than these in an hour are too few to call late ones a trend.
    pub few_hourly: f64,
    /// The share of the allowance whose use alarms nobody.
    pub calm: f64,
    /// Times the allowance that must be used for the greatest alarm.
    pub alarming: f64,
    /// An interruption that may be risked before any message was seen: a fleet must be able to shrink.
    pub first: f64,
    /// Messages made late that may be risked at any time: so small a risk is none.
    pub no_risk: f64,
}

/// What is held ready for surges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hedge {
    /// The share of messages that may be late of what is held: about half of the promised 1 %, for the rest is late
    /// by other causes.
    pub allowed: f64,
    /// Half of what was is forgotten after so many seconds.
    pub forgetting_secs: f64,
    /// The share of what can be started within the objective that must wait until more is ordered for it.
    pub pressed: f64,
    /// Messages of an hour that are thought to have been in time before anything was seen, at least.
    pub few_hourly: f64,
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
    /// Seconds in which costs lose all but 1/e.
    pub fading_secs: f64,
    /// A gap of more samples than this is one.
    pub samples: f64,
    /// Processing times of work that a removal loses, where workers do not finish first: half a message's.
    pub lost: f64,
}

/// What is due when, and what can be started by then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reckoning {
    /// A boot and its delays are never reckoned closer than so many seconds.
    pub lead_least_secs: f64,
    /// Nearer than so many seconds, what goes or stays makes no difference yet: counters are that old.
    pub near_secs: f64,
    /// How far ahead a scale-in looks, in boot times.
    pub ahead_boots: f64,
    /// Messages that a free slot starts beyond one a processing time: one at once, less the half of one not done.
    pub begun: f64,
    /// The share of the waiting messages that must have arrived since the oldest of them, if never all of them did.
    pub arrived: f64,
    /// Processing times in which what the messages in flight had waited fades to 1/e.
    pub waited: f64,
    /// How many times what they had waited is taken from the time that an interruption leaves.
    pub waited_times: f64,
    /// Processing times that an interrupted message may take until it is started again.
    pub delay: f64,
}

/// How many means of the arrivals are kept.
pub const MEANS: usize = 6;

/// The forecast of arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Spans of the means, in seconds.
    pub spans_secs: [f64; MEANS],
    /// The number of the mean that is asked first, from 0: that of four minutes.
    pub first: usize,
    /// What the beginning counts for, in seconds: a mean over a shorter time is all noise.
    pub head_start_secs: f64,
    /// The noise of the counters, as a share of what they count.
    pub noise: f64,
    /// Half of the errors' weight is gone after so many seconds.
    pub forgetting_secs: f64,
    /// By what share another expert must have been better than the first.
    pub better: f64,
    /// How long beyond what it looks back an expert that does must have been watched to be asked, in seconds: as
    /// long again, but so long at least.
    pub seasoned_least_secs: f64,
    /// And so long at most.
    pub seasoned_most_secs: f64,
    /// How far ahead arrivals are foretold at least, in seconds, however short the boot.
    pub horizon_least_secs: f64,
    /// How far an outlook goes beyond the objective, in boot times.
    pub outlook_boots: f64,
    /// An objective is tight when it leaves less than this beyond the boot, in boot times: no queue absorbs a surprise.
    pub tight_boots: f64,
}

/// Sudden arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jumps {
    /// The time a jump is seen in, in seconds.
    pub span_secs: f64,
    /// Standard deviations beyond which more arrivals are no chance.
    pub sigmas: f64,
    /// The noise of the counters, as a share of what they count.
    pub noise: f64,
    /// A variance in messages that is there even where nothing is expected: two messages are no jump.
    pub variance: f64,
    /// How much of a jump is believed to last.
    pub lasting: f64,
    /// What is lost of earlier jumps at each new one.
    pub lost: f64,
    /// Jumps' worth of trust to begin with.
    pub trust: f64,
}

/// The processing time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Processing {
    /// What is assumed when neither settings nor samples say anything, in seconds.
    pub guess_secs: f64,
    /// Completions that a hint is worth: after as many have been seen, it counts half.
    pub hint_worth: f64,
    /// Completions that the guess is worth.
    pub guess_worth: f64,
    /// What is lost of earlier minutes at each minute with work in it: half goes in 138 of them.
    pub lost: f64,
    /// So many messages should have been finished, and none was: that is no chance.
    pub hung: f64,
    /// The share of the messages that must be gone before their going says how fast they were worked on:
    /// counters are off by a few of a hundred.
    pub gone: f64,
    /// And how many they must be.
    pub gone_least: f64,
    /// And for how long they must have been going, in seconds: counters are some seconds old, now more, now less.
    pub emptying_secs: f64,
    /// A rise by more than this share of the messages is no noise, but arrivals.
    pub rise: f64,
    /// After how many seconds a watch without word shows that completions are not told.
    pub untold_secs: f64,
    /// For how many seconds samples are kept, and after how many without word completions are taken for not told.
    pub late_secs: f64,
    /// By what share a processing time must be off for the arrivals reckoned with it to be worth nothing.
    pub mistaken: f64,
}

/// The slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slots {
    /// What is assumed without hint or observation.
    pub guess: f64,
    /// Samples that a hint is worth: after as many have been seen, it counts half.
    pub hint_worth: f64,
    /// Samples that the guess is worth: any sample tells more.
    pub guess_worth: f64,
    /// Fewer no unit has, unless its workers are broken.
    pub least: f64,
    /// What is lost of earlier samples from spell to spell: half goes in 23 minutes with such samples.
    pub lost: f64,
    /// By what share slots must lie beyond a bound before they are held to be wrong: the counters are off by less.
    pub off: f64,
    /// Bounds that lie no farther apart than by this share are as good as one.
    pub narrow: f64,
}

/// The boot time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boot {
    /// What is assumed without hint or observation, in seconds: rather too long, for being late costs more.
    pub guess_secs: f64,
    /// Squared instances by which a candidate a factor of two from the hint is held to be wrong.
    pub hint_worth: f64,
    /// And one a factor of two from the guess.
    pub guess_worth: f64,
    /// The noise of the counters, as a share of what they count.
    pub noise: f64,
    /// And in instances, however few there are: one that comes to work between two samples.
    pub noise_units: f64,
    /// By what share boots are shorter or longer than the mean one.
    pub spread: f64,
    /// Squared instances beyond which an error says no more: an outage is no long boot.
    pub worst: f64,
    /// Samples that are proof of a boot time, for each squared instance that the hint is worth.
    pub proof: f64,
    /// What is lost of earlier samples from spell to spell: half goes in two hours with such samples.
    pub lost: f64,
    /// By what share slots must turn out different until what was judged by them is worth nothing: half as many as
    /// believed look like instances that still boot.
    pub misjudged: f64,
    /// Boot times after which an instance certainly works.
    pub certain: f64,
    /// Boot times, as told or guessed, after which it should.
    pub broken: f64,
}

/// Samples in general.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Samples {
    /// How far apart samples are, in seconds, of which a constant says what one tells and what is lost of earlier ones.
    pub spell_secs: f64,
    /// After more seconds without samples, the difference of two counters says little.
    pub gap_secs: f64,
    /// For how many seconds messages must be seen waiting before those in flight are taken for all that the fleet
    /// can take: counters are seconds old.
    pub busy_secs: f64,
    /// Processing times after which nothing is in flight any more that a removed instance left: nobody works on it.
    pub left_behind: f64,
    /// How much faster than believed a fleet may be that has emptied its queue.
    pub faster: f64,
    /// For how many seconds an emptied queue is doubted, at least: see [`Tuning::settling_secs`].
    pub settling_least_secs: f64,
    /// And for how many samples.
    pub settling: f64,
    /// How far back the oldest message is looked for at least, in seconds.
    pub back_secs: f64,
}

impl Tuning {
    /// The constants as shipped.
    pub const SHIPPED: Self = Self {
        lead_boots: 1.37,
        reserve: 0.14,
        reserve_swing: 0.10,
        calm: 0.33,
        headroom: 0.45,
        headroom_most: 0.15,
        headroom_late: 2.65,
        headroom_staying: 2.0,
        remainder: 0.27,
        first_order: 1.5,
        first_order_steps: 2.0,
        keeping: 0.5,
        interruptions: 0.0025,
        believed: 0.5,
        budget: Budget {
            allowed: 0.008,
            forgetting_secs: 86_400.0,
            proof: 2000.0,
            even: 0.5,
            few_hourly: 20.0,
            calm: 0.4,
            alarming: 2.0,
            first: 0.1,
            no_risk: 0.01,
        },
        hedge: Hedge { allowed: 0.0045, forgetting_secs: 86_400.0, pressed: 0.3, few_hourly: 20.0 },
        idle: Idle {
            waits: [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0],
            ahead: 3.0,
            fading_secs: 50_000.0,
            samples: 1.5,
            lost: 0.5,
        },
        reckoning: Reckoning {
            lead_least_secs: 20.0,
            near_secs: 40.0,
            ahead_boots: 1.2,
            begun: 0.5,
            arrived: 0.8,
            waited: 2.0,
            waited_times: 2.0,
            delay: 2.5,
        },
        forecast: Forecast {
            spans_secs: [30.0, 90.0, 240.0, 720.0, 2400.0, 10_800.0],
            first: 2,
            head_start_secs: 50.0,
            noise: 0.05,
            forgetting_secs: 10_800.0,
            better: 0.02,
            seasoned_least_secs: 3600.0,
            seasoned_most_secs: 43_200.0,
            horizon_least_secs: 30.0,
            outlook_boots: 1.5,
            tight_boots: 1.3,
        },
        jumps: Jumps {
            span_secs: 30.0,
            sigmas: 5.0,
            noise: 0.07,
            variance: 4.0,
            lasting: 0.7,
            lost: 0.005,
            trust: 3.0,
        },
        processing: Processing {
            guess_secs: 10.0,
            hint_worth: 8.0,
            guess_worth: 1.0,
            lost: 0.005,
            hung: 10.0,
            gone: 0.5,
            gone_least: 20.0,
            emptying_secs: 60.0,
            rise: 0.15,
            untold_secs: 900.0,
            late_secs: 1200.0,
            mistaken: 0.8,
        },
        slots: Slots {
            guess: 1.0,
            hint_worth: 1.5,
            guess_worth: 0.05,
            least: 0.25,
            lost: 0.005,
            off: 0.1,
            narrow: 0.25,
        },
        boot: Boot {
            guess_secs: 240.0,
            hint_worth: 1.5,
            guess_worth: 0.5,
            noise: 0.08,
            noise_units: 0.5,
            spread: 1.0 / 6.0,
            worst: 9.0,
            proof: 10.0,
            lost: 0.001,
            misjudged: 0.3,
            certain: 1.25,
            broken: 3.0,
        },
        samples: Samples {
            spell_secs: 10.0,
            gap_secs: 900.0,
            busy_secs: 15.0,
            left_behind: 3.0,
            faster: 2.0,
            settling_least_secs: 30.0,
            settling: 2.5,
            back_secs: 600.0,
        },
    };

    /// How long all counters must read zero before a queue is believed to be empty that need not be, in seconds,
    /// where samples are `sample_secs` apart: SQS's counters are seconds old and may read zero for a sample or
    /// two, so that two false ones are survived.
    #[must_use]
    pub fn settling_secs(&self, sample_secs: f64) -> f64 {
        self.samples.settling_least_secs.max(self.samples.settling * sample_secs)
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Self::SHIPPED
    }
}
