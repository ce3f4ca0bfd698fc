use super::file::replace;
use crate::trouble::Known;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is known of a scaler's troubles, in a JSON file of its own, `STATE_DIR/troubles/SCALER.json`: it changes
/// seldom, and then has to be kept at once.
#[derive(Debug)]
pub(super) struct TroubleFile {
    path: PathBuf,
    kept: Known,
    failing: bool,
}

impl TroubleFile {
    /// The file of `scaler` in `dir`, which need not be there. One that makes no sense is warned of, and counts as
    /// none: the next change replaces it.
    pub(super) fn open(dir: &Path, scaler: &str) -> Self {
        let path = dir.join("troubles").join(format!("{scaler}.json"));
        let kept = fs::read(&path).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        let kept = kept.unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), %error, "cannot read what is known of troubles: those that stand will be told anew");
            }
            Known::default()
        });
        Self { path, kept, failing: false }
    }

    pub(super) fn kept(&self) -> Known {
        self.kept.clone()
    }

    pub(super) fn save(&mut self, known: &Known) {
        if *known == self.kept {
            return;
        }
        let bytes = serde_json::to_vec(known).map_err(io::Error::from);
        match bytes.and_then(|bytes| replace(&self.path, &bytes, true)) {
            Ok(()) => {
                self.kept = known.clone();
                self.failing = false;
            }
            Err(error) if !self.failing => {
                tracing::warn!(path = %self.path.display(), %error, "cannot keep what is known of troubles: a restart would tell of them anew");
                self.failing = true;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trouble::Watch;

    #[test]
    fn what_makes_no_sense_counts_as_nothing_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("troubles/images.json");
        fs::create_dir(dir.path().join("troubles")).unwrap();
        for garbage in ["", "{", "[]", "{\"courses\":{\"at_max\":7}}"] {
            fs::write(&path, garbage).unwrap();
            assert_eq!(TroubleFile::open(dir.path(), "images").kept(), Known::default(), "{garbage}");
        }
        let known: Known =
            serde_json::from_str("{\"dead_letters\":{\"dlq\":{\"messages\":3,\"lower\":null}}}").unwrap();
        TroubleFile::open(dir.path(), "images").save(&known);
        assert_eq!(TroubleFile::open(dir.path(), "images").kept(), known);
        assert_eq!(*Watch::new(crate::trouble::Terms::default(), known.clone()).known(), known);
    }

    #[test]
    fn nothing_is_written_where_nothing_is_new() {
        let dir = tempfile::tempdir().unwrap();
        TroubleFile::open(dir.path(), "images").save(&Known::default());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
