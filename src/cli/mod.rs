//! The command line: one file a subcommand, each of which only calls what does the work.

mod check;
mod completions;
mod demo;
mod explain;
mod iam;
#[cfg(test)]
mod manual;
mod pause;
mod policy;
mod replay;
mod resume;
mod run;
mod schema;
mod simulate;
mod status;

use crate::daemon::logging::{self, Log};
use crate::publish::Form;
use crate::settings::{self, Mistakes, Settings};
use clap::{Parser, Subcommand, ValueEnum};
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

/// The queue-backlog autoscaler daemon for AWS.
///
/// Samples SQS queues and Auto Scaling groups, publishes the backlog per instance to CloudWatch and,
/// where it is asked to, sets the group's desired capacity.
#[derive(Debug, Parser)]
#[command(name = "backlogd", version, propagate_version = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
First steps:
  backlogd demo            see it work, without an AWS account
  backlogd simulate        what would it cost, and who would wait?
  backlogd check           is the settings file sound, and what does it say?
  backlogd check --online  does it fit what is there? Reads AWS, writes nothing
  backlogd iam             what must it be allowed to do?
  backlogd run --dry-run   what would it do? Reads AWS, writes nothing
  backlogd status          what is the running daemon doing?
  backlogd pause NAME      hold it for a while; resume ends that

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something to do (policy plan), 69 AWS or the daemon \
unreachable, 78 settings";

const DEFAULT_CONFIG: &str = "/etc/backlogd/backlogd.toml";

/// What every subcommand takes.
#[derive(Debug, clap::Args)]
struct Common {
    /// The settings file; `conf.d/*.toml` beside it may add scalers
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        env = "BACKLOGD_CONFIG",
        default_value = DEFAULT_CONFIG
    )]
    config: PathBuf,
    /// Where the log goes [default: journal under systemd, text elsewhere]
    #[arg(long, global = true, value_name = "FORM")]
    log: Option<LogForm>,
    /// From which level on things are logged: error, warn, info, debug, trace; or module=level, separated by commas [default: info, or warn while records are printed]
    #[arg(long, global = true, value_name = "LEVEL", env = "BACKLOGD_LOG", value_parser = logging::directives)]
    log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon; on a terminal, print a line a tick
    ///
    /// SIGTERM and SIGINT end it once the ticks in progress are done, a second one at once. SIGHUP lets it read its settings anew; on a terminal, or with --once, it ends the run as SIGTERM does.
    Run(run::Args),
    /// Check the settings, and say what they mean and cost; with --online, prove them against AWS
    Check(check::Args),
    /// Ask the running daemon how its scalers are doing
    Status(status::Args),
    /// Hold a scaler's changes, over restarts too, for a time or until it is resumed
    Pause(pause::Args),
    /// End a pause
    Resume(resume::Args),
    /// Take one look, decide, and show each step, or those of a decision of the past; writes nothing
    Explain(explain::Args),
    /// Print the IAM policy that these settings need and no more, or check one; calls nothing
    Iam(iam::Args),
    /// Let AWS drive: plan, apply or remove the target-tracking policy on the published metric
    Policy(policy::Args),
    /// Try the controller on a workload: late messages, cost, and what others would pay; no account, no network
    Simulate(Box<simulate::Args>),
    /// Hold other settings against decisions on record: what would they have decided? Calls nothing
    Replay(replay::Args),
    /// Watch it work on an embedded world; no account, no network
    Demo(demo::Args),
    /// Print the JSON Schema of the settings file, by which editors complete and check it
    Schema,
    /// Print shell completions
    Completions(completions::Args),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogForm {
    /// The systemd journal, with native fields
    Journal,
    /// Lines on standard error
    Text,
    /// JSON objects on standard error
    Json,
}

/// The form of what is printed on standard output.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
}

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    /// The code of clap, for what it cannot know to be wrong.
    Usage = 2,
    /// `policy plan`: what is there is not what is wanted.
    Differs = 3,
    /// `EX_UNAVAILABLE` of sysexits.h.
    Unreachable = 69,
    /// `EX_CONFIG` of sysexits.h.
    Settings = 78,
}

/// Understands the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. If nobody listens, nothing is lost.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let exit = match cli.command {
        Command::Run(args) => run::run(&cli.common, &args),
        Command::Check(args) => check::check(&cli.common, &args),
        Command::Status(args) => status::status(&cli.common, &args),
        Command::Pause(args) => pause::pause(&cli.common, &args),
        Command::Resume(args) => resume::resume(&cli.common, &args),
        Command::Explain(args) => explain::explain(&cli.common, &args),
        Command::Iam(args) => iam::iam(&cli.common, &args),
        Command::Policy(args) => policy::policy(&cli.common, &args),
        Command::Simulate(args) => simulate::simulate(&cli.common, &args),
        Command::Replay(args) => replay::replay(&cli.common, &args),
        Command::Demo(args) => demo::demo(&args),
        Command::Schema => schema::schema(),
        Command::Completions(args) => completions::completions(&args),
    };
    ExitCode::from(exit as u8)
}

impl Common {
    /// The settings; or, after saying what is wrong with them, the exit code.
    fn settings(&self) -> Result<Settings, Exit> {
        settings::load(&self.config).map_err(|mistakes| refuse(&mistakes))
    }

    /// The same, but nothing where no file was named and there is none at the usual place.
    fn settings_if_there(&self) -> Result<Option<Settings>, Exit> {
        let usual = self.config.as_os_str() == DEFAULT_CONFIG;
        if usual && !self.config.exists() { Ok(None) } else { self.settings().map(Some) }
    }

    /// Starts the log, and says where it goes.
    fn start_log(&self, level: &str) -> Result<Log, Exit> {
        let log = match self.log {
            None => Log::by_surroundings(),
            Some(LogForm::Journal) => Log::Journal,
            Some(LogForm::Text) => Log::Text,
            Some(LogForm::Json) => Log::Json,
        };
        match log.start(self.log_level.as_deref().unwrap_or(level)) {
            Ok(()) => Ok(log),
            Err(failure) => {
                complain(&failure);
                Err(Exit::Failed)
            }
        }
    }
}

impl From<Output> for Form {
    fn from(output: Output) -> Self {
        match output {
            Output::Text => Self::Text,
            Output::Json => Self::Json,
        }
    }
}

/// Words to people, on standard error.
fn say(words: &str) {
    // With standard error gone there is nobody left to tell.
    drop(writeln!(io::stderr().lock(), "{}", words.trim_end()));
}

/// Every mistake in the settings, on standard error.
fn refuse(mistakes: &Mistakes) -> Exit {
    say(&mistakes.render(io::stderr().is_terminal()));
    Exit::Settings
}

/// What went wrong, on standard error.
fn complain(failure: &dyn std::fmt::Display) {
    say(&format!("error: {failure}"));
}

/// Data to whoever reads standard output; the exit code says whether it could be written.
fn print(data: &str) -> Exit {
    match print_on(data) {
        ControlFlow::Continue(()) => Exit::Done,
        ControlFlow::Break(exit) => exit,
    }
}

/// The same for who has more to print; nobody would read it after a `Break`.
fn print_on(data: &str) -> ControlFlow<Exit> {
    match crate::publish::print(data.trim_end()) {
        Ok(()) => ControlFlow::Continue(()),
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ControlFlow::Break(Exit::Done),
        Err(error) => {
            complain(&format_args!("cannot write to standard output: {error}"));
            ControlFlow::Break(Exit::Failed)
        }
    }
}

/// Runs `work` to its end on this thread.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map(|runtime| runtime.block_on(work)).map_err(|error| {
        complain(&format_args!("cannot start: {error}"));
        Exit::Failed
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Lines that an editor broke would be broken once more by a narrower terminal.
    #[test]
    fn sentences_below_a_help_are_broken_by_the_terminal_alone() {
        fn look(command: &clap::Command) {
            let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let sentence = |line: &str| !line.is_empty() && !line.starts_with(' ');
            for (line, next) in below.lines().zip(below.lines().skip(1)) {
                assert!(!(sentence(line) && sentence(next)), "{}: {line}", command.get_name());
            }
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }
}
