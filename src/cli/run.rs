use super::{Common, Exit, Output, block_on, complain};
use crate::daemon::{self, Ending, Failure, Options};
use crate::publish::Form;
use std::io::{self, IsTerminal};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Read the real world and print what would be done, writing nothing; in the environment, any value but 0, no, off and false says so
    #[arg(long, env = "BACKLOGD_DRY_RUN", value_parser = clap::builder::FalseyValueParser::new())]
    dry_run: bool,
    /// One tick of each scaler, then exit: 0, 1 if a reading was missing, a write failed or figures were not published, 69 if AWS was unreachable
    #[arg(long)]
    once: bool,
    /// Print each decision record [default: text on a terminal, with --dry-run or --once; nothing else]
    #[arg(long, value_name = "FORM")]
    output: Option<Output>,
}

pub(super) fn run(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let shown = args.dry_run || args.once || io::stdout().is_terminal();
    let form = args.output.map(Form::from).or(shown.then_some(Form::Text));
    // Printed records need not be told again by the log.
    let level = if form.is_some() { "warn,backlogd::publish::journal=error" } else { "info" };
    if let Err(exit) = common.start_log(level) {
        return exit;
    }
    let reload = (!args.once && !on_a_terminal()).then(|| common.config.clone());
    let options = Options { dry_run: args.dry_run, once: args.once, form, reload };
    match block_on(daemon::run(settings, options)) {
        Ok(Ok(Ending::Well)) => Exit::Done,
        Ok(Ok(Ending::Troubled | Ending::Aborted)) => Exit::Failed,
        Ok(Ok(Ending::Unreachable)) => Exit::Unreachable,
        Ok(Err(failure)) => {
            complain(&failure);
            if matches!(failure, Failure::Unfit(_)) { Exit::Settings } else { Exit::Failed }
        }
        Err(exit) => exit,
    }
}

/// Whether there is a terminal that may go away, of which SIGHUP tells. Without one it tells a daemon to
/// read its settings anew.
fn on_a_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}
