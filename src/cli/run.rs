use super::{Common, Exit, Output, block_on, complain, refuse};
use crate::daemon::logging::Log;
use crate::daemon::{self, Ending, Failure, Options};
use crate::http::Server;
use crate::publish::{Exposition, Form, Ledger};
use crate::settings::{self, Http, Settings};
use std::fmt::Display;
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
    let shown = args.dry_run || args.once || io::stdout().is_terminal();
    let form = args.output.map(Form::from).or(shown.then_some(Form::Text));
    // Printed records need not be told again by the log.
    let level = if form.is_some() { "warn,backlogd::publish::journal=error" } else { "info" };
    let log = match common.start_log(level) {
        Ok(log) => log,
        Err(exit) => return exit,
    };
    // People read it on standard error; the journal knows what to say about it.
    let tell_of_refusal = |why: &dyn Display| {
        if log == Log::Journal {
            daemon::tell_of_refusal(&common.config, "not started", why);
        }
    };
    let settings = match settings::load(&common.config) {
        Ok(settings) => settings,
        Err(mistakes) => {
            tell_of_refusal(&mistakes.in_a_line());
            return refuse(&mistakes);
        }
    };
    let reload = (!args.once && !on_a_terminal()).then(|| common.config.clone());
    let exposition = Exposition::default();
    let options = Options { dry_run: args.dry_run, once: args.once, form, ledger: None, exposition, reload };
    match block_on(watched(settings, options)) {
        Ok(Ok(Ending::Well)) => Exit::Done,
        Ok(Ok(Ending::Troubled | Ending::Aborted)) => Exit::Failed,
        Ok(Ok(Ending::Unreachable)) => Exit::Unreachable,
        Ok(Err(End { why, of_settings })) => {
            complain(&why);
            if !of_settings {
                return Exit::Failed;
            }
            tell_of_refusal(&why);
            Exit::Settings
        }
        Err(exit) => exit,
    }
}

/// Why there is no run.
struct End {
    why: Box<dyn Display>,
    /// Whether other settings would mend it.
    of_settings: bool,
}

/// Runs the daemon; where the settings say so, with a way to look at it.
async fn watched(settings: Settings, mut options: Options) -> Result<Ending, End> {
    let http = settings.http.as_ref().filter(|_| !options.once);
    if let Some(server) = http.map_or(Ok(None), |http| open(http, options.dry_run))? {
        tracing::info!("the status page is at {}", server.address());
        let (ledger, exposition) = (Ledger::default(), options.exposition.clone());
        options.ledger = Some(ledger.clone());
        tokio::spawn(server.with_metrics(move || exposition.encode()).serve(ledger));
    }
    let of_settings = |failure: &Failure| matches!(failure, Failure::Unfit(_));
    let end = |failure| End { of_settings: of_settings(&failure), why: Box::new(failure) };
    daemon::run(settings, options).await.map_err(end)
}

/// A dry run may be beside the daemon of the same settings, which listens there already.
fn open(http: &Http, dry_run: bool) -> Result<Option<Server>, End> {
    match Server::open(http) {
        Ok(server) => Ok(Some(server)),
        Err(failure) if dry_run => {
            tracing::warn!("this run has no status page: {failure}");
            Ok(None)
        }
        Err(failure) => Err(End { of_settings: failure.is_of_settings(), why: Box::new(failure) }),
    }
}

/// Whether there is a terminal that may go away, of which SIGHUP tells. Without one it tells a daemon to
/// read its settings anew.
fn on_a_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}
