//! The settings file, checked once at the door. Beyond it nothing is text that should be a number.

use crate::aws::Place;
use crate::controller::Rules;
use crate::policy::{BacklogPerInstance, Step};
use crate::publish::Destination;
use crate::publish::history::Keep;
use crate::source::QueueAddress;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod cross;
mod file;
mod forms;
mod hints;
mod listen;
#[cfg(test)]
mod manual;
mod mistake;
mod named;
mod notify;
mod policy;
mod publish;
mod reader;
#[cfg(test)]
mod reference;
mod rules;
mod scaler;
mod schedule;
mod schema;
#[cfg(test)]
mod tests;
mod whereabouts;
mod windows;
mod words;

pub use hints::hints;
pub use listen::{Http, Listen};
pub use mistake::Mistakes;
pub use named::NoScaler;
pub use notify::{Notify, Topic};
pub use schedule::Schedule;
pub use schema::schema;
pub use words::{describe, openings};

use mistake::Mistake;
use reader::Book;

/// Everything the file (and its drop-ins) say, valid and with defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where state files live.
    pub state_dir: PathBuf,
    /// How much of the history of decisions is kept there.
    pub history: Keep,
    /// Where it can be looked at over HTTP; nothing: nowhere.
    pub http: Option<Http>,
    /// The scalers, in file order; names are unique. At least one.
    pub scalers: Vec<Scaler>,
}

/// One `[[scaler]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// Its name: 1 to 64 of `a-z A-Z 0-9 . _ -`, starting with a letter or digit (it names a file).
    pub name: String,
    /// When it samples.
    pub schedule: Schedule,
    /// Whether it sets desired capacity.
    pub drive: bool,
    /// Where its calls go and as whom: its own `aws` table over the file's.
    pub place: Place,
    /// Its queues; at least one.
    pub sources: Vec<QueueSource>,
    /// Its Auto Scaling group's name.
    pub group: String,
    /// The group's account, 12 digits, when it was given by its ARN.
    pub group_account: Option<String>,
    /// Its policy.
    pub policy: PolicyKind,
    /// Its limits and control.
    pub rules: Rules,
    /// Where its metrics go; nothing publishes nothing.
    pub publish: Option<Destination>,
    /// When and where its troubles are told: as `[notify]` says, for all scalers alike.
    pub notify: Notify,
}

/// One queue of a scaler.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueSource {
    /// The queue.
    pub address: QueueAddress,
    /// What one of its messages counts for; above 0.
    pub weight: f64,
    /// Whether messages in flight count as backlog.
    pub count_in_flight: bool,
    /// Whether delayed messages count as backlog.
    pub count_delayed: bool,
}

/// The policies, with their own settings.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyKind {
    /// `kind = "latency"`.
    Latency(Latency),
    /// `kind = "backlog_per_instance"`.
    BacklogPerInstance(BacklogPerInstance),
    /// `kind = "step"`.
    Step(Step),
}

/// The wait that is acceptable, and what is known beforehand of the workload. What is not, is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// Longest acceptable time from a message's arrival until a worker receives it: 1 s to 14 days, the
    /// longest that SQS keeps a message.
    pub objective: Duration,
    /// Time that one message takes; above 0.
    pub processing: Option<Duration>,
    /// Time from ordering an instance until it works on its first message; above 0.
    pub boot: Option<Duration>,
    /// Messages that one unit of capacity works on at once; 1 or more. As `control.slots` says.
    pub slots: Option<u32>,
    /// Whether an instance that is given back finishes its messages first. If not, they return to the
    /// queue after the visibility timeout, and the work done on them is lost.
    pub drains: bool,
}

/// Reads the file at `path` and the drop-ins `conf.d/*.toml` beside it, in the order of their names.
pub fn load(path: &Path) -> Result<Settings, Mistakes> {
    let mut unreadable = Vec::new();
    let mut files = Vec::new();
    let drop_ins = drop_ins(path).unwrap_or_else(|mistake| {
        unreadable.push(mistake);
        Vec::new()
    });
    for path in std::iter::once(path.to_owned()).chain(drop_ins) {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|err| {
            unreadable.push(unreadable_file(&path, &err));
            String::new()
        });
        files.push((path.display().to_string(), text));
    }
    understand(files, unreadable)
}

/// Reads settings from names and texts of files: the main file first, then the drop-ins.
pub fn parse(files: &[(String, String)]) -> Result<Settings, Mistakes> {
    understand(files.to_vec(), Vec::new())
}

fn understand(files: Vec<(String, String)>, unreadable: Vec<Mistake>) -> Result<Settings, Mistakes> {
    let book = Book::new(unreadable);
    let settings = file::read(&files, &book);
    let mistakes = book.close();
    match settings {
        Some(settings) if mistakes.is_empty() => Ok(settings),
        _ => Err(Mistakes::new(files, mistakes)),
    }
}

/// The drop-ins beside the file at `path`; hidden files, such as an editor's, are none.
fn drop_ins(path: &Path) -> Result<Vec<PathBuf>, Mistake> {
    let folder = path.with_file_name("conf.d");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(unreadable_file(&folder, &err)),
    };
    let visible =
        |path: &PathBuf| !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let named = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let paths = paths.map_err(|err| unreadable_file(&folder, &err))?;
    let mut paths: Vec<PathBuf> = paths.into_iter().filter(visible).filter(named).collect();
    paths.sort();
    Ok(paths)
}

fn unreadable_file(path: &Path, err: &std::io::Error) -> Mistake {
    let help = match err.kind() {
        std::io::ErrorKind::NotFound => "create it, or name another file with --config",
        std::io::ErrorKind::PermissionDenied => "make it readable for the user that backlogd runs as",
        std::io::ErrorKind::InvalidData => "save it as UTF-8 text",
        _ => "see that it is a file that can be read",
    };
    Mistake::without_place(format!("cannot read {}: {err}", path.display())).help(help)
}
