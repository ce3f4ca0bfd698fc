//! Our policy when it is told something wrong or nothing, and in worlds that are worse.

use crate::contest::Score;
use crate::contest::{Contest, Entry, OURS, Place, is_tight};
use crate::ours::Hints;
use crate::print;
use crate::summary::{dominating_points, lines};
use backlogd::sim::Case;
use std::sync::Arc;
use std::time::Duration;

/// The contests, one a row of the table: ours on `seeds`, and `peers` on one of them where the objective
/// is below the boot time.
pub(crate) fn contests(seeds: &[u64], peers: &[Arc<Entry>]) -> Vec<Contest> {
    let mut contests = vec![hinted(seeds, "told all, and right", |_, _| {})];
    for (word, factor) in [("half", 0.5), ("twice", 2.0)] {
        contests.push(hinted(seeds, &format!("told {word} the processing time"), move |hints, case| {
            hints.processing_time = Some(case.work_mean.mul_f64(factor));
        }));
        contests.push(hinted(seeds, &format!("told {word} the slots"), move |hints, case| {
            hints.slots = Some(((f64::from(case.slots) * factor) as u32).max(1));
        }));
        contests.push(hinted(seeds, &format!("told {word} the boot time"), move |hints, case| {
            hints.boot = Some(case.boot_mean().mul_f64(factor));
        }));
    }
    contests.push(hinted(seeds, "not told the processing time", |hints, _| hints.processing_time = None));
    contests.push(hinted(seeds, "not told the slots", |hints, _| hints.slots = None));
    contests.push(hinted(seeds, "not told the boot time", |hints, _| hints.boot = None));
    contests.push(hinted(seeds, "told nothing", |hints, _| {
        *hints = Hints { processing_time: None, slots: None, boot: None };
    }));
    for (word, factor) in [("half", 0.5), ("twice", 2.0)] {
        contests.push(changed(seeds, peers, &format!("{word} the objective"), move |case| {
            case.objective = case.objective.mul_f64(factor);
        }));
        contests.push(changed(seeds, peers, &format!("{word} the boot time"), move |case| {
            case.boot = case.boot.start().mul_f64(factor)..=case.boot.end().mul_f64(factor);
        }));
    }
    contests.push(changed(seeds, &[], "counters 20 % off and 60 s old", |case| {
        (case.noise_percent, case.stale_max) = (20.0, Duration::from_mins(1));
    }));
    contests.push(changed(seeds, &[], "counters alone", |case| case.deletions = false));
    contests
}

fn hinted(seeds: &[u64], name: &str, wrong: impl Fn(&mut Hints, &Case) + Send + Sync + 'static) -> Contest {
    let hints = move |case: &Case| {
        let mut hints = Hints::right(case);
        wrong(&mut hints, case);
        hints
    };
    let place = Place { entry: Entry::ours(hints), seeds: seeds.to_vec(), only_tight: false };
    Contest { name: name.to_owned(), world: Box::new(|_| {}), field: vec![place] }
}

fn changed(
    seeds: &[u64],
    peers: &[Arc<Entry>],
    name: &str,
    world: impl Fn(&mut Case) + Send + Sync + 'static,
) -> Contest {
    let ours = Place { entry: Entry::ours(Hints::right), seeds: seeds.to_vec(), only_tight: false };
    let one = seeds.iter().take(1).copied().collect::<Vec<u64>>();
    let peers =
        peers.iter().map(|entry| Place { entry: entry.clone(), seeds: one.clone(), only_tight: true });
    Contest {
        name: name.to_owned(),
        world: Box::new(world),
        field: std::iter::once(ours).chain(peers).collect(),
    }
}

/// Prints the rows of `contests` that `range` numbers.
pub(crate) fn print(scores: &[Score], contests: &[Contest], range: std::ops::Range<usize>, cases: &[Case]) {
    println!("\n## Told wrong, and worse worlds (kill world)\n");
    println!(
        "| row | objective above boot: met | ratio | worst late % | below: met | ratio | worst late % |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut apart = Vec::new();
    for (index, contest) in contests.iter().enumerate().take(range.end).skip(range.start) {
        let tight: Vec<bool> = cases
            .iter()
            .map(|case| {
                let mut case = case.clone();
                (contest.world)(&mut case);
                is_tight(&case)
            })
            .collect();
        let lines = lines(scores, contests, index, cases.len());
        let Some(ours) = lines.iter().find(|line| line.family == OURS) else { continue };
        let (wide, narrow) = (ours.only(|case| !tight[case]), ours.only(|case| tight[case]));
        let columns = [&wide, &narrow].map(|line| print::sum(line).unwrap_or_else(|| "– | – | –".to_owned()));
        println!("| {} | {} |", contest.name, columns.join(" | "));
        if lines.len() > 1 {
            apart.push((index, contest, lines));
        }
    }
    let names: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
    for (index, contest, lines) in apart {
        let seeds = contest.field.last().map(|place| place.seeds.clone()).unwrap_or_default();
        let Some(ours) = crate::ours_on(scores, contests, index, cases.len(), &seeds) else { continue };
        let ours =
            ours.only(|case| lines.iter().any(|line| line.family != OURS && line.means[case].is_some()));
        if print::sum(&ours).is_none() {
            continue;
        }
        println!("\n### {}, where the objective is below the boot time\n", contest.name);
        print::head(&names);
        print::row(&ours);
        let points = dominating_points(&ours, &lines, &names);
        println!("\nPoints of peers that are both cheaper and less late: {}.", points.len());
    }
}
