//! The constants of what is learnt.

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
    /// For how many seconds nothing must have been finished to show that work takes longer than guessed: counters are
    /// some seconds old.
    pub unfinished_secs: f64,
    /// The longest guess that this leads to, in seconds.
    pub unfinished_most_secs: f64,
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
    /// By what share boots are assumed to be shorter or longer than the mean one.
    pub spread: f64,
    /// Squared instances by which a candidate for that share a factor of two from it is held to be wrong.
    pub spread_worth: f64,
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
    /// For how many seconds an emptied queue is doubted, at least: see [`super::Tuning::settling_secs`].
    pub settling_least_secs: f64,
    /// And for how many samples.
    pub settling: f64,
    /// How far back the oldest message is looked for at least, in seconds.
    pub back_secs: f64,
}

impl Forecast {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
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
    };
}

impl Jumps {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        span_secs: 30.0,
        sigmas: 5.0,
        noise: 0.07,
        variance: 4.0,
        lasting: 0.7,
        lost: 0.005,
        trust: 3.0,
    };
}

impl Processing {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        guess_secs: 10.0,
        hint_worth: 8.0,
        guess_worth: 1.0,
        unfinished_secs: 25.0,
        unfinished_most_secs: 300.0,
        lost: 0.005,
        hung: 10.0,
        gone: 0.5,
        gone_least: 20.0,
        emptying_secs: 60.0,
        rise: 0.15,
        untold_secs: 900.0,
        late_secs: 1200.0,
        mistaken: 0.8,
    };
}

impl Slots {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        guess: 1.0,
        hint_worth: 1.5,
        guess_worth: 0.05,
        least: 0.25,
        lost: 0.005,
        off: 0.1,
        narrow: 0.25,
    };
}

impl Boot {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        guess_secs: 240.0,
        hint_worth: 1.5,
        guess_worth: 0.5,
        noise: 0.08,
        noise_units: 0.5,
        spread: 1.0 / 6.0,
        spread_worth: 5.0,
        worst: 9.0,
        proof: 10.0,
        lost: 0.001,
        misjudged: 0.3,
        certain: 1.25,
        broken: 3.0,
    };
}

impl Samples {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        spell_secs: 10.0,
        gap_secs: 900.0,
        busy_secs: 15.0,
        left_behind: 3.0,
        faster: 2.0,
        settling_least_secs: 30.0,
        settling: 2.5,
        back_secs: 600.0,
    };
}
