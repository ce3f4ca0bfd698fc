//! A world to try things on: a queue, its producers and a group of workers, all made of numbers.
//!
//! [`World`] is pure: time is an argument, and all chance comes from one seed, so the same seed gives
//! the same run on every platform. [`SimSource`] and [`SimTarget`] are its ports, behind which the
//! shipped engine cannot tell it from AWS; [`Stage`] puts
//! both together for one story, and [`demo`] shows it.

pub mod demo;
mod group;
mod load;
mod ports;
mod show;
mod stage;
mod world;

pub use group::{GroupTerms, Refused, Victims};
pub use load::{Message, Phase, messages};
pub use ports::{Shared, SimSource, SimTarget, lock, share};
pub use stage::Stage;
pub use world::{Census, Counters, QueueTerms, Tally, World};
