//! What survives a restart: the port, and its adapters.

mod claim;
mod file;
mod troubles;
mod unkept;

pub use claim::{Claim, InUse};
pub use file::StateFile;
pub use unkept::Unkept;

use crate::controller::State;
use crate::model::Now;
use crate::trouble::Known;
use std::fmt;

/// A place to keep one scaler's state.
pub trait Store: fmt::Debug + Send {
    /// Keeps `state`, in place of what was kept before: at once where a restart could miss it, and what
    /// only confirms what is kept within a minute. Its failures are its own to report.
    fn save(&mut self, now: Now, state: &State);

    /// Keeps what is known of troubles, at once where it is new. Its failures are its own to report as well.
    fn save_troubles(&mut self, known: &Known);
}
