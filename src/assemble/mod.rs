//! From settings to engines: the one place where kinds in the file meet the adapters.

mod fit;

pub use fit::{Sessions, Unfit, drivers, sessions};

use crate::aws::{Patience, Place, Session};
use crate::controller::{Controller, State};
use crate::engine::Engine;
use crate::model::{Hints, Mode, Now, TroubleKind, Tuning};
use crate::policy::{self, Policy};
use crate::publish::{
    Console, Exposition, History, Journal, Ledger, Losses, Metrics, Notices, Publisher, history,
};
use crate::settings::{Latency, PolicyKind, QueueSource, Scaler, Settings, Topic};
use crate::source::{Counting, Figures, QueueAddress, Queues, Source};
use crate::store::{Onlooker, StateFile, Store};
use crate::target::{Groups, Target, Withheld};
use crate::trouble::{Known, Watch};
use fit::{check_drivers, check_regions, session};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// What a run is for.
#[derive(Clone, Debug)]
pub struct Purpose {
    /// Read the real world, write nothing: neither to AWS nor to the state directory.
    pub dry_run: bool,
    /// Print each record.
    pub console: Option<Console>,
    /// Keep the last hours' records for whoever looks at the run.
    pub ledger: Option<Ledger>,
    /// The metrics of the run.
    pub exposition: Exposition,
}

/// The engines, and what works behind them.
#[derive(Debug)]
pub struct Assembly {
    /// One engine a scaler, in the settings' order, with how long its calls may take.
    pub engines: Vec<(Engine, Patience)>,
    /// Tasks that end, their work done, once the engines are dropped.
    pub tasks: TaskTracker,
    /// Figures that could not be published.
    pub losses: Arc<Losses>,
}

/// What engines are built in: the connections of each place stay open from one set of settings to the next.
#[derive(Debug)]
pub struct Workshop {
    /// Tasks that end, their work done, once the workshop and all that was built in it are dropped.
    pub tasks: TaskTracker,
    /// Figures that could not be published.
    pub losses: Arc<Losses>,
    /// The metrics of all that is built here.
    pub exposition: Exposition,
    purpose: Purpose,
    places: HashMap<Place, Shared>,
    /// What the scalers share; nothing before the first is built, and in a run that writes nothing.
    history: Option<History>,
    /// The topic that is told of troubles, and what tells it; nothing as above.
    notices: Option<(Topic, Notices)>,
}

/// All that a scaler's engine is built of.
#[derive(Debug)]
pub struct Kit {
    /// Its settings.
    pub scaler: Scaler,
    shared: Shared,
    exposition: Exposition,
    purpose: Purpose,
    state_dir: PathBuf,
    history: Option<History>,
    notices: Option<Notices>,
}

/// What the scalers of one place share.
#[derive(Clone, Debug)]
struct Shared {
    session: Session,
    queues: Queues,
    figures: Figures,
    groups: Groups,
    metrics: Metrics,
}

/// Builds the engines of `settings`. Calls nothing but, where no region is named, the instance
/// metadata service.
pub async fn assemble(settings: &Settings, purpose: &Purpose, now: Now) -> Result<Assembly, Unfit> {
    let mut workshop = Workshop::new(purpose.clone());
    let kits = workshop.kits(settings, |_| true).await?;
    let engines = kits.into_iter().map(|kit| (kit.patience(), kit.engine(None, now)));
    let engines = engines.map(|(patience, engine)| (engine, patience)).collect();
    Ok(Assembly { engines, tasks: workshop.tasks, losses: workshop.losses })
}

impl Workshop {
    /// A workshop without any connection.
    #[must_use]
    pub fn new(purpose: Purpose) -> Self {
        let tasks = TaskTracker::new();
        // Closed, it takes tasks all the same, and can be waited for.
        tasks.close();
        let (losses, exposition) = (purpose.exposition.losses(), purpose.exposition.clone());
        Self { tasks, losses, exposition, purpose, places: HashMap::new(), history: None, notices: None }
    }

    /// The kits of those scalers of `settings` that are `wanted`, in their order. Connections of a place
    /// where calls may take as long as before are used again, those of a place that is not named any more
    /// are kept no longer; if any scaler is unfit, wanted or not, all stays as it was.
    ///
    /// Calls nothing but, where no region is named, the instance metadata service.
    pub async fn kits(
        &mut self,
        settings: &Settings,
        wanted: impl Fn(&Scaler) -> bool,
    ) -> Result<Vec<Kit>, Unfit> {
        let mut places: HashMap<Place, Shared> = HashMap::new();
        let mut driven = HashMap::new();
        let mut kits = Vec::new();
        let history = self.history(settings);
        let notices = self.notices(settings).await?;
        for scaler in &settings.scalers {
            let shared = if let Some(shared) = places.get(&scaler.place) {
                shared.clone()
            } else {
                let shared = self.shared(scaler, patience(settings, &scaler.place)).await?;
                places.insert(scaler.place.clone(), shared.clone());
                shared
            };
            check_regions(scaler, &shared.session)?;
            check_drivers(scaler, &shared.session, &mut driven)?;
            if wanted(scaler) {
                let (scaler, purpose) = (scaler.clone(), self.purpose.clone());
                let (exposition, history) = (self.exposition.clone(), history.clone());
                let state_dir = settings.state_dir.clone();
                let notices = notices.as_ref().map(|(_, notices)| notices.clone());
                kits.push(Kit { scaler, shared, exposition, purpose, state_dir, history, notices });
            }
        }
        self.places = places;
        if let Some(history) = &history {
            history.keep(settings.history);
        }
        if let (Some((before, old)), Some((topic, new))) = (&self.notices, &notices)
            && before != topic
        {
            new.take_over(old);
        }
        (self.history, self.notices) = (history, notices);
        Ok(kits)
    }

    /// The history that there is already, or a new one; none where nothing is to be written.
    fn history(&self, settings: &Settings) -> Option<History> {
        let new = || History::new(history::directory(&settings.state_dir));
        (!self.purpose.dry_run).then(|| self.history.clone().unwrap_or_else(new))
    }

    /// What tells the topic of the settings already, or a new one; none where nothing is to be written.
    async fn notices(&self, settings: &Settings) -> Result<Option<(Topic, Notices)>, Unfit> {
        let Some(scaler) = settings.scalers.first().filter(|_| !self.purpose.dry_run) else {
            return Ok(None);
        };
        let Some(topic) = &scaler.notify.topic else { return Ok(None) };
        if let Some(same) = self.notices.as_ref().filter(|(known, _)| known == topic) {
            return Ok(Some(same.clone()));
        }
        let session = session(scaler, &topic.place, Patience::LONGEST).await?;
        let session = Session { calls: self.exposition.calls(), ..session };
        Ok(Some((topic.clone(), Notices::start(&session, &topic.arn, &self.tasks))))
    }

    /// What is shared in the place of `scaler`, where calls may take so long.
    async fn shared(&self, scaler: &Scaler, patience: Patience) -> Result<Shared, Unfit> {
        if let Some(shared) = self.places.get(&scaler.place).filter(|at| at.session.patience == patience) {
            return Ok(shared.clone());
        }
        let session = session(scaler, &scaler.place, patience).await?;
        let session = Session { calls: self.exposition.calls(), ..session };
        Ok(Shared::new(session, &self.tasks, self.losses.clone()))
    }
}

impl Kit {
    /// How long its calls may take.
    #[must_use]
    pub const fn patience(&self) -> Patience {
        self.shared.session.patience
    }

    /// The engine: one that goes on with what the scaler's engine `before` it remembers, kept where that
    /// was kept; without one, from what the state directory holds.
    #[must_use]
    pub fn engine(self, before: Option<Engine>, now: Now) -> Engine {
        let Self { scaler, shared, exposition, purpose, state_dir, history, notices } = &self;
        let (store, state, troubles) = match before {
            Some(Engine { store, controller, watch, .. }) => {
                (store, controller.state().clone(), watch.known().clone())
            }
            None => store(scaler, purpose, state_dir, now),
        };
        let state = state.about(&about(scaler, &shared.session.region));
        let troubles = match &scaler.policy {
            PolicyKind::Latency(_) => troubles,
            PolicyKind::BacklogPerInstance(_) | PolicyKind::Step(_) => {
                troubles.without(&TroubleKind::OF_LATENCY)
            }
        };
        Engine {
            name: scaler.name.clone(),
            mode: mode(scaler, purpose),
            sources: scaler.sources.iter().map(|queue| source(queue, scaler, shared)).collect(),
            target: target(scaler, shared, purpose),
            controller: Controller::new(policy(&scaler.policy), scaler.rules.clone(), state),
            watch: Watch::new(scaler.notify.terms, troubles),
            store,
            publishers: publishers(scaler, shared, exposition, purpose, history.as_ref(), notices.as_ref()),
        }
    }
}

/// As long as the busiest scaler of a place can wait: they share clients and batches.
fn patience(settings: &Settings, place: &Place) -> Patience {
    let scalers = settings.scalers.iter().filter(|scaler| scaler.place == *place);
    Patience::for_period(scalers.map(|scaler| scaler.schedule.period()).min().unwrap_or_default())
}

impl Shared {
    fn new(session: Session, tasks: &TaskTracker, losses: Arc<Losses>) -> Self {
        let (queues, groups) = (Queues::new(&session), Groups::start(&session));
        let figures = Figures::start(&session);
        let metrics = Metrics::start(&session, tasks, losses);
        Self { session, queues, figures, groups, metrics }
    }
}

const fn mode(scaler: &Scaler, purpose: &Purpose) -> Mode {
    match (purpose.dry_run, scaler.drive) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Drive,
        (false, false) => Mode::PublishOnly,
    }
}

fn source(queue: &QueueSource, scaler: &Scaler, shared: &Shared) -> Box<dyn Source> {
    let counting =
        Counting { weight: queue.weight, in_flight: queue.count_in_flight, delayed: queue.count_delayed };
    let queue = shared.queues.queue(queue.address.clone(), counting);
    match &scaler.policy {
        PolicyKind::Latency(_) => Box::new(queue.with_figures(&shared.figures)),
        PolicyKind::BacklogPerInstance(_) | PolicyKind::Step(_) => Box::new(queue),
    }
}

fn target(scaler: &Scaler, shared: &Shared, purpose: &Purpose) -> Box<dyn Target> {
    let group = shared.groups.group(&scaler.group);
    match mode(scaler, purpose) {
        Mode::Drive => Box::new(group),
        Mode::PublishOnly => Box::new(Withheld::publish_only(group)),
        Mode::DryRun => Box::new(Withheld::rehearsal(group)),
    }
}

/// The policy that the settings ask for.
#[must_use]
pub fn policy(kind: &PolicyKind) -> Box<dyn Policy> {
    match kind {
        PolicyKind::Latency(latency) => Box::new(policy::Latency {
            hints: hints(latency),
            drains: latency.drains,
            tuning: Tuning::SHIPPED,
        }),
        PolicyKind::BacklogPerInstance(policy) => Box::new(policy.clone()),
        PolicyKind::Step(policy) => Box::new(policy.clone()),
    }
}

/// Where learning begins.
fn hints(latency: &Latency) -> Hints {
    Hints {
        objective_secs: latency.objective.as_secs_f64(),
        processing_secs: latency.processing.map(|time| time.as_secs_f64()),
        slots: latency.slots,
        boot_secs: latency.boot.map(|time| time.as_secs_f64()),
    }
}

/// The queues and the group of `scaler`, and where they are: what is remembered of them is true of no others.
fn about(scaler: &Scaler, region: &str) -> String {
    let Place { endpoint_url, assume_role, .. } = &scaler.place;
    let role = assume_role.as_ref().map(|role| role.arn.as_str());
    let queue = |source: &QueueSource| {
        let QueueAddress { name, owner, url, .. } = &source.address;
        url.clone().unwrap_or_else(|| format!("{}/{name}", owner.as_deref().unwrap_or_default()))
    };
    let queues: Vec<String> = scaler.sources.iter().map(queue).collect();
    let endpoint = endpoint_url.as_deref().unwrap_or_default();
    let role = role.unwrap_or_default();
    format!("{} of {region} {endpoint} {role} for {}", scaler.group, queues.join(", "))
}

/// A dry run goes on from what the daemon remembers, and leaves it alone.
fn store(scaler: &Scaler, purpose: &Purpose, dir: &Path, now: Now) -> (Box<dyn Store>, State, Known) {
    if purpose.dry_run {
        let troubles = StateFile::peek_troubles(dir, &scaler.name);
        return (
            Box::new(Onlooker::of(dir, &scaler.name)),
            StateFile::peek(dir, &scaler.name, now),
            troubles,
        );
    }
    let (file, state) = StateFile::open(dir, &scaler.name, now);
    let troubles = file.troubles();
    (Box::new(file), state, troubles)
}

fn publishers(
    scaler: &Scaler,
    shared: &Shared,
    exposition: &Exposition,
    purpose: &Purpose,
    history: Option<&History>,
    notices: Option<&Notices>,
) -> Vec<Box<dyn Publisher>> {
    let mut publishers: Vec<Box<dyn Publisher>> =
        vec![Box::new(Journal::default()), Box::new(exposition.publisher(&scaler.name))];
    if let Some(console) = &purpose.console {
        publishers.push(Box::new(console.clone()));
    }
    if let Some(history) = history {
        publishers.push(Box::new(history.clone()));
    }
    if let Some(notices) = notices {
        publishers.push(Box::new(notices.clone()));
    }
    if let Some(ledger) = &purpose.ledger {
        publishers.push(Box::new(ledger.clone()));
    }
    if let Some(destination) = scaler.publish.as_ref().filter(|_| !purpose.dry_run) {
        publishers.push(Box::new(shared.metrics.publisher(destination.clone())));
    }
    publishers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::model::Timestamp;
    use crate::settings;
    use std::fs;

    /// What is known of troubles by an engine of a scaler with this policy, whose message took too long before.
    async fn known(policy: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("troubles")).unwrap();
        let since = Timestamp::from_secs(0).as_millis();
        let course = format!(r#"{{"standing":{{"since":{since},"told":{since},"gone":null}}}}"#);
        let kept = format!(r#"{{"courses":{{"at_max":{course},"visibility_timeout":{course}}}}}"#);
        fs::write(dir.path().join("troubles/a.json"), kept).unwrap();
        let text = format!(
            "[aws]\nregion = \"eu-west-1\"\nendpoint_url = \"http://127.0.0.1:1\"\n[daemon]\nstate_dir = {:?}\n\
             [[scaler]]\nname = \"a\"\nsource = [{{ queue = \"a\" }}]\ntarget = {{ name = \"a\" }}\n\
             policy = {{ {policy} }}\n",
            dir.path()
        );
        let settings = settings::parse(&[("test.toml".to_owned(), text)]).unwrap();
        let purpose =
            Purpose { dry_run: true, console: None, ledger: None, exposition: Exposition::default() };
        let assembly = assemble(&settings, &purpose, Clock::start().now()).await.unwrap();
        serde_json::to_string(assembly.engines[0].0.watch.known()).unwrap()
    }

    #[tokio::test]
    async fn under_a_policy_that_does_not_learn_no_trouble_stays_that_only_learning_could_end() {
        let learning = known("kind = \"latency\", latency_objective_secs = 60").await;
        assert!(learning.contains("visibility_timeout") && learning.contains("at_max"), "{learning}");
        let other = known("kind = \"backlog_per_instance\", acceptable_backlog = 5").await;
        assert!(!other.contains("visibility_timeout") && other.contains("at_max"), "{other}");
    }
}
