use super::{Common, Exit, print};
use std::fmt::Write;

pub(super) fn check(common: &Common) -> Exit {
    match common.settings() {
        Ok(settings) => {
            let mut words = String::new();
            for scaler in &settings.scalers {
                let _written = writeln!(words, "{}: {}", scaler.name, scaler.schedule.describe());
            }
            print(&words)
        }
        Err(exit) => exit,
    }
}
