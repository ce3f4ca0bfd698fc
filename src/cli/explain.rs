use super::{Common, Exit, Output, block_on, complain, print};
use crate::clock::Clock;
use crate::daemon::{Ending, ending};
use crate::explain::past::{self, When};
use crate::explain::{self, Failure};
use crate::publish::json;
use crate::settings::Settings;
use std::str::FromStr;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scaler's name
    scaler: String,
    /// Tell of the past instead: the decision at or just before TIME, from the history that the daemon keeps; TIME is such as 2026-11-20T10:00:10Z, or "10m ago"
    #[arg(long, value_name = "TIME", value_parser = When::from_str)]
    at: Option<When>,
    /// How the decision is printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Output,
}

pub(super) fn explain(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    if let Some(when) = args.at {
        return look_back(&settings, args, when);
    }
    if let Err(exit) = common.start_log("warn,backlogd::publish::journal=error") {
        return exit;
    }
    let explanation = match block_on(explain::explain(settings, &args.scaler)) {
        Ok(Ok(explanation)) => explanation,
        Ok(Err(failure)) => {
            complain(&failure);
            return if matches!(failure, Failure::Unfit(_)) { Exit::Settings } else { Exit::Failed };
        }
        Err(exit) => return exit,
    };
    let printed = print(&match args.output {
        Output::Text => explain::at_length(&explanation),
        Output::Json => json::line(&explanation.record),
    });
    if printed != Exit::Done {
        return printed;
    }
    match ending(&explanation.record) {
        Ending::Well => Exit::Done,
        Ending::Unreachable => Exit::Unreachable,
        Ending::Troubled | Ending::Aborted => Exit::Failed,
    }
}

fn look_back(settings: &Settings, args: &Args, when: When) -> Exit {
    let asked = when.resolved(Clock::start().now().wall);
    match past::look_back(&settings.state_dir, &args.scaler, asked) {
        Ok(past) => print(&match args.output {
            Output::Text => past::at_length(&past),
            Output::Json => past.line,
        }),
        Err(unknown) => {
            complain(&unknown);
            Exit::Failed
        }
    }
}
