//! How late and how dear: our policy and others on the benchmark's worlds. `cargo bench --bench control`.
//!
//! Prints tables of instance-hours ÷ the clairvoyant bound and of late messages, and writes them to
//! `control.json` in the directory that cargo builds in, `target` if nothing else is said; `control.html` beside it
//! draws ours and the best of the others on each trace, and `control.svg` what each costs. The figures are the same on
//! every machine; only the CPU times are not.
//! `TRACES=<directory>` takes other traces and worlds (see `tests/traces/README.md`), `SEEDS=11,12` other
//! seeds: peers run on the first three of them, and on the first two where workers drain. Takes eight
//! minutes on two cores, and three to build.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_debug_implementations,
    missing_docs,
    reason = "a measurement ends where it fails"
)]

mod asked;
mod contest;
mod json;
mod kept;
mod ours;
mod page;
mod picture;
mod print;
mod robustness;
mod speed;
mod summary;
mod worlds;

use backlogd::sim::{Case, Victims};
use contest::{Contest, Entry, LATE_MAX, OURS, Place, Score, play};
use ours::Hints;
use std::process::ExitCode;
use summary::{Line, lines};

const SEEDS: [u64; 8] = [11, 12, 13, 21, 22, 23, 24, 25];

/// The numbers of the two contests of all.
const KILL: usize = 0;
const DRAIN: usize = 1;

fn main() -> ExitCode {
    asked::answered(measure())
}

fn measure() -> Result<(), String> {
    let (cases, seeds) = (asked::cases()?, asked::seeds(&SEEDS)?);
    speed::print(&cases);
    let names: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
    let contests = contests(&seeds);
    let scores = play(&contests, &cases);
    for (number, title) in [(KILL, "Workers are killed"), (DRAIN, "Workers drain")] {
        let lines = lines(&scores, &contests, number, cases.len());
        let peers = contests[number].field.last().map(|place| place.seeds.clone()).unwrap_or_default();
        if let Some(ours) = ours_on(&scores, &contests, number, cases.len(), &peers) {
            print::contest(title, &names, &lines, &ours);
        }
        let late = |score: &&Score| score.late_percent > LATE_MAX;
        let runs: Vec<&Score> =
            scores.iter().filter(|score| (score.at.0, score.at.1) == (number, 0)).collect();
        println!(
            "\nSingle runs of ours that are more than {LATE_MAX} % late: {} of {}.",
            runs.iter().copied().filter(late).count(),
            runs.len()
        );
        if let (KILL, Some(seed)) = (number, seeds.first()) {
            let listed: Vec<String> = peers.iter().map(u64::to_string).collect();
            kept::keep("control.svg", &picture::draw(&lines, &listed.join(", ")))?;
            kept::keep("control.html", &page::page(&contests[number], &lines, &cases, *seed))?;
        }
    }
    robustness::print(&scores, &contests, DRAIN + 1..contests.len(), &cases);
    let path = kept::keep("control.json", &json::text(&scores, &contests, &names))?;
    eprintln!("written: {}, and control.html and control.svg beside it", path.display());
    Ok(())
}

fn contests(seeds: &[u64]) -> Vec<Contest> {
    let peers = Entry::peers();
    let first = |count: usize| seeds.iter().copied().take(count).collect::<Vec<u64>>();
    let all = |name: &str, victims: Victims, peer_seeds: Vec<u64>| {
        let ours = Place { entry: Entry::ours(Hints::right), seeds: seeds.to_vec(), only_tight: false };
        let peers = peers.iter().map(|entry| Place {
            entry: entry.clone(),
            seeds: peer_seeds.clone(),
            only_tight: false,
        });
        Contest {
            name: name.to_owned(),
            world: Box::new(move |case: &mut Case| case.victims = victims),
            field: std::iter::once(ours).chain(peers).collect(),
        }
    };
    let mut contests = vec![all("kill", Victims::Any, first(3)), all("drain", Victims::Drain, first(2))];
    contests.extend(robustness::contests(seeds, &peers));
    contests
}

/// Our line of a contest, on these seeds alone.
fn ours_on(
    scores: &[Score],
    contests: &[Contest],
    contest: usize,
    cases: usize,
    seeds: &[u64],
) -> Option<Line> {
    let place = contests[contest].field.iter().enumerate().find(|(_, place)| place.entry.family == OURS)?;
    Some(Line::of(scores, contest, place, cases, seeds))
}
