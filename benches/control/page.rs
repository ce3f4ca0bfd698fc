//! The page of the kill world: on each trace, ours and every peer at its best setting there, on one seed.

use crate::contest::{Contest, OURS, Place};
use crate::summary::{Line, Mean};
use backlogd::sim::Case;
use backlogd::sim::compare::{Comparison, Entry, Tried};
use backlogd::sim::{least, report};

/// Peers that are drawn over time.
const DRAWN: usize = 3;

/// The page for `contest`, whose lines are `lines`, with runs on `seed`.
pub(crate) fn page(contest: &Contest, lines: &[Line], cases: &[Case], seed: u64) -> String {
    let comparisons: Vec<Comparison> =
        (0..).zip(cases).map(|(number, case)| comparison(contest, lines, number, case, seed)).collect();
    report::page(&comparisons)
}

fn comparison(contest: &Contest, lines: &[Line], number: usize, case: &Case, seed: u64) -> Comparison {
    let mut case = Case { seed, ..case.clone() };
    (contest.world)(&mut case);
    let messages = case.messages();
    let least = least(&case, &messages);
    let bound_hours = least.as_ref().map(|least| least.instance_hours);
    let bound_fleet = least.map(|least| least.fleet).unwrap_or_default();
    let mut members: Vec<(&Place, Mean)> = contest
        .field
        .iter()
        .zip(lines)
        .filter_map(|(place, line)| Some((place, line.means[number]?)))
        .collect();
    let rank = |(place, mean): &(&Place, Mean)| {
        let cost = if mean.is_met() { mean.ratio } else { mean.late_percent };
        (place.entry.family != OURS, !mean.is_met(), cost)
    };
    members.sort_by(|one, other| rank(one).partial_cmp(&rank(other)).unwrap());
    let mut entries: Vec<Entry> = Vec::new();
    for (place, mean) in members {
        let (policy, setting) = (place.entry.family.clone(), place.entry.label.clone());
        if let Some(best) = entries.iter_mut().find(|entry| entry.policy == policy) {
            let instance_hours = mean.ratio * bound_hours.unwrap_or(f64::NAN);
            best.tried.push(Tried { setting, late_percent: mean.late_percent, instance_hours });
        } else {
            let run = place.entry.play(&case, &messages, entries.len() <= DRAWN);
            entries.push(Entry { shipped: policy == OURS, policy, setting, run, tried: Vec::new() });
        }
    }
    Comparison { case, bound_hours, bound_fleet, price_per_hour: None, entries }
}
