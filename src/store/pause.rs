use crate::model::{Pause, Timestamp};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// The file in which people pause a scaler, `STATE_DIR/SCALER.pause`. Where there is none, nothing is paused.
///
/// Whoever may write to the state directory may pause. The file is replaced whole; it can be read by everybody
/// who gets into the directory, for root may write it and the daemon is somebody else.
#[derive(Clone, Debug)]
pub struct PauseFile {
    dir: PathBuf,
    path: PathBuf,
    scaler: String,
    /// Whether this process has seen a pause in force.
    seen: bool,
    /// Whether one that is over could not be removed.
    failing: bool,
}

/// A pause that could not be written or removed.
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    /// There is no state directory.
    #[error(
        "there is no state directory {}: the daemon makes it when it first runs; is `state_dir` under [daemon] the one it runs with?",
        .0.display()
    )]
    NoDirectory(PathBuf),
    /// It belongs to others.
    #[error(
        "cannot write {}: {why}; it takes the rights of the user that the daemon runs as: sudo backlogd …",
        path.display()
    )]
    Denied {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Another reason.
    #[error("cannot write {}: {why}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// The file's content. Times are times of day.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    out: bool,
    r#in: bool,
    since: Timestamp,
    until: Option<Timestamp>,
}

const VERSION: u32 = 1;

impl PauseFile {
    /// The file of `scaler` in the state directory `dir`.
    #[must_use]
    pub fn of(dir: &Path, scaler: &str) -> Self {
        let path = dir.join(format!("{scaler}.pause"));
        Self { dir: dir.to_owned(), path, scaler: scaler.to_owned(), seen: false, failing: false }
    }

    /// The pause in force at the time of day `wall`, as far as this user may know; touches nothing.
    #[must_use]
    pub fn read(&self, wall: Timestamp) -> Option<Pause> {
        if self.is_hidden() {
            return None;
        }
        self.content().filter(|pause| !pause.is_over(wall))
    }

    /// Whether this user may not even know if there is a pause. That is so beside a daemon of another user, and
    /// no sign that somebody paused.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        fs::symlink_metadata(&self.path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    }

    /// The same; one that is over is forgotten, and so is its file.
    pub(super) fn heed(&mut self, wall: Timestamp) -> Option<Pause> {
        let pause = self.content()?;
        if pause.is_over(wall) {
            self.forget(wall);
            return None;
        }
        self.seen = true;
        Some(pause)
    }

    /// Pauses as `pause` says, in place of what there was.
    pub fn set(&self, pause: &Pause) -> Result<(), Unwritable> {
        let Pause::Asked { out, r#in, since, until } = *pause else { return Ok(()) };
        let content = Content { version: VERSION, out, r#in, since, until };
        self.locked(|dir| {
            let beside = self.path.with_added_extension("new");
            remove(&beside)?;
            // Made anew, it is no link that somebody laid there for root to follow.
            let mut file = File::options().write(true).create_new(true).open(&beside)?;
            file.set_permissions(Permissions::from_mode(0o644))?;
            file.write_all(&serde_json::to_vec(&content)?)?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)?;
            dir.sync_all()
        })
    }

    /// Ends a pause, also one that cannot be read.
    pub fn lift(&self) -> Result<(), Unwritable> {
        self.locked(|dir| {
            remove(&self.path)?;
            dir.sync_all()
        })
    }

    /// What the file says; what it hides is a pause that is not known.
    fn content(&self) -> Option<Pause> {
        let understood = match fs::read(&self.path) {
            // Of a directory that is none, the state file complains.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return None;
            }
            Err(error) => Err(format!("cannot be read ({error}) by the user that this runs as")),
            Ok(bytes) => parse(&bytes).map_err(|error| {
                format!("cannot be understood ({error}): sudo backlogd resume {} removes it", self.scaler)
            }),
        };
        Some(
            understood.unwrap_or_else(|how| Pause::Unknown { why: format!("{} {how}", self.path.display()) }),
        )
    }

    /// Removes the file, unless somebody has just written a new pause into it.
    fn forget(&mut self, wall: Timestamp) {
        let Ok(dir) = File::open(&self.dir) else { return };
        if let Err(fs::TryLockError::WouldBlock) = dir.try_lock() {
            return;
        }
        if self.content().is_none_or(|pause| !pause.is_over(wall)) {
            return;
        }
        let removed = remove(&self.path);
        match &removed {
            Ok(()) if !self.seen => tracing::info!(
                scaler = self.scaler,
                "a pause has ended while nobody looked: scale-out and scale-in go on"
            ),
            Err(error) if !self.failing => tracing::warn!(
                scaler = self.scaler,
                path = %self.path.display(),
                %error,
                "cannot remove the file of a pause that is over; it holds nothing any more"
            ),
            _ => {}
        }
        (self.failing, self.seen) = (removed.is_err(), false);
    }

    /// Does `work` while nobody else writes or removes a pause.
    fn locked(&self, work: impl FnOnce(&File) -> io::Result<()>) -> Result<(), Unwritable> {
        let failed = |why: io::Error| match why.kind() {
            ErrorKind::PermissionDenied => Unwritable::Denied { path: self.path.clone(), why },
            _ => Unwritable::Failed { path: self.path.clone(), why },
        };
        let dir = File::open(&self.dir).map_err(|why| match why.kind() {
            ErrorKind::NotFound => Unwritable::NoDirectory(self.dir.clone()),
            _ => failed(why),
        })?;
        // A file system without locks protects nobody, and stops nobody.
        let _unlocked = dir.lock();
        work(&dir).map_err(failed)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn parse(bytes: &[u8]) -> Result<Pause, serde_json::Error> {
    let Content { version, out, r#in, since, until } = serde_json::from_slice(bytes)?;
    let wrong = |text| Err(serde::de::Error::custom(text));
    match (version, out || r#in) {
        (VERSION, true) => Ok(Pause::Asked { out, r#in, since, until }),
        (VERSION, false) => wrong("it pauses nothing".to_owned()),
        _ => wrong(format!("version {version} is not {VERSION}")),
    }
}
