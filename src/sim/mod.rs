//! A world to try things on: a queue, its producers and a group of workers, all made of numbers.
//!
//! [`World`] is pure: time is an argument, and all chance comes from one seed, so the same seed gives
//! the same run on every platform. [`SimSource`] and [`SimTarget`] are its ports, behind which the
//! shipped engine cannot tell it from AWS.
//!
//! A [`Case`] makes worlds that policies can be compared in: a [`Trace`] of arrivals, or a [`Shape`],
//! with a queue and a group. [`run_engine`] and [`run_peer`] make a [`Run`] of it, with the same
//! messages and the same luck for all. [`Stage`] is one story, and [`demo`] shows it.

mod bins;
mod bound;
mod case;
mod chance;
pub mod compare;
mod contest;
pub mod demo;
mod drive;
pub mod flags;
pub mod lines;
mod load;
pub mod peers;
mod ports;
mod progress;
pub mod records;
mod refusal;
pub mod replay;
pub mod report;
mod request;
mod rivals;
mod run;
mod save;
#[cfg(test)]
mod scene;
mod shapes;
mod shipped;
mod show;
mod stage;
pub mod table;
mod trace;
pub mod words;
mod workload;
mod world;

pub use bound::{Least, bound, least};
pub use case::{Case, START};
pub use contest::Contest;
pub use drive::{Driver, Names, PERIOD, run_engine, run_recorded};
pub use load::{Message, Phase, messages};
pub use ports::{Shared, SimSource, SimTarget, lock, share};
pub use refusal::Refusal;
pub use request::{Plan, Request};
pub use rivals::known_rivals;
pub use run::{Glance, Peer, Point, Run, Sent, UNSCORED, run_peer};
pub use save::{Unsaved, save};
pub use shapes::Shape;
pub use shipped::Shipped;
pub use stage::Stage;
pub use trace::{Malformed, Trace, Wrong};
pub use workload::Workload;
pub use world::{Census, Counts, Faults, GroupTerms, QueueTerms, Refused, Tally, Victims, World};
