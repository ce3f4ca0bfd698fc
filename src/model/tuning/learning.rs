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
    /// Half of the errors' weight is gone after so many seconds.
    pub forgetting_secs: f64,
    /// By what share another expert must have been better than the first.
    pub better: f64,
    /// How long beyond what it looks back an expert that does must have been watched to be asked, in seconds: as
    /// long again, but so long at most.
    pub seasoned_secs: f64,
}

/// Sudden arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jumps {
    /// Standard deviations beyond which more arrivals are no chance.
    pub sigmas: f64,
    /// A variance in messages that is there even where nothing is expected: two messages are no jump.
    pub variance: f64,
    /// How much of a jump is believed to last.
    pub lasting: f64,
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
    /// The longest guess that work which nobody finishes leads to, in seconds.
    pub unfinished_most_secs: f64,
    /// So many messages that should have been finished and were not, or that went, are no chance.
    pub proof: f64,
    /// The share of the messages that must be gone before their going says how fast they were worked on:
    /// counters are off by a few of a hundred.
    pub gone: f64,
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
}

/// The boot time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boot {
    /// What is assumed without hint or observation, in seconds: rather too long, for being late costs more.
    pub guess_secs: f64,
    /// Squared instances by which a candidate a factor of two from the hint, or from the assumed spread, is held to be
    /// wrong.
    pub hint_worth: f64,
    /// And one a factor of two from the guess.
    pub guess_worth: f64,
    /// The noise of instances at work, however few there are: one that comes to work between two samples.
    pub noise_units: f64,
    /// By what share boots are assumed to be shorter or longer than the mean one.
    pub spread: f64,
    /// Squared instances beyond which an error says no more: an outage is no long boot.
    pub worst: f64,
    /// Samples that are proof of a boot time, for each squared instance that the hint is worth.
    pub proof: f64,
    /// Boot times, as told or guessed, after which an instance should work: one that does not is broken.
    pub broken: f64,
}

/// Samples in general.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Samples {
    /// How far apart samples are, in seconds, of which a constant says what one tells and what is lost of earlier ones.
    pub spell_secs: f64,
    /// Processing times after which nothing is in flight any more that a removed instance left: nobody works on it.
    pub left_behind: f64,
    /// How much faster than believed a fleet may be that has emptied its queue.
    pub faster: f64,
    /// For how many samples an emptied queue is doubted: see [`super::Tuning::settling_secs`].
    pub settling: f64,
}

impl Forecast {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        spans_secs: [30.0, 90.0, 240.0, 720.0, 2400.0, 10_800.0],
        first: 2,
        forgetting_secs: 10_800.0,
        better: 0.02,
        seasoned_secs: 43_200.0,
    };
}

impl Jumps {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self { sigmas: 5.0, variance: 4.0, lasting: 0.7, trust: 3.0 };
}

impl Processing {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        guess_secs: 10.0,
        hint_worth: 8.0,
        guess_worth: 1.0,
        unfinished_most_secs: 300.0,
        proof: 10.0,
        gone: 0.5,
    };
}

impl Slots {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self { guess: 1.0, hint_worth: 1.5, guess_worth: 0.05 };
}

impl Boot {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self {
        guess_secs: 240.0,
        hint_worth: 1.5,
        guess_worth: 0.5,
        noise_units: 0.5,
        spread: 1.0 / 6.0,
        worst: 9.0,
        proof: 10.0,
        broken: 3.0,
    };
}

impl Samples {
    /// The constants as shipped.
    pub(super) const SHIPPED: Self = Self { spell_secs: 10.0, left_behind: 3.0, faster: 2.0, settling: 2.5 };
}
