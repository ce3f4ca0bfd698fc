//! The settings file, checked once at the door. Beyond it nothing is text that should be a number.

use crate::aws::Place;
use crate::controller::Rules;
use crate::policy::{BacklogPerInstance, Step};
use crate::publish::Destination;
use crate::source::QueueAddress;
use std::path::PathBuf;

mod schedule;
pub use schedule::Schedule;

/// Everything the file (and its drop-ins) say, valid and with defaults filled in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where state files live.
    pub state_dir: PathBuf,
    /// The scalers, in file order; names are unique. At least one.
    pub scalers: Vec<Scaler>,
}

/// One `[[scaler]]`.
#[derive(Clone, Debug)]
pub struct Scaler {
    /// Its name: 1 to 64 of `a-z A-Z 0-9 . _ -`, starting with a letter or digit (it names a file).
    pub name: String,
    /// When it samples.
    pub schedule: Schedule,
    /// Whether it sets desired capacity.
    pub drive: bool,
    /// Where its calls go and as whom: its own `aws` table over the file's.
    pub place: Place,
    /// Its queues; at least one.
    pub sources: Vec<QueueSource>,
    /// Its Auto Scaling group's name.
    pub group: String,
    /// Its policy.
    pub policy: PolicyKind,
    /// Its limits and control.
    pub rules: Rules,
    /// Where its metrics go; nothing publishes nothing.
    pub publish: Option<Destination>,
}

/// One queue of a scaler.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueSource {
    /// The queue.
    pub address: QueueAddress,
    /// What one of its messages counts for; above 0.
    pub weight: f64,
    /// Whether messages in flight count as backlog.
    pub count_in_flight: bool,
    /// Whether delayed messages count as backlog.
    pub count_delayed: bool,
}

/// The policies, with their own settings.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyKind {
    /// `kind = "backlog_per_instance"`.
    BacklogPerInstance(BacklogPerInstance),
    /// `kind = "step"`.
    Step(Step),
}
