use super::{Common, Exit, Output, block_on, complain, print};
use crate::calendar::paused;
use crate::clock::Clock;
use crate::model::Timestamp;
use crate::online::{self, Cost, Report, Verdict};
use crate::settings::{self, Settings};
use crate::store::PauseFile;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Hold the settings against AWS as well: queues, groups, permissions, clock, rivals; reads only
    #[arg(long)]
    online: bool,
    /// How the findings are printed
    #[arg(long, value_name = "FORM", default_value = "text", requires = "online")]
    output: Output,
}

pub(super) fn check(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    if args.online {
        return check_online(common, &settings, args.output);
    }
    let now = Clock::start().now().wall;
    let (openings, pauses) = (settings::openings(&settings, now), pauses(&settings, now));
    let parts = [settings::describe(&settings), pauses, openings, Cost::of(&settings.scalers).table()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    print(&parts.join("\n"))
}

/// A line a scaler that is paused, or one that says why that cannot be told.
fn pauses(settings: &Settings, now: Timestamp) -> String {
    let dir = &settings.state_dir;
    let files = || settings.scalers.iter().map(|scaler| (&scaler.name, PauseFile::of(dir, &scaler.name)));
    if files().any(|(_, file)| file.is_hidden()) {
        let dir = dir.display();
        return format!(
            "what is paused is not known: this user may not read {dir}; sudo backlogd check tells\n"
        );
    }
    let pauses = files().filter_map(|(name, file)| Some((name, file.read(now)?)));
    let lines = pauses.map(|(name, pause)| format!("{name}: {}\n", paused(&pause, now)));
    lines.collect::<Vec<_>>().concat()
}

fn check_online(common: &Common, settings: &Settings, output: Output) -> Exit {
    if let Err(exit) = common.start_log("warn") {
        return exit;
    }
    let report = match block_on(online::check(settings)) {
        Ok(Ok(report)) => report,
        Ok(Err(unfit)) => {
            complain(&unfit);
            return Exit::Settings;
        }
        Err(exit) => return exit,
    };
    match print(&rendered(&report, output)) {
        Exit::Done => {}
        failed => return failed,
    }
    match report.verdict() {
        Verdict::Sound => Exit::Done,
        Verdict::Unsound => Exit::Failed,
        Verdict::Unreachable => Exit::Unreachable,
    }
}

fn rendered(report: &Report, output: Output) -> String {
    match output {
        Output::Text => online::text(report),
        Output::Json => online::json::lines(report),
    }
}
