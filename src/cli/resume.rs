use super::pause::file_of;
use super::{Common, Exit, complain, print};
use crate::calendar::paused;
use crate::clock::Clock;

/// Arguments of `resume`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scaler's name
    scaler: String,
}

pub(super) fn resume(common: &Common, args: &Args) -> Exit {
    let (scaler, file) = match file_of(common, &args.scaler) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let now = Clock::start().now().wall;
    let before = file.read(now);
    if let Err(failure) = file.lift() {
        complain(&failure);
        return Exit::Failed;
    }
    let name = &scaler.name;
    print(&match before {
        Some(before) => format!(
            "{name}: resumed; until now {}\n  the daemon goes on from its next tick on",
            paused(&before, now)
        ),
        None => format!("{name}: it was not paused"),
    })
}
