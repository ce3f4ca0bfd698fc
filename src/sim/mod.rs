//! A world to try things on: a queue, its producers and a group of workers, all made of numbers.
//!
//! [`World`] is pure: time is an argument, and all chance comes from one seed, so the same seed gives
//! the same run on every platform. [`SimSource`] and [`SimTarget`] are its ports, behind which the
//! shipped engine cannot tell it from AWS; [`Stage`] puts
//! both together for one story, and [`demo`] shows it.

mod bound;
mod case;
mod chance;
pub mod demo;
mod drive;
mod load;
pub mod peers;
mod ports;
mod run;
mod shapes;
mod show;
mod stage;
mod trace;
mod world;

pub use bound::{STEP, bound, bound_at};
pub use case::{Case, START};
pub use drive::{Driver, PERIOD, run_engine};
pub use load::{Message, Phase, messages};
pub use ports::{Shared, SimSource, SimTarget, lock, share};
pub use run::{Glance, Peer, Point, Run, Sent, UNSCORED, run_peer};
pub use shapes::Shape;
pub use stage::Stage;
pub use trace::{Malformed, Trace, Wrong};
pub use world::{Census, Counts, Faults, GroupTerms, QueueTerms, Refused, Tally, Victims, World};
