//! The words of the whole program as plain values: what is seen, what is decided, what came of it.
//!
//! Nothing here does I/O, asks the time or logs; only the standard library is used.

mod decision;
mod estimate;
mod figure;
mod latency;
mod missing;
mod otherwise;
mod pause;
mod reason;
mod record;
mod sample;
mod time;
mod trouble;
pub mod tuning;
mod window;

pub use decision::{Action, Decision, Outcome};
pub use estimate::{Aged, Estimate, Hints, Learning, Learnt, Outlook};
pub use figure::rounded;
pub use latency::{Fewer, LatencyReason};
pub use missing::{Cause, Missing};
pub use pause::{Pause, PauseReason};
pub use reason::{Bound, Reason};
pub use record::{Metrics, Mode, Record};
pub use sample::{Backlog, DeadLetters, Deleted, Fleet, Instance, Queue, QueueFacts, Sample};
pub use time::{Now, Timestamp};
pub use trouble::{Trouble, TroubleKind, Turn};
pub use tuning::Tuning;
pub use window::{Opening, WindowReason};

/// The smallest whole number of capacity units that holds `units`, within what a group's sizes can express.
///
/// A negative number or NaN gives 0: neither is ever a wish for instances.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and NaN becomes 0"
)]
pub fn whole_units(units: f64) -> u32 {
    units.ceil() as u32
}
