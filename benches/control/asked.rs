//! What the environment asks a bench to measure, and what it is answered where that goes wrong.

use crate::worlds;
use backlogd::sim::Case;
use std::path::Path;
use std::process::ExitCode;

/// The traces of `TRACES`, a directory, or the benchmark's own.
pub(crate) fn cases() -> Result<Vec<Case>, String> {
    let directory = std::env::var("TRACES").unwrap_or_else(|_| "tests/traces".to_owned());
    worlds::read(Path::new(&directory))
}

/// The seeds of `SEEDS`, or these.
pub(crate) fn seeds(usual: &[u64]) -> Result<Vec<u64>, String> {
    std::env::var("SEEDS").map_or_else(|_| Ok(usual.to_vec()), |list| listed(&list))
}

/// Seeds as `SEEDS` lists them.
pub(crate) fn listed(list: &str) -> Result<Vec<u64>, String> {
    let seeds = list.split(',').map(|seed| seed.trim().parse()).collect::<Result<_, _>>();
    seeds.map_err(|_error| {
        format!("SEEDS: expected whole numbers from 0 on with commas between, found {list:?}")
    })
}

/// How a bench ends: what went wrong is told in plain words.
#[expect(clippy::print_stderr, reason = "a bench has no log")]
pub(crate) fn answered(measured: Result<(), String>) -> ExitCode {
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            ExitCode::FAILURE
        }
    }
}
