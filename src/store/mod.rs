//! What survives a restart: the port, and its adapters.

mod claim;
mod file;
mod onlooker;
mod pause;
mod troubles;
mod unkept;

pub use claim::{Claim, InUse};
pub use file::StateFile;
pub use onlooker::Onlooker;
pub use pause::{PauseFile, Unwritable};
pub use unkept::Unkept;

use crate::controller::State;
use crate::model::{Now, Pause, Timestamp};
use crate::trouble::Known;
use std::fmt;

/// A place to keep one scaler's state.
pub trait Store: fmt::Debug + Send {
    /// Keeps `state`, in place of what was kept before: at once where a restart could miss it, and what
    /// only confirms what is kept within a minute. Its failures are its own to report.
    fn save(&mut self, now: Now, state: &State);

    /// What somebody has paused that is in force at the time of day `wall`.
    fn pause(&mut self, wall: Timestamp) -> Option<Pause>;

    /// Keeps what is known of troubles, at once where it is new. Its failures are its own to report as well.
    fn save_troubles(&mut self, known: &Known);
}
