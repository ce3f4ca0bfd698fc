use super::{Common, Exit, Output, block_on, complain, print};
use crate::daemon::{Ending, ending};
use crate::explain::{self, Failure};
use crate::publish::json;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scaler's name
    scaler: String,
    /// How the decision is printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Output,
}

pub(super) fn explain(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
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
