//! Where the log goes: to the journal with native fields under systemd, as text or JSON otherwise.

use super::log_layer::LogLayer;
use std::io::{self, IsTerminal};
use systemd_journal_logger::{JournalLog, connected_to_journal};
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// The forms of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// The systemd journal, each field a field of its own.
    Journal,
    /// Lines for people, on standard error.
    Text,
    /// A JSON object a line, on standard error.
    Json,
}

/// A log that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The level makes no sense.
    #[error(
        "cannot understand the log level: {0}; allowed is error, warn, info, debug, trace, or target=level"
    )]
    Level(#[from] ParseError),
    /// The journal was asked for and is not there.
    #[error("cannot reach the journal: {0}")]
    Journal(#[from] io::Error),
}

/// What the libraries have to say is of interest only when it is bad: the scheduler, for one, tells
/// of its own construction at INFO.
const QUIET: &str = "tokio_cron_scheduler=warn,aws_config=error,aws_smithy_runtime=warn,hyper=warn";

/// Checks what is to be logged: a level, or `module=level`, or several, separated by commas.
///
/// By itself the filter would take a misspelt level for a module's name, and log nothing.
pub fn directives(text: &str) -> Result<String, String> {
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    for directive in text.split(',') {
        let level = directive.rsplit('=').next().unwrap_or(directive).trim();
        if !levels.contains(&level.to_lowercase().as_str()) {
            return Err(format!("{level:?} is no level; levels are {}", levels.join(", ")));
        }
    }
    Ok(text.to_owned())
}

impl Log {
    /// The journal where standard error is connected to it and it can be reached, text elsewhere.
    #[must_use]
    pub fn by_surroundings() -> Self {
        if connected_to_journal() && JournalLog::new().is_ok() { Self::Journal } else { Self::Text }
    }

    /// Sends everything from `level` on here, for the rest of the process's life.
    pub fn start(self, level: &str) -> Result<(), Failure> {
        let filter = EnvFilter::try_new(format!("{QUIET},{level}"))?;
        let layer: Box<dyn Layer<Registry> + Send + Sync> = match self {
            Self::Journal => {
                let journal = JournalLog::new()?.with_syslog_identifier("backlogd".to_owned());
                Box::new(LogLayer { sink: journal })
            }
            Self::Text => {
                let colour = io::stderr().is_terminal();
                let layer = fmt::layer().with_writer(io::stderr).with_target(false).with_ansi(colour);
                // Of a log that cannot be written, standard error cannot be told either.
                Box::new(layer.log_internal_errors(false))
            }
            Self::Json => {
                let layer = fmt::layer().json().flatten_event(true).with_writer(io::stderr);
                Box::new(layer.log_internal_errors(false))
            }
        };
        tracing_subscriber::registry().with(layer.with_filter(filter)).init();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_no_modules_name() {
        for sound in ["info", "WARN", "warn,aws_config=debug", "backlogd::publish::journal=error"] {
            assert_eq!(directives(sound).as_deref(), Ok(sound));
        }
        for typo in ["wran", "loud", "", "info,backlogd=wran"] {
            assert!(directives(typo).unwrap_err().contains("levels are error, warn"), "{typo:?}");
        }
    }
}
