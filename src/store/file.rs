use super::Store;
use crate::controller::State;
use crate::model::{Now, Timestamp};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A scaler's state in a JSON file of its own, `STATE_DIR/SCALER.json`.
///
/// The file is replaced whole, by writing beside it and renaming, so that a kill at any moment leaves
/// the old state or the new one.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    kept: Option<State>,
    failing: bool,
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

impl StateFile {
    /// The file of `scaler` in `dir`, and the state it holds; a fresh one where there is none.
    ///
    /// A file that makes no sense is set aside as `SCALER.json.damaged` with a warning.
    #[must_use]
    pub fn open(dir: &Path, scaler: &str, now: Now) -> (Self, State) {
        let file = Self { path: dir.join(format!("{scaler}.json")), kept: None, failing: false };
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

    /// Replaces the file. The data are forced to disk only when an action is new in them, so that a
    /// quiet daemon lets the disk sleep. A kill costs nothing; a power cut may cost what is remembered,
    /// and then the window has to be watched whole again before anything scales in.
    fn replace(&self, now: Now, state: &State) -> io::Result<()> {
        let shift = now.wall.as_millis().saturating_sub(now.steady.as_millis());
        let content =
            Content { version: VERSION, saved_at: now.wall, state: state.clone().shifted(shift, now.wall) };
        let beside = self.path.with_extension("json.new");
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec(&content)?)?;
        if self.kept.as_ref().is_none_or(|kept| !kept.same_actions(state)) {
            file.sync_all()?;
        }
        fs::rename(&beside, &self.path)
    }
}

impl Store for StateFile {
    fn save(&mut self, now: Now, state: &State) {
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
        self.kept = saved.is_ok().then(|| state.clone());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::{Controller, Rules};
    use crate::model::{Backlog, Decision, Fleet, Outcome, Queue, QueueFacts, Reason, Sample};
    use crate::policy::BacklogPerInstance;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// A daemon that started `steady` seconds of its clock ago, at a given time of day.
    fn at(wall: i64, steady: i64) -> Now {
        Now {
            wall: Timestamp::from_secs(1_800_000_000 + wall),
            steady: Timestamp::from_secs(1_800_000_000 + steady),
        }
    }

    fn controller(state: State) -> Controller {
        let policy = BacklogPerInstance { acceptable_backlog: 10.0, tolerance_percent: 0.0 };
        let rules = Rules { cooldown_out: Duration::from_mins(1), ..Rules::default() };
        Controller::new(Box::new(policy), rules, state)
    }

    fn busy() -> Sample {
        let backlog = Ok(Backlog { visible: 90, counted: 90.0, ..Backlog::default() });
        let queue = Queue {
            name: "a".to_owned(),
            backlog,
            age_secs: 0.1,
            facts: QueueFacts::default(),
            deleted: None,
        };
        Sample {
            queues: vec![queue],
            fleet: Ok(Fleet { desired: 5, in_service: 4, max: 100, ..Fleet::default() }),
        }
    }

    /// The state after a scale-out at `now`.
    fn scaled_out(now: Now) -> State {
        let mut controller = controller(State::default());
        let decision = controller.decide(now.steady, &busy());
        let foreseen = controller.foresee(now.steady, &busy(), &decision);
        controller.settle(foreseen, &Outcome::Done);
        controller.state().clone()
    }

    fn decided(state: State, now: Now) -> Decision {
        controller(state).decide(now.steady, &busy())
    }

    fn cooling(remaining_secs: u64) -> Reason {
        Reason::CooldownOut { remaining_secs }
    }

    /// The bytes of a sound file that tells of a scale-out at `now`.
    fn sound(now: Now) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        StateFile::open(dir.path(), "images", now).0.save(now, &scaled_out(now));
        fs::read(dir.path().join("images.json")).unwrap()
    }

    /// What `run` warns of, one line each.
    fn warnings(run: impl FnOnce()) -> Vec<String> {
        #[derive(Clone, Default)]
        struct Lines(Arc<Mutex<Vec<u8>>>);
        impl Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, run);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(ToOwned::to_owned).collect()
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_cooldown_goes_on_after_a_restart_whatever_the_clock_did_while_it_ran() {
        let dir = tempfile::tempdir().unwrap();
        // The clock was set an hour forward while the first process ran; its steady time does not know.
        let state = scaled_out(at(0, 0));
        StateFile::open(dir.path(), "images", at(0, 0)).0.save(at(3610, 10), &state);
        let restarted = at(3625, 3625);
        let (_, kept) = StateFile::open(dir.path(), "images", restarted);
        assert_eq!(kept, state.shifted(3_600_000, restarted.steady));
        assert_eq!(decided(kept, restarted).reasons.last(), Some(&cooling(35)));
        // Looked at by a process whose own two clocks have come apart.
        let kept = StateFile::peek(dir.path(), "images", at(3625, 25));
        assert_eq!(decided(kept, at(3625, 25)).reasons.last(), Some(&cooling(35)));
    }

    #[test]
    fn a_stamp_from_the_future_counts_as_now() {
        let dir = tempfile::tempdir().unwrap();
        StateFile::open(dir.path(), "images", at(0, 0)).0.save(at(0, 0), &scaled_out(at(0, 0)));
        let set_back = at(-7200, -7200);
        let (_, kept) = StateFile::open(dir.path(), "images", set_back);
        assert_eq!(decided(kept.clone(), set_back).reasons.last(), Some(&cooling(60)));
        assert_eq!(decided(kept, at(-7140, -7140)).action.to(), Some(9), "a cooldown later, not two hours");
    }

    #[test]
    fn a_scaler_without_a_file_starts_afresh_and_in_silence() {
        let dir = tempfile::tempdir().unwrap();
        let said = warnings(|| {
            let (_, state) = StateFile::open(&dir.path().join("deep/er"), "images", at(0, 0));
            assert_eq!(state, State::default());
        });
        assert_eq!(said, [""; 0]);
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn the_directory_is_made_when_it_is_first_needed() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("deep/er");
        let state = scaled_out(at(0, 0));
        StateFile::open(&deep, "images", at(0, 0)).0.save(at(0, 0), &state);
        assert_eq!(StateFile::open(&deep, "images", at(0, 0)).1, state);
        assert_eq!(names(&deep), ["images.json"]);
    }

    #[test]
    fn scalers_keep_out_of_each_others_files() {
        let dir = tempfile::tempdir().unwrap();
        for (secs, name) in [(1, "a"), (2, "a.b"), (3, "a.json")] {
            StateFile::open(dir.path(), name, at(0, 0)).0.save(at(9, 9), &scaled_out(at(secs, secs)));
        }
        for (secs, name) in [(1, "a"), (2, "a.b"), (3, "a.json")] {
            assert_eq!(StateFile::peek(dir.path(), name, at(9, 9)), scaled_out(at(secs, secs)), "{name}");
        }
    }

    #[test]
    fn a_kill_at_any_moment_of_a_save_leaves_the_old_state_or_the_new_one() {
        let (old, new) = (sound(at(0, 0)), sound(at(5, 5)));
        for written in (0..=new.len()).step_by(7).chain([new.len()]) {
            let dir = tempfile::tempdir().unwrap();
            let [file, beside] = ["images.json", "images.json.new"].map(|name| dir.path().join(name));
            fs::write(&file, &old).unwrap();
            fs::write(&beside, new.get(..written).unwrap()).unwrap();
            let (mut store, kept) = StateFile::open(dir.path(), "images", at(9, 9));
            assert_eq!(kept, scaled_out(at(0, 0)), "killed after {written} bytes");
            store.save(at(9, 9), &scaled_out(at(7, 7)));
            assert_eq!(StateFile::peek(dir.path(), "images", at(9, 9)), scaled_out(at(7, 7)));
            assert_eq!(names(dir.path()), ["images.json"]);
            fs::rename(dir.path().join("images.json"), &beside).unwrap();
            fs::write(&beside, &new).unwrap();
            fs::rename(&beside, &file).unwrap();
            assert_eq!(StateFile::peek(dir.path(), "images", at(9, 9)), scaled_out(at(5, 5)));
        }
    }

    /// Files that no save leaves behind, but disks and editors may.
    fn damaged() -> Vec<Vec<u8>> {
        let whole = sound(at(0, 0));
        let text = String::from_utf8(whole.clone()).unwrap();
        let mut files: Vec<_> =
            (0..whole.len()).step_by(7).map(|length| whole.get(..length).unwrap().to_vec()).collect();
        files.extend([
            b"\xff\xfe\0\0".to_vec(),
            b"null".to_vec(),
            "[".repeat(100_000).into_bytes(),
            format!("{text}{text}").into_bytes(),
            text.replace("\"version\":1", "\"version\":2").into_bytes(),
            text.replace("\"version\":1", "\"version\":-1").into_bytes(),
            text.replace("\"waking\":0", "\"waking\":-1").into_bytes(),
        ]);
        files
    }

    #[test]
    fn a_damaged_file_is_set_aside_whole_with_one_warning_and_replaced() {
        for bytes in damaged() {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("images.json"), &bytes).unwrap();
            let said = warnings(|| {
                let (mut store, state) = StateFile::open(dir.path(), "images", at(9, 9));
                assert_eq!(state, State::default());
                assert_eq!(names(dir.path()), ["images.json.damaged"]);
                store.save(at(9, 9), &scaled_out(at(9, 9)));
            });
            assert_eq!(said.len(), 1, "{said:?}");
            assert_eq!(fs::read(dir.path().join("images.json.damaged")).unwrap(), bytes);
            assert_eq!(StateFile::peek(dir.path(), "images", at(9, 9)), scaled_out(at(9, 9)));
        }
    }

    #[test]
    fn a_version_of_tomorrow_is_refused_by_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let text = String::from_utf8(sound(at(0, 0))).unwrap().replace("\"version\":1", "\"version\":2");
        fs::write(dir.path().join("images.json"), text).unwrap();
        let said = warnings(|| drop(StateFile::open(dir.path(), "images", at(0, 0))));
        assert!(said.concat().contains("version 2 is not 1"), "{said:?}");
    }

    #[test]
    fn peeking_touches_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("images.json");
        for bytes in damaged().into_iter().chain([sound(at(0, 0))]) {
            fs::write(&file, &bytes).unwrap();
            let kept = StateFile::peek(dir.path(), "images", at(0, 0));
            assert_eq!(kept == State::default(), bytes != sound(at(0, 0)));
            assert_eq!(names(dir.path()), ["images.json"]);
            assert_eq!(fs::read(&file).unwrap(), bytes);
        }
        assert_eq!(StateFile::peek(&dir.path().join("none"), "images", at(0, 0)), State::default());
        assert_eq!(names(dir.path()), ["images.json"]);
    }

    #[test]
    fn a_state_that_cannot_be_kept_is_told_once_and_once_more_when_it_fails_again() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("state");
        fs::write(&blocked, "a file where the directory should be").unwrap();
        let mut store = StateFile::open(&blocked, "images", at(0, 0)).0;
        let mut save = |times: usize| {
            warnings(|| (0..times).for_each(|_| store.save(at(0, 0), &scaled_out(at(0, 0))))).len()
        };
        assert_eq!(save(3), 1);
        fs::remove_file(&blocked).unwrap();
        assert_eq!(save(2), 0);
        fs::remove_dir_all(&blocked).unwrap();
        fs::write(&blocked, "again").unwrap();
        assert_eq!(save(2), 1);
    }

    #[test]
    fn a_directory_in_the_files_place_is_left_alone_and_costs_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("images.json")).unwrap();
        let said = warnings(|| {
            let (mut store, state) = StateFile::open(dir.path(), "images", at(0, 0));
            assert_eq!(state, State::default());
            store.save(at(0, 0), &scaled_out(at(0, 0)));
            store.save(at(1, 1), &scaled_out(at(0, 0)));
        });
        assert_eq!(said.len(), 2, "one that it cannot be read, one that it cannot be kept: {said:?}");
        assert!(dir.path().join("images.json").is_dir());
    }
}
