use super::troubles::TroubleFile;
use super::{PauseFile, Store};
use crate::controller::State;
use crate::model::{Now, Pause, Timestamp};
use crate::trouble::Known;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// A scaler's state in a JSON file of its own, `STATE_DIR/SCALER.json`.
///
/// The file is replaced whole, by writing beside it and renaming, so that a kill at any moment leaves
/// the old state or the new one.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// What the file holds, and since when.
    kept: Option<(State, Timestamp)>,
    failing: bool,
    pauses: PauseFile,
    troubles: TroubleFile,
}

/// The file's content. Times in it are times of day.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    saved_at: Timestamp,
    state: State,
}

const VERSION: u32 = 1;

/// How long a state that only confirms what is kept may wait. A kill costs so much at most of what a
/// watch has seen, and of what was learnt.
const CONFIRMED_EVERY: Duration = Duration::from_mins(1);

impl StateFile {
    /// The file of `scaler` in `dir`, and the state it holds; a fresh one where there is none.
    ///
    /// A file that makes no sense is set aside as `SCALER.json.damaged` with a warning.
    #[must_use]
    pub fn open(dir: &Path, scaler: &str, now: Now) -> (Self, State) {
        let (path, troubles) = (dir.join(format!("{scaler}.json")), TroubleFile::open(dir, scaler));
        let pauses = PauseFile::of(dir, scaler);
        let file = Self { path, kept: None, failing: false, pauses, troubles };
        let state = match fs::read(&file.path) {
            Ok(bytes) => file.understand(&bytes, now),
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(error) => {
                tracing::warn!(path = %file.path.display(), %error, "cannot read the state file, starting afresh");
                State::default()
            }
        };
        (file, state)
    }

    /// The state saved in `dir` for `scaler`, if there is a sound one; touches nothing.
    ///
    /// One that cannot be read is warned of: whoever looks over the daemon's shoulder must know that this
    /// is not its memory.
    #[must_use]
    pub fn peek(dir: &Path, scaler: &str, now: Now) -> State {
        let path = dir.join(format!("{scaler}.json"));
        let state = fs::read(&path).and_then(|bytes| Ok(parse(&bytes, now)?));
        state.unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), %error, "cannot read the state: thinking as if just started");
            }
            State::default()
        })
    }

    /// What was known of troubles when it was opened, or last saved.
    #[must_use]
    pub fn troubles(&self) -> Known {
        self.troubles.kept()
    }

    /// What is known in `dir` of the troubles of `scaler`; touches nothing.
    #[must_use]
    pub fn peek_troubles(dir: &Path, scaler: &str) -> Known {
        TroubleFile::open(dir, scaler).kept()
    }

    fn understand(&self, bytes: &[u8], now: Now) -> State {
        parse(bytes, now).unwrap_or_else(|error| {
            let aside = self.path.with_extension("json.damaged");
            let moved = fs::rename(&self.path, &aside);
            tracing::warn!(
                path = %self.path.display(),
                %error,
                set_aside = moved.is_ok(),
                "the state file is damaged: set aside, starting afresh"
            );
            State::default()
        })
    }

    /// Whether the file holds as good as `state`.
    fn holds(&self, now: Now, state: &State) -> bool {
        let fresh = |at: &Timestamp| now.steady.since(*at) < CONFIRMED_EVERY;
        self.kept.as_ref().is_some_and(|(kept, at)| fresh(at) && state.merely_confirms(kept))
    }

    /// Replaces the file. The data are forced to disk only when an action is new in them, so that a
    /// quiet daemon lets the disk sleep. A kill costs nothing; a power cut may cost what is remembered,
    /// and then the window has to be watched whole again before anything scales in.
    fn replace(&self, now: Now, state: &State) -> io::Result<()> {
        let shift = now.wall.as_millis().saturating_sub(now.steady.as_millis());
        let content =
            Content { version: VERSION, saved_at: now.wall, state: state.clone().shifted(shift, now.wall) };
        let forced = self.kept.as_ref().is_none_or(|(kept, _)| !kept.same_actions(state));
        replace(&self.path, &serde_json::to_vec(&content)?, forced)
    }
}

/// Replaces a file by writing beside it and renaming; `forced`, only once the data are on the disk.
pub(super) fn replace(path: &Path, bytes: &[u8], forced: bool) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    if forced {
        file.sync_all()?;
    }
    fs::rename(&beside, path)
}

impl Store for StateFile {
    fn save(&mut self, now: Now, state: &State) {
        if self.holds(now, state) {
            return;
        }
        let saved = self.replace(now, state);
        match (&saved, self.failing) {
            (Err(error), false) => tracing::warn!(
                path = %self.path.display(),
                %error,
                "cannot keep state: cooldowns hold in memory, but would not survive a restart"
            ),
            (Ok(()), true) => tracing::info!(path = %self.path.display(), "state is kept again"),
            _ => {}
        }
        self.failing = saved.is_err();
        self.kept = saved.is_ok().then(|| (state.clone(), now.steady));
    }

    fn pause(&mut self, wall: Timestamp) -> Option<Pause> {
        self.pauses.heed(wall)
    }

    fn save_troubles(&mut self, known: &Known) {
        self.troubles.save(known);
    }
}

fn parse(bytes: &[u8], now: Now) -> Result<State, serde_json::Error> {
    let content: Content = serde_json::from_slice(bytes)?;
    if content.version != VERSION {
        return Err(serde::de::Error::custom(format!("version {} is not {VERSION}", content.version)));
    }
    let shift = now.steady.as_millis().saturating_sub(now.wall.as_millis());
    Ok(content.state.shifted(shift, now.steady))
}
