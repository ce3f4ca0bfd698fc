use super::{Common, Exit, print};
use crate::settings;

pub(super) fn check(common: &Common) -> Exit {
    match common.settings() {
        Ok(settings) => print(&settings::describe(&settings)),
        Err(exit) => exit,
    }
}
