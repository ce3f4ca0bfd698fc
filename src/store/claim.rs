use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A state directory that this process alone may keep state in, until the claim is dropped or the
/// process ends, however it ends.
#[derive(Debug)]
pub struct Claim {
    _lock: Option<File>,
}

/// Another process keeps its state there.
#[derive(Debug, thiserror::Error)]
#[error(
    "another backlogd is at work with the state directory {}: stop it, or give this one a `state_dir` of its own",
    dir.display()
)]
pub struct InUse {
    dir: PathBuf,
}

impl Claim {
    /// Claims `dir`. Where it cannot hold a lock, nothing can be kept there either, by anybody: that is
    /// warned of, and counts as claimed.
    pub fn take(dir: &Path) -> Result<Self, InUse> {
        let lock = match open(dir) {
            Ok(lock) => lock,
            Err(error) => {
                tracing::warn!(dir = %dir.display(), %error, "the state directory cannot be used");
                return Ok(Self { _lock: None });
            }
        };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(InUse { dir: dir.to_owned() }),
            // A file system without locks protects nobody, and stops nobody.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { _lock: Some(lock) }),
        }
    }
}

fn open(dir: &Path) -> io::Result<File> {
    fs::create_dir_all(dir)?;
    File::options().create(true).truncate(false).write(true).open(dir.join(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_claimed_once_until_the_claim_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let claim = Claim::take(&state).unwrap();
        let refused = Claim::take(&state).unwrap_err().to_string();
        assert!(refused.contains(&state.display().to_string()), "{refused}");
        drop(claim);
        Claim::take(&state).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_used_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state");
        fs::write(&file, "in the way").unwrap();
        Claim::take(&file).unwrap();
    }
}
