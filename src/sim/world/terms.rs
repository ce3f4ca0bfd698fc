use std::ops::RangeInclusive;
use std::time::Duration;

/// What the queue and its counters are like.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueTerms {
    /// How long the messages of a stopped worker stay hidden.
    pub visibility_timeout: Duration,
    /// How old a reading of the counters may be; in steps of 5 s.
    pub stale_max: Duration,
    /// By how much the counters are off: the standard deviation of a factor, each counter its own.
    pub noise_percent: f64,
    /// Readings of 100 that show a message or two which are not there.
    pub phantom_percent: f64,
    /// Readings of 100 that show an empty queue, whatever is in it.
    pub zero_percent: f64,
}

/// What a group and its workers are like. Workers renew the visibility of what they work on.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupTerms {
    /// The group's lower limit, in capacity units.
    pub min: u32,
    /// The group's upper limit, in capacity units.
    pub max: u32,
    /// Instances that are in service and billed when the world begins; within the limits.
    pub initial: u32,
    /// Messages that one capacity unit works on at once; 1 or more.
    pub slots: u32,
    /// Time from launch until the first message is received: uniform, drawn by launch.
    pub boot: RangeInclusive<Duration>,
    /// Time from launch until an instance is in service, as the group says; nothing: as long as it boots.
    pub in_service_after: Option<Duration>,
    /// How long an instance is terminating, and billed, after its last work.
    pub stopping: Duration,
    /// Which instances a scale-in takes.
    pub victims: Victims,
    /// Capacity units that one launch after the other stands for, in turn; 1 each where there are none.
    pub weights: Vec<u32>,
    /// What goes wrong.
    pub faults: Faults,
}

/// Which instances a scale-in takes. Nobody can choose: the group does, with equal chances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Victims {
    /// Any, booting ones too. What a victim was working on comes back once its visibility timeout has
    /// passed, and the work is lost.
    #[default]
    Any,
    /// Any that has no work: workers turn on scale-in protection while they are busy. When too few
    /// are idle, the group waits for the next one that is.
    Idle,
    /// Any, booting ones too. A victim takes no more messages, finishes what it has, and is billed until then.
    Drain,
}

/// What goes wrong with a group. Times are since the beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Launches of 100 that never come into service.
    pub failed_launches_percent: f64,
    /// How long a failed launch stays pending before the group gives it up and launches another.
    pub failed_after: Duration,
    /// From when on there is capacity for how many instances. None that runs is taken away.
    pub ceilings: Vec<(Duration, u32)>,
    /// When somebody else sets the desired capacity to what.
    pub meddling: Vec<(Duration, u32)>,
    /// How long an instance lives on average before the provider takes it back; nothing: for ever.
    pub mean_life: Option<Duration>,
}
