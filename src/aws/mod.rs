//! The one door to the AWS SDK: its configuration, and what its errors mean.

mod arn;
mod place;

pub use arn::{Arn, is_account, is_region};
pub use place::{Place, Role};
