//! A source file as the rules see it: its code without comments and unit tests, and the paths in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src`, or what a test of the rules makes up as one.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path below `src`.
    pub(crate) path: String,
    /// First part of the path: the room.
    pub(crate) room: String,
    pub(crate) text: String,
    /// Whether the file is only compiled for tests.
    pub(crate) is_test: bool,
}

/// A path in the code, such as `std::io::Write`, with the number of the line it ends in.
pub(crate) type Named = (usize, Vec<String>);

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let room = path.split(['/', '.']).next().unwrap().to_owned();
        Self { path: path.to_owned(), room, text: text.to_owned(), is_test: false }
    }

    /// Lines that are code, with their numbers: no comments, and nothing of inline unit tests. They
    /// come last in a file, by a lint of clippy's.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = tests_open(&self.text).unwrap_or(usize::MAX);
        let lines = (1..).zip(self.text.lines());
        lines
            .take_while(move |(number, _)| *number < tests)
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The paths of the code, those in braces one by one: `a::{b, c::d}` is `a::b` and `a::c::d`.
    pub(crate) fn paths(&self) -> Vec<Named> {
        let tokens: Vec<(usize, &str)> =
            self.code().flat_map(|(number, line)| tokens(line).map(move |token| (number, token))).collect();
        let is = |at: usize, token: &str| tokens.get(at).is_some_and(|(_, found)| *found == token);
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((_, token)) = tokens.get(at) {
            let begins = is_name(token) && !(at > 0 && is(at - 1, "::"));
            let renames_the_root = *token == "crate" && is(at + 1, "as");
            at = if begins && (is(at + 1, "::") || renames_the_root) {
                branches(&tokens, at, &[], &mut found)
            } else {
                at + 1
            };
        }
        found
    }

    /// The rooms that the code names, by way of `crate`, `self` or `super`. Whoever names the root
    /// itself (`crate::*`, `crate as`) names every room, and none that could be told: `*`.
    pub(crate) fn rooms(&self) -> Vec<(usize, String)> {
        let own = module(&self.path);
        let room = |(line, path): Named| {
            let root = path.first()?.as_str();
            let mut place = match root {
                "crate" => Vec::new(),
                "self" | "super" => own.clone(),
                _ => return None,
            };
            for step in path {
                match step.as_str() {
                    "crate" | "self" => {}
                    "super" => drop(place.pop()),
                    _ => place.push(step),
                }
            }
            Some((line, place.into_iter().next().unwrap_or_else(|| "*".to_owned())))
        };
        self.paths().into_iter().filter_map(room).collect()
    }
}

/// The number of the line where the inline unit tests begin.
fn tests_open(text: &str) -> Option<usize> {
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let attribute = |(_, line): &(usize, &str)| line.starts_with("#[") || line.starts_with("//");
    let opens = |at: usize| {
        let item = lines.iter().skip(at).find(|line| !attribute(line));
        item.is_some_and(|(_, line)| line.contains("mod ") && line.ends_with('{'))
    };
    lines.iter().find(|(number, line)| *line == "#[cfg(test)]" && opens(*number)).map(|(number, _)| *number)
}

/// Names, `::`, and every other sign by itself.
fn tokens(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line.trim_start();
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = if in_name(first) {
            rest.find(|sign| !in_name(sign)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        rest = after.trim_start();
        Some(token)
    })
}

fn in_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

fn is_name(token: &str) -> bool {
    token.starts_with(in_name)
}

/// Finds the paths that go on from `trunk` at the token number `at`, and returns where they end.
fn branches(tokens: &[(usize, &str)], at: usize, trunk: &[String], found: &mut Vec<Named>) -> usize {
    let token = |at: usize| tokens.get(at).map_or("", |(_, token)| token);
    if token(at) == "{" {
        let mut at = at + 1;
        while !["}", ""].contains(&token(at)) {
            let end = branches(tokens, at, trunk, found);
            // Beyond whatever ended it: a comma, or the `as` of a new name.
            at = if token(end) == "as" { end + 2 } else { end };
            at += usize::from(token(at) != "}");
        }
        return at + 1;
    }
    let Some((line, name)) = tokens.get(at).filter(|(_, token)| is_name(token) || *token == "*") else {
        return at;
    };
    let path = [trunk, &[(*name).to_owned()]].concat();
    let goes_on = token(at + 1) == "::" && (is_name(token(at + 2)) || ["{", "*"].contains(&token(at + 2)));
    if goes_on {
        return branches(tokens, at + 2, &path, found);
    }
    found.push((*line, path));
    at + 1
}

/// The module that a file is: `a/b.rs` and `a/b/mod.rs` are `a::b`, `lib.rs` is the root.
fn module(path: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if ["lib", "main"].contains(&stem) { Vec::new() } else { stem.split('/').map(str::to_owned).collect() }
}

/// Whether a file, or a module it stands in, is declared for tests only.
fn is_for_tests(path: &str, texts: &BTreeMap<String, String>) -> bool {
    let module = module(path);
    (1..=module.len()).any(|depth| {
        let mut parent: Vec<&str> = module.iter().take(depth).map(String::as_str).collect();
        let name = parent.pop().unwrap_or_default();
        let parent = parent.join("/");
        let files = if parent.is_empty() {
            ["lib.rs".to_owned(), "main.rs".to_owned()]
        } else {
            [format!("{parent}.rs"), format!("{parent}/mod.rs")]
        };
        let declared = format!("#[cfg(test)]\nmod {name};");
        files.iter().filter_map(|file| texts.get(file)).any(|text| text.contains(&declared))
    })
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

/// All files of `src`.
pub(crate) fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    rust_files(&src, &mut paths);
    assert!(paths.len() > 30, "the sources are not where they were looked for");
    let read = |path: PathBuf| {
        let below = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        (below, fs::read_to_string(&path).unwrap())
    };
    let texts: BTreeMap<String, String> = paths.into_iter().map(read).collect();
    let source = |(path, text): (&String, &String)| Source {
        is_test: is_for_tests(path, &texts),
        ..Source::new(path, text)
    };
    texts.iter().map(source).collect()
}
