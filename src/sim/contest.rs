//! The runs behind a comparison, on all processors.

use super::bound::least;
use super::case::Case;
use super::compare::{Comparison, Entry, Tried, rank};
use super::drive::run_engine;
use super::load::Message;
use super::peers::{Setting, Told};
use super::run::{Run, run_peer};
use super::shipped::Shipped;
use std::cmp::Ordering;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, mpsc};

/// Who meets on a case.
#[derive(Debug)]
pub struct Contest<'a> {
    /// The workload and its world.
    pub case: &'a Case,
    /// The shipped controller.
    pub shipped: &'a Shipped,
    /// The others, each at one setting.
    pub rivals: &'a [Setting],
    /// The price of an instance-hour, in dollars.
    pub price_per_hour: Option<f64>,
    /// Whether to keep what is drawn over time: of the shipped controller and the best of the others.
    pub history: bool,
}

/// Others whose runs are kept over time.
const DRAWN: usize = 3;

impl Contest<'_> {
    /// How many runs it takes, at most.
    #[must_use]
    pub fn runs(&self) -> usize {
        1 + self.rivals.len() + if self.history { DRAWN.min(self.rivals.len()) } else { 0 }
    }

    /// Runs all of them on the same messages. Of each policy the usual setting is told, and the best one
    /// where that is another. `done` is called after each run.
    pub fn hold(&self, done: &mut dyn FnMut()) -> Comparison {
        let messages = self.case.messages();
        let told = Told::of(self.case);
        let least = least(self.case, &messages);
        let bound_hours = least.as_ref().map(|least| least.instance_hours);
        let bound_fleet = least.filter(|_| self.history).map(|least| least.fleet).unwrap_or_default();
        let job = |nth: usize| match nth.checked_sub(1).and_then(|nth| self.rivals.get(nth)) {
            Some(setting) => self.rival(setting, &told, &messages, false),
            None => run_engine(self.case, &messages, self.shipped.driver(self.case), self.history),
        };
        let mut runs = in_parallel(1 + self.rivals.len(), &job, done).into_iter();
        let run = runs.next().unwrap_or_default();
        let shipped = Entry {
            policy: "backlogd".to_owned(),
            setting: self.shipped.setting(self.case),
            shipped: true,
            run,
            tried: Vec::new(),
        };
        let entries = [vec![shipped], entries(self.rivals, runs)].concat();
        let price_per_hour = self.price_per_hour;
        let case = self.case.clone();
        let mut comparison = Comparison { case, bound_hours, bound_fleet, price_per_hour, entries };
        if self.history {
            self.remember(&mut comparison, &told, &messages, done);
        }
        comparison
    }

    fn rival(&self, setting: &Setting, told: &Told, messages: &Arc<[Message]>, history: bool) -> Run {
        run_peer(self.case, messages, setting.peer(told).as_mut(), history)
    }

    /// Runs the best of the others once more, to keep their history.
    fn remember(
        &self,
        comparison: &mut Comparison,
        told: &Told,
        messages: &Arc<[Message]>,
        done: &mut dyn FnMut(),
    ) {
        let best = comparison.rivals().into_iter().take(DRAWN);
        let best: Vec<(String, String)> =
            best.map(|entry| (entry.policy.clone(), entry.setting.clone())).collect();
        let is = |entry: &Entry| best.contains(&(entry.policy.clone(), entry.setting.clone()));
        let chosen: Vec<&mut Entry> = comparison.entries.iter_mut().filter(|entry| is(entry)).collect();
        let same = |entry: &Entry| {
            let setting =
                |setting: &&Setting| setting.family == entry.policy && setting.label == entry.setting;
            self.rivals.iter().find(setting)
        };
        let settings: Vec<Option<&Setting>> = chosen.iter().map(|entry| same(entry)).collect();
        let job = |nth: usize| {
            let setting = settings.get(nth).copied().flatten();
            setting.map(|setting| self.rival(setting, told, messages, true))
        };
        for (entry, run) in chosen.into_iter().zip(in_parallel(settings.len(), &job, done)) {
            entry.run = run.unwrap_or_default();
        }
    }
}

/// The entries of the `rivals`, whose `runs` come in the same order: the policy with the best setting first.
fn entries(rivals: &[Setting], runs: impl Iterator<Item = Run>) -> Vec<Entry> {
    let mut families: Vec<Vec<(&Setting, Run)>> = Vec::new();
    let mut members: Vec<(&Setting, Run)> = rivals.iter().zip(runs).collect();
    members.sort_by(|(_, a), (_, b)| better(a, b));
    for (setting, run) in members {
        let own =
            families.iter_mut().find(|family| family.iter().any(|(other, _)| other.family == setting.family));
        match own {
            Some(family) => family.push((setting, run)),
            None => families.push(vec![(setting, run)]),
        }
    }
    families.into_iter().flat_map(told).collect()
}

fn better(a: &Run, b: &Run) -> Ordering {
    let [a, b] = [a, b].map(|run| rank(run.late_percent, run.instance_hours));
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Of one policy, whose settings come best first, the best one and the usual one.
fn told(members: Vec<(&Setting, Run)>) -> Vec<Entry> {
    let usual = members.iter().position(|(setting, _)| is_usual(setting));
    let is_told = |nth: usize| nth == 0 || Some(nth) == usual;
    let (mut entries, mut tried) = (Vec::new(), Vec::new());
    for (nth, (setting, run)) in members.into_iter().enumerate() {
        if is_told(nth) {
            let (policy, setting) = (setting.family.to_owned(), setting.label.clone());
            entries.push(Entry { policy, setting, shipped: false, run, tried: Vec::new() });
        } else {
            let (late_percent, instance_hours) = (run.late_percent, run.instance_hours);
            tried.push(Tried { setting: setting.label.clone(), late_percent, instance_hours });
        }
    }
    if let Some(best) = entries.first_mut() {
        best.tried = tried;
    }
    entries
}

/// Whether a setting is the one to start with: the policy's own default, or where it has none, the
/// acceptable backlog as AWS's guide reckons it.
fn is_usual(setting: &Setting) -> bool {
    let usual = match setting.family {
        "keda" => "queueLength=5",
        "buildkite" => "out=1 in_cooldown=3600",
        "fixed size" => "100 % of max",
        _ => "x=1",
    };
    setting.label == usual
}

/// What `job` gives for the numbers below `count`, in their order, worked out on all processors.
fn in_parallel<T: Send>(count: usize, job: &(dyn Fn(usize) -> T + Sync), done: &mut dyn FnMut()) -> Vec<T> {
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(count);
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    let mut finished: Vec<(usize, T)> = std::thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let nth = next.fetch_add(1, Relaxed);
                    if nth >= count || sender.send((nth, job(nth))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        results.iter().inspect(|_| done()).collect()
    });
    finished.sort_unstable_by_key(|(nth, _)| *nth);
    finished.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::super::peers::all;
    use super::super::scene::run;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn results_come_in_order_and_each_is_announced() {
        let mut announced = 0;
        let squares = in_parallel(100, &|nth| nth * nth, &mut || announced += 1);
        assert_eq!(squares, (0..100).map(|nth| nth * nth).collect::<Vec<_>>());
        assert_eq!(announced, 100);
        assert!(in_parallel(0, &|nth| nth, &mut || ()).is_empty());
    }

    #[test]
    fn every_policy_has_one_usual_setting() {
        let settings = all();
        let families: BTreeSet<&str> = settings.iter().map(|setting| setting.family).collect();
        for family in families {
            let usual = settings.iter().filter(|setting| setting.family == family && is_usual(setting));
            assert_eq!(usual.count(), 1, "{family}");
        }
    }

    #[test]
    fn of_each_policy_the_best_setting_is_told_and_the_usual_one_and_the_best_policy_first() {
        let rivals: Vec<Setting> =
            all().into_iter().filter(|it| ["keda", "wpa"].contains(&it.family)).collect();
        let figures = |setting: &Setting| match (setting.family, setting.label.as_str()) {
            ("keda", "x=0.5") => (0.9, 50.0),
            ("keda", "queueLength=5") => (30.0, 10.0),
            ("wpa", "x=1") => (0.5, 40.0),
            _ => (0.4, 90.0),
        };
        let runs: Vec<Run> = rivals.iter().map(figures).map(|(late, hours)| run(late, hours)).collect();
        let entries = entries(&rivals, runs.into_iter());
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.policy.as_str(), entry.setting.as_str(), entry.tried.len()))
            .collect();
        assert_eq!(told, [("wpa", "x=1", 12), ("keda", "x=0.5", 12), ("keda", "queueLength=5", 0)]);
    }
}
