//! The one door to the AWS SDK: its configuration, and what its errors mean.

mod place;

pub use place::{Place, Role};
