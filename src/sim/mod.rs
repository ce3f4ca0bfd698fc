//! A world to try things on: a queue, its producers and a group of workers, all made of numbers.
//!
//! [`World`] is pure: time is an argument, and all chance comes from one seed, so the same seed gives
//! the same run on every platform. [`SimSource`] and [`SimTarget`] are its ports, behind which the
//! shipped engine cannot tell it from AWS.
//!
//! A [`Case`] makes worlds that policies can be compared in: a [`Trace`] of arrivals, or a [`Shape`],
//! with a queue and a group. [`run_engine`] and [`run_peer`] make a [`Run`] of it, with the same
//! messages and the same luck for all. [`Stage`] is one story, and [`demo`] shows it.

mod case;
mod chance;
pub mod demo;
mod drive;
mod load;
mod ports;
mod run;
mod shapes;
mod show;
mod stage;
mod trace;
mod world;

pub use case::{Case, START};
pub use drive::{Driver, PERIOD, run_engine};
pub use load::{Message, Phase, messages};
pub use ports::{Shared, SimSource, SimTarget, lock, share};
pub use run::{Glance, Peer, Point, Run, Sent, UNSCORED, run_peer};
pub use shapes::Shape;
pub use stage::Stage;
pub use trace::{Malformed, Trace, Wrong};
pub use world::{Census, Counts, Faults, GroupTerms, QueueTerms, Refused, Tally, Victims, World};
