//! A configuration against AWS, by reads alone: what is there, what is missing, what will not work as meant.
//!
//! The adapters read plain facts, `judge` makes findings of them, and `cost` reckons from the settings alone.

mod common;
mod cost;
mod facts;
mod finding;
pub mod json;
mod judge;
#[cfg(test)]
mod scene;
mod sqs;
mod sts;
mod text;

pub use cost::{Cost, PRICES, Row};
pub use finding::{Code, Finding, Level, Unread};
pub use text::text;

use crate::assemble::{self, Unfit, sessions};
use crate::aws::{Failure, Patience, Place, Session, Skew};
use crate::clock::Clock;
use crate::model::Estimate;
use crate::settings::{self, PolicyKind, Scaler, Settings};
use crate::source::{Queues, try_reading_figures};
use crate::store::StateFile;
use crate::target::scaling::Scaling;
use facts::{PlaceFacts, Queue, ScalerFacts};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use std::path::Path;

/// All that was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// A section for each place, followed by those of its scalers.
    pub sections: Vec<Section>,
    /// What the configuration costs.
    pub cost: Cost,
}

/// What was found of one place or scaler.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Where the calls went, and as what role.
    pub place: String,
    /// The scaler's name; nothing for the place itself.
    pub scaler: Option<String>,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// What a report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No errors; warnings, perhaps.
    Sound,
    /// AWS did not answer where it had to.
    Unreachable,
    /// Errors otherwise.
    Unsound,
}

/// Queues of a place that are read at once.
const QUEUES_AT_ONCE: usize = 64;

/// Holds `settings` against AWS. Writes nothing, neither there nor to the state directory.
pub async fn check(settings: &Settings) -> Result<Report, Unfit> {
    let clock = Clock::start();
    let sessions = sessions(settings, Patience::LONGEST).await?;
    let mut places: Vec<&Place> = Vec::new();
    for scaler in &settings.scalers {
        if !places.contains(&&scaler.place) {
            places.push(&scaler.place);
        }
    }
    let sections = places.into_iter().filter_map(|place| {
        let session = sessions.get(place)?;
        Some(async move {
            let scalers: Vec<&Scaler> = settings.scalers.iter().filter(|each| each.place == *place).collect();
            let (facts, of_scalers) = read(session, &scalers, &settings.state_dir, clock).await;
            sections(settings, place, session, &facts, &scalers, &of_scalers)
        })
    });
    let sections = join_all(sections).await.into_iter().flatten().collect();
    Ok(Report { sections, cost: Cost::of(&settings.scalers) })
}

/// Reads all there is to read of one place, at once as far as it can be.
async fn read(
    session: &Session,
    scalers: &[&Scaler],
    state_dir: &Path,
    clock: Clock,
) -> (PlaceFacts, Vec<ScalerFacts>) {
    let skew = Skew::by(clock);
    let (groups, names) = (Scaling::timed(session, &skew), groups_of(scalers));
    let described = async {
        let described = groups.read(&names).await;
        let driven = scalers.iter().filter(|scaler| scaler.drive).map(|scaler| &scaler.group);
        let refreshes = match driven.into_iter().find(|name| matches!(described.get(*name), Some(Ok(_)))) {
            Some(name) => Some(groups.refreshes(name).await),
            None => None,
        };
        (described, refreshes)
    };
    let (identity, (described, refreshes), policies, scheduled, metrics, queues) = tokio::join!(
        sts::identity(session, &skew),
        described,
        groups.policies(&names),
        groups.scheduled(&names),
        metrics(session, scalers, clock),
        queues(session, scalers),
    );
    let facts = PlaceFacts { identity, skew_millis: skew.millis(), refreshes, metrics };
    let unasked = || Failure::malformed("", "nobody asked");
    let of_one = |(scaler, queues): (&&Scaler, Vec<Queue>)| ScalerFacts {
        queues,
        group: described.get(&scaler.group).cloned().unwrap_or_else(|| Err(unasked())),
        policies: policies.get(&scaler.group).cloned().unwrap_or_else(|| Err(unasked())),
        scheduled: scheduled.get(&scaler.group).cloned().unwrap_or_else(|| Err(unasked())),
        learnt: learnt(scaler, state_dir, clock),
    };
    (facts, scalers.iter().zip(queues).map(of_one).collect())
}

/// The names of the groups, each once.
fn groups_of(scalers: &[&Scaler]) -> Vec<String> {
    let mut names: Vec<String> = scalers.iter().map(|scaler| scaler.group.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The queues of each scaler.
async fn queues(session: &Session, scalers: &[&Scaler]) -> Vec<Vec<Queue>> {
    let queues = Queues::new(session);
    let all: Vec<_> = scalers.iter().flat_map(|scaler| &scaler.sources).collect();
    let read = all.into_iter().map(|source| sqs::queue(&queues, source));
    let mut read = stream::iter(read).buffered(QUEUES_AT_ONCE).collect::<Vec<_>>().await.into_iter();
    scalers.iter().map(|scaler| read.by_ref().take(scaler.sources.len()).collect()).collect()
}

/// Whether a metric can be read: where something is learnt from them, or published beside them.
async fn metrics(session: &Session, scalers: &[&Scaler], clock: Clock) -> Option<Result<(), Failure>> {
    let needs =
        |scaler: &&&Scaler| scaler.publish.is_some() || matches!(scaler.policy, PolicyKind::Latency(_));
    let queue = &scalers.iter().find(needs)?.sources.first()?.address.name;
    Some(try_reading_figures(session, clock.now().wall, queue).await)
}

/// What the daemon has learnt of the scaler's work so far, by its state file.
fn learnt(scaler: &Scaler, state_dir: &Path, clock: Clock) -> Option<Estimate> {
    let (policy, now) = (assemble::policy(&scaler.policy), clock.now());
    StateFile::peek(state_dir, &scaler.name, now).estimate(policy.learning()?, now.steady)
}

fn sections(
    settings: &Settings,
    place: &Place,
    session: &Session,
    facts: &PlaceFacts,
    scalers: &[&Scaler],
    of_scalers: &[ScalerFacts],
) -> Vec<Section> {
    let title = whereabouts(place, &session.region);
    let pairs: Vec<_> = scalers.iter().copied().zip(of_scalers).collect();
    let whole = Section {
        title: title.clone(),
        place: title.clone(),
        scaler: None,
        findings: judge::place(place, facts, &pairs),
    };
    let each = pairs.into_iter().map(|(scaler, facts)| Section {
        title: scaler.name.clone(),
        place: title.clone(),
        scaler: Some(scaler.name.clone()),
        findings: judge::scaler(scaler, facts, settings::hints(scaler, earlier(settings, scaler))),
    });
    std::iter::once(whole).chain(each).collect()
}

/// The scalers before this one.
fn earlier<'a>(settings: &'a Settings, scaler: &'a Scaler) -> impl Iterator<Item = &'a Scaler> {
    settings.scalers.iter().take_while(|other| other.name != scaler.name)
}

/// Where calls go, and as what role.
fn whereabouts(place: &Place, region: &str) -> String {
    let at = place.endpoint_url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
    let role = place.assume_role.as_ref().map(|role| format!(" as {}", role.arn)).unwrap_or_default();
    format!("{region}{at}{role}")
}

/// How many findings of `sections` are of `level`.
fn count(sections: &[Section], level: Level) -> usize {
    sections.iter().flat_map(|section| &section.findings).filter(|finding| finding.level == level).count()
}

impl Report {
    /// How many findings are of `level`.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        count(&self.sections, level)
    }

    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.findings().any(Finding::is_unreachable) {
            Verdict::Unreachable
        } else if self.count(Level::Error) > 0 {
            Verdict::Unsound
        } else {
            Verdict::Sound
        }
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.sections.iter().flat_map(|section| &section.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::scene::{latency, plain};
    use super::*;
    use crate::assemble::policy;
    use crate::aws::Role;
    use crate::controller::{Controller, State};
    use crate::model::{self, Backlog, Cause, Fleet, Sample};
    use crate::store::Store;
    use std::fs;

    fn verdict(findings: Vec<Finding>) -> Verdict {
        let empty = || String::new();
        let sections = vec![Section { title: empty(), place: empty(), scaler: None, findings }];
        Report { sections, cost: Cost { rows: Vec::new() } }.verdict()
    }

    #[test]
    fn errors_decide_the_verdict_and_an_unreachable_aws_before_all() {
        let failed = |level, cause| {
            let failure = Failure { cause, code: None, why: String::new() };
            Finding::failed(level, Code::Queue, "queue", &failure)
        };
        assert_eq!(verdict(Vec::new()), Verdict::Sound);
        assert_eq!(verdict(vec![failed(Level::Warning, Cause::Unreachable)]), Verdict::Sound);
        let missing = || failed(Level::Error, Cause::NotFound);
        assert_eq!(verdict(vec![missing()]), Verdict::Unsound);
        assert_eq!(verdict(vec![missing(), failed(Level::Error, Cause::Timeout)]), Verdict::Unreachable);
    }

    #[test]
    fn what_the_daemon_has_learnt_is_read_from_its_state_file() {
        let told = "policy = { kind = \"latency\", latency_objective_secs = 60, processing_secs = 9 }";
        let (scaler, clock, dir) = (latency(told), Clock::start(), tempfile::tempdir().unwrap());
        let queue = model::Queue::new("images", Ok(Backlog::default()));
        let sample = Sample { queues: vec![queue], fleet: Ok(Fleet::default()) };
        let now = clock.now();
        let mut controller = Controller::new(policy(&scaler.policy), scaler.rules.clone(), State::default());
        controller.observe(now, &sample);
        assert!(learnt(&scaler, dir.path(), clock).is_none(), "nothing is kept yet");
        StateFile::open(dir.path(), &scaler.name, now).0.save(now, controller.state());
        let learnt_secs = learnt(&scaler, dir.path(), clock).unwrap().processing_secs.value;
        assert!((learnt_secs - 9.0).abs() < 1e-9, "{learnt_secs}");
        assert!(learnt(&plain(""), dir.path(), clock).is_none(), "this policy learns nothing");
    }

    #[test]
    fn a_place_is_told_by_region_endpoint_and_role() {
        let arn = "arn:aws:iam::123456789012:role/b".to_owned();
        let role = Role { arn, external_id: None, session_name: "backlogd".to_owned() };
        let place = Place {
            region: None,
            endpoint_url: Some("http://localhost:4566".to_owned()),
            assume_role: Some(role),
        };
        assert_eq!(
            whereabouts(&place, "eu-west-1"),
            "eu-west-1 at http://localhost:4566 as arn:aws:iam::123456789012:role/b"
        );
        assert_eq!(whereabouts(&Place::default(), "eu-west-1"), "eu-west-1");
    }

    #[test]
    fn every_code_has_a_row_in_the_document_and_every_row_a_code() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.md");
        let text = fs::read_to_string(path).unwrap();
        let (_, table) = text.split_once("## Findings").unwrap();
        let rows: Vec<&str> =
            table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let codes: Vec<&str> = Code::ALL.iter().map(|(_, name)| *name).collect();
        assert_eq!(rows, codes);
    }
}
