//! Contests: policies in a world, over traces and seeds, on two threads.

use crate::ours::{Hints, ours};
use backlogd::controller::{Controller, Rules, State};
use backlogd::model::Tuning;
use backlogd::policy::BacklogPerInstance;
use backlogd::sim::peers::{SLOT_SHARES, Share, Told, WAIT_SHARES, all};
use backlogd::sim::{Case, Driver, Message, Run, bound, run_engine, run_peer};
use backlogd::source::Counting;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a machine for this is thought to have.
const THREADS: usize = 2;

/// Late messages of 100 that are accepted.
pub(crate) const LATE_MAX: f64 = 1.0;

/// The family of our own policy.
pub(crate) const OURS: &str = "backlogd";

type Play = Box<dyn Fn(&Case, &Arc<[Message]>, bool) -> Run + Send + Sync>;

/// A policy with its knobs set.
pub(crate) struct Entry {
    /// Whose it is.
    pub(crate) family: String,
    /// Its knobs.
    pub(crate) label: String,
    play: Play,
}

/// A world, and who is tried in it.
pub(crate) struct Contest {
    /// What is unlike the plain world.
    pub(crate) name: String,
    /// Makes it so.
    pub(crate) world: Box<dyn Fn(&mut Case) + Send + Sync>,
    /// Who is in it.
    pub(crate) field: Vec<Place>,
}

/// A contestant's part in a contest.
pub(crate) struct Place {
    /// Who.
    pub(crate) entry: Arc<Entry>,
    /// On which seeds.
    pub(crate) seeds: Vec<u64>,
    /// Whether only on traces whose objective is below the boot time.
    pub(crate) only_tight: bool,
}

/// What came of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    /// Number of the contest, of the place in its field, and of the trace.
    pub(crate) at: (usize, usize, usize),
    /// The seed.
    pub(crate) seed: u64,
    /// Instance-hours ÷ the bound; not a number where there is none.
    pub(crate) ratio: f64,
    /// Late messages of 100.
    pub(crate) late_percent: f64,
}

impl Entry {
    /// Our policy with hints of some kind.
    pub(crate) fn ours(hints: impl Fn(&Case) -> Hints + Send + Sync + 'static) -> Arc<Self> {
        Self::tuned(hints, &Tuning::SHIPPED)
    }

    /// And with these constants.
    pub(crate) fn tuned(
        hints: impl Fn(&Case) -> Hints + Send + Sync + 'static,
        tuning: &Tuning,
    ) -> Arc<Self> {
        let tuning = *tuning;
        let play: Play =
            Box::new(move |case, messages, history| ours(case, messages, &hints(case), &tuning, history));
        Arc::new(Self { family: OURS.to_owned(), label: String::new(), play })
    }

    /// A run of it, with its history if that is wanted.
    pub(crate) fn play(&self, case: &Case, messages: &Arc<[Message]>, history: bool) -> Run {
        (self.play)(case, messages, history)
    }

    /// Every setting of every peer, and of our plain policy.
    pub(crate) fn peers() -> Vec<Arc<Self>> {
        let peers = all().into_iter().map(|setting| {
            let (family, label) = (setting.family.to_owned(), setting.label.clone());
            let play: Play = Box::new(move |case, messages, history| {
                run_peer(case, messages, setting.peer(&Told::of(case)).as_mut(), history)
            });
            Self { family, label, play }
        });
        let waiting = WAIT_SHARES.map(|x| (Share::Waiting(x), format!("x={x}")));
        let slots = SLOT_SHARES.map(|share| (Share::Slots(share), format!("T={share}c")));
        let plain = waiting.into_iter().chain(slots).map(|(share, label)| {
            let play: Play = Box::new(move |case, messages, history| {
                run_engine(case, messages, backlog_per_instance(&Told::of(case), share), history)
            });
            Self { family: "backlogd, backlog_per_instance".to_owned(), label, play }
        });
        peers.chain(plain).map(Arc::new).collect()
    }
}

/// Whether nobody can boot in time for a message that nobody expected.
pub(crate) fn is_tight(case: &Case) -> bool {
    case.objective < case.boot_mean()
}

/// Runs all of it.
pub(crate) fn play(contests: &[Contest], cases: &[Case]) -> Vec<Score> {
    let mut seeds: Vec<u64> =
        contests.iter().flat_map(|contest| &contest.field).flat_map(|place| place.seeds.clone()).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut jobs: Vec<(usize, u64)> =
        (0..cases.len()).flat_map(|case| seeds.iter().map(move |seed| (case, *seed))).collect();
    // The longest first, so that the threads end together.
    let many = |seed: u64| {
        contests.iter().flat_map(|one| &one.field).filter(|place| place.seeds.contains(&seed)).count()
    };
    jobs.sort_by_key(|(case, seed)| std::cmp::Reverse(cases[*case].trace.total() * many(*seed) as u64));
    let (next, scores) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((case, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = job(contests, cases, *case, *seed);
                    scores.lock().unwrap().extend(found);
                }
            });
        }
    });
    scores.into_inner().unwrap()
}

/// All that is tried on one trace with one seed: the messages are made once.
fn job(contests: &[Contest], cases: &[Case], number: usize, seed: u64) -> Vec<Score> {
    let plain = Case { seed, ..cases[number].clone() };
    let messages = plain.messages();
    let mut bounds: Vec<((Duration, Duration), Option<f64>)> = Vec::new();
    let mut scores = Vec::new();
    for (contest, Contest { world, field, .. }) in contests.iter().enumerate() {
        let mut case = plain.clone();
        world(&mut case);
        let takes_part =
            |place: &Place| place.seeds.contains(&seed) && (!place.only_tight || is_tight(&case));
        if !field.iter().any(takes_part) {
            continue;
        }
        let key = (case.objective, case.boot_mean());
        let known = bounds.iter().find(|(at, _)| *at == key).map(|(_, bound)| *bound);
        let least = known.unwrap_or_else(|| {
            let least = bound(&case, &messages);
            bounds.push((key, least));
            least
        });
        for (index, place) in field.iter().enumerate().filter(|(_, place)| takes_part(place)) {
            let run = place.entry.play(&case, &messages, false);
            let ratio = least.map_or(f64::NAN, |least| run.instance_hours / least);
            scores.push(Score { at: (contest, index, number), seed, ratio, late_percent: run.late_percent });
        }
    }
    scores
}

/// The plain policy, counting what is in flight, with the default rules.
fn backlog_per_instance(told: &Told, share: Share) -> Driver {
    let policy = BacklogPerInstance { acceptable_backlog: share.messages(told), tolerance_percent: 10.0 };
    let rules = Rules { slots: told.slots, ..Rules::default() };
    Driver {
        controller: Controller::new(Box::new(policy), rules, State::default()),
        counting: Counting { weight: 1.0, in_flight: true, delayed: true },
    }
}
