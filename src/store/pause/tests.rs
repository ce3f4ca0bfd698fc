use super::*;
use crate::store::Onlooker;
use crate::store::{StateFile, Store};
use std::os::unix::fs::symlink;

const NOON: Timestamp = Timestamp::from_secs(1_795_176_000);

fn asked(out: bool, r#in: bool, lasts_secs: Option<i64>) -> Pause {
    let until = lasts_secs.map(|secs| NOON.shifted(secs * 1000));
    Pause::Asked { out, r#in, since: NOON, until }
}

fn later(secs: i64) -> Timestamp {
    NOON.shifted(secs * 1000)
}

/// A state directory with this in the file of the scaler "images".
fn holding(content: &str) -> (tempfile::TempDir, PauseFile) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("images.pause"), content).unwrap();
    let file = PauseFile::of(dir.path(), "images");
    (dir, file)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The store of a daemon that begins anew.
fn daemon(dir: &Path) -> StateFile {
    let now = crate::model::Now::at(NOON);
    StateFile::open(dir, "images", now).0
}

#[test]
fn a_pause_is_what_was_asked_for_over_restarts_until_it_is_lifted() {
    let dir = tempfile::tempdir().unwrap();
    let file = PauseFile::of(dir.path(), "images");
    assert_eq!(file.read(NOON), None);
    for pause in [asked(true, true, None), asked(false, true, Some(60)), asked(true, false, None)] {
        file.set(&pause).unwrap();
        for _ in 0..2 {
            assert_eq!(daemon(dir.path()).pause(later(10)), Some(pause.clone()));
        }
        assert_eq!(names(dir.path()), ["images.pause"]);
    }
    assert_eq!(PauseFile::of(dir.path(), "thumbs").read(NOON), None, "of another scaler");
    file.lift().unwrap();
    assert_eq!(daemon(dir.path()).pause(later(10)), None);
    assert_eq!(names(dir.path()), [""; 0]);
    file.lift().unwrap();
}

#[test]
fn a_pause_whose_time_is_over_is_forgotten_with_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = PauseFile::of(dir.path(), "images");
    file.set(&asked(true, true, Some(7200))).unwrap();
    let mut daemon = daemon(dir.path());
    assert!(daemon.pause(later(7199)).is_some());
    assert_eq!(names(dir.path()), ["images.pause"]);
    assert_eq!(daemon.pause(later(7200)), None);
    assert_eq!(names(dir.path()), [""; 0], "a clock that is set back does not bring it back");
    assert_eq!(daemon.pause(later(7199)), None);
}

#[test]
fn an_onlooker_heeds_a_pause_and_leaves_one_that_is_over_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let pauses = PauseFile::of(dir.path(), "images");
    pauses.set(&asked(true, false, Some(60))).unwrap();
    let mut onlooker = Onlooker::of(dir.path(), "images");
    assert_eq!(onlooker.pause(later(59)), Some(asked(true, false, Some(60))));
    assert_eq!(onlooker.pause(later(60)), None);
    assert_eq!(names(dir.path()), ["images.pause"]);
}

#[test]
fn a_pause_that_is_set_as_another_runs_out_stays() {
    let dir = tempfile::tempdir().unwrap();
    let file = PauseFile::of(dir.path(), "images");
    file.set(&asked(true, true, Some(60))).unwrap();
    let mut daemon = PauseFile::of(dir.path(), "images");
    // The daemon has read the old one, and now the new one is there.
    file.set(&asked(true, true, None)).unwrap();
    daemon.forget(later(60));
    assert_eq!(daemon.heed(later(60)), Some(asked(true, true, None)));
    // While somebody is about to write, nothing is removed.
    file.set(&asked(true, true, Some(60))).unwrap();
    let writer = File::open(dir.path()).unwrap();
    writer.lock().unwrap();
    assert_eq!(daemon.heed(later(60)), None);
    assert_eq!(names(dir.path()), ["images.pause"]);
    drop(writer);
    assert_eq!(daemon.heed(later(60)), None);
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn what_cannot_be_understood_holds_both_directions_until_it_is_removed() {
    let damaged = [
        "",
        "paused",
        r#"{"version":1,"out":true,"in":tr"#,
        r#"{"version":2,"out":true,"in":true,"since":1795176000000,"until":null}"#,
        r#"{"version":1,"out":false,"in":false,"since":1795176000000,"until":null}"#,
        r#"{"version":1,"out":true,"in":false,"since":1795176000000,"until":null,"then":1}"#,
        r#"{"version":1,"out":true,"in":false,"since":"noon","until":null}"#,
    ];
    for content in damaged {
        let (dir, mut file) = holding(content);
        let Some(Pause::Unknown { why }) = file.heed(NOON) else { panic!("{content:?}") };
        assert!(
            why.contains(&format!("{}/images.pause cannot be understood", dir.path().display())),
            "{why}"
        );
        assert!(why.contains("sudo backlogd resume images"), "{why}");
        assert_eq!(file.read(later(1_000_000_000)), file.read(NOON), "for ever");
        file.lift().unwrap();
        assert_eq!(file.heed(NOON), None);
    }
    let (dir, _) = holding("{");
    let file = PauseFile::of(dir.path(), "images");
    file.set(&asked(true, false, None)).unwrap();
    assert_eq!(file.read(NOON), Some(asked(true, false, None)), "or written anew");
}

#[test]
fn what_cannot_be_read_holds_both_directions_and_no_directory_at_all_holds_none() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("images.pause")).unwrap();
    let Some(Pause::Unknown { why }) = PauseFile::of(dir.path(), "images").read(NOON) else { panic!() };
    assert!(why.contains("images.pause cannot be read"), "{why}");
    assert_eq!(PauseFile::of(&dir.path().join("none"), "images").read(NOON), None);
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    assert_eq!(PauseFile::of(&file, "images").read(NOON), None);
}

#[test]
fn where_it_cannot_be_written_the_error_says_why_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let none = dir.path().join("none");
    let refused = PauseFile::of(&none, "images").set(&asked(true, true, None)).unwrap_err().to_string();
    assert!(refused.contains(&format!("no state directory {}", none.display())), "{refused}");
    assert!(!none.exists(), "it would belong to whoever said it");
    let in_the_way = dir.path().join("images.pause");
    fs::create_dir(&in_the_way).unwrap();
    let refused = PauseFile::of(dir.path(), "images").lift().unwrap_err().to_string();
    assert!(refused.starts_with(&format!("cannot write {}: ", in_the_way.display())), "{refused}");
    let why = io::Error::from(ErrorKind::PermissionDenied);
    let denied = Unwritable::Denied { path: in_the_way, why }.to_string();
    assert!(denied.contains("permission denied") && denied.contains("sudo backlogd"), "{denied}");
}

#[test]
fn whoever_gets_into_the_directory_can_read_it_whatever_the_writers_mask() {
    let dir = tempfile::tempdir().unwrap();
    PauseFile::of(dir.path(), "images").set(&asked(true, true, None)).unwrap();
    let mode = fs::metadata(dir.path().join("images.pause")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

/// The directory belongs to a user with fewer rights than root, who writes there.
#[test]
fn a_link_laid_in_its_way_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let precious = dir.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    for name in ["images.pause", "images.pause.new"] {
        symlink(&precious, dir.path().join(name)).unwrap();
    }
    let file = PauseFile::of(dir.path(), "images");
    file.set(&asked(true, true, None)).unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert_eq!(file.read(NOON), Some(asked(true, true, None)));
    file.lift().unwrap();
    assert_eq!(names(dir.path()), ["precious"]);
}

#[test]
fn a_kill_at_any_moment_of_writing_leaves_the_old_pause_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = PauseFile::of(dir.path(), "images");
    file.set(&asked(true, false, None)).unwrap();
    let whole = fs::read(dir.path().join("images.pause")).unwrap();
    for written in 0..=whole.len() {
        fs::write(dir.path().join("images.pause.new"), whole.get(..written).unwrap()).unwrap();
        assert_eq!(file.read(NOON), Some(asked(true, false, None)));
    }
    file.set(&asked(true, true, None)).unwrap();
    assert_eq!(names(dir.path()), ["images.pause"]);
}
