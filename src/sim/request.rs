//! What is to be simulated: what was asked for, what the settings say, and defaults for the rest.

use super::case::{Case, START};
use super::compare::Comparison;
use super::contest::Contest;
use super::drive::{PERIOD, run_recorded};
use super::peers::Setting;
use super::progress::Progress;
use super::refusal::Refusal;
use super::rivals::rivals;
use super::shipped::Shipped;
use super::words;
use super::workload::{Arrivals, Workload};
use super::world::Victims;
use crate::calendar::Zone;
use crate::model::{Record, Timestamp};
use crate::publish::json;
use crate::settings::{PolicyKind, Scaler, Settings};
use std::io::{self, Write};
use std::ops::RangeInclusive;
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
    /// Whether the decision records are asked for, which takes a single objective.
    pub records: bool,
}

/// What is simulated when nothing says otherwise.
const PROCESSING: Duration = Duration::from_secs(10);
/// Longer than the slowest boot, so that it can be held when arrivals rise.
const OBJECTIVE: Duration = Duration::from_mins(5);
/// As good as none.
const MAX: u32 = 1_000;
/// SQS's default, and the least that is assumed; else six times the processing time.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);

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

impl Request {
    /// What is to be run, with the `settings` if there are any.
    pub fn plan(&self, settings: Option<Settings>) -> Result<Plan, Refusal> {
        let scaler = self.scaler(settings)?;
        let known = scaler.as_ref().map(known).unwrap_or_default();
        let processing = self.processing.or(known.processing);
        let arrivals = self.workload.arrivals(self.scaler.as_deref(), processing, self.seed)?;
        let rivals = rivals(&self.compare)?;
        let processing = processing.or(arrivals.processing).unwrap_or(PROCESSING);
        let slots = self.slots.or(known.slots).unwrap_or(1);
        let max = self.max.or(known.max).or(arrivals.max).unwrap_or(MAX);
        let objectives = match (self.objectives.as_slice(), known.objective) {
            ([], Some(objective)) => vec![objective],
            ([], None) => vec![OBJECTIVE],
            (asked, _) => once(asked),
        };
        if self.records && objectives.len() > 1 {
            return Err(Refusal::SeveralObjectives);
        }
        let remarks = self.remarks(scaler.as_ref(), &arrivals, processing);
        let Arrivals { name, trace, together, begins, .. } = arrivals;
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
            begins: begins.unwrap_or(START),
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
            (Some(asked), _) => Ok(Some(settings.scaler(asked)?.clone())),
            (None, [only]) => Ok(Some(only.clone())),
            (None, _) => Err(Refusal::Several(list())),
        }
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
        if let (Workload::Records(_), Some(own)) = (&self.workload, scaler)
            && own.name != arrivals.name
        {
            remarks.push(format!(
                "the records are of scaler {}, and the settings of scaler {}",
                arrivals.name, own.name
            ));
        }
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
        if scaler.is_some_and(|scaler| !scaler.rules.windows.is_empty()) {
            let begins = arrivals.begins.unwrap_or(START);
            let date = Zone::UTC.date(begins, Timestamp::from_secs(0));
            remarks.push(format!("its windows open as if it began on {date}"));
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
        let progress = Progress::of(contests.iter().map(Contest::runs).sum());
        contests.iter().map(|contest| contest.hold(&mut || progress.step())).collect()
    }

    /// Runs the shipped controller once more, on the first objective, and writes its decision records to `out`:
    /// a JSON object a line, as the daemon prints them.
    pub fn write_records(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(case) = self.cases.first() else { return Ok(()) };
        let mut written = Ok(());
        let mut keep = |record: &Record| {
            if written.is_ok() {
                written = writeln!(out, "{}", json::line(record));
            }
        };
        let (driver, names) = (self.shipped.driver(case), self.shipped.names(case));
        let _run = run_recorded(case, &case.messages(), driver, false, names, &mut keep);
        written
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

/// The same, each only once.
fn once(objectives: &[Duration]) -> Vec<Duration> {
    let mut once: Vec<Duration> = Vec::new();
    for objective in objectives {
        if !once.contains(objective) {
            once.push(*objective);
        }
    }
    once
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

#[cfg(test)]
mod tests {
    use super::super::shapes::Shape;
    use super::*;
    use crate::settings;

    fn request() -> Request {
        Request {
            scaler: None,
            workload: Workload::Shape(Shape::Steady, 30.0, Duration::from_hours(2)),
            processing: None,
            processing_cv: 0.5,
            slots: None,
            boot: Duration::from_mins(2)..=Duration::from_mins(3),
            objectives: Vec::new(),
            visibility_timeout: None,
            max: None,
            victims: None,
            noise_percent: 5.0,
            stale: Duration::from_secs(15),
            seed: 1,
            compare: Vec::new(),
            price_per_hour: None,
            history: false,
            records: false,
        }
    }

    fn settings(scaler: &str) -> Settings {
        let text = format!(
            "[[scaler]]\nname = \"images\"\nsource = [{{ queue = \"a\" }}]\ntarget = {{ name = \"b\" }}\n{scaler}\n"
        );
        settings::parse(&[("backlogd.toml".to_owned(), text)]).unwrap()
    }

    const LATENCY: &str = "policy = { kind = \"latency\", latency_objective_secs = 90, processing_secs = 4, drains = true }\n\
        limits = { max = 7 }\ncontrol = { slots = 3 }";

    #[test]
    fn the_settings_say_what_flags_do_not() {
        let plan = request().plan(Some(settings(LATENCY))).unwrap();
        let [case] = plan.cases.as_slice() else { panic!("one objective") };
        assert_eq!((case.objective, case.work_mean), (Duration::from_secs(90), Duration::from_secs(4)));
        assert_eq!((case.slots, case.max, case.victims), (3, 7, Victims::Drain));
    }

    #[test]
    fn flags_say_otherwise() {
        let asked = Request {
            processing: Some(Duration::from_secs(8)),
            objectives: vec![Duration::from_secs(30), Duration::from_mins(1)],
            slots: Some(2),
            max: Some(5),
            victims: Some(Victims::Idle),
            ..request()
        };
        let plan = asked.plan(Some(settings(LATENCY))).unwrap();
        let objectives: Vec<u64> = plan.cases.iter().map(|case| case.objective.as_secs()).collect();
        assert_eq!(objectives, [30, 60]);
        for case in &plan.cases {
            assert_eq!((case.slots, case.max, case.victims), (2, 5, Victims::Idle));
            assert_eq!(case.work_mean, Duration::from_secs(8));
        }
    }

    #[test]
    fn without_settings_there_are_defaults_and_they_are_told() {
        let plan = request().plan(None).unwrap();
        let [case] = plan.cases.as_slice() else { panic!("one objective") };
        assert_eq!((case.objective, case.work_mean), (Duration::from_mins(5), Duration::from_secs(10)));
        assert_eq!((case.slots, case.max, case.victims), (1, 1_000, Victims::Any));
        assert_eq!(case.visibility_timeout, Duration::from_mins(1));
        assert!(plan.remarks[0].starts_with("no settings file"), "{:?}", plan.remarks);
        assert!(plan.remarks[2].starts_with("a message takes 10 s; "), "{:?}", plan.remarks);
    }

    #[test]
    fn records_are_of_one_objective() {
        let objectives = vec![Duration::from_mins(1), Duration::from_mins(5)];
        let asked = Request { records: true, objectives, ..request() };
        let refused = asked.plan(None).unwrap_err().to_string();
        assert!(refused.contains("--records takes one objective"), "{refused}");
        assert!(Request { objectives: Vec::new(), ..asked }.plan(None).is_ok());
    }

    #[test]
    fn an_objective_that_is_asked_for_twice_is_run_once() {
        let objectives = [60, 300, 60].map(Duration::from_secs).to_vec();
        let plan = Request { objectives, ..request() }.plan(None).unwrap();
        let objectives: Vec<u64> = plan.cases.iter().map(|case| case.objective.as_secs()).collect();
        assert_eq!(objectives, [60, 300]);
        let objectives = [60, 60].map(Duration::from_secs).to_vec();
        assert!(Request { objectives, records: true, ..request() }.plan(None).is_ok());
    }

    #[test]
    fn what_is_simulated_otherwise_than_it_is_set_is_told() {
        let odd = LATENCY.replace("policy", "schedule = \"0 * * * * *\"\npolicy");
        let mut odd = settings(&odd);
        let again = odd.scalers[0].sources[0].clone();
        odd.scalers[0].sources.push(again);
        let remarks = request().plan(Some(odd)).unwrap().remarks.join("\n");
        assert!(remarks.contains("its queues are simulated as one"), "{remarks}");
        assert!(
            remarks.contains("it looks every 10 s here, not every 60 s as its schedule says"),
            "{remarks}"
        );
        assert!(!remarks.contains("--processing-secs"), "{remarks}");
    }
}
