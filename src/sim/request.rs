//! What is to be simulated: what was asked for, what the settings say, and defaults for the rest.

use super::case::Case;
use super::compare::Comparison;
use super::contest::Contest;
use super::drive::PERIOD;
use super::peers::{self, Setting};
use super::progress::Progress;
use super::run::UNSCORED;
use super::shapes::Shape;
use super::shipped::Shipped;
use super::trace::{Malformed, Trace};
use super::world::Victims;
use super::{records, words};
use crate::settings::{PolicyKind, Scaler, Settings};
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What was asked for. What was not is left to the settings, the records or a default.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose settings, by the scaler's name.
    pub scaler: Option<String>,
    /// What arrives.
    pub workload: Workload,
    /// Time a message takes.
    pub processing: Option<Duration>,
    /// Its coefficient of variation.
    pub processing_cv: f64,
    /// Messages one instance works on at once.
    pub slots: Option<u32>,
    /// Time from ordering an instance to its first message.
    pub boot: RangeInclusive<Duration>,
    /// Acceptable waits, a comparison each; none for the settings'.
    pub objectives: Vec<Duration>,
    /// How long the messages of a stopped worker stay hidden.
    pub visibility_timeout: Option<Duration>,
    /// The largest fleet.
    pub max: Option<u32>,
    /// Which instances a scale-in takes; nothing: as the settings say of the workers.
    pub victims: Option<Victims>,
    /// By how much the counters are off, as a standard deviation.
    pub noise_percent: f64,
    /// How old the counters may be.
    pub stale: Duration,
    /// What all chance comes from.
    pub seed: u64,
    /// Names of other policies to compare with, or `all`.
    pub compare: Vec<String>,
    /// The price of an instance-hour, in dollars.
    pub price_per_hour: Option<f64>,
    /// Whether to keep what is drawn over time.
    pub history: bool,
}

/// Where the arrivals come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// A CSV file, its rows so far apart; as far as its closest ones, if nothing is said.
    Trace(PathBuf, Option<Duration>),
    /// A built-in shape, so many messages a minute, for so long.
    Shape(Shape, f64, Duration),
    /// The daemon's records.
    Records(PathBuf),
}

/// What cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A trace is not of its form.
    #[error("{}: {source}", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Malformed,
    },
    /// Records cannot be used.
    #[error("{}: {source}", path.display())]
    Records {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: records::Unusable,
    },
    /// The scaler is not in the settings.
    #[error("no scaler is called {asked:?}; there are: {known}")]
    Unknown {
        /// The name asked for.
        asked: String,
        /// The names there are.
        known: String,
    },
    /// Nobody said which scaler is meant.
    #[error("the settings have several scalers: {0}; choose one with --scaler")]
    Several(String),
    /// There are no settings to find a scaler in.
    #[error("--scaler {0:?} needs a settings file: name it with --config")]
    NoSettings(String),
    /// There is no such policy to compare with.
    #[error("--compare cannot be {asked:?}; there are: all, {known}")]
    NoPeer {
        /// The name asked for.
        asked: String,
        /// The names there are.
        known: String,
    },
    /// Nothing would be scored.
    #[error(
        "{workload}: no message arrives after the first {unscored}, which are not scored; {count} arrive before"
    )]
    NothingScored {
        /// What the workload is called.
        workload: String,
        /// How long is not scored, in words.
        unscored: String,
        /// How many messages there are.
        count: u64,
    },
    /// More time than anybody would wait for.
    #[error("{workload} lasts {}; at most {} can be simulated", words::duration(*lasts), words::duration(LONGEST))]
    TooLong {
        /// What the workload is called.
        workload: String,
        /// How long it is.
        lasts: Duration,
    },
    /// More messages than fit.
    #[error("{workload}: {count} messages; at most {MESSAGES_MAX} can be simulated")]
    TooMany {
        /// What the workload is called.
        workload: String,
        /// How many there are.
        count: u64,
    },
}

/// What is simulated when nothing says otherwise.
const PROCESSING: Duration = Duration::from_secs(10);
const OBJECTIVE: Duration = Duration::from_mins(1);
const MAX: u32 = 100;
/// SQS's default, and the least that is assumed; else six times the processing time.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);

/// As much time as is simulated.
pub(super) const LONGEST: Duration = Duration::from_hours(24 * 366);
/// As many messages as are simulated, at about 100 bytes each.
const MESSAGES_MAX: u64 = 20_000_000;

/// All that is to be run.
#[derive(Debug)]
pub struct Plan {
    cases: Vec<Case>,
    shipped: Shipped,
    rivals: Vec<Setting>,
    price_per_hour: Option<f64>,
    history: bool,
    /// What whoever asked should know of what is assumed, a sentence each.
    pub remarks: Vec<String>,
}

/// Arrivals, and what else is known of them.
struct Arrivals {
    name: String,
    trace: Trace,
    together: bool,
    processing: Option<Duration>,
    max: Option<u32>,
}

impl Request {
    /// What is to be run, with the `settings` if there are any.
    pub fn plan(&self, settings: Option<Settings>) -> Result<Plan, Refusal> {
        let scaler = self.scaler(settings)?;
        let known = scaler.as_ref().map(known).unwrap_or_default();
        let arrivals = self.arrivals(known.processing)?;
        check(&arrivals)?;
        let rivals = rivals(&self.compare)?;
        let processing = self.processing.or(known.processing).or(arrivals.processing).unwrap_or(PROCESSING);
        let slots = self.slots.or(known.slots).unwrap_or(1);
        let max = self.max.or(known.max).or(arrivals.max).unwrap_or(MAX);
        let objectives = match (self.objectives.as_slice(), known.objective) {
            ([], Some(objective)) => vec![objective],
            ([], None) => vec![OBJECTIVE],
            (asked, _) => asked.to_vec(),
        };
        let remarks = self.remarks(scaler.as_ref(), &arrivals, processing);
        let Arrivals { name, trace, together, .. } = arrivals;
        let case = Case {
            name,
            trace,
            together,
            work_mean: processing,
            work_cv: self.processing_cv,
            slots,
            boot: self.boot.clone(),
            visibility_timeout: self.visibility_timeout.unwrap_or((processing * 6).max(VISIBILITY_TIMEOUT)),
            max,
            noise_percent: self.noise_percent,
            stale_max: self.stale,
            victims: self.victims.unwrap_or(if known.drains { Victims::Drain } else { Victims::Any }),
            seed: self.seed,
            ..Case::default()
        };
        let case = |objective| Case { objective, ..case.clone() };
        Ok(Plan {
            cases: objectives.into_iter().map(case).collect(),
            shipped: Shipped::new(scaler, slots, max),
            rivals,
            price_per_hour: self.price_per_hour,
            history: self.history,
            remarks,
        })
    }

    /// The scaler whose settings count, if there are settings.
    fn scaler(&self, settings: Option<Settings>) -> Result<Option<Scaler>, Refusal> {
        // Records may be of several scalers too: there, the name says which.
        let in_records = matches!(self.workload, Workload::Records(_));
        let Some(settings) = settings else {
            let unknown = self.scaler.clone().filter(|_| !in_records);
            return unknown.map_or(Ok(None), |asked| Err(Refusal::NoSettings(asked)));
        };
        let list = || settings.scalers.iter().map(|each| each.name.as_str()).collect::<Vec<_>>().join(", ");
        match (&self.scaler, settings.scalers.as_slice()) {
            (Some(asked), scalers) => match scalers.iter().find(|scaler| scaler.name == *asked) {
                Some(scaler) => Ok(Some(scaler.clone())),
                None => Err(Refusal::Unknown { asked: asked.clone(), known: list() }),
            },
            (None, [only]) => Ok(Some(only.clone())),
            (None, _) => Err(Refusal::Several(list())),
        }
    }

    fn arrivals(&self, processing: Option<Duration>) -> Result<Arrivals, Refusal> {
        let (trace, name, together) = match &self.workload {
            Workload::Records(path) => return self.recorded(path, processing),
            Workload::Trace(path, bin) => (read_trace(path, *bin)?, stem(path), false),
            Workload::Shape(shape, per_minute, lasts) => {
                let trace = shape.trace(*lasts, *per_minute, self.seed);
                (trace, shape.name().to_owned(), shape.together())
            }
        };
        Ok(Arrivals { name, trace, together, processing: None, max: None })
    }

    fn recorded(&self, path: &Path, processing: Option<Duration>) -> Result<Arrivals, Refusal> {
        let secs = self.processing.or(processing).map(|time| time.as_secs_f64());
        let read = records::read(&read_file(path)?, self.scaler.as_deref(), secs);
        let recorded = read.map_err(|source| Refusal::Records { path: path.to_owned(), source })?;
        Ok(Arrivals {
            name: recorded.scaler,
            trace: recorded.trace,
            together: false,
            processing: Some(Duration::from_secs_f64(recorded.processing_secs)),
            max: recorded.max,
        })
    }

    /// What whoever asked should know of what was assumed.
    fn remarks(&self, scaler: Option<&Scaler>, arrivals: &Arrivals, processing: Duration) -> Vec<String> {
        let count = arrivals.trace.total();
        let lasts = words::duration(arrivals.trace.lasts);
        let whose = scaler
            .map_or("no settings file: the latency policy as it is by default".to_owned(), |own| {
                format!("scaler {} as in the settings", own.name)
            });
        let what = match &self.workload {
            Workload::Shape(shape, per_minute, _) => {
                format!("the built-in shape {}, {per_minute} messages a minute", shape.name())
            }
            Workload::Trace(path, _) | Workload::Records(path) => path.display().to_string(),
        };
        let mut remarks = vec![whose, format!("workload: {what}; {count} messages in {lasts}")];
        let told = self.processing.is_some() || arrivals.processing.is_some();
        if !told && scaler.and_then(|scaler| known(scaler).processing).is_none() {
            remarks.push(format!(
                "a message takes {}; --processing-secs says otherwise",
                words::duration(processing)
            ));
        }
        if scaler.is_some_and(|scaler| scaler.sources.len() > 1) {
            remarks.push("its queues are simulated as one".to_owned());
        }
        if let Some(own) = scaler.map(|scaler| scaler.schedule.period()).filter(|own| *own != PERIOD) {
            let [own, here] = [own, PERIOD].map(words::duration);
            remarks.push(format!("it looks every {here} here, not every {own} as its schedule says"));
        }
        remarks
    }
}

impl Plan {
    /// Runs everything, a comparison an objective, and shows how far it is.
    #[must_use]
    pub fn run(&self) -> Vec<Comparison> {
        let contests: Vec<Contest<'_>> = self.cases.iter().map(|case| self.contest(case)).collect();
        let mut progress = Progress::of(contests.iter().map(Contest::runs).sum());
        contests.iter().map(|contest| contest.hold(&mut || progress.step())).collect()
    }

    fn contest<'a>(&'a self, case: &'a Case) -> Contest<'a> {
        Contest {
            case,
            shipped: &self.shipped,
            rivals: &self.rivals,
            price_per_hour: self.price_per_hour,
            history: self.history,
        }
    }
}

/// What the settings say of the workload and the fleet.
#[derive(Default)]
struct Known {
    objective: Option<Duration>,
    processing: Option<Duration>,
    slots: Option<u32>,
    max: Option<u32>,
    drains: bool,
}

fn known(scaler: &Scaler) -> Known {
    let (slots, max) = (Some(scaler.rules.slots), scaler.rules.limits.max);
    match &scaler.policy {
        PolicyKind::Latency(latency) => Known {
            objective: Some(latency.objective),
            processing: latency.processing,
            slots,
            max,
            drains: latency.drains,
        },
        PolicyKind::BacklogPerInstance(_) | PolicyKind::Step(_) => Known { slots, max, ..Known::default() },
    }
}

/// The settings of other policies under the names asked for.
fn rivals(names: &[String]) -> Result<Vec<Setting>, Refusal> {
    let all = peers::all();
    // Commas stand between names, and blanks are a nuisance on a command line.
    let plain = |name: &str| {
        let words = name.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_lowercase()
    };
    let known = || {
        let mut known: Vec<String> = all.iter().map(|setting| plain(setting.family)).collect();
        known.sort();
        known.dedup();
        known.join(", ")
    };
    let is = |setting: &Setting, name: &str| plain(name) == "all" || plain(setting.family) == plain(name);
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|setting| is(setting, name))) {
        return Err(Refusal::NoPeer { asked: unknown.clone(), known: known() });
    }
    Ok(all.into_iter().filter(|setting| names.iter().any(|name| is(setting, name))).collect())
}

/// Refuses what there is nothing to learn from, or too much.
fn check(arrivals: &Arrivals) -> Result<(), Refusal> {
    let (workload, count) = (arrivals.name.clone(), arrivals.trace.total());
    if count > MESSAGES_MAX {
        return Err(Refusal::TooMany { workload, count });
    }
    let lasts = arrivals.trace.lasts;
    if lasts > LONGEST {
        return Err(Refusal::TooLong { workload, lasts });
    }
    let scored = |(secs, count): &(u64, u32)| *count > 0 && *secs >= UNSCORED.as_secs();
    if !arrivals.trace.counts.iter().any(scored) {
        return Err(Refusal::NothingScored { workload, unscored: words::duration(UNSCORED), count });
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<String, Refusal> {
    fs::read_to_string(path).map_err(|source| Refusal::Unreadable { path: path.to_owned(), source })
}

fn read_trace(path: &Path, bin: Option<Duration>) -> Result<Trace, Refusal> {
    let text = read_file(path)?;
    let parse =
        |bin| Trace::parse(&text, bin).map_err(|source| Refusal::Trace { path: path.to_owned(), source });
    let Some(bin) = bin else {
        let closest = closest(&parse(Duration::from_secs(1))?);
        return parse(closest.unwrap_or(Duration::from_mins(1)));
    };
    parse(bin)
}

/// The shortest time from one row to the next.
fn closest(trace: &Trace) -> Option<Duration> {
    let rows = trace.counts.iter().zip(trace.counts.iter().skip(1));
    rows.map(|((from, _), (to, _))| Duration::from_secs(to.saturating_sub(*from))).min()
}

/// A file's name without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "trace".to_owned(), |stem| stem.to_string_lossy().into_owned())
}
