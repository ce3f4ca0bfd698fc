use super::{Common, Exit, complain, print};
use crate::calendar::{amount, paused};
use crate::clock::Clock;
use crate::model::Pause;
use crate::settings::{Scaler, Settings};
use crate::store::PauseFile;
use std::time::Duration;

/// Arguments of `pause`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// The scaler's name
    scaler: String,
    /// Pause scale-out [default: both directions]
    #[arg(long)]
    out: bool,
    /// Pause scale-in [default: both directions]
    #[arg(long = "in")]
    r#in: bool,
    /// For how long: a whole number of s, m, h or d, such as 2h [default: until it is resumed]
    #[arg(long = "for", value_name = "TIME", value_parser = lasting)]
    lasts: Option<Duration>,
}

const AFTER_HELP: &str = "\
What is paused is not done, whether by a daemon that runs now or by one that starts later; looking and \
publishing go on. The pause is a file in the state directory, and takes the place of an earlier one. It \
takes the rights of root, or of the user that the daemon runs as:
  sudo backlogd pause images --for 2h
  sudo backlogd pause images --in
  sudo backlogd resume images";

/// The longest that a pause may be asked for; beyond it, it lasts until it is resumed.
const LONGEST: Duration = Duration::from_hours(365 * 24);

fn lasting(text: &str) -> Result<Duration, &'static str> {
    amount(text).filter(|lasts| !lasts.is_zero() && *lasts <= LONGEST).ok_or(
        "must be a whole number of s, m, h or d, such as 30m or 2h: more than 0, and 365d at most; \
         without --for it lasts until it is resumed",
    )
}

pub(super) fn pause(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let (scaler, file) = match file_of(&settings, &args.scaler) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let since = Clock::start().now().wall;
    let both = args.out == args.r#in;
    let until = args.lasts.map(|lasts| since + lasts);
    let pause = Pause::Asked { out: both || args.out, r#in: both || args.r#in, since, until };
    let before = file.read(since);
    if let Err(failure) = file.set(&pause) {
        complain(&failure);
        return Exit::Failed;
    }
    let mut lines = vec![format!("{}: {}", scaler.name, paused(&pause, since))];
    lines.extend(before.map(|before| format!("in place of: {}", paused(&before, since))));
    if !scaler.drive {
        lines.push(
            "it only publishes (drive = false): whoever else sets the group's size is not held".to_owned(),
        );
    }
    lines.push("the daemon heeds it from its next tick on".to_owned());
    print(&lines.join("\n  "))
}

/// The scaler of this name, and the file in which it is paused.
pub(super) fn file_of<'s>(settings: &'s Settings, name: &str) -> Result<(&'s Scaler, PauseFile), Exit> {
    match settings.scaler(name) {
        Ok(scaler) => Ok((scaler, PauseFile::of(&settings.state_dir, &scaler.name))),
        Err(unknown) => {
            complain(&unknown);
            Err(Exit::Failed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lasts_a_whole_number_of_units_up_to_a_year() {
        for (text, secs) in [("30m", 1800), ("2h", 7200), ("1d", 86_400), ("365d", 31_536_000)] {
            assert_eq!(lasting(text), Ok(Duration::from_secs(secs)), "{text}");
        }
        for text in ["0h", "366d", "2", "h", "-2h", "1.5h", "two hours", ""] {
            assert!(lasting(text).unwrap_err().contains("such as 30m or 2h"), "{text:?}");
        }
    }
}
