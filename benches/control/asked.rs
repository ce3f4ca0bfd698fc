//! What the environment asks a bench to measure.

use crate::worlds;
use backlogd::sim::Case;
use std::error::Error;
use std::path::Path;

/// The traces of `TRACES`, a directory, or the benchmark's own.
pub(crate) fn cases() -> Result<Vec<Case>, String> {
    let directory = std::env::var("TRACES").unwrap_or_else(|_| "tests/traces".to_owned());
    worlds::read(Path::new(&directory))
}

/// The seeds of `SEEDS`, or these.
pub(crate) fn seeds(usual: &[u64]) -> Result<Vec<u64>, Box<dyn Error>> {
    match std::env::var("SEEDS") {
        Ok(list) => Ok(list.split(',').map(|seed| seed.trim().parse()).collect::<Result<_, _>>()?),
        Err(_) => Ok(usual.to_vec()),
    }
}
