//! Several policies on the same workload, side by side.

use super::case::Case;
use super::run::Run;
use std::time::Duration;

/// The share of messages that may wait longer than the objective, in percent, where a policy counts as
/// holding it.
pub const LATE_PERCENT_MAX: f64 = 1.0;

/// What became of several policies on one case.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The workload and its world.
    pub case: Case,
    /// The least instance-hours with which nobody's message is late, for who knows them all beforehand;
    /// nothing where even the largest fleet is too small.
    pub bound_hours: Option<f64>,
    /// From when on the fleet that needs so few has how many instances; empty where nothing is drawn.
    pub bound_fleet: Vec<(Duration, f64)>,
    /// The price of an instance-hour, in dollars.
    pub price_per_hour: Option<f64>,
    /// A policy each; the shipped controller's first.
    pub entries: Vec<Entry>,
}

/// One policy at one setting, run on the case.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The policy's name.
    pub policy: String,
    /// What is set, in its own words.
    pub setting: String,
    /// Whether this is the shipped controller.
    pub shipped: bool,
    /// What became of it.
    pub run: Run,
    /// Other settings of the same policy that were tried.
    pub tried: Vec<Tried>,
}

/// Another setting, in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// What was set.
    pub setting: String,
    /// Messages that waited longer than the objective, in percent.
    pub late_percent: f64,
    /// What was paid for.
    pub instance_hours: f64,
}

impl Comparison {
    /// The shipped controller's entry.
    #[must_use]
    pub fn shipped(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.shipped)
    }

    /// `instance_hours` as a multiple of the least possible.
    #[must_use]
    pub fn ratio(&self, instance_hours: f64) -> Option<f64> {
        self.bound_hours.map(|least| instance_hours / least).filter(|ratio| ratio.is_finite())
    }

    /// What `instance_hours` cost, where the price is known.
    #[must_use]
    pub fn dollars(&self, instance_hours: f64) -> Option<f64> {
        self.price_per_hour.map(|price| price * instance_hours)
    }

    /// How many settings of other policies were run.
    #[must_use]
    pub fn others(&self) -> usize {
        self.entries.iter().filter(|entry| !entry.shipped).map(|entry| entry.tried.len() + 1).sum()
    }

    /// The entries of other policies, one a policy, those that hold the objective first, the cheapest
    /// of them first; then the least late.
    #[must_use]
    pub fn rivals(&self) -> Vec<&Entry> {
        let mut rivals: Vec<&Entry> = self.entries.iter().filter(|entry| !entry.shipped).collect();
        rivals.sort_by(|a, b| a.rank().partial_cmp(&b.rank()).unwrap_or(std::cmp::Ordering::Equal));
        let mut known: Vec<&str> = Vec::new();
        rivals.retain(|entry| {
            let first = !known.contains(&entry.policy.as_str());
            known.push(&entry.policy);
            first
        });
        rivals
    }
}

impl Entry {
    /// Whether it holds the objective.
    #[must_use]
    pub fn holds(&self) -> bool {
        holds(self.run.late_percent)
    }

    fn rank(&self) -> (bool, f64) {
        rank(self.run.late_percent, self.run.instance_hours)
    }
}

/// Whether so much lateness still counts as holding the objective.
#[must_use]
pub fn holds(late_percent: f64) -> bool {
    late_percent <= LATE_PERCENT_MAX
}

/// Smaller is better: first to hold the objective, then to be cheap; among those that do not, to be less late.
pub(super) fn rank(late_percent: f64, instance_hours: f64) -> (bool, f64) {
    if holds(late_percent) { (false, instance_hours) } else { (true, late_percent) }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{compared, entry, run};
    use super::*;

    fn ranking(entries: Vec<Entry>) -> Vec<(String, String)> {
        let comparison = Comparison { entries, ..compared() };
        comparison.rivals().iter().map(|entry| (entry.policy.clone(), entry.setting.clone())).collect()
    }

    #[test]
    fn of_each_policy_the_best_setting_counts_and_holding_the_objective_comes_before_the_cost() {
        let entries = vec![
            entry("cheap but late", "x=1", false, run(1.1, 1.0)),
            entry("later", "x=1", false, run(2.0, 0.5)),
            entry("two", "dear", false, run(0.0, 9.0)),
            entry("two", "well", false, run(1.0, 7.0)),
            entry("dear", "x=1", false, run(0.0, 8.0)),
            entry("backlogd", "latency, 60 s", true, run(0.0, 1.0)),
        ];
        let expected = [("two", "well"), ("dear", "x=1"), ("cheap but late", "x=1"), ("later", "x=1")];
        assert_eq!(
            ranking(entries),
            expected.map(|(policy, setting)| (policy.to_owned(), setting.to_owned()))
        );
    }

    #[test]
    fn all_settings_of_others_are_counted() {
        assert_eq!(compared().others(), 5);
    }

    #[test]
    fn a_least_of_nothing_gives_no_ratio() {
        let free = Comparison { bound_hours: Some(0.0), ..compared() };
        assert_eq!((free.ratio(1.0), free.ratio(0.0)), (None, None));
    }
}
