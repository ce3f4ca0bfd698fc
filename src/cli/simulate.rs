use super::{Common, Exit, Output, complain, print, say};
use crate::sim::compare::Comparison;
use crate::sim::report::page;
use crate::sim::{
    Plan, Request, Shape, Unsaved, Victims, Workload, flags, known_rivals, lines, save, table, words,
};
use clap::ValueEnum;
use std::io::{self, IsTerminal};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use terminal_size::{Width, terminal_size_of};

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose settings, or records, by the scaler's name [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    scaler: Option<String>,
    /// Arrivals from a CSV file: its first line is `t_seconds,arrivals`, its rows seconds from the beginning and messages
    #[arg(long, value_name = "CSV", group = "workload", help_heading = WORKLOAD)]
    trace: Option<PathBuf>,
    /// Seconds that a row of --trace stands for [default: from its closest rows]
    #[arg(long, value_name = "SECS", requires = "trace", allow_negative_numbers = true, value_parser = flags::time, help_heading = WORKLOAD)]
    bin: Option<Duration>,
    /// Arrivals of a built-in shape [default: daily]
    #[arg(long, value_name = "SHAPE", group = "workload", help_heading = WORKLOAD)]
    shape: Option<ShapeName>,
    /// Messages a minute of a shape, when it is neither quiet nor busy; 0 or more
    #[arg(long, value_name = "COUNT", default_value = "60", conflicts_with_all = ["trace", "from_records"], allow_negative_numbers = true, value_parser = flags::not_negative, help_heading = WORKLOAD)]
    per_minute: f64,
    /// Hours that a shape lasts, 2 to 1000; the first is not scored
    #[arg(long, value_name = "HOURS", default_value_t = 24, conflicts_with_all = ["trace", "from_records"], allow_negative_numbers = true, value_parser = flags::hours, help_heading = WORKLOAD)]
    hours: u64,
    /// Arrivals as the daemon saw them: a file of its JSON records, one a line, or a directory of history
    #[arg(long, value_name = "FILE", group = "workload", help_heading = WORKLOAD)]
    from_records: Option<PathBuf>,
    /// Seconds that a message takes, on average [default: from the settings or the records, else 10]
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, value_parser = flags::time, help_heading = WORLD)]
    processing_secs: Option<Duration>,
    /// Standard deviation of that, as a multiple of the average; 0 to 10
    #[arg(long, value_name = "TIMES", default_value = "0.5", allow_negative_numbers = true, value_parser = flags::variation, help_heading = WORLD)]
    processing_cv: f64,
    /// Messages an instance works on at once, 1 to 10000 [default: from the settings, else 1]
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, value_parser = flags::count, help_heading = WORLD)]
    slots: Option<u32>,
    /// Seconds from ordering an instance to its first message, anything between LO and HI
    #[arg(long, value_name = "LO..HI", default_value = "120..180", value_parser = flags::times, help_heading = WORLD)]
    boot_secs: RangeInclusive<Duration>,
    /// Seconds that a message may wait, or several separated by commas: a comparison each [default: from the settings, else 300]
    #[arg(long, value_name = "SECS", value_delimiter = ',', allow_negative_numbers = true, value_parser = flags::time, help_heading = WORLD)]
    objective: Vec<Duration>,
    /// Seconds for which the messages of a stopped worker stay hidden [default: 6 times --processing-secs, at least 30]
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, value_parser = flags::time, help_heading = WORLD)]
    visibility_timeout_secs: Option<Duration>,
    /// Instances at most, 1 to 10000 [default: from the settings or the records, else 1000]
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, value_parser = flags::count, help_heading = WORLD)]
    max: Option<u32>,
    /// Which instances a scale-in takes [default: any, or drain where the settings say so]
    #[arg(long, value_name = "WHICH", help_heading = WORLD)]
    victims: Option<VictimsName>,
    /// By how much counters are off: a standard deviation in percent, 0 to 100
    #[arg(long, value_name = "PERCENT", default_value = "5", allow_negative_numbers = true, value_parser = flags::percent, help_heading = WORLD)]
    noise_percent: f64,
    /// Seconds that counters may be old, 0 or more
    #[arg(long, value_name = "SECS", default_value = "15", allow_negative_numbers = true, value_parser = flags::time_or_none, help_heading = WORLD)]
    stale_secs: Duration,
    /// What all chance comes from, a whole number, 0 or more: the same seed, the same run
    #[arg(long, value_name = "NUMBER", default_value_t = 1, allow_negative_numbers = true, value_parser = flags::seed, help_heading = WORLD)]
    seed: u64,
    /// Other policies to compare with
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help = compare())]
    compare: Vec<String>,
    /// Dollars that an instance-hour costs, 0 or more [default: costs are told in instance-hours only]
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true, value_parser = flags::not_negative)]
    price_per_hour: Option<f64>,
    /// How the figures are printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Output,
    /// Write the decision records of the shipped controller to this file, one a line, as `run --output json` prints them
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// Write a page with plots to this file
    #[arg(long, value_name = "HTML")]
    report: Option<PathBuf>,
}

const WORKLOAD: &str = "Workload (one of --trace, --shape and --from-records)";
const WORLD: &str = "Queue, workers and group (times above 0, at most 1209600 seconds)";

/// The help of `--compare`: only the simulation knows the names.
fn compare() -> String {
    format!(
        "Other policies to compare with, by name, separated by commas, or `all`; each at its best setting and its usual \
         one. There are {}",
        known_rivals().join(", ")
    )
}

/// A built-in shape of arrivals.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShapeName {
    /// The same rate all along
    Steady,
    /// Quiet, and in the middle ten minutes at twenty times the rate
    Burst,
    /// A fifth of the rate at midnight, 1.8 times the rate at noon
    Daily,
    /// Quiet, and about once in an hour a few minutes at ten to thirty times the rate
    Spikes,
    /// An hour's worth at once, at every full hour
    Batch,
}

/// Which instances a scale-in takes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum VictimsName {
    /// Any, busy or not; the messages of a busy one come back after the visibility timeout
    Any,
    /// Idle ones only: workers turn on scale-in protection while they work
    Idle,
    /// Any, but a busy one finishes what it works on
    Drain,
}

pub(super) fn simulate(common: &Common, args: &Args) -> Exit {
    let settings = match common.settings_if_there() {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let plan = match args.request().plan(settings) {
        Ok(plan) => plan,
        Err(refusal) => {
            complain(&refusal);
            return if refusal.is_usage() { Exit::Usage } else { Exit::Settings };
        }
    };
    for remark in &plan.remarks {
        say(remark);
    }
    let comparisons = plan.run();
    let out = io::stdout();
    let room = out.is_terminal().then(|| terminal_size_of(&out).map_or(80, |(Width(columns), _)| columns));
    let printed: Vec<String> = match args.output {
        Output::Text => comparisons.iter().map(|each| table::table(each, room.map(usize::from))).collect(),
        Output::Json => comparisons.iter().flat_map(lines::lines).collect(),
    };
    let printed = print(&printed.join("\n"));
    for each in &comparisons {
        say(&words::verdict(each));
    }
    match args.write(&plan, &comparisons) {
        Ok(()) => printed,
        Err(unsaved) => {
            complain(&unsaved);
            Exit::Failed
        }
    }
}

impl Args {
    /// Writes the files that were asked for, and says so.
    fn write(&self, plan: &Plan, comparisons: &[Comparison]) -> Result<(), Unsaved> {
        if let Some(path) = &self.report {
            save(path, |out| out.write_all(page(comparisons).as_bytes()))?;
            say(&format!("report: {}", path.display()));
        }
        if let Some(path) = &self.records {
            save(path, |out| plan.write_records(out))?;
            say(&format!("records: {}", path.display()));
        }
        Ok(())
    }

    fn request(&self) -> Request {
        Request {
            scaler: self.scaler.clone(),
            workload: self.workload(),
            processing: self.processing_secs,
            processing_cv: self.processing_cv,
            slots: self.slots,
            boot: self.boot_secs.clone(),
            objectives: self.objective.clone(),
            visibility_timeout: self.visibility_timeout_secs,
            max: self.max,
            victims: self.victims.map(Victims::from),
            noise_percent: self.noise_percent,
            stale: self.stale_secs,
            seed: self.seed,
            compare: self.compare.clone(),
            price_per_hour: self.price_per_hour,
            history: self.report.is_some(),
            records: self.records.is_some(),
        }
    }

    fn workload(&self) -> Workload {
        match (&self.trace, &self.from_records) {
            (Some(path), _) => Workload::Trace(path.clone(), self.bin),
            (None, Some(path)) => Workload::Records(path.clone()),
            (None, None) => {
                let shape = self.shape.unwrap_or(ShapeName::Daily).into();
                Workload::Shape(shape, self.per_minute, Duration::from_hours(self.hours))
            }
        }
    }
}

impl From<ShapeName> for Shape {
    fn from(name: ShapeName) -> Self {
        match name {
            ShapeName::Steady => Self::Steady,
            ShapeName::Burst => Self::Burst,
            ShapeName::Daily => Self::Daily,
            ShapeName::Spikes => Self::Spikes,
            ShapeName::Batch => Self::Batch,
        }
    }
}

impl From<VictimsName> for Victims {
    fn from(name: VictimsName) -> Self {
        match name {
            VictimsName::Any => Self::Any,
            VictimsName::Idle => Self::Idle,
            VictimsName::Drain => Self::Drain,
        }
    }
}
