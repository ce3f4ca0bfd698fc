use super::*;
use crate::controller::{Controller, Rules};
use crate::model::{Backlog, Decision, Fleet, Hints, Outcome, Queue, Reason, Sample, Tuning};
use crate::policy::{BacklogPerInstance, Latency};
use std::sync::{Arc, Mutex};

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
    let queue = Queue::new("a", backlog);
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
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
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
    let mut minute = 0;
    let mut save = |times: usize| {
        let mut save = || {
            minute += 60;
            store.save(at(minute, minute), &scaled_out(at(0, 0)));
        };
        warnings(|| (0..times).for_each(|_| save())).len()
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

/// A daemon as far as it decides and remembers: with a cooldown of a minute, a minute for which the queue
/// must be empty, and no window.
struct Life {
    store: StateFile,
    controller: Controller,
}

impl Life {
    fn begin(dir: &Path, now: Now) -> Self {
        let (store, state) = StateFile::open(dir, "images", now);
        let policy = BacklogPerInstance { acceptable_backlog: 10.0, tolerance_percent: 0.0 };
        let (minute, none) = (Duration::from_mins(1), Duration::ZERO);
        let rules = Rules {
            cooldown_out: minute,
            cooldown_in: none,
            stabilization: none,
            empty_for: minute,
            ..Rules::default()
        };
        Self { store, controller: Controller::new(Box::new(policy), rules, state) }
    }

    fn tick(&mut self, now: Now, sample: &Sample) -> Decision {
        let decision = self.controller.decide(now.steady, sample);
        let foreseen = self.controller.foresee(now.steady, sample, &decision);
        self.store.save(now, &foreseen);
        self.controller.settle(foreseen, &Outcome::Done);
        decision
    }
}

/// An empty queue before the last instance.
fn idle() -> Sample {
    let mut sample = busy();
    sample.queues[0].backlog = Ok(Backlog::default());
    sample.fleet = Ok(Fleet { desired: 1, in_service: 1, max: 100, ..Fleet::default() });
    sample
}

#[test]
fn what_only_confirms_what_is_kept_is_written_once_a_minute() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::begin(dir.path(), at(0, 0));
    let mut written = Vec::new();
    for secs in (0..180).step_by(10) {
        // At 0 in service nothing is left to be decided.
        let sample = Sample { fleet: Ok(Fleet { max: 100, ..Fleet::default() }), ..idle() };
        drop(fs::remove_file(dir.path().join("images.json")));
        life.tick(at(secs, secs), &sample);
        written.extend(dir.path().join("images.json").exists().then_some(secs));
    }
    assert_eq!(written, [0, 60, 120]);
}

#[test]
fn a_kill_between_two_savings_costs_no_cooldown() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::begin(dir.path(), at(0, 0));
    life.tick(at(0, 0), &idle());
    assert_eq!(life.tick(at(10, 10), &busy()).action.to(), Some(9));
    drop(life);
    let mut life = Life::begin(dir.path(), at(15, 15));
    assert_eq!(life.tick(at(20, 20), &busy()).reasons.last(), Some(&cooling(50)));
}

#[test]
fn a_kill_between_two_savings_may_begin_a_watch_anew_but_never_hurries_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::begin(dir.path(), at(0, 0));
    let unconfirmed = |empty_secs| Some(Reason::ZeroUnconfirmed { empty_secs, required_secs: 60 });
    for secs in (0..=50).step_by(10) {
        let told = life.tick(at(secs, secs), &idle()).reasons.last().cloned();
        assert_eq!(told, unconfirmed(secs.unsigned_abs()));
    }
    drop(life);
    let mut life = Life::begin(dir.path(), at(55, 55));
    assert_eq!(life.tick(at(60, 60), &idle()).reasons.last().cloned(), unconfirmed(0));
    for secs in (70..120).step_by(10) {
        assert_eq!(life.tick(at(secs, secs), &idle()).action.to(), None);
    }
    assert_eq!(life.tick(at(120, 120), &idle()).action.to(), Some(0));
    // A message that ends the watch is kept at once.
    let mut life = Life::begin(dir.path(), at(200, 200));
    life.tick(at(200, 200), &idle());
    life.tick(at(210, 210), &busy());
    drop(life);
    let mut life = Life::begin(dir.path(), at(215, 215));
    assert_eq!(life.tick(at(220, 220), &idle()).reasons.last().cloned(), unconfirmed(0));
}

#[test]
fn learning_alone_is_written_once_a_minute_and_an_action_at_once_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("images.json");
    let (store, state) = StateFile::open(dir.path(), "images", at(0, 0));
    let hints = Hints { objective_secs: 60.0, ..Hints::default() };
    let policy = Latency { hints, drains: false, tuning: Tuning::SHIPPED };
    let controller = Controller::new(Box::new(policy), Rules::unhurried(), state);
    let mut life = Life { store, controller };
    let mut written = Vec::new();
    let mut tick = |secs: i64, sample: &Sample| {
        drop(fs::remove_file(&file));
        life.controller.observe(at(secs, secs), sample);
        let decision = life.tick(at(secs, secs), sample);
        written.extend(file.exists().then_some(secs));
        (decision, life.controller.state().clone())
    };
    for secs in (0..150).step_by(10) {
        tick(secs, &idle());
    }
    let (decision, known) = tick(150, &busy());
    assert!(decision.action.to().is_some(), "{decision:?}");
    assert_eq!(written, [0, 60, 120, 150]);
    let kept = StateFile::peek(dir.path(), "images", at(150, 150));
    let told = |state: &State| serde_json::to_value(state).unwrap()["estimates"]["last"].clone();
    assert_eq!(told(&kept), told(&known));
}
