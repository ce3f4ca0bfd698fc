use super::records::Unusable;
use super::run::UNSCORED;
use super::trace::Malformed;
use super::words::duration;
use super::workload::{LONGEST, MESSAGES_MAX};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A trace is not of its form.
    #[error("{}: {source}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Malformed,
    },
    /// Records cannot be used.
    #[error("{}: {source}", path.display())]
    Records {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: Unusable,
    },
    /// There is nothing to replay.
    #[error("there is no record in {}", .0.display())]
    NoRecords(PathBuf),
    /// The records do not tell of a queue that the settings have.
    #[error("{}: no record tells of queue {queue:?}; there are: {known}", path.display())]
    NoQueue {
        /// The file.
        path: PathBuf,
        /// The queue's name.
        queue: String,
        /// The names there are.
        known: String,
    },
    /// The scaler is not in the settings.
    #[error(transparent)]
    Unknown(#[from] crate::settings::NoScaler),
    /// Nobody said which scaler is meant.
    #[error("the settings have several scalers: {0}; choose one with --scaler")]
    Several(String),
    /// There are no settings to find a scaler in.
    #[error("--scaler {0:?} needs a settings file: name it with --config")]
    NoSettings(String),
    /// Records of several runs would be mixed up.
    #[error("--records takes one objective; name one with --objective")]
    SeveralObjectives,
    /// There is no such policy to compare with.
    #[error("--compare cannot be {asked:?}; there are: all, {known}")]
    NoPeer {
        /// The name asked for.
        asked: String,
        /// The names there are.
        known: String,
    },
    /// Nothing would be scored.
    #[error(
        "{workload}: no message arrives after the first {}, which is not scored; {count} arrive before: {advice}",
        duration(UNSCORED)
    )]
    NothingScored {
        /// The file, or what the workload is called.
        workload: String,
        /// How many messages there are.
        count: u64,
        /// What to do.
        advice: &'static str,
    },
    /// More time than anybody would wait for.
    #[error("{workload} lasts {}; at most {} can be simulated", duration(*lasts), duration(LONGEST))]
    TooLong {
        /// The file, or what the workload is called.
        workload: String,
        /// How long it is.
        lasts: Duration,
    },
    /// More messages than fit.
    #[error(
        "{workload}: {count} messages; at most {MESSAGES_MAX} can be simulated: give a shorter or a thinner one"
    )]
    TooMany {
        /// The file, or what the workload is called.
        workload: String,
        /// How many there are.
        count: u64,
    },
}

impl Refusal {
    /// Whether the command line asks for what there is not, rather than a file that cannot be used.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Records { source, .. } => matches!(source, Unusable::Several(_) | Unusable::Unknown { .. }),
            Self::Unknown(_)
            | Self::Several(_)
            | Self::NoSettings(_)
            | Self::SeveralObjectives
            | Self::NoPeer { .. } => true,
            Self::Unreadable { .. }
            | Self::Trace { .. }
            | Self::NoRecords(_)
            | Self::NoQueue { .. }
            | Self::NothingScored { .. }
            | Self::TooLong { .. }
            | Self::TooMany { .. } => false,
        }
    }
}
