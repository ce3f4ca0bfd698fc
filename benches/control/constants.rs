//! What each constant of our policy is worth: halved, and doubled.

use crate::contest::{Contest, Entry, OURS, Place, Score};
use crate::ours::Hints;
use crate::summary::lines;
use backlogd::model::Tuning;
use backlogd::sim::Case;

type Constant = (&'static str, fn(&mut Tuning) -> &mut f64);

const CONSTANTS: [Constant; 10] = [
    ("lead_boots", |tuning| &mut tuning.lead_boots),
    ("reserve", |tuning| &mut tuning.reserve),
    ("reserve_swing", |tuning| &mut tuning.reserve_swing),
    ("calm", |tuning| &mut tuning.calm),
    ("headroom", |tuning| &mut tuning.headroom),
    ("headroom_late", |tuning| &mut tuning.headroom_late),
    ("remainder", |tuning| &mut tuning.remainder),
    ("first_order", |tuning| &mut tuning.first_order),
    ("keeping", |tuning| &mut tuning.keeping),
    ("interruptions", |tuning| &mut tuning.interruptions),
];

/// The contests, one a row of the table: ours alone, on `seeds`.
pub(crate) fn contests(seeds: &[u64]) -> Vec<Contest> {
    let changed = |factor: f64, word: &'static str| {
        CONSTANTS.iter().map(move |(name, constant)| {
            let mut tuning = Tuning::SHIPPED;
            *constant(&mut tuning) *= factor;
            let place = Place {
                entry: Entry::tuned(Hints::right, &tuning),
                seeds: seeds.to_vec(),
                only_tight: false,
            };
            Contest { name: format!("{name}, {word}"), world: Box::new(|_| {}), field: vec![place] }
        })
    };
    changed(0.5, "halved").chain(changed(2.0, "doubled")).collect()
}

/// Prints the rows of `contests` that `range` numbers.
pub(crate) fn print(scores: &[Score], contests: &[Contest], range: std::ops::Range<usize>, cases: &[Case]) {
    println!("\n## Constants (kill world)\n");
    println!("| constant | met | ratio | worst late % |\n|---|---|---|---|");
    for index in range {
        let lines = lines(scores, contests, index, cases.len());
        if let Some(ours) = lines.iter().find(|line| line.family == OURS) {
            let (met, ratio, late) = (ours.met(), ours.geomean(), ours.worst_late_percent());
            println!("| {} | {met} | {ratio:.3} | {late:.1} |", contests[index].name);
        }
    }
}
