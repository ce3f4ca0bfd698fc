//! The house rules, as tests. Each failure names the line to move.

#![expect(clippy::unwrap_used, reason = "a test may end where it stands")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors, from the ground up. A room names only rooms on floors below its own; sideways counts as upward.
const FLOORS: [&[&str]; 10] = [
    &["model"],
    &["policy", "clock"],
    &["controller", "aws"],
    &["source", "target", "publish", "store"],
    &["engine"],
    &["settings"],
    &["assemble"],
    &["daemon", "explain", "sim"],
    &["cli"],
    &["main", "lib"],
];

/// Rooms that do no I/O, read no clock and write no log.
const PURE: [&str; 3] = ["model", "policy", "controller"];

/// The files beside `aws` that may name the SDK: one adapter a service.
const ADAPTERS: [&str; 3] = ["source/sqs.rs", "target/asg.rs", "publish/cloudwatch.rs"];

/// Files below `assemble` that may speak of a dry run: the wrapper, and the record's own field.
const REHEARSAL: [&str; 4] = ["target/withheld.rs", "model/record.rs", "publish/json.rs", "publish/text.rs"];

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

struct Source {
    /// Path below `src`.
    path: String,
    /// First part of the path: the room.
    room: String,
    text: String,
    /// Whether the file is only compiled for tests.
    is_test: bool,
}

impl Source {
    /// Lines that are code, with their numbers: no comments, and nothing of inline unit tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = (1..).zip(self.text.lines());
        lines
            .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    rust_files(&src, &mut paths);
    assert!(paths.len() > 30, "the sources are not where they were looked for");
    let read = |path: PathBuf| {
        let below = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        let room = below.split(['/', '.']).next().unwrap().to_owned();
        let parent = fs::read_to_string(path.with_file_name("mod.rs")).unwrap_or_default();
        let declared = format!("#[cfg(test)]\nmod {};", path.file_stem().unwrap().to_str().unwrap());
        let text = fs::read_to_string(&path).unwrap();
        Source { path: below, room, text, is_test: parent.contains(&declared) }
    };
    paths.into_iter().map(read).collect()
}

fn floor_of(room: &str) -> usize {
    FLOORS
        .iter()
        .position(|rooms| rooms.contains(&room))
        .unwrap_or_else(|| panic!("the room {room} stands on no floor: add it to FLOORS"))
}

/// Rooms that a line names: `crate::a::…` and `crate::{a::…, b}`.
fn rooms_named(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for after in line.split("crate::").skip(1) {
        let inside = after.strip_prefix('{').map(|list| list.split('}').next().unwrap_or(list));
        let names: Vec<&str> = inside.map_or_else(|| vec![after], |list| list.split(',').collect());
        let word = |name: &str| -> String {
            name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        rooms.extend(names.into_iter().map(word).filter(|room| !room.is_empty()));
    }
    rooms
}

/// Whether a line has a path into a crate of the SDK: `aws_…::`.
fn names_the_sdk(line: &str) -> bool {
    line.split("aws_").skip(1).any(|after| {
        let rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        rest.starts_with("::")
    })
}

fn complain(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}\n", complaints.join("\n  "));
}

#[test]
fn a_room_names_only_rooms_on_floors_below_its_own() {
    let mut complaints = Vec::new();
    for source in sources() {
        let own = floor_of(&source.room);
        for (number, line) in source.code() {
            for room in rooms_named(line) {
                if room != source.room && floor_of(&room) >= own {
                    complaints.push(format!("src/{}:{number}: {} names {room}", source.path, source.room));
                }
            }
        }
    }
    complain("upward or sideways imports", &complaints);
}

#[test]
fn the_sdk_is_named_only_at_its_door_and_in_the_adapters() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.room != "aws") {
        if ADAPTERS.contains(&source.path.as_str()) {
            continue;
        }
        for (number, line) in source.code() {
            if names_the_sdk(line) {
                complaints.push(format!("src/{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    complain("the SDK belongs into aws and the adapters", &complaints);
}

#[test]
fn only_the_clock_asks_the_time() {
    let asking = ["Instant::now", "SystemTime::now", "Utc::now", "Local::now"];
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.room != "clock") {
        for (number, line) in source.code() {
            if asking.iter().any(|call| line.contains(call)) {
                complaints.push(format!("src/{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    complain("time is an argument", &complaints);
}

#[test]
fn pure_rooms_do_no_io_and_write_no_log() {
    let impure = ["std::fs", "std::net", "std::io", "std::env", "tokio", "tracing", "rand::rng", "async fn"];
    let mut complaints = Vec::new();
    for source in sources() {
        if !PURE.contains(&source.room.as_str()) && source.path != "sim/world.rs" {
            continue;
        }
        for (number, line) in source.code() {
            if impure.iter().any(|word| line.contains(word)) {
                complaints.push(format!("src/{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    complain("the decision and the simulated world are pure", &complaints);
}

#[test]
fn below_assemble_nothing_knows_of_a_rehearsal() {
    let words = ["dry_run", "dryrun", "dry run", "simulat"];
    let highest = floor_of("assemble");
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| floor_of(&source.room) < highest) {
        if REHEARSAL.contains(&source.path.as_str()) || source.is_test {
            continue;
        }
        for (number, line) in source.code() {
            if words.iter().any(|word| line.to_lowercase().contains(word)) {
                complaints.push(format!("src/{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    complain("a rehearsal differs by its ports alone", &complaints);
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long = sources().into_iter().filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > FILE_LINES_MAX).then(|| format!("src/{}: {lines} lines", source.path))
    });
    complain("files that want to be two", &long.collect::<Vec<_>>());
}

/// Measured by the indentation that rustfmt guarantees: a function ends with a brace as deep as its `fn`.
#[test]
fn no_function_is_longer_than_70_lines() {
    let mut complaints = Vec::new();
    for source in sources() {
        let mut open: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, line) in (1..).zip(source.text.lines()) {
            let depth = line.len() - line.trim_start().len();
            let head = line.trim_start();
            let is_fn = ["fn ", "pub fn ", "async fn ", "pub async fn ", "const fn ", "pub const fn "]
                .iter()
                .any(|start| head.starts_with(start))
                || (head.starts_with("pub(") && head.contains(" fn "));
            if is_fn && !head.ends_with('}') && !head.ends_with(';') {
                open.insert(depth, number);
            } else if head == "}"
                && let Some(start) = open.remove(&depth)
                && number - start + 1 > FUNCTION_LINES_MAX
            {
                complaints.push(format!("src/{}:{start}: {} lines", source.path, number - start + 1));
            }
        }
    }
    complain("functions that want to be two", &complaints);
}

#[test]
fn what_is_tested_is_what_ships() {
    let mut complaints = Vec::new();
    for source in sources() {
        for (number, line) in (1..).zip(source.text.lines()) {
            if line.contains("cfg(not(test))") || line.contains("cfg!(test)") {
                complaints.push(format!("src/{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    complain("no code differs under test", &complaints);
}

#[test]
fn nothing_is_left_open() {
    let open = ["todo!(", "unimplemented!(", "FIXME", "XXX"];
    let mut complaints = Vec::new();
    for source in sources() {
        for (number, line) in (1..).zip(source.text.lines()) {
            if open.iter().any(|word| line.contains(word)) {
                complaints.push(format!("src/{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    complain("things left open", &complaints);
}
