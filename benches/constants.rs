//! What each constant of our policy is worth: halved, and doubled. `cargo bench --bench constants`.
//!
//! Prints a table: traces met, of all; the mean ratio of instance-hours to the clairvoyant bound; late messages of
//! 100 on the worst trace. Ours alone, where workers are killed. `TRACES=<directory>` takes other traces and worlds
//! (see `tests/traces/README.md`), `SEEDS=11,12` other seeds. The figures are the same on every machine.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_debug_implementations,
    missing_docs,
    reason = "a measurement ends where it fails"
)]

#[path = "control/asked.rs"]
mod asked;
#[path = "control/contest.rs"]
#[expect(dead_code, reason = "the other bench has peers")]
mod contest;
#[path = "control/ours.rs"]
mod ours;
#[path = "control/summary.rs"]
#[expect(dead_code, reason = "the other bench has peers")]
mod summary;
#[path = "control/worlds.rs"]
mod worlds;

use backlogd::model::{Tuning, tuning};
use contest::{Contest, Entry, Place, play};
use ours::Hints;
use std::process::ExitCode;
use summary::lines;

const SEEDS: [u64; 3] = [11, 12, 13];

/// What a constant is changed by: the columns of the table.
const FACTORS: [(&str, f64); 2] = [("halved", 0.5), ("doubled", 2.0)];

fn main() -> ExitCode {
    asked::answered(measure())
}

fn measure() -> Result<(), String> {
    let (cases, seeds) = (asked::cases()?, asked::seeds(&SEEDS)?);
    let contests = contests(&seeds);
    let scores = play(&contests, &cases);
    let columns: Vec<String> =
        FACTORS.iter().map(|(word, _)| format!("{word}: met | ratio | worst late %")).collect();
    println!("| constant | {} |\n|---|{}", columns.join(" | "), "---|".repeat(3 * FACTORS.len()));
    let cells: Vec<String> = (0..contests.len())
        .flat_map(|contest| lines(&scores, &contests, contest, cases.len()))
        .map(|ours| format!("{} | {:.3} | {:.1}", ours.met(), ours.geomean(), ours.worst_late_percent()))
        .collect();
    for (row, contest) in cells.chunks(FACTORS.len()).zip(contests.iter().step_by(FACTORS.len())) {
        println!("| {} | {} |", contest.name, row.join(" | "));
    }
    Ok(())
}

/// One for each cell of the table, row by row: as shipped, and with each constant changed.
fn contests(seeds: &[u64]) -> Vec<Contest> {
    let contest = |name: &str, tuning: &Tuning| {
        let entry = Entry::tuned(Hints::right, tuning);
        let place = Place { entry, seeds: seeds.to_vec(), only_tight: false };
        Contest { name: name.to_owned(), world: Box::new(|_| {}), field: vec![place] }
    };
    let mut contests: Vec<Contest> = FACTORS.map(|_| contest("as shipped", &Tuning::SHIPPED)).into();
    for number in 0..constants(&mut Tuning::default()).len() {
        for (_, factor) in FACTORS {
            let mut tuning = Tuning::SHIPPED;
            let Constant { name, mut scale } = constants(&mut tuning).swap_remove(number);
            scale(factor);
            drop(scale);
            contests.push(contest(&name, &tuning));
        }
    }
    contests
}

/// A constant that can be made so many times as large; of an array, all elements.
struct Constant<'t> {
    name: String,
    scale: Box<dyn FnMut(f64) + 't>,
}

fn constants(tuning: &mut Tuning) -> Vec<Constant<'_>> {
    let mut all = Vec::new();
    tuning.list("", &mut all);
    all
}

/// A constant, or a group of them.
trait Listed {
    /// Adds what is in it to `all`, by its name.
    fn list<'t>(&'t mut self, name: &str, all: &mut Vec<Constant<'t>>);
}

impl Listed for f64 {
    fn list<'t>(&'t mut self, name: &str, all: &mut Vec<Constant<'t>>) {
        all.push(Constant { name: name.to_owned(), scale: Box::new(|factor| *self *= factor) });
    }
}

impl<const COUNT: usize> Listed for [f64; COUNT] {
    fn list<'t>(&'t mut self, name: &str, all: &mut Vec<Constant<'t>>) {
        let scale = Box::new(|factor| self.iter_mut().for_each(|value| *value *= factor));
        all.push(Constant { name: name.to_owned(), scale });
    }
}

impl Listed for usize {
    fn list<'t>(&'t mut self, name: &str, all: &mut Vec<Constant<'t>>) {
        let scale = Box::new(|factor| *self = (*self as f64 * factor) as Self);
        all.push(Constant { name: name.to_owned(), scale });
    }
}

/// The fields of groups. A field that is not listed does not compile.
macro_rules! groups {
    ($($group:ident { $($field:ident),+ $(,)? })+) => {$(
        impl Listed for tuning::$group {
            fn list<'t>(&'t mut self, name: &str, all: &mut Vec<Constant<'t>>) {
                let Self { $($field),+ } = self;
                let dot = if name.is_empty() { "" } else { "." };
                $($field.list(&format!("{name}{dot}{}", stringify!($field)), all);)+
            }
        }
    )+};
}

groups! {
    Tuning {
        lead_boots, counters_secs, noise, gap_secs, forgetting_secs, lost, misjudged, few_hourly,
        reserve, calm, headroom, headroom_most, headroom_late, headroom_staying, remainder, first_order,
        keeping, interruptions, believed,
        budget, hedge, idle, reckoning, forecast, jumps, processing, slots, boot, samples,
    }
    Budget { allowed, proof, even, alarming, at_once }
    Hedge { allowed, again, apart_secs }
    Idle { waits, ahead }
    Reckoning { begun, waited, waited_times, delay }
    Forecast { spans_secs, first, forgetting_secs, better, seasoned_secs }
    Jumps { sigmas, variance, lasting, trust }
    Processing { guess_secs, hint_worth, guess_worth, unfinished_most_secs, proof, gone }
    Slots { guess, hint_worth, guess_worth }
    Boot { guess_secs, hint_worth, guess_worth, noise_units, spread, worst, proof, broken }
    Samples { spell_secs, left_behind, faster, settling }
}
