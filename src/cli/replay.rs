use super::{Common, Exit, Output, complain, print};
use crate::explain::past;
use crate::publish::history;
use crate::sim::replay::{self, Asked};
use std::path::PathBuf;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// Decision records, one a line, as --output json prints them; or a directory of history [default: the history in the settings' state directory]
    records: Option<PathBuf>,
    /// Whose records, by the scaler's name [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    scaler: Option<String>,
    /// How the decisions are printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Output,
}

const AFTER_HELP: &str = "\
The loop is open: the fleet and the queues are as they were recorded, and do not react to the replayed \
decisions. What is shown is what other settings would have decided at each moment, not what would have \
come of it; `backlogd simulate --from-records` tells that.

Examples:
  backlogd replay --config new.toml
  backlogd replay records.jsonl --config new.toml --scaler images --output json";

pub(super) fn replay(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let usual = history::directory(&settings.state_dir);
    if args.records.is_none() && !usual.exists() {
        complain(&past::Unknown::None(usual));
        return Exit::Failed;
    }
    let asked = Asked { records: args.records.clone().unwrap_or(usual), scaler: args.scaler.clone() };
    match asked.replay(&settings) {
        Ok(replay) => print(&match args.output {
            Output::Text => replay::text(&replay),
            Output::Json => replay::lines(&replay).join("\n"),
        }),
        Err(refusal) => {
            complain(&refusal);
            if refusal.is_usage() { Exit::Usage } else { Exit::Failed }
        }
    }
}
