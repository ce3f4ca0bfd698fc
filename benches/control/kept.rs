//! Where files of a bench are kept: in the directory that cargo builds in, wherever that is.

use std::fs;
use std::path::{Path, PathBuf};

/// Cargo's own directory for what is measured stands in it.
const WITHIN: &str = env!("CARGO_TARGET_TMPDIR");

/// Writes `text` to a file of this name, and says which one it was that could not be written.
pub(crate) fn keep(name: &str, text: &str) -> Result<PathBuf, String> {
    write(Path::new(WITHIN).parent().unwrap_or(Path::new(WITHIN)), name, text)
}

/// The same, in this directory.
pub(crate) fn write(directory: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let path = directory.join(name);
    let written = fs::create_dir_all(directory).and_then(|()| fs::write(&path, text));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(path)
}
