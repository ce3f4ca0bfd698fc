//! The one door to the AWS SDK: its configuration, and what its errors mean.

mod arn;
mod calls;
mod failure;
mod gather;
mod place;
mod session;
mod skew;

pub use arn::{Arn, is_account, is_region};
pub use calls::Calls;
pub use failure::Failure;
pub use gather::{Gathering, gather};
pub use place::{Place, Role};
pub use session::{NoRegion, Patience, Session, open};
pub use skew::Skew;
