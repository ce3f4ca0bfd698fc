use super::{Exit, print};
use crate::settings;

pub(super) fn schema() -> Exit {
    print(&format!("{:#}", settings::schema()))
}
